//! SRAM banks: who reads and writes them, and who waits when two meet.
//!
//! While a core carries out a kernel it accesses each bank at a known rate: the loads and stores of
//! the operation in that bank (the kernel's listing, [`crate::kernel::cost::access`], through the
//! memory map) over the operation's cycles. A packet that is written, or a DMA beat, holds its bank
//! for one PE cycle. How often the two meet is the rate, kept exactly in a phase accumulator a bank
//! and PE: at each write the rate is added, and every overflow is a meeting. No chance is in it, so
//! a run repeats.
//!
//! Of two that meet, one waits a PE cycle: the one that `assume.bank_priority` names. If that is
//! the core, its operation ends a cycle later. (The chip as a whole may still gain, perhaps since
//! packets that leave later meet fewer others on the links: on ten steps of scenes/lm.ron with
//! `Word` and `Writes` it is 0.004 % earlier.) If it is the write, the network interface keeps it
//! for a cycle. That is counted but not added to the chip time: no core reads the bytes before the
//! block's last packet has raised its interrupt. That interrupt would come a cycle later, which is
//! felt only by a PE that waits for it: at most a PE cycle a population and time step.
//!
//! Left out: instruction fetches, which are taken as hidden by the prefetch unit, and the few
//! accesses of handlers, waiting loops (with the event router, emptying the FIFO), of packing and
//! unpacking events and of the debug log; also what the core reads to send events, and a DMA
//! engine to send.

pub mod account;

use serde::{Deserialize, Serialize};

use super::exec::Machine;
use super::options::{BankInterleave, BankPriority};
use super::program::PACKET_BYTES;
use super::sram::{BANK_BYTES, BANKS, SRAM_BYTES};
use crate::chip::constants::BANK_CONFLICT_CYCLES;
use crate::chip::geometry::Pe;

pub use account::Accounts;

/// Number for each SRAM bank, by bank number.
pub type PerBank = [u64; BANKS];

impl BankInterleave {
    /// Returns the bank of a byte address.
    pub const fn bank(self, address: u32) -> usize {
        let unit = match self {
            Self::Block => address / BANK_BYTES,
            Self::Word => address / PACKET_BYTES,
        };
        unit as usize % BANKS
    }

    /// Returns the number of bytes of `start..end` in each bank; those beyond SRAM do not count.
    pub fn bytes(self, start: u32, end: u32) -> PerBank {
        let end = end.min(SRAM_BYTES);
        let unit = match self {
            Self::Block => BANK_BYTES,
            Self::Word => PACKET_BYTES,
        };
        let mut bytes = [0; BANKS];
        let mut at = start;
        while at < end {
            let next = (at / unit + 1).saturating_mul(unit).min(end);
            bytes[self.bank(at)] += u64::from(next - at);
            at = next;
        }
        bytes
    }
}

/// Counters of one bank of one PE since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankCount {
    /// Loads and stores of the core in kernels.
    pub core: u64,
    /// Words of 128 bits that packets wrote: one a packet, two where it goes to the router's FIFO.
    pub noc: u64,
    /// DMA beats written.
    pub dma: u64,
    /// Cycles that the core waited for a write, one for each conflict that it lost.
    pub core_stalls: u64,
    /// Cycles that writes waited for the core, one for each conflict that they lost.
    pub write_waits: u64,
}

impl BankCount {
    /// Returns the number of conflicts between the core and writes; in each, one of the two waited.
    pub const fn conflicts(&self) -> u64 {
        self.core_stalls + self.write_waits
    }

    /// Adds the counts of two banks.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            core: self.core + other.core,
            noc: self.noc + other.noc,
            dma: self.dma + other.dma,
            core_stalls: self.core_stalls + other.core_stalls,
            write_waits: self.write_waits + other.write_waits,
        }
    }
}

/// The banks of one PE.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub struct BankState {
    /// Accesses a cycle of what the core is doing, in units of 2⁻³².
    rate: [u32; BANKS],
    /// Phase of the meetings, in the same unit.
    phase: [u32; BANKS],
    /// The write lost the last conflict, and the core gives way next (`RoundRobin`).
    owed: [bool; BANKS],
    /// Counters; nothing reads them back.
    pub count: [BankCount; BANKS],
}

impl BankState {
    /// Begins an operation of the core with these accesses over `cycles` cycles.
    pub fn begin(&mut self, accesses: &PerBank, cycles: u64) {
        for ((count, kept), &accesses) in self.count.iter_mut().zip(&mut self.rate).zip(accesses) {
            count.core += accesses;
            *kept = rate(accesses, cycles);
        }
    }

    /// Sets the core's access rate to 0, so that writes cause no conflicts.
    pub fn rest(&mut self) {
        self.rate = [0; BANKS];
    }

    /// Resolves the conflicts of `writes` writes to a bank with the core; returns the number of
    /// cycles that the core loses.
    #[inline]
    fn meet(&mut self, bank: usize, writes: u64, priority: BankPriority) -> u64 {
        let rate = u64::from(self.rate[bank]);
        if rate == 0 {
            return 0;
        }
        let phase = u64::from(self.phase[bank]) + rate * writes;
        self.phase[bank] = phase as u32;
        let meetings = phase >> 32;
        let stalls = match priority {
            BankPriority::Core => 0,
            BankPriority::Writes => meetings,
            BankPriority::RoundRobin => {
                let first = u64::from(self.owed[bank]);
                self.owed[bank] ^= meetings % 2 == 1;
                u64::midpoint(meetings, first)
            }
        };
        let count = &mut self.count[bank];
        count.core_stalls += stalls;
        count.write_waits += meetings - stalls;
        stalls
    }

