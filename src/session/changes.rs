//! Changes to a run made by hand beside faults: levels of routines.
//!
//! As with faults, a change belongs to the course of events: it is made after a number of events,
//! a replay makes it again there, and seeking to before it undoes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Session;
use super::instructions::DebugError;
use crate::chip::geometry::Pe;
use crate::machine::program::{PeProgram, Program};
use crate::mapping::code::{Choice, set_pe};

/// Level at which a PE runs its routines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// The emulator computes what a routine computes, and charges the cycles of its listing.
    #[default]
    Native,
    /// Machine code is executed instruction by instruction: the scene's where it names some, else
    /// the built-in routine's.
    Code,
}

impl Level {
    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Code => "code",
        }
    }
}

/// Change made by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The routines of a PE run at another level from their next calls on.
    Level(Pe, Level),
}

#[derive(Clone, Debug)]
struct Entry {
    /// Number of events after which it is made.
    event: u64,
    change: Change,
    done: bool,
}

/// Changes of a run, ascending by event.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    entries: Vec<Entry>,
    /// Programs of the PEs as the scene has them; `None` before the first change.
    base: Option<Arc<Program>>,
    /// Levels that PEs have been given.
    levels: BTreeMap<Pe, Level>,
}

impl Changes {
    /// Returns the changes that were made, for a checkpoint.
    pub fn done(&self) -> Vec<bool> {
        self.entries.iter().map(|entry| entry.done).collect()
    }

    /// Restores the state saved in a checkpoint; later changes are still to be made.
    pub fn restore(&mut self, done: &[bool]) {
        for (at, entry) in self.entries.iter_mut().enumerate() {
            entry.done = done.get(at).copied().unwrap_or(false);
        }
    }

    /// Returns whether a change is still to be made.
    pub fn pending(&self) -> bool {
        self.entries.last().is_some_and(|entry| !entry.done)
    }

    /// Removes changes at event number `events` or later. Returns `true` if any were removed.
    pub fn forget_from(&mut self, events: u64) -> bool {
        let kept = self.entries.partition_point(|entry| entry.event < events);
        let forgot = kept < self.entries.len();
        self.entries.truncate(kept);
        forgot
    }

    /// Marks the first change that is due as made, and returns it.
    fn due(&mut self, events: u64) -> Option<Change> {
        let entry = self.entries.iter_mut().find(|entry| !entry.done && entry.event <= events)?;
        entry.done = true;
        Some(entry.change.clone())
    }

    /// Returns the level that the changes made so far give a PE; `None` for that of the scene.
    fn level(&self, pe: Pe) -> Option<Level> {
        let made = self.entries.iter().rev().filter(|entry| entry.done);
        made.map(|entry| match entry.change {
            Change::Level(of, level) => (of, level),
        })
        .find_map(|(of, level)| (of == pe).then_some(level))
    }
}

impl Session {
    /// Makes the changes that are due before the next event.
    pub(super) fn changes_due(&mut self) {
        if !self.changes.pending() {
            return;
        }
        let events = self.machine.state().events;
        let mut made = false;
        while let Some(change) = self.changes.due(events) {
            made = true;
            match change {
                Change::Level(..) => {}
            }
        }
        if made {
            self.set_levels();
        }
    }

    /// Gives every PE the level that the changes made so far give it.
    pub(super) fn set_levels(&mut self) {
        let Some(base) = self.changes.base.clone() else { return };
        let mut touched: Vec<Pe> = self.changes.levels.keys().copied().collect();
        touched.extend(self.changes.entries.iter().map(|entry| match entry.change {
            Change::Level(pe, _) => pe,
        }));
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

    /// Returns whether the scene names machine code for a routine of a PE: its levels then differ in
    /// times, and may differ in bits.
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
