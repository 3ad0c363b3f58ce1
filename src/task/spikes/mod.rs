//! Spiking networks on lists of spikes, or on labelled recordings of an event camera.

pub mod lists;
mod load;
pub mod options;
pub mod recording;
mod tally;
pub mod view;
mod work;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::TaskKind;
use super::facts::{FactKind, TaskFacts, fact};
use super::log::Log;
use crate::net::spiking::{Network, Origin, Spike, SpikeSource};
use lists::SpikeList;
use recording::Recording;
use tally::Tally;

/// Names for conditions.
const FACTS: TaskFacts = TaskFacts {
    heading: "Spikes",
    about: "Of spiking networks, as of the last tick.",
    of: "spiking networks",
    facts: &[
        fact("spikes", FactKind::Count, "spikes of all neurons in the last tick"),
        fact("output_spikes", FactKind::Count, "spikes of the outputs in the last tick"),
        fact("accuracy", FactKind::Share, "share of the recordings so far that were recognised"),
    ],
};

/// Words of the task.
pub(super) const KIND: TaskKind =
    TaskKind { step_word: "tick", unit_word: "neuron", event_word: "spike", facts: Some(&FACTS) };

/// Length of a tick of SpiNNaker2's software, µs.
const USUAL_TICK_US: f64 = 1000.0;
/// Number of ticks whose spikes are kept for the raster.
const RASTER: usize = 1024;
/// Spikes of a tick that are kept for the raster.
const RASTER_SPIKES: usize = 4096;

/// Source of the input spikes.
#[derive(Debug)]
pub enum Inputs {
    /// List of spikes over the whole run.
    List(Arc<SpikeList>),
    /// Recordings one after the other, each from its beginning.
    Recordings(Vec<Recording>),
}

/// Constant data of a run over spikes.
#[derive(Debug)]
pub struct Plan {
    /// Network, as mathematics.
    pub network: Arc<Network>,
    /// Spikes that the host sends.
    pub inputs: Arc<Inputs>,
    /// Name of the file or folder with the inputs.
    pub source: String,
    /// Ticks of the run, or of each recording.
    pub steps: u32,
    /// Values that are traced: population, neuron.
    pub traced: Vec<(usize, u32)>,
    /// First neuron of each population among all.
    first: Vec<usize>,
    /// Time that a tick stands for in recordings, µs.
    bin_us: u32,
    /// Recording read last.
    read: Mutex<Option<(usize, Arc<SpikeList>)>>,
}

impl Plan {
    /// Returns the number of recordings; 0 for a list.
    pub fn recordings(&self) -> usize {
        match &*self.inputs {
            Inputs::List(_) => 0,
            Inputs::Recordings(recordings) => recordings.len(),
        }
    }

    /// Returns the list, and the tick in it, for a tick of the run.
    fn list(&self, row: u32) -> Option<(Arc<SpikeList>, u32)> {
        match &*self.inputs {
            Inputs::List(list) => Some((Arc::clone(list), row)),
            Inputs::Recordings(recordings) => {
                let (number, tick) = ((row / self.steps) as usize, row % self.steps);
                let recording = recordings.get(number)?;
                let mut read = self.read.lock().ok()?;
                if let Some((of, list)) = &*read
                    && *of == number
                {
                    return Some((Arc::clone(list), tick));
                }
                // The run has refused a recording that cannot be read before it comes to this.
                let list = Arc::new(recording::read(&recording.path, self.bin_us).unwrap_or_default());
                *read = Some((number, Arc::clone(&list)));
                Some((list, tick))
            }
        }
    }

    /// Returns the ticks of the whole run.
    pub fn total(&self) -> u64 {
        u64::from(self.steps) * self.recordings().max(1) as u64
    }

