//! `Int8Mac`: 8-bit weights times 8-bit inputs on the PE's MAC array, a byte a weight, zeros stored
//! too.
//!
//! Layout: `value[rows][terms]` in signed bytes, `terms` the sources filled up to whole words;
//! `source[sources]` in half-words, the word of each source in the input buffer; `scale[1 + rows]`
//! in singles, the inverse of the input's scale and then each row's times the input's;
//! `input[terms]` in signed bytes, written by each run. The array leaves its sums where the core
//! then leaves the rows' products. Bit for bit [`crate::net::int8`]'s product.

use serde::{Deserialize, Serialize};

use super::mac::MacLayout;
use super::words::{BYTES, Guard, half, pack_bytes, single};
use super::{KernelFault, SramWords};
use crate::chip::mac::MacShape;
use crate::net::int8::byte;

const GUARD: Guard = Guard { kernel: "int8_mac" };

/// Layout of a matrix in a PE's SRAM, in byte addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Int8MacLayout {
    /// Number of rows, one an output.
    pub rows: u32,
    /// Number of sources, one an input.
    pub sources: u32,
    /// `value[rows][terms]`, signed bytes.
    pub value: u32,
    /// Address of `source[sources]`, half-words.
    pub source: u32,
    /// `scale[1 + rows]`, singles.
    pub scale: u32,
    /// `input[terms]`, signed bytes.
    pub input: u32,
}

impl Int8MacLayout {
    /// Returns the sizes of a run of the array: one vector, its terms padded to a multiple of 4.
    pub fn shape(&self) -> MacShape {
        MacShape { vectors: 1, terms: self.sources.next_multiple_of(4), outputs: self.rows }
    }

    /// Checks that all arrays lie in SRAM.
    ///
    /// # Errors
    ///
    /// Fails with the first address outside.
    pub fn check(&self) -> Result<(), KernelFault> {
        GUARD.array("source", self.source, 2 * u64::from(self.sources))?;
        GUARD.array("scale", self.scale, 4 * (1 + u64::from(self.rows)))?;
        self.mac(0).check()
    }

    fn mac(&self, sums: u32) -> MacLayout {
        MacLayout { vectors: self.input, weights: self.value, sums, shape: self.shape() }
    }

    /// Reads the input at byte address `x` in model order and rounds it.
    fn rounded(&self, words: &SramWords, x: u32) -> Result<Vec<u8>, KernelFault> {
        let inverse = single(words, self.scale as usize);
        let source = |s: u32| {
            let word = half(words, self.source as usize + 2 * s as usize);
            let address = u64::from(x) + 4 * u64::from(word);
            if address >= BYTES {
                return Err(GUARD.fault("source", address));
            }
            Ok(byte(single(words, address as usize) * inverse) as u8)
        };
        (0..self.sources).map(source).collect()
    }

    /// Returns the rounded input as a run leaves it in `input`.
    ///
    /// # Errors
    ///
    /// Fails if an array lies outside SRAM.
    pub fn scratch(&self, words: &SramWords, x: u32) -> Result<Vec<u32>, KernelFault> {
        self.check()?;
        let mut packed = pack_bytes(self.rounded(words, x)?);
        // Bytes behind the last source stay what they are.
        let used = self.sources % 4;
        let last = words.get((self.input / 4) as usize + packed.len().saturating_sub(1));
        if let (Some(packed), Some(&before), 1..) = (packed.last_mut(), last, used) {
            *packed |= before & (u32::MAX << (8 * used));
        }
        Ok(packed)
    }

    /// Computes all rows' products; `x` is the byte address of the input buffer, `sums` takes
    /// `rows` results. Returns the number of sums that needed more than 24 bits.
    ///
    /// # Errors
    ///
    /// Fails if an array lies outside SRAM.
    pub fn run(&self, words: &SramWords, x: u32, sums: &mut [f32]) -> Result<u32, KernelFault> {
        let input = self.scratch(words, x)?;
        let run = self.mac(0).run_on(words, Some(bytemuck::cast_slice(&input)))?;
        for (r, (to, sum)) in sums.iter_mut().zip(&run.sums).enumerate() {
            *to = *sum as f32 * single(words, self.scale as usize + 4 * (1 + r));
        }
        Ok(run.overflows)
    }
}
