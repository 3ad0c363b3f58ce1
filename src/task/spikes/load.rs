//! Loading of a spike task: from its options to a network and the spikes of its inputs.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::lists::SpikeList;
use super::options::SpikeOptions;
use super::recording::{self, NEURONS};
use super::{Inputs, Plan, SpikeTask};
use crate::machine::program::DramRows;
use crate::model::spiking::{Note, SpikingOptions};
use crate::net::spiking::{Network, PoissonSources, SpikeSource};
use crate::task::options::{InputFile, ranges, wrong_kind};
use crate::task::{Feed, Files, InputNote, Kept, Loading, Problem, SpikingFeed, TaskOptions, TaskRun};

/// Fields that name inputs.
const INPUTS: &str = "task.inputs";
const DATA: &str = "task.data";

impl TaskOptions for SpikeOptions {
    fn check(&self) -> Option<Problem> {
        if self.inputs.is_some() && self.data.is_some() {
            let message = "`inputs` and `data` both say where spikes come from";
            return Some(Problem::new(DATA, message, "a list of spikes, or a folder of recordings"));
        }
        if let Some(poisson) = self.poisson {
            if self.data.is_some() || self.inputs.is_some() {
                let other = if self.data.is_some() { "data" } else { "inputs" };
                let message = format!("`poisson` and `{other}` both say where spikes come from");
                return Some(Problem::new("task.poisson", message, "leave one out"));
            }
            if let Some(problem) = ranges(&poisson, "task.poisson") {
                return Some(problem);
            }
            if let Some(probability) = self.probability().filter(|probability| *probability > 1.0) {
                let message = format!("{probability:.3} spikes a tick; a neuron has one at most");
                let help = "a lower rate_hz, or a shorter bin_us: rate_hz · bin_us ≤ 1,000,000";
                return Some(Problem::new("task.poisson.rate_hz", message, help));
            }
        }
        if let super::options::Tick::Us(us) = self.tick
            && !(1.0..=1e7).contains(&us)
        {
            let message = format!("a tick of {us} µs; expected 1 to 10,000,000");
            return Some(Problem::new("task.tick", message, "SpiNNaker2's software takes 1,000"));
        }
        ranges(self, "task")
    }

    fn check_batch(&self, _samples: u32) -> Option<Problem> {
        let message = "a spiking network runs one sample at a time";
        Some(Problem::new("mapping.batch", message, "batch: 1"))
    }

    fn files(&self) -> Vec<InputFile<'_>> {
        let what = "the spikes that are read";
        let list = self.inputs.as_deref().map(|name| InputFile { what, name, field: INPUTS, numbered: true });
        let data = self.data.as_deref().map(|name| InputFile { what, name, field: DATA, numbered: false });
        list.into_iter().chain(data).collect()
    }

    fn spreads_itself(&self) -> bool {
        true
    }

    fn runs_in_ticks(&self) -> bool {
        true
    }

    fn outputs(&self) -> Option<&str> {
        self.outputs.as_deref()
    }

    fn load(
        &self,
        loading: &Loading<'_>,
        files: &dyn Files,
        _kept: &mut Kept,
    ) -> Result<Arc<dyn Feed>, Problem> {
        let Some(model) = loading.model.spiking() else {
            return Err(wrong_kind(loading.model, "a spiking network", "Spikes"));
        };
        let options = SpikingOptions {
            conventions: self.conventions(),
            schedule: loading.schedule,
            weights: loading.weights,
            weight_scale: loading.weight_scale,
        };
        let converted = model.network(&options).map_err(|error| {
            Problem::new("model", error.to_string(), "docs/nir.md says which nodes are supported")
        })?;
        let network = Arc::new(converted.network);
        let (inputs, source) = self.inputs(&network, files)?;
        let traced = self.traced(&network)?;
        let mut next = 0;
        let first = network.populations().iter().map(|population| {
            next += population.units;
            next - population.units
        });
        let first = first.collect();
        let steps = self.steps();
        let inputs = Arc::new(inputs);
        let bin_us = self.bin_us;
        let plan = Plan { network, inputs, source, steps, traced, first, bin_us, read: Mutex::default() };
        let notes = converted.notes.iter().map(note).collect();
        let random = self.random_sources();
        Ok(Arc::new(SpikeFeed { plan: Arc::new(plan), notes, tick: self.tick, random }))
    }
}

/// Converts a remark on the model's file into one on the inputs of a task.
fn note(note: &Note) -> InputNote {
    InputNote {
        doubtful: note.warning,
        rule: "network",
        field: "model",
        message: note.to_string(),
        help: "docs/nir.md says what a file may leave open",
    }
}

