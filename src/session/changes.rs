//! Changes to a run made by hand: levels of routines, and writes of a debugger.

use std::ops::Range;
use std::sync::Arc;

use super::Session;
use super::change_plan::{Change, Entry};
use super::instructions::DebugError;
use crate::chip::geometry::Pe;
use crate::kernel::code::write::CallWrite;
use crate::machine::program::{PeProgram, Program};
use crate::mapping::code::{Choice, set_pe};

pub use super::code_request::Level;

impl Session {
    /// Makes the changes that are due before the next event.
    pub(super) fn changes_due(&mut self) {
        self.changes.just.clear();
        if !self.changes.pending() {
            return;
        }
        let events = self.machine.state().events;
        let mut levels = false;
        while let Some(change) = self.changes.due(events) {
            match change {
                Change::Level(..) => levels = true,
                Change::Memory(pe, address, bytes) => {
                    self.machine.write_bytes(pe, address, &bytes);
                    self.changes.just.push((pe, address..address + bytes.len() as u32));
                }
                Change::InCall(pe, write) => self.machine.write_in_next_call(pe, write),
            }
        }
        if levels {
            self.set_levels();
        }
    }

    /// Writes a debugger's bytes to a PE's memory now, between calls, and records the change.
    pub(super) fn change_memory(&mut self, pe: Pe, address: u32, bytes: &[u8]) {
        self.machine.write_bytes(pe, address, bytes);
        let event = self.machine.state().events;
        let change = Change::Memory(pe, address, bytes.to_vec());
        self.changes.entries.push(Entry { event, change, done: true });
    }

    /// Plans level code of a PE and a debugger's write within the call that the next event begins.
    pub(super) fn plan_in_call(&mut self, pe: Pe, write: CallWrite) {
        let event = self.machine.state().events;
        if self.level(pe) != Level::Code {
            self.changes.base.get_or_insert_with(|| Arc::clone(self.machine.program()));
            self.changes.plan(event, Change::Level(pe, Level::Code));
        }
        self.changes.plan(event, Change::InCall(pe, write));
    }

    /// Returns whether a debugger has written to these bytes of a PE at this very moment.
    pub(super) fn written_now(&self, pe: Pe, bytes: &Range<u32>) -> bool {
        let now = self.machine.state().events;
        let mut made = self.changes.entries.iter().rev().take_while(|entry| entry.event == now);
        made.any(|entry| match &entry.change {
            Change::Memory(of, address, written) => {
                *of == pe && *address < bytes.end && bytes.start < address + written.len() as u32
            }
            Change::Level(..) | Change::InCall(..) => false,
        })
    }

    /// Returns whether a debugger has written to these bytes of a PE just before the last event.
    pub(super) fn written_just(&self, pe: Pe, bytes: &Range<u32>) -> bool {
        let meets = |range: &Range<u32>| range.start < bytes.end && bytes.start < range.end;
        self.changes.just.iter().any(|(of, range)| *of == pe && meets(range))
    }

    /// Sets the level of every PE according to the changes made so far.
    pub(super) fn set_levels(&mut self) {
        let Some(base) = self.changes.base.clone() else { return };
        let mut touched: Vec<Pe> = self.changes.levels.keys().copied().collect();
        let levels = self.changes.entries.iter().filter_map(|entry| entry.change.as_level());
        touched.extend(levels.map(|(pe, _)| pe));
        for pe in touched {
            let level = self.changes.level(pe);
            if self.changes.levels.get(&pe).copied() == level {
                continue;
            }
            let Some(loaded) = base.pe(pe) else { continue };
            // Cannot fail: it was tried when the change was made.
            if let Ok(loaded) = at_level(loaded, level, &base) {
                self.machine.reload(pe, loaded, &[]);
            }
            match level {
                Some(level) => self.changes.levels.insert(pe, level),
                None => self.changes.levels.remove(&pe),
            };
        }
    }

    /// Returns whether the scene names machine code for a routine of a PE: its levels then differ
    /// in times, and may differ in bits.
    pub(super) fn has_own_code(&self, pe: Pe) -> bool {
        let scene = self.changes.base.as_deref().unwrap_or_else(|| self.program());
        scene.pe(pe).is_some_and(PeProgram::runs_code)
    }

    /// Returns the level of a PE: code if a routine of it runs machine code.
    pub fn level(&self, pe: Pe) -> Level {
        if self.program().pe(pe).is_some_and(PeProgram::runs_code) { Level::Code } else { Level::Native }
    }

    /// Sets the level of a PE's routines from now on. Returns `false` if it has that level already.
    ///
    /// # Errors
    ///
    /// Fails if the PE has no program, or no routine of it has machine code.
    pub(super) fn change_level(&mut self, pe: Pe, level: Level) -> Result<bool, DebugError> {
        let now = self.program().pe(pe).ok_or(DebugError::NoProgram(pe))?;
        if now.runs_code() == (level == Level::Code) {
            return Ok(false);
        }
        if level == Level::Native && !self.machine.state().pes[pe.index()].writes.now.is_empty() {
            return Err(DebugError::Written(pe));
        }
        let base = Arc::clone(self.changes.base.get_or_insert_with(|| Arc::clone(self.machine.program())));
        let loaded = base.pe(pe).ok_or(DebugError::NoProgram(pe))?;
        if at_level(loaded, Some(level), &base)?.runs_code() != (level == Level::Code) {
            return Err(DebugError::NoCode(pe));
        }
        let event = self.machine.state().events;
        self.changes.entries.push(Entry { event, change: Change::Level(pe, level), done: true });
        self.set_levels();
        Ok(true)
    }
}

/// Returns the program of a PE at a level; `None` leaves it as the scene has it.
fn at_level(loaded: &PeProgram, level: Option<Level>, program: &Program) -> Result<PeProgram, DebugError> {
    let mut loaded = loaded.clone();
    match level {
        None => {}
        Some(Level::Native) => set_pe(&mut loaded, None, &program.assume)?,
        Some(Level::Code) => set_pe(&mut loaded, Some(&Choice::built_in()?), &program.assume)?,
    }
    Ok(loaded)
}
