//! Queue of what is to come, by cycle: a ring of places for the near cycles, an ordered map for the
//! others.
//!
//! Items of one cycle come out in the order in which they were put in.

use std::collections::BTreeMap;

/// Cycles ahead that have a place of their own.
const SPAN: usize = 1024;
/// Stands for no node.
const NONE: u32 = u32::MAX;
/// Stands for no cycle.
const NEVER: u64 = u64::MAX;

/// An item, and the next one of its cycle, or the next free node.
#[derive(Clone, Copy, Debug)]
struct Node<T> {
    item: T,
    next: u32,
}

/// Items of one cycle, the first and the last in the order in which they were put in.
#[derive(Clone, Copy, Debug)]
struct Place {
    first: u32,
    last: u32,
}

const EMPTY: Place = Place { first: NONE, last: NONE };

/// Place of an item that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due(u32);

/// Items by the cycle in which they are due.
///
/// Few are under way at a time: their nodes are used again at once and stay in the first-level
/// cache.
#[derive(Clone, Debug)]
pub struct Wheel<T> {
    /// No item is due before it.
    base: u64,
    /// First cycle in which an item is due; [`NEVER`] without any.
    next: u64,
    places: Box<[Place; SPAN]>,
    /// A bit for each place that holds something.
    filled: [u64; SPAN / 64],
    nodes: Vec<Node<T>>,
    /// First free node.
    free: u32,
    /// Items due after all places.
    far: BTreeMap<u64, Vec<u32>>,
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self {
            base: 0,
            next: NEVER,
            places: Box::new([EMPTY; SPAN]),
            filled: [0; SPAN / 64],
            nodes: Vec::new(),
            free: NONE,
            far: BTreeMap::new(),
        }
    }
}

impl<T: Copy> Wheel<T> {
    /// Adds an item.
    #[inline]
    pub fn push(&mut self, cycle: u64, item: T) {
        let node = Node { item, next: NONE };
        let mut number = self.free;
        if let Some(room) = self.nodes.get_mut(number as usize) {
            self.free = room.next;
            *room = node;
        } else {
            number = self.nodes.len() as u32;
            self.nodes.push(node);
        }
        self.queue(cycle, number);
    }

    /// Queues a node for a cycle, behind what is there.
    #[inline]
    fn queue(&mut self, cycle: u64, number: u32) {
        let cycle = cycle.max(self.base);
        self.next = self.next.min(cycle);
        if cycle - self.base < SPAN as u64 {
            self.place(cycle, number);
        } else {
            self.far.entry(cycle).or_default().push(number);
        }
    }

    /// Puts a node behind those of a near cycle.
    #[inline]
    fn place(&mut self, cycle: u64, number: u32) {
        let at = cycle as usize % SPAN;
        let place = &mut self.places[at];
        match self.nodes.get_mut(place.last as usize) {
            Some(last) => last.next = number,
            None => place.first = number,
        }
        place.last = number;
        self.filled[at / 64] |= 1 << (at % 64);
    }

