//! Debugging a PE by instructions: the calls of its machine code, forwards and backwards.
//!
//! A moment is an event of the chip, at which the PE's core has begun a call, and a number of
//! instructions executed since. The chip stands still while a call is stepped through: packets that
//! arrive during the call are not seen by it. Going back within a call executes it again; before
//! its begin, the history goes to the event that began the call before.

mod call;

use std::ops::Range;

use spinntui_cortex_m4::{Core, Fault};
use thiserror::Error;

use super::history::{History, LastWrite, Place};
use super::{Moved, Session, Stopped};
use crate::chip::geometry::Pe;
use crate::kernel::code::CodeError;
use crate::machine::program::Action;
use crate::mapping::code::{Choice, set_pe};

pub use call::{Call, RETURNED};

/// Events handled in one slice of a run.
const EVENTS_A_SLICE: u32 = 20_000;
/// Instructions executed in one slice of a run.
const INSTRUCTIONS_A_SLICE: u32 = 200_000;

/// Reason for which a run stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The step is done.
    Stepped,
    /// A breakpoint is at the next instruction.
    Breakpoint,
    /// Watched bytes have changed, from this address on.
    Watched(u32),
    /// The instruction at the program counter cannot be executed.
    Fault(Fault),
    /// All input is read.
    Finished,
    /// The session cannot go on.
    Stopped(Stopped),
    /// There is nothing before.
    Begin,
}

/// Reason for which a PE cannot be debugged by instructions.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DebugError {
    /// It has nothing to do.
    #[error("{0} has no program in this scene; `spinntui check` lists the PEs in use")]
    NoProgram(Pe),
    /// No routine of it has machine code.
    #[error("no routine of {0} has machine code: only matrix products have")]
    NoCode(Pe),
    /// Its machine code is not usable.
    #[error(transparent)]
    Code(#[from] CodeError),
}

/// Experiment that is debugged by instructions of one PE.
#[derive(Debug)]
pub struct Debugger {
    session: Session,
    history: History,
    pe: Pe,
    call: Option<Call>,
    /// Events that began calls of the PE, ascending, up to where the experiment is.
    calls: Vec<u64>,
    /// Operation and number of the run of the call that was seen last.
    seen: Option<(u32, u32)>,
    /// Byte addresses of breakpoints.
    pub breakpoints: Vec<u32>,
    /// Byte ranges at whose writes execution stops.
    pub watched: Vec<Range<u32>>,
}

impl Debugger {
    /// Begins to debug a PE; its routines run at level code from their next calls on.
    ///
    /// # Errors
    ///
    /// Fails if the PE has no program, or no routine of it has machine code.
    pub fn new(mut session: Session, pe: Pe) -> Result<Self, DebugError> {
        session.run_exactly(true);
        put_at_code(&mut session, pe)?;
        let history = History::new(&mut session);
        let (breakpoints, watched) = (Vec::new(), Vec::new());
        Ok(Self { session, history, pe, call: None, calls: Vec::new(), seen: None, breakpoints, watched })
    }

    /// Returns the experiment; within a call it stands at the event that began it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Ends the debugging and returns the experiment.
    pub fn into_session(self) -> Session {
        self.session
    }

    /// Returns the PE in focus.
    pub fn pe(&self) -> Pe {
        self.pe
    }

    /// Debugs another PE from here on; going back ends here.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::new`] does; the focus then stays.
    pub fn focus(&mut self, pe: Pe) -> Result<(), DebugError> {
        if pe == self.pe {
            return Ok(());
        }
        put_at_code(&mut self.session, pe)?;
        self.history = History::new(&mut self.session);
        (self.pe, self.call, self.seen) = (pe, None, None);
        self.calls.clear();
        Ok(())
    }

    /// Returns the call under way; `None` until the first one after the attaching,
    /// and between calls.
    pub fn call(&self) -> Option<&Call> {
        self.call.as_ref()
    }

    /// Returns the registers; `None` between calls.
    pub fn core(&self) -> Option<&Core> {
        self.call.as_ref().map(|call| &call.core)
    }

