//! The rows of [`super::table`]: every name that a condition may use.

use std::sync::LazyLock;

use super::table::{Domain, Fact, Group, Row, Type, When};
use super::unit::Unit;
use crate::task::Task;
use crate::task::facts::FactKind;

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

/// Names of the chip and its parts.
const ROWS: &[Row] = &[
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
        "packets since the start that overwrote unread data",
    ),
    row(
        Fact::Conflicts,
        Group::Chip,
        "conflicts",
        COUNT,
        EVENT,
        "bank conflicts of cores with writes since the start, all PEs",
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
    row(Fact::Pes, Group::Chip, "pes", COUNT, When::NEVER, "PEs with a program"),
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
        "mean power of the chip in the time step completed last; `power` is the same",
    ),
    row(
        Fact::Overruns,
        Group::Chip,
        "overruns",
        COUNT,
        EVENT,
        "ticks of spiking networks since the start that ended on a PE after the next one had begun",
    ),
    row(
        Fact::LostTicks,
        Group::Chip,
        "lost_ticks",
        COUNT,
        EVENT,
        "ticks since the start that PEs lost, as the timer fired twice while they were at work",
    ),
    row(
        Fact::LateSpikes,
        Group::Chip,
        "late_spikes",
        COUNT,
        EVENT,
        "spikes since the start that were read in another tick than the one they were meant for",
    ),
    row(
        Fact::LostSpikes,
        Group::Chip,
        "lost_spikes",
        COUNT,
        EVENT,
        "spikes of spiking networks lost since the start because a FIFO was full",
    ),
    row(
        Fact::TickUse,
        Group::Chip,
        "tick_use",
        SHARE,
        STEP,
        "share of the tick that the slowest PE needed in the tick completed last; with `tick: Auto` near 1",
    ),
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
        "bank conflicts of its core with writes since the start",
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
        Fact::PeOverruns,
        Group::Pe,
        "overruns",
        COUNT,
        EVENT,
        "ticks since the start that it ended after the next one had begun",
    ),
    row(
        Fact::PeLateSpikes,
        Group::Pe,
        "late_spikes",
        COUNT,
        EVENT,
        "spikes since the start that it read in another tick than the one they were meant for",
    ),
    row(
        Fact::PeLostSpikes,
        Group::Pe,
        "lost_spikes",
        COUNT,
        EVENT,
        "spikes lost since the start because its FIFO was full",
    ),
    row(
        Fact::PeTickUse,
        Group::Pe,
        "tick_use",
        SHARE,
        STEP,
        "share of the tick that it needed in the tick completed last",
    ),
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
    row(Fact::SramByte, Group::Sram, "byte", COUNT, EVENT, "the byte at the address, 0 to 255"),
    row(
        Fact::SramWord,
        Group::Sram,
        "word",
        COUNT,
        EVENT,
        "the four bytes from the address on as a whole number, least significant byte first",
    ),
    row(
        Fact::SramF32,
        Group::Sram,
        "f32",
        COUNT,
        EVENT,
        "the four bytes from the address on as a single-precision number; absent if they encode NaN or infinity",
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
    row(
        Fact::UnitZ,
        Group::Unit,
        "z",
        COUNT,
        EVENT,
        "its keep gate, computed from the sums in the SRAM: of the last time step once that is complete",
    ),
    row(Fact::UnitR, Group::Unit, "r", COUNT, EVENT, "its reset gate, computed like `z`"),
    row(Fact::UnitG, Group::Unit, "g", COUNT, EVENT, "its candidate for c, computed like `z`"),
    row(
        Fact::NeuronV,
        Group::Neuron,
        "v",
        COUNT,
        EVENT,
        "its membrane potential, after the reset of the tick computed last, in units of the model",
    ),
    row(
        Fact::NeuronTheta,
        Group::Neuron,
        "theta",
        COUNT,
        EVENT,
        "its threshold, where it spikes; `threshold` is the same",
    ),
    row(Fact::NeuronI, Group::Neuron, "i", COUNT, EVENT, "its synaptic current, or the excitatory one"),
    row(Fact::NeuronInhibition, Group::Neuron, "inhibition", COUNT, EVENT, "its inhibitory current"),
    row(
        Fact::NeuronSpikes,
        Group::Neuron,
        "spikes",
        COUNT,
        EVENT,
        "its spikes in the tick computed last; above 0 as it fires",
    ),
    row(
        Fact::NeuronSum,
        Group::Neuron,
        "sum",
        COUNT,
        EVENT,
        "weights of the spikes delivered so far that it takes in the next tick that it computes",
    ),
];

/// All names: those of the chip, then those of the tasks.
static ALL: LazyLock<Vec<Row>> = LazyLock::new(|| ROWS.iter().copied().chain(of_tasks()).collect());

/// Returns every name.
pub(super) fn rows() -> &'static [Row] {
    &ALL
}

fn of_tasks() -> impl Iterator<Item = Row> {
    let groups = Task::KINDS.iter().filter_map(|kind| kind.facts);
    groups.flat_map(|group| {
        group.facts.iter().map(move |fact| {
            let kind = match fact.kind {
                FactKind::Count => COUNT,
                FactKind::Share => SHARE,
                FactKind::Nats => NATS,
                FactKind::Word(kind) => Type::Word(Domain::Task(kind)),
            };
            row(Fact::Task(fact.name), Group::Task(group), fact.name, kind, STEP, fact.about)
        })
    })
}
