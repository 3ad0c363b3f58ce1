//! Entries of a recording: who did what from when to when, in ticks of the chip's clock.

use super::super::legend::{PhaseId, PopulationId};
use super::super::state::PacketKind;
use crate::chip::clock::{OperatingPoint, Tick};
use crate::chip::geometry::QpeId;

/// Span of one operation of a PE's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationSpan {
    /// Population that it was for.
    pub population: PopulationId,
    /// Sample of the batch.
    pub sample: u8,
    /// Phase that its time is booked on.
    pub phase: PhaseId,
    /// Time step, from 0.
    pub step: u32,
    /// Whether its end on the last PE of the population ends no phase.
    pub ends_nothing: bool,
    /// Tick at which it began.
    pub begin: Tick,
    /// Tick at which it ended; `None` while it goes on.
    pub end: Option<Tick>,
    /// Operating point of the core.
    pub point: OperatingPoint,
    /// Ticks that the core worked on it: without waiting, its DMA, and handlers.
    pub busy: Tick,
    /// Values other than 0 that it found to be sent: operations that decide them only.
    pub events: u32,
    /// PE cycles of its instructions by kind; 0 where the core waits or moves data by DMA, which no
    /// listing prices whole.
    pub instructions: Instructions,
}

impl OperationSpan {
    /// Returns the PE cycles that the core worked on it.
    pub fn cycles(&self) -> u64 {
        self.busy / self.point.ticks_per_cycle()
    }
}

/// PE cycles of an operation's instructions, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instructions {
    /// Loads and stores.
    pub loads_stores: u64,
    /// Arithmetic, with the latency of the exp unit.
    pub arithmetic: u64,
    /// Branches, with the refills of the pipeline.
    pub branches: u64,
}

impl Instructions {
    /// Returns the cycles of all kinds together.
    pub const fn total(&self) -> u64 {
        self.loads_stores + self.arithmetic + self.branches
    }
}

impl From<[u64; 3]> for Instructions {
    /// Converts cycles in the order of [`crate::chip::listing::kind::InstructionKind::ALL`].
    fn from([loads_stores, arithmetic, branches]: [u64; 3]) -> Self {
        Self { loads_stores, arithmetic, branches }
    }
}

/// A part of an operation in which a PE had nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitSpan {
    /// Tick at which the wait began.
    pub begin: Tick,
    /// Tick at which the wait ended; `None` while it goes on.
    pub end: Option<Tick>,
    /// Number of the packet that ended it; `None` where that is not known.
    pub packet: Option<u64>,
}

/// Work of a core beside its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Runs the handler of a doorbell write.
    Handler,
    /// Sends "go" in the handler of a coordinator.
    Release,
    /// Takes an entry out of the PE's FIFO, into which the event router delivers packets.
    Drain,
}

/// A handler, or an entry taken out of the FIFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceSpan {
    /// Kind of service.
    pub service: Service,
    /// Tick at which it began.
    pub begin: Tick,
    /// Tick at which it ended, or is to end.
    pub end: Tick,
    /// Number of the packet that caused it; `None` where that is not known.
    pub packet: Option<u64>,
}

/// A packet on the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketSpan {
    /// Sender: PE index, or [`super::super::queue::CHIP`].
    pub source: u16,
    /// Receiving QPE; [`QpeId::ROUTER`] for the event router.
    pub qpe: QpeId,
    /// Receiving PEs of the QPE: bit p for PE p.
    pub mask: u8,
    /// Whether the packet is for the host.
    pub host: bool,
    /// Purpose of the packet, which determines what its delivery completes.
    pub kind: PacketKind,
    /// Number of the packet that the event router copied; `None` if it is not a copy.
    pub parent: Option<u64>,
    /// Number of links to cross.
    pub hops: u32,
    /// Tick at which it was handed to the NoC.
    pub sent: Tick,
    /// Tick at which it arrives at its QPE; while it crosses the mesh, the earliest one possible.
    pub arrives: Tick,
    /// Tick at which it was taken off the mesh; `None` while it is there, and if it is lost.
    pub delivered: Option<Tick>,
}

/// A row read from DRAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchSpan {
    /// Index of the PE that reads the row.
    pub pe: u16,
    /// Port of the DRAM that gives the row, 0 or 1.
    pub port: u8,
    /// DRAM address of the row.
    pub address: u64,
    /// Size of the row, in bytes.
    pub bytes: u32,
    /// Tick at which the request leaves the PE.
    pub requested: Tick,
    /// Tick at which the port gives the first beat.
    pub granted: Tick,
    /// Tick at which the port has given the last beat.
    pub given: Tick,
    /// Tick at which the last beat is written; until it is, `given`.
    pub end: Tick,
}

/// A block that a PE's DMA engine sends to one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferSpan {
    /// Tick of the first beat.
    pub begin: Tick,
    /// Tick behind the last beat.
    pub end: Tick,
    /// Number of packets sent.
    pub packets: u32,
    /// Receiving QPE index.
    pub qpe: QpeId,
    /// Population of the sender.
    pub population: PopulationId,
    /// Time step, from 0.
    pub step: u32,
}

/// The host announces a time step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnnounceSpan {
    /// Number of the time step, from 0.
    pub step: u32,
    /// Tick at which the host began.
    pub asked: Tick,
    /// Tick at which its packets left.
    pub sent: Tick,
}

/// A completed time step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepSpan {
    /// Number, from 0.
    pub step: u32,
    /// Tick at which the step before was complete (0 for the first): steps have no gaps.
    pub begin: Tick,
    /// Tick at which it was complete.
    pub end: Tick,
    /// The packet whose delivery completed it.
    pub packet: Option<u64>,
}
