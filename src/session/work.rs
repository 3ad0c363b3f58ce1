//! What the network is used for in an experiment: it gives the chip its next inputs and judges what comes out.
//!
//! One file a task. A [`Work`] holds all of a task that changes while the chip runs.

mod reading;

pub use reading::Reading;

/// What the network is used for.
#[derive(Clone, Debug)]
pub enum Work {
    /// Reading or writing text.
    Language(Reading),
}

impl Work {
    /// The DRAM rows of the next time step, one for each sample of the batch; none when there are no more, or none is
    /// known before the answer to the step before.
    pub(super) fn next_rows(&mut self) -> Option<Vec<u32>> {
        match self {
            Self::Language(reading) => reading.next_rows(),
        }
    }

    /// Takes what the last layer sent in the oldest time step without an answer, for each sample of the batch.
    pub(super) fn observe(&mut self, outputs: &[Vec<f32>]) {
        match self {
            Self::Language(reading) => reading.observe(outputs),
        }
    }

    /// Time steps from the first input to the last answer.
    pub fn total_steps(&self) -> u64 {
        match self {
            Self::Language(reading) => reading.task().total_steps(),
        }
    }

    /// Time steps of a sequence.
    pub fn sequence(&self) -> u32 {
        match self {
            Self::Language(reading) => reading.task().sequence(),
        }
    }

    /// How well it goes, in a few words; none before the first answer.
    pub fn headline(&self) -> Option<String> {
        match self {
            Self::Language(reading) => {
                reading.task().score().perplexity().map(|perplexity| format!("perplexity {perplexity:.1}"))
            }
        }
    }

    /// The language model's, if it is that.
    pub fn language(&self) -> Option<&Reading> {
        match self {
            Self::Language(reading) => Some(reading),
        }
    }
}
