//! Stretches that are added instead of run: where the machine is in a state that it has been in
//! before, the times of all that follows are known, and only values are left to compute.
//!
//! A *stretch* begins between two time steps, or where a counter has set off messages (a barrier is
//! released). It ends where a time step ends, where the next stretch begins, or before the first
//! event whose time depends on values. In most programs the work of a step does not depend on the
//! values: a stretch is a whole step. Where a kernel passes over silent sources, the events between
//! its runs are the same for all values, for instance those that read rows from DRAM.
//!
//! The machine finds stretches by itself: it compares all that decides the times of the future
//! (`key.rs`), relative to now, with the beginnings of stretches that it has seen. When one comes
//! for the second time, the machine runs it event by event, notes the effects of the events on
//! bytes (`trace.rs`), and keeps them as a course. For a stretch with a course it repeats these
//! effects on the present bytes (`script.rs`, `play.rs`) and moves all other state to the end of
//! the stretch (`follow.rs`). Runs that begin in a stretch and take cycles that depend on values
//! are priced on the present bytes; the stretch ends before the cheapest of them could end. The
//! result is the same to the bit: memory, counters, times, packets on their way, and the hash of it
//! all.
//!
//! No course is used where packets depend on values, where the event router carries the packets,
//! where core and writes wait for each other in the banks, and while the chip is observed from
//! inside a step: a recording, watched bytes, faults that last or are due. A run that stops within
//! a stretch takes it event by event.

mod follow;
mod key;
mod play;
mod script;
mod trace;

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::broadcast::options::Broadcast;
use super::exec::{Machine, Progress};
use super::matrix::Pair;
use super::options::BankPriority;
use super::program::{Action, Operation, Program, RegionKind};
use super::queue::Event;
use super::routine::Begun;
use super::state::{Awaited, State, Status};
use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;
use follow::Bare;
use key::Key;
use script::Script;
pub(super) use trace::Trace;
use trace::{Close, Open};

/// Courses that are kept. A stretch has one for each way in which its beginning can meet the NoC
/// cycles and the buffers used in turn.
const COURSES: usize = 48;
/// Events of the shortest stretch that is worth adding.
const EVENTS: u64 = 32;
/// Begins without a known course, beyond those that had one, after which none is looked
/// for any more.
const PATIENCE: u64 = 96;

/// A stretch that was seen.
#[derive(Debug)]
struct Course {
    key: Key,
    script: Script,
    start: Bare,
    end: Bare,
    /// Whether its last event completes a time step.
    completes: bool,
    /// Whether its last event lets a counter set off messages.
    relayed: bool,
    /// Runs that begin in it and take cycles that depend on values.
    open: Vec<Open>,
    /// Phases that end in it.
    closes: Vec<Close>,
    /// Whether each PE begins an operation, by PE index.
    begun: Vec<bool>,
    /// Whether each PE sends a block, by PE index.
    sending: Vec<bool>,
    /// Longest time of a packet.
    max_latency: Tick,
    /// Packets delivered, from place to place of the traffic matrix.
    pairs: Vec<Pair>,
    /// Progress that its last event makes, with the phase that ended last in the stretch.
    progress: Progress,
    event: Event,
}

/// The courses of a machine. A copy of a machine shares those that there are.
#[derive(Debug, Default)]
pub struct Timetables {
    /// Time steps after which all addresses come again; 0 if the program cannot be
    /// run by timetable.
    period: u32,
    /// Some routine's cycles depend on values, so that stretches are shorter than time steps.
    within_steps: bool,
    /// Courses, with the hash of their keys.
    courses: Vec<(u64, Arc<Course>)>,
    /// Hashes of begins that were seen, and whether no course can be made of what follows.
    seen: HashMap<u64, bool>,
    /// Start of the stretch that is being traced.
    begin: Option<(Key, Box<Bare>)>,
    key: Key,
    /// Stretches that were added, and begins that were not known.
    known: u64,
    unknown: u64,
    off: bool,
}

impl Clone for Timetables {
    fn clone(&self) -> Self {
        let Self { period, within_steps, off, .. } = *self;
        Self { period, within_steps, courses: self.courses.clone(), off, ..Self::default() }
    }
}

/// Stretch that was added instead of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// Progress that its last event made, with the phase that ended last in it.
    pub progress: Progress,
    /// Last event of the stretch.
    pub event: Event,
}

