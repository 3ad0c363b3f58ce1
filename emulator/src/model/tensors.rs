//! Typed, checked reading of the tensors in a safetensors file.

use std::path::{Path, PathBuf};

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::embedding::{Embedding, Values};
use super::gestures::{LINEAR, PLACES, READOUT};
use super::{Kind, ModelError};
use crate::net::Csr;
use crate::net::conv::ShapeError;
use crate::net::csr::{from_dense, from_parts};

const FLOATS: &str = "F16, BF16, F32 or F64";
/// Tensors of the authors' checkpoints that belong to training and change nothing in the forward pass.
const TRAINING_ONLY: [&str; 3] = ["dampening_factor", "pseudo_derivative_support", "_max_norm"];

/// A safetensors file whose tensors are read by name, with errors that say where and what.
pub(super) struct TensorFile<'a> {
    path: &'a Path,
    tensors: SafeTensors<'a>,
}

impl<'a> TensorFile<'a> {
    /// Parses the header; refuses tensors that are no part of a known model.
    pub(super) fn new(path: &'a Path, bytes: &'a [u8], kind: Kind) -> Result<Self, ModelError> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|source| ModelError::Format {
            path: path.to_path_buf(),
            bytes: bytes.len(),
            source,
        })?;
        let file = Self { path, tensors };
        let mut names = file.tensors.names();
        names.sort_unstable();
        match names.into_iter().find(|name| !known(name, kind)) {
            Some(tensor) => {
                Err(ModelError::UnknownTensor { path: file.path(), tensor: tensor.to_owned(), kind })
            }
            None => Ok(file),
        }
    }

    fn path(&self) -> PathBuf {
        self.path.to_path_buf()
    }

    pub(super) fn has(&self, tensor: &str) -> bool {
        self.tensors.tensor(tensor).is_ok()
    }

    /// What this file calls its layers.
    pub(super) fn layers(&self) -> &'static str {
        let has = |prefix: &&&str| self.tensors.names().iter().any(|name| name.starts_with(**prefix));
        LAYERS.iter().find(has).copied().unwrap_or(LAYERS[0])
    }

    /// One more than the greatest k of any tensor of a layer.
    pub(super) fn layer_count(&self) -> usize {
        // A number too great to be meant is cut: the loader then reports the first layer that is missing.
        let layers = self.tensors.names().into_iter().filter_map(|name| Some(layer_part(name)?.0 + 1));
        layers.max().unwrap_or(0)
    }

    fn view(&self, tensor: &str, needed: &str) -> Result<TensorView<'a>, ModelError> {
        self.tensors.tensor(tensor).map_err(|_| ModelError::MissingTensor {
            path: self.path(),
            tensor: tensor.to_owned(),
            needed: needed.to_owned(),
        })
    }

    /// The error for a tensor of the wrong shape.
    pub(super) fn shape_error(&self, tensor: &str, needed: String) -> ModelError {
        let found = self.tensors.tensor(tensor).map(|view| view.shape().to_vec()).unwrap_or_default();
        ModelError::Shape { path: self.path(), tensor: tensor.to_owned(), found, needed }
    }

    /// The error for tensors that do not go together.
    pub(super) fn parts(&self, tensor: &str, source: ShapeError) -> ModelError {
        ModelError::Parts { path: self.path(), tensor: tensor.to_owned(), source }
    }

    /// The error for decoder weights that are not the embedding's.
    pub(super) fn untied(&self, tensor: &str, index: usize, width: usize) -> ModelError {
        ModelError::Untied {
            path: self.path(),
            tensor: tensor.to_owned(),
            word: index / width.max(1),
            column: index % width.max(1),
        }
    }

    fn dtype_error(&self, tensor: &str, found: Dtype, needed: &'static str) -> ModelError {
        ModelError::Dtype { path: self.path(), tensor: tensor.to_owned(), found, needed }
    }

    /// All numbers of a tensor of floats as f32, each checked to be finite.
    fn floats(&self, tensor: &str, view: &TensorView<'_>) -> Result<Vec<f32>, ModelError> {
        let data = view.data();
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            Dtype::F64 => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
            Dtype::F16 => data.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect(),
            Dtype::BF16 => data.as_chunks().0.iter().map(|b| bf16::from_le_bytes(*b).to_f32()).collect(),
            found => return Err(self.dtype_error(tensor, found, FLOATS)),
        };
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(ModelError::NotFinite {
                path: self.path(),
                tensor: tensor.to_owned(),
                index,
                value: values[index],
            }),
            None => Ok(values),
        }
    }

    /// A vector of floats, of the given length if there is one.
    pub(super) fn vector(&self, tensor: &str, length: Option<usize>) -> Result<Vec<f32>, ModelError> {
        let needed = length.map_or("[units]".to_owned(), |length| format!("[{length}]"));
        let view = self.view(tensor, &format!("as floats of shape {needed}"))?;
        match view.shape() {
            &[found] if found > 0 && length.is_none_or(|length| length == found) => {
                self.floats(tensor, &view)
            }
            _ => Err(self.shape_error(tensor, needed)),
        }
    }

    /// A dense tensor of floats of exactly this shape.
    pub(super) fn dense(&self, tensor: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        let view = self.view(tensor, &format!("as floats of shape {shape:?}"))?;
        if view.shape() != shape {
            return Err(self.shape_error(tensor, format!("{shape:?}")));
        }
        self.floats(tensor, &view)
    }

    /// Whole numbers of u16 or u32.
    fn integers(&self, tensor: &str) -> Result<Vec<u32>, ModelError> {
        let view = self.view(tensor, "beside .csr_data: a packed matrix is three tensors")?;
        let data = view.data();
        if view.shape().len() != 1 {
            return Err(self.shape_error(tensor, "one-dimensional".to_owned()));
        }
        match view.dtype() {
            Dtype::U16 => Ok(data.as_chunks().0.iter().map(|b| u16::from_le_bytes(*b).into()).collect()),
            Dtype::U32 => Ok(data.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect()),
            found => Err(self.dtype_error(tensor, found, "U16 or U32")),
        }
    }

    /// A weight matrix \[3 · units, sources\]: packed as `NAME.csr_…`, or dense as `NAME` in \[sources, 3 · units\].
    pub(super) fn matrix(&self, name: &str, sources: usize, units: usize) -> Result<Csr, ModelError> {
        let rows = 3 * units;
        let packed = |part: &str| format!("{name}.csr_{part}");
        let matrix = if self.has(&packed("data")) {
            let (indptr, indices) = (self.integers(&packed("indptr"))?, self.integers(&packed("indices"))?);
            let data = self.view(&packed("data"), "")?;
            from_parts(rows, sources, indptr, indices, self.floats(&packed("data"), &data)?)
        } else {
            from_dense(sources, rows, &self.dense(name, &[sources, rows])?)
        };
        matrix.map_err(|source| ModelError::Csr { path: self.path(), tensor: name.to_owned(), source })
    }

    /// `embeddings.weight`, packed as `.q` and `.scale`, or dense.
    pub(super) fn embedding(&self) -> Result<Embedding, ModelError> {
        const DENSE: &str = "embeddings.weight";
        const PACKED: &str = "embeddings.weight.q";
        const SCALE: &str = "embeddings.weight.scale";
        let tensor = if self.has(PACKED) { PACKED } else { DENSE };
        let view = self.view(tensor, "as [words, width]")?;
        let &[words, width] = view.shape() else {
            return Err(self.shape_error(tensor, "[words, width]".to_owned()));
        };
        if words == 0 || width == 0 {
            return Err(self.shape_error(tensor, "[words, width], neither of them 0".to_owned()));
        }
        if tensor == DENSE {
            return Ok(Embedding::new(width, Values::Float(self.floats(tensor, &view)?)));
        }
        if view.dtype() != Dtype::I8 {
            return Err(self.dtype_error(tensor, view.dtype(), "I8"));
        }
        let q = bytemuck::cast_slice(view.data()).to_vec();
        Ok(Embedding::new(width, Values::Int8 { q, scale: self.vector(SCALE, Some(words))? }))
    }
}

