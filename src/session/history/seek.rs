//! Seeking to a moment of the past: resolution of the target to an event, and the way there.

use serde::{Deserialize, Serialize};

use super::{Bookmark, History, HistoryError, Position};
use crate::chip::clock::{TICKS_PER_US, Tick};
use crate::chip::geometry::Pe;
use crate::session::pace::StepUnit;
use crate::session::{Session, StepOutcome};

/// Target of a seek.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SeekTarget {
    /// Moment after this number of events.
    Event(u64),
    /// End of this number of time steps; 0 is the start.
    Step(u64),
    /// Moment after the last event at or before this chip time, µs.
    TimeUs(f64),
    /// Moment that has a bookmark of this name.
    Bookmark(String),
    /// Latest stop before the present moment.
    PreviousStop,
}

impl SeekTarget {
    /// Returns whether an experiment that runs towards this place has reached it. Bookmarks and
    /// stops are never ahead.
    pub fn is_reached(&self, session: &Session) -> bool {
        match self {
            Self::Event(event) => session.machine.state().events >= *event,
            Self::Step(step) => session.steps() >= *step,
            Self::TimeUs(time) => {
                let state = session.machine.state();
                let busy = !state.queue.is_empty() || !state.noc.is_empty();
                busy && session.machine.is_past((*time * TICKS_PER_US as f64) as Tick)
            }
            Self::Bookmark(_) | Self::PreviousStop => true,
        }
    }
}

impl History {
    /// Resolves a bookmark to its position, to which the engine has to run if it lies ahead.
    pub fn ahead(&self, place: &SeekTarget) -> SeekTarget {
        match place {
            SeekTarget::Bookmark(name) => self.named(name).map_or_else(|_| place.clone(), Bookmark::place),
            place => place.clone(),
        }
    }

    /// Seeks to a position that the experiment has reached before.
    pub fn go(&mut self, session: &mut Session, place: &SeekTarget) -> Result<Position, HistoryError> {
        let now = Position::of(session);
        let target = match place {
            SeekTarget::Event(event) => *event,
            SeekTarget::Step(0) => 0,
            SeekTarget::Step(step) => {
                *self.step_ends.get(*step as usize - 1).ok_or(HistoryError::Ahead { now })?
            }
            SeekTarget::TimeUs(time) => self.event_at(session, *time)?,
            SeekTarget::Bookmark(name) => {
                let place = self.named(name)?.place();
                return self.go(session, &place);
            }
            SeekTarget::PreviousStop => {
                let stops = &self.stops[..self.stops.partition_point(|&stop| stop < now.events)];
                *stops.last().ok_or(HistoryError::NoStop)?
            }
        };
        self.arrive(session, now, target)
    }

    /// Seeks to the moment before event number `event`, which is handled next. Manual faults and
    /// changes before that event stay, also those at this moment. `now` is the position before the
    /// seek.
    ///
    /// # Errors
    ///
    /// Fails if the moment is out of reach.
    pub(in crate::session) fn go_before(
        &mut self,
        session: &mut Session,
        now: Position,
        event: u64,
    ) -> Result<Position, HistoryError> {
        self.arrive_keeping(session, now, event.saturating_sub(1), event)
    }

    /// Goes to the moment before the last event, and keeps all that was done by hand and a
    /// checkpoint of that moment.
    ///
    /// # Errors
    ///
    /// Fails if the moment is out of reach.
    pub(in crate::session) fn go_before_last(
        &mut self,
        session: &mut Session,
        now: Position,
    ) -> Result<(), HistoryError> {
        let before = now.events.saturating_sub(1);
        self.arrive_keeping(session, now, before, now.events + 1)?;
        // One of the last event itself has been taken without the change.
        self.forget_kept_after(before);
        if self.has_room() && self.kept.binary_search_by_key(&before, |kept| kept.at.events).is_err() {
            self.keep(session);
        }
        Ok(())
    }

    /// Returns to the position before a look around.
    ///
    /// # Errors
    ///
    /// Fails if the moment is out of reach.
    pub(in crate::session) fn come_back(
        &mut self,
        session: &mut Session,
        now: Position,
    ) -> Result<(), HistoryError> {
        self.arrive(session, now, now.events)?;
        session.repeat_by_hand();
        Ok(())
    }

