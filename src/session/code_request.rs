//! Requests about machine code: the level of routines and the unit of steps.

use serde::{Deserialize, Serialize};

/// Level at which a PE runs its routines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// The emulator computes a routine's result natively, and charges the cycles of its listing.
    #[default]
    Native,
    /// Machine code is executed instruction by instruction: the scene's if it names some, else the
    /// built-in routine's.
    Code,
}

impl Level {
    /// Returns the name of the level.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Code => "code",
        }
    }
}

/// Unit of a step through machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Motion {
    /// Step to the next instruction.
    Instruction,
    /// Step to another source line.
    Line,
    /// Step to the end of the function.
    Function,
}
