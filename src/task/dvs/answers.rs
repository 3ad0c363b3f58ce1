//! Report entries of answered samples.

use serde::Serialize;

use super::gesture::GESTURES;
use super::recognising::{Answered, Recognising};
use crate::chip::clock::us;

/// Answered sample in a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SampleAnswer {
    /// Recording and slice, in words.
    pub source: String,
    /// Name of the sample's class; `null` where no label is known.
    pub label: Option<String>,
    /// The class with the highest score, by name.
    pub predicted: String,
    /// Mean of each class's logit over the frames, in the order of the classes.
    pub scores: [f32; GESTURES],
    /// Chip time from the end of the sample before to the end of this one, µs. Samples of a
    /// batch share theirs.
    pub chip_time_us: f64,
    /// Energy of the chip in that time, J; samples of a batch get equal parts.
    pub energy_j: f64,
}

/// Returns all answers so far, in order.
pub(super) fn samples(recognising: &Recognising) -> Vec<SampleAnswer> {
    let name = |class: usize| recognising.classes().get(class).cloned().unwrap_or_default();
    let entry = |answered: &Answered| SampleAnswer {
        source: recognising.source(answered.answer.sample),
        label: answered.answer.label.map(|gesture| name(gesture.index())),
        predicted: name(answered.answer.predicted.index()),
        scores: answered.answer.scores,
        chip_time_us: us(answered.ticks),
        energy_j: answered.energy_j,
    };
    recognising.answered().iter().map(entry).collect()
}
