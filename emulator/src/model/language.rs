//! Language models: words, embedding, EGRU layers or a transformer, and a decoder that may be tied
//! to the embedding.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::card::Projection;
use super::tensors::{DECODER, TensorFile};
use super::weights::Weights;
use super::{
    Card, Embedding, Files, INDICES_FILE, Kind, ModelError, VOCABULARY_FILE, VOCABULARY_LIMIT, Vocabulary,
    attention, load_network, read,
};
use crate::net::Egru;
use crate::net::attention::Gpt;
use crate::parallel;

/// A language model as loaded: what it is, its words, its network, its embedding and its decoder.
#[derive(Clone, Debug)]
pub struct LanguageModel {
    /// Card: kind of the model, how to run it, and its measured results.
    pub card: Card,
    /// Path of the weights file.
    pub path: PathBuf,
    /// Vocabulary of V words.
    pub vocabulary: Vocabulary,
    /// Recurrent layers; empty for a transformer.
    pub network: Egru,
    /// Transformer; `None` for an EGRU network.
    pub transformer: Option<Arc<Gpt>>,
    /// E, \[V, width\]: what the first layer reads, and the weights of a tied decoder.
    pub embedding: Embedding,
    /// The rest of the decoder.
    pub decoder: Decoder,
    /// Notes on its files, as [`super::Model::notes`] returns them.
    pub notes: Vec<String>,
}

/// The decoder beside the embedding: logits = (h · scale) · Dᵀ + bias.
///
/// D is the embedding, or [`Self::weights`]; h is the last layer's y, or its projection.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoder {
    /// Bias of each word, \[V\].
    pub bias: Vec<f32>,
    /// Factor on the last layer's values; 1 unless the file says otherwise.
    pub scale: f32,
    /// D, \[V, width\], of a decoder with weights of its own; `None` where the embedding is D.
    pub weights: Option<Embedding>,
    /// Linear layer between the last EGRU layer and the decoder; `None` without one.
    pub projection: Option<ProjectionLayer>,
}

/// Projection h = f(P · y + b), where f is the identity or ReLU, as the card states.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectionLayer {
    /// Weights P, `[width, units]`, row after row.
    pub weights: Vec<f32>,
    /// Bias b, `[width]`.
    pub bias: Vec<f32>,
    /// Function f after the product.
    pub kind: Projection,
}

impl LanguageModel {
    /// Loads a model's folder, or a lone `.safetensors` file with `vocab.txt` beside it.
    ///
    /// Without a `card.ron` beside the weights, the card has the defaults of the authors'
    /// evaluation: sequences of 70, only y carried from one to the next.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let files = Files::find(path)?;
        let weights = Weights::read(&files.weights)?;
        Self::read(files, TensorFile::new(&weights)?)
    }

    pub(super) fn read(mut files: Files, mut file: TensorFile<'_>) -> Result<Self, ModelError> {
        let card = files.card(Kind::LanguageModel)?;
        // One takes about as long as the other.
        let (words, tensors) =
            parallel::both(|| vocabulary(&files.folder), || Tensors::read(&mut file, &card));
        let (words, Tensors { mut notes, embedding, transformer, network }) = (words?, tensors?);
        let vocabulary = words.fitting(embedding.words(), &mut notes)?;
        let outputs = transformer.as_ref().map_or_else(|| network.outputs(), |gpt| gpt.width);
        let decoder = load_decoder(&file, &embedding, outputs, (&card, &vocabulary), &mut notes)?;
        let path = files.weights;
        Ok(Self { card, path, vocabulary, network, transformer, embedding, decoder, notes })
    }

    /// Returns the number of values that the readout reads.
    pub fn outputs(&self) -> usize {
        self.transformer.as_ref().map_or_else(|| self.network.outputs(), |gpt| gpt.width)
    }
}

/// Parts of a language model that do not depend on its words.
struct Tensors {
    notes: Vec<String>,
    embedding: Embedding,
    transformer: Option<Arc<Gpt>>,
    network: Egru,
}

impl Tensors {
    fn read(file: &mut TensorFile<'_>, card: &Card) -> Result<Self, ModelError> {
        let notes = file.check(card)?;
        let embedding = file.embedding()?;
        let transformer = attention::load(file, &embedding, card)?.map(Arc::new);
        let network = match &transformer {
            Some(_) => Egru { layers: Vec::new() },
            None => load_network(file, embedding.width(), card)?,
        };
        Ok(Self { notes, embedding, transformer, network })
    }
}

