//! Data that screens and reports show of a spiking network.

use serde::{Deserialize, Serialize};

use super::{Inputs, SpikeTask};
use crate::task::Moment;
use crate::text::visible_line;

/// Ticks that a view carries.
const TICKS: usize = 512;
/// Spikes that a view carries.
const SPIKES: usize = 8192;

/// Population in a raster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    /// Name of the population.
    pub name: String,
    /// First neuron, over all populations.
    pub first: u32,
    /// Number of neurons.
    pub units: u32,
    /// Spikes so far.
    pub spikes: u64,
}

/// Spikes of the last ticks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpikeView {
    /// Populations of the raster, in the order of the model.
    pub bands: Vec<Band>,
    /// Number of ticks whose outputs were taken.
    pub done: u64,
    /// Ticks of the whole run.
    pub total: u64,
    /// Name of the file or folder with the inputs; empty without one.
    pub source: String,
    /// Neurons of the inputs.
    pub inputs: u32,
    /// First tick of the raster.
    pub since: u64,
    /// Neurons with spikes in each tick since then.
    pub raster: Vec<Vec<u32>>,
    /// Spikes of all neurons, and of the outputs, in the last tick.
    pub last: (u64, u64),
    /// Recordings, the one under way, and its label; `None` for a list.
    pub recording: Option<(u32, u32, u32)>,
    /// Spikes of each output neuron in the recording under way.
    pub counts: Vec<u32>,
    /// Share of the recordings that were recognised, and their number.
    pub accuracy: Option<(f64, u64)>,
    /// Counts of recordings, a row a label, a column an answer; empty for a list.
    pub confusion: Vec<Vec<u32>>,
}

impl SpikeView {
    /// Creates the view of a run.
    pub(super) fn new(task: &SpikeTask, _moment: &Moment<'_>) -> Self {
        let plan = task.plan();
        let mut room = SPIKES;
        let mut raster: Vec<Vec<u32>> = Vec::new();
        for (_, spikes) in task.raster.iter().rev().take(TICKS) {
            room = room.saturating_sub(spikes.len());
            if room == 0 && !raster.is_empty() {
                break;
            }
            raster.push(spikes.to_vec());
        }
        raster.reverse();
        let number = task.taken.saturating_sub(1) / u64::from(plan.steps);
        let recording = match &*plan.inputs {
            Inputs::List(_) => None,
            Inputs::Recordings(all) => {
                all.get(number as usize).map(|one| (all.len() as u32, number as u32, one.label))
            }
        };
        let answers = task.tally.answers().len() as u64;
        Self {
            bands: bands(task),
            done: task.taken,
            total: plan.total(),
            source: visible_line(&plan.source).into_owned(),
            inputs: plan.network.sources().iter().map(|source| source.units() as u32).sum(),
            since: task.taken - raster.len() as u64,
            raster,
            last: task.last,
            recording,
            counts: if recording.is_some() { task.tally.counts().to_vec() } else { Vec::new() },
            accuracy: task.tally.accuracy().map(|share| (share, answers)),
            confusion: if recording.is_some() { task.tally.confusion() } else { Vec::new() },
        }
    }
}

fn bands(task: &SpikeTask) -> Vec<Band> {
    let populations = task.plan().network.populations().iter().enumerate();
    let band = |(index, population): (usize, &crate::net::spiking::Population)| Band {
        name: visible_line(&population.name).into_owned(),
        first: task.plan().first[index] as u32,
        units: population.units as u32,
        spikes: task.spikes[index],
    };
    populations.map(band).collect()
}

/// Figures of a run's spikes, for reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SpikeFigures {
    /// Spikes of each population so far.
    pub populations: Vec<PopulationSpikes>,
    /// Output spikes so far; of recordings only those of the one under way.
    pub outputs: u64,
    /// Answers to recordings, in order; `null` for a list.
    pub recordings: Option<Vec<RecordingAnswer>>,
    /// Traced values, tick by tick; empty without a trace.
    pub trace: Vec<Traced>,
}

/// Spikes of a population.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PopulationSpikes {
    /// Name of the population.
    pub name: String,
    /// Number of its neurons.
    pub neurons: u32,
    /// Spikes so far.
    pub spikes: u64,
    /// Spikes a neuron and tick.
    pub rate: f64,
}

/// Answer to a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordingAnswer {
    /// Name of the file.
    pub source: String,
    /// Class of the recording.
    pub label: u32,
    /// Output neuron with the most spikes, the first of several.
    pub predicted: u32,
    /// Spikes of each output neuron.
    pub counts: Vec<u32>,
}

/// Value of a neuron in every tick.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Traced {
    /// Name of the population.
    pub population: String,
    /// Index of the neuron in its population.
    pub neuron: u32,
    /// Values, in units of the model.
    pub v: Vec<f32>,
}

/// Returns the figures of the spikes so far.
pub(super) fn figures(task: &SpikeTask) -> SpikeFigures {
    let plan = task.plan();
    let ticks = task.taken.max(1) as f64;
    let population = |band: Band| PopulationSpikes {
        rate: band.spikes as f64 / (f64::from(band.units.max(1)) * ticks),
        name: band.name,
        neurons: band.units,
        spikes: band.spikes,
    };
    let recordings = match &*plan.inputs {
        Inputs::List(_) => None,
        Inputs::Recordings(recordings) => {
            let answer = |(recording, answer): (&super::Recording, &super::tally::Answer)| RecordingAnswer {
                source: recording.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                label: answer.label,
                predicted: answer.predicted,
                counts: answer.counts.clone(),
            };
            Some(recordings.iter().zip(task.tally.answers().iter()).map(answer).collect())
        }
    };
    let width = plan.traced.len().max(1);
    let traced = |(place, &(population, neuron)): (usize, &(usize, u32))| Traced {
        population: plan.network.populations()[population].name.clone(),
        neuron,
        v: task.traced.iter().skip(place).step_by(width).copied().collect(),
    };
    SpikeFigures {
        populations: bands(task).into_iter().map(population).collect(),
        outputs: task.outputs.iter().map(|(_, spike)| u64::from(spike.count)).sum(),
        recordings,
        trace: plan.traced.iter().enumerate().map(traced).collect(),
    }
}
