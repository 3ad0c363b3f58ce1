//! Writes of a debugger: to memory, and to the registers of a core between two instructions.

use serde::{Deserialize, Serialize};
use spinntui_cortex_m4::{Bus, Core, Flags};

use super::super::{SramWords, WORDS};
use super::run::PeBus;

/// Bytes of a PE's SRAM.
const SRAM_BYTES: u32 = 4 * WORDS as u32;

/// Register of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Register {
    /// r0 to r15; 13 is SP, 14 is LR, 15 is PC.
    Core(u8),
    /// Program status register, xPSR.
    Status,
    /// s0 to s31.
    Single(u8),
    /// Status of the FPU, FPSCR; a write changes its condition flags only.
    FpuStatus,
}

/// Write of a debugger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeWrite {
    /// Bytes of the SRAM.
    Memory {
        /// Byte address of the first one.
        address: u32,
        /// Bytes from there on.
        bytes: Vec<u8>,
    },
    /// Registers with their new values.
    Registers(Vec<(Register, u32)>),
}

/// Write within a call of machine code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallWrite {
    /// Number of the call's instructions that are executed before the write. If the call has fewer,
    /// the write is made when it ends.
    pub after: u64,
    /// Memory or registers, with the new values.
    pub what: CodeWrite,
}

/// Writes within the calls of a PE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallWrites {
    /// Writes within the call that the PE begins next, ascending.
    pub next: Vec<CallWrite>,
    /// Writes within the call in progress, ascending.
    pub now: Vec<CallWrite>,
}

impl CallWrites {
    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.next.is_empty() && self.now.is_empty()
    }
}

impl CodeWrite {
    /// Returns whether it can be made: bytes lie in SRAM, and registers exist.
    pub fn is_possible(&self) -> bool {
        match self {
            Self::Memory { address, bytes } => {
                let end = u64::from(*address) + bytes.len() as u64;
                !bytes.is_empty() && end <= SRAM_BYTES.into()
            }
            Self::Registers(values) => values.iter().all(|&(register, _)| match register {
                Register::Core(number) => number < 16,
                Register::Single(number) => number < 32,
                Register::Status | Register::FpuStatus => true,
            }),
        }
    }

    /// Makes the write in a call. Registers of a call that has returned stay as they are.
    pub fn apply(&self, core: &mut Core, bus: &mut PeBus<'_>) {
        match self {
            Self::Memory { address, bytes } => {
                // Only the core's accesses count: a debugger's leave the counter as it was.
                let accesses = bus.devices.accesses;
                for (at, &byte) in (*address..).zip(bytes) {
                    // Only SRAM: devices see no writes of a debugger.
                    if at < SRAM_BYTES {
                        let _ = bus.store(at, 1, byte.into());
                    }
                }
                bus.devices.accesses = accesses;
            }
            Self::Registers(_) if core.has_returned() => {}
            Self::Registers(values) => {
                for &(register, value) in values {
                    set(core, register, value);
                }
            }
        }
    }
}

fn set(core: &mut Core, register: Register, value: u32) {
    match register {
        Register::Core(13) => core.r[13] = value & !3,
        Register::Core(15) => core.r[15] = value & !1,
        Register::Core(number) => core.r[usize::from(number & 15)] = value,
        Register::Status => core.set_xpsr(value),
        Register::Single(number) => core.s[usize::from(number & 31)] = value,
        Register::FpuStatus => core.fpu_flags = Flags::of(value),
    }
}

/// Writes bytes to words that hold them little-endian; returns the byte address of the first word
/// that changes, and the words.
pub fn merged(words: &SramWords, address: u32, bytes: &[u8]) -> (u32, Vec<u32>) {
    let start = address & !3;
    let last = address.saturating_add(bytes.len() as u32).saturating_sub(1) / 4;
    let mut merged = words.get(start as usize / 4..=last as usize).unwrap_or_default().to_vec();
    for (at, &byte) in (address - start..).zip(bytes) {
        if let Some(word) = merged.get_mut(at as usize / 4) {
            let shift = 8 * (at % 4);
            *word = *word & !(0xFF << shift) | u32::from(byte) << shift;
        }
    }
    (start, merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_merged_into_the_words_around_them() {
        let mut words = crate::kernel::empty_sram();
        (words[4], words[5]) = (0x1111_1111, 0x2222_2222);
        assert_eq!(merged(&words, 0x13, &[0xAA, 0xBB]), (0x10, vec![0xAA11_1111, 0x2222_22BB]));
        assert_eq!(merged(&words, 0x14, &[1, 2, 3, 4]), (0x14, vec![0x0403_0201]));
        assert!(!CodeWrite::Memory { address: SRAM_BYTES - 1, bytes: vec![0, 0] }.is_possible());
        assert!(!CodeWrite::Registers(vec![(Register::Single(32), 0)]).is_possible());
    }
}
