//! `CsrRow`: the paper's sparse matrix-vector product. Rows are gate units; every non-zero is visited.
//!
//! Layout in SRAM (all 32-bit words): `row_start[rows + 1]`, then `column[nonzeros]` and `value[nonzeros]` where the
//! memory map puts them. A column is a word index into the input buffer. Each row's sum starts from +0 and is one chain
//! of fused multiply-adds in the order stored, which the mapper keeps ascending in *model* source order, so that the
//! result has the same bits as [`crate::net`], whatever the placement.

use pulp::{Arch, Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::{KernelFault, SramWords, WORDS};

/// Where a matrix lies in a PE's SRAM; byte addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsrLayout {
    /// Rows.
    pub rows: u32,
    /// `row_start[rows + 1]`, counted in non-zeros.
    pub row_start: u32,
    /// `column[nonzeros]`.
    pub column: u32,
    /// `value[nonzeros]`, f32.
    pub value: u32,
}

/// What a run does; costs follow from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CsrWork {
    /// Rows visited.
    pub rows: u32,
    /// Rows without a non-zero.
    pub empty_rows: u32,
    /// Non-zeros visited.
    pub nonzeros: u32,
}

fn fault(what: &'static str, address: u64) -> KernelFault {
    KernelFault { kernel: "csr_row", what, address }
}

/// Bounds of row `r` in `column` and `value`, as word indices into SRAM.
fn row_bounds(words: &SramWords, layout: &CsrLayout, r: u32) -> (u64, u64) {
    let pointer = (layout.row_start / 4 + r) as usize;
    (u64::from(words[pointer % WORDS]), u64::from(words[(pointer + 1) % WORDS]))
}

/// Reads the row pointers and counts what a run will do.
pub fn work(words: &SramWords, layout: &CsrLayout) -> Result<CsrWork, KernelFault> {
    let last_pointer = u64::from(layout.row_start) + 4 * u64::from(layout.rows);
    if last_pointer >= 4 * WORDS as u64 {
        return Err(fault("row_start", last_pointer));
    }
    let mut work = CsrWork { rows: layout.rows, ..CsrWork::default() };
    for r in 0..layout.rows {
        let (start, end) = row_bounds(words, layout, r);
        // The core's loop runs while pointer < end: a corrupted pointer that goes backwards makes an empty row.
        let count = end.saturating_sub(start);
        if count == 0 {
            work.empty_rows += 1;
            continue;
        }
        let highest = u64::from(layout.column.max(layout.value)) + 4 * end;
        if highest > 4 * WORDS as u64 {
            return Err(fault("row_start", highest));
        }
        work.nonzeros += count as u32;
    }
    Ok(work)
}

/// Computes all row sums of one matrix; `x` is the byte address of the input buffer, `sums` takes `rows` results.
///
/// Call [`work`] first: it checks the row pointers that this relies on.
pub fn run(words: &SramWords, layout: &CsrLayout, x: u32, sums: &mut [f32]) -> Result<(), KernelFault> {
    let beyond = Arch::new().dispatch(Run { words, layout, x: x / 4, sums });
    if beyond as usize >= WORDS { Err(fault("column", 4 * u64::from(beyond))) } else { Ok(()) }
}

struct Run<'a> {
    words: &'a SramWords,
    layout: &'a CsrLayout,
    x: u32,
    sums: &'a mut [f32],
}

/// Rows computed side by side: each is a chain of dependent multiply-adds, several hide each other's latency.
const LANES: usize = 8;

