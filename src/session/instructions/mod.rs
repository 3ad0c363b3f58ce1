//! Debugging a PE by instructions: the calls of its machine code, forwards and backwards.
//!
//! A moment is an event of the chip, at which the PE's core has begun a call, and a number of
//! instructions executed since. The chip stands still while a call is stepped through: packets that
//! arrive during the call are not seen by it. Going back within a call executes it again; before
//! its begin, the history goes to the event that began the call before.
//!
//! A PE at level native is followed in the same way, since both levels give the same bits and
//! cycles; following one from now on puts it at level code.

mod follow;
mod motion;
mod write;

use std::ops::Range;

use spinntui_cortex_m4::{Core, Fault};
use thiserror::Error;

use super::call::{self, Call};
use super::code_request::Level;
use super::command::Command;
use super::history::{History, LastWrite, Position, SeekTarget};
use super::{Session, StepOutcome, Stopped};
use crate::chip::geometry::Pe;
use crate::kernel::code::CodeError;
use crate::machine::exec::Progress;
use crate::machine::program::Action;

pub use super::code_request::Motion;
pub use write::{WriteError, undo_writes, write};

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
    /// A breakpoint of the app, or another reason outside of the PE.
    Point,
    /// All input is read.
    Finished,
    /// The session cannot go on.
    Stopped(Stopped),
    /// No earlier call of the PE is within reach.
    Begin,
}

/// Reason for which a PE cannot be debugged by instructions.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DebugError {
    /// The PE has no program in this scene.
    #[error("{0} has no program in this scene; `spinntui check` lists the PEs in use")]
    NoProgram(Pe),
    /// No routine of the PE has machine code.
    #[error(
        "no routine of {0} has machine code of its bits; docs/own-kernels.md lists the routines that have none"
    )]
    NoCode(Pe),
    /// A debugger has written within its call under way, which only machine code can have.
    #[error(
        "registers or memory of {0} were written within its call; the level can change at the call's end"
    )]
    Written(Pe),
    /// The machine code of the PE is not usable.
    #[error(transparent)]
    Code(#[from] CodeError),
}

/// Places and bytes at which a run is to stop.
#[derive(Clone, Debug, Default)]
pub struct Stops {
    /// Byte addresses of instructions.
    pub breakpoints: Vec<u32>,
    /// Byte ranges at whose writes execution stops.
    pub watched: Vec<Range<u32>>,
    /// Watched bytes as they were when they were looked at last; `None` before a run.
    before: Option<Vec<Vec<u8>>>,
}

impl Stops {
    /// Forgets what the watched bytes were: a run from here on compares with those of now.
    pub fn begin(&mut self) {
        self.before = None;
    }
}

/// Debugger of one PE of an experiment, for as long as it moves it.
pub struct Debugger<'a> {
    session: &'a mut Session,
    history: &'a mut History,
    /// Called after every event; `true` stops the run.
    seen: &'a mut dyn FnMut(&mut Session, Progress) -> bool,
    /// Commands carried out, each with the number of events before it.
    log: Vec<(u64, Command)>,
    /// Number of events up to which `log` tells.
    told: u64,
}

impl std::fmt::Debug for Debugger<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Debugger").field("pe", &self.session.followed_pe()).finish_non_exhaustive()
    }
}

/// Looks whether a PE has a program with a routine that has machine code.
///
/// # Errors
///
/// Fails if not.
pub fn check(session: &Session, pe: Pe) -> Result<(), DebugError> {
    let loaded = session.program().pe(pe).ok_or(DebugError::NoProgram(pe))?;
    let has = |action: &Action| matches!(action, Action::Call(routine) if !routine.functions().is_empty());
    let found = loaded.operations.iter().any(|operation| has(&operation.action));
    if found { Ok(()) } else { Err(DebugError::NoCode(pe)) }
}

/// Sets the level of a PE from now on; what was known of the time after is no longer true.
/// Returns `false` if it has that level already.
///
/// # Errors
///
/// Fails if the PE has no program, or no routine of it has machine code.
pub fn set_level(
    session: &mut Session,
    history: &mut History,
    pe: Pe,
    level: Level,
) -> Result<bool, DebugError> {
    check(session, pe)?;
    let changed = session.change_level(pe, level)?;
    if changed {
        history.changed(session, session.has_own_code(pe));
    }
    Ok(changed)
}

impl<'a> Debugger<'a> {
    /// Creates the debugger of an experiment. `seen` is called after every event; the run stops
    /// where it returns `true`.
    pub fn new(
        session: &'a mut Session,
        history: &'a mut History,
        seen: &'a mut dyn FnMut(&mut Session, Progress) -> bool,
    ) -> Self {
        let told = session.machine().state().events;
        Self { session, history, seen, log: Vec::new(), told }
    }

