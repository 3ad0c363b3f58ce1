//! Models, and parts of tasks, kept over reloads of a scene: the large ones take a moment to read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::kernel::options::KernelKind;
use crate::mapping::egru::Restart;
use crate::model::{Model, ModelError, weights_file};
use crate::net::int8::Peaks;
use crate::scene::{LoadedScene, SceneError};
use crate::task::{Feed, Kept, Loading, Task};

/// The model loaded last, and parts of tasks.
#[derive(Clone, Debug, Default)]
pub struct ModelCache {
    model: Option<LoadedModel>,
    kept: Kept,
    /// Largest inputs of a model's layers, with their key: model, time of its file, task.
    peaks: Option<Box<(PeaksOf, Arc<Peaks>)>>,
}

/// Key of the largest inputs: the model, the time when its file was written, and the task.
type PeaksOf = (PathBuf, Option<SystemTime>, Task);

#[derive(Clone, Debug)]
struct LoadedModel {
    path: PathBuf,
    modified: Option<SystemTime>,
    model: Model,
}

impl ModelCache {
    fn model(&mut self, path: &Path) -> Result<Model, ModelError> {
        let modified = std::fs::metadata(weights_file(path)).and_then(|m| m.modified()).ok();
        if let Some(loaded) = &self.model
            && loaded.path == path
            && loaded.modified == modified
        {
            return Ok(loaded.model.clone());
        }
        let model = Model::load(path)?;
        self.model = Some(LoadedModel { path: path.to_owned(), modified, model: model.clone() });
        Ok(model)
    }
}

impl ModelCache {
    /// Returns the largest inputs of a model's layers on the task's samples; `None` where no kernel
    /// of the scene has 8-bit inputs.
    pub(super) fn peaks(
        &mut self,
        loaded: &LoadedScene,
        model: &Model,
        feed: &dyn Feed,
    ) -> Option<Arc<Peaks>> {
        let mapping = &loaded.scene.mapping;
        let kinds = mapping.layers.iter().flat_map(|layer| [layer.input.kind(), layer.recurrent.kind()]);
        if !kinds.into_iter().any(KernelKind::rounds_inputs) {
            return None;
        }
        let (path, modified) = self.model.as_ref().map(|model| (model.path.clone(), model.modified))?;
        let of = (path, modified, loaded.scene.task.clone());
        if let Some(seen) = self.peaks.as_deref().filter(|(known, _)| *known == of) {
            return Some(Arc::clone(&seen.1));
        }
        let samples = feed.samples();
        let sequences = samples.iter().map(|sequence| sequence.iter().map(Vec::as_slice));
        let peaks = Arc::new(Peaks::seen(model.network(), sequences));
        self.peaks = Some(Box::new((of, Arc::clone(&peaks))));
        Some(peaks)
    }
}

/// Scene's model, and what its task needs beside the chip.
pub(super) struct Loaded {
    pub model: Model,
    pub feed: Arc<dyn Feed>,
    /// Start of each sequence and the state that restarts at 0 there; `None` to carry all state on.
    pub restart: Option<Restart>,
}

/// Loads a scene's model and the needs of its task.
///
/// # Errors
///
/// Fails if a file cannot be read, or if the model is not of the kind that the task needs.
pub(super) fn load(loaded: &LoadedScene, cache: &mut ModelCache) -> Result<Loaded, SceneError> {
    let scene = &loaded.scene;
    let path = loaded.resolve(&scene.model, "model")?;
    let model = cache.model(&path).map_err(|error| {
        loaded.error_at("model", error.to_string(), "models/README.md says what a model folder holds")
    })?;
    let model = if scene.assume.tanh.is_libm() { model } else { model.with_tanh(scene.assume.tanh) };
    let feed = scene.task.options().load(
        &Loading {
            model: &model,
            schedule: scene.mapping.spike_schedule(),
            weights: scene.mapping.weights,
            weight_scale: scene.mapping.weight_scale,
            head_on_chip: !scene.mapping.head.is_host(),
        },
        loaded,
        &mut cache.kept,
    );
    let feed = feed.map_err(|problem| loaded.error_of(problem))?;
    let restart = Restart::of(model.card().carry, feed.sequence());
    Ok(Loaded { model, feed, restart })
}
