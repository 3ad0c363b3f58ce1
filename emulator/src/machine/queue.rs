//! The event queue. Its total order is a contract: `(tick, class, source, seq)`.
//!
//! Events of one tick are handled deliveries first, so that an operation which starts at that tick
//! sees them; `source` (PE index, or [`CHIP`]) and the running number `seq` settle the rest.
//! Nothing depends on hash order or threads.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::arrivals::CounterId;
use crate::chip::clock::Tick;

/// Source of events that no PE caused.
pub const CHIP: u16 = u16::MAX;

/// Kind of an event; the order of the variants is the order of events of one tick.
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
    /// The host port announces the next time step, or all timers begin it.
    StepStart,
    /// A time step that was complete before an earlier one is.
    StepEnd,
    /// `source` has taken an entry out of its FIFO (or is found to later, if interrupts
    /// held it up).
    Drain,
}

/// Meaning of a doorbell write.
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
    /// Returns the kind with this position in the order; `packet` is the one that is delivered.
    #[inline]
    const fn of(class: u8, packet: u32) -> Self {
        match class {
            0 => Self::Deliver(packet),
            1 => Self::Interrupt,
            2 => Self::DmaEnd,
            3 => Self::OperationEnd,
            4 => Self::Inject,
            5 => Self::StepStart,
            6 => Self::Drain,
            _ => Self::StepEnd,
        }
    }

    /// Returns the position in the order of events at one tick.
    #[inline]
    pub(super) fn class(self) -> u8 {
        match self {
            Self::Deliver(_) => 0,
            Self::Interrupt => 1,
            Self::DmaEnd => 2,
            Self::OperationEnd => 3,
            Self::Inject => 4,
            Self::StepStart => 5,
            Self::Drain => 6,
            Self::StepEnd => 7,
        }
    }
}

/// An entry of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Tick at which the event fires.
    pub tick: Tick,
    /// PE index, or [`CHIP`].
    pub source: u16,
    /// Running number of insertion.
    pub seq: u64,
    /// Kind of event, which selects its handler.
    pub kind: EventKind,
}

/// An event that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    tick: Tick,
    /// Order within a tick: class (8 bits), source (16), seq (40).
    rank: u64,
    /// Number of the packet that is delivered; 0 with other events.
    packet: u32,
}

/// Bits of `seq` in a rank: enough for twelve days of events at a million a second.
const SEQ_BITS: u32 = 40;
/// The running numbers that there are.
const NUMBERS: u64 = (1 << SEQ_BITS) - 1;

impl Pending {
    #[inline]
    fn event(self) -> Event {
        let Self { tick, rank, packet } = self;
        let kind = EventKind::of((rank >> 56) as u8, packet);
        Event { tick, source: (rank >> SEQ_BITS) as u16, seq: rank & NUMBERS, kind }
    }
}

impl Ord for Pending {
    /// Compares in reverse order, since [`BinaryHeap`] pops the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.tick, other.rank).cmp(&(self.tick, self.rank))
    }
}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Ticks that the wheel covers from the last event on: nearly all events are that near.
const SPAN: usize = 4096;
const WORDS: usize = SPAN / 64;
/// Stands for no node.
const NONE: u32 = u32::MAX;
/// Stands for no tick.
const NEVER: Tick = Tick::MAX;

/// An event in the wheel; its place says when.
#[derive(Clone, Copy, Debug)]
struct Node {
    rank: u64,
    packet: u32,
    /// The next of the same tick, or the next free node.
    next: u32,
}

/// Pending events, earliest first: those of the next 4,096 ticks in a wheel with a place for each
/// tick, the others in a heap.
#[derive(Clone, Debug)]
pub struct EventQueue {
    seq: u64,
    len: usize,
    /// Tick of the last event taken: those in the wheel come less than [`SPAN`] ticks later.
    now: Tick,
    /// Tick of the first event in the wheel; [`NEVER`] without any.
    near: Tick,
    /// First node of each place, by tick modulo [`SPAN`].
    heads: Vec<u32>,
    /// Places with a node, and words of these with a bit.
    filled: [u64; WORDS],
    words: u64,
    nodes: Vec<Node>,
    free: u32,
    far: BinaryHeap<Pending>,
}

