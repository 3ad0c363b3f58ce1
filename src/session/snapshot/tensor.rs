//! What faces see of arrays through the network.

use serde::{Deserialize, Serialize};

/// Rows in, rows out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TensorView {
    /// Numbers in an input row.
    pub width: u32,
    /// Units of the last layer; 0 before the first output.
    pub units: u32,
    /// Rows answered.
    pub done: u64,
    /// Rows in all.
    pub total: u64,
    /// Name of the file with the array that is read.
    pub source: String,
    /// First rows of it, their first values each, before the first step only; empty afterwards.
    pub upcoming: Vec<Vec<f32>>,
    /// What the last layer sent in the last completed time step, at most 1,024 values.
    pub last: Vec<f32>,
}
