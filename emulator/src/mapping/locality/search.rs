//! Search for chips with little traffic between them.
//!
//! Some placements are compared first: chips filled one after the other, by groups or by readers of
//! what was placed before, and every group spread over all chips, each with chips in the order of
//! their numbers and in that of a walk from neighbour to neighbour. From the best of them vertices
//! move to chips with room or are exchanged in pairs, by threshold accepting (Dueck and Scheuer,
//! 1990): a change that adds less than a threshold is kept, and the threshold falls to 0. All
//! numbers are integers and the random ones have a fixed seed, so that a network has the same
//! placement on every machine.

use std::collections::BTreeMap;

use super::{HOST, Sending, Traffic};
use crate::chip::board::Board;
use crate::chip::geometry::{ChipId, PES_PER_QPE};
use crate::net::random::Random;

/// Seed of the random numbers.
const SEED: u64 = 0x10CA1;
/// Changes that are tried for each vertex, and their limits in all.
const TRIES: usize = 300;
const FEWEST_TRIES: usize = 20_000;
const MOST_TRIES: usize = 200_000;
/// Changes that are measured before the first threshold is set.
const SAMPLES: usize = 256;

/// Returns the chip of each vertex; `room`: free PEs of each chip.
pub(super) fn place(traffic: &Traffic, board: &Board, room: &[usize]) -> Vec<ChipId> {
    let ways = Ways::new(board);
    let near = traffic.near();
    let mut best: Option<State<'_>> = None;
    for order in orders(traffic, &ways) {
        let in_turn: Vec<usize> = (0..traffic.fixed.len()).collect();
        let starts = [
            fill(traffic, &in_turn, &order, room),
            fill(traffic, &near, &order, room),
            even(traffic, &order, room),
        ];
        for chips in starts {
            let state = State::new(traffic, &ways, chips, room);
            if best.as_ref().is_none_or(|best| state.cost < best.cost) {
                best = Some(state);
            }
        }
    }
    let Some(mut state) = best else { return Vec::new() };
    if state.cost > 0 {
        state.search();
    }
    let chips = in_order(traffic, &state.chips, &ways.walk(0));
    chips.into_iter().map(|chip| ChipId::from_index(chip).unwrap_or(ChipId::FIRST)).collect()
}

/// Returns orders of chips to start from: their numbers, and walks. Those from further chips
/// are for networks of which parts are there.
fn orders(traffic: &Traffic, ways: &Ways) -> Vec<Vec<usize>> {
    let mut orders = vec![(0..ways.chips).collect(), ways.walk(0)];
    let mut firsts: Vec<usize> = traffic.fixed.iter().flatten().map(|chip| chip.index()).collect();
    firsts.sort_unstable();
    firsts.dedup();
    orders.extend(firsts.into_iter().filter(|&chip| chip > 0).map(|chip| ways.walk(chip)));
    orders
}

/// Fills chips one after the other with vertices in this order.
fn fill(traffic: &Traffic, vertices: &[usize], order: &[usize], room: &[usize]) -> Vec<usize> {
    let mut places = order.iter().flat_map(|&chip| std::iter::repeat_n(chip, room[chip]));
    let mut chips = vec![0; traffic.fixed.len()];
    for &vertex in vertices {
        chips[vertex] = match traffic.fixed[vertex] {
            Some(chip) => chip.index(),
            None => places.next().unwrap_or(0),
        };
    }
    chips
}

/// Spreads each group over all chips, in the order of its vertices. Groups are vertices that send
/// to the same readers.
fn even(traffic: &Traffic, order: &[usize], room: &[usize]) -> Vec<usize> {
    let fixed = |chip: &Option<ChipId>| chip.map_or(0, ChipId::index);
    let mut chips: Vec<usize> = traffic.fixed.iter().map(fixed).collect();
    let mut room = room.to_vec();
    let loose: Vec<usize> = (0..chips.len()).filter(|&v| traffic.fixed[v].is_none()).collect();
    for group in loose.chunk_by(|&a, &b| traffic.group(a) == traffic.group(b)) {
        let mut left = group.iter();
        for (number, &chip) in order.iter().enumerate() {
            let share = group.len() * (number + 1) / order.len() - group.len() * number / order.len();
            let share = share.min(room[chip]);
            room[chip] -= share;
            left.by_ref().take(share).for_each(|&v| chips[v] = chip);
        }
        for &v in left {
            let Some(&chip) = order.iter().find(|&&chip| room[chip] > 0) else { break };
            room[chip] -= 1;
            chips[v] = chip;
        }
    }
    chips
}

