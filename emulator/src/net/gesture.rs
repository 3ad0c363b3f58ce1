//! The gesture network of the authors' DVS128 benchmark: a convolutional head, EGRU layers,
//! a linear readout.
//!
//! ```text
//! frame [32, 32] ─ conv 11×11 /4, ReLU, pool 3/2 ─ conv 5×5, ReLU, pool 3/2 ─ three conv 3×3, ReLU ─ linear ─▶ features
//! features ─ EGRU layers ─▶ output (traces, or y) ─ linear ─▶ logits of this frame; of a gesture: their mean
//! ```
//!
//! Sides of the maps: 32, 7, 3, 3, 1, 1, 1, 1. EvNN has 64, 192, 384, 256, 256 channels and 512
//! features; here any will do. In the experiment, only the EGRU layers run on the chip; head and
//! readout are the host's (arXiv:2312.09084, III-D).

use ndarray::Array3;

use super::conv::{Conv2d, ConvShape, Linear, ShapeError, max_pool, relu};
use super::egru::{Carry, Egru};

/// Rows and columns of a frame.
pub const FRAME_SIDE: usize = 32;
/// Convolutions of the head.
pub const CONVOLUTIONS: usize = 5;

/// Kernel, stride and padding of each convolution, and whether max-pooling 3/2 follows its ReLU.
const LAYERS: [(usize, usize, usize, bool); CONVOLUTIONS] =
    [(11, 4, 2, true), (5, 1, 2, true), (3, 1, 1, false), (3, 1, 1, false), (3, 1, 1, false)];

/// Returns the sizes of convolution `index` (from 0) with these numbers of input and output
/// channels.
pub fn conv_shape(index: usize, inputs: usize, outputs: usize) -> Option<ConvShape> {
    let &(kernel, stride, padding, _) = LAYERS.get(index)?;
    Some(ConvShape { inputs, outputs, kernel, stride, padding })
}

/// Returns whether max-pooling follows convolution `index` (from 0).
pub fn pools(index: usize) -> bool {
    LAYERS.get(index).is_some_and(|&(.., pool)| pool)
}

/// The convolutional head: frame to features.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    convolutions: Vec<Conv2d>,
    linear: Linear,
}

impl Head {
    /// Creates the head from its five convolutions and its linear layer, whose sizes must
    /// follow each other.
    pub fn new(convolutions: Vec<Conv2d>, linear: Linear) -> Result<Self, ShapeError> {
        let mismatch = |what, found, needed| Err(ShapeError { what, found, needed });
        if convolutions.len() != CONVOLUTIONS {
            return mismatch("convolutions", convolutions.len(), CONVOLUTIONS);
        }
        let mut channels = 1;
        for (index, layer) in convolutions.iter().enumerate() {
            let shape = layer.shape();
            if Some(shape) != conv_shape(index, channels, shape.outputs) {
                return mismatch("channels into a convolution", shape.inputs, channels);
            }
            channels = shape.outputs;
        }
        if linear.inputs() != channels {
            return mismatch("inputs of the linear layer", linear.inputs(), channels);
        }
        Ok(Self { convolutions, linear })
    }

    /// Returns the number of features.
    pub fn features(&self) -> usize {
        self.linear.outputs()
    }

    /// Returns the number of output channels of each convolution.
    pub fn channels(&self) -> Vec<usize> {
        self.convolutions.iter().map(|layer| layer.shape().outputs).collect()
    }

    /// Returns the number of weights and biases.
    pub fn parameters(&self) -> usize {
        let conv = |layer: &Conv2d| layer.shape().weights() + layer.shape().outputs;
        self.convolutions.iter().map(conv).sum::<usize>() + (self.linear.inputs() + 1) * self.linear.outputs()
    }

    /// Returns its convolutions, in order.
    pub fn convolutions(&self) -> &[Conv2d] {
        &self.convolutions
    }

    /// Returns its linear layer.
    pub fn linear(&self) -> &Linear {
        &self.linear
    }

    /// Returns the features of one frame, `[32 · 32]` in rows; missing pixels count as 0.
    pub fn forward(&self, frame: &[f32]) -> Vec<f32> {
        self.forward_with(frame, |_, _| {})
    }

    /// Returns the features of one frame as [`Self::forward`] does; `each` sees the number of each
    /// convolution (from 0) and its maps after ReLU and pooling.
    pub fn forward_with(&self, frame: &[f32], mut each: impl FnMut(usize, &Array3<f32>)) -> Vec<f32> {
        let mut maps = Array3::zeros((1, FRAME_SIDE, FRAME_SIDE));
        for (to, &pixel) in maps.iter_mut().zip(frame) {
            *to = pixel;
        }
        for (index, (layer, &(.., pool))) in self.convolutions.iter().zip(&LAYERS).enumerate() {
            maps = layer.forward(maps.view());
            relu(&mut maps);
            if pool {
                maps = max_pool(maps.view(), 3, 2);
            }
            each(index, &maps);
        }
        self.linear.forward(&maps)
    }
}

