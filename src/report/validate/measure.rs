//! The emulator's side: the paper's two experiments, run at every branch refill that
//! ARM's documents allow.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use super::ValidateError;
use super::dvs::{self, Gestures};
use super::readings::{self, Reading};
use super::transformer::{self, Twins};
use crate::chip::clock::{OperatingPoint, us};
use crate::kernel::cost::KernelCosts;
use crate::kernel::synapses::{DeliverWork, Form};
use crate::machine::exec::Machine;
use crate::machine::options::Assume;
use crate::machine::program::{PeProgram, Program, RegionKind};
use crate::machine::sram::BANK_BYTES;
use crate::mapping::egru::Phase;
use crate::mapping::options::Schedule;
use crate::model::card::Card;
use crate::report::gather::weights_bytes;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};
use crate::session::energy::Meter;
use crate::session::opening;
use crate::session::timeline::PathUses;
use crate::task::lm::Corpus;

/// The paper's language model as the repository ships it: built in, so that an edited file does not
/// change the answer.
pub const SCENE: &str = include_str!("../../../scenes/lm.ron");
/// Name of the scene in messages.
pub const SCENE_NAME: &str = "scenes/lm.ron";
/// Text for the model; with `CsrRow`, which visits every non-zero, chip time does not depend on it.
const TEXT: &str = include_str!("../../../assets/text/spinnaker2.txt");
/// Card of the shipped gesture model.
const GESTURE_CARD: &[u8] = include_bytes!("../../../models/egru-dvs-gesture/card.ron");
/// Folder of that model, for messages.
const GESTURE_MODEL: &str = "models/egru-dvs-gesture";
/// Tokens of the paper's sequence.
pub const TOKENS: usize = 70;
/// Name of the language model in messages.
const LANGUAGE: &str = "the language model";
/// Name of the gesture network in messages.
const GESTURES: &str = "the gesture network";
/// Samples of the paper's batch.
pub const GESTURE_BATCH: u32 = 6;
/// Branch refills that ARM gives for the Cortex-M4, cycles; the middle one is
/// the emulator's default.
const REFILLS: [u8; 3] = [1, 2, 3];

/// Values at a branch refill of 1, 2 and 3 cycles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread<T>(pub [T; 3]);

impl<T: Copy> Spread<T> {
    /// Returns the value at the default branch refill, 2 cycles.
    pub fn value(&self) -> T {
        self.0[1]
    }

    /// Applies `of` to each of the three values.
    pub fn map(&self, of: impl Fn(&T) -> f64) -> Spread<f64> {
        Spread([of(&self.0[0]), of(&self.0[1]), of(&self.0[2])])
    }
}

impl Spread<f64> {
    /// Returns the least and the greatest of the three values, which must not be negative.
    pub fn interval(&self) -> [f64; 2] {
        [self.0.iter().copied().fold(f64::INFINITY, f64::min), self.0.iter().copied().fold(0.0, f64::max)]
    }
}

/// Figures of one run.
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

/// Memory of a PE, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeMemory {
    /// Weights: values, columns, row pointers.
    pub weights: u32,
    /// State and buffers.
    pub variables: u32,
    /// State and buffers that lie in bank 0, with the program.
    pub beside_program: u32,
}

/// The emulator's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Model of the language experiment.
    pub model: String,
    /// Memory of the PE of `rnns.1` with most weights.
    pub memory: PeMemory,
    /// Figures of one sequence with polling PEs.
    pub polling: Spread<Run>,
    /// Figures of one sequence with sleeping PEs.
    pub sleeping: Spread<Run>,
    /// Uses of the critical path of the first tokens.
    pub uses: Spread<PathUses>,
    /// Perplexity of the shipped language model over the whole test set, from its card.
    pub perplexity: Option<f64>,
    /// Activity of its layers over the whole test set, 0 to 1.
    pub activity: Vec<f64>,
    /// Accuracy of the shipped gesture model, from its card, and the number of samples.
    pub accuracy: Option<(f64, u64)>,
    /// Other readings of kernel and payload.
    pub readings: Vec<Reading>,
    /// Bytes that a batch of two of the language model needs on the fullest PE.
    pub language_batch: u64,
    /// Bytes of weight values of the gesture network, fullest PE of each layer.
    pub gesture_weights: [u32; 2],
    /// Figures of one sample of the gesture network with polling PEs, layers one after the other.
    pub gestures: Spread<Run>,
    /// Figures of [`GESTURE_BATCH`] samples side by side, layers one after the other in each.
    pub gestures_batch: Spread<Run>,
    /// Batches of 1 to [`GESTURE_BATCH`] samples at the default refill, each as a whole.
    pub batches: Vec<Run>,
    /// Figures of one sample of the gesture network, its two layers working on successive frames.
    pub gestures_pipelined: Spread<Run>,
    /// Bytes of a batch of [`GESTURE_BATCH`] on the fullest PE.
    pub gesture_batch: u32,
    /// Synaptic events of a core in a second at 150 MHz, millions: weights f32, and int8.
    pub synaptic_rates: [Spread<f64>; 2],
    /// The spiking transformer beside its ordinary twin.
    pub twins: Twins,
}

