//! Routines of the EGRU's program: matrix products and the point-wise step, on the bytes of a PE.

use super::Restart;
use crate::kernel::code::calls::{Calls, FunctionCall};
use crate::kernel::cost::access::Accesses;
use crate::kernel::events::{self, ListLayout, UnpackLayout, Unpacked};
use crate::kernel::mail::Left;
use crate::kernel::matrix::{Kernel, Operands};
use crate::kernel::pointwise::{self, PointwiseLayout, TRACE};
use crate::kernel::{KernelFault, SramWords};
use crate::machine::banks::PerBank;
use crate::machine::banks::account::BankMap;
use crate::machine::costs::Costs;
use crate::machine::program::{PACKET_WORDS, RegionKind};
use crate::machine::routine::{Begun, Ended, Price, Prices, Routine, Shared, Touches};
use crate::machine::sram::{BANKS, Sram};
use crate::mapping::product::{self, MatrixAccount, Operand, Scratch, Together, multiply};
use crate::net::Tanh;

/// Words that are set to 0 where a sequence begins: y(t−1), c and the traces.
#[derive(Clone, Debug)]
pub(super) struct Clear {
    /// Start of sequences.
    pub restart: Restart,
    /// Words of y(t−1), which lies at the operand.
    pub outputs: u32,
    /// Byte address and words of the other arrays.
    pub arrays: Vec<(u32, u32)>,
}

/// C function that clears words.
const CLEAR: &str = "clear";

/// `egru_input` or `egru_internal`: W·x or R·y of a PE's units.
#[derive(Clone, Debug)]
pub(super) struct Product {
    /// Matrix and its kernel.
    pub kernel: Kernel,
    /// Place at which the values to be multiplied arrive.
    pub operand: Operand,
    /// Byte address of the results.
    pub sums: u32,
    /// Unpacking of events into the operand; `None` where values arrive as they are read.
    pub unpack: Option<UnpackLayout>,
    /// Routine that clears state at the beginning of a sequence.
    pub clear: Option<Clear>,
    /// Accesses to the banks.
    pub account: MatrixAccount,
    /// Rows of this share among those of all PEs.
    pub together: Option<Together>,
}

impl Product {
    /// Returns the byte addresses of the operand that the kernel reads, and of its results.
    fn operands(&self, step: u32) -> Operands {
        let x = self.unpack.map_or_else(|| self.operand.at(step), |layout| layout.operand());
        Operands { x, sums: self.sums }
    }

    /// Returns byte address and words of each array that restarts at 0 in this time step.
    fn cleared_arrays(&self, step: u32) -> Vec<(u32, u32)> {
        let Some(clear) = self.clear.as_ref().filter(|clear| clear.restart.at(step)) else {
            return Vec::new();
        };
        std::iter::once((self.operand.at(step), clear.outputs)).chain(clear.arrays.clone()).collect()
    }

    /// Clears the state that restarts at 0 in this time step, if any does.
    fn cleared(&self, sram: &mut Sram, step: u32, prices: Prices<'_>) -> Price {
        let arrays = self.cleared_arrays(step);
        for &(at, words) in &arrays {
            sram.set_floats(at, &vec![0.0; words as usize]);
        }
        prices.of(|costs| arrays.iter().map(|&(_, words)| costs.clear(words)).sum())
    }

    /// Unpacks arrived events, if values arrive as events.
    fn unpacked(
        &self,
        sram: &mut Sram,
        step: u32,
        prices: Prices<'_>,
        scratch: Option<&mut Scratch>,
    ) -> Result<Price, KernelFault> {
        let Some(layout) = self.unpack else { return Ok(Price::default()) };
        let mail = self.operand.at(step);
        let (work, left) = if let Some(scratch) = scratch.filter(|_| !sram.is_guarded()) {
            scratch.mail.unpack(sram.words(), &layout, mail)?
        } else {
            let (work, written) = events::unpack(sram.words(), &layout, mail)?;
            (work, Left::All(written))
        };
        match (left, layout.into) {
            (Left::List(made), Unpacked::List(list)) => put_list(sram, list, made),
            (Left::Dense(dense) | Left::List(dense), into) => sram.set_words(into.start(), dense),
            (Left::All(written), _) => {
                for (address, words) in &written {
                    sram.set_words(*address, words);
                }
            }
        }
        Ok(prices.of(|costs| costs.unpack_events(layout.lists(), &work)))
    }

