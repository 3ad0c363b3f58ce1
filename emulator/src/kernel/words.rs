//! A PE's SRAM as kernels see it: words, half-words and bytes, little-endian, never outside.

use super::{KernelFault, SramWords, WORDS};

/// Bytes of SRAM in one PE.
pub(super) const BYTES: u64 = 4 * WORDS as u64;

/// Returns the word at byte address `address`, which wraps at the end of SRAM.
///
/// Callers check the address, and this never panics.
#[inline(always)]
pub(super) fn word(words: &SramWords, address: usize) -> u32 {
    words[address / 4 % WORDS]
}

/// Returns the single at byte address `address`, which wraps at the end of SRAM.
#[inline(always)]
pub(super) fn single(words: &SramWords, address: usize) -> f32 {
    f32::from_bits(word(words, address))
}

/// Returns the single in word `index`, which wraps at the end of SRAM.
#[inline(always)]
pub(super) fn at(words: &SramWords, index: usize) -> f32 {
    f32::from_bits(words[index % WORDS])
}

/// Returns the half-word at byte address `address`, which wraps at the end of SRAM.
///
/// The host is little-endian too: `machine::sram` refuses others.
#[inline(always)]
pub(super) fn half(words: &SramWords, address: usize) -> u32 {
    u32::from(bytemuck::cast_slice::<u32, u16>(&words[..])[address / 2 % (2 * WORDS)])
}

/// Returns the byte at byte address `address`, which wraps at the end of SRAM.
#[inline(always)]
pub(super) fn byte(words: &SramWords, address: usize) -> u32 {
    u32::from(bytemuck::cast_slice::<u32, u8>(&words[..])[address % (4 * WORDS)])
}

/// Returns `true` if a word of the input buffer is neither +0 nor −0; a NaN is an event.
///
/// The kernels' counterpart is `is_event` of `assets/kernels/words.h`.
#[inline(always)]
pub(super) fn is_event(word: u32) -> bool {
    word << 1 != 0
}

/// Packs half-words into words as they lie in SRAM, padding the last word with zeros.
pub(super) fn pack_halves(halves: impl IntoIterator<Item = u16>) -> Vec<u32> {
    pack(halves.into_iter().map(u32::from), 2)
}

/// Packs bytes into words as they lie in SRAM, padding the last word with zeros.
pub(super) fn pack_bytes(bytes: impl IntoIterator<Item = u8>) -> Vec<u32> {
    pack(bytes.into_iter().map(u32::from), 4)
}

fn pack(parts: impl Iterator<Item = u32>, per_word: usize) -> Vec<u32> {
    let mut words = Vec::new();
    for (i, part) in parts.enumerate() {
        if i % per_word == 0 {
            words.push(0);
        }
        if let Some(last) = words.last_mut() {
            *last |= part << (32 / per_word * (i % per_word));
        }
    }
    words
}

/// Reader of an operand, for the wording of faults.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard {
    /// Name of the kernel.
    pub kernel: &'static str,
}

impl Guard {
    /// Creates the fault that `what` led to `address`.
    pub fn fault(self, what: &'static str, address: u64) -> KernelFault {
        KernelFault { kernel: self.kernel, what, address, code: None }
    }

    /// Checks that an array of `bytes` bytes from `address` on lies in SRAM.
    pub fn array(self, what: &'static str, address: u32, bytes: u64) -> Result<(), KernelFault> {
        let end = u64::from(address) + bytes;
        if end > BYTES { Err(self.fault(what, end)) } else { Ok(()) }
    }

    /// Checks the pointer `end`, counted in elements, against `start` and the end of SRAM.
    ///
    /// It must not be before `start`, and the elements before it, of `bytes` bytes from `array` on,
    /// must lie in SRAM: the core's loops stop only when they meet the end, and from beyond it they
    /// would run through all of memory and out of it.
    pub fn end(
        self,
        what: &'static str,
        start: u64,
        end: u64,
        array: u32,
        bytes: u64,
    ) -> Result<(), KernelFault> {
        if end < start {
            return Err(self.fault(what, BYTES));
        }
        self.array(what, array, bytes * end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::empty_sram;

    #[test]
    fn packed_parts_are_read_where_they_lie() {
        let mut words = empty_sram();
        words[1..3].copy_from_slice(&pack_halves([1, 0xFFFF, 3]));
        words[3..5].copy_from_slice(&pack_bytes([9, 8, 7, 0xFE, 5]));
        assert_eq!([4, 6, 8, 10].map(|at| half(&words, at)), [1, 0xFFFF, 3, 0]);
        assert_eq!([12, 13, 14, 15, 16, 17].map(|at| byte(&words, at)), [9, 8, 7, 0xFE, 5, 0]);
    }

    #[test]
    fn arrays_and_pointers_stay_inside() {
        let guard = Guard { kernel: "k" };
        assert!(guard.array("a", 0x1_FFF0, 16).is_ok());
        assert_eq!(guard.array("a", 0x1_FFF0, 17).unwrap_err().address, 0x2_0001);
        assert!(guard.end("p", 3, 2, 0, 4).is_err());
        assert!(guard.end("p", 3, u64::from(u32::MAX), 0, 4).is_err());
    }
}
