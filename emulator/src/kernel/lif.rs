//! `lif_start`, `lif_add`, `lif_subtract`, `lif_reset`: a time step of a PE's leaky
//! integrate-and-fire neurons, from the sums in its SRAM. The arithmetic is
//! [`crate::net::lif::neuron`], the reference's own.

use super::{SramWords, WORDS};
use crate::net::lif::neuron;

/// Function of `assets/kernels/lif.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifPart {
    /// `lif_start`: the current is the bias.
    Start,
    /// `lif_add`: a projection's sums are added to the current.
    Add,
    /// `lif_subtract`: potential, spike, and the threshold taken off.
    Subtract,
    /// `lif_reset`: potential, spike, and the potential set to its reset value.
    Reset,
}

impl LifPart {
    /// All of them, in the order of the C source.
    pub const ALL: [Self; 4] = [Self::Start, Self::Add, Self::Subtract, Self::Reset];

    /// Returns the name of the function.
    pub const fn function(self) -> &'static str {
        match self {
            Self::Start => "lif_start",
            Self::Add => "lif_add",
            Self::Subtract => "lif_subtract",
            Self::Reset => "lif_reset",
        }
    }

    /// Returns the number of arrays that it is given.
    pub const fn arrays(self) -> usize {
        match self {
            Self::Start | Self::Add => 2,
            Self::Subtract => 5,
            Self::Reset => 6,
        }
    }
}

/// Where a PE keeps what its neurons need: byte addresses of arrays of `units` singles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifLayout {
    /// Number of neurons.
    pub units: u32,
    /// Constant part of the input current.
    pub bias: u32,
    /// Input current of the time step.
    pub current: u32,
    /// Share of the potential that is kept.
    pub decay: u32,
    /// Potential above which a neuron spikes.
    pub threshold: u32,
    /// Value that a spike sets the potential to; `None` where it subtracts the threshold.
    pub reset: Option<u32>,
    /// Membrane potential, read and written in each time step.
    pub potential: u32,
    /// What is sent: 1 for a spike, 0 otherwise; padded to whole packets.
    pub y: u32,
}

impl LifLayout {
    /// Returns the function that ends the time step.
    pub const fn fire(&self) -> LifPart {
        if self.reset.is_some() { LifPart::Reset } else { LifPart::Subtract }
    }

    /// Returns the byte addresses of the arrays that [`Self::fire`] is given, in the order
    /// of its arguments.
    pub fn fire_arrays(&self) -> Vec<u32> {
        let before = [self.current, self.decay, self.threshold].into_iter();
        before.chain(self.reset).chain([self.potential, self.y]).collect()
    }
}

/// Results of a time step on one PE.
#[derive(Clone, Debug, PartialEq)]
pub struct LifOutput {
    /// Input currents, `[units]`.
    pub current: Vec<f32>,
    /// Membrane potentials, `[units]`.
    pub potential: Vec<f32>,
    /// Spikes as 1 and 0, `[units]`.
    pub y: Vec<f32>,
}

/// Computes a time step from the bytes: the bias plus the sums at each byte address of `sums`
/// is the current.
pub fn run(words: &SramWords, layout: &LifLayout, sums: &[u32]) -> LifOutput {
    let single = |base: u32, unit: u32| f32::from_bits(words[((base / 4 + unit) as usize) % WORDS]);
    let mut output = LifOutput { current: Vec::new(), potential: Vec::new(), y: Vec::new() };
    for unit in 0..layout.units {
        let add = |current: f32, &sums: &u32| current + single(sums, unit);
        let current = sums.iter().fold(single(layout.bias, unit), add);
        let reset = layout.reset.map(|reset| single(reset, unit));
        let (decay, threshold) = (single(layout.decay, unit), single(layout.threshold, unit));
        let (v, y) = neuron(single(layout.potential, unit), current, decay, threshold, reset);
        output.current.push(current);
        output.potential.push(v);
        output.y.push(y);
    }
    output
}
