//! Traffic matrix: packets delivered from PE to PE, in the step under way, the last
//! one, and since the start.

use std::ops::Range;

use crate::chip::geometry::{ChipId, PE_COUNT, PES_PER_QPE, QPE_COUNT};

/// Rows are sources, columns destinations: PEs by index on one chip, QPEs by index on several.
/// Packets of the host and beats of DRAM have no source here.
#[derive(Clone, Debug)]
pub struct TrafficMatrix {
    /// Rows, and columns.
    places: usize,
    /// PEs of a place.
    pes: usize,
    step: Vec<u32>,
    last_step: Vec<u32>,
    total: Vec<u64>,
    /// Columns of each row of `step` that can hold packets, and of each row of `last_step`.
    columns: Vec<ColumnRange>,
    last_columns: Vec<ColumnRange>,
}

/// Range of columns of a row, without `end`; empty by default.
#[derive(Clone, Copy, Debug, Default)]
struct ColumnRange {
    first: u16,
    end: u16,
}

impl ColumnRange {
    /// Extends the range so that it has these columns.
    #[inline]
    fn extend(&mut self, columns: &Range<usize>) {
        let (first, end) = (columns.start as u16, columns.end as u16);
        *self = if self.end == 0 {
            Self { first, end }
        } else {
            Self { first: self.first.min(first), end: self.end.max(end) }
        };
    }

    /// Returns the cells of a row that begins at cell `start`.
    fn cells(self, start: usize) -> Range<usize> {
        start + usize::from(self.first)..start + usize::from(self.end)
    }
}

/// Packets from one place to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    row: u16,
    column: u16,
    packets: u32,
}

impl TrafficMatrix {
    /// Returns a matrix of the traffic of `chips` chips.
    pub fn new(chips: usize) -> Self {
        let pes = if chips > 1 { PES_PER_QPE } else { 1 };
        let places = chips * PE_COUNT / pes;
        let cells = places * places;
        Self {
            places,
            pes,
            step: vec![0; cells],
            last_step: vec![0; cells],
            total: vec![0; cells],
            columns: vec![ColumnRange::default(); places],
            last_columns: vec![ColumnRange::default(); places],
        }
    }

    /// Counts a packet from PE index `source`, delivered to the SRAM of PE index `destination`.
    #[inline]
    pub fn delivered(&mut self, source: u16, destination: usize) {
        // A division takes as long as all the rest.
        let place = |pe: usize| if self.pes == 1 { pe } else { pe / self.pes };
        let (source, destination) = (place(usize::from(source)), place(destination));
        if source < self.places && destination < self.places {
            self.count(source, destination, 1);
        }
    }

    /// Returns the counts of the packets of the step under way from PE index `source` to PE indices
    /// `pes`, to count more of them; `None` where the PEs of a QPE are not told apart, or the
    /// source or one of `pes` does not exist.
    #[inline]
    pub(super) fn row_mut(&mut self, source: u16, pes: Range<usize>) -> Option<&mut [u32]> {
        let row = usize::from(source);
        if self.pes != 1 || row >= self.places || pes.end > self.places {
            return None;
        }
        self.columns[row].extend(&pes);
        self.step.get_mut(row * self.places..(row + 1) * self.places)?.get_mut(pes)
    }

    #[inline]
    fn count(&mut self, row: usize, column: usize, packets: u32) {
        self.columns[row].extend(&(column..column + 1));
        self.step[row * self.places + column] += packets;
    }

