//! What a transformer's spikes have been since the start, counted from the memories of its PEs.

use crate::machine::exec::Machine;
use crate::mapping::attention::{AttentionProgram, AttentionSlot, SpikeCounts, Stage, spikes_of};
use crate::net::attention::count::POPULATIONS;
use crate::net::attention::{Gpt, Rates};

/// Spikes of a transformer, by layer and population; empty for other networks.
#[derive(Clone, Debug, Default)]
pub struct TransformerSpikes(Rates);

impl TransformerSpikes {
    /// Counts completed time step `step`, from 0.
    pub fn step(&mut self, machine: &Machine, step: u32) {
        let program = machine.program();
        let Some(of) = AttentionProgram::of(program) else { return };
        if self.0.layers.is_empty() {
            self.0 = Rates::new(of.network.blocks.len());
        }
        self.0.tokens += 1;
        self.0.attended += u64::from(step % of.sequence.max(1)) + 1;
        self.count_places(&of.network);
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

    /// Adds the places of a token: neurons times time steps.
    fn count_places(&mut self, network: &Gpt) {
        let (d, hidden) = (network.width as u64, network.hidden() as u64);
        let attention = network.attention.steps().unwrap_or(0) as u64;
        let mlp = network.mlp.steps().unwrap_or(0) as u64;
        let coded = if network.mlp.is_encoded() { mlp } else { 0 };
        let [heads, coded, hidden] = [d * attention, d * coded, hidden * mlp];
        let places: [u64; POPULATIONS.len()] = [heads, heads, heads, heads, heads, coded, hidden];
        for layer in &mut self.0.layers {
            for (tally, places) in layer.iter_mut().zip(places) {
                tally.add(0, places);
            }
        }
    }

    fn count(&mut self, own: &AttentionSlot, counts: &SpikeCounts) {
        let Some(layer) = own.stage.layer().and_then(|layer| self.0.layers.get_mut(layer)) else { return };
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

    /// Returns the counts.
    pub const fn rates(&self) -> &Rates {
        &self.0
    }

    /// Returns the bytes that a copy takes, about.
    pub fn own_bytes(&self) -> usize {
        size_of_val(self.0.layers.as_slice())
    }
}
