//! One line a time step, for who wants to watch or plot.

use serde::Serialize;

use crate::chip::clock::us;
use crate::session::Session;
use crate::session::work::{Reading, Recognising, Work};

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
    /// Energy of the chip in this step, J: from the end of the step before to its own.
    pub energy_j: f64,
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
    /// Gestures.
    Gestures {
        /// Sample under way (of a batch, the first), from 0.
        sample: u64,
        /// Frame of it that was answered, from 1.
        frame: u32,
        /// What it is labelled with; `null` where no label is known.
        label: Option<&'a str>,
        /// The class that leads.
        leader: &'a str,
        /// Its softmax of the mean logits so far, 0..=1.
        probability: f32,
    },
    /// Arrays.
    Tensor {
        /// Row that the network read, from 0.
        row: u32,
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
                Work::Gestures(recognising) => TaskLine::seen(recognising),
                Work::Tensor(_) => TaskLine::Tensor { row: session.rows().first().copied().unwrap_or(0) },
            },
            chip_time_us: us(session.tick()),
            energy_j: session.stats().energy.last().unwrap_or(0.0),
            activity: session.stats().layer_history.iter().map(last).collect(),
        }
    }
}

impl<'a> TaskLine<'a> {
    fn seen(recognising: &'a Recognising) -> Self {
        let task = recognising.task();
        let (sample, frame) = task.now();
        let name = |class: usize| recognising.classes().get(class).map_or("", String::as_str);
        let leader = recognising.leader().index();
        Self::Gestures {
            sample,
            frame,
            label: task.label(sample).map(|gesture| name(gesture.index())),
            leader: name(leader),
            probability: recognising.probabilities()[leader],
        }
    }

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
