//! Reports of the front ends without a screen: results of a run and figures of a mapping, as JSON
//! and as text.
//!
//! [`Report`] is what `spinntui run` writes; `docs/report.md` describes every field for users, and
//! a test holds the two together. [`check::CheckReport`] is what `spinntui check` writes. Both have
//! a `text` rendering of at most 80 columns, long names aside.

pub mod board;
pub mod calibrate;
pub mod check;
pub mod compare;
pub mod events;
pub mod firing;
pub mod floor_plan;
pub mod gather;
pub mod levels;
pub mod nir;
pub mod peek;
pub mod spec;
pub mod stream;
pub mod table;
mod text;
pub mod ticks;
pub mod trace;
pub mod traffic;
pub mod transformer;
pub mod tune;
pub mod validate;
mod work;

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::chip::clock::us;
use crate::machine::legend::Legend;
use crate::machine::options::{Assume, Waiting};
use crate::mapping::check::Lint;
use crate::session::counts::Counts;
use crate::session::debug::expr::Value;
use crate::session::debug::{Hit, step_text};
use crate::session::real_time::RealTime;
use crate::session::timeline::PathUses;
use crate::task::figures::Figures;

/// Version of the report's fields; goes up when one changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// Report of a run. Everything but `host` is the same on every machine and at every repetition.
///
/// Without another window in its description, a figure is for the whole run, from tick 0 to the end
/// of the last completed time step (or to where the machine stopped).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Version of these fields: [`VERSION`].
    pub version: u32,
    /// Scene file, as named on the command line.
    pub scene: String,
    /// The scene's title.
    pub title: String,
    /// Edits made to the scene before it was run, `path=value`, in order.
    pub set: Vec<String>,
    /// Model, as named in the scene.
    pub model: String,
    /// Completed time steps.
    pub steps: u64,
    /// Completed sequences; a shorter last one counts when the input has ended.
    pub sequences: u64,
    /// Time steps in a sequence.
    pub sequence_length: u32,
    /// Time steps that the whole input has.
    pub input_steps: u64,
    /// Samples side by side: each time step reads a token of as many streams, or a frame of
    /// as many samples.
    pub batch: u32,
    /// Reason for which the machine stopped early: a stall or a fault. `null` when it did not.
    pub stopped: Option<String>,
    /// Breakpoint that stopped the run; `null` when none did.
    pub hit: Option<HitSeen>,
    /// Chip time, µs.
    pub chip_time_us: f64,
    /// Chip time for a branch refill of 1 and of 3 cycles, µs; `null` without a completed step.
    ///
    /// See [`crate::session::ranges`].
    pub chip_time_range_us: Option<[f64; 2]>,
    /// Chip time with the fastest and slowest possible memory, µs; `null` without a completed step.
    ///
    /// Published figures give the extremes: [`crate::machine::options::Assume::memory_extremes`].
    pub chip_time_memory_range_us: Option<[f64; 2]>,
    /// Chip time in whole cycles of the PE clock.
    pub cycles: u64,
    /// Figures of the task.
    #[serde(flatten)]
    pub task: Figures,
    /// Mean power of the chip, W; host and DRAM are not in it.
    pub power_w: f64,
    /// Energy of the chip, J; host and DRAM are not in it.
    pub energy_j: f64,
    /// `energy_j` over `steps`, J; 0 without a completed step.
    pub energy_per_step_j: f64,
    /// Energy by its uses; the parts add up to `energy_j`.
    pub energy_parts: EnergyUse,
    /// Share of the time in which the PEs with a program did not wait, mean over them, 0..=1.
    pub duty: f64,
    /// Clock, voltage, and behaviour of a waiting PE.
    pub chip: Chip,
    /// Chips of the board; one without a board.
    pub chips: Vec<board::ChipUse>,
    /// Directed links between chips; none on one chip.
    pub links: Vec<board::LinkUse>,
    /// Traffic between chips that the mapping leads to.
    pub mapped: board::MappedTraffic,
    /// Layers, in network order.
    pub layers: Vec<Layer>,
    /// Units that sent something most and least often, by layer.
    pub firing: Vec<firing::LayerFiring>,
    /// Names of the phases.
    #[serde(skip)]
    pub legend: Arc<Legend>,
    /// Time by phase along the timeline, by layer and then in program order.
    pub phases: Vec<PhaseTime>,
    /// Ticks of a spiking network; `null` for other networks.
    pub ticks: Option<ticks::Ticks>,
    /// Order in which synapse rows are added, `ascending` or `arrival`; `null` without synapses.
    pub sum_order: Option<&'static str>,
    /// Operating points of PEs that change them from tick to tick; `null` without `chip.dvfs`.
    pub dvfs: Option<levels::Levels>,
    /// Chip time beside the time that the inputs stand for; `null` where they have none.
    pub real_time: Option<RealTime>,
    /// Rates and energy of a transformer; `null` for other networks.
    pub transformer: Option<transformer::Transformer>,
    /// Products and values sent, by layer and projection.
    pub counts: Counts,
    /// Uses of the critical path of the first time steps; `null` without a completed step.
    pub path: Option<PathTime>,
    /// Times that the PEs logged with their 1 MHz timers, one entry a layer.
    pub timers: Vec<Timers>,
    /// Use of the SRAMs.
    pub memory: Memory,
    /// Traffic of the network-on-chip.
    pub noc: NocUse,
    /// Reads from DRAM.
    pub dram: DramUse,
    /// MAC arrays of all PEs; `null` where no kernel has used one.
    pub mac_array: Option<MacUse>,
    /// Machine code of all PEs; `null` where it has done nothing that traps would report.
    pub untrapped: Option<UntrappedCount>,
    /// Packets that overwrote unread data.
    pub races: RaceCount,
    /// Findings about the mapping.
    pub lints: Vec<Lint>,
    /// Values assumed where no public source gives one. Fields: `docs/scene.md`.
    pub assume: Assume,
    /// Hash (xxh3-128) of the last layer's y of all steps, model order: the same for every
    /// partition. 32 hex digits.
    pub output_hash: String,
    /// Hash (xxh3-128) of everything that determines the machine's future. 32 hex digits.
    pub state_hash: String,
    /// The machine that emulated: the only figures that differ between repetitions.
    pub host: Host,
}