impl SpikeOptions {
    /// Reads the input spikes; also returns the name of their file or folder.
    fn inputs(&self, network: &Network, files: &dyn Files) -> Result<(Inputs, String), Problem> {
        let units = network.sources().iter().map(SpikeSource::units).sum();
        if let Some(name) = &self.data {
            let folder = files.find(name, DATA)?;
            if units != NEURONS {
                let message =
                    format!("recordings have 2 × 34 × 34 pixels, the network's inputs {units} neurons");
                return Err(Problem::new(
                    "model",
                    message,
                    "a network for N-MNIST, or a list of spikes as `inputs`",
                ));
            }
            let failed = |error: recording::RecordingError| Problem::new(DATA, error.to_string(), "");
            let mut recordings = recording::list(&folder, self.part).map_err(failed)?;
            if let Some(most) = self.recordings {
                recordings = recording::first_of_each(recordings, most as usize);
            }
            recording::check(&recordings).map_err(failed)?;
            return Ok((Inputs::Recordings(recordings), file_name(name)));
        }
        let mut list = SpikeList::default();
        let mut source = String::new();
        if let Some(name) = &self.inputs {
            let path = files.find(name, INPUTS)?;
            list = SpikeList::read(&path, units)
                .map_err(|error| Problem::new(INPUTS, error.to_string(), "a line a spike: `12, 345`"))?;
            source = file_name(name);
        }
        if let (Some(sources), Some(poisson)) = (self.random_sources(), self.poisson) {
            list = SpikeList::new(sources.spikes(network, self.steps()));
            source = format!("{} Hz at random, seed {}", poisson.rate_hz, poisson.seed);
        }
        Ok((Inputs::List(Arc::new(list)), source))
    }

    /// Returns the sources that spike at random, if the scene has them.
    fn random_sources(&self) -> Option<PoissonSources> {
        Some(PoissonSources::new(self.probability()?, self.poisson?.seed))
    }

    /// Finds the values that are to be traced.
    fn traced(&self, network: &Network) -> Result<Vec<(usize, u32)>, Problem> {
        let mut traced = Vec::new();
        for (number, (name, neuron, value)) in self.trace.iter().enumerate() {
            let field = format!("task.trace.{number}");
            let populations = network.populations();
            let Some(index) = populations.iter().position(|population| population.name == *name) else {
                let names: Vec<_> = populations.iter().map(|population| population.name.as_str()).collect();
                let message = format!("unknown population `{name}`: there are {}", names.join(", "));
                return Err(Problem::new(field, message, "`spinntui inspect MODEL` lists them"));
            };
            let units = populations[index].units;
            if *neuron as usize >= units {
                let message = format!("population `{name}` has {units} neurons, counted from 0");
                return Err(Problem::new(field, message, ""));
            }
            if value != "v" {
                let message = format!("`{value}` cannot be traced");
                return Err(Problem::new(field, message, "\"v\", the membrane potential"));
            }
            traced.push((index, *neuron));
        }
        Ok(traced)
    }
}

fn file_name(name: &str) -> String {
    Path::new(name).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A run that has not begun.
#[derive(Debug)]
pub struct SpikeFeed {
    plan: Arc<Plan>,
    notes: Vec<InputNote>,
    tick: super::options::Tick,
    random: Option<PoissonSources>,
}

impl Feed for SpikeFeed {
    fn dram(&self) -> Arc<dyn DramRows> {
        Arc::new(SpikeRows(Arc::clone(&self.plan)))
    }

    fn sequence(&self) -> u32 {
        self.plan.steps
    }

    fn notes(&self) -> Vec<InputNote> {
        self.notes.clone()
    }

    fn spikes(&self) -> Option<SpikingFeed<'_>> {
        let counts = match &*self.plan.inputs {
            Inputs::List(list) => list.has_counts(),
            Inputs::Recordings(_) => true,
        };
        let restart = (self.plan.recordings() > 0).then_some(self.plan.steps);
        let (tick, random) = (self.tick, self.random);
        Some(SpikingFeed { network: &self.plan.network, random, counts, restart, tick })
    }

    fn start(&self, _files: &dyn Files, _batch: u32) -> Result<Box<dyn TaskRun>, Problem> {
        Ok(Box::new(SpikeTask::new(Arc::clone(&self.plan))))
    }
}

/// Numbers of spikes of all inputs, a row a tick.
#[derive(Debug)]
struct SpikeRows(Arc<Plan>);

impl DramRows for SpikeRows {
    fn name(&self) -> &'static str {
        "input spikes"
    }

    fn rows(&self) -> u64 {
        self.0.total()
    }

    fn width(&self) -> usize {
        self.0.network.sources().iter().map(SpikeSource::units).sum()
    }

    fn read(&self, row: u32, out: &mut [f32]) {
        out.fill(0.0);
        let Some((list, tick)) = self.0.list(row) else { return };
        for spike in list.at(tick) {
            if let Some(count) = out.get_mut(spike.neuron as usize) {
                *count = spike.count as f32;
            }
        }
    }
}
