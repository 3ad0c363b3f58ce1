//! The event queue. Its total order is a contract: `(tick, class, source, seq)`.
//!
//! Events of one tick are handled deliveries first, so that an operation which starts at that tick sees them; `source`
//! (PE index, or [`CHIP`]) and the running number `seq` settle the rest. Nothing depends on hash order or threads.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::arrivals::CounterId;
use crate::chip::clock::Tick;

/// Source of events that no PE caused.
pub const CHIP: u16 = u16::MAX;

/// What happens; the discriminant order is the class order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Packet (index in the packet store) reaches its QPE, or the host port.
    Deliver(u32),
    /// The first of the handlers that wait on `source` ends.
    Interrupt,
    /// The DMA of `source` has written its last beat.
    DmaEnd,
    /// The operation of `source` ends (or is found to end later, if interrupts held it up).
    OperationEnd,
    /// `source` hands the next packet of its broadcast to the NoC.
    Inject,
    /// The host port announces the next time step.
    StepStart,
    /// `source` has taken an entry out of its FIFO (or is found to later, if interrupts held it up).
    Drain,
}

/// What a watched write stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Slot of the PE that is written to.
    pub slot: u8,
    /// Counter that it advances.
    pub counter: CounterId,
    /// Word of the counter.
    pub set: u8,
}

impl EventKind {
    /// Position in the order of events at one tick.
    pub(super) fn class(self) -> u8 {
        match self {
            Self::Deliver(_) => 0,
            Self::Interrupt => 1,
            Self::DmaEnd => 2,
            Self::OperationEnd => 3,
            Self::Inject => 4,
            Self::StepStart => 5,
            Self::Drain => 6,
        }
    }
}

/// An entry of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub tick: Tick,
    /// PE index, or [`CHIP`].
    pub source: u16,
    /// Running number of insertion.
    pub seq: u64,
    /// What.
    pub kind: EventKind,
}

/// An event as it waits: its whole order in one number, so that the heap compares one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    /// tick (64 bits), class (8), source (16), seq (40).
    key: u128,
    kind: EventKind,
}

/// Bits of `seq` in a key: enough for twelve days of events at a million a second.
const SEQ_BITS: u32 = 40;

impl Pending {
    fn event(self) -> Event {
        let seq = self.key as u64 & ((1 << SEQ_BITS) - 1);
        Event { tick: (self.key >> 64) as Tick, source: (self.key >> SEQ_BITS) as u16, seq, kind: self.kind }
    }
}

impl Ord for Pending {
    /// Reversed, since [`BinaryHeap`] pops the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key)
    }
}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Pending events, earliest first.
#[derive(Clone, Debug, Default)]
pub struct EventQueue {
    heap: BinaryHeap<Pending>,
    seq: u64,
}

impl EventQueue {
    /// Adds an event.
    pub fn push(&mut self, tick: Tick, source: u16, kind: EventKind) {
        let rank = u64::from(kind.class()) << 56 | u64::from(source) << SEQ_BITS;
        self.heap.push(Pending { key: u128::from(tick) << 64 | u128::from(rank | self.seq), kind });
        self.seq = (self.seq + 1) & ((1 << SEQ_BITS) - 1);
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<Event> {
        self.heap.pop().map(Pending::event)
    }

    /// Looks at the next event.
    pub fn peek(&self) -> Option<Event> {
        self.heap.peek().map(|pending| pending.event())
    }

    /// Returns the tick of the next event.
    pub fn next_tick(&self) -> Option<Tick> {
        self.heap.peek().map(|pending| (pending.key >> 64) as Tick)
    }

    /// Pending events.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Nothing pending.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Pending events in queue order: for hashing and display.
    pub fn sorted(&self) -> Vec<Event> {
        let mut pending = self.heap.clone().into_vec();
        pending.sort_unstable_by_key(|p| p.key);
        pending.into_iter().map(Pending::event).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pops_in_the_documented_order(items in prop::collection::vec((0u64..5, 0u16..4, 0u8..5), 0..60)) {
            let mut queue = EventQueue::default();
            for &(tick, source, class) in &items {
                let kind = match class {
                    0 => EventKind::Deliver(0),
                    1 => EventKind::DmaEnd,
                    2 => EventKind::OperationEnd,
                    3 => EventKind::Inject,
                    _ => EventKind::StepStart,
                };
                queue.push(tick, source, kind);
            }
            let listed = queue.sorted();
            let mut popped = Vec::new();
            while let Some(event) = queue.pop() {
                popped.push(event);
            }
            prop_assert_eq!(&listed, &popped);
            for pair in popped.windows(2) {
                let key = |e: &Event| (e.tick, e.kind.class(), e.source, e.seq);
                prop_assert!(key(&pair[0]) < key(&pair[1]));
            }
        }
    }
}