    /// Seeks to the moment after `events` events: back, or forward where that was known. `now` is
    /// the position before the seek, which a look around may have left.
    pub(super) fn arrive(
        &mut self,
        session: &mut Session,
        now: Position,
        target: u64,
    ) -> Result<Position, HistoryError> {
        self.arrive_keeping(session, now, target, target)
    }

    /// Seeks as [`Self::arrive`] does, and keeps manual changes before `keep` events.
    fn arrive_keeping(
        &mut self,
        session: &mut Session,
        now: Position,
        target: u64,
        keep: u64,
    ) -> Result<Position, HistoryError> {
        let known = self.kept.back().map_or(0, |kept| kept.at.events).max(now.events);
        if target > known {
            return Err(HistoryError::Ahead { now });
        }
        let kept = self.kept.partition_point(|kept| kept.at.events <= target);
        let oldest = self.oldest();
        let Some(from) = kept.checked_sub(1).and_then(|at| self.kept.get(at)) else {
            return Err(HistoryError::Ended { oldest });
        };
        let forgot = keep < now.events && session.forget_from(keep);
        let here = session.machine.state().events;
        if target < here || from.at.events > here {
            from.restore(session);
        }
        self.replay_keeping(session, target);
        if forgot {
            // Checkpoints after it belong to a discarded timeline.
            self.forget_after(target.max(keep.saturating_sub(1)));
        }
        Ok(Position::of(session))
    }

    /// Runs until `target` events are handled, and keeps checkpoints at the ends of time steps on
    /// the way, as long as no other has to be dropped for them: the next steps back lead to them.
    fn replay_keeping(&mut self, session: &mut Session, target: u64) {
        while session.machine.state().events < target {
            let StepOutcome::Advanced(progress) = session.advance_up_to(target) else { return };
            let at = session.machine.state().events;
            if progress.step
                && self.has_room()
                && self.kept.binary_search_by_key(&at, |kept| kept.at.events).is_err()
            {
                self.keep(session);
            }
        }
    }

    /// Returns the event at which the `count`th unit before now ended; `None` if that is
    /// no longer known.
    pub(super) fn boundary_before(&self, session: &mut Session, unit: StepUnit, count: u64) -> Option<u64> {
        let now = session.machine.state().events;
        let count = count.max(1);
        match unit {
            StepUnit::Event => now.checked_sub(count),
            StepUnit::TimeStep => self.step_boundary(now, 1, count),
            StepUnit::Sequence => {
                self.step_boundary(now, u64::from(session.work.constant().sequence()), count)
            }
            StepUnit::Phase | StepUnit::Layer => self.inner_boundary(session, unit, now, count),
        }
    }

    /// Returns the `count`th boundary before now of every `each`th time step; the start counts
    /// as a boundary.
    fn step_boundary(&self, now: u64, each: u64, count: u64) -> Option<u64> {
        let each = each.max(1);
        let before = self.step_ends.partition_point(|&end| end < now) as u64;
        // Steps that have ended before now, and the start: `before / each` is the last boundary if
        // now is no boundary.
        let last = before / each;
        let ended = now > 0;
        let step = ended.then(|| (last + 1).checked_sub(count)).flatten()? * each;
        if step == 0 { Some(0) } else { self.step_ends.get(step as usize - 1).copied() }
    }

    /// Returns the boundary of a unit within a time step, found by running through the step again.
    /// Leaves the session anywhere in it.
    fn inner_boundary(&self, session: &mut Session, unit: StepUnit, now: u64, count: u64) -> Option<u64> {
        let mut missing = count;
        let mut end = now;
        for kept in self.kept.iter().rev().filter(|kept| kept.at.events < now) {
            let mut ends = if kept.at.events == 0 { vec![0] } else { Vec::new() };
            kept.restore(session);
            while session.machine.state().events < end {
                let StepOutcome::Advanced(progress) = session.advance() else { break };
                let at = session.machine.state().events;
                if at < now && session.completes(unit, progress) {
                    ends.push(at);
                }
            }
            if let Some(place) = (ends.len() as u64).checked_sub(missing) {
                return ends.get(place as usize).copied();
            }
            missing -= ends.len() as u64;
            end = kept.at.events;
        }
        None
    }

