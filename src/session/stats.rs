//! Statistics of an experiment, updated once a time step.

use std::collections::VecDeque;

use xxhash_rust::xxh3::Xxh3;

pub use super::energy::HISTORY;
use super::energy::StepEnergy;
use super::longest_step::LongestStep;
use super::products::EffectiveProducts;
use super::transformer::TransformerSpikes;
use crate::kernel::pointwise;
use crate::machine::exec::Machine;
use crate::machine::legend::PopulationId;
use crate::machine::state::STEPS;
use crate::mapping::egru::EgruSlot;
use crate::net::Egru;

/// Time steps of the running mean: one sequence of the paper.
pub const WINDOW: usize = 70;
/// Time steps from one evaluation of the gates to the next, since it takes a moment.
const GATES_EVERY: u64 = 35;
/// Distance from 0 or 1 within which a gate counts as saturated.
pub const SATURATED: f32 = 0.01;

/// Activity and outputs since the start.
#[derive(Clone)]
pub struct Stats {
    /// Events of each PE's slots in the last steps, newest last.
    recent: VecDeque<Vec<u32>>,
    /// Sum of `recent` by PE.
    window: Vec<u64>,
    /// Events of each layer since the start.
    layer_events: Vec<u64>,
    /// Activity of each layer in the last steps (0..=1), newest last.
    pub layer_history: Vec<VecDeque<f32>>,
    /// Energy of each step.
    pub energy: StepEnergy,
    /// Steps since each unit's last event, by layer (the first sample's).
    silent: Vec<Vec<u32>>,
    /// Time steps in which each unit has sent something, by layer (the first sample's); empty for
    /// sources that spike at random.
    fired: Vec<Vec<u32>>,
    /// Share of saturated gates (z, r), by layer, as looked at last.
    saturated: Vec<[f64; 2]>,
    /// Longest step, where announcements by the host begin the steps.
    pub longest: Option<LongestStep>,
    /// Effective products of an EGRU's matrices; empty for other networks.
    pub products: EffectiveProducts,
    /// Spikes of a transformer; empty for other networks.
    pub transformer: TransformerSpikes,
    /// Number of time steps counted.
    pub steps: u64,
    output: Xxh3,
}

impl std::fmt::Debug for Stats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stats").field("steps", &self.steps).finish_non_exhaustive()
    }
}

fn push(history: &mut VecDeque<f32>, value: f32) {
    if history.len() == HISTORY {
        history.pop_front();
    }
    history.push_back(value);
}

impl Stats {
    /// Returns the statistics of a network of `layers` layers on `pes` PEs, before
    /// anything has happened.
    pub fn new(layers: usize, pes: usize) -> Self {
        Self {
            recent: VecDeque::new(),
            window: vec![0; pes],
            layer_events: vec![0; layers],
            layer_history: vec![VecDeque::new(); layers],
            energy: StepEnergy::default(),
            silent: vec![Vec::new(); layers],
            fired: vec![Vec::new(); layers],
            saturated: vec![[0.0; 2]; layers],
            longest: None,
            products: EffectiveProducts::default(),
            transformer: TransformerSpikes::default(),
            steps: 0,
            output: Xxh3::new(),
        }
    }

    /// Enables counting of the effective products of a network's matrices.
    #[must_use]
    pub fn counting(self, network: &Egru) -> Self {
        Self { products: EffectiveProducts::new(network), ..self }
    }

    /// Adds a completed time step with its last layer's y (model order) of each sample.
    pub fn step(&mut self, machine: &Machine, outputs: &[Vec<f32>]) {
        self.steps += 1;
        let values = outputs.iter().flatten();
        let bytes: Vec<u8> = values.flat_map(|value| value.to_bits().to_le_bytes()).collect();
        self.output.update(&bytes);
        LongestStep::note(&mut self.longest, machine, (self.steps - 1) as u32);
        let at = completed(machine);
        let active = &machine.state().active;
        // The list of the step that leaves the window is used again for this one.
        let oldest = if self.recent.len() == WINDOW { self.recent.pop_front() } else { None };
        let mut events = oldest.unwrap_or_default();
        events.resize(active.len(), 0);
        for ((sum, events), slots) in self.window.iter_mut().zip(&mut events).zip(active) {
            let before = std::mem::take(events);
            for steps in slots {
                *events += steps[at];
            }
            *sum = *sum + u64::from(*events) - u64::from(before);
        }
        self.recent.push_back(events);
        self.look_at_units(machine);
        self.transformer.step(machine, (self.steps - 1) as u32);
        let populations = 0..machine.program().populations.len();
        let sent: Vec<Sent> = populations.map(|k| sent(machine, PopulationId::at(k))).collect();
        self.products.step(machine, (self.steps - 1) as u32, sent.iter().map(|sent| sent.products));
        for (k, layer) in machine.program().populations.iter().enumerate() {
            let active = sent[k].events;
            self.layer_events[k] += active;
            let units = layer.unit_word.len().max(1) * machine.program().batch as usize;
            push(&mut self.layer_history[k], active as f32 / units as f32);
        }
    }

