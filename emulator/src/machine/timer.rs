//! Time steps that timers begin: ticks, the event packets of a tick, and overruns.
//!
//! In a program with a [`Timer`], all PEs' timers fire at once and begin time step after time step.
//! Nothing else holds the PEs together: a PE takes what is in its FIFO at a tick, computes, and
//! sends event packets, which are in other PEs' FIFOs before the next tick if all goes well. A PE
//! that is still at work when its timer fires has overrun. It takes that tick late; if the timer
//! fires once more meanwhile, that tick is lost to it, since an interrupt is pending or not.
//! Event packets that miss the tick they were meant for are counted where they are taken.

use std::collections::VecDeque;
use std::sync::Arc;

use super::arrivals::Message;
use super::exec::{Machine, Progress};
use super::legend::PhaseId;
use super::program::{PACKET_WORDS, PeProgram, Program, Slot};
use super::queue::{CHIP, EventKind};
use super::state::{Packet, PacketKind, STEPS, Status};
use crate::chip::clock::{self, OperatingPoint, TIMER_COUNT, Tick};
use crate::chip::geometry::{Pe, QpeId};

/// Overruns that are kept; further ones are only counted.
const OVERRUNS: usize = 4096;

/// Timer of a program, the same in every PE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Time from tick to tick. `None`: a tick follows when every PE has ended the one before and
    /// its packets have arrived, at the next count of the 1 MHz timer.
    pub period: Option<Tick>,
    /// Words of an entry in a PE's FIFO: the key alone, or a word of payload with it.
    pub entry_words: u32,
    /// Events that the host sends in every tick, in order.
    pub inputs: Vec<Input>,
    /// Number of packets in a FIFO above which a PE takes the fast level until the tick's end;
    /// `None` if PEs keep the program's operating point.
    pub fast_above: Option<u32>,
    /// Time from a tick's begin until the host sends them: as long as a PE that sends at once would
    /// take, so that every PE has looked into its FIFO before.
    pub input_delay: Tick,
}

/// Values of a DRAM row that the host sends as event packets, one for each that is not 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Entry of the event router.
    pub route: u16,
    /// First value in the row.
    pub first: u32,
    /// Number of values.
    pub units: u32,
    /// Key of the first value; those of the others follow.
    pub key: u32,
    /// Message to the same receivers after the last packet, if they wait for it.
    pub done: Option<Message>,
}

/// List of event packets in SRAM that an operation sends: their number, then the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventList {
    /// Byte address of the list.
    pub list: u32,
    /// Entry of the event router; `None` if no PE receives them.
    pub route: Option<u16>,
    /// Message to the same receivers after the last packet, if they wait for it.
    pub done: Option<Message>,
}

/// Timer of one PE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeTimer {
    /// Time step that the PE is in or ended last.
    pub step: u32,
    /// Time step that has begun while the PE was at work.
    pub pending: Option<u32>,
    /// Entries of the FIFO that the PE has taken and not freed.
    pub taken: u32,
    /// Time steps in which the entries in the FIFO were sent, oldest first.
    pub sent_in: VecDeque<u32>,
    /// Begin of the time at the fast level; `None` at the program's operating point.
    pub fast_since: Option<Tick>,
    /// Counters that only observe.
    pub count: TickCount,
}

/// Time of a PE at the fast level: 0.8 V and 300 MHz.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FastTime {
    /// Time at the level, whether at work or not.
    pub time: Tick,
    /// Time at work.
    pub busy: Tick,
}

impl FastTime {
    fn since(self, before: Self) -> Self {
        Self { time: self.time - before.time, busy: self.busy - before.busy }
    }
}

/// Ticks of a PE since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TickCount {
    /// Time from the last completed tick's begin to its end on the PE.
    pub last: Tick,
    /// The longest of these times.
    pub longest: Tick,
    /// Time step of the longest.
    pub longest_step: u32,
    /// Ticks that ended after the next one had begun.
    pub overruns: u32,
    /// Ticks lost, since the timer fired twice meanwhile.
    pub lost: u32,
    /// Event packets taken in another tick than the one they were meant for.
    pub misread: u64,
    /// Ticks in which the PE took the fast level.
    pub fast_ticks: u32,
    /// Time at the fast level, but for the stay under way.
    pub fast: FastTime,
    /// Time at the fast level in the last completed time step.
    pub fast_last_step: FastTime,
    /// Time at the fast level until the last completed time step ended.
    fast_before: FastTime,
}

impl PeTimer {
    /// Returns the time at the fast level since the start, at tick `now`.
    pub fn fast(&self, now: Tick) -> FastTime {
        let stay = self.fast_since.map_or(0, |since| now.saturating_sub(since));
        FastTime { time: self.count.fast.time + stay, ..self.count.fast }
    }

