//! Language models: words, embedding, EGRU layers, and a decoder tied to the embedding.

use std::path::{Path, PathBuf};

use super::tensors::TensorFile;
use super::{Card, Embedding, Files, Kind, ModelError, VOCABULARY_FILE, Vocabulary, load_network, read};
use crate::net::{Egru, EgruLayer};

/// A language model as loaded: what it is, its words, its network, and the tied embedding that is also its decoder.
#[derive(Clone, Debug)]
pub struct LanguageModel {
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

impl LanguageModel {
    /// Loads a model's folder, or a lone `.safetensors` file with `vocab.txt` beside it.
    ///
    /// Without a `card.ron` beside the weights, the card has defaults as the authors' evaluation: sequences of 70,
    /// only y carried from one to the next.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let files = Files::find(path)?;
        let Files { weights, folder, card } = files.of_kind(Kind::LanguageModel)?;
        let bytes = read(&weights)?;
        let vocabulary_path = folder.join(VOCABULARY_FILE);
        let vocabulary = Vocabulary::parse(&read(&vocabulary_path)?)
            .map_err(|source| ModelError::Vocabulary { path: vocabulary_path.clone(), source })?;

        let file = TensorFile::new(&weights, &bytes, card.kind)?;
        let embedding = file.embedding()?;
        if embedding.words() != vocabulary.len() {
            return Err(ModelError::VocabularySize {
                path: vocabulary_path,
                words: vocabulary.len(),
                rows: embedding.words(),
            });
        }
        let network = load_network(&file, embedding.width(), card.output)?;
        check_tied(&file, &network, embedding.width())?;
        let decoder = load_decoder(&file, &embedding)?;
        Ok(Self { card, path: weights, vocabulary, network, embedding, decoder })
    }
}

/// The tied decoder multiplies the last layer's output with embeddings: both have the same width.
fn check_tied(file: &TensorFile<'_>, network: &Egru, width: usize) -> Result<(), ModelError> {
    if network.layers.last().map_or(0, EgruLayer::units) == width {
        return Ok(());
    }
    Err(file.shape_error(
        &format!("rnns.{}.thr", network.layers.len().saturating_sub(1)),
        format!("[{width}], as the tied decoder multiplies the last layer with embeddings of {width}"),
    ))
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
