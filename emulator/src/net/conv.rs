//! What comes before the recurrent layers of the gesture network: convolutions, ReLU, max-pooling, linear layers.
//!
//! One order of summation, the same bits on every machine: an output starts at +0 and takes its products in ascending
//! order of input channel, then row, then column of the kernel, in double precision (products are exact in it, nothing is
//! fused); the bias comes last, then the result is rounded to single. This is the host's part: it may be as good as that, and
//! in single precision thousands of terms would leave errors above 1e-5. Inputs that are 0 and places outside of the map are
//! left out, which changes no bit: a sum that began with +0 never becomes −0 by adding ±0. Weights and inputs are expected to be finite.

use thiserror::Error;

/// Channels of values over rows and columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Maps {
    /// Channels.
    pub channels: usize,
    /// Rows and columns of each map: they are square.
    pub side: usize,
    /// \[channels, side, side\].
    pub values: Vec<f32>,
}

/// Sizes that do not go together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}: {found} numbers, needed are {needed}")]
pub struct ShapeError {
    /// Which array.
    pub what: &'static str,
    /// Its numbers.
    pub found: usize,
    /// How many it should have.
    pub needed: usize,
}

fn expect(what: &'static str, found: usize, needed: usize) -> Result<(), ShapeError> {
    if found == needed { Ok(()) } else { Err(ShapeError { what, found, needed }) }
}

/// Sizes of a 2-D convolution with a square kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Channels read.
    pub inputs: usize,
    /// Channels made.
    pub outputs: usize,
    /// Rows and columns of the kernel, at least 1.
    pub kernel: usize,
    /// Step from one output to the next, at least 1.
    pub stride: usize,
    /// Zeros around the map.
    pub padding: usize,
}

impl ConvShape {
    /// Rows and columns of what it makes of maps of `side` rows and columns; 0 where the kernel does not fit.
    pub fn side(self, side: usize) -> usize {
        (side + 2 * self.padding).checked_sub(self.kernel).map_or(0, |room| room / self.stride.max(1) + 1)
    }

    /// Weights of it.
    pub fn weights(self) -> usize {
        self.outputs * self.inputs * self.kernel * self.kernel
    }
}

/// A 2-D convolution (in fact a correlation, as in PyTorch) and its bias.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2d {
    shape: ConvShape,
    /// \[inputs, kernel, kernel, outputs\]: the weights of one input value for all outputs lie together.
    weight: Vec<f32>,
    /// \[outputs\].
    bias: Vec<f32>,
}

impl Conv2d {
    /// From weights as PyTorch has them, \[outputs, inputs, kernel, kernel\], and the bias, \[outputs\].
    pub fn new(shape: ConvShape, weight: &[f32], bias: Vec<f32>) -> Result<Self, ShapeError> {
        expect("weight of a convolution", weight.len(), shape.weights())?;
        expect("bias of a convolution", bias.len(), shape.outputs)?;
        Ok(Self { shape, weight: transpose(weight, shape.outputs), bias })
    }

    /// Its sizes.
    pub fn shape(&self) -> ConvShape {
        self.shape
    }

    /// Its output for `x`; channels that `x` does not have count as 0.
    pub fn forward(&self, x: &Maps) -> Maps {
        let side = self.shape.side(x.side);
        let mut out =
            Maps { channels: self.shape.outputs, side, values: vec![0.0; self.shape.outputs * side * side] };
        let mut sums = vec![0.0_f64; self.shape.outputs];
        for place in 0..side * side {
            sums.fill(0.0);
            self.place(x, place / side, place % side, &mut sums);
            let own = out.values.iter_mut().skip(place).step_by(side * side);
            for ((out, sum), bias) in own.zip(&sums).zip(&self.bias) {
                *out = (sum + f64::from(*bias)) as f32;
            }
        }
        out
    }

    /// Sums of all outputs at one place, without bias.
    fn place(&self, x: &Maps, row: usize, column: usize, sums: &mut [f64]) {
        let ConvShape { inputs, outputs, kernel, stride, padding } = self.shape;
        let inside = |at: usize, tap: usize| (at * stride + tap).checked_sub(padding).filter(|&i| i < x.side);
        for channel in 0..inputs {
            for tap_row in 0..kernel {
                let Some(r) = inside(row, tap_row) else { continue };
                for tap in 0..kernel {
                    let Some(c) = inside(column, tap) else { continue };
                    let value = x.values.get((channel * x.side + r) * x.side + c).copied().unwrap_or(0.0);
                    let first = ((channel * kernel + tap_row) * kernel + tap) * outputs;
                    add(sums, value, self.weight.get(first..first + outputs).unwrap_or_default());
                }
            }
        }
    }
}

/// A linear layer: W·x + b.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    inputs: usize,
    /// \[inputs, outputs\].
    weight: Vec<f32>,
    /// \[outputs\].
    bias: Vec<f32>,
}

impl Linear {
    /// From weights as PyTorch has them, \[outputs, inputs\], and the bias, \[outputs\].
    pub fn new(inputs: usize, weight: &[f32], bias: Vec<f32>) -> Result<Self, ShapeError> {
        expect("weight of a linear layer", weight.len(), inputs * bias.len())?;
        Ok(Self { inputs, weight: transpose(weight, bias.len()), bias })
    }

