//! Whether the PEs of a layer have to wait for each other before they send.

use super::build::{Placed, unit_weights};
use crate::chip::clock::{OperatingPoint, TICKS_PER_US};
use crate::kernel::csr_row::CsrWork;
use crate::machine::costs::Costs;
use crate::machine::dma::DRAM_BEAT;
use crate::machine::program::PACKET_BYTES;
use crate::net::EgruLayer;

/// How far a layer's fastest PE is behind its slowest, in PE cycles from the start of the layer's time step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarrierMargin {
    /// The slowest PE has read x, on whose buffer y lands.
    pub slowest: u64,
    /// The fastest PE could send y.
    pub fastest: u64,
    /// What PEs may start apart: all arrival interrupts in a row, a timer count and, in layer 0, the DMA queue.
    pub skew: u64,
}

impl BarrierMargin {
    /// Estimates it. `senders`: PEs of the layer below, 0 for none; `width`: singles in an input row of layer 0.
    pub fn new(
        placed: &Placed,
        layer: &EgruLayer,
        costs: &Costs,
        senders: usize,
        width: usize,
        point: OperatingPoint,
    ) -> Self {
        let (input, recurrent) = unit_weights(layer);
        let cycles = |units: &Vec<u32>, weight: &[u32]| {
            let nonzeros = units.iter().map(|&u| weight[u as usize]).sum();
            costs.csr(&CsrWork { rows: 3 * units.len() as u32, nonzeros, empty_rows: 0 })
        };
        let all = |units: &Vec<u32>| {
            cycles(units, &input) + cycles(units, &recurrent) + costs.pointwise(units.len() as u32)
        };
        let beats = u64::from((width as u32 * 4).div_ceil(PACKET_BYTES));
        let dma = if senders == 0 { placed.pes.len() as u64 * beats * DRAM_BEAT } else { 0 };
        Self {
            slowest: placed.assignment.iter().map(|units| cycles(units, &input)).max().unwrap_or(0),
            fastest: placed.assignment.iter().map(all).min().unwrap_or(0),
            skew: costs.interrupt * (senders + placed.pes.len()) as u64
                + dma.div_ceil(point.ticks_per_cycle())
                + TICKS_PER_US / point.ticks_per_cycle(),
        }
    }

    /// y could arrive while x is still read.
    pub fn needed(self) -> bool {
        self.fastest <= self.slowest + self.skew
    }
}
