//! Requests about machine code, as data: levels of routines, and what steps go by.

use serde::{Deserialize, Serialize};

/// Level at which a PE runs its routines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// The emulator computes what a routine computes, and charges the cycles of its listing.
    #[default]
    Native,
    /// Machine code is executed instruction by instruction: the scene's where it names some, else
    /// the built-in routine's.
    Code,
}

impl Level {
    /// Returns its name.
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
    /// To the next instruction.
    Instruction,
    /// To another line of the source.
    Line,
    /// To the end of the function.
    Function,
}