    /// Returns the numbers of spikes, or the values, of a population among those of all neurons.
    fn values<'v>(&self, all: &'v [f32], population: usize) -> &'v [f32] {
        let start = self.first.get(population).copied().unwrap_or(all.len());
        let units = self.network.populations().get(population).map_or(0, |population| population.units);
        all.get(start..start + units).unwrap_or_default()
    }

    /// Returns whether an output shows values, since its population sends no spikes.
    fn shows_values(&self, output: usize) -> bool {
        let taps = self.network.outputs().get(output).map_or(&[][..], |output| &output.taps);
        taps.iter().any(|tap| match tap.from {
            Origin::Population(population) => self.network.populations()[population].firing.is_none(),
            Origin::Source(_) => false,
        })
    }

    /// Returns the numbers of neurons of each output.
    fn output_units(&self, output: usize) -> usize {
        let tap = self.network.outputs().get(output).and_then(|output| output.taps.first());
        tap.and_then(|tap| self.network.units(tap.from)).unwrap_or(0)
    }
}

/// Run over spikes.
#[derive(Clone, Debug)]
pub struct SpikeTask {
    plan: Arc<Plan>,
    /// Number of ticks announced.
    fed: u64,
    /// Number of ticks whose outputs were taken.
    taken: u64,
    /// Output spikes so far: tick, neuron, and number.
    outputs: Log<(u32, Spike)>,
    /// Output values so far, a row of all outputs a tick.
    values: Log<f32>,
    /// Traced values so far, a row a tick.
    traced: Log<f32>,
    /// Spikes of the senders of each output's taps, the oldest first, as the delays need.
    taps: Vec<Vec<VecDeque<Arc<[Spike]>>>>,
    /// Spikes of the last ticks: tick, and neurons over all populations.
    raster: VecDeque<(u64, Arc<[u32]>)>,
    /// Spikes so far, by population.
    spikes: Arc<Vec<u64>>,
    /// Synapses that spikes have passed so far, by projection.
    synaptic: Arc<Vec<u64>>,
    /// Spikes of all neurons, and of the outputs, in the last tick.
    last: (u64, u64),
    tally: Tally,
}

impl SpikeTask {
    fn new(plan: Arc<Plan>) -> Self {
        let network = &plan.network;
        let line = |delay: u16| vec![Arc::from([]); usize::from(delay)].into();
        let taps =
            |output: &crate::net::spiking::Output| output.taps.iter().map(|tap| line(tap.delay)).collect();
        Self {
            taps: network.outputs().iter().map(taps).collect(),
            spikes: Arc::new(vec![0; network.populations().len()]),
            synaptic: Arc::new(vec![0; network.projections().len()]),
            tally: Tally::new(plan.output_units(0)),
            plan,
            fed: 0,
            taken: 0,
            outputs: Log::default(),
            values: Log::default(),
            traced: Log::default(),
            raster: VecDeque::new(),
            last: (0, 0),
        }
    }

    /// Returns the constant data of the run.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes the spikes and values of all neurons in a tick, populations one after the other.
    fn take(&mut self, all: &[f32], traced: &[f32]) {
        let plan = Arc::clone(&self.plan);
        let tick = self.taken;
        let within = (tick % u64::from(plan.steps)) as u32;
        if plan.recordings() > 0 && within == 0 {
            self.begin_recording();
        }
        let spiking = |population: usize| plan.network.populations()[population].firing.is_some();
        let mut raster = Vec::new();
        let totals = Arc::make_mut(&mut self.spikes);
        let mut spikes = 0;
        for (population, total) in totals.iter_mut().enumerate().filter(|&(k, _)| spiking(k)) {
            for (neuron, &count) in plan.values(all, population).iter().enumerate() {
                if count != 0.0 {
                    *total += count as u64;
                    spikes += count as u64;
                    if raster.len() < RASTER_SPIKES {
                        raster.push((plan.first[population] + neuron) as u32);
                    }
                }
            }
        }
        self.count_synapses(&plan, tick, all);
        if self.raster.len() == RASTER {
            self.raster.pop_front();
        }
        self.raster.push_back((tick, raster.into()));
        let mut sent = 0;
        for output in 0..plan.network.outputs().len() {
            sent += self.show(&plan, output, (tick, within), all);
        }
        self.last = (spikes, sent);
        let scaled = |(place, &(population, neuron)): (usize, &(usize, u32))| {
            let v = traced.get(place).copied().unwrap_or(0.0);
            v / plan.network.populations()[population].scale.get(neuron as usize)
        };
        self.traced.extend(plan.traced.iter().enumerate().map(scaled));
        self.taken += 1;
        if plan.recordings() > 0 && within + 1 == plan.steps {
            self.end_recording(&plan);
        }
    }

