//! Contents of the elements of a kernel's arrays: read off the bytes as they are, so that they are
//! true of damaged ones, too.

use serde::{Deserialize, Serialize};

use super::{Kernel, Shape};
use crate::kernel::csc::CscLayout;
use crate::kernel::csr_row::CsrLayout;
use crate::kernel::options::KernelKind;
use crate::kernel::rows;
use crate::kernel::words::{byte, half, word};
use crate::kernel::{SramWords, WORDS};

/// Origin of the value that a weight is multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Word of the input buffer.
    Word(u32),
    /// Number of the source in model order.
    Number(u32),
}

/// Weight that a matrix's arrays store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Row that the weight adds to.
    pub row: u32,
    /// Number of the weight in its row; in source-major kernels, in its column.
    pub number: u32,
    /// Source with which the weight is multiplied.
    pub source: Source,
}

/// Content of an element of a matrix's arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spot {
    /// Weight of a row and a source.
    Weight(Entry),
    /// The column of a weight: a word of the input buffer; in source-major kernels the number
    /// of its row.
    Index(Entry),
    /// Start of row `row`, counted in weights; the pointer behind the last row is its end.
    RowPointer {
        /// Row of the share.
        row: u32,
    },
    /// Start of a source's weights; the pointer behind the last source is their end.
    ColumnPointer {
        /// Source in model order.
        source: u32,
    },
    /// Word of a source in the input buffer.
    SourceWord {
        /// Source in model order.
        source: u32,
    },
    /// A source's value, copied into model order.
    Ordered {
        /// Source in model order.
        source: u32,
    },
    /// Scale of a row of 8-bit weights.
    Scale {
        /// Row of the share.
        row: u32,
    },
    /// Inverse of the scale of 8-bit inputs.
    InputScale,
    /// An element of the values or indices that no pointer leads to, or whose index is none: the
    /// bytes are inconsistent.
    Outside,
}

/// Type of number as which an element is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// IEEE 754 single.
    F32,
    /// Whole number of 32 bits.
    U32,
    /// Whole number of 32 bits, signed.
    I32,
    /// Unsigned integer of 16 bits.
    U16,
    /// Unsigned integer of 8 bits.
    U8,
    /// Signed 8-bit integers.
    I8,
}

impl Reading {
    /// Returns the size of an element of this type, in bytes.
    pub const fn bytes(self) -> u32 {
        match self {
            Self::F32 | Self::U32 | Self::I32 => 4,
            Self::U16 => 2,
            Self::U8 | Self::I8 => 1,
        }
    }
}

/// An element of one of a kernel's arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Address of the element's first byte.
    pub address: u32,
    /// Number type of the element.
    pub reading: Reading,
    /// Content of the element.
    pub spot: Spot,
}

impl Kernel {
    /// Returns the number of sources, where the layout states it.
    fn sources(&self) -> u32 {
        match self {
            Self::CsrRow(_)
            | Self::CsrRow16(_)
            | Self::CsrRowSkip(_)
            | Self::CsrFast(_)
            | Self::Int8Csr(_) => 0,
            Self::Csc(l) => l.sources,
            Self::Dense(l) | Self::DenseEvent(l) => l.sources,
            Self::Int8Mac(l) => l.sources,
        }
    }

    /// Returns the byte range of each array, in the order of [`KernelKind::arrays`]; `kind` is the
    /// scene's kernel, `nonzeros` the number of stored weights.
    pub fn array_ranges(&self, kind: KernelKind, nonzeros: u32) -> Vec<(u32, u32)> {
        let shape = Shape { rows: self.rows(), sources: self.sources(), nonzeros };
        let arrays = kind.arrays(shape);
        self.array_addresses()
            .into_iter()
            .zip(arrays)
            .map(|(at, array)| (at, at.saturating_add(u32::try_from(array.bytes).unwrap_or(u32::MAX))))
            .collect()
    }

