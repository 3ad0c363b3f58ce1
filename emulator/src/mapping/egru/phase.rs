//! Phases of the program that the mapper writes for an EGRU.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::control;
use crate::machine::arrivals::Groups;
use crate::machine::legend::{Legend, PhaseId, PhaseRole, PhaseWords};

/// Phase of a PE's program, after the paper's Algorithm 1 (arXiv:2312.09084).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// Wait until all of x(t) and y(t−1) have arrived (layer 0: until the next time
    /// step is announced).
    Wait,
    /// Layer 0: fetch x(t) from DRAM by DMA.
    Embedding,
    /// `egru_input`: W·x; with a barrier, also the note to its coordinator that it is done.
    Input,
    /// `egru_internal`: computes R·y.
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

    /// Returns a description of the phase's computation, in words and symbols.
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

    /// Returns the position of the phase in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the name of the phase in reports and tables: the paper's own where it has one.
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

    /// Returns the names, letter, role and advice of the phase.
    const fn words(self) -> PhaseWords {
        let (key, short, mark, letter) = match self {
            Self::Wait => ("Wait", "wait", "·", 'a'),
            Self::Embedding => ("Embedding", "DRAM", "emb", 'e'),
            Self::Input => ("Input", "W·x", "W·x", 'w'),
            Self::Recurrent => ("Recurrent", "R·y", "R·y", 'r'),
            Self::Pointwise => ("Pointwise", "gates", "c,θ", 'p'),
            Self::Barrier => ("Barrier", "barrier", "·", 'g'),
            Self::Broadcast => ("Broadcast", "broadcast", "y>>", 'b'),
            Self::Log => ("Log", "log", "log", 'l'),
        };
        let role = match self {
            Self::Wait | Self::Barrier => PhaseRole::Wait,
            Self::Embedding => PhaseRole::Read,
            Self::Input => PhaseRole::Compute(0),
            Self::Recurrent => PhaseRole::Compute(1),
            Self::Pointwise => PhaseRole::Compute(2),
            Self::Broadcast => PhaseRole::Send,
            Self::Log => PhaseRole::Log,
        };
        let alias = match self {
            Self::Input => Some("input"),
            Self::Recurrent => Some("recurrent"),
            _ => None,
        };
        let absent = match self {
            Self::Embedding => "only the first layer fetches an embedding: leave the row out",
            Self::Barrier => "the mapping has no barrier there: `mapping.barrier: Always` adds one",
            Self::Recurrent => "with `overlap_recurrent` R·y is computed in the wait: leave the row out",
            _ => "leave the row out",
        };
        let (name, words, fires) = (self.name(), self.describe(), matches!(self, Self::Pointwise));
        PhaseWords { name, alias, key, words, short, mark, letter, role, fires, absent }
    }

    /// Returns the legend of programs with these phases.
    pub fn legend() -> Legend {
        let explained = [Self::Recurrent, Self::Input, Self::Pointwise, Self::Broadcast, Self::Embedding];
        let (own, next) = (Groups::only(control::OWN), Groups::only(control::NEXT));
        Legend {
            phases: Self::ALL.map(Self::words).into(),
            explained: explained.map(PhaseId::from).into(),
            announced: Self::Wait.into(),
            notified: Self::Barrier.into(),
            sent: "y",
            row: "x",
            packets: vec![
                (own.with(next), "y, and x of the next layer"),
                (next, "x of the next layer"),
                (own, "y"),
                (Groups::NONE, "y for the host"),
            ],
            counters: control::words(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    // The timeline has letters of its own for packets, DMA, handlers and the host.
    #[test]
    fn letters_of_phases_differ() {
        let mut letters: Vec<char> = Phase::legend().phases.iter().map(|phase| phase.letter).collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), Phase::ALL.len());
        assert!(letters.iter().all(|letter| letter.is_ascii_lowercase() && !"dfhinqs".contains(*letter)));
    }

    #[test]
    fn a_phase_is_its_number_in_the_legend() {
        let legend = Phase::legend();
        for phase in Phase::ALL {
            assert_eq!(legend.phase(phase.into()), phase.name());
            assert_eq!(legend.named(phase.name()), Some(phase.into()));
        }
    }
}
