//! The embedding: one row of numbers for each word, which the chip keeps in its DRAM and the decoder is tied to.

/// E, \[words, width\].
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    width: usize,
    values: Values,
}

/// The numbers of an [`Embedding`], row after row.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// E\[word\]\[i\] = f32(q\[word\]\[i\]) · scale\[word\].
    Int8 {
        /// \[words · width\].
        q: Vec<i8>,
        /// \[words\].
        scale: Vec<f32>,
    },
    /// As they are, \[words · width\].
    Float(Vec<f32>),
}

impl Embedding {
    /// An embedding of rows of `width` numbers. Whole rows only: what is left over does not count.
    pub(super) fn new(width: usize, values: Values) -> Self {
        Self { width, values }
    }

    /// Numbers in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows, V.
    pub fn words(&self) -> usize {
        match &self.values {
            Values::Int8 { scale, .. } => scale.len(),
            Values::Float(values) => values.len().checked_div(self.width).unwrap_or(0),
        }
    }

    /// The numbers as stored.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Writes a word's row into `out`, \[width\]: `f32(q) · scale` in single precision. Returns whether there is such
    /// a word; if not, `out` is left as it was.
    pub fn row(&self, word: u32, out: &mut [f32]) -> bool {
        let start = word as usize * self.width;
        match &self.values {
            Values::Int8 { q, scale } => {
                let Some((q, &scale)) = q.get(start..start + self.width).zip(scale.get(word as usize)) else {
                    return false;
                };
                for (out, &q) in out.iter_mut().zip(q) {
                    *out = f32::from(q) * scale;
                }
            }
            Values::Float(values) => {
                let Some(row) = values.get(start..start + self.width) else { return false };
                for (out, &value) in out.iter_mut().zip(row) {
                    *out = value;
                }
            }
        }
        true
    }

    /// Index of the first number that differs from `other`, a flattened \[words, width\].
    pub(super) fn first_difference(&self, other: &[f32]) -> Option<usize> {
        let mut row = vec![0.0; self.width];
        other.chunks(self.width.max(1)).enumerate().find_map(|(word, other)| {
            self.row(word as u32, &mut row);
            let column = row.iter().zip(other).position(|(a, b)| a.to_bits() != b.to_bits())?;
            Some(word * self.width + column)
        })
    }

    /// Bytes of all rows as stored in the file.
    pub fn bytes(&self) -> usize {
        match &self.values {
            Values::Int8 { q, scale } => q.len() + 4 * scale.len(),
            Values::Float(values) => 4 * values.len(),
        }
    }
}