/// Breakpoint that was hit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HitSeen {
    /// The condition as written.
    pub condition: String,
    /// Chip time, µs.
    pub time_us: f64,
    /// Completed time steps.
    pub step: u64,
    /// Whether the event lies within the time step after `step`; if not, it completed that one.
    pub within_step: bool,
    /// Number of events handled at the hit; the last of them made the condition true.
    pub event: u64,
    /// Names in the condition, with their values at the hit.
    pub values: Vec<ValueSeen>,
}

/// A value that a condition names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueSeen {
    /// Name in the condition.
    pub name: String,
    /// A number, a word, or `null` where there was none yet.
    pub value: Option<Seen>,
    /// Unit of a number; empty for none.
    pub unit: &'static str,
}

/// A number or a word.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Seen {
    /// Value that is a number.
    Number(f64),
    /// Value that is a word, such as a status.
    Word(String),
}

impl HitSeen {
    /// Names the time step of the hit.
    ///
    /// After 11 completed steps it is `step 11` at the end of the last and `#12` within the next.
    pub fn step_text(&self) -> String {
        step_text(self.step, self.within_step)
    }
}

impl From<Hit> for HitSeen {
    fn from(hit: Hit) -> Self {
        let seen = |(name, value)| {
            let (value, unit) = match value {
                Value::Number(number, unit) => (Some(Seen::Number(number)), unit.symbol()),
                Value::Word(word) => (Some(Seen::Word(word)), ""),
                Value::Absent => (None, ""),
            };
            ValueSeen { name, value, unit }
        };
        Self {
            condition: hit.text,
            time_us: us(hit.tick),
            step: hit.step,
            within_step: hit.within,
            event: hit.event,
            values: hit.values.into_iter().map(seen).collect(),
        }
    }
}

/// Energy by its uses, J.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EnergyUse {
    /// The chip with its PEs off.
    pub chip_j: f64,
    /// All 152 PEs powered and asleep.
    pub asleep_j: f64,
    /// Additional energy of active cores, by phase and layer, all PEs.
    pub operations: Vec<PhaseEnergy>,
    /// Additional energy of PEs while their MAC arrays work, SRAM and waiting cores included.
    pub mac_array_j: f64,
    /// Additional energy of active cores in handlers of doorbell writes.
    pub interrupts_j: f64,
    /// Additional energy of PEs that wait in polling loops.
    pub polling_j: f64,
    /// NoC hops and DRAM bytes: 0 unless `assume` gives their energies.
    pub transport_j: f64,
    /// All but `chip_j` and `transport_j` again, PE by PE: all 152, in the order of their numbers.
    pub pes: Vec<PeUse>,
}

/// Figures of the MAC arrays of all PEs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MacUse {
    /// Multiply-adds, those with zeros that fill up words among them.
    pub macs: u64,
    /// PE cycles in which arrays worked, sum over PEs.
    pub cycles: u64,
    /// Share of their units that multiplied in these cycles, 0..=1.
    pub used: f64,
    /// Bytes that arrays read from SRAM and wrote to it.
    pub bytes: u64,
    /// Sums that needed more bits than the array keeps, and so are wrong.
    pub overflows: u64,
}

