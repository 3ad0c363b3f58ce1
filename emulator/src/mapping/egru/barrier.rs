//! Whether the PEs of a layer have to wait for each other before they send.
//!
//! y(t) lands on the buffer that holds x(t). Nothing in the paper's Algorithm 1 keeps a fast PE
//! from sending y(t) while a slow one still reads x(t); where that could happen, the mapper adds a
//! barrier. With a batch it always does: a fast PE then reaches a sample while a slow one is still
//! at those before it.

use super::{Phase, Restart};
use crate::chip::clock::{OperatingPoint, TICKS_PER_US};
use crate::chip::geometry::QPE_COUNT;
use crate::kernel::events::most_packets;
use crate::kernel::matrix::{Empty, Shape};
use crate::kernel::options::KernelKind;
use crate::machine::costs::Costs;
use crate::machine::program::PACKET_BYTES;
use crate::mapping::build::{Placed, unit_weights};
use crate::mapping::delivery::DeliveryPlan;
use crate::mapping::memory::Copies;
use crate::mapping::options::{Broadcast, MappingOptions, Payload};
use crate::net::{Csr, Egru, EgruLayer, Output, csr};

/// Distance of a layer's fastest PE from its slowest, in PE cycles from the start of the
/// layer's time step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a reason of its own")]
pub struct BarrierMargin {
    /// Cycle at which the slowest PE has read x, on whose buffer y lands.
    pub slowest: u64,
    /// Cycle at which the fastest PE could send y.
    pub fastest: u64,
    /// Cycles by which PEs may start apart: all arrival interrupts in a row, a timer count and, in
    /// layer 0, the DMA queue; in higher layers, where outputs are sent by DMA, all transfers of an
    /// engine; in a pipeline also the end of the step before, and the interrupts of the next.
    pub skew: u64,
    /// Whether the layer is on one PE, which has no other to wait for.
    pub alone: bool,
    /// Whether a PE hosts other layers or samples too, and may be late by all their work.
    pub crowded: bool,
    /// Whether values come from several chips, and wait for links.
    pub abroad: bool,
    /// Whether packets wait in a FIFO until their receiver has read the bytes that they overwrite.
    pub queued: bool,
}

impl BarrierMargin {
    /// Returns `true` if y could arrive while x is still read.
    pub fn needed(self) -> bool {
        let far = self.crowded || self.abroad;
        !self.alone && !self.queued && (far || self.fastest <= self.slowest + self.skew)
    }
}

/// Inputs of the margins beside network and partition.
#[derive(Clone, Copy, Debug)]
pub struct Timing<'a> {
    /// Cycles of all routines.
    pub costs: &'a Costs,
    /// Singles in an input row of layer 0.
    pub width: usize,
    /// Operating point of the PEs, which sets their clock.
    pub point: OperatingPoint,
    /// Whether R·y is computed while x is on its way (`mapping.overlap_recurrent`).
    pub overlap_recurrent: bool,
    /// Options of the mapping: how outputs are sent.
    pub mapping: &'a MappingOptions,
    /// Samples and buffers.
    pub copies: Copies,
    /// Start of sequences, and the state that restarts there.
    pub restart: Option<Restart>,
    /// PEs of a head that sends x of the first layer; 0 if it comes from DRAM.
    pub fed_by: usize,
}

/// Returns the margin of each layer, in network order.
pub fn margins(network: &Egru, plan: &DeliveryPlan<'_>, timing: &Timing<'_>) -> Vec<BarrierMargin> {
    let all = plan.placed();
    let hosts = |pe| all.iter().filter(|layer| layer.pes.contains(pe)).count();
    let mut senders = timing.fed_by;
    let mut margins = Vec::new();
    for (k, (layer, placed)) in network.layers.iter().zip(all).enumerate() {
        let unpacking = plan.unpack_bounds(k, timing.costs);
        let (slowest, fastest) = extremes(layer, placed, &unpacking, timing);
        let beats = u64::from((timing.width as u32 * 4).div_ceil(PACKET_BYTES));
        let dma = if senders == 0 { placed.pes.len() as u64 * beats * timing.costs.dram_beat } else { 0 };
        let cycle = timing.point.ticks_per_cycle();
        let arrivals = (senders + placed.pes.len()) as u64;
        let pipeline =
            if timing.copies.buffers > 2 { pipeline_skew(placed, arrivals, timing.costs) } else { 0 };
        margins.push(BarrierMargin {
            slowest,
            fastest,
            skew: timing.costs.interrupt * arrivals
                + dma.div_ceil(cycle)
                + TICKS_PER_US / cycle
                + pipeline
                + transfers_skew(all, k, timing),
            alone: placed.pes.len() <= 1,
            queued: timing.mapping.broadcast == Broadcast::Router,
            abroad: on_several_chips(&all[k.saturating_sub(1)..=k]),
            crowded: timing.copies.batch > 1 || placed.pes.iter().any(|pe| hosts(pe) > 1),
        });
        senders = placed.pes.len();
    }
    margins
}

/// Returns whether PEs of these layers are on more than one chip.
fn on_several_chips(layers: &[Placed]) -> bool {
    let mut chips = layers.iter().flat_map(|layer| &layer.pes).map(|pe| pe.chip());
    let first = chips.next();
    chips.any(|chip| Some(chip) != first)
}

