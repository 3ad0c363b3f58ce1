//! Debugger steps by instruction, by source line and out of a function, forwards and backwards.

use super::{Debugger, Halt};
use crate::kernel::code::lines::SourceLine;
use crate::session::call::Call;
use crate::session::code_request::Motion;

/// Limit of instructions for a step within a call: more than any call that returns takes.
const MOST: u64 = 50_000_000;

/// Returns the line of the next instruction, and the depth of the call stack.
fn place(call: &Call) -> (Option<SourceLine>, usize) {
    (call.line(), call.frames().len())
}

impl Debugger<'_> {
    /// Steps forwards. Between calls it runs the chip to the first instruction of the next call.
    ///
    /// Returns `None` if that takes longer than a slice; the caller has to ask again.
    pub fn forward(&mut self, motion: Motion) -> Option<Halt> {
        if motion == Motion::Instruction || !self.is_within() {
            return self.step();
        }
        let call = self.session.call_mut()?;
        let ((line, depth), since) = (place(call), call.since());
        for _ in 0..MOST {
            if let Err(fault) = call.step() {
                return Some(Halt::Fault(fault));
            }
            let done = match motion {
                Motion::Function => call.frames().len() < depth || call.since() != since,
                // Without debug information, a step by line is a step by instruction.
                _ => line.is_none() || call.line().is_some_and(|now| Some(now) != line),
            };
            if done || call.has_returned() {
                break;
            }
        }
        Some(Halt::Stepped)
    }

    /// Steps backwards: to the previous instruction, to the beginning of the previous source line,
    /// or to the beginning of the function.
    ///
    /// From the beginning of a call it steps into the previous call.
    pub fn backward(&mut self, motion: Motion) -> Halt {
        let within = self.call().is_some_and(|call| call.executed() > 0);
        if motion == Motion::Instruction {
            return self.step_back();
        }
        if !within && !self.previous_call() {
            return Halt::Begin;
        }
        if let Some(call) = self.session.call_mut() {
            let target = match motion {
                Motion::Function => function_begin(call),
                _ => last_line_begin(call),
            };
            call.go(target);
        }
        self.undo_ahead();
        Halt::Stepped
    }
}

/// Returns the number of instructions executed before the present function began; at its first
/// instruction, before the previously called function began.
fn function_begin(call: &mut Call) -> u64 {
    if let Some(frame) = call.frames().last() {
        return frame.since;
    }
    if call.since() == call.executed() && call.since() > 0 {
        let before = call.since() - 1;
        call.go(before);
    }
    call.since()
}

/// Returns the number of instructions executed before the current or previous source line began.
fn last_line_begin(call: &mut Call) -> u64 {
    let end = call.executed();
    call.go(0);
    let (mut begin, mut line) = (0, call.line());
    while call.executed() + 1 < end && call.step().is_ok() {
        let now = call.line();
        if now.is_none() || now != line {
            (begin, line) = (call.executed(), now);
        }
    }
    begin
}
