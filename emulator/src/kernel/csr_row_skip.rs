//! `CsrRowSkip`: [`super::csr_row`]'s arrays, but a source is looked at before its weight, and a
//! zero is passed over.
//!
//! For finite weights the sums have `csr_row`'s bits: the chain starts at +0, and ±0 added to
//! anything but −0 changes no bit. A sum is −0 only after a product has underflowed; then it may
//! keep a sign that `csr_row` would lose, and is zero all the same. A share with an infinite or NaN
//! weight is given to `csr_row` when it is placed.

use super::csr_row::{CsrLayout, CsrWork, inside, work_on};
use super::rows::{self, Product};
use super::words::{BYTES, Guard, at, is_event, single, word};
use super::{KernelFault, SramWords, WORDS};

const GUARD: Guard = Guard { kernel: "csr_row_skip" };

/// Returns the work of a coming run with the present input at byte address `x`, and the number of
/// non-zeros that it passes over.
pub fn work(words: &SramWords, layout: &CsrLayout, x: u32) -> Result<(CsrWork, u32), KernelFault> {
    let work = work_on(words, layout, GUARD, [4, 4])?;
    let mut silent = 0;
    for k in 0..work.nonzeros as usize {
        let column = word(words, layout.column as usize + 4 * k);
        let address = u64::from(x) + 4 * u64::from(column);
        if address >= BYTES {
            return Err(GUARD.fault("column", address));
        }
        silent += u32::from(!is_event(word(words, address as usize)));
    }
    Ok((work, silent))
}

/// Computes all row sums; `x` is the byte address of the input buffer, `sums` takes `rows` results.
pub fn run(words: &SramWords, layout: &CsrLayout, x: u32, sums: &mut [f32]) -> Result<(), KernelFault> {
    work_on(words, layout, GUARD, [4, 4])?;
    let product = Skip { x: (x / 4) as usize, column: layout.column as usize, value: layout.value as usize };
    inside(GUARD, rows::sums(words, layout.row_start, product, sums))
}

#[derive(Clone, Copy)]
struct Skip {
    x: usize,
    column: usize,
    value: usize,
}

impl Product for Skip {
    #[inline(always)]
    fn source(self, words: &SramWords, k: usize) -> usize {
        self.x + word(words, self.column + 4 * k) as usize
    }

    #[inline(always)]
    fn add(self, words: &SramWords, k: usize, source: usize, acc: f32) -> f32 {
        if is_event(words[source % WORDS]) {
            single(words, self.value + 4 * k).mul_add(at(words, source), acc)
        } else {
            acc
        }
    }
}
