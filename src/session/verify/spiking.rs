//! Comparison of a spiking network on the chip with its mathematics: v and spikes of every neuron.

use std::sync::Arc;

use super::Difference;
use crate::chip::geometry::Pe;
use crate::machine::legend::PopulationId;
use crate::machine::program::DramRows;
use crate::mapping::spiking::SpikingProgram;
use crate::net::spiking::{Network, Spike, SpikeSource, State};
use crate::session::Session;

/// The reference beside a session: the same spikes through the network as mathematics.
#[derive(Debug)]
pub(super) struct SpikingVerifier {
    network: Arc<Network>,
    inputs: Arc<dyn DramRows>,
    state: State,
    /// Number of ticks after which all state is reset.
    restart: Option<u32>,
    step: u32,
    compared: u64,
}

impl SpikingVerifier {
    /// Creates the reference for a session that has not begun; `None` if it runs no
    /// spiking network.
    pub fn new(session: &Session) -> Option<Self> {
        let program = session.program();
        let SpikingProgram { network, restart } = SpikingProgram::of(program)?;
        Some(Self {
            state: network.state(),
            network: Arc::clone(network),
            inputs: Arc::clone(&program.dram),
            restart: *restart,
            step: 0,
            compared: 0,
        })
    }

    /// Returns the number of values that were equal so far.
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// Computes the tick that the session has just completed, and compares.
    ///
    /// # Errors
    ///
    /// Fails with the first value that differs, in the order of populations and neurons.
    pub fn check(&mut self, session: &Session) -> Result<(), Difference> {
        if self.restart.is_some_and(|every| self.step.is_multiple_of(every.max(1))) {
            self.state = self.network.state();
        }
        let network = Arc::clone(&self.network);
        let spikes = self.spikes(session.rows().first().copied().unwrap_or(0));
        network.step(&mut self.state, &spikes);
        for population in 0..network.populations().len() {
            self.population(session, population)?;
        }
        self.step = self.step.wrapping_add(1);
        Ok(())
    }

    /// Reads the spikes of each source in a tick.
    fn spikes(&self, row: u32) -> Vec<Vec<Spike>> {
        let mut values = vec![0.0; self.inputs.width()];
        self.inputs.read(row, &mut values);
        let mut values = values.into_iter();
        let source = |units: usize| {
            let own = (0_u32..).zip(values.by_ref().take(units)).filter(|(_, count)| *count != 0.0);
            own.map(|(neuron, count)| Spike { neuron, count: count as u32 }).collect()
        };
        self.network.sources().iter().map(SpikeSource::units).map(source).collect()
    }

    fn population(&mut self, session: &Session, index: usize) -> Result<(), Difference> {
        let program = session.program();
        let population = &self.network.populations()[index];
        let received = session.machine().output_of(index, 0);
        let mut sent = vec![0.0_f32; population.units];
        for spike in self.state.spikes(index) {
            sent[spike.neuron as usize] = spike.count as f32;
        }
        let neurons = self.state.neurons(index);
        for &pe in &program.populations[index].pes {
            let Some((_, slot)) = program.pe(pe).and_then(|loaded| loaded.slot_of(PopulationId::at(index)))
            else {
                continue;
            };
            let sram = &session.machine().state().pes[pe.index()].sram;
            for (place, &unit) in (0_u32..).zip(&slot.units) {
                let (n, address) = (unit as usize, slot.detail.state() + 4 * place);
                let v = neurons.get(n).map_or(0, |neuron| neuron.v.to_bits());
                let mut pairs = vec![("v", sram.word(address), v)];
                if population.firing.is_some() {
                    let chip = received.get(n).map_or(0, |count| count.to_bits());
                    pairs.push(("spikes at the host", chip, sent[n].to_bits()));
                }
                for (value, chip, net) in pairs {
                    if chip != net {
                        return Err(self.difference(session, (index, unit), pe, value, (chip, net)));
                    }
                    self.compared += 1;
                }
            }
        }
        Ok(())
    }

    fn difference(
        &self,
        session: &Session,
        (population, unit): (usize, u32),
        pe: Pe,
        value: &'static str,
        (chip, net): (u32, u32),
    ) -> Difference {
        let layer = session.program().populations[population].name.clone();
        Difference { step: self.step, layer, unit, sample: 0, pe, value, chip, net }
    }
}
