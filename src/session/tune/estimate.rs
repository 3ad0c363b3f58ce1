//! Cost estimate of a mapping without building it.
//!
//! A layer's time step is that of its slowest PE: W·x, R·y and the point-wise step from the
//! kernels' own cost formulas, on the sources that were active in some time steps of the scene's
//! text; then its broadcast, and the interrupts that count it in. The NoC, DMA queues, barriers and
//! how far PEs run apart are left to the emulator.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::choice::{Choice, LayerChoice, kind, number};
use crate::chip::clock::{NOC_CYCLE, OperatingPoint, us};
use crate::chip::geometry::PES_PER_QPE;
use crate::chip::power::PowerModel;
use crate::kernel::matrix::{Shape, Share};
use crate::kernel::options::KernelKind;
use crate::machine::costs::Costs;
use crate::machine::dma::row_beats;
use crate::machine::options::Waiting;
use crate::machine::program::{PACKET_BYTES, Program};
use crate::mapping::build::unit_weights;
use crate::mapping::egru::EgruProgram;
use crate::mapping::memory::{self, Common, Copies, Full, lay_out};
use crate::mapping::options::{Balance, MappingOptions};
use crate::mapping::partition::{Assignment, assign};
use crate::net::csr::Csr;
use crate::net::{Carry, Egru, EgruLayer};

/// Number of time steps whose active sources estimates use: the last of those emulated.
const SAMPLES: usize = 3;

/// Sources of W and R of a layer that are not zero in one time step.
#[derive(Clone, Debug)]
struct Activity {
    input: Vec<bool>,
    recurrent: Vec<bool>,
}

/// Facts about a layer from which estimates are made.
#[derive(Debug)]
struct LayerFacts<'a> {
    layer: &'a EgruLayer,
    weights: (Vec<u32>, Vec<u32>),
    activity: Vec<Activity>,
    /// Kernels that W and R may have, by number.
    kernels: [Vec<usize>; 2],
}

/// Layer split over a number of PEs.
#[derive(Debug)]
pub struct Split {
    assignment: Assignment,
    /// Cycles by kernel, sample and PE, of W and of R; empty for kernels that are not tried.
    cycles: [Vec<Vec<Vec<u64>>>; 2],
}

/// Key of a split: layer, PEs, whether by units.
type Key = (usize, usize, bool);

/// Estimator of one scene.
#[derive(Debug)]
pub struct Estimator<'a> {
    layers: Vec<LayerFacts<'a>>,
    costs: &'a Costs,
    width: usize,
    point: OperatingPoint,
    /// PEs of the machine, all of which draw power.
    places: usize,
    waiting: Waiting,
    polling: f64,
    /// Whether each layer has PEs of its own.
    apart: bool,
    /// Samples and buffers.
    copies: Copies,
    splits: BTreeMap<Key, Split>,
}

impl<'a> Estimator<'a> {
    /// Creates an estimator for a mapped scene with these first rows of input. `kernels[layer]`
    /// lists the candidates for W and R. Of a batch, the first sample stands for all.
    pub fn new(
        network: &'a Egru,
        program: &'a Program,
        rows: &[Vec<u32>],
        kernels: &[[Vec<usize>; 2]],
    ) -> Self {
        let first: Vec<u32> = rows.iter().filter_map(|rows| rows.first().copied()).collect();
        let activity = activity(network, program, &first);
        let layers = network.layers.iter().zip(activity).zip(kernels);
        let apart = program.pes.iter().flatten().all(|pe| pe.populations().count() == 1);
        Self {
            layers: layers
                .map(|((layer, activity), kernels)| LayerFacts {
                    layer,
                    weights: unit_weights(layer),
                    activity,
                    kernels: kernels.clone(),
                })
                .collect(),
            costs: &program.costs,
            width: program.dram.width(),
            point: program.operating_point,
            places: program.pes.len(),
            waiting: program.waiting,
            polling: program.assume.polling,
            apart,
            copies: Copies::of(program),
            splits: BTreeMap::new(),
        }
    }

    /// Returns the number of units of a layer; 0 if there is no such layer.
    pub fn units(&self, layer: usize) -> usize {
        self.layers.get(layer).map_or(0, |facts| facts.layer.units())
    }

