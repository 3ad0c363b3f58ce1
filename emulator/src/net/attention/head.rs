//! Spike-based self-attention of a head as a running state of integers.
//!
//! Spikformer's SSA (Zhou et al., ICLR 2023, eq. 14–16) without softmax is (Q Kᵀ ⊙ mask) V; with
//! binary spikes and a causal mask of zeros it equals, integer for integer, qᵀ S where
//! S = Σ k ⊗ v over the tokens so far, the token's own included.

use super::spikes::ones;

/// Adds k ⊗ v to a head's running state `[dh, dh]` of a time step.
///
/// A cell is at most the number of tokens, which `i16` holds up to 32,767.
pub fn remember(state: &mut [i16], key: &[u32], value: &[u32], width: usize) {
    for row in ones(key) {
        for column in ones(value) {
            state[row * width + column] += 1;
        }
    }
}

/// Reads a head's running state with query `query`: `out[c] = Σ_b q_b·S[b][c]`, `[dh]`.
pub fn recall(state: &[i16], query: &[u32], out: &mut [i32]) {
    out.fill(0);
    let width = out.len();
    for row in ones(query) {
        for (out, &cell) in out.iter_mut().zip(&state[row * width..][..width]) {
            *out += i32::from(cell);
        }
    }
}

/// Returns the factor of what a head reads: its gain, divided by the number of tokens attended to
/// where attention is normalised.
#[inline]
pub fn factor(gain: f32, position: usize, normalise: bool) -> f32 {
    if normalise { gain / (position + 1) as f32 } else { gain }
}