impl Default for EventQueue {
    fn default() -> Self {
        Self {
            seq: 0,
            len: 0,
            now: 0,
            near: NEVER,
            heads: vec![NONE; SPAN],
            filled: [0; WORDS],
            words: 0,
            nodes: Vec::new(),
            free: NONE,
            far: BinaryHeap::new(),
        }
    }
}

impl EventQueue {
    /// Adds an event.
    #[inline]
    pub fn push(&mut self, tick: Tick, source: u16, kind: EventKind) {
        let rank = u64::from(kind.class()) << 56 | u64::from(source) << SEQ_BITS | self.seq;
        self.seq = (self.seq + 1) & NUMBERS;
        let packet = if let EventKind::Deliver(number) = kind { number } else { 0 };
        self.insert(Pending { tick, rank, packet });
    }

    #[inline]
    fn insert(&mut self, pending: Pending) {
        self.len += 1;
        let Pending { tick, rank, packet } = pending;
        if tick.wrapping_sub(self.now) >= SPAN as u64 {
            self.far.push(pending);
            return;
        }
        self.near = self.near.min(tick);
        let place = tick as usize % SPAN;
        let (mut before, mut at) = (NONE, self.heads[place]);
        while let Some(node) = self.nodes.get(at as usize)
            && node.rank < rank
        {
            (before, at) = (at, node.next);
        }
        let number = self.put(Node { rank, packet, next: at });
        if let Some(node) = self.nodes.get_mut(before as usize) {
            node.next = number;
        } else {
            self.heads[place] = number;
            self.filled[place / 64] |= 1 << (place % 64);
            self.words |= 1 << (place / 64);
        }
    }

    /// Puts a node where there is room.
    #[inline]
    fn put(&mut self, node: Node) -> u32 {
        let number = self.free;
        if let Some(room) = self.nodes.get_mut(number as usize) {
            self.free = room.next;
            *room = node;
            return number;
        }
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }

    /// Returns the tick of the first event in the wheel; [`NEVER`] without any.
    ///
    /// No event in the wheel comes before tick `from`.
    #[inline]
    fn first(&self, from: Tick) -> Tick {
        let start = from as usize % SPAN;
        let word = start / 64;
        let here = self.filled[word] >> (start % 64);
        if here != 0 {
            return from + u64::from(here.trailing_zeros());
        }
        if self.words == 0 {
            return NEVER;
        }
        // Words behind this one, then those before it, then its own lower places.
        let turned = self.words.rotate_right((word as u32 + 1) % 64);
        let word = (word + 1 + turned.trailing_zeros() as usize) % WORDS;
        let place = word * 64 + self.filled[word].trailing_zeros() as usize;
        from + ((place + SPAN - start) % SPAN) as u64
    }

    /// Returns whether a packet that is delivered at tick `tick` comes before all events, or only
    /// after other packets of that tick.
    #[inline]
    pub(super) fn is_before(&self, tick: Tick) -> bool {
        let next = self.next();
        tick < next || tick == next && !matches!(self.peek(), Some(Event { kind: EventKind::Deliver(_), .. }))
    }

    /// Takes the end of a handler out that is pending for a PE at tick `tick`.
    pub(super) fn remove_handler(&mut self, tick: Tick, source: u16) {
        let class = EventKind::Interrupt.class();
        let wanted = |rank: u64| rank >> SEQ_BITS == u64::from(class) << 16 | u64::from(source);
        let far = self.far.len();
        self.far.retain(|pending| pending.tick != tick || !wanted(pending.rank));
        if self.far.len() < far {
            self.len -= 1;
            return;
        }
        let place = tick as usize % SPAN;
        let (mut before, mut at) = (NONE, self.heads[place]);
        while let Some(&Node { rank, next, .. }) = self.nodes.get(at as usize) {
            if wanted(rank) {
                match self.nodes.get_mut(before as usize) {
                    Some(node) => node.next = next,
                    None => self.heads[place] = next,
                }
                self.nodes[at as usize].next = self.free;
                self.free = at;
                self.len -= 1;
                self.emptied(place);
                return;
            }
            (before, at) = (at, next);
        }
    }

