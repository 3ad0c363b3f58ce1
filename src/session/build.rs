//! From a scene file to an experiment that is ready to run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Session;
use crate::machine::exec::Machine;
use crate::machine::images::{ImageError, Images};
use crate::machine::options::Assume;
use crate::machine::program::{DramRows, Program, Restart};
use crate::mapping::check::{self, Level, Lint, Subject, is_misfit};
use crate::mapping::options::Schedule;
use crate::mapping::{MapError, Placed, Request, map};
use crate::model::LanguageModel;
use crate::scene::{LoadedScene, Scene, SceneError, Task};
use crate::task::lm::options::{LanguageModelOptions, Mode};
use crate::task::lm::{Corpus, CorpusError, LanguageTask, Readout, Sampling};

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

/// A model with its decoder, kept over reloads of a scene: the large one takes a moment to read.
#[derive(Clone, Debug, Default)]
pub struct ModelCache(Option<Loaded>);

#[derive(Clone, Debug)]
struct Loaded {
    path: PathBuf,
    modified: Option<std::time::SystemTime>,
    model: Arc<LanguageModel>,
    readout: Arc<Readout>,
}

impl ModelCache {
    fn get(&mut self, path: &Path) -> Result<Loaded, crate::model::ModelError> {
        let file = if path.is_dir() { path.join(crate::model::WEIGHTS_FILE) } else { path.to_owned() };
        let modified = std::fs::metadata(&file).and_then(|m| m.modified()).ok();
        if let Some(loaded) = &self.0
            && loaded.path == path
            && loaded.modified == modified
        {
            return Ok(loaded.clone());
        }
        let model = Arc::new(LanguageModel::load(path)?);
        let readout = Arc::new(Readout::new(&model));
        let loaded = Loaded { path: path.to_owned(), modified, model, readout };
        self.0 = Some(loaded.clone());
        Ok(loaded)
    }
}

/// A scene's network on the chip, before anything runs: what `check` shows.
#[derive(Debug)]
pub struct Plan {
    /// The model.
    pub model: Arc<LanguageModel>,
    /// Its decoder, ready to use.
    pub readout: Arc<Readout>,
    /// What the chip is loaded with.
    pub program: Arc<Program>,
    /// PEs and units of each layer.
    pub placed: Vec<Placed>,
}

impl Plan {
    /// Loads the model and maps it.
    pub fn new(loaded: &LoadedScene, cache: &mut ModelCache) -> Result<Self, SceneError> {
        Self::with_assumptions(loaded, cache, &loaded.scene.assume)
    }

    /// The same with other assumptions: for intervals.
    pub fn with_assumptions(
        loaded: &LoadedScene,
        cache: &mut ModelCache,
        assume: &Assume,
    ) -> Result<Self, SceneError> {
        Self::fit(loaded, cache, assume).map_err(|error| error.scene)
    }

    /// The same, for who needs to know whether the scene is at fault or the chip too small for it.
    pub fn fit(loaded: &LoadedScene, cache: &mut ModelCache, assume: &Assume) -> Result<Self, PlanError> {
        let scene = &loaded.scene;
        let path = loaded.resolve(&scene.model, "model")?;
        let Loaded { model, readout, .. } = cache.get(&path).map_err(|error| {
            loaded.error_at("model", error.to_string(), "models/README.md says what a model folder holds")
        })?;
        let Task::LanguageModel(options) = &scene.task;
        let request = Request {
            network: &model.network,
            dram: Arc::new(EmbeddingRows(Arc::clone(&model))),
            restart: Restart::of(model.card.carry, options.sequence),
            chip: &scene.chip,
            mapping: &scene.mapping,
            assume,
        };
        let (program, placed) = map(&request).map_err(|error| PlanError::new(loaded, &error))?;
        Ok(Self { model, readout, program: Arc::new(program), placed })
    }

    /// The same with other bytes in the PEs' memories, for `Images` of the same shape.
    pub fn with_images(mut self, images: &Images) -> Result<Self, ImageError> {
        Arc::make_mut(&mut self.program).load_images(images)?;
        Ok(self)
    }

