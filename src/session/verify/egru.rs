//! Comparison of an EGRU on the chip with its mathematics: y, c and traces of every unit.

use std::sync::Arc;

use super::Difference;
use crate::chip::geometry::Pe;
use crate::kernel::options::KernelKind;
use crate::machine::legend::PopulationId;
use crate::machine::program::{DramRows, Slot};
use crate::mapping::egru::{EgruProgram, EgruSlot, Restart};
use crate::model::Model;
use crate::net::int8::{Int8Dense, Scale};
use crate::net::int8_head::Int8Head;
use crate::net::quantise::{QuantisedCsr, quantise};
use crate::net::{Carry, Csr, Egru, EgruState, Weights, sum};
use crate::session::Session;

/// Matrix with the rounded weights of a kernel.
#[derive(Debug)]
enum Rounded {
    /// 8-bit weights, inputs in singles.
    Weights(QuantisedCsr),
    /// 8-bit weights and inputs.
    Inputs(Int8Dense),
}

impl Rounded {
    /// Rounds a matrix for a kernel whose 8-bit inputs have the scale `input`; `None` if the kernel
    /// is exact.
    fn of(matrix: &Csr, kind: KernelKind, input: Scale) -> Option<Self> {
        match kind {
            KernelKind::Int8Csr => Some(Self::Weights(quantise(matrix).0)),
            KernelKind::Int8Mac => Some(Self::Inputs(Int8Dense::new(matrix, input))),
            _ => None,
        }
    }
}

/// The reference beside a session: the same inputs through the network as mathematics.
#[derive(Debug)]
pub(super) struct EgruVerifier {
    model: Model,
    rows: Arc<dyn DramRows>,
    restart: Option<Restart>,
    /// Head on the chip, which makes the first layer's x of a row.
    head: Option<Arc<Int8Head>>,
    /// State of the reference network for each sample of the batch.
    states: Vec<EgruState>,
    /// Matrices that the chip computes with 8-bit weights: W and R of each layer.
    rounded: Vec<[Option<Rounded>; 2]>,
    /// Whether only the values at the host can be compared: in a pipeline layers are at different
    /// time steps when one is complete.
    outputs_only: bool,
    step: u32,
    compared: u64,
}

impl EgruVerifier {
    /// Creates the reference for a session that has not begun.
    pub fn new(session: &Session) -> Self {
        let (model, program) = (session.model().clone(), session.program());
        let network = model.network();
        let kinds = |k: usize| {
            let slot = program.pes.iter().flatten().find_map(|pe| pe.slot_of(PopulationId::at(k)));
            slot.and_then(|(_, slot)| EgruSlot::of(slot)).map(|share| share.kinds).unwrap_or_default()
        };
        let egru = EgruProgram::of(program);
        let scale = |k: usize| egru.and_then(|egru| egru.scales.get(k).copied()).unwrap_or_default();
        let rounded = network.layers.iter().enumerate().map(|(k, layer)| {
            let ([w, r], [x, y]) = (kinds(k), scale(k));
            [Rounded::of(&layer.input_weights, w, x), Rounded::of(&layer.recurrent, r, y)]
        });
        Self {
            rounded: rounded.collect(),
            rows: Arc::clone(&program.dram),
            restart: egru.and_then(|egru| egru.restart),
            head: egru.and_then(|egru| egru.head.clone()),
            states: vec![network.state(); program.batch as usize],
            outputs_only: program.steps_in_flight > 1,
            step: 0,
            compared: 0,
            model,
        }
    }

    /// Returns the number of values that were equal so far.
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// Computes the time step that the session has just completed, and compares.
    ///
    /// # Errors
    ///
    /// Fails with the first value that differs: in the order of samples, layers, and units
    /// on their PEs.
    pub fn check(&mut self, session: &Session) -> Result<(), Difference> {
        let rows = session.rows().to_vec();
        let model = self.model.clone();
        let network = model.network();
        for (sample, row) in rows.into_iter().enumerate() {
            self.advance(network, sample, row);
            if self.outputs_only {
                self.output(session, sample)?;
            } else {
                for layer in 0..network.layers.len() {
                    self.layer(session, sample, layer)?;
                }
                self.output(session, sample)?;
            }
        }
        self.step = self.step.wrapping_add(1);
        Ok(())
    }

