//! Arrays of numbers, whatever type the exporter chose, as f32 or integers.

use half::{bf16, f16};
use hdf5_reader::error::Error;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::layout::DataLayout;
use hdf5_reader::{Dataset, Datatype};

use super::{File, explain, lzf, text};
use crate::limits::{MAX_ARRAY_BYTES, MAX_DIMENSIONS, MAX_PARAMETERS};

/// Number of the deflate filter in HDF5's registry.
const DEFLATE: u16 = 1;

/// Parameters that may still be read; shared by all arrays of a file.
#[derive(Debug)]
pub(crate) struct Budget(usize);

/// Array of parameters.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    /// Values in C order; all finite.
    pub values: Vec<f32>,
    /// Whether the file declares the array and never wrote it, so that its fill value counts.
    pub unwritten: bool,
}

/// Type of a stored number. The bytes are in native order when they are decoded.
#[derive(Clone, Copy)]
enum Number {
    Signed(u8),
    Unsigned(u8),
    Half,
    Brain,
    Single,
    Double,
}

impl Default for Budget {
    fn default() -> Self {
        Self(MAX_PARAMETERS)
    }
}

impl Budget {
    /// Takes `count` values from the budget.
    pub fn take(&mut self, count: usize) -> Result<(), String> {
        self.0 = self.0.checked_sub(count).ok_or_else(|| {
            format!("makes more than {MAX_PARAMETERS} parameters in the file, which is the most that is read")
        })?;
        Ok(())
    }
}

impl File {
    /// Reads numbers as f32.
    ///
    /// # Errors
    ///
    /// Fails with the rest of a sentence that begins with the array's name.
    pub fn numbers(&self, dataset: &Dataset, budget: &mut Budget) -> Result<Array, String> {
        let shape = shape(dataset)?;
        let number = number(dataset)?;
        check_storage(dataset)?;
        let unwritten = self.check_layout(dataset)?;
        budget.take(shape.iter().product())?;
        let bytes = dataset.read_native_bytes().map_err(|error| cannot(&error))?;
        let values: Vec<f32> = bytes.chunks_exact(number.size()).map(|bytes| number.single(bytes)).collect();
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let bytes = &bytes[at * number.size()..][..number.size()];
            return Err(not_finite(number.double(bytes), at, &shape));
        }
        Ok(Array { values, unwritten })
    }

    /// Reads a few integers; floats with integral values count as such.
    ///
    /// # Errors
    ///
    /// Fails with the rest of a sentence that begins with the array's name.
    pub fn integers(&self, dataset: &Dataset) -> Result<Vec<i64>, String> {
        let count: usize = shape(dataset)?.iter().product();
        if count > MAX_DIMENSIONS {
            return Err(format!("has {count} numbers; at most {MAX_DIMENSIONS} make sense"));
        }
        let number = number(dataset)?;
        check_storage(dataset)?;
        self.check_layout(dataset)?;
        let bytes = dataset.read_native_bytes().map_err(|error| cannot(&error))?;
        bytes
            .chunks_exact(number.size())
            .map(|bytes| {
                let value = number.double(bytes);
                // Above 2^53 a double has lost digits; such sizes are refused everywhere.
                if value.fract() == 0.0 && value.abs() < (1_i64 << 53) as f64 {
                    Ok(value as i64)
                } else {
                    Err(format!("is {value}, not a whole number of a reasonable size"))
                }
            })
            .collect()
    }

    /// Refuses data outside of the file. Returns `true` if the data were never written.
    fn check_layout(&self, dataset: &Dataset) -> Result<bool, String> {
        let header = self.hdf.get_or_parse_header(dataset.address()).map_err(|error| cannot(&error))?;
        let mut unwritten = false;
        for message in &header.messages {
            match message {
                HdfMessage::ExternalFiles(_) => {
                    return Err("has its data in another file (external storage), which is not opened; \
                                export the network again with `nir.write`"
                        .to_owned());
                }
                HdfMessage::FilterPipeline(pipeline) => {
                    let has = |id| pipeline.filters.iter().any(|filter| filter.id == id);
                    // LZF's decoder gives the reader no bound for what deflate may make.
                    if has(lzf::FILTER) && has(DEFLATE) {
                        return Err("is compressed twice, by LZF and gzip; one is enough".to_owned());
                    }
                }
                HdfMessage::DataLayout(message) => {
                    let undefined =
                        u64::MAX >> (64 - 8 * u32::from(self.hdf.superblock().offset_size.clamp(1, 8)));
                    unwritten = match &message.layout {
                        DataLayout::Compact { .. } => false,
                        DataLayout::Contiguous { address, .. } | DataLayout::Chunked { address, .. } => {
                            *address == undefined
                        }
                    };
                }
                _ => {}
            }
        }
        Ok(unwritten)
    }
}

/// Refuses arrays whose stored form is larger than what is read.
pub(super) fn check_storage(dataset: &Dataset) -> Result<(), String> {
    let bytes = dataset.raw_byte_len().map_err(|error| cannot(&error))?;
    if bytes > MAX_ARRAY_BYTES {
        return Err(format!(
            "declares {}{bytes} bytes; at most {MAX_ARRAY_BYTES} are read for an array",
            declared(dataset)
        ));
    }
    Ok(())
}

fn declared(dataset: &Dataset) -> String {
    let dims: Vec<String> = dataset.shape().iter().map(ToString::to_string).collect();
    if dims.is_empty() { String::new() } else { format!("{} values, ", dims.join(" × ")) }
}

