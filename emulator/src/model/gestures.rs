//! Gesture models: a convolutional head, EGRU layers, a linear readout.

use std::path::{Path, PathBuf};

use super::tensors::TensorFile;
use super::weights::Weights;
use super::{Card, Files, Kind, ModelError, load_network};
use crate::net::Egru;
use crate::net::conv::{Conv2d, Linear};
use crate::net::gesture::{self, CONVOLUTIONS, Head, MeanLogits};

/// A gesture model as loaded.
#[derive(Clone, Debug)]
pub struct GestureModel {
    /// Card: kind of the model, how to run it, and its measured results.
    pub card: Card,
    /// Path of the weights file.
    pub path: PathBuf,
    /// Frame to features.
    pub head: Head,
    /// The EGRU layers between head and readout.
    pub network: Egru,
    /// Output of the last layer to logits, one for each of the card's classes.
    pub readout: Linear,
    /// Notes on its files, as [`super::Model::notes`] returns them.
    pub notes: Vec<String>,
}

impl GestureModel {
    /// Loads a model's folder, or a lone `.safetensors` file with `card.ron` beside it.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let files = Files::find(path)?;
        let weights = Weights::read(&files.weights)?;
        Self::read(files, TensorFile::new(&weights)?)
    }

    pub(super) fn read(mut files: Files, mut file: TensorFile<'_>) -> Result<Self, ModelError> {
        let card = files.card(Kind::Gestures)?;
        let notes = file.check(&card)?;
        let head = load_head(&file)?;
        let network = load_network(&file, head.features(), &card)?;
        let (classes, units) = (card.classes.len(), network.outputs());
        let weight = file.dense(&format!("{READOUT}.weight"), &[classes, units])?;
        let bias = file.vector(&format!("{READOUT}.bias"), Some(classes))?;
        let readout = Linear::new(units, &weight, bias).map_err(|e| file.parts(READOUT, e))?;
        Ok(Self { card, path: files.weights, head, network, readout, notes })
    }

    /// Runs the reference on a gesture, frame by frame (`[32 · 32]` each); returns the mean logits.
    ///
    /// `each` gets the features and the EGRU layers' output of every frame.
    pub fn run<'f>(
        &self,
        frames: impl IntoIterator<Item = &'f [f32]>,
        each: impl FnMut(&[f32], &[f32]),
    ) -> MeanLogits {
        gesture::run(&self.head, &self.network, &self.readout, frames, each)
    }
}

/// Places of the convolutions in the authors' sequence of modules, by which their
/// checkpoints name them.
pub(super) const PLACES: [usize; CONVOLUTIONS] = [0, 3, 6, 9, 12];
/// The linear layer's place there.
pub(super) const LINEAR: &str = "conv.15";
/// The readout's name there.
pub(super) const READOUT: &str = "fc";

/// Loads the head from `conv.0` to `conv.12` and `conv.15`, as the authors' checkpoints name them.
fn load_head(file: &TensorFile<'_>) -> Result<Head, ModelError> {
    let mut channels = 1;
    let mut convolutions = Vec::new();
    for (index, place) in PLACES.into_iter().enumerate() {
        let tensor = |part: &str| format!("conv.{place}.{part}");
        let bias = file.vector(&tensor("bias"), None)?;
        let Some(shape) = gesture::conv_shape(index, channels, bias.len()) else { break };
        let weight =
            file.dense(&tensor("weight"), &[shape.outputs, shape.inputs, shape.kernel, shape.kernel])?;
        channels = shape.outputs;
        convolutions.push(Conv2d::new(shape, &weight, bias).map_err(|e| file.parts(&tensor("weight"), e))?);
    }
    let weights = format!("{LINEAR}.weight");
    let bias = file.vector(&format!("{LINEAR}.bias"), None)?;
    let weight = file.dense(&weights, &[bias.len(), channels])?;
    let linear = Linear::new(channels, &weight, bias).map_err(|e| file.parts(&weights, e))?;
    Head::new(convolutions, linear).map_err(|e| file.parts("conv", e))
}
