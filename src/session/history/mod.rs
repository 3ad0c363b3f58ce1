//! Time travel by restoring a checkpoint and replaying from it.
//!
//! The machine is deterministic, so a replay repeats the past exactly. A checkpoint is kept every
//! few time steps, and at every step end that a seek back passes; when checkpoints take more memory
//! than allowed, the oldest are dropped, and moments before the oldest one are out of reach.

mod bookmarks;
mod checkpoint;
mod seek;
mod writer;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Session;
use super::pace::StepUnit;
use crate::chip::clock::{Tick, us};
use crate::machine::exec::Progress;
use crate::machine::fault::{Fault, FaultError};
use crate::machine::pages::PageStore;
use crate::scene::HistoryOptions;

pub use bookmarks::{Bookmark, BookmarkCommand};
use checkpoint::Checkpoint;
pub use seek::SeekTarget;
pub use writer::{LastWrite, Writer};

/// Position in an experiment, counted in events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Events handled since the start.
    pub events: u64,
    /// Time steps completed.
    pub steps: u64,
    /// Chip time, ticks.
    pub tick: Tick,
    /// Whether the next time step has begun.
    pub within: bool,
}

impl Position {
    /// Returns the current position of a session.
    pub fn of(session: &Session) -> Self {
        Self {
            events: session.machine.state().events,
            steps: session.steps(),
            tick: session.tick(),
            within: session.steps_in_flight() > 0,
        }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // 11 steps are done: `time step 11` at their end, `time step #12` within the next.
        let (mark, step) = if self.within { ("#", self.steps + 1) } else { ("", self.steps) };
        write!(f, "time step {mark}{step}, event {}, {:.2} µs", self.events, us(self.tick))
    }
}

/// Error of a seek.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HistoryError {
    /// The target is older than every checkpoint.
    #[error("cannot go back further: {oldest} is the oldest checkpoint{}", advice(.oldest))]
    Ended {
        /// The oldest moment that can be reached.
        oldest: Position,
    },
    /// The target was not reached yet.
    #[error("that lies ahead: the experiment is at {now}")]
    Ahead {
        /// Present position of the experiment.
        now: Position,
    },
    /// The bookmark does not exist.
    #[error("there is no bookmark `{name}`{}", listed(.known))]
    NoBookmark {
        /// Name that was requested.
        name: String,
        /// Names of the existing bookmarks.
        known: Vec<String>,
    },
    /// No earlier stop is known.
    #[error("there was no stop before this one")]
    NoStop,
}

fn advice(oldest: &Position) -> &'static str {
    if oldest.events == 0 {
        ": the start"
    } else {
        " (`history: (every: 16)` or more `memory_mib` in the scene reach further)"
    }
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "; none is set".to_owned() } else { format!("; there are {}", known.join(", ")) }
}

/// The past of an experiment.
#[derive(Debug)]
pub struct History {
    options: HistoryOptions,
    store: PageStore,
    /// Checkpoints that are kept, oldest first.
    kept: VecDeque<Checkpoint>,
    /// Bytes of the checkpoints beside their pages.
    own_bytes: usize,
    /// Event number at the end of each time step.
    step_ends: Vec<u64>,
    /// Event numbers at which the experiment stopped, oldest first.
    stops: Vec<u64>,
    bookmarks: Vec<Bookmark>,
    /// Number of times that the known later moments were discarded.
    course: u64,
}

impl History {
    /// Starts a history at the present position, with the limits of the scene.
    pub fn new(session: &mut Session) -> Self {
        let mut history = Self {
            options: session.loaded.scene.history,
            store: PageStore::default(),
            kept: VecDeque::new(),
            own_bytes: 0,
            step_ends: Vec::new(),
            stops: Vec::new(),
            bookmarks: Vec::new(),
            course: 0,
        };
        history.keep(session);
        history
    }

