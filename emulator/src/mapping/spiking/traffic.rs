//! Spikes between the PEs of a network, for the choice of their chips.

use std::ops::Range;

use super::Request;
use super::split::Spread;
use crate::chip::geometry::{ChipId, Pe};
use crate::machine::board::event_bytes;
use crate::mapping::locality::{HOST, Traffic};
use crate::mapping::placement::Free;
use crate::net::spiking::Origin;

/// Returns the chips of each population's PEs and, behind these, of each source's on PEs, between
/// which little crosses; none of those of populations that the scene puts on PEs by name.
///
/// `ranges`: neurons of each population's PEs; `random`: those of each source's. Every neuron
/// counts as spiking once a tick.
pub(super) fn chips(
    request: &Request<'_>,
    (spreads, ranges): (&[Spread<'_>], &[Vec<Range<u32>>]),
    random: &[Vec<Range<u32>>],
    free: &Free,
) -> Vec<Vec<ChipId>> {
    let network = request.network;
    let mut traffic = Traffic::new(true);
    let populations: Vec<Range<usize>> = spreads
        .iter()
        .zip(ranges)
        .map(|(spread, ranges)| match spread {
            Spread::Pes(_) => traffic.add(ranges.len(), None),
            Spread::On(places) => {
                let on: Vec<Pe> = places.iter().filter_map(|place| place.pe()).collect();
                traffic.add(ranges.len(), Some(&on))
            }
        })
        .collect();
    let sources: Vec<Range<usize>> = random.iter().map(|shares| traffic.add(shares.len(), None)).collect();
    let share_of: Vec<Vec<usize>> = populations
        .iter()
        .zip(ranges)
        .map(|(vertices, ranges)| {
            let share = |(vertex, units): (usize, &Range<u32>)| units.clone().map(move |_| vertex);
            vertices.clone().zip(ranges).flat_map(share).collect()
        })
        .collect();
    let bytes = event_bytes(if request.counted() { 2 } else { 1 });
    let mut senders: Vec<(Origin, usize, Range<u32>)> = Vec::new();
    for (index, source) in network.sources().iter().enumerate() {
        let origin = Origin::Source(index);
        if random[index].is_empty() {
            senders.push((origin, HOST, 0..source.units() as u32));
        }
        let shares = sources[index].clone().zip(&random[index]);
        senders.extend(shares.map(|(vertex, units)| (origin, vertex, units.clone())));
    }
    for (index, (vertices, ranges)) in populations.iter().zip(ranges).enumerate() {
        let shares = vertices.clone().zip(ranges);
        senders.extend(shares.map(|(vertex, units)| (Origin::Population(index), vertex, units.clone())));
    }
    let mut reads = vec![false; share_of.iter().flatten().max().map_or(0, |last| last + 1)];
    for (origin, vertex, units) in senders {
        reads.fill(false);
        for projection in network.projections().iter().filter(|projection| projection.from == origin) {
            for source in units.clone() {
                for synapse in projection.rows.row(source as usize) {
                    let target = projection.rows.targets()[synapse];
                    reads[share_of[projection.to][target as usize]] = true;
                }
            }
        }
        let each = reads.iter().enumerate().filter(|(_, reads)| **reads);
        let readers = traffic.readers(each.map(|(reader, _)| reader..reader + 1));
        traffic.send(vertex, readers, u64::from(units.end - units.start), bytes, request.assume);
    }
    let chips = traffic.place(&request.chip.chips(), free);
    let placed = populations.into_iter().zip(spreads).map(|(vertices, spread)| match spread {
        Spread::Pes(_) => vertices,
        Spread::On(_) => HOST..HOST,
    });
    placed.chain(sources).map(|vertices| chips[vertices].to_vec()).collect()
}
