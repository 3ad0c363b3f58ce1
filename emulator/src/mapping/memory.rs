//! Memory map of a PE's SRAM.
//!
//! Bank 0 holds the program; the rest of it takes the control blocks, the two or three buffers and
//! the layer state; weights start at bank 1 (0x8000), where the public linker script puts data
//! memory; the stack keeps its place at 0x1F000 (NESTML `qpe.ld`). The debug log goes where there
//! is room. What does not fit its own place spills to the other.

use thiserror::Error;

use super::delivery::{self, EventLayout, EventNeeds};
use super::egru::control::Control;
use crate::kernel::matrix::Shape;
use crate::kernel::options::KernelKind;
use crate::kernel::pointwise::PointwiseLayout;
use crate::machine::program::{Buffers, PACKET_BYTES, Program, Region, RegionKind};
use crate::machine::sram::{BANK_BYTES, SRAM_BYTES};
use crate::net::{Compare, Output, Tanh};

pub use crate::chip::constants::{LOG_BYTES, PROGRAM_BYTES, STACK_BASE, STACK_BYTES};

/// A layer's share on one PE, by size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share<'a> {
    /// Index of the layer in the network.
    pub layer: u8,
    /// Name of the layer in the model.
    pub name: &'a str,
    /// Number of units on the PE.
    pub units: u32,
    /// Output of the layer: y, or traces beside it.
    pub output: Output,
    /// Comparison of c with θ that makes an event.
    pub compare: Compare,
    /// Units that send in every step.
    pub always: bool,
    /// Arithmetic of the candidate state's tanh.
    pub tanh: Tanh,
    /// Kernel and size of W.
    pub input: (KernelKind, Shape),
    /// Kernel and size of R.
    pub recurrent: (KernelKind, Shape),
    /// Needs of sending and receiving events, where events are sent.
    pub events: Option<EventNeeds>,
}

impl Share<'_> {
    fn rows(&self) -> u32 {
        3 * self.units
    }

    fn y_bytes(&self) -> u32 {
        block_bytes(self.units as usize)
    }
}

/// Returns the bytes of the block that `units` values are sent in: whole packets.
pub(super) fn block_bytes(units: usize) -> u32 {
    (4 * units as u32).next_multiple_of(PACKET_BYTES)
}

/// Returns the word of each unit, by model index, among the values that the PEs with these units
/// send, and the number of words: a block for each PE, one after the other.
pub(super) fn unit_words(assignment: &[Vec<u32>]) -> (Vec<u32>, u32) {
    let mut words = vec![0; assignment.iter().map(Vec::len).sum()];
    let mut next = 0;
    for units in assignment {
        for (word, &unit) in (next..).zip(units) {
            if let Some(at) = words.get_mut(unit as usize) {
                *at = word;
            }
        }
        next += block_bytes(units.len()) / 4;
    }
    (words, next)
}

/// Samples and buffers, the same for all layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copies {
    /// Samples of the batch.
    pub batch: u32,
    /// Buffers of each sample: two, or three where layers work on different time steps.
    pub buffers: u32,
}

impl Copies {
    /// Copies for one sample, with the layers one after the other.
    pub const ONE: Self = Self { batch: 1, buffers: 2 };

    /// Returns the copies of a mapped program.
    pub fn of(program: &Program) -> Self {
        let slot = program.pes.iter().flatten().find_map(|pe| pe.slots.first());
        Self { batch: program.batch, buffers: slot.map_or(Self::ONE.buffers, |slot| slot.buffers.count()) }
    }

    fn control_bytes(self) -> u32 {
        if self.buffers > 2 { Control::PIPELINED_BYTES } else { Control::BYTES }
    }
}

/// Addresses that must be the same in every PE, since one packet serves many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// Control block of each layer and sample.
    pub control: Vec<Vec<Control>>,
    /// Buffers of each layer and sample.
    pub buffers: Vec<Vec<Buffers>>,
    /// Bytes of one buffer of each layer.
    pub buffer_bytes: Vec<u32>,
    /// Bytes of the router's FIFO in each PE (at its own address), 0 for none.
    pub fifo_bytes: u32,
    /// Numbers of samples and buffers.
    pub copies: Copies,
    /// First byte after control blocks and, if they are there, buffers in bank 0.
    bank0: u32,
    /// First byte of the buffers if they had to go below the stack.
    upper: u32,
    /// Bytes of control blocks and buffers for which no PE has room, whatever else it holds.
    too_large: Option<u64>,
}

