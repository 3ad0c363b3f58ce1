//! Steps that are added instead of run: where a time step begins as one that was seen before, its
//! times are known, and what is left is to compute values.
//!
//! In most programs the work of a step does not depend on the values, so that all of its events
//! fall at the ticks at which they fell before. The machine finds this by itself: at the end of
//! a time step it compares all that decides the times of the next one (`key.rs`), relative to
//! now, with the begins of steps that it has seen. For one that comes for the second time it
//! notes, while it runs the step event by event, what the events do to bytes (`trace.rs`), and
//! keeps that as a course. For one with a course it carries out on the bytes of now what was
//! noted (`script.rs`, `play.rs`) and moves all other state to the end of the step
//! (`follow.rs`). The result is the same to the bit: memory, counters, times, packets on their
//! way, and the hash of it all.
//!
//! No course is used where routines take cycles that depend on values, where the event router
//! carries the packets, where core and writes wait for each other in the banks, and while a step is
//! observed from inside: a recording, watched bytes, faults that last or are due. It holds for
//! whole steps; a run that stops within one takes it event by event.

mod follow;
mod key;
mod play;
mod script;
mod trace;

use std::collections::HashSet;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::broadcast::options::{Broadcast, Payload};
use super::exec::{Machine, Progress};
use super::options::BankPriority;
use super::program::{Action, Program, RegionKind};
use super::queue::Event;
use super::state::{Awaited, State};
use crate::chip::geometry::Pe;
use follow::Bare;
use key::Key;
use script::Script;
pub(super) use trace::Trace;

/// Courses that are kept.
const COURSES: usize = 16;
/// Steps without a known course, beyond those that had one, after which none is looked
/// for any more.
const PATIENCE: u64 = 64;

/// A step that was seen.
#[derive(Debug)]
struct Course {
    key: Key,
    script: Script,
    start: Bare,
    end: Bare,
    /// What the last event of the step brought to its end.
    progress: Progress,
    event: Event,
}

/// The courses of a machine. A copy of a machine shares those that there are.
#[derive(Debug, Default)]
pub struct Timetables {
    /// Time steps after which all addresses come again; 0 if the program cannot be
    /// run by timetable.
    period: u32,
    courses: Vec<Arc<Course>>,
    /// Hashes of begins that were seen once.
    seen: HashSet<u64>,
    /// Begin of the step that is being traced.
    begin: Option<(Key, Box<Bare>)>,
    key: Key,
    /// Steps that were added, and steps whose begin was not known.
    known: u64,
    unknown: u64,
    off: bool,
}

impl Clone for Timetables {
    fn clone(&self) -> Self {
        Self { period: self.period, courses: self.courses.clone(), off: self.off, ..Self::default() }
    }
}

/// Time step that was added instead of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// Progress that the step's last event made.
    pub progress: Progress,
    /// Last event of the step.
    pub event: Event,
}

impl Timetables {
    /// Looks whether a program's steps can repeat in time.
    pub(super) fn new(program: &Program) -> Self {
        Self { period: if may_repeat(program) { period(program) } else { 0 }, ..Self::default() }
    }
}

/// No routine's cycles depend on values, and neither do packets.
fn may_repeat(program: &Program) -> bool {
    let delivery = &program.delivery;
    let operations = || program.pes.iter().flatten().flat_map(|loaded| &loaded.operations);
    !program.is_timed()
        && delivery.payload == Payload::Dense
        && delivery.broadcast != Broadcast::Router
        && program.assume.bank_priority == BankPriority::Core
        && operations().all(|operation| match &operation.action {
            Action::Call(routine) => routine.touches(0).is_some(),
            _ => true,
        })
}

/// Returns the least common multiple of the lengths of all that goes in turn.
fn period(program: &Program) -> u32 {
    let loaded = || program.pes.iter().flatten();
    let slots = || loaded().flat_map(|loaded| &loaded.slots);
    let buffers = slots().flat_map(|slot| {
        let targets = slot.targets.iter().map(|target| target.buffers.count());
        targets.chain([slot.buffers.count()]).chain(slot.counters.iter().map(super::arrivals::Counter::sets))
    });
    let rows = loaded().flat_map(|loaded| &loaded.operations).map(|operation| match &operation.action {
        Action::Read { to, rows } => least_common_multiple(to.count(), rows.len() as u32),
        _ => 1,
    });
    buffers.chain(rows).fold(program.steps_in_flight.max(1), least_common_multiple)
}

/// Returns the least common multiple of two numbers; 0 counts as 1.
fn least_common_multiple(a: u32, b: u32) -> u32 {
    let (mut x, mut y) = (a.max(1), b.max(1));
    while y > 0 {
        (x, y) = (y, x % y);
    }
    a.max(1) / x * b.max(1)
}

impl Machine {
    /// Lets every step be run event by event (`true`), or known ones be added again.
    pub fn run_exactly(&mut self, exactly: bool) {
        self.timetables.off = exactly;
        self.tracing = None;
    }

    /// Returns how many time steps were added instead of run.
    pub fn steps_added(&self) -> u64 {
        self.timetables.known
    }

    /// Adds the next time step as it was seen before, if it was: all of it, up to its last event.
    /// Otherwise nothing has happened.
    ///
    /// To be called between two time steps, those to come announced.
    pub fn add_step(&mut self) -> Option<Added> {
        self.add_step_up_to(u64::MAX)
    }

