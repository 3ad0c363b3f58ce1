//! Features of frames in the chip's DRAM, made by the head on the host.
//!
//! The features of a sample depend on its frames alone. So a second thread makes those of the next
//! sample while the chip works on this one; where it is not asked for, nothing is lost but that
//! thread's time.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::recognise::NO_ROW;
use super::samples::Samples;
use crate::machine::program::DramRows;
use crate::model::GestureModel;
use crate::net::gesture::FRAME_SIDE;

/// Samples whose features are kept: twice the largest batch.
const KEPT: usize = 128;

/// The features of each frame of a sample.
type SampleFeatures = Arc<Vec<Vec<f32>>>;

/// Features of frames, one row a frame, samples one after the other. The features of a sample are
/// computed when one of them is first read, or before. [`NO_ROW`] reads as zeros.
#[derive(Debug)]
pub(super) struct FeatureRows {
    model: Arc<GestureModel>,
    samples: Arc<Samples>,
    made: Mutex<Made>,
    /// Whether a second core is free to work on the sample after the one that is read.
    ahead: bool,
}

/// Features that were computed, and those in progress.
#[derive(Debug, Default)]
struct Made {
    kept: VecDeque<(usize, SampleFeatures)>,
    /// The sample that a second thread works on.
    next: Option<(usize, JoinHandle<SampleFeatures>)>,
}

impl FeatureRows {
    /// Creates the rows of these samples.
    pub fn new(model: Arc<GestureModel>, samples: Arc<Samples>) -> Self {
        let ahead = thread::available_parallelism().map_or(1, NonZero::get) > 1;
        Self { model, samples, made: Mutex::default(), ahead }
    }

    /// Returns the features of a sample's frames.
    fn of(&self, sample: usize) -> SampleFeatures {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, features)) = made.kept.iter().find(|(number, _)| *number == sample) {
            return Arc::clone(features);
        }
        let next = made.next.take_if(|(number, _)| *number == sample);
        let features = next
            .and_then(|(_, thread)| thread.join().ok())
            .unwrap_or_else(|| features(&self.model, &self.samples, sample));
        if made.kept.len() == KEPT {
            made.kept.pop_front();
        }
        made.kept.push_back((sample, Arc::clone(&features)));
        self.begin(&mut made, sample + 1);
        features
    }

    /// Starts to compute the features of a sample on a second thread, if there is a core for it.
    fn begin(&self, made: &mut Made, sample: usize) {
        let known = made.kept.iter().any(|(number, _)| *number == sample);
        if !self.ahead || known || sample >= self.samples.len() {
            return;
        }
        let (model, samples) = (Arc::clone(&self.model), Arc::clone(&self.samples));
        let thread = thread::Builder::new().name("features".into());
        let thread = thread.spawn(move || features(&model, &samples, sample));
        made.next = thread.ok().map(|thread| (sample, thread));
    }
}

/// Makes the features of a sample's frames. A recording that has gone since the task read it gives
/// none.
fn features(model: &GestureModel, samples: &Samples, sample: usize) -> SampleFeatures {
    let frames = samples.frames(sample).unwrap_or_default();
    Arc::new(frames.frames.iter().map(|frame| model.head.forward(frame)).collect())
}

impl DramRows for FeatureRows {
    fn name(&self) -> &'static str {
        "features of frames"
    }

    fn rows(&self) -> u64 {
        self.samples.len() as u64 * u64::from(self.samples.frames_each())
    }

    fn width(&self) -> usize {
        self.model.head.features()
    }

    fn read(&self, row: u32, out: &mut [f32]) {
        out.fill(0.0);
        if row == NO_ROW {
            return;
        }
        let frames = self.samples.frames_each().max(1);
        let features = self.of((row / frames) as usize);
        if let Some(features) = features.get((row % frames) as usize) {
            out.iter_mut().zip(features).for_each(|(out, &feature)| *out = feature);
        }
    }
}

/// Frames for a head on the chip, one row a frame, samples one after the other. [`NO_ROW`]
/// reads as zeros.
#[derive(Debug)]
pub(super) struct FrameRows(pub Arc<Samples>);

impl DramRows for FrameRows {
    fn name(&self) -> &'static str {
        "frames"
    }

    fn rows(&self) -> u64 {
        self.0.len() as u64 * u64::from(self.0.frames_each())
    }

    fn width(&self) -> usize {
        FRAME_SIDE * FRAME_SIDE
    }

    fn read(&self, row: u32, out: &mut [f32]) {
        out.fill(0.0);
        if row == NO_ROW {
            return;
        }
        let frames = self.0.frames_each().max(1);
        let Ok(sample) = self.0.frames((row / frames) as usize) else { return };
        if let Some(frame) = sample.frames.get((row % frames) as usize) {
            out.iter_mut().zip(frame).for_each(|(out, &pixel)| *out = pixel);
        }
    }
}
