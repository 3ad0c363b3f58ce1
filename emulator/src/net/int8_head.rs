//! The gesture network's convolutional head in 8 bits: weights with a scale an output, activations
//! with a scale a layer.
//!
//! Of each layer the largest activation that the head of singles has on some frames is known
//! ([`HeadPeaks`]); it becomes 127. An output is the sum of its products as integers, of which 24
//! bits are kept. A convolution's sums are pooled, then made singles, multiplied with a factor and
//! given the bias, both in units of the layer's own scale, each rounded once; what is negative
//! becomes 0, what is above 127 becomes 127, the rest is rounded to the nearest byte. The linear
//! layer's sums become singles in the same way, in units of 1: the features. Sums are integers, so
//! no order of theirs and no partition changes a bit.

use ndarray::Array3;

use super::conv::{Conv2d, ConvShape, Linear};
use super::gesture::{self, CONVOLUTIONS, FRAME_SIDE, Head};
use super::int8::{Scale, byte, dot, kept};
use super::quantise::quantise_row;

/// Largest values of the head's layers on some frames.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeadPeaks {
    frame: f32,
    maps: [f32; CONVOLUTIONS],
}

impl HeadPeaks {
    /// Records the largest activations of one more frame, `[32 · 32]` in rows, and
    /// returns its features.
    pub fn look(&mut self, head: &Head, frame: &[f32]) -> Vec<f32> {
        let largest =
            |values: &mut dyn Iterator<Item = &f32>| values.fold(0.0_f32, |most, x| most.max(x.abs()));
        self.frame = self.frame.max(largest(&mut frame.iter()));
        head.forward_with(frame, |layer, maps: &Array3<f32>| {
            if let Some(peak) = self.maps.get_mut(layer) {
                *peak = peak.max(largest(&mut maps.iter()));
            }
        })
    }
}

/// Layer of the head: a convolution with its pooling, or the linear layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Layer {
    /// Name in reports: `conv1` to `conv5`, `linear`.
    pub name: &'static str,
    /// Sizes; the linear layer is a convolution of one place.
    pub shape: ConvShape,
    /// Rows and columns of the maps that it reads.
    pub side: usize,
    /// Whether max-pooling of 3 × 3 places, one every 2, follows.
    pub pools: bool,
    /// Whether its outputs are singles: those of the last layer.
    pub singles: bool,
    /// Weights, `[outputs, kernel, kernel, inputs]`.
    weights: Vec<i8>,
    /// Factor on the sum of each output.
    pub factors: Vec<f32>,
    /// Bias added to the scaled sum of each output.
    pub biases: Vec<f32>,
}

/// Activations of a layer: bytes with a scale, or the features.
#[derive(Clone, Debug, PartialEq)]
pub enum Maps {
    /// Bytes, `[places, channels]`.
    Bytes(Vec<i8>),
    /// Features as singles, `[channels]`.
    Singles(Vec<f32>),
}

impl Int8Layer {
    /// Returns the weights of output `output` at a tap of the kernel, `[inputs]`; none outside.
    pub fn weights(&self, output: usize, row: usize, column: usize) -> &[i8] {
        let ConvShape { inputs, kernel, .. } = self.shape;
        let start = ((output * kernel + row) * kernel + column) * inputs;
        self.weights.get(start..start + inputs).unwrap_or_default()
    }

    /// Returns rows and columns of its sums, before pooling.
    pub fn sum_side(&self) -> usize {
        self.shape.side(self.side)
    }

    /// Returns rows and columns of its outputs.
    pub fn output_side(&self) -> usize {
        if self.pools { POOL.side(self.sum_side()) } else { self.sum_side() }
    }

    /// Returns the place of the maps that a tap of the kernel reads for a place of the sums; `None`
    /// in the padding.
    pub fn read(&self, place: (usize, usize), tap: (usize, usize)) -> Option<usize> {
        let inside = |at: usize, tap: usize| {
            (at * self.shape.stride + tap).checked_sub(self.shape.padding).filter(|&at| at < self.side)
        };
        Some(inside(place.0, tap.0)? * self.side + inside(place.1, tap.1)?)
    }

    /// Returns the taps of the kernel, by row and column, that read a map at some place.
    pub fn used_taps(&self) -> Vec<(usize, usize)> {
        let places = || (0..self.sum_side()).flat_map(|r| (0..self.sum_side()).map(move |c| (r, c)));
        let used = |tap: &(usize, usize)| places().any(|place| self.read(place, *tap).is_some());
        self.taps().into_iter().filter(used).collect()
    }

    /// Returns all taps of the kernel, by row and column.
    pub fn taps(&self) -> Vec<(usize, usize)> {
        let kernel = self.shape.kernel;
        (0..kernel).flat_map(|row| (0..kernel).map(move |column| (row, column))).collect()
    }

