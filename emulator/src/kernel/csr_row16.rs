//! `CsrRow16`: [`super::csr_row`] with 16-bit columns, 6 bytes a non-zero.
//!
//! Layout: as `csr_row`, `column` being half-words. A column is a word index into the input buffer;
//! SRAM has 32,768.

use super::csr_row::{CsrLayout, CsrWork, inside, work_on};
use super::rows::{self, Product};
use super::words::{Guard, at, half, single};
use super::{KernelFault, SramWords};

const GUARD: Guard = Guard { kernel: "csr_row16" };

/// Reads the row pointers and counts the work of a coming run.
pub fn work(words: &SramWords, layout: &CsrLayout) -> Result<CsrWork, KernelFault> {
    work_on(words, layout, GUARD, [2, 4])
}

/// Computes all row sums; `x` is the byte address of the input buffer, `sums` takes `rows` results.
pub fn run(words: &SramWords, layout: &CsrLayout, x: u32, sums: &mut [f32]) -> Result<(), KernelFault> {
    work(words, layout)?;
    let product = Half { x: (x / 4) as usize, column: layout.column as usize, value: layout.value as usize };
    inside(GUARD, rows::sums(words, layout.row_start, product, sums))
}

#[derive(Clone, Copy)]
struct Half {
    x: usize,
    column: usize,
    value: usize,
}

impl Product for Half {
    #[inline(always)]
    fn source(self, words: &SramWords, k: usize) -> usize {
        self.x + half(words, self.column + 2 * k) as usize
    }

    #[inline(always)]
    fn add(self, words: &SramWords, k: usize, source: usize, acc: f32) -> f32 {
        single(words, self.value + 4 * k).mul_add(at(words, source), acc)
    }
}
