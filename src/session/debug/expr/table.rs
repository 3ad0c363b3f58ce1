//! Every name that a condition may use: what it is, its unit, and when it can change. Checker, completion and
//! `docs/debugging.md` read this one table.

use super::unit::Unit;

/// When a value can change: a condition is looked at only then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct When(u8);

impl When {
    /// Never while a scene runs.
    pub const NEVER: Self = Self(0);
    /// With every event.
    pub const EVENT: Self = Self(1);
    /// When the last PE of a layer ends a phase.
    pub const PHASE: Self = Self(2);
    /// When a time step is complete.
    pub const STEP: Self = Self(4);
    /// When watched bytes are written.
    pub const WRITE: Self = Self(8);

    /// At the times of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two have a time in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// In words, for the documentation.
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

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A number of this unit.
    Number(Unit),
    /// One of some words.
    Word(Domain),
}

/// The words that a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// What a PE does.
    Status,
    /// Phases of a PE's program.
    Phase,
    /// Layers by their name in the model.
    Layer,
    /// Classes of gestures.
    Class,
    /// Words of a text.
    Token,
}

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The whole chip.
    Chip,
    /// The task, a text.
    Language,
    /// The task, gestures.
    Gestures,
    /// A layer: `rnns.1.activity`.
    Layer,
    /// A PE: `pe(3,4,2).status`.
    Pe,
    /// A link: `link(3,4,east).load`.
    Link,
    /// A unit: `unit("rnns.1", 41).c`.
    Unit,
}

impl Group {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 7] =
        [Self::Chip, Self::Language, Self::Gestures, Self::Layer, Self::Pe, Self::Link, Self::Unit];

    /// How its names are written, before the name itself.
    pub const fn form(self) -> &'static str {
        match self {
            Self::Chip | Self::Language | Self::Gestures => "",
            Self::Layer => "LAYER.",
            Self::Pe => "pe(x,y,p).",
            Self::Link => "link(x,y,direction).",
            Self::Unit => "unit(\"LAYER\", n).",
        }
    }
}

/// A value that conditions know.
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
    EnergyUj,
    StepEnergyUj,
    PowerW,
    Token,
    Next,
    Surprisal,
    MeanSurprisal,
    Perplexity,
    Predictions,
    Class,
    Label,
    Probability,
    Accuracy,
    Sample,
    Frame,
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
    LinkLoad,
    LinkPackets,
    LinkTotal,
    LinkWaited,
    UnitC,
    UnitY,
    UnitTheta,
}

/// One row: a name.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which value.
    pub fact: Fact,
    /// What it is of.
    pub group: Group,
    /// Its name within the group.
    pub name: &'static str,
    /// What it is.
    pub kind: Type,
    /// When it can change.
    pub when: When,
    /// One line for the documentation.
    pub about: &'static str,
}

const fn row(
    fact: Fact,
    group: Group,
    name: &'static str,
    kind: Type,
    when: When,
    about: &'static str,
) -> Row {
    Row { fact, group, name, kind, when, about }
}

const COUNT: Type = Type::Number(Unit::Plain);
const TIME: Type = Type::Number(Unit::Microseconds);
const SHARE: Type = Type::Number(Unit::Fraction);
const BYTES: Type = Type::Number(Unit::Bytes);
const ENERGY: Type = Type::Number(Unit::Microjoules);
const NATS: Type = Type::Number(Unit::Nats);
const EVENT: When = When::EVENT;
const STEP: When = When::STEP;