    /// Returns the kernels that a layer's W and R may have, by number.
    pub fn kernels(&self, layer: usize) -> &[Vec<usize>; 2] {
        &self.layers[layer].kernels
    }

    /// Computes splits in parallel; those that exist stay.
    pub fn prepare(&mut self, keys: impl IntoIterator<Item = Key>) {
        let mut wanted: Vec<Key> = keys.into_iter().filter(|key| !self.splits.contains_key(key)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let made: Vec<(Key, Split)> =
            wanted.into_par_iter().map(|key| (key, self.layers[key.0].split(key, self.costs))).collect();
        self.splits.extend(made);
    }

    /// Computes the splits of a choice, without which it cannot be estimated.
    pub fn prepare_choice(&mut self, choice: &Choice) {
        let keys: Vec<Key> = keys(choice).collect();
        self.prepare(keys);
    }

    /// Returns the cycles from the start of a layer's time step until its slowest PE could send;
    /// `None` if not prepared.
    pub fn slowest(&self, layer: usize, choice: &LayerChoice, by_units: bool) -> Option<f64> {
        let split = self.splits.get(&(layer, choice.pes, by_units))?;
        let [w, r] = [0, 1].map(|matrix| &split.cycles[matrix][choice.kernels[matrix]]);
        let always = self.layers.get(layer).is_some_and(|facts| facts.layer.always);
        let pointwise = |pe: usize| self.costs.pointwise(split.assignment[pe].len() as u32, always);
        let slowest = |(w, r): (&Vec<u64>, &Vec<u64>)| {
            w.iter().zip(r).enumerate().map(|(pe, (w, r))| w + r + pointwise(pe)).max().unwrap_or(0)
        };
        let samples = w.len().max(1) as f64;
        Some(w.iter().zip(r).map(slowest).sum::<u64>() as f64 / samples)
    }

    /// Returns the cycles in which a layer on `pes` PEs sends to itself and to `next` PEs of the
    /// layer behind it, until all is counted in.
    pub fn sending(&self, layer: usize, pes: usize, next: usize) -> f64 {
        let units = self.units(layer).div_ceil(pes.max(1)) as u32;
        let packets = (4 * units).div_ceil(PACKET_BYTES);
        let quads = |pes: usize| pes.div_ceil(PES_PER_QPE) as u32;
        let last = layer + 1 == self.layers.len();
        let destinations = quads(pes) + if last { 1 } else { quads(next) };
        (self.costs.broadcast(packets, destinations)
            + self.costs.interrupt * pes as u64
            + 4 * self.costs.timer_log) as f64
    }

    /// Returns the cycles in which `pes` PEs of layer 0 fetch their rows over two DRAM ports.
    pub fn fetching(&self, pes: usize) -> f64 {
        let ticks = u64::from(row_beats(self.width)) * self.costs.dram_beat * pes.div_ceil(2) as u64;
        ticks.max(NOC_CYCLE) as f64 / self.point.ticks_per_cycle() as f64 + self.costs.dma_setup as f64
    }

    /// Returns the chip time of a time step, µs; `None` if not prepared.
    pub fn step_us(&self, choice: &Choice) -> Option<f64> {
        let mut cycles = self.fetching(choice.layers.first()?.pes);
        for (k, layer) in choice.layers.iter().enumerate() {
            let next = choice.layers.get(k + 1).map_or(0, |next| next.pes);
            cycles += self.slowest(k, layer, choice.by_units)? + self.sending(k, layer.pes, next);
        }
        Some(self.microseconds(cycles))
    }

    /// Converts PE cycles to µs.
    pub fn microseconds(&self, cycles: f64) -> f64 {
        cycles * us(self.point.ticks_per_cycle())
    }

    /// Returns the energy of a time step of `step_us` µs on `pes` PEs, J, if waiting PEs poll; a
    /// bound where they sleep.
    pub fn step_j(&self, pes: usize, step_us: f64) -> f64 {
        let share = self.waiting.active_share(self.polling);
        // A PE works about while its layer does, and waits while the others do.
        let working = 1.0 / self.layers.len().max(1) as f64;
        let duty = pes as f64 * (working + (1.0 - working) * share);
        PowerModel::at(self.point).chip_power_w(duty, self.places) * step_us * 1e-6
    }

    /// Checks whether a layer's share fits its fullest PE, the other layers spread as in `choice`.
    ///
    /// Layers that share PEs, and splits that are not prepared, pass the check.
    pub fn fits(&self, layer: usize, choice: &Choice) -> Result<(), Full> {
        if !self.apart {
            // Layers on one PE share its memory: the mapper checks whether they fit.
            return Ok(());
        }
        let Some(split) = self.splits.get(&(layer, choice.layers[layer].pes, choice.by_units)) else {
            return Ok(());
        };
        let common = Common::new(&self.widths(choice), true, self.copies);
        let mut worst: Option<Full> = None;
        for units in &split.assignment {
            let share = self.layers[layer].share(layer, units, &choice.layers[layer]);
            if let Err(full) = lay_out(&common, &[share])
                && worst.as_ref().is_none_or(|worst| full.needed > worst.needed)
            {
                worst = Some(full);
            }
        }
        worst.map_or(Ok(()), Err)
    }

    /// Returns the larger of x and y of each layer, in bytes; y takes whole packets of each sender.
    fn widths(&self, choice: &Choice) -> Vec<u32> {
        let mut input = 4 * self.width as u32;
        let mut widths = Vec::new();
        for (k, layer) in choice.layers.iter().enumerate() {
            let (units, pes) = (self.units(k), layer.pes.max(1));
            let block = |units: usize| (4 * units as u32).next_multiple_of(PACKET_BYTES);
            let more = units % pes;
            let own = more as u32 * block(units / pes + 1) + (pes - more) as u32 * block(units / pes);
            widths.push(input.max(own));
            input = own;
        }
        widths
    }

    /// Returns the mean of the fewest bytes that a unit of a layer takes in any candidate kernel:
    /// below it no split can fit.
    pub fn least_bytes_a_unit(&self, layer: usize) -> f64 {
        let facts = &self.layers[layer];
        let bytes = |weights: &[u32], kernels: &[usize]| {
            let nonzeros = weights.iter().sum();
            let shape = Shape { rows: 3 * weights.len() as u32, sources: 0, nonzeros };
            kernels.iter().map(|&k| kind(k).bytes(shape)).min().unwrap_or(0)
        };
        let total = bytes(&facts.weights.0, &facts.kernels[0]) + bytes(&facts.weights.1, &facts.kernels[1]);
        total as f64 / facts.layer.units().max(1) as f64
    }
}

/// Returns the keys of the splits in a choice.
fn keys(choice: &Choice) -> impl Iterator<Item = Key> {
    choice.layers.iter().enumerate().map(|(k, layer)| (k, layer.pes, choice.by_units))
}

impl LayerFacts<'_> {
    fn split(&self, (_, pes, by_units): Key, costs: &Costs) -> Split {
        let weight: Vec<u32> = self.weights.0.iter().zip(&self.weights.1).map(|(w, r)| w + r).collect();
        let balance = if by_units { Balance::Units } else { Balance::NonZeros };
        let assignment = assign(&weight, pes, balance);
        let input: Vec<&[bool]> = self.activity.iter().map(|a| a.input.as_slice()).collect();
        let recurrent: Vec<&[bool]> = self.activity.iter().map(|a| a.recurrent.as_slice()).collect();
        let cycles = [
            cycles(&self.layer.input_weights, &assignment, &self.kernels[0], &input, costs),
            cycles(&self.layer.recurrent, &assignment, &self.kernels[1], &recurrent, costs),
        ];
        Split { assignment, cycles }
    }

