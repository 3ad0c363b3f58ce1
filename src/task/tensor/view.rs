//! Data that screens show of arrays through the network.

use serde::{Deserialize, Serialize};

use super::TensorTask;
use crate::task::Moment;
use crate::text::visible_line;

/// Outputs that a view carries.
const OUTPUTS: usize = 1024;
/// Number of coming rows in a view before the first step, and of values of each.
const UPCOMING: (u32, usize) = (6, 32);

/// Rows in, rows out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TensorView {
    /// Numbers in an input row.
    pub width: u32,
    /// Units of the last layer; 0 before the first output.
    pub units: u32,
    /// Number of rows answered.
    pub done: u64,
    /// Rows in all.
    pub total: u64,
    /// Name of the file with the array that is read.
    pub source: String,
    /// First rows of the array, their first values each, before the first step
    /// only; empty afterwards.
    pub upcoming: Vec<Vec<f32>>,
    /// Values that the last layer sent in the last completed time step, at most 1,024.
    pub last: Vec<f32>,
}

impl TensorView {
    /// Creates the view of a run over an array.
    pub(super) fn new(task: &TensorTask, moment: &Moment<'_>) -> Self {
        let begun = moment.steps > 0 || moment.in_flight > 0;
        let rows = if begun { 0 } else { UPCOMING.0 };
        let row = |row| Some(task.rows().row(row)?.iter().take(UPCOMING.1).copied().collect());
        Self {
            source: visible_line(task.source()).into_owned(),
            upcoming: (0..rows).map_while(row).collect(),
            width: task.rows().width() as u32,
            units: task.last().len() as u32,
            done: task.observed() as u64,
            total: task.total_steps(),
            last: task.last().iter().take(OUTPUTS).copied().collect(),
        }
    }
}