/// Gives vertices that send and read alike chips in their own order along a walk.
fn in_order(traffic: &Traffic, chips: &[usize], walk: &[usize]) -> Vec<usize> {
    let memberships = traffic.memberships();
    let mut classes: BTreeMap<(&[Sending], &[usize]), Vec<usize>> = BTreeMap::new();
    for vertex in (0..chips.len()).filter(|&v| traffic.fixed[v].is_none()) {
        let class = (traffic.sends[vertex].as_slice(), memberships[vertex].as_slice());
        classes.entry(class).or_default().push(vertex);
    }
    let mut rank = vec![0; walk.len()];
    walk.iter().enumerate().for_each(|(at, &chip)| rank[chip] = at);
    let mut ordered = chips.to_vec();
    for vertices in classes.values() {
        let mut theirs: Vec<usize> = vertices.iter().map(|&v| chips[v]).collect();
        theirs.sort_by_key(|&chip| rank[chip]);
        vertices.iter().zip(theirs).for_each(|(&v, chip)| ordered[v] = chip);
    }
    ordered
}

impl Traffic {
    /// Returns the sets of readers that each vertex is in.
    fn memberships(&self) -> Vec<Vec<usize>> {
        let mut memberships = vec![Vec::new(); self.fixed.len()];
        for (set, ranges) in self.readers.iter().enumerate() {
            for vertex in ranges.iter().flat_map(|&(start, end)| start..end) {
                memberships[vertex].push(set);
            }
        }
        memberships
    }

    /// Returns all vertices, each followed by those that read what it sends (Cuthill and McKee,
    /// 1969, without their order by degree).
    fn near(&self) -> Vec<usize> {
        let (mut seen, mut expanded) = (vec![false; self.fixed.len()], vec![false; self.readers.len()]);
        // The host may send to all that a first population has: its readers say nothing.
        let mut order = vec![HOST];
        seen[HOST] = true;
        for first in 0..self.fixed.len() {
            let mut next = order.len();
            if !std::mem::replace(&mut seen[first], true) {
                order.push(first);
            }
            while let Some(&vertex) = order.get(next) {
                next += 1;
                for set in self.sends[vertex].iter().map(|sending| sending.readers) {
                    if std::mem::replace(&mut expanded[set], true) {
                        continue;
                    }
                    for reader in self.readers[set].iter().flat_map(|&(start, end)| start..end) {
                        if !std::mem::replace(&mut seen[reader], true) {
                            order.push(reader);
                        }
                    }
                }
            }
        }
        order
    }

    /// Returns what tells the groups of [`Self::add`] apart.
    fn group(&self, vertex: usize) -> usize {
        self.groups.partition_point(|&first| first <= vertex)
    }
}

/// Ways between chips, as the chips that they enter.
struct Ways {
    chips: usize,
    /// A bit for each chip that is entered, by first and last chip.
    entered: Vec<u64>,
    /// Number of links, by first and last chip.
    links: Vec<i64>,
}

impl Ways {
    fn new(board: &Board) -> Self {
        let chips = board.chips();
        let of = |from, to| {
            let links = board.way(from, to).iter();
            links.fold(0_u64, |bits, link| bits | 1 << board.links()[link.index()].to.index())
        };
        let pairs = ChipId::all(chips).flat_map(|from| ChipId::all(chips).map(move |to| (from, to)));
        let entered: Vec<u64> = pairs.map(|(from, to)| of(from, to)).collect();
        Self { chips, links: entered.iter().map(|bits| i64::from(bits.count_ones())).collect(), entered }
    }

    fn entered(&self, from: usize, to: usize) -> u64 {
        self.entered[from * self.chips + to]
    }

    fn links(&self, from: usize, to: usize) -> i64 {
        self.links[from * self.chips + to]
    }

    /// Returns all chips from `first` on, each followed by the nearest that is left.
    fn walk(&self, first: usize) -> Vec<usize> {
        let mut left: Vec<usize> = (0..self.chips).filter(|&chip| chip != first).collect();
        let mut walk = vec![first];
        let mut at = first;
        while let Some(next) = (0..left.len()).min_by_key(|&i| self.links(at, left[i])) {
            at = left.remove(next);
            walk.push(at);
        }
        walk
    }
}

