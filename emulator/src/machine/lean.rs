//! Loop for many events at once, which spares the queue what nothing waits for.
//!
//! Where nothing looks at single events, three kinds of them need no place in the queue or on the
//! wheel of the mesh:
//!
//! * a packet that leaves the mesh before anything else happens is delivered at once;
//! * a packet that a core hands to the NoC crosses its first link at once: all that reaches the
//!   link before is past it;
//! * a handler that does no more than count its arrival is booked with its PE, and counted when the
//!   PE ends its operation, when a handler wakes it, or at the end of the loop. Of a PE that waits,
//!   the handler that wakes it is an event.
//!
//! Every event counts as if it had come out of the queue. At the end of the loop the machine is in
//! the state in which it is after the last event, handled one by one: booked handlers that have
//! ended are counted, and of the others the first of each PE is in the queue. Running numbers of
//! events may differ; they only order events of one tick, class and source.

use super::broadcast::options::Broadcast;
use super::exec::{Machine, Progress};
use super::noc::Landing;
use super::program::Program;
use super::queue::{Arrival, CHIP, Event, EventKind};
use super::state::{Awaited, Travelling};
use crate::chip::clock::{NOC_CYCLE, Tick};

/// Stands for no tick.
const NEVER: Tick = Tick::MAX;

/// Events that are not in the queue. There are none outside of the loop.
#[derive(Clone, Debug, Default)]
pub(super) struct Lean {
    /// Whether the loop runs.
    pub(super) runs: bool,
    /// Handlers, by PE index.
    pes: Vec<Booking>,
    /// Handlers that are booked.
    count: u64,
    /// Packets that have left the mesh in the last cycle, with their ticks, the first one last.
    landed: Vec<(Tick, u32)>,
}

/// Handlers of a PE that are booked with it alone.
#[derive(Clone, Copy, Debug)]
struct Booking {
    /// Whether counters of the PE set off messages: its handlers are events.
    relays: bool,
    /// Whether its handlers are booked.
    booked: bool,
    /// Arrivals that the PE waits for, beyond those booked.
    left: u32,
    /// End of the handler that wakes the PE, which is in the queue; [`NEVER`] if none is.
    wakes: Tick,
}

impl Lean {
    pub(super) fn new(program: &Program) -> Self {
        let slots = program.pes.iter().map(|loaded| loaded.iter().flat_map(|loaded| &loaded.slots));
        let relays = slots.map(|mut slots| slots.any(|slot| !slot.relays.is_empty()));
        let booking = |relays| Booking { relays, booked: false, left: 0, wakes: NEVER };
        Self { pes: relays.map(booking).collect(), ..Self::default() }
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
    /// Returns the last one, and what was brought to its end last; `None` if nothing is left to
    /// happen.
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
        self.queue_landed();
        let last = last?;
        self.queue_booked(&last);
        Some((Progress { phase, ..progress }, last))
    }

