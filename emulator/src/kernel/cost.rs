//! Costs of the kernels on a PE, read off their committed compiler listings.
//!
//! Each listing in `assets/kernels/` is executed a few times on small inputs under the Cortex-M4F
//! timing table ([`crate::chip::cortex_m4f`]). How the cycles grow from one input to the next gives
//! the coefficients of a closed formula; property tests hold that the formula equals execution on
//! any input. No cycle count is written down here.
//!
//! Costs are of the called function, its return included. What a listing cannot know is added where
//! it is charged: the exp unit's latency (6 + iterations cycles per exp), SRAM bank conflicts, NoC
//! and DMA time.

pub mod access;
mod arrivals;
mod events;
mod fast;
mod maps;
mod matrix;
mod measure;
mod spikes;
pub mod transformer;

use std::sync::OnceLock;

use crate::chip::cortex_m4f::{Cycles, EXCEPTION_ENTRY, EXCEPTION_EXIT};
use crate::chip::listing::kind::InstructionKind;
use crate::chip::listing::{Function, ListingError};
use crate::kernel::matrix::OpCounts;
use crate::kernel::routine::Routine;
use measure::{Meter, evaluate};

pub use events::FifoCosts;
pub use matrix::Coefficients;
pub use measure::Linear;

/// A kernel's C source and the listing made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// File name without extension.
    pub name: &'static str,
    /// Text of the C source.
    pub c: &'static str,
    /// Text of the assembler listing that the compiler made of it.
    pub listing: &'static str,
    /// Names of the functions that are timed.
    pub functions: &'static [&'static str],
}

impl Source {
    /// Returns the functions of the listing; [`crate::chip::listing::blocks`] has their loops and
    /// each line's cycles.
    pub fn parse(&self) -> Result<Vec<Function>, ListingError> {
        self.functions.iter().map(|name| Function::parse(self.listing, name)).collect()
    }
}

/// Makes the [`Source`] of a kernel from its file name, with source and listing built
/// into the program.
macro_rules! source {
    ($name:literal, $($function:literal),+) => {
        Source {
            name: $name,
            c: include_str!(concat!("../../../assets/kernels/", $name, ".c")),
            listing: include_str!(concat!("../../../assets/kernels/", $name, ".s")),
            functions: &[$($function),+],
        }
    };
}

/// Listings of all kernels.
pub const SOURCES: [Source; 31] = [
    source!("csr_row", "csr_row"),
    source!("csr_row16", "csr_row16"),
    source!("csr_row_skip", "csr_row_skip"),
    source!("csc_event", "csc_event8", "csc_all8", "csc_list8", "csc_event16", "csc_all16", "csc_list16"),
    source!("dense", "dense"),
    source!("dense_event", "dense_event", "dense_all"),
    source!("int8_csr", "int8_csr"),
    source!("int8_mac", "int8_mac"),
    source!("maps", "frame_bytes", "gather", "mac_product", "pool_bytes", "scale_sums"),
    source!("pointwise", "pointwise", "pointwise_or_equal", "trace"),
    source!("pointwise_always", "pointwise_always"),
    source!("clear", "clear"),
    source!("broadcast", "broadcast"),
    source!("receive_isr", "receive_isr"),
    source!("wait_input", "wait_polling", "wait_sleeping"),
    source!("embedding_dma", "embedding_dma_start", "embedding_dma_isr"),
    source!("timer_log", "timer_log"),
    source!("barrier", "barrier_collect"),
    source!("pack_events", "pack_events"),
    source!("unpack_dense", "unpack_dense"),
    source!("unpack_list", "unpack_list"),
    source!("wait_fifo", "fifo_polling", "fifo_sleeping"),
    source!("dma_send", "dma_send"),
    source!("timer_tick", "timer_tick"),
    source!(
        "synapses",
        "take_entries",
        "free_entries",
        "collect",
        "collect_counts",
        "deliver",
        "deliver_counts",
        "deliver_integers",
        "deliver_integer_counts",
        "deliver_later",
        "deliver_later_counts",
        "deliver_later_integers",
        "deliver_later_integer_counts"
    ),
    source!(
        "neurons",
        "take_integers",
        "filter",
        "leak_add",
        "difference",
        "fire_one",
        "fire_many",
        "subtract",
        "set_to",
        "set_zero",
        "settle",
        "raise_to",
        "begin_at",
        "list_spikes",
        "list_counts"
    ),
    source!("arrivals", "arrive", "arrive_counts", "arrive_integers", "arrive_integer_counts"),
    source!("poisson", "poisson", "poisson_counts"),
    source!("send_events", "send_keys", "send_counts"),
    source!("transformer", "layer_norm", "dense_int8", "add", "gelu", "scores", "softmax", "weigh"),
    source!(
        "spike_attention",
        "fill",
        "code_leaky",
        "code_quantised",
        "list_rows",
        "add_rows",
        "subtract_rows",
        "fire_leaky",
        "fire_quantised",
        "fire_constant",
        "remember",
        "recall",
        "fire_attention",
        "add_mean"
    ),
];

