//! Where everything lies in a PE's SRAM.
//!
//! Bank 0 holds the program; the rest of it takes the control blocks, the two buffers and the layer state; weights
//! start at bank 1 (0x8000), where the public linker script puts data memory; the stack keeps its place at 0x1F000
//! (NESTML `qpe.ld`). The debug log goes where there is room. What does not fit its own place spills to the other.

use thiserror::Error;

use super::delivery::{self, EventNeeds};
use crate::kernel::matrix::Shape;
use crate::kernel::options::KernelKind;
use crate::kernel::pointwise::PointwiseLayout;
use crate::machine::broadcast::SlotEvents;
use crate::machine::program::{Control, PACKET_BYTES, Region, RegionKind};
use crate::machine::sram::{BANK_BYTES, SRAM_BYTES};

/// Bytes of the PE's program: 17.9 KB in the paper's memory budget (taken as KiB, the larger reading), whole packets.
pub const PROGRAM_BYTES: u32 = 18_336;
/// Bytes of stack and heap (NESTML `qpe.ld`).
pub const STACK_BYTES: u32 = 4096;
/// First byte of stack and heap (NESTML `qpe.ld`).
pub const STACK_BASE: u32 = 0x1_F000;
/// Bytes of the debug log (the paper's memory budget).
pub const LOG_BYTES: u32 = 5120;

/// A layer's share on one PE, by size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share<'a> {
    /// Layer index.
    pub layer: u8,
    /// The layer's name.
    pub name: &'a str,
    /// Units.
    pub units: u32,
    /// Kernel and size of W.
    pub input: (KernelKind, Shape),
    /// Kernel and size of R.
    pub recurrent: (KernelKind, Shape),
    /// What it needs to send and receive events, if it does.
    pub events: Option<EventNeeds>,
}

impl Share<'_> {
    fn rows(&self) -> u32 {
        3 * self.units
    }

    fn y_bytes(&self) -> u32 {
        (4 * self.units).next_multiple_of(PACKET_BYTES)
    }
}

/// Addresses that must be the same in every PE, since one packet serves many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// Control block of each layer.
    pub control: Vec<Control>,
    /// Buffers A and B of each layer, byte addresses.
    pub buffers: Vec<[u32; 2]>,
    /// Bytes of one buffer of each layer.
    pub buffer_bytes: Vec<u32>,
    /// Bytes of the router's FIFO in each PE (at its own address), 0 for none.
    pub fifo_bytes: u32,
    /// First byte after control blocks and, if they are there, buffers in bank 0.
    bank0: u32,
    /// First byte of the buffers if they had to go below the stack.
    upper: u32,
}

impl Common {
    /// Lays out control blocks and buffers. `widths[layer]` is the larger of x and placed y in bytes; layers that share
    /// no PE share their buffers' addresses, so that one packet serves a layer and the next.
    pub fn new(widths: &[u32], shared: bool) -> Self {
        let control: Vec<Control> =
            (0..widths.len() as u32).map(|k| Control { base: PROGRAM_BYTES + k * Control::BYTES }).collect();
        let start = PROGRAM_BYTES + widths.len() as u32 * Control::BYTES;
        let whole = |bytes: u32| bytes.next_multiple_of(PACKET_BYTES);
        let widest = whole(widths.iter().copied().max().unwrap_or(0));
        let buffer_bytes: Vec<u32> =
            widths.iter().map(|&bytes| if shared { widest } else { whole(bytes) }).collect();
        let total = 2 * if shared { widest } else { buffer_bytes.iter().sum() };
        let in_bank0 = start + total <= BANK_BYTES;
        let mut at = if in_bank0 { start } else { STACK_BASE.saturating_sub(total) };
        let upper = if in_bank0 { STACK_BASE } else { at };
        let mut buffers = Vec::new();
        for bytes in &buffer_bytes {
            buffers.push([at, at + bytes]);
            if !shared {
                at += 2 * bytes;
            }
        }
        let bank0 = if in_bank0 { start + total } else { start };
        Self { control, buffers, buffer_bytes, fifo_bytes: 0, bank0, upper }
    }
}

/// Where one share's arrays lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotLayout {
    /// W: byte addresses in the order of [`KernelKind::arrays`].
    pub input: Vec<u32>,
    /// R: the same.
    pub recurrent: Vec<u32>,
    /// State.
    pub pointwise: PointwiseLayout,
    /// Where events are packed and unpacked.
    pub events: Option<SlotEvents>,
}

/// A PE's memory map.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryMap {
    /// In the order of the shares.
    pub slots: Vec<SlotLayout>,
    /// Debug log: first byte and size.
    pub log: (u32, u32),
    /// The router's FIFO: first byte and size.
    pub fifo: (u32, u32),
    /// Everything, ascending.
    pub regions: Vec<Region>,
}

/// The shares need more than there is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{needed} bytes are needed, {there} are there; no room for {what} ({bytes} bytes)")]
pub struct Full {
    /// Bytes everything needs, program, stack and log included.
    pub needed: u64,
    /// Bytes of SRAM.
    pub there: u32,
    /// What found no room.
    pub what: String,
    /// Its size.
    pub bytes: u64,
}

/// Free ranges of bank 0 and of the rest, filled from below.
pub(super) struct Allocator {
    bank0: (u32, u32),
    upper: (u32, u32),
    regions: Vec<Region>,
    wanted: u64,
    failed: Option<(String, u64)>,
}

impl Allocator {
    fn fixed(&mut self, start: u32, bytes: u32, name: String, kind: RegionKind) {
        self.wanted += u64::from(bytes);
        self.regions.push(Region { start, end: start + bytes, name, kind });
    }

