//! The best mappings by estimate: one for every number of PEs.

use std::collections::BTreeMap;

use super::choice::{Choice, LayerChoice};
use super::estimate::Estimator;
use crate::machine::sram::SRAM_BYTES;

/// Mapping with its estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimated {
    /// Mapping that was estimated.
    pub choice: Choice,
    /// Chip time of a time step, µs.
    pub step_us: f64,
    /// Energy of a time step, J.
    pub step_j: f64,
}

/// Search space: what may change, and its limits.
#[derive(Clone, Debug)]
pub struct Space {
    /// The scene's own mapping.
    pub scene: Choice,
    /// Layers whose PEs the scene names: their number stays fixed.
    pub named: Vec<bool>,
    /// PEs for all other layers together.
    pub free: usize,
}

impl Space {
    /// Returns the number of PEs that a choice takes from the free ones.
    pub fn taken(&self, choice: &Choice) -> usize {
        choice.layers.iter().zip(&self.named).filter(|(_, named)| !**named).map(|(layer, _)| layer.pes).sum()
    }

    /// Returns the numbers of PEs to consider for a layer, ascending.
    ///
    /// They are those at which the largest number of units on a PE decreases, and the scene's own,
    /// as far as the layer may fit and PEs are free. If the scene names the layer's PEs, only their
    /// number is considered.
    pub fn steps(&self, layer: usize, estimator: &Estimator<'_>) -> Vec<usize> {
        let own = self.scene.layers[layer].pes;
        if self.named[layer] {
            return vec![own];
        }
        let units = estimator.units(layer);
        let least =
            (units as f64 * estimator.least_bytes_a_unit(layer) / f64::from(SRAM_BYTES)).ceil() as usize;
        let most = units.min(self.free);
        let lower = |n: usize| n == 1 || units.div_ceil(n) < units.div_ceil(n - 1);
        (least.max(1)..=most).filter(|&n| n == own || lower(n)).collect()
    }
}

/// Option of one layer: its choice, and the cycles of its slowest PE.
type LayerOption = (LayerChoice, f64);

/// Returns the fastest kernels that fit a layer for each number of PEs.
///
/// Adds the number of choices estimated to `looked_at`.
fn options(
    estimator: &Estimator<'_>,
    space: &Space,
    layer: usize,
    by_units: bool,
    looked_at: &mut usize,
) -> Vec<LayerOption> {
    let mut options = Vec::new();
    for pes in space.steps(layer, estimator) {
        let [w, r] = estimator.kernels(layer);
        let pairs = w.iter().flat_map(|&w| r.iter().map(move |&r| [w, r]));
        let mut ranked: Vec<LayerOption> = pairs
            .map(|kernels| LayerChoice { pes, kernels })
            .filter_map(|choice| estimator.slowest(layer, &choice, by_units).map(|cycles| (choice, cycles)))
            .collect();
        *looked_at += ranked.len();
        ranked.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
        let fits = |choice: &LayerChoice| {
            let mut whole = Choice { by_units, ..space.scene.clone() };
            whole.layers[layer] = choice.clone();
            estimator.fits(layer, &whole).is_ok()
        };
        options.extend(ranked.into_iter().find(|(choice, _)| fits(choice)));
    }
    options
}

/// Returns the fastest mapping by estimate for every number of PEs and either balance, by PEs.
///
/// The second value is the number of choices of a layer that were estimated.
pub fn front(estimator: &mut Estimator<'_>, space: &Space) -> (Vec<Estimated>, usize) {
    let mut looked_at = 0;
    let mut all = Vec::new();
    for by_units in [false, true] {
        let layers = space.scene.layers.len();
        let keys: Vec<_> = (0..layers)
            .flat_map(|k| space.steps(k, estimator).into_iter().map(move |pes| (k, pes, by_units)))
            .collect();
        estimator.prepare(keys);
        let options: Vec<Vec<LayerOption>> =
            (0..layers).map(|k| options(estimator, space, k, by_units, &mut looked_at)).collect();
        all.extend(combine(estimator, space, &options, by_units));
    }
    all.sort_by(|a, b| a.choice.pes().cmp(&b.choice.pes()).then(a.step_us.total_cmp(&b.step_us)));
    (all, looked_at)
}

