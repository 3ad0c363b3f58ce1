//! What users choose about kernels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How one weight matrix is laid out in SRAM and multiplied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum KernelKind {
    /// The paper's: compressed sparse rows, one row a gate of a unit, f32 values with u32 columns. It visits every
    /// stored weight, whether its source sent an event or not.
    #[default]
    CsrRow,
}