    /// Returns the size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let rows = size_of_val(&*self.columns) + size_of_val(&*self.last_columns);
        size_of_val(&*self.step) + size_of_val(&*self.last_step) + size_of_val(&*self.total) + rows
    }

    /// Closes the time step. Cells that cannot have changed are passed over.
    pub fn end_step(&mut self) {
        let rows = self.columns.iter_mut().zip(&mut self.last_columns);
        for (row, (columns, last_columns)) in rows.enumerate() {
            self.last_step[last_columns.cells(row * self.places)].fill(0);
            let cells = columns.cells(row * self.places);
            let step = &mut self.step[cells.clone()];
            for (total, &packets) in self.total[cells.clone()].iter_mut().zip(&*step) {
                *total += u64::from(packets);
            }
            self.last_step[cells].copy_from_slice(step);
            step.fill(0);
            *last_columns = std::mem::take(columns);
        }
    }

    /// Returns the packets of the step under way that came after `start`, by row and column; with
    /// `completed` the step has been completed since.
    pub(super) fn since(&self, start: &Self, completed: bool) -> Vec<Pair> {
        let now = if completed { &self.last_step } else { &self.step };
        let cells = (0..).zip(now.iter().zip(&start.step)).filter(|(_, (now, start))| now != start);
        let pair = |(cell, (now, start)): (usize, (&u32, &u32))| Pair {
            row: (cell / self.places) as u16,
            column: (cell % self.places) as u16,
            packets: now - start,
        };
        cells.map(pair).collect()
    }

    /// Adds packets to the step under way.
    pub(super) fn add(&mut self, pairs: &[Pair]) {
        for &Pair { row, column, packets } in pairs {
            self.count(usize::from(row), usize::from(column), packets);
        }
    }

    /// Forgets all traffic, and takes no memory.
    pub(super) fn clear(&mut self) {
        *self = Self::new(0);
    }

    /// Returns whether it tells the PEs of a QPE apart: on one chip.
    pub fn tells_pes_apart(&self) -> bool {
        self.pes == 1
    }

    /// Returns the packets from PE index `source` to `destination` in the last completed step; 0
    /// where PEs are not told apart.
    pub fn last_step(&self, source: usize, destination: usize) -> u32 {
        let cell = self.tells_pes_apart().then(|| self.last_step.get(source * self.places + destination));
        cell.flatten().copied().unwrap_or(0)
    }

    /// Returns the packets since the start, in completed steps only.
    pub fn total(&self, source: usize, destination: usize) -> u64 {
        let cell = self.tells_pes_apart().then(|| self.total.get(source * self.places + destination));
        cell.flatten().copied().unwrap_or(0)
    }

    /// Returns the packets from QPE to QPE of a chip in the last completed step, by position in
    /// [`crate::chip::geometry::QPES`]; rows are sources.
    pub fn qpes_last_step(&self, chip: ChipId) -> Vec<Vec<u64>> {
        let each = QPE_COUNT * PES_PER_QPE / self.pes;
        let part = chip.index() * each..(chip.index() + 1) * each;
        let rows = part.clone().map(|row| &self.last_step[row * self.places..(row + 1) * self.places]);
        let cells = rows.flat_map(|row| &row[part.clone()]).map(|&packets| u64::from(packets));
        self.by_qpe(each, cells)
    }

    /// Returns the packets from QPE (row) to QPE (column) since the start, in completed steps only.
    pub fn qpes_total(&self) -> Vec<Vec<u64>> {
        self.by_qpe(self.places, self.total.iter().copied())
    }

    /// Adds up the cells of a square of `places` rows by QPE.
    fn by_qpe(&self, places: usize, cells: impl Iterator<Item = u64>) -> Vec<Vec<u64>> {
        let each = PES_PER_QPE / self.pes;
        let mut qpes = vec![vec![0; places / each]; places / each];
        for (cell, packets) in cells.enumerate() {
            qpes[cell / places / each][cell % places / each] += packets;
        }
        qpes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_moves_to_the_last_one_and_into_the_total() {
        let mut matrix = TrafficMatrix::new(1);
        matrix.delivered(5, 151);
        matrix.delivered(5, 151);
        matrix.delivered(u16::MAX, 3);
        assert_eq!(matrix.last_step(5, 151), 0);
        matrix.end_step();
        assert_eq!((matrix.last_step(5, 151), matrix.total(5, 151)), (2, 2));
        matrix.delivered(4, 148);
        matrix.end_step();
        assert_eq!(matrix.last_step(5, 151), 0);
        assert_eq!(matrix.qpes_last_step(ChipId::FIRST)[1][37], 1);
        assert_eq!(matrix.qpes_total()[1][37], 3);
        assert_eq!(matrix.qpes_total().iter().flatten().sum::<u64>(), 3);
        matrix.delivered(4, 70);
        matrix.delivered(4, 3);
        assert_eq!(matrix.row_mut(4, 68..72), Some(&mut [0, 0, 1, 0][..]));
        matrix.end_step();
        let last = |destination| matrix.last_step(4, destination);
        assert_eq!([last(3), last(70), last(148)], [1, 1, 0]);
    }

    #[test]
    fn a_chip_of_a_board_has_its_own_part() {
        let second = ChipId::from_index(1).unwrap();
        let mut matrix = TrafficMatrix::new(2);
        let first_of_second = PE_COUNT;
        matrix.delivered(first_of_second as u16, first_of_second + 151);
        matrix.delivered(0, first_of_second);
        matrix.end_step();
        let packets = |chip| matrix.qpes_last_step(chip).iter().flatten().sum::<u64>();
        assert_eq!((packets(ChipId::FIRST), packets(second)), (0, 1));
        assert_eq!(matrix.qpes_last_step(second)[0][37], 1);
        assert_eq!(matrix.qpes_total()[0][38], 1);
    }
}
