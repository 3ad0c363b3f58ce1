//! A matrix as columns: the sums of all rows at once, silent sources passed over.
//!
//! Column by column, every row sees its ascending chain ([`super::sum`]) without products with
//! zeros. Those change no bit of a sum, unless it is −0: see [`crate::kernel::seen::Seen::sums`].

use pulp::{Arch, Simd, WithSimd};

use super::csr::{self, Csr};

/// Rows of a part: sums of a part stay in the first-level cache, and a row's number needs no check.
pub const ROWS: usize = 4096;

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

/// Matrix of a layer, column by column.
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

    /// Takes all rows of a matrix. `None` if a weight is not finite.
    pub fn of(matrix: &Csr) -> Option<Self> {
        Self::new(matrix.cols(), &(0..matrix.rows()).map(|row| csr::row(matrix, row)))
    }

    /// Computes the sums of all rows for these events: sources in model order, ascending, with
    /// their values. `sums` is memory that is used again: its first words are the sums.
    pub fn sums(&self, events: &[(u32, f32)], sums: &mut Vec<f32>) {
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
    #[allow(
        clippy::inline_always,
        reason = "only inlined is `mul_add` compiled with the dispatched instructions"
    )]
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
