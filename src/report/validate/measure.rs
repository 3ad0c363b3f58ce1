//! The emulator's side: the paper's two experiments, run at every branch refill that ARM's documents allow.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use super::ValidateError;
use super::dvs::{self, Gestures};
use crate::chip::clock::us;
use crate::machine::exec::Machine;
use crate::machine::options::Assume;
use crate::machine::program::{PeProgram, Phase, Program, RegionKind};
use crate::mapping::options::Schedule;
use crate::report::gather::weights_bytes;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};
use crate::session::stats;
use crate::task::lm::Corpus;

/// The paper's language model as the repository ships it: built in, so that an edited file does not change the answer.
const SCENE: &str = include_str!("../../../scenes/lm.ron");
/// What messages call it.
const SCENE_NAME: &str = "scenes/lm.ron";
/// The words it reads. Chip time does not depend on which: `CsrRow` visits every non-zero.
const TEXT: &str = include_str!("../../../assets/text/spinnaker2.txt");
/// Tokens of the paper's sequence.
pub const TOKENS: usize = 70;
/// What messages call the gesture network.
const GESTURES: &str = "the gesture network";
/// Samples of the paper's batch.
pub const GESTURE_BATCH: u32 = 6;
/// Branch refills that ARM gives for the Cortex-M4, cycles; the middle one is the emulator's default.
const REFILLS: [u8; 3] = [1, 2, 3];

/// The same at a branch refill of 1, 2 and 3 cycles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread<T>(pub [T; 3]);

impl<T: Copy> Spread<T> {
    /// At the default, 2.
    pub fn value(&self) -> T {
        self.0[1]
    }

    /// One number of each.
    pub fn map(&self, of: impl Fn(&T) -> f64) -> Spread<f64> {
        Spread([of(&self.0[0]), of(&self.0[1]), of(&self.0[2])])
    }
}

impl Spread<f64> {
    /// The least and the greatest.
    pub fn interval(&self) -> [f64; 2] {
        [self.0.iter().copied().fold(f64::INFINITY, f64::min), self.0.iter().copied().fold(0.0, f64::max)]
    }
}

/// One run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Run {
    /// Chip time, ms.
    pub time_ms: f64,
    /// Energy of the chip, J.
    pub energy_j: f64,
    /// Mean power of the chip, W.
    pub power_w: f64,
    /// Time along the path of each phase, summed over layers, ms.
    pub phases_ms: [f64; Phase::ALL.len()],
}

/// The emulator's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Model of the language experiment.
    pub model: String,
    /// Bytes of weights (values, columns, row pointers), fullest PE of `rnns.1`.
    pub weights: u32,
    /// One sequence with polling PEs.
    pub polling: Spread<Run>,
    /// One sequence with sleeping PEs.
    pub sleeping: Spread<Run>,
    /// Bytes that a batch of two of the language model needs on the fullest PE.
    pub language_batch: u64,
    /// Bytes of weight values of the gesture network, fullest PE of each layer.
    pub gesture_weights: [u32; 2],
    /// One sample of the gesture network with polling PEs.
    pub gestures: Spread<Run>,
    /// The same, its two layers working on successive frames.
    pub gestures_pipelined: Spread<Run>,
    /// [`GESTURE_BATCH`] samples of the gesture network side by side, layers one after the other in each.
    pub gestures_batch: Spread<Run>,
    /// Bytes of such a batch on the fullest PE.
    pub gesture_batch: u32,
}

impl Measured {
    /// Runs everything.
    pub fn new() -> Result<Self, ValidateError> {
        let mut cache = ModelCache::default();
        let (polling, program, model) = language(&mut cache, "Poll")?;
        let (sleeping, ..) = language(&mut cache, "Sleep")?;
        let weights = fullest(&program, "rnns.1", weights_bytes)
            .ok_or_else(|| ValidateError::NoLayer { model: model.clone(), layer: "rnns.1" })?;
        let network = Gestures::new()?;
        let gestures =
            |schedule, batch| each_refill(|assume| network.map(assume, schedule, batch).map(Arc::new));
        let programs = gestures(Schedule::LayerSequential, 1)?;
        let pipelined = gestures(Schedule::Pipelined, 1)?;
        let batched = gestures(Schedule::LayerSequential, GESTURE_BATCH)?;
        let frames = |batch: u32| -> Vec<Vec<u32>> {
            (0..dvs::FRAMES).map(|frame| vec![frame; batch as usize]).collect()
        };
        let values = |layer| fullest(&programs[1], layer, value_bytes).unwrap_or(0);
        Ok(Self {
            model,
            weights,
            polling,
            sleeping,
            language_batch: language_batch(&mut cache)?,
            gesture_weights: [values("rnns.0"), values("rnns.1")],
            gestures: run_all(GESTURES, &programs, &frames(1))?,
            gestures_pipelined: run_all(GESTURES, &pipelined, &frames(1))?,
            gestures_batch: run_all(GESTURES, &batched, &frames(GESTURE_BATCH))?,
            gesture_batch: fullest_pe(&batched[1]),
        })
    }
}

