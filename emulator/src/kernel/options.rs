//! Options of kernels that users choose.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Layout of a weight matrix in SRAM and the kernel that multiplies it. All kernels but `Int8Csr`
/// and `Int8Mac` give identical bits.
///
/// Cycles are of the inner loop, P being the refill of a taken branch (`assume.branch_refill`);
/// `spinntui kernels` has them all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum KernelKind {
    /// Compressed sparse rows, one row a gate of a unit, f32 values with u32 columns.
    /// It visits every non-zero, whether its source sent an event or not. 8 bytes a weight. The
    /// paper has CSR, but does not say which kernel (docs/validate.md).
    #[default]
    CsrRow,
    /// `CsrRow` with u16 columns: 6 bytes a weight, for the same cycles a weight and a few
    /// more a row.
    CsrRow16,
    /// `CsrRow`, but the source is looked at first and a zero passed over. 8 bytes a weight. Pays
    /// if about two thirds of the weights or more have a silent source.
    CsrRowSkip,
    /// Compressed sparse columns, one column a source: a silent source costs a look, whatever
    /// weights it has. 5 bytes a weight (6 with more than 256 rows on a PE) and 4 a source. Pays
    /// with sparse activity, below about 60 % of the sources.
    CscEvent,
    /// `CscEvent` fed with a list of events instead of a dense vector: silent sources cost nothing.
    /// Needs the event payload of the broadcast, and finite weights.
    CscEventList,
    /// Stores every weight, zeros included, without indices: 4 bytes each. Pays for matrices that
    /// are hardly pruned: in bytes from half of the weights on, in cycles from three quarters.
    Dense,
    /// `Dense`, source by source: a silent source costs a look.
    DenseEvent,
    /// `CsrRow16` with 8-bit weights and one f32 scale a row: 3 bytes a weight. Not the same bits:
    /// the weights are rounded.
    Int8Csr,
    /// Stores every weight as 8 bits, zeros included, and multiplies with 8-bit inputs on the PE's
    /// MAC array: a byte each. The bits differ: weights and inputs are rounded, these by the
    /// largest input of some samples (docs/mac-array.md).
    Int8Mac,
    /// `CsrRow` in machine code written for the core's timings (docs/own-kernels.md). Its code
    /// takes the room in which kernels of one's own are linked.
    CsrFast,
    /// `CscEvent` in machine code written for the core's timings (docs/own-kernels.md). Its code
    /// takes the room in which kernels of one's own are linked. With more than 256 rows on a PE, or
    /// with infinite weights, it is `CscEvent`.
    CscFast,
}

impl KernelKind {
    /// All kernels, in order of their declaration.
    pub const ALL: [Self; 11] = [
        Self::CsrRow,
        Self::CsrRow16,
        Self::CsrRowSkip,
        Self::CscEvent,
        Self::CscEventList,
        Self::Dense,
        Self::DenseEvent,
        Self::Int8Csr,
        Self::Int8Mac,
        Self::CsrFast,
        Self::CscFast,
    ];

    /// Returns whether it is machine code written for the core's timings, which takes the room in
    /// which kernels of one's own are linked.
    pub const fn is_fast(self) -> bool {
        matches!(self, Self::CsrFast | Self::CscFast)
    }

    /// Returns the name of the kernel, as a scene has it.
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
            Self::Int8Mac => "Int8Mac",
            Self::CsrFast => "CsrFast",
            Self::CscFast => "CscFast",
        }
    }
}

