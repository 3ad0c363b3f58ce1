//! Cycles of everything the core does, at one branch-refill P.
//!
//! Every number comes from a kernel's own listing through [`KernelCosts`], or is a parameter of the
//! scene's `assume: (...)` that is marked *not published*. None is fitted.

use super::dma;
use super::options::{Assume, Waiting};
use crate::chip::clock::Tick;
use crate::chip::constants::EXP_BASE_CYCLES;
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::ListingError;
use crate::chip::listing::kind::InstructionKind;
use crate::chip::mac::{MacRun, MacShape, MacUse};
use crate::kernel::arrivals::{ArriveForm, ArriveWork};
use crate::kernel::cost::KernelCosts;
use crate::kernel::cost::access::Accesses;
use crate::kernel::events::UnpackWork;
use crate::kernel::matrix::{Kernel, OpCounts};
use crate::kernel::neurons::Pass;
use crate::kernel::routine::Routine;
use crate::kernel::synapses::{CollectWork, DeliverWork, Form};

/// Costs of the core's work, in PE cycles.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    kernels: &'static KernelCosts,
    refill: u32,
    /// Share of its time that the core waits for SRAM (`assume.sram_stall_percent`), 0.05 for 5 %.
    stall: f64,
    exp: u64,
    mac_use: MacUse,
    /// Whether cycles of the MAC array count: among costs of one kind of instructions, as
    /// arithmetic.
    mac_counts: bool,
    /// Ticks between the beats of a DMA engine that sends.
    pub dma_beat: Tick,
    /// Ticks between the beats of a row from DRAM.
    pub dram_beat: Tick,
    /// Cycles from the call of `broadcast` to the first packet's trigger.
    pub broadcast_lead: u64,
    /// Cycles of `broadcast` between two destinations of one packet.
    pub broadcast_destination: u64,
    /// Cycles in which `broadcast` loads the next packet's payload.
    pub broadcast_packet: u64,
    /// Handler of a doorbell write that is not the last one awaited: exception entry, body, exit.
    pub interrupt: u64,
    /// Additional cycles of the handler of the last arrival awaited.
    pub interrupt_last: u64,
    /// Handler of a finished DMA.
    pub dma_interrupt: u64,
    /// Cycles of the check whether the input is there, when it is.
    pub wait_check: u64,
    /// Cycles from the end of a handler to the first instruction after the wait loop.
    pub wake: u64,
    /// Starting the DMA of a row.
    pub dma_start: u64,
    /// Cycles from a DMA command to its first request or packet (`assume.dma_setup_cycles`).
    pub dma_setup: u64,
    /// Writing one entry of the debug log.
    pub timer_log: u64,
    /// Sending a message at the end of an operation.
    pub notice: u64,
    /// Handler of the timer that begins a time step.
    pub timer_tick: u64,
    /// Noting how far the FIFO is filled.
    pub take_entries: u64,
    /// Freeing the entries that were taken.
    pub free_entries: u64,
    /// Cycles from the call of `dma_send` to the first command.
    pub dma_send_lead: u64,
    /// Cycles of `dma_send` between two commands.
    pub dma_send_per_destination: u64,
    /// Waiting with the event router: a turn that finds the FIFO empty.
    pub fifo_empty: u64,
    /// Waiting with the event router: a turn that takes an entry out of the FIFO.
    pub fifo_entry: u64,
    /// Additional cycles of a turn that takes out the last packet of a block.
    pub fifo_last: u64,
    /// Additional cycles of a turn that takes out the last entry of the ring.
    pub fifo_wrap: u64,
    /// Waiting with the event router: leaving the loop when all input is there.
    pub fifo_leave: u64,
}

impl Costs {
    /// Reads the committed listings at the scene's P and exp iterations.
    pub fn new(assume: &Assume, waiting: Waiting) -> Result<Self, ListingError> {
        let exp = u64::from(EXP_BASE_CYCLES) + u64::from(assume.exp_iterations);
        Ok(Self::of(KernelCosts::committed()?, exp, assume, waiting))
    }

    /// Returns the costs of each instruction kind alone, in the order of [`InstructionKind::ALL`].
    ///
    /// The exp unit's latency and the MAC array's time count as arithmetic.
    ///
    /// # Errors
    ///
    /// Fails as [`KernelCosts::committed`] does.
    pub fn by_kind(assume: &Assume, waiting: Waiting) -> Result<[Self; 3], ListingError> {
        let kernels = KernelCosts::by_kind()?;
        let exp = u64::from(EXP_BASE_CYCLES) + u64::from(assume.exp_iterations);
        let of = |at: usize| {
            let arithmetic = InstructionKind::ALL[at] == InstructionKind::Arithmetic;
            let costs = Self::of(&kernels[at], if arithmetic { exp } else { 0 }, assume, waiting);
            Self { mac_counts: arithmetic, ..costs }
        };
        Ok([of(0), of(1), of(2)])
    }

