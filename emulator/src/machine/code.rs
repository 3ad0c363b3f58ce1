//! Level *code* of a routine: its machine code, executed on the bytes of the PE's SRAM.
//!
//! As at level *native*, a run has two moments. At its begin the call is executed on a copy of the
//! bytes, for its cycles; at its end it is executed on the bytes as they are then, and what it
//! wrote is kept. Beside its results it leaves what it pushed on the stack.

use std::sync::Arc;

use super::banks::PerBank;
use super::costs::Costs;
use super::exec::Machine;
use super::options::BankInterleave;
use super::program::PeProgram;
use super::routine::{Begun, Ended, Price, Prices, Routine, Shared, Untrapped};
use super::sram::{BANKS, Sram};
use super::timetable::Timetables;
use crate::chip::cortex_m4f::Cycles;
use crate::chip::geometry::Pe;
use crate::chip::listing::kind::InstructionKind;
use crate::chip::mac::MacRun;
use crate::kernel::code::CodeFile;
use crate::kernel::code::calls::{Calls, FunctionCall, Ready, Script};
use crate::kernel::code::run::{Accesses, Entry, Ran};
use crate::kernel::code::write::{CallWrite, merged};
use crate::kernel::{KernelFault, SramWords};

/// Machine code of a routine.
#[derive(Clone, Debug)]
pub struct Code {
    /// Functions that are called, by the names of the built-in ones whose place they take; the
    /// routine's main one first.
    pub entries: Arc<[(&'static str, Arc<Entry>)]>,
    /// Bytes of SRAM that a bank holds.
    pub interleave: BankInterleave,
}

impl Code {
    /// Returns the main function.
    pub fn entry(&self) -> Option<&Arc<Entry>> {
        self.entries.first().map(|(_, entry)| entry)
    }

    /// Returns the files of the functions.
    pub fn files(&self) -> impl Iterator<Item = &Arc<CodeFile>> {
        self.entries.iter().map(|(_, entry)| &entry.file)
    }

    /// Returns the calls of a run with the functions that they call.
    pub fn script(&self, calls: &Calls) -> Script {
        let find = |function| self.entries.iter().find(|(own, _)| *own == function);
        let ready = |call: &FunctionCall| {
            let FunctionCall { function, arguments, when } = call;
            let entry = Arc::clone(&find(*function)?.1);
            Some(Ready { entry, arguments: arguments.clone(), when: when.clone() })
        };
        let list = calls.list.iter().filter_map(ready).collect();
        Script { calls: list, random: calls.random, zeros: calls.zeros.clone() }
    }

    /// Executes calls on a copy of the SRAM and returns what they take.
    ///
    /// # Errors
    ///
    /// Fails at an instruction that cannot be executed.
    pub fn price(
        &self,
        sram: &Sram,
        calls: &Calls,
        prices: Prices<'_>,
        shared: &mut Shared,
    ) -> Result<Begun, KernelFault> {
        let ran = shared.code.run(sram.words(), &self.script(calls), &shared.writes)?;
        Ok(Begun {
            price: price(&ran, prices),
            accesses: Some(self.banks(&ran.accesses)),
            mac: mac(&ran, prices.costs),
        })
    }

    /// Executes calls and writes what they write.
    ///
    /// # Errors
    ///
    /// Fails at an instruction that cannot be executed; nothing is written then.
    pub fn run(&self, sram: &mut Sram, calls: &Calls, shared: &mut Shared) -> Result<Ran, KernelFault> {
        let ran = shared.code.run(sram.words(), &self.script(calls), &shared.writes)?;
        for (address, words) in shared.code.results() {
            sram.set_words(address, &words);
        }
        Ok(ran)
    }

    /// Loads and stores by bank.
    fn banks(&self, accesses: &Accesses) -> PerBank {
        let mut banks = [0; BANKS];
        for (cell, count) in accesses.iter().enumerate() {
            let bank = match self.interleave {
                BankInterleave::Block => cell / 4,
                BankInterleave::Word => cell % 4,
            };
            banks[bank % BANKS] += count;
        }
        banks
    }
}

/// Routine at level *code*.
#[derive(Debug)]
pub struct AtCode {
    native: Arc<dyn Routine>,
    code: Code,
}

impl AtCode {
    /// Creates the routine that executes `code` in place of a routine at level *native*.
    pub fn new(native: Arc<dyn Routine>, code: Code) -> Self {
        Self { native, code }
    }
}

impl Routine for AtCode {
    fn begin(&self, sram: &mut Sram, step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        self.begin_beside(sram, step, prices, &mut Shared::default())
    }

    fn begin_beside(
        &self,
        sram: &mut Sram,
        step: u32,
        prices: Prices<'_>,
        shared: &mut Shared,
    ) -> Result<Begun, KernelFault> {
        let before = self.native.calls_before(step);
        let prepared = if before.is_empty() {
            Price::default()
        } else {
            // A debugger's writes are within the calls behind these.
            let writes = std::mem::take(&mut shared.writes);
            let ran = self.code.run(sram, &before.into(), shared);
            shared.writes = writes;
            price(&ran?, prices)
        };
        let calls = self.native.calls(sram.words(), step);
        let begun = self.code.price(sram, &calls, prices, shared)?;
        let accesses = begun.accesses.filter(|_| self.native.counts_accesses());
        Ok(Begun { price: prepared + begun.price, accesses, ..begun })
    }

    fn end(&self, sram: &mut Sram, step: u32, shared: &mut Shared) -> Result<Ended, KernelFault> {
        let calls = self.native.calls(sram.words(), step);
        let ran = self.code.run(sram, &calls, shared)?;
        let found = self.native.findings(sram, step);
        Ok(Ended { overflows: ran.overflows, untrapped: Untrapped::from(&ran), ..found })
    }

    fn least(&self, costs: &Costs) -> Option<u64> {
        self.native.least(costs)
    }

    fn code(&self) -> Option<&Code> {
        Some(&self.code)
    }

    fn native(&self) -> Option<&Arc<dyn Routine>> {
        Some(&self.native)
    }

    fn functions(&self) -> Vec<&'static str> {
        self.native.functions()
    }

    fn calls(&self, words: &SramWords, step: u32) -> Calls {
        self.native.calls(words, step)
    }

    fn variant(&self, step: u32) -> u32 {
        self.native.variant(step)
    }
}

/// Returns the cycles of a call under the program's assumptions.
fn price(ran: &Ran, prices: Prices<'_>) -> Price {
    let counts = &ran.counts;
    let all = Cycles::new(clamped(counts.cycles), clamped(counts.refills));
    let kinds = prices.kinds.map_or([0; 3], |kinds| {
        InstructionKind::ALL.map(|kind| {
            let at = kind as usize;
            let refills = if kind == InstructionKind::Branch { counts.refills } else { 0 };
            kinds[at].at(Cycles::new(clamped(counts.kinds[at]), clamped(refills)))
                + kinds[at].exps(ran.exps)
                + mac(ran, &kinds[at]).cycles
        })
    });
    let devices = prices.costs.exps(ran.exps) + mac(ran, prices.costs).cycles;
    Price { cycles: prices.costs.at(all) + devices, kinds }
}

/// Returns what the MAC array did in a call.
fn mac(ran: &Ran, costs: &Costs) -> MacRun {
    ran.mac_runs.iter().fold(MacRun::default(), |mut all, &shape| {
        all += costs.mac(shape);
        all
    })
}

fn clamped(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Machine {
    /// Replaces the program of a PE by one with the same operations at other levels, and writes
    /// machine code to its memory.
    ///
    /// The operation in progress goes on; later operations are those of the new program.
    pub fn reload(&mut self, pe: Pe, loaded: PeProgram, words: &[(u32, Vec<u32>)]) {
        // Weights stay what they were, so sums of several PEs can still be computed together.
        self.tracing = None;
        for (address, words) in words {
            if let Some(state) = self.state.pes.get_mut(pe.index()) {
                state.sram.set_words(*address, words);
            }
        }
        if let Some(place) = Arc::make_mut(&mut self.program).pes.get_mut(pe.index()) {
            *place = Some(loaded);
        }
        self.timetables = Timetables::new(&self.program);
    }

    /// Schedules a debugger's write within the call that a PE begins next.
    pub fn write_in_next_call(&mut self, pe: Pe, write: CallWrite) {
        // It may lead the call anywhere: constants are no longer taken as those that were loaded.
        self.tracing = None;
        self.state.disturbed = true;
        if let Some(state) = self.state.pes.get_mut(pe.index()) {
            let writes = &mut state.writes.next;
            let at = writes.partition_point(|known| known.after <= write.after);
            writes.insert(at, write);
        }
    }

    /// Writes bytes to a PE's SRAM between calls, for a debugger; none if some lie outside of SRAM.
    pub fn write_bytes(&mut self, pe: Pe, address: u32, bytes: &[u8]) {
        for at in (address..).zip(bytes).map(|(at, _)| at) {
            self.disturb(pe, at);
        }
        if let Some(state) = self.state.pes.get_mut(pe.index()) {
            let (start, words) = merged(state.sram.words(), address, bytes);
            state.sram.set_words(start, &words);
        }
    }
}