    /// Closes a time step at tick `now`.
    pub(super) fn end_step(&mut self, now: Tick) {
        let fast = self.fast(now);
        self.count.fast_last_step = fast.since(self.count.fast_before);
        self.count.fast_before = fast;
    }
}

/// Tick that ended after the next one had begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overrun {
    /// PE that was late.
    pub pe: Pe,
    /// Time step that took too long, from 0.
    pub step: u32,
    /// Phase whose operation took longest in it.
    pub phase: PhaseId,
    /// Time by which it ended late.
    pub late: Tick,
    /// Entries that waited in the FIFO meanwhile.
    pub waiting: u32,
}

/// Timers as the chip sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChipTimer {
    /// Begins of time steps, by step modulo [`STEPS`].
    pub began: [Tick; STEPS],
    /// Event packets on their way.
    pub events_left: u32,
    /// Counters that only observe.
    pub count: ChipTicks,
}

/// Ticks of the chip since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChipTicks {
    /// Time of the longest tick on the slowest PE.
    pub longest: Tick,
    /// Time step of the longest.
    pub longest_step: u32,
    /// PE that took longest in it.
    pub longest_pe: Option<Pe>,
    /// Overruns, the first ones.
    pub overruns: Vec<Overrun>,
    /// Number of all overruns.
    pub overrun_count: u64,
}

impl Program {
    /// Returns whether timers begin the time steps.
    pub fn is_timed(&self) -> bool {
        self.timer.is_some()
    }
}

impl Machine {
    /// Returns when the time step that is announced now begins.
    pub(super) fn tick_time(&self, period: Option<Tick>) -> Tick {
        let now = self.state.tick;
        let host = &self.state.host;
        let step = u64::from(host.completed) + host.in_flight.len() as u64 - 1;
        match period {
            Some(period) => now.max(step * period),
            None => now.next_multiple_of(TIMER_COUNT),
        }
    }

    /// Fires all timers: begins time step `step`, number `place` in flight, with its inputs.
    pub(super) fn tick(&mut self, step: u32, place: usize) -> Progress {
        let program = Arc::clone(&self.program);
        let Some(timer) = &program.timer else { return Progress::default() };
        self.state.timer.began[step as usize % STEPS] = self.state.tick;
        for pe in program.places().filter(|&pe| program.pe(pe).is_some()) {
            self.fire(pe, step);
        }
        self.send_inputs(timer, step, place);
        self.ended_tick()
    }

    /// Fires a PE's timer: a PE that waits begins time step `step`, any other has it pending.
    ///
    /// If another time step is pending already, the PE loses this one.
    fn fire(&mut self, pe: Pe, step: u32) {
        if self.state.faults.is_dead(pe) {
            return;
        }
        let state = &mut self.state.pes[pe.index()];
        if state.status == Status::Waiting && state.awaited.is_none() {
            self.note_waited(pe, false);
            self.take_tick(pe, step);
        } else if state.timer.pending.is_none() {
            state.timer.pending = Some(step);
        } else {
            state.timer.count.lost += 1;
            self.tick_done(step);
        }
    }

    /// Makes a PE begin time step `step`, whose tick has fired.
    pub(super) fn take_tick(&mut self, pe: Pe, step: u32) {
        let state = &mut self.state.pes[pe.index()];
        state.timer.step = step;
        state.timer.pending = None;
        let cycles = self.program.costs.timer_tick + self.program.costs.wake;
        self.busy_for(pe, cycles);
    }

    /// Makes a PE wait for its next tick. A tick that is pending already has come too early: it
    /// counts as an overrun and begins at once.
    pub(super) fn await_tick(&mut self, pe: Pe) {
        let state = &mut self.state.pes[pe.index()];
        let Some(step) = state.timer.pending else {
            state.status = Status::Waiting;
            state.awaited = None;
            return self.note_wait(pe);
        };
        let late = self.state.tick - self.state.timer.began[step as usize % STEPS];
        let state = &mut self.state.pes[pe.index()];
        state.timer.count.overruns += 1;
        let phases = (0_u8..).zip(&state.count.phases);
        let phase = phases.max_by_key(|&(n, ticks)| (*ticks, std::cmp::Reverse(n)));
        let overrun = Overrun {
            pe,
            step: state.timer.step,
            phase: PhaseId(phase.map_or(0, |(n, _)| n)),
            late,
            waiting: state.fifo.fill,
        };
        let count = &mut self.state.timer.count;
        count.overrun_count += 1;
        if count.overruns.len() < OVERRUNS {
            count.overruns.push(overrun);
        }
        self.take_tick(pe, step);
    }