    /// Reads every unit's y from the SRAMs and, every [`GATES_EVERY`] steps, its gates.
    fn look_at_units(&mut self, machine: &Machine) {
        let gates = self.steps % GATES_EVERY == 1;
        for (k, layer) in machine.program().populations.iter().enumerate() {
            // The values of a source that spikes at random lie on no PE.
            if layer.host.is_none() && machine.program().is_timed() {
                continue;
            }
            let (silent, fired) = (&mut self.silent[k], &mut self.fired[k]);
            silent.resize(layer.unit_word.len(), 0);
            fired.resize(layer.unit_word.len(), 0);
            let (mut saturated, mut units) = ([0_u32; 2], 0_u32);
            for pe in &layer.pes {
                let Some((_, slot)) =
                    machine.program().pe(*pe).and_then(|loaded| loaded.slot_of(PopulationId::at(k)))
                else {
                    continue;
                };
                let words = machine.state().pes[pe.index()].sram.words();
                let sent = words.get(slot.detail.sent() as usize / 4..).unwrap_or_default();
                for (word, &unit) in sent.iter().zip(&slot.units) {
                    let sent = f32::from_bits(*word) != 0.0;
                    if let Some(silent) = silent.get_mut(unit as usize) {
                        *silent = if sent { 0 } else { silent.saturating_add(1) };
                    }
                    if let Some(fired) = fired.get_mut(unit as usize) {
                        *fired = fired.saturating_add(u32::from(sent));
                    }
                }
                let Some(share) = EgruSlot::of(slot).filter(|_| gates) else { continue };
                for i in 0..slot.units.len() as u32 {
                    let out = pointwise::unit(words, &share.pointwise, i, false);
                    for (count, gate) in saturated.iter_mut().zip([out.z, out.r]) {
                        *count += u32::from(!(SATURATED..=1.0 - SATURATED).contains(&gate));
                    }
                    units += 1;
                }
            }
            if gates {
                self.saturated[k] = saturated.map(|count| f64::from(count) / f64::from(units.max(1)));
            }
        }
    }

    /// Returns the number of units of a layer that have sent nothing for at least `steps` steps.
    pub fn silent(&self, layer: usize, steps: u32) -> usize {
        self.silent[layer].iter().filter(|&&silent| silent >= steps).count()
    }

    /// Returns the time steps in which each unit of a layer has sent something, by model index;
    /// empty before the first step, and for sources that spike at random.
    pub fn fired(&self, layer: usize) -> &[u32] {
        self.fired.get(layer).map_or(&[], Vec::as_slice)
    }

    /// Returns the share of each layer's z and r gates that were saturated (see [`SATURATED`]) at
    /// the last evaluation.
    pub fn saturated(&self) -> &[[f64; 2]] {
        &self.saturated
    }

    /// Returns the events of a PE in the last completed step, and their mean over the window.
    pub fn pe_events(&self, pe: usize) -> (u32, f32) {
        let last = self.recent.back().and_then(|events| events.get(pe)).copied().unwrap_or(0);
        (last, self.window[pe] as f32 / self.recent.len().max(1) as f32)
    }

    /// Returns the mean activity since the start, 0..=1, of a layer of `units` units
    /// (all samples together).
    pub fn layer_activity(&self, layer: usize, units: usize) -> f64 {
        self.layer_events[layer] as f64 / (self.steps.max(1) as f64 * units.max(1) as f64)
    }

    /// Returns the number of non-zero values that a layer has sent since the start, in all samples.
    pub fn layer_events(&self, layer: usize) -> u64 {
        self.layer_events[layer]
    }

    /// Estimates the size of a copy, in bytes.
    pub fn own_bytes(&self) -> usize {
        let recent = self.recent.len() * self.window.len() * size_of::<u32>();
        let history: usize = self.layer_history.iter().map(|history| size_of::<f32>() * history.len()).sum();
        let lists = self.silent.iter().chain(&self.fired);
        let units: usize = lists.map(|list| size_of_val(list.as_slice())).sum();
        recent
            + history
            + units
            + self.products.own_bytes()
            + self.transformer.own_bytes()
            + size_of_val(self.window.as_slice())
            + size_of::<Self>()
    }

    /// Returns the hash of the last layer's y of all steps so far, in model order: equal
    /// for every partition.
    pub fn output_hash(&self) -> u128 {
        self.output.digest128()
    }
}

/// Returns the index of the counts of the step that has just been completed: others may
/// be in flight.
fn completed(machine: &Machine) -> usize {
    machine.state().host.completed.wrapping_sub(1) as usize % STEPS
}

/// Values that a layer sent in a time step.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    /// Values other than 0.
    events: u64,
    /// Products that the values lead to: with the layer's own weights, and with those of
    /// the next one.
    products: [u64; 2],
}

/// Returns the values that a layer sent, in all samples, in the step that has just been completed.
fn sent(machine: &Machine, layer: PopulationId) -> Sent {
    let at = completed(machine);
    let mut sum = Sent::default();
    let state = machine.state();
    for pe in &machine.program().populations[layer.index()].pes {
        let slots = machine.program().pe(*pe).map_or(&[][..], |p| &p.slots);
        let counts = state.active[pe.index()].iter().zip(&state.products[pe.index()]);
        for (_, (events, products)) in slots.iter().zip(counts).filter(|(slot, _)| slot.population == layer) {
            sum.events += u64::from(events[at]);
            for (sum, products) in sum.products.iter_mut().zip(products[at]) {
                *sum += u64::from(products);
            }
        }
    }
    sum
}