impl WithSimd for Run<'_> {
    /// Some word index at or beyond the end of SRAM if any column led there, else anything below.
    type Output = u32;

    /// Runs with the host's fused multiply-add enabled; without it `mul_add` is slow but gives the same bits.
    #[expect(clippy::inline_always, reason = "the body must be compiled for the features that pulp found")]
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> u32 {
        let Self { words, layout, x, sums } = self;
        let single = |index: usize| f32::from_bits(words[index % WORDS]);
        let (column, value) = ((layout.column / 4) as usize, (layout.value / 4) as usize);
        let mut beyond = 0u32;
        let mut step = |acc: f32, k: usize| {
            let source = x.wrapping_add(words[(column + k) % WORDS]);
            if source as usize >= WORDS {
                beyond = source;
            }
            single(value + k).mul_add(single(source as usize), acc)
        };
        for (group, sums) in sums.chunks_mut(LANES).enumerate() {
            let mut at = [0usize; LANES];
            let mut left = [0usize; LANES];
            let mut acc = [0f32; LANES];
            let mut shared = usize::MAX;
            for lane in 0..sums.len() {
                let (start, end) = row_bounds(words, layout, (group * LANES + lane) as u32);
                at[lane] = start as usize;
                left[lane] = end.saturating_sub(start) as usize;
                shared = shared.min(left[lane]);
            }
            if sums.len() == LANES {
                for k in 0..shared {
                    for lane in 0..LANES {
                        acc[lane] = step(acc[lane], at[lane] + k);
                    }
                }
            } else {
                shared = 0;
            }
            for lane in 0..sums.len() {
                let mut total = acc[lane];
                for k in shared..left[lane] {
                    total = step(total, at[lane] + k);
                }
                sums[lane] = total;
            }
        }
        beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words_with(layout: &CsrLayout, rows: &[Vec<(u32, f32)>], x_at: u32, x: &[f32]) -> Box<SramWords> {
        let mut words: Box<SramWords> = vec![0; WORDS].try_into().unwrap();
        let mut k = 0;
        for (r, row) in rows.iter().enumerate() {
            words[(layout.row_start / 4) as usize + r] = k as u32;
            for &(column, value) in row {
                words[(layout.column / 4) as usize + k] = column;
                words[(layout.value / 4) as usize + k] = value.to_bits();
                k += 1;
            }
        }
        words[(layout.row_start / 4) as usize + rows.len()] = k as u32;
        for (i, v) in x.iter().enumerate() {
            words[(x_at / 4) as usize + i] = v.to_bits();
        }
        words
    }

    fn layout(rows: usize) -> CsrLayout {
        CsrLayout { rows: rows as u32, row_start: 0x100, column: 0x8000, value: 0x1_0000 }
    }

    proptest! {
        #[test]
        fn same_bits_as_one_plain_chain_per_row(
            rows in prop::collection::vec(prop::collection::vec((0u32..50, -2.0f32..2.0), 0..30), 1..40),
            x in prop::collection::vec(-1.0f32..1.0, 50),
        ) {
            let layout = layout(rows.len());
            let words = words_with(&layout, &rows, 0x4000, &x);
            let work = work(&words, &layout).unwrap();
            prop_assert_eq!(work.nonzeros as usize, rows.iter().map(Vec::len).sum::<usize>());
            prop_assert_eq!(work.empty_rows as usize, rows.iter().filter(|r| r.is_empty()).count());
            let mut sums = vec![f32::NAN; rows.len()];
            run(&words, &layout, 0x4000, &mut sums).unwrap();
            for (row, sum) in rows.iter().zip(&sums) {
                let plain = row.iter().fold(0f32, |acc, &(c, v)| v.mul_add(x[c as usize], acc));
                prop_assert_eq!(plain.to_bits(), sum.to_bits());
            }
        }
    }

    #[test]
    fn corrupted_pointers_and_columns_fault_instead_of_reading_elsewhere() {
        let layout = layout(2);
        let rows = vec![vec![(0, 1.0)], vec![(1, 1.0)]];
        let mut words = words_with(&layout, &rows, 0x4000, &[1.0, 2.0]);
        words[0x8000 / 4] = 0x8000_0000;
        let mut sums = [0.0; 2];
        let fault = run(&words, &layout, 0x4000, &mut sums).unwrap_err();
        assert_eq!(fault.what, "column");
        words[0x100 / 4 + 1] = 0x00FF_FFFF;
        assert_eq!(work(&words, &layout).unwrap_err().what, "row_start");
    }
}
