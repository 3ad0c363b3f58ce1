//! Tally of recognised recordings.

use super::super::log::Log;

/// Classes of the recordings.
pub const CLASSES: usize = 10;

/// Answer to a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Class that the recording shows.
    pub label: u32,
    /// Output neuron with the most spikes, the first of several.
    pub predicted: u32,
    /// Spikes of each output neuron.
    pub counts: Vec<u32>,
}

/// Answers so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Spikes of each output neuron in the recording under way.
    counts: Vec<u32>,
    answers: Log<Answer>,
}

impl Tally {
    /// Creates a tally for an output of `units` neurons.
    pub fn new(units: usize) -> Self {
        Self { counts: vec![0; units], answers: Log::default() }
    }

    /// Begins a recording: sets the spike counts to 0.
    pub fn begin(&mut self) {
        self.counts.fill(0);
    }

    /// Counts spikes of an output neuron.
    pub fn count(&mut self, neuron: u32, spikes: u32) {
        if let Some(count) = self.counts.get_mut(neuron as usize) {
            *count = count.saturating_add(spikes);
        }
    }

    /// Ends a recording of class `label` and stores the answer.
    pub fn end(&mut self, label: u32) {
        let answer = self.leader();
        self.answers.push(Answer { label, predicted: answer, counts: self.counts.clone() });
    }

    /// Returns the output neuron with the most spikes so far, the first of several.
    pub fn leader(&self) -> u32 {
        let most = self.counts.iter().max().copied().unwrap_or(0);
        self.counts.iter().position(|&count| count == most).unwrap_or(0) as u32
    }

    /// Returns the spikes of each output neuron in the recording under way.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// Returns the answers so far.
    pub fn answers(&self) -> &Log<Answer> {
        &self.answers
    }

    /// Returns the share of the recordings that were recognised; `None` before the first.
    pub fn accuracy(&self) -> Option<f64> {
        let of = self.answers.len();
        let right = self.answers.iter().filter(|answer| answer.predicted == answer.label).count();
        (of > 0).then(|| right as f64 / of as f64)
    }

    /// Returns counts of recordings, a row a label, a column an answer.
    pub fn confusion(&self) -> Vec<Vec<u32>> {
        let mut rows = vec![vec![0; CLASSES]; CLASSES];
        for answer in self.answers.iter() {
            let row = rows.get_mut(answer.label as usize);
            if let Some(count) = row.and_then(|row| row.get_mut(answer.predicted as usize)) {
                *count += 1;
            }
        }
        rows
    }
}
