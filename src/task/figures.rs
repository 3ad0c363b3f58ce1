//! A task's part of reports: of a whole run, and of one time step.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::dvs::answers::SampleAnswer;
use super::lm::corpus::Counts;
use super::spikes::view::SpikeFigures;

/// Figures of a run's task, for all tasks: each fills in its own. `docs/report.md`
/// describes every field.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// exp of the mean surprisal; `null` without a scored prediction, and in `Generate`.
    pub perplexity: Option<f64>,
    /// Mean surprisal −ln p of the scored predictions, nats; `null` without one.
    pub mean_surprisal: Option<f64>,
    /// Number of predictions scored.
    pub predictions: u64,
    /// Share of the labelled samples or recordings that were answered rightly, 0..=1; `null`
    /// before the first, and for other tasks.
    pub accuracy: Option<f64>,
    /// Counts of labelled samples or recordings, a row a label, a column an answer; `null` for
    /// other tasks.
    pub confusion: Option<Vec<Vec<u32>>>,
    /// Gestures only: every answered sample, in order. Otherwise `null`.
    pub samples: Option<Vec<SampleAnswer>>,
    /// Counts of the words, unknown words and lines of the text; `null` without a language model.
    pub text: Option<Counts>,
    /// Spiking networks only: spikes by population, answers, traced values. Otherwise `null`.
    pub spikes: Option<SpikeFigures>,
    /// Statement on what the results compare with, from the model's card.
    ///
    /// It is empty if too many words of the text are unknown to the model for a comparison.
    pub compares_with: String,
    /// `Generate` only: the prompt and the words written after it. Otherwise `null`.
    pub generated: Option<String>,
}

/// Figures of a task for one time step: names and values, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepLine<'a>(pub Vec<(&'static str, Value<'a>)>);

/// A value of a [`StepLine`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value<'a> {
    /// A count, or a position from 0.
    Count(u64),
    /// Number; `null` while there is none.
    Number(Option<f64>),
    /// A number of single precision.
    Single(f32),
    /// Word; `null` where there is none.
    Word(Option<&'a str>),
}

impl Serialize for StepLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
