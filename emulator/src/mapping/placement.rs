//! Which PEs a layer gets.

use super::options::Placement;
use crate::chip::geometry::{GRID_X, GRID_Y, PES_PER_QPE, Pe};

/// All PEs in the order in which layers take them.
///
/// [`Placement::Clustered`] walks the columns up and down, so that a layer is a compact block of QPEs next to the layer
/// that feeds it; [`Placement::RowMajor`] walks the rows from the bottom left.
pub fn order(placement: Placement) -> Vec<Pe> {
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
    qpes.into_iter().flat_map(|(x, y)| (0..PES_PER_QPE as u8).filter_map(move |p| Pe::at(x, y, p))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::geometry::PE_COUNT;

    #[test]
    fn every_order_names_every_pe_once() {
        for placement in [Placement::Clustered, Placement::RowMajor] {
            let mut pes = order(placement);
            assert_eq!(pes.len(), PE_COUNT);
            pes.sort();
            pes.dedup();
            assert_eq!(pes.len(), PE_COUNT);
        }
    }
}
