//! Typed, checked reading of the tensors in a safetensors file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::attention;
use super::card::{Card, Network};
use super::embedding::{Embedding, Int8Rows};
use super::gestures::{LINEAR, PLACES, READOUT};
use super::names::{NameError, Names, Place, is_layer_part, layer_part};
use super::weights::{Weights, duplicate};
use super::{Kind, ModelError};
use crate::net::Csr;
use crate::net::conv::ShapeError;
use crate::net::csr::{from_dense, from_parts};

const FLOATS: &str = "F8_E4M3, F8_E5M2, F16, BF16, F32 or F64";
/// The embedding, and the name under which the decoder may hold it instead.
const EMBEDDING: &str = "embeddings.weight";
/// The decoder's weights.
pub(super) const DECODER: &str = "decoder.decoder.weight";

/// Tensors of one file.
struct TensorsOf<'a> {
    path: &'a Path,
    tensors: SafeTensors<'a>,
    bytes: &'a Arc<Vec<u8>>,
}

/// Tensors of a model's files, read by name; errors name the file and the tensor.
pub(super) struct TensorFile<'a> {
    path: &'a Path,
    files: Vec<TensorsOf<'a>>,
    names: Names,
}

impl<'a> TensorFile<'a> {
    /// Parses the headers and resolves the names.
    pub(super) fn new(weights: &'a Weights) -> Result<Self, ModelError> {
        let mut files = Vec::new();
        let (mut stored, mut aliases): (Vec<Place>, Vec<(String, Place)>) = (Vec::new(), Vec::new());
        for (number, (path, bytes)) in weights.files.iter().enumerate() {
            if let Some(tensor) = duplicate(bytes) {
                return Err(ModelError::Duplicate { path: path.clone(), tensor });
            }
            let format = |source| ModelError::Format { path: path.clone(), bytes: bytes.len(), source };
            let tensors = SafeTensors::deserialize(bytes).map_err(format)?;
            stored.extend(tensors.names().into_iter().map(|name| (number, name.to_owned())));
            // safetensors.torch.save_model stores tied tensors once, and their other names here.
            let (_, header) = SafeTensors::read_metadata(bytes).map_err(format)?;
            let tied = header.metadata().iter().flatten();
            let tied = tied.filter(|(_, target)| tensors.tensor(target).is_ok());
            aliases.extend(tied.map(|(alias, target)| (alias.clone(), (number, target.clone()))));
            files.push(TensorsOf { path, tensors, bytes });
        }
        if let Some((tensor, &number)) = weights.promised.iter().find(|(tensor, number)| {
            files.get(**number).is_none_or(|file| file.tensors.tensor(tensor).is_err())
        }) {
            return Err(ModelError::MissingTensor {
                path: weights.files.get(number).map_or_else(|| weights.path.clone(), |file| file.0.clone()),
                tensor: tensor.clone(),
                needed: "as the index of the shards says".to_owned(),
            });
        }
        stored.sort_unstable();
        aliases.sort_unstable();
        let names = Names::new(&stored, &aliases).map_err(|error| match error {
            NameError::Twice(first, second) => {
                ModelError::TwoNames { path: weights.path.clone(), first, second }
            }
            NameError::Order(first, second) => {
                ModelError::LayerOrder { path: weights.path.clone(), first, second }
            }
        })?;
        Ok(Self { path: &weights.path, files, names })
    }

    /// Returns the kind of model that these names belong to, for files without a card.
    pub(super) fn kind(&self) -> Kind {
        let any = |root: &str| self.names.iter().any(|name| name.split('.').next() == Some(root));
        if any("embeddings") || any("decoder") {
            Kind::LanguageModel
        } else if any("conv") {
            Kind::Gestures
        } else {
            Kind::Layers
        }
    }