/// Synapses of a spike whose cycles give the rate of synaptic events: as many as neurons that
/// SpiNNaker2's software puts on a PE.
const SYNAPSES: u32 = 250;

/// Returns the synaptic events of a core in a second at 150 MHz, millions.
fn synaptic_rate(integers: bool) -> Result<Spread<f64>, ValidateError> {
    let form = Form { counts: false, integers, later: false };
    let work = DeliverWork { marked_words: 1, sources: 1, synapses: SYNAPSES, ..DeliverWork::default() };
    let cycles = KernelCosts::committed()?.deliver(form, &work);
    let mhz = f64::from(OperatingPoint::Mhz150.mhz());
    Ok(Spread(REFILLS.map(|refill| f64::from(SYNAPSES) * mhz / cycles.at(refill.into()) as f64)))
}

impl Measured {
    /// Runs all experiments and returns their figures.
    pub fn new() -> Result<Self, ValidateError> {
        thread::scope(|scope| {
            let gestures = scope.spawn(GestureRuns::new);
            let twins = scope.spawn(Twins::new);
            let language = Language::new()?;
            let gestures = gestures.join().map_err(|_| ValidateError::Broken { what: GESTURES })??;
            let twins = twins.join().map_err(|_| ValidateError::Broken { what: transformer::WHAT })??;
            Self::of(language, gestures, twins)
        })
    }

    fn of(language: Language, gestures: GestureRuns, twins: Twins) -> Result<Self, ValidateError> {
        let gesture_card =
            Card::parse(GESTURE_CARD).map_err(|error| ValidateError::Card { model: GESTURE_MODEL, error })?;
        let accuracy = gesture_card.measured.first().and_then(|m| Some((m.accuracy?, m.predictions)));
        let card = language.card;
        let whole = card.measured.iter().filter(|m| m.perplexity.is_some()).max_by_key(|m| m.predictions);
        Ok(Self {
            memory: language.memory,
            polling: language.polling,
            sleeping: language.sleeping,
            uses: language.uses,
            perplexity: whole.and_then(|measured| measured.perplexity),
            activity: whole.map(|measured| measured.activity.clone()).unwrap_or_default(),
            accuracy,
            readings: language.readings,
            language_batch: language.batch,
            gesture_weights: gestures.weights,
            gestures: gestures.one,
            gestures_batch: gestures.six,
            batches: gestures.batches,
            gestures_pipelined: gestures.pipelined,
            gesture_batch: gestures.bytes,
            synaptic_rates: [synaptic_rate(false)?, synaptic_rate(true)?],
            twins,
            model: language.model,
        })
    }
}

/// Figures of the language model.
struct Language {
    model: String,
    card: Card,
    memory: PeMemory,
    polling: Spread<Run>,
    sleeping: Spread<Run>,
    uses: Spread<PathUses>,
    readings: Vec<Reading>,
    batch: u64,
}