    /// Begins a run; `shared` has the results that other PEs have computed.
    fn begun(
        &self,
        sram: &mut Sram,
        step: u32,
        prices: Prices<'_>,
        shared: Option<&mut Shared>,
    ) -> Result<Begun, KernelFault> {
        let cleared = self.cleared(sram, step, prices);
        let mut together = self.together.as_ref().zip(shared);
        let scratch = together.as_mut().and_then(|(together, shared)| together.scratch(shared));
        let unpacked = self.unpacked(sram, step, prices, scratch)?;
        let x = self.operands(step).x;
        let known = together.and_then(|(together, shared)| together.work(&self.kernel, sram, x, shared));
        let work = known.map_or_else(|| self.kernel.work(sram.words(), x), Ok)?;
        let product = prices.of(|costs| costs.matrix(&self.kernel, &work));
        let accesses = Some(self.account.of(step, &work));
        let mac = self.kernel.mac().map(|shape| prices.costs.mac(shape)).unwrap_or_default();
        Ok(Begun { price: cleared + unpacked + product, accesses, mac })
    }
}

/// Writes a list of events, its values at their sources' places beside it.
fn put_list(sram: &mut Sram, layout: ListLayout, list: &[u32]) {
    let (pairs, _) = list.get(1..).unwrap_or_default().as_chunks();
    let value = layout.value as usize / 4;
    if let Some(values) = sram.words_mut().get_mut(value..value + layout.sources as usize) {
        for &[source, word] in pairs {
            if let Some(value) = values.get_mut(source as usize) {
                *value = word;
            }
        }
    }
    sram.mark_bytes(layout.value, 4 * layout.sources);
    sram.mark_bytes(layout.map, 4 * layout.map_words());
    sram.set_words(layout.list, list);
}

impl Routine for Product {
    fn begin(&self, sram: &mut Sram, step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        self.begun(sram, step, prices, None)
    }

    fn begin_beside(
        &self,
        sram: &mut Sram,
        step: u32,
        prices: Prices<'_>,
        shared: &mut Shared,
    ) -> Result<Begun, KernelFault> {
        self.begun(sram, step, prices, Some(shared))
    }

    fn end(&self, sram: &mut Sram, step: u32, shared: &mut Shared) -> Result<Ended, KernelFault> {
        let together = (self.together.as_ref(), shared);
        let overflows = multiply(&self.kernel, sram, self.operands(step), together)?;
        Ok(Ended { overflows, ..Ended::default() })
    }

    fn functions(&self) -> Vec<&'static str> {
        let before = [self.clear.as_ref().map(|_| CLEAR), self.unpack.map(|layout| layout.function())];
        std::iter::once(self.kernel.routine().function()).chain(before.into_iter().flatten()).collect()
    }

    fn calls(&self, _words: &SramWords, step: u32) -> Calls {
        let arguments = self.kernel.arguments(self.operands(step));
        vec![FunctionCall::new(self.kernel.routine().function(), arguments)].into()
    }

    fn calls_before(&self, step: u32) -> Vec<FunctionCall> {
        let cleared = self.cleared_arrays(step).into_iter();
        let clear = cleared.map(|(at, words)| FunctionCall::new(CLEAR, [at, words]));
        clear.chain(self.unpack.map(|layout| layout.function_call(self.operand.at(step)))).collect()
    }

    fn counts_accesses(&self) -> bool {
        true
    }

    fn touches(&self, step: u32) -> Option<Touches> {
        if self.unpack.is_some() {
            return None;
        }
        let mut touches = product::touches(&self.kernel, self.operands(step), self.operand);
        if let Some(clear) = self.clear.as_ref().filter(|clear| clear.restart.at(step)) {
            let arrays = std::iter::once((self.operand.at(step), clear.outputs)).chain(clear.arrays.clone());
            touches.begins = arrays.map(|(at, words)| at..at + 4 * words).collect();
        }
        Some(touches)
    }

    fn least(&self, costs: &Costs) -> Option<u64> {
        Some(costs.matrix(&self.kernel, &self.kernel.least_work()?))
    }

    fn variant(&self, step: u32) -> u32 {
        let clears = self.clear.as_ref().is_some_and(|clear| clear.restart.at(step));
        2 * (step % self.operand.buffers().count()) + u32::from(clears)
    }
}

/// Most units of a PE whose values lie on the stack while they are computed, not on the heap.
const FEW: usize = 64;

/// Gates, cell state, threshold and event of a PE's units, and their traces.
#[derive(Debug)]
pub(super) struct Pointwise {
    /// Addresses of the arrays.
    pub layout: PointwiseLayout,
    /// Start of sequences, whose first step takes c and the traces as 0.
    pub restart: Option<Restart>,
    /// Accesses to the banks.
    pub accesses: PerBank,
    /// Products that a value of each unit leads to: with the recurrent weights of its layer, and
    /// with the input weights of the next one.
    pub fan_out: Vec<[u32; 2]>,
}

impl Pointwise {
    /// Counts the products that sent values lead to: y to its own layer, y or the traces
    /// to the next.
    fn products(&self, y: &[f32], traces: Option<&[f32]>) -> [u32; 2] {
        let sum = |values: &[f32], which: usize| {
            let sent = values.iter().zip(&self.fan_out).filter(|(value, _)| **value != 0.0);
            sent.map(|(_, fan_out)| fan_out[which]).sum()
        };
        [sum(y, 0), sum(traces.unwrap_or(y), 1)]
    }
}