    fn of(kernels: &'static KernelCosts, exp: u64, assume: &Assume, waiting: Waiting) -> Self {
        let p = u32::from(assume.branch_refill);
        let stall = assume.sram_stall_percent / 100.0;
        let at = |cycles: Cycles| stalled(cycles.at(p), stall);
        let interrupt = at(kernels.receive_isr());
        let (check, wake) = match waiting {
            Waiting::Poll => (kernels.wait_check(), kernels.wait_wake_polling()),
            Waiting::Sleep => (kernels.wait_check_sleeping(), kernels.wait_wake_sleeping()),
        };
        let fifo = kernels.fifo(waiting == Waiting::Sleep);
        Self {
            kernels,
            refill: p,
            stall,
            dma_beat: dma::dma_beat(assume),
            dram_beat: dma::dram_beat(assume),
            exp,
            mac_use: assume.mac_use(),
            mac_counts: true,
            broadcast_lead: at(kernels.broadcast_lead()),
            broadcast_destination: at(kernels.broadcast_per_destination()),
            broadcast_packet: at(kernels.broadcast_per_packet()),
            interrupt,
            interrupt_last: at(kernels.receive_isr_last()).saturating_sub(interrupt),
            dma_interrupt: at(kernels.row_dma_isr()),
            wait_check: at(check),
            wake: at(wake),
            dma_start: at(kernels.row_dma_start()),
            dma_setup: u64::from(assume.dma_setup_cycles),
            timer_log: at(kernels.timer_log()),
            notice: at(kernels.barrier_send()),
            timer_tick: at(kernels.timer_tick()),
            take_entries: at(kernels.take_entries()),
            free_entries: at(kernels.free_entries()),
            dma_send_lead: at(kernels.dma_send_lead()),
            dma_send_per_destination: at(kernels.dma_send_per_destination()),
            fifo_empty: at(fifo.empty),
            fifo_entry: at(fifo.entry),
            fifo_last: at(fifo.last),
            fifo_wrap: at(fifo.wrap),
            fifo_leave: at(fifo.leave),
        }
    }

    /// Returns the costs of the committed kernels, to be priced with [`Self::at`].
    pub fn kernels(&self) -> &'static KernelCosts {
        self.kernels
    }

    /// Returns the latency of `count` exps of the exp unit, in PE cycles.
    pub fn exps(&self, count: u64) -> u64 {
        count * self.exp
    }

    /// Returns the PE cycles of instructions, with the time that the core waits for SRAM.
    pub fn at(&self, cycles: Cycles) -> u64 {
        stalled(cycles.at(self.refill), self.stall)
    }

    /// Returns the cycles of one run of a matrix kernel, including the MAC array's if it uses it.
    pub fn matrix(&self, kernel: &Kernel, work: &OpCounts) -> u64 {
        let core = stalled(kernel.cycles(work, self.kernels, self.refill), self.stall);
        core + kernel.mac().map_or(0, |shape| self.mac(shape).cycles)
    }

    /// Returns one run of the MAC array.
    ///
    /// Among the costs of [`Self::by_kind`], only those of arithmetic count its cycles.
    pub fn mac(&self, shape: MacShape) -> MacRun {
        let run = shape.run(self.mac_use);
        MacRun { cycles: if self.mac_counts { run.cycles } else { 0 }, ..run }
    }

    /// Returns the loads and stores of the kernels.
    pub fn accesses(&self) -> &'static Accesses {
        self.kernels.accesses()
    }

    /// Returns the cycles of a pass over `units` spiking neurons, `spiking` of which have spikes.
    pub fn neuron_pass(&self, pass: Pass, units: u32, spiking: u32) -> u64 {
        self.at(self.kernels.neuron_pass(pass, units, spiking))
    }

    /// Returns the cycles of marking the neurons of entries.
    ///
    /// Entries have numbers of spikes if `counts` is set.
    pub fn collect(&self, counts: bool, work: &CollectWork) -> u64 {
        self.at(self.kernels.collect(counts, work))
    }

    /// Returns the cycles of adding the rows of spikes to sums, in the order of their arrival.
    pub fn arrive(&self, form: ArriveForm, work: &ArriveWork) -> u64 {
        self.at(self.kernels.arrive(form, work))
    }

    /// Returns the cycles of drawing `units` random numbers and listing the neurons that spike.
    ///
    /// Entries have numbers of spikes if `counts` is set.
    pub fn poisson(&self, counts: bool, units: u32) -> u64 {
        self.at(self.kernels.poisson(counts, units))
    }

    /// Returns the cycles of adding synapse rows to sums.
    pub fn deliver(&self, form: Form, work: &DeliverWork) -> u64 {
        self.at(self.kernels.deliver(form, work))
    }

    /// Returns the cycles of sending events in `packets` packets.
    ///
    /// They have numbers of spikes if `counts` is set.
    pub fn send_events(&self, counts: bool, packets: u32) -> u64 {
        self.at(self.kernels.send_events(counts, packets))
    }

    /// Returns the cycles from the start of sending events to the trigger of the first one.
    pub fn send_events_lead(&self, counts: bool) -> u64 {
        self.at(self.kernels.send_events_lead(counts))
    }

    /// Returns the cycles from the trigger of one event to that of the next.
    pub fn send_event(&self, counts: bool) -> u64 {
        self.at(self.kernels.send_event(counts))
    }

    /// Returns the cycles of one run of a routine, including the MAC array's if it uses it.
    pub fn routine(&self, routine: Routine, work: &OpCounts) -> u64 {
        let array = routine.mac(work).map_or(0, |shape| self.mac(shape).cycles);
        self.at(self.kernels.matrix(routine, work)) + array
    }

    /// Returns the cycles of a `pointwise` call, or `pointwise_always` if the units always send.
    ///
    /// They are those of its instructions and the exp unit's latency for each exp.
    pub fn pointwise(&self, units: u32, always: bool) -> u64 {
        let exps = u64::from(units) * u64::from(self.kernels.pointwise_exps_per_unit());
        self.at(self.kernels.pointwise(units, always)) + exps * self.exp
    }

    /// Returns the cycles of one `trace` call.
    pub fn trace(&self, units: u32) -> u64 {
        self.at(self.kernels.trace(units))
    }

    /// Returns the cycles of one `clear` call.
    pub fn clear(&self, words: u32) -> u64 {
        self.at(self.kernels.clear(words))
    }

    /// Returns the cycles from the last trigger of one `broadcast` call to the first of the next.
    pub fn broadcast_next_call(&self, packets: u32, destinations: u32) -> u64 {
        let last = self.kernels.broadcast_trigger(
            packets.saturating_sub(1),
            destinations.saturating_sub(1),
            destinations,
        );
        let rest = self.at(self.kernels.broadcast(packets, destinations)).saturating_sub(self.at(last));
        rest + self.broadcast_lead
    }

    /// Returns the cycles of one `broadcast` call.
    pub fn broadcast(&self, packets: u32, destinations: u32) -> u64 {
        self.at(self.kernels.broadcast(packets, destinations))
    }

    /// Returns the cycles of packing a block of `units` units, `active` of them active.
    pub fn pack_events(&self, units: u32, active: u32) -> u64 {
        self.at(self.kernels.pack_events(units, active))
    }

    /// Returns the cycles of unpacking a mailbox into dense values, or into a list with `list`.
    pub fn unpack_events(&self, list: bool, work: &UnpackWork) -> u64 {
        self.at(self.kernels.unpack_events(list, work))
    }

    /// Returns the cycles of programming DMA transfers to `destinations` PEs.
    pub fn dma_send(&self, destinations: u32) -> u64 {
        self.at(self.kernels.dma_send(destinations))
    }

    /// Returns the cycles of a relay's messages to `destinations` QPEs.
    pub fn relay(&self, destinations: u32) -> u64 {
        self.at(self.kernels.barrier_release(destinations))
    }
}

