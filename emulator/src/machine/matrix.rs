//! Traffic matrix: packets delivered from PE to PE, in the step under way, the last
//! one, and since the start.

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
    /// Cells of `step` that are not 0, and those of `last_step`, as long as they are few: a list of
    /// [`Self::few`] cells stands for all.
    cells: Vec<u32>,
    last_cells: Vec<u32>,
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
            cells: Vec::new(),
            last_cells: Vec::new(),
        }
    }

    /// A packet of PE index `source` is in the SRAM of PE index `destination`.
    #[inline]
    pub fn delivered(&mut self, source: u16, destination: usize) {
        let (source, destination) = (usize::from(source) / self.pes, destination / self.pes);
        if source < self.places && destination < self.places {
            self.count(source * self.places + destination, 1);
        }
    }

    #[inline]
    fn count(&mut self, cell: usize, packets: u32) {
        let few = self.few();
        let step = &mut self.step[cell];
        if *step == 0 && self.cells.len() < few {
            self.cells.push(cell as u32);
        }
        *step += packets;
    }

    /// Returns the length of a list of cells that stands for all.
    #[inline]
    fn few(&self) -> usize {
        self.places * self.places / 16
    }

    /// Returns the size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        let lists = size_of_val(&*self.cells) + size_of_val(&*self.last_cells);
        size_of_val(&*self.step) + size_of_val(&*self.last_step) + size_of_val(&*self.total) + lists
    }

    /// Closes the time step.
    pub fn end_step(&mut self) {
        if self.cells.len() == self.few() {
            for (total, step) in self.total.iter_mut().zip(&self.step) {
                *total += u64::from(*step);
            }
            std::mem::swap(&mut self.last_step, &mut self.step);
            self.step.fill(0);
            std::mem::swap(&mut self.cells, &mut self.last_cells);
            self.cells.clear();
            return;
        }
        if self.last_cells.len() == self.few() {
            self.last_step.fill(0);
        }
        for cell in self.last_cells.drain(..) {
            self.last_step[cell as usize] = 0;
        }
        for &cell in &self.cells {
            let cell = cell as usize;
            self.total[cell] += u64::from(self.step[cell]);
            self.last_step[cell] = std::mem::take(&mut self.step[cell]);
        }
        std::mem::swap(&mut self.cells, &mut self.last_cells);
    }

    /// Returns the packets of the step under way that came after `start`, by cell; with `completed`
    /// the step has been completed since.
    pub(super) fn since(&self, start: &Self, completed: bool) -> Vec<(u32, u32)> {
        let now = if completed { &self.last_step } else { &self.step };
        let cells = (0..).zip(now.iter().zip(&start.step));
        cells
            .filter(|(_, (now, start))| now != start)
            .map(|(cell, (now, start))| (cell, now - start))
            .collect()
    }

    /// Adds packets to the step under way, by cell.
    pub(super) fn add(&mut self, cells: &[(u32, u32)]) {
        for &(cell, packets) in cells {
            self.count(cell as usize, packets);
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

    /// Packets from PE index `source` to `destination` in the last completed step; 0 where
    /// PEs are not told apart.
    pub fn last_step(&self, source: usize, destination: usize) -> u32 {
        let cell = self.tells_pes_apart().then(|| self.last_step.get(source * self.places + destination));
        cell.flatten().copied().unwrap_or(0)
    }

    /// Returns the packets since the start, in completed steps only.
    pub fn total(&self, source: usize, destination: usize) -> u64 {
        let cell = self.tells_pes_apart().then(|| self.total.get(source * self.places + destination));
        cell.flatten().copied().unwrap_or(0)
    }

    /// From QPE to QPE of a chip in the last completed step, by position in
    /// [`crate::chip::geometry::QPES`]; rows are sources.
    pub fn qpes_last_step(&self, chip: ChipId) -> Vec<Vec<u64>> {
        let each = QPE_COUNT * PES_PER_QPE / self.pes;
        let part = chip.index() * each..(chip.index() + 1) * each;
        let rows = part.clone().map(|row| &self.last_step[row * self.places..(row + 1) * self.places]);
        let cells = rows.flat_map(|row| &row[part.clone()]).map(|&packets| u64::from(packets));
        self.by_qpe(each, cells)
    }

    /// From QPE to QPE since the start, completed steps only.
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
