//! Runs a call of machine code on a PE's SRAM.

use spinntui_cortex_m4::{Bus, Cache, Class, Core, Counts, Fault, Limits, Stop, Timings, Traps, decode};

use super::super::{KernelFault, SramWords, WORDS};
use super::CodeFile;
use super::calls::{Argument, Script};
use super::write::CallWrite;
use crate::chip::constants::{STACK_BASE, STACK_BYTES};
use crate::chip::cortex_m4f;
use crate::chip::mac::{MacRegisters, MacShape};
use crate::net::spiking::Kiss64;

/// Instructions after which a call is given up as endless: beyond 10 s of chip time.
pub const MOST_INSTRUCTIONS: u64 = 2_000_000_000;
/// Operand of the exp unit (`registers.h`).
const EXP_OPERAND: u32 = 0xE010_0100;
/// Result of the exp unit.
const EXP_RESULT: u32 = 0xE010_0104;
/// Number of the random-number unit.
const RANDOM_NUMBER: u32 = 0xE010_0000;

/// Cycles of classes of instructions: those of the project's timing table.
#[derive(Clone, Copy, Debug)]
pub struct Table;

impl Timings for Table {
    fn cycles(&self, class: Class, registers: u8) -> u32 {
        cortex_m4f::class_cycles(class, registers).1
    }
}

/// Fault of machine code, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFault {
    /// Cause, with the address of the instruction.
    pub what: String,
    /// Text of the instruction; empty if the bytes are no instruction.
    pub instruction: String,
    /// Function and source line, as far as the file states them.
    pub place: String,
}

impl std::fmt::Display for CodeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)?;
        if !self.instruction.is_empty() {
            write!(f, ", `{}`", self.instruction)?;
        }
        if self.place.is_empty() { Ok(()) } else { write!(f, ", in {}", self.place) }
    }
}

/// SRAM of a PE with the devices that routines use, as its core sees them.
pub struct PeBus<'a> {
    /// Words of the SRAM.
    pub words: &'a mut SramWords,
    /// Words written, a bit each.
    pub written: &'a mut Written,
    /// Devices beside the SRAM.
    pub devices: &'a mut Devices,
}

/// Devices of a PE in the calls of a run, and counts of what the calls do with them.
#[derive(Clone, Debug, Default)]
pub struct Devices {
    operand: f32,
    mac: MacRegisters,
    random: Option<Kiss64>,
    /// Runs of the MAC array.
    pub mac_runs: Vec<MacShape>,
    /// Sums of the MAC array that needed more bits than it keeps.
    pub overflows: u32,
    /// Operations of the exp unit.
    pub exps: u64,
    /// Loads and stores of words by address range; see [`Accesses`].
    pub accesses: Accesses,
}

impl Devices {
    /// Creates the devices before the first call of a run.
    pub fn of(script: &Script) -> Self {
        Self { random: script.random, ..Self::default() }
    }
}

/// Loads and stores in each 16-byte unit class that a bank can be told by.
pub type Accesses = [u64; ACCESS_CELLS];
/// Cells of [`Accesses`]: for each 32 KiB block the four 16-byte columns.
pub const ACCESS_CELLS: usize = 16;

/// Returns the cell of an address in [`Accesses`]: its 32 KiB block and its 16-byte column.
pub const fn access_cell(address: u32) -> usize {
    (address >> 15 & 3) as usize * 4 + (address >> 4 & 3) as usize
}

/// Words that a run has written.
#[derive(Clone, Debug)]
pub struct Written(Box<[u64; WORDS / 64]>);

impl Default for Written {
    fn default() -> Self {
        Self(Box::new([0; WORDS / 64]))
    }
}

impl Written {
    #[inline]
    fn note(&mut self, word: usize) {
        self.0[word / 64 % (WORDS / 64)] |= 1 << (word % 64);
    }

    /// Writes a word, and notes it; outside of the SRAM nothing is written.
    pub fn set(&mut self, words: &mut SramWords, address: u32, value: u32) {
        let index = address as usize / 4;
        if let Some(word) = words.get_mut(index) {
            *word = value;
            self.note(index);
        }
    }

    /// Returns ranges of words that were written, ascending, and forgets them.
    pub fn take(&mut self) -> Vec<std::ops::Range<usize>> {
        let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
        for (number, bits) in self.0.iter_mut().enumerate() {
            let mut left = std::mem::take(bits);
            while left != 0 {
                let word = 64 * number + left.trailing_zeros() as usize;
                left &= left - 1;
                match ranges.last_mut() {
                    Some(last) if last.end == word => last.end += 1,
                    _ => ranges.push(word..word + 1),
                }
            }
        }
        ranges
    }

    /// Forgets all bytes that were noted.
    pub fn clear(&mut self) {
        self.0.fill(0);
    }
}

impl<'a> PeBus<'a> {
    /// Creates the bus of a PE.
    pub fn new(words: &'a mut SramWords, written: &'a mut Written, devices: &'a mut Devices) -> Self {
        Self { words, written, devices }
    }

