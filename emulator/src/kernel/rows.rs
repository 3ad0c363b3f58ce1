//! Sums row by row: what the row-major kernels have in common.

use pulp::{Arch, Simd, WithSimd};

use super::{SramWords, WORDS};

/// Product that is added to the sum of a row.
pub(super) trait Product: Copy {
    /// Returns the word of SRAM, or beyond it, from which non-zero `k` takes its x.
    fn source(self, words: &SramWords, k: usize) -> usize;
    /// Returns `acc` plus non-zero `k` times the single in word `source`.
    fn add(self, words: &SramWords, k: usize, source: usize, acc: f32) -> f32;
}

/// Rows computed side by side: each is a chain of dependent multiply-adds, several hide
/// each other's latency.
const LANES: usize = 8;

struct Run<'a, P> {
    words: &'a SramWords,
    row_start: u32,
    product: P,
    sums: &'a mut [f32],
}

/// Computes every row's chain; row `r` is `row_start[r]..row_start[r + 1]`, checked by the caller.
///
/// Returns a word at or beyond the end of SRAM if a source led there, otherwise any smaller number.
pub(super) fn sums(words: &SramWords, row_start: u32, product: impl Product, sums: &mut [f32]) -> usize {
    Arch::new().dispatch(Run { words, row_start, product, sums })
}

/// Returns the start and the end of row `r`, counted in non-zeros.
///
/// Row 0 starts at 0: the core goes on from the previous row's end and never reads pointer 0.
#[inline(always)]
pub(super) fn bounds(words: &SramWords, row_start: u32, r: u32) -> (u64, u64) {
    let pointer = (row_start / 4 + r) as usize;
    let start = if r == 0 { 0 } else { u64::from(words[pointer % WORDS]) };
    (start, u64::from(words[(pointer + 1) % WORDS]))
}

impl<P: Product> WithSimd for Run<'_, P> {
    type Output = usize;

    /// Runs with the host's fused multiply-add enabled; without it `mul_add` is slow but gives
    /// the same bits.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        let Self { words, row_start, product, sums } = self;
        let mut beyond = 0;
        let mut step = |acc: f32, k: usize| {
            let source = product.source(words, k);
            if source >= WORDS {
                beyond = source;
            }
            product.add(words, k, source, acc)
        };
        for (group, sums) in sums.chunks_mut(LANES).enumerate() {
            let mut at = [0usize; LANES];
            let mut left = [0usize; LANES];
            let mut acc = [0f32; LANES];
            let mut shared = usize::MAX;
            for lane in 0..sums.len() {
                let (start, end) = bounds(words, row_start, (group * LANES + lane) as u32);
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
