//! Legend of a program: the names by which reports, screens and conditions know what the
//! machine only numbers.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::arrivals::{CounterId, Groups};

/// Number of a phase in the legend of its program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PhaseId(pub u8);

impl PhaseId {
    /// Number of phases that a program can have.
    pub const MAX: usize = 12;

    /// Returns the position of the phase's entries in tables by phase.
    pub const fn index(self) -> usize {
        self.0 as usize % Self::MAX
    }
}

/// Index of a population in its program's table ([`super::program::Program::populations`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PopulationId(pub u16);

impl PopulationId {
    /// Number of populations that a program can have.
    pub const MAX: usize = 1 << 16;

    /// Returns the position of the population's entries in tables by population.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Returns the id of the population at a position below [`Self::MAX`].
    pub const fn at(index: usize) -> Self {
        Self(index as u16)
    }

    /// Returns the population before this one in network order; `None` for the first.
    pub fn below(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }
}

impl fmt::Display for PopulationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<PopulationId> for usize {
    fn from(id: PopulationId) -> Self {
        id.index()
    }
}

impl From<PopulationId> for u64 {
    fn from(id: PopulationId) -> Self {
        id.0.into()
    }
}

/// Kind of work in a phase, which determines its colour and the use that its time is booked as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PhaseRole {
    /// The core waits for packets.
    #[default]
    Wait,
    /// The DMA engine reads from DRAM.
    Read,
    /// The core computes. The number tells the computations of a program apart: 0, 1 or 2.
    Compute(u8),
    /// Values are sent.
    Send,
    /// The core writes its debug log.
    Log,
}

/// Phase of a program: a kind of operation whose time is told apart from the others'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhaseWords {
    /// Name in reports, tables and conditions.
    pub name: &'static str,
    /// Other name that conditions accept; `None` if there is none.
    pub alias: Option<&'static str>,
    /// Name in the JSON form of a PE's core.
    pub key: &'static str,
    /// Work of the core in the phase, in words or symbols.
    pub words: &'static str,
    /// Work of the core in the phase, in at most nine characters.
    pub short: &'static str,
    /// Work of the core in the phase, in at most four characters.
    pub mark: &'static str,
    /// Lower-case letter that stands for it in the timeline.
    pub letter: char,
    /// Kind of work.
    pub role: PhaseRole,
    /// Whether units decide in it which values they send.
    pub fires: bool,
    /// Advice where a phase that was measured takes no time in a scene.
    pub absent: &'static str,
}

/// Kind of message: what one counter of a slot counts.
///
/// In `counts` and [`Blocks::of`], `{own}` stands for the slot's population and `{below}` for the
/// one before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CounterWords {
    /// Things that are counted.
    pub counts: Cow<'static, str>,
    /// Content of a message that advances it; empty where none does.
    pub note: &'static str,
    /// Kind of such a message, with its article; empty where there is none.
    pub kind: &'static str,
    /// Blocks that arrive, where blocks of values are counted.
    pub blocks: Option<Blocks>,
}

/// Blocks of values that a counter counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Symbol or name of the values.
    pub values: &'static str,
    /// Population that sends them.
    pub of: Cow<'static, str>,
}

impl CounterWords {
    /// Returns `text` with the names of the slot's population and of the one before it.
    pub fn fill(text: &str, own: &str, below: &str) -> String {
        text.replace("{own}", own).replace("{below}", below)
    }
}

/// Names of what a program numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Legend {
    /// Phases by [`PhaseId`], in the order in which tables show them.
    pub phases: Vec<PhaseWords>,
    /// Phases that the key of the timeline explains, most important first.
    pub explained: Vec<PhaseId>,
    /// Phase that waits for the announcement of a time step.
    pub announced: PhaseId,
    /// Phase that waits for messages of other PEs.
    pub notified: PhaseId,
    /// Symbol or name of the values that populations send.
    pub sent: &'static str,
    /// Symbol or name of the values of a DRAM row.
    pub row: &'static str,
    /// Content of a packet of values, by the groups that it is for.
    pub packets: Vec<(Groups, &'static str)>,
    /// Counters by [`CounterId`].
    pub counters: Vec<CounterWords>,
}

impl Legend {
    /// Returns the name of a phase.
    pub fn phase(&self, phase: PhaseId) -> &'static str {
        self.words(phase).name
    }

    /// Returns the words for a phase; question marks for a number without a phase.
    pub fn words(&self, phase: PhaseId) -> PhaseWords {
        let unknown =
            PhaseWords { name: "?", key: "?", words: "?", short: "?", letter: '?', ..PhaseWords::default() };
        self.phases.get(phase.index()).copied().unwrap_or(unknown)
    }

    /// Returns the kind of work in a phase.
    pub fn role(&self, phase: PhaseId) -> PhaseRole {
        self.words(phase).role
    }

    /// Returns the numbers of all phases, in the order of display.
    pub fn ids(&self) -> impl Iterator<Item = PhaseId> + use<> {
        (0..self.phases.len().min(PhaseId::MAX) as u8).map(PhaseId)
    }

    /// Returns the phase with a name.
    pub fn named(&self, name: &str) -> Option<PhaseId> {
        self.ids().find(|&phase| self.phase(phase) == name)
    }

    /// Returns the content of a packet of values that is for `groups`.
    pub fn packet(&self, groups: Groups) -> &'static str {
        let found = self.packets.iter().find(|(of, _)| *of == groups);
        found.map_or(self.sent, |(_, words)| words)
    }

    /// Returns the words for a counter; `None` for a number without one.
    pub fn counter(&self, id: CounterId) -> Option<&CounterWords> {
        self.counters.get(usize::from(id.0))
    }
}
