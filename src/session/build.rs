//! Builds an experiment, ready to run, from a scene file.

use std::sync::Arc;
use std::thread;

use super::Session;
use super::cache;
pub use super::cache::ModelCache;
use crate::chip::clock;
use crate::kernel::cost::KernelCosts;
use crate::machine::exec::Machine;
use crate::machine::images::{ImageError, Images};
use crate::machine::options::Assume;
use crate::machine::program::{DramRows, Program};
use crate::mapping;
use crate::mapping::check::{self, Level, Lint, Subject, is_misfit};
use crate::mapping::options::{HeadPlace, HeadWeights, Schedule, Taps};
use crate::mapping::spiking::TickLength;
use crate::mapping::{HeadError, HeadRequest, MapError, Placed, Request, map, reprice};
use crate::model::Model;
use crate::scene::{LoadedScene, Scene, SceneError};
use crate::task::spikes::options::Tick;
use crate::task::{Feed, InputNote, SpikingFeed, TaskRun};

/// A scene's network on the chip, before anything runs: what `check` shows.
#[derive(Debug)]
pub struct Plan {
    /// Model that the scene names.
    pub model: Model,
    /// Inputs of the task, and the rest that it needs beside the chip.
    pub feed: Arc<dyn Feed>,
    /// Program that the chip is loaded with.
    pub program: Arc<Program>,
    /// PEs and units of each layer.
    pub placed: Vec<Placed>,
}

impl Plan {
    /// Loads the model and maps it.
    pub fn new(loaded: &LoadedScene, cache: &mut ModelCache) -> Result<Self, SceneError> {
        Self::with_assumptions(loaded, cache, &loaded.scene.assume)
    }

    /// Builds a plan with `assume` in place of the scene's assumptions, for intervals.
    pub fn with_assumptions(
        loaded: &LoadedScene,
        cache: &mut ModelCache,
        assume: &Assume,
    ) -> Result<Self, SceneError> {
        Self::fit(loaded, cache, assume).map_err(|error| error.scene)
    }

    /// Builds a plan with `assume`; the error tells an invalid scene from one that does not fit
    /// on the chip.
    pub fn fit(loaded: &LoadedScene, cache: &mut ModelCache, assume: &Assume) -> Result<Self, PlanError> {
        let scene = &loaded.scene;
        let cache::Loaded { model, feed, restart } = thread::scope(|scope| {
            // Measured once per process, which takes about half as long as loading a large model.
            scope.spawn(|| drop(KernelCosts::committed()));
            cache::load(loaded, cache)
        })?;
        if let Some(spikes) = feed.spikes() {
            head(loaded, &*feed)?;
            let (mut program, placed) = spiking(loaded, spikes, feed.dram(), assume)?;
            super::code::load_built_in(loaded, &mut program)?;
            super::code::apply(loaded, &mut program, &placed)?;
            faults(loaded, &program)?;
            return Ok(Self { model, feed: Arc::clone(&feed), program: Arc::new(program), placed });
        }
        let peaks = cache.peaks(loaded, &model, &*feed);
        if let Some(network) = model.transformer() {
            let beyond = feed.sequence() as usize > network.context;
            let longer = beyond.then(|| Arc::new(network.with_context(feed.sequence() as usize)));
            let request = mapping::attention::Request {
                network: longer.as_ref().unwrap_or(network),
                dram: feed.dram(),
                sequence: feed.sequence(),
                chip: &scene.chip,
                mapping: &scene.mapping,
                assume,
            };
            let (mut program, placed) = mapping::attention::map(&request).map_err(|error| PlanError {
                scene: loaded.error_at(&error.field(), error.to_string(), error.help()),
                misfit: error.is_misfit(),
                needed: error.needed(),
            })?;
            super::code::load_built_in(loaded, &mut program)?;
            super::code::apply(loaded, &mut program, &placed)?;
            faults(loaded, &program)?;
            return Ok(Self { model, feed, program: Arc::new(program), placed });
        }
        let head = head(loaded, &*feed)?;
        let request = Request {
            network: model.network(),
            dram: feed.dram(),
            restart,
            chip: &scene.chip,
            mapping: &scene.mapping,
            assume,
            peaks: peaks.as_deref(),
            head: head.as_ref(),
        };
        let (mut program, placed) = map(&request).map_err(|error| PlanError::new(loaded, &error))?;
        super::code::load_built_in(loaded, &mut program)?;
        super::code::apply(loaded, &mut program, &placed)?;
        faults(loaded, &program)?;
        Ok(Self { model, feed, program: Arc::new(program), placed })
    }

