//! Queue of what is to come, by cycle: a ring of places for the near cycles, an ordered map for the
//! others.
//!
//! Items of one cycle come out in the order in which they were put in.

use std::collections::BTreeMap;

/// Cycles ahead that have a place of their own.
const SPAN: usize = 128;
const WORDS: usize = SPAN / 64;
/// Items that a place has room for; further ones of its cycle are kept apart.
const ROOM: usize = 15;
/// Stands for no cycle.
const NEVER: u64 = u64::MAX;

/// Items of one cycle, in the order in which they were put in.
#[derive(Clone, Copy, Debug, Default)]
struct Place<T> {
    items: [T; ROOM],
    count: u32,
}

/// Items that are due, of which some were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    place: u16,
    next: u16,
    count: u16,
}

/// Items by the cycle in which they are due.
///
/// Few are under way at a time: the places of the next cycles stay in the first-level cache.
#[derive(Clone, Debug)]
pub struct Wheel<T> {
    /// First cycle that has a place: no item is due before it.
    base: u64,
    /// First cycle in which an item is due; [`NEVER`] without any.
    next: u64,
    places: Box<[Place<T>; SPAN]>,
    /// A bit for each place that holds something, and one for each word of these.
    filled: [u64; WORDS],
    words: u32,
    /// Items for which their places had no room.
    more: BTreeMap<u64, Vec<T>>,
    /// Items of a taken cycle for which its place had no room.
    late: Vec<T>,
    /// Items due after all places.
    far: BTreeMap<u64, Vec<T>>,
}

impl<T: Copy + Default> Default for Wheel<T> {
    fn default() -> Self {
        Self {
            base: 0,
            next: NEVER,
            places: Box::new([Place::default(); SPAN]),
            filled: [0; WORDS],
            words: 0,
            more: BTreeMap::new(),
            late: Vec::new(),
            far: BTreeMap::new(),
        }
    }
}

impl<T: Copy + Default> Wheel<T> {
    /// Adds an item behind those of its cycle; an item that is due can be moved to another cycle.
    #[inline]
    pub fn push(&mut self, cycle: u64, item: T) {
        let cycle = cycle.max(self.base);
        self.next = self.next.min(cycle);
        if cycle - self.base < SPAN as u64 {
            self.place(cycle, item);
        } else {
            self.push_far(cycle, item);
        }
    }

    #[cold]
    fn push_far(&mut self, cycle: u64, item: T) {
        self.far.entry(cycle).or_default().push(item);
    }

    /// Puts an item behind those of a near cycle.
    #[inline]
    fn place(&mut self, cycle: u64, item: T) {
        let at = cycle as usize % SPAN;
        let place = &mut self.places[at];
        if let Some(room) = place.items.get_mut(place.count as usize) {
            *room = item;
            place.count += 1;
            self.filled[at / 64] |= 1 << (at % 64);
            self.words |= 1 << (at / 64);
        } else {
            self.push_more(cycle, item);
        }
    }

