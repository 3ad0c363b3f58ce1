//! Model files: a folder with `model.safetensors`, `card.ron` and, for language models, `vocab.txt`, and how it becomes a
//! network.
//!
//! `models/README.md` describes the format for people who bring their own. Whatever is wrong with a file, the error
//! names the file and the tensor, line or field, says what was found and what is needed, and nothing panics.

pub mod card;
pub mod embedding;
mod error;
pub mod gestures;
pub mod language;
mod tensors;
pub mod vocabulary;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use card::{Card, Kind, Measured};
pub use embedding::Embedding;
pub use error::ModelError;
pub use gestures::GestureModel;
pub use language::{Decoder, LanguageModel};
pub use vocabulary::{Vocabulary, VocabularyError};

use crate::net::{Egru, EgruLayer, Output};
use tensors::TensorFile;

/// Name of the weights in a model's folder.
pub const WEIGHTS_FILE: &str = "model.safetensors";
/// Name of the vocabulary in a model's folder.
pub const VOCABULARY_FILE: &str = "vocab.txt";
/// Name of the card in a model's folder.
pub const CARD_FILE: &str = "card.ron";

/// A model of either kind; its card says which.
#[derive(Clone, Debug)]
pub enum Model {
    /// Predicts the next word.
    Language(Arc<LanguageModel>),
    /// Tells gestures apart.
    Gestures(Arc<GestureModel>),
}

impl Model {
    /// Loads a model's folder, or a lone `.safetensors` file with its other files beside it.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        match Files::find(path)?.card.kind {
            Kind::LanguageModel => LanguageModel::load(path).map(Arc::new).map(Self::Language),
            Kind::Gestures => GestureModel::load(path).map(Arc::new).map(Self::Gestures),
        }
    }

    /// What it is and how to run it.
    pub fn card(&self) -> &Card {
        match self {
            Self::Language(model) => &model.card,
            Self::Gestures(model) => &model.card,
        }
    }

    /// The weights file it came from.
    pub fn path(&self) -> &Path {
        match self {
            Self::Language(model) => &model.path,
            Self::Gestures(model) => &model.path,
        }
    }

    /// Its recurrent layers: what the chip runs.
    pub fn network(&self) -> &Egru {
        match self {
            Self::Language(model) => &model.network,
            Self::Gestures(model) => &model.network,
        }
    }
}

impl Model {
    /// The language model, if it is one.
    pub fn language(&self) -> Option<&Arc<LanguageModel>> {
        match self {
            Self::Language(model) => Some(model),
            Self::Gestures(_) => None,
        }
    }

    /// The gesture model, if it is one.
    pub fn gestures(&self) -> Option<&Arc<GestureModel>> {
        match self {
            Self::Gestures(model) => Some(model),
            Self::Language(_) => None,
        }
    }
}

/// What every model consists of, before its tensors are looked at.
struct Files {
    weights: PathBuf,
    folder: PathBuf,
    card: Card,
}

impl Files {
    /// Finds the weights of a folder (or takes a lone file) and reads the card beside them.
    ///
    /// Without a `card.ron`, it is a language model with defaults as the authors' evaluation: sequences of 70, only y
    /// carried from one to the next.
    fn find(path: &Path) -> Result<Self, ModelError> {
        let weights = if path.is_dir() { path.join(WEIGHTS_FILE) } else { path.to_path_buf() };
        let folder = weights.parent().unwrap_or(Path::new("")).to_path_buf();
        // Whether there is a model at all comes before what its card says.
        std::fs::metadata(&weights).map_err(|source| ModelError::Read { path: weights.clone(), source })?;
        let path = folder.join(CARD_FILE);
        let card = if path.exists() {
            Card::parse(&read(&path)?).map_err(|source| ModelError::Card { path, source })?
        } else {
            let own_name = weights.file_name().is_some_and(|name| name != WEIGHTS_FILE);
            let name = if own_name { weights.file_stem() } else { folder.file_name() };
            Card::unwritten(&name.unwrap_or_default().to_string_lossy(), Kind::LanguageModel)
        };
        Ok(Self { weights, folder, card })
    }

    /// The same if the model is of this kind.
    fn of_kind(self, needed: Kind) -> Result<Self, ModelError> {
        let found = self.card.kind;
        if found == needed {
            return Ok(self);
        }
        Err(ModelError::Kind { path: self.folder.join(CARD_FILE), found, needed })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    std::fs::read(path).map_err(|source| ModelError::Read { path: path.to_path_buf(), source })
}

/// The layers `rnns.0`, `rnns.1`, … that the file has any tensor of.
fn load_network(file: &TensorFile<'_>, width: usize, output: Output) -> Result<Egru, ModelError> {
    let mut layers: Vec<EgruLayer> = Vec::new();
    for k in 0..file.layer_count().max(1) {
        let name = format!("rnns.{k}");
        let inputs = layers.last().map_or(width, EgruLayer::units);
        layers.push(load_layer(file, name, inputs, output)?);
    }
    Ok(Egru { layers })
}

fn load_layer(
    file: &TensorFile<'_>,
    name: String,
    inputs: usize,
    output: Output,
) -> Result<EgruLayer, ModelError> {
    let stored = name.replacen("rnns", file.layers(), 1);
    let tensor = |part: &str| format!("{stored}.{part}");
    let mut threshold = file.vector(&tensor("thr"), None)?;
    // As the authors' forward pass does, at each call.
    for threshold in &mut threshold {
        *threshold = threshold.clamp(0.0, 1.0);
    }
    let units = threshold.len();
    Ok(EgruLayer {
        kernel: file.matrix(&tensor("kernel"), inputs, units)?,
        recurrent: file.matrix(&tensor("recurrent_kernel"), units, units)?,
        bias: file.vector(&tensor("bias"), Some(3 * units))?,
        recurrent_bias: file.vector(&tensor("recurrent_bias"), Some(3 * units))?,
        threshold,
        output,
        name,
    })
}

#[cfg(test)]
mod tests;
