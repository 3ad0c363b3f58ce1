//! Kernels: what a PE's core runs, on the bytes of its SRAM. One file a kernel: its layout, its
//! run, what it cost.
//!
//! Mapping and machine see matrix kernels through one face, [`matrix::Kernel`].
//!
//! A kernel reads every operand from SRAM and writes every result there. What it did (rows,
//! non-zeros) is counted from the bytes as they are, and [`cost`] turns the count into cycles by
//! the kernel's own compiler listing.

#![allow(
    clippy::inline_always,
    reason = "only inlined is `mul_add` compiled with the dispatched instructions"
)]

pub mod arrivals;
pub mod code;
pub mod columns;
pub mod cost;
pub mod csc;
pub mod csr_row;
pub mod csr_row16;
pub mod csr_row_skip;
pub mod dense;
pub mod events;
pub mod int8_csr;
pub mod int8_mac;
pub mod mac;
pub mod mail;
pub mod maps;
pub mod matrix;
pub mod neurons;
pub mod options;
pub mod parts;
pub mod pointwise;
pub mod poisson;
pub mod routine;
mod rows;
pub mod seen;
pub mod synapses;
pub mod transformer;
mod words;

use thiserror::Error;

/// Fault of a kernel that touched memory it must not, as a core would fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct KernelFault {
    /// Name of the kernel, after its C function.
    pub kernel: &'static str,
    /// Operand that led outside of memory.
    pub what: &'static str,
    /// Address that the kernel computed; in machine code, the address of the instruction.
    pub address: u64,
    /// Instruction that faulted, of a routine at level code.
    pub code: Option<Box<code::run::CodeFault>>,
}

impl std::fmt::Display for KernelFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kernel, what, address, code } = self;
        if let Some(code) = code {
            return code.fmt(f);
        }
        write!(
            f,
            "{kernel}: {what} leads to byte address {address:#x}, which it must not touch (SRAM is 0 to 0x1ffff)"
        )
    }
}

/// Words of SRAM in one PE.
pub const WORDS: usize = crate::chip::constants::SRAM_BYTES / 4;
/// A PE's SRAM as 32-bit words.
pub type SramWords = [u32; WORDS];

/// Memory that a kernel reads and writes word by word.
pub trait Memory {
    /// Returns all words.
    fn words(&self) -> &SramWords;

    /// Writes the word at a byte address.
    fn set_word(&mut self, address: u32, value: u32);
}

#[cfg(test)]
impl Memory for Box<SramWords> {
    fn words(&self) -> &SramWords {
        self
    }

    fn set_word(&mut self, address: u32, value: u32) {
        self[address as usize / 4 % WORDS] = value;
    }
}

/// Returns an SRAM full of zeros.
fn empty_sram() -> Box<SramWords> {
    bytemuck::allocation::zeroed_box()
}