    /// Numbers it reads.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Numbers it makes.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Its output, \[outputs\], for `x`, \[inputs\]; what `x` lacks counts as 0.
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut sums = vec![0.0_f64; self.outputs()];
        for (&value, weights) in x.iter().zip(self.weight.chunks_exact(self.outputs().max(1))) {
            add(&mut sums, value, weights);
        }
        sums.iter().zip(&self.bias).map(|(sum, bias)| (sum + f64::from(*bias)) as f32).collect()
    }
}

/// One input's products with its weights, each onto its own sum.
#[inline]
fn add(sums: &mut [f64], value: f32, weights: &[f32]) {
    if value != 0.0 {
        for (sum, weight) in sums.iter_mut().zip(weights) {
            *sum += f64::from(*weight) * f64::from(value);
        }
    }
}

/// \[outputs, inputs\] to \[inputs, outputs\].
fn transpose(weight: &[f32], outputs: usize) -> Vec<f32> {
    let inputs = weight.len().checked_div(outputs).unwrap_or(0);
    (0..inputs).flat_map(|input| weight.iter().skip(input).step_by(inputs).copied()).collect()
}

/// Negative values become 0.
pub fn relu(maps: &mut Maps) {
    for value in &mut maps.values {
        *value = value.max(0.0);
    }
}

/// The greatest value of every window of `window` × `window`, one each `stride` rows and columns; windows that reach over
/// the edge are left out.
pub fn max_pool(x: &Maps, window: usize, stride: usize) -> Maps {
    let side = ConvShape { inputs: 1, outputs: 1, kernel: window, stride, padding: 0 }.side(x.side);
    let greatest = |channel: usize, row: usize, column: usize| {
        let first = (channel * x.side + row * stride) * x.side + column * stride;
        let rows = (0..window).flat_map(|r| x.values.iter().skip(first + r * x.side).take(window));
        rows.copied().fold(f32::NEG_INFINITY, f32::max)
    };
    let places = || (0..side).flat_map(|row| (0..side).map(move |column| (row, column)));
    let values = (0..x.channels).flat_map(|ch| places().map(move |(row, column)| (ch, row, column)));
    Maps { channels: x.channels, side, values: values.map(|(ch, r, c)| greatest(ch, r, c)).collect() }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "bits are what is tested")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, written as plainly as possible: padded map, ascending products, bias last.
    fn plainly(shape: ConvShape, weight: &[f32], bias: &[f32], x: &Maps) -> Vec<f32> {
        let ConvShape { inputs, outputs, kernel, stride, padding } = shape;
        let wide = x.side + 2 * padding;
        let mut padded = vec![0.0; inputs * wide * wide];
        for ch in 0..inputs {
            for r in 0..x.side {
                for c in 0..x.side {
                    padded[(ch * wide + r + padding) * wide + c + padding] =
                        x.values[(ch * x.side + r) * x.side + c];
                }
            }
        }
        let mut out = Vec::new();
        for o in 0..outputs {
            for r in 0..shape.side(x.side) {
                for c in 0..shape.side(x.side) {
                    let mut sum = 0.0_f64;
                    for ch in 0..inputs {
                        for i in 0..kernel {
                            for j in 0..kernel {
                                let w = weight[((o * inputs + ch) * kernel + i) * kernel + j];
                                let x = padded[(ch * wide + r * stride + i) * wide + c * stride + j];
                                sum += f64::from(w) * f64::from(x);
                            }
                        }
                    }
                    out.push((sum + f64::from(bias[o])) as f32);
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn same_bits_as_the_definition(
            (inputs, outputs, kernel, stride, padding) in (1_usize..4, 1_usize..5, 1_usize..4, 1_usize..3, 0_usize..3),
            side in 3_usize..8,
            numbers in prop::collection::vec(prop_oneof![Just(0.0_f32), Just(-0.0_f32), -2.0_f32..2.0], 400),
        ) {
            let shape = ConvShape { inputs, outputs, kernel, stride, padding };
            let mut numbers = numbers.into_iter().cycle();
            let mut take = |n: usize| numbers.by_ref().take(n).collect::<Vec<_>>();
            let (weight, bias) = (take(shape.weights()), take(outputs));
            let x = Maps { channels: inputs, side, values: take(inputs * side * side) };
            let got = Conv2d::new(shape, &weight, bias.clone()).unwrap().forward(&x);
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&got.values), bits(&plainly(shape, &weight, &bias, &x)));
        }
    }

    #[test]
    fn pooling_takes_the_greatest_and_drops_the_rest() {
        let x = Maps { channels: 1, side: 6, values: (0..36_u8).map(|i| -f32::from(i)).collect() };
        let pooled = max_pool(&x, 3, 2);
        assert_eq!((pooled.side, pooled.values), (2, vec![0.0, -2.0, -12.0, -14.0]));
        assert_eq!(max_pool(&Maps { channels: 1, side: 2, values: vec![1.0; 4] }, 3, 2).side, 0);
    }

    #[test]
    fn linear_layers_add_in_double_precision_with_the_bias_last() {
        let linear = Linear::new(3, &[1e8, 1.0, -1e8, 1.0, 2.0, 3.0], vec![0.5, -1.0]).unwrap();
        assert_eq!(linear.forward(&[1.0, 1.0, 1.0]), [1.5, 5.0]);
        let error = Linear::new(3, &[0.0; 5], vec![0.0; 2]).unwrap_err().to_string();
        assert!(error.contains("5 numbers, needed are 6"), "{error}");
    }
}
