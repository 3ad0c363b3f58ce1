//! Any recurrent network on arrays: rows of a NumPy file in, the last layer's output
//! out as another.

mod load;
pub mod options;
pub mod view;
mod work;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{Array2, ShapeBuilder};
use npyz::WriterBuilder;
use thiserror::Error;

use super::TaskKind;
use super::dvs::recording::Foreign;
use super::log::Log;
use crate::file;
use spinntui_inputs::npy;

/// Words of the task.
pub(super) const KIND: TaskKind =
    TaskKind { step_word: "step", unit_word: "unit", event_word: "event", facts: None };

/// Largest array that is read, bytes: half a million rows of 1,000 singles.
pub const BYTES_LIMIT: u64 = 2 << 30;

/// Inputs of all time steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Values in C order, `[steps, width]`.
    values: Array2<f32>,
}

/// Reason why an array cannot be read.
#[derive(Debug, Error)]
pub enum TensorError {
    /// The file is missing or unreadable.
    #[error("{}: {source}", path.display())]
    File {
        /// File of the array.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// A format that is recognised but not read.
    #[error("{}: the file is {name}; an array as .npy is needed. Remedy: {remedy}", path.display())]
    Foreign {
        /// File of the inputs.
        path: PathBuf,
        /// Name of its format, to follow "the file is".
        name: &'static str,
        /// Conversion to an array that is read.
        remedy: String,
    },
    /// The file is not a NumPy array.
    #[error("{}: not a .npy file: {source}", path.display())]
    Format {
        /// File of the array.
        path: PathBuf,
        /// Error of the parser.
        source: std::io::Error,
    },
    /// The array has another shape or type of number.
    #[error("{}: an array of shape {shape:?} and type {dtype}; expected {needed}", path.display())]
    Array {
        /// File of the array.
        path: PathBuf,
        /// Shape of the array.
        shape: Vec<u64>,
        /// Type of the array, as NumPy writes it.
        dtype: String,
        /// Types and shapes that are accepted.
        needed: String,
    },
    /// The header promises more or less data than there is.
    #[error("{}: {found} bytes of data; its shape {shape:?} takes {needed}", path.display())]
    Length {
        /// File of the array.
        path: PathBuf,
        /// Shape of the array.
        shape: Vec<u64>,
        /// Bytes behind the header.
        found: usize,
        /// Bytes the shape takes.
        needed: u64,
    },
    /// A NaN or an infinity.
    #[error("{}: row {row}, column {column} is {value}; every input must be finite in single precision", path.display())]
    NotFinite {
        /// File of the array.
        path: PathBuf,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value, as an f32.
        value: f32,
    },
}

impl TensorError {
    /// Returns the remedy, to follow the message.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Array { .. } => {
                "numpy.save(\"x.npy\", np.ascontiguousarray(x, dtype='<f4')) writes such a file: one row a time step, as wide as the first layer's input"
            }
            Self::Length { .. } => "was it cut short? Write it again",
            Self::NotFinite { .. } => "numpy.nan_to_num(x) replaces what is not finite",
            Self::File { .. } | Self::Format { .. } | Self::Foreign { .. } => {
                "numpy.save writes such a file: one row a time step, as wide as the first layer's input"
            }
        }
    }
}

/// Floating-point type of an array's numbers.
#[derive(Clone, Copy, Debug)]
struct Number {
    /// Size of a number: 2, 4 or 8 bytes.
    size: usize,
    big: bool,
}

impl Number {
    fn of(dtype: &npyz::DType) -> Option<Self> {
        let npyz::DType::Plain(kind) = dtype else { return None };
        let size = kind.num_bytes().filter(|size| matches!(size, 2 | 4 | 8))?;
        let big = kind.endianness() == npyz::Endianness::Big;
        (kind.type_char() == npyz::TypeChar::Float).then_some(Self { size, big })
    }

    /// Reads a number from its `size` bytes.
    fn read(self, bytes: &[u8]) -> f32 {
        let mut little = [0; 8];
        for (at, &byte) in bytes.iter().take(self.size).enumerate() {
            let at = if self.big { self.size - 1 - at } else { at };
            if let Some(slot) = little.get_mut(at) {
                *slot = byte;
            }
        }
        let [a, b, c, d, ..] = little;
        match self.size {
            2 => half::f16::from_le_bytes([a, b]).to_f32(),
            4 => f32::from_le_bytes([a, b, c, d]),
            _ => f64::from_le_bytes(little) as f32,
        }
    }
}

impl Rows {
    /// Reads a `.npy` file of floats, \[steps, `width`\], with at least one row.
    ///
    /// Any byte order, C or Fortran order; f2 and f4 exactly, f8 rounded to f32.
    pub fn load(path: &Path, width: usize) -> Result<Self, TensorError> {
        let bytes = file::read(path, BYTES_LIMIT)
            .map_err(|source| TensorError::File { path: path.to_owned(), source })?;
        Self::parse(path, &bytes, width)
    }