/// Returns the declared shape of an array, empty for a single number; reads no values.
///
/// # Errors
///
/// Fails with the rest of a sentence that begins with the array's name.
pub(crate) fn shape(dataset: &Dataset) -> Result<Vec<usize>, String> {
    if dataset.ndim() > MAX_DIMENSIONS {
        return Err(format!("has {} dimensions; at most {MAX_DIMENSIONS} are read", dataset.ndim()));
    }
    let count = dataset.shape().iter().try_fold(1_u64, |product, &size| product.checked_mul(size));
    match count {
        Some(0) => Err(format!("has no values: its shape is {:?}", dataset.shape())),
        Some(count) if count <= MAX_ARRAY_BYTES as u64 => {
            // A null dataspace has no dimensions either, but no value.
            if dataset.num_elements().map_err(|error| cannot(&error))? == 0 {
                return Err("has no values".to_owned());
            }
            Ok(dataset.shape().iter().map(|&size| size as usize).collect())
        }
        _ => Err(format!(
            "declares {}more than the {} bytes that are read for an array",
            declared(dataset),
            MAX_ARRAY_BYTES
        )),
    }
}

fn number(dataset: &Dataset) -> Result<Number, String> {
    match dataset.dtype() {
        Datatype::FixedPoint { size: size @ (1 | 2 | 4 | 8), signed, .. } => {
            Ok(if *signed { Number::Signed(*size) } else { Number::Unsigned(*size) })
        }
        Datatype::FloatingPoint { .. } => float(dataset),
        _ if text::is_text(dataset) => Err("holds text where numbers are expected".to_owned()),
        Datatype::Compound { .. } => {
            Err("holds records (complex numbers?) where numbers are expected".to_owned())
        }
        Datatype::Enum { .. } => Err("holds named values (booleans?) where numbers are expected".to_owned()),
        _ => Err("holds no numbers of a known type".to_owned()),
    }
}

/// Returns the float format of a data set, read from the layout of its bits: the reader's type
/// leaves out what tells formats of one size apart.
fn float(dataset: &Dataset) -> Result<Number, String> {
    let raw = dataset.raw_datatype().map_err(|error| cannot(&error))?;
    // After class and size: bit offset, precision (u16 each), exponent and mantissa (place, size).
    let layout = raw.get(8..16).unwrap_or_default();
    match layout {
        [0, 0, 16, 0, 10, 5, 0, 10] => Ok(Number::Half),
        [0, 0, 16, 0, 7, 8, 0, 7] => Ok(Number::Brain),
        [0, 0, 32, 0, 23, 8, 0, 23] => Ok(Number::Single),
        [0, 0, 64, 0, 52, 11, 0, 52] => Ok(Number::Double),
        _ => Err(format!(
            "holds floats of an unknown layout ({} bytes); use float32",
            raw.get(4).copied().unwrap_or_default()
        )),
    }
}

impl Number {
    fn size(self) -> usize {
        match self {
            Self::Signed(size) | Self::Unsigned(size) => size.into(),
            Self::Half | Self::Brain => 2,
            Self::Single => 4,
            Self::Double => 8,
        }
    }

    /// Decodes a number; NaN if there are too few bytes.
    fn double(self, bytes: &[u8]) -> f64 {
        fn take<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
            bytes.first_chunk().copied()
        }
        match self {
            Self::Signed(1) => take(bytes).map(|b| i8::from_ne_bytes(b).into()),
            Self::Signed(2) => take(bytes).map(|b| i16::from_ne_bytes(b).into()),
            Self::Signed(4) => take(bytes).map(|b| i32::from_ne_bytes(b).into()),
            Self::Signed(_) => take(bytes).map(|b| i64::from_ne_bytes(b) as f64),
            Self::Unsigned(1) => take(bytes).map(|b| u8::from_ne_bytes(b).into()),
            Self::Unsigned(2) => take(bytes).map(|b| u16::from_ne_bytes(b).into()),
            Self::Unsigned(4) => take(bytes).map(|b| u32::from_ne_bytes(b).into()),
            Self::Unsigned(_) => take(bytes).map(|b| u64::from_ne_bytes(b) as f64),
            Self::Half => take(bytes).map(|b| f16::from_ne_bytes(b).to_f64()),
            Self::Brain => take(bytes).map(|b| bf16::from_ne_bytes(b).to_f64()),
            Self::Single => take(bytes).map(|b| f32::from_ne_bytes(b).into()),
            Self::Double => take(bytes).map(f64::from_ne_bytes),
        }
        .unwrap_or(f64::NAN)
    }

    /// Decodes a number to f32, rounding to nearest.
    fn single(self, bytes: &[u8]) -> f32 {
        self.double(bytes) as f32
    }
}

fn not_finite(value: f64, at: usize, shape: &[usize]) -> String {
    let mut rest = at;
    let mut index: Vec<usize> = Vec::with_capacity(shape.len());
    for &size in shape.iter().rev() {
        index.push(rest % size.max(1));
        rest /= size.max(1);
    }
    index.reverse();
    let place = if shape.is_empty() { String::new() } else { format!(" at {index:?}") };
    if value.is_nan() {
        format!("is NaN{place}: training has diverged, or the export is damaged")
    } else {
        format!("is {value:e}{place}: outside of the range of f32")
    }
}

fn cannot(error: &Error) -> String {
    format!("cannot be read: {}", explain(error))
}