    /// Updates step ends and checkpoints; call it after every event.
    pub fn note(&mut self, session: &mut Session, progress: Progress) {
        if !progress.step {
            return;
        }
        let at = session.machine.state().events;
        if self.step_ends.last().is_none_or(|&last| last < at) {
            self.step_ends.push(at);
        }
        let newest = self.kept.back().map_or(0, |kept| kept.at.events);
        if at > newest && session.steps().is_multiple_of(u64::from(self.options.every.max(1))) {
            self.keep(session);
        }
    }

    fn keep(&mut self, session: &mut Session) {
        // Its judgements have been made since: this does not wait.
        if let Some(last) = self.kept.back_mut() {
            last.settle();
        }
        let checkpoint = Checkpoint::take(session, &mut self.store);
        self.own_bytes += checkpoint.own_bytes();
        let place = self.kept.partition_point(|kept| kept.at.events < checkpoint.at.events);
        self.kept.insert(place, checkpoint);
        while !self.has_room() && self.kept.len() > 2 {
            // A few at a time, since looking for pages that are not needed takes a while. The
            // last one stays.
            let going = (self.kept.len() / 16).max(1);
            for old in self.kept.drain(..going) {
                self.own_bytes -= old.own_bytes();
            }
            self.store.forget_unused();
        }
    }

    /// Returns whether the past takes no more memory than it may.
    fn has_room(&self) -> bool {
        self.bytes() <= self.options.memory_mib as usize * 1024 * 1024
    }

    /// Returns the approximate number of bytes that the checkpoints take.
    pub fn bytes(&self) -> usize {
        self.own_bytes + self.store.bytes()
    }

    /// Returns the number of checkpoints kept.
    pub fn moments(&self) -> usize {
        self.kept.len()
    }

    /// Returns the limits on what may be kept.
    pub fn options(&self) -> HistoryOptions {
        self.options
    }

    /// Returns the oldest position that can be reached.
    pub fn oldest(&self) -> Position {
        self.kept.front().map(|kept| kept.at).unwrap_or_default()
    }

    /// Records a stop, a target for [`SeekTarget::PreviousStop`].
    pub fn stopped(&mut self, session: &Session) {
        let at = session.machine.state().events;
        let before = self.stops.partition_point(|&stop| stop < at);
        self.stops.truncate(before);
        self.stops.push(at);
    }

    /// Injects a fault now and discards what was known of later moments.
    pub fn inject(&mut self, session: &mut Session, fault: Fault) -> Result<(), FaultError> {
        session.inject(fault)?;
        self.forget_after(session.machine.state().events);
        Ok(())
    }

    /// Discards later moments after a manual change.
    ///
    /// `times` says whether events may come at other times, or bring others: then ends of time
    /// steps and bookmarks after now are forgotten as well.
    pub(in crate::session) fn changed(&mut self, session: &Session, times: bool) {
        let events = session.machine.state().events;
        if times {
            return self.forget_after(events);
        }
        self.course += 1;
        self.forget_kept_after(events);
    }

    /// Returns a number that changes whenever later moments are no longer as they were: as a fault
    /// is injected or undone.
    pub fn course(&self) -> u64 {
        self.course
    }

    fn forget_after(&mut self, events: u64) {
        self.course += 1;
        self.forget_kept_after(events);
        self.step_ends.truncate(self.step_ends.partition_point(|&end| end <= events));
        self.bookmarks.retain(|bookmark| bookmark.earlier || bookmark.at.events <= events);
    }

    fn forget_kept_after(&mut self, events: u64) {
        while let Some(last) = self.kept.back().filter(|last| last.at.events > events) {
            self.own_bytes -= last.own_bytes();
            self.kept.pop_back();
        }
    }

    /// Seeks back by `count` units. If history ends before that, seeks to its oldest position and
    /// reports it in the error.
    pub fn back(
        &mut self,
        session: &mut Session,
        unit: StepUnit,
        count: u64,
    ) -> Result<Position, HistoryError> {
        let (now, oldest) = (Position::of(session), self.oldest());
        let target = self.boundary_before(session, unit, count).filter(|&to| to >= oldest.events);
        let position = self.arrive(session, now, target.unwrap_or(oldest.events))?;
        if target.is_some() { Ok(position) } else { Err(HistoryError::Ended { oldest }) }
    }
}
