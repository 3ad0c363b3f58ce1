//! Models, and parts of tasks, kept over reloads of a scene: the large ones take a moment to read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::mapping::egru::Restart;
use crate::model::{Model, ModelError, weights_file};
use crate::scene::{LoadedScene, SceneError};
use crate::task::{Feed, Kept, Loading};

/// The model loaded last, and parts of tasks.
#[derive(Clone, Debug, Default)]
pub struct ModelCache {
    model: Option<LoadedModel>,
    kept: Kept,
}

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

/// A scene's model, and what its task needs beside the chip.
pub(super) struct Loaded {
    pub model: Model,
    pub feed: Arc<dyn Feed>,
    /// Where sequences begin, and what restarts at 0 there; `None` to carry all state on.
    pub restart: Option<Restart>,
}

/// Loads a scene's model and what its task needs.
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
    let feed = scene.task.options().load(
        &Loading {
            model: &model,
            schedule: scene.mapping.spike_schedule(),
            weights: scene.mapping.weights,
            weight_scale: scene.mapping.weight_scale,
        },
        loaded,
        &mut cache.kept,
    );
    let feed = feed.map_err(|problem| loaded.error_of(problem))?;
    let restart = Restart::of(model.card().carry, feed.sequence());
    Ok(Loaded { model, feed, restart })
}
