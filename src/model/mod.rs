//! Model files: a folder with `model.safetensors`, `vocab.txt` and `card.ron`, and how it becomes a network.
//!
//! `models/README.md` describes the format for people who bring their own. Whatever is wrong with a file, the error
//! names the file and the tensor, line or field, says what was found and what is needed, and nothing panics.

pub mod card;
pub mod embedding;
mod error;
mod tensors;
pub mod vocabulary;

use std::path::{Path, PathBuf};

pub use card::{Card, Kind, Measured};
pub use embedding::Embedding;
pub use error::ModelError;
pub use vocabulary::{Vocabulary, VocabularyError};

use crate::net::{Egru, EgruLayer};
use tensors::TensorFile;

/// Name of the weights in a model's folder.
pub const WEIGHTS_FILE: &str = "model.safetensors";
/// Name of the vocabulary in a model's folder.
pub const VOCABULARY_FILE: &str = "vocab.txt";
/// Name of the card in a model's folder.
pub const CARD_FILE: &str = "card.ron";

/// A model as loaded: what it is, its words, its network, and the tied embedding that is also its decoder.
#[derive(Clone, Debug)]
pub struct Model {
    /// What the model is and how to run it.
    pub card: Card,
    /// The weights file it came from.
    pub path: PathBuf,
    /// Its words, V of them.
    pub vocabulary: Vocabulary,
    /// Its recurrent layers.
    pub network: Egru,
    /// E, \[V, width\]: what the first layer reads, and the decoder's weights.
    pub embedding: Embedding,
    /// The rest of the decoder.
    pub decoder: Decoder,
}

/// The decoder beside the tied embedding: logits = (y · scale) · Eᵀ + bias.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoder {
    /// One for each word, \[V\].
    pub bias: Vec<f32>,
    /// One number on the last layer's values; 1 unless the file says otherwise.
    pub scale: f32,
}

impl Model {
    /// Loads a model's folder, or a lone `.safetensors` file with `vocab.txt` beside it.
    ///
    /// Without a `card.ron` beside the weights, the card has defaults as the authors' evaluation: sequences of 70,
    /// only y carried from one to the next.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let weights = if path.is_dir() { path.join(WEIGHTS_FILE) } else { path.to_path_buf() };
        let folder = weights.parent().unwrap_or(Path::new(""));
        let bytes = read(&weights)?;
        let card = load_card(folder, &weights)?;
        let vocabulary_path = folder.join(VOCABULARY_FILE);
        let vocabulary = Vocabulary::parse(&read(&vocabulary_path)?)
            .map_err(|source| ModelError::Vocabulary { path: vocabulary_path.clone(), source })?;

        let file = TensorFile::new(&weights, &bytes)?;
        let embedding = file.embedding()?;
        if embedding.words() != vocabulary.len() {
            return Err(ModelError::VocabularySize {
                path: vocabulary_path,
                words: vocabulary.len(),
                rows: embedding.words(),
            });
        }
        let network = load_network(&file, embedding.width())?;
        let decoder = load_decoder(&file, &embedding)?;
        Ok(Self { card, path: weights, vocabulary, network, embedding, decoder })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    std::fs::read(path).map_err(|source| ModelError::Read { path: path.to_path_buf(), source })
}

fn load_card(folder: &Path, weights: &Path) -> Result<Card, ModelError> {
    let path = folder.join(CARD_FILE);
    if path.exists() {
        return Card::parse(&read(&path)?).map_err(|source| ModelError::Card { path, source });
    }
    let own_name = weights.file_name().is_some_and(|name| name != WEIGHTS_FILE);
    let name = if own_name { weights.file_stem() } else { folder.file_name() };
    Ok(Card::unwritten(&name.unwrap_or_default().to_string_lossy()))
}

/// The layers `rnns.0`, `rnns.1`, … that the file has any tensor of.
fn load_network(file: &TensorFile<'_>, width: usize) -> Result<Egru, ModelError> {
    let mut layers: Vec<EgruLayer> = Vec::new();
    for k in 0..file.layer_count().max(1) {
        let name = format!("rnns.{k}");
        let inputs = layers.last().map_or(width, EgruLayer::units);
        layers.push(load_layer(file, name, inputs)?);
    }
    let units = layers.last().map_or(0, EgruLayer::units);
    if units != width {
        return Err(file.shape_error(
            &format!("rnns.{}.thr", layers.len() - 1),
            format!("[{width}], as the tied decoder multiplies the last layer with embeddings of {width}"),
        ));
    }
    Ok(Egru { layers })
}

fn load_layer(file: &TensorFile<'_>, name: String, inputs: usize) -> Result<EgruLayer, ModelError> {
    let tensor = |part: &str| format!("{name}.{part}");
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
        name,
    })
}

fn load_decoder(file: &TensorFile<'_>, embedding: &Embedding) -> Result<Decoder, ModelError> {
    const TIED: &str = "decoder.decoder.weight";
    const SCALE: &str = "decoder.scale";
    if file.has(TIED) {
        let weights = file.dense(TIED, &[embedding.words(), embedding.width()])?;
        if let Some(index) = embedding.first_difference(&weights) {
            return Err(file.untied(TIED, index, embedding.width()));
        }
    }
    let scale = if file.has(SCALE) { file.vector(SCALE, Some(1))?.into_iter().next() } else { None };
    Ok(Decoder {
        bias: file.vector("decoder.decoder.bias", Some(embedding.words()))?,
        scale: scale.unwrap_or(1.0),
    })
}

#[cfg(test)]
mod tests;
