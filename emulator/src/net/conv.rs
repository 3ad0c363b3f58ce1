//! Layers before the recurrent ones of the gesture network: convolutions, ReLU,
//! max-pooling, linear layers.
//!
//! One order of summation, the same bits on every machine: an output starts at +0 and takes its
//! products in ascending order of input channel, then row, then column of the kernel, in double
//! precision (products are exact in it, nothing is fused); the bias comes last, then the result is
//! rounded to single. This is the host's part: it may be as good as that, and in single precision
//! thousands of terms would leave errors above 1e-5. Inputs that are 0 and places outside of the
//! map are left out, which changes no bit: a sum that began with +0 never becomes −0 by adding ±0.
//! Weights and inputs are expected to be finite. Outputs are computed 32 side by side, each with
//! its own chain.
//!
//! Arrays are `ndarray`'s. Its `dot` is not used, because it chooses the order of its sums itself.

#![allow(clippy::needless_pass_by_value, reason = "a view is as small as a reference to it")]
#![allow(
    clippy::inline_always,
    reason = "only inlined is the code compiled with the dispatched instructions"
)]

use ndarray::{Array1, Array2, Array3, Array4, ArrayView2, ArrayView3, ArrayView4, Axis, Slice};
use pulp::{Arch, Simd, WithSimd};
use thiserror::Error;

/// Error of arrays whose sizes do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}: {found} numbers, expected {needed}")]
pub struct ShapeError {
    /// Array of another size than needed.
    pub what: &'static str,
    /// Number of values that it has.
    pub found: usize,
    /// Number of values that it should have.
    pub needed: usize,
}

fn expect(what: &'static str, found: usize, needed: usize) -> Result<(), ShapeError> {
    if found == needed { Ok(()) } else { Err(ShapeError { what, found, needed }) }
}

/// Sizes of a 2-D convolution with a square kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Number of channels that are read.
    pub inputs: usize,
    /// Number of channels that are made.
    pub outputs: usize,
    /// Rows and columns of the kernel, at least 1.
    pub kernel: usize,
    /// Step from one output to the next, at least 1.
    pub stride: usize,
    /// Zeros around the map.
    pub padding: usize,
}

impl ConvShape {
    /// Returns the rows of the output for maps of `side` rows, or columns alike.
    ///
    /// 0 if the kernel does not fit.
    pub fn side(self, side: usize) -> usize {
        (side + 2 * self.padding).checked_sub(self.kernel).map_or(0, |room| room / self.stride.max(1) + 1)
    }

    /// Returns the number of weights.
    pub fn weights(self) -> usize {
        self.outputs * self.inputs * self.kernel * self.kernel
    }
}

/// A 2-D convolution (in fact a correlation, as in PyTorch) and its bias.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2d {
    shape: ConvShape,
    /// Weights, `[inputs, kernel, kernel, outputs]`: those of one input value lie together.
    weight: Array4<f32>,
    /// Bias of each output, `[outputs]`.
    bias: Array1<f32>,
}

impl Conv2d {
    /// Creates it from PyTorch's weights `[outputs, inputs, kernel, kernel]` and bias `[outputs]`.
    ///
    /// # Errors
    ///
    /// Fails if there are more or fewer weights or biases than `shape` needs.
    pub fn new(shape: ConvShape, weight: &[f32], bias: Vec<f32>) -> Result<Self, ShapeError> {
        let ConvShape { inputs, outputs, kernel, .. } = shape;
        let what = "weight of a convolution";
        expect(what, weight.len(), shape.weights())?;
        expect("bias of a convolution", bias.len(), outputs)?;
        let weight = ArrayView4::from_shape((outputs, inputs, kernel, kernel), weight)
            .map_err(|_| ShapeError { what, found: weight.len(), needed: shape.weights() })?
            .permuted_axes([1, 2, 3, 0]);
        Ok(Self { shape, weight: weight.as_standard_layout().into_owned(), bias: bias.into() })
    }

    /// Returns the sizes of the convolution.
    pub fn shape(&self) -> ConvShape {
        self.shape
    }

    /// Returns the weight of an output for an input at a row and column of the kernel; 0 outside.
    pub fn weight(&self, output: usize, input: usize, row: usize, column: usize) -> f32 {
        self.weight.get((input, row, column, output)).copied().unwrap_or(0.0)
    }

    /// Returns the bias of an output; 0 outside.
    pub fn bias(&self, output: usize) -> f32 {
        self.bias.get(output).copied().unwrap_or(0.0)
    }

