//! Legend of a program: the names by which reports, screens and conditions know what the
//! machine only numbers.

/// Number of a phase in the legend of its program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhaseId(pub u8);

impl PhaseId {
    /// Number of phases that a program can have.
    pub const MAX: usize = 12;

    /// Returns the position of the phase's entries in tables by phase.
    pub const fn index(self) -> usize {
        self.0 as usize % Self::MAX
    }
}

/// Phase of a program: a kind of operation whose time is told apart from the others'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseWords {
    /// Name in reports and tables.
    pub name: &'static str,
    /// What the core does in it, in words or symbols.
    pub words: &'static str,
}

/// Names of what a program numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Legend {
    /// Names of the phases, by [`PhaseId`].
    pub phases: Vec<PhaseWords>,
}

impl Legend {
    /// Returns the name of a phase.
    pub fn phase(&self, phase: PhaseId) -> &'static str {
        self.phases.get(phase.index()).map_or("?", |phase| phase.name)
    }
}
