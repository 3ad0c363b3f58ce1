//! What the chip is loaded with: per PE a memory image and a list of operations. Nothing in here ever changes while the
//! machine runs; [`super::state::State`] holds all that does.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::broadcast::options::Payload;
use super::broadcast::{Delivery, SlotEvents};
pub use super::buffers::Buffers;
use super::costs::Costs;
use super::options::{Assume, Waiting};
use crate::chip::clock::OperatingPoint;
use crate::chip::constants::NOC_PAYLOAD_BYTES;
use crate::chip::geometry::Pe;
use crate::kernel::matrix::Kernel;
use crate::kernel::options::KernelKind;
use crate::kernel::pointwise::PointwiseLayout;
use crate::net::Carry;

/// Bytes of one packet's payload: 128 bits (CHIP26).
pub const PACKET_BYTES: u32 = NOC_PAYLOAD_BYTES as u32;
/// Words of one packet's payload.
pub const PACKET_WORDS: usize = NOC_PAYLOAD_BYTES / 4;

/// What the core of a PE does, after the paper's Algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// Wait until all of x(t) and y(t−1) have arrived (layer 0: until the next time step is announced).
    Wait,
    /// Layer 0: fetch x(t) from DRAM by DMA.
    Embedding,
    /// `egru_input`: W·x; with a barrier, also the note to its coordinator that it is done.
    Input,
    /// `egru_internal`: R·y.
    Recurrent,
    /// Gates, cell state, threshold, event.
    Pointwise,
    /// Wait until all PEs of the layer have arrived, where the mapping needs a barrier, and until the next layer has room
    /// for another x, where layers work on different time steps.
    Barrier,
    /// Send y to every PE that needs it.
    Broadcast,
    /// Read the 1 MHz timer and write the debug log.
    Log,
}

impl Phase {
    /// All phases in the order a PE goes through them.
    pub const ALL: [Self; 8] = [
        Self::Wait,
        Self::Embedding,
        Self::Input,
        Self::Recurrent,
        Self::Pointwise,
        Self::Barrier,
        Self::Broadcast,
        Self::Log,
    ];

    /// What it computes, in words and symbols.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Wait => "waiting for input",
            Self::Embedding => "embedding from DRAM",
            Self::Input => "W·x",
            Self::Recurrent => "R·y",
            Self::Pointwise => "gates, c, θ, event",
            Self::Barrier => "layer barrier",
            Self::Broadcast => "y to all readers",
            Self::Log => "timer and debug log",
        }
    }

    /// Position in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Name in reports and tables; the paper's own where it has one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Embedding => "embedding",
            Self::Input => "egru_input",
            Self::Recurrent => "egru_internal",
            Self::Pointwise => "pointwise",
            Self::Barrier => "barrier",
            Self::Broadcast => "broadcast",
            Self::Log => "log",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One operation of a PE's program: a phase for one of its layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What to do.
    pub phase: Phase,
    /// For which of the PE's slots.
    pub slot: u8,
    /// For [`Phase::Wait`]: only y(t−1) has to be there, not yet x(t).
    pub recurrent_only: bool,
}

/// The words through which a layer's share on a PE is told things; at the same address in every PE.
///
/// `announce` (16 bytes: row of the input in DRAM, time step, 0, 0; with time steps in flight the rows of the last four),
/// the counters, and where barrier packets land. Where time steps overlap, blocks are counted for each buffer apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// First byte.
    pub base: u32,
}

impl Control {
    /// Bytes of one control block.
    pub const BYTES: u32 = 64;
    /// The same with arrival counters for each of three buffers.
    pub const PIPELINED_BYTES: u32 = 96;

    /// Where a time step is announced: one packet, watched.
    pub const fn announce(self) -> u32 {
        self.base
    }
    /// Blocks of x (layer 0: announcements) arrived since the start, in counter set `set`.
    pub const fn inputs(self, set: u8) -> u32 {
        if set == 0 { self.base + 16 } else { self.base + 60 + 4 * set as u32 }
    }
    /// Blocks of y arrived since the start, in counter set `set`.
    pub const fn recurrents(self, set: u8) -> u32 {
        if set == 0 { self.base + 32 } else { self.base + 76 + 4 * set as u32 }
    }
    /// Time steps this share has completed.
    pub const fn steps(self) -> u32 {
        self.base + 20
    }
    /// Notes "W·x done" arrived since the start (the coordinator's only).
    pub const fn barrier_done(self) -> u32 {
        self.base + 24
    }
    /// The coordinator's "go"s arrived since the start.
    pub const fn barrier_go(self) -> u32 {
        self.base + 28
    }
    /// Notes "R·y done" arrived since the start (the coordinator's only).
    pub const fn credit_done(self) -> u32 {
        self.base + 36
    }
    /// The next layer's "go"s arrived since the start.
    pub const fn credit_go(self) -> u32 {
        self.base + 40
    }
    /// Where barrier packets are written.
    pub const fn barrier_mail(self) -> u32 {
        self.base + 48
    }
}

