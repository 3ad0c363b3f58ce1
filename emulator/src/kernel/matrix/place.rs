//! Placement of a matrix share: the bytes that a PE is loaded with.

use thiserror::Error;

use super::{Kernel, Share};
use crate::kernel::csc::{CscLayout, Visit};
use crate::kernel::csr_row::CsrLayout;
use crate::kernel::dense::DenseLayout;
use crate::kernel::int8_csr::Int8Layout;
use crate::kernel::int8_mac::Int8MacLayout;
use crate::kernel::options::KernelKind;
use crate::kernel::words::{pack_bytes, pack_halves};
use crate::net::int8::Scale;
use crate::net::quantise::quantise_row;

/// Reason why a share cannot be placed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlaceError {
    /// The numbers of addresses and arrays differ.
    #[error("{kind:?} has {needed} arrays, but {found} addresses were given")]
    Addresses {
        /// Kernel that the share is for.
        kind: KernelKind,
        /// Number of the kernel's arrays.
        needed: usize,
        /// Number of addresses given.
        found: usize,
    },
    /// A number does not fit into 16 bits.
    #[error("{kind:?} keeps its {what} in 16 bits, and {found} does not fit; `CsrRow` has 32 bits")]
    TooLarge {
        /// Kernel that the share is for.
        kind: KernelKind,
        /// Meaning of the number, for messages.
        what: &'static str,
        /// Number that needs more than 16 bits.
        found: u64,
    },
    /// A weight names a source that does not exist.
    #[error("row {row} has a weight for source {found}, but the layer has {sources} sources")]
    Source {
        /// Row of the share.
        row: usize,
        /// Source that the weight names.
        found: u32,
        /// Number of the layer's sources.
        sources: usize,
    },
    /// The kernel has no exact way with this weight.
    #[error("row {row} has the weight {weight}, and {kind:?} can only keep finite ones; use `CsrRow`")]
    NotFinite {
        /// Kernel that the share is for.
        kind: KernelKind,
        /// Row of the share.
        row: usize,
        /// The weight, as text.
        weight: String,
    },
    /// The matrix share has no rows or no columns.
    #[error("a share needs at least one row and one source, this one has {rows} and {sources}")]
    Empty {
        /// Number of rows of the share.
        rows: usize,
        /// Number of sources of the share.
        sources: usize,
    },
}

/// A kernel with the words to load for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// The kernel; the full path if a weight is infinite or NaN.
    pub kernel: Kernel,
    /// Byte addresses and words.
    pub image: Vec<(u32, Vec<u32>)>,
}

impl Kernel {
    /// Lays a share out for a kernel, its arrays ([`KernelKind::arrays`]) at the given byte
    /// addresses, multiples of 4. 8-bit inputs have the scale of inputs between −1 and 1.
    pub fn place(kind: KernelKind, share: &Share<'_>, addresses: &[u32]) -> Result<Placed, PlaceError> {
        Self::place_scaled(kind, share, addresses, Scale::default())
    }

    /// Lays a share out as [`Self::place`] does, for 8-bit inputs of scale `input`.
    ///
    /// # Errors
    ///
    /// Fails for the same reasons.
    pub fn place_scaled(
        kind: KernelKind,
        share: &Share<'_>,
        addresses: &[u32],
        input: Scale,
    ) -> Result<Placed, PlaceError> {
        let arrays = kind.arrays(share.shape());
        if arrays.len() != addresses.len() {
            return Err(PlaceError::Addresses { kind, needed: arrays.len(), found: addresses.len() });
        }
        if share.rows.is_empty() || share.words.is_empty() {
            return Err(PlaceError::Empty { rows: share.rows.len(), sources: share.words.len() });
        }
        let builder = Builder { kind, share, at: addresses, input };
        builder.check()?;
        let all = !share.finite();
        let (kernel, parts) = match kind {
            // With an infinite or NaN weight no product may be left out: the same
            // arrays, csr_row's code.
            KernelKind::CsrRowSkip if !all => (Kernel::CsrRowSkip(builder.csr()), builder.csr_words()),
            KernelKind::CsrRow | KernelKind::CsrRowSkip => {
                (Kernel::CsrRow(builder.csr()), builder.csr_words())
            }
            KernelKind::CsrFast => (Kernel::CsrFast(builder.csr()), builder.csr_words()),
            KernelKind::CscFast if !all && share.rows.len() <= 256 => {
                (Kernel::Csc(builder.csc(Visit::Fast)), builder.csc_words())
            }
            KernelKind::CsrRow16 => (Kernel::CsrRow16(builder.csr()), builder.csr16_words()),
            KernelKind::CscEvent | KernelKind::CscFast => {
                let visit = if all { Visit::All } else { Visit::Events };
                (Kernel::Csc(builder.csc(visit)), builder.csc_words())
            }
            KernelKind::CscEventList => (Kernel::Csc(builder.csc(Visit::List)), builder.csc_words()),
            KernelKind::Dense => (Kernel::Dense(builder.dense(Visit::All)), builder.dense_words()),
            KernelKind::DenseEvent => {
                let visit = if all { Visit::All } else { Visit::Events };
                (Kernel::DenseEvent(builder.dense(visit)), builder.dense_event_words())
            }
            KernelKind::Int8Csr => (Kernel::Int8Csr(builder.int8()), builder.int8_words()),
            KernelKind::Int8Mac => (Kernel::Int8Mac(builder.mac()), builder.mac_words()),
        };
        // Scratch arrays come last and have no image.
        Ok(Placed { kernel, image: addresses.iter().copied().zip(parts).collect() })
    }
}

