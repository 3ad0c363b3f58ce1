//! Kinds of instructions: what a core's cycles are spent on.

use super::instruction::{Class, Op};

/// Kind of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionKind {
    /// Reads or writes memory or a device register, the stack included.
    LoadStore,
    /// Computes in registers: arithmetic, logic, comparisons, moves, waiting for the exp unit.
    Arithmetic,
    /// Branches, calls and returns. The refills of the pipeline belong to them.
    Branch,
}

impl InstructionKind {
    /// All kinds, in the order in which tables by kind list them.
    pub const ALL: [Self; 3] = [Self::LoadStore, Self::Arithmetic, Self::Branch];

    /// Returns the kind of an instruction; a `pop` into PC is a load, its refill a branch's.
    pub fn of(op: &Op) -> Self {
        match op {
            Op::Load { .. }
            | Op::LoadDual { .. }
            | Op::Store { .. }
            | Op::StoreDual { .. }
            | Op::Push(_)
            | Op::Pop(_)
            | Op::VLoad { .. }
            | Op::VStore { .. }
            | Op::VLoadMultiple { .. }
            | Op::VStoreMultiple { .. } => Self::LoadStore,
            Op::Branch { .. } | Op::CompareBranch { .. } | Op::Return => Self::Branch,
            Op::Timed(timed) => match timed.class {
                Class::Multiple(_) | Class::VDouble | Class::VMultiple(_) => Self::LoadStore,
                Class::Call => Self::Branch,
                _ => Self::Arithmetic,
            },
            _ => Self::Arithmetic,
        }
    }
}
