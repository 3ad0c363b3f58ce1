//! Simulation tick by tick, driven by spikes.

use std::collections::VecDeque;

use super::network::{Network, Origin, Output, Projection};
use super::population::{Population, Synapse};
use super::rows::{Delays, Rows, Weights};
use super::update::{Input, NeuronState, update};

/// Spikes of a neuron in a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spike {
    /// Neuron, in C order of its population's shape.
    pub neuron: u32,
    /// Number of its spikes, at least 1.
    pub count: u32,
}

/// Collects neurons, in any order and repeated for every further spike, as spikes
/// in ascending order.
pub fn spikes(neurons: impl IntoIterator<Item = u32>) -> Vec<Spike> {
    let mut neurons: Vec<u32> = neurons.into_iter().collect();
    neurons.sort_unstable();
    let groups = neurons.chunk_by(|a, b| a == b);
    groups.map(|group| Spike { neuron: group[0], count: group.len() as u32 }).collect()
}

/// State of a [`Network`] between ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    tick: u64,
    populations: Vec<PopulationState>,
    /// Spikes of the sources in the last tick.
    sources: Vec<Vec<Spike>>,
    /// Spikes of each tap of each output, newest last; the oldest are those that it shows.
    taps: Vec<Vec<VecDeque<Vec<Spike>>>>,
    /// Synapses that spikes have passed so far, by projection.
    events: Vec<u64>,
    /// Spikes sent so far, by population.
    sent: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq)]
struct PopulationState {
    neurons: Vec<NeuronState>,
    ring: Ring,
    /// Spikes of the last tick, ascending.
    spikes: Vec<Spike>,
}

/// Input sums of the ticks to come: `[tick mod slots][lane][neuron]`.
#[derive(Clone, Debug, PartialEq)]
struct Ring {
    units: usize,
    slots: usize,
    /// 2 where negative weights are summed apart.
    lanes: usize,
    sums: Sums,
}

#[derive(Clone, Debug, PartialEq)]
enum Sums {
    F32(Vec<f32>),
    I32(Vec<i32>),
}

impl Ring {
    fn new(population: &Population, longest: u16, integer: bool) -> Self {
        let lanes = if matches!(population.dynamics.synapse, Synapse::Signed { .. }) { 2 } else { 1 };
        let (units, slots) = (population.units, usize::from(longest) + 1);
        let values = units * slots * lanes;
        let sums = if integer { Sums::I32(vec![0; values]) } else { Sums::F32(vec![0.0; values]) };
        Self { units, slots, lanes, sums }
    }

    /// Returns the first sum of the slot of `tick`.
    fn slot(&self, tick: u64) -> usize {
        (tick % self.slots as u64) as usize * self.lanes * self.units
    }

    /// Adds the synapses `range` of a row for a source that sent `count` spikes in `tick`.
    ///
    /// `now` selects the synapses without a delay, else those with one. Returns their number.
    fn add(&mut self, rows: &Rows, source: usize, count: u32, tick: u64, now: bool) -> u64 {
        let range = rows.row(source);
        match &rows.delays {
            Delays::All(delay) => {
                if (*delay == 0) != now {
                    return 0;
                }
                let slot = self.slot(tick + u64::from(*delay));
                let events = range.len() as u64;
                self.add_each(rows, range.map(|synapse| (synapse, slot)), count);
                events
            }
            Delays::Each(delays) => {
                let mut events = 0;
                for synapse in range.filter(|&synapse| (delays[synapse] == 0) == now) {
                    let slot = self.slot(tick + u64::from(delays[synapse]));
                    self.add_each(rows, std::iter::once((synapse, slot)), count);
                    events += 1;
                }
                events
            }
        }
    }

    #[inline]
    fn add_each(&mut self, rows: &Rows, synapses: impl Iterator<Item = (usize, usize)>, count: u32) {
        let inhibition = if self.lanes == 2 { self.units } else { 0 };
        match (&mut self.sums, &rows.weights) {
            (Sums::F32(sums), Weights::F32(weights)) => {
                let count = count as f32;
                for (synapse, slot) in synapses {
                    let (target, weight) = (rows.targets[synapse] as usize, weights[synapse]);
                    if inhibition > 0 && weight < 0.0 {
                        sums[slot + inhibition + target] += -weight * count;
                    } else {
                        sums[slot + target] += weight * count;
                    }
                }
            }
            (Sums::I32(sums), Weights::Int8(weights)) => {
                for (synapse, slot) in synapses {
                    let (target, weight) = (rows.targets[synapse] as usize, i32::from(weights[synapse]));
                    let apart = inhibition > 0 && weight < 0;
                    let at = slot + target + if apart { inhibition } else { 0 };
                    let weight = if apart { -weight } else { weight };
                    // As a multiply-accumulate of the core does; 2^31/127 spikes a tick are out of
                    // reach.
                    sums[at] = sums[at].wrapping_add(weight.wrapping_mul(count as i32));
                }
            }
            // `Network::new` makes all weights of one format, and `state` all rings of that format.
            (Sums::F32(_), Weights::Int8(_)) | (Sums::I32(_), Weights::F32(_)) => {}
        }
    }

    /// Returns a neuron's sums of the slot that starts at `slot`, and clears them.
    #[inline]
    fn take(&mut self, slot: usize, neuron: usize) -> Input {
        let lanes = self.lanes;
        let units = self.units;
        let mut lane = |lane: usize| {
            let at = slot + lane * units + neuron;
            match &mut self.sums {
                Sums::F32(sums) => std::mem::take(&mut sums[at]),
                Sums::I32(sums) => std::mem::take(&mut sums[at]) as f32,
            }
        };
        Input { sum: lane(0), inhibition: if lanes == 2 { lane(1) } else { 0.0 } }
    }
}