    fn parse(path: &Path, bytes: &[u8], width: usize) -> Result<Self, TensorError> {
        let other = if bytes.starts_with(npy::MAGIC) { None } else { Foreign::of(bytes) };
        if let Some(other) = other {
            let remedy = other.remedy_by("numpy.save(\"x.npy\", a) with one row a time step");
            return Err(TensorError::Foreign { path: path.to_owned(), name: other.name, remedy });
        }
        let mut data = bytes;
        let header = npy::read_header(&mut data)
            .map_err(|source| TensorError::Format { path: path.to_owned(), source })?;
        let (shape, dtype) = (header.shape().to_vec(), header.dtype());
        let (descr, number) = (dtype.descr(), Number::of(&dtype));
        let steps = match shape[..] {
            [steps, found] if steps > 0 && found == width as u64 => steps,
            _ => 0,
        };
        let Some(number) = number.filter(|_| steps > 0) else {
            return Err(TensorError::Array {
                path: path.to_owned(),
                needed: format!("[steps, {width}] of floats (f2, f4 or f8), one row a time step"),
                shape,
                dtype: descr.trim_matches('\'').to_owned(),
            });
        };
        let needed = shape.iter().fold(number.size as u64, |bytes: u64, &n| bytes.saturating_mul(n));
        if data.len() as u64 != needed {
            return Err(TensorError::Length { path: path.to_owned(), shape, found: data.len(), needed });
        }
        let values: Vec<f32> = data.chunks_exact(number.size).map(|bytes| number.read(bytes)).collect();
        let size = (values.len() / width.max(1), width);
        let fortran = header.order() == npyz::Order::Fortran;
        let values = if fortran {
            // Columns lie one after the other.
            Array2::from_shape_vec(size.f(), values).map(|values| values.as_standard_layout().into_owned())
        } else {
            Array2::from_shape_vec(size, values)
        };
        let Ok(values) = values else {
            return Err(TensorError::Length { path: path.to_owned(), shape, found: data.len(), needed });
        };
        match values.indexed_iter().find(|(_, value)| !value.is_finite()) {
            Some(((row, column), &value)) => {
                Err(TensorError::NotFinite { path: path.to_owned(), row, column, value })
            }
            None => Ok(Self { values }),
        }
    }

    /// Returns the number of values in a row.
    pub fn width(&self) -> usize {
        self.values.ncols()
    }

    /// Returns the number of rows, each a time step.
    pub fn steps(&self) -> usize {
        self.values.nrows()
    }

    /// Returns row `step`, `[width]`; `None` after the last.
    pub fn row(&self, step: u32) -> Option<&[f32]> {
        let step = step as usize;
        if step < self.steps() { self.values.row(step).to_slice() } else { None }
    }
}

/// A run over an array: gives out row numbers, takes outputs.
#[derive(Clone, Debug)]
pub struct TensorTask {
    rows: Arc<Rows>,
    /// Name of the file with the rows, without its folders.
    source: Arc<str>,
    sequence: u32,
    units: usize,
    fed: usize,
    outputs: Log<f32>,
    /// Values that the last layer sent in the last completed time step, `[units]`; empty
    /// before the first.
    last: Vec<f32>,
}

impl TensorTask {
    /// Creates the task over `rows`, in sequences of `sequence` rows (at least 1), for a network
    /// whose last layer has `units` units.
    pub fn new(rows: Arc<Rows>, sequence: u32, units: usize) -> Self {
        Self {
            rows,
            source: "".into(),
            sequence: sequence.max(1),
            units,
            fed: 0,
            outputs: Log::default(),
            last: Vec::new(),
        }
    }

    /// Sets the name of the file with the rows.
    #[must_use]
    pub fn read_from(mut self, file: &Path) -> Self {
        self.source = file.file_name().unwrap_or_default().to_string_lossy().into();
        self
    }

    /// Returns the name of the file with the rows, without its folders; empty if it was not set.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the number in [`Self::rows`] of the row to feed now; `None` when all are read.
    pub fn next_row(&mut self) -> Option<u32> {
        let row = (self.fed < self.rows.steps()).then_some(self.fed as u32)?;
        self.fed += 1;
        Some(row)
    }

    /// Returns `true` if the next row is the first of a sequence.
    pub fn starts_sequence(&self) -> bool {
        self.fed.is_multiple_of(self.sequence as usize)
    }

    /// Takes the last layer's output, `[units]`, for the oldest row without one. Outputs beyond the
    /// rows that were fed are dropped; missing values of a row count as 0.
    pub fn observe(&mut self, output: &[f32]) {
        if self.observed() < self.fed {
            self.outputs.extend((0..self.units).map(|unit| output.get(unit).copied().unwrap_or(0.0)));
            self.last = output.to_vec();
        }
    }

    /// Returns the values that the last layer sent in the last completed time step, `[units]`;
    /// empty before the first.
    pub fn last(&self) -> &[f32] {
        &self.last
    }

    /// Returns the number of outputs taken so far.
    pub fn observed(&self) -> usize {
        self.outputs.len().checked_div(self.units).unwrap_or(0)
    }

    /// Returns the outputs so far, `[observed, units]`.
    pub fn outputs(&self) -> &Log<f32> {
        &self.outputs
    }

    /// Returns the input rows.
    pub fn rows(&self) -> &Arc<Rows> {
        &self.rows
    }

    /// Returns the number of time steps of all rows.
    pub fn total_steps(&self) -> u64 {
        self.rows.steps() as u64
    }

    /// Returns the number of rows in a sequence.
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Writes the outputs so far as a `.npy` file of f32, `[observed, units]` in C order.
    ///
    /// # Errors
    ///
    /// Fails if `out` does.
    pub fn write(&self, out: &mut (impl io::Write + ?Sized)) -> io::Result<()> {
        let mut bytes = Vec::new();
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&[self.observed() as u64, self.units as u64])
            .writer(&mut bytes)
            .begin_nd()?;
        writer.extend(self.outputs.iter().copied())?;
        writer.finish()?;
        out.write_all(&bytes)
    }
}

#[cfg(test)]
mod tests;
