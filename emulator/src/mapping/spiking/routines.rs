//! Routines of a spiking network's program: marks, synapse rows, neurons.

use super::RowArrays;
use crate::kernel::KernelFault;
use crate::kernel::neurons::{self, Call, NeuronLayout, Pass};
use crate::kernel::synapses::{self, Entries, Sums, SynapseRows};
use crate::machine::costs::Costs;
use crate::machine::routine::{Begun, Ended, Prices, Routine, Shared};
use crate::machine::sram::Sram;
use crate::net::spiking::update::Mode;

/// Marks the neurons whose spikes were taken out of the FIFO.
#[derive(Debug)]
pub(super) struct Collect {
    pub entries: Entries,
    /// Address of what was taken: place of the oldest entry, and number of entries.
    pub taken: u32,
    /// Address of the table of senders.
    pub senders: u32,
    /// Entries of the table.
    pub count: u32,
}

impl Collect {
    fn taken(&self, sram: &Sram) -> (u32, u32) {
        (sram.word(self.taken), sram.word(self.taken + 4))
    }
}

impl Routine for Collect {
    fn begin(&self, sram: &mut Sram, _step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        let (first, count) = self.taken(sram);
        let table = (self.senders, self.count);
        let work = synapses::collect_work(sram, &self.entries, (first, count), table)?;
        Ok(prices.of(|costs| costs.collect(self.entries.words > 1, &work)).into())
    }

    fn end(&self, sram: &mut Sram, _step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        let taken = self.taken(sram);
        synapses::collect(sram, &self.entries, taken, (self.senders, self.count))?;
        Ok(Ended::default())
    }
}

/// Adds the synapse rows of marked neurons to the ring of sums.
#[derive(Debug)]
pub(super) struct Deliver {
    pub rows: SynapseRows,
    /// Address of the ring of sums.
    pub ring: u32,
    /// Words of the sums of one tick.
    pub stride: u32,
    /// Ticks that the ring holds.
    pub slots: u32,
    /// Ticks until all synapses take effect; `None` if they differ.
    pub ahead: Option<u32>,
}

impl Deliver {
    /// Returns the arrays of the rows.
    pub fn arrays(&self) -> RowArrays {
        let SynapseRows { starts, targets, weights, words, .. } = self.rows;
        RowArrays { starts, sources: 32 * words, targets, weights, ahead: self.ahead.unwrap_or(0) }
    }

    fn sums(&self, step: u32) -> Sums {
        let slot = step.wrapping_add(self.ahead.unwrap_or(0)) % self.slots;
        Sums {
            now: self.ring + 4 * self.stride * slot,
            start: self.ring,
            end: self.ring + 4 * self.stride * self.slots,
        }
    }
}

impl Routine for Deliver {
    fn begin(&self, sram: &mut Sram, _step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        let work = synapses::deliver_work(sram, &self.rows)?;
        Ok(prices.of(|costs| costs.deliver(self.rows.form(), &work)).into())
    }

    fn end(&self, sram: &mut Sram, step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        synapses::deliver(sram, &self.rows, self.sums(step))?;
        Ok(Ended::default())
    }
}

/// Routine that clears the marks of spikes.
#[derive(Debug)]
pub(super) struct Clear {
    /// Address and words of each range.
    pub ranges: Vec<(u32, u32)>,
}

impl Routine for Clear {
    fn begin(&self, _sram: &mut Sram, _step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        Ok(prices.of(|costs| self.ranges.iter().map(|&(_, words)| costs.clear(words)).sum()).into())
    }

    fn end(&self, sram: &mut Sram, _step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        for &(at, words) in &self.ranges {
            clear(sram, at, words);
        }
        Ok(Ended::default())
    }
}

fn clear(sram: &mut Sram, at: u32, words: u32) {
    for word in 0..words {
        sram.set_word(at + 4 * word, 0);
    }
}

/// Begins all state anew every so many ticks: for recordings that have nothing to do with each
/// other.
#[derive(Debug)]
pub(super) struct Restart {
    /// Ticks from one begin to the next.
    pub every: u32,
    /// Address and words of what becomes 0: marks, sums, currents.
    pub zeros: Vec<(u32, u32)>,
    /// Address of the potentials, and that of their values at the begin.
    pub potentials: (u32, u32),
    pub units: u32,
}

