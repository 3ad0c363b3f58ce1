//! Halfwords to instructions.

mod fpu;
mod half;
mod memory;
mod word;

use crate::facts::{self, Class, Facts};
use crate::instruction::Instruction;

/// Instruction with all that its execution needs to know of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decoded {
    /// Action and size.
    pub instruction: Instruction,
    /// Registers that decide its cycles.
    pub facts: Facts,
    /// Row of the timing table.
    pub class: Class,
    /// Registers that it moves.
    pub registers: u8,
}

/// Returns whether a halfword is the first of two.
pub(crate) const fn is_wide(first: u16) -> bool {
    first >> 11 >= 0b11101
}

/// Decodes the instruction that begins with halfword `first`; `second` follows it in memory.
///
/// Returns `None` if it is undefined, unpredictable or not known to this core.
pub fn decode(first: u16, second: u16) -> Option<Decoded> {
    let (op, size) = if is_wide(first) {
        (word::decode(u32::from(first), u32::from(second))?, 4)
    } else {
        (half::decode(u32::from(first))?, 2)
    };
    let (class, registers) = facts::class(&op);
    Some(Decoded { instruction: Instruction { op, size }, facts: facts::facts(&op), class, registers })
}

/// Returns `count` bits of a word from bit `low` on.
const fn bits(word: u32, low: u32, count: u32) -> u32 {
    (word >> low) & ((1 << count) - 1)
}

const fn bit(word: u32, at: u32) -> bool {
    word >> at & 1 == 1
}

/// Extends the sign of the lowest `count` bits.
const fn signed(word: u32, count: u32) -> i32 {
    ((word << (32 - count)) as i32) >> (32 - count)
}