    /// Returns the output for maps `x`, `[channels, rows, columns]`; missing channels count as 0.
    pub fn forward(&self, x: ArrayView3<'_, f32>) -> Array3<f32> {
        let (_, rows, columns) = x.dim();
        let (rows, columns) = (self.shape.side(rows), self.shape.side(columns));
        let mut out = Array3::zeros((self.shape.outputs, rows, columns));
        let mut sums = vec![0.0_f64; self.shape.outputs];
        let mut products = Vec::new();
        // Maps and weights are in memory order: a view for each tap would cost more than its reads.
        let (x, weights) = (x.as_standard_layout(), self.weight.as_slice().unwrap_or_default());
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        for ((row, column), out) in places.zip(out.lanes_mut(Axis(0))) {
            products.clear();
            self.place(x.view(), row, column, &mut products);
            Arch::new().dispatch(Sums { products: &products, weights, sums: &mut sums });
            for ((out, sum), bias) in out.into_iter().zip(&sums).zip(&self.bias) {
                *out = (sum + f64::from(*bias)) as f32;
            }
        }
        out
    }

    /// Lists the inputs at one place that are not 0, in the order of the sums.
    fn place(&self, x: ArrayView3<'_, f32>, row: usize, column: usize, products: &mut Vec<Products>) {
        let ConvShape { outputs, kernel, stride, padding, .. } = self.shape;
        let (_, rows, columns) = x.dim();
        let inside = |at: usize, tap: usize, side: usize| {
            (at * stride + tap).checked_sub(padding).filter(|&i| i < side)
        };
        let maps = x.to_slice().unwrap_or_default().chunks((rows * columns).max(1)).take(self.shape.inputs);
        for (channel, map) in maps.enumerate() {
            for tap_row in 0..kernel {
                let Some(r) = inside(row, tap_row, rows) else { continue };
                for tap in 0..kernel {
                    let Some(c) = inside(column, tap, columns) else { continue };
                    let first = ((channel * kernel + tap_row) * kernel + tap) * outputs;
                    products.extend(Products::of(map[r * columns + c], first));
                }
            }
        }
    }
}

/// A linear layer: W·x + b.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// Weights, `[inputs, outputs]`.
    weight: Array2<f32>,
    /// Bias of each output, `[outputs]`.
    bias: Array1<f32>,
}

impl Linear {
    /// Creates it from PyTorch's weights, `[outputs, inputs]`, and bias, `[outputs]`.
    ///
    /// # Errors
    ///
    /// Fails if there are more or fewer weights than inputs times biases.
    pub fn new(inputs: usize, weight: &[f32], bias: Vec<f32>) -> Result<Self, ShapeError> {
        let (what, needed) = ("weight of a linear layer", inputs * bias.len());
        expect(what, weight.len(), needed)?;
        let weight = ArrayView2::from_shape((bias.len(), inputs), weight)
            .map_err(|_| ShapeError { what, found: weight.len(), needed })?
            .reversed_axes();
        Ok(Self { weight: weight.as_standard_layout().into_owned(), bias: bias.into() })
    }

    /// Returns the number of inputs.
    pub fn inputs(&self) -> usize {
        self.weight.nrows()
    }

    /// Returns the number of outputs.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Returns the weight of an output for an input; 0 outside.
    pub fn weight(&self, output: usize, input: usize) -> f32 {
        self.weight.get((input, output)).copied().unwrap_or(0.0)
    }

    /// Returns the bias of an output; 0 outside.
    pub fn bias(&self, output: usize) -> f32 {
        self.bias.get(output).copied().unwrap_or(0.0)
    }

    /// Returns the output, `[outputs]`, for `x`, `[inputs]`; missing inputs count as 0.
    pub fn forward<'x>(&self, x: impl IntoIterator<Item = &'x f32>) -> Vec<f32> {
        let (mut sums, outputs) = (vec![0.0_f64; self.outputs()], self.outputs());
        let inputs = (0..self.inputs()).zip(x);
        let products: Vec<Products> =
            inputs.filter_map(|(input, &value)| Products::of(value, input * outputs)).collect();
        let weights = self.weight.as_slice().unwrap_or_default();
        Arch::new().dispatch(Sums { products: &products, weights, sums: &mut sums });
        sums.iter().zip(&self.bias).map(|(sum, bias)| (sum + f64::from(*bias)) as f32).collect()
    }
}

/// An input and its products with the weights of all outputs.
#[derive(Clone, Copy, Debug)]
struct Products {
    /// The input, which is not 0.
    value: f64,
    /// Position of its first weight.
    first: usize,
}

impl Products {
    /// Takes an input whose weights begin at `first`; `None` if it is 0.
    #[inline]
    fn of(value: f32, first: usize) -> Option<Self> {
        (value != 0.0).then(|| Self { value: f64::from(value), first })
    }
}

/// Outputs whose sums are kept in registers while all products are added: enough chains to hide
/// the latency of an addition.
const SIDE_BY_SIDE: usize = 32;