impl Restart {
    fn is_due(&self, step: u32) -> bool {
        step > 0 && step.is_multiple_of(self.every.max(1))
    }
}

impl Routine for Restart {
    fn begin(&self, _sram: &mut Sram, step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        if !self.is_due(step) {
            return Ok(prices.of(|costs| costs.clear(0)).into());
        }
        let zeros = |costs: &Costs| self.zeros.iter().map(|&(_, words)| costs.clear(words)).sum::<u64>();
        let copy = |costs: &Costs| costs.neuron_pass(Pass::BeginAt, self.units, 0);
        Ok(prices.of(|costs| zeros(costs) + copy(costs)).into())
    }

    fn end(&self, sram: &mut Sram, step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        if self.is_due(step) {
            for &(at, words) in &self.zeros {
                clear(sram, at, words);
            }
            let (to, from) = self.potentials;
            neurons::run(&Call { pass: Pass::BeginAt, arrays: vec![from, to], key: 0 }, sram, self.units)?;
        }
        Ok(Ended::default())
    }
}

/// Tick of a PE's neurons.
#[derive(Debug)]
pub(super) struct Update {
    pub mode: Mode,
    /// Sums are of integers.
    pub integers: bool,
    pub layout: NeuronLayout,
    /// Address of the ring of sums.
    pub ring: u32,
    /// Ticks that the ring holds.
    pub slots: u32,
    /// Sums of a neuron in a tick.
    pub lanes: u32,
}

impl Update {
    /// Address and words of the sums that this tick takes.
    fn sums(&self, step: u32) -> (u32, u32) {
        let words = self.lanes * self.layout.units;
        (self.ring + 4 * words * (step % self.slots), words)
    }

    fn calls(&self, step: u32) -> Vec<Call> {
        let (at, _) = self.sums(step);
        let lanes: Vec<u32> = (0..self.lanes).map(|lane| at + 4 * lane * self.layout.units).collect();
        neurons::calls(self.mode, self.integers, &self.layout, &lanes)
    }
}

impl Routine for Update {
    fn begin(&self, _sram: &mut Sram, step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        let (units, calls) = (self.layout.units, self.calls(step));
        let passes =
            |costs: &Costs| -> u64 { calls.iter().map(|call| costs.neuron_pass(call.pass, units, 0)).sum() };
        Ok(prices.of(|costs| passes(costs) + costs.clear(self.sums(step).1)).into())
    }

    fn end(&self, sram: &mut Sram, step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        for call in self.calls(step) {
            neurons::run(&call, sram, self.layout.units)?;
        }
        let (at, words) = self.sums(step);
        clear(sram, at, words);
        Ok(Ended::default())
    }
}

/// Lists the neurons that spiked, for sending.
#[derive(Debug)]
pub(super) struct List {
    pub units: u32,
    /// Address of the neurons' numbers of spikes.
    pub y: u32,
    /// Address that the list is written to.
    pub to: u32,
    /// Key of the first neuron.
    pub key: u32,
    /// Numbers of spikes go with the keys.
    pub counts: bool,
}

impl List {
    fn call(&self) -> Call {
        let pass = if self.counts { Pass::ListCounts } else { Pass::ListSpikes };
        Call { pass, arrays: vec![self.y, self.to], key: self.key }
    }

    /// Returns the number of neurons that spiked.
    fn spiking(&self, sram: &Sram) -> u32 {
        // The shift drops the sign: -0 is no spike.
        (0..self.units).filter(|unit| sram.word(self.y + 4 * unit) << 1 != 0).count() as u32
    }
}

impl Routine for List {
    fn begin(&self, sram: &mut Sram, _step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        let spiking = self.spiking(sram);
        Ok(prices.of(|costs| costs.neuron_pass(self.call().pass, self.units, spiking)).into())
    }

    fn end(&self, sram: &mut Sram, _step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        neurons::run(&self.call(), sram, self.units)?;
        Ok(Ended { events: Some(self.spiking(sram)), ..Ended::default() })
    }
}
