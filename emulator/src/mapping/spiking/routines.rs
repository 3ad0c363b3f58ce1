//! Routines of a spiking network's program: marks, synapse rows, neurons.

use super::RowArrays;
use crate::kernel::code::calls::{Calls, FunctionCall};
use crate::kernel::neurons::{self, Call, NeuronLayout, Pass};
use crate::kernel::synapses::{self, Entries, Sums, SynapseRows};
use crate::kernel::{KernelFault, SramWords};
use crate::machine::costs::Costs;
use crate::machine::routine::{Begun, Ended, Prices, Routine, Shared};
use crate::machine::sram::Sram;
use crate::net::spiking::update::Mode;

/// Marks the neurons whose spikes were taken out of the FIFO.
#[derive(Debug)]
pub(super) struct Collect {
    pub entries: Entries,
    /// Byte address of the record of taken entries: place of the oldest, and their number.
    pub taken: u32,
    /// Address of the table of senders.
    pub senders: u32,
    /// Entries of the table.
    pub count: u32,
}

impl Collect {
    fn function(&self) -> &'static str {
        if self.entries.words > 1 { "collect_counts" } else { "collect" }
    }

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

    fn functions(&self) -> Vec<&'static str> {
        vec![self.function()]
    }

    fn calls(&self, words: &SramWords, _step: u32) -> Calls {
        let taken = [self.taken, self.taken + 4].map(|at| words.get(at as usize / 4).copied().unwrap_or(0));
        let call = |(entry, end)| {
            let arguments = [entry, end, self.entries.start, self.entries.end(), self.senders];
            FunctionCall::new(self.function(), arguments)
        };
        self.entries.spans(taken.into()).into_iter().map(call).collect::<Vec<_>>().into()
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

    fn functions(&self) -> Vec<&'static str> {
        vec![self.rows.form().function()]
    }

    fn calls(&self, _words: &SramWords, step: u32) -> Calls {
        vec![self.rows.function_call(self.sums(step))].into()
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

    fn functions(&self) -> Vec<&'static str> {
        vec![CLEAR]
    }

    fn calls(&self, _words: &SramWords, _step: u32) -> Calls {
        clears(&self.ranges).into()
    }
}

/// C function that clears words.
const CLEAR: &str = "clear";

/// Returns the call of the C function of a pass over `units` neurons.
fn function_call(call: &Call, units: u32) -> FunctionCall {
    let mut arguments = vec![units];
    arguments.extend(&call.arrays);
    if call.pass.lists() {
        // The key comes before the list.
        arguments.insert(2, call.key);
    }
    FunctionCall::new(call.pass.function(), arguments)
}

/// Returns the calls that clear ranges of words.
fn clears(ranges: &[(u32, u32)]) -> Vec<FunctionCall> {
    ranges.iter().map(|&(at, words)| FunctionCall::new(CLEAR, [at, words])).collect()
}

fn clear(sram: &mut Sram, at: u32, words: u32) {
    for word in 0..words {
        sram.set_word(at + 4 * word, 0);
    }
}

/// Resets all state every `every` ticks, for recordings that are independent of each other.
#[derive(Debug)]
pub(super) struct Restart {
    /// Ticks from one begin to the next.
    pub every: u32,
    /// Address and number of the words that are set to 0: marks, sums, currents.
    pub zeros: Vec<(u32, u32)>,
    /// Address of the potentials, and that of their values at the begin.
    pub potentials: (u32, u32),
    pub units: u32,
}

impl Restart {
    /// Returns the call that copies the potentials at the begin.
    fn copy(&self) -> Call {
        let (to, from) = self.potentials;
        Call { pass: Pass::BeginAt, arrays: vec![from, to], key: 0 }
    }

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
            neurons::run(&self.copy(), sram, self.units)?;
        }
        Ok(Ended::default())
    }

    fn functions(&self) -> Vec<&'static str> {
        vec![CLEAR, Pass::BeginAt.function()]
    }

    fn calls(&self, _words: &SramWords, step: u32) -> Calls {
        if !self.is_due(step) {
            return clears(&[(self.potentials.0, 0)]).into();
        }
        let mut calls = clears(&self.zeros);
        calls.push(function_call(&self.copy(), self.units));
        calls.into()
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
    /// Returns the byte address and the number of words of the sums that tick `step` takes.
    fn sums(&self, step: u32) -> (u32, u32) {
        let words = self.lanes * self.layout.units;
        (self.ring + 4 * words * (step % self.slots), words)
    }

    fn passes(&self, step: u32) -> Vec<Call> {
        let (at, _) = self.sums(step);
        let lanes: Vec<u32> = (0..self.lanes).map(|lane| at + 4 * lane * self.layout.units).collect();
        neurons::calls(self.mode, self.integers, &self.layout, &lanes)
    }
}

impl Routine for Update {
    fn begin(&self, _sram: &mut Sram, step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        let (units, calls) = (self.layout.units, self.passes(step));
        let passes =
            |costs: &Costs| -> u64 { calls.iter().map(|call| costs.neuron_pass(call.pass, units, 0)).sum() };
        Ok(prices.of(|costs| passes(costs) + costs.clear(self.sums(step).1)).into())
    }

    fn end(&self, sram: &mut Sram, step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        for call in self.passes(step) {
            neurons::run(&call, sram, self.layout.units)?;
        }
        let (at, words) = self.sums(step);
        clear(sram, at, words);
        Ok(Ended::default())
    }

    fn functions(&self) -> Vec<&'static str> {
        // The main one of a tick comes first: what integrates the inputs.
        let mut passes: Vec<Pass> = self.passes(0).iter().map(|call| call.pass).collect();
        passes.sort_by_key(|pass| !matches!(pass, Pass::Filter | Pass::Difference));
        let mut functions: Vec<&'static str> = passes.into_iter().map(Pass::function).collect();
        functions.push(CLEAR);
        functions
    }

    fn calls(&self, _words: &SramWords, step: u32) -> Calls {
        let units = self.layout.units;
        let mut calls: Vec<FunctionCall> =
            self.passes(step).iter().map(|call| function_call(call, units)).collect();
        calls.extend(clears(&[self.sums(step)]));
        calls.into()
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
        Ok(self.findings(sram, 0))
    }

    fn functions(&self) -> Vec<&'static str> {
        vec![self.call().pass.function()]
    }

    fn calls(&self, _words: &SramWords, _step: u32) -> Calls {
        vec![function_call(&self.call(), self.units)].into()
    }

    fn findings(&self, sram: &Sram, _step: u32) -> Ended {
        Ended { events: Some(self.spiking(sram)), ..Ended::default() }
    }
}