    /// Returns the element at byte `offset` of array `array` ([`KernelKind::arrays`]); `None` if
    /// there is no such array.
    pub fn element(&self, words: &SramWords, array: usize, offset: u32) -> Option<Element> {
        let start = *self.array_addresses().get(array)?;
        let reading = self.reading(array)?;
        let number = offset / reading.bytes();
        let spot = match (self, array) {
            (Self::CsrRow(l) | Self::CsrRowSkip(l) | Self::CsrFast(l), 0) => {
                row_entry(words, l, number, 4, Spot::Weight)
            }
            (Self::CsrRow(l) | Self::CsrRowSkip(l) | Self::CsrFast(l), 1) => {
                row_entry(words, l, number, 4, Spot::Index)
            }
            (Self::CsrRow16(l), 0) => row_entry(words, l, number, 2, Spot::Weight),
            (Self::CsrRow16(l), 1) => row_entry(words, l, number, 2, Spot::Index),
            (Self::Int8Csr(l), 0) => row_entry(words, &l.csr, number, 2, Spot::Weight),
            (Self::Int8Csr(l), 1) => row_entry(words, &l.csr, number, 2, Spot::Index),
            (
                Self::CsrRow(_)
                | Self::CsrRowSkip(_)
                | Self::CsrFast(_)
                | Self::CsrRow16(_)
                | Self::Int8Csr(_),
                2,
            ) => Spot::RowPointer { row: number },
            (Self::Int8Csr(_), _) => Spot::Scale { row: number },
            (Self::Int8Mac(l), 0) => {
                let terms = l.shape().terms.max(1);
                if number % terms < l.sources {
                    dense_entry(number / terms, number % terms)
                } else {
                    Spot::Outside
                }
            }
            (Self::Int8Mac(_), 2) => match number.checked_sub(1) {
                Some(row) => Spot::Scale { row },
                None => Spot::InputScale,
            },
            (Self::Int8Mac(l), 3) if number >= l.sources => Spot::Outside,
            (Self::Csc(l), 0) => column_entry(words, l, number, Spot::Weight),
            (Self::Csc(l), 1) => column_entry(words, l, number, Spot::Index),
            (Self::Csc(_), 2) => Spot::ColumnPointer { source: number },
            (Self::Dense(l), 0) => dense_entry(number / l.sources.max(1), number % l.sources.max(1)),
            (Self::DenseEvent(l), 0) => dense_entry(number % l.rows.max(1), number / l.rows.max(1)),
            (Self::Int8Mac(_), 3) | (Self::Dense(_), 2) => Spot::Ordered { source: number },
            _ => Spot::SourceWord { source: number },
        };
        Some(Element { address: start + number * reading.bytes(), reading, spot })
    }

    /// Returns the type of number of an array's elements.
    fn reading(&self, array: usize) -> Option<Reading> {
        use Reading::{F32, I8, U8, U16, U32};
        let row_number = |l: &CscLayout| if l.narrow() { U8 } else { U16 };
        let readings = match self {
            Self::CsrRow(_) | Self::CsrRowSkip(_) | Self::CsrFast(_) => vec![F32, U32, U32],
            Self::CsrRow16(_) => vec![F32, U16, U32],
            Self::Csc(l) => vec![F32, row_number(l), U16, U16],
            Self::Dense(_) => vec![F32, U16, F32],
            Self::DenseEvent(_) => vec![F32, U16],
            Self::Int8Csr(_) => vec![I8, U16, U32, F32],
            Self::Int8Mac(_) => vec![I8, U16, F32, I8],
        };
        readings.get(array).copied()
    }

