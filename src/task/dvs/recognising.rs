//! State of gesture recognition while it runs.

use std::sync::Arc;

use super::gesture::{GESTURES, Gesture};
use super::recognise::GestureTask;
use super::samples::{SampleFrames, Samples};
use super::tally::{Answer, leader};
use super::view::GestureView;
use super::{KIND, answers, load, names};
use crate::chip::clock::Tick;
use crate::model::GestureModel;
use crate::task::facts::WordKind;
use crate::task::figures::{Figures, StepLine, Value};
use crate::task::{InputNote, Moment, TaskKind, TaskRun, TaskView};

/// Answer with its time and energy.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// Answer to the sample.
    pub answer: Answer,
    /// Chip time from the end of the sample before to the end of this one, ticks; samples of a
    /// batch share it.
    pub ticks: Tick,
    /// Energy of the chip in that time, J; samples of a batch get equal parts.
    pub energy_j: f64,
}

/// Gesture task with its answers so far.
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
    /// Creates the state before the first frame.
    pub(super) fn new(model: Arc<GestureModel>, samples: Arc<Samples>, batch: u32) -> Self {
        let task = GestureTask::new(samples.labels(), samples.frames_each(), batch);
        Self { task, model, samples, answered: Vec::new(), since: (0, 0.0) }
    }

    /// Returns the state of the task.
    pub fn task(&self) -> &GestureTask {
        &self.task
    }

    /// Returns the names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.model.card.classes
    }

    /// Returns the name of a class; `None` if the model does not have the class.
    fn class(&self, gesture: Gesture) -> Option<&str> {
        self.classes().get(gesture.index()).map(String::as_str)
    }

    /// Describes the origin of a sample.
    pub fn source(&self, sample: u64) -> String {
        self.samples.source(sample as usize)
    }

    /// Returns the time that a frame counts events over, in µs.
    pub fn bin_us(&self) -> u64 {
        self.samples.bin_us()
    }

    /// Returns all answers so far.
    pub fn answered(&self) -> &[Answered] {
        &self.answered
    }

    /// Returns the frames of a sample for display; `None` where its recording no longer exists.
    pub fn frames(&self, sample: u64) -> Option<Arc<SampleFrames>> {
        self.samples.frames(sample as usize).ok()
    }

    /// Returns the class that leads in the first sample of the batch.
    pub fn leader(&self) -> Gesture {
        leader(&self.task.scores_now())
    }

    /// Returns the softmax of the mean logits so far of the first sample of the batch, \[classes\].
    pub fn probabilities(&self) -> [f32; GESTURES] {
        let scores = self.task.scores_now();
        let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exps = scores.map(|score| libm::expf(score - most));
        let sum: f32 = exps.iter().sum();
        exps.map(|exp| exp / sum)
    }
}

impl TaskRun for Recognising {
    fn kind(&self) -> &'static TaskKind {
        &KIND
    }

    fn copy(&self) -> Box<dyn TaskRun> {
        Box::new(self.clone())
    }

    fn own_bytes(&self) -> usize {
        size_of_val(self.answered()) + size_of::<Self>()
    }

    /// Returns the rows of the next frames. A recording that cannot be read is an error: without it
    /// the chip would see silence.
    fn next_rows(&mut self) -> Result<Option<Vec<u32>>, String> {
        let Some(rows) = self.task.next_rows() else { return Ok(None) };
        for (sample, frame) in rows.iter().filter_map(|&row| self.task.sample_of(row)) {
            if frame == 0 {
                self.samples.frames(sample as usize).map_err(|error| error.to_string())?;
            }
        }
        Ok(Some(rows))
    }

    fn observe(&mut self, outputs: &[Vec<f32>], now: (Tick, f64)) {
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

    fn notes(&self) -> Vec<InputNote> {
        load::notes(self.samples.warnings())
    }

    fn real_time_us(&self) -> Option<f64> {
        Some(self.bin_us() as f64)
    }

    fn total_steps(&self) -> u64 {
        self.task.total_steps()
    }

    fn sequence(&self) -> u32 {
        self.task.frames()
    }

    fn headline(&self) -> Option<String> {
        let tally = self.task.tally();
        let (correct, judged) = (tally.correct(), tally.judged());
        tally.accuracy().map(|share| format!("accuracy {:.1} % ({correct} of {judged})", share * 100.0))
    }

    fn view(&self, moment: &Moment<'_>) -> TaskView {
        TaskView::Gestures(GestureView::new(self, moment))
    }

    fn figures(&self, moment: &Moment<'_>) -> Figures {
        let tally = self.task.tally();
        Figures {
            accuracy: tally.accuracy(),
            confusion: Some(tally.confusion().iter().map(|row| row.to_vec()).collect()),
            samples: Some(answers::samples(self)),
            compares_with: moment.compares_with.to_owned(),
            ..Figures::default()
        }
    }

    /// Returns the fields of a step: sample under way from 0 (of a batch, the first), frame of it
    /// answered last from 1, its label, the class that leads, and that class's softmax of the mean
    /// logits so far.
    fn line(&self, _moment: &Moment<'_>) -> StepLine<'_> {
        let (sample, frame) = self.task.now();
        let leader = self.leader().index();
        StepLine(vec![
            ("sample", Value::Count(sample)),
            ("frame", Value::Count(frame.into())),
            ("label", Value::Word(self.task.label(sample).map(|label| self.class(label).unwrap_or("")))),
            ("leader", Value::Word(Some(self.class(self.leader()).unwrap_or("")))),
            ("probability", Value::Single(self.probabilities()[leader])),
        ])
    }

    fn number(&self, fact: &str, _steps: u64) -> Option<f64> {
        names::number(self, fact)
    }

    fn word(&self, fact: &str, steps: u64) -> Option<&str> {
        match fact {
            _ if steps == 0 => None,
            names::CLASS => self.class(self.leader()),
            names::LABEL => self.class(self.task.label(self.task.now().0)?),
            _ => None,
        }
    }

    fn words(&self, kind: &WordKind) -> Vec<&str> {
        if *kind == names::WORD { self.classes().iter().map(String::as_str).collect() } else { Vec::new() }
    }
}