    /// Returns the places of the sums that each output takes the largest of.
    pub fn windows(&self) -> Vec<Vec<usize>> {
        let (side, sums) = (self.output_side(), self.sum_side());
        let places = (0..side).flat_map(|row| (0..side).map(move |column| (row, column)));
        let window = |(row, column): (usize, usize)| -> Vec<usize> {
            if !self.pools {
                return vec![row * sums + column];
            }
            let (row, column) = (row * POOL.stride, column * POOL.stride);
            let taps = (0..POOL.kernel).flat_map(|r| (0..POOL.kernel).map(move |c| (r, c)));
            taps.map(|(r, c)| (row + r) * sums + column + c).collect()
        };
        places.map(window).collect()
    }

    /// Returns the sums of one output at all places, and how many needed more than 24 bits.
    fn sums(&self, output: usize, x: &[i8], taps: &[(usize, usize)]) -> (Vec<i32>, u32) {
        let (side, inputs) = (self.sum_side(), self.shape.inputs);
        let mut overflows = 0;
        let places = (0..side).flat_map(|row| (0..side).map(move |column| (row, column)));
        let sum = |place| {
            let sum = taps.iter().fold(0_i32, |sum, &tap| {
                let Some(at) = self.read(place, tap) else { return sum };
                let x = x.get(at * inputs..(at + 1) * inputs).unwrap_or_default();
                sum.wrapping_add(dot(self.weights(output, tap.0, tap.1), x))
            });
            let (sum, lost) = kept(sum);
            overflows += u32::from(lost);
            sum
        };
        (places.map(sum).collect(), overflows)
    }

    /// Returns a pooled sum as an activation.
    fn activation(&self, output: usize, sum: i32) -> f32 {
        let factor = self.factors.get(output).copied().unwrap_or(0.0);
        sum as f32 * factor + self.biases.get(output).copied().unwrap_or(0.0)
    }

    /// Returns the layer's outputs for maps `x`, `[places, channels]`, and the number of sums that
    /// needed more than 24 bits.
    pub fn forward(&self, x: &[i8]) -> (Maps, u32) {
        let (windows, taps, outputs) = (self.windows(), self.used_taps(), self.shape.outputs);
        let mut bytes = vec![0; windows.len() * outputs];
        let mut singles = Vec::new();
        let mut overflows = 0;
        for output in 0..outputs {
            let (sums, lost) = self.sums(output, x, &taps);
            overflows += lost;
            if self.singles {
                singles.push(self.activation(output, sums.first().copied().unwrap_or(0)));
                continue;
            }
            for (place, window) in windows.iter().enumerate() {
                let most = window.iter().filter_map(|&at| sums.get(at)).max().copied().unwrap_or(0);
                bytes[place * outputs + output] = byte(self.activation(output, most)).max(0);
            }
        }
        let maps = if self.singles { Maps::Singles(singles) } else { Maps::Bytes(bytes) };
        (maps, overflows)
    }
}

/// Pooling of the head.
const POOL: ConvShape = ConvShape { inputs: 1, outputs: 1, kernel: 3, stride: 2, padding: 0 };

/// The head in 8 bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Head {
    /// Scale of the frame's pixels.
    pub frame: Scale,
    /// Convolutions in order, then the linear layer.
    pub layers: Vec<Int8Layer>,
}

impl Int8Head {
    /// Rounds a head, with the scales that these largest activations give.
    pub fn new(head: &Head, peaks: &HeadPeaks) -> Self {
        const NAMES: [&str; CONVOLUTIONS] = ["conv1", "conv2", "conv3", "conv4", "conv5"];
        let frame = Scale::of_peak(peaks.frame);
        let (mut input, mut side) = (frame, FRAME_SIDE);
        let mut layers = Vec::new();
        for (index, conv) in head.convolutions().iter().enumerate() {
            let own = Scale::of_peak(peaks.maps[index]);
            let mut layer = rounded_conv(NAMES[index], conv, input, own);
            (layer.side, layer.pools) = (side, gesture::pools(index));
            (side, input) = (layer.output_side(), own);
            layers.push(layer);
        }
        layers.push(rounded_linear(head.linear(), input));
        Self { frame, layers }
    }

    /// Returns the number of features.
    pub fn features(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.shape.outputs)
    }

    /// Returns the features of one frame, `[32 · 32]` in rows, and the number of sums that needed
    /// more than 24 bits; missing pixels count as 0.
    pub fn forward(&self, frame: &[f32]) -> (Vec<f32>, u32) {
        let mut maps: Vec<i8> = frame.iter().map(|&pixel| self.frame.byte(pixel)).collect();
        maps.resize(FRAME_SIDE * FRAME_SIDE, 0);
        let mut overflows = 0;
        for layer in &self.layers {
            let (made, lost) = layer.forward(&maps);
            overflows += lost;
            match made {
                Maps::Bytes(bytes) => maps = bytes,
                Maps::Singles(features) => return (features, overflows),
            }
        }
        (Vec::new(), overflows)
    }
}