/// Time steps that may be announced and not complete: an announcement is one packet, with a word for each.
pub const MAX_IN_FLIGHT: u32 = PACKET_WORDS as u32;

/// PEs of one QPE that a broadcast writes to, or the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// QPE index the packets go to; [`super::broadcast::ROUTER`] for the event router.
    pub qpe: u8,
    /// Bit p: PE p of that QPE takes the packet. 0 with `host`.
    pub mask: u8,
    /// The packets leave the mesh at that QPE's router for the host.
    pub host: bool,
    /// Byte address of what they are sent, at the sender: its y or its traces.
    pub payload: u32,
    /// The buffers at the receivers; the host keeps its own.
    pub buffers: Buffers,
    /// The sender's own layer is among the receivers: y(t), for R·y of the next step.
    pub own: bool,
    /// The next layer is among the receivers: x(t).
    pub next: bool,
}

/// A layer's share on one PE, for one sample of the batch. The samples' slots have the same weights, at the same addresses.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Layer index.
    pub layer: u8,
    /// Sample of the batch.
    pub sample: u8,
    /// Model indices of the units here, ascending.
    pub units: Vec<u32>,
    /// W.
    pub input: Kernel,
    /// R.
    pub recurrent: Kernel,
    /// What the scene asked for W and R.
    pub kinds: [KernelKind; 2],
    /// Non-zeros of W and R here.
    pub nonzeros: [u32; 2],
    /// Sums, biases, thresholds, states, y.
    pub pointwise: PointwiseLayout,
    /// Told through these words.
    pub control: Control,
    /// Where x and y arrive.
    pub buffers: Buffers,
    /// Byte offset of this PE's block in the layer's placed y.
    pub block: u32,
    /// Bytes of the layer's placed y: what R·y reads.
    pub outputs: u32,
    /// Arrivals per step before W·x may start: blocks of x, or 1 announcement.
    pub input_blocks: u32,
    /// Arrivals of y per step.
    pub recurrent_blocks: u32,
    /// Who gets y, or the traces.
    pub targets: Vec<Target>,
    /// The first so many of them get the traces, the others y.
    pub trace_targets: u32,
    /// This PE collects the layer's barrier.
    pub coordinator: bool,
    /// How events are sent and received, where y is sent as events.
    pub events: Option<SlotEvents>,
}

impl Slot {
    /// Packets of this share's y block, where all of y is sent.
    pub fn packets(&self) -> u32 {
        (self.units.len() as u32 * 4).div_ceil(PACKET_BYTES)
    }

    /// The targets that get the same payload as target `target`: one call of `broadcast` serves them.
    pub fn call(&self, target: u32) -> Range<u32> {
        if target < self.trace_targets {
            0..self.trace_targets
        } else {
            self.trace_targets..self.targets.len() as u32
        }
    }

    /// The calls of `broadcast` that a time step takes: two where the layer passes on traces, since its own PEs get y.
    pub fn calls(&self) -> impl Iterator<Item = Range<u32>> {
        [0..self.trace_targets, self.trace_targets..self.targets.len() as u32]
            .into_iter()
            .filter(|call| !call.is_empty())
    }

    /// Bytes that a [`Restart`] of outputs clears: first byte and words of y(t−1), c and the traces at time step `step`.
    pub fn restarted(&self, step: u32) -> Vec<(u32, u32)> {
        let layout = &self.pointwise;
        let mut cleared = vec![(self.buffers.before(step), self.outputs / 4), (layout.cell, layout.units)];
        cleared.extend(layout.trace.map(|trace| (trace, layout.units)));
        cleared
    }
}

/// What kind of bytes a region holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RegionKind {
    /// Instructions and constants.
    Program,
    /// Weight values, column indices, row pointers.
    Weights,
    /// x and y as packets deliver them.
    Buffer,
    /// Cell state, biases, thresholds, gate sums, counters.
    State,
    /// Stack and heap.
    Stack,
    /// Timer values and messages.
    Log,
}