    /// The experiment, ready to run; `loaded` is the scene that this is the plan of.
    pub fn start(self, loaded: LoadedScene) -> Result<Session, SceneError> {
        let Task::LanguageModel(options) = &loaded.scene.task;
        let task = language_task(&loaded, &self, options)?;
        let machine = Machine::new(Arc::clone(&self.program));
        Ok(Session::new(loaded, self, machine, task))
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{scene}")]
pub struct PlanError {
    /// The complete diagnostic.
    pub scene: SceneError,
    /// Scene and model are sound, but ask for more than the chip has.
    pub misfit: bool,
    /// Bytes that the fullest PE would need, where that is what is too much.
    pub needed: Option<u64>,
}

impl PlanError {
    fn new(loaded: &LoadedScene, error: &MapError) -> Self {
        let scene = loaded.error_at(&error.field(), error.to_string(), error.help());
        let needed = match error {
            MapError::DoesNotFit { full, .. } => Some(full.needed),
            _ => None,
        };
        Self { scene, misfit: is_misfit(error), needed }
    }
}

impl From<SceneError> for PlanError {
    fn from(scene: SceneError) -> Self {
        Self { scene, misfit: false, needed: None }
    }
}

/// What keeps a pipeline from being filled, if anything does: a text that is being written, or a single layer.
pub fn pipeline_idle(scene: &Scene) -> Option<Lint> {
    if scene.mapping.schedule != Schedule::Pipelined {
        return None;
    }
    let Task::LanguageModel(options) = &scene.task;
    let (message, help) = match &options.mode {
        Mode::Generate(_) => (
            "each word waits for the one before it, so after the prompt one time step is in flight at a time and layers \
             wait for each other as with LayerSequential",
            "read a text (`mode: Score`) to see the pipeline at work, or take `schedule: LayerSequential`, which needs two \
             buffers instead of three",
        ),
        Mode::Score if scene.mapping.layers.len() < 2 => (
            "the network has one layer: there is no other that could work at the same time",
            "take `schedule: LayerSequential`, which needs two buffers instead of three",
        ),
        Mode::Score => return None,
    };
    Some(Lint {
        level: Level::Warning,
        rule: "pipeline-idle",
        place: "mapping.schedule".to_owned(),
        message: message.to_owned(),
        help: help.to_owned(),
    })
}

/// Everything to point out about a plan, the gravest first.
pub fn lints(scene: &Scene, subject: &Subject<'_>) -> Vec<Lint> {
    let mut lints = check::lints(subject);
    lints.extend(pipeline_idle(scene));
    lints.sort_by_key(|lint| std::cmp::Reverse(lint.level));
    lints
}

/// Builds the whole experiment.
pub fn build(loaded: LoadedScene, cache: &mut ModelCache) -> Result<Session, SceneError> {
    Plan::new(&loaded, cache)?.start(loaded)
}

/// Reads what the task needs beside the model: its text, or its prompt.
pub fn language_task(
    loaded: &LoadedScene,
    plan: &Plan,
    options: &LanguageModelOptions,
) -> Result<LanguageTask, SceneError> {
    let (model, readout) = (Arc::clone(&plan.model), Arc::clone(&plan.readout));
    match &options.mode {
        Mode::Score => {
            let name = options.text.as_deref().unwrap_or_default();
            let path = loaded.resolve(name, "task.text")?;
            let at = |what: String| {
                let help =
                    "any UTF-8 text will do, best one whose words the model knows: `--set task.text=PATH`";
                loaded.error_at("task.text", format!("{}: {what}", path.display()), help)
            };
            let bytes = std::fs::read(&path).map_err(|error| at(format!("cannot be read: {error}")))?;
            let corpus = Corpus::new(bytes, &model.vocabulary).map_err(|error| at(error.to_string()))?;
            let (tokens, streams) = (corpus.tokens().len(), loaded.scene.mapping.batch);
            if streams > 1 && tokens < 2 * streams as usize {
                let what =
                    format!("a text of {tokens} tokens cannot be cut into {streams} streams of two or more");
                let help = format!("set `batch: {}` or less, or take a longer text", (tokens / 2).max(1));
                return Err(loaded.error_at("mapping.batch", what, help));
            }
            let task = LanguageTask::score_text(model, readout, Arc::new(corpus), options.sequence);
            Ok(task.in_streams(streams))
        }
        Mode::Generate(generate) => {
            let sampling =
                Sampling { temperature: generate.temperature, top_k: generate.top_k, seed: generate.seed };
            LanguageTask::write_text(
                model,
                readout,
                &generate.prompt,
                generate.words,
                sampling,
                options.sequence,
            )
            .map_err(|error: CorpusError| {
                loaded.error_at("task.mode.prompt", error.to_string(), "use words of the model's vocabulary")
            })
        }
    }
}
