//! Interface of a running task: it gives the next inputs, judges the outputs, and
//! reports its success.

use std::any::Any;
use std::fmt::Debug;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::facts::{TaskFacts, WordKind};
use super::figures::{Figures, StepLine};
use super::options::{Files, InputNote, Problem};
use super::registry::TaskView;
use super::spikes::options::Tick;
use crate::chip::clock::Tick as ChipTick;
use crate::machine::program::DramRows;
use crate::net::int8_head::Int8Head;
use crate::net::spiking::{Network, PoissonSources};

/// Inputs of a loaded task: what the chip's DRAM holds, and the start of a run over it.
pub trait Feed: Debug + Send + Sync {
    /// Returns the rows of the chip's DRAM.
    fn dram(&self) -> Arc<dyn DramRows>;

    /// Returns the number of time steps of a sequence.
    fn sequence(&self) -> u32;

    /// Returns sequences of rows on which largest inputs are looked for, where kernels have 8-bit
    /// inputs: by default one of the first 512 rows.
    fn samples(&self) -> Vec<Vec<Vec<f32>>> {
        let dram = self.dram();
        let row = |row: u64| {
            let mut values = vec![0.0; dram.width()];
            dram.read(u32::try_from(row).unwrap_or(u32::MAX), &mut values);
            values
        };
        vec![(0..dram.rows().min(512)).map(row).collect()]
    }

    /// Returns the head in 8 bits that is to run on the chip; `None` if rows of DRAM are the
    /// network's own inputs.
    fn head(&self) -> Option<Arc<Int8Head>> {
        None
    }

    /// Returns notes on oddities of the inputs, each kind once.
    fn notes(&self) -> Vec<InputNote> {
        Vec::new()
    }

    /// Returns the spiking network that the task runs; `None` if the model's layers are run.
    fn spikes(&self) -> Option<SpikingFeed<'_>> {
        None
    }

    /// Starts a run with `batch` samples side by side.
    ///
    /// # Errors
    ///
    /// Fails if a text or prompt cannot be read.
    fn start(&self, files: &dyn Files, batch: u32) -> Result<Box<dyn TaskRun>, Problem>;
}

/// Spiking network of a task, with the options on which its program depends.
#[derive(Clone, Copy, Debug)]
pub struct SpikingFeed<'a> {
    /// Network, as mathematics.
    pub network: &'a Arc<Network>,
    /// Sources that spike at random, by the PEs' own units; `None` where the host sends the inputs.
    pub random: Option<PoissonSources>,
    /// Whether an input neuron may spike more than once a tick.
    pub counts: bool,
    /// Number of ticks after which all state is reset; `None` if it never is.
    pub restart: Option<u32>,
    /// Length of a tick on the chip.
    pub tick: Tick,
}

/// Words of a task, the same in all its scenes.
#[derive(Debug)]
pub struct TaskKind {
    /// Word of the task for a time step.
    pub step_word: &'static str,
    /// Word for a unit of the network: `unit`, `neuron`.
    pub unit_word: &'static str,
    /// Word for the output of an active unit: `event`, `spike`.
    pub event_word: &'static str,
    /// Names for conditions; `None` if the task has none.
    pub facts: Option<&'static TaskFacts>,
}

/// Present position of a run, as far as a task shows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moment<'a> {
    /// Completed time steps.
    pub steps: u64,
    /// Time steps that are announced and not complete.
    pub in_flight: usize,
    /// DRAM row, of the first sample, that the chip works on: of the steps in flight the oldest, or
    /// the one completed last. `None` before the first.
    pub row: Option<u32>,
    /// DRAM row, of the first sample, that the last completed time step read; 0 before the first.
    pub read: u32,
    /// Results with which these can be compared, from the model's card.
    pub compares_with: &'a str,
}

/// Spikes of a network since the start.
#[derive(Clone, Copy, Debug)]
pub struct SpikeCounts<'a> {
    /// Number of completed ticks.
    pub ticks: u64,
    /// Spikes that each population sent.
    pub spikes: &'a [u64],
    /// Synapses that spikes passed, by projection; several spikes of a neuron in a tick pass each
    /// of its synapses as often.
    pub passed: &'a [u64],
}

/// Words that a decoder expects next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Likeliest {
    /// Likeliest words with their probabilities, 0..=1, likeliest first.
    pub words: Vec<(String, f32)>,
    /// −ln p of the word that comes next, nats; `None` where it is not known.
    pub surprisal: Option<f32>,
}

/// Part of an answer that depends on the outputs alone; its contents are up to the task.
pub type Judgement = Box<dyn Any + Send + Sync>;

/// Computation of a [`Judgement`], for any thread.
pub type Judge = Box<dyn FnOnce() -> Judgement + Send>;

/// State of a task while the chip runs. A copy of it is a checkpoint: what does not
/// change is shared.
pub trait TaskRun: Any + Debug + Send + Sync {
    /// Returns the words of the task.
    fn kind(&self) -> &'static TaskKind;

