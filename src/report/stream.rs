//! Stream of one line per time step, to watch or plot.

use serde::Serialize;

use crate::chip::clock::us;
use crate::session::Session;
use crate::task::figures::StepLine;

/// Line of the stream: one completed time step. In JSON, the lines and the report form NDJSON, one
/// value per line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamLine<'a> {
    /// Number of the step, from 1.
    pub step: u64,
    /// Figures of the task.
    #[serde(flatten)]
    pub task: StepLine<'a>,
    /// Chip time since the start, µs.
    pub chip_time_us: f64,
    /// Energy of the chip, in J, from the end of the previous step to the end of this one.
    pub energy_j: f64,
    /// Fraction of units that sent an event in this step, by layer, 0..=1.
    pub activity: Vec<f32>,
}

impl<'a> StreamLine<'a> {
    /// Returns the line of the step that the session has just completed.
    pub fn of(session: &'a Session) -> Self {
        let last = |history: &std::collections::VecDeque<f32>| history.back().copied().unwrap_or(0.0);
        Self {
            step: session.steps(),
            task: session.work().line(&session.moment()),
            chip_time_us: us(session.tick()),
            energy_j: session.stats().energy.last().unwrap_or(0.0),
            activity: session.stats().layer_history.iter().map(last).collect(),
        }
    }
}