/// Sums of all outputs: each from +0, its products in the order of the list.
#[allow(clippy::struct_field_names, reason = "the sums are what it holds")]
struct Sums<'a> {
    products: &'a [Products],
    weights: &'a [f32],
    sums: &'a mut [f64],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { products, weights, sums } = self;
        let (groups, rest) = sums.as_chunks_mut::<SIDE_BY_SIDE>();
        let whole = groups.len() * SIDE_BY_SIDE;
        for (group, sums) in groups.iter_mut().enumerate() {
            let mut chains = [0.0_f64; SIDE_BY_SIDE];
            for &Products { value, first } in products {
                let weights = weights.get(first + group * SIDE_BY_SIDE..).unwrap_or_default();
                let Some(weights) = weights.first_chunk::<SIDE_BY_SIDE>() else { break };
                // By position: iterators over both are not always inlined into vectorised code.
                for output in 0..SIDE_BY_SIDE {
                    chains[output] += f64::from(weights[output]) * value;
                }
            }
            *sums = chains;
        }
        for (output, sum) in rest.iter_mut().enumerate() {
            *sum = 0.0;
            for &Products { value, first } in products {
                *sum += f64::from(weights.get(first + whole + output).copied().unwrap_or(0.0)) * value;
            }
        }
    }
}

/// Sets negative values to 0.
pub fn relu(maps: &mut Array3<f32>) {
    maps.mapv_inplace(|value| value.max(0.0));
}

/// Returns the greatest value of every window of `window` × `window`, one each `stride` rows and
/// columns; windows that reach over the edge are left out.
pub fn max_pool(x: ArrayView3<'_, f32>, window: usize, stride: usize) -> Array3<f32> {
    let (channels, rows, columns) = x.dim();
    let shape = ConvShape { inputs: 1, outputs: 1, kernel: window, stride, padding: 0 };
    Array3::from_shape_fn((channels, shape.side(rows), shape.side(columns)), |(channel, row, column)| {
        let (row, column) = (row * stride, column * stride);
        let map = x.index_axis(Axis(0), channel);
        let rows = map.slice_axis(Axis(0), Slice::from(row..row + window));
        let values = rows.slice_axis(Axis(1), Slice::from(column..column + window));
        values.fold(f32::NEG_INFINITY, |greatest, &value| greatest.max(value))
    })
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "bits are what is tested")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, written as plainly as possible: padded map, ascending products, bias last.
    fn plainly(shape: ConvShape, weight: &[f32], bias: &[f32], side: usize, x: &[f32]) -> Vec<f32> {
        let ConvShape { inputs, outputs, kernel, stride, padding } = shape;
        let wide = side + 2 * padding;
        let mut padded = vec![0.0; inputs * wide * wide];
        for ch in 0..inputs {
            for r in 0..side {
                for c in 0..side {
                    padded[(ch * wide + r + padding) * wide + c + padding] = x[(ch * side + r) * side + c];
                }
            }
        }
        let mut out = Vec::new();
        for o in 0..outputs {
            for r in 0..shape.side(side) {
                for c in 0..shape.side(side) {
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
            let x = take(inputs * side * side);
            let maps = ArrayView3::from_shape((inputs, side, side), &x).unwrap();
            let got = Conv2d::new(shape, &weight, bias.clone()).unwrap().forward(maps);
            prop_assert_eq!(got.dim(), (outputs, shape.side(side), shape.side(side)));
            let plain = plainly(shape, &weight, &bias, side, &x);
            let bits = |v: &f32| v.to_bits();
            prop_assert_eq!(got.iter().map(bits).collect::<Vec<_>>(), plain.iter().map(bits).collect::<Vec<_>>());
        }
    }

    #[test]
    fn pooling_takes_the_greatest_and_drops_the_rest() {
        let x = Array3::from_shape_fn((1, 6, 6), |(_, r, c)| -((6 * r + c) as f32));
        assert_eq!(max_pool(x.view(), 3, 2), ndarray::arr3(&[[[0.0, -2.0], [-12.0, -14.0]]]));
        assert_eq!(max_pool(Array3::ones((1, 2, 2)).view(), 3, 2).dim(), (1, 0, 0));
    }

    #[test]
    fn linear_layers_add_in_double_precision_with_the_bias_last() {
        let linear = Linear::new(3, &[1e8, 1.0, -1e8, 1.0, 2.0, 3.0], vec![0.5, -1.0]).unwrap();
        assert_eq!(linear.forward(&[1.0, 1.0, 1.0]), [1.5, 5.0]);
        let error = Linear::new(3, &[0.0; 5], vec![0.0; 2]).unwrap_err().to_string();
        assert!(error.contains("5 numbers, expected 6"), "{error}");
    }
}
