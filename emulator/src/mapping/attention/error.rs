//! Reasons for which a transformer cannot be put on the chip.

use std::borrow::Cow;

use thiserror::Error;

use crate::chip::geometry::Pe;
use crate::chip::listing::ListingError;
use crate::machine::dram::DramFull;
use crate::machine::options::LeastBoard;
use crate::mapping::error::more_chips;
use crate::mapping::memory::Full;

/// Reason for which a transformer cannot be put on the chip.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AttentionError {
    /// An entry of the mapping names no stage.
    #[error("the network has no stage `{name}`; there are {}", .names.join(", "))]
    NoSuchStage {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name that it gives.
        name: String,
        /// Names that there are.
        names: Vec<String>,
    },
    /// Two entries of the mapping name one stage.
    #[error("stage `{name}` has two entries")]
    Twice {
        /// Second entry of `mapping.layers`.
        entry: usize,
        /// Name that both give.
        name: String,
    },
    /// An entry does not say over how many PEs.
    #[error("stage `{name}` needs `pes`: stages are spread by number")]
    Spread {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the stage.
        name: String,
    },
    /// A stage is spread over more PEs than it has parts.
    #[error("stage `{name}` has {parts} {what}: {pes} PEs cannot share them")]
    Pes {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the stage.
        name: String,
        /// Heads, or columns in fours.
        parts: usize,
        /// Kind of the parts.
        what: &'static str,
        /// PEs asked for.
        pes: usize,
    },
    /// The products of a stage cannot be computed in the way that its entry asks for.
    #[error("stage `{name}`: {why}")]
    Product {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the stage.
        name: String,
        /// Reason in words.
        why: &'static str,
    },
    /// There are not enough PEs.
    #[error("the stages need {needed} PEs, and {free} are free: {}", .each.join(", "))]
    TooManyPes {
        /// PEs needed, over all stages.
        needed: usize,
        /// PEs that are neither reserved nor broken.
        free: usize,
        /// PEs of each stage, in words.
        each: Vec<String>,
        /// Board with the fewest chips that has enough PEs; `None` if none has.
        least: Option<LeastBoard>,
    },
    /// A PE's memory is too small.
    #[error("{}stage `{name}`: {full}", .pe.map(|pe| format!("{pe} of ")).unwrap_or_default())]
    DoesNotFit {
        /// Entry of `mapping.layers`, if the mapping names the stage.
        entry: Option<usize>,
        /// PE whose memory is too small; `None` if no number of PEs suffices.
        pe: Option<Pe>,
        /// Name of the stage.
        name: String,
        /// Part of the memory that has no room.
        full: Full,
    },
    /// A head that the routines cannot compute.
    #[error("heads of {0} values: the routines take a multiple of 4, and of spiking heads at most 32")]
    Head(usize),
    /// Rows of another width than the network's.
    #[error("the network reads rows of {needed} values, the rows have {found}")]
    Width {
        /// Width of the network.
        needed: usize,
        /// Values of a row.
        found: usize,
    },
    /// An option that does not apply to transformers has another value than its default.
    #[error("`{field}` does not apply to transformers")]
    Option {
        /// Field of `mapping`.
        field: &'static str,
    },
    /// The embedding does not fit the DRAM.
    #[error(transparent)]
    Dram(#[from] DramFull),
    /// The committed listings cannot be executed.
    #[error(transparent)]
    Listing(#[from] ListingError),
}

impl AttentionError {
    /// Returns the path of the scene's field that is at fault.
    pub fn field(&self) -> String {
        match self {
            Self::NoSuchStage { entry, .. } | Self::Twice { entry, .. } => {
                format!("mapping.layers.{entry}.layer")
            }
            Self::Spread { entry, .. }
            | Self::Pes { entry, .. }
            | Self::Product { entry, .. }
            | Self::DoesNotFit { entry: Some(entry), .. } => format!("mapping.layers.{entry}"),
            Self::Option { field } => format!("mapping.{field}"),
            Self::DoesNotFit { entry: None, .. } | Self::TooManyPes { .. } => "mapping".to_owned(),
            Self::Head(_) | Self::Width { .. } | Self::Dram(_) | Self::Listing(_) => "model".to_owned(),
        }
    }

    /// Returns the remedy, to follow the message.
    pub fn help(&self) -> Cow<'static, str> {
        let help = match self {
            Self::NoSuchStage { .. } => {
                "`attn`, `proj`, `fc` and `mlp` are the stages of every layer, `h.0.fc` that of one"
            }
            Self::Twice { .. } => "one entry for each stage, or none",
            Self::Spread { .. } => "`pes: 8`",
            Self::Pes { .. } => "a head, or four columns, for each PE at least",
            Self::Product { .. } => {
                "`input: Int8Mac` for products on the MAC array, or none for the core's; no `recurrent`"
            }
            Self::TooManyPes { least, .. } => {
                return ("fewer `pes` a stage".to_owned() + &more_chips(*least)).into();
            }
            Self::DoesNotFit { .. } => "spread the stage over more PEs, or leave its entry out",
            Self::Head(_) => "use a model with other heads",
            Self::Width { .. } => "use the model's own embedding",
            Self::Option { .. } => "leave it out",
            Self::Dram(_) => "use a smaller vocabulary",
            Self::Listing(_) => "",
        };
        Cow::Borrowed(help)
    }

    /// Returns whether the network is sound and only the chip too small.
    pub fn is_misfit(&self) -> bool {
        matches!(self, Self::TooManyPes { .. } | Self::DoesNotFit { .. } | Self::Dram(_))
    }

    /// Returns the bytes that a PE would need, where that is what is too much.
    pub fn needed(&self) -> Option<u64> {
        match self {
            Self::DoesNotFit { full, .. } => Some(full.needed),
            _ => None,
        }
    }
}
