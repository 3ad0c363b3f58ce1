//! Memory as the core sees it, and faults.

use thiserror::Error;

/// Memory and devices of a core.
pub trait Bus {
    /// Returns `bytes` (1, 2 or 4) bytes from `address` on, which is a multiple of `bytes`; `None`
    /// where nothing answers.
    fn load(&mut self, address: u32, bytes: u32) -> Option<u32>;

    /// Stores the lowest `bytes` (1, 2 or 4) bytes of `value`; `None` where nothing answers.
    fn store(&mut self, address: u32, bytes: u32, value: u32) -> Option<()>;

    /// Returns the four bytes from `address` on, a multiple of 2, as instructions; what lies past
    /// the end of memory is 0. `None` where no instruction can lie.
    fn fetch(&self, address: u32) -> Option<u32>;
}

/// Conditions that a Cortex-M4 reports as faults if software asks for it (CCR); neither
/// does at reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traps {
    /// Unaligned LDR, STR, LDRH and STRH.
    pub unaligned: bool,
    /// Division by zero.
    pub divide: bool,
}

/// Instruction that the core could not execute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{kind} at {address:#x}")]
pub struct Fault {
    /// Address of the instruction.
    pub address: u32,
    /// Cause of the fault.
    pub kind: FaultKind,
}

/// Cause of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FaultKind {
    /// Bytes that are no instruction, or none that this core knows.
    #[error("undefined instruction {encoding:08x}")]
    Undefined {
        /// First and second halfword, the first in the upper half.
        encoding: u32,
    },
    /// Program counter outside memory.
    #[error("instruction fetch outside memory")]
    Fetch,
    /// Branch to an even address, which asks for a state that the core does not have.
    #[error("branch to even address {to:#x}")]
    State {
        /// Address that was branched to.
        to: u32,
    },
    /// Load or store where no memory or device is.
    #[error("access to {to:#x}, where no memory is,")]
    Access {
        /// Address of the bytes.
        to: u32,
        /// Whether it was a store.
        store: bool,
    },
    /// Unaligned access by an instruction that needs alignment, or by any if the core traps these.
    #[error("access to {to:#x}, which is not a multiple of {align},")]
    Unaligned {
        /// Address of the bytes.
        to: u32,
        /// Alignment that the instruction needs, bytes.
        align: u32,
    },
    /// Division by zero, if the core traps it.
    #[error("division by zero")]
    Divide,
    /// `bkpt` without a debugger.
    #[error("breakpoint instruction {0}")]
    Breakpoint(u8),
    /// `svc` without a handler.
    #[error("supervisor call {0}")]
    Supervisor(u8),
}