    /// Adds the next time step like [`Self::add_step`], unless more than `events` events will have
    /// been handled at its end.
    pub fn add_step_up_to(&mut self, events: u64) -> Option<Added> {
        if !self.may_add() {
            return None;
        }
        let mut key = std::mem::take(&mut self.timetables.key);
        key::write(&mut key, &self.state, &self.program, self.timetables.period);
        let found = self.timetables.courses.iter().find(|course| course.key == key).cloned();
        let Some(course) = found else {
            self.begin_trace(key);
            return None;
        };
        self.timetables.key = key;
        if self.state.events + (course.end.events - course.start.events) > events {
            return None;
        }
        let kept = self.play(&course.script)?;
        let seq = self.state.queue.seq_after(&course.start.queue, course.event.seq);
        follow::follow(&mut self.state, (&course.start, &course.end), &self.program);
        for (place, &carried) in self.state.packets.all_mut().iter_mut().zip(&course.script.carried) {
            place.packet.payload = kept.get(carried as usize).copied().unwrap_or_default();
        }
        self.timetables.known += 1;
        let event = Event { tick: self.state.tick, seq, ..course.event };
        Some(Added { progress: course.progress, event })
    }

    /// Returns whether the next step may be added: it is not observed from inside, and no fault is
    /// due in it.
    fn may_add(&self) -> bool {
        let Timetables { period, known, unknown, off, .. } = self.timetables;
        let state = &self.state;
        period > 0
            && !off
            && !state.disturbed
            && unknown < known + PATIENCE
            && state.between_steps
            && state.fault.is_none()
            && !state.faults.any()
            && state.lost.last().is_none_or(|&last| last < state.sent)
            && self.recorder.is_none()
            && self.watched.is_empty()
    }

    fn begin_trace(&mut self, key: Key) {
        self.timetables.unknown += 1;
        // Most begins come once: the second time is early enough.
        let hash = xxh3_64(bytemuck::cast_slice(&key));
        if self.timetables.seen.insert(hash) {
            self.timetables.key = key;
        } else if self.timetables.courses.len() < COURSES {
            self.tracing = Some(Box::new(Trace::new(&self.state, &self.program)));
            self.timetables.begin = Some((key, Box::new(bare(&self.state))));
        }
    }

    /// The step that was traced is complete.
    pub(super) fn step_traced(&mut self, progress: Progress, event: Event) {
        let (Some(trace), Some((key, start))) = (self.tracing.take(), self.timetables.begin.take()) else {
            return;
        };
        let state = &self.state;
        let untouched = state.fault.is_none()
            && !state.faults.any()
            && state.races.count == start.races.count
            && state.lost == start.lost
            && state.host.completed == start.host.completed.wrapping_add(1);
        if !untouched || self.recorder.is_some() {
            return;
        }
        let Some(script) = script::write(&trace, &self.program, state) else {
            self.timetables.period = 0;
            return;
        };
        let mut end = bare(state);
        wait_relatively(&mut end, state, &self.program);
        keep_carried(&mut end);
        let course = Course { key, script, start: *start, end, progress, event };
        self.timetables.courses.push(Arc::new(course));
    }

    /// Constants in the PEs' memories are those that the program was built with.
    pub(super) fn constants_hold(&self) -> bool {
        !self.state.disturbed && !self.program.images_replaced && !self.state.faults.stick()
    }

    /// A byte of a PE's memory is changed from outside.
    pub(super) fn disturb(&mut self, pe: Pe, address: u32) {
        self.tracing = None;
        let constant = |kind| matches!(kind, RegionKind::Weights | RegionKind::Program);
        let regions = self.program.pe(pe).map_or(&[][..], |loaded| &loaded.regions);
        let region = regions.iter().find(|region| (region.start..region.end).contains(&address));
        if region.is_none_or(|region| constant(region.kind)) {
            self.state.disturbed = true;
        }
    }
}

/// A state's copy without memory and without what is gone when a step ends.
fn bare(state: &State) -> Bare {
    let mut bare = state.with_pes(state.pes.iter().map(|pe| pe.with_memory(())).collect());
    bare.matrix.keep_last_step();
    bare.host.y = Vec::new();
    bare
}

/// Takes the value that each PE waits for relative to its counter.
fn wait_relatively(bare: &mut Bare, state: &State, program: &Program) {
    for ((pe, state), loaded) in bare.pes.iter_mut().zip(&state.pes).zip(&program.pes) {
        let (Some(awaited), Some(loaded)) = (&mut pe.awaited, loaded) else { continue };
        let Awaited { slot, counter, set, value } = awaited;
        let word = loaded.slots.get(usize::from(*slot)).map_or(0, |slot| slot.counter_word(*counter, *set));
        *value = value.wrapping_sub(state.sram.word(word));
    }
}

/// Keeps the packets on the mesh alone, in the order of [`trace::carried`].
fn keep_carried(bare: &mut Bare) {
    let numbers = trace::carried(bare);
    bare.packets.keep(&numbers);
    let place = |number: u32| numbers.iter().position(|&n| n == number).unwrap_or(0) as u32;
    bare.queue.renumber(place);
    bare.noc.under_way.for_each_mut(|hop| hop.renumber(place));
}