    fn share<'s>(&'s self, layer: usize, units: &[u32], choice: &LayerChoice) -> memory::Share<'s> {
        let shape = |weights: &[u32], sources: usize| Shape {
            rows: 3 * units.len() as u32,
            sources: sources as u32,
            nonzeros: units.iter().map(|&u| weights[u as usize]).sum(),
        };
        let [w, r] = choice.kernels.map(kind);
        memory::Share {
            layer: layer as u8,
            name: &self.layer.name,
            units: units.len() as u32,
            output: self.layer.output,
            compare: self.layer.compare,
            always: self.layer.always,
            tanh: self.layer.tanh,
            input: (w, shape(&self.weights.0, self.layer.inputs())),
            recurrent: (r, shape(&self.weights.1, self.layer.units())),
            // Sizes of mail depend on the whole split: the mapper looks at them.
            events: None,
        }
    }
}

/// Returns the cycles of a matrix by kernel (all of [`KernelKind::ALL`], those not to try empty),
/// sample and PE.
fn cycles(
    matrix: &Csr,
    assignment: &Assignment,
    kernels: &[usize],
    samples: &[&[bool]],
    costs: &Costs,
) -> Vec<Vec<Vec<u64>>> {
    let units = matrix.rows() / 3;
    let words: Vec<u32> = (0..matrix.cols() as u32).collect();
    let mut cycles = vec![Vec::new(); KernelKind::ALL.len()];
    for &kernel in kernels {
        cycles[kernel] = vec![Vec::with_capacity(assignment.len()); samples.len()];
    }
    for share in assignment {
        let row = |gate: usize, unit: u32| -> Vec<(u32, f32)> {
            let row = matrix.outer_view(gate * units + unit as usize);
            row.iter().flat_map(|row| row.iter().map(|(source, &weight)| (source as u32, weight))).collect()
        };
        let rows: Vec<Vec<(u32, f32)>> =
            (0..3).flat_map(|gate| share.iter().map(move |&unit| row(gate, unit))).collect();
        let counts = Share { rows: &rows, words: &words }.counts();
        for &kernel in kernels {
            let kind = kind(kernel);
            let routine = counts.routine(kind);
            for (sample, cycles) in samples.iter().zip(&mut cycles[kernel]) {
                let active = |source: u32| sample.get(source as usize).copied().unwrap_or(false);
                cycles.push(costs.routine(routine, &counts.work(kind, active)));
            }
        }
    }
    cycles
}