    fn advance(&mut self, network: &Egru, sample: usize, row: u32) {
        let state = &mut self.states[sample];
        if let Some(restart) = self.restart.filter(|restart| restart.at(self.step)) {
            state.start_sequence(if restart.outputs { Carry::Nothing } else { Carry::Y });
        }
        let mut x = vec![0.0; self.rows.width()];
        self.rows.read(row, &mut x);
        if let Some(head) = &self.head {
            (x, _) = head.forward(&x);
        }
        let rounded = &self.rounded;
        network.step_with(state, &x, |k, weights, input, out| {
            let layer = &network.layers[k];
            let (matrix, rounded) = match weights {
                Weights::Input => (&layer.input_weights, &rounded[k][0]),
                Weights::Recurrent => (&layer.recurrent, &rounded[k][1]),
            };
            match rounded {
                Some(Rounded::Weights(rounded)) => out.copy_from_slice(&rounded.multiply(input)),
                Some(Rounded::Inputs(rounded)) => _ = rounded.multiply(input, out),
                None => sum::csr_rows(matrix, input, out),
            }
        });
    }

    /// Compares the units' values on a layer's PEs.
    fn layer(&mut self, session: &Session, sample: usize, layer: usize) -> Result<(), Difference> {
        let program = session.program();
        for &pe in &program.populations[layer].pes {
            let slots = program.pe(pe).map_or(&[][..], |loaded| &loaded.slots);
            let is =
                |slot: &&Slot| (usize::from(slot.population), usize::from(slot.sample)) == (layer, sample);
            let Some(slot) = slots.iter().find(is) else { continue };
            let Some(EgruSlot { pointwise, .. }) = EgruSlot::of(slot) else { continue };
            let sram = &session.machine().state().pes[pe.index()].sram;
            let state = &self.states[sample].layers[layer];
            let arrays = [
                ("y", Some(pointwise.y), &state.y),
                ("c", Some(pointwise.cell), &state.c),
                ("trace", pointwise.trace, &state.trace),
            ];
            for (value, at, expected) in arrays {
                let Some(at) = at else { continue };
                for (i, &unit) in (0_u32..).zip(&slot.units) {
                    let net = expected.get(unit as usize).map_or(0, |value| value.to_bits());
                    let chip = sram.word(at + 4 * i);
                    self.compared += 1;
                    if chip != net {
                        return Err(self.difference(session, (sample, layer, unit), pe, value, (chip, net)));
                    }
                }
            }
        }
        Ok(())
    }

    /// Compares the values that the host has received.
    fn output(&mut self, session: &Session, sample: usize) -> Result<(), Difference> {
        let Some(last) = self.model.network().layers.len().checked_sub(1) else { return Ok(()) };
        let expected = self.states[sample].layers[last].output();
        for (unit, (chip, net)) in (0_u32..).zip(session.machine().output(sample).iter().zip(expected)) {
            let (chip, net) = (chip.to_bits(), net.to_bits());
            if chip != net {
                let on = |pe: &&Pe| {
                    let slot =
                        session.program().pe(**pe).and_then(|loaded| loaded.slot_of(PopulationId::at(last)));
                    slot.is_some_and(|(_, slot)| slot.units.contains(&unit))
                };
                let pes = &session.program().populations[last].pes;
                // Every unit is on a PE; a difference is reported even if none claims the unit.
                let Some(&pe) = pes.iter().find(on).or(pes.first()) else { continue };
                let value = "y at the host";
                return Err(self.difference(session, (sample, last, unit), pe, value, (chip, net)));
            }
        }
        self.compared += expected.len() as u64;
        Ok(())
    }

    fn difference(
        &self,
        session: &Session,
        (sample, layer, unit): (usize, usize, u32),
        pe: Pe,
        value: &'static str,
        (chip, net): (u32, u32),
    ) -> Difference {
        let layer = session.program().populations[layer].name.clone();
        Difference { step: self.step, layer, unit, sample, pe, value, chip, net }
    }
}
