//! Linear layers of 8-bit weights with a scale for each output; inputs are singles, spikes, or, on
//! the MAC array, singles that are rounded to 8 bits.

use crate::net::int8::{Scale, kept};

/// Linear layer of int8 weights: `W[j][i] = f32(q[j][i]) · scale[j]`.
///
/// Weights are kept source after source, so that an input adds to all outputs at once; each
/// output's sum is still in ascending order of its inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    inputs: usize,
    /// Weights, `[inputs, outputs]`.
    columns: Vec<i8>,
    /// Scale of each output, `[outputs]`.
    pub scale: Vec<f32>,
    /// Bias of each output, `[outputs]`.
    pub bias: Vec<f32>,
    /// Scale of 8-bit inputs; `None` where the model has none.
    pub input: Option<Scale>,
    /// Whether inputs are rounded and multiplied on the MAC array.
    array: bool,
}

impl Linear {
    /// Creates a layer from rows `[outputs, inputs]`; `None` where lengths do not agree.
    pub fn from_rows(rows: &[i8], scale: Vec<f32>, bias: Vec<f32>) -> Option<Self> {
        let outputs = scale.len();
        let inputs = rows.len().checked_div(outputs)?;
        if rows.len() != inputs * outputs || bias.len() != outputs {
            return None;
        }
        let columns = (0..inputs).flat_map(|i| (0..outputs).map(move |j| rows[j * inputs + i])).collect();
        Some(Self { inputs, columns, scale, bias, input: None, array: false })
    }

    /// Sets the scale of 8-bit inputs.
    #[must_use]
    pub fn with_input(self, scale: f32) -> Self {
        Self { input: Some(Scale::of_level(scale)), ..self }
    }

    /// Chooses whether inputs are rounded and multiplied on the MAC array, which needs their scale.
    #[must_use]
    pub fn on_array(self, array: bool) -> Self {
        Self { array: array && self.input.is_some(), ..self }
    }

    /// Returns the scale of the inputs on the MAC array; `None` of a layer that is not on it.
    pub fn array(&self) -> Option<Scale> {
        self.input.filter(|_| self.array)
    }

    /// Returns what an integer sum of the MAC array is multiplied with, by output.
    pub fn array_scales(&self) -> Vec<f32> {
        let input = self.input.unwrap_or(Scale::SILENT).scale;
        self.scale.iter().map(|scale| scale * input).collect()
    }

    /// Returns the number of inputs.
    pub const fn inputs(&self) -> usize {
        self.inputs
    }

    /// Returns the number of outputs.
    pub fn outputs(&self) -> usize {
        self.scale.len()
    }

    /// Returns the stored weight of output `output` from input `input`.
    pub fn weight(&self, output: usize, input: usize) -> i8 {
        self.columns[input * self.outputs() + output]
    }

    /// Computes `out[j] = Σ_i x[i]·W[j][i] + bias[j]` in single precision: each weight is
    /// dequantised first, each operation rounds, the sum runs in ascending order from 0. On the MAC
    /// array, x is rounded to 8 bits and the sum is an integer ([`crate::net::int8`]).
    pub fn dense(&self, x: &[f32], out: &mut Vec<f32>) {
        if let Some(input) = self.array() {
            return self.dense_on_array(input, x, out);
        }
        out.clear();
        out.resize(self.outputs(), 0.0);
        for (&x, column) in x.iter().zip(self.columns.chunks_exact(self.outputs())) {
            for ((sum, &q), &scale) in out.iter_mut().zip(column).zip(&self.scale) {
                *sum = term(*sum, x, q, scale);
            }
        }
        for (out, bias) in out.iter_mut().zip(&self.bias) {
            *out += bias;
        }
    }

    fn dense_on_array(&self, input: Scale, x: &[f32], out: &mut Vec<f32>) {
        let mut sums = vec![0_i32; self.outputs()];
        for (&x, column) in x.iter().zip(self.columns.chunks_exact(self.outputs())) {
            let x = i32::from(input.byte(x));
            for (sum, &q) in sums.iter_mut().zip(column) {
                *sum = sum.wrapping_add(x * i32::from(q));
            }
        }
        let scaled = sums.into_iter().zip(self.array_scales()).zip(&self.bias);
        out.clear();
        out.extend(scaled.map(|((sum, scale), bias)| kept(sum).0 as f32 * scale + bias));
    }

    /// Adds `sign` times the weights of the inputs `active` to the sums of all outputs.
    pub fn accumulate(&self, active: impl Iterator<Item = usize>, sign: i32, sums: &mut [i32]) {
        let outputs = self.outputs();
        for input in active {
            let column = &self.columns[input * outputs..][..outputs];
            for (sum, &q) in sums.iter_mut().zip(column) {
                *sum += sign * i32::from(q);
            }
        }
    }

    /// Returns the input of output neuron `output` in one time step, from its integer sum.
    #[inline]
    pub fn input(&self, output: usize, sum: i32) -> f32 {
        scaled(sum, self.scale[output]) + self.bias[output]
    }

    /// Returns output `output` as the mean over `steps` time steps, from the integer sum of
    /// all of them.
    #[inline]
    pub fn mean(&self, output: usize, sum: i32, steps: usize) -> f32 {
        mean(sum, self.scale[output], steps) + self.bias[output]
    }
}

/// Returns a sum with the next product of a dense layer: dequantise, multiply, add.
#[inline]
pub fn term(sum: f32, x: f32, q: i8, scale: f32) -> f32 {
    sum + x * (f32::from(q) * scale)
}

/// Returns an integer sum of weights as a single, times their scale.
#[inline]
pub fn scaled(sum: i32, scale: f32) -> f32 {
    sum as f32 * scale
}

/// Returns the scaled sum of `steps` time steps as their mean, without bias.
#[inline]
pub fn mean(sum: i32, scale: f32, steps: usize) -> f32 {
    scaled(sum, scale) / steps as f32
}
