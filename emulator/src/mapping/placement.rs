//! Choice of the PEs that a layer gets.

use std::collections::VecDeque;

use super::options::{Across, Placement};
use crate::chip::geometry::{ChipId, GRID_X, GRID_Y, PES_PER_QPE, Pe};

/// Returns all PEs of a chip in the order in which layers take them.
///
/// [`Placement::Clustered`] walks the columns up and down, so that a layer is a compact
/// block of QPEs next to the layer that feeds it; [`Placement::RowMajor`] walks the rows
/// from the bottom left.
pub fn order(placement: Placement, chip: ChipId) -> Vec<Pe> {
    let mut qpes = Vec::new();
    match placement {
        Placement::Clustered => {
            for x in 1..=GRID_X {
                let up = x % 2 == 1;
                qpes.extend((1..=GRID_Y).map(|y| (x, if up { y } else { GRID_Y + 1 - y })));
            }
        }
        Placement::RowMajor => {
            qpes.extend((1..=GRID_Y).flat_map(|y| (1..=GRID_X).map(move |x| (x, y))));
        }
    }
    let pes = qpes.into_iter().flat_map(|(x, y)| (0..PES_PER_QPE as u8).filter_map(move |p| Pe::at(x, y, p)));
    pes.map(|pe| pe.on(chip)).collect()
}

/// PEs that are still to be given to layers.
#[derive(Clone, Debug)]
pub struct Free {
    by_chip: Vec<VecDeque<Pe>>,
    across: Across,
}

impl Free {
    /// Returns the PEs of `chips` chips but for those that are `taken`.
    pub fn new(placement: Placement, (chips, across): (usize, Across), taken: impl Fn(Pe) -> bool) -> Self {
        let free = |chip| order(placement, chip).into_iter().filter(|&pe| !taken(pe)).collect();
        Self { by_chip: ChipId::all(chips).map(free).collect(), across }
    }

    /// Returns the number of free PEs of each chip.
    pub fn room(&self) -> Vec<usize> {
        self.by_chip.iter().map(VecDeque::len).collect()
    }

    /// Takes a PE on each of these chips, as long as there are any.
    pub fn take_on(&mut self, chips: &[ChipId]) -> Vec<Pe> {
        chips.iter().filter_map(|chip| self.by_chip.get_mut(chip.index())?.pop_front()).collect()
    }

    /// Takes `count` PEs, or those that are left.
    pub fn take(&mut self, count: usize) -> Vec<Pe> {
        let mut pes = Vec::new();
        if self.across == Across::Even {
            let chips = self.by_chip.len();
            for (chip, free) in self.by_chip.iter_mut().enumerate() {
                let share = count / chips + usize::from(chip < count % chips);
                pes.extend(free.drain(..share.min(free.len())));
            }
        }
        for free in &mut self.by_chip {
            let missing = count - pes.len();
            pes.extend(free.drain(..missing.min(free.len())));
        }
        pes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::geometry::PE_COUNT;

    #[test]
    fn every_order_names_every_pe_once() {
        for placement in [Placement::Clustered, Placement::RowMajor] {
            let mut pes = order(placement, ChipId::FIRST);
            assert_eq!(pes.len(), PE_COUNT);
            pes.sort();
            pes.dedup();
            assert_eq!(pes.len(), PE_COUNT);
        }
    }

    #[test]
    fn layers_fill_chips_or_are_spread_over_all_of_them() {
        let free = |across| Free::new(Placement::Clustered, (3, across), |pe| pe.index() == 5);
        let chips = |pes: &[Pe]| {
            let on = |chip| pes.iter().filter(|pe| pe.chip() == chip).count();
            ChipId::all(3).map(on).collect::<Vec<_>>()
        };
        let mut fill = free(Across::Fill);
        assert_eq!(chips(&fill.take(200)), [151, 49, 0]);
        assert_eq!(chips(&fill.take(1000)), [0, 103, 152]);
        let mut even = free(Across::Even);
        assert_eq!(chips(&even.take(200)), [67, 67, 66]);
        // What one chip lacks, others give.
        assert_eq!(chips(&even.take(255)), [84, 85, 86]);
        assert_eq!(even.room(), [0, 0, 0]);
        let mut local = free(Across::Local);
        assert_eq!(local.room(), [151, 152, 152]);
        let wanted: Vec<ChipId> = (0..7).filter_map(|i| ChipId::from_index(i % 3)).collect();
        assert_eq!(chips(&local.take_on(&wanted)), [3, 2, 2]);
    }
}
