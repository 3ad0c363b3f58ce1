//! A matrix over the rows of many PEs, as columns: their sums at once, silent sources passed over.
//!
//! PEs of a layer multiply their shares of one matrix with the same values. What each of
//! them computes is the ascending chain of its own kernel; column by column, every row sees
//! that chain without its products with zeros. Those change no bit of a sum, unless it is
//! −0: see [`super::seen::Seen::sums`].

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use pulp::{Arch, Simd, WithSimd};

use crate::net::csr::{self, Csr};

/// Rows of a part: sums of a part stay in the first-level cache, and a row's number needs no check.
const ROWS: usize = 4096;

/// A part of the rows, column by column.
#[derive(Debug, Default)]
struct Part {
    /// First weight of each source, and the end.
    start: Vec<u32>,
    row: Vec<u16>,
    value: Vec<f32>,
    /// Rows of the part, at most [`ROWS`].
    rows: usize,
}

/// Matrix of a layer over the rows of all its PEs.
#[derive(Debug)]
pub struct Columns {
    parts: Vec<Part>,
}

impl Columns {
    /// Takes rows in the order of the sums, each as (source in model order, weight) with sources
    /// ascending, of `sources` sources. `None` if a weight is not finite: its product with 0 is
    /// not 0.
    pub fn new<R: Iterator<Item = (u32, f32)>>(
        sources: usize,
        rows: &(impl Iterator<Item = R> + Clone),
    ) -> Option<Self> {
        let count = rows.clone().count();
        let mut parts = Vec::new();
        for first in (0..count).step_by(ROWS) {
            parts.push(part(sources, rows.clone().skip(first).take(ROWS))?);
        }
        Some(Self { parts })
    }

    /// Computes the sums of all rows for these events: sources in model order, ascending, with
    /// their values. `sums` is memory that is used again: its first words are the sums.
    pub(super) fn sums(&self, events: &[(u32, f32)], sums: &mut Vec<f32>) {
        sums.resize(self.parts.len() * ROWS, 0.0);
        let (memory, _) = sums.as_chunks_mut::<ROWS>();
        for (part, sums) in self.parts.iter().zip(memory) {
            sums[..part.rows].fill(0.0);
            Arch::new().dispatch(Scatter { part, events, sums });
        }
    }
}

/// Turns rows into columns: the weights of each source are counted, then put in their places.
fn part<R: Iterator<Item = (u32, f32)>>(
    sources: usize,
    rows: impl Iterator<Item = R> + Clone,
) -> Option<Part> {
    let mut start = vec![0_u32; sources + 1];
    for (source, weight) in rows.clone().flatten() {
        *start.get_mut(source as usize + 1).filter(|_| weight.is_finite())? += 1;
    }
    for source in 0..sources {
        start[source + 1] += start[source];
    }
    let weights = start[sources] as usize;
    let (mut row, mut value) = (vec![0; weights], vec![0.0; weights]);
    let (mut next, mut count) = (start.clone(), 0);
    for (number, weights) in (0_u16..).zip(rows) {
        count += 1;
        for (source, weight) in weights {
            let place = &mut next[source as usize];
            (row[*place as usize], value[*place as usize]) = (number, weight);
            *place += 1;
        }
    }
    Some(Part { start, row, value, rows: count })
}

struct Scatter<'a> {
    part: &'a Part,
    events: &'a [(u32, f32)],
    sums: &'a mut [f32; ROWS],
}

impl WithSimd for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { part, events, sums } = self;
        for &(source, event) in events {
            let source = source as usize;
            let span = part.start[source] as usize..part.start[source + 1] as usize;
            let (rows, values) = (&part.row[span.clone()], &part.value[span]);
            // A column without zeros has all rows in order.
            if values.len() == part.rows {
                let sums = &mut sums[..values.len()];
                for row in 0..values.len() {
                    sums[row] = values[row].mul_add(event, sums[row]);
                }
                continue;
            }
            let (row_groups, rows) = rows.as_chunks::<4>();
            let (value_groups, values) = values.as_chunks::<4>();
            // The rows of a column are different ones. Closures of arrays are not always inlined,
            // and then each multiply-add is a call.
            for (&[i, j, k, l], &[a, b, c, d]) in row_groups.iter().zip(value_groups) {
                let (i, j) = (usize::from(i) % ROWS, usize::from(j) % ROWS);
                let (k, l) = (usize::from(k) % ROWS, usize::from(l) % ROWS);
                let (a, b) = (a.mul_add(event, sums[i]), b.mul_add(event, sums[j]));
                let (c, d) = (c.mul_add(event, sums[k]), d.mul_add(event, sums[l]));
                (sums[i], sums[j], sums[k], sums[l]) = (a, b, c, d);
            }
            for (&row, &value) in rows.iter().zip(values) {
                let sum = &mut sums[usize::from(row) % ROWS];
                *sum = value.mul_add(event, *sum);
            }
        }
    }
}

/// Columns that are made after a few requests: making them takes as long as some runs
/// of all kernels.
#[derive(Debug)]
pub struct Deferred {
    /// Number of requests that still get nothing before the columns are made.
    patience: AtomicU32,
    matrix: Csr,
    /// Rows of the matrix, in the order of the sums.
    rows: Vec<u32>,
    /// Word of each source in the operand, in model order.
    pub word: Vec<u32>,
    columns: OnceLock<Option<Columns>>,
}

impl Deferred {
    /// Takes a matrix, its rows in the order of the sums, and the word of each source in the
    /// operand. The first `patience` requests get nothing.
    pub fn new(matrix: Csr, rows: Vec<u32>, word: Vec<u32>, patience: u32) -> Self {
        Self { patience: AtomicU32::new(patience), matrix, rows, word, columns: OnceLock::new() }
    }

    /// Returns the columns; `None` if a weight is not finite, or it is not time for them.
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

    /// Values of an operand: silent, negative zero, tiny enough that a product vanishes, ordinary.
    fn value() -> impl Strategy<Value = f32> {
        prop_oneof![Just(0.0_f32), Just(-0.0), -1e-38_f32..1e-38, -2.0_f32..2.0]
    }

    proptest! {
        #[test]
        fn sums_are_the_rows_chains(
            rows in prop::collection::vec(prop::collection::btree_map(0_u32..20, -2.0_f32..2.0, 0..8), 1..60),
            operands in prop::collection::vec(prop::collection::vec(value(), 20), 1..4),
        ) {
            // Sources lie in the operand the other way round.
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
        // The product vanishes from below: the chain is at −0.
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