    fn device_load(&mut self, address: u32) -> Option<u32> {
        let devices = &mut *self.devices;
        if let Some(register) = devices.mac.load(address) {
            return Some(register);
        }
        match address {
            EXP_RESULT => {
                devices.exps += 1;
                Some(libm::expf(devices.operand).to_bits())
            }
            RANDOM_NUMBER => devices.random.as_mut().map(Kiss64::number),
            _ => None,
        }
    }

    /// Carries out what the registers of the MAC array ask for; words outside of SRAM read as 0 and
    /// are not written.
    fn run_mac(&mut self) {
        let devices = &mut *self.devices;
        devices.mac_runs.push(devices.mac.shape());
        let words = &*self.words;
        let (sums, overflows) =
            devices.mac.run_counted(|at| words.get(at as usize / 4).copied().unwrap_or(0));
        devices.overflows += overflows;
        for (address, sum) in sums {
            let index = address as usize / 4;
            if let Some(word) = self.words.get_mut(index) {
                *word = sum;
                self.written.note(index);
            }
        }
    }

    fn device_store(&mut self, address: u32, value: u32) -> Option<()> {
        if let Some(starts) = self.devices.mac.store(address, value) {
            if starts {
                self.run_mac();
            }
            return Some(());
        }
        (address == EXP_OPERAND).then(|| self.devices.operand = f32::from_bits(value))
    }
}

impl Bus for PeBus<'_> {
    #[inline]
    fn load(&mut self, address: u32, bytes: u32) -> Option<u32> {
        let Some(&word) = self.words.get(address as usize / 4) else { return self.device_load(address) };
        self.devices.accesses[access_cell(address)] += 1;
        let shifted = word >> (8 * (address & 3));
        Some(match bytes {
            4 => shifted,
            2 => shifted & 0xFFFF,
            _ => shifted & 0xFF,
        })
    }

    #[inline]
    fn store(&mut self, address: u32, bytes: u32, value: u32) -> Option<()> {
        let index = address as usize / 4;
        let Some(word) = self.words.get_mut(index) else { return self.device_store(address, value) };
        self.devices.accesses[access_cell(address)] += 1;
        if bytes == 4 {
            *word = value;
        } else {
            let shift = 8 * (address & 3);
            let mask = (u32::MAX >> (32 - 8 * bytes)) << shift;
            *word = *word & !mask | value << shift & mask;
        }
        self.written.note(index);
        Some(())
    }

    #[inline]
    fn fetch(&self, address: u32) -> Option<u32> {
        let index = address as usize / 4;
        let word = *self.words.get(index)?;
        if address & 2 == 0 {
            Some(word)
        } else {
            Some(word >> 16 | self.words.get(index + 1).map_or(0, |next| next << 16))
        }
    }
}

/// Scratch memory of runs; no result depends on it.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    words: Option<Box<SramWords>>,
    written: Written,
    cache: Cache,
}

/// Result of a run whose calls returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Instructions and cycles.
    pub counts: Counts,
    /// Operations of the exp unit.
    pub exps: u64,
    /// Runs of the MAC array.
    pub mac_runs: Vec<MacShape>,
    /// Sums of the MAC array that needed more bits than it keeps.
    pub overflows: u32,
    /// Loads and stores.
    pub accesses: Accesses,
}

/// Function of a code file, ready to be called.
#[derive(Clone, Debug)]
pub struct Entry {
    /// File that contains the function.
    pub file: std::sync::Arc<CodeFile>,
    /// Name of the function.
    pub function: String,
    /// Byte address of the function's first instruction.
    pub address: u32,
    /// Conditions reported as faults.
    pub traps: Traps,
}

/// Begins a call: four arguments in registers, the rest on the stack, and words that arguments
/// point to above these.
pub fn begin_call(
    entry: &Entry,
    arguments: &[Argument],
    words: &mut SramWords,
    written: &mut Written,
) -> Core {
    let blocks = |argument: &Argument| match argument {
        Argument::Block(words) => words.len() as u32,
        _ => 0,
    };
    let block_words: u32 = arguments.iter().map(blocks).sum();
    let rest = arguments.len().saturating_sub(4) as u32;
    let top = STACK_BASE + STACK_BYTES;
    let mut block = top.saturating_sub((4 * block_words).next_multiple_of(8));
    let stack = block.saturating_sub((4 * rest).next_multiple_of(8));
    let mut put = |at: u32, value: u32| written.set(words, at, value);
    let mut core = Core::call(entry.address, stack, entry.traps);
    for (number, argument) in arguments.iter().enumerate() {
        let value = match argument {
            Argument::Value(value) => *value,
            Argument::Block(values) => {
                let at = block;
                for &value in values {
                    put(block, value);
                    block += 4;
                }
                at
            }
            // The script has put values in their places.
            Argument::Word(_) | Argument::Returned => 0,
        };
        match core.r[..4].get_mut(number) {
            Some(register) => *register = value,
            None => put(stack + 4 * (number as u32 - 4), value),
        }
    }
    core
}