/// One sequence of the language model, its waiting PEs doing as told; its program at the default refill, and its model.
fn language(
    cache: &mut ModelCache,
    waiting: &str,
) -> Result<(Spread<Run>, Arc<Program>, String), ValidateError> {
    let edits = [("chip.waiting".to_owned(), waiting.to_owned())];
    let loaded = LoadedScene::from_text(SCENE, Path::new(SCENE_NAME), &edits)?;
    let plans = each_refill(|assume| Ok(Plan::with_assumptions(&loaded, cache, assume)?))?;
    let other = || ValidateError::NotLanguage { model: loaded.scene.model.clone() };
    let language = plans[1].model.language().ok_or_else(other)?;
    let corpus = Corpus::new(TEXT.as_bytes().to_vec(), &language.vocabulary)?;
    let tokens: Vec<Vec<u32>> =
        corpus.tokens().iter().cycle().take(TOKENS).map(|&token| vec![token]).collect();
    let programs = plans.map(|plan| plan.program);
    let runs = run_all("the language model", &programs, &tokens)?;
    let [_, program, _] = programs;
    Ok((runs, program, loaded.scene.model))
}

/// Bytes that the mapper finds a batch of two to need on the language model's fullest PE; it refuses them, or has room.
fn language_batch(cache: &mut ModelCache) -> Result<u64, ValidateError> {
    let edits = [("mapping.batch".to_owned(), "2".to_owned())];
    let loaded = LoadedScene::from_text(SCENE, Path::new(SCENE_NAME), &edits)?;
    match Plan::fit(&loaded, cache, &loaded.scene.assume) {
        Ok(plan) => Ok(u64::from(fullest_pe(&plan.program))),
        Err(refused) => refused.needed.ok_or(ValidateError::Scene(refused.scene)),
    }
}

/// Bytes in use on the PE that has most.
fn fullest_pe(program: &Program) -> u32 {
    program.pes.iter().flatten().map(|loaded| loaded.bank_bytes().iter().sum()).max().unwrap_or(0)
}

/// The same at every refill, all other assumptions at their defaults.
fn each_refill<T>(
    mut make: impl FnMut(&Assume) -> Result<T, ValidateError>,
) -> Result<[T; 3], ValidateError> {
    let mut at = |refill| make(&Assume { branch_refill: refill, ..Assume::default() });
    let [first, second, third] = REFILLS;
    Ok([at(first)?, at(second)?, at(third)?])
}

/// Runs each program on the same rows, side by side.
fn run_all(
    what: &'static str,
    programs: &[Arc<Program>; 3],
    steps: &[Vec<u32>],
) -> Result<Spread<Run>, ValidateError> {
    thread::scope(|scope| {
        let start = |program: &Arc<Program>| {
            let program = Arc::clone(program);
            scope.spawn(move || run(what, program, steps))
        };
        let [first, second, third] = programs.each_ref().map(start);
        let end = |run: thread::ScopedJoinHandle<'_, Result<Run, ValidateError>>| {
            run.join().map_err(|_| ValidateError::Broken { what })?
        };
        Ok(Spread([end(first)?, end(second)?, end(third)?]))
    })
}

fn run(what: &'static str, program: Arc<Program>, steps: &[Vec<u32>]) -> Result<Run, ValidateError> {
    let mut machine = Machine::new(program);
    if machine.run(steps, steps.len()) {
        return Ok(figures(&machine));
    }
    let fault = machine.state().fault.clone().or_else(|| machine.stalled());
    let reason = fault.unwrap_or_else(|| "nothing is left to happen".to_owned());
    Err(ValidateError::Stopped { what, step: machine.state().host.completed as usize + 1, reason })
}

fn figures(machine: &Machine) -> Run {
    let state = machine.state();
    let busy = |pe: usize| state.pes[pe].count.busy;
    let dram_bytes = state.traffic.dma_beats * 16;
    let energy = stats::energy(machine, state.tick, busy, state.traffic.total.hops, dram_bytes);
    let mut phases_ms = [0.0; Phase::ALL.len()];
    for layer in &state.phases.total {
        for (sum, &ticks) in phases_ms.iter_mut().zip(layer) {
            *sum += us(ticks) / 1e3;
        }
    }
    Run { time_ms: us(state.tick) / 1e3, energy_j: energy.energy_j, power_w: energy.power_w, phases_ms }
}

/// The most of something on any PE of a layer.
fn fullest(program: &Program, layer: &str, bytes: impl Fn(&PeProgram) -> u32) -> Option<u32> {
    let layer = program.layers.iter().find(|l| l.name == layer)?;
    layer.pes.iter().filter_map(|&pe| program.pe(pe)).map(bytes).max()
}

/// Bytes of weight values on a PE, without what a kernel needs beside them.
fn value_bytes(loaded: &PeProgram) -> u32 {
    let values =
        loaded.regions.iter().filter(|r| r.kind == RegionKind::Weights && r.name.ends_with("values"));
    values.map(|r| r.end - r.start).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_of_a_batch_needs_its_own_buffers_sums_y_and_c() {
        let network = Gestures::new().unwrap();
        let bytes =
            |batch| fullest_pe(&network.map(&Assume::default(), Schedule::LayerSequential, batch).unwrap());
        // Two buffers of 512 features; 4 units: y, two sums for 12 gate rows, c; what tells it of arrivals.
        let each = 2 * 4 * 512 + 4 * 4 + 2 * 4 * 12 + 4 * 4 + 64;
        assert_eq!([2, 6].map(|n| bytes(n) - bytes(1)), [each, 5 * each]);
    }
}