/// Operations of machine code that `assume.traps` would have made faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UntrappedCount {
    /// Unaligned loads and stores, all PEs.
    pub unaligned: u64,
    /// Divisions of whole numbers by 0, whose result was 0, all PEs.
    pub divided_by_zero: u64,
}

/// Energy of one phase of one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseEnergy {
    /// Name of the phase.
    pub phase: &'static str,
    /// Layer, by its model name.
    pub layer: String,
    /// Energy of the phase, J.
    pub energy_j: f64,
}

/// Energy of one PE, J.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PeUse {
    /// PE as `PE(x,y,p)`.
    pub pe: String,
    /// Powered and asleep.
    pub asleep_j: f64,
    /// Additional energy in operations and handlers, J.
    pub active_j: f64,
    /// Additional energy in polling loops, J.
    pub polling_j: f64,
}

/// Operating point of the chip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chip {
    /// PE clock, MHz.
    pub clock_mhz: u32,
    /// Core supply, V.
    pub supply_v: f64,
    /// Behaviour of a PE while it has nothing to do.
    pub waiting: Waiting,
    /// PEs with a program.
    pub pes_used: usize,
}

/// A layer, as placed and run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Layer {
    /// Name of the layer in the model.
    pub name: String,
    /// Number of units.
    pub units: usize,
    /// Number of PEs of the layer.
    pub pes: usize,
    /// Fraction of zero weights in W and R together, 0..=1.
    pub weight_sparsity: f64,
    /// Fraction of units that sent an event, mean over the time steps, 0..=1.
    pub activity: f64,
    /// Non-zero weights of W and R on a PE, mean.
    pub nonzeros_mean: f64,
    /// Non-zero weights of W and R on the fullest PE.
    pub nonzeros_max: u64,
    /// Whether its PEs wait for each other before they broadcast.
    pub barrier: bool,
}

/// Time of one phase of one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseTime {
    /// Name of the phase.
    pub phase: &'static str,
    /// The layer's name.
    pub layer: String,
    /// Time from the end of the phase before on its last PE to the end of this one on its last PE,
    /// summed over the steps, µs.
    pub time_us: f64,
    /// Share of `chip_time_us`, 0..=1.
    pub share: f64,
}

/// Critical path of the first time steps, by the use of its time.
///
/// The parts from `loads_stores_us` to `other_us` add up to `time_us`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathTime {
    /// Number of time steps, the first ones of the run; at most 4.
    pub steps: usize,
    /// Length of the critical paths, which is the chip time of the steps, µs.
    pub time_us: f64,
    /// Loads and stores of the kernels, µs.
    pub loads_stores_us: f64,
    /// Arithmetic of the kernels, with the exp unit, µs.
    pub arithmetic_us: f64,
    /// Branches of the kernels, with the refills of the pipeline, µs.
    pub branches_us: f64,
    /// Interrupt handlers, emptying FIFOs, entering and leaving waiting loops, µs.
    pub handlers_us: f64,
    /// Packets on the NoC, and at the ports of full FIFOs, µs.
    pub noc_us: f64,
    /// Rows from DRAM, and blocks sent by DMA, µs.
    pub dma_us: f64,
    /// Timers that begin ticks, and input spikes until they are sent, µs; 0 without timers.
    pub timer_us: f64,
    /// Time of the host, and time that could not be followed back, µs.
    pub other_us: f64,
    /// Part of the first three that sends y, µs.
    pub sending_us: f64,
}

impl PathTime {
    /// Returns a path as the report gives it.
    pub fn new(uses: &PathUses, steps: usize) -> Self {
        Self {
            steps,
            time_us: us(uses.ticks()),
            loads_stores_us: us(uses.loads_stores),
            arithmetic_us: us(uses.arithmetic),
            branches_us: us(uses.branches),
            handlers_us: us(uses.handlers),
            noc_us: us(uses.noc),
            dma_us: us(uses.dma),
            timer_us: us(uses.timer),
            other_us: us(uses.other),
            sending_us: us(uses.sending),
        }
    }

