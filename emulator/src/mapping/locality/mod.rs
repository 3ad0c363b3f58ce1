//! Choice of the chip of each PE by the traffic between chips (`across: Local`).
//!
//! Senders and the PEs that read them form a graph whose vertices are the PEs that a network asks
//! for. [`Traffic`] holds it without naming a network family; [`search`] looks for chips with
//! few link packets times links.

mod search;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use super::placement::Free;
use crate::chip::board::Board;
use crate::chip::geometry::{ChipId, Pe};
use crate::machine::board::link_packets;
use crate::machine::options::Assume;

/// Vertex of the host, which reads and sends at the first chip.
pub const HOST: usize = 0;

/// Vertices as pairs of first and one past the last, ascending.
type Vertices = Vec<(usize, usize)>;

/// Packets of a vertex to a set of readers, in a time step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sending {
    /// Index of the set of readers.
    readers: usize,
    /// Link packets of one copy of what is sent.
    link_packets: u64,
}

/// Traffic of a network in a time step: who sends how much to whom.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// Chip of each vertex that has its PE already; `None` of those that are to be placed.
    fixed: Vec<Option<ChipId>>,
    /// First vertex of each group of [`Self::add`], ascending.
    groups: Vec<usize>,
    /// Sets of vertices that read the same.
    readers: Vec<Vertices>,
    /// Index of each set.
    known: BTreeMap<Vertices, usize>,
    /// What each vertex sends.
    sends: Vec<Vec<Sending>>,
    /// Whether routers copy packets where the ways to their readers part; otherwise each QPE with
    /// readers gets a packet of its own.
    copies: bool,
}

impl Traffic {
    /// Returns the traffic of a host alone.
    pub fn new(copies: bool) -> Self {
        Self {
            fixed: vec![Some(ChipId::FIRST)],
            groups: vec![HOST],
            readers: Vec::new(),
            known: BTreeMap::new(),
            sends: vec![Vec::new()],
            copies,
        }
    }

    /// Adds a vertex for each of `count` PEs; `on`: these PEs, where they are given.
    pub fn add(&mut self, count: usize, on: Option<&[Pe]>) -> Range<usize> {
        let first = self.fixed.len();
        let chip = |i: usize| on.and_then(|on| on.get(i)).map(|pe| pe.chip());
        self.groups.push(first);
        self.fixed.extend((0..count).map(chip));
        self.sends.resize(first + count, Vec::new());
        first..first + count
    }

    /// Returns the index of a set of readers: vertices of these ranges, which ascend.
    pub fn readers(&mut self, ranges: impl IntoIterator<Item = Range<usize>>) -> usize {
        let mut joined: Vertices = Vec::new();
        for Range { start, end } in ranges.into_iter().filter(|range| !range.is_empty()) {
            match joined.last_mut() {
                Some(last) if last.1 == start => last.1 = end,
                _ => joined.push((start, end)),
            }
        }
        let next = self.readers.len();
        let index = *self.known.entry(joined.clone()).or_insert(next);
        if index == next {
            self.readers.push(joined);
        }
        index
    }

    /// Lets a vertex send `packets` packets of `bytes` bytes to a set of readers.
    pub fn send(&mut self, from: usize, readers: usize, packets: u64, bytes: u32, assume: &Assume) {
        let link_packets = packets * link_packets(bytes, assume);
        if link_packets > 0 && !self.readers[readers].is_empty() {
            self.sends[from].push(Sending { readers, link_packets });
        }
    }

    /// Returns the chip of each vertex; `free` has PEs for all that have none yet.
    pub fn place(&self, board: &Board, free: &Free) -> Vec<ChipId> {
        search::place(self, board, &free.room())
    }
}
