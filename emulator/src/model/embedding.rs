//! Embedding: one row of numbers for each word, kept in the chip's DRAM.
//!
//! The decoder may be tied to it.

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
        q: Array2<i8>,
        /// Scale of each row, `[words]`.
        scale: Array1<f32>,
    },
    /// Numbers without a scale, `[words, width]`.
    Float(Array2<f32>),
}

impl Embedding {
    /// Creates an embedding of whole numbers with a scale for each row.
    ///
    /// `None` unless `q` has `width` numbers for each scale.
    pub(super) fn int8(width: usize, q: Vec<i8>, scale: Vec<f32>) -> Option<Self> {
        let q = Array2::from_shape_vec((scale.len(), width), q).ok()?;
        Some(Self { values: Values::Int8 { q, scale: scale.into() } })
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
            Values::Int8 { q, scale } => q.len() + 4 * scale.len(),
            Values::Float(values) => 4 * values.len(),
        }
    }
}
