//! Effective products of an EGRU's matrices: those of values and weights that are not 0.

use std::sync::Arc;

use crate::machine::exec::Machine;
use crate::mapping::egru::EgruProgram;
use crate::net::Egru;
use crate::net::csr::source_nonzeros;

/// Effective products of an EGRU's matrices, counted step by step.
#[derive(Clone, Debug, Default)]
pub struct EffectiveProducts {
    /// Non-zeros of each source of the first layer's W.
    first: Arc<[u32]>,
    /// Products of W, by layer.
    input: Vec<u64>,
    /// Products of R, by layer.
    recurrent: Vec<u64>,
    /// Products of R that the values of the last step lead to in the next one, by layer.
    ahead: Vec<u64>,
}

impl EffectiveProducts {
    /// Creates counts of 0 for each layer of a network.
    pub fn new(network: &Egru) -> Self {
        let first =
            network.layers.first().map_or_else(Vec::new, |layer| source_nonzeros(&layer.input_weights));
        let none = vec![0; network.layers.len()];
        Self { first: first.into(), input: none.clone(), recurrent: none.clone(), ahead: none }
    }

    /// Returns the products of W and R, by layer.
    pub fn by_layer(&self) -> impl Iterator<Item = [u64; 2]> + '_ {
        self.input.iter().zip(&self.recurrent).map(|(&input, &recurrent)| [input, recurrent])
    }

    /// Adds completed time step `step`, from 0; `sent` are the products that each layer's values
    /// lead to in its own R and in the next layer's W.
    pub fn step(&mut self, machine: &Machine, step: u32, sent: impl Iterator<Item = [u64; 2]>) {
        if self.input.is_empty() {
            return;
        }
        let egru = EgruProgram::of(machine.program());
        let restart = egru.and_then(|egru| egru.restart);
        // y(t−1) is cleared before R·y, on the chip as in the count.
        let cleared = restart.is_some_and(|restart| restart.outputs && restart.at(step));
        // x of the first layer is a row, or what the last population of a head has sent.
        let sent: Vec<[u64; 2]> = sent.collect();
        self.input[0] += match egru.filter(|egru| egru.head.is_some()).and(sent.last()) {
            Some([_, next]) => *next,
            None => self.of_rows(machine),
        };
        for (layer, [own, next]) in sent.into_iter().enumerate().take(self.input.len()) {
            let before = std::mem::replace(&mut self.ahead[layer], own);
            self.recurrent[layer] += if cleared { 0 } else { before };
            if let Some(input) = self.input.get_mut(layer + 1) {
                *input += next;
            }
        }
    }

    /// Counts effective products of the first layer's W with the rows the last completed step read.
    fn of_rows(&self, machine: &Machine) -> u64 {
        let program = machine.program();
        let mut values = vec![0.0; program.dram.width()];
        let mut sum = 0;
        for &row in &machine.state().host.rows {
            program.dram.read(row, &mut values);
            let read = values.iter().zip(self.first.iter()).filter(|(value, _)| **value != 0.0);
            sum += read.map(|(_, &nonzeros)| u64::from(nonzeros)).sum::<u64>();
        }
        sum
    }

    /// Returns the approximate number of bytes that a copy does not share.
    pub fn own_bytes(&self) -> usize {
        size_of_val(self.input.as_slice()) * 3
    }
}