/// What the authors' checkpoints call their layers: those of language models, and those of gesture models.
const LAYERS: [&str; 2] = ["rnns", "layers"];

/// Splits `rnns.K.PART` or `layers.K.PART`.
fn layer_part(name: &str) -> Option<(usize, &str)> {
    let (layers, rest) = name.split_once('.')?;
    let (layer, part) = rest.split_once('.').filter(|_| LAYERS.contains(&layers))?;
    // Three digits are more layers than any model has; a longer number is no layer.
    (layer.len() <= 3).then(|| layer.parse().ok()).flatten().map(|layer| (layer, part))
}

/// `conv.K.weight`, `conv.15.bias`, `fc.weight`, …
fn known_gesture(name: &str) -> bool {
    let Some((layer, "weight" | "bias")) = name.rsplit_once('.') else { return false };
    layer == LINEAR || layer == READOUT || PLACES.iter().any(|place| layer == format!("conv.{place}"))
}

fn known(name: &str, kind: Kind) -> bool {
    const WHOLE: [&str; 6] = [
        "embeddings.weight",
        "embeddings.weight.q",
        "embeddings.weight.scale",
        "decoder.decoder.weight",
        "decoder.decoder.bias",
        "decoder.scale",
    ];
    let Some((_, part)) = layer_part(name) else {
        return match kind {
            Kind::LanguageModel => WHOLE.contains(&name),
            Kind::Gestures => known_gesture(name),
        };
    };
    let (matrix, packed) = part.split_once('.').unwrap_or((part, "csr_data"));
    match matrix {
        "kernel" | "recurrent_kernel" => matches!(packed, "csr_data" | "csr_indices" | "csr_indptr"),
        "bias" | "recurrent_bias" | "thr" => matrix == part,
        _ => TRAINING_ONLY.contains(&part),
    }
}
