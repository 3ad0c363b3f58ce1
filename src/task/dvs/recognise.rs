//! The task: which frame the network sees next, and what its answers come to.
//!
//! A sample is a number of frames; the network answers each with one logit a class, and the
//! sample's scores are their means over time (the authors' `--use-all-timesteps`). A batch of
//! samples goes through the network side by side. The task holds only what changes, so that a copy
//! of it is a cheap checkpoint.

use std::sync::Arc;

use super::gesture::{GESTURES, Gesture};
use super::tally::{Answer, Tally, leader};
use crate::net::gesture::MeanLogits;

/// Row in place of a frame, for places of a last batch that has fewer samples than places. It
/// reads as silence.
pub const NO_ROW: u32 = u32::MAX;

/// The state of gesture recognition.
#[derive(Clone, Debug)]
pub struct GestureTask {
    labels: Arc<[Option<Gesture>]>,
    frames: u32,
    batch: u32,
    /// Time steps given out by [`Self::next_rows`].
    fed: u64,
    /// Time steps answered.
    observed: u64,
    /// Logits since each sample's first frame, by place in the batch.
    logits: Vec<MeanLogits>,
    tally: Tally,
    /// The last answers, newest last.
    recent: Vec<Answer>,
}

/// Returns the mean logits by class; a class without one counts as 0.
fn scores(logits: &MeanLogits) -> [f32; GESTURES] {
    let mean = logits.mean();
    std::array::from_fn(|class| mean.get(class).copied().unwrap_or(0.0))
}

/// Answers that [`GestureTask::recent`] keeps.
pub const RECENT: usize = 64;

impl GestureTask {
    /// Creates the recognition of samples with these labels, of `frames` frames (at least 1) each,
    /// `batch` (at least 1) side by side.
    pub fn new(labels: Arc<[Option<Gesture>]>, frames: u32, batch: u32) -> Self {
        let batch = batch.max(1);
        Self {
            labels,
            frames: frames.max(1),
            batch,
            fed: 0,
            observed: 0,
            logits: vec![MeanLogits::default(); batch as usize],
            tally: Tally::default(),
            recent: Vec::new(),
        }
    }

    /// Returns the row of a frame in DRAM; [`NO_ROW`] if there is no such sample.
    pub fn row(&self, sample: u64, frame: u32) -> u32 {
        if sample < self.samples() {
            u32::try_from(sample * u64::from(self.frames) + u64::from(frame)).unwrap_or(NO_ROW)
        } else {
            NO_ROW
        }
    }

    /// Returns the sample and the frame of a row; `None` if no sample has the row.
    pub fn sample_of(&self, row: u32) -> Option<(u64, u32)> {
        let sample = u64::from(row / self.frames);
        (row != NO_ROW && sample < self.samples()).then_some((sample, row % self.frames))
    }

    /// Returns the rows of the next time step, one for each place in the batch; `None` when all
    /// samples were given out.
    pub fn next_rows(&mut self) -> Option<Vec<u32>> {
        if self.fed >= self.total_steps() {
            return None;
        }
        let (first, frame) = self.place(self.fed);
        self.fed += 1;
        Some((0..u64::from(self.batch)).map(|place| self.row(first + place, frame)).collect())
    }

    /// Takes the logits of the oldest time step without an answer, by place in the batch; gives the
    /// samples that this completes. Without a step that waits for its answer nothing is counted.
    pub fn observe(&mut self, logits: &[Vec<f32>]) -> Vec<Answer> {
        if self.observed == self.fed {
            return Vec::new();
        }
        let (first, frame) = self.place(self.observed);
        self.observed += 1;
        for (mean, logits) in self.logits.iter_mut().zip(logits) {
            if frame == 0 {
                *mean = MeanLogits::default();
            }
            mean.add(logits);
        }
        if frame + 1 < self.frames {
            return Vec::new();
        }
        let there = self.samples().saturating_sub(first).min(u64::from(self.batch));
        let answers: Vec<Answer> =
            (0..there).map(|place| self.answer(first + place, place as usize)).collect();
        for answer in &answers {
            self.tally.add(answer);
            if self.recent.len() == RECENT {
                self.recent.remove(0);
            }
            self.recent.push(answer.clone());
        }
        answers
    }

    fn answer(&self, sample: u64, place: usize) -> Answer {
        let scores = scores(&self.logits[place]);
        let label = self.labels.get(sample as usize).copied().flatten();
        Answer { sample, label, predicted: leader(&scores), scores }
    }

    /// Returns the first sample of the batch and the number of the frame in a time step.
    fn place(&self, step: u64) -> (u64, u32) {
        let frames = u64::from(self.frames);
        (step / frames * u64::from(self.batch), (step % frames) as u32)
    }