    /// Returns a checkpoint.
    fn copy(&self) -> Box<dyn TaskRun>;

    /// Returns the approximate bytes that a copy does not share.
    fn own_bytes(&self) -> usize;

    /// Returns notes on oddities of the inputs, each kind once.
    fn notes(&self) -> Vec<InputNote> {
        Vec::new()
    }

    /// Returns the DRAM rows of the next time step, one for each sample of the batch; `None` when
    /// there are no more, or none is known before the answer to the step before.
    ///
    /// # Errors
    ///
    /// Fails if an input can no longer be read.
    fn next_rows(&mut self) -> Result<Option<Vec<u32>>, String>;

    /// Takes the last layer's values of the oldest time step without an answer, for each sample of
    /// the batch. `now`: chip time and energy since the start, in ticks and J.
    fn observe(&mut self, outputs: &[Vec<f32>], now: (ChipTick, f64));

    /// Returns about how many multiply-adds [`Self::judge`]'s computation takes; 0 without one.
    fn judging_cost(&self) -> u64 {
        0
    }

    /// Returns the part of [`Self::observe`] that reads nothing but `outputs`, to be computed on
    /// another thread; `None` if all of it needs the state.
    ///
    /// [`Self::conclude`] takes its result. Until then [`Self::next_rows`] may be called, and gives
    /// `None` where it needs the answer.
    fn judge(&self, _outputs: &[Vec<f32>]) -> Option<Judge> {
        None
    }

    /// Takes the judgement of the oldest time step without an answer, in place of
    /// [`Self::observe`].
    fn conclude(&mut self, _judgement: &Judgement, _now: (ChipTick, f64)) {}

    /// Returns the neurons, as population and number, whose state is to come with the outputs, as a
    /// row behind those of the batch.
    fn traced(&self) -> &[(usize, u32)] {
        &[]
    }

    /// Returns the counts of a spiking network's spikes so far; `None` for other networks.
    fn spike_counts(&self) -> Option<SpikeCounts<'_>> {
        None
    }

    /// Returns the time that a time step stands for in the world, µs: a tick of a spiking network,
    /// a frame of a camera. `None` where inputs have no time.
    fn real_time_us(&self) -> Option<f64> {
        None
    }

    /// Returns the number of time steps from the first input to the last answer.
    fn total_steps(&self) -> u64;

    /// Returns the number of time steps of a sequence.
    fn sequence(&self) -> u32;

    /// Returns a short summary of the task's success; `None` before the first answer.
    fn headline(&self) -> Option<String> {
        None
    }

    /// Returns the data for screens.
    fn view(&self, moment: &Moment<'_>) -> TaskView;

    /// Returns the task's part of a report.
    fn figures(&self, moment: &Moment<'_>) -> Figures;

    /// Returns the figures of the time step completed last.
    fn line(&self, moment: &Moment<'_>) -> StepLine<'_>;

    /// Returns the input, as the number of a DRAM row, that the outputs so far predict
    /// to come next.
    fn predicted(&self) -> Option<u32> {
        None
    }

    /// Returns what the task's decoder would expect next if the last layer had sent these values in
    /// the time step completed last; `None` for tasks without a decoder.
    ///
    /// `outputs`: values of the first sample, in model order. `count`: most words that are wanted.
    fn likeliest(&self, _outputs: &[f32], _count: usize) -> Option<Likeliest> {
        None
    }

    /// Writes the outputs so far, and returns a short description of them. `None` if the task keeps
    /// none.
    ///
    /// # Errors
    ///
    /// Fails if `out` does.
    fn write_outputs(&self, _out: &mut dyn io::Write) -> io::Result<Option<String>> {
        Ok(None)
    }

    /// Returns a numeric fact's value; `None` before there is one. `steps`: completed time steps.
    fn number(&self, _fact: &str, _steps: u64) -> Option<f64> {
        None
    }

    /// Returns a word fact's value; `None` before there is one. `steps`: completed time steps.
    fn word(&self, _fact: &str, _steps: u64) -> Option<&str> {
        None
    }

    /// Returns the words that a fact of this kind can be, apart from those of [`Self::knows`].
    fn words(&self, _kind: &WordKind) -> Vec<&str> {
        Vec::new()
    }

    /// Returns the words that are read and are known, in order: step `i + 1` reads word `i`. Empty
    /// if the task reads no text.
    fn text(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Returns `true` if a fact of this kind can ever be this word.
    fn knows(&self, kind: &WordKind, word: &str) -> bool {
        self.words(kind).contains(&word)
    }
}

impl dyn TaskRun {
    /// Returns the state as that of a certain task; `None` if it is another's.
    pub fn of<T: TaskRun>(&self) -> Option<&T> {
        let any: &dyn Any = self;
        any.downcast_ref()
    }
}

impl Clone for Box<dyn TaskRun> {
    fn clone(&self) -> Self {
        (**self).copy()
    }
}