/// State of the calls of a run, one after the other.
struct Running<'a> {
    script: &'a Script,
    number: usize,
    core: Core,
    devices: Devices,
}

impl Running<'_> {
    /// Runs all calls to their ends, with a debugger's writes between instructions.
    fn run(
        &mut self,
        (words, written, cache): (&mut SramWords, &mut Written, &mut Cache),
        writes: &[CallWrite],
    ) -> Result<Stop, Fault> {
        let mut writes = writes.iter().peekable();
        loop {
            let until = writes.peek().map_or(MOST_INSTRUCTIONS, |write| write.after.min(MOST_INSTRUCTIONS));
            let instructions = until.saturating_sub(self.core.counts.instructions);
            let mut bus = PeBus::new(words, written, &mut self.devices);
            let stop = self.core.run(cache, &mut bus, &Table, Limits { instructions })?;
            if stop == Stop::Returned {
                if let Some(next) = self.script.begin(self.number + 1, Some(&self.core), words, written) {
                    (self.number, self.core) = next;
                    continue;
                }
                let mut bus = PeBus::new(words, written, &mut self.devices);
                writes.for_each(|write| write.what.apply(&mut self.core, &mut bus));
                return Ok(stop);
            }
            match writes.next() {
                Some(write) if self.core.counts.instructions < MOST_INSTRUCTIONS => {
                    write.what.apply(&mut self.core, &mut bus);
                }
                _ => return Ok(stop),
            }
        }
    }
}

impl Scratch {
    /// Returns a copy of `words` to run on, and what runs on it write.
    fn copy(&mut self, words: &SramWords) -> (&mut SramWords, &mut Written, &mut Cache) {
        let copy = match &mut self.words {
            Some(copy) => {
                copy.copy_from_slice(words);
                copy
            }
            empty => empty.insert(Box::new(*words)),
        };
        self.written.clear();
        (copy, &mut self.written, &mut self.cache)
    }

    /// Runs calls on a copy of the SRAM, with a debugger's writes, ascending; [`Self::results`]
    /// returns the words that they wrote.
    ///
    /// # Errors
    ///
    /// Fails at the first instruction that cannot be executed, or if a call does not return.
    pub fn run(
        &mut self,
        words: &SramWords,
        script: &Script,
        writes: &[CallWrite],
    ) -> Result<Ran, KernelFault> {
        let (copy, written, cache) = self.copy(words);
        let Some((number, core)) = script.begin(0, None, copy, written) else { return Ok(Ran::default()) };
        let mut running = Running { script, number, core, devices: Devices::of(script) };
        let stopped = running.run((copy, written, cache), writes);
        let Running { number, core, devices, .. } = running;
        let entry = &script.calls[number].entry;
        match stopped {
            Ok(Stop::Returned) => {
                let Devices { mac_runs, overflows, exps, accesses, .. } = devices;
                Ok(Ran { counts: core.counts, exps, mac_runs, overflows, accesses })
            }
            Ok(Stop::Limit) => {
                let what = format!("no return after {MOST_INSTRUCTIONS} instructions, at {:#x}", core.r[15]);
                Err(entry.fault(core.r[15], what, words))
            }
            Err(fault) => Err(entry.fault(fault.address, fault.to_string(), words)),
        }
    }

    /// Returns the ranges of words that the last run wrote, with their values, and forgets them.
    pub fn results(&mut self) -> Vec<(u32, Vec<u32>)> {
        let Some(words) = &self.words else { return Vec::new() };
        let values = |range: std::ops::Range<usize>| {
            (4 * range.start as u32, words.get(range).unwrap_or_default().to_vec())
        };
        self.written.take().into_iter().map(values).collect()
    }
}

impl Entry {
    /// Returns the fault `what` of the instruction at `address`, in words, on the SRAM that the
    /// code lies in.
    pub fn fault(&self, address: u32, what: String, words: &SramWords) -> KernelFault {
        let half = |at: u32| (words.get(at as usize / 4).copied().unwrap_or(0) >> (8 * (at & 2))) as u16;
        let decoded = decode(half(address), half(address.wrapping_add(2)));
        let instruction = decoded.map_or_else(String::new, |decoded| {
            decoded.instruction.text(address, spinntui_cortex_m4::Cond::Always)
        });
        let code = CodeFault { what, instruction, place: self.place(address) };
        KernelFault {
            kernel: "code",
            what: "instruction",
            address: u64::from(address),
            code: Some(Box::new(code)),
        }
    }

    /// Returns function and source line of an address, as far as the file says.
    pub fn place(&self, address: u32) -> String {
        let function = self.file.function_at(address).map(|function| function.name.clone());
        let line = super::lines::Lines::of(&self.file).at(address);
        let line = line.map(|line| format!("{}:{}", line.file, line.line));
        function.into_iter().chain(line).collect::<Vec<_>>().join(", ")
    }
}