impl Network {
    /// Returns the state before the first tick.
    pub fn state(&self) -> State {
        let integer = self.projections.iter().any(|p| matches!(p.rows.weights, Weights::Int8(_)));
        let population = |(index, population): (usize, &Population)| PopulationState {
            neurons: (0..population.units)
                .map(|n| NeuronState { v: population.start.get(n), ..NeuronState::default() })
                .collect(),
            ring: Ring::new(population, self.longest_delay(index), integer),
            spikes: Vec::new(),
        };
        let line = |delay: u16| vec![Vec::new(); usize::from(delay)].into();
        let taps = |output: &Output| output.taps.iter().map(|tap| line(tap.delay)).collect();
        State {
            tick: 0,
            populations: self.populations.iter().enumerate().map(population).collect(),
            sources: vec![Vec::new(); self.sources.len()],
            taps: self.outputs.iter().map(taps).collect(),
            events: vec![0; self.projections.len()],
            sent: vec![0; self.populations.len()],
        }
    }

    /// Computes a tick. `inputs` holds the spikes of each source, neurons ascending and distinct.
    ///
    /// # Panics
    ///
    /// If `inputs` has another length than the sources, or a spike's neuron does not exist.
    pub fn step(&self, state: &mut State, inputs: &[Vec<Spike>]) {
        assert_eq!(inputs.len(), self.sources.len(), "spikes for every source");
        state.sources.clear();
        state.sources.extend_from_slice(inputs);
        for &index in &self.order {
            let into = |(_, projection): &(usize, &Projection)| projection.to == index;
            for (number, projection) in self.projections.iter().enumerate().filter(into) {
                state.deliver(number, projection, true);
            }
            state.update(index, &self.populations[index]);
        }
        for (number, projection) in self.projections.iter().enumerate() {
            state.deliver(number, projection, false);
        }
        for (output, lines) in self.outputs.iter().zip(&mut state.taps) {
            for (tap, line) in output.taps.iter().zip(lines) {
                if line.len() > usize::from(tap.delay) {
                    line.pop_front();
                }
                line.push_back(match tap.from {
                    Origin::Source(index) => state.sources[index].clone(),
                    Origin::Population(index) => state.populations[index].spikes.clone(),
                });
            }
        }
        state.tick += 1;
    }
}

impl State {
    fn deliver(&mut self, number: usize, projection: &Projection, now: bool) {
        let delays = &projection.rows.delays;
        if if now { delays.shortest() > 0 } else { delays.longest() == 0 } {
            return;
        }
        let spikes = match projection.from {
            Origin::Source(index) => std::mem::take(&mut self.sources[index]),
            Origin::Population(index) => std::mem::take(&mut self.populations[index].spikes),
        };
        let ring = &mut self.populations[projection.to].ring;
        for spike in &spikes {
            let events = ring.add(&projection.rows, spike.neuron as usize, spike.count, self.tick, now);
            self.events[number] += events * u64::from(spike.count);
        }
        match projection.from {
            Origin::Source(index) => self.sources[index] = spikes,
            Origin::Population(index) => self.populations[index].spikes = spikes,
        }
    }

    fn update(&mut self, index: usize, population: &Population) {
        let PopulationState { neurons, ring, spikes } = &mut self.populations[index];
        let (slot, mode) = (ring.slot(self.tick), population.mode());
        let shared = population.is_uniform().then(|| population.constants(0));
        spikes.clear();
        for (n, neuron) in neurons.iter_mut().enumerate() {
            let constants = shared.unwrap_or_else(|| population.constants(n));
            let count = update(mode, &constants, neuron, ring.take(slot, n));
            if count > 0 {
                spikes.push(Spike { neuron: n as u32, count });
                self.sent[index] += u64::from(count);
            }
        }
    }

    /// Returns the number of ticks computed.
    pub fn ticks(&self) -> u64 {
        self.tick
    }

    /// Returns the spikes of a population in the last tick, neurons ascending.
    ///
    /// # Panics
    ///
    /// If there is no such population.
    pub fn spikes(&self, population: usize) -> &[Spike] {
        &self.populations[population].spikes
    }

    /// Returns the states of a population's neurons, v times the population's scale.
    ///
    /// # Panics
    ///
    /// If there is no such population.
    pub fn neurons(&self, population: usize) -> &[NeuronState] {
        &self.populations[population].neurons
    }

    /// Returns the membrane potentials of a population, in the units of the model.
    ///
    /// # Panics
    ///
    /// If there is no such population.
    pub fn potentials(&self, network: &Network, population: usize) -> Vec<f32> {
        let scale = &network.populations[population].scale;
        self.neurons(population).iter().enumerate().map(|(n, neuron)| neuron.v / scale.get(n)).collect()
    }

    /// Returns the spikes that an output shows after the last tick, neurons ascending.
    ///
    /// # Panics
    ///
    /// If there is no such output.
    pub fn output(&self, output: usize) -> Vec<Spike> {
        let lines = &self.taps[output];
        let shown = |line: &VecDeque<Vec<Spike>>| line.front().cloned().unwrap_or_default();
        let mut all: Vec<Spike> = lines.iter().flat_map(shown).collect();
        all.sort_unstable();
        let same = all.chunk_by(|a, b| a.neuron == b.neuron);
        let total = |group: &[Spike]| group.iter().map(|spike| spike.count).fold(0, u32::saturating_add);
        same.map(|group| Spike { neuron: group[0].neuron, count: total(group) }).collect()
    }

    /// Returns the synapses that spikes have passed so far, by projection.
    pub fn synaptic_events(&self) -> &[u64] {
        &self.events
    }

    /// Returns the spikes sent so far, by population.
    pub fn spikes_sent(&self) -> &[u64] {
        &self.sent
    }
}
