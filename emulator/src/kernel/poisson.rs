//! `poisson.c`: neurons that spike at random, by the PE's random-number unit.

use super::code::calls::FunctionCall;
use super::{KernelFault, Memory, WORDS};
use crate::net::spiking::Kiss64;

/// Arguments of `poisson`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Neurons, a number each.
    pub units: u32,
    /// Number below which a draw is a spike.
    pub below: u32,
    /// Key of the first neuron.
    pub key: u32,
    /// Byte address of the list: the number of entries, then the entries.
    pub list: u32,
    /// Entries hold a number of spikes beside the key.
    pub counts: bool,
}

impl Draw {
    /// Returns the call of the function.
    pub fn function_call(&self) -> FunctionCall {
        let arguments = [self.units, self.below, self.key, self.list];
        FunctionCall::new(Self::function(self.counts), arguments)
    }

    /// Returns the name of the function.
    pub const fn function(counts: bool) -> &'static str {
        if counts { "poisson_counts" } else { "poisson" }
    }
}

/// Draws a number for each neuron and lists the keys of those that spike; returns how many do.
///
/// # Errors
///
/// Fails if the list leads out of SRAM.
pub fn draw(memory: &mut impl Memory, call: &Draw, unit: &mut Kiss64) -> Result<u32, KernelFault> {
    let words = if call.counts { 2 } else { 1 };
    // The core writes the entry before it knows whether the neuron spikes.
    let end = u64::from(call.list) + 4 * (1 + u64::from(words) * u64::from(call.units));
    if end > 4 * WORDS as u64 {
        return Err(KernelFault {
            kernel: Draw::function(call.counts),
            what: "list",
            address: end,
            code: None,
        });
    }
    let mut to = call.list + 4;
    for key in (call.key..).take(call.units as usize) {
        memory.set_word(to, key);
        if call.counts {
            memory.set_word(to + 4, 1);
        }
        if unit.number() < call.below {
            to += 4 * words;
        }
    }
    let spikes = (to - call.list - 4) / (4 * words);
    memory.set_word(call.list, spikes);
    Ok(spikes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_leaves_sram_is_a_fault() {
        let mut words = crate::kernel::empty_sram();
        let call = Draw { units: 10, below: 1, key: 0, list: 4 * WORDS as u32 - 8, counts: false };
        assert!(draw(&mut words, &call, &mut Kiss64::new(1, 0)).is_err());
    }
}