    /// Returns the sample in the first place of the batch and the number of its answered frames;
    /// after a sample's last frame still that sample.
    pub fn now(&self) -> (u64, u32) {
        match self.observed.checked_sub(1) {
            None => (0, 0),
            Some(last) => {
                let (first, frame) = self.place(last);
                (first, frame + 1)
            }
        }
    }

    /// Returns the mean logits of the sample in the first place of the batch, over its answered
    /// frames; zeros before the first.
    pub fn scores_now(&self) -> [f32; GESTURES] {
        self.logits.first().map_or([0.0; GESTURES], scores)
    }

    /// Returns the number of time steps from the first frame to the last answer.
    pub fn total_steps(&self) -> u64 {
        self.samples().div_ceil(u64::from(self.batch)) * u64::from(self.frames)
    }

    /// Returns the number of time steps given out so far.
    pub fn fed(&self) -> u64 {
        self.fed
    }

    /// Returns the number of samples in all.
    pub fn samples(&self) -> u64 {
        self.labels.len() as u64
    }

    /// Returns the number of frames in a sample.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// Returns the number of samples that go through the network side by side.
    pub fn batch(&self) -> u32 {
        self.batch
    }

    /// Returns the label of a sample; `None` if it has none.
    pub fn label(&self, sample: u64) -> Option<Gesture> {
        self.labels.get(usize::try_from(sample).ok()?).copied().flatten()
    }

    /// Returns the labels and answers so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Returns the last answers, newest last, at most [`RECENT`].
    pub fn recent(&self) -> &[Answer] {
        &self.recent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(classes: &[Option<usize>]) -> Arc<[Option<Gesture>]> {
        classes.iter().map(|class| class.and_then(Gesture::from_index)).collect()
    }

    /// Logits in favour of one class.
    fn vote(class: usize) -> Vec<f32> {
        (0..GESTURES).map(|c| if c == class { 1.0 } else { 0.0 }).collect()
    }

    #[test]
    fn the_mean_over_all_frames_decides() {
        let mut task = GestureTask::new(labels(&[Some(3), Some(4), None]), 3, 1);
        assert_eq!(task.total_steps(), 9);
        let votes = [[3, 3, 5], [4, 5, 5], [0, 0, 0]];
        for (sample, votes) in votes.iter().enumerate() {
            for (frame, &class) in votes.iter().enumerate() {
                assert_eq!(task.next_rows(), Some(vec![(sample * 3 + frame) as u32]));
                let answers = task.observe(&[vote(class)]);
                assert_eq!(answers.len(), usize::from(frame == 2));
            }
        }
        assert_eq!(task.next_rows(), None);
        let predicted: Vec<usize> = task.recent().iter().map(|a| a.predicted.index()).collect();
        assert_eq!(predicted, [3, 5, 0]);
        assert!((task.recent()[0].scores[3] - 2.0 / 3.0).abs() < 1e-6);
        let tally = task.tally();
        assert_eq!((tally.answered(), tally.judged(), tally.correct()), (3, 2, 1));
        assert_eq!(tally.accuracy(), Some(0.5));
        assert_eq!(tally.confusion()[4][5], 1);
    }

    #[test]
    fn a_batch_goes_side_by_side_and_its_last_places_may_stay_empty() {
        let mut task = GestureTask::new(labels(&[Some(0), Some(1), Some(2)]), 2, 2);
        assert_eq!(task.total_steps(), 4);
        assert_eq!(task.next_rows(), Some(vec![0, 2]));
        // The pipeline may ask for a frame before the last one is answered.
        assert_eq!(task.next_rows(), Some(vec![1, 3]));
        assert!(task.observe(&[vote(0), vote(1)]).is_empty());
        assert_eq!(task.now(), (0, 1));
        assert_eq!(task.observe(&[vote(0), vote(1)]).len(), 2);
        assert_eq!(task.next_rows(), Some(vec![4, NO_ROW]));
        assert_eq!(task.sample_of(4), Some((2, 0)));
        assert_eq!(task.sample_of(NO_ROW), None);
        task.observe(&[vote(2), vote(7)]);
        assert_eq!(task.next_rows(), Some(vec![5, NO_ROW]));
        let last = task.observe(&[vote(2), vote(7)]);
        assert_eq!(last.len(), 1);
        assert_eq!(task.tally().accuracy(), Some(1.0));
    }

    #[test]
    fn an_answer_without_a_question_counts_nothing_and_nan_never_leads() {
        let mut task = GestureTask::new(labels(&[Some(0)]), 1, 1);
        assert!(task.observe(&[vote(0)]).is_empty());
        let mut scores = [0.0; GESTURES];
        (scores[4], scores[0]) = (1.0, f32::NAN);
        assert_eq!(leader(&scores).index(), 4);
        assert_eq!(leader(&[0.0; GESTURES]).index(), 0);
    }
}
