//! Short interface to the emulator: a network on the chip, stepped, inspected, taken back in time.

use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::chip::clock::us;
use crate::chip::geometry::Pe;
use crate::kernel::options::KernelKind;
use crate::machine::checkpoint::Checkpoint;
use crate::machine::exec::Machine;
use crate::machine::options::{Assume, ChipOptions};
use crate::machine::pages::PageStore;
use crate::machine::program::{DramRows, Program};
use crate::machine::stop::{CoreFault, Stall, Stop};
use crate::mapping::egru::Restart;
use crate::mapping::options::{LayerMapping, LevelChoice, MappingOptions};
use crate::mapping::{MapError, Request, map};
use crate::model::{LanguageModel, Model, ModelError};

/// Emulated chip with a program.
///
/// The first page of this crate has an example. [`Self::machine`] gives everything that the short
/// way leaves out.
#[derive(Debug)]
pub struct Emulator {
    machine: Machine,
    pages: PageStore,
}

/// Reason why a model cannot be emulated.
#[derive(Debug, Error)]
pub enum EmulatorError {
    /// The model cannot be read.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model has no table of input rows.
    #[error(
        "the model `{name}` has no table of input rows, since it does not read a language: map it with rows of its own by `mapping::map`, and give the program to `Emulator::new`"
    )]
    Rows {
        /// Name of the model.
        name: String,
    },
    /// The network does not fit the chip with the requested mapping.
    #[error(transparent)]
    Map(#[from] MapError),
}

/// Reason why a time step was not completed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Stopped {
    /// A core faulted: its routine was led outside its arrays.
    #[error(transparent)]
    Fault(#[from] CoreFault),
    /// No event is left, and values are missing.
    #[error(transparent)]
    Stalled(#[from] Stall),
    /// The number of rows differs from the number of samples in the batch, or more steps are in
    /// flight than the program allows.
    #[error("a time step needs a row for each of the {batch} samples, and {in_flight} steps are in flight")]
    NotTaken {
        /// Samples of the batch.
        batch: u32,
        /// Time steps in flight.
        in_flight: usize,
    },
}

impl Emulator {
    /// Loads a program and starts all its PEs.
    pub fn new(program: Program) -> Self {
        Self { machine: Machine::new(Arc::new(program)), pages: PageStore::default() }
    }

    /// Loads a language model's folder and maps each of its layers to `pes` PEs, with
    /// the default options.
    ///
    /// All time steps are one sequence.
    ///
    /// # Errors
    ///
    /// Fails if the model cannot be read, has no table of input rows, or does not fit.
    pub fn load(model: &Path, pes: u32) -> Result<Self, EmulatorError> {
        let model = Model::load(model)?;
        let rows = model
            .language()
            .map(|language| EmbeddingRows(Arc::clone(language)))
            .ok_or_else(|| EmulatorError::Rows { name: model.card().name.clone() })?;
        let layer = |name: &String| LayerMapping {
            layer: name.clone(),
            pes: Some(pes),
            units_per_pe: None,
            on: None,
            input: KernelKind::default().into(),
            recurrent: KernelKind::default().into(),
            level: LevelChoice::Native,
        };
        let names = model.network().layers.iter().map(|layer| &layer.name);
        let mapping = MappingOptions { layers: names.map(layer).collect(), ..MappingOptions::default() };
        let (program, _) = map(&Request {
            network: model.network(),
            dram: Arc::new(rows),
            restart: Restart::of(model.card().carry, u32::MAX),
            chip: &ChipOptions::default(),
            mapping: &mapping,
            assume: &Assume::default(),
            peaks: None,
            head: None,
        })?;
        Ok(Self::new(program))
    }

    /// Runs one time step on input row `row` (of a language model: a word's number) and returns
    /// what the host receives, in model order.
    ///
    /// # Errors
    ///
    /// Fails if the machine stops before the step is complete.
    pub fn step(&mut self, row: u32) -> Result<Vec<f32>, Stopped> {
        if !self.machine.announce(&[row]) {
            return Err(self.not_taken());
        }
        let next = |machine: &mut Machine| {
            let added = machine.add_stretch().map(|added| added.progress);
            added.or_else(|| Some(machine.advance_many(usize::MAX)?.0))
        };
        while let Some(progress) = next(&mut self.machine) {
            if progress.step {
                return Ok(self.machine.output(0));
            }
        }
        Err(match self.machine.stop() {
            Some(Stop::Fault(fault)) => fault.into(),
            Some(Stop::Stall(stall)) => stall.into(),
            None => self.not_taken(),
        })
    }

    fn not_taken(&self) -> Stopped {
        let in_flight = self.machine.state().host.in_flight.len();
        Stopped::NotTaken { batch: self.machine.program().batch, in_flight }
    }

    /// Returns the chip time, µs.
    pub fn time_us(&self) -> f64 {
        us(self.machine.state().tick)
    }

    /// Returns the bytes of a PE's SRAM, as aligned little-endian words.
    pub fn sram(&self, pe: Pe) -> &[u32] {
        self.machine.state().pes[pe.index()].sram.words()
    }

    /// Saves the present state, to return to it with [`Self::restore`].
    pub fn checkpoint(&mut self) -> Checkpoint {
        self.machine.checkpoint(&mut self.pages)
    }

    /// Returns to an earlier or later state that this emulator saved.
    pub fn restore(&mut self, checkpoint: &Checkpoint) {
        self.machine.restore(checkpoint);
    }

    /// Returns the program that the chip is loaded with.
    pub fn program(&self) -> &Program {
        self.machine.program()
    }

    /// Returns the machine, with its whole state.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Returns the machine, to inject faults, record or watch.
    pub fn machine_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }
}

/// Embedding table of a language model as the chip's DRAM holds it: one row of singles a word.
#[derive(Clone, Debug)]
pub struct EmbeddingRows(pub Arc<LanguageModel>);

impl DramRows for EmbeddingRows {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn rows(&self) -> u64 {
        self.0.embedding.words() as u64
    }

    fn width(&self) -> usize {
        self.0.embedding.width()
    }

    fn read(&self, row: u32, out: &mut [f32]) {
        if !self.0.embedding.row(row, out) {
            out.fill(0.0);
        }
    }
}
