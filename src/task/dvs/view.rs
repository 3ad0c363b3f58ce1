//! Data that screens show of gesture recognition.

use serde::{Deserialize, Serialize};

use super::gesture::{GESTURES, Gesture};
use super::picture::EventPicture;
use super::recognising::Recognising;
use crate::net::gesture::leader;
use crate::task::Moment;
use crate::text::visible_line;

/// Number of coming samples in a view before the first frame.
const UPCOMING: u64 = 12;

/// View of gestures: the camera's events, and the network's answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GestureView {
    /// Recording and slice under way, in words.
    pub source: String,
    /// Class of the sample (index in `classes`); `None` where no label is known.
    pub label: Option<usize>,
    /// Frames of this sample that the network has answered.
    pub frame: u32,
    /// Frames of a sample.
    pub frames: u32,
    /// Number of the sample under way, from 0.
    pub sample: u64,
    /// Samples in all.
    pub samples: u64,
    /// Samples that are computed side by side; the one shown is the first of them.
    pub batch: u32,
    /// Time that a frame counts events over, µs.
    pub bin_us: u64,
    /// Coming samples, before the first frame only; empty afterwards.
    pub upcoming: Vec<SampleView>,
    /// Camera picture of the frame that was announced last.
    pub picture: EventPicture,
    /// The classes with their scores so far.
    pub classes: Vec<ClassView>,
    /// Labelled samples that were answered.
    pub judged: u64,
    /// Labelled samples that were answered correctly.
    pub correct: u64,
    /// Counts of labelled samples: row = label, column = answer, row by row.
    pub confusion: Vec<u32>,
    /// The last samples: label and answer, newest last (at most 64).
    pub recent: Vec<(Option<usize>, usize)>,
    /// Results with which these can be compared, from the model's card.
    pub note: String,
}

impl GestureView {
    /// Creates the view of a sample at a moment of the run.
    pub(super) fn new(recognising: &Recognising, moment: &Moment<'_>) -> Self {
        let task = recognising.task();
        let (answering, answered) = task.now();
        let (sample, frame) = moment.row.and_then(|row| task.sample_of(row)).unwrap_or((0, 0));
        // A new sample has begun, and nothing of it is answered yet.
        let fresh = answered == 0 || sample != answering;
        let (scores, probabilities) = if fresh {
            ([0.0; GESTURES], [0.0; GESTURES])
        } else {
            (task.scores_now(), recognising.probabilities())
        };
        let class = |gesture: Gesture| ClassView {
            name: recognising
                .classes()
                .get(gesture.index())
                .map_or_else(String::new, |name| visible_line(name).into_owned()),
            short: gesture.short().to_owned(),
            score: scores[gesture.index()],
            probability: probabilities[gesture.index()],
        };
        let begun = moment.steps > 0 || moment.in_flight > 0;
        let frames = recognising.frames(sample).filter(|_| begun);
        let picture = frames.and_then(|frames| frames.pictures.get(frame as usize).cloned());
        let coming = |sample: u64| SampleView {
            source: visible_line(&recognising.source(sample)).into_owned(),
            label: task.label(sample).map(Gesture::index),
        };
        let upcoming = if begun { 0 } else { task.samples().min(UPCOMING) };
        let tally = task.tally();
        Self {
            source: visible_line(&recognising.source(sample)).into_owned(),
            label: task.label(sample).map(Gesture::index),
            frame: if fresh { 0 } else { answered },
            frames: task.frames(),
            sample,
            samples: task.samples(),
            batch: task.batch(),
            bin_us: recognising.bin_us(),
            upcoming: (0..upcoming).map(coming).collect(),
            picture: picture.unwrap_or_default(),
            classes: Gesture::all().map(class).collect(),
            judged: tally.judged(),
            correct: tally.correct(),
            confusion: tally.confusion().iter().flatten().copied().collect(),
            recent: task
                .recent()
                .iter()
                .map(|a| (a.label.map(Gesture::index), a.predicted.index()))
                .collect(),
            note: visible_line(moment.compares_with).into_owned(),
        }
    }

    /// Returns the index of the class that leads; `None` before the first answer.
    pub fn leader(&self) -> Option<usize> {
        if self.frame == 0 {
            return None;
        }
        leader(self.classes.iter().map(|class| class.score))
    }

    /// Returns the fraction of labelled samples answered correctly, 0..=1; `None` before the first.
    pub fn accuracy(&self) -> Option<f64> {
        (self.judged > 0).then(|| self.correct as f64 / self.judged as f64)
    }

    /// Returns the number of samples with this label that got this answer.
    pub fn confused(&self, label: usize, answer: usize) -> u32 {
        self.confusion.get(label * self.classes.len() + answer).copied().unwrap_or(0)
    }
}

/// Sample that the task has yet to show to the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleView {
    /// Recording and slice, in words.
    pub source: String,
    /// Class of the sample (index in `classes`); `None` without a label.
    pub label: Option<usize>,
}

/// Class of gestures with its score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassView {
    /// Name in the data set.
    pub name: String,
    /// Short form of the name, for narrow places.
    pub short: String,
    /// Mean of the class's logit over the frames so far.
    pub score: f32,
    /// Softmax of the scores, 0..=1.
    pub probability: f32,
}
