//! Parts of the work of the fast kernels (`assets/kernels/own/columns.s`), which have code of their
//! own for every number of non-zeros up to seven, and look at eight sources a turn.

/// Number of parts.
pub const PARTS: usize = 18;

/// Non-zeros for which there is code of its own: a column's 0 to 7; of a row what is left of fours,
/// 0 to 3 for a row without fours and 4 to 7 for one with some.
pub(super) const FEW: usize = 0;
pub(super) const FOURS: usize = 8;
/// Columns of more than seven non-zeros.
pub(super) const LONG: usize = 9;
/// Eight sums cleared at once, no eight sums to clear, a single sum, no single one.
pub(super) const CLEAR: usize = 10;
/// Eight sources looked at in a turn, no turn, a source looked at alone, none.
pub(super) const LOOK: usize = 14;

/// Counts of the parts of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts(pub [u32; PARTS]);

impl Parts {
    /// Adds `count` columns of `nonzeros` non-zeros each.
    pub fn columns(&mut self, nonzeros: u32, count: u32) {
        let fours = if nonzeros > 7 { (nonzeros - 4) / 4 } else { 0 };
        self.0[FOURS] += count * fours;
        self.0[FEW + (nonzeros - 4 * fours) as usize] += count;
        self.0[LONG] += if fours > 0 { count } else { 0 };
    }

    /// Adds a row of `nonzeros` non-zeros.
    pub fn row(&mut self, nonzeros: u32) {
        let (fours, left) = (nonzeros / 4, nonzeros % 4);
        self.0[FOURS] += fours;
        self.0[FEW + (left + if fours > 0 { 4 } else { 0 }) as usize] += 1;
    }

    /// Returns the parts with those that the sizes of the matrix decide: sums to clear, sources
    /// to look at.
    #[must_use]
    pub fn shaped(mut self, rows: u32, sources: u32) -> Self {
        for (at, count) in [(CLEAR, rows), (LOOK, sources)] {
            let (eights, left) = (count / 8, count % 8);
            let parts = [eights, u32::from(eights == 0), left, u32::from(left == 0)];
            self.0[at..at + 4].copy_from_slice(&parts);
        }
        self
    }

    /// Returns the least and the most of `sources` columns with `nonzeros` non-zeros between them:
    /// no source active, and all, with room for any distribution of the non-zeros.
    pub fn column_bounds(rows: u32, sources: u32, nonzeros: u32) -> [Self; 2] {
        let mut most = Self::default();
        // The eighth non-zero of a column costs more than others: columns of one more than the mean
        // cost at least what any distribution does.
        most.columns(nonzeros.div_ceil(sources.max(1)) + 1, sources);
        most.0[LONG] = sources;
        [Self::default().shaped(rows, sources), most.shaped(rows, sources)]
    }

    /// Returns the least and the most of `rows` rows with `nonzeros` non-zeros between them.
    pub fn row_bounds(rows: u32, nonzeros: u32) -> [Self; 2] {
        let [mut least, mut most] = [Self::default(); 2];
        (least.0[FEW + 4], most.0[FEW + 3]) = (rows, rows);
        // Three non-zeros beside fours take less than three quarters of a four.
        (least.0[FOURS], most.0[FOURS]) = (nonzeros * 2 / 9, nonzeros / 4);
        [least, most]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every non-zero is in one part.
    #[test]
    fn parts_hold_all_nonzeros() {
        for nonzeros in 0..60 {
            let (mut column, mut row) = (Parts::default(), Parts::default());
            column.columns(nonzeros, 1);
            row.row(nonzeros);
            let few = |parts: &Parts, of: u32| -> u32 {
                (0..8).map(|n| parts.0[FEW + n as usize] * (n % of)).sum::<u32>() + 4 * parts.0[FOURS]
            };
            assert_eq!(few(&column, 8), nonzeros);
            assert_eq!(few(&row, 4), nonzeros);
            assert_eq!(column.0[LONG], u32::from(nonzeros > 7));
        }
    }
}
