//! Commands about machine code: steps by instructions, and the level of a PE.

use super::super::call::Call;
use super::super::code_request::{Level, Motion};
use super::super::command::Command;
use super::super::instructions::{self, DebugError, Debugger, Halt, WriteError};
use super::{EngineEvent, Mode, Notify, RunState, Runner};
use crate::chip::geometry::Pe;
use crate::machine::exec::Progress;
use crate::session::Session;

/// Steps by instructions that are under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CodeSteps {
    motion: Motion,
    left: u32,
}

impl CodeSteps {
    /// Returns the number of steps still to go.
    pub(super) const fn left(self) -> u32 {
        self.left
    }
}

impl Runner {
    /// Carries out a command about machine code.
    pub(super) fn code(&mut self, command: &Command, notify: Notify<'_>) {
        if self.session.is_none() {
            return;
        }
        let said = match *command {
            Command::Level { pe, level } => self.level(pe, level),
            Command::Write { .. } | Command::Unwrite { .. } => match self.write(command) {
                Some(Ok(pe)) => {
                    self.record(command, notify);
                    format!("{pe} written; stepping back undoes it")
                }
                Some(Err(error)) => error.to_string(),
                None => return,
            },
            Command::Code { pe, motion, count, back } => {
                if count == 0 {
                    return;
                }
                match self.code_steps(pe, motion, count, back) {
                    Ok(said) => said,
                    Err(error) => error.to_string(),
                }
            }
            _ => return,
        };
        if !said.is_empty() {
            notify(EngineEvent::Said(said));
        }
    }

    fn level(&mut self, pe: usize, level: Level) -> String {
        let (Some(session), Some(history)) = (&mut self.session, &mut self.history) else {
            return String::new();
        };
        let Some(pe) = Pe::from_index(pe) else { return format!("there is no PE {pe}") };
        match instructions::set_level(session, history, pe, level) {
            Ok(true) => {
                format!("{pe} at level {} from its next call on; stepping back undoes it", level.name())
            }
            Ok(false) => format!("{pe} is at level {} already", level.name()),
            Err(error) => error.to_string(),
        }
    }

    /// Makes or undoes a write; a call that is stepped through stands where it stood.
    fn write(&mut self, command: &Command) -> Option<Result<Pe, WriteError>> {
        let (Command::Write { pe, .. } | Command::Unwrite { pe, .. }) = *command else { return None };
        let (session, history, pe) = (self.session.as_mut()?, self.history.as_mut()?, Pe::from_index(pe)?);
        let executed = session.call().map(Call::executed);
        let done = match command {
            Command::Write { after, what, .. } => instructions::write(session, history, pe, *after, what),
            Command::Unwrite { behind, .. } => instructions::undo_writes(session, history, pe, *behind),
            _ => return None,
        };
        session.go_in_call(executed);
        Some(done.map(|()| pe))
    }

    /// Begins to step, or steps back.
    fn code_steps(
        &mut self,
        pe: usize,
        motion: Motion,
        count: u32,
        back: bool,
    ) -> Result<String, DebugError> {
        let Some(pe) = Pe::from_index(pe) else { return Ok(format!("there is no PE {pe}")) };
        if self.second.is_some() {
            return Ok("two scenes run in step: instructions are stepped in one alone".to_owned());
        }
        if self.debugged(|debugger| debugger.focus(pe)).transpose()?.is_none() {
            return Ok(String::new());
        }
        if !back {
            self.mode = Mode::Code(CodeSteps { motion, left: count });
            return Ok(String::new());
        }
        if !matches!(self.mode, Mode::Ended(_)) {
            self.mode = Mode::Paused;
        }
        let steps =
            |debugger: &mut Debugger<'_>| (0..count).any(|_| debugger.backward(motion) == Halt::Begin);
        let begin = self.debugged(steps).unwrap_or(false);
        Ok(if begin { format!("no call of {pe} lies before this one") } else { String::new() })
    }

    /// Continues until the steps are done, one halts, or a run to the next call ends the slice.
    pub(super) fn code_slice(&mut self, steps: CodeSteps) {
        let CodeSteps { motion, left } = steps;
        // Steps within a call take little; a run to the next call ends the slice.
        let forward = |debugger: &mut Debugger<'_>| {
            for done in 0..left {
                match debugger.forward(motion) {
                    Some(Halt::Stepped) => {}
                    other => return (left - done, other),
                }
            }
            (0, Some(Halt::Stepped))
        };
        let Some((left, halt)) = self.debugged(forward) else { return self.mode = Mode::Paused };
        self.mode = match halt {
            None => Mode::Code(CodeSteps { motion, left }),
            Some(Halt::Finished) => Mode::Ended(RunState::Finished),
            Some(Halt::Stopped(stopped)) => Mode::Ended(stopped.into()),
            Some(halt) => {
                if let Halt::Fault(fault) = halt {
                    self.later.push(EngineEvent::Said(fault.to_string()));
                }
                Mode::Paused
            }
        };
    }

    /// Runs `work` with a debugger of the experiment, and updates the engine's state; `None` if
    /// there is no experiment.
    pub(super) fn debugged<R>(&mut self, work: impl FnOnce(&mut Debugger<'_>) -> R) -> Option<R> {
        let (session, history) = (self.session.as_mut()?, self.history.as_mut()?);
        let place =
            |session: &Session| (session.machine().state().events, session.call().map(Call::executed));
        let before = place(session);
        let (points, watches) = (&mut self.points, &mut self.watches);
        let mut hit = None;
        let mut seen = |session: &mut Session, progress: Progress| {
            if progress.step {
                watches.note(session);
            }
            hit = points.after(session, progress);
            hit.is_some()
        };
        let mut debugger = Debugger::new(session, history, &mut seen);
        let result = work(&mut debugger);
        let done = debugger.end();
        let now = place(session);
        if now.0 < before.0 {
            self.watches.arrived(session, history);
            history.replay_last_step(session);
            self.points.arrived(session);
        }
        if now != before || !done.is_empty() {
            self.stopped = hit;
            self.changed = true;
        }
        self.record_done(&done);
        Some(result)
    }
}
