//! Time, energy and memory of a transformer's attention as its context grows.

use crate::chip::clock::Tick;
use crate::machine::exec::Machine;
use crate::machine::legend::PhaseId;
use crate::mapping::attention::{AttentionProgram, Phase};

/// Lengths of context that are counted together.
pub const CONTEXTS: u32 = 16;

/// Words whose context has a length in one range of [`CONTEXTS`] lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ContextCounts {
    /// Number of words.
    pub words: u64,
    /// Sum over the words of the time of attention: that of the slowest PE, summed over
    /// layers, in ticks.
    pub attention_ticks: Tick,
    /// Sum over the words of the time of attention on all PEs, in ticks.
    pub attention_pe_ticks: Tick,
    /// Sum over the words of their whole times, in ticks.
    pub word_ticks: Tick,
    /// Energy of the whole chip, J.
    pub chip_j: f64,
}

/// Words of a transformer by the length of their context.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    ranges: Vec<ContextCounts>,
    /// Range of the last word.
    last: usize,
    /// Time of attention on all PEs since the start, in ticks.
    pe_ticks: Tick,
}

impl Contexts {
    /// Counts completed time step `step`, from 0.
    pub fn step(&mut self, machine: &Machine, step: u32) {
        let Some(of) = AttentionProgram::of(machine.program()) else { return };
        let sequence = of.sequence.max(1);
        self.ranges.resize(sequence.div_ceil(CONTEXTS) as usize, ContextCounts::default());
        self.last = (step % sequence / CONTEXTS) as usize;
        let (state, phase) = (machine.state(), PhaseId::from(Phase::Attend).index());
        let pe_ticks = state.busy.phases.iter().map(|phases| phases[phase]).sum();
        let Some(range) = self.ranges.get_mut(self.last) else { return };
        range.words += 1;
        range.attention_ticks += state.phases.last_step.iter().map(|phases| phases[phase]).sum::<Tick>();
        range.attention_pe_ticks += pe_ticks - self.pe_ticks;
        range.word_ticks += state.host.last_step_ticks;
        self.pe_ticks = pe_ticks;
    }

    /// Takes in the energy of the step that was counted last, J.
    pub fn energy(&mut self, energy_j: f64) {
        if let Some(range) = self.ranges.get_mut(self.last) {
            range.chip_j += energy_j;
        }
    }

    /// Returns the counts by range of lengths, those of 1 to [`CONTEXTS`] words first.
    pub fn ranges(&self) -> &[ContextCounts] {
        &self.ranges
    }
}