    /// Returns bytes of a PE's SRAM: within a call those of the PE in focus as the call sees them.
    pub fn bytes(&self, pe: Pe, start: u32, count: usize) -> Vec<u8> {
        match &self.call {
            Some(call) if pe == self.pe => call.bytes(start, count),
            _ => call::bytes(self.session.machine().state().pes[pe.index()].sram.words(), start, count),
        }
    }

    /// Returns who wrote these bytes of the PE last, before the call under way.
    pub fn last_write(&mut self, bytes: &Range<u32>) -> LastWrite {
        self.history.last_write(&mut self.session, self.pe, bytes)
    }

    fn watched_bytes(&self) -> Vec<Vec<u8>> {
        self.watched.iter().map(|range| self.bytes(self.pe, range.start, range.len())).collect()
    }

    /// Returns the first watched address whose bytes are no longer those of `before`.
    fn changed(&self, before: &[Vec<u8>]) -> Option<u32> {
        let now = self.watched_bytes();
        let changed = before.iter().zip(&now).zip(&self.watched).find(|((before, now), _)| before != now);
        changed.map(|(_, range)| range.start)
    }

    /// Executes one instruction, or runs the chip to the first instruction of the next call.
    pub fn step(&mut self) -> Halt {
        match &mut self.call {
            Some(call) if !call.has_returned() => match call.step() {
                Ok(_) => Halt::Stepped,
                Err(fault) => Halt::Fault(fault),
            },
            _ => loop {
                match self.next_call() {
                    Ok(true) => return Halt::Stepped,
                    Ok(false) => {}
                    Err(halt) => return halt,
                }
            },
        }
    }

