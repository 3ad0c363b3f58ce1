//! What a task puts into the chip's DRAM and keeps beside the chip: its model, its readout, its samples.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::machine::program::{DramRows, Restart};
use crate::model::{GestureModel, LanguageModel, Model, ModelError, weights_file};
use crate::net::gesture::FRAME_SIDE;
use crate::scene::{LoadedScene, SceneError, Task};
use crate::task::dvs::options::GestureOptions;
use crate::task::dvs::recognise::NO_ROW;
use crate::task::dvs::samples::Samples;
use crate::task::lm::Readout;
use crate::task::tensor::Rows;
use crate::task::tensor::options::TensorOptions;

/// Samples whose features are kept: more than any batch has side by side.
const KEPT: usize = 2 * crate::mapping::build::MAX_BATCH as usize;

/// What a task needs beside the chip.
#[derive(Clone, Debug)]
pub enum Feed {
    /// A language model and its decoder, ready to use.
    Language(Arc<LanguageModel>, Arc<Readout>),
    /// A gesture model and the samples it is to recognise.
    Gestures(Arc<GestureModel>, Arc<Samples>),
    /// Rows for any model.
    Tensor(Arc<Rows>),
}

impl Feed {
    /// The rows of the chip's DRAM.
    pub(super) fn dram(&self) -> Arc<dyn DramRows> {
        match self {
            Self::Language(model, _) => Arc::new(EmbeddingRows(Arc::clone(model))),
            Self::Gestures(model, samples) => Arc::new(FeatureRows {
                model: Arc::clone(model),
                samples: Arc::clone(samples),
                kept: Mutex::default(),
            }),
            Self::Tensor(rows) => Arc::new(ArrayRows(Arc::clone(rows))),
        }
    }
}

/// The embedding table as the chip's DRAM holds it: one row of singles a word.
#[derive(Debug)]
struct EmbeddingRows(Arc<LanguageModel>);

impl DramRows for EmbeddingRows {
    fn width(&self) -> usize {
        self.0.embedding.width()
    }

    fn read(&self, row: u32, out: &mut [f32]) {
        if !self.0.embedding.row(row, out) {
            out.fill(0.0);
        }
    }
}

/// The features of each frame of a sample.
type SampleFeatures = Arc<Vec<Vec<f32>>>;

/// Features of frames, one row a frame, samples one after the other. The host's head makes those of a sample when one
/// of them is read first. [`NO_ROW`] reads as zeros.
#[derive(Debug)]
struct FeatureRows {
    model: Arc<GestureModel>,
    samples: Arc<Samples>,
    kept: Mutex<VecDeque<(usize, SampleFeatures)>>,
}

impl FeatureRows {
    /// The features of a sample's frames. A recording that has gone since the task read it gives none.
    fn of(&self, sample: usize) -> SampleFeatures {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, features)) = kept.iter().find(|(number, _)| *number == sample) {
            return Arc::clone(features);
        }
        let frames = self.samples.frames(sample).unwrap_or_default();
        let features: SampleFeatures =
            Arc::new(frames.frames.iter().map(|frame| self.model.head.forward(frame)).collect());
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((sample, Arc::clone(&features)));
        features
    }
}

impl DramRows for FeatureRows {
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

/// An array's rows.
#[derive(Debug)]
struct ArrayRows(Arc<Rows>);

impl DramRows for ArrayRows {
    fn width(&self) -> usize {
        self.0.width()
    }

