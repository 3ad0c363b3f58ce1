//! The C functions of the matrix kernels.

use super::matrix::OpCounts;
use super::options::KernelKind;
use crate::chip::mac::MacShape;

/// A C function of `assets/kernels` that multiplies a matrix with a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // each is the function of its name
pub enum Routine {
    CsrRow,
    CsrRow16,
    CsrRowSkip,
    CscEvent8,
    CscEvent16,
    CscAll8,
    CscAll16,
    CscList8,
    CscList16,
    Dense,
    DenseEvent,
    DenseAll,
    Int8Csr,
    Int8Mac,
    CsrFast,
    CscFast8,
}

impl Routine {
    /// All routines, in the order of their numbers.
    pub const ALL: [Self; 16] = [
        Self::CsrRow,
        Self::CsrRow16,
        Self::CsrRowSkip,
        Self::CscEvent8,
        Self::CscEvent16,
        Self::CscAll8,
        Self::CscAll16,
        Self::CscList8,
        Self::CscList16,
        Self::Dense,
        Self::DenseEvent,
        Self::DenseAll,
        Self::Int8Csr,
        Self::Int8Mac,
        Self::CsrFast,
        Self::CscFast8,
    ];

    /// Returns the name of the C function.
    pub const fn function(self) -> &'static str {
        match self {
            Self::CsrRow => "csr_row",
            Self::CsrRow16 => "csr_row16",
            Self::CsrRowSkip => "csr_row_skip",
            Self::CscEvent8 => "csc_event8",
            Self::CscEvent16 => "csc_event16",
            Self::CscAll8 => "csc_all8",
            Self::CscAll16 => "csc_all16",
            Self::CscList8 => "csc_list8",
            Self::CscList16 => "csc_list16",
            Self::Dense => "dense",
            Self::DenseEvent => "dense_event",
            Self::DenseAll => "dense_all",
            Self::Int8Csr => "int8_csr",
            Self::Int8Mac => "int8_mac",
            Self::CsrFast => "csr_row_fast",
            Self::CscFast8 => "csc_event_fast8",
        }
    }

    /// Returns the name of its file in `assets/kernels`, without extension.
    pub const fn source(self) -> &'static str {
        match self {
            Self::CscEvent8
            | Self::CscEvent16
            | Self::CscAll8
            | Self::CscAll16
            | Self::CscList8
            | Self::CscList16 => "csc_event",
            Self::DenseEvent | Self::DenseAll => "dense_event",
            Self::CsrFast | Self::CscFast8 => "own/columns",
            _ => self.function(),
        }
    }

    /// Returns the kernel that the routine serves, with finite weights or as that
    /// kernel's full path.
    pub const fn kind(self) -> KernelKind {
        match self {
            Self::CsrRow => KernelKind::CsrRow,
            Self::CsrRow16 => KernelKind::CsrRow16,
            Self::CsrRowSkip => KernelKind::CsrRowSkip,
            Self::CscEvent8 | Self::CscEvent16 | Self::CscAll8 | Self::CscAll16 => KernelKind::CscEvent,
            Self::CscList8 | Self::CscList16 => KernelKind::CscEventList,
            Self::Dense => KernelKind::Dense,
            Self::DenseEvent | Self::DenseAll => KernelKind::DenseEvent,
            Self::Int8Csr => KernelKind::Int8Csr,
            Self::Int8Mac => KernelKind::Int8Mac,
            Self::CsrFast => KernelKind::CsrFast,
            Self::CscFast8 => KernelKind::CscFast,
        }
    }

    /// Returns the sizes of its run of the MAC array in a call that does `work`; `None` if it uses
    /// none.
    pub fn mac(self, work: &OpCounts) -> Option<MacShape> {
        let terms = work.gathered.next_multiple_of(4);
        (self == Self::Int8Mac).then_some(MacShape { vectors: 1, terms, outputs: work.rows })
    }

    /// Returns whether its machine code lies in a file of its own, beside that of the others.
    pub const fn is_fast(self) -> bool {
        matches!(self, Self::CsrFast | Self::CscFast8)
    }

    /// Returns `true` if the routine reads a list of events instead of looking at every source.
    pub const fn takes_list(self) -> bool {
        matches!(self, Self::CscList8 | Self::CscList16)
    }
}