impl Common {
    /// Lays out control blocks and buffers. `widths[layer]` is the larger of x and placed y in
    /// bytes; layers that share no PE share their buffers' addresses, so that one packet serves a
    /// layer and the next.
    pub fn new(widths: &[u32], shared: bool, copies: Copies) -> Self {
        let Copies { batch, buffers: count } = copies;
        let control_bytes = copies.control_bytes();
        let block = |lane: u32| Control { base: PROGRAM_BYTES + lane * control_bytes };
        let control = (0..widths.len() as u32).map(|k| (k * batch..(k + 1) * batch).map(block).collect());
        let start = PROGRAM_BYTES + widths.len() as u32 * batch * control_bytes;
        let whole = |bytes: u32| bytes.next_multiple_of(PACKET_BYTES);
        let widest = whole(widths.iter().copied().max().unwrap_or(0));
        let buffer_bytes: Vec<u32> =
            widths.iter().map(|&bytes| if shared { widest } else { whole(bytes) }).collect();
        let each: u64 =
            if shared { widest.into() } else { buffer_bytes.iter().map(|&bytes| u64::from(bytes)).sum() };
        let all = u64::from(count * batch) * each;
        let room = all <= u64::from(STACK_BASE - BANK_BYTES) && start <= BANK_BYTES;
        let too_large = (!room).then(|| all + u64::from(start - PROGRAM_BYTES));
        let total = if room { all as u32 } else { 0 };
        let in_bank0 = start + total <= BANK_BYTES;
        let mut at = if in_bank0 { start } else { STACK_BASE - total };
        let upper = if in_bank0 { STACK_BASE } else { at };
        let mut buffers = Vec::new();
        for &bytes in &buffer_bytes {
            let bytes = if room { bytes } else { 0 };
            let of = |sample: u32| Buffers::new(at + sample * count * bytes, bytes, count);
            buffers.push((0..batch).map(of).collect());
            if !shared {
                at += count * batch * bytes;
            }
        }
        let bank0 = if in_bank0 { start + total } else { start };
        let control = control.collect();
        Self { control, buffers, buffer_bytes, fifo_bytes: 0, copies, bank0, upper, too_large }
    }
}

/// Addresses of one share's arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotLayout {
    /// W: byte addresses in the order of [`KernelKind::arrays`].
    pub input: Vec<u32>,
    /// R: the same.
    pub recurrent: Vec<u32>,
    /// State of each sample; biases and thresholds are the same bytes.
    pub pointwise: Vec<PointwiseLayout>,
    /// Places at which all samples pack and unpack events, one after the other.
    pub events: Option<EventLayout>,
}

/// A PE's memory map.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryMap {
    /// Layouts of the slots, in the order of the shares.
    pub slots: Vec<SlotLayout>,
    /// Debug log: first byte and size.
    pub log: (u32, u32),
    /// The router's FIFO: first byte and size.
    pub fifo: (u32, u32),
    /// All regions of the map, by ascending address.
    pub regions: Vec<Region>,
}

/// Error of shares that need more memory than there is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{needed} bytes are needed, {there} are available; no room for {what} ({bytes} bytes)")]
pub struct Full {
    /// Bytes everything needs, program, stack and log included.
    pub needed: u64,
    /// Bytes of SRAM.
    pub there: u32,
    /// Name of the array that found no room.
    pub what: String,
    /// Size of that array, in bytes.
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
    /// Creates an allocator with program and stack in their places. Free are bank 0 from `bank0` on
    /// and the other banks up to `upper`.
    pub(super) fn new(bank0: u32, upper: u32) -> Self {
        let mut new = Self {
            bank0: (bank0, BANK_BYTES),
            upper: (BANK_BYTES, upper),
            regions: Vec::new(),
            wanted: 0,
            failed: None,
        };
        new.fixed(0, PROGRAM_BYTES, "program".into(), RegionKind::Program);
        new.fixed(STACK_BASE, STACK_BYTES, "stack and heap".into(), RegionKind::Stack);
        new
    }

    /// Returns the memory map, ascending.
    ///
    /// # Errors
    ///
    /// Fails if something found no room.
    pub(super) fn finish(mut self) -> Result<Vec<Region>, Full> {
        if let Some((what, bytes)) = self.failed {
            return Err(Full { needed: self.wanted, there: SRAM_BYTES, what, bytes });
        }
        self.regions.sort_by_key(|r| r.start);
        Ok(self.regions)
    }

