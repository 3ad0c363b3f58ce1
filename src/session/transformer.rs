//! Counts of a transformer since the start: its spikes, from the memories of its PEs, and time and
//! energy of attention by the length of the context.

use super::contexts::{ContextCounts, Contexts};
use crate::machine::exec::Machine;
use crate::mapping::attention::values;
use crate::mapping::attention::{AttentionProgram, AttentionSlot, SpikeCounts, Stage, spikes_of};
use crate::net::attention::count::POPULATIONS;
use crate::net::attention::{Gpt, Rates};

/// Spikes of a head since the start, in the order of [`values::HEAD_POPULATIONS`].
pub type HeadCounts = [u64; values::HEAD_POPULATIONS.len()];

/// Counts of a transformer; empty for other networks.
#[derive(Clone, Debug, Default)]
pub struct TransformerSpikes {
    /// Spikes by layer and population.
    rates: Rates,
    /// Spikes by head, layer after layer; empty with softmax.
    heads: Vec<HeadCounts>,
    contexts: Contexts,
}

impl TransformerSpikes {
    /// Counts completed time step `step`, from 0.
    pub fn step(&mut self, machine: &Machine, step: u32) {
        let program = machine.program();
        let Some(of) = AttentionProgram::of(program) else { return };
        if self.rates.layers.is_empty() {
            self.rates = Rates::new(of.network.blocks.len());
        }
        self.rates.tokens += 1;
        self.rates.attended += u64::from(step % of.sequence.max(1)) + 1;
        self.contexts.step(machine, step);
        self.count_places(&of.network);
        self.count_heads(machine, &of.network);
        for (population, pes) in program.populations.iter().map(|population| &population.pes).enumerate() {
            if of.stages.get(population).is_none_or(|stage| stage.layer().is_none()) {
                continue;
            }
            for &pe in pes {
                let slots = program.pe(pe).map_or(&[][..], |loaded| &loaded.slots);
                let sram = &machine.state().pes[pe.index()].sram;
                for slot in slots {
                    if let (Some(own), Some(counts)) = (AttentionSlot::of(slot), spikes_of(slot, sram)) {
                        self.count(own, &counts);
                    }
                }
            }
        }
    }

    /// Adds the spikes of a token by head.
    fn count_heads(&mut self, machine: &Machine, network: &Gpt) {
        if network.attention.steps().is_none() {
            return;
        }
        self.heads.resize(network.blocks.len() * network.heads, HeadCounts::default());
        for (place, counts) in self.heads.iter_mut().enumerate() {
            let (layer, head) = (place / network.heads, (place % network.heads) as u32);
            let Some(head) = values::head(machine.program(), layer, head) else { continue };
            let spikes = head.spikes(&machine.state().pes[head.pe.index()].sram);
            for (count, words) in counts.iter_mut().zip(spikes) {
                *count += words.iter().map(|word| u64::from(word.count_ones())).sum::<u64>();
            }
        }
    }

    /// Takes in the energy of the chip in the step that was counted last, J.
    pub fn energy(&mut self, energy_j: f64) {
        self.contexts.energy(energy_j);
    }

    /// Returns counts by the length of the context, [`super::contexts::CONTEXTS`] lengths together.
    pub fn contexts(&self) -> &[ContextCounts] {
        self.contexts.ranges()
    }

    /// Returns the spikes of each head since the start, layer after layer; empty with softmax.
    pub fn heads(&self) -> &[HeadCounts] {
        &self.heads
    }

    /// Adds the places of a token: neurons times time steps.
    fn count_places(&mut self, network: &Gpt) {
        let (d, hidden) = (network.width as u64, network.hidden() as u64);
        let attention = network.attention.steps().unwrap_or(0) as u64;
        let mlp = network.mlp.steps().unwrap_or(0) as u64;
        let coded = if network.mlp.is_encoded() { mlp } else { 0 };
        let [heads, coded, hidden] = [d * attention, d * coded, hidden * mlp];
        let places: [u64; POPULATIONS.len()] = [heads, heads, heads, heads, heads, coded, hidden];
        for layer in &mut self.rates.layers {
            for (tally, places) in layer.iter_mut().zip(places) {
                tally.add(0, places);
            }
        }
    }

    fn count(&mut self, own: &AttentionSlot, counts: &SpikeCounts) {
        let Some(layer) = own.stage.layer().and_then(|layer| self.rates.layers.get_mut(layer)) else {
            return;
        };
        let attends = matches!(own.stage, Stage::Attend(_));
        // Each PE of a stage codes all of its input.
        let coded = if own.number == 0 { counts.coded } else { 0 };
        let [query, key, value] = counts.qkv;
        let spikes = if attends {
            [coded, query, key, value, counts.sent, 0, 0]
        } else {
            [0, 0, 0, 0, 0, coded, counts.sent]
        };
        for (tally, spikes) in layer.iter_mut().zip(spikes) {
            tally.add(spikes.into(), 0);
        }
    }

    /// Returns the spikes of each layer's populations.
    pub const fn rates(&self) -> &Rates {
        &self.rates
    }

    /// Returns the bytes that a copy takes, about.
    pub fn own_bytes(&self) -> usize {
        size_of_val(self.rates.layers.as_slice())
            + size_of_val(self.heads.as_slice())
            + size_of_val(self.contexts())
    }
}