impl Language {
    fn new() -> Result<Self, ValidateError> {
        let mut cache = ModelCache::default();
        let loaded = scene("chip.waiting", "Poll")?;
        let (polling, programs, card) = language_programs(&mut cache, &loaded)?;
        let (sleeping, ..) = language_programs(&mut cache, &scene("chip.waiting", "Sleep")?)?;
        let model = loaded.scene.model.clone();
        let no_layer = || ValidateError::NoLayer { model: model.clone(), layer: "rnns.1" };
        let memory = memory(&programs[1], "rnns.1").ok_or_else(no_layer)?;
        let first: Vec<Vec<u32>> = tokens(&loaded, &mut cache)?.into_iter().take(opening::STEPS).collect();
        let stopped = || ValidateError::Stopped {
            what: LANGUAGE,
            step: 1,
            reason: "its first time steps could not be recorded".to_owned(),
        };
        let uses = programs.each_ref().map(|program| opening::path_uses(program, &first, first.len()));
        let [Some(low), Some(middle), Some(high)] = uses else { return Err(stopped()) };
        let readings = readings::readings(&mut cache, (&polling, &programs[1]))?;
        let batch = language_batch(&mut cache)?;
        let uses = Spread([low, middle, high]);
        Ok(Self { model, card, memory, polling, sleeping, uses, readings, batch })
    }
}

/// Figures of the gesture network.
struct GestureRuns {
    weights: [u32; 2],
    one: Spread<Run>,
    six: Spread<Run>,
    batches: Vec<Run>,
    pipelined: Spread<Run>,
    bytes: u32,
}

impl GestureRuns {
    fn new() -> Result<Self, ValidateError> {
        let network = Gestures::new()?;
        let programs =
            |schedule, batch| each_refill(|assume| network.map(assume, schedule, batch).map(Arc::new));
        let frames = |batch: u32| -> Vec<Vec<u32>> {
            (0..dvs::FRAMES).map(|frame| vec![frame; batch as usize]).collect()
        };
        let single = programs(Schedule::LayerSequential, 1)?;
        let one = run_all(GESTURES, &single, &frames(1))?;
        let batched = programs(Schedule::LayerSequential, GESTURE_BATCH)?;
        let six = run_all(GESTURES, &batched, &frames(GESTURE_BATCH))?;
        // The others run at the default refill only: each takes at least as long as `one` at all
        // refills.
        let between: Vec<u32> = (2..GESTURE_BATCH).collect();
        let between = thread::scope(|scope| {
            let start = |batch: u32| {
                let program = network.map(&Assume::default(), Schedule::LayerSequential, batch);
                let frames = frames(batch);
                scope.spawn(move || run(GESTURES, Arc::new(program?), &frames))
            };
            let running: Vec<_> = between.into_iter().map(start).collect();
            let end = |run: thread::ScopedJoinHandle<'_, Result<Run, ValidateError>>| {
                run.join().map_err(|_| ValidateError::Broken { what: GESTURES })?
            };
            running.into_iter().map(end).collect::<Result<Vec<Run>, ValidateError>>()
        })?;
        let batches = std::iter::once(one.value()).chain(between).chain([six.value()]).collect();
        let pipelined = programs(Schedule::Pipelined, 1)?;
        Ok(Self {
            weights: ["rnns.0", "rnns.1"].map(|layer| fullest(&single[1], layer, value_bytes).unwrap_or(0)),
            one,
            six,
            batches,
            pipelined: run_all(GESTURES, &pipelined, &frames(1))?,
            bytes: fullest_pe(&batched[1]),
        })
    }
}

/// Returns the paper's scene with one field changed.
fn scene(field: &str, value: &str) -> Result<LoadedScene, ValidateError> {
    let edits = [(field.to_owned(), value.to_owned())];
    Ok(LoadedScene::from_text(SCENE, Path::new(SCENE_NAME), &edits)?)
}

/// Returns the tokens of the sequence, one row each.
fn tokens(loaded: &LoadedScene, cache: &mut ModelCache) -> Result<Vec<Vec<u32>>, ValidateError> {
    let plan = Plan::new(loaded, cache)?;
    let other = || ValidateError::NotLanguage { model: loaded.scene.model.clone() };
    let language = plan.model.language().ok_or_else(other)?;
    let corpus = Corpus::new(TEXT.as_bytes().to_vec(), &language.vocabulary)?;
    Ok(corpus.tokens().iter().cycle().take(TOKENS).map(|&token| vec![token]).collect())
}

