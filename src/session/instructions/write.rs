//! Writes of a debugger, as changes of the run: recorded, repeated by a replay, undone by
//! going back.
//!
//! Between calls, bytes of memory are written where the chip stands. A write within a call belongs
//! to that call, behind a number of its instructions: the chip goes to before the event that has
//! begun the call and handles that event once more, so that the call takes the time that it takes
//! with the write. At the call's end the same write is made again, on the bytes of that moment.

use thiserror::Error;

use super::{Call, DebugError, Debugger, check};
use crate::chip::geometry::Pe;
use crate::kernel::code::write::{CallWrite, CodeWrite};
use crate::session::code_request::Level;
use crate::session::command::Command;
use crate::session::history::{History, HistoryError, Position};
use crate::session::{Session, StepOutcome};

/// Reason for which a debugger cannot write.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// The PE cannot be debugged.
    #[error(transparent)]
    Debug(#[from] DebugError),
    /// Bytes outside of the SRAM, or no such register.
    #[error("there is no such register, or the bytes do not all lie in the SRAM")]
    Outside,
    /// Registers exist within calls only.
    #[error("{0} is between calls and has no registers now; step to its next call")]
    Between(Pe),
    /// The time before the call is out of reach.
    #[error(transparent)]
    History(#[from] HistoryError),
}

/// Makes a write of a debugger: within the call that the last event has begun on the PE, behind
/// `after` of its instructions, or between calls (`None`).
///
/// # Errors
///
/// Fails if the write is not possible; then nothing has changed.
pub fn write(
    session: &mut Session,
    history: &mut History,
    pe: Pe,
    after: Option<u64>,
    what: &CodeWrite,
) -> Result<(), WriteError> {
    if !what.is_possible() {
        return Err(WriteError::Outside);
    }
    if session.program().pe(pe).is_none() {
        return Err(DebugError::NoProgram(pe).into());
    }
    match (after, what) {
        (Some(after), _) => write_in_call(session, history, pe, &CallWrite { after, what: what.clone() }),
        (None, CodeWrite::Memory { address, bytes }) => {
            session.change_memory(pe, *address, bytes);
            history.changed(session, true);
            Ok(())
        }
        (None, CodeWrite::Registers(_)) => Err(WriteError::Between(pe)),
    }
}

fn write_in_call(
    session: &mut Session,
    history: &mut History,
    pe: Pe,
    write: &CallWrite,
) -> Result<(), WriteError> {
    check(session, pe)?;
    if session.machine().state().events == 0 {
        return Err(WriteError::Between(pe));
    }
    let before = session.changes.entries.clone();
    handle_again(session, history, |session| session.plan_in_call(pe, write.clone()))?;
    if !session.machine().state().pes[pe.index()].writes.now.contains(write) {
        // The event has begun no call of machine code.
        handle_again(session, history, |session| session.changes.put_back(before))?;
        return Err(WriteError::Between(pe));
    }
    // A change of level by hand at this very moment does not reach this call.
    if session.level(pe) != Level::Code {
        session.change_level(pe, Level::Code)?;
    }
    Ok(())
}

/// Undoes the writes within the call that the last event has begun on a PE, from a number of its
/// instructions on.
///
/// # Errors
///
/// Fails if what lies before the call is out of reach; then nothing has changed.
pub fn undo_writes(
    session: &mut Session,
    history: &mut History,
    pe: Pe,
    behind: u64,
) -> Result<(), WriteError> {
    let event = session.machine().state().events;
    handle_again(session, history, |session| session.changes.forget_in_call(event, pe, behind + 1))
}

/// Seeks to before the last event, makes a change, and handles the event again.
fn handle_again(
    session: &mut Session,
    history: &mut History,
    change: impl FnOnce(&mut Session),
) -> Result<(), WriteError> {
    let now = Position::of(session);
    history.go_before_last(session, now)?;
    change(session);
    // The same event as before, so it is handled as it was.
    let moved = session.advance();
    debug_assert!(matches!(moved, StepOutcome::Advanced(_)), "{moved:?}");
    session.repeat_by_hand();
    history.changed(session, true);
    Ok(())
}

impl Debugger<'_> {
    /// Writes to a PE: within the call under way if that is the PE's, else between calls. Going
    /// back before the write undoes it.
    ///
    /// # Errors
    ///
    /// Fails if the write is not possible; then nothing has changed.
    pub fn write(&mut self, pe: Pe, what: &CodeWrite) -> Result<(), WriteError> {
        self.tell_moves();
        let call = self.call().filter(|_| self.pe() == Some(pe));
        if call.is_some_and(|call| call.has_returned() && matches!(what, CodeWrite::Registers(_))) {
            return Err(WriteError::Between(pe));
        }
        let after = call.map(Call::executed);
        let done = write(self.session, self.history, pe, after, what);
        self.session.go_in_call(after);
        done?;
        self.log.push((self.told, Command::Write { pe: pe.index(), after, what: what.clone() }));
        Ok(())
    }

    /// Undoes the writes that lie behind the present moment of the call.
    pub(super) fn undo_ahead(&mut self) {
        let Some(call) = self.call().filter(|call| call.has_writes_ahead()) else { return };
        let behind = call.executed();
        let Some(pe) = self.pe() else { return };
        self.tell_moves();
        if undo_writes(self.session, self.history, pe, behind).is_err() {
            return;
        }
        self.session.go_in_call(Some(behind));
        self.log.push((self.told, Command::Unwrite { pe: pe.index(), behind }));
    }
}
