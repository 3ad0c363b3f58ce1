//! Errors of models, each with file, place, finding and need.

use std::path::PathBuf;

use safetensors::{Dtype, SafeTensorError};
use thiserror::Error;

use super::card::{CardError, Kind};
use super::vocabulary::VocabularyError;
use crate::net::conv::ShapeError;
use crate::net::csr::CsrError;

/// Reason for which a model does not load.
#[derive(Debug, Error)]
pub enum ModelError {
    /// A file is missing or unreadable.
    #[error(
        "{}: {source}. A model is a folder with model.safetensors and vocab.txt (and card.ron), or a .safetensors \
         file with vocab.txt beside it; models/README.md has the gesture models' files", path.display()
    )]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The file of a spiking network is missing or unreadable.
    #[error("{}: {source}", path.display())]
    Network {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// A NIR file is refused.
    #[error("{}: {}", path.display(), crate::text::visible_line(&source.to_string()))]
    Nir {
        /// Path of the file.
        path: PathBuf,
        /// Node and reason.
        source: spinntui_nir::NirError,
    },
    /// The description of a spiking network is refused.
    #[error("{}: {}", path.display(), crate::text::visible_line(&source.to_string()))]
    Description {
        /// Path of the file.
        path: PathBuf,
        /// Place and reason.
        source: super::spiking::description::DescriptionError,
    },
    /// The weights are not a safetensors file, or one cut short.
    #[error(
        "{}: not a whole safetensors file ({bytes} bytes): {source}. Was it cut short, or never exported to \
         safetensors?", path.display()
    )]
    Format {
        /// Path of the file.
        path: PathBuf,
        /// Length of the file in bytes.
        bytes: usize,
        /// Error of the parser.
        source: SafeTensorError,
    },
    /// The model is of another kind than requested.
    #[error("{}: the model is of kind {found:?}; expected {needed:?}", path.display())]
    Kind {
        /// Path of the card's file, even if it does not exist.
        path: PathBuf,
        /// Kind of the model in the file.
        found: Kind,
        /// Kind that is needed.
        needed: Kind,
    },
    /// Tensors that do not go together.
    #[error("{}: tensor {tensor}: {source}", path.display())]
    Parts {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor, or the common beginning of several names.
        tensor: String,
        /// Sizes that differ.
        source: ShapeError,
    },
    /// A tensor that every model has is missing.
    #[error("{}: no tensor {tensor}; it is needed {needed}", path.display())]
    MissingTensor {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Use of the tensor, in words.
        needed: String,
    },
    /// A tensor is unknown to this program, which would have to understand it.
    #[error(
        "{}: tensor {tensor} is no part of a model of kind {kind:?} (the card's) that this program knows; leaving it \
         out would change what the network computes", path.display()
    )]
    UnknownTensor {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// The model's kind.
        kind: Kind,
    },
    /// A tensor of another shape.
    #[error("{}: tensor {tensor} has shape {found:?}; expected {needed}", path.display())]
    Shape {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Shape of the tensor in the file.
        found: Vec<usize>,
        /// Expected shape, with the reason.
        needed: String,
    },
    /// A tensor of another type of number.
    #[error("{}: tensor {tensor} holds {found:?}; expected {needed}", path.display())]
    Dtype {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Number type of the tensor in the file.
        found: Dtype,
        /// Number types that are accepted.
        needed: &'static str,
    },
    /// A weight that is NaN or infinite.
    #[error("{}: tensor {tensor} has {value} at index {index}; every weight must be finite", path.display())]
    NotFinite {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Index into the flattened tensor.
        index: usize,
        /// The value, as an f32.
        value: f32,
    },
    /// A firing threshold that is not above 0.
    #[error("{}: tensor {tensor} is {value}; a firing threshold is above 0", path.display())]
    Threshold {
        /// File that holds the model.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Threshold that was read.
        value: f32,
    },
    /// The arrays of a packed matrix are inconsistent.
    #[error("{}: packed matrix {tensor}: {source}", path.display())]
    Csr {
        /// Path of the file.
        path: PathBuf,
        /// The matrix, without `.csr_…`.
        tensor: String,
        /// Failed check, with row and value.
        source: CsrError,
    },
    /// Neither the tensors nor the card define the function of a projection.
    #[error(
        "{}: tensor {tensor}: a projection that is followed by ReLU (the authors' tutorial) or by nothing (EvNN, \
         benchmarks/lm); write `projection: Relu` or `projection: Linear` into card.ron", path.display()
    )]
    Projection {
        /// File of the tensor.
        path: PathBuf,
        /// Name of the projection's weights.
        tensor: String,
    },
    /// The file is recognised as something other than weights.
    #[error("{}: the file is {what}. {remedy}", path.display())]
    NotWeights {
        /// File in place of the weights.
        path: PathBuf,
        /// Content of the file, to follow "the file is".
        what: String,
        /// Conversion to weights, or the way to get them.
        remedy: String,
    },
    /// A folder without weights, but with something in their place.
    #[error("{}: not there; the folder holds {found}. {remedy}", path.display())]
    Absent {
        /// File that is needed.
        path: PathBuf,
        /// Names of other files in the folder.
        found: String,
        /// Conversion to weights, or the way to get them.
        remedy: String,
    },
    /// The index of shards does not parse.
    #[error("{}: not an index of shards: {source}", path.display())]
    Index {
        /// File of the index.
        path: PathBuf,
        /// Error of the parser.
        source: serde_json::Error,
    },
    /// An index that names a shard in another folder.
    #[error("{}: shard {shard:?} is not a plain file name; shards lie beside their index", path.display())]
    Shard {
        /// File of the index.
        path: PathBuf,
        /// Name of the shard as written.
        shard: String,
    },
    /// The name of a tensor occurs twice in a header.
    #[error(
        "{}: the header has tensor {tensor} twice; one of the two would be left out. Export the file again",
        path.display()
    )]
    Duplicate {
        /// File with the header.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
    },
    /// The names of two tensors are equal without the words that wrappers add.
    #[error(
        "{}: tensors {first} and {second} have one name without the words of wrappers (module, _orig_mod); leave out one",
        path.display()
    )]
    TwoNames {
        /// Weights file, or index of the shards.
        path: PathBuf,
        /// Name of one tensor.
        first: String,
        /// Name of the other tensor.
        second: String,
    },
    /// The names of layers do not give their order.
    #[error(
        "{}: tensors {first} and {second} belong to layers whose names do not give their order; call the layers rnns.0, \
         rnns.1, …", path.display()
    )]
    LayerOrder {
        /// Weights file, or index of the shards.
        path: PathBuf,
        /// Tensor of one layer.
        first: String,
        /// A tensor of the other.
        second: String,
    },
    /// A vocabulary of another model.
    #[error(
        "{}: {words} words, but the model's embeddings have {rows} rows; is it the vocabulary of another model?",
        path.display()
    )]
    VocabularySize {
        /// The vocabulary's file.
        path: PathBuf,
        /// Number of words in the vocabulary.
        words: usize,
        /// Rows of `embeddings.weight`.
        rows: usize,
    },
    /// A vocabulary that is none.
    #[error("{}: {source}", path.display())]
    Vocabulary {
        /// The vocabulary's file.
        path: PathBuf,
        /// Error in the vocabulary.
        source: VocabularyError,
    },
    /// The card does not parse.
    #[error("{}:{source}", path.display())]
    Card {
        /// The card's file.
        path: PathBuf,
        /// Line, column and description of the error.
        source: CardError,
    },
}
