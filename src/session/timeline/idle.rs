//! Idle time explained: whom PEs waited for.

use std::collections::BTreeMap;
use std::ops::Range;

use super::path::{operation_before, population};
use crate::chip::clock::Tick;
use crate::machine::legend::PopulationId;
use crate::machine::queue::CHIP;
use crate::machine::record::{PeRecord, SpanRecorder};

/// Event source that a PE waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Awaited {
    /// A PE (its index), working for a layer.
    Pe {
        /// Layer that the PE worked for.
        layer: PopulationId,
        /// Index of the PE.
        pe: u16,
    },
    /// The host's announcement of a time step.
    Host,
    /// An event after the window: the PE still waits at its end.
    Later,
    /// The cause of the wait is not known.
    Unknown,
}

/// Waiting time of PEs, in ticks; time in handlers and FIFOs meanwhile is subtracted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Idle {
    /// Time by waiting PE (index) and source of the wait.
    pub by_pe: BTreeMap<(u16, Awaited), Tick>,
    /// Time by layer of the waiting PE and source of the wait, over all PEs.
    pub by_layer: BTreeMap<(PopulationId, Awaited), Tick>,
}

impl Idle {
    /// Returns the waiting time of all PEs together, in ticks.
    pub fn total(&self) -> Tick {
        self.by_pe.values().sum()
    }

    /// Returns the source that the PEs of all layers together waited for longest, and that time.
    pub fn longest(&self) -> Option<(Awaited, Tick)> {
        let mut sums: BTreeMap<Awaited, Tick> = BTreeMap::new();
        for ((_, awaited), ticks) in &self.by_layer {
            *sums.entry(*awaited).or_default() += ticks;
        }
        sums.into_iter().max_by_key(|&(awaited, ticks)| (ticks, std::cmp::Reverse(awaited)))
    }
}

/// Returns the sender of the packet with this number, as the source of a wait.
pub fn awaited(record: &SpanRecorder, packet: Option<u64>) -> Awaited {
    match packet.and_then(|number| record.packet(number)) {
        Some(packet) if packet.source == CHIP => Awaited::Host,
        Some(packet) => Awaited::Pe { layer: population(packet.kind), pe: packet.source },
        None => Awaited::Unknown,
    }
}

/// Returns the ticks of `window` in which a PE ran handlers or emptied its FIFO.
fn served(record: &PeRecord, window: &Range<Tick>) -> Tick {
    let mut until = window.start;
    let mut ticks = 0;
    let first = record.services.partition_point(|span| span.end <= window.start);
    for span in record.services.range(first..).take_while(|span| span.begin < window.end) {
        let (begin, end) = (span.begin.max(until), span.end.min(window.end));
        ticks += end.saturating_sub(begin);
        until = until.max(end);
    }
    ticks
}

/// Sums up the waits of all PEs in `window` by what they waited for.
pub fn idle(record: &SpanRecorder, window: &Range<Tick>) -> Idle {
    let mut idle = Idle::default();
    for (index, pe) in record.pes.iter().enumerate() {
        for wait in &pe.waits {
            let (begin, end) = (wait.begin.max(window.start), wait.end.unwrap_or(window.end).min(window.end));
            if begin >= end {
                continue;
            }
            let ticks = (end - begin) - served(pe, &(begin..end));
            let over = wait.end.is_some_and(|end| end <= window.end);
            let whom = if over { awaited(record, wait.packet) } else { Awaited::Later };
            *idle.by_pe.entry((index as u16, whom)).or_default() += ticks;
            if let Some(operation) = operation_before(pe, end) {
                *idle.by_layer.entry((operation.population, whom)).or_default() += ticks;
            }
        }
    }
    idle
}
