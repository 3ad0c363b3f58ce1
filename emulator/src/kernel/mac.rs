//! Runs of the MAC array on the bytes of a PE's SRAM: vectors of signed bytes times rows of
//! weights.
//!
//! The array is a device: a kernel sets its registers and waits. So this is no function of a core
//! but what the device does, for every kernel that uses it.

use pulp::{Arch, Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::words::Guard;
use super::{KernelFault, SramWords};
use crate::chip::mac::{MacShape, kept};

const GUARD: Guard = Guard { kernel: "MAC array" };

/// Layout of the operands of a run, in byte addresses that are multiples of 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacLayout {
    /// Vectors, signed bytes, `[vectors, terms]`.
    pub vectors: u32,
    /// Weights, signed bytes, `[outputs, terms]`.
    pub weights: u32,
    /// Sums, 32-bit integers, `[vectors, outputs]`.
    pub sums: u32,
    /// Sizes; `terms` is a multiple of 4.
    pub shape: MacShape,
}

/// Sums of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MacSums {
    /// Sums, `[vectors, outputs]`.
    pub sums: Vec<i32>,
    /// Number of sums that needed more than 24 bits.
    pub overflows: u32,
}

impl MacLayout {
    /// Checks that all operands lie in SRAM.
    ///
    /// # Errors
    ///
    /// Fails with the first address outside.
    pub fn check(&self) -> Result<(), KernelFault> {
        let MacShape { vectors, terms, outputs } = self.shape;
        let bytes = |rows: u32, each: u32| u64::from(rows) * u64::from(each);
        GUARD.array("vectors", self.vectors, bytes(vectors, terms))?;
        GUARD.array("weights", self.weights, bytes(outputs, terms))?;
        GUARD.array("sums", self.sums, 4 * bytes(vectors, outputs))
    }

    /// Computes all sums.
    ///
    /// # Errors
    ///
    /// Fails if an operand lies outside SRAM.
    pub fn run(&self, words: &SramWords) -> Result<MacSums, KernelFault> {
        self.run_on(words, None)
    }

    /// Computes all sums with `vectors` in place of those in SRAM, where a caller has them.
    ///
    /// # Errors
    ///
    /// Fails if an operand lies outside SRAM.
    pub fn run_on(&self, words: &SramWords, vectors: Option<&[i8]>) -> Result<MacSums, KernelFault> {
        self.check()?;
        let bytes: &[i8] = bytemuck::cast_slice(&words[..]);
        let of = |at: u32| bytes.get(at as usize..).unwrap_or_default();
        let products = Products {
            vectors: vectors.unwrap_or_else(|| of(self.vectors)),
            weights: of(self.weights),
            shape: self.shape,
        };
        Ok(Arch::new().dispatch(products))
    }
}

struct Products<'a> {
    vectors: &'a [i8],
    weights: &'a [i8],
    shape: MacShape,
}

impl WithSimd for Products<'_> {
    type Output = MacSums;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> MacSums {
        let MacShape { vectors, terms, outputs } = self.shape;
        let terms = terms as usize;
        let mut all = MacSums { sums: Vec::with_capacity((vectors * outputs) as usize), overflows: 0 };
        for vector in self.vectors.chunks(terms.max(1)).take(vectors as usize) {
            for weights in self.weights.chunks(terms.max(1)).take(outputs as usize) {
                let (sum, lost) = kept(dot(vector, weights));
                all.sums.push(sum);
                all.overflows += u32::from(lost);
            }
        }
        all
    }
}

/// Adds the products of two rows of bytes; bits above the lowest 32 are lost.
#[inline(always)]
fn dot(a: &[i8], b: &[i8]) -> i32 {
    const LANES: usize = 32;
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0_i32; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] = sums[lane].wrapping_add(i32::from(i16::from(a[lane]) * i16::from(b[lane])));
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| i32::from(*a) * i32::from(*b));
    sums.into_iter().chain(rest).fold(0, i32::wrapping_add)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chip::mac::MacRegisters;
    use crate::kernel::empty_sram;
    use crate::kernel::words::pack_bytes;
    use crate::net::int8;

    #[test]
    fn operands_outside_of_sram_are_named() {
        let shape = MacShape { vectors: 1, terms: 8, outputs: 2 };
        let layout = MacLayout { vectors: 0x1_FFF8, weights: 0x1_FFF4, sums: 0, shape };
        let fault = layout.run(&empty_sram()).unwrap_err();
        assert_eq!((fault.what, fault.address), ("weights", 0x2_0004));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// The device as cores see it, the kernels' interface to it and the reference give
        /// the same sums.
        #[test]
        fn device_kernel_and_reference_have_the_same_sums(
            (vectors, words, outputs) in (1_u32..6, 1_u32..40, 1_u32..20),
            seed in prop::collection::vec(prop_oneof![Just(127_i8), Just(-127), any::<i8>()], 64),
        ) {
            let shape = MacShape { vectors, terms: 4 * words, outputs };
            let mut numbers = seed.iter().copied().cycle();
            let mut take = |n: u32| numbers.by_ref().take(n as usize).collect::<Vec<i8>>();
            let (a, b) = (take(vectors * shape.terms), take(outputs * shape.terms));
            let mut sram = empty_sram();
            let layout = MacLayout { vectors: 0x100, weights: 0x4000, sums: 0x8000, shape };
            for (at, values) in [(layout.vectors, &a), (layout.weights, &b)] {
                let packed = pack_bytes(values.iter().map(|value| *value as u8));
                sram[at as usize / 4..][..packed.len()].copy_from_slice(&packed);
            }
            let run = layout.run(&sram).unwrap();
            let mut registers = MacRegisters::default();
            let values = [layout.vectors, layout.weights, layout.sums, vectors, shape.terms, outputs];
            for (at, value) in (0xE300_0000..).step_by(4).zip(values) {
                prop_assert_eq!(registers.store(at, value), Some(false));
            }
            prop_assert_eq!(registers.store(0xE300_0018, 1), Some(true));
            let written = registers.run(|at| sram[at as usize / 4]);
            prop_assert_eq!(registers.load(0xE300_001C), Some(1));
            let device: Vec<i32> = written.iter().map(|(_, word)| *word as i32).collect();
            prop_assert_eq!(written.first().map(|(at, _)| *at), Some(layout.sums));
            prop_assert_eq!(&run.sums, &device);
            let terms = shape.terms as usize;
            let reference: Vec<i32> = a
                .chunks(terms)
                .flat_map(|a| b.chunks(terms).map(|b| int8::kept(int8::dot(a, b)).0))
                .collect();
            prop_assert_eq!(&run.sums, &reference);
        }
    }
}
