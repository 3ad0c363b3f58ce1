//! Loop for many events at once, which spares the queue what nothing waits for.
//!
//! Where nothing looks at single events, three kinds of them need no place in the queue or on the
//! wheel of the mesh:
//!
//! * a packet that leaves the mesh before anything else happens is delivered at once;
//! * a packet that a core hands to the NoC crosses its first link at once: all that reaches the
//!   link before is past it;
//! * a handler of a PE that waits for nothing does no more than count its arrival: it is booked
//!   with the PE, and counted when the PE ends its operation, or at the end of the loop.
//!
//! Every event counts as if it had come out of the queue. At the end of the loop the machine is in
//! the state in which it is after the last event, handled one by one: booked handlers that have
//! ended are counted, the others are in the queue. Running numbers of events may differ; they only
//! order events of one tick, class and source, of which there is one where it matters.

use super::broadcast::options::Broadcast;
use super::exec::{Machine, Progress};
use super::noc::Landing;
use super::program::Program;
use super::queue::{CHIP, Event, EventKind};
use super::state::Travelling;
use crate::chip::clock::{NOC_CYCLE, Tick};
use crate::chip::geometry::Pe;

/// Handlers that are booked with their PEs alone. There are none outside of the loop.
#[derive(Clone, Debug, Default)]
pub(super) struct Lean {
    /// Whether the loop runs.
    pub(super) runs: bool,
    /// Whether counters of each PE set off messages, by PE index: its handlers are events.
    relays: Vec<bool>,
    /// Whether the handlers of each PE are booked with it alone, by PE index.
    booked: Vec<bool>,
    /// Handlers that are booked.
    count: u64,
}

impl Lean {
    pub(super) fn new(program: &Program) -> Self {
        let slots = program.pes.iter().map(|loaded| loaded.iter().flat_map(|loaded| &loaded.slots));
        let relays = slots.map(|mut slots| slots.any(|slot| !slot.relays.is_empty())).collect();
        Self { relays, booked: vec![false; program.pes.len()], ..Self::default() }
    }
}

impl Machine {
    /// Returns whether nothing looks at single events, and packets go from core to core.
    pub(super) fn may_run_lean(&self) -> bool {
        self.timetables.may_skip()
            && self.recorder.is_none()
            && self.tracing.is_none()
            && self.watched.is_empty()
            && !self.state.disturbed
            && !self.state.faults.any()
            && !self.program.is_timed()
            && self.program.chips() == 1
            && self.program.delivery.broadcast == Broadcast::QpeMulticast
    }

    /// Handles events up to number `limit`, none after one behind which a stretch may be known.
    /// Returns the last one, and what was brought to its end last.
    ///
    /// If the last one is that of a core that sends, its packet is one link ahead.
    pub(super) fn run_lean(&mut self, limit: u64) -> Option<(Progress, Event)> {
        self.lean.runs = true;
        let (mut last, mut progress, mut phase) = (None::<Event>, Progress::default(), None);
        while self.state.fault.is_none() && self.state.events + self.lean.count < limit {
            let Some(made) = self.advance_lean(&mut last) else {
                let Some(last) = last.filter(|_| self.lean.count > 0) else { break };
                self.queue_booked(&last);
                continue;
            };
            progress = made;
            phase = made.phase.or(phase);
            if self.is_between_stretches() {
                break;
            }
        }
        self.lean.runs = false;
        let last = last?;
        self.queue_booked(&last);
        Some((Progress { phase, ..progress }, last))
    }

    /// Handles an event, which is then the last one; `None` when nothing is left to happen.
    #[inline]
    fn advance_lean(&mut self, last: &mut Option<Event>) -> Option<Progress> {
        loop {
            let next = self.state.queue.next();
            if !self.state.noc.is_due(next) {
                break;
            }
            let mut landed = std::mem::take(&mut self.landed);
            let cycle = self.state.noc.pass_until(next, &mut landed);
            let end = next.min((cycle + 1) * NOC_CYCLE);
            let first = match landed.as_slice() {
                [] => None,
                &[(tick, landing)] => self.is_next(tick, landing, end).then_some((tick, landing)),
                several => self.first_of(several, end),
            };
            for &(tick, landing) in landed.iter().filter(|&&other| Some(other) != first) {
                self.land(tick, landing);
            }
            landed.clear();
            self.landed = landed;
            if let Some((tick, Landing::Packet(number))) = first {
                return Some(self.deliver_landed(tick, number, last));
            }
        }
        let event = self.state.queue.pop()?;
        self.state.noc.rest_until(event.tick);
        self.state.tick = event.tick;
        self.state.events += 1;
        self.relayed = false;
        let progress = self.handle(&event);
        self.state.between_steps = progress.step;
        *last = Some(event);
        Some(progress)
    }

