//! Transformers of the GPT-2 shape, with ordinary (softmax) or spike-based self-attention and with
//! GELU or spiking feed-forward blocks, token by token.
//!
//! Pre-norm: `h += attention(LN₁(h))`, `h += mlp(LN₂(h))`, and LN_f of the last h is the output.
//! Spike-based attention is Spikformer's (Zhou et al., ICLR 2023) in a causal form; converted
//! feed-forward blocks are integrate-and-fire neurons by QCFS (Bu et al., ICLR 2022). Both are in
//! the manner of NeurTransformer (arXiv:2510.00133), of which only the abstract is known here.
//!
//! Values are single precision, each operation rounded, nothing fused, sums in ascending order;
//! sums over spikes are integers. All membranes begin at rest for each token; from token to token
//! of a sequence there are only the keys and values of softmax attention, or the running state of
//! spike-based attention ([`head`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tanh::Tanh;

pub mod coding;
pub mod count;
pub mod dense;
pub mod head;
pub mod linear;
pub mod neuron;
pub mod spikes;
pub mod state;
#[cfg(test)]
pub(crate) mod tests;

pub use coding::Signed;
pub use count::{LayerRates, Rates, Tally};
pub use dense::Norm;
pub use linear::Linear;
pub use spikes::Spikes;
pub use state::{GptState, Trace};

/// Most time steps of a token that spiking parts may have.
pub const MAX_STEPS: u8 = 16;

/// Self-attention of all layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Attention {
    /// Softmax of scaled products of queries and keys, in single precision.
    Softmax,
    /// Binary queries, keys and values over time steps, without softmax.
    Spiking {
        /// Time steps of a token, 1 to 16; Spikformer has 4.
        steps: u8,
        /// Division by the number of tokens attended to; without, as in Spikformer, the gain alone.
        normalise: bool,
    },
}

/// Feed-forward block of all layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Mlp {
    /// The tanh form of GELU between the two linear layers.
    Gelu,
    /// Integrate-and-fire neurons in place of the activation (QCFS).
    Spiking {
        /// Time steps of a token, 1 to 16; FAS has 8.
        steps: u8,
        /// Coding of the input of the block's first linear layer.
        input: Coding,
    },
}

/// Input of a spiking feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Coding {
    /// Signed spikes of two integrate-and-fire populations: the block only accumulates.
    Encoded,
    /// The values themselves, the same in every time step, as in FAS.
    Direct,
}

impl Attention {
    /// Returns the time steps of a token; `None` of softmax attention.
    pub const fn steps(self) -> Option<usize> {
        match self {
            Self::Softmax => None,
            Self::Spiking { steps, .. } => Some(steps as usize),
        }
    }
}

impl Mlp {
    /// Returns the time steps of a token; `None` of a block with GELU.
    pub const fn steps(self) -> Option<usize> {
        match self {
            Self::Gelu => None,
            Self::Spiking { steps, .. } => Some(steps as usize),
        }
    }

    /// Returns `true` if the block's first linear layer reads signed spikes.
    pub const fn is_encoded(self) -> bool {
        matches!(self, Self::Spiking { input: Coding::Encoded, .. })
    }
}

/// One layer: attention, then a feed-forward block.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Name in the model, `h.0`.
    pub name: String,
    /// Norm before attention.
    pub norm_1: Norm,
    /// Queries, keys and values of all heads, `[3d, d]`.
    pub qkv: Linear,
    /// Output projection of attention, `[d, d]`.
    pub proj: Linear,
    /// Gain of each head, `[H]`; empty with softmax attention.
    pub gain: Vec<f32>,
    /// Norm before the feed-forward block.
    pub norm_2: Norm,
    /// First linear layer of the feed-forward block, `[4d, d]`.
    pub up: Linear,
    /// Second linear layer of the feed-forward block, `[d, 4d]`.
    pub down: Linear,
    /// Threshold of the coding neurons of the feed-forward block; 1 where there are none.
    pub theta_in: f32,
    /// Threshold of the hidden neurons of the feed-forward block; 1 where there are none.
    pub theta: f32,
}

/// Matrices of a layer, in order: queries, keys and values; output projection; both of
/// the feed-forward block.
pub const MATRICES: usize = 4;

impl Block {
    /// Returns the matrices in the order of the signal.
    pub fn matrices(&self) -> [&Linear; MATRICES] {
        [&self.qkv, &self.proj, &self.up, &self.down]
    }
}

/// A transformer without its embedding and readout.
#[derive(Clone, Debug, PartialEq)]
pub struct Gpt {
    /// Width d of the residual stream.
    pub width: usize,
    /// Heads H of each layer; they divide d.
    pub heads: usize,
    /// Tokens of a sequence, N; positions restart behind them.
    pub context: usize,
    /// Self-attention of all layers.
    pub attention: Attention,
    /// Feed-forward blocks of all layers.
    pub mlp: Mlp,
    /// Arithmetic of GELU's tanh.
    pub tanh: Tanh,
    /// Embeddings of the positions, `[P, d]`: with fewer than N, they repeat.
    pub positions: Vec<f32>,
    /// The layers, first to last.
    pub blocks: Vec<Block>,
    /// Norm of the output.
    pub last: Norm,
}

impl Gpt {
    /// Returns the width dh of a head.
    pub fn head_width(&self) -> usize {
        self.width.checked_div(self.heads).unwrap_or(0)
    }

    /// Returns the number of hidden neurons of a feed-forward block, 0 without layers.
    pub fn hidden(&self) -> usize {
        self.blocks.first().map_or(0, |block| block.up.outputs())
    }

    /// Returns the stored weights of all layers.
    pub fn weights(&self) -> usize {
        let of = |linear: &Linear| linear.inputs() * linear.outputs();
        self.blocks.iter().map(|b| of(&b.qkv) + of(&b.proj) + of(&b.up) + of(&b.down)).sum()
    }

    /// Returns the number of positions that have an embedding of their own, at least 1.
    pub fn places(&self) -> usize {
        self.positions.len().checked_div(self.width).unwrap_or(0).max(1)
    }

    /// Returns the embedding of a position, `[d]`; behind the last one they repeat.
    pub fn position(&self, position: usize) -> &[f32] {
        &self.positions[position % self.places() * self.width..][..self.width]
    }

    /// Returns the network for sequences of `tokens` tokens: where these are more than it has
    /// positions for, the embeddings of positions repeat. It was not trained for that.
    #[must_use]
    pub fn with_context(&self, tokens: usize) -> Self {
        Self { context: self.context.max(tokens), ..self.clone() }
    }

    /// Returns the network with the matrices on the MAC array that `on` chooses, by layer and
    /// number, and that have a scale of their inputs.
    #[must_use]
    pub fn on_array(&self, on: impl Fn(usize, usize) -> bool) -> Self {
        let mut network = self.clone();
        for (layer, block) in network.blocks.iter_mut().enumerate() {
            let matrices = [&mut block.qkv, &mut block.proj, &mut block.up, &mut block.down];
            for (number, matrix) in matrices.into_iter().enumerate() {
                *matrix = matrix.clone().on_array(on(layer, number));
            }
        }
        network
    }

    /// Returns the bytes of keys and values, or of the running states in their place, of all
    /// layers behind `tokens` tokens of a sequence.
    pub fn state_bytes(&self, tokens: usize) -> usize {
        let values = self.width * self.blocks.len();
        match self.attention {
            // Singles, a key and a value.
            Attention::Softmax => 2 * size_of::<f32>() * values * tokens,
            Attention::Spiking { steps, .. } => {
                size_of::<i16>() * values * self.head_width() * usize::from(steps)
            }
        }
    }
}