    /// Replaces the bytes in the PEs' memories by those of `images`, which must have
    /// the same shape.
    pub fn with_images(mut self, images: &Images) -> Result<Self, ImageError> {
        Arc::make_mut(&mut self.program).load_images(images)?;
        Ok(self)
    }

    /// Creates the session, ready to run; `loaded` is the scene from which the plan was built.
    pub fn start(self, loaded: LoadedScene) -> Result<Session, SceneError> {
        let work = self.work(&loaded)?;
        let machine = Machine::new(Arc::clone(&self.program));
        Ok(Session::new(loaded, (self.model, self.placed), machine, work))
    }

    /// Creates the task, with what it needs beside the model: its text, its prompt, its samples.
    pub fn work(&self, loaded: &LoadedScene) -> Result<Box<dyn TaskRun>, SceneError> {
        self.feed.start(loaded, self.program.batch).map_err(|problem| loaded.error_of(problem))
    }
}

impl Session {
    /// Returns the program at other assumptions if they change times only; `None` if the scene has
    /// to be mapped again.
    pub(super) fn repriced(&self, assume: &Assume) -> Option<Program> {
        let program = self.program();
        let restart = mapping::restart_of(program)?;
        let Scene { chip, mapping, .. } = &self.loaded.scene;
        let (network, dram) = (self.model.network(), Arc::clone(&program.dram));
        // Prices do not depend on scales.
        let request = Request { network, dram, restart, chip, mapping, assume, peaks: None, head: None };
        reprice(&request, program, &self.placed).ok()?
    }
}

/// Returns the head that the scene puts on the chip, if it does.
fn head(loaded: &LoadedScene, feed: &dyn Feed) -> Result<Option<HeadRequest>, SceneError> {
    let HeadPlace::Chip { pes, weights, taps } = loaded.scene.mapping.head else { return Ok(None) };
    let Some(head) = feed.head() else {
        let what = "the model has no convolutional head that could run on the chip";
        return Err(loaded.error_at(
            "mapping.head",
            what.to_owned(),
            "leave the field out: it is for gesture models",
        ));
    };
    let (streamed, used_taps) = (weights == HeadWeights::Streamed, taps == Taps::Used);
    Ok(Some(HeadRequest { head, pes, streamed, used_taps }))
}

/// Puts the spiking network of a task on the chip.
fn spiking(
    loaded: &LoadedScene,
    spikes: SpikingFeed<'_>,
    inputs: Arc<dyn DramRows>,
    assume: &Assume,
) -> Result<(Program, Vec<Placed>), PlanError> {
    let scene = &loaded.scene;
    let SpikingFeed { network, random, counts, restart, tick } = spikes;
    let tick = match tick {
        Tick::Auto => TickLength::Auto,
        // Timers count whole µs.
        Tick::Us(us) => TickLength::Fixed(clock::from_us(us.round().max(1.0))),
    };
    let request = mapping::spiking::Request {
        network,
        inputs,
        poisson: random,
        counts,
        restart,
        chip: &scene.chip,
        mapping: &scene.mapping,
        tick,
        assume,
    };
    mapping::spiking::map(&request).map_err(|error| PlanError {
        scene: loaded.error_at(&error.field(), error.to_string(), error.help()),
        misfit: error.is_misfit(),
        needed: error.needed(),
    })
}