    /// Returns whether what has left the mesh at tick `tick` is a packet that arrives then, before
    /// tick `end`.
    #[inline]
    fn is_next(&self, tick: Tick, landing: Landing, end: Tick) -> bool {
        let Landing::Packet(number) = landing else { return false };
        let travelling = self.state.packets.travelling(number);
        tick < end && travelling.is_some_and(|travelling| !travelling.lost && travelling.late == 0)
    }

    /// Returns the packet that comes before all others of those that have left the mesh in one
    /// cycle, if it arrives before tick `end`.
    fn first_of(&self, landed: &[(Tick, Landing)], end: Tick) -> Option<(Tick, Landing)> {
        // What is no packet comes after the packets of its tick.
        let place = |&(tick, landing): &(Tick, Landing)| match landing {
            Landing::Packet(number) => (tick, 0, self.state.packets.get(number).map(|packet| packet.source)),
            _ => (tick, 1, None),
        };
        let &(tick, landing) = landed.iter().min_by_key(|landed| place(landed))?;
        self.is_next(tick, landing, end).then_some((tick, landing))
    }

    /// Delivers a packet that has left the mesh at tick `tick`, before all other events.
    #[inline]
    fn deliver_landed(&mut self, tick: Tick, number: u32, last: &mut Option<Event>) -> Progress {
        let state = &mut self.state;
        let (sent, source) = match state.packets.travelling(number) {
            Some(&Travelling { sent, ref packet, .. }) => (sent, packet.source),
            None => (tick, CHIP),
        };
        state.traffic.arrived(tick - sent);
        let seq = state.queue.pass_by(tick);
        state.noc.rest_until(tick);
        state.tick = tick;
        state.events += 1;
        self.relayed = false;
        let progress = self.accept(number);
        self.state.between_steps = progress.step;
        *last = Some(Event { tick, source, seq, kind: EventKind::Deliver(number) });
        progress
    }

    /// Books the handlers of a PE, or puts the end of the first into the queue. Called when a
    /// handler has become the first.
    #[inline]
    pub(super) fn expect_handler(&mut self, index: usize) {
        let state = &self.state.pes[index];
        let Some(&(ends, _)) = state.interrupts.front() else { return };
        if self.lean.runs && state.awaited.is_none() && !self.lean.relays[index] {
            self.lean.booked[index] = true;
            self.lean.count += state.interrupts.len() as u64;
        } else {
            self.state.queue.push(ends, index as u16, EventKind::Interrupt);
        }
    }

    /// Counts a handler of a PE that comes after others.
    #[inline]
    pub(super) fn another_handler(&mut self, index: usize) {
        self.lean.count += u64::from(self.lean.booked[index]);
    }

    /// Counts the arrivals of a PE's booked handlers that have ended before tick `until`.
    #[inline]
    pub(super) fn count_booked(&mut self, index: usize, until: Tick) {
        if self.lean.booked[index] {
            self.count_ended(index, until);
        }
    }

    fn count_ended(&mut self, index: usize, until: Tick) {
        let Some(Some(loaded)) = self.program.pes.get(index) else { return };
        let state = &mut self.state.pes[index];
        while let Some(&(_, arrival)) = state.interrupts.front().filter(|(ends, _)| *ends < until) {
            state.interrupts.pop_front();
            self.state.events += 1;
            self.lean.count -= 1;
            if let Some(slot) = loaded.slots.get(usize::from(arrival.slot)) {
                let address = slot.counter_word(arrival.counter, arrival.set);
                state.sram.set_word(address, state.sram.word(address).wrapping_add(1));
            }
        }
        self.lean.booked[index] = !state.interrupts.is_empty();
    }

    /// Puts the end of the first booked handler of a PE into the queue, if it has any.
    #[inline]
    pub(super) fn queue_handlers(&mut self, index: usize) {
        if !self.lean.booked[index] {
            return;
        }
        self.lean.booked[index] = false;
        let interrupts = &self.state.pes[index].interrupts;
        self.lean.count -= interrupts.len() as u64;
        if let Some(&(ends, _)) = interrupts.front() {
            self.state.queue.push(ends, index as u16, EventKind::Interrupt);
        }
    }

    /// Counts all booked handlers that come before an event, the last one handled, and queues
    /// the others.
    fn queue_booked(&mut self, last: &Event) {
        if self.lean.count == 0 {
            return;
        }
        let handler = EventKind::Interrupt.class();
        for pe in Pe::first(self.state.pes.len()) {
            let index = pe.index();
            let class = last.kind.class();
            let before = class > handler || class == handler && index < usize::from(last.source);
            self.count_booked(index, last.tick + Tick::from(before));
            self.queue_handlers(index);
        }
    }
}