    /// Takes the entries that are in a PE's FIFO now: writes the place of the oldest and their
    /// number to byte address `at`, for the routines that follow.
    ///
    /// `meant` is the number of ticks between sending and taking; entries of other ticks count as
    /// misread. Above the program's limit of entries the PE takes the fast level.
    pub(super) fn take_entries(&mut self, pe: Pe, at: u32, meant: u32) {
        let state = &mut self.state.pes[pe.index()];
        let (read, fill, step) = (state.fifo.read, state.fifo.fill, state.timer.step);
        state.sram.set_word(at, read);
        state.sram.set_word(at + 4, fill);
        state.timer.taken = fill;
        let fits = |sent: u32| sent.wrapping_add(meant) == step;
        let misread = state.timer.sent_in.iter().take(fill as usize).filter(|&&sent| !fits(sent)).count();
        state.timer.count.misread += misread as u64;
        let above = self.program.timer.as_ref().and_then(|timer| timer.fast_above);
        if above.is_some_and(|above| fill > above) {
            self.raise_level(pe);
        }
    }

    /// Returns the operating point of a PE now.
    pub fn operating_point(&self, pe: usize) -> OperatingPoint {
        match self.state.pes[pe].timer.fast_since {
            Some(_) => OperatingPoint::Mhz300,
            None => self.program.operating_point,
        }
    }

    /// Returns the ticks of the chip's clock that `cycles` cycles of a PE take now.
    pub(super) fn ticks_on(&self, pe: usize, cycles: u64) -> Tick {
        cycles * self.operating_point(pe).ticks_per_cycle()
    }

    /// Switches a PE to the fast level, unless it is there already.
    fn raise_level(&mut self, pe: Pe) {
        let now = self.state.tick;
        let timer = &mut self.state.pes[pe.index()].timer;
        if timer.fast_since.is_none() {
            timer.fast_since = Some(now);
            timer.count.fast_ticks += 1;
            self.hold_for_switch(pe);
        }
    }

    /// Switches a PE back to the program's operating point, unless it is there already.
    fn lower_level(&mut self, pe: Pe) {
        let now = self.state.tick;
        let timer = &mut self.state.pes[pe.index()].timer;
        if timer.fast_since.is_some() {
            timer.count.fast = timer.fast(now);
            timer.fast_since = None;
            self.hold_for_switch(pe);
        }
    }

    /// Holds the core of a PE while its operating point changes.
    fn hold_for_switch(&mut self, pe: Pe) {
        let ticks = clock::from_us(self.program.assume.dvfs_switch_us);
        let until = &mut self.state.pes[pe.index()].interrupts_until;
        *until = self.state.tick.max(*until) + ticks;
    }

    /// Frees the entries that the core of a PE took, and accepts packets that wait for room.
    pub(super) fn free_entries(&mut self, pe: Pe) -> Progress {
        let state = &mut self.state.pes[pe.index()];
        for _ in 0..std::mem::take(&mut state.timer.taken).min(state.fifo.fill) {
            state.fifo.advance();
            state.timer.sent_in.pop_front();
        }
        self.let_in(pe.qpe_id())
    }

    /// Begins to send a PE's list of events; returns the cycles that this takes the core.
    pub(super) fn send_events(&mut self, pe: Pe, slot: &Slot, send: &EventList) -> u64 {
        let program = Arc::clone(&self.program);
        let words = program.timer.as_ref().map_or(1, |timer| timer.entry_words);
        let sram = &self.state.pes[pe.index()].sram;
        let room = super::sram::SRAM_BYTES.saturating_sub(send.list + 4) / (4 * words);
        let count = sram.word(send.list).min(room);
        let costs = &program.costs;
        let Some(route) = send.route else { return costs.send_events(words > 1, 0) };
        let entries: Vec<[u32; 2]> = (0..count)
            .map(|entry| {
                let at = send.list + 4 + 4 * words * entry;
                [sram.word(at), if words > 1 { sram.word(at + 4) } else { 0 }]
            })
            .collect();
        let step = self.state.pes[pe.index()].timer.step;
        let kind = PacketKind::Event { population: Some(slot.population), route, step, message: None };
        let (mut at, each) = (
            self.state.tick + self.ticks_on(pe.index(), costs.send_events_lead(words > 1)),
            costs.send_event(words > 1),
        );
        for [key, payload] in entries {
            self.send_event(pe.qpe_id(), pe.index() as u16, (key, payload), kind, at);
            at += self.ticks_on(pe.index(), each);
        }
        let mut cycles = costs.send_events(words > 1, count);
        if let Some(message) = send.done {
            cycles += costs.notice;
            let kind =
                PacketKind::Event { population: Some(slot.population), route, step, message: Some(message) };
            let end = self.state.tick + self.ticks_on(pe.index(), cycles);
            self.send_event(pe.qpe_id(), pe.index() as u16, (message.address, 0), kind, end);
        }
        cycles
    }

