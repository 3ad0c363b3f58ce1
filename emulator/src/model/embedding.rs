//! Embedding: one row of numbers for each word, kept in the chip's DRAM.
//!
//! The decoder may be tied to it.

use std::sync::Arc;

use ndarray::{Array1, Array2};

/// Embedding matrix E, `[words, width]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    values: Values,
}

/// Numbers of an [`Embedding`], one row a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// E\[word\]\[i\] = f32(q\[word\]\[i\]) · scale\[word\].
    Int8 {
        /// Rows of numbers, `[words, width]`.
        q: Int8Rows,
        /// Scale of each row, `[words]`.
        scale: Array1<f32>,
    },
    /// Numbers without a scale, `[words, width]`.
    Float(Array2<f32>),
}

/// Rows of 8-bit numbers, `[words, width]`, in the bytes of the file that they were read from: tens
/// of MB are not copied.
#[derive(Clone)]
pub struct Int8Rows {
    file: Arc<Vec<u8>>,
    /// Byte of the file at which the first row begins.
    start: usize,
    words: usize,
    width: usize,
}

impl Int8Rows {
    /// Takes rows of shape `[words, width]` from byte `start` of a file on; `None` if they do not
    /// lie within it.
    pub(super) fn new(file: Arc<Vec<u8>>, start: usize, [words, width]: [usize; 2]) -> Option<Self> {
        let end = start.checked_add(words.checked_mul(width)?)?;
        (end <= file.len()).then_some(Self { file, start, words, width })
    }

    /// Returns the number of rows, and of numbers in each.
    pub fn dim(&self) -> (usize, usize) {
        (self.words, self.width)
    }

    /// Returns all numbers, row after row.
    pub fn all(&self) -> &[i8] {
        bytemuck::cast_slice(&self.file[self.start..self.start + self.words * self.width])
    }

    /// Returns the numbers of a row, which must be less than [`Self::dim`] has.
    pub fn row(&self, word: usize) -> &[i8] {
        &self.all()[word * self.width..(word + 1) * self.width]
    }
}

impl PartialEq for Int8Rows {
    fn eq(&self, other: &Self) -> bool {
        self.dim() == other.dim() && self.all() == other.all()
    }
}

impl std::fmt::Debug for Int8Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Int8Rows({} x {})", self.words, self.width)
    }
}

impl Embedding {
    /// Creates an embedding of whole numbers with a scale for each row; `None` unless there are as
    /// many scales as rows.
    pub(super) fn int8(q: Int8Rows, scale: Vec<f32>) -> Option<Self> {
        (q.dim().0 == scale.len()).then(|| Self { values: Values::Int8 { q, scale: scale.into() } })
    }

    /// Creates an embedding of `words` rows of `width` numbers; `None` unless `values` has them.
    pub(super) fn float(words: usize, width: usize, values: Vec<f32>) -> Option<Self> {
        let values = Array2::from_shape_vec((words, width), values).ok()?;
        Some(Self { values: Values::Float(values) })
    }

    /// Returns the number of values in a row.
    pub fn width(&self) -> usize {
        self.dim().1
    }

    /// Returns the number of rows, V.
    pub fn words(&self) -> usize {
        self.dim().0
    }

    fn dim(&self) -> (usize, usize) {
        match &self.values {
            Values::Int8 { q, .. } => q.dim(),
            Values::Float(values) => values.dim(),
        }
    }

    /// Returns the numbers as stored.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Writes a word's row into `out`, `[width]`: `f32(q) · scale` in single precision.
    ///
    /// Returns `false`, and leaves `out` as it was, if there is no such word.
    pub fn row(&self, word: u32, out: &mut [f32]) -> bool {
        let word = word as usize;
        if word >= self.words() {
            return false;
        }
        match &self.values {
            Values::Int8 { q, scale } => {
                let scale = scale[word];
                for (out, &q) in out.iter_mut().zip(q.row(word)) {
                    *out = f32::from(q) * scale;
                }
            }
            Values::Float(values) => {
                for (out, &value) in out.iter_mut().zip(values.row(word)) {
                    *out = value;
                }
            }
        }
        true
    }

    /// Returns the index of the first number that differs from `other`, `[words, width]` flattened.
    pub(super) fn first_difference(&self, other: &[f32]) -> Option<usize> {
        let width = self.width();
        let mut row = vec![0.0; width];
        other.chunks(width.max(1)).enumerate().find_map(|(word, other)| {
            self.row(word as u32, &mut row);
            let column = row.iter().zip(other).position(|(a, b)| a.to_bits() != b.to_bits())?;
            Some(word * width + column)
        })
    }

    /// Returns the bytes of all rows as stored in the file.
    pub fn bytes(&self) -> usize {
        match &self.values {
            Values::Int8 { q, scale } => q.all().len() + 4 * scale.len(),
            Values::Float(values) => 4 * values.len(),
        }
    }
}