    /// Takes the output in a tick; returns the number of its spikes.
    fn show(&mut self, plan: &Plan, output: usize, (tick, within): (u64, u32), all: &[f32]) -> u64 {
        if plan.shows_values(output) {
            let from = plan.network.outputs()[output].taps[0].from;
            if let Origin::Population(population) = from {
                let scale = &plan.network.populations()[population].scale;
                let values = plan.values(all, population).iter().enumerate();
                self.values.extend(values.map(|(n, value)| value / scale.get(n)));
            }
            return 0;
        }
        let base: u32 = (0..output).map(|before| plan.output_units(before) as u32).sum();
        let mut shown: Vec<Spike> = Vec::new();
        for (tap, line) in plan.network.outputs()[output].taps.iter().zip(&mut self.taps[output]) {
            line.push_back(match tap.from {
                Origin::Population(population) => spikes_of(plan.values(all, population)),
                Origin::Source(source) => plan.input(tick, source),
            });
            if let Some(spikes) = line.pop_front() {
                shown.extend(spikes.iter().copied());
            }
        }
        shown.sort_unstable();
        let mut sent = 0;
        for same in shown.chunk_by(|a, b| a.neuron == b.neuron) {
            let count = same.iter().map(|spike| spike.count).fold(0, u32::saturating_add);
            sent += u64::from(count);
            let spike = Spike { neuron: base + same[0].neuron, count };
            if plan.recordings() == 0 {
                self.outputs.push((within, spike));
            }
            if output == 0 {
                self.tally.count(same[0].neuron, count);
            }
        }
        sent
    }

    /// Counts the synapses that the spikes of a tick pass.
    fn count_synapses(&mut self, plan: &Plan, tick: u64, all: &[f32]) {
        let network = &plan.network;
        let sources: Vec<_> = (0..network.sources().len()).map(|source| plan.input(tick, source)).collect();
        let populations = (0..network.populations().len()).map(|k| match network.populations()[k].firing {
            Some(_) => spikes_of(plan.values(all, k)),
            None => Arc::from([]),
        });
        let populations: Vec<_> = populations.collect();
        for (projection, passed) in network.projections().iter().zip(Arc::make_mut(&mut self.synaptic)) {
            let spikes = match projection.from {
                Origin::Source(source) => &sources[source],
                Origin::Population(population) => &populations[population],
            };
            let synapses = |spike: &Spike| projection.rows.row(spike.neuron as usize).len() as u64;
            *passed += spikes.iter().map(|spike| synapses(spike) * u64::from(spike.count)).sum::<u64>();
        }
    }

    fn begin_recording(&mut self) {
        self.tally.begin();
        for line in self.taps.iter_mut().flatten() {
            for spikes in line {
                *spikes = Arc::from([]);
            }
        }
    }

    fn end_recording(&mut self, plan: &Plan) {
        let number = ((self.taken - 1) / u64::from(plan.steps)) as usize;
        let Inputs::Recordings(recordings) = &*plan.inputs else { return };
        if let Some(recording) = recordings.get(number) {
            self.tally.end(recording.label);
        }
    }
}

/// Lists the neurons with spikes.
fn spikes_of(counts: &[f32]) -> Arc<[Spike]> {
    let spiking = counts.iter().enumerate().filter(|(_, count)| **count != 0.0);
    spiking.map(|(neuron, &count)| Spike { neuron: neuron as u32, count: count as u32 }).collect()
}

impl Plan {
    /// Returns the spikes of a source in a tick, of a run over a list.
    fn input(&self, tick: u64, source: usize) -> Arc<[Spike]> {
        let Some((list, tick)) = self.list(tick as u32) else { return Arc::from([]) };
        let sources = self.network.sources();
        let first: usize = sources[..source].iter().map(SpikeSource::units).sum();
        let range = first as u32..(first + sources[source].units()) as u32;
        let own = list.at(tick).iter().filter(|spike| range.contains(&spike.neuron));
        own.map(|spike| Spike { neuron: spike.neuron - range.start, ..*spike }).collect()
    }
}

#[cfg(test)]
mod tests;
