//! Routines of transformers on a PE's SRAM: layer norm, dense layers, softmax attention, and their
//! spiking counterparts.
//!
//! A [`Call`] is one call of a C function of `transformer.c` or `spike_attention.c`, or a few that
//! belong together. It computes on the bytes of its arrays with the arithmetic of
//! [`crate::net::attention`], and returns what it did, from which its listing gives the cycles.
//! On the chip exp and tanh come from the exp unit, which is good to 1–2 ulp (CHIP26): there the
//! silicon may differ from the emulator, which calls `libm`.

mod bytes;
mod code;
mod count;
mod run;
#[cfg(test)]
mod tests;

use super::SramWords;
use super::code::calls::FunctionCall;
use super::cost::transformer::{Sizes, TransformerRoutine};
use super::int8_mac::Int8MacLayout;
use crate::net::tanh::Tanh;

pub use bytes::{load, store};

/// Bits of neurons in words, and the rows of weights that they stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Byte address of the words.
    pub bits: u32,
    /// Number of words.
    pub words: u32,
    /// Byte address of the weights of the first word's bit 0.
    pub rows: u32,
}

/// Spikes that a call of [`Call::AddRows`] takes, over at least one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spiking {
    /// Words of bits.
    pub segments: Vec<Segment>,
    /// Whether their rows are subtracted.
    pub minus: bool,
}

/// Linear layer on a PE: byte addresses of 8-bit weights, scales and biases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinearLayout {
    /// Outputs on the PE.
    pub outputs: u32,
    /// Number of inputs of the layer.
    pub inputs: u32,
    /// Weights: a row an output where inputs are singles, a row an input where they are spikes.
    pub q: u32,
    /// Scale of each output.
    pub scale: u32,
    /// Bias of each output.
    pub bias: u32,
}

/// Neurons that fire, of one word of spikes: byte addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    /// Neurons, 1 to 32.
    pub n: u32,
    /// Integer sums of this time step, or singles of [`Neuron::Constant`].
    pub sums: u32,
    /// Scale of each sum; not read with constant inputs.
    pub scale: u32,
    /// Bias of each sum; not read with constant inputs.
    pub bias: u32,
    /// Address of the membrane potentials, singles.
    pub v: u32,
    /// Threshold of IF neurons.
    pub theta: u32,
    /// Word of spikes.
    pub spikes: u32,
}

/// Model of firing neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neuron {
    /// LIF: threshold 1, τ = 2, hard reset.
    Leaky,
    /// IF with soft reset.
    Quantised,
    /// IF with soft reset and inputs that are the same in every time step.
    Constant,
}

/// A head in one time step of spike-based attention: byte addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLayout {
    /// Neurons of the head, 1 to 32.
    pub width: u32,
    /// Words of spikes: query, key, value.
    pub qkv: [u32; 3],
    /// Running state, `[width, width]` of 16 bits.
    pub state: u32,
    /// Integers that the query reads.
    pub read: u32,
    /// Gain of the head.
    pub gain: u32,
    /// Tokens that the gain is divided by; 1 without normalisation.
    pub tokens: u32,
    /// Membrane potentials behind attention.
    pub v: u32,
    /// Word of spikes behind attention.
    pub spikes: u32,
}

/// A call of routines on a PE; numbers are byte addresses or counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // fields are the arguments of the C functions
pub enum Call {
    /// Sets words to zero.
    Clear { at: u32, words: u32 },
    /// Sets words to a value, which lies at an address.
    Fill { at: u32, words: u32, value: u32 },
    /// Layer norm of `n` values.
    LayerNorm { n: u32, h: u32, weight: u32, bias: u32, out: u32 },
    /// Codes `n` values as signed spikes: those of u, then those of −u, `[steps, words]` each.
    /// `theta` is the address of the threshold of IF neurons; `None` for LIF.
    Code { n: u32, steps: u32, u: u32, theta: Option<u32>, spikes: u32 },
    /// Adds the rows of weights of spikes to sums of `columns` outputs, a multiple of 4.
    AddRows { spiking: Spiking, columns: u32, list: u32, sums: u32 },
    /// A time step of neurons.
    Fire(Neuron, Firing),
    /// A time step of a head.
    Attend(HeadLayout),
    /// Outputs as the mean over time steps, added to the residual stream.
    AddMean { layer: LinearLayout, sums: u32, steps: u32, h: u32, out: u32 },
    /// Outputs of single-precision inputs.
    Dense { layer: LinearLayout, x: u32, out: u32 },
    /// Products of inputs rounded to 8 bits, on the MAC array, scaled and without bias.
    Mac { layer: Int8MacLayout, x: u32, out: u32 },
    /// Adds two vectors.
    Add { n: u32, a: u32, b: u32, out: u32 },
    /// GELU of `n` values in place.
    Gelu { n: u32, x: u32, tanh: Tanh },
    /// Softmax attention of a query to `n` tokens: scores, softmax, weighted sum of values.
    Softmax { n: u32, width: u32, q: u32, keys: u32, values: u32, scores: u32, factor: u32, out: u32 },
}

/// Calls of C functions that a [`Call`] made, with their sizes; and words cleared.
pub type Made = Vec<Step>;

/// C function run by a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Call of `clear` with a number of words.
    Clear(u32),
    /// A routine with its sizes.
    Routine(TransformerRoutine, Sizes),
    /// Call of `int8_mac` with the run of the MAC array in it, and the number of sums that needed
    /// more bits than that keeps; 0 before it has run.
    Mac(Int8MacLayout, u32),
}

impl Call {
    /// Returns the functions that a call on `words` would run; `None` if they depend on values
    /// that it computes.
    pub fn counted(&self, words: &SramWords) -> Option<Made> {
        count::counted(self, words)
    }

    /// Returns byte address and length of each array that a run writes.
    pub fn writes(&self) -> Vec<(u32, u32)> {
        count::writes(self)
    }

    /// Returns the calls of C functions that compute it.
    pub fn function_calls(&self) -> Vec<FunctionCall> {
        code::function_calls(self)
    }

    /// Returns `true` if the C functions have its bits.
    pub fn has_code(&self) -> bool {
        !matches!(self, Self::Gelu { tanh: Tanh::Libm, .. })
    }

    /// Computes on `words` and returns the functions that ran.
    pub fn run(&self, words: &mut SramWords) -> Made {
        run::run(self, words)
    }
}
