//! What the network is used for in an experiment: it gives the chip its next inputs and judges what comes out.
//!
//! One file a task. A [`Work`] holds all of a task that changes while the chip runs.

mod computing;
mod reading;
mod recognising;

pub use computing::Computing;
pub use reading::Reading;
pub use recognising::{Answered, Recognising};

use crate::chip::clock::Tick;
use crate::task::dvs::samples::RecordingWarning;

/// What the network is used for.
#[derive(Clone, Debug)]
pub enum Work {
    /// Reading or writing text.
    Language(Reading),
    /// Telling gestures apart.
    Gestures(Box<Recognising>),
    /// Arrays in, arrays out.
    Tensor(Computing),
}

impl Work {
    /// The DRAM rows of the next time step, one for each sample of the batch; none when there are no more, or none is
    /// known before the answer to the step before. What cannot be read is said.
    pub(super) fn next_rows(&mut self) -> Result<Option<Vec<u32>>, String> {
        match self {
            Self::Language(reading) => Ok(reading.next_rows()),
            Self::Gestures(recognising) => recognising.next_rows(),
            Self::Tensor(computing) => Ok(computing.next_rows()),
        }
    }

    /// Takes what the last layer sent in the oldest time step without an answer, for each sample of the batch. `now`:
    /// chip time and energy since the start, ticks and J.
    pub(super) fn observe(&mut self, outputs: &[Vec<f32>], now: (Tick, f64)) {
        match self {
            Self::Language(reading) => reading.observe(outputs),
            Self::Gestures(recognising) => recognising.observe(outputs, now),
            Self::Tensor(computing) => computing.observe(outputs),
        }
    }

    /// Time steps from the first input to the last answer.
    pub fn total_steps(&self) -> u64 {
        match self {
            Self::Language(reading) => reading.task().total_steps(),
            Self::Gestures(recognising) => recognising.task().total_steps(),
            Self::Tensor(computing) => computing.task().total_steps(),
        }
    }

    /// Time steps of a sequence.
    pub fn sequence(&self) -> u32 {
        match self {
            Self::Language(reading) => reading.task().sequence(),
            Self::Gestures(recognising) => recognising.task().frames(),
            Self::Tensor(computing) => computing.task().sequence(),
        }
    }

    /// What one time step is to the task, in a word.
    pub const fn step_word(&self) -> &'static str {
        match self {
            Self::Language(_) => "token",
            Self::Gestures(_) => "frame",
            Self::Tensor(_) => "step",
        }
    }

    /// Bytes that a copy does not share, about.
    pub(super) fn own_bytes(&self) -> usize {
        match self {
            Self::Language(reading) => reading.surprisals().own_bytes() + size_of::<Self>(),
            Self::Gestures(recognising) => size_of_val(recognising.answered()) + size_of::<Recognising>(),
            Self::Tensor(computing) => computing.task().outputs().own_bytes() + size_of::<Self>(),
        }
    }

    /// How well it goes, in a few words; none before the first answer.
    pub fn headline(&self) -> Option<String> {
        match self {
            Self::Language(reading) => {
                reading.task().score().perplexity().map(|perplexity| format!("perplexity {perplexity:.1}"))
            }
            Self::Gestures(recognising) => {
                let tally = recognising.task().tally();
                tally.accuracy().map(|share| {
                    format!("accuracy {:.1} % ({} of {})", share * 100.0, tally.correct(), tally.judged())
                })
            }
            Self::Tensor(_) => None,
        }
    }

    /// The language model's, if it is that.
    pub fn language(&self) -> Option<&Reading> {
        match self {
            Self::Language(reading) => Some(reading),
            Self::Gestures(_) | Self::Tensor(_) => None,
        }
    }

    /// Returns what is odd about the recordings that are read, each kind once.
    pub fn recordings(&self) -> &[RecordingWarning] {
        self.gestures().map_or(&[], Recognising::warnings)
    }

    /// The gesture model's, if it is that.
    pub fn gestures(&self) -> Option<&Recognising> {
        match self {
            Self::Gestures(recognising) => Some(recognising),
            Self::Language(_) | Self::Tensor(_) => None,
        }
    }

    /// The arrays', if it is that.
    pub fn tensor(&self) -> Option<&Computing> {
        match self {
            Self::Tensor(computing) => Some(computing),
            Self::Language(_) | Self::Gestures(_) => None,
        }
    }
}