/// Every name.
pub const ROWS: &[Row] = &[
    row(Fact::TimeUs, Group::Chip, "time_us", TIME, EVENT, "chip time"),
    row(
        Fact::Events,
        Group::Chip,
        "events",
        COUNT,
        EVENT,
        "events of the machine's queue handled since the start",
    ),
    row(Fact::Step, Group::Chip, "step", COUNT, STEP, "completed time steps (tokens, frames)"),
    row(
        Fact::Sequence,
        Group::Chip,
        "sequence",
        COUNT,
        STEP,
        "completed sequences (of 70 tokens), or samples of gestures",
    ),
    row(Fact::StepUs, Group::Chip, "step_us", TIME, STEP, "chip time of the time step completed last"),
    row(
        Fact::Phase,
        Group::Chip,
        "phase",
        Type::Word(Domain::Phase),
        When::PHASE,
        "the phase that ended last: the last PE of `layer` is through with it",
    ),
    row(
        Fact::Layer,
        Group::Chip,
        "layer",
        Type::Word(Domain::Layer),
        When::PHASE,
        "the layer whose phase that was",
    ),
    row(Fact::Packets, Group::Chip, "packets", COUNT, EVENT, "packets injected since the start"),
    row(Fact::InFlight, Group::Chip, "in_flight", COUNT, EVENT, "packets on the mesh now"),
    row(
        Fact::Races,
        Group::Chip,
        "races",
        COUNT,
        EVENT,
        "packets since the start that overwrote what was still to be read",
    ),
    row(
        Fact::Conflicts,
        Group::Chip,
        "conflicts",
        COUNT,
        EVENT,
        "times since the start that a core and a write met at an SRAM bank, all PEs",
    ),
    row(
        Fact::FifoFill,
        Group::Chip,
        "fifo_fill",
        COUNT,
        EVENT,
        "packets in the fullest FIFO of the event router now; 0 where nothing is routed",
    ),
    row(
        Fact::Dropped,
        Group::Chip,
        "dropped",
        COUNT,
        EVENT,
        "packets lost since the start because a FIFO was full",
    ),
    row(
        Fact::MaxLinkLoad,
        Group::Chip,
        "max_link_load",
        SHARE,
        STEP,
        "load of the busiest link in the time step completed last",
    ),
    row(
        Fact::MinSramFree,
        Group::Chip,
        "min_sram_free",
        BYTES,
        When::NEVER,
        "bytes of SRAM that the mapper left free on the fullest PE",
    ),
    row(
        Fact::EnergyUj,
        Group::Chip,
        "energy_uj",
        ENERGY,
        STEP,
        "energy of the chip from the start to the end of the time step completed last",
    ),
    row(
        Fact::StepEnergyUj,
        Group::Chip,
        "step_energy_uj",
        ENERGY,
        STEP,
        "energy of the chip in the time step completed last",
    ),
    row(
        Fact::PowerW,
        Group::Chip,
        "power_w",
        Type::Number(Unit::Watts),
        STEP,
        "mean power of the chip in the time step completed last",
    ),
    row(
        Fact::Token,
        Group::Language,
        "token",
        Type::Word(Domain::Token),
        STEP,
        "the word that the network read last, as written in the text; of a batch, as all here, the first stream's",
    ),
    row(
        Fact::Next,
        Group::Language,
        "next",
        Type::Word(Domain::Token),
        STEP,
        "the word that came after it: the one that `surprisal` is of",
    ),
    row(Fact::Surprisal, Group::Language, "surprisal", NATS, STEP, "−ln p(`next` | all up to `token`)"),
    row(
        Fact::MeanSurprisal,
        Group::Language,
        "mean_surprisal",
        NATS,
        STEP,
        "mean surprisal since the start, all streams",
    ),
    row(Fact::Perplexity, Group::Language, "perplexity", COUNT, STEP, "exp(`mean_surprisal`)"),
    row(Fact::Predictions, Group::Language, "predictions", COUNT, STEP, "predictions scored since the start"),
    row(
        Fact::Class,
        Group::Gestures,
        "class",
        Type::Word(Domain::Class),
        STEP,
        "the class that leads: the answer after the last frame",
    ),
    row(
        Fact::Label,
        Group::Gestures,
        "label",
        Type::Word(Domain::Class),
        STEP,
        "what the sample is labelled with",
    ),
    row(
        Fact::Probability,
        Group::Gestures,
        "probability",
        SHARE,
        STEP,
        "softmax of the leading class's mean logit so far",
    ),
    row(
        Fact::Accuracy,
        Group::Gestures,
        "accuracy",
        SHARE,
        STEP,
        "share of the labelled samples answered rightly so far",
    ),
    row(
        Fact::Sample,
        Group::Gestures,
        "sample",
        COUNT,
        STEP,
        "the sample seen last, from 0; of a batch, as all here, the first",
    ),
    row(Fact::Frame, Group::Gestures, "frame", COUNT, STEP, "frames of it answered"),
    row(
        Fact::LayerActivity,
        Group::Layer,
        "activity",
        SHARE,
        STEP,
        "share of its units that sent an event in the time step completed last",
    ),
    row(
        Fact::LayerActivityMean,
        Group::Layer,
        "activity_mean",
        SHARE,
        STEP,
        "the same, mean since the start",
    ),
    row(Fact::PeStatus, Group::Pe, "status", Type::Word(Domain::Status), EVENT, "what it does now"),
    row(
        Fact::PePhase,
        Group::Pe,
        "phase",
        Type::Word(Domain::Phase),
        EVENT,
        "phase of the operation that it is in",
    ),
    row(
        Fact::PeLayer,
        Group::Pe,
        "layer",
        Type::Word(Domain::Layer),
        EVENT,
        "layer of the operation that it is in",
    ),
    row(
        Fact::PeSramFree,
        Group::Pe,
        "sram_free",
        BYTES,
        When::NEVER,
        "bytes of SRAM that the mapper left free",
    ),
    row(Fact::PeFifo, Group::Pe, "fifo", COUNT, EVENT, "packets in its FIFO now"),
    row(
        Fact::PeConflicts,
        Group::Pe,
        "conflicts",
        COUNT,
        EVENT,
        "times since the start that its core and a write met at a bank",
    ),
    row(Fact::PeSent, Group::Pe, "sent", COUNT, EVENT, "packets sent since the start"),
    row(Fact::PeReceived, Group::Pe, "received", COUNT, EVENT, "packets received since the start"),
    row(Fact::PeInterrupts, Group::Pe, "interrupts", COUNT, EVENT, "interrupts taken since the start"),
    row(
        Fact::PeActivity,
        Group::Pe,
        "activity",
        SHARE,
        STEP,
        "share of its units that sent an event in the time step completed last",
    ),
    row(
        Fact::PeDuty,
        Group::Pe,
        "duty",
        SHARE,
        STEP,
        "share of the time step completed last that it was busy",
    ),
    row(Fact::PeEnergyUj, Group::Pe, "energy_uj", ENERGY, STEP, "its energy since the start"),
    row(
        Fact::LinkLoad,
        Group::Link,
        "load",
        SHARE,
        STEP,
        "packets a NoC cycle in the time step completed last",
    ),
    row(Fact::LinkPackets, Group::Link, "packets", COUNT, STEP, "packets in the time step completed last"),
    row(Fact::LinkTotal, Group::Link, "total", COUNT, EVENT, "packets since the start"),
    row(
        Fact::LinkWaited,
        Group::Link,
        "waited",
        COUNT,
        EVENT,
        "NoC cycles that packets waited for it since the start",
    ),
    row(Fact::UnitC, Group::Unit, "c", COUNT, EVENT, "its cell state, as the SRAM holds it"),
    row(
        Fact::UnitY,
        Group::Unit,
        "y",
        COUNT,
        EVENT,
        "its output of the last time step, as the SRAM holds it; 0 is silence",
    ),
    row(Fact::UnitTheta, Group::Unit, "theta", COUNT, EVENT, "its threshold; `threshold` is the same"),
];

/// The row of a name in a group.
pub fn find(group: Group, name: &str) -> Option<&'static Row> {
    let name = match (group, name) {
        (Group::Unit, "threshold" | "θ") => "theta",
        (_, name) => name,
    };
    ROWS.iter().find(|row| row.group == group && row.name == name)
}

/// The rows of a group.
pub fn of(group: Group) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.group == group)
}

/// What a PE's status may be; the last one is sleeping or polling.
pub const STATUSES: [&str; 6] = ["unused", "sleeping", "polling", "busy", "dma", "waiting"];

/// Other names of phases: as the paper calls them, and as people do.
pub const PHASE_NAMES: [(&str, &str); 2] = [("input", "egru_input"), ("recurrent", "egru_internal")];

/// Directions in which a link leaves its QPE, with the step in x and y.
pub const DIRECTIONS: [(&str, (i8, i8)); 4] =
    [("east", (1, 0)), ("west", (-1, 0)), ("north", (0, 1)), ("south", (0, -1))];