impl Kernel {
    /// Returns the addresses of its arrays, in the order of [`KernelKind::arrays`]: the addresses
    /// that [`Self::place`] was given.
    pub fn array_addresses(&self) -> Vec<u32> {
        let csr = |l: &CsrLayout| vec![l.value, l.column, l.row_start];
        match self {
            Self::CsrRow(l) | Self::CsrRow16(l) | Self::CsrRowSkip(l) | Self::CsrFast(l) => csr(l),
            Self::Csc(l) if l.visit == Visit::List => vec![l.value, l.row, l.column_start],
            Self::Csc(l) => vec![l.value, l.row, l.column_start, l.source],
            Self::Dense(l) => vec![l.value, l.source, l.ordered],
            Self::DenseEvent(l) => vec![l.value, l.source],
            Self::Int8Csr(l) => [csr(&l.csr), vec![l.scale]].concat(),
            Self::Int8Mac(l) => vec![l.value, l.source, l.scale, l.input],
        }
    }
}

struct Builder<'a> {
    kind: KernelKind,
    share: &'a Share<'a>,
    at: &'a [u32],
    /// Scale of 8-bit inputs.
    input: Scale,
}

impl Builder<'_> {
    fn check(&self) -> Result<(), PlaceError> {
        let kind = self.kind;
        let sources = self.share.words.len();
        let finite_only =
            matches!(kind, KernelKind::CscEventList | KernelKind::Int8Csr | KernelKind::Int8Mac);
        for (row, weights) in self.share.rows.iter().enumerate() {
            for &(source, weight) in weights {
                if source as usize >= sources {
                    return Err(PlaceError::Source { row, found: source, sources });
                }
                if finite_only && !weight.is_finite() {
                    return Err(PlaceError::NotFinite { kind, row, weight: weight.to_string() });
                }
            }
        }
        let in_16_bits = |what, found: u64| match u16::try_from(found) {
            Ok(_) => Ok(()),
            Err(_) => Err(PlaceError::TooLarge { kind, what, found }),
        };
        let words_in_full = matches!(
            kind,
            KernelKind::CsrRow | KernelKind::CsrRowSkip | KernelKind::CsrFast | KernelKind::CscEventList
        );
        if !words_in_full {
            in_16_bits("source words", self.share.words.iter().copied().max().unwrap_or(0).into())?;
        }
        if matches!(kind, KernelKind::CscEvent | KernelKind::CscFast | KernelKind::CscEventList) {
            in_16_bits("row numbers", self.share.rows.len() as u64 - 1)?;
            in_16_bits("column pointers", self.share.shape().nonzeros.into())?;
        }
        Ok(())
    }

    /// Returns the byte address of array `index`; the caller has checked the number of addresses.
    fn address(&self, index: usize) -> u32 {
        self.at.get(index).copied().unwrap_or(0)
    }

    fn weights(&self) -> impl Iterator<Item = (u32, f32)> {
        self.share.rows.iter().flatten().copied()
    }

    /// Returns the word of a source in the input buffer.
    fn word(&self, source: u32) -> u32 {
        self.share.words.get(source as usize).copied().unwrap_or(0)
    }

    fn source_words(&self) -> Vec<u32> {
        pack_halves(self.share.words.iter().map(|&word| word as u16))
    }

    fn csr(&self) -> CsrLayout {
        CsrLayout {
            rows: self.share.rows.len() as u32,
            value: self.address(0),
            column: self.address(1),
            row_start: self.address(2),
        }
    }

    fn csr_words(&self) -> Vec<Vec<u32>> {
        let values = self.weights().map(|(_, weight)| weight.to_bits()).collect();
        let columns = self.weights().map(|(source, _)| self.word(source)).collect();
        vec![values, columns, self.row_pointers()]
    }

    fn csr16_words(&self) -> Vec<Vec<u32>> {
        let values = self.weights().map(|(_, weight)| weight.to_bits()).collect();
        vec![values, self.half_columns(), self.row_pointers()]
    }

    fn half_columns(&self) -> Vec<u32> {
        pack_halves(self.weights().map(|(source, _)| self.word(source) as u16))
    }

    fn row_pointers(&self) -> Vec<u32> {
        let ends = self.share.rows.iter().scan(0, |end, row| {
            *end += row.len() as u32;
            Some(*end)
        });
        std::iter::once(0).chain(ends).collect()
    }

    fn csc(&self, visit: Visit) -> CscLayout {
        CscLayout {
            rows: self.share.rows.len() as u32,
            sources: self.share.words.len() as u32,
            visit,
            value: self.address(0),
            row: self.address(1),
            column_start: self.address(2),
            source: self.address(3),
        }
    }

    fn csc_words(&self) -> Vec<Vec<u32>> {
        let mut columns: Vec<Vec<(u16, f32)>> = vec![Vec::new(); self.share.words.len()];
        for (row, weights) in self.share.rows.iter().enumerate() {
            for &(source, weight) in weights {
                if let Some(column) = columns.get_mut(source as usize) {
                    column.push((row as u16, weight));
                }
            }
        }
        let entries = || columns.iter().flatten();
        let rows = || entries().map(|(row, _)| *row);
        let ends = columns.iter().scan(0_u16, |end, column| {
            *end = end.saturating_add(column.len() as u16);
            Some(*end)
        });
        let narrow = self.csc(Visit::default()).narrow();
        vec![
            entries().map(|(_, weight)| weight.to_bits()).collect(),
            if narrow { pack_bytes(rows().map(|row| row as u8)) } else { pack_halves(rows()) },
            pack_halves(std::iter::once(0).chain(ends)),
            self.source_words(),
        ]
    }

    fn dense(&self, visit: Visit) -> DenseLayout {
        DenseLayout {
            rows: self.share.rows.len() as u32,
            sources: self.share.words.len() as u32,
            value: self.address(0),
            source: self.address(1),
            ordered: self.address(2),
            visit,
        }
    }

    fn dense_words(&self) -> Vec<Vec<u32>> {
        let sources = self.share.words.len();
        let mut values = vec![0; self.share.rows.len() * sources];
        for (row, weights) in values.chunks_exact_mut(sources).zip(self.share.rows) {
            for &(source, weight) in weights {
                row[source as usize] = weight.to_bits();
            }
        }
        vec![values, self.source_words()]
    }

    fn dense_event_words(&self) -> Vec<Vec<u32>> {
        let rows = self.share.rows.len();
        let mut values = vec![0; rows * self.share.words.len()];
        for (row, weights) in self.share.rows.iter().enumerate() {
            for &(source, weight) in weights {
                values[source as usize * rows + row] = weight.to_bits();
            }
        }
        vec![values, self.source_words()]
    }

    fn mac(&self) -> Int8MacLayout {
        Int8MacLayout {
            rows: self.share.rows.len() as u32,
            sources: self.share.words.len() as u32,
            value: self.address(0),
            source: self.address(1),
            scale: self.address(2),
            input: self.address(3),
        }
    }

    fn mac_words(&self) -> Vec<Vec<u32>> {
        let terms = self.mac().shape().terms as usize;
        let mut values = vec![0; self.share.rows.len() * terms];
        let mut scales = vec![self.input.inverse.to_bits()];
        for (row, to) in self.share.rows.iter().zip(values.chunks_exact_mut(terms)) {
            let (scale, quantised) = quantise_row(row.iter().map(|(_, weight)| *weight));
            scales.push((scale * self.input.scale).to_bits());
            for (&(source, _), value) in row.iter().zip(quantised) {
                to[source as usize] = value as u8;
            }
        }
        vec![pack_bytes(values), self.source_words(), scales]
    }

    fn int8(&self) -> Int8Layout {
        Int8Layout { csr: self.csr(), scale: self.address(3) }
    }

    fn int8_words(&self) -> Vec<Vec<u32>> {
        let mut values = Vec::new();
        let mut scales = Vec::new();
        for row in self.share.rows {
            let (scale, quantised) = quantise_row(row.iter().map(|(_, weight)| *weight));
            scales.push(scale.to_bits());
            values.extend(quantised.into_iter().map(|value| value as u8));
        }
        vec![pack_bytes(values), self.half_columns(), self.row_pointers(), scales]
    }
}