    /// Returns the byte address of the first weight of a row and the number of its weights, as the
    /// bytes in SRAM give them.
    ///
    /// `None` if there is no such row, if it has no weights, or if its row pointers are invalid.
    pub fn row_weights(&self, words: &SramWords, row: u32) -> Option<(u32, u32)> {
        if row >= self.rows() {
            return None;
        }
        let of_rows = |l: &CsrLayout, bytes: u32| {
            let (start, end) = rows::bounds(words, l.row_start, row);
            let count = u32::try_from(end.checked_sub(start)?).ok().filter(|&count| count > 0)?;
            let at = u32::try_from(start).ok()?.checked_mul(bytes)?.checked_add(l.value)?;
            Some((at, count))
        };
        match self {
            Self::CsrRow(l) | Self::CsrRow16(l) | Self::CsrRowSkip(l) | Self::CsrFast(l) => of_rows(l, 4),
            Self::Int8Csr(l) => of_rows(&l.csr, 1),
            Self::Csc(l) => {
                let end = half(words, (l.column_start + 2 * l.sources) as usize);
                let mut found = (0..end).filter(|&k| row_number(words, l, k) == row);
                let first = found.next()?;
                Some((l.value + 4 * first, 1 + found.count() as u32))
            }
            Self::Dense(l) => Some((l.value + 4 * row * l.sources, l.sources)),
            Self::Int8Mac(l) => Some((l.value + row * l.shape().terms, l.sources)),
            Self::DenseEvent(l) => Some((l.value + 4 * row, l.sources)),
        }
    }

    /// Returns the word of the input buffer in which the kernel finds a source.
    ///
    /// `None` if the kernel reads a list of events or numbers no such source, or if the bytes lead
    /// out of SRAM.
    pub fn source_word(&self, words: &SramWords, source: Source) -> Option<u32> {
        let listed = |at: u32, sources: u32, source: u32| {
            (source < sources).then(|| half(words, (at + 2 * source) as usize))
        };
        let word = match (source, self) {
            (Source::Word(word), _) => Some(word),
            (Source::Number(source), Self::Csc(l)) if l.visit != crate::kernel::csc::Visit::List => {
                listed(l.source, l.sources, source)
            }
            (Source::Number(source), Self::Dense(l) | Self::DenseEvent(l)) => {
                listed(l.source, l.sources, source)
            }
            (Source::Number(source), Self::Int8Mac(l)) => listed(l.source, l.sources, source),
            _ => None,
        };
        word.filter(|&word| (word as usize) < WORDS)
    }
}

/// Returns the `spot` of weight `k` of compressed rows whose column numbers have `bytes` bytes;
/// [`Spot::Outside`] if no row contains the weight.
fn row_entry(words: &SramWords, l: &CsrLayout, k: u32, bytes: u32, spot: fn(Entry) -> Spot) -> Spot {
    let row = (0..l.rows).find_map(|row| {
        let (start, end) = rows::bounds(words, l.row_start, row);
        (start..end).contains(&u64::from(k)).then_some((row, k - start as u32))
    });
    let Some((row, number)) = row else { return Spot::Outside };
    let at = (l.column + bytes * k) as usize;
    let column = if bytes == 2 { half(words, at) } else { word(words, at) };
    spot(Entry { row, number, source: Source::Word(column) })
}

/// Returns the row number stored for weight `k` of compressed columns.
fn row_number(words: &SramWords, l: &CscLayout, k: u32) -> u32 {
    if l.narrow() { byte(words, (l.row + k) as usize) } else { half(words, (l.row + 2 * k) as usize) }
}

/// Returns the `spot` of weight `k` of compressed columns; [`Spot::Outside`] if no column contains
/// the weight or its row number is invalid.
fn column_entry(words: &SramWords, l: &CscLayout, k: u32, spot: fn(Entry) -> Spot) -> Spot {
    let pointer = |source: u32| half(words, (l.column_start + 2 * source) as usize);
    let column = (0..l.sources).find(|&source| (pointer(source)..pointer(source + 1)).contains(&k));
    let row = row_number(words, l, k);
    match column {
        Some(source) if row < l.rows => {
            spot(Entry { row, number: k - pointer(source), source: Source::Number(source) })
        }
        _ => Spot::Outside,
    }
}

fn dense_entry(row: u32, source: u32) -> Spot {
    Spot::Weight(Entry { row, number: source, source: Source::Number(source) })
}