/// Error that stops a plan from being built.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{scene}")]
pub struct PlanError {
    /// The complete diagnostic.
    pub scene: SceneError,
    /// Scene and model are sound, but ask for more than the chip has.
    pub misfit: bool,
    /// Bytes that the fullest PE would need, if that is the reason.
    pub needed: Option<u64>,
}

impl PlanError {
    fn new(loaded: &LoadedScene, error: &MapError) -> Self {
        let scene = loaded.error_at(&error.field(), error.to_string(), error.help());
        let needed = match error {
            MapError::DoesNotFit { full, .. } | MapError::Head(HeadError::DoesNotFit { full, .. }) => {
                Some(full.needed)
            }
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

/// Checks that every planned fault can have an effect.
fn faults(loaded: &LoadedScene, program: &Program) -> Result<(), SceneError> {
    for (number, planned) in loaded.scene.faults.iter().enumerate() {
        if let Err(error) = planned.check(program) {
            let help = "docs/debugging.md lists the faults, `spinntui check` the PEs in use";
            return Err(loaded.error_at(&format!("faults.{number}"), error.to_string(), help));
        }
    }
    Ok(())
}

/// Returns a lint if a pipeline cannot be filled: the text is being written, or there is
/// a single layer.
pub fn pipeline_idle(scene: &Scene) -> Option<Lint> {
    if scene.mapping.schedule != Schedule::Pipelined {
        return None;
    }
    let (message, help) = match scene.task.options().feeds_back() {
        true => (
            "each word waits for the one before it, so after the prompt one time step is in flight at a time and layers \
             wait for each other as with LayerSequential",
            "read a text (`mode: Score`) to see the pipeline at work, or take `schedule: LayerSequential`, which needs two \
             buffers instead of three",
        ),
        false if scene.mapping.layers.len() < 2 => (
            "the network has one layer: there is no other that could work at the same time",
            "take `schedule: LayerSequential`, which needs two buffers instead of three",
        ),
        false => return None,
    };
    Some(Lint {
        level: Level::Warning,
        rule: "pipeline-idle",
        place: "mapping.schedule".to_owned(),
        message: message.to_owned(),
        help: help.to_owned(),
    })
}

/// Returns everything to point out about a plan, its inputs and its model, the most severe first.
pub fn lints(scene: &Scene, subject: &Subject<'_>, inputs: Vec<InputNote>, model: &Model) -> Vec<Lint> {
    let mut lints: Vec<Lint> = input_lints(inputs).collect();
    lints.extend(check::lints(subject));
    if !check::by_slots(subject.program) {
        lints.extend(pipeline_idle(scene));
    }
    lints.extend(model_notes(model));
    lints.sort_by_key(|lint| std::cmp::Reverse(lint.level));
    lints
}

/// Returns a note for each part of the model's files that was interpreted or left out.
pub fn model_notes(model: &Model) -> impl Iterator<Item = Lint> + '_ {
    model.notes().iter().map(|note| Lint {
        level: Level::Note,
        rule: "model-names",
        place: "model".to_owned(),
        message: note.clone(),
        help: "export the tensors by the names in models/README.md, if this is not what was meant".to_owned(),
    })
}

/// Returns findings about the inputs of a task: guesses and missing inputs are warnings.
pub fn input_lints(notes: Vec<InputNote>) -> impl Iterator<Item = Lint> {
    notes.into_iter().map(|note| Lint {
        level: if note.doubtful { Level::Warning } else { Level::Note },
        rule: note.rule,
        place: note.field.to_owned(),
        message: note.message,
        help: note.help.to_owned(),
    })
}

/// Builds the whole experiment.
pub fn build(loaded: LoadedScene, cache: &mut ModelCache) -> Result<Session, SceneError> {
    Plan::new(&loaded, cache)?.start(loaded)
}