/// A placement and what decides its cost.
#[derive(Clone)]
struct State<'a> {
    traffic: &'a Traffic,
    ways: &'a Ways,
    /// Sets of readers that each vertex is in.
    memberships: Vec<Vec<usize>>,
    /// Chip of each vertex.
    chips: Vec<usize>,
    /// Free PEs of each chip.
    room: Vec<usize>,
    /// Readers of each set on each chip.
    reading: Vec<i64>,
    /// Link packets that each set is sent from each chip.
    sent: Vec<i64>,
    /// Movable vertices on each chip.
    on: Vec<Vec<usize>>,
    /// Index of each vertex in the list of its chip.
    place: Vec<usize>,
    /// Link packets times links, in quarters where each QPE with readers gets a copy.
    cost: i64,
}

/// A change of a placement.
#[derive(Clone, Copy)]
enum Change {
    /// Moves a vertex to a chip with room.
    Move(usize, usize),
    /// Exchanges the chips of two vertices.
    Exchange(usize, usize),
}

impl<'a> State<'a> {
    fn new(traffic: &'a Traffic, ways: &'a Ways, chips: Vec<usize>, room: &[usize]) -> Self {
        let count = ways.chips;
        let mut state = Self {
            traffic,
            ways,
            memberships: traffic.memberships(),
            room: room.to_vec(),
            reading: vec![0; traffic.readers.len() * count],
            sent: vec![0; traffic.readers.len() * count],
            on: vec![Vec::new(); count],
            place: vec![0; chips.len()],
            chips,
            cost: 0,
        };
        for vertex in 0..state.chips.len() {
            let chip = state.chips[vertex];
            for &set in &state.memberships[vertex] {
                state.reading[set * count + chip] += 1;
            }
            for sending in &traffic.sends[vertex] {
                state.sent[sending.readers * count + chip] += sending.link_packets as i64;
            }
            if traffic.fixed[vertex].is_none() {
                state.room[chip] = state.room[chip].saturating_sub(1);
                state.place[vertex] = state.on[chip].len();
                state.on[chip].push(vertex);
            }
        }
        let sets = 0..traffic.readers.len();
        let from = |set: usize| (0..count).map(move |chip| (set, chip));
        let cost = |(set, chip)| state.sent[set * count + chip] * state.far(set, chip);
        state.cost = sets.flat_map(from).map(cost).sum();
        state
    }

    /// Returns the links that a link packet from a chip to a set of readers crosses.
    fn far(&self, set: usize, from: usize) -> i64 {
        let reading = &self.reading[set * self.ways.chips..][..self.ways.chips];
        let there = reading.iter().enumerate().filter(|(_, count)| **count > 0);
        if self.traffic.copies {
            let entered = there.fold(0, |bits, (chip, _)| bits | self.ways.entered(from, chip));
            return i64::from(entered.count_ones());
        }
        there.map(|(chip, &count)| qpes(count) * self.ways.links(from, chip)).sum()
    }

    /// Puts a vertex on a chip, with room or without, and returns what that adds to the cost.
    fn put(&mut self, vertex: usize, to: usize) -> i64 {
        let (from, count) = (self.chips[vertex], self.ways.chips);
        let mut added = 0;
        for sending in &self.traffic.sends[vertex] {
            let (set, link_packets) = (sending.readers, sending.link_packets as i64);
            added += link_packets * (self.far(set, to) - self.far(set, from));
            self.sent[set * count + from] -= link_packets;
            self.sent[set * count + to] += link_packets;
        }
        for number in 0..self.memberships[vertex].len() {
            let set = self.memberships[vertex][number];
            added += self.hand_over(set, from, to);
        }
        self.chips[vertex] = to;
        let place = self.place[vertex];
        self.on[from].swap_remove(place);
        if let Some(&moved) = self.on[from].get(place) {
            self.place[moved] = place;
        }
        self.place[vertex] = self.on[to].len();
        self.on[to].push(vertex);
        self.cost += added;
        added
    }

    /// Moves a reader of a set from one chip to another, and returns what that adds to the cost.
    fn hand_over(&mut self, set: usize, from: usize, to: usize) -> i64 {
        let at = set * self.ways.chips;
        let (left, joined) = (self.reading[at + from], self.reading[at + to]);
        // Routers copy a packet for a chip once, however many read it there.
        let same = self.traffic.copies && left > 1 && joined > 0;
        let before = if self.traffic.copies && !same { self.all(set) } else { 0 };
        self.reading[at + from] -= 1;
        self.reading[at + to] += 1;
        if self.traffic.copies {
            return if same { 0 } else { self.all(set) - before };
        }
        let (fewer, more) = (qpes(left - 1) - qpes(left), qpes(joined + 1) - qpes(joined));
        let sent = self.sent[at..][..self.ways.chips].iter().enumerate().filter(|(_, sent)| **sent > 0);
        let links = |chip| fewer * self.ways.links(chip, from) + more * self.ways.links(chip, to);
        sent.map(|(chip, sent)| sent * links(chip)).sum()
    }