/// Costs of all kernels as functions of their work; every cost is linear in the branch refill P.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelCosts {
    csr: CsrRow,
    /// Costs of `pointwise` (units with events) and of `pointwise_always` (units that always send).
    pointwise: [PerItem; 2],
    exps_per_unit: u32,
    trace: PerItem,
    clear: PerItem,
    broadcast: Broadcast,
    receive: Cycles,
    receive_last: Cycles,
    wait: Wait,
    dma_start: Cycles,
    dma_isr: Cycles,
    timer_log: Cycles,
    barrier: PerItem,
    barrier_poll: Cycles,
    matrix: [Coefficients; Routine::ALL.len()],
    delivery: events::Delivery,
    accesses: &'static access::Accesses,
    arriving: Box<arrivals::Arriving>,
    spikes: Box<spikes::Spikes>,
    transformer: Box<transformer::Formulas>,
    maps: maps::Maps,
}

/// A loop over items: `none` without any, else `call + items · item`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PerItem {
    none: Linear,
    call: Linear,
    item: Linear,
}

impl PerItem {
    fn total(self, items: u32) -> Cycles {
        if items == 0 { evaluate(&[(self.none, 1)]) } else { evaluate(&[(self.call, 1), (self.item, items)]) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CsrRow {
    none: Linear,
    call: Linear,
    /// Cycles of a row with non-zeros, without those of its non-zeros.
    row: Linear,
    empty_row: Linear,
    nonzero: Linear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Broadcast {
    none: Linear,
    call: Linear,
    /// Cycles of a packet, without those of its destinations.
    packet: Linear,
    destination: Linear,
    /// Cycles of a packet that has no destination at all.
    unsent_packet: Linear,
    /// Cycles from the call to the first trigger.
    lead: Linear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wait {
    check_polling: Cycles,
    check_sleeping: Cycles,
    poll: Cycles,
    wake_sleeping: Cycles,
}

impl KernelCosts {
    /// Returns the costs measured on the committed listings. They are computed once.
    ///
    /// # Errors
    ///
    /// Fails if a listing cannot be measured: a fault of the build, not of the user's input. A test
    /// ensures that all can.
    pub fn committed() -> Result<&'static Self, ListingError> {
        static COSTS: OnceLock<Result<KernelCosts, ListingError>> = OnceLock::new();
        COSTS.get_or_init(|| measure::all(Meter::ALL)).as_ref().map_err(Clone::clone)
    }

    /// Returns the costs of each kind of instructions, in the order of [`InstructionKind::ALL`].
    ///
    /// They add up to those of [`Self::committed`]; costs of handlers are not split. They
    /// are computed once.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::committed`] does.
    #[allow(clippy::large_stack_arrays, reason = "computed once, into a static")]
    pub fn by_kind() -> Result<&'static [Self; InstructionKind::ALL.len()], ListingError> {
        static COSTS: OnceLock<Result<[KernelCosts; 3], ListingError>> = OnceLock::new();
        let measure = || {
            let [first, second, third] = InstructionKind::ALL.map(|kind| measure::all(Meter(Some(kind))));
            Ok([first?, second?, third?])
        };
        COSTS.get_or_init(measure).as_ref().map_err(Clone::clone)
    }

    /// Returns the cost of a matrix kernel for `work`, on at least one row and one source.
    pub fn matrix(&self, routine: Routine, work: &OpCounts) -> Cycles {
        self.coefficients(routine).total(work)
    }

    /// Returns the numbers of loads and stores in SRAM, as formulas.
    pub fn accesses(&self) -> &access::Accesses {
        self.accesses
    }

    /// Returns the coefficients of a matrix kernel's cost.
    pub fn coefficients(&self, routine: Routine) -> &Coefficients {
        &self.matrix[routine as usize]
    }

    /// Returns the cost of `csr_row` over `rows` rows, `empty_rows` of them without non-zeros.
    pub fn csr_row(&self, rows: u32, nonzeros: u32, empty_rows: u32) -> Cycles {
        if rows == 0 {
            return evaluate(&[(self.csr.none, 1)]);
        }
        evaluate(&[
            (self.csr.call, 1),
            (self.csr.row, rows.saturating_sub(empty_rows)),
            (self.csr.empty_row, empty_rows),
            (self.csr.nonzero, nonzeros),
        ])
    }

    /// Returns the cost of `pointwise` over `units` units, or of `pointwise_always` if they always
    /// send, both without the latency of the exp unit.
    pub fn pointwise(&self, units: u32, always: bool) -> Cycles {
        self.pointwise[usize::from(always)].total(units)
    }

    /// Returns the exp-unit operations per unit; the emulator adds 6 + iterations cycles for each.
    pub fn pointwise_exps_per_unit(&self) -> u32 {
        self.exps_per_unit
    }

    /// Returns the cost of `trace` over `units` units.
    pub fn trace(&self, units: u32) -> Cycles {
        self.trace.total(units)
    }

    /// Returns the cost of `clear` of `words` words.
    pub fn clear(&self, words: u32) -> Cycles {
        self.clear.total(words)
    }

    /// Returns the cost of `broadcast` of `packets` packets, each to `destinations` QPEs.
    pub fn broadcast(&self, packets: u32, destinations: u32) -> Cycles {
        if packets == 0 {
            return evaluate(&[(self.broadcast.none, 1)]);
        }
        if destinations == 0 {
            return evaluate(&[(self.broadcast.call, 1), (self.broadcast.unsent_packet, packets)]);
        }
        let triggers = packets.saturating_mul(destinations);
        evaluate(&[
            (self.broadcast.call, 1),
            (self.broadcast.packet, packets),
            (self.broadcast.destination, triggers),
        ])
    }

    /// Returns the cycles from the start of `broadcast` until its first packet is triggered.
    pub fn broadcast_lead(&self) -> Cycles {
        evaluate(&[(self.broadcast.lead, 1)])
    }

    /// Returns the cycles of each packet besides its destinations.
    pub fn broadcast_per_packet(&self) -> Cycles {
        evaluate(&[(self.broadcast.packet, 1)])
    }

    /// Returns the cycles between the triggers of one packet for two consecutive destinations.
    pub fn broadcast_per_destination(&self) -> Cycles {
        evaluate(&[(self.broadcast.destination, 1)])
    }

    /// Returns the cycles from the start of `broadcast` until packet `packet` is triggered for
    /// destination `destination` (both from 0) of `destinations`.
    pub fn broadcast_trigger(&self, packet: u32, destination: u32, destinations: u32) -> Cycles {
        let before = packet.saturating_mul(destinations).saturating_add(destination);
        evaluate(&[
            (self.broadcast.lead, 1),
            (self.broadcast.packet, packet),
            (self.broadcast.destination, before),
        ])
    }

    /// Returns the cost of `receive_isr` for a block that is not the last one expected, exception
    /// entry and exit included.
    pub fn receive_isr(&self) -> Cycles {
        self.receive
    }

    /// Returns the cost of `receive_isr` for the last expected block, where it also raises the
    /// flag, exception entry and exit included.
    pub fn receive_isr_last(&self) -> Cycles {
        self.receive_last
    }

    /// Returns the cost of `wait_polling` when the flag is already up.
    pub fn wait_check(&self) -> Cycles {
        self.wait.check_polling
    }

    /// Returns the cost of `wait_sleeping` when the flag is already up.
    pub fn wait_check_sleeping(&self) -> Cycles {
        self.wait.check_sleeping
    }

    /// Returns the cost of one turn of the polling loop that finds the flag down.
    pub fn wait_poll(&self) -> Cycles {
        self.wait.poll
    }

    /// Returns the cycles from the flag going up to leaving `wait_polling`: the whole turn that has
    /// just missed it, and the last turn.
    ///
    /// The whole missed turn is the worst case. The emulator does not follow the loop turn by turn,
    /// so it does not know the phase; half a turn less on average is a few cycles per wait, below
    /// what anything else here resolves.
    pub fn wait_wake_polling(&self) -> Cycles {
        self.wait.poll + self.wait.check_polling
    }

    /// Returns the cycles from the end of WFI to leaving `wait_sleeping`, without the handler that
    /// runs in between.
    pub fn wait_wake_sleeping(&self) -> Cycles {
        self.wait.wake_sleeping
    }

    /// Returns the cost of `embedding_dma_start`: from the token to the DMA command.
    pub fn row_dma_start(&self) -> Cycles {
        self.dma_start
    }

    /// Returns the cost of `embedding_dma_isr`, which handles the end of the DMA read, exception
    /// entry and exit included.
    pub fn row_dma_isr(&self) -> Cycles {
        self.dma_isr
    }

    /// Returns the cost of `timer_log`, for one entry of the debug log.
    pub fn timer_log(&self) -> Cycles {
        self.timer_log
    }

    /// Returns the cost of a PE's message to the coordinator: a broadcast of one packet to one QPE.
    pub fn barrier_send(&self) -> Cycles {
        self.broadcast(1, 1)
    }

    /// Returns the cost of `barrier_collect` over `pes` slots that are all up to date.
    pub fn barrier_collect(&self, pes: u32) -> Cycles {
        self.barrier.total(pes)
    }

    /// Returns the cost of one more slot in `barrier_collect`.
    pub fn barrier_slot_check(&self) -> Cycles {
        evaluate(&[(self.barrier.item, 1)])
    }

    /// Returns the cost of one turn of `barrier_collect` at a slot that is behind.
    pub fn barrier_poll(&self) -> Cycles {
        self.barrier_poll
    }

    /// Returns the coordinator's cost of group release: a packet broadcast to `destinations` QPEs.
    pub fn barrier_release(&self, destinations: u32) -> Cycles {
        self.broadcast(1, destinations)
    }
}

/// Returns an interrupt handler's cost: exception entry, its instructions before the return, exit.
fn interrupt(before_return: Linear) -> Cycles {
    EXCEPTION_ENTRY + evaluate(&[(before_return, 1)]) + EXCEPTION_EXIT
}

#[cfg(test)]
mod machine_code;
#[cfg(test)]
mod tests;
