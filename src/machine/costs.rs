//! Cycles of everything the core does, at one branch-refill P: numbers out of the kernels' own listings.

use crate::kernel::csr_row::CsrWork;

/// PE cycles by what they are spent on. Each comes from a listing in `assets/kernels/` (see [`crate::kernel::cost`]) or
/// from a published latency; none is fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// `csr_row`: once a call.
    pub csr_call: i64,
    /// `csr_row`: each row.
    pub csr_row: i64,
    /// `csr_row`: each row without non-zeros, on top (negative: it skips the inner loop's set-up).
    pub csr_empty_row: i64,
    /// `csr_row`: each non-zero.
    pub csr_nonzero: i64,
    /// `pointwise`: once a call.
    pub pointwise_call: u64,
    /// `pointwise`: each unit, exp unit included.
    pub pointwise_unit: u64,
    /// `broadcast`: from the call to the first packet's trigger.
    pub broadcast_lead: u64,
    /// `broadcast`: once a packet (loading its payload), on top of its destinations.
    pub broadcast_packet: u64,
    /// `broadcast`: each destination of a packet.
    pub broadcast_destination: u64,
    /// `broadcast`: from the last trigger to the return.
    pub broadcast_tail: u64,
    /// Handler of a watched write: exception entry, body, exit.
    pub interrupt: u64,
    /// Looking whether the input is there, when it is.
    pub wait_check: u64,
    /// From the handler's end to the first instruction after the wait loop.
    pub wake: u64,
    /// Starting the DMA of a row.
    pub dma_start: u64,
    /// From the start to the first request leaving (`assume.dma_setup_cycles`: not published).
    pub dma_setup: u64,
    /// Reading the timer and writing one value to the log.
    pub timer_log: u64,
    /// Sending "W·x done" to the coordinator.
    pub barrier_send: u64,
    /// The coordinator's "go": per destination QPE.
    pub barrier_release: u64,
}

impl Costs {
    /// Cycles of one `csr_row` call.
    pub fn csr(&self, work: &CsrWork) -> u64 {
        let cycles = self.csr_call
            + self.csr_row * i64::from(work.rows)
            + self.csr_empty_row * i64::from(work.empty_rows)
            + self.csr_nonzero * i64::from(work.nonzeros);
        cycles.max(1) as u64
    }

    /// Cycles of one `pointwise` call.
    pub fn pointwise(&self, units: u32) -> u64 {
        self.pointwise_call + self.pointwise_unit * u64::from(units)
    }

    /// Cycles of one `broadcast` call.
    pub fn broadcast(&self, packets: u32, destinations: u32) -> u64 {
        let (packets, destinations) = (u64::from(packets), u64::from(destinations));
        self.broadcast_lead
            + packets * (self.broadcast_packet + destinations * self.broadcast_destination)
            + self.broadcast_tail
    }
}
