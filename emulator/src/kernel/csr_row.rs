//! Kernel `CsrRow`: sparse matrix-vector product by rows, which visits every non-zero.
//!
//! A row is a gate unit. Layout in SRAM (all 32-bit words): `row_start[rows + 1]`,
//! `column[nonzeros]` and `value[nonzeros]` at the addresses of the memory map. A column is a word
//! index into the input buffer. Each row's sum starts from +0 and is one chain of fused
//! multiply-adds in stored order, which the mapper keeps ascending in *model* source order, so that
//! the result has the same bits as that of [`crate::net`] for every placement.

use serde::{Deserialize, Serialize};

use super::parts::Parts;
use super::rows::{self, Product};
use super::words::{Guard, at};
use super::{KernelFault, SramWords, WORDS};

const GUARD: Guard = Guard { kernel: "csr_row" };

/// Byte addresses of a matrix's arrays in a PE's SRAM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsrLayout {
    /// Number of rows.
    pub rows: u32,
    /// `row_start[rows + 1]`, counted in non-zeros.
    pub row_start: u32,
    /// `column[nonzeros]`: index of the word of x that each weight is multiplied by.
    pub column: u32,
    /// `value[nonzeros]`, f32: the weights, row by row.
    pub value: u32,
}

/// Operation counts of a run, from which its cost follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CsrWork {
    /// Number of rows visited.
    pub rows: u32,
    /// Number of rows without a non-zero.
    pub empty_rows: u32,
    /// Number of weights visited.
    pub nonzeros: u32,
}

/// Returns the operation counts of a run, from the row pointers in memory.
pub fn work(words: &SramWords, layout: &CsrLayout) -> Result<CsrWork, KernelFault> {
    work_on(words, layout, GUARD, [4, 4])
}

/// Returns the operation counts of a run with columns and values of these sizes, in bytes.
pub(super) fn work_on(
    words: &SramWords,
    layout: &CsrLayout,
    guard: Guard,
    [column, value]: [u64; 2],
) -> Result<CsrWork, KernelFault> {
    guard.array("row_start", layout.row_start, 4 * (u64::from(layout.rows) + 1))?;
    let mut work = CsrWork { rows: layout.rows, ..CsrWork::default() };
    for r in 0..layout.rows {
        let (start, end) = rows::bounds(words, layout.row_start, r);
        guard.end("row_start", start, end, layout.column, column)?;
        guard.end("row_start", start, end, layout.value, value)?;
        work.empty_rows += u32::from(start == end);
        work.nonzeros += (end - start) as u32;
    }
    Ok(work)
}

/// Returns the operation counts of the fast kernel, for row pointers that [`work`] has checked.
pub fn parts(words: &SramWords, layout: &CsrLayout) -> Parts {
    let mut parts = Parts::default();
    for r in 0..layout.rows {
        let (start, end) = rows::bounds(words, layout.row_start, r);
        parts.row(end.saturating_sub(start) as u32);
    }
    parts
}

/// Computes all row sums of a matrix into `sums[rows]`; `x` is the byte address of the input
/// buffer.
pub fn run(words: &SramWords, layout: &CsrLayout, x: u32, sums: &mut [f32]) -> Result<(), KernelFault> {
    work(words, layout)?;
    let [x, column, value] = [x, layout.column, layout.value].map(|address| (address / 4) as usize);
    inside(GUARD, rows::sums(words, layout.row_start, Full { x, column, value }, sums))
}

/// Returns a fault if a column pointed to a word outside the SRAM.
pub(super) fn inside(guard: Guard, word: usize) -> Result<(), KernelFault> {
    if word >= WORDS { Err(guard.fault("column", 4 * word as u64)) } else { Ok(()) }
}

/// Product that visits every non-zero; `x`, `column` and `value` are word indices into the SRAM.
#[derive(Clone, Copy)]
struct Full {
    x: usize,
    column: usize,
    value: usize,
}

impl Product for Full {
    #[inline(always)]
    fn source(self, words: &SramWords, k: usize) -> usize {
        self.x + words[(self.column + k) % WORDS] as usize
    }

    #[inline(always)]
    fn add(self, words: &SramWords, k: usize, source: usize, acc: f32) -> f32 {
        at(words, self.value + k).mul_add(at(words, source), acc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::empty_sram;
    use proptest::prelude::*;

    fn words_with(layout: &CsrLayout, rows: &[Vec<(u32, f32)>], x_at: u32, x: &[f32]) -> Box<SramWords> {
        let mut words = empty_sram();
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
