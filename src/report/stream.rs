//! One line a time step, for who wants to watch or plot.

use serde::Serialize;

use crate::chip::clock::us;
use crate::session::Session;
use crate::session::work::{Reading, Work};

/// A completed time step. With the report, the lines are NDJSON: one JSON value a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamLine<'a> {
    /// The step, from 1.
    pub step: u64,
    /// What the task says of it.
    #[serde(flatten)]
    pub task: TaskLine<'a>,
    /// Chip time since the start, µs.
    pub chip_time_us: f64,
    /// Fraction of units that sent an event in this step, by layer, 0..=1.
    pub activity: Vec<f32>,
}

/// What a task says of a time step.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TaskLine<'a> {
    /// A language model.
    Language {
        /// Token that the network read; of a batch, as all words here, the first stream's.
        token: u32,
        /// The word it stands for, as written in the text.
        word: &'a str,
        /// The word that came after it; `null` at the end of a text.
        next: Option<&'a str>,
        /// Surprisal −ln p(`next` | all up to `word`), nats; `null` without one.
        surprisal: Option<f64>,
    },
}

impl<'a> StreamLine<'a> {
    /// The step that the session has just completed.
    pub fn of(session: &'a Session) -> Self {
        let last = |history: &std::collections::VecDeque<f32>| history.back().copied().unwrap_or(0.0);
        Self {
            step: session.steps(),
            task: match session.work() {
                Work::Language(reading) => TaskLine::read(session, reading),
            },
            chip_time_us: us(session.tick()),
            activity: session.stats().layer_history.iter().map(last).collect(),
        }
    }
}

impl<'a> TaskLine<'a> {
    fn read(session: &Session, reading: &'a Reading) -> Self {
        let step = session.steps();
        let word = |index: u64| reading.task().word(usize::try_from(index).unwrap_or(usize::MAX));
        Self::Language {
            token: session.rows().first().copied().unwrap_or(0),
            word: word(step.saturating_sub(1)).unwrap_or_default(),
            next: word(step),
            surprisal: reading.observation().surprisal,
        }
    }
}
