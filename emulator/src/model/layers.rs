//! EGRU layers alone, without a language model or gesture model around them.
//!
//! They may come from any module with EGRU layers: the authors' sequential MNIST benchmark, a list
//! of layers, or the state of one layer. Modules before the first and after the last layer are not
//! computed: the input is the rows of an array, the output that of the last layer.

use std::path::PathBuf;

use super::tensors::TensorFile;
use super::weights::Weights;
use super::{Card, Files, Kind, ModelError, load_network};
use crate::net::Egru;

/// EGRU layers as loaded.
#[derive(Clone, Debug)]
pub struct LayersModel {
    /// Card: kind of the model, how to run it, and its measured results.
    pub card: Card,
    /// Path of the weights file.
    pub path: PathBuf,
    /// The EGRU layers, in order from the input.
    pub network: Egru,
    /// Notes on its files, as [`super::Model::notes`] returns them.
    pub notes: Vec<String>,
}

impl LayersModel {
    /// Loads a folder with weights, or a lone `.safetensors` file; `card.ron` is optional.
    pub fn load(path: &std::path::Path) -> Result<Self, ModelError> {
        let files = Files::find(path)?;
        let weights = Weights::read(&files.weights)?;
        Self::read(files, TensorFile::new(&weights)?)
    }

    pub(super) fn read(mut files: Files, mut file: TensorFile<'_>) -> Result<Self, ModelError> {
        let card = files.card(Kind::Layers)?;
        let notes = file.check(&card)?;
        let network = load_network(&file, file.inputs()?, &card)?;
        Ok(Self { card, path: files.weights, network, notes })
    }
}
