//! What the chip is loaded with: per PE a memory image and a list of operations. Nothing in here ever changes while the
//! machine runs; [`super::state::State`] holds all that does.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::broadcast::options::Payload;
use super::broadcast::{Delivery, SlotEvents};
use super::costs::Costs;
use super::options::{Assume, Waiting};
use crate::chip::clock::OperatingPoint;
use crate::chip::constants::NOC_PAYLOAD_BYTES;
use crate::chip::geometry::Pe;
use crate::kernel::matrix::Kernel;
use crate::kernel::options::KernelKind;
use crate::kernel::pointwise::PointwiseLayout;

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
    /// Wait until all PEs of the layer have arrived, where the mapping needs a barrier.
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
/// `announce` (16 bytes: row of the input in DRAM, time step, 0, 0), the counters, and where barrier packets land.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// First byte.
    pub base: u32,
}

impl Control {
    /// Bytes of one control block.
    pub const BYTES: u32 = 64;

    /// Where a time step is announced: one packet, watched.
    pub const fn announce(self) -> u32 {
        self.base
    }
    /// Blocks of x (layer 0: announcements) arrived since the start.
    pub const fn inputs(self) -> u32 {
        self.base + 16
    }
    /// Blocks of y arrived since the start.
    pub const fn recurrents(self) -> u32 {
        self.base + 32
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
    /// Where barrier packets are written.
    pub const fn barrier_mail(self) -> u32 {
        self.base + 48
    }
}

/// PEs of one QPE that a broadcast writes to, or the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// QPE index the packets go to; [`super::broadcast::ROUTER`] for the event router.
    pub qpe: u8,
    /// Bit p: PE p of that QPE takes the packet. 0 with `host`.
    pub mask: u8,
    /// The packets leave the mesh at that QPE's router for the host.
    pub host: bool,
    /// Byte addresses of the two buffers at the receivers.
    pub buffers: [u32; 2],
    /// The sender's own layer is among the receivers: y(t), for R·y of the next step.
    pub own: bool,
    /// The next layer is among the receivers: x(t).
    pub next: bool,
}

/// A layer's share on one PE.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Layer index.
    pub layer: u8,
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
    /// x(t) is in `buffers[t % 2]`, y(t−1) in the other; y(t) lands on x(t)'s.
    pub buffers: [u32; 2],
    /// Byte offset of this PE's block in the layer's placed y.
    pub block: u32,
    /// Arrivals per step before W·x may start: blocks of x, or 1 announcement.
    pub input_blocks: u32,
    /// Arrivals of y per step.
    pub recurrent_blocks: u32,
    /// Who gets y.
    pub targets: Vec<Target>,
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
    /// Layers it hosts, in network order.
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
    /// The slot of a layer.
    pub fn slot_of(&self, layer: u8) -> Option<(u8, &Slot)> {
        self.slots.iter().position(|s| s.layer == layer).map(|i| (i as u8, &self.slots[i]))
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
    /// PEs of the layer wait for each other before they broadcast.
    pub barrier: bool,
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

/// Everything the chip is loaded with, and the constants it runs by.
#[derive(Debug)]
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
    /// Restart c from 0 every so many steps (the card's `carry: Y`); none to carry it on.
    pub cell_reset_every: Option<u32>,
    /// How outputs reach their readers.
    pub delivery: Delivery,
    /// Slot number of each layer on each PE, by PE index and layer; [`NO_SLOT`] where there is none.
    pub slot_numbers: Vec<Vec<u8>>,
}

/// Marks a layer that a PE does not host.
pub const NO_SLOT: u8 = u8::MAX;

/// The table of [`Program::slot_numbers`].
pub fn slot_numbers(pes: &[Option<PeProgram>], layers: usize) -> Vec<Vec<u8>> {
    let number = |pe: &Option<PeProgram>, layer: usize| {
        pe.as_ref().and_then(|p| p.slot_of(layer as u8)).map_or(NO_SLOT, |(number, _)| number)
    };
    pes.iter().map(|pe| (0..layers).map(|layer| number(pe, layer)).collect()).collect()
}

impl Program {
    /// The program of a PE, if it has one.
    pub fn pe(&self, pe: Pe) -> Option<&PeProgram> {
        self.pes.get(pe.index())?.as_ref()
    }

    /// Deliveries of y that end a layer's time step; of events only the last packets of blocks count.
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

    /// Where the host announces a time step: QPE index, PE mask, byte address.
    pub fn announce_to(&self) -> Vec<(u8, u8, u32)> {
        let slot = self.pes.iter().flatten().find_map(|p| p.slot_of(0));
        let Some((_, slot)) = slot else { return Vec::new() };
        let address = slot.control.announce();
        self.layer_masks(0).into_iter().map(|(qpe, mask)| (qpe, mask, address)).collect()
    }

    /// PEs with a program.
    pub fn used_pes(&self) -> usize {
        self.pes.iter().flatten().count()
    }
}
