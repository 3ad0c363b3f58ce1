//! Owner of each byte of a PE that runs spiking neurons, derived from its program.

use super::super::SpikingSlot;
use super::super::memory::SENDER_BYTES;
use crate::kernel::arrivals::LINK_BYTES;
use crate::kernel::neurons::Array;
use crate::machine::program::{PeProgram, RegionKind, Slot};

/// Owner of a range of bytes; numbers are indices of the slot's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Code,
    Stack,
    Log,
    Fifo,
    Control,
    /// Table that keys lead to.
    Senders,
    /// An array with a word a neuron.
    Neurons(Array),
    /// Potentials at the begin of a recording.
    Begin,
    /// Ring of sums.
    Ring,
    /// Marks of a sender, by its place in [`SpikingSlot::marks`].
    Marks(usize),
    /// Numbers of spikes of a sender.
    Counts(usize),
    /// Starts of the rows of a part.
    Starts(usize),
    /// Places of the targets of a part.
    Targets(usize),
    /// Weights of a part.
    Weights(usize),
    /// Links from senders to rows, by the look into the FIFO.
    Links(usize),
    /// Spikes to send.
    List,
}

/// Range of bytes with its owner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) owner: Owner,
}

/// Returns all ranges of a PE, ascending, without those of no bytes.
pub(super) fn spans(loaded: &PeProgram, slot: &Slot, share: &SpikingSlot) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut put = |start: u32, bytes: u32, owner| {
        spans.push(Span { start, end: start.saturating_add(bytes), owner });
    };
    for region in &loaded.regions {
        match region.kind {
            RegionKind::Program => put(region.start, region.end - region.start, Owner::Code),
            RegionKind::Stack => put(region.start, region.end - region.start, Owner::Stack),
            _ => {}
        }
    }
    put(loaded.log.0, loaded.log.1, Owner::Log);
    // Bytes behind the last whole entry are never written.
    let entry = 4 * share.entry_words.max(1);
    put(loaded.fifo.0, loaded.fifo.1 / entry * entry, Owner::Fifo);
    let control = share.control;
    put(control.message, control.senders - control.message, Owner::Control);
    put(control.senders, SENDER_BYTES * slot.counters.len() as u32, Owner::Senders);
    let units = share.layout.units;
    for &(array, at) in share.layout.arrays() {
        put(at, 4 * units, Owner::Neurons(array));
    }
    if let Some(start) = share.start {
        put(start, 4 * units, Owner::Begin);
    }
    put(share.ring.0, 4 * share.ring.1, Owner::Ring);
    for (at, (_, marks)) in share.marks.iter().enumerate() {
        let words = marks.neurons.div_ceil(32);
        put(marks.bits, 4 * words, Owner::Marks(at));
        if let Some(counts) = marks.counts {
            put(counts, 4 * 32 * words, Owner::Counts(at));
        }
    }
    for (at, (part, rows)) in share.parts.iter().zip(&share.rows).enumerate() {
        put(rows.starts, 2 * (rows.sources + 1), Owner::Starts(at));
        put(rows.targets, 2 * part.synapses(), Owner::Targets(at));
        put(rows.weights, part.weights.bytes() * part.synapses(), Owner::Weights(at));
    }
    for (look, &links) in share.links.iter().enumerate() {
        put(links, LINK_BYTES * share.parts.len() as u32, Owner::Links(look));
    }
    if let Some(list) = share.list {
        put(list, 4 + 4 * share.entry_words * units, Owner::List);
    }
    spans.retain(|span| span.end > span.start);
    spans.sort_by_key(|span| span.start);
    spans
}
