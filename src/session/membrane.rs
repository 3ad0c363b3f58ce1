//! Membrane potentials and spikes of a spiking network's neurons in the last ticks, for screens.
//!
//! They are read as the host reads the neurons' values, in no chip time, and only where a front end
//! asks for them. They lie outside of checkpoints: a tick that runs again has the same values, so
//! going back shows what was recorded, and going on replaces it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::machine::exec::Machine;
use crate::machine::legend::PopulationId;
use crate::machine::program::Program;
use crate::mapping::spiking::{SpikingProgram, SpikingSlot};
use crate::text::visible_line;

/// Ticks that are kept at most.
const TICKS: usize = 1024;
/// Bytes that all ticks take at most, about.
const BYTES: usize = 16 << 20;
/// Ticks that a view carries.
const SHOWN: usize = 512;
/// Maximum number of neurons whose potentials a front end can request.
pub const MOST_PINS: usize = 6;

/// Neuron whose potential is shown over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Population of the neuron.
    pub population: PopulationId,
    /// Number in the population.
    pub neuron: u32,
}

/// Potential of a pinned neuron in the last ticks, in units of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MembraneView {
    /// Neuron with its population.
    pub pin: Pin,
    /// Name of the population.
    pub population: String,
    /// Threshold; `None` for populations whose output is v.
    pub theta: Option<f32>,
    /// First tick of `v`, from 0.
    pub since: u64,
    /// v at the end of each tick, after the reset, oldest first; at most 512.
    pub v: Vec<f32>,
    /// Whether the neuron spiked in each of these ticks.
    pub spiked: Vec<bool>,
}

/// Neurons of a PE: where their potentials lie, and their numbers among all neurons.
#[derive(Clone, Debug)]
struct NeuronGroup {
    pe: usize,
    /// Byte address of the first potential.
    at: u32,
    neurons: Vec<usize>,
}

/// Values of all neurons at the end of a tick.
#[derive(Clone, Debug)]
struct Recorded {
    tick: u64,
    v: Box<[f32]>,
    /// A bit a neuron.
    spiked: Box<[u64]>,
}

/// Recorder of potentials and spikes.
#[derive(Clone, Debug)]
pub struct Membranes {
    places: Vec<NeuronGroup>,
    neurons: usize,
    ticks: VecDeque<Recorded>,
}

impl Membranes {
    /// Creates a recorder; `None` for programs of other network families.
    pub fn new(program: &Program) -> Option<Self> {
        SpikingProgram::of(program)?;
        let neurons = program.populations.iter().map(|population| population.words as usize).sum();
        let mut places = Vec::new();
        for (pe, loaded) in program.pes.iter().enumerate() {
            for slot in loaded.iter().flat_map(|loaded| &loaded.slots) {
                let first = program.population(slot.population).and_then(|population| population.host);
                let Some((share, first)) = SpikingSlot::of(slot).zip(first) else { continue };
                let neurons = slot.units.iter().map(|&unit| (first + unit) as usize).collect();
                places.push(NeuronGroup { pe, at: share.layout.potential, neurons });
            }
        }
        Some(Self { places, neurons, ticks: VecDeque::new() })
    }

    /// Returns the maximum number of ticks that are kept.
    fn most(&self) -> usize {
        (BYTES / (size_of::<f32>() * self.neurons.max(1))).clamp(1, TICKS)
    }

    /// Records tick `tick` (from 0), which has just been completed; `spikes` are those
    /// of all neurons.
    pub fn note(&mut self, machine: &Machine, tick: u64, spikes: &[f32]) {
        let mut v = vec![0.0; self.neurons].into_boxed_slice();
        for place in &self.places {
            let sram = &machine.state().pes[place.pe].sram;
            for (at, &neuron) in (place.at..).step_by(4).zip(&place.neurons) {
                if let Some(v) = v.get_mut(neuron) {
                    *v = f32::from_bits(sram.word(at));
                }
            }
        }
        let mut spiked = vec![0_u64; self.neurons.div_ceil(64)].into_boxed_slice();
        for (neuron, _) in spikes.iter().enumerate().filter(|(_, count)| **count != 0.0) {
            if let Some(word) = spiked.get_mut(neuron / 64) {
                *word |= 1 << (neuron % 64);
            }
        }
        self.put(Recorded { tick, v, spiked });
    }