/// Combines the options of the layers into the fastest mapping for each number of PEs taken.
///
/// Keeps, layer by layer, the fastest beginning per pair (PEs taken so far, PEs of the last layer).
fn combine(
    estimator: &Estimator<'_>,
    space: &Space,
    options: &[Vec<LayerOption>],
    by_units: bool,
) -> Vec<Estimated> {
    let mut begun: BTreeMap<(usize, usize), (f64, Vec<LayerChoice>)> = BTreeMap::new();
    begun.insert((0, 0), (0.0, Vec::new()));
    for (k, options) in options.iter().enumerate() {
        let mut longer: BTreeMap<(usize, usize), (f64, Vec<LayerChoice>)> = BTreeMap::new();
        for ((taken, last), (cycles, layers)) in &begun {
            for (choice, slowest) in options {
                let taken = taken + if space.named[k] { 0 } else { choice.pes };
                if taken > space.free {
                    continue;
                }
                let before = if k == 0 {
                    estimator.fetching(choice.pes)
                } else {
                    estimator.sending(k - 1, *last, choice.pes)
                };
                let cycles = cycles + before + slowest;
                let best = longer.get(&(taken, choice.pes)).is_none_or(|(other, _)| cycles < *other);
                if best {
                    let layers = layers.iter().cloned().chain([choice.clone()]).collect();
                    longer.insert((taken, choice.pes), (cycles, layers));
                }
            }
        }
        begun = longer;
    }
    let mut fastest: BTreeMap<usize, Estimated> = BTreeMap::new();
    for ((taken, last), (cycles, layers)) in begun {
        let cycles = cycles + estimator.sending(layers.len().saturating_sub(1), last, 0);
        let choice = Choice { layers, by_units };
        let step_us = estimator.microseconds(cycles);
        if fastest.get(&taken).is_none_or(|other| step_us < other.step_us) {
            let step_j = estimator.step_j(choice.pes(), step_us);
            fastest.insert(taken, Estimated { choice, step_us, step_j });
        }
    }
    fastest.into_values().collect()
}

/// Returns the mappings that differ a little from `from`.
///
/// They have a layer with more or fewer PEs, PEs moved from one layer to another, another kernel of
/// one matrix, or the other balance.
pub fn neighbours(estimator: &Estimator<'_>, space: &Space, from: &Choice) -> Vec<Choice> {
    let layers = from.layers.len();
    let with = |changes: &[(usize, LayerChoice)]| {
        let mut choice = from.clone();
        for (k, layer) in changes {
            choice.layers[*k] = layer.clone();
        }
        choice
    };
    let resized = |k: usize, pes: usize| (k, LayerChoice { pes, ..from.layers[k].clone() });
    let around = |k: usize| {
        let (steps, own) = (space.steps(k, estimator), from.layers[k].pes);
        let down = steps.iter().rev().copied().find(|&n| n < own);
        (down, steps.iter().copied().find(|&n| n > own))
    };
    let mut found = vec![Choice { by_units: !from.by_units, ..from.clone() }];
    for k in (0..layers).filter(|&k| !space.named[k]) {
        let own = from.layers[k].pes;
        let (down, up) = around(k);
        let near =
            [own.checked_sub(1).filter(|&n| n > 0), Some(own + 1).filter(|&n| n <= estimator.units(k))];
        found.extend([down, up].into_iter().chain(near).flatten().map(|pes| with(&[resized(k, pes)])));
        for other in (0..layers).filter(|&other| other != k && !space.named[other]) {
            if let (Some(fewer), Some(more)) = (around(other).0, up) {
                found.push(with(&[resized(k, more), resized(other, fewer)]));
            }
        }
    }
    for k in 0..layers {
        for matrix in 0..2 {
            for &kernel in &estimator.kernels(k)[matrix] {
                let mut layer = from.layers[k].clone();
                layer.kernels[matrix] = kernel;
                found.push(with(&[(k, layer)]));
            }
        }
    }
    found.retain(|choice| choice != from && space.taken(choice) <= space.free);
    found.sort_unstable();
    found.dedup();
    found
}