    /// Handles events until the PE begins a call of machine code (`true`), or for a slice.
    fn next_call(&mut self) -> Result<bool, Halt> {
        self.call = None;
        for _ in 0..EVENTS_A_SLICE {
            match self.session.advance() {
                Moved::On(progress) => self.history.note(&mut self.session, progress),
                Moved::Finished => return Err(Halt::Finished),
                Moved::Stopped(stopped) => return Err(Halt::Stopped(stopped)),
            }
            if self.find_call() {
                let event = self.session.machine().state().events;
                if self.calls.last().is_none_or(|&last| last < event) {
                    self.calls.push(event);
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes up the call that the PE has begun with the last event, if it has.
    fn find_call(&mut self) -> bool {
        let state = &self.session.machine().state().pes[self.pe.index()];
        let run = (state.operation, state.ended.get(state.operation as usize).copied().unwrap_or(0));
        if self.seen == Some(run) {
            return false;
        }
        self.seen = Some(run);
        let begun = state.began == self.session.tick();
        let Some(loaded) = self.session.program().pe(self.pe).filter(|_| begun) else { return false };
        let Some((operation, slot)) = loaded.operation(state.operation) else { return false };
        let Action::Call(routine) = &operation.action else { return false };
        let (Some(code), Some((_, arguments))) = (routine.code(), routine.call(state.sram.word(slot.turn)))
        else {
            return false;
        };
        self.call = Some(Call::begin(&code.entry, arguments, state.sram.words()));
        true
    }

    /// Runs on for a slice; `None` if nothing has stopped it yet.
    pub fn run(&mut self) -> Option<Halt> {
        let mut before = self.watched_bytes();
        for _ in 0..INSTRUCTIONS_A_SLICE {
            let within = self.call.as_ref().is_some_and(|call| !call.has_returned());
            if within {
                match self.step() {
                    Halt::Stepped => {}
                    halt => return Some(halt),
                }
            } else {
                match self.next_call() {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(halt) => return Some(halt),
                }
            }
            if let Some(at) = self.changed(&before) {
                return Some(Halt::Watched(at));
            }
            if self.at_breakpoint() {
                return Some(Halt::Breakpoint);
            }
            if !within {
                before = self.watched_bytes();
            }
        }
        None
    }

    fn at_breakpoint(&self) -> bool {
        self.core().is_some_and(|core| self.breakpoints.contains(&core.r[15]))
    }

    /// Completes time steps of the chip, and leaves the call under way.
    pub fn step_time(&mut self, steps: u64) -> Halt {
        self.call = None;
        let target = self.session.steps() + steps;
        while self.session.steps() < target {
            match self.session.advance() {
                Moved::On(progress) => self.history.note(&mut self.session, progress),
                Moved::Finished => return Halt::Finished,
                Moved::Stopped(stopped) => return Halt::Stopped(stopped),
            }
            if self.find_call() {
                self.calls.push(self.session.machine().state().events);
                self.call = None;
            }
        }
        Halt::Stepped
    }

    /// Takes one instruction back; before a call's first one lies the end of the call before.
    pub fn step_back(&mut self) -> Halt {
        match &mut self.call {
            Some(call) if call.executed() > 0 => {
                let before = call.executed() - 1;
                call.go(before);
                Halt::Stepped
            }
            _ => match self.previous_call() {
                Some(length) => {
                    if let Some(call) = &mut self.call {
                        call.go(length.saturating_sub(1));
                    }
                    Halt::Stepped
                }
                None => Halt::Begin,
            },
        }
    }

    /// Goes to the begin of the call before and returns its length in instructions; `None` if
    /// there is none.
    fn previous_call(&mut self) -> Option<u64> {
        let now = self.session.machine().state().events;
        let known = self.calls.partition_point(|&event| event < now);
        let target = *self.calls.get(known.checked_sub(1)?)?;
        // Just before, so that the event that begins the call is handled here.
        self.history.go(&mut self.session, &Place::Event(target - 1)).ok()?;
        (self.call, self.seen) = (None, None);
        self.find_call();
        self.call = None;
        let Moved::On(progress) = self.session.advance() else { return None };
        self.history.note(&mut self.session, progress);
        if !self.find_call() {
            return None;
        }
        let call = self.call.as_mut()?;
        call.go(u64::MAX);
        let length = call.executed();
        call.go(0);
        Some(length)
    }

    /// Runs back to the last moment before this one at which a breakpoint is at the next
    /// instruction or watched bytes would change.
    pub fn run_back(&mut self) -> Halt {
        let mut end = self.call.as_ref().map_or(0, Call::executed);
        loop {
            if let Some((at, halt)) = self.last_halt(end) {
                if let Some(call) = &mut self.call {
                    call.go(at);
                }
                return halt;
            }
            if let Some(length) = self.previous_call() {
                end = length;
                continue;
            }
            if let Some(call) = &mut self.call {
                call.go(0);
            }
            return Halt::Begin;
        }
    }

    /// Finds the last stop of the call before its instruction number `end`.
    fn last_halt(&mut self, end: u64) -> Option<(u64, Halt)> {
        self.call.as_mut()?.go(0);
        let mut found = None;
        let mut before = self.watched_bytes();
        for number in 0..end {
            if self.at_breakpoint() {
                found = Some((number, Halt::Breakpoint));
            }
            if self.step() != Halt::Stepped {
                break;
            }
            if let Some(at) = self.changed(&before) {
                found = Some((number, Halt::Watched(at)));
                before = self.watched_bytes();
            }
        }
        found
    }
}

/// Puts the routines of a PE to level code, unless some are already, and loads the built-in machine
/// code into its memory.
fn put_at_code(session: &mut Session, pe: Pe) -> Result<(), DebugError> {
    let assume = session.program().assume.clone();
    let mut loaded = session.program().pe(pe).ok_or(DebugError::NoProgram(pe))?.clone();
    let has_code = |loaded: &crate::machine::program::PeProgram| {
        loaded
            .operations
            .iter()
            .any(|operation| matches!(&operation.action, Action::Call(routine) if routine.code().is_some()))
    };
    if has_code(&loaded) {
        return Ok(());
    }
    let choice = Choice::built_in()?;
    set_pe(&mut loaded, Some(&choice), &assume)?;
    if !has_code(&loaded) {
        return Err(DebugError::NoCode(pe));
    }
    session.machine_mut().reload(pe, loaded, &choice.file.words);
    Ok(())
}