impl Routine for Pointwise {
    fn begin(&self, _sram: &mut Sram, _step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        let PointwiseLayout { units, trace, always, .. } = self.layout;
        let price =
            prices.of(|costs| costs.pointwise(units, always) + trace.map_or(0, |_| costs.trace(units)));
        Ok(Begun { price, accesses: Some(self.accesses), ..Begun::default() })
    }

    fn end(&self, sram: &mut Sram, step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        let layout = &self.layout;
        let restart = self.restart.is_some_and(|restart| restart.at(step));
        let units = layout.units as usize;
        let padded = units.next_multiple_of(PACKET_WORDS);
        let (mut few, mut many) = ([0.0; 2 * FEW], Vec::new());
        let values = if padded <= FEW {
            &mut few[..padded + units]
        } else {
            many.resize(padded + units, 0.0);
            &mut many
        };
        let (y, cell) = values.split_at_mut(padded);
        pointwise::units(sram.words(), layout, restart, (&mut y[..units], cell));
        let active = y.iter().filter(|y| **y != 0.0).count() as u32;
        sram.set_floats(layout.cell, cell);
        sram.set_floats(layout.y, y);
        let traces = layout.trace.map(|at| (at, pointwise::traces(sram.words(), layout, at, restart)));
        if let Some((at, traces)) = &traces {
            sram.set_floats(*at, traces);
        }
        let products = self.products(y, traces.as_ref().map(|(_, traces)| traces.as_slice()));
        Ok(Ended { events: Some(active), products, ..Ended::default() })
    }

    fn functions(&self) -> Vec<&'static str> {
        let step = self.layout.function().into_iter();
        step.chain(self.layout.function().and(self.layout.trace).map(|_| TRACE)).collect()
    }

    fn native_only(&self) -> Option<&'static str> {
        let why = "its tanh is the reference's, whose last bits the machine code does not give; assume.tanh: ExpUnit takes the machine code's";
        (self.layout.tanh == Tanh::Libm).then_some(why)
    }

    fn calls(&self, _words: &SramWords, step: u32) -> Calls {
        let PointwiseLayout { units, cell, trace, .. } = self.layout;
        let restarts = self.restart.is_some_and(|restart| restart.at(step));
        // Its first step takes the states as 0, without a routine that clears them.
        let states = || [cell].into_iter().chain(trace).map(|at| (at, units)).collect();
        let zeros = if restarts { states() } else { Vec::new() };
        Calls { list: self.layout.function_calls(), random: None, zeros }
    }

    fn findings(&self, sram: &Sram, _step: u32) -> Ended {
        let load = |at: u32| -> Vec<f32> {
            (0..self.layout.units).map(|unit| f32::from_bits(sram.word(at + 4 * unit))).collect()
        };
        let y = load(self.layout.y);
        let events = y.iter().filter(|y| **y != 0.0).count() as u32;
        let products = self.products(&y, self.layout.trace.map(load).as_deref());
        Ended { events: Some(events), products, ..Ended::default() }
    }

    fn counts_accesses(&self) -> bool {
        true
    }

    fn touches(&self, _step: u32) -> Option<Touches> {
        let p = &self.layout;
        let gates = [p.input_sums, p.recurrent_sums].map(|at| at..at + 12 * p.units);
        let units = |at: u32| at..at + 4 * p.units;
        let sent = |at: u32| at..at + 4 * p.units.next_multiple_of(PACKET_WORDS as u32);
        let reads = gates.into_iter().chain([units(p.cell)]).chain(p.trace.map(units)).collect();
        let writes = [units(p.cell), sent(p.y)].into_iter().chain(p.trace.map(sent)).collect();
        Some(Touches { reads, writes, begins: Vec::new() })
    }

    fn variant(&self, step: u32) -> u32 {
        u32::from(self.restart.is_some_and(|restart| restart.at(step)))
    }
}

/// Reads the accesses of the point-wise step off its listing and the memory map.
pub(super) fn pointwise_accesses(map: BankMap<'_>, p: &PointwiseLayout, accesses: &Accesses) -> PerBank {
    let mut banks = [0; BANKS];
    let stack = map.kind(RegionKind::Stack);
    let arrays = [p.input_sums, p.recurrent_sums, p.bias, p.recurrent_bias, p.threshold, p.cell, p.y]
        .map(|a| map.array(a));
    for (spread, count) in arrays.iter().chain([&stack]).zip(accesses.pointwise(p.units, p.always)) {
        spread.add(count, &mut banks);
    }
    if let Some(trace) = p.trace {
        for (at, count) in [p.y, trace].into_iter().zip(accesses.trace(p.units)) {
            map.array(at).add(count, &mut banks);
        }
    }
    banks
}