    fn put(&mut self, recorded: Recorded) {
        let place = self.ticks.front().and_then(|first| recorded.tick.checked_sub(first.tick));
        match place.map(|place| place as usize) {
            Some(place) if place < self.ticks.len() => self.ticks[place] = recorded,
            Some(place) if place == self.ticks.len() => self.ticks.push_back(recorded),
            // A gap: what lies before it is not next to this tick.
            _ => self.ticks = VecDeque::from([recorded]),
        }
        while self.ticks.len() > self.most() {
            self.ticks.pop_front();
        }
    }

    /// Returns the number of a neuron among all of a program.
    fn number(program: &Program, pin: Pin) -> Option<usize> {
        let population = program.population(pin.population)?;
        (pin.neuron < population.words).then(|| (population.host.unwrap_or(0) + pin.neuron) as usize)
    }

    /// Returns the potentials of a neuron, `done` ticks being completed; `None` if there is no such
    /// neuron.
    pub fn view(&self, program: &Program, done: u64, pin: Pin) -> Option<MembraneView> {
        let number = Self::number(program, pin)?;
        let network = &SpikingProgram::of(program)?.network;
        let of = network.populations().get(pin.population.index())?;
        let scale = of.scale.get(pin.neuron as usize);
        // The output of a population without a threshold is v itself, which is no spike.
        let fires = of.firing.is_some();
        let known: Vec<&Recorded> = self.ticks.iter().filter(|recorded| recorded.tick < done).collect();
        let shown = &known[known.len().saturating_sub(SHOWN)..];
        // Values of another past end where the present begins.
        let last = shown.last().is_none_or(|recorded| recorded.tick + 1 == done);
        let shown = if last { shown } else { &[] };
        Some(MembraneView {
            pin,
            population: visible_line(&of.name).into_owned(),
            theta: fires.then(|| of.constants(pin.neuron as usize).threshold / scale),
            since: shown.first().map_or(done, |recorded| recorded.tick),
            v: shown.iter().map(|recorded| recorded.v.get(number).copied().unwrap_or(0.0) / scale).collect(),
            spiked: shown
                .iter()
                .map(|recorded| {
                    fires
                        && recorded.spiked.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
                })
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(tick: u64, v: f32) -> Recorded {
        Recorded { tick, v: [v].into(), spiked: [0].into() }
    }

    #[test]
    fn a_tick_that_runs_again_replaces_its_values_and_a_gap_begins_anew() {
        let mut all = Membranes { places: Vec::new(), neurons: 1, ticks: VecDeque::new() };
        for tick in 5..9 {
            all.put(recorded(tick, tick as f32));
        }
        all.put(recorded(6, 60.0));
        let values = |all: &Membranes| all.ticks.iter().map(|of| (of.tick, of.v[0])).collect::<Vec<_>>();
        assert_eq!(values(&all), [(5, 5.0), (6, 60.0), (7, 7.0), (8, 8.0)]);
        all.put(recorded(12, 12.0));
        assert_eq!(values(&all), [(12, 12.0)]);
        all.put(recorded(3, 3.0));
        assert_eq!(values(&all), [(3, 3.0)]);
    }

    #[test]
    fn as_many_ticks_are_kept_as_the_memory_allows() {
        let mut all = Membranes { places: Vec::new(), neurons: BYTES / 40, ticks: VecDeque::new() };
        (0..30).for_each(|tick| all.put(recorded(tick, 0.0)));
        assert_eq!((all.ticks.len(), all.ticks[0].tick), (10, 20));
        assert_eq!(Membranes { neurons: 1, ..all }.most(), TICKS);
    }
}
