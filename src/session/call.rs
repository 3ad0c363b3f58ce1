//! The calls of machine code of a run, instruction by instruction, on a copy of the PE's SRAM.

use std::sync::OnceLock;

use spinntui_cortex_m4::{Cache, Core, Counts, Fault, RETURN, Step};

use crate::kernel::SramWords;
use crate::kernel::code::calls::Script;
use crate::kernel::code::lines::SourceLine;
use crate::kernel::code::run::{Devices, Entry, PeBus, Table, Written};
use crate::kernel::code::write::CallWrite;

/// Address of the program counter once a call has returned.
pub const RETURNED: u32 = RETURN & !1;

/// Instructions after which the length of a call is given up.
const MOST_COUNTED: u64 = 20_000_000;

/// Function that was called within a call and has not returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Address of the calling instruction.
    pub called_at: u32,
    /// Address of the function's first instruction.
    pub function: u32,
    /// Address at which the caller goes on.
    pub return_to: u32,
    /// Number of instructions of the call before the calling one.
    pub since: u64,
}

/// Registers before the last instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Core registers, r0 to pc.
    pub r: [u32; 16],
    /// Singles of the FPU, as bits.
    pub s: [u32; 32],
}

/// Calls of a run under way, one after the other: registers and memory after some of their
/// instructions.
///
/// The chip stands at the event that began the run; the calls run on a copy of the bytes
/// of that moment. Where a function returns, the next one is at its first instruction.
#[derive(Clone, Debug)]
pub struct Call {
    /// Registers and counts.
    pub core: Core,
    /// SRAM of the PE during the call.
    pub words: Box<SramWords>,
    begin: Box<SramWords>,
    script: Script,
    /// Number of the present call.
    number: usize,
    /// Instructions executed before the present call.
    since: u64,
    devices: Devices,
    cache: Cache,
    written: Written,
    frames: Vec<Frame>,
    last: Option<(Step, Before)>,
    /// Writes of a debugger, ascending.
    writes: Vec<CallWrite>,
    /// Number of writes that were made.
    made: usize,
    whole: OnceLock<Option<Counts>>,
}

impl Call {
    /// Begins the calls of a run on the bytes of a PE, with a debugger's writes, ascending; `None`
    /// if there is no call.
    pub fn begin(script: &Script, sram: &SramWords, writes: &[CallWrite]) -> Option<Self> {
        let mut words = Box::new(*sram);
        let mut written = Written::default();
        let (number, core) = script.begin(0, None, &mut words, &mut written)?;
        let begin = Box::new(*sram);
        let mut call = Self {
            core,
            words,
            begin,
            number,
            since: 0,
            devices: Devices::of(script),
            script: script.clone(),
            cache: Cache::default(),
            written,
            frames: Vec::new(),
            last: None,
            writes: writes.to_vec(),
            made: 0,
            whole: OnceLock::new(),
        };
        call.write_due();
        Some(call)
    }

    /// Makes the writes that come before the next instruction.
    fn write_due(&mut self) {
        while let Some(write) = self.writes.get(self.made)
            && (write.after <= self.executed() || self.has_returned())
        {
            let mut bus = PeBus::new(&mut self.words, &mut self.written, &mut self.devices);
            write.what.apply(&mut self.core, &mut bus);
            self.made += 1;
        }
    }

    /// Returns whether a debugger has written behind the instructions that were executed so far.
    pub fn has_writes_ahead(&self) -> bool {
        !self.has_returned() && self.writes.last().is_some_and(|write| write.after > self.executed())
    }

    /// Returns the number of instructions that were executed.
    pub fn executed(&self) -> u64 {
        self.core.counts.instructions
    }

    /// Returns the number of instructions that were executed before the present function was
    /// called.
    pub fn since(&self) -> u64 {
        self.since
    }

    /// Returns whether the last call has returned.
    pub fn has_returned(&self) -> bool {
        self.core.has_returned()
    }

    /// Returns the function that is called.
    pub fn entry(&self) -> &Entry {
        &self.script.calls[self.number].entry
    }

    /// Returns the functions called within the call that have not returned, the innermost last.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Returns the last instruction, with the registers before it; `None` at the begin.
    pub fn last(&self) -> Option<&(Step, Before)> {
        self.last.as_ref()
    }

    /// Returns the counts at the end of the last call; `None` if one faults, or seems endless.
    pub fn whole(&self) -> Option<Counts> {
        let run = || {
            let mut call = Self::begin(&self.script, &self.begin, &self.writes)?;
            call.go(MOST_COUNTED);
            call.has_returned().then_some(call.core.counts)
        };
        *self.whole.get_or_init(run)
    }

    /// Returns the source line of the next instruction, as far as the file says.
    pub fn line(&self) -> Option<SourceLine> {
        let listing = self.entry().file.listing(self.core.r[15])?;
        listing.lines.get(listing.at(self.core.r[15])?)?.line.clone()
    }

    /// Executes one instruction.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be executed.
    pub fn step(&mut self) -> Result<Step, Fault> {
        let before = Before { r: self.core.r, s: self.core.s };
        let since = self.executed();
        let mut bus = PeBus::new(&mut self.words, &mut self.written, &mut self.devices);
        let step = self.core.step(&mut self.cache, &mut bus, &Table)?;
        if step.taken {
            self.note_branch(&step, since);
        }
        self.last = Some((step, before));
        if self.core.has_returned() {
            self.next_call();
        }
        self.write_due();
        Ok(step)
    }

    /// Begins the next call, if there is one.
    fn next_call(&mut self) {
        let next = self.script.begin(self.number + 1, Some(&self.core), &mut self.words, &mut self.written);
        if let Some((number, core)) = next {
            self.since = core.counts.instructions;
            (self.number, self.core) = (number, core);
            self.frames.clear();
        }
    }

    /// Records a call of a function, or its return.
    fn note_branch(&mut self, step: &Step, since: u64) {
        let (to, link) = (self.core.r[15], self.core.r[14]);
        let return_to = link & !1;
        // A call leaves the address behind it in LR.
        let called = link & 1 == 1 && [2, 4].contains(&return_to.wrapping_sub(step.address));
        if called && to != return_to {
            self.frames.push(Frame { called_at: step.address, function: to, return_to, since });
        } else if self.frames.last().is_some_and(|frame| frame.return_to == to) {
            self.frames.pop();
        }
    }

    /// Seeks to the moment after `executed` instructions; backwards by starting the call again.
    pub fn go(&mut self, executed: u64) {
        if executed < self.executed()
            && let Some(begun) = Self::begin(&self.script, &self.begin, &self.writes)
        {
            let (cache, whole) = (std::mem::take(&mut self.cache), std::mem::take(&mut self.whole));
            *self = Self { cache, whole, ..begun };
        }
        while self.executed() < executed && !self.has_returned() {
            if self.step().is_err() {
                break;
            }
        }
    }

    /// Returns bytes of the SRAM; bytes outside of it are missing at the end.
    pub fn bytes(&self, start: u32, count: usize) -> Vec<u8> {
        bytes(&self.words, start, count)
    }
}

/// Returns bytes of an SRAM; bytes outside of it are missing at the end.
pub fn bytes(words: &SramWords, start: u32, count: usize) -> Vec<u8> {
    let byte = |at: u32| Some((words.get(at as usize / 4)? >> (8 * (at % 4))) as u8);
    (0..count as u32).map_while(|i| byte(start.checked_add(i)?)).collect()
}