    /// Handles an event, which is then the last one; `None` when nothing is left to happen.
    #[inline]
    fn advance_lean(&mut self, last: &mut Option<Event>) -> Option<Progress> {
        if let Some(delivered) = self.deliver_next(last) {
            return Some(delivered);
        }
        loop {
            let next = self.state.queue.next();
            if !self.state.noc.is_due(next) {
                break;
            }
            let mut landed = std::mem::take(&mut self.landed);
            let cycle = self.state.noc.pass_until(next, &mut landed);
            for &(tick, landing) in &landed {
                self.land_lean(tick, landing, (cycle + 1) * NOC_CYCLE);
            }
            landed.clear();
            self.landed = landed;
            if let Some(delivered) = self.deliver_next(last) {
                return Some(delivered);
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

    /// Takes what has left the mesh in a NoC cycle that ends at tick `end`: a packet that arrives
    /// within the cycle is kept at hand, all else is queued.
    #[inline]
    fn land_lean(&mut self, tick: Tick, landing: Landing, end: Tick) {
        if let Landing::Packet(number) = landing
            && let Some(&Travelling { sent, late: 0, lost: false, .. }) =
                self.state.packets.travelling(number)
            && tick < end
        {
            self.state.traffic.arrived(tick - sent);
            if self.lean.landed.is_empty() {
                self.lean.landed.push((tick, number));
            } else {
                self.sort_in(tick, number);
            }
        } else {
            self.land(tick, landing);
        }
    }

    /// Puts a packet in its place among those at hand, whose order is that of the queue.
    fn sort_in(&mut self, tick: Tick, number: u32) {
        let packets = &self.state.packets;
        let order = |tick: Tick, number| (tick, packets.get(number).map(|packet| packet.source));
        let own = order(tick, number);
        let at = self.lean.landed.iter().position(|&(tick, other)| order(tick, other) <= own);
        self.lean.landed.insert(at.unwrap_or(self.lean.landed.len()), (tick, number));
    }

    /// Delivers the first of the packets at hand if it comes before all events of the queue;
    /// otherwise queues them all.
    #[inline]
    fn deliver_next(&mut self, last: &mut Option<Event>) -> Option<Progress> {
        let &(tick, number) = self.lean.landed.last()?;
        if self.state.queue.is_before(tick) {
            self.lean.landed.pop();
            return Some(self.deliver_landed(tick, number, last));
        }
        self.queue_landed();
        None
    }

    /// Queues the packets at hand.
    fn queue_landed(&mut self) {
        while let Some((tick, number)) = self.lean.landed.pop() {
            let source = self.state.packets.get(number).map_or(CHIP, |packet| packet.source);
            self.state.queue.push(tick, source, EventKind::Deliver(number));
        }
    }

    /// Delivers a packet that has left the mesh at tick `tick`, before all other events.
    #[inline]
    fn deliver_landed(&mut self, tick: Tick, number: u32, last: &mut Option<Event>) -> Progress {
        let state = &mut self.state;
        let source = state.packets.get(number).map_or(CHIP, |packet| packet.source);
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

    /// Books the handlers of a PE, or puts the end of the first into the queue. To be called when a
    /// handler has become the first, and its PE waits for what it will wait for then.
    #[inline]
    pub(super) fn expect_handler(&mut self, index: usize) {
        let Some(&(ends, _)) = self.state.pes[index].interrupts.front() else { return };
        let lean = &mut self.lean;
        if lean.runs && !lean.pes[index].relays {
            lean.pes[index].booked = true;
            lean.count += self.state.pes[index].interrupts.len() as u64;
            self.expect_wake(index);
        } else {
            self.state.queue.push(ends, index as u16, EventKind::Interrupt);
        }
    }

    /// Updates the bookings of a PE after a handler was added behind all others, and queues the end
    /// of that handler if it wakes the PE, or if it is the only one and cannot be booked.
    #[inline]
    pub(super) fn add_handler(&mut self, index: usize, arrival: Arrival) {
        let state = &self.state.pes[index];
        let booking = &mut self.lean.pes[index];
        if !booking.booked {
            if state.interrupts.len() == 1 {
                self.expect_handler(index);
            }
            return;
        }
        self.lean.count += 1;
        if booking.wakes == NEVER && state.awaited.is_some_and(|awaited| counts_for(arrival, awaited)) {
            booking.left -= 1;
            if booking.left == 0 {
                booking.wakes = state.interrupts_until;
                self.state.queue.push(booking.wakes, index as u16, EventKind::Interrupt);
            }
        }
    }

    /// Looks for the booked handler that wakes a PE which waits, and queues its end. To be called
    /// when it begins to wait.
    pub(super) fn expect_wake(&mut self, index: usize) {
        let state = &self.state.pes[index];
        let booking = &mut self.lean.pes[index];
        let (Some(awaited), true) = (state.awaited, booking.booked) else { return };
        let slots = self.program.pes.get(index).and_then(Option::as_ref).map_or(&[][..], |pe| &pe.slots);
        let slot = slots.get(usize::from(awaited.slot));
        let word = slot.map_or(0, |slot| slot.counter_word(awaited.counter, awaited.set));
        booking.left = awaited.value.wrapping_sub(state.sram.word(word)).max(1);
        for &(ends, _) in state.interrupts.iter().filter(|(_, arrival)| counts_for(*arrival, awaited)) {
            booking.left -= 1;
            if booking.left == 0 {
                booking.wakes = ends;
                self.state.queue.push(ends, index as u16, EventKind::Interrupt);
                return;
            }
        }
    }

    /// Returns the arrival of a PE's handler that ends now, the others that are booked counted;
    /// what the PE waits for next is to be looked at by [`Self::handled`].
    #[inline]
    pub(super) fn take_handler(&mut self, index: usize) -> Option<Arrival> {
        self.count_booked(index, self.state.tick);
        let (_, arrival) = self.state.pes[index].interrupts.pop_front()?;
        let booking = &mut self.lean.pes[index];
        if booking.booked {
            booking.wakes = NEVER;
            self.lean.count -= 1;
        }
        Some(arrival)
    }

    /// Books or queues the next handlers of a PE after one that was an event has ended.
    #[inline]
    pub(super) fn handled(&mut self, index: usize) {
        if self.state.pes[index].interrupts.is_empty() {
            self.lean.pes[index].booked = false;
        } else if self.lean.pes[index].booked {
            self.expect_wake(index);
        } else {
            self.expect_handler(index);
        }
    }

    /// Counts the arrivals of a PE's booked handlers that have ended before tick `until`.
    #[inline]
    pub(super) fn count_booked(&mut self, index: usize, until: Tick) {
        if self.lean.pes[index].booked {
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
        self.lean.pes[index].booked = !state.interrupts.is_empty();
    }

    /// Puts the end of the first handler of a PE into the queue in the place of its bookings.
    fn queue_handlers(&mut self, index: usize) {
        let Booking { booked, wakes, .. } = self.lean.pes[index];
        if !booked {
            return;
        }
        let interrupts = &self.state.pes[index].interrupts;
        self.lean.count -= interrupts.len() as u64;
        (self.lean.pes[index].booked, self.lean.pes[index].wakes) = (false, NEVER);
        let ends = interrupts.front().map_or(NEVER, |&(ends, _)| ends);
        if wakes != NEVER && wakes != ends {
            self.state.queue.remove_handler(wakes, index as u16);
        }
        if wakes != ends {
            self.state.queue.push(ends, index as u16, EventKind::Interrupt);
        }
    }

    /// Counts the booked handlers that ended before the last handled event, and queues the first of
    /// the rest for each PE.
    fn queue_booked(&mut self, last: &Event) {
        if self.lean.count == 0 {
            return;
        }
        let (class, handler) = (last.kind.class(), EventKind::Interrupt.class());
        for index in 0..self.lean.pes.len() {
            let before = class > handler || class == handler && index < usize::from(last.source);
            self.count_booked(index, last.tick + Tick::from(before));
            self.queue_handlers(index);
        }
    }
}

/// Returns whether a PE waits for the counter of an arrival.
#[inline]
fn counts_for(arrival: Arrival, awaited: Awaited) -> bool {
    (arrival.slot, arrival.counter, arrival.set) == (awaited.slot, awaited.counter, awaited.set)
}
