//! Column form of a matrix whose rows are spread over many PEs.
//!
//! The PEs of a layer multiply their rows of one matrix by the same values. Each PE's kernel sums
//! in ascending order, so the sums of all PEs can be computed at once, column by column.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::net::columns::Columns;
use crate::net::csr::{self, Csr};

/// Columns that are built only after some requests, since building them takes as long as several
/// runs of all kernels.
#[derive(Debug)]
pub struct Deferred {
    /// Number of further requests that return `None` before the columns are built.
    patience: AtomicU32,
    matrix: Csr,
    /// Rows of the matrix, in the order of the sums.
    rows: Vec<u32>,
    /// Word of each source in the operand, in model order.
    pub word: Vec<u32>,
    columns: OnceLock<Option<Columns>>,
}

impl Deferred {
    /// Creates deferred columns, which the first `patience` requests do not get.
    ///
    /// `rows` are the rows of the matrix in the order of the sums; `word` is the word of each
    /// source in the operand.
    pub fn new(matrix: Csr, rows: Vec<u32>, word: Vec<u32>, patience: u32) -> Self {
        Self { patience: AtomicU32::new(patience), matrix, rows, word, columns: OnceLock::new() }
    }

    /// Returns the columns; `None` if a weight is not finite, or for the first requests.
    pub fn get(&self) -> Option<&Columns> {
        let waits = |left: u32| left.checked_sub(1);
        if self.patience.fetch_update(Ordering::Relaxed, Ordering::Relaxed, waits).is_ok() {
            return None;
        }
        let rows = || self.rows.iter().map(|&row| csr::row(&self.matrix, row as usize));
        self.columns.get_or_init(|| Columns::new(self.word.len(), &rows())).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::seen::Seen;
    use crate::net::columns::ROWS;

    /// Generates operand values: +0, −0, values small enough that a product underflows, ordinary
    /// ones.
    fn value() -> impl Strategy<Value = f32> {
        prop_oneof![Just(0.0_f32), Just(-0.0), -1e-38_f32..1e-38, -2.0_f32..2.0]
    }

    proptest! {
        #[test]
        fn sums_are_the_rows_chains(
            rows in prop::collection::vec(prop::collection::btree_map(0_u32..20, -2.0_f32..2.0, 0..8), 1..60),
            operands in prop::collection::vec(prop::collection::vec(value(), 20), 1..4),
        ) {
            // The operand holds the sources in reverse order.
            let words: Vec<u32> = (0..20).map(|source| 19 - source).collect();
            let list: Vec<Vec<(u32, f32)>> = rows.iter().map(|row| row.clone().into_iter().collect()).collect();
            let columns = Columns::new(20, &list.iter().map(|row| row.iter().copied())).unwrap();
            let mut seen = Seen::default();
            for x in &operands {
                let bits: Vec<u32> = x.iter().map(|x| x.to_bits()).collect();
                seen.look_at(&bits, &words).unwrap();
                for (number, row) in list.iter().enumerate() {
                    let chain = row.iter().fold(0.0_f32, |sum, &(s, w)| w.mul_add(x[19 - s as usize], sum));
                    if let Some(sums) = seen.sums(&columns, number, 1) {
                        prop_assert_eq!(sums[0].to_bits(), chain.to_bits());
                    }
                }
            }
        }
    }

    #[test]
    fn rows_of_several_parts_keep_their_places() {
        let rows = ROWS + 5;
        let list = (0..rows).map(|row| std::iter::once((0, row as f32)));
        let columns = Columns::new(1, &list).unwrap();
        let mut seen = Seen::default();
        seen.look_at(&[2.0_f32.to_bits()], &[0]).unwrap();
        let all = seen.sums(&columns, 0, rows).unwrap();
        assert!(all.iter().enumerate().all(|(row, &sum)| sum.to_bits() == (2.0 * row as f32).to_bits()));
    }

    #[test]
    fn a_row_that_ends_at_minus_zero_is_left_to_its_kernel() {
        // The product underflows to −0, and so does the sum.
        let list = [[(0, -1e-30_f32)], [(0, 1.0)]];
        let columns = Columns::new(1, &list.into_iter().map(IntoIterator::into_iter)).unwrap();
        let mut seen = Seen::default();
        seen.look_at(&[1e-30_f32.to_bits()], &[0]).unwrap();
        assert!(seen.sums(&columns, 0, 1).is_none());
        assert!(seen.sums(&columns, 1, 1).is_some());
    }

    #[test]
    fn weights_that_are_no_numbers_are_refused() {
        assert!(Columns::new(1, &[[(0, f32::INFINITY)].into_iter()].into_iter()).is_none());
    }
}
