//! Following a PE's calls of machine code, event by event.

use crate::chip::geometry::Pe;
use crate::machine::program::Action;
use crate::mapping::code::script_of;
use crate::session::Session;
use crate::session::call::Call;
use crate::session::followed::Followed;

impl Session {
    /// Follows the calls of a PE from the next event on; of one followed already, the call stays.
    pub fn follow(&mut self, pe: Pe) {
        if self.followed.as_ref().is_none_or(|followed| followed.pe != pe) {
            self.followed = Some(Followed { pe, seen: self.run_of(pe), call: None });
        }
    }

    /// Returns the PE whose calls are followed.
    pub fn followed_pe(&self) -> Option<Pe> {
        self.followed.as_ref().map(|followed| followed.pe)
    }

    /// Returns the call of the followed PE which the last event began; the chip stands there.
    pub fn call(&self) -> Option<&Call> {
        self.followed.as_ref()?.call.as_deref()
    }

    /// Returns the call under way, to go on or back in it.
    pub(super) fn call_mut(&mut self) -> Option<&mut Call> {
        self.followed.as_mut()?.call.as_deref_mut()
    }

    /// Goes to the moment after `executed` instructions of the call under way, if there is one.
    pub(in crate::session) fn go_in_call(&mut self, executed: Option<u64>) {
        if let (Some(executed), Some(call)) = (executed, self.call_mut()) {
            call.go(executed);
        }
    }

    /// Leaves the call under way; the chip stays where it is.
    pub(super) fn leave_call(&mut self) {
        if let Some(followed) = &mut self.followed {
            followed.call = None;
        }
    }

    fn run_of(&self, pe: Pe) -> (u32, u32) {
        let state = &self.machine.state().pes[pe.index()];
        (state.operation, state.ended.get(state.operation as usize).copied().unwrap_or(0))
    }

    /// Takes up the call that the last event has begun, if it has.
    pub(in crate::session) fn follow_event(&mut self) {
        let Some(pe) = self.followed_pe() else { return };
        let run = self.run_of(pe);
        let begun = self.machine.state().pes[pe.index()].began == self.tick();
        let new = self.followed.as_ref().is_some_and(|followed| followed.seen != run) && begun;
        let call = if new { self.begun_call(pe) } else { None };
        if let Some(followed) = &mut self.followed {
            (followed.seen, followed.call) = (run, call);
        }
    }

    /// Leaves the call under way after the chip has moved in another way than event by event.
    pub(in crate::session) fn follow_anew(&mut self) {
        let Some(pe) = self.followed_pe() else { return };
        let seen = self.run_of(pe);
        if let Some(followed) = &mut self.followed {
            (followed.seen, followed.call) = (seen, None);
        }
    }

    /// Returns the call that the PE's operation makes, on the bytes of now, if it makes one.
    fn begun_call(&self, pe: Pe) -> Option<Box<Call>> {
        let state = self.machine.state().pes.get(pe.index())?;
        let (operation, slot) = self.program().pe(pe)?.operation(state.operation)?;
        let Action::Call(routine) = &operation.action else { return None };
        let (words, step) = (state.sram.words(), state.sram.word(slot.turn));
        let script = script_of(&**routine, words, step, &self.program().assume)?;
        Call::begin(&script, words, &state.writes.now).map(Box::new)
    }
}
