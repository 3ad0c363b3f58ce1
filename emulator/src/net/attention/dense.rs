//! The parts of a GPT that do not spike: layer norm, GELU, softmax attention.
//!
//! Each operation is IEEE 754 single precision with one rounding, in the order written; nothing is
//! fused. `expf` and `tanhf` are those of the `libm` crate.

use crate::net::tanh::Tanh;

/// ε of layer norm, as in GPT-2.
pub const EPSILON: f32 = 1e-5;

/// Weight and bias of a layer norm, `[d]` each.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    /// Factor of each value.
    pub weight: Vec<f32>,
    /// Number added to each value.
    pub bias: Vec<f32>,
}

impl Norm {
    /// Computes the layer norm of `h`, `[d]`: mean and biased variance by ascending sums.
    pub fn of(&self, h: &[f32], out: &mut Vec<f32>) {
        let (mean, spread) = moments(h);
        let scaled = h.iter().zip(&self.weight).zip(&self.bias);
        out.clear();
        out.extend(scaled.map(|((&h, &weight), &bias)| normed(h, (mean, spread), (weight, bias))));
    }
}

/// Returns the mean of `h` and the square root of its variance + ε.
pub fn moments(h: &[f32]) -> (f32, f32) {
    let width = h.len() as f32;
    let mean = h.iter().fold(0.0, |sum, h| sum + h) / width;
    let squares = h.iter().fold(0.0, |sum, h| sum + (h - mean) * (h - mean));
    (mean, (squares / width + EPSILON).sqrt())
}

/// Returns one value of a layer norm from its moments, weight and bias.
#[inline]
pub fn normed(h: f32, (mean, spread): (f32, f32), (weight, bias): (f32, f32)) -> f32 {
    (h - mean) / spread * weight + bias
}

/// Computes the tanh form of GELU, as in GPT-2: 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
#[inline]
pub fn gelu(x: f32, tanh: Tanh) -> f32 {
    /// The square root of 2/π.
    const FACTOR: f32 = 0.797_884_6;
    let cube = x * x * x;
    (0.5 * x) * (1.0 + tanh.of(FACTOR * (x + 0.044_715 * cube)))
}

/// Attends with query `q`, `[dh]`, to the keys and values of a head so far, `[n, dh]` each, the
/// token's own last. `scores` is room for n numbers, `out` takes `[dh]`.
///
/// Softmax subtracts the greatest score; sums run in ascending order.
pub fn attend(q: &[f32], keys: &[f32], values: &[f32], scores: &mut Vec<f32>, out: &mut [f32]) {
    let width = q.len().max(1);
    let factor = 1.0 / (width as f32).sqrt();
    scores.clear();
    scores.extend(keys.chunks_exact(width).map(|key| dot(q, key) * factor));
    let most = scores.iter().fold(f32::NEG_INFINITY, |most, &score| most.max(score));
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = libm::expf(*score - most);
        sum += *score;
    }
    out.fill(0.0);
    for (score, value) in scores.iter().zip(values.chunks_exact(width)) {
        let share = score / sum;
        for (out, value) in out.iter_mut().zip(value) {
            *out += share * value;
        }
    }
}

/// Returns the product of two vectors: ascending, each operation rounded.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}