/// A range of a PE's SRAM and what lives there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// What it is, in words.
    pub name: String,
    /// What kind of bytes.
    pub kind: RegionKind,
}

/// One PE's program and memory.
#[derive(Clone, Debug, PartialEq)]
pub struct PeProgram {
    /// Repeated for ever.
    pub operations: Vec<Operation>,
    /// Layers it hosts, in network order; of each, the samples.
    pub slots: Vec<Slot>,
    /// Its memory map, ascending.
    pub regions: Vec<Region>,
    /// Words that the host writes before the start.
    pub image: Vec<(u32, Vec<u32>)>,
    /// Debug log: first byte and size.
    pub log: (u32, u32),
    /// FIFO of the event router's packets: first byte and size; 0 bytes where there is none.
    pub fifo: (u32, u32),
}

impl PeProgram {
    /// The slot of a layer (the first sample's).
    pub fn slot_of(&self, layer: u8) -> Option<(u8, &Slot)> {
        self.slots.iter().position(|s| s.layer == layer).map(|i| (i as u8, &self.slots[i]))
    }

    /// One slot of each layer: for what all samples share.
    pub fn layers(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| slot.sample == 0)
    }

    /// Bytes in use per bank.
    pub fn bank_bytes(&self) -> [u32; super::sram::BANKS] {
        let mut banks = [0; super::sram::BANKS];
        for region in &self.regions {
            for (b, bytes) in banks.iter_mut().enumerate() {
                let (start, end) =
                    (b as u32 * super::sram::BANK_BYTES, (b as u32 + 1) * super::sram::BANK_BYTES);
                *bytes += region.end.min(end).saturating_sub(region.start.max(start));
            }
        }
        banks
    }
}

/// One layer, as placed.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerProgram {
    /// Its name in the model.
    pub name: String,
    /// PEs, in block order.
    pub pes: Vec<Pe>,
    /// Word of each unit (by model index) in the placed y.
    pub unit_word: Vec<u32>,
    /// Words of the placed y, blocks padded to packets.
    pub words: u32,
    /// Control block of each sample, the same in every PE.
    pub control: Vec<Control>,
    /// PEs of the layer wait for each other before they broadcast.
    pub barrier: bool,
    /// Before step t is broadcast, every PE of the next layer has to have finished R·y of step t − 2: x(t) lands on the
    /// y that it reads. Needed only with more than two steps in flight.
    pub credits: bool,
    /// R·y is computed while the PE waits for x: its time is not on the time line of the phases.
    pub overlap_recurrent: bool,
}

/// Rows of f32 in DRAM: embeddings, or features. A row is read by one DMA.
pub trait DramRows: Send + Sync + fmt::Debug {
    /// Singles in a row.
    fn width(&self) -> usize;
    /// Reads row `row`; a row that does not exist reads as zeros.
    fn read(&self, row: u32, out: &mut [f32]);
}

/// Sequences on the chip: what a PE does at the first time step of each.
///
/// With `outputs`, `clear` (`assets/kernels/clear.c`) sets y(t−1), c and the traces to 0 before R·y, and the core is charged
/// for it. By then all of y(t−1) has arrived, and nothing is sent to its bytes before R·y has read them: x(t+1) lands
/// there only in the next time step. Without, the point-wise step takes c and the traces as 0, at no charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    /// Time steps in a sequence.
    pub every: u32,
    /// y(t−1) restarts at 0 too, not only c and the traces.
    pub outputs: bool,
}

impl Restart {
    /// What `carry` asks for, in sequences of so many steps.
    pub fn of(carry: Carry, every: u32) -> Option<Self> {
        (carry != Carry::CAndY).then_some(Self { every, outputs: carry == Carry::Nothing })
    }

    /// Time step `step` is the first of a sequence.
    pub fn at(self, step: u32) -> bool {
        step.is_multiple_of(self.every.max(1))
    }
}

