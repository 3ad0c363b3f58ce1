//! Tally of right and wrong answers.

use serde::Serialize;

use super::gesture::{GESTURES, Gesture};

/// Answer of the network to one sample.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Number of the sample, from 0.
    pub sample: u64,
    /// Label of the sample; `None` where no label is known.
    pub label: Option<Gesture>,
    /// The class with the highest score; of equal ones the first.
    pub predicted: Gesture,
    /// Mean of each class's logit over the frames.
    pub scores: [f32; GESTURES],
}

/// Returns the class with the highest score by [`crate::net::gesture::leader`]; the first where
/// none is a number.
pub fn leader(scores: &[f32; GESTURES]) -> Gesture {
    crate::net::gesture::leader(*scores).and_then(Gesture::from_index).unwrap_or_default()
}

/// Labels and answers so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    confusion: [[u32; GESTURES]; GESTURES],
    answered: u64,
}

impl Tally {
    /// Counts an answer.
    pub fn add(&mut self, answer: &Answer) {
        self.answered += 1;
        if let Some(label) = answer.label {
            self.confusion[label.index()][answer.predicted.index()] += 1;
        }
    }

    /// Samples answered, labelled or not.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// Labelled samples answered.
    pub fn judged(&self) -> u64 {
        self.confusion.iter().flatten().map(|&n| u64::from(n)).sum()
    }

    /// Returns the number of right answers.
    pub fn correct(&self) -> u64 {
        (0..GESTURES).map(|class| u64::from(self.confusion[class][class])).sum()
    }

    /// Share of the labelled samples that were answered rightly, 0..=1; none before the first.
    pub fn accuracy(&self) -> Option<f64> {
        let judged = self.judged();
        (judged > 0).then(|| self.correct() as f64 / judged as f64)
    }

    /// Counts of labelled samples: row = label, column = answer.
    pub fn confusion(&self) -> &[[u32; GESTURES]; GESTURES] {
        &self.confusion
    }
}