/// Rounds rows of weights and puts sums in units of `own`; side and pooling are the caller's.
fn rounded(
    name: &'static str,
    shape: ConvShape,
    (rows, biases): (impl Iterator<Item = Vec<f32>>, Vec<f32>),
    input: Scale,
    own: Option<Scale>,
) -> Int8Layer {
    let mut weights = Vec::new();
    let mut factors = Vec::new();
    for row in rows {
        let (scale, bytes) = quantise_row(row.iter().copied());
        weights.extend(bytes);
        factors.push(scale * input.scale * own.map_or(1.0, |own| own.inverse));
    }
    let biases = biases.into_iter().map(|bias| bias * own.map_or(1.0, |own| own.inverse)).collect();
    Int8Layer { name, shape, side: 1, pools: false, singles: own.is_none(), weights, factors, biases }
}

fn rounded_conv(name: &'static str, conv: &Conv2d, input: Scale, own: Scale) -> Int8Layer {
    let shape = conv.shape();
    let row = |output: usize| {
        let taps = (0..shape.kernel).flat_map(|r| (0..shape.kernel).map(move |c| (r, c)));
        taps.flat_map(|(r, c)| (0..shape.inputs).map(move |i| conv.weight(output, i, r, c))).collect()
    };
    let biases = (0..shape.outputs).map(|output| conv.bias(output)).collect();
    rounded(name, shape, ((0..shape.outputs).map(row), biases), input, Some(own))
}

fn rounded_linear(linear: &Linear, input: Scale) -> Int8Layer {
    let (inputs, outputs) = (linear.inputs(), linear.outputs());
    let shape = ConvShape { inputs, outputs, kernel: 1, stride: 1, padding: 0 };
    let row = |output: usize| (0..inputs).map(|i| linear.weight(output, i)).collect();
    let biases = (0..outputs).map(|output| linear.bias(output)).collect();
    rounded("linear", shape, ((0..outputs).map(row), biases), input, None)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "exact values")]
mod tests {
    use super::*;
    use crate::net::gesture::conv_shape;
    use crate::net::random::Random;

    /// A head with weights drawn at random.
    fn head(channels: [usize; CONVOLUTIONS], features: usize) -> Head {
        let mut random = Random::new(7);
        let mut draw = |n: usize, scale: f32| -> Vec<f32> {
            (0..n).map(|_| scale * (random.unit() as f32 - 0.5)).collect()
        };
        let mut inputs = 1;
        let mut layers = Vec::new();
        for (index, outputs) in channels.into_iter().enumerate() {
            let shape = conv_shape(index, inputs, outputs).unwrap();
            let scale = 4.0 / ((shape.kernel * shape.kernel * inputs) as f32).sqrt();
            layers.push(Conv2d::new(shape, &draw(shape.weights(), scale), draw(outputs, 0.2)).unwrap());
            inputs = outputs;
        }
        let linear = Linear::new(inputs, &draw(inputs * features, 0.5), draw(features, 0.2)).unwrap();
        Head::new(layers, linear).unwrap()
    }

    #[test]
    fn features_are_near_those_of_singles() {
        let head = head([16, 20, 24, 16, 16], 12);
        let mut random = Random::new(8);
        let frames: Vec<Vec<f32>> =
            (0..6).map(|_| (0..1024).map(|_| 4.0 * random.unit() as f32).collect()).collect();
        let mut peaks = HeadPeaks::default();
        let exact: Vec<Vec<f32>> = frames.iter().map(|frame| peaks.look(&head, frame)).collect();
        let rounded = Int8Head::new(&head, &peaks);
        let (mut error, mut signal) = (0.0_f64, 0.0_f64);
        for (frame, exact) in frames.iter().zip(&exact) {
            assert_eq!(exact, &head.forward(frame));
            let (features, overflows) = rounded.forward(frame);
            assert_eq!((features.len(), overflows), (12, 0));
            for (a, b) in features.iter().zip(exact) {
                error += f64::from(a - b).powi(2);
                signal += f64::from(*b).powi(2);
            }
        }
        assert!(error < 0.01 * signal, "{error} of {signal}");
    }

    #[test]
    fn taps_that_only_read_padding_are_not_used() {
        let head = Int8Head::new(&head([2, 2, 2, 2, 2], 3), &HeadPeaks::default());
        let used: Vec<usize> = head.layers.iter().map(|layer| layer.used_taps().len()).collect();
        assert_eq!(used, [121, 25, 1, 1, 1, 1]);
        let sides: Vec<usize> = head.layers.iter().map(Int8Layer::output_side).collect();
        assert_eq!(sides, [3, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn a_head_that_saw_nothing_gives_its_biases() {
        let head = head([2, 2, 2, 2, 2], 3);
        let (features, _) = Int8Head::new(&head, &HeadPeaks::default()).forward(&[1.0; 1024]);
        let biases: Vec<f32> = (0..3).map(|output| head.linear().bias(output)).collect();
        assert_eq!(features, biases);
    }
}