    /// Returns the parts that add up to the path, with their names, µs.
    pub fn parts(&self) -> [(&'static str, f64); 8] {
        [
            ("loads and stores", self.loads_stores_us),
            ("arithmetic", self.arithmetic_us),
            ("branches", self.branches_us),
            ("handlers and waiting loops", self.handlers_us),
            ("NoC", self.noc_us),
            ("DRAM and DMA", self.dma_us),
            ("timers and inputs", self.timer_us),
            ("host and unknown", self.other_us),
        ]
    }
}

/// Timer differences in a PE's debug log, last step it logged; 1 MHz, so whole µs, truncated as
/// on the chip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timers {
    /// The layer's name.
    pub layer: String,
    /// The PE with the most non-zeros of the layer, `PE(x,y,p)`.
    pub pe: String,
    /// Count of each logged phase.
    #[serde(flatten)]
    pub counts: TimerCounts,
}

/// Timer counts in µs, in the order in which they are logged. Each is named by its
/// phase, with `_us`.
#[derive(Clone, Debug, PartialEq)]
pub struct TimerCounts(pub Vec<(String, u32)>);

impl Serialize for TimerCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, count)| (name, count)))
    }
}

/// Use of the SRAMs. Bytes are as laid out before the start: nothing is allocated while
/// the chip runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Memory {
    /// PE with the most bytes in use, `PE(x,y,p)`; the first of several.
    pub fullest_pe: String,
    /// Bytes in use on that PE, of 131,072.
    pub bytes_used_max: u32,
    /// Largest size of weights (values, columns, row pointers) on any PE, bytes.
    pub weights_bytes_max: u32,
    /// Largest use of data memory (banks 1 to 3, 98,304 bytes) on any PE, bytes.
    pub data_bytes_used_max: u32,
    /// The four SRAM banks of the fullest PE.
    pub banks: Vec<Bank>,
}

/// An SRAM bank.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bank {
    /// Number of the bank, 0 to 3.
    pub bank: usize,
    /// Bytes in use, fullest PE.
    pub used_bytes: u32,
    /// Bytes free, fullest PE.
    pub free_bytes: u32,
    /// Largest use of this bank on any PE, bytes.
    pub used_bytes_max: u32,
    /// Loads and stores of the cores in kernels, all PEs.
    pub core_accesses: u64,
    /// Packets written, all PEs.
    pub noc_writes: u64,
    /// DMA beats written, all PEs.
    pub dma_writes: u64,
    /// Times that a core and a write met in the bank, all PEs; one of the two waited a PE cycle.
    pub conflicts: u64,
    /// PE cycles that cores waited.
    pub core_stalls: u64,
    /// PE cycles that writes waited.
    pub write_waits: u64,
}

/// Traffic on the network-on-chip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NocUse {
    /// Number of packets injected into the mesh.
    pub packets: u64,
    /// Number of links crossed by the packets.
    pub hops: u64,
    /// Packets and DMA beats on the busiest link, per NoC cycle of the whole run, 0..=1.
    pub max_link_load: f64,
    /// Busiest link, `QPE(x,y) > QPE(x,y)`; `null` when nothing crossed a link.
    pub busiest_link: Option<String>,
    /// Mean time from injection to delivery, ns.
    pub latency_mean_ns: f64,
    /// Longest time from injection to delivery, ns.
    pub latency_max_ns: f64,
    /// NoC cycles that packets waited for links, sum over links.
    pub waited_cycles: u64,
    /// Load of the busiest link between chips, 0..=1; 0 on one chip.
    pub max_chip_link_load: f64,
    /// Time that packets waited for links between chips, sum over packets, µs.
    pub chip_links_waited_us: f64,
    /// Packets by sender and receiver.
    pub traffic: traffic::Traffic,
    /// The event router and the FIFOs; `null` where nothing is routed.
    pub router: Option<traffic::Routed>,
}

/// Reads from DRAM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DramUse {
    /// DMA beats of 16 bytes.
    pub beats: u64,
    /// Number of bytes read.
    pub bytes: u64,
    /// NoC cycles that beats waited for links, sum over links.
    pub waited_cycles: u64,
}

/// Packets that overwrote unread data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RaceCount {
    /// Number of all races.
    pub count: u64,
    /// The first few.
    pub first: Vec<RaceSeen>,
}

/// Write that reached a buffer before its previous values were read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RaceSeen {
    /// Chip time, µs.
    pub time_us: f64,
    /// Receiving PE as `PE(x,y,p)`.
    pub pe: String,
    /// Byte address written.
    pub address: u32,
    /// Description: the write, and the reader that had not finished.
    pub what: String,
}

/// The machine that emulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Host {
    /// Wall time of the run without loading and without the range, s.
    pub wall_s: f64,
    /// Time steps emulated in a second of wall time, readout included.
    pub steps_per_s: f64,
}

impl Report {
    /// Formats the report as indented JSON in the order of the fields, with a final line feed.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }
}
