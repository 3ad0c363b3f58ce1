//! EGRU layers alone, without a language model or gesture model round them.
//!
//! Any module that holds EGRU layers: the authors' sequential MNIST benchmark, a list of layers, or the state of one
//! layer. What lies before the first and behind the last layer is not computed: rows of an array go in, the last
//! layer's output comes out.

use std::path::PathBuf;

use super::tensors::TensorFile;
use super::weights::Weights;
use super::{Card, Files, Kind, ModelError, load_network};
use crate::net::Egru;

/// EGRU layers as loaded.
#[derive(Clone, Debug)]
pub struct LayersModel {
    /// What the model is and how to run it.
    pub card: Card,
    /// The weights file it came from.
    pub path: PathBuf,
    /// Its recurrent layers.
    pub network: Egru,
    /// See [`super::Model::notes`].
    pub notes: Vec<String>,
}

impl LayersModel {
    /// Loads a folder with weights, or a lone `.safetensors` file; `card.ron` beside them may be left out.
    pub fn load(path: &std::path::Path) -> Result<Self, ModelError> {
        let files = Files::find(path)?;
        let weights = Weights::read(&files.weights)?;
        Self::read(files, TensorFile::new(&weights)?)
    }

    pub(super) fn read(mut files: Files, mut file: TensorFile<'_>) -> Result<Self, ModelError> {
        let card = files.card(Kind::Layers)?;
        let notes = file.check(card.kind)?;
        let network = load_network(&file, file.inputs()?, &card)?;
        Ok(Self { card, path: files.weights, network, notes })
    }
}
