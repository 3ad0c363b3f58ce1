//! Arrays of a PE's SRAM by byte address. An address beyond the SRAM wraps round: the program has
//! none, and nothing here panics.

use crate::kernel::{SramWords, WORDS};

/// Returns the word at a byte address.
#[inline]
pub fn word(words: &SramWords, address: u32) -> u32 {
    words[(address / 4) as usize % WORDS]
}

/// Writes the word at a byte address.
#[inline]
pub fn put(words: &mut SramWords, address: u32, value: u32) {
    words[(address / 4) as usize % WORDS] = value;
}

/// Returns `n` singles from a byte address on.
pub fn load(words: &SramWords, address: u32, n: u32) -> Vec<f32> {
    (0..n).map(|i| single(words, address + 4 * i)).collect()
}

/// Writes singles from a byte address on.
pub fn store(words: &mut SramWords, address: u32, values: &[f32]) {
    for (i, value) in (0..).zip(values) {
        put(words, address + 4 * i, value.to_bits());
    }
}

/// Returns the single at a byte address.
#[inline]
pub fn single(words: &SramWords, address: u32) -> f32 {
    f32::from_bits(word(words, address))
}

/// Returns the signed byte at a byte address.
#[inline]
pub fn byte(words: &SramWords, address: u32) -> i8 {
    (word(words, address) >> (8 * (address & 3))) as i8
}

/// Returns the signed halfword at an even byte address.
#[inline]
pub fn half(words: &SramWords, address: u32) -> i16 {
    (word(words, address) >> (8 * (address & 2))) as i16
}

/// Writes the halfword at an even byte address.
pub fn put_half(words: &mut SramWords, address: u32, value: i16) {
    let shift = 8 * (address & 2);
    let kept = word(words, address) & !(0xFFFF << shift);
    put(words, address, kept | u32::from(value.cast_unsigned()) << shift);
}
