//! Phases of the program that the mapper writes for an EGRU.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::machine::legend::{Legend, PhaseId, PhaseWords};

/// What the core of a PE does, after the paper's Algorithm 1 (arXiv:2312.09084).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// Wait until all of x(t) and y(t−1) have arrived (layer 0: until the next time
    /// step is announced).
    Wait,
    /// Layer 0: fetch x(t) from DRAM by DMA.
    Embedding,
    /// `egru_input`: W·x; with a barrier, also the note to its coordinator that it is done.
    Input,
    /// `egru_internal`: R·y.
    Recurrent,
    /// Gates, cell state, threshold, event.
    Pointwise,
    /// Wait until all PEs of the layer have arrived, where the mapping needs a barrier, and until
    /// the next layer has room for another x, where layers work on different time steps.
    Barrier,
    /// Send y to every PE that needs it.
    Broadcast,
    /// Read the 1 MHz timer and write the debug log.
    Log,
}

impl Phase {
    /// All phases in the order a PE goes through them.
    pub const ALL: [Self; 8] = [
        Self::Wait,
        Self::Embedding,
        Self::Input,
        Self::Recurrent,
        Self::Pointwise,
        Self::Barrier,
        Self::Broadcast,
        Self::Log,
    ];

    /// What it computes, in words and symbols.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Wait => "waiting for input",
            Self::Embedding => "embedding from DRAM",
            Self::Input => "W·x",
            Self::Recurrent => "R·y",
            Self::Pointwise => "gates, c, θ, event",
            Self::Barrier => "layer barrier",
            Self::Broadcast => "y to all readers",
            Self::Log => "timer and debug log",
        }
    }

    /// Position in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Name in reports and tables; the paper's own where it has one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Embedding => "embedding",
            Self::Input => "egru_input",
            Self::Recurrent => "egru_internal",
            Self::Pointwise => "pointwise",
            Self::Barrier => "barrier",
            Self::Broadcast => "broadcast",
            Self::Log => "log",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Phase {
    /// Phases whose timer counts a PE writes to its debug log in each time step.
    pub const LOGGED: [Self; 4] = [Self::Input, Self::Recurrent, Self::Pointwise, Self::Broadcast];

    /// Returns the legend of programs with these phases.
    pub fn legend() -> Legend {
        let words = |phase: Self| PhaseWords { name: phase.name(), words: phase.describe() };
        Legend { phases: Self::ALL.map(words).into() }
    }
}

impl From<Phase> for PhaseId {
    fn from(phase: Phase) -> Self {
        Self(phase as u8)
    }
}

impl From<PhaseId> for Phase {
    /// Returns the phase with this number; beyond the last one, the last.
    fn from(id: PhaseId) -> Self {
        Self::ALL.get(id.index()).copied().unwrap_or(Self::Log)
    }
}
