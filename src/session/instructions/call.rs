//! A call of machine code, instruction by instruction, on a copy of the PE's SRAM.

use spinntui_cortex_m4::{Cache, Core, Fault, RETURN, Step};

use crate::kernel::SramWords;
use crate::kernel::code::run::{Entry, PeBus, Table, Written, begin_call};

/// Address of the program counter once a call has returned.
pub const RETURNED: u32 = RETURN & !1;

/// Call under way: registers and memory after some of its instructions.
///
/// The chip stands at the event that began the call; the call runs on a copy of the bytes
/// of that moment.
#[derive(Clone, Debug)]
pub struct Call {
    /// Registers and counts.
    pub core: Core,
    /// SRAM of the PE as the call sees it.
    pub words: Box<SramWords>,
    begin: Box<SramWords>,
    entry: Entry,
    arguments: Vec<u32>,
    cache: Cache,
    written: Written,
}

impl Call {
    /// Begins a call on the bytes of a PE.
    pub fn begin(entry: &Entry, arguments: Vec<u32>, sram: &SramWords) -> Self {
        let mut words = Box::new(*sram);
        let mut written = Written::default();
        let core = begin_call(entry.address, &arguments, &mut words, &mut written, entry.traps);
        let begin = Box::new(*sram);
        Self { core, words, begin, entry: entry.clone(), arguments, cache: Cache::default(), written }
    }

    /// Returns the number of instructions that were executed.
    pub fn executed(&self) -> u64 {
        self.core.counts.instructions
    }

    /// Returns whether the call has returned.
    pub fn has_returned(&self) -> bool {
        self.core.has_returned()
    }

    /// Returns the function that is called.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Executes one instruction.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be executed.
    pub fn step(&mut self) -> Result<Step, Fault> {
        let mut bus = PeBus::new(&mut self.words, &mut self.written);
        self.core.step(&mut self.cache, &mut bus, &Table)
    }

    /// Goes to the moment after `executed` instructions: back by beginning the call again.
    pub fn go(&mut self, executed: u64) {
        if executed < self.executed() {
            *self = Self {
                cache: std::mem::take(&mut self.cache),
                ..Self::begin(&self.entry, self.arguments.clone(), &self.begin)
            };
        }
        while self.executed() < executed && !self.has_returned() {
            if self.step().is_err() {
                break;
            }
        }
    }

    /// Returns bytes of the SRAM; what lies outside is missing from the end.
    pub fn bytes(&self, start: u32, count: usize) -> Vec<u8> {
        bytes(&self.words, start, count)
    }
}

/// Returns bytes of an SRAM; what lies outside is missing from the end.
pub fn bytes(words: &SramWords, start: u32, count: usize) -> Vec<u8> {
    let byte = |at: u32| Some((words.get(at as usize / 4)? >> (8 * (at % 4))) as u8);
    (0..count as u32).map_while(|i| byte(start.checked_add(i)?)).collect()
}