/// Kernel of a weight matrix: a built-in one, or machine code of one's own on the layout of
/// a built-in one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KernelChoice {
    /// Compressed sparse rows, one row a gate of a unit, f32 values with u32 columns.
    /// It visits every non-zero, whether its source sent an event or not. 8 bytes a weight. The
    /// paper has CSR, but does not say which kernel (docs/validate.md).
    #[default]
    CsrRow,
    /// `CsrRow` with u16 columns: 6 bytes a weight, for the same cycles a weight and a few
    /// more a row.
    CsrRow16,
    /// `CsrRow`, but the source is looked at first and a zero passed over. 8 bytes a weight. Pays
    /// if about two thirds of the weights or more have a silent source.
    CsrRowSkip,
    /// Compressed sparse columns, one column a source: a silent source costs a look, whatever
    /// weights it has. 5 bytes a weight (6 with more than 256 rows on a PE) and 4 a source. Pays
    /// with sparse activity, below about 60 % of the sources.
    CscEvent,
    /// `CscEvent` fed with a list of events instead of a dense vector: silent sources cost nothing.
    /// Needs the event payload of the broadcast, and finite weights.
    CscEventList,
    /// Stores every weight, zeros included, without indices: 4 bytes each. Pays for matrices that
    /// are hardly pruned: in bytes from half of the weights on, in cycles from three quarters.
    Dense,
    /// `Dense`, source by source: a silent source costs a look.
    DenseEvent,
    /// `CsrRow16` with 8-bit weights and one f32 scale a row: 3 bytes a weight. Not the same bits:
    /// the weights are rounded.
    Int8Csr,
    /// Stores every weight as 8 bits, zeros included, and multiplies with 8-bit inputs on the PE's
    /// MAC array: a byte each. The bits differ: weights and inputs are rounded, these by the
    /// largest input of some samples (docs/mac-array.md).
    Int8Mac,
    /// `CsrRow` in machine code written for the core's timings (docs/own-kernels.md). Its code
    /// takes the room in which kernels of one's own are linked.
    CsrFast,
    /// `CscEvent` in machine code written for the core's timings (docs/own-kernels.md). Its code
    /// takes the room in which kernels of one's own are linked. With more than 256 rows on a PE, or
    /// with infinite weights, it is `CscEvent`.
    CscFast,
    /// A function of an ELF file, executed instruction by instruction: `Code("my_kernel.elf",
    /// "csr_row")`. Its name begins with that of the built-in function whose layout and arguments
    /// it takes: `csr_row`, `csr_row16`, `csr_row_skip`, `csc_event`, `csc_list`, `dense`,
    /// `dense_event`, `int8_csr` or `int8_mac`; for `csc_...` functions, ones with `8` and `16`
    /// behind the name take row numbers of 8 and 16 bits. The file `kernels.elf` is that of the
    /// built-in kernels, if the scene's folder has none. See docs/own-kernels.md.
    Code(String, String),
}

impl KernelChoice {
    /// Begins of function names, longer ones before those that they begin with, and the kernels
    /// whose layout they take.
    const LAYOUTS: [(&'static str, KernelKind); 9] = [
        ("csr_row16", KernelKind::CsrRow16),
        ("csr_row_skip", KernelKind::CsrRowSkip),
        ("csr_row", KernelKind::CsrRow),
        ("csc_event", KernelKind::CscEvent),
        ("csc_list", KernelKind::CscEventList),
        ("dense_event", KernelKind::DenseEvent),
        ("dense", KernelKind::Dense),
        ("int8_csr", KernelKind::Int8Csr),
        ("int8_mac", KernelKind::Int8Mac),
    ];

    /// Returns the kernel whose layout and arguments a function of this name takes; `None` if its
    /// name says none.
    pub fn layout_of(function: &str) -> Option<KernelKind> {
        Self::LAYOUTS.iter().find(|(begin, _)| function.starts_with(begin)).map(|&(_, kind)| kind)
    }

    /// Returns the layout in SRAM. A function whose name says none, which no scene with a program
    /// has, counts as the default.
    pub fn kind(&self) -> KernelKind {
        match self {
            Self::CsrRow => KernelKind::CsrRow,
            Self::CsrRow16 => KernelKind::CsrRow16,
            Self::CsrRowSkip => KernelKind::CsrRowSkip,
            Self::CscEvent => KernelKind::CscEvent,
            Self::CscEventList => KernelKind::CscEventList,
            Self::Dense => KernelKind::Dense,
            Self::DenseEvent => KernelKind::DenseEvent,
            Self::Int8Csr => KernelKind::Int8Csr,
            Self::Int8Mac => KernelKind::Int8Mac,
            Self::CsrFast => KernelKind::CsrFast,
            Self::CscFast => KernelKind::CscFast,
            Self::Code(_, function) => Self::layout_of(function).unwrap_or_default(),
        }
    }

    /// Returns file and function of machine code; `None` for a built-in kernel.
    pub fn code(&self) -> Option<(&str, &str)> {
        match self {
            Self::Code(file, function) => Some((file, function)),
            _ => None,
        }
    }
}

impl From<KernelKind> for KernelChoice {
    fn from(kind: KernelKind) -> Self {
        match kind {
            KernelKind::CsrRow => Self::CsrRow,
            KernelKind::CsrRow16 => Self::CsrRow16,
            KernelKind::CsrRowSkip => Self::CsrRowSkip,
            KernelKind::CscEvent => Self::CscEvent,
            KernelKind::CscEventList => Self::CscEventList,
            KernelKind::Dense => Self::Dense,
            KernelKind::DenseEvent => Self::DenseEvent,
            KernelKind::Int8Csr => Self::Int8Csr,
            KernelKind::Int8Mac => Self::Int8Mac,
            KernelKind::CsrFast => Self::CsrFast,
            KernelKind::CscFast => Self::CscFast,
        }
    }
}
