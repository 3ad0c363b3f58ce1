//! Changes to a run made by hand beside faults, in time: a change is made after a number of
//! events, a replay makes it again there, and seeking to before it undoes it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::code_request::Level;
use crate::chip::geometry::Pe;
use crate::kernel::code::write::CallWrite;
use crate::machine::program::Program;

/// Change made by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The routines of a PE run at another level from their next calls on.
    Level(Pe, Level),
    /// A debugger writes bytes of a PE's memory from an address on, between calls.
    Memory(Pe, u32, Vec<u8>),
    /// A debugger writes within the call of a PE that the next event begins.
    InCall(Pe, CallWrite),
}

impl Change {
    /// Returns PE and level of a change of levels.
    pub const fn as_level(&self) -> Option<(Pe, Level)> {
        match *self {
            Self::Level(pe, level) => Some((pe, level)),
            Self::Memory(..) | Self::InCall(..) => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Number of events after which it is made.
    pub event: u64,
    pub change: Change,
    pub done: bool,
}

/// Changes of a run, ascending by event.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    pub entries: Vec<Entry>,
    /// Programs of the PEs according to the scene; `None` before the first change.
    pub base: Option<Arc<Program>>,
    /// Levels that PEs have been given.
    pub levels: BTreeMap<Pe, Level>,
    /// Bytes that a debugger has written just before the last event.
    pub just: Vec<(Pe, Range<u32>)>,
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
    pub fn due(&mut self, events: u64) -> Option<Change> {
        let entry = self.entries.iter_mut().find(|entry| !entry.done && entry.event <= events)?;
        entry.done = true;
        Some(entry.change.clone())
    }

    /// Returns the level that the changes made so far give a PE; `None` for that of the scene.
    pub fn level(&self, pe: Pe) -> Option<Level> {
        let made = self.entries.iter().rev().filter(|entry| entry.done);
        made.filter_map(|entry| entry.change.as_level()).find_map(|(of, level)| (of == pe).then_some(level))
    }

    /// Adds a change that is still to be made after `event` events, behind those that are there.
    pub fn plan(&mut self, event: u64, change: Change) {
        let at = self.entries.partition_point(|entry| entry.event <= event);
        self.entries.insert(at, Entry { event, change, done: false });
    }

    /// Puts back entries of before a change; those with a later event than the last one made are
    /// still to be made.
    pub fn put_back(&mut self, entries: Vec<Entry>) {
        let made = self.entries.iter().filter(|entry| entry.done).map(|entry| entry.event).max();
        self.entries = entries;
        for entry in &mut self.entries {
            entry.done = made.is_some_and(|made| entry.event <= made);
        }
    }

    /// Removes the writes within the call of a PE that event number `event` begins, of those behind
    /// at least `from` of its instructions.
    pub fn forget_in_call(&mut self, event: u64, pe: Pe, from: u64) {
        self.entries.retain(|entry| {
            let of = matches!(&entry.change, Change::InCall(of, write) if *of == pe && write.after >= from);
            !(of && entry.event + 1 == event)
        });
    }
}
