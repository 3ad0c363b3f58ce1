//! Gestures as they are recognised.

use std::sync::Arc;

use crate::chip::clock::Tick;
use crate::model::GestureModel;
use crate::task::dvs::gesture::{GESTURES, Gesture};
use crate::task::dvs::recognise::GestureTask;
use crate::task::dvs::samples::{RecordingWarning, SampleFrames, Samples};
use crate::task::dvs::tally::{Answer, leader};

/// An answer and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// Chip time from the end of the sample before to the end of this one, ticks; samples of a batch share it.
    pub ticks: Tick,
    /// Energy of the chip in that time, J, for each sample of a batch its equal part.
    pub energy_j: f64,
}

/// A gesture task and what it has shown.
#[derive(Clone, Debug)]
pub struct Recognising {
    task: GestureTask,
    model: Arc<GestureModel>,
    samples: Arc<Samples>,
    answered: Vec<Answered>,
    /// Chip time and energy when the last sample was complete.
    since: (Tick, f64),
}

impl Recognising {
    /// Before the first frame.
    pub(in crate::session) fn new(model: Arc<GestureModel>, samples: Arc<Samples>, batch: u32) -> Self {
        let task = GestureTask::new(samples.labels(), samples.frames_each(), batch);
        Self { task, model, samples, answered: Vec::new(), since: (0, 0.0) }
    }

    /// The next frames. A recording that cannot be read is an error: without it the chip would see silence.
    pub(super) fn next_rows(&mut self) -> Result<Option<Vec<u32>>, String> {
        let Some(rows) = self.task.next_rows() else { return Ok(None) };
        for (sample, frame) in rows.iter().filter_map(|&row| self.task.sample_of(row)) {
            if frame == 0 {
                self.samples.frames(sample as usize).map_err(|error| error.to_string())?;
            }
        }
        Ok(Some(rows))
    }

    pub(super) fn observe(&mut self, outputs: &[Vec<f32>], now: (Tick, f64)) {
        let logits: Vec<Vec<f32>> = outputs.iter().map(|output| self.model.readout.forward(output)).collect();
        let answers = self.task.observe(&logits);
        if answers.is_empty() {
            return;
        }
        let (ticks, energy_j) = (now.0 - self.since.0, now.1 - self.since.1);
        self.since = now;
        let each = energy_j / answers.len() as f64;
        self.answered.extend(answers.into_iter().map(|answer| Answered { answer, ticks, energy_j: each }));
    }

    /// The task.
    pub fn task(&self) -> &GestureTask {
        &self.task
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.model.card.classes
    }

    /// Where a sample comes from, in words.
    pub fn source(&self, sample: u64) -> String {
        self.samples.source(sample as usize)
    }

    /// Returns what is odd about the recordings, each kind once.
    pub fn warnings(&self) -> &[RecordingWarning] {
        self.samples.warnings()
    }

    /// Returns the time that a frame counts events over, in µs.
    pub fn bin_us(&self) -> u64 {
        self.samples.bin_us()
    }

    /// All answers so far.
    pub fn answered(&self) -> &[Answered] {
        &self.answered
    }

    /// The frames of a sample, for the eye; none where its recording has gone.
    pub fn frames(&self, sample: u64) -> Option<Arc<SampleFrames>> {
        self.samples.frames(sample as usize).ok()
    }

    /// The class that leads in the first sample of the batch.
    pub fn leader(&self) -> Gesture {
        leader(&self.task.scores_now())
    }

    /// Softmax of the mean logits so far of the first sample of the batch, \[classes\].
    pub fn probabilities(&self) -> [f32; GESTURES] {
        let scores = self.task.scores_now();
        let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exps = scores.map(|score| libm::expf(score - most));
        let sum: f32 = exps.iter().sum();
        exps.map(|exp| exp / sum)
    }
}