/// Returns the active sources of each layer in the last of these time steps, from
/// the reference network.
fn activity(network: &Egru, program: &Program, rows: &[u32]) -> Vec<Vec<Activity>> {
    let mut samples = vec![Vec::new(); network.layers.len()];
    let restart = EgruProgram::of(program).and_then(|egru| egru.restart);
    let mut state = network.state();
    let mut x = vec![0.0; program.dram.width()];
    let active = |values: &[f32]| values.iter().map(|&value| value != 0.0).collect::<Vec<bool>>();
    for (t, &row) in rows.iter().enumerate() {
        if let Some(restart) = restart.filter(|restart| restart.at(t as u32)) {
            state.start_sequence(if restart.outputs { Carry::Nothing } else { Carry::Y });
        }
        program.dram.read(row, &mut x);
        let before: Vec<Vec<bool>> = state.layers.iter().map(|layer| active(&layer.y)).collect();
        network.step(&mut state, &x);
        if t + SAMPLES < rows.len() {
            continue;
        }
        let mut input = active(&x);
        for ((samples, recurrent), layer) in samples.iter_mut().zip(before).zip(&state.layers) {
            samples.push(Activity { input, recurrent });
            input = active(&layer.y);
        }
    }
    samples
}

/// Returns kernels to try for each layer's W and R: as exact as the scene's; all if `allow_int8`.
///
/// Unless the scene uses them, kernels that take a list of events are left out; so are the fast
/// kernels beside custom ones, because there is no room for their code.
pub fn kernels_to_try(mapping: &MappingOptions, scene: &Choice, allow_int8: bool) -> Vec<[Vec<usize>; 2]> {
    let own_code = mapping.layers.iter().any(|l| l.input.code().or(l.recurrent.code()).is_some());
    let usable = |k: &KernelKind| {
        !(k.takes_list() || own_code && k.is_fast())
            || mapping.layers.iter().any(|l| l.input.kind() == *k || l.recurrent.kind() == *k)
    };
    let of = |own: usize| {
        let same = |k: &KernelKind| allow_int8 || k.is_exact() == kind(own).is_exact();
        let all = KernelKind::ALL.into_iter().filter(|k| usable(k) && same(k));
        all.map(number).collect::<Vec<_>>()
    };
    scene.layers.iter().map(|layer| layer.kernels.map(of)).collect()
}
