//! A machine at one moment, kept to come back to.

use super::exec::Machine;
use super::pages::{PageStore, Pages};
use super::state::{PeState, State};
use crate::chip::geometry::Pe;

/// Mutable state of a machine at one moment. Memory is shared with other checkpoints
/// through a [`PageStore`].
#[derive(Clone, Debug)]
pub struct Checkpoint {
    state: State<Pages>,
}

impl Checkpoint {
    /// Returns a bit mask of a PE's pages that includes all written since the checkpoint before.
    pub fn written_pages(&self, pe: Pe) -> u128 {
        self.state.pes[pe.index()].sram.written
    }

    /// Returns the approximate bytes of the checkpoint that no other shares, pages left out.
    pub fn own_bytes(&self) -> usize {
        let state = &self.state;
        let pes = state.pes.len() * (size_of::<PeState<Pages>>() + super::sram::PAGES * size_of::<usize>());
        let queue = state.queue.len() * size_of::<super::queue::Event>();
        let packets = state.packets.capacity() * size_of::<super::state::Travelling>();
        let links = size_of_val(state.noc.links.as_slice()) + state.noc.bytes();
        pes + queue + packets + links + state.matrix.bytes() + size_of_val(state.host.y.as_slice())
    }
}

impl Machine {
    /// Saves the state of the machine. Watched bytes are not part of it.
    pub fn checkpoint(&mut self, store: &mut PageStore) -> Checkpoint {
        let pes = self.state.pes.iter_mut().map(|pe| {
            let pages = pe.sram.checkpoint(store);
            pe.with_memory(pages)
        });
        let pes = pes.collect();
        Checkpoint { state: self.state.with_pes(pes) }
    }

    /// Restores the state saved in a checkpoint of this machine.
    pub fn restore(&mut self, checkpoint: &Checkpoint) {
        (self.tracing, self.relayed) = (None, false);
        let live = std::mem::take(&mut self.state.pes);
        let faults = &checkpoint.state.faults;
        let pes = self.program.places().zip(live.into_iter().zip(&checkpoint.state.pes)).map(
            |(pe, (live, then))| {
                let mut sram = live.sram;
                sram.restore(&then.sram);
                sram.stick(faults.stuck(pe));
                then.with_memory(sram)
            },
        );
        self.state = checkpoint.state.with_pes(pes.collect());
        self.forget_written();
    }
}

impl<M> PeState<M> {
    /// Returns this PE's state with another memory. Names every field: none can be forgotten.
    pub(super) fn with_memory<N>(&self, sram: N) -> PeState<N> {
        let Self {
            sram: _,
            status,
            operation,
            began,
            ends,
            interrupts_until,
            interrupts,
            awaited,
            cursor,
            transfers,
            fifo,
            timer,
            inject_delay,
            ended,
            timer_counts,
            logged,
            writes,
            banks,
            count,
        } = self;
        PeState {
            sram,
            status: *status,
            operation: *operation,
            began: *began,
            ends: *ends,
            interrupts_until: *interrupts_until,
            interrupts: interrupts.clone(),
            awaited: *awaited,
            cursor: *cursor,
            transfers: transfers.clone(),
            fifo: *fifo,
            timer: timer.clone(),
            inject_delay: *inject_delay,
            ended: ended.clone(),
            timer_counts: *timer_counts,
            logged: *logged,
            writes: writes.clone(),
            banks: banks.clone(),
            count: *count,
        }
    }
}

impl<M> State<M> {
    /// Returns this state with other PEs. Names every field: none can be forgotten.
    pub(super) fn with_pes<N>(&self, pes: Vec<PeState<N>>) -> State<N> {
        let Self {
            tick,
            events,
            between_steps,
            disturbed,
            queue,
            pes: _,
            timer,
            noc,
            router,
            chip_links,
            blocked,
            blocked_since,
            packets,
            sent,
            lost,
            dram_free,
            deliveries_left,
            outputs_left,
            active,
            products,
            host,
            phases,
            busy,
            traffic,
            matrix,
            races,
            bank_timing_matters,
            faults,
            fault,
        } = self;
        State {
            tick: *tick,
            events: *events,
            between_steps: *between_steps,
            disturbed: *disturbed,
            queue: queue.clone(),
            pes,
            timer: timer.clone(),
            noc: noc.clone(),
            router: router.clone(),
            chip_links: chip_links.clone(),
            blocked: blocked.clone(),
            blocked_since: blocked_since.clone(),
            packets: packets.clone(),
            sent: *sent,
            lost: lost.clone(),
            dram_free: dram_free.clone(),
            deliveries_left: deliveries_left.clone(),
            outputs_left: *outputs_left,
            active: active.clone(),
            products: products.clone(),
            host: host.clone(),
            phases: phases.clone(),
            busy: busy.clone(),
            traffic: *traffic,
            matrix: matrix.clone(),
            races: races.clone(),
            bank_timing_matters: *bank_timing_matters,
            faults: faults.clone(),
            fault: fault.clone(),
        }
    }
}