    pub(super) fn take(&mut self, bytes: u64, name: String, kind: RegionKind) -> u32 {
        let size = bytes.next_multiple_of(4);
        self.wanted += size;
        let first_bank0 = kind != RegionKind::Weights;
        for bank0 in [first_bank0, !first_bank0] {
            let (start, end) = if bank0 { &mut self.bank0 } else { &mut self.upper };
            if u64::from(*start) + size <= u64::from(*end) {
                let at = *start;
                *start += size as u32;
                self.regions.push(Region { start: at, end: at + bytes as u32, name, kind });
                return at;
            }
        }
        self.failed.get_or_insert((name, bytes));
        0
    }
}

/// Lays out one PE.
pub fn lay_out(common: &Common, shares: &[Share<'_>]) -> Result<MemoryMap, Full> {
    let mut a = Allocator {
        bank0: (common.bank0, BANK_BYTES),
        upper: (BANK_BYTES, common.upper),
        regions: Vec::new(),
        wanted: 0,
        failed: None,
    };
    a.fixed(0, PROGRAM_BYTES, "program".into(), RegionKind::Program);
    a.fixed(STACK_BASE, STACK_BYTES, "stack and heap".into(), RegionKind::Stack);
    let mut seen: Vec<u32> = Vec::new();
    for share in shares {
        let k = usize::from(share.layer);
        a.fixed(common.control[k].base, Control::BYTES, format!("{} control", share.name), RegionKind::State);
        let bytes = common.buffer_bytes[k];
        for (at, letter) in common.buffers[k].into_iter().zip(["A", "B"]) {
            if !seen.contains(&at) {
                seen.push(at);
                a.fixed(at, bytes, format!("{} buffer {letter}", share.name), RegionKind::Buffer);
            }
        }
    }
    let mut slots = Vec::new();
    for share in shares {
        slots.push(SlotLayout {
            recurrent: matrix(&mut a, share, "R", share.recurrent),
            input: matrix(&mut a, share, "W", share.input),
            ..SlotLayout::default()
        });
    }
    for (share, slot) in shares.iter().zip(&mut slots) {
        slot.pointwise = state(&mut a, share);
        slot.events = share.events.map(|needs| delivery::take(&mut a, share.name, &needs));
    }
    let fifo = match common.fifo_bytes {
        0 => (0, 0),
        bytes => (a.take(u64::from(bytes), "router FIFO".into(), RegionKind::Buffer), bytes),
    };
    let log = (a.take(u64::from(LOG_BYTES), "debug log".into(), RegionKind::Log), LOG_BYTES);
    if let Some((what, bytes)) = a.failed {
        return Err(Full { needed: a.wanted, there: SRAM_BYTES, what, bytes });
    }
    a.regions.sort_by_key(|r| r.start);
    Ok(MemoryMap { slots, log, fifo, regions: a.regions })
}

fn matrix(
    a: &mut Allocator,
    share: &Share<'_>,
    matrix: &str,
    (kind, shape): (KernelKind, Shape),
) -> Vec<u32> {
    let mut take =
        |bytes, what| a.take(bytes, format!("{} {matrix} {what}", share.name), RegionKind::Weights);
    kind.arrays(shape).into_iter().map(|array| take(array.bytes, array.name)).collect()
}

fn state(a: &mut Allocator, share: &Share<'_>) -> PointwiseLayout {
    let (units, rows) = (4 * share.units, 4 * share.rows());
    let mut take =
        |bytes, what: &str| a.take(u64::from(bytes), format!("{} {what}", share.name), RegionKind::State);
    PointwiseLayout {
        units: share.units,
        y: take(share.y_bytes(), "y"),
        input_sums: take(rows, "sums W·x"),
        recurrent_sums: take(rows, "sums R·y"),
        bias: take(rows, "bias"),
        recurrent_bias: take(rows, "recurrent bias"),
        threshold: take(units, "thresholds θ"),
        cell: take(units, "cell states c"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(units: u32, input_nonzeros: u32, recurrent_nonzeros: u32) -> Share<'static> {
        let matrix = |nonzeros| (KernelKind::CsrRow, Shape { rows: 3 * units, sources: 1350, nonzeros });
        let (input, recurrent) = (matrix(input_nonzeros), matrix(recurrent_nonzeros));
        Share { layer: 0, name: "rnns.0", units, input, recurrent, events: None }
    }

    proptest! {
        #[test]
        fn regions_never_overlap_and_stay_inside(
            units in 1u32..60, w in 0u32..8000, r in 0u32..8000, x in 0u32..8000, shared in any::<bool>(),
        ) {
            let common = Common::new(&[4 * x], shared);
            match lay_out(&common, &[share(units, w, r)]) {
                Ok(map) => {
                    for pair in map.regions.windows(2) {
                        prop_assert!(pair[0].end <= pair[1].start, "{:?}", pair);
                    }
                    prop_assert!(map.regions.iter().all(|r| r.end <= SRAM_BYTES && r.start % 4 == 0));
                }
                Err(full) => prop_assert!(full.needed > 90_000, "{full}"),
            }
        }
    }

    #[test]
    fn the_papers_second_layer_fits_with_its_weights_in_banks_1_to_3() {
        // Fullest PE of the shipped model: 27 units, 10,939 non-zeros; x and placed y 50 blocks of 112 bytes.
        let common = Common::new(&[5600, 5600, 5600], true);
        let map = lay_out(&common, &[Share { layer: 1, ..share(27, 5470, 5469) }]).unwrap();
        let weights: Vec<_> = map.regions.iter().filter(|r| r.kind == RegionKind::Weights).collect();
        let bytes: u32 = weights.iter().map(|r| r.end - r.start).sum();
        assert_eq!(bytes, 88_168);
        assert!(weights.iter().all(|r| r.start >= BANK_BYTES));
    }
}
