//! Cycles of everything the core does, at one branch-refill P.
//!
//! Every number comes from a kernel's own listing through [`KernelCosts`], or is a parameter of the scene's
//! `assume: (...)` that is marked *not published*. None is fitted.

use super::options::{Assume, Waiting};
use crate::chip::constants::EXP_BASE_CYCLES;
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::ListingError;
use crate::kernel::cost::KernelCosts;
use crate::kernel::cost::access::Accesses;
use crate::kernel::events::UnpackWork;
use crate::kernel::matrix::{Kernel, Work};
use crate::kernel::routine::Routine;

/// What the core's work costs, in PE cycles.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    kernels: &'static KernelCosts,
    refill: u32,
    exp: u64,
    /// `broadcast`: from the call to the first packet's trigger.
    pub broadcast_lead: u64,
    /// `broadcast`: between two destinations of one packet.
    pub broadcast_destination: u64,
    /// `broadcast`: loading the next packet's payload.
    pub broadcast_packet: u64,
    /// Handler of a watched write that is not the last one awaited: exception entry, body, exit.
    pub interrupt: u64,
    /// What the handler of the last one awaited takes more.
    pub interrupt_last: u64,
    /// Handler of a finished DMA.
    pub dma_interrupt: u64,
    /// Looking whether the input is there, when it is.
    pub wait_check: u64,
    /// From the handler's end to the first instruction after the wait loop.
    pub wake: u64,
    /// Starting the DMA of a row.
    pub dma_start: u64,
    /// From the start to the first request leaving (`assume.dma_setup_cycles`).
    pub dma_setup: u64,
    /// Writing one entry of the debug log.
    pub timer_log: u64,
    /// Sending "W·x done" to the coordinator.
    pub barrier_send: u64,
    /// `dma_send`: from the call to the first command.
    pub dma_send_lead: u64,
    /// `dma_send`: between two commands.
    pub dma_send_per_destination: u64,
    /// Waiting with the event router: a turn that finds the FIFO empty.
    pub fifo_empty: u64,
    /// A turn that takes an entry out.
    pub fifo_entry: u64,
    /// What the last packet of a block takes more.
    pub fifo_last: u64,
    /// What the last entry of the ring takes more.
    pub fifo_wrap: u64,
    /// Leaving the loop when all is there.
    pub fifo_leave: u64,
}

impl Costs {
    /// Reads the committed listings at the scene's P and exp iterations.
    pub fn new(assume: &Assume, waiting: Waiting) -> Result<Self, ListingError> {
        let kernels = KernelCosts::committed()?;
        let p = u32::from(assume.branch_refill);
        let interrupt = kernels.receive_isr().at(p);
        let (check, wake) = match waiting {
            Waiting::Poll => (kernels.wait_check(), kernels.wait_wake_polling()),
            Waiting::Sleep => (kernels.wait_check_sleeping(), kernels.wait_wake_sleeping()),
        };
        let fifo = kernels.fifo(waiting == Waiting::Sleep);
        Ok(Self {
            kernels,
            refill: p,
            exp: u64::from(EXP_BASE_CYCLES) + u64::from(assume.exp_iterations),
            broadcast_lead: kernels.broadcast_lead().at(p),
            broadcast_destination: kernels.broadcast_per_destination().at(p),
            broadcast_packet: kernels.broadcast_per_packet().at(p),
            interrupt,
            interrupt_last: kernels.receive_isr_last().at(p).saturating_sub(interrupt),
            dma_interrupt: kernels.embedding_dma_isr().at(p),
            wait_check: check.at(p),
            wake: wake.at(p),
            dma_start: kernels.embedding_dma_start().at(p),
            dma_setup: u64::from(assume.dma_setup_cycles),
            timer_log: kernels.timer_log().at(p),
            barrier_send: kernels.barrier_send().at(p),
            dma_send_lead: kernels.dma_send_lead().at(p),
            dma_send_per_destination: kernels.dma_send_per_destination().at(p),
            fifo_empty: fifo.empty.at(p),
            fifo_entry: fifo.entry.at(p),
            fifo_last: fifo.last.at(p),
            fifo_wrap: fifo.wrap.at(p),
            fifo_leave: fifo.leave.at(p),
        })
    }

    /// One run of a matrix kernel.
    pub fn matrix(&self, kernel: &Kernel, work: &Work) -> u64 {
        kernel.cycles(work, self.kernels, self.refill)
    }

    /// Loads and stores of the kernels.
    pub fn accesses(&self) -> &'static Accesses {
        self.kernels.accesses()
    }

    /// One run of a routine that does this work.
    pub fn routine(&self, routine: Routine, work: &Work) -> u64 {
        self.kernels.matrix(routine, work).at(self.refill)
    }

    /// One `pointwise` call: its instructions, and the exp unit's latency for each exp.
    pub fn pointwise(&self, units: u32) -> u64 {
        let exps = u64::from(units) * u64::from(self.kernels.pointwise_exps_per_unit());
        self.kernels.pointwise(units).at(self.refill) + exps * self.exp
    }

    /// One `trace` call.
    pub fn trace(&self, units: u32) -> u64 {
        self.kernels.trace(units).at(self.refill)
    }

    /// One `clear` call.
    pub fn clear(&self, words: u32) -> u64 {
        self.kernels.clear(words).at(self.refill)
    }

    /// From the last trigger of one `broadcast` call to the first of the next.
    pub fn broadcast_next_call(&self, packets: u32, destinations: u32) -> u64 {
        let at = |cycles: Cycles| cycles.at(self.refill);
        let last = self.kernels.broadcast_trigger(
            packets.saturating_sub(1),
            destinations.saturating_sub(1),
            destinations,
        );
        let rest = at(self.kernels.broadcast(packets, destinations)).saturating_sub(at(last));
        rest + self.broadcast_lead
    }

    /// One `broadcast` call.
    pub fn broadcast(&self, packets: u32, destinations: u32) -> u64 {
        self.kernels.broadcast(packets, destinations).at(self.refill)
    }

    /// Packing a block of so many units, so many of them active.
    pub fn pack_events(&self, units: u32, active: u32) -> u64 {
        self.kernels.pack_events(units, active).at(self.refill)
    }

    /// Unpacking mail into dense values or a list.
    pub fn unpack_events(&self, list: bool, work: &UnpackWork) -> u64 {
        self.kernels.unpack_events(list, work).at(self.refill)
    }

    /// Programming DMA transfers to so many PEs.
    pub fn dma_send(&self, destinations: u32) -> u64 {
        self.kernels.dma_send(destinations).at(self.refill)
    }

    /// The coordinator's "go" to so many QPEs.
    pub fn barrier_release(&self, destinations: u32) -> u64 {
        self.kernels.barrier_release(destinations).at(self.refill)
    }
}