    /// Returns the number of the last event at or before a chip time, µs.
    ///
    /// Leaves the session anywhere. Fails if the chip has not reached the time yet, or if the time
    /// lies before the oldest checkpoint.
    fn event_at(&self, session: &mut Session, time: f64) -> Result<u64, HistoryError> {
        let now = Position::of(session);
        let tick = time * TICKS_PER_US as f64;
        let behind = now.tick as f64 - tick;
        if behind < 0.0 {
            return Err(HistoryError::Ahead { now });
        }
        if behind <= 0.0 {
            return Ok(now.events);
        }
        let kept = self.kept.partition_point(|kept| kept.at.tick as f64 <= tick);
        let kept = kept.checked_sub(1).and_then(|at| self.kept.get(at));
        let kept = kept.ok_or(HistoryError::Ended { oldest: self.oldest() })?;
        kept.restore(session);
        let mut last = kept.at.events;
        while matches!(session.advance(), StepOutcome::Advanced(_)) && session.tick() as f64 <= tick {
            last = session.machine.state().events;
        }
        Ok(last)
    }
}

impl History {
    /// Returns the events that began calls of a PE's machine code between the last checkpoint
    /// before event number `before` that has any behind it, and that event; ascending.
    ///
    /// Leaves the session anywhere.
    pub(in crate::session) fn calls_before(&self, session: &mut Session, pe: Pe, before: u64) -> Vec<u64> {
        let mut end = before.saturating_sub(1);
        for kept in self.kept.iter().rev().filter(|kept| kept.at.events < before.saturating_sub(1)) {
            kept.restore(session);
            session.follow(pe);
            let mut calls = Vec::new();
            while session.machine.state().events < end {
                if !matches!(session.advance(), StepOutcome::Advanced(_)) {
                    break;
                }
                if session.call().is_some() {
                    calls.push(session.machine.state().events);
                }
            }
            if !calls.is_empty() {
                return calls;
            }
            end = kept.at.events;
        }
        Vec::new()
    }

    /// Repeats the last time step if the timeline is recorded and lacks it.
    ///
    /// The experiment is then where it was.
    pub fn replay_last_step(&mut self, session: &mut Session) {
        if !session.timeline_lacks_last_step() {
            return;
        }
        let now = session.machine.state().events;
        // Within a step the last complete one began two boundaries ago.
        let from = self.step_boundary(now, 1, 2).or(self.step_boundary(now, 1, 1)).unwrap_or(0);
        let kept = self.kept.partition_point(|kept| kept.at.events <= from);
        if let Some(kept) = kept.checked_sub(1).and_then(|at| self.kept.get(at)) {
            let followed = session.followed.take();
            kept.restore(session);
            replay(session, now);
            session.repeat_by_hand();
            session.followed = followed;
        }
    }

    /// Repeats time steps `first` to the present moment, and calls `seen` at the end of each.
    ///
    /// Begins with the oldest step within reach if `first` lies before it. The session is then
    /// where it was.
    pub fn repeat_from(&self, session: &mut Session, first: u64, mut seen: impl FnMut(&Session)) {
        let now = session.machine.state().events;
        let before = self.kept.partition_point(|kept| kept.at.steps < first);
        let kept = self.kept.get(before.saturating_sub(1)).filter(|kept| kept.at.events < now);
        let Some(kept) = kept else { return };
        let followed = session.followed.take();
        kept.restore(session);
        while session.machine.state().events < now {
            let StepOutcome::Advanced(progress) = session.advance_up_to(now) else { break };
            if progress.step {
                seen(session);
            }
        }
        session.repeat_by_hand();
        session.followed = followed;
    }
}

/// Runs until `target` events are handled or the machine stops.
pub(super) fn replay(session: &mut Session, target: u64) {
    while session.machine.state().events < target {
        if !matches!(session.advance_up_to(target), StepOutcome::Advanced(_)) {
            return;
        }
    }
}