/// Logits of a gesture as its frames come: their mean so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeanLogits {
    sums: Vec<f32>,
    frames: u32,
}

impl MeanLogits {
    /// Takes in the logits of one more frame, `[classes]`.
    pub fn add(&mut self, logits: &[f32]) {
        self.sums.resize(logits.len(), 0.0);
        for (sum, logit) in self.sums.iter_mut().zip(logits) {
            *sum += logit;
        }
        self.frames += 1;
    }

    /// Returns the number of frames taken in.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// Returns the mean logits over the frames so far, `[classes]`; empty before the first frame.
    /// Sums ascend in time and are divided once.
    pub fn mean(&self) -> Vec<f32> {
        self.sums.iter().map(|sum| sum / self.frames.max(1) as f32).collect()
    }

    /// Returns the class with the greatest mean, the first of equal ones; `None` if there is none.
    pub fn class(&self) -> Option<usize> {
        leader(self.mean())
    }
}

/// Returns the position of the greatest score, the first of equal ones; `None` if there is none.
/// NaN never leads.
pub fn leader(scores: impl IntoIterator<Item = f32>) -> Option<usize> {
    let mut best = None;
    for (at, score) in scores.into_iter().enumerate().filter(|(_, score)| !score.is_nan()) {
        if best.is_none_or(|(_, most)| score > most) {
            best = Some((at, score));
        }
    }
    best.map(|(at, _)| at)
}

/// Runs a whole gesture through the reference: features, EGRU layers from zero, readout. `each`
/// receives the features and the EGRU layers' output of every frame.
///
/// # Panics
/// If head, network and readout do not fit together.
pub fn run<'f>(
    head: &Head,
    network: &Egru,
    readout: &Linear,
    frames: impl IntoIterator<Item = &'f [f32]>,
    mut each: impl FnMut(&[f32], &[f32]),
) -> MeanLogits {
    let mut state = network.state();
    state.start_sequence(Carry::Nothing);
    let mut logits = MeanLogits::default();
    for frame in frames {
        let features = head.forward(frame);
        let output = network.step(&mut state, &features);
        each(&features, output);
        logits.add(&readout.forward(output));
    }
    logits
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "exact values")]
mod tests {
    use super::*;

    fn convolution(index: usize, inputs: usize, outputs: usize) -> Conv2d {
        let shape = conv_shape(index, inputs, outputs).unwrap();
        Conv2d::new(shape, &vec![0.01; shape.weights()], vec![0.0; outputs]).unwrap()
    }

    fn head(channels: [usize; CONVOLUTIONS], features: usize) -> Head {
        let mut inputs = 1;
        let mut layers = Vec::new();
        for (index, outputs) in channels.into_iter().enumerate() {
            layers.push(convolution(index, inputs, outputs));
            inputs = outputs;
        }
        let linear = Linear::new(inputs, &vec![1.0; inputs * features], vec![0.0; features]).unwrap();
        Head::new(layers, linear).unwrap()
    }

    #[test]
    fn the_maps_have_the_authors_sizes() {
        let (mut side, mut sides) = (FRAME_SIDE, Vec::new());
        for (index, &(.., pool)) in LAYERS.iter().enumerate() {
            side = conv_shape(index, 1, 1).unwrap().side(side);
            sides.push(side);
            if pool {
                side = ConvShape { inputs: 1, outputs: 1, kernel: 3, stride: 2, padding: 0 }.side(side);
                sides.push(side);
            }
        }
        assert_eq!(sides, [7, 3, 3, 1, 1, 1, 1]);
    }

    #[test]
    fn the_authors_head_has_their_parameters_and_its_parts_must_fit() {
        assert_eq!(head([64, 192, 384, 256, 256], 512).parameters(), 2_585_792);
        let linear = Linear::new(2, &[0.0; 4], vec![0.0; 2]).unwrap();
        let layers = vec![convolution(0, 1, 2), convolution(1, 3, 2)];
        assert!(Head::new(layers, linear).is_err());
    }

    #[test]
    fn a_white_frame_makes_more_than_a_black_one() {
        let head = head([2, 2, 2, 2, 2], 3);
        assert_eq!(head.forward(&[0.0; 1024]), [0.0; 3]);
        assert!(head.forward(&[1.0; 1024]).iter().all(|&f| f > 0.0));
    }

    #[test]
    fn the_class_is_that_of_the_greatest_mean() {
        let mut logits = MeanLogits::default();
        assert_eq!((logits.class(), logits.mean()), (None, vec![]));
        logits.add(&[1.0, 0.0]);
        logits.add(&[-3.0, 0.5]);
        assert_eq!((logits.mean(), logits.class(), logits.frames()), (vec![-1.0, 0.25], Some(1), 2));
    }
}