    /// Refuses tensors that do not belong to a model with this card; returns notes on the names.
    pub(super) fn check(&mut self, card: &Card) -> Result<Vec<String>, ModelError> {
        let kind = card.kind;
        let names: Vec<&str> = self.names.iter().collect();
        let known = |name: &str| match card.network {
            Network::Egru => known(name, kind),
            Network::Attention { .. } => OF_LANGUAGE.contains(&name) || attention::known(name),
        };
        if let Some(tensor) = names.iter().find(|name| !known(name)) {
            let (path, tensor) = (self.path(), self.names.written(tensor));
            return Err(ModelError::UnknownTensor { path, tensor, kind });
        }
        let outside = |name: &&&str| kind == Kind::Layers && layer_part(name).is_none();
        let outside: Vec<String> =
            names.iter().filter(outside).map(|name| self.names.written(name)).collect();
        let mut notes = self.names.notes.clone();
        if !outside.is_empty() {
            notes.push(format!("not computed, as they lie outside of the layers: {}", outside.join(", ")));
        }
        if kind == Kind::LanguageModel
            && !self.has(EMBEDDING)
            && !self.has("embeddings.weight.q")
            && let Some(place) = self.names.place(DECODER).cloned()
        {
            notes.push(format!("{EMBEDDING} is taken from {}: the two are tied", place.1));
            self.names.alias(EMBEDDING, place);
        }
        Ok(notes)
    }

    fn path(&self) -> PathBuf {
        self.path.to_path_buf()
    }

    /// Returns the path of the file that holds a tensor, or of the whole model.
    fn path_of(&self, tensor: &str) -> PathBuf {
        let file = self.names.place(tensor).and_then(|(number, _)| self.files.get(*number));
        file.map_or_else(|| self.path(), |file| file.path.to_path_buf())
    }

