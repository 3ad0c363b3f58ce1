//! Plain data that screens show of the chip: PEs, layers, phases, the network-on-chip, energy.
//!
//! Each field states its window: *now*, *this time step*, *mean of the last 70 steps*, or
//! *since the start*.

use serde::{Deserialize, Serialize};

pub use super::energy::EnergyParts;
use super::firing::Firing;
use crate::chip::clock::Tick;
pub use crate::machine::banks::BankCount;
pub use crate::machine::legend::{Legend, PhaseId, PhaseRole, PopulationId};
pub use crate::machine::program::{Region, RegionKind};

/// Present activity of a PE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeStatus {
    /// Has no program, because the mapper gave it nothing to do, and sleeps.
    #[default]
    Unused,
    /// Waits for input in WFI.
    Sleeping,
    /// Waits for input in a polling loop (counts as active power).
    Polling,
    /// Carries out an operation.
    Busy,
    /// Waits for its DMA engine.
    Dma,
    /// Halted by an injected fault. Its memory still takes packets.
    Halted,
    /// Stopped by a fault.
    Faulted,
}

impl PeStatus {
    /// Returns the word for the status.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Sleeping => "sleeping",
            Self::Polling => "polling",
            Self::Busy => "busy",
            Self::Dma => "dma",
            Self::Halted => "halted",
            Self::Faulted => "faulted",
        }
    }
}

/// Summary of a PE. Index in a snapshot is [`crate::chip::geometry::Pe::index`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PeView {
    /// Present activity of the PE.
    pub status: PeStatus,
    /// Layer that the PE works for (index in a snapshot); the one in progress if it hosts several.
    pub layer: Option<PopulationId>,
    /// Phase of the operation in progress.
    pub phase: Option<PhaseId>,
    /// Number of units (neurons) on the PE.
    pub units: u16,
    /// Fraction of the PE's units that sent an event in the last completed time step, 0..=1.
    pub activity: f32,
    /// Fraction of the PE's units that sent an event, mean of the last 70 time steps, 0..=1.
    pub activity_mean: f32,
    /// Fraction of time busy with operations (waiting excluded) in the last completed
    /// time step, 0..=1.
    pub duty: f32,
    /// Fraction of time busy with operations (waiting excluded) since the start, 0..=1.
    pub duty_mean: f32,
    /// Energy of the last completed time step, µJ.
    pub energy_uj: f32,
    /// Energy since the start, µJ.
    pub energy_total_uj: f32,
    /// Bytes in use per SRAM bank (of 32,768 each).
    pub bank_bytes: [u32; 4],
    /// Number of non-zero weights on the PE.
    pub nonzeros: u32,
    /// Fill of the PE's FIFO; `None` where nothing is routed to it.
    pub fifo: Option<FifoUse>,
    /// Use of the PE's ticks; `None` where no timer begins the time steps.
    pub tick: Option<TickUse>,
}

/// Fill of a PE's FIFO, as shares of its entries, 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FifoUse {
    /// Share of the FIFO that is filled now, 0..=1.
    pub fill: f32,
    /// Largest share that was filled since the start, 0..=1.
    pub most: f32,
}

/// Use of the ticks by a PE, as shares of a tick: above 1 where the PE ended too late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TickUse {
    /// Share of the last completed tick.
    pub last: f32,
    /// Share of the longest tick since the start.
    pub longest: f32,
    /// Ticks since the start that ended after the next one had begun.
    pub overruns: u32,
}

/// Activity of a layer of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerView {
    /// Fraction of units that sent an event in the last completed time step, 0..=1.
    pub activity: f32,
    /// Fraction of units that sent an event, mean since the start, 0..=1.
    pub activity_mean: f32,
    /// Activity of the last time steps, oldest first (at most 140).
    pub activity_history: Vec<f32>,
    /// Units that sent something most and least often; `None` before the first time step, and for
    /// sources that spike at random.
    pub firing: Option<Firing>,
}

/// Time of one phase in one layer, along the slowest PE.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseView {
    /// Phase that the times are of.
    pub phase: PhaseId,
    /// Index of the layer.
    pub layer: PopulationId,
    /// Time in the last completed time step, slowest PE, µs.
    pub time_us: f64,
    /// Mean per time step since the start, µs.
    pub mean_us: f64,
    /// Share of the mean time step, 0..=1.
    pub share: f64,
}

/// Directed NoC link with the traffic that it carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkView {
    /// QPE that the link leaves, as (x, y).
    pub from: (u8, u8),
    /// QPE that the link enters.
    pub to: (u8, u8),
    /// Packets in the last completed time step.
    pub packets: u32,
    /// Packets since the start.
    pub total: u64,
    /// NoC cycles that packets waited for the link, since the start.
    pub waited: u64,
    /// Whether a fault has made it dead: it loses what reaches it.
    pub dead: bool,
}