    /// Returns whether there are no items.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.next == NEVER
    }

    /// Returns the first cycle in which an item is due.
    #[inline]
    pub fn next(&self) -> Option<u64> {
        (self.next != NEVER).then_some(self.next)
    }

    /// Returns whether an item is due in cycle `cycle` or before.
    #[inline]
    pub fn is_due(&self, cycle: u64) -> bool {
        self.next <= cycle && self.next != NEVER
    }

    /// Returns the first filled place from cycle `from` on.
    #[inline]
    fn filled_from(&self, from: u64) -> Option<u64> {
        let end = self.base + SPAN as u64;
        let mut cycle = from;
        while cycle < end {
            let place = cycle as usize % SPAN;
            let bits = self.filled[place / 64] >> (place % 64);
            if bits != 0 {
                // The ring's end and its begin may share a word.
                return Some(cycle + u64::from(bits.trailing_zeros())).filter(|&found| found < end);
            }
            cycle += 64 - place as u64 % 64;
        }
        None
    }

    /// Takes all items of cycle `cycle`, before which none is due; returns the first.
    ///
    /// Each is to be put back or to be dropped.
    #[inline]
    pub fn take(&mut self, cycle: u64) -> Option<Due> {
        self.turn_to(cycle);
        let at = cycle as usize % SPAN;
        self.filled[at / 64] &= !(1 << (at % 64));
        let first = std::mem::replace(&mut self.places[at], EMPTY).first;
        let near = self.filled_from(cycle);
        self.next = near.or_else(|| self.far.first_key_value().map(|(&far, _)| far)).unwrap_or(NEVER);
        (first != NONE).then_some(Due(first))
    }

    /// Returns an item that is due, and the next one of its cycle.
    #[inline]
    pub fn due(&self, due: Due) -> Option<(T, Option<Due>)> {
        let node = self.nodes.get(due.0 as usize)?;
        Some((node.item, (node.next != NONE).then_some(Due(node.next))))
    }

    /// Puts an item that was due back, as `item`, for another cycle.
    #[inline]
    pub fn put_back(&mut self, due: Due, cycle: u64, item: T) {
        if let Some(node) = self.nodes.get_mut(due.0 as usize) {
            *node = Node { item, next: NONE };
            self.queue(cycle, due.0);
        }
    }

    /// Drops an item that was due.
    #[inline]
    pub fn drop(&mut self, due: Due) {
        if let Some(node) = self.nodes.get_mut(due.0 as usize) {
            node.next = self.free;
            self.free = due.0;
        }
    }

    /// Says that nothing will be due before `cycle` if nothing is now.
    #[inline]
    pub fn rest_until(&mut self, cycle: u64) {
        if self.next == NEVER && cycle > self.base {
            self.base = cycle;
        }
    }

    #[inline]
    fn turn_to(&mut self, cycle: u64) {
        self.base = self.base.max(cycle);
        if !self.far.is_empty() {
            self.bring_near();
        }
    }

    /// Gives far items that have come near a place.
    fn bring_near(&mut self) {
        while let Some(far) = self.far.first_entry() {
            let due = *far.key();
            if due - self.base >= SPAN as u64 {
                break;
            }
            for number in far.remove() {
                self.place(due, number);
            }
        }
    }

    /// Takes over the items of another wheel, whose cycles are moved; nothing is due before `base`.
    pub fn follow(&mut self, other: &Self, base: u64, moved: impl Fn(u64) -> u64) {
        if self.next != NEVER {
            self.places.fill(EMPTY);
            self.filled = [0; SPAN / 64];
            self.far.clear();
        }
        self.nodes.clear();
        (self.base, self.next, self.free) = (base, NEVER, NONE);
        for (cycle, &item) in other.iter() {
            self.push(moved(cycle), item);
        }
    }

    /// Changes every item.
    pub fn for_each_mut(&mut self, change: impl Fn(&mut T)) {
        self.nodes.iter_mut().map(|node| &mut node.item).for_each(change);
    }

    /// Returns all items in the order in which they are due, with their cycles.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let cycles = std::iter::successors(self.filled_from(self.base), |&cycle| self.filled_from(cycle + 1));
        let node = |number: u32| self.nodes.get(number as usize);
        let near = cycles.flat_map(move |cycle| {
            let first = node(self.places[cycle as usize % SPAN].first);
            std::iter::successors(first, move |before| node(before.next)).map(move |node| (cycle, &node.item))
        });
        let far = self.far.iter().flat_map(move |(&cycle, numbers)| {
            numbers.iter().filter_map(move |&number| Some((cycle, &node(number)?.item)))
        });
        near.chain(far)
    }

    /// Returns the bytes of memory that a copy takes.
    pub fn bytes(&self) -> usize {
        size_of_val(self.places.as_slice()) + size_of_val(self.nodes.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a sorted map: order within a cycle, far items, items that are put in meanwhile.
        #[test]
        fn items_come_out_by_cycle_and_in_order(
            steps in prop::collection::vec((0_u64..3000, 0_usize..4), 1..200),
        ) {
            let (mut wheel, mut map) = (Wheel::default(), BTreeMap::<u64, Vec<usize>>::new());
            let mut now = 0;
            for (number, (ahead, takes)) in steps.into_iter().enumerate() {
                wheel.push(now + ahead, number);
                map.entry(now + ahead).or_default().push(number);
                prop_assert_eq!(wheel.iter().count(), map.values().map(Vec::len).sum::<usize>());
                for _ in 0..takes {
                    let next = wheel.next();
                    prop_assert_eq!(next, map.first_key_value().map(|(&cycle, _)| cycle));
                    let Some(cycle) = next else { break };
                    let (mut due, mut items) = (wheel.take(cycle), Vec::new());
                    while let Some(place) = due {
                        let (item, next) = wheel.due(place).unwrap();
                        items.push(item);
                        due = next;
                        // Every third one comes again.
                        if item % 3 == 0 && item < 10_000 {
                            wheel.put_back(place, cycle + 7, item + 10_000);
                            map.entry(cycle + 7).or_default().push(item + 10_000);
                        } else {
                            wheel.drop(place);
                        }
                    }
                    prop_assert_eq!(Some(items), map.remove(&cycle));
                    now = cycle;
                }
            }
        }
    }
}
