//! Entries of the event router: which PEs a sender's events go to.

use super::part::Part;
use super::split::Split;
use crate::chip::geometry::Pe;
use crate::net::spiking::{Network, Origin};

/// Receivers of a sender's events, which are an entry of the event router.
pub(super) struct Route {
    pub to: Vec<Pe>,
}

/// Returns the event router's entries and the position of each sender's first entry.
///
/// An entry lists the PEs that have synapses of a share's neurons, or of all neurons of a source
/// that the host sends.
pub(super) fn routes(network: &Network, split: &Split, parts: &[Vec<Vec<Part>>]) -> (Vec<Route>, Vec<usize>) {
    let mut senders: Vec<(Origin, Vec<std::ops::Range<u32>>)> = network
        .sources()
        .iter()
        .enumerate()
        .map(|(index, source)| {
            let shares: Vec<_> = split.sources[index].iter().map(|share| share.units.clone()).collect();
            // The host sends a whole source.
            let whole = std::iter::once(0..source.units() as u32);
            (Origin::Source(index), if shares.is_empty() { whole.collect() } else { shares })
        })
        .collect();
    senders.extend((0..split.shares.len()).map(|k| (Origin::Population(k), split.units(k))));
    let (mut routes, mut first) = (Vec::new(), Vec::new());
    for (origin, shares) in senders {
        first.push(routes.len());
        for share in shares {
            let reads = |part: &&Part| part.from == origin && reaches(part, &share);
            let mut to = Vec::new();
            for (shares, parts) in split.shares.iter().zip(parts) {
                for (share, parts) in shares.iter().zip(parts) {
                    if parts.iter().any(|part| reads(&part)) {
                        to.push(share.pe);
                    }
                }
            }
            routes.push(Route { to });
        }
    }
    (routes, first)
}

/// Returns whether a part has a synapse of one of these sources.
fn reaches(part: &Part, sources: &std::ops::Range<u32>) -> bool {
    let (start, end) = (sources.start.max(part.sources.start), sources.end.min(part.sources.end));
    start < end && {
        let at = |source: u32| part.starts[(source - part.sources.start) as usize];
        at(start) != at(end)
    }
}