/// Returns the additional start skew where time steps overlap.
///
/// A step begins when the last y of the one before arrives: then its sender still has to end its
/// broadcast and its log. And while a PE reads x(t), blocks of x(t + 1) and the "done" and
/// "release" messages of barrier and credits interrupt it, most of them at the coordinator.
fn pipeline_skew(placed: &Placed, arrivals: u64, costs: &Costs) -> u64 {
    let most = placed.assignment.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let qpes = QPE_COUNT as u32;
    let broadcast = costs.broadcast((4 * most).div_ceil(PACKET_BYTES), 2 * qpes);
    let log = costs.timer_log * Phase::LOGGED.len() as u64;
    let mail = costs.interrupt * (2 * placed.pes.len() as u64 + 2) + 2 * costs.relay(qpes);
    broadcast + log + costs.wait_check + costs.interrupt * arrivals + mail
}

/// Returns the additional start skew where x comes by DMA: an engine serves one reader
/// after the other.
fn transfers_skew(placed: &[Placed], k: usize, timing: &Timing<'_>) -> u64 {
    let below = k.checked_sub(1).and_then(|below| placed.get(below));
    let Some(below) = below.filter(|_| timing.mapping.broadcast == Broadcast::Dma) else { return 0 };
    let most = below.assignment.iter().map(Vec::len).max().unwrap_or(0) as u32;
    // A packet of events has fewer values than one of y, and one more may end the block.
    let packets = match timing.mapping.payload {
        Payload::Dense => (4 * most).div_ceil(PACKET_BYTES),
        Payload::Events => most_packets(most),
    };
    let sending = (u64::from(packets) * timing.costs.dma_beat).div_ceil(timing.point.ticks_per_cycle());
    let costs = timing.costs;
    let each = costs.dma_setup + sending.max(costs.dma_send_per_destination);
    each * (below.pes.len() + placed[k].pes.len()) as u64
}

/// Counts the empty rows of `units`, three rows each, and the sources without a non-zero in them.
fn empty(matrix: &Csr, units: &[u32]) -> Empty {
    let all = matrix.rows() / 3;
    let mut found = vec![false; matrix.cols()];
    let mut rows = 0;
    for row in units.iter().flat_map(|&unit| (0..3).map(move |gate| gate * all + unit as usize)) {
        let mut sources = csr::row(matrix, row).map(|(source, _)| source).peekable();
        rows += u32::from(sources.peek().is_none());
        sources.for_each(|source| found[source as usize] = true);
    }
    Empty { rows, sources: found.iter().filter(|found| !**found).count() as u32 }
}

/// Returns the time at which the slowest PE has read x and the time at which the fastest could send
/// y.
///
/// If a kernel's time depends on the data, the slowest PE has all its sources active and the
/// fastest none. `unpacking` is the least and the most that it takes to unpack x and y.
fn extremes(
    layer: &EgruLayer,
    placed: &Placed,
    unpacking: &[[u64; 2]; 2],
    timing: &Timing<'_>,
) -> (u64, u64) {
    let (input, recurrent) = unit_weights(layer);
    let costs = timing.costs;
    let bounds = |units: &[u32], weight: &[u32], kind: KernelKind, matrix: &Csr, add: [u64; 2]| {
        let shape = Shape {
            rows: 3 * units.len() as u32,
            sources: matrix.cols() as u32,
            nonzeros: units.iter().map(|&u| weight[u as usize]).sum(),
        };
        let [least, most] = kind.work_bounds(shape, empty(matrix, units));
        let routine = kind.routine(shape.rows, true);
        (add[0] + costs.routine(routine, &least), add[1] + costs.routine(routine, &most))
    };
    let [w, r] = placed.kinds;
    let work: Vec<[u64; 5]> = placed
        .assignment
        .iter()
        .map(|units| {
            let (w_least, w_most) = bounds(units, &input, w, &layer.input_weights, unpacking[0]);
            let (r_least, r_most) = bounds(units, &recurrent, r, &layer.recurrent, unpacking[1]);
            let (units, traces) = (units.len() as u32, layer.output == Output::Trace);
            let pointwise =
                costs.pointwise(units, layer.always) + if traces { costs.trace(units) } else { 0 };
            // Before R·y, y(t−1) is cleared by all alike, c and the traces by their
            // numbers of units.
            let restarts = timing.restart.is_some_and(|restart| restart.outputs);
            let clear = if restarts { costs.clear(units) * (1 + u64::from(traces)) } else { 0 };
            [w_least, w_most, r_least, r_most + clear, pointwise]
        })
        .collect();
    let (slowest, fastest) = if timing.overlap_recurrent {
        // R·y gives the slowest no time to finish W·x, and who is late with it starts W·x late.
        let earliest = work.iter().map(|&[_, _, r, _, _]| r).min().unwrap_or(0);
        let slowest = work.iter().map(|&[_, w, _, r, _]| w + r - earliest).max();
        (slowest, work.iter().map(|&[w, _, _, _, p]| w + p).min())
    } else {
        let slowest = work.iter().map(|&[_, w, _, _, _]| w).max();
        (slowest, work.iter().map(|&[w, _, r, _, p]| w + r + p).min())
    };
    (slowest.unwrap_or(0), fastest.unwrap_or(0))
}