    /// Ends the debugger and returns what it has done, as commands that repeat it, each with the
    /// number of events after which it was.
    pub fn end(mut self) -> Vec<(u64, Command)> {
        self.tell_moves();
        self.log
    }

    /// Logs the experiment's forward progress since the last call, as a seek to the present event.
    fn tell_moves(&mut self) {
        let now = self.session.machine().state().events;
        if now > self.told {
            self.log.push((self.told, Command::Go(SeekTarget::Event(now))));
        }
        self.told = now;
    }

    /// Follows a PE from here on, at level code; one that is followed already goes on.
    ///
    /// # Errors
    ///
    /// Fails if the PE has no program, or no routine of it has machine code.
    pub fn focus(&mut self, pe: Pe) -> Result<(), DebugError> {
        if self.session.followed_pe() == Some(pe) {
            return Ok(());
        }
        self.set_level(pe, Level::Code)?;
        self.session.follow(pe);
        Ok(())
    }

    /// Sets the level of a PE from its next call on. Returns `false` if it has that level already.
    ///
    /// # Errors
    ///
    /// Fails if the PE has no program, or no routine of it has machine code.
    pub fn set_level(&mut self, pe: Pe, level: Level) -> Result<bool, DebugError> {
        let changed = set_level(self.session, self.history, pe, level)?;
        if changed {
            self.tell_moves();
            self.log.push((self.told, Command::Level { pe: pe.index(), level }));
        }
        Ok(changed)
    }

    /// Returns the experiment; within a call it stands at the event that began it.
    pub fn session(&self) -> &Session {
        self.session
    }

    /// Returns the PE in focus.
    pub fn pe(&self) -> Option<Pe> {
        self.session.followed_pe()
    }

    /// Returns the call under way; `None` until the first one after the attaching,
    /// and between calls.
    pub fn call(&self) -> Option<&Call> {
        self.session.call()
    }

    /// Returns the registers; `None` between calls.
    pub fn core(&self) -> Option<&Core> {
        self.call().map(|call| &call.core)
    }

    /// Returns bytes of a PE's SRAM: within a call those of the PE in focus as the call sees them.
    pub fn bytes(&self, pe: Pe, start: u32, count: usize) -> Vec<u8> {
        match self.call() {
            Some(call) if self.pe() == Some(pe) => call.bytes(start, count),
            _ => {
                let state = self.session.machine().state().pes.get(pe.index());
                state.map_or_else(Vec::new, |state| call::bytes(state.sram.words(), start, count))
            }
        }
    }

    /// Returns who wrote these bytes of a PE last, before the call under way.
    pub fn last_write(&mut self, pe: Pe, bytes: &Range<u32>) -> LastWrite {
        self.history.last_write(self.session, pe, bytes)
    }

    fn watched_bytes(&self, stops: &Stops) -> Vec<Vec<u8>> {
        let Some(pe) = self.pe() else { return Vec::new() };
        stops.watched.iter().map(|range| self.bytes(pe, range.start, range.len())).collect()
    }

    /// Returns the first watched address whose bytes are no longer those of before.
    fn changed(&self, stops: &Stops) -> Option<u32> {
        let before = stops.before.as_ref()?;
        let now = self.watched_bytes(stops);
        let changed = before.iter().zip(&now).zip(&stops.watched).find(|((before, now), _)| before != now);
        changed.map(|(_, range)| range.start)
    }

    fn at_breakpoint(&self, stops: &Stops) -> bool {
        // A client's breakpoint behind a function that has returned, as of its `finish`.
        let behind = |call: &Call| call.since() == call.executed() && call.since() > 0;
        self.call().is_some_and(|call| {
            stops.breakpoints.contains(&call.core.r[15])
                || behind(call) && stops.breakpoints.contains(&call::RETURNED)
        })
    }

    /// Returns whether a call is under way and has not returned.
    fn is_within(&self) -> bool {
        self.call().is_some_and(|call| !call.has_returned())
    }

    /// Handles one event; returns why the run ends with it, if it does.
    fn advance(&mut self) -> Option<Halt> {
        match self.session.advance() {
            StepOutcome::Advanced(progress) => {
                self.history.note(self.session, progress);
                (self.seen)(self.session, progress).then_some(Halt::Point)
            }
            StepOutcome::Finished => Some(Halt::Finished),
            StepOutcome::Stopped(stopped) => Some(Halt::Stopped(stopped)),
        }
    }

    /// Executes one instruction, or runs the chip to the first instruction of the next call;
    /// `None` if that takes longer than a slice, and has to be asked for again.
    pub fn step(&mut self) -> Option<Halt> {
        if !self.is_within() {
            return self.next_call();
        }
        Some(match self.session.call_mut().map(Call::step) {
            Some(Err(fault)) => Halt::Fault(fault),
            _ => Halt::Stepped,
        })
    }