/// Runs one sequence of the language model in a scene at the default refill.
///
/// Returns the run, its time at the least and the greatest refill in ms, by the ratio of their
/// first time steps, and the program.
pub fn reading(
    cache: &mut ModelCache,
    loaded: &LoadedScene,
) -> Result<(Run, [f64; 2], Arc<Program>), ValidateError> {
    let tokens = tokens(loaded, cache)?;
    let programs = each_refill(|assume| Ok(Plan::with_assumptions(loaded, cache, assume)?.program))?;
    let first = run_all(LANGUAGE, &programs, &tokens[..opening::STEPS.min(tokens.len())])?;
    let [_, program, _] = programs;
    let whole = run(LANGUAGE, Arc::clone(&program), &tokens)?;
    let scale = whole.time_ms / first.value().time_ms;
    Ok((whole, first.map(|run| run.time_ms * scale).interval(), program))
}

/// Runs of one sequence of the language model, its program at each branch refill, and its card.
type LanguagePrograms = (Spread<Run>, [Arc<Program>; 3], Card);

/// Runs one sequence of the language model of a scene at each branch refill.
fn language_programs(
    cache: &mut ModelCache,
    loaded: &LoadedScene,
) -> Result<LanguagePrograms, ValidateError> {
    let tokens = tokens(loaded, cache)?;
    let plans = each_refill(|assume| Ok(Plan::with_assumptions(loaded, cache, assume)?))?;
    let card = plans[1].model.card().clone();
    let programs = plans.map(|plan| plan.program);
    Ok((run_all(LANGUAGE, &programs, &tokens)?, programs, card))
}

/// Returns the memory of the PE of a layer with the most weights.
fn memory(program: &Program, layer: &str) -> Option<PeMemory> {
    let layer = program.populations.iter().find(|l| l.name == layer)?;
    let loaded = layer.pes.iter().filter_map(|&pe| program.pe(pe)).max_by_key(|pe| weights_bytes(pe))?;
    let variables =
        || loaded.regions.iter().filter(|r| matches!(r.kind, RegionKind::Buffer | RegionKind::State));
    Some(PeMemory {
        weights: weights_bytes(loaded),
        variables: variables().map(|r| r.end - r.start).sum(),
        beside_program: variables().filter(|r| r.end <= BANK_BYTES).map(|r| r.end - r.start).sum(),
    })
}

/// Returns the bytes that a batch of two needs on the language model's fullest PE, as found by the
/// mapper, which may refuse it.
fn language_batch(cache: &mut ModelCache) -> Result<u64, ValidateError> {
    let loaded = scene("mapping.batch", "2")?;
    match Plan::fit(&loaded, cache, &loaded.scene.assume) {
        Ok(plan) => Ok(u64::from(fullest_pe(&plan.program))),
        Err(refused) => refused.needed.ok_or(ValidateError::Scene(refused.scene)),
    }
}

/// Returns the bytes in use on the PE that uses most.
pub fn fullest_pe(program: &Program) -> u32 {
    program.fullest_pe().map_or(0, |(_, loaded)| loaded.bytes_used())
}

/// Computes a value at every refill, with all other assumptions at their defaults.
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
    let reason = machine.stop().map_or_else(|| "no event is left".to_owned(), |stop| stop.to_string());
    Err(ValidateError::Stopped { what, step: machine.state().host.completed as usize + 1, reason })
}

fn figures(machine: &Machine) -> Run {
    let state = machine.state();
    let energy = Meter::of(machine).total();
    let mut phases_ms = [0.0; Phase::ALL.len()];
    for layer in &state.phases.total {
        for (sum, &ticks) in phases_ms.iter_mut().zip(layer) {
            *sum += us(ticks) / 1e3;
        }
    }
    Run { time_ms: us(state.tick) / 1e3, energy_j: energy.energy_j, power_w: energy.power_w, phases_ms }
}

/// Returns the greatest number of `bytes` on any PE of a layer; `None` if there is no such layer.
pub fn fullest(program: &Program, layer: &str, bytes: impl Fn(&PeProgram) -> u32) -> Option<u32> {
    let layer = program.populations.iter().find(|l| l.name == layer)?;
    layer.pes.iter().filter_map(|&pe| program.pe(pe)).map(bytes).max()
}

/// Returns the bytes of weight values on a PE, without the kernel's other arrays.
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
        // Two buffers of 512 features; 4 units: y, two sums for 12 gate rows, c; what tells
        // it of arrivals.
        let each = 2 * 4 * 512 + 4 * 4 + 2 * 4 * 12 + 4 * 4 + 64;
        assert_eq!([2, 6].map(|n| bytes(n) - bytes(1)), [each, 5 * each]);
    }
}
