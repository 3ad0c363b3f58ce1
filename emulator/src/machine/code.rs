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
use super::routine::{Begun, Price, Prices, Shared};
use super::sram::{BANKS, Sram};
use super::timetable::Timetables;
use crate::chip::cortex_m4f::Cycles;
use crate::chip::geometry::Pe;
use crate::chip::listing::kind::InstructionKind;
use crate::chip::mac::MacRun;
use crate::kernel::KernelFault;
use crate::kernel::code::run::{Accesses, Entry, Ran};
use crate::kernel::code::write::{CallWrite, merged};

/// Machine code of a routine.
#[derive(Clone, Debug)]
pub struct Code {
    /// Function that is called.
    pub entry: Arc<Entry>,
    /// Bytes of SRAM that a bank holds.
    pub interleave: BankInterleave,
}

impl Code {
    /// Executes a call on a copy of the SRAM and returns what it takes.
    ///
    /// # Errors
    ///
    /// Fails at an instruction that cannot be executed.
    pub fn price(
        &self,
        sram: &Sram,
        arguments: &[u32],
        prices: Prices<'_>,
        shared: &mut Shared,
    ) -> Result<Begun, KernelFault> {
        let ran = shared.code.run(sram.words(), &self.entry, arguments, &shared.writes)?;
        Ok(Begun {
            price: price(&ran, prices),
            accesses: Some(self.banks(&ran.accesses)),
            mac: mac(&ran, prices.costs),
        })
    }

    /// Executes a call and writes what it writes.
    ///
    /// # Errors
    ///
    /// Fails at an instruction that cannot be executed; nothing is written then.
    pub fn run(&self, sram: &mut Sram, arguments: &[u32], shared: &mut Shared) -> Result<Ran, KernelFault> {
        let ran = shared.code.run(sram.words(), &self.entry, arguments, &shared.writes)?;
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
    /// Gives a PE a new program. The core's operation goes on; the next ones are those of
    /// the new program.
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

    /// Lets a debugger write within the call that a PE begins next.
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

    /// Lets a debugger write bytes of a PE's SRAM now, between calls; what lies outside
    /// is left out.
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
