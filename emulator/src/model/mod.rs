//! Model files: a folder with `model.safetensors`, `card.ron` and, for language models,
//! `vocab.txt`, and how it becomes a network.
//!
//! `models/README.md` describes the format for people who bring their own. Whatever is wrong with a
//! file, the error names the file and the tensor, line or field, says what was found and what is
//! needed, and nothing panics.

mod attention;
pub mod card;
pub mod embedding;
mod error;
pub mod gestures;
pub mod language;
pub mod layers;
mod names;
pub mod readout;
pub mod spiking;
mod tensors;
pub mod vocabulary;
mod weights;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use card::{Card, Kind, Measured, Network, Projection};
pub use embedding::Embedding;
pub use error::ModelError;
pub use gestures::GestureModel;
pub use language::{Decoder, LanguageModel, ProjectionLayer};
pub use layers::LayersModel;
pub use readout::{Prediction, Readout};
pub use spiking::SpikingModel;
pub use vocabulary::{Vocabulary, VocabularyError};

use crate::file;
use crate::net::attention::Gpt;
use crate::net::{Egru, EgruLayer, Tanh};
use tensors::TensorFile;
use weights::Weights;

/// Name of the weights in a model's folder.
pub const WEIGHTS_FILE: &str = "model.safetensors";
/// Name of the vocabulary in a model's folder.
pub const VOCABULARY_FILE: &str = "vocab.txt";
/// Name of the authors' form of a vocabulary, a map of words or codes of characters to ids.
pub const INDICES_FILE: &str = "word2index.json";
/// Name of the card in a model's folder.
pub const CARD_FILE: &str = "card.ron";

/// Largest file of weights that is read, bytes: more than any network that fits the chip has.
pub const WEIGHTS_LIMIT: u64 = 2 << 30;
/// Largest file of a vocabulary that is read, bytes.
pub const VOCABULARY_LIMIT: u64 = 64 << 20;
/// Largest card that is read, bytes.
pub const CARD_LIMIT: u64 = 1 << 20;

/// Model of any kind, given by its card or else by the names of its tensors.
#[derive(Clone, Debug)]
pub enum Model {
    /// Predicts the next word.
    Language(Arc<LanguageModel>),
    /// Model that distinguishes gestures.
    Gestures(Arc<GestureModel>),
    /// EGRU layers alone.
    Layers(Arc<LayersModel>),
    /// Spiking populations and their projections.
    Spiking(Arc<SpikingModel>),
}

impl Model {
    /// Loads a model's folder, or a lone `.safetensors` file with its other files beside it.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        if let Some(file) = spiking::find(path) {
            return SpikingModel::read(&file).map(Arc::new).map(Self::Spiking);
        }
        let files = Files::find(path)?;
        let weights = Weights::read(&files.weights)?;
        let file = TensorFile::new(&weights)?;
        match files.card.as_ref().map_or_else(|| file.kind(), |card| card.kind) {
            Kind::LanguageModel => LanguageModel::read(files, file).map(Arc::new).map(Self::Language),
            Kind::Gestures => GestureModel::read(files, file).map(Arc::new).map(Self::Gestures),
            Kind::Layers | Kind::Spiking => LayersModel::read(files, file).map(Arc::new).map(Self::Layers),
        }
    }

    /// Returns the model's card: its purpose and how to run it.
    pub fn card(&self) -> &Card {
        match self {
            Self::Language(model) => &model.card,
            Self::Gestures(model) => &model.card,
            Self::Layers(model) => &model.card,
            Self::Spiking(model) => &model.card,
        }
    }

    /// Returns the path of the weights file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Language(model) => &model.path,
            Self::Gestures(model) => &model.path,
            Self::Layers(model) => &model.path,
            Self::Spiking(model) => &model.path,
        }
    }

    /// Returns its transformer, if the network is one.
    pub fn transformer(&self) -> Option<&Arc<Gpt>> {
        self.language()?.transformer.as_ref()
    }

    /// Returns the recurrent layers; empty for a spiking network and a transformer.
    pub fn network(&self) -> &Egru {
        const NONE: &Egru = &Egru { layers: Vec::new() };
        match self {
            Self::Spiking(_) => NONE,
            Self::Language(model) => &model.network,
            Self::Gestures(model) => &model.network,
            Self::Layers(model) => &model.network,
        }
    }

    /// Returns the model with another arithmetic of tanh. Spiking networks have none.
    #[must_use]
    pub fn with_tanh(mut self, tanh: Tanh) -> Self {
        let set = |network: &mut Egru| network.layers.iter_mut().for_each(|layer| layer.tanh = tanh);
        match &mut self {
            Self::Spiking(_) => {}
            Self::Language(model) => {
                let model = Arc::make_mut(model);
                set(&mut model.network);
                if let Some(network) = &mut model.transformer {
                    Arc::make_mut(network).tanh = tanh;
                }
            }
            Self::Gestures(model) => set(&mut Arc::make_mut(model).network),
            Self::Layers(model) => set(&mut Arc::make_mut(model).network),
        }
        self
    }

    /// Returns notes on interpreted or omitted parts of the model's files; empty for most models.
    pub fn notes(&self) -> &[String] {
        match self {
            Self::Language(model) => &model.notes,
            Self::Gestures(model) => &model.notes,
            Self::Layers(model) => &model.notes,
            Self::Spiking(model) => &model.notes,
        }
    }
}