    /// Writes a word of the NoC into a bank, where the core goes first; they may meet if `meets`.
    #[inline]
    pub(super) fn write(&mut self, bank: usize, meets: bool) {
        self.count[bank].noc += 1;
        if meets {
            self.meet(bank, 1, BankPriority::Core);
        }
    }

    /// Returns the accesses a cycle of what the core is doing, by bank, in units of 2⁻³².
    pub(super) fn rates(&self) -> impl Iterator<Item = u32> {
        self.rate.into_iter()
    }

    /// Adds a step in which these banks went from `start` to `end`, with the core's priority.
    ///
    /// The number of conflicts follows from the sum of the additions to the phases.
    pub(super) fn follow(&mut self, start: &Self, end: &Self) {
        self.rate = end.rate;
        for bank in 0..BANKS {
            let (from, to) = (&start.count[bank], &end.count[bank]);
            let waits = to.write_waits - from.write_waits;
            let phases = u64::from(end.phase[bank]).wrapping_sub(u64::from(start.phase[bank]));
            let sum = u64::from(self.phase[bank]).wrapping_add((waits << 32).wrapping_add(phases));
            self.phase[bank] = sum as u32;
            let count = &mut self.count[bank];
            count.core += to.core - from.core;
            count.noc += to.noc - from.noc;
            count.dma += to.dma - from.dma;
            count.write_waits += sum >> 32;
        }
    }

    /// Puts an operation that takes `cycles` cycles with accesses `now` in the place of one with
    /// accesses `before`, in which no write has met the core.
    pub(super) fn replace(&mut self, before: Option<&PerBank>, now: Option<&PerBank>, cycles: u64) {
        for (count, accesses) in self.count.iter_mut().zip(before.into_iter().flatten()) {
            count.core -= accesses;
        }
        match now {
            Some(now) => self.begin(now, cycles),
            None => self.rest(),
        }
    }

    /// Returns all that decides the future of the banks, as words.
    pub fn words(&self) -> impl Iterator<Item = u64> + '_ {
        (0..BANKS).flat_map(|bank| {
            [u64::from(self.rate[bank]) << 32 | u64::from(self.phase[bank]), u64::from(self.owed[bank])]
        })
    }
}

/// Returns a rate in accesses a cycle, in units of 2⁻³²; a core cannot do more than one a cycle.
fn rate(accesses: u64, cycles: u64) -> u32 {
    if cycles == 0 {
        return 0;
    }
    let rate = (accesses.min(u64::from(u32::MAX)) << 32) / cycles;
    u32::try_from(rate).unwrap_or(u32::MAX)
}

impl Machine {
    /// Begins an operation of the core that takes `cycles` cycles.
    pub(super) fn banks_begin(&mut self, pe: Pe, accesses: Option<&PerBank>, cycles: u64) {
        let banks = &mut self.state.pes[pe.index()].banks;
        match accesses {
            Some(accesses) => banks.begin(accesses, cycles),
            None => banks.rest(),
        }
    }

    /// Counts the writes of an entry of `bytes` bytes to the router's FIFO of one PE: one for each
    /// 128-bit word that it touches.
    pub(super) fn banks_entry(&mut self, index: usize, address: u32, bytes: u32) {
        let start = address - address % PACKET_BYTES;
        let end = address.saturating_add(bytes).next_multiple_of(PACKET_BYTES);
        let words = self.program.assume.bank_interleave.bytes(start, end);
        for (bank, bytes) in words.into_iter().enumerate().filter(|(_, bytes)| *bytes > 0) {
            self.banks_writes(index, bank, bytes / u64::from(PACKET_BYTES));
        }
    }

    /// Writes `writes` words of the NoC into a bank.
    #[inline]
    pub(super) fn banks_writes(&mut self, index: usize, bank: usize, writes: u64) {
        let priority = self.program.assume.bank_priority;
        let state = &mut self.state.pes[index];
        state.banks.count[bank].noc += writes;
        // Handlers keep the core from its kernel.
        if state.interrupts_until > self.state.tick {
            return;
        }
        let stalls = state.banks.meet(bank, writes, priority);
        if stalls > 0 {
            self.stall(index, stalls);
        }
    }

    /// Counts the beats of a DMA write of `bytes` bytes into one PE, and delays the core by the
    /// bank conflicts that it lost.
    pub(super) fn banks_dma(&mut self, pe: Pe, address: u32, bytes: u32) {
        let assume = &self.program.assume;
        let (interleave, priority) = (assume.bank_interleave, assume.bank_priority);
        let banks = &mut self.state.pes[pe.index()].banks;
        let end = address.saturating_add(bytes).next_multiple_of(PACKET_BYTES);
        let mut stalls = 0;
        for (bank, bytes) in interleave.bytes(address, end).into_iter().enumerate() {
            let beats = bytes.div_ceil(u64::from(PACKET_BYTES));
            banks.count[bank].dma += beats;
            stalls += banks.meet(bank, beats, priority);
        }
        if stalls > 0 {
            self.stall(pe.index(), stalls);
        }
    }

    /// Delays the end of the core's operation by the `conflicts` bank conflicts that it lost.
    fn stall(&mut self, index: usize, conflicts: u64) {
        let ticks = self.ticks_on(index, conflicts * u64::from(BANK_CONFLICT_CYCLES));
        let state = &mut self.state.pes[index];
        state.ends += ticks;
        state.inject_delay += ticks;
        state.count.busy += ticks;
        if let Some(pe) = Pe::from_index(index) {
            self.count_busy(pe, ticks);
        }
    }
}

#[cfg(test)]
mod tests;