/// Everything the chip is loaded with, and the constants it runs by.
#[derive(Clone, Debug)]
pub struct Program {
    /// By PE index.
    pub pes: Vec<Option<PeProgram>>,
    /// In network order.
    pub layers: Vec<LayerProgram>,
    /// Rows for layer 0.
    pub dram: Arc<dyn DramRows>,
    /// Cycles of everything.
    pub costs: Costs,
    /// Clock and voltage.
    pub operating_point: OperatingPoint,
    /// What a PE does while it waits.
    pub waiting: Waiting,
    /// What is not published.
    pub assume: Assume,
    /// Where sequences begin, and what begins anew there; none to carry all state on.
    pub restart: Option<Restart>,
    /// How outputs reach their readers.
    pub delivery: Delivery,
    /// Slot number of each layer and sample on each PE, by PE index and [`Program::lane`]; [`NO_SLOT`] where there is none.
    pub slot_numbers: Vec<Vec<u8>>,
    /// Samples computed side by side.
    pub batch: u32,
    /// Time steps that may be announced and not complete, 1 to [`MAX_IN_FLIGHT`].
    pub steps_in_flight: u32,
}

/// Marks a layer that a PE does not host.
pub const NO_SLOT: u8 = u8::MAX;

/// The table of [`Program::slot_numbers`].
pub fn slot_numbers(pes: &[Option<PeProgram>], layers: usize, batch: u32) -> Vec<Vec<u8>> {
    let batch = batch as usize;
    let numbers = |pe: &Option<PeProgram>| {
        let mut numbers = vec![NO_SLOT; layers * batch];
        for (number, slot) in pe.iter().flat_map(|pe| pe.slots.iter().enumerate()) {
            if let Some(at) = numbers.get_mut(usize::from(slot.layer) * batch + usize::from(slot.sample)) {
                *at = number as u8;
            }
        }
        numbers
    };
    pes.iter().map(numbers).collect()
}

impl Program {
    /// The program of a PE, if it has one.
    pub fn pe(&self, pe: Pe) -> Option<&PeProgram> {
        self.pes.get(pe.index())?.as_ref()
    }

    /// Number of a layer's sample among all layers' samples.
    pub fn lane(&self, layer: u8, sample: u8) -> usize {
        usize::from(layer) * self.batch as usize + usize::from(sample)
    }

    /// How many there are.
    pub fn lanes(&self) -> usize {
        self.layers.len() * self.batch as usize
    }

    /// PEs of `layer` tell the layer before it when they have finished R·y.
    pub fn gives_credits(&self, layer: u8) -> bool {
        usize::from(layer)
            .checked_sub(1)
            .and_then(|before| self.layers.get(before))
            .is_some_and(|l| l.credits)
    }

    /// Deliveries of y that end a layer's time step, for each sample; of events only the last packets of blocks count.
    pub fn deliveries(&self, layer: u8) -> u32 {
        let slots = self.pes.iter().flatten().filter_map(|p| p.slot_of(layer));
        let counted = |slot: &Slot| if self.delivery.payload == Payload::Events { 1 } else { slot.packets() };
        let copies = |slot: &Slot| slot.targets.iter().map(|t| self.delivery.copies(layer, t)).sum::<u32>();
        slots.map(|(_, slot)| counted(slot) * copies(slot)).sum()
    }

    /// QPE index and PE mask of every QPE that works for a layer, in QPE order.
    pub fn layer_masks(&self, layer: u8) -> Vec<(u8, u8)> {
        let mut masks = std::collections::BTreeMap::new();
        for pe in self.layers.get(usize::from(layer)).into_iter().flat_map(|l| &l.pes) {
            *masks.entry(pe.qpe_index() as u8).or_insert(0u8) |= 1 << pe.p();
        }
        masks.into_iter().collect()
    }

    /// The packet that announces a time step. `row(n)` is the row of the step n before it; in a pipeline word w holds the
    /// latest step whose number leaves w, since those before may still be to begin.
    pub fn announcement(&self, step: u32, row: impl Fn(u32) -> u32) -> [u32; PACKET_WORDS] {
        if self.steps_in_flight > 1 {
            std::array::from_fn(|word| row(step.wrapping_sub(word as u32) % MAX_IN_FLIGHT))
        } else {
            [row(0), step, 0, 0]
        }
    }

    /// Where the host announces a sample's time step: QPE index, PE mask, byte address.
    pub fn announce_to(&self, sample: usize) -> Vec<(u8, u8, u32)> {
        let control = self.layers.first().and_then(|layer| layer.control.get(sample));
        let Some(control) = control else { return Vec::new() };
        let address = control.announce();
        self.layer_masks(0).into_iter().map(|(qpe, mask)| (qpe, mask, address)).collect()
    }

    /// PEs with a program.
    pub fn used_pes(&self) -> usize {
        self.pes.iter().flatten().count()
    }
}