    fn find(&self, tensor: &str) -> Option<TensorView<'a>> {
        let (number, stored) = self.names.place(tensor)?;
        self.files.get(*number)?.tensors.tensor(stored).ok()
    }

    pub(super) fn has(&self, tensor: &str) -> bool {
        self.names.place(tensor).is_some()
    }

    /// Returns one more than the greatest number of a layer.
    pub(super) fn layer_count(&self) -> usize {
        self.names.layer_count()
    }

    fn view(&self, tensor: &str, needed: &str) -> Result<TensorView<'a>, ModelError> {
        self.find(tensor).ok_or_else(|| ModelError::MissingTensor {
            path: self.path(),
            tensor: self.names.written(tensor),
            needed: needed.to_owned(),
        })
    }

    /// Returns the error for a tensor of the wrong shape.
    pub(super) fn shape_error(&self, tensor: &str, needed: String) -> ModelError {
        let found = self.find(tensor).map(|view| view.shape().to_vec()).unwrap_or_default();
        ModelError::Shape { path: self.path_of(tensor), tensor: self.names.written(tensor), found, needed }
    }

    /// Returns one more than the greatest number N of tensors `ROOT.N.PART`.
    pub(super) fn count_of(&self, root: &str) -> usize {
        let number = |name: &str| {
            let (number, _) = name.strip_prefix(root)?.strip_prefix('.')?.split_once('.')?;
            number.parse::<usize>().ok()
        };
        self.names.iter().filter_map(number).max().map_or(0, |last| last + 1)
    }

    /// Returns the inputs of layer 0 by the shape of its dense kernel.
    pub(super) fn inputs(&self) -> Result<usize, ModelError> {
        const KERNEL: &str = "rnns.0.kernel";
        if self.has("rnns.0.kernel.csr_data") && !self.has(KERNEL) {
            let needed = "dense as NAME.kernel: a packed matrix does not say how many inputs there are";
            return Err(self.shape_error("rnns.0.kernel.csr_data", needed.to_owned()));
        }
        match self.view(KERNEL, "as [inputs, 3 · units]")?.shape() {
            &[inputs, _] if inputs > 0 => Ok(inputs),
            _ => Err(self.shape_error(KERNEL, "[inputs, 3 · units]".to_owned())),
        }
    }

    /// Returns the error for a threshold that is not above 0.
    pub(super) fn threshold_error(&self, tensor: &str, value: f32) -> ModelError {
        ModelError::Threshold { path: self.path_of(tensor), tensor: self.names.written(tensor), value }
    }

    /// Returns the error for tensors that do not fit together.
    pub(super) fn parts(&self, tensor: &str, source: ShapeError) -> ModelError {
        ModelError::Parts { path: self.path_of(tensor), tensor: self.names.written(tensor), source }
    }

    /// Returns the error for a projection whose function the card does not state.
    pub(super) fn no_projection(&self, tensor: &str) -> ModelError {
        ModelError::Projection { path: self.path_of(tensor), tensor: self.names.written(tensor) }
    }

    /// Returns the decoder's weights, `[words, width]`; `None` if it has none but the embedding's.
    pub(super) fn decoder(
        &self,
        embedding: &Embedding,
        width: usize,
    ) -> Result<Option<Embedding>, ModelError> {
        if !self.has(DECODER) || self.names.place(DECODER) == self.names.place(EMBEDDING) {
            return Ok(None);
        }
        let weights = self.dense(DECODER, &[embedding.words(), width])?;
        if width == embedding.width() && embedding.first_difference(&weights).is_none() {
            return Ok(None);
        }
        let misshapen = || self.shape_error(DECODER, format!("[{}, {width}]", embedding.words()));
        Embedding::float(embedding.words(), width, weights).map(Some).ok_or_else(misshapen)
    }

    fn dtype_error(&self, tensor: &str, found: Dtype, needed: &'static str) -> ModelError {
        ModelError::Dtype { path: self.path_of(tensor), tensor: self.names.written(tensor), found, needed }
    }

    /// Returns all numbers of a tensor of floats as f32, each checked to be finite.
    fn floats(&self, tensor: &str, view: &TensorView<'_>) -> Result<Vec<f32>, ModelError> {
        let data = view.data();
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            Dtype::F64 => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
            Dtype::F16 => data.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect(),
            Dtype::BF16 => data.as_chunks().0.iter().map(|b| bf16::from_le_bytes(*b).to_f32()).collect(),
            Dtype::F8_E5M2 => {
                data.iter().map(|&byte| f16::from_bits(u16::from(byte) << 8).to_f32()).collect()
            }
            Dtype::F8_E4M3 => data.iter().map(|&byte| from_e4m3(byte)).collect(),
            found => return Err(self.dtype_error(tensor, found, FLOATS)),
        };
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(ModelError::NotFinite {
                path: self.path_of(tensor),
                tensor: self.names.written(tensor),
                index,
                value: values[index],
            }),
            None => Ok(values),
        }
    }

    /// Returns a vector of floats, of the given length if there is one.
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

    /// Returns a dense tensor of floats of exactly this shape.
    pub(super) fn dense(&self, tensor: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        let view = self.view(tensor, &format!("as floats of shape {shape:?}"))?;
        if view.shape() != shape {
            return Err(self.shape_error(tensor, format!("{shape:?}")));
        }
        self.floats(tensor, &view)
    }

    /// Returns a dense tensor of floats of `width` columns, row after row.
    pub(super) fn table(&self, tensor: &str, width: usize) -> Result<Vec<f32>, ModelError> {
        let needed = format!("[rows, {width}]");
        let view = self.view(tensor, &format!("as floats of shape {needed}"))?;
        match view.shape() {
            &[rows, columns] if rows > 0 && columns == width => self.floats(tensor, &view),
            _ => Err(self.shape_error(tensor, needed)),
        }
    }

    /// Returns an 8-bit tensor of exactly this shape.
    pub(super) fn int8(&self, tensor: &str, shape: [usize; 2]) -> Result<Vec<i8>, ModelError> {
        let view = self.view(tensor, &format!("as I8 of shape {shape:?}"))?;
        if view.dtype() != Dtype::I8 {
            return Err(self.dtype_error(tensor, view.dtype(), "I8"));
        }
        if view.shape() != shape {
            return Err(self.shape_error(tensor, format!("{shape:?}")));
        }
        Ok(bytemuck::cast_slice(view.data()).to_vec())
    }

    /// Returns a vector of whole numbers, stored as u16 or u32.
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

    /// Returns a weight matrix, `[3 · units, sources]`.
    ///
    /// The file has it packed as `NAME.csr_…`, or dense as `NAME` in `[sources, 3 · units]`.
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
        matrix.map_err(|source| {
            let part = if self.has(name) { name.to_owned() } else { packed("data") };
            let tensor = self.names.written(&part);
            let tensor = tensor.trim_end_matches(".csr_data").to_owned();
            ModelError::Csr { path: self.path_of(&part), tensor, source }
        })
    }

    /// Returns `embeddings.weight`, stored as `.q` and `.scale`, or dense.
    pub(super) fn embedding(&self) -> Result<Embedding, ModelError> {
        const DENSE: &str = EMBEDDING;
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
        let misshapen = || self.shape_error(tensor, format!("[{words}, {width}]"));
        if tensor == DENSE {
            let values = self.floats(tensor, &view)?;
            return Embedding::float(words, width, values).ok_or_else(misshapen);
        }
        if view.dtype() != Dtype::I8 {
            return Err(self.dtype_error(tensor, view.dtype(), "I8"));
        }
        let scale = self.vector(SCALE, Some(words))?;
        self.rows(tensor, [words, width]).and_then(|q| Embedding::int8(q, scale)).ok_or_else(misshapen)
    }

    /// Returns the rows of an 8-bit tensor where they lie in its file; `None` if they do not fit.
    fn rows(&self, tensor: &str, shape: [usize; 2]) -> Option<Int8Rows> {
        let (number, stored) = self.names.place(tensor)?;
        let TensorsOf { bytes, .. } = self.files.get(*number)?;
        let (header_bytes, header) = SafeTensors::read_metadata(bytes).ok()?;
        let (start, _) = header.info(stored)?.data_offsets;
        // Eight bytes before the header hold its length.
        Int8Rows::new(Arc::clone(bytes), 8 + header_bytes + start, shape)
    }
}

