//! Loading of gesture recognition: from its options to samples and their features in
//! the chip's DRAM.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::dataset::{Split, labels_path};
use super::features::{FeatureRows, FrameRows};
use super::options::GestureOptions;
use super::recognising::Recognising;
use super::samples::{RecordingWarning, Samples};
use crate::machine::program::DramRows;
use crate::model::GestureModel;
use crate::net::gesture::FRAME_SIDE;
use crate::net::int8_head::{HeadPeaks, Int8Head};
use crate::task::options::{InputFile, Loading, wrong_kind};
use crate::task::{Feed, Files, InputNote, Kept, Problem, TaskOptions, TaskRun};

/// Field of the recordings.
const DATA: &str = "task.data";

impl TaskOptions for GestureOptions {
    fn check(&self) -> Option<Problem> {
        if self.data.trim().is_empty() {
            let help = "data: \"assets/gestures\", or a recording, or the folder of a data set";
            return Some(Problem::new(DATA, "there is nothing to recognise", help));
        }
        let error = self.frames.check().err()?;
        let field = format!("task.frames.{}", error.field());
        Some(Problem::new(field, error.to_string(), "the defaults are the paper's: leave the field out"))
    }

    fn files(&self) -> Vec<InputFile<'_>> {
        let what = "the recordings that are read";
        vec![InputFile { what, name: &self.data, field: DATA, numbered: true }]
    }

    fn read_beside(&self, found: &Path) -> Option<(&'static str, PathBuf)> {
        (!found.is_dir()).then(|| ("the labels that are read", labels_path(found)))
    }

    fn load(
        &self,
        loading: &Loading<'_>,
        files: &dyn Files,
        kept: &mut Kept,
    ) -> Result<Arc<dyn Feed>, Problem> {
        let model = loading.model;
        let gestures = model.gestures().ok_or_else(|| wrong_kind(model, "a gesture model", "Gestures"))?;
        if usize::from(self.frames.size) != FRAME_SIDE {
            let message = format!(
                "frames of {0} × {0} pixels; the model takes {FRAME_SIDE} × {FRAME_SIDE}",
                self.frames.size
            );
            return Err(Problem::new("task.frames.size", message, "size: 32"));
        }
        let samples = self.samples(files, kept)?;
        let path = files.find(&self.data, DATA)?;
        Ok(Arc::new(GestureFeed {
            model: Arc::clone(gestures),
            samples,
            path,
            options: self.clone(),
            head_on_chip: loading.head_on_chip,
            seen: OnceLock::new(),
        }))
    }

    fn difference(&self, other: &dyn TaskOptions) -> (&'static str, &'static str) {
        let other: &dyn std::any::Any = other;
        if other.is::<Self>() { ("the frames differ", "frame") } else { ("the inputs differ", "row") }
    }
}

/// Returns notes on oddities of recordings: guesses and missing events are doubtful.
pub(super) fn notes(warnings: &[RecordingWarning]) -> Vec<InputNote> {
    let note = |found: &RecordingWarning| InputNote {
        doubtful: found.tally.warning.is_doubtful(),
        rule: "recording",
        field: DATA,
        message: found.to_string(),
        help: "`spinntui events FILE` shows what was read; docs/events.md says how files are read",
    };
    warnings.iter().map(note).collect()
}

/// Samples, with the options by which they were found.
#[derive(Clone, Debug)]
struct Found {
    path: PathBuf,
    options: GestureOptions,
    samples: Arc<Samples>,
}

impl GestureOptions {
    fn samples(&self, files: &dyn Files, kept: &mut Kept) -> Result<Arc<Samples>, Problem> {
        let path = files.find(&self.data, DATA)?;
        if let Some(found) = kept.get(|found: &Found| found.path == path && found.options == *self) {
            return Ok(found.samples);
        }
        let samples = Samples::find(&path, &self.frames, self.part.split()).map_err(|error| {
            let help = "`spinntui events PATH` shows what a recording or data set holds; docs/gestures.md says what is read";
            Problem::new(DATA, error.to_string(), help)
        })?;
        let samples = Arc::new(samples);
        kept.keep(Found { path, options: self.clone(), samples: Arc::clone(&samples) });
        Ok(samples)
    }
}

/// Gesture model with the samples to recognise.
#[derive(Debug)]
struct GestureFeed {
    model: Arc<GestureModel>,
    samples: Arc<Samples>,
    /// Recording, or folder of a data set.
    path: PathBuf,
    options: GestureOptions,
    /// Whether the chip takes frames instead of features.
    head_on_chip: bool,
    /// Findings on the samples examined, each once.
    seen: OnceLock<Seen>,
}

/// Largest values of the head's layers on some samples, and the features of their frames.
#[derive(Debug, Default)]
struct Seen {
    peaks: HeadPeaks,
    features: Vec<Vec<Vec<f32>>>,
}

/// Gestures on which largest inputs are looked for.
const LOOKED_AT: usize = 12;

impl GestureFeed {
    /// Reads the frames of twelve samples, evenly spaced among those for training.
    fn seen(&self) -> &Seen {
        self.seen.get_or_init(|| {
            let samples = self.looked_at();
            let each = samples.len().div_ceil(LOOKED_AT).max(1);
            let mut seen = Seen::default();
            for sample in (0..samples.len()).step_by(each) {
                let Ok(frames) = samples.frames(sample) else { continue };
                let features = frames.frames.iter().map(|frame| seen.peaks.look(&self.model.head, frame));
                let features = features.collect();
                seen.features.push(features);
            }
            seen
        })
    }

    /// Returns the samples on which largest inputs are looked for: those for training, where the
    /// data set has such a part.
    fn looked_at(&self) -> Arc<Samples> {
        let train = Some(Split::Train);
        if self.options.part.split() != train && self.path.is_dir() {
            let found = Samples::find(&self.path, &self.options.frames, train);
            return found.map_or_else(|_| Arc::clone(&self.samples), Arc::new);
        }
        Arc::clone(&self.samples)
    }
}

impl Feed for GestureFeed {
    fn samples(&self) -> Vec<Vec<Vec<f32>>> {
        self.seen().features.clone()
    }

    fn head(&self) -> Option<Arc<Int8Head>> {
        self.head_on_chip.then(|| Arc::new(Int8Head::new(&self.model.head, &self.seen().peaks)))
    }

    fn dram(&self) -> Arc<dyn DramRows> {
        if self.head_on_chip {
            return Arc::new(FrameRows(Arc::clone(&self.samples)));
        }
        Arc::new(FeatureRows::new(Arc::clone(&self.model), Arc::clone(&self.samples)))
    }

    fn sequence(&self) -> u32 {
        self.samples.frames_each()
    }

    fn notes(&self) -> Vec<InputNote> {
        notes(self.samples.warnings())
    }

    fn start(&self, _files: &dyn Files, batch: u32) -> Result<Box<dyn TaskRun>, Problem> {
        Ok(Box::new(Recognising::new(Arc::clone(&self.model), Arc::clone(&self.samples), batch)))
    }
}