    /// Returns the cost of what is sent to a set of readers.
    fn all(&self, set: usize) -> i64 {
        let sent = &self.sent[set * self.ways.chips..][..self.ways.chips];
        let from = sent.iter().enumerate().filter(|(_, sent)| **sent > 0);
        from.map(|(chip, sent)| sent * self.far(set, chip)).sum()
    }

    fn change(&mut self, change: Change) -> i64 {
        match change {
            Change::Move(vertex, to) => {
                self.room[self.chips[vertex]] += 1;
                self.room[to] -= 1;
                self.put(vertex, to)
            }
            Change::Exchange(a, b) => {
                let (chip, other) = (self.chips[a], self.chips[b]);
                self.put(a, other) + self.put(b, chip)
            }
        }
    }

    fn opposite(&self, change: Change) -> Change {
        match change {
            Change::Move(vertex, _) => Change::Move(vertex, self.chips[vertex]),
            exchange @ Change::Exchange(..) => exchange,
        }
    }

    /// Draws a change; `None` if the drawn one would change nothing.
    fn draw(&self, loose: &[usize], random: &mut Random) -> Option<Change> {
        let mut below = |count: usize| (random.bits() % count.max(1) as u64) as usize;
        let vertex = *loose.get(below(loose.len()))?;
        // Half of the changes lead to the chip of a reader or of a fellow reader.
        let near = match below(4) {
            0 => self.traffic.sends[vertex].get(below(self.traffic.sends[vertex].len())).map(|s| s.readers),
            1 => self.memberships[vertex].get(below(self.memberships[vertex].len())).copied(),
            _ => None,
        };
        let near = near.and_then(|set| {
            let ranges = &self.traffic.readers[set];
            let &(start, end) = ranges.get(below(ranges.len()))?;
            Some(start + below(end - start))
        });
        let chip = match near {
            Some(near) => self.chips[near],
            None => below(self.ways.chips),
        };
        if chip == self.chips[vertex] {
            return None;
        }
        if self.room[chip] > 0 {
            return Some(Change::Move(vertex, chip));
        }
        let other = *self.on[chip].get(below(self.on[chip].len()))?;
        let alike = self.traffic.sends[vertex] == self.traffic.sends[other]
            && self.memberships[vertex] == self.memberships[other];
        (!alike).then_some(Change::Exchange(vertex, other))
    }

    /// Changes the placement until few changes are left that lower the cost.
    fn search(&mut self) {
        let loose: Vec<usize> = (0..self.chips.len()).filter(|&v| self.traffic.fixed[v].is_none()).collect();
        let mut random = Random::new(SEED);
        let mut rises: Vec<i64> = Vec::new();
        for _ in 0..SAMPLES {
            let Some(change) = self.draw(&loose, &mut random) else { continue };
            let opposite = self.opposite(change);
            rises.push(self.change(change).max(0));
            self.change(opposite);
        }
        let first = rises.iter().sum::<i64>() / (3 * rises.len().max(1) as i64);
        let tries = (TRIES * loose.len()).clamp(FEWEST_TRIES, MOST_TRIES);
        let mut best = (self.cost, self.chips.clone());
        for number in 0..tries {
            // The last third only takes what does not add to the cost.
            let left = (2 * tries / 3).saturating_sub(number) as i64;
            let threshold = first * left / tries as i64;
            let Some(change) = self.draw(&loose, &mut random) else { continue };
            let opposite = self.opposite(change);
            if self.change(change) > threshold {
                self.change(opposite);
            } else if self.cost < best.0 {
                best = (self.cost, self.chips.clone());
            }
        }
        (self.cost, self.chips) = best;
    }
}

/// Returns the copies of a packet that `readers` PEs on a chip need, in quarters: one for each QPE.
fn qpes(readers: i64) -> i64 {
    let whole = PES_PER_QPE as i64;
    if readers > 0 { readers.max(whole) } else { 0 }
}

/// Returns the cost of a placement: link packets times links, in quarters where each QPE with
/// readers gets a copy.
#[cfg(test)]
pub(super) fn cost(traffic: &Traffic, board: &Board, chips: &[ChipId], room: &[usize]) -> i64 {
    let chips = chips.iter().map(|chip| chip.index()).collect();
    State::new(traffic, &Ways::new(board), chips, room).cost
}
