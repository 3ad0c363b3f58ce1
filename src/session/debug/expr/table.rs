//! Names that a condition may use, each with its meaning, its unit, and the moments at which it can
//! change. Checker, completion and `docs/debugging.md` read this one table; its rows are in `rows`.

use super::rows::rows;
use super::unit::Unit;
use crate::task::Task;
use crate::task::facts::{TaskFacts, WordKind};

/// Moments at which a value can change: a condition is evaluated only then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct When(u8);

impl When {
    /// Never while a scene runs.
    pub const NEVER: Self = Self(0);
    /// Handling of an event of any kind.
    pub const EVENT: Self = Self(1);
    /// End of a phase by the last PE of a layer.
    pub const PHASE: Self = Self(2);
    /// Completion of a time step.
    pub const STEP: Self = Self(4);
    /// Write to watched bytes.
    pub const WRITE: Self = Self(8);

    /// Returns the union of two sets of moments.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns `true` if two sets of moments have one in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the moments in words, for the documentation.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::NEVER => "never in a run",
            Self::EVENT => "event",
            Self::PHASE => "phase",
            Self::STEP => "time step",
            _ => "write",
        }
    }
}

/// Type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A number of this unit.
    Number(Unit),
    /// Word of a fixed set.
    Word(Domain),
}

/// The words that a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Status of a PE.
    Status,
    /// Phases of a PE's program.
    Phase,
    /// Layers by their name in the model.
    Layer,
    /// Words of a task: of a text, classes.
    Task(&'static WordKind),
}

/// Kind of thing that a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The whole chip.
    Chip,
    /// Facts of one kind of task.
    Task(&'static TaskFacts),
    /// A layer: `rnns.1.activity`.
    Layer,
    /// A PE: `pe(3,4,2).status`.
    Pe,
    /// A link: `link(3,4,east).load`.
    Link,
    /// Bytes of a PE's SRAM: `sram(3,4,2,0x8000).word`.
    Sram,
    /// A unit: `unit("rnns.1", 41).c`.
    Unit,
    /// A spiking neuron: `unit("exc", 41).v`.
    Neuron,
}

impl Group {
    /// Returns all groups, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::plain().chain([Self::Layer, Self::Pe, Self::Link, Self::Sram, Self::Unit, Self::Neuron])
    }

    /// Returns the groups whose names stand alone, in the order of the documentation.
    pub fn plain() -> impl Iterator<Item = Self> {
        let tasks = Task::KINDS.iter().filter_map(|kind| kind.facts).map(Self::Task);
        std::iter::once(Self::Chip).chain(tasks)
    }

    /// Returns the written form in front of the name itself.
    pub const fn form(self) -> &'static str {
        match self {
            Self::Chip | Self::Task(_) => "",
            Self::Layer => "LAYER.",
            Self::Pe => "pe(x,y,p).",
            Self::Link => "link(x,y,direction).",
            Self::Sram => "sram(x,y,p,address).",
            Self::Unit => "unit(\"LAYER\", n).",
            Self::Neuron => "unit(\"POPULATION\", n).",
        }
    }
}

/// Value that a condition may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is described in its row of the table")]
pub enum Fact {
    TimeUs,
    Events,
    Step,
    Sequence,
    StepUs,
    Phase,
    Layer,
    Packets,
    InFlight,
    Races,
    Conflicts,
    FifoFill,
    Dropped,
    MaxLinkLoad,
    MinSramFree,
    Pes,
    EnergyUj,
    StepEnergyUj,
    PowerW,
    Overruns,
    LostTicks,
    LateSpikes,
    LostSpikes,
    TickUse,
    /// Fact of a task, by its name.
    Task(&'static str),
    LayerActivity,
    LayerActivityMean,
    PeStatus,
    PePhase,
    PeLayer,
    PeSramFree,
    PeFifo,
    PeConflicts,
    PeSent,
    PeReceived,
    PeInterrupts,
    PeActivity,
    PeDuty,
    PeEnergyUj,
    PeOverruns,
    PeLateSpikes,
    PeLostSpikes,
    PeTickUse,
    LinkLoad,
    LinkPackets,
    LinkTotal,
    LinkWaited,
    SramByte,
    SramWord,
    SramF32,
    UnitC,
    UnitY,
    UnitTheta,
    UnitZ,
    UnitR,
    UnitG,
    NeuronV,
    NeuronTheta,
    NeuronI,
    NeuronInhibition,
    NeuronSpikes,
    NeuronSum,
}

/// Row of the table: one name.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Value that the name stands for.
    pub fact: Fact,
    /// Kind of thing that the name belongs to.
    pub group: Group,
    /// Name within the group.
    pub name: &'static str,
    /// Type of the value.
    pub kind: Type,
    /// Moments at which the value can change.
    pub when: When,
    /// Description for the documentation, one line.
    pub about: &'static str,
}

/// Returns the row of a name in a group; `None` if the group has no such name.
pub fn find(group: Group, name: &str) -> Option<&'static Row> {
    let name = match (group, name) {
        (Group::Unit | Group::Neuron, "threshold" | "θ") => "theta",
        (Group::Chip, "power") => "power_w",
        (_, name) => name,
    };
    rows().iter().find(|row| row.group == group && row.name == name)
}

/// Returns the rows of a group.
pub fn of(group: Group) -> impl Iterator<Item = &'static Row> {
    rows().iter().filter(move |row| row.group == group)
}

/// Words of a PE's status; the last is sleeping or polling.
pub const STATUSES: [&str; 8] =
    ["unused", "sleeping", "polling", "busy", "dma", "halted", "faulted", "waiting"];

/// Directions in which a link leaves its QPE, with the step in x and y.
pub const DIRECTIONS: [(&str, (i8, i8)); 4] =
    [("east", (1, 0)), ("west", (-1, 0)), ("north", (0, 1)), ("south", (0, -1))];
