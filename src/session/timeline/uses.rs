//! Uses of the critical path: loads and stores, arithmetic, branches, waiting for packets.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::path::{PathActivity, Segment, operation_before};
use crate::chip::clock::Tick;
use crate::machine::legend::PhaseRole;
use crate::machine::program::Program;
use crate::machine::record::{Instructions, SpanRecorder};

/// Ticks of a critical path by what they are spent on; the parts add up to its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathUses {
    /// Loads and stores of the kernels.
    pub loads_stores: Tick,
    /// Arithmetic of the kernels, with the exp unit.
    pub arithmetic: Tick,
    /// Branches of the kernels, with the refills of the pipeline.
    pub branches: Tick,
    /// Interrupt handlers, emptying FIFOs, entering and leaving waiting loops.
    pub handlers: Tick,
    /// Packets on the NoC, and at the ports of full FIFOs.
    pub noc: Tick,
    /// Rows from DRAM with their set-up, and blocks sent by DMA.
    pub dma: Tick,
    /// Timers that begin ticks, and input spikes until they are sent; 0 in programs without timers.
    pub timer: Tick,
    /// Time of the host, and time that is not recorded.
    pub other: Tick,
    /// Part of the first three: instructions that send values.
    pub sending: Tick,
}

impl PathUses {
    /// Returns the length of the path, in ticks.
    pub const fn ticks(&self) -> Tick {
        let core = self.loads_stores + self.arithmetic + self.branches + self.handlers;
        core + self.noc + self.dma + self.timer + self.other
    }

    /// Returns `ticks` as a share of the path, 0 to 1; 0 for an empty path.
    pub fn share(&self, ticks: Tick) -> f64 {
        ticks as f64 / self.ticks().max(1) as f64
    }

    /// Returns the ticks of communication: sending values, the NoC, and the core's work to receive.
    pub const fn communication(&self) -> Tick {
        self.sending + self.noc + self.handlers
    }

    /// Sums up a path, first segment first.
    pub fn of(program: &Program, record: &SpanRecorder, path: &[Segment]) -> Self {
        let mut uses = Self::default();
        for segment in path {
            uses.add(program, record, segment);
        }
        uses
    }

    fn add(&mut self, program: &Program, record: &SpanRecorder, segment: &Segment) {
        let ticks = segment.ticks();
        // With timers, spikes are read by the core.
        let read = |role: &PhaseRole| *role != PhaseRole::Read || !program.is_timed();
        let role = segment.phase.map(|phase| program.legend.role(phase)).filter(read);
        match (segment.doing, role) {
            (PathActivity::Operation, Some(PhaseRole::Wait))
            | (PathActivity::Wake | PathActivity::Handler | PathActivity::Drain, _) => {
                self.handlers += ticks;
            }
            (PathActivity::Operation, Some(PhaseRole::Read))
            | (PathActivity::Dram | PathActivity::Send, _) => self.dma += ticks,
            (PathActivity::Network | PathActivity::Port, _) => self.noc += ticks,
            (PathActivity::Timer, _) => self.timer += ticks,
            (PathActivity::Host | PathActivity::Unknown, _) => self.other += ticks,
            (PathActivity::Operation, role) => {
                let operation = segment
                    .pe
                    .and_then(|pe| record.pes.get(usize::from(pe)))
                    .and_then(|pe| operation_before(pe, segment.end));
                let Some(operation) = operation else {
                    self.other += ticks;
                    return;
                };
                let each = operation.point.ticks_per_cycle();
                self.instructions(&operation.instructions, ticks, each, role == Some(PhaseRole::Send));
            }
        }
    }

    /// Adds `ticks` of an operation to the uses of its instructions, in proportion.
    ///
    /// Ticks beyond those of the instructions count as handlers.
    fn instructions(&mut self, by_kind: &Instructions, ticks: Tick, each: Tick, sends: bool) {
        let cycles = by_kind.total();
        let own = ticks.min(cycles * each);
        self.handlers += ticks - own;
        let part = |part: u64| (u128::from(own) * u128::from(part) / u128::from(cycles.max(1))) as Tick;
        let (loads_stores, branches) = (part(by_kind.loads_stores), part(by_kind.branches));
        self.loads_stores += loads_stores;
        self.branches += branches;
        self.arithmetic += own - loads_stores - branches;
        if sends {
            self.sending += own;
        }
    }
}

impl AddAssign for PathUses {
    fn add_assign(&mut self, other: Self) {
        self.loads_stores += other.loads_stores;
        self.arithmetic += other.arithmetic;
        self.branches += other.branches;
        self.handlers += other.handlers;
        self.noc += other.noc;
        self.dma += other.dma;
        self.timer += other.timer;
        self.other += other.other;
        self.sending += other.sending;
    }
}
