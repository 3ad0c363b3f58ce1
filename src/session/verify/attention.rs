//! Comparison of a transformer on the chip with its mathematics: the residual stream, every spike
//! that a stage sends, and the output.

use std::sync::Arc;

use super::Difference;
use crate::chip::geometry::Pe;
use crate::machine::program::{DramRows, Slot};
use crate::mapping::attention::{AttentionProgram, AttentionSlot, Stage};
use crate::net::attention::{Gpt, GptState};
use crate::session::Session;

/// The reference beside a session: the same tokens through the network as mathematics.
#[derive(Debug)]
pub(super) struct AttentionVerifier {
    network: Arc<Gpt>,
    rows: Arc<dyn DramRows>,
    sequence: u32,
    state: GptState,
    output: Vec<f32>,
    step: u32,
    compared: u64,
}

impl AttentionVerifier {
    /// Creates the reference for a session that has not begun; `None` if it runs no transformer.
    pub fn new(session: &Session) -> Option<Self> {
        let program = session.program();
        let AttentionProgram { network, sequence, .. } = AttentionProgram::of(program)?;
        Some(Self {
            state: network.state(),
            network: Arc::clone(network),
            rows: Arc::clone(&program.dram),
            sequence: *sequence,
            output: Vec::new(),
            step: 0,
            compared: 0,
        })
    }

    /// Returns the number of values that were equal so far.
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// Computes the time step that the session has just completed, and compares.
    ///
    /// # Errors
    ///
    /// Fails with the first value that differs, in the order of stages and their PEs.
    pub fn check(&mut self, session: &Session) -> Result<(), Difference> {
        if self.step.is_multiple_of(self.sequence.max(1)) {
            self.state.start_sequence();
        }
        let mut row = vec![0.0; self.rows.width()];
        self.rows.read(session.rows().first().copied().unwrap_or(0), &mut row);
        let network = Arc::clone(&self.network);
        self.output = network.step(&mut self.state, &row).to_vec();
        let program = session.program();
        for population in &program.populations {
            for &pe in &population.pes {
                for slot in program.pe(pe).map_or(&[][..], |loaded| &loaded.slots) {
                    self.slot(session, pe, slot, &population.name)?;
                }
            }
        }
        for (unit, (chip, net)) in (0..).zip(session.machine().output(0).iter().zip(&self.output)) {
            let pe = program.populations.last().and_then(|last| last.pes.first());
            let (Some(&pe), chip, net) = (pe, chip.to_bits(), net.to_bits()) else { continue };
            if chip != net {
                return Err(self.difference("ln_f", (unit, pe), "output at the host", (chip, net)));
            }
        }
        self.compared += self.output.len() as u64;
        self.step = self.step.wrapping_add(1);
        Ok(())
    }

    /// Compares the block that a slot has sent.
    fn slot(&mut self, session: &Session, pe: Pe, slot: &Slot, layer: &str) -> Result<(), Difference> {
        let Some(own) = AttentionSlot::of(slot) else { return Ok(()) };
        let sram = &session.machine().state().pes[pe.index()].sram;
        let value = if own.spikes { "word of spikes" } else { "stream" };
        for (place, net) in (0_u32..).zip(self.expected(own)) {
            let chip = sram.word(own.layout.out + 4 * place);
            let unit = slot.units.get(place as usize).copied().unwrap_or(place);
            if chip != net {
                return Err(self.difference(layer, (unit, pe), value, (chip, net)));
            }
            self.compared += 1;
        }
        Ok(())
    }

    /// Returns the words of a block in the mathematics; empty for a block that these do not keep.
    fn expected(&self, own: &AttentionSlot) -> Vec<u32> {
        let trace = self.state.trace();
        let part = own.part.0 as usize..own.part.1 as usize;
        let singles = |values: &[f32]| values[part.clone()].iter().map(|value| value.to_bits()).collect();
        let bit = |spike: bool, at: usize| u32::from(spike) << (at % 32);
        match own.stage {
            Stage::Embed => singles(&trace.stream[0]),
            Stage::Down(layer) => singles(&trace.stream[layer + 1]),
            Stage::Output => singles(&self.output),
            Stage::Attend(layer) if own.spikes => (0..own.steps as usize)
                .flat_map(|step| trace.layers[layer].heads[part.clone()].iter().map(move |head| (step, head)))
                .map(|(step, head)| head.output.step(step)[0])
                .collect(),
            Stage::Up(layer) if own.spikes => {
                let hidden = &trace.layers[layer].hidden;
                let columns: Vec<usize> = part.clone().collect();
                let words = |step: usize| {
                    let word = |columns: &[usize]| {
                        let bits = columns.iter().enumerate();
                        bits.map(|(at, &column)| bit(hidden.get(step, column), at)).sum()
                    };
                    columns.chunks(32).map(word).collect::<Vec<u32>>()
                };
                (0..own.steps as usize).flat_map(words).collect()
            }
            Stage::Attend(_) | Stage::Project(_) | Stage::Up(_) => Vec::new(),
        }
    }

    fn difference(
        &self,
        layer: &str,
        (unit, pe): (u32, Pe),
        value: &'static str,
        (chip, net): (u32, u32),
    ) -> Difference {
        Difference { step: self.step, layer: layer.to_owned(), unit, sample: 0, pe, value, chip, net }
    }
}
