//! Kernel `Int8Csr`: 8-bit weights with one scale per row, 3 bytes per non-zero.
//!
//! Layout: `row_start` and half-word `column` as in [`super::csr_row16`], `value[nonzeros]` in
//! signed bytes, `scale[rows]` in singles. Each value is converted to a single without rounding and
//! added in the same ascending order; the row's scale multiplies the finished sum. The result is
//! bit-identical to the product of [`crate::net::quantise`].

use serde::{Deserialize, Serialize};

use super::csr_row::{CsrLayout, CsrWork, inside, work_on};
use super::rows::{self, Product};
use super::words::{Guard, at, byte, half, single};
use super::{KernelFault, SramWords};

const GUARD: Guard = Guard { kernel: "int8_csr" };

/// Byte addresses of the arrays of a quantised matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Int8Layout {
    /// Row pointers, columns as half-words, values as bytes.
    pub csr: CsrLayout,
    /// `scale[rows]`, f32: factor of each row's integers.
    pub scale: u32,
}

/// Returns the operation counts of a run, from the row pointers in memory.
pub fn work(words: &SramWords, layout: &Int8Layout) -> Result<CsrWork, KernelFault> {
    GUARD.array("scale", layout.scale, 4 * u64::from(layout.csr.rows))?;
    work_on(words, &layout.csr, GUARD, [2, 1])
}

/// Computes all row sums into `sums[rows]`; `x` is the byte address of the input buffer.
pub fn run(words: &SramWords, layout: &Int8Layout, x: u32, sums: &mut [f32]) -> Result<(), KernelFault> {
    work(words, layout)?;
    let product =
        Int8 { x: (x / 4) as usize, column: layout.csr.column as usize, value: layout.csr.value as usize };
    inside(GUARD, rows::sums(words, layout.csr.row_start, product, sums))?;
    for (r, sum) in sums.iter_mut().enumerate() {
        *sum *= single(words, layout.scale as usize + 4 * r);
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Int8 {
    x: usize,
    column: usize,
    value: usize,
}

impl Product for Int8 {
    #[inline(always)]
    fn source(self, words: &SramWords, k: usize) -> usize {
        self.x + half(words, self.column + 2 * k) as usize
    }

    #[inline(always)]
    fn add(self, words: &SramWords, k: usize, source: usize, acc: f32) -> f32 {
        f32::from(byte(words, self.value + k) as i8).mul_add(at(words, source), acc)
    }
}