    fn read(&self, row: u32, out: &mut [f32]) {
        let values = self.0.row(row).unwrap_or_default();
        out.fill(0.0);
        out.iter_mut().zip(values).for_each(|(out, &value)| *out = value);
    }
}

/// Models with their readouts, and samples, kept over reloads of a scene: the large ones take a moment to read.
#[derive(Clone, Debug, Default)]
pub struct ModelCache {
    model: Option<LoadedModel>,
    samples: Option<(PathBuf, GestureOptions, Arc<Samples>)>,
}

#[derive(Clone, Debug)]
struct LoadedModel {
    path: PathBuf,
    modified: Option<SystemTime>,
    model: Model,
    readout: Option<Arc<Readout>>,
}

impl ModelCache {
    fn model(&mut self, path: &Path) -> Result<LoadedModel, ModelError> {
        let modified = std::fs::metadata(weights_file(path)).and_then(|m| m.modified()).ok();
        if let Some(loaded) = &self.model
            && loaded.path == path
            && loaded.modified == modified
        {
            return Ok(loaded.clone());
        }
        let model = Model::load(path)?;
        let readout = model.language().map(|model| Arc::new(Readout::new(model)));
        let loaded = LoadedModel { path: path.to_owned(), modified, model, readout };
        self.model = Some(loaded.clone());
        Ok(loaded)
    }

    fn samples(
        &mut self,
        loaded: &LoadedScene,
        options: &GestureOptions,
    ) -> Result<Arc<Samples>, SceneError> {
        let path = loaded.resolve(&options.data, "task.data")?;
        if let Some((kept, with, samples)) = &self.samples
            && *kept == path
            && with == options
        {
            return Ok(Arc::clone(samples));
        }
        let samples = Samples::find(&path, &options.frames, options.part.split()).map_err(|error| {
            let help = "`spinntui events PATH` shows what a recording or data set holds; docs/gestures.md says what is read";
            loaded.error_at("task.data", error.to_string(), help)
        })?;
        let samples = Arc::new(samples);
        self.samples = Some((path, options.clone(), Arc::clone(&samples)));
        Ok(samples)
    }
}

/// Loads a scene's model and what its task needs; also says where sequences begin and what begins anew there.
pub(super) fn load(
    loaded: &LoadedScene,
    cache: &mut ModelCache,
) -> Result<(Model, Feed, Option<Restart>), SceneError> {
    let scene = &loaded.scene;
    let path = loaded.resolve(&scene.model, "model")?;
    let LoadedModel { model, readout, .. } = cache.model(&path).map_err(|error| {
        loaded.error_at("model", error.to_string(), "models/README.md says what a model folder holds")
    })?;
    let carry = model.card().carry;
    let other = |needed: &str, task: &str| {
        let message =
            format!("the model `{}` is of another kind: the task {task} needs {needed}", model.card().name);
        loaded.error_at("model", message, "`spinntui inspect MODEL` says what a model is for")
    };
    let (feed, every) = match &scene.task {
        Task::LanguageModel(options) => {
            let language = model.language().zip(readout);
            let (language, readout) = language.ok_or_else(|| other("a language model", "LanguageModel"))?;
            (Feed::Language(Arc::clone(language), readout), options.sequence)
        }
        Task::Gestures(options) => {
            let gestures = model.gestures().ok_or_else(|| other("a gesture model", "Gestures"))?;
            if usize::from(options.frames.size) != FRAME_SIDE {
                let message = format!(
                    "frames of {0} × {0} pixels; the model takes {FRAME_SIDE} × {FRAME_SIDE}",
                    options.frames.size
                );
                return Err(loaded.error_at("task.frames.size", message, "size: 32"));
            }
            let samples = cache.samples(loaded, options)?;
            let frames = samples.frames_each();
            (Feed::Gestures(Arc::clone(gestures), samples), frames)
        }
        Task::Tensor(options) => {
            (Feed::Tensor(rows(loaded, options, model.network().inputs())?), options.sequence)
        }
    };
    let restart = Restart::of(carry, every);
    Ok((model, feed, restart))
}

fn rows(loaded: &LoadedScene, options: &TensorOptions, width: usize) -> Result<Arc<Rows>, SceneError> {
    let path = loaded.resolve(&options.inputs, "task.inputs")?;
    Rows::load(&path, width)
        .map(Arc::new)
        .map_err(|error| loaded.error_at("task.inputs", error.to_string(), error.help()))
}
