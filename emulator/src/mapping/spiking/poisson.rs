//! Sources whose neurons spike at random, on PEs of their own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::kernel::code::calls::Calls;
use crate::kernel::poisson::{Draw, draw};
use crate::kernel::{KernelFault, SramWords};
use crate::machine::legend::PhaseId;
use crate::machine::program::Detail;
use crate::machine::routine::{Begun, Ended, Prices, Routine, Shared};
use crate::machine::sram::Sram;
use crate::net::spiking::Kiss64;

/// Draws the spikes of a share of a source and lists them, for sending.
#[derive(Debug)]
pub(super) struct DrawSpikes {
    pub call: Draw,
    /// Unit before the first tick.
    pub begin: Kiss64,
    /// Ticks that the PE has drawn, with the unit after them. A tick takes a number a neuron, so
    /// that the unit is a function of the ticks: this only saves drawing again from the first.
    pub drawn: Mutex<(u32, Kiss64)>,
}

impl DrawSpikes {
    pub fn new(call: Draw, begin: Kiss64) -> Self {
        Self { call, begin, drawn: Mutex::new((0, begin)) }
    }

    /// Returns the unit before tick `step`, with that number.
    fn drawn_before(&self, step: u32) -> MutexGuard<'_, (u32, Kiss64)> {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.0 > step {
            *drawn = (0, self.begin);
        }
        while drawn.0 < step {
            for _ in 0..self.call.units {
                drawn.1.number();
            }
            drawn.0 += 1;
        }
        drawn
    }
}

impl Routine for DrawSpikes {
    fn begin(&self, _sram: &mut Sram, _step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        Ok(prices.of(|costs| costs.poisson(self.call.counts, self.call.units)).into())
    }

    fn end(&self, sram: &mut Sram, step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        let mut drawn = self.drawn_before(step);
        let spikes = draw(sram, &self.call, &mut drawn.1)?;
        drawn.0 += 1;
        Ok(Ended { events: Some(spikes), ..Ended::default() })
    }

    fn functions(&self) -> Vec<&'static str> {
        vec![Draw::function(self.call.counts)]
    }

    fn calls(&self, _words: &SramWords, step: u32) -> Calls {
        let random = Some(self.drawn_before(step).1);
        Calls { list: vec![self.call.function_call()], random, zeros: Vec::new() }
    }

    fn findings(&self, sram: &Sram, _step: u32) -> Ended {
        Ended { events: Some(sram.word(self.call.list)), ..Ended::default() }
    }
}

/// Slot of a source on a PE.
#[derive(Clone, Copy, Debug)]
pub struct SourceSlot {
    /// Byte address of the list of spikes: their number, then the entries.
    pub list: u32,
}

impl Detail for SourceSlot {
    fn weights(&self) -> u32 {
        0
    }

    fn work(&self, _phase: PhaseId) -> String {
        String::new()
    }

    fn state(&self) -> u32 {
        self.list
    }

    fn sent(&self) -> u32 {
        self.list
    }
}
