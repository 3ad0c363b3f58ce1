//! Runs a call of machine code on a PE's SRAM.

use spinntui_cortex_m4::{Bus, Cache, Class, Core, Counts, Fault, Limits, Stop, Timings, Traps, decode};

use super::super::{KernelFault, SramWords, WORDS};
use super::CodeFile;
use super::write::CallWrite;
use crate::chip::constants::{STACK_BASE, STACK_BYTES};
use crate::chip::cortex_m4f;
use crate::chip::mac::{MacRegisters, MacShape};

/// Instructions after which a call is given up as endless: beyond 10 s of chip time.
pub const MOST_INSTRUCTIONS: u64 = 2_000_000_000;
/// Operand of the exp unit (`registers.h`).
const EXP_OPERAND: u32 = 0xE010_0100;
/// Result of the exp unit.
const EXP_RESULT: u32 = 0xE010_0104;

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
    operand: f32,
    mac: MacRegisters,
    /// Runs of the MAC array.
    pub mac_runs: Vec<MacShape>,
    /// Operations of the exp unit.
    pub exps: u64,
    /// Loads and stores of words by address range; see [`Accesses`].
    pub accesses: Accesses,
}

/// Loads and stores in each 16-byte unit class that a bank can be told by.
pub type Accesses = [u64; ACCESS_CELLS];
/// Cells of [`Accesses`]: for each 32 KiB block the four 16-byte columns.
pub const ACCESS_CELLS: usize = 16;

/// Cell of an address: its 32 KiB block and its place in a row of four 16-byte units.
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
    pub fn new(words: &'a mut SramWords, written: &'a mut Written) -> Self {
        Self {
            words,
            written,
            operand: 0.0,
            mac: MacRegisters::default(),
            mac_runs: Vec::new(),
            exps: 0,
            accesses: [0; ACCESS_CELLS],
        }
    }

    fn device_load(&mut self, address: u32) -> Option<u32> {
        if let Some(register) = self.mac.load(address) {
            return Some(register);
        }
        (address == EXP_RESULT).then(|| {
            self.exps += 1;
            libm::expf(self.operand).to_bits()
        })
    }

    /// Carries out what the registers of the MAC array ask for; words outside of SRAM read as 0 and
    /// are not written.
    fn run_mac(&mut self) {
        self.mac_runs.push(self.mac.shape());
        let words = &*self.words;
        for (address, sum) in self.mac.run(|at| words.get(at as usize / 4).copied().unwrap_or(0)) {
            let index = address as usize / 4;
            if let Some(word) = self.words.get_mut(index) {
                *word = sum;
                self.written.note(index);
            }
        }
    }

    fn device_store(&mut self, address: u32, value: u32) -> Option<()> {
        if let Some(starts) = self.mac.store(address, value) {
            if starts {
                self.run_mac();
            }
            return Some(());
        }
        (address == EXP_OPERAND).then(|| self.operand = f32::from_bits(value))
    }
}

impl Bus for PeBus<'_> {
    #[inline]
    fn load(&mut self, address: u32, bytes: u32) -> Option<u32> {
        let Some(&word) = self.words.get(address as usize / 4) else { return self.device_load(address) };
        self.accesses[access_cell(address)] += 1;
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
        self.accesses[access_cell(address)] += 1;
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

/// Result of a call that returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Instructions and cycles.
    pub counts: Counts,
    /// Operations of the exp unit.
    pub exps: u64,
    /// Runs of the MAC array.
    pub mac_runs: Vec<MacShape>,
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

/// Stores the arguments of a call: four in registers, the rest on the stack.
pub fn begin_call(
    address: u32,
    arguments: &[u32],
    words: &mut SramWords,
    written: &mut Written,
    traps: Traps,
) -> Core {
    let (registers, rest) = arguments.split_at(arguments.len().min(4));
    let stack = STACK_BASE + STACK_BYTES - (4 * rest.len() as u32).next_multiple_of(8);
    let mut core = Core::call(address, stack, traps);
    core.r[..registers.len()].copy_from_slice(registers);
    for (i, &argument) in rest.iter().enumerate() {
        let index = stack as usize / 4 + i;
        if let Some(word) = words.get_mut(index) {
            *word = argument;
            written.note(index);
        }
    }
    core
}

/// Runs a call to its end, with a debugger's writes between its instructions.
fn run_with(
    core: &mut Core,
    cache: &mut Cache,
    bus: &mut PeBus<'_>,
    writes: &[CallWrite],
) -> Result<Stop, Fault> {
    for write in writes {
        let instructions = write.after.saturating_sub(core.counts.instructions);
        core.run(cache, bus, &Table, Limits { instructions })?;
        write.what.apply(core, bus);
    }
    core.run(cache, bus, &Table, Limits { instructions: MOST_INSTRUCTIONS })
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

    /// Runs a call on a copy of the SRAM, with a debugger's writes, ascending; [`Self::results`]
    /// returns the words that it wrote.
    ///
    /// # Errors
    ///
    /// Fails at the first instruction that cannot be executed, or if the call does not return.
    pub fn run(
        &mut self,
        words: &SramWords,
        entry: &Entry,
        arguments: &[u32],
        writes: &[CallWrite],
    ) -> Result<Ran, KernelFault> {
        let (copy, written, cache) = self.copy(words);
        let mut core = begin_call(entry.address, arguments, copy, written, entry.traps);
        let mut bus = PeBus::new(copy, written);
        let stopped = run_with(&mut core, cache, &mut bus, writes);
        let (exps, accesses, mac_runs) = (bus.exps, bus.accesses, std::mem::take(&mut bus.mac_runs));
        match stopped {
            Ok(Stop::Returned) => Ok(Ran { counts: core.counts, exps, mac_runs, accesses }),
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