/// Adds the time that the core waits for SRAM to the cycles of instructions.
///
/// Rounds down to whole cycles: parts of an operation never add up to more than the whole.
fn stalled(cycles: u64, share: f64) -> u64 {
    if share > 0.0 { cycles + (cycles as f64 * share) as u64 } else { cycles }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stalls_are_a_share_of_the_instructions_and_nothing_at_0() {
        let costs = |percent: f64| {
            let assume = Assume { sram_stall_percent: percent, ..Assume::default() };
            Costs::new(&assume, Waiting::Poll).unwrap()
        };
        let (none, ten) = (costs(0.0), costs(10.0));
        for units in [1, 27, 100] {
            let (before, after) = (none.pointwise(units, false), ten.pointwise(units, false));
            // The exp unit does not wait for SRAM.
            let exps = u64::from(units) * u64::from(none.kernels.pointwise_exps_per_unit()) * none.exp;
            assert_eq!(after - before, (before - exps) / 10, "{units}");
        }
        // Packets leave within the call that sends them.
        for (packets, destinations) in [(1, 1), (7, 14), (14, 38)] {
            let begun = ten.broadcast_lead
                + u64::from(packets - 1) * ten.broadcast_packet
                + u64::from(packets * (destinations - 1)) * ten.broadcast_destination;
            assert!(begun <= ten.broadcast(packets, destinations), "{packets} to {destinations}");
        }
    }

    #[test]
    fn the_slower_of_dram_and_dma_engine_sets_the_pace() {
        let beat = |dram_bytes_per_us, dma_beat_noc_cycles| {
            let assume = Assume { dma_beat_noc_cycles, dram_bytes_per_us, ..Assume::default() };
            let costs = Costs::new(&assume, Waiting::Poll).unwrap();
            (costs.dram_beat, costs.dma_beat)
        };
        assert_eq!(beat(3200, 1), (6, 4), "5 ns and 3.33 ns");
        assert_eq!(beat(1600, 1), (12, 4));
        assert_eq!(beat(3000, 2), (8, 8), "6.4 ticks are 7, less than the engine's 8");
    }
}