    pub(super) fn fixed(&mut self, start: u32, bytes: u32, name: String, kind: RegionKind) {
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
    let mut a = Allocator::new(common.bank0, common.upper);
    a.failed = common.too_large.map(|bytes| ("control blocks and buffers".to_owned(), bytes));
    let mut seen: Vec<u32> = Vec::new();
    for share in shares {
        let k = usize::from(share.layer);
        let bytes = common.buffer_bytes[k];
        for (sample, (control, buffers)) in common.control[k].iter().zip(&common.buffers[k]).enumerate() {
            let of = of_sample(sample);
            let control_bytes = common.copies.control_bytes();
            a.fixed(control.base, control_bytes, format!("{} control{of}", share.name), RegionKind::State);
            for (at, letter) in buffers.addresses().zip(["A", "B", "C"]) {
                // Without room for all of them none has an address: then they only count.
                if common.too_large.is_some() || !seen.contains(&at) {
                    seen.push(at);
                    let name = format!("{} buffer {letter}{of}", share.name);
                    a.fixed(at, bytes, name, RegionKind::Buffer);
                }
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
        slot.pointwise = state(&mut a, share, common.copies.batch);
        slot.events = share.events.map(|needs| delivery::take(&mut a, share.name, &needs));
    }
    let fifo = match common.fifo_bytes {
        0 => (0, 0),
        bytes => (a.take(u64::from(bytes), "router FIFO".into(), RegionKind::Buffer), bytes),
    };
    let log = (a.take(u64::from(LOG_BYTES), "debug log".into(), RegionKind::Log), LOG_BYTES);
    Ok(MemoryMap { slots, log, fifo, regions: a.finish()? })
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

/// Returns the suffix of names of regions of a sample but the first.
fn of_sample(sample: usize) -> String {
    if sample == 0 { String::new() } else { format!(", sample {sample}") }
}

fn state(a: &mut Allocator, share: &Share<'_>, batch: u32) -> Vec<PointwiseLayout> {
    let (units, rows) = (4 * share.units, 4 * share.rows());
    let mut take = |bytes, what: &str, of: &str| {
        a.take(u64::from(bytes), format!("{} {what}{of}", share.name), RegionKind::State)
    };
    let traces = share.output == Output::Trace;
    let first = PointwiseLayout {
        units: share.units,
        y: take(share.y_bytes(), "y", ""),
        trace: traces.then(|| take(share.y_bytes(), "traces", "")),
        input_sums: take(rows, "sums W·x", ""),
        recurrent_sums: take(rows, "sums R·y", ""),
        bias: take(rows, "bias", ""),
        recurrent_bias: take(rows, "recurrent bias", ""),
        threshold: take(units, "thresholds θ", ""),
        cell: take(units, "cell states c", ""),
        compare: share.compare,
        always: share.always,
        tanh: share.tanh,
    };
    let further = (1..batch as usize).map(|sample| {
        let of = of_sample(sample);
        PointwiseLayout {
            y: take(share.y_bytes(), "y", &of),
            trace: traces.then(|| take(share.y_bytes(), "traces", &of)),
            input_sums: take(rows, "sums W·x", &of),
            recurrent_sums: take(rows, "sums R·y", &of),
            cell: take(units, "cell states c", &of),
            ..first
        }
    });
    let further: Vec<PointwiseLayout> = further.collect();
    std::iter::once(first).chain(further).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(units: u32, input_nonzeros: u32, recurrent_nonzeros: u32) -> Share<'static> {
        let matrix = |nonzeros| (KernelKind::CsrRow, Shape { rows: 3 * units, sources: 1350, nonzeros });
        let (input, recurrent) = (matrix(input_nonzeros), matrix(recurrent_nonzeros));
        Share {
            layer: 0,
            name: "rnns.0",
            units,
            output: Output::Trace,
            compare: Compare::Greater,
            always: false,
            tanh: Tanh::Libm,
            input,
            recurrent,
            events: None,
        }
    }

    proptest! {
        #[test]
        fn regions_never_overlap_and_stay_inside(
            units in 1u32..60, w in 0u32..8000, r in 0u32..8000, x in 0u32..8000, shared in any::<bool>(),
            batch in 1u32..9, buffers in 2u32..4,
        ) {
            let common = Common::new(&[4 * x], shared, Copies { batch, buffers });
            match lay_out(&common, &[share(units, w, r)]) {
                Ok(map) => {
                    for pair in map.regions.windows(2) {
                        prop_assert!(pair[0].end <= pair[1].start, "{:?}", pair);
                    }
                    prop_assert!(map.regions.iter().all(|r| r.end <= SRAM_BYTES && r.start % 4 == 0));
                    let copies = |kind| map.regions.iter().filter(|r| r.kind == kind && r.end > r.start).count() as u32;
                    prop_assert_eq!(copies(RegionKind::Buffer), if x == 0 { 0 } else { batch * buffers });
                }
                // Holes at the ends of banks are lost: what does not fit needs nearly all, or more.
                Err(full) => prop_assert!(full.needed > 90_000, "{full}"),
            }
        }
    }

    #[test]
    fn the_papers_second_layer_fits_with_its_weights_in_banks_1_to_3() {
        // Fullest PE of the shipped model: 27 units, 10,939 non-zeros; x and placed y 50 blocks
        // of 112 bytes.
        let common = Common::new(&[5600, 5600, 5600], true, Copies::ONE);
        let map = lay_out(&common, &[Share { layer: 1, ..share(27, 5470, 5469) }]).unwrap();
        let weights: Vec<_> = map.regions.iter().filter(|r| r.kind == RegionKind::Weights).collect();
        let bytes: u32 = weights.iter().map(|r| r.end - r.start).sum();
        assert_eq!(bytes, 88_168);
        assert!(weights.iter().all(|r| r.start >= BANK_BYTES));
    }
}
