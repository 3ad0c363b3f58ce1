//! What users choose about kernels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How one weight matrix is laid out in SRAM and multiplied. All but `Int8Csr` give the same bits.
///
/// Cycles are of the inner loop, P being the refill of a taken branch (`assume.branch_refill`); `spinntui kernels` has
/// them all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum KernelKind {
    /// Compressed sparse rows, one row a gate of a unit, f32 values with u32 columns.
    /// It visits every non-zero, whether its source sent an event or not. 8 bytes a weight. The
    /// paper has CSR, but does not say which kernel (docs/validate.md).
    #[default]
    CsrRow,
    /// `CsrRow` with u16 columns: 6 bytes a weight, for the same cycles a weight and a few more a row.
    CsrRow16,
    /// `CsrRow`, but the source is looked at first and a zero passed over. 8 bytes a weight. Pays if about two thirds
    /// of the weights or more have a silent source.
    CsrRowSkip,
    /// Compressed sparse columns, one column a source: a silent source costs a look, whatever weights it has. 5 bytes a
    /// weight (6 with more than 256 rows on a PE) and 4 a source. Pays with sparse activity, below about 60 % of the
    /// sources.
    CscEvent,
    /// `CscEvent` fed with a list of events instead of a dense vector: silent sources cost nothing. Needs the event
    /// payload of the broadcast, and finite weights.
    CscEventList,
    /// Every weight stored, zeros too, without indices: 4 bytes each. Pays for matrices that are hardly pruned: in bytes
    /// from half of the weights on, in cycles from three quarters.
    Dense,
    /// `Dense`, source by source: a silent source costs a look.
    DenseEvent,
    /// `CsrRow16` with 8-bit weights and one f32 scale a row: 3 bytes a weight. Not the same bits: the weights are
    /// rounded.
    Int8Csr,
}

impl KernelKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::CsrRow,
        Self::CsrRow16,
        Self::CsrRowSkip,
        Self::CscEvent,
        Self::CscEventList,
        Self::Dense,
        Self::DenseEvent,
        Self::Int8Csr,
    ];

    /// Its name, as a scene has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CsrRow => "CsrRow",
            Self::CsrRow16 => "CsrRow16",
            Self::CsrRowSkip => "CsrRowSkip",
            Self::CscEvent => "CscEvent",
            Self::CscEventList => "CscEventList",
            Self::Dense => "Dense",
            Self::DenseEvent => "DenseEvent",
            Self::Int8Csr => "Int8Csr",
        }
    }
}