impl Timetables {
    /// Creates empty timetables; they stay unused if what the program does cannot repeat in time.
    pub(super) fn new(program: &Program) -> Self {
        if !may_repeat(program) {
            return Self::default();
        }
        let within_steps = operations(program).any(|operation| match &operation.action {
            Action::Call(routine) => routine.least(&program.costs).is_some(),
            _ => false,
        });
        Self { period: period(program), within_steps, ..Self::default() }
    }

    /// Returns whether everything need not be run event by event.
    pub(super) fn may_skip(&self) -> bool {
        !self.off
    }

    /// Returns whether stretches are still looked for.
    fn looks(&self) -> bool {
        self.period > 0 && !self.off && self.unknown < self.known + PATIENCE
    }
}

fn operations(program: &Program) -> impl Iterator<Item = &Operation> {
    program.pes.iter().flatten().flat_map(|loaded| &loaded.operations)
}

/// Returns `true` if a program can repeat in time: the bytes that each routine touches are known,
/// there are no timers, the event router carries no packets, and the core wins all bank conflicts.
fn may_repeat(program: &Program) -> bool {
    !program.is_timed()
        && program.delivery.broadcast != Broadcast::Router
        && program.assume.bank_priority == BankPriority::Core
        && operations(program).all(|operation| match &operation.action {
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
    /// Makes the machine run event by event (`true`) or add known stretches again (`false`).
    pub fn run_exactly(&mut self, exactly: bool) {
        self.timetables.off = exactly;
        self.tracing = None;
    }

    /// Returns how many stretches were added instead of run.
    pub fn stretches_added(&self) -> u64 {
        self.timetables.known
    }

    /// Returns whether a stretch may begin here that [`Self::add_stretch`] knows: between two time
    /// steps, or where a counter has set off messages.
    pub fn is_between_stretches(&self) -> bool {
        self.state.between_steps || self.relayed && self.timetables.within_steps && self.timetables.looks()
    }

    /// Adds the next stretch as it was seen before, if it was: all of it, up to its last event,
    /// which may complete a time step. Otherwise nothing has happened.
    ///
    /// To be called where [`Self::is_between_stretches`], time steps to come announced.
    pub fn add_stretch(&mut self) -> Option<Added> {
        self.add_stretch_up_to(u64::MAX)
    }

    /// Adds the next stretch like [`Self::add_stretch`], unless more than `events` events will have
    /// been handled at its end.
    pub fn add_stretch_up_to(&mut self, events: u64) -> Option<Added> {
        if !self.may_add() {
            return None;
        }
        let mut key = std::mem::take(&mut self.timetables.key);
        key::write(&mut key, &self.state, &self.program, self.timetables.period);
        let hash = xxh3_64(bytemuck::cast_slice(&key));
        let mut courses = self.timetables.courses.iter();
        let found = courses.find(|(of, course)| *of == hash && course.key == key);
        let Some((_, course)) = found.cloned() else {
            self.begin_trace(key, hash);
            return None;
        };
        self.timetables.key = key;
        if self.state.events + (course.end.events - course.start.events) > events {
            return None;
        }
        let (kept, open) = self.play(&course.script)?;
        let seq = self.state.queue.seq_after(&course.start.queue, course.event.seq);
        let late = self.later(&course.open, &open);
        follow::follow(&mut self.state, &course, &late, &self.program);
        self.replace_open(&course.open, &open, &late);
        for (place, &carried) in self.state.packets.all_mut().iter_mut().zip(&course.script.carried) {
            place.packet.payload = kept.get(carried as usize).copied().unwrap_or_default();
        }
        self.timetables.known += 1;
        self.state.between_steps = course.completes;
        self.relayed = course.relayed;
        let event = Event { tick: self.state.tick, seq, ..course.event };
        Some(Added { progress: course.progress, event })
    }

    /// Returns by how many ticks the operation of each PE ends later than in a course, modulo 2⁶⁴.
    fn later(&self, seen: &[Open], open: &[Begun]) -> Vec<Tick> {
        let mut late = vec![0; self.program.pes.len()];
        for (seen, begun) in seen.iter().zip(open) {
            let pe = usize::from(seen.pe);
            let ticks = |begun: &Begun| self.ticks_on(pe, begun.price.cycles);
            late[pe] = ticks(begun).wrapping_sub(ticks(&seen.begun));
        }
        late
    }

    /// Books what open runs take in the place of what they took in the course.
    fn replace_open(&mut self, seen: &[Open], open: &[Begun], late: &[Tick]) {
        let program = Arc::clone(&self.program);
        for (seen, begun) in seen.iter().zip(open) {
            let pe = usize::from(seen.pe);
            let loaded = Pe::from_index(pe).and_then(|pe| program.pe(pe));
            let Some((operation, slot)) = loaded.and_then(|loaded| loaded.operation(seen.operation)) else {
                continue;
            };
            let notice = operation.notice.as_ref().map_or(0, |_| program.costs.notice);
            let (before, now) = (seen.begun.accesses.as_ref(), begun.accesses.as_ref());
            self.state.pes[pe].banks.replace(before, now, begun.price.cycles + notice);
            let busy = &mut self.state.busy.phases[slot.population.index()][operation.phase.index()];
            *busy = busy.wrapping_add(late[pe]);
        }
    }

    /// Returns whether what comes next may be added: it is not observed from inside, no fault is
    /// due in it, and no run is under way whose end depends on values.
    fn may_add(&self) -> bool {
        let state = &self.state;
        self.is_between_stretches()
            && self.timetables.looks()
            && !state.disturbed
            && state.fault.is_none()
            && !state.faults.any()
            && state.lost.last().is_none_or(|&last| last < state.sent)
            && self.recorder.is_none()
            && self.watched.is_empty()
            && !(self.timetables.within_steps && self.program.places().any(|pe| self.is_open(pe)))
    }

    /// Returns whether a PE carries out a run whose cycles depend on values.
    fn is_open(&self, pe: Pe) -> bool {
        let now = &self.state.pes[pe.index()];
        if now.status != Status::Busy {
            return false;
        }
        let operation = self.program.pe(pe).and_then(|loaded| loaded.operation(now.operation));
        operation.is_some_and(|(operation, _)| match &operation.action {
            Action::Call(routine) => routine.least(&self.program.costs).is_some(),
            _ => false,
        })
    }

    fn begin_trace(&mut self, key: Key, hash: u64) {
        self.timetables.unknown += 1;
        self.tracing = None;
        // Most begins come once: the second time is early enough.
        let seen = self.timetables.seen.insert(hash, false);
        match seen {
            Some(false) if self.timetables.courses.len() < COURSES => {
                self.tracing = Some(Box::new(Trace::new(&self.state, &self.program)));
                self.timetables.begin = Some((key, Box::new(bare(&self.state))));
            }
            Some(true) => {
                self.timetables.seen.insert(hash, true);
                self.timetables.key = key;
            }
            _ => self.timetables.key = key,
        }
    }

    /// Ends the traced stretch here, and keeps it as a course if it can be repeated.
    pub(super) fn end_trace(&mut self) {
        let (Some(trace), Some((key, start))) = (self.tracing.take(), self.timetables.begin.take()) else {
            return;
        };
        let state = &self.state;
        let untouched = state.fault.is_none()
            && !state.faults.any()
            && state.races.count == start.races.count
            && state.lost == start.lost
            && self.recorder.is_none();
        let Some((progress, event)) = trace.last.filter(|_| untouched) else { return };
        let hash = xxh3_64(bytemuck::cast_slice(&key));
        let long = state.events - start.events >= EVENTS || !self.timetables.within_steps;
        let script = (long && !trace.broken).then(|| script::write(&trace, &self.program, state)).flatten();
        let Some(script) = script else {
            if self.timetables.within_steps {
                self.timetables.seen.insert(hash, true);
            } else {
                self.timetables.period = 0;
            }
            return;
        };
        let mut start = *start;
        let mut end = bare(state);
        wait_relatively(&mut end, state, &self.program);
        keep_carried(&mut end);
        let pairs = end.matrix.since(&start.matrix, progress.step);
        start.matrix.clear();
        end.matrix.clear();
        let Trace { open, closes, begun, sending, max_latency, .. } = *trace;
        let (completes, relayed) = (progress.step, self.relayed);
        let course = Course {
            key,
            script,
            start,
            end,
            completes,
            relayed,
            open,
            closes,
            begun,
            sending,
            max_latency,
            pairs,
            progress,
            event,
        };
        self.timetables.courses.push((hash, Arc::new(course)));
    }

    /// Returns `true` if constants in the PEs' memories are those that the program was built with.
    pub(super) fn constants_hold(&self) -> bool {
        !self.state.disturbed && !self.program.images_replaced && !self.state.faults.stick()
    }

    /// Handles a change from outside to a byte of a PE's memory: drops the trace, and marks the
    /// constants as changed if the byte is among weights or code, or in no region.
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

/// Returns a copy of the state without the PEs' memory and the host's values.
fn bare(state: &State) -> Bare {
    let mut bare = state.with_pes(state.pes.iter().map(|pe| pe.with_memory(())).collect());
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