    #[cold]
    fn push_more(&mut self, cycle: u64, item: T) {
        self.more.entry(cycle).or_default().push(item);
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

    /// Returns the first cycle from `from` on whose place is filled; [`NEVER`] without any.
    ///
    /// No place of a cycle before `from` is filled.
    #[inline]
    fn first(&self, from: u64) -> u64 {
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
        let turned = (self.words | self.words << WORDS) >> (word + 1);
        let word = (word + 1 + turned.trailing_zeros() as usize) % WORDS;
        let place = word * 64 + self.filled[word].trailing_zeros() as usize;
        from + ((place + SPAN - start) % SPAN) as u64
    }

    /// Returns the filled cycles that have a place, ascending.
    fn cycles(&self) -> impl Iterator<Item = u64> {
        let end = self.base + SPAN as u64;
        // Behind the last one the search goes round the ring, and finds a cycle behind its end.
        let near = move |cycle: u64| Some(self.first(cycle)).filter(|&found| found < end);
        std::iter::successors(near(self.base), move |&cycle| near(cycle + 1))
    }

    /// Takes all items of cycle `cycle`, before which none is due; [`Self::due`] gives them one by
    /// one. Until then none may be pushed for that cycle.
    #[inline]
    pub fn take(&mut self, cycle: u64) -> Due {
        self.turn_to(cycle);
        let at = cycle as usize % SPAN;
        let mut count = std::mem::take(&mut self.places[at].count) as u16;
        self.filled[at / 64] &= !(1 << (at % 64));
        if self.filled[at / 64] == 0 {
            self.words &= !(1 << (at / 64));
        }
        if usize::from(count) == ROOM {
            count += self.take_more(cycle);
        }
        self.next = self.first(cycle);
        if self.next == NEVER {
            self.next = self.far.first_key_value().map_or(NEVER, |(&far, _)| far);
        }
        Due { place: at as u16, next: 0, count }
    }

    /// Takes the items for which a place had no room, and returns their number.
    #[cold]
    fn take_more(&mut self, cycle: u64) -> u16 {
        self.late = self.more.remove(&cycle).unwrap_or_default();
        self.late.len() as u16
    }

    /// Returns the next item that is due.
    #[inline]
    pub fn due(&self, due: &mut Due) -> Option<T> {
        let number = usize::from(due.next);
        if due.next >= due.count {
            return None;
        }
        due.next += 1;
        match self.places[usize::from(due.place) % SPAN].items.get(number) {
            Some(item) => Some(*item),
            None => self.late.get(number - ROOM).copied(),
        }
    }

    /// Advances the ring to `cycle` if it has no items: none will be due earlier.
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
            for item in far.remove() {
                self.place(due, item);
            }
        }
    }

    /// Takes over the items of another wheel, whose cycles are moved; nothing is due before `base`.
    pub fn follow(&mut self, other: &Self, base: u64, moved: impl Fn(u64) -> u64) {
        if self.next != NEVER {
            self.places.iter_mut().for_each(|place| place.count = 0);
            (self.filled, self.words) = ([0; WORDS], 0);
            self.more.clear();
            self.far.clear();
        }
        (self.base, self.next) = (base, NEVER);
        for (cycle, &item) in other.iter() {
            self.push(moved(cycle), item);
        }
    }

    /// Changes every item.
    pub fn for_each_mut(&mut self, change: impl Fn(&mut T)) {
        let near = self.places.iter_mut().flat_map(|place| place.items.iter_mut().take(place.count as usize));
        let others = self.more.values_mut().chain(self.far.values_mut()).flatten();
        near.chain(others).for_each(change);
    }

    /// Returns all items in the order in which they are due, with their cycles.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let near = self.cycles().flat_map(move |cycle| {
            let place = &self.places[cycle as usize % SPAN];
            let items = place.items.iter().take(place.count as usize);
            items.chain(self.more.get(&cycle).into_iter().flatten()).map(move |item| (cycle, item))
        });
        let far = self.far.iter().flat_map(|(&cycle, items)| items.iter().map(move |item| (cycle, item)));
        near.chain(far)
    }

    /// Returns the bytes of memory that a copy takes.
    pub fn bytes(&self) -> usize {
        let apart = self.more.values().chain(self.far.values()).map(|items| size_of_val(items.as_slice()));
        size_of_val(self.places.as_slice()) + apart.sum::<usize>()
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
            steps in prop::collection::vec((prop_oneof![0_u64..3000, Just(9)], 0_usize..4), 1..200),
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
                    while let Some(item) = wheel.due(&mut due) {
                        items.push(item);
                        // Every third one comes again.
                        if item % 3 == 0 && item < 10_000 {
                            wheel.push(cycle + 7, item + 10_000);
                            map.entry(cycle + 7).or_default().push(item + 10_000);
                        }
                    }
                    prop_assert_eq!(Some(items), map.remove(&cycle));
                    now = cycle;
                }
            }
        }
    }
}
