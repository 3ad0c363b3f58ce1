//! Bytes that a population's neurons and synapses take on a PE, before they are placed.

use std::ops::Range;

use super::part::When;
use crate::kernel::arrivals::LINK_BYTES;
use crate::kernel::neurons::needed;
use crate::machine::sram::SRAM_BYTES;
use crate::mapping::memory::{LOG_BYTES, PROGRAM_BYTES, STACK_BYTES};
use crate::net::spiking::{Network, Origin, Population, SpikesPerTick, Synapse, Weights};

use super::{Request, sender_number};

/// Bytes of a sender's entry in the table that keys lead to.
pub const SENDER_BYTES: u32 = 16;
/// Bytes that stay free for the losses to alignment and at the ends of banks.
const SLACK: u64 = 1024;

/// Returns the number of lanes of a population's sums: 2 where negative weights are summed apart.
pub fn lanes(population: &Population) -> u32 {
    if matches!(population.dynamics.synapse, Synapse::Signed { .. }) { 2 } else { 1 }
}

/// Returns whether neurons of a population spike more than once a tick.
pub fn spikes_often(population: &Population) -> bool {
    population.firing.as_ref().is_some_and(|firing| firing.spikes_per_tick == SpikesPerTick::Many)
}

/// Returns whether a population of the network spikes more than once a tick.
pub fn spikes_many(network: &Network) -> bool {
    network.populations().iter().any(spikes_often)
}

/// Returns whether the weights are integers.
pub fn integers(network: &Network) -> bool {
    network.projections().iter().any(|projection| matches!(projection.rows.weights(), Weights::Int8(_)))
}

/// Returns the ticks that a population's ring of sums holds: the longest delay, at least one.
///
/// `arrives`: rows are added in the order of arrival. Spikes of the next tick that come while those
/// of the same tick are awaited then need one tick more.
pub fn slots(network: &Network, population: usize, arrives: bool) -> u32 {
    let mut into = network.projections().iter().filter(|projection| projection.to == population);
    let waits =
        into.any(|projection| projection.rows.synapses() > 0 && projection.rows.delays().shortest() == 0);
    u32::from(network.longest_delay(population)).max(1) + u32::from(arrives && waits)
}

/// Needs of a population's neurons, counted once to try many splits.
pub struct Needs {
    /// Bytes that every PE needs, regardless of its contents.
    fixed: u64,
    /// Bytes of a neuron without its synapses.
    neuron: u64,
    /// Bytes of a neuron's ring of sums, which are part of these.
    ring: u64,
    /// Bytes of the links of a projection and moment.
    links: u64,
    /// Needs of each projection and delay, in order.
    parts: Vec<PartNeeds>,
}

struct PartNeeds {
    sender: usize,
    /// Bytes of marks for 32 of its sources.
    marks: u64,
    bytes: u64,
    /// Synapses of the neurons before neuron n.
    before: Vec<u32>,
    /// First and last source of each neuron.
    reach: Vec<(u32, u32)>,
}

impl Needs {
    /// Counts the needs of a population's neurons.
    pub fn new(network: &Network, population: usize, request: &Request<'_>) -> Self {
        let (counted, fifo_bytes) = (request.counted(), request.mapping.fifo.bytes);
        let of = &network.populations()[population];
        let senders = network.sources().len() + network.populations().len();
        let entry = if counted { 8 } else { 4 };
        let arrays = needed(of.mode(), integers(network)).len() as u64;
        let ring = u64::from(slots(network, population, request.arrives()) * lanes(of));
        let list = if of.firing.is_some() { entry } else { 0 };
        let control = 64 + 4 * senders as u64;
        let fixed = u64::from(PROGRAM_BYTES + STACK_BYTES + LOG_BYTES + fifo_bytes)
            + u64::from(SENDER_BYTES) * senders as u64
            + control
            + SLACK;
        let into = network.projections().iter().filter(|projection| projection.to == population);
        let mut parts = Vec::new();
        for projection in into {
            let rows = &projection.rows;
            let bytes = 2 + if matches!(rows.weights(), Weights::F32(_)) { 4 } else { 1 };
            // Arrays of marks, and counts where spikes may be more than one.
            let marks = 4 + if counted { 4 * 32 } else { 0 };
            for when in [When::Begin, When::Within] {
                let mut counts = vec![0_u32; of.units + 1];
                let mut reach = vec![(u32::MAX, 0); of.units];
                for source in 0..rows.inputs() {
                    for synapse in rows.row(source) {
                        if (rows.delays().get(synapse) == 0) != (when == When::Within) {
                            continue;
                        }
                        let target = rows.targets()[synapse] as usize;
                        counts[target + 1] += 1;
                        let (first, last) = &mut reach[target];
                        *first = (*first).min(source as u32);
                        *last = (*last).max(source as u32);
                    }
                }
                let mut total = 0;
                for count in &mut counts {
                    total += *count;
                    *count = total;
                }
                if total > 0 {
                    let sender = sender_number(network, projection.from);
                    parts.push(PartNeeds { sender, marks, bytes, before: counts, reach });
                }
            }
        }
        let links = if request.arrives() { 2 * u64::from(LINK_BYTES) } else { 0 };
        Self { fixed, neuron: 4 * (arrays + ring) + list, ring: 4 * ring, links, parts }
    }

    /// Returns the bytes of a neuron's ring of sums.
    pub fn ring(&self) -> u64 {
        self.ring
    }

    /// Returns the bytes that these neurons need on one PE.
    pub fn bytes(&self, units: &Range<u32>) -> u64 {
        let (start, end) = (units.start as usize, units.end as usize);
        let mut bytes = self.fixed + self.neuron * u64::from(units.end - units.start);
        let mut marked: Vec<(usize, u32, u32, u64)> = Vec::new();
        for part in &self.parts {
            let synapses = part.before[end] - part.before[start];
            if synapses == 0 {
                continue;
            }
            let reach = part.reach[start..end].iter();
            let (first, last) = reach.fold((u32::MAX, 0), |(a, b), (c, d)| (a.min(*c), b.max(*d)));
            let words = last / 32 - first / 32 + 1;
            bytes += part.bytes * u64::from(synapses) + 2 * (32 * u64::from(words) + 1) + 12 + self.links;
            match marked.iter_mut().find(|(sender, ..)| *sender == part.sender) {
                Some((_, low, high, _)) => (*low, *high) = ((*low).min(first), (*high).max(last)),
                None => marked.push((part.sender, first, last, part.marks)),
            }
        }
        let marks = marked.iter().map(|(_, first, last, each)| u64::from(last / 32 - first / 32 + 1) * each);
        bytes + marks.sum::<u64>()
    }

    /// Returns whether these neurons fit a PE.
    pub fn fits(&self, units: &Range<u32>) -> bool {
        self.bytes(units) <= u64::from(SRAM_BYTES)
    }
}

/// Returns whether a population of the network, or the host, sends to `to` within a tick.
pub fn sends_within(network: &Network, from: Origin) -> bool {
    let mut own = network.projections().iter().filter(|projection| projection.from == from);
    own.any(|projection| projection.rows.synapses() > 0 && projection.rows.delays().shortest() == 0)
}
