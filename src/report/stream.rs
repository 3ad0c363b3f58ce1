//! One line a time step, for who wants to watch or plot.

use serde::Serialize;

use crate::chip::clock::us;
use crate::session::Session;

/// A completed time step. With the report, the lines are NDJSON: one JSON value a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamLine<'a> {
    /// The step, from 1.
    pub step: u64,
    /// Token that the network read; of a batch, as all words here, the first stream's.
    pub token: u32,
    /// The word it stands for, as written in the text.
    pub word: &'a str,
    /// The word that came after it; `null` at the end of a text.
    pub next: Option<&'a str>,
    /// Surprisal −ln p(`next` | all up to `word`), nats; `null` without one.
    pub surprisal: Option<f64>,
    /// Chip time since the start, µs.
    pub chip_time_us: f64,
    /// Energy of the chip in this step, J: from the end of the step before to its own.
    pub energy_j: f64,
    /// Fraction of units that sent an event in this step, by layer, 0..=1.
    pub activity: Vec<f32>,
}

impl<'a> StreamLine<'a> {
    /// The step that the session has just completed.
    pub fn of(session: &'a Session) -> Self {
        let step = session.steps();
        let word = |index: u64| session.task().word(usize::try_from(index).unwrap_or(usize::MAX));
        let last = |history: &std::collections::VecDeque<f32>| history.back().copied().unwrap_or(0.0);
        Self {
            step,
            token: session.rows().first().copied().unwrap_or(0),
            word: word(step.saturating_sub(1)).unwrap_or_default(),
            next: word(step),
            surprisal: session.observation().surprisal,
            chip_time_us: us(session.tick()),
            energy_j: session.stats().energy.last().unwrap_or(0.0),
            activity: session.stats().layer_history.iter().map(last).collect(),
        }
    }
}
