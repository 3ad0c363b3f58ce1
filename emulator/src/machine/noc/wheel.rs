//! What is to come, by cycle: a ring of places for the near cycles, an ordered map for the others.
//!
//! Items of one cycle come out in the order in which they were put in.

use std::collections::BTreeMap;

/// Cycles ahead that have a place of their own.
const SPAN: usize = 1024;

/// Items by the cycle in which they are due.
#[derive(Clone, Debug)]
pub struct Wheel<T> {
    /// No item is due before it.
    base: u64,
    places: Vec<Vec<T>>,
    /// A bit for each place that holds something.
    filled: [u64; SPAN / 64],
    /// Items due after all places.
    far: BTreeMap<u64, Vec<T>>,
    len: usize,
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        let places = std::iter::repeat_with(Vec::new).take(SPAN).collect();
        Self { base: 0, places, filled: [0; SPAN / 64], far: BTreeMap::new(), len: 0 }
    }
}

impl<T> Wheel<T> {
    /// Adds an item.
    pub fn push(&mut self, cycle: u64, item: T) {
        let cycle = cycle.max(self.base);
        self.len += 1;
        if cycle - self.base < SPAN as u64 {
            self.place(cycle).push(item);
        } else {
            self.far.entry(cycle).or_default().push(item);
        }
    }

    /// The place of a near cycle, marked as filled.
    fn place(&mut self, cycle: u64) -> &mut Vec<T> {
        let place = cycle as usize % SPAN;
        self.filled[place / 64] |= 1 << (place % 64);
        &mut self.places[place]
    }

    /// Returns whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the first cycle in which an item is due.
    pub fn next(&self) -> Option<u64> {
        if self.len == 0 {
            return None;
        }
        let from = self.base as usize % SPAN;
        // Places from the base to the end of the ring, then the others; the base's own word twice.
        let words = SPAN / 64;
        for turn in 0..=words {
            let word = (from / 64 + turn) % words;
            let mask = match turn {
                0 => !0 << (from % 64),
                _ if turn == words => !(!0 << (from % 64)),
                _ => !0,
            };
            let bits = self.filled[word] & mask;
            if bits != 0 {
                let place = word * 64 + bits.trailing_zeros() as usize;
                return Some(self.base + ((place + SPAN - from) % SPAN) as u64);
            }
        }
        self.far.first_key_value().map(|(&cycle, _)| cycle)
    }

    /// Takes all items of cycle `cycle`, before which none is due.
    pub fn take(&mut self, cycle: u64) -> Vec<T> {
        self.turn_to(cycle);
        let place = cycle as usize % SPAN;
        self.filled[place / 64] &= !(1 << (place % 64));
        let items = std::mem::take(&mut self.places[place]);
        self.len -= items.len();
        items
    }

    /// Gives back the emptied list that [`Self::take`] gave, so that its memory is used again.
    pub fn give_back(&mut self, cycle: u64, list: Vec<T>) {
        let place = &mut self.places[cycle as usize % SPAN];
        if place.is_empty() {
            *place = list;
        }
    }

    /// Says that nothing will be due before `cycle` if nothing is now.
    pub fn rest_until(&mut self, cycle: u64) {
        if self.len == 0 && cycle > self.base {
            self.base = cycle;
        }
    }

    fn turn_to(&mut self, cycle: u64) {
        self.base = self.base.max(cycle);
        while let Some(far) = self.far.first_entry() {
            let due = *far.key();
            if due - self.base >= SPAN as u64 {
                break;
            }
            let items = far.remove();
            self.place(due).extend(items);
        }
    }

    /// Takes over the items of another wheel, whose cycles are moved; nothing is due before `base`.
    pub fn follow(&mut self, other: &Self, base: u64, moved: impl Fn(u64) -> u64)
    where
        T: Copy,
    {
        self.far.clear();
        if self.len > 0 {
            self.places.iter_mut().for_each(Vec::clear);
        }
        (self.base, self.filled, self.len) = (base, [0; SPAN / 64], 0);
        for (cycle, &item) in other.iter() {
            self.push(moved(cycle), item);
        }
    }

    /// Changes every item.
    pub fn for_each_mut(&mut self, change: impl Fn(&mut T)) {
        self.places.iter_mut().flatten().chain(self.far.values_mut().flatten()).for_each(change);
    }

    /// Returns all items in the order in which they are due, with their cycles.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let near = (self.base..self.base + SPAN as u64)
            .flat_map(|cycle| self.places[cycle as usize % SPAN].iter().map(move |item| (cycle, item)));
        near.chain(self.far.iter().flat_map(|(&cycle, items)| items.iter().map(move |item| (cycle, item))))
    }

    /// Returns the bytes of memory that a copy takes.
    pub fn bytes(&self) -> usize {
        size_of_val(self.places.as_slice()) + self.len * size_of::<T>()
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
                    let items = wheel.take(cycle);
                    prop_assert_eq!(Some(items.clone()), map.remove(&cycle));
                    now = cycle;
                    let mut items = items;
                    items.clear();
                    wheel.give_back(cycle, items);
                }
            }
        }
    }
}