/// Vocabularies beside the weights, in order of preference.
struct Words(Vec<(PathBuf, Vocabulary)>);

/// Reads `vocab.txt`, and `word2index.json` where there is one.
fn vocabulary(folder: &Path) -> Result<Words, ModelError> {
    let (text, json) = (folder.join(VOCABULARY_FILE), folder.join(INDICES_FILE));
    let mut found = Vec::new();
    if text.exists() || !json.exists() {
        let vocabulary = Vocabulary::parse(&read(&text, VOCABULARY_LIMIT)?);
        found.push((
            text.clone(),
            vocabulary.map_err(|source| ModelError::Vocabulary { path: text, source })?,
        ));
    }
    if json.exists() {
        let vocabulary = Vocabulary::parse_json(&read(&json, VOCABULARY_LIMIT)?);
        found.push((
            json.clone(),
            vocabulary.map_err(|source| ModelError::Vocabulary { path: json, source })?,
        ));
    }
    Ok(Words(found))
}

impl Words {
    /// Returns the first vocabulary with one word for each row of the embedding.
    fn fitting(self, rows: usize, notes: &mut Vec<String>) -> Result<Vocabulary, ModelError> {
        let size = |(path, vocabulary): &(PathBuf, Vocabulary)| (path.clone(), vocabulary.len());
        let first = self.0.first().map(size);
        for (path, vocabulary) in self.0 {
            if vocabulary.len() == rows {
                if path.ends_with(INDICES_FILE) {
                    notes.push(format!("the vocabulary is read from {INDICES_FILE}"));
                }
                return Ok(vocabulary);
            }
        }
        let (path, words) = first.unwrap_or_default();
        Err(ModelError::VocabularySize { path, words, rows })
    }
}

fn load_decoder(
    file: &TensorFile<'_>,
    embedding: &Embedding,
    units: usize,
    (card, vocabulary): (&Card, &Vocabulary),
    notes: &mut Vec<String>,
) -> Result<Decoder, ModelError> {
    const SCALE: &str = "decoder.scale";
    const BIAS: &str = "decoder.decoder.bias";
    let projection = load_projection(file, units, (card, vocabulary), notes)?;
    let read = projection.as_ref().map_or(units, |projection| projection.bias.len());
    let weights = file.decoder(embedding, read)?;
    if weights.is_none() && read != embedding.width() {
        return Err(file.shape_error(
            &format!("rnns.{}.thr", file.layer_count().saturating_sub(1)),
            format!(
                "[{0}], as the tied decoder multiplies the last layer with embeddings of {0}; to run the layers alone \
                 on an array, write `kind: Layers` into card.ron",
                embedding.width()
            ),
        ));
    }
    if weights.is_some() {
        notes.push(format!("the decoder has weights of its own, not the embedding's ({DECODER})"));
    }
    let scale = if file.has(SCALE) { file.vector(SCALE, Some(1))?.into_iter().next() } else { None };
    let bias = file.vector(BIAS, Some(embedding.words()))?;
    Ok(Decoder { bias, scale: scale.unwrap_or(1.0), weights, projection })
}

/// Reads `decoder.projection`.
///
/// The authors have two forms of it, which the tensors do not distinguish: the card states which.
fn load_projection(
    file: &TensorFile<'_>,
    units: usize,
    (card, vocabulary): (&Card, &Vocabulary),
    notes: &mut Vec<String>,
) -> Result<Option<ProjectionLayer>, ModelError> {
    const WEIGHTS: &str = "decoder.projection.weight";
    const BIAS: &str = "decoder.projection.bias";
    if !file.has(WEIGHTS) && !file.has(BIAS) {
        return Ok(None);
    }
    let bias = file.vector(BIAS, None)?;
    let weights = file.dense(WEIGHTS, &[bias.len(), units])?;
    let kind = match card.projection {
        Some(kind) => kind,
        None if vocabulary.is_characters() => {
            notes.push(
                "the projection is followed by ReLU, as in the authors' model of characters".to_owned(),
            );
            Projection::Relu
        }
        None => return Err(file.no_projection(WEIGHTS)),
    };
    Ok(Some(ProjectionLayer { weights, bias, kind }))
}