    /// Updates the bits and the tick of the first event if a place has become empty.
    fn emptied(&mut self, place: usize) {
        if self.heads[place] == NONE {
            self.filled[place / 64] &= !(1 << (place % 64));
            if self.filled[place / 64] == 0 {
                self.words &= !(1 << (place / 64));
            }
            self.near = self.first(self.now);
        }
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<Event> {
        let tick = self.near;
        if tick == NEVER {
            return self.pop_far();
        }
        let place = tick as usize % SPAN;
        let number = self.heads[place];
        let node = self.nodes.get_mut(number as usize)?;
        if self.far.peek().is_some_and(|far| (far.tick, far.rank) < (tick, node.rank)) {
            return self.pop_far();
        }
        let Node { rank, packet, next } = std::mem::replace(node, Node { next: self.free, ..*node });
        self.free = number;
        self.heads[place] = next;
        self.now = tick;
        self.len -= 1;
        if next == NONE {
            self.filled[place / 64] &= !(1 << (place % 64));
            if self.filled[place / 64] == 0 {
                self.words &= !(1 << (place / 64));
            }
            self.near = self.first(tick);
        }
        Some(Pending { tick, rank, packet }.event())
    }

    fn pop_far(&mut self) -> Option<Event> {
        let event = self.far.pop()?.event();
        self.len -= 1;
        // What was pushed for a time that is over does not turn the wheel back.
        self.now = self.now.max(event.tick);
        Some(event)
    }

    /// Returns the running number for an event that precedes all others and bypasses the queue.
    ///
    /// The wheel advances to `tick`, the tick of the event.
    #[inline]
    pub(super) fn pass_by(&mut self, tick: Tick) -> u64 {
        self.now = self.now.max(tick);
        let seq = self.seq;
        self.seq = (seq + 1) & NUMBERS;
        seq
    }

    /// Looks at the next event.
    pub fn peek(&self) -> Option<Event> {
        let number = self.heads[self.near as usize % SPAN];
        let near = self.nodes.get(number as usize).filter(|_| self.near != NEVER);
        let near = near.map(|node| Pending { tick: self.near, rank: node.rank, packet: node.packet });
        near.into_iter().chain(self.far.peek().copied()).max().map(Pending::event)
    }

    /// Returns the tick of the next event.
    #[inline]
    pub fn next_tick(&self) -> Option<Tick> {
        Some(self.next()).filter(|&tick| tick != NEVER)
    }

    /// Returns the tick of the next event; the last of all ticks without any.
    #[inline]
    pub(super) fn next(&self) -> Tick {
        self.far.peek().map_or(self.near, |far| far.tick.min(self.near))
    }

    /// Returns the number of pending events.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns `true` if no event is pending.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the running number of the next insertion.
    #[cfg(test)]
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// Returns the running number here of what has number `seq` in a queue that went
    /// on from `start`.
    pub(super) fn seq_after(&self, start: &Self, seq: u64) -> u64 {
        seq.wrapping_add(self.seq).wrapping_sub(start.seq) & NUMBERS
    }

    /// Takes over what is pending in `end`, which came of `start` as this queue will have come
    /// of itself; `moved` gives the ticks of now, `late` by how much the end of a PE's
    /// operation comes later.
    pub(super) fn follow(
        &mut self,
        start: &Self,
        end: &Self,
        moved: impl Fn(Tick) -> Tick,
        late: impl Fn(u16) -> Tick,
    ) {
        // Numbers go on from where this queue is; it keeps its own until the end.
        self.clear(moved(end.now));
        for pending in end.pending() {
            let Event { kind, source, .. } = pending.event();
            let later = if kind == EventKind::OperationEnd { late(source) } else { 0 };
            let Pending { tick, rank, packet } = pending;
            let rank = rank & !NUMBERS | self.seq_after(start, rank);
            self.insert(Pending { tick: moved(tick).wrapping_add(later), rank, packet });
        }
        self.seq = self.seq_after(start, end.seq);
    }

    /// Forgets what is pending; the last event was that of tick `now`.
    fn clear(&mut self, now: Tick) {
        for (word, bits) in self.filled.into_iter().enumerate() {
            ones(bits).for_each(|bit| self.heads[64 * word + bit] = NONE);
        }
        self.nodes.clear();
        self.far.clear();
        (self.now, self.near, self.len, self.words, self.free) = (now, NEVER, 0, 0, NONE);
        self.filled = [0; WORDS];
    }

    /// Gives packets on the mesh other places in the packet store.
    pub(super) fn renumber(&mut self, place: impl Fn(u32) -> u32) {
        let pending: Vec<Pending> = self.pending().collect();
        self.clear(self.now);
        for mut pending in pending {
            if let EventKind::Deliver(number) = pending.event().kind {
                pending.packet = place(number);
            }
            self.insert(pending);
        }
    }

    /// Returns the pending events, in no order.
    fn pending(&self) -> impl Iterator<Item = Pending> {
        let words = self.filled.iter().enumerate().filter(|&(_, &bits)| bits != 0);
        let places = words.flat_map(|(word, &bits)| ones(bits).map(move |bit| 64 * word + bit));
        let node = |number: u32| self.nodes.get(number as usize);
        let near = move |place: usize| {
            let ahead = (place + SPAN - self.now as usize % SPAN) % SPAN;
            let tick = self.now + ahead as u64;
            let chain = std::iter::successors(node(self.heads[place]), move |before| node(before.next));
            chain.map(move |node| Pending { tick, rank: node.rank, packet: node.packet })
        };
        places.flat_map(near).chain(self.far.iter().copied())
    }

    /// Pending events in queue order: for hashing and display.
    pub fn sorted(&self) -> Vec<Event> {
        let mut pending: Vec<Pending> = self.pending().collect();
        pending.sort_unstable_by_key(|pending| (pending.tick, pending.rank));
        pending.into_iter().map(Pending::event).collect()
    }
}

/// Returns the places of the ones of a word, ascending.
fn ones(word: u64) -> impl Iterator<Item = usize> {
    let some = |word: u64| (word != 0).then_some(word);
    std::iter::successors(some(word), move |word| some(word & (word - 1)))
        .map(|word| word.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a sorted list: events that are near, far, and pushed while others are taken.
        #[test]
        fn events_come_out_as_from_a_sorted_list(
            steps in prop::collection::vec((0_u64..6000, 0_u16..3, 0_usize..4), 1..200),
        ) {
            let (mut queue, mut list, mut now) = (EventQueue::default(), Vec::<Event>::new(), 0);
            for (ahead, source, takes) in steps {
                let seq = queue.seq();
                queue.push(now + ahead, source, EventKind::Inject);
                list.push(Event { tick: now + ahead, source, seq, kind: EventKind::Inject });
                list.sort_by_key(|event| (event.tick, event.source, event.seq));
                prop_assert_eq!(&queue.sorted(), &list);
                for _ in 0..takes.min(list.len()) {
                    prop_assert_eq!(queue.next_tick(), list.first().map(|event| event.tick));
                    prop_assert_eq!(queue.peek(), list.first().copied());
                    now = list[0].tick;
                    prop_assert_eq!(queue.pop(), Some(list.remove(0)));
                }
                prop_assert_eq!(queue.len(), list.len());
            }
        }
    }

    #[test]
    fn the_end_of_a_handler_can_be_taken_out() {
        let mut queue = EventQueue::default();
        for (tick, source) in [(5, 1), (5, 2), (5, 3), (9000, 2), (9, 2)] {
            queue.push(tick, source, EventKind::Interrupt);
        }
        queue.push(5, 2, EventKind::Inject);
        queue.remove_handler(5, 2);
        queue.remove_handler(9000, 2);
        let left: Vec<_> = queue.sorted().iter().map(|e| (e.tick, e.source, e.kind.class())).collect();
        assert_eq!(left, [(5, 1, 1), (5, 3, 1), (5, 2, 4), (9, 2, 1)]);
        for (tick, source) in [(5, 1), (5, 3)] {
            queue.remove_handler(tick, source);
        }
        assert_eq!((queue.len(), queue.pop().map(|event| event.tick)), (2, Some(5)));
        queue.remove_handler(9, 2);
        assert_eq!((queue.len(), queue.next_tick()), (0, None));
    }

    proptest! {
        #[test]
        fn pops_in_the_documented_order(
            items in prop::collection::vec((prop_oneof![0_u64..5, 4000_u64..9000], 0u16..4, 0u8..5), 0..60),
        ) {
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