/// Packet on the mesh now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketView {
    /// Number among the packets; free ones are given again.
    pub number: u32,
    /// Sender in words: a PE, or the host.
    pub source: String,
    /// Receiver in words: a QPE, the event router or the host.
    pub to: String,
    /// Content in words.
    pub contents: String,
    /// Links of its route on this chip, each from (x, y) to (x, y), in order; empty within a QPE.
    pub route: Vec<((u8, u8), (u8, u8))>,
    /// Number of links that it has crossed, or is crossing.
    pub crossed: u32,
}

/// Traffic of the network-on-chip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NocView {
    /// All links of the mesh, in a fixed order.
    pub links: Vec<LinkView>,
    /// Packets injected in the last completed time step.
    pub packets: u64,
    /// Packets injected since the start.
    pub packets_total: u64,
    /// Link traversals since the start.
    pub hops_total: u64,
    /// Packets on the mesh now.
    pub in_flight: u32,
    /// Highest load of a link in the last completed time step: packets / NoC cycles of
    /// the step, 0..=1.
    pub max_link_load: f64,
    /// Mean time from injection to delivery in the last completed time step, ns.
    pub mean_latency_ns: f64,
    /// Longest latency of a packet, ns.
    pub max_latency_ns: f64,
    /// Packets delivered in the last completed time step, by source QPE (row) and destination QPE
    /// (column), both in the order of [`crate::chip::geometry::QPES`].
    pub matrix: Vec<Vec<u64>>,
    /// Packets on the mesh now, at most 64.
    pub under_way: Vec<PacketView>,
    /// The FIFOs of the event router, if it is used.
    pub fifo: Option<FifoView>,
    /// Chips and the links between them.
    pub board: BoardView,
}

/// Chips of the machine and the links between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BoardView {
    /// Column and row of each chip.
    pub chips: Vec<(u8, u8)>,
    /// Directed links, none on one chip.
    pub links: Vec<ChipLinkView>,
}

impl BoardView {
    /// Returns columns and rows of the map of all chips.
    pub fn frame(&self) -> (u8, u8) {
        let most = |of: fn(&(u8, u8)) -> u8| self.chips.iter().map(of).max().unwrap_or(0) + 1;
        (most(|chip| chip.0), most(|chip| chip.1))
    }

    /// Returns the number of the chip at a place; `None` where there is none.
    pub fn chip_at(&self, place: (u8, u8)) -> Option<usize> {
        self.chips.iter().position(|&chip| chip == place)
    }
}

/// Directed link between chips, with its traffic in the last completed time step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChipLinkView {
    /// Index of the chip that the link leaves.
    pub from: usize,
    /// Index of the chip that the link enters.
    pub to: usize,
    /// Direction in which the link leaves its chip, in words.
    pub direction: String,
    /// Number of packets that crossed it.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Share of the time step in which the link was busy, 0..=1.
    pub load: f64,
    /// Time that packets waited for the link, sum over packets, µs.
    pub waited_us: f64,
    /// Whether a fault has made it dead.
    pub dead: bool,
}

/// FIFOs of all PEs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FifoView {
    /// Capacity of a FIFO, packets.
    pub entries: u32,
    /// Packets in the fullest FIFO now.
    pub fill: u32,
    /// Largest number of packets in a FIFO at once, since the start.
    pub high_water: u32,
    /// Packets lost because a FIFO was full, since the start.
    pub dropped: u64,
    /// Packets lost to newer ones, since the start.
    pub overwritten: u64,
    /// Time that packets waited because a FIFO was full, sum over PEs, µs.
    pub stalled_us: f64,
}

/// Energy and power of the chip (host and DRAM not included).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnergyView {
    /// Mean power since the start, W.
    pub power_w: f64,
    /// Energy since the start, J.
    pub energy_j: f64,
    /// Energy of the last completed time step, J.
    pub step_j: f64,
    /// Energy since the start by its uses; adds up to `energy_j`.
    pub parts: EnergyParts,
    /// Energy of the last time steps, oldest first (at most 140), J.
    pub history: Vec<f32>,
}

/// Detailed view of one PE.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeDetail {
    /// Index of the PE, 0 to 151.
    pub pe: usize,
    /// Memory map in ascending order; gaps are not listed.
    pub regions: Vec<RegionView>,
    /// The operation in progress, in words ("R·y of rnns.1, 135 rows, 5,467 non-zeros").
    pub operation: String,
    /// Start and planned end of the operation, in ticks.
    pub operation_span: Option<(Tick, Tick)>,
    /// Blocks of input arrived / expected for the step in progress.
    pub arrivals: (u32, u32),
    /// Packets received and sent since the start.
    pub packets: (u64, u64),
    /// Interrupts taken since the start.
    pub interrupts: u64,
    /// Time per phase in the last completed time step, µs.
    pub phases: Vec<(PhaseId, f64)>,
    /// Last timer differences that the PE wrote to its debug log, µs (1 MHz:
    /// truncated), newest last.
    pub timer_log: Vec<u32>,
    /// Counts of the SRAM banks since the start.
    pub banks: [BankCount; 4],
    /// Units by model index with c and y after the last step: (unit, cell state, output);
    /// at most 64.
    pub units: Vec<(u32, f32, f32)>,
}

/// Region of a PE's memory map, as laid out by the mapper.
pub type RegionView = Region;