impl Model {
    /// Returns the language model; `None` for other kinds.
    pub fn language(&self) -> Option<&Arc<LanguageModel>> {
        match self {
            Self::Language(model) => Some(model),
            Self::Gestures(_) | Self::Layers(_) | Self::Spiking(_) => None,
        }
    }

    /// Returns the gesture model; `None` for other kinds.
    pub fn gestures(&self) -> Option<&Arc<GestureModel>> {
        match self {
            Self::Gestures(model) => Some(model),
            Self::Language(_) | Self::Layers(_) | Self::Spiking(_) => None,
        }
    }

    /// Returns the spiking network; `None` for other kinds.
    pub fn spiking(&self) -> Option<&Arc<SpikingModel>> {
        match self {
            Self::Spiking(model) => Some(model),
            Self::Language(_) | Self::Gestures(_) | Self::Layers(_) => None,
        }
    }
}

/// Returns the file whose change counts as a change of the model: its weights, or the
/// index of shards.
pub fn weights_file(path: &Path) -> PathBuf {
    if let Some(file) = spiking::find(path) {
        return file;
    }
    weights::find(path).unwrap_or_else(|_| path.join(WEIGHTS_FILE))
}

/// Files of a model, before its tensors are read.
struct Files {
    weights: PathBuf,
    folder: PathBuf,
    /// Content of `card.ron`; `None` without that file.
    card: Option<Card>,
}

impl Files {
    /// Finds the weights of a folder (or takes a lone file) and reads the card beside them.
    fn find(path: &Path) -> Result<Self, ModelError> {
        // Whether there is a model at all comes before what its card says.
        let weights = weights::find(path)?;
        let folder = weights.parent().unwrap_or(Path::new("")).to_path_buf();
        let path = folder.join(CARD_FILE);
        let card = if path.exists() {
            Some(Card::parse(&read(&path, CARD_LIMIT)?).map_err(|source| ModelError::Card { path, source })?)
        } else {
            None
        };
        Ok(Self { weights, folder, card })
    }

    /// Returns the card of a model of kind `needed`.
    ///
    /// Without a file, it has the defaults of the authors' evaluation.
    fn card(&mut self, needed: Kind) -> Result<Card, ModelError> {
        let path = self.folder.join(CARD_FILE);
        match self.card.take() {
            Some(card) if card.kind == needed => Ok(card),
            Some(card) => Err(ModelError::Kind { path, found: card.kind, needed }),
            None if needed == Kind::Gestures => {
                Err(ModelError::Card { path, source: card::CardError::NoClasses })
            }
            None => {
                let folder_says =
                    [Some(OsStr::new(WEIGHTS_FILE)), Path::new(weights::INDEX_FILE).file_name()];
                let own_name = !folder_says.contains(&self.weights.file_name());
                let name = if own_name { self.weights.file_stem() } else { self.folder.file_name() };
                Ok(Card::unwritten(&name.unwrap_or_default().to_string_lossy(), needed))
            }
        }
    }
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ModelError> {
    file::read(path, limit).map_err(|source| ModelError::Read { path: path.to_path_buf(), source })
}

/// Loads the layers `rnns.0`, `rnns.1`, …, at least one, up to the last with a tensor in the file.
fn load_network(file: &TensorFile<'_>, width: usize, card: &Card) -> Result<Egru, ModelError> {
    let mut layers: Vec<EgruLayer> = Vec::new();
    for k in 0..file.layer_count().max(1) {
        let name = format!("rnns.{k}");
        let inputs = layers.last().map_or(width, EgruLayer::units);
        layers.push(load_layer(file, name, inputs, card)?);
    }
    Ok(Egru { layers })
}

fn load_layer(
    file: &TensorFile<'_>,
    name: String,
    inputs: usize,
    card: &Card,
) -> Result<EgruLayer, ModelError> {
    let tensor = |part: &str| format!("{name}.{part}");
    let mut threshold = file.vector(&tensor("thr"), None)?;
    for threshold in &mut threshold {
        // As the authors' forward pass does, at each call. Without events none is read.
        *threshold = if card.events { threshold.clamp(0.0, 1.0) } else { 0.0 };
    }
    let units = threshold.len();
    Ok(EgruLayer {
        input_weights: file.matrix(&tensor("kernel"), inputs, units)?,
        recurrent: file.matrix(&tensor("recurrent_kernel"), units, units)?,
        bias: file.vector(&tensor("bias"), Some(3 * units))?,
        recurrent_bias: file.vector(&tensor("recurrent_bias"), Some(3 * units))?,
        threshold,
        output: card.output,
        compare: card.compare,
        always: !card.events,
        tanh: Tanh::default(),
        name,
    })
}

#[cfg(test)]
mod tests;