/// Converts eight bits with four of exponent and three of fraction (OCP FP8 E4M3).
///
/// The format has no infinity, and NaN if all bits but the sign are set.
pub(super) fn from_e4m3(byte: u8) -> f32 {
    let sign = if byte & 0x80 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(byte >> 3 & 0xf), f32::from(byte & 7));
    match (exponent, byte & 7) {
        (15, 7) => f32::NAN,
        (0, _) => sign * fraction * 2.0_f32.powi(-9),
        _ => sign * (1.0 + fraction / 8.0) * 2.0_f32.powi(exponent - 7),
    }
}

/// First segments of tensors before or after the layers, which a model of layers alone leaves out.
const OUTSIDE: [&str; 11] = [
    "hidden2out",
    "fc",
    "decoder",
    "embeddings",
    "conv",
    "readout",
    "out",
    "output",
    "head",
    "classifier",
    "linear",
];

/// Returns `true` for `conv.K.weight`, `conv.15.bias`, `fc.weight` and the like.
fn known_gesture(name: &str) -> bool {
    let Some((layer, "weight" | "bias")) = name.rsplit_once('.') else { return false };
    layer == LINEAR || layer == READOUT || PLACES.iter().any(|place| layer == format!("conv.{place}"))
}

/// Tensors outside of the layers that every language model may have.
const OF_LANGUAGE: [&str; 8] = [
    "embeddings.weight",
    "embeddings.weight.q",
    "embeddings.weight.scale",
    "decoder.decoder.weight",
    "decoder.decoder.bias",
    "decoder.projection.weight",
    "decoder.projection.bias",
    "decoder.scale",
];

fn known(name: &str, kind: Kind) -> bool {
    match layer_part(name) {
        Some((_, part)) => is_layer_part(part),
        None => match kind {
            Kind::LanguageModel => OF_LANGUAGE.contains(&name),
            Kind::Gestures => known_gesture(name),
            Kind::Layers | Kind::Spiking => OUTSIDE.iter().any(|root| name.split('.').next() == Some(root)),
        },
    }
}
