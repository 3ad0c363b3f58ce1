//! `Dense`, `DenseEvent`: every weight stored, zeros too, 4 bytes each and no indices.
//!
//! Both have `source[sources]` in half-words: the word of each source in the input buffer, in
//! ascending model order.
//!
//! `Dense` keeps `value[rows][sources]` in singles. It first copies the input into model order
//! (`ordered[sources]`), then takes each row's chain. The products with stored zeros change no bit
//! of it while x is finite; an infinite or NaN x reaches every row here, and only the rows with a
//! weight for it in [`super::csr_row`].
//!
//! `DenseEvent` keeps `value[sources][rows]`. The sums are cleared and grow in SRAM, source after
//! source; a silent source's weights are not touched ([`super::csr_row_skip`] says why that changes
//! no bit). A share with an infinite or NaN weight visits every source.

use pulp::{Arch, Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::csc::{EventWork, Visit};
use super::words::{BYTES, Guard, half, is_event, single};
use super::{KernelFault, SramWords};

const GUARD: Guard = Guard { kernel: "dense" };

/// Places of a matrix in a PE's SRAM, as byte addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenseLayout {
    /// Number of rows.
    pub rows: u32,
    /// Number of sources, the columns of the matrix.
    pub sources: u32,
    /// `value`, f32: `[rows][sources]`, or `[sources][rows]` for the event-driven kernel.
    pub value: u32,
    /// `source[sources]`, half-words: word of x of each source in model order.
    pub source: u32,
    /// `ordered[sources]`, f32; unused by the event-driven kernel.
    pub ordered: u32,
    /// Choice of the sources that do work in the event-driven kernel.
    pub visit: Visit,
}

impl DenseLayout {
    fn check(&self) -> Result<(), KernelFault> {
        GUARD.array("source", self.source, 2 * u64::from(self.sources))?;
        GUARD.array("value", self.value, 4 * u64::from(self.sources) * u64::from(self.rows))
    }
}

/// Returns the input at byte address `x` in model order, as the core leaves it in `ordered`.
///
/// # Errors
///
/// Fails if an array or a source's word lies outside SRAM.
pub fn ordered(words: &SramWords, layout: &DenseLayout, x: u32) -> Result<Vec<f32>, KernelFault> {
    layout.check()?;
    let source = |s: u32| {
        let address = u64::from(x) + 4 * u64::from(half(words, layout.source as usize + 2 * s as usize));
        if address >= BYTES {
            Err(GUARD.fault("source", address))
        } else {
            Ok(single(words, address as usize))
        }
    };
    (0..layout.sources).map(source).collect()
}

/// Computes all row sums of `Dense` into `sums[rows]`; `x` is the byte address of the input buffer.
pub fn run(words: &SramWords, layout: &DenseLayout, x: u32, sums: &mut [f32]) -> Result<(), KernelFault> {
    let x = ordered(words, layout, x)?;
    Arch::new().dispatch(RowMajor { words, value: layout.value as usize, x: &x, sums });
    Ok(())
}

/// Returns the work of a coming run of `DenseEvent` with the present input at byte address `x`.
pub fn event_work(words: &SramWords, layout: &DenseLayout, x: u32) -> Result<EventWork, KernelFault> {
    let x = ordered(words, layout, x)?;
    let active = x.iter().filter(|x| layout.visit == Visit::All || is_event(x.to_bits())).count() as u32;
    Ok(EventWork {
        active,
        idle: 0,
        silent: layout.sources - active,
        nonzeros: active * layout.rows,
        parts: None,
    })
}

/// Computes all row sums of `DenseEvent` into `sums[rows]`; `x` is the input buffer's byte address.
pub fn event_run(
    words: &SramWords,
    layout: &DenseLayout,
    x: u32,
    sums: &mut [f32],
) -> Result<(), KernelFault> {
    let x = ordered(words, layout, x)?;
    sums.fill(0.0);
    Arch::new().dispatch(SourceMajor { words, layout, x: &x, sums });
    Ok(())
}

/// Rows computed side by side, to hide the latency of a chain's steps.
const LANES: usize = 8;

struct RowMajor<'a> {
    words: &'a SramWords,
    value: usize,
    x: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for RowMajor<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { words, value, x, sums } = self;
        let sources = x.len();
        for (group, sums) in sums.chunks_mut(LANES).enumerate() {
            let mut acc = [0f32; LANES];
            for (s, &x) in x.iter().enumerate() {
                for (lane, acc) in acc.iter_mut().enumerate().take(sums.len()) {
                    let k = (group * LANES + lane) * sources + s;
                    *acc = single(words, value + 4 * k).mul_add(x, *acc);
                }
            }
            sums.copy_from_slice(&acc[..sums.len()]);
        }
    }
}

struct SourceMajor<'a> {
    words: &'a SramWords,
    layout: &'a DenseLayout,
    x: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for SourceMajor<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { words, layout, x, sums } = self;
        for (s, &x) in x.iter().enumerate() {
            if layout.visit != Visit::All && !is_event(x.to_bits()) {
                continue;
            }
            let first = layout.value as usize + 4 * s * layout.rows as usize;
            for (r, sum) in sums.iter_mut().enumerate() {
                *sum = single(words, first + 4 * r).mul_add(x, *sum);
            }
        }
    }
}