    /// Hands an event packet to the NoC at tick `at`, for the event router.
    fn send_event(&mut self, from: QpeId, source: u16, event: (u32, u32), kind: PacketKind, at: Tick) {
        let (key, word) = event;
        let mut payload = [0; PACKET_WORDS];
        payload[0] = word;
        let packet =
            Packet { payload, from: 0, address: key, qpe: QpeId::ROUTER, mask: 0, host: false, source, kind };
        self.state.timer.events_left += 1;
        self.send_at(from, packet, at);
    }

    /// Sends the host's events of a time step: one for each input value that is not 0.
    fn send_inputs(&mut self, timer: &Timer, step: u32, place: usize) {
        let row = self.row(place, 0);
        let mut values = vec![0.0; self.program.dram.width()];
        self.program.dram.read(row, &mut values);
        let from = self.program.assume.host_qpe();
        let at = self.state.tick + timer.input_delay;
        for input in &timer.inputs {
            let first = input.first as usize;
            let of = values.get(first..first + input.units as usize).unwrap_or_default();
            let kind = |message| PacketKind::Event { population: None, route: input.route, step, message };
            for (key, value) in (input.key..).zip(of).filter(|(_, value)| **value != 0.0) {
                self.send_event(from, CHIP, (key, *value as u32), kind(None), at);
            }
            if let Some(message) = input.done {
                self.send_event(from, CHIP, (message.address, 0), kind(Some(message)), at);
            }
        }
    }

    /// Ends a PE's tick: the host takes its values, and the oldest time step ends if complete.
    pub(super) fn end_tick(&mut self, pe: Pe, loaded: &PeProgram) -> Progress {
        let now = self.state.tick;
        let step = self.state.pes[pe.index()].timer.step;
        for slot in &loaded.slots {
            let Some(start) = self.host_place(step, usize::from(slot.population), 0) else { continue };
            let Some(population) = self.program.population(slot.population) else { continue };
            for (at, &unit) in (slot.values..).step_by(4).zip(&slot.units) {
                let word = start + population.unit_word.get(unit as usize).map_or(0, |&word| word as usize);
                if let Some(value) = self.state.host.y.get_mut(word) {
                    *value = self.state.pes[pe.index()].sram.word(at);
                }
            }
        }
        let took = now - self.state.timer.began[step as usize % STEPS];
        let count = &mut self.state.pes[pe.index()].timer.count;
        count.last = took;
        if took > count.longest {
            (count.longest, count.longest_step) = (took, step);
        }
        let count = &mut self.state.timer.count;
        if took > count.longest {
            (count.longest, count.longest_step, count.longest_pe) = (took, step, Some(pe));
        }
        self.lower_level(pe);
        self.tick_done(step);
        self.ended_tick()
    }

    /// Decrements the number of PEs that have time step `step` still to end.
    fn tick_done(&mut self, step: u32) {
        let left = &mut self.state.outputs_left[step as usize % STEPS];
        *left = left.saturating_sub(1);
    }

    /// Removes a lost event packet from those in flight; queues a check whether a time step ends.
    pub(super) fn event_lost(&mut self) {
        let left = &mut self.state.timer.events_left;
        *left = left.saturating_sub(1);
        self.state.queue.push(self.state.tick, CHIP, EventKind::StepEnd);
    }

    /// Removes an arrived event packet from those in flight; ends the oldest time step if complete.
    pub(super) fn event_gone(&mut self) -> Progress {
        let left = &mut self.state.timer.events_left;
        *left = left.saturating_sub(1);
        self.ended_tick()
    }

    /// Ends the oldest time step if every PE has ended it and all event packets have arrived.
    pub(super) fn ended_tick(&mut self) -> Progress {
        if !self.oldest_ended() {
            return Progress::default();
        }
        let step = self.state.host.completed as usize % STEPS;
        self.state.outputs_left[step] = self.program.outputs();
        self.end_step();
        if self.oldest_ended() {
            self.state.queue.push(self.state.tick, CHIP, EventKind::StepEnd);
        }
        Progress { step: true, ..Progress::default() }
    }

    fn oldest_ended(&self) -> bool {
        let host = &self.state.host;
        let step = host.completed as usize % STEPS;
        host.announced != host.completed
            && self.state.outputs_left[step] == 0
            && self.state.timer.events_left == 0
    }
}
