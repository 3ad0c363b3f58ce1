//! Counts of right and wrong answers.

use serde::Serialize;

use super::gesture::{GESTURES, Gesture};

/// Answer of the network to one sample.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Number of the sample, from 0.
    pub sample: u64,
    /// Label of the sample; `None` where no label is known.
    pub label: Option<Gesture>,
    /// Class with the highest score; of equal ones the first.
    pub predicted: Gesture,
    /// Mean of each class's logit over the frames.
    pub scores: [f32; GESTURES],
}

/// Returns the class with the highest score ([`crate::net::gesture::leader`]), or the first class
/// if all scores are NaN.
pub fn leader(scores: &[f32; GESTURES]) -> Gesture {
    crate::net::gesture::leader(*scores).and_then(Gesture::from_index).unwrap_or_default()
}

/// Counts of the answers so far, by label and predicted class.
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

    /// Returns the number of answered samples, labelled or not.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// Returns the number of answered samples that have a label.
    pub fn judged(&self) -> u64 {
        self.confusion.iter().flatten().map(|&n| u64::from(n)).sum()
    }

    /// Returns the number of right answers.
    pub fn correct(&self) -> u64 {
        (0..GESTURES).map(|class| u64::from(self.confusion[class][class])).sum()
    }

    /// Returns the fraction of labelled samples answered correctly, 0..=1; `None` before the first.
    pub fn accuracy(&self) -> Option<f64> {
        let judged = self.judged();
        (judged > 0).then(|| self.correct() as f64 / judged as f64)
    }

    /// Returns the confusion matrix of labelled samples: row = label, column = answer.
    pub fn confusion(&self) -> &[[u32; GESTURES]; GESTURES] {
        &self.confusion
    }
}