    /// Handles events until the PE begins a call of machine code, or for a slice (`None`).
    fn next_call(&mut self) -> Option<Halt> {
        for _ in 0..EVENTS_A_SLICE {
            let halt = self.advance();
            if halt.is_some() {
                return halt;
            }
            if self.call().is_some() {
                return Some(Halt::Stepped);
            }
        }
        None
    }

    /// Runs on for a slice; `None` if nothing has stopped it yet.
    pub fn run(&mut self, stops: &mut Stops) -> Option<Halt> {
        if stops.before.is_none() {
            stops.before = Some(self.watched_bytes(stops));
        }
        for _ in 0..INSTRUCTIONS_A_SLICE {
            match self.step() {
                Some(Halt::Stepped) => {}
                other => return other,
            }
            if let Some(at) = self.changed(stops) {
                return Some(Halt::Watched(at));
            }
            if self.at_breakpoint(stops) {
                return Some(Halt::Breakpoint);
            }
        }
        None
    }

    /// Completes time steps of the chip, and leaves the call under way.
    pub fn step_time(&mut self, steps: u64) -> Halt {
        let target = self.session.steps().saturating_add(steps);
        while self.session.steps() < target {
            if let Some(halt) = self.advance() {
                return halt;
            }
        }
        self.session.leave_call();
        Halt::Stepped
    }

    /// Takes one instruction back; before a call's first one lies the end of the call before.
    /// Writes made behind that are undone.
    pub fn step_back(&mut self) -> Halt {
        let halt = self.one_back();
        self.undo_ahead();
        halt
    }

    fn one_back(&mut self) -> Halt {
        if let Some(call) = self.session.call_mut().filter(|call| call.executed() > 0) {
            let before = call.executed() - 1;
            call.go(before);
            return Halt::Stepped;
        }
        if !self.previous_call() {
            return Halt::Begin;
        }
        if let Some(call) = self.session.call_mut() {
            let before = call.executed().saturating_sub(1);
            call.go(before);
        }
        Halt::Stepped
    }

    /// Seeks to the end of the previous call; returns `false`, with the session where it was, if
    /// there is none.
    fn previous_call(&mut self) -> bool {
        let Some(pe) = self.pe() else { return false };
        self.tell_moves();
        let now = Position::of(self.session);
        // A call under way has begun with the last event.
        let before = if self.call().is_some() { now.events } else { now.events + 1 };
        let followed = self.session.followed.clone();
        let calls = self.history.calls_before(self.session, pe, before);
        let gone = calls.last().is_some_and(|&event| {
            let gone = self.history.go_before(self.session, now, event).is_ok();
            gone && matches!(self.session.advance(), StepOutcome::Advanced(_)) && self.call().is_some()
        });
        if gone {
            self.told = self.session.machine().state().events;
            self.log.push((now.events, Command::Go(SeekTarget::Event(self.told))));
            if let Some(call) = self.session.call_mut() {
                call.go(u64::MAX);
            }
        } else {
            let _ = self.history.come_back(self.session, now);
            self.session.followed = followed;
        }
        gone
    }

    /// Runs back towards the last moment before this one at which a breakpoint is at the next
    /// instruction or watched bytes would change; `None` if it lies before the call under way,
    /// and has to be asked for again. Writes made behind that are undone.
    pub fn run_back(&mut self, stops: &mut Stops) -> Option<Halt> {
        let halt = self.some_back(stops);
        self.undo_ahead();
        halt
    }

    fn some_back(&mut self, stops: &mut Stops) -> Option<Halt> {
        let end = self.call().map_or(0, Call::executed);
        if let Some((at, halt)) = self.last_halt(stops, end) {
            if let Some(call) = self.session.call_mut() {
                call.go(at);
            }
            return Some(halt);
        }
        if self.previous_call() {
            return None;
        }
        if let Some(call) = self.session.call_mut() {
            call.go(0);
        }
        Some(Halt::Begin)
    }

    /// Finds the last stop of the call before its instruction number `end`.
    fn last_halt(&mut self, stops: &mut Stops, end: u64) -> Option<(u64, Halt)> {
        self.session.call_mut()?.go(0);
        let mut found = None;
        stops.before = Some(self.watched_bytes(stops));
        for number in 0..end {
            if self.at_breakpoint(stops) {
                found = Some((number, Halt::Breakpoint));
            }
            if self.session.call_mut()?.step().is_err() {
                break;
            }
            if let Some(at) = self.changed(stops) {
                found = Some((number, Halt::Watched(at)));
                stops.before = Some(self.watched_bytes(stops));
            }
        }
        found
    }
}
