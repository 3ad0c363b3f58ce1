//! The emulator's loop: takes the next event of the queue and carries it out.

use std::sync::Arc;

use super::arrivals::{CounterId, Guard};
use super::banks::Accounts;
use super::broadcast::options::{Broadcast, Payload};
use super::broadcast::{ROUTER, route_number};
use super::legend::PhaseId;
use super::noc::Landing;
use super::probe::Race;
use super::program::{PACKET_WORDS, Program};
use super::queue::{Arrival, CHIP, Event, EventKind};
use super::record::Recorder;
use super::routine::Shared;
use super::state::{Packet, PacketKind, STEPS, State};
use super::timetable::{Timetables, Trace};
use crate::chip::clock::{self, Tick};
use crate::chip::geometry::{PES_PER_QPE, Pe, Qpe};

/// A chip, loaded and running.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(super) program: Arc<Program>,
    pub(super) state: State,
    pub(super) accounts: Arc<Accounts>,
    /// Only observes; see [`super::record`].
    pub(super) recorder: Option<Box<Recorder>>,
    pub(super) watched: Vec<Pe>,
    /// What has just left the mesh; empty between calls.
    pub(super) landed: Vec<(Tick, Landing)>,
    /// What routines share.
    pub(super) shared: Shared,
    /// Steps seen before; see [`super::timetable`].
    pub(super) timetables: Timetables,
    /// The step under way, as it is seen for the first time.
    pub(super) tracing: Option<Box<Trace>>,
}

/// What one event brought to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The last PE of a layer ended a phase, or the layer's broadcast is delivered: layer and phase.
    pub phase: Option<(u8, PhaseId)>,
    /// A layer's broadcast (of one sample) is delivered everywhere.
    pub layer: Option<u8>,
    /// The last layer's is, of every sample: the time step is complete.
    pub step: bool,
}

impl Progress {
    /// What two things that happened at once brought to their end: one of them at most ends a layer.
    pub(super) fn or(self, other: Self) -> Self {
        if self.layer.is_some() { self } else { other }
    }
}

impl Machine {
    /// Loads the chip and starts all PEs at tick 0 (on the chip: the feed-through interrupt FT_INT_0).
    pub fn new(program: Arc<Program>) -> Self {
        let state = State::load(&program);
        let accounts = Arc::new(Accounts::new(&program));
        let mut machine = Self {
            timetables: Timetables::new(&program),
            program,
            state,
            accounts,
            watched: Vec::new(),
            recorder: None,
            landed: Vec::new(),
            shared: Shared::default(),
            tracing: None,
        };
        for pe in Pe::all() {
            if machine.program.pe(pe).is_some() {
                machine.begin(pe);
            }
        }
        machine
    }

    /// What it is loaded with.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// All that changes, to look at.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// A hash of all that decides what happens next.
    pub fn state_hash(&mut self) -> u128 {
        self.state.hash()
    }

    /// Flips one bit of a PE's SRAM.
    pub fn flip_bit(&mut self, pe: Pe, address: u32, bit: u8) {
        self.disturb(pe, address);
        self.state.pes[pe.index()].sram.flip_bit(address, bit);
    }

    /// Loses the packet with this number (counted from 0 since the start) on its way.
    pub fn lose_packet(&mut self, number: u64) {
        self.tracing = None;
        let at = self.state.lost.partition_point(|&n| n < number);
        self.state.lost.insert(at, number);
    }

    /// Announces the next time step: layer 0 is to read these rows from DRAM, one for each sample of the batch. The host
    /// port sends a packet for each, after `assume.host_turnaround_us`. Nothing happens and the answer is `false` unless
    /// [`Self::takes_step`] and there is a row for each sample.
    pub fn announce(&mut self, rows: &[u32]) -> bool {
        if !self.takes_step() || rows.len() != self.program.batch as usize {
            return false;
        }
        self.state.host.in_flight.push_back(rows.to_vec());
        let turnaround = clock::from_us(self.program.assume.host_turnaround_us);
        let at = match &self.program.timer {
            Some(timer) => self.tick_time(timer.period),
            None => self.state.tick + turnaround,
        };
        self.state.queue.push(at, CHIP, EventKind::StepStart);
        let now = self.state.tick;
        self.note(|recorder| recorder.asked(now));
        true
    }

    /// Another time step can be announced: fewer are in flight than the program allows.
    pub fn takes_step(&self) -> bool {
        self.state.host.in_flight.len() < self.program.steps_in_flight as usize
    }

    /// Runs these time steps (rows of all samples, one list after the other), until `until` of them are complete or
    /// nothing is left to happen. Says whether they are complete.
    pub fn run(&mut self, steps: &[Vec<u32>], until: usize) -> bool {
        let (mut given, mut complete) = (0, 0);
        while complete < until.min(steps.len()) {
            while let Some(rows) = steps.get(given)
                && self.announce(rows)
            {
                given += 1;
            }
            let added = self.add_step().map(|added| added.progress);
            match added.or_else(|| self.advance()) {
                Some(progress) => complete += usize::from(progress.step),
                None => return false,
            }
        }
        true
    }

    /// Handles the next event. `None` when nothing is left to happen, or after a fault.
    pub fn advance(&mut self) -> Option<Progress> {
        self.advance_event().map(|(progress, _)| progress)
    }

    /// Handles at most `most` events, none after one that completes a time step. Returns
    /// that event, and what was brought to its end last. `None` when nothing is left to happen, or
    /// after a fault.
    pub fn advance_many(&mut self, most: usize) -> Option<(Progress, Event)> {
        let (mut last, mut phase) = (None, None);
        for _ in 0..most {
            let Some((progress, event)) = self.advance_event() else { break };
            phase = progress.phase.or(phase);
            last = Some((Progress { phase, ..progress }, event));
            if progress.step {
                break;
            }
        }
        last
    }

    #[inline]
    fn advance_event(&mut self) -> Option<(Progress, Event)> {
        if self.state.fault.is_some() {
            return None;
        }
        self.settle();
        let event = self.state.queue.pop()?;
        self.state.noc.rest_until(event.tick);
        self.state.tick = event.tick;
        self.state.events += 1;
        let progress = self.handle(&event);
        self.state.between_steps = progress.step;
        if progress.step && self.tracing.is_some() {
            self.step_traced(progress, event);
        }
        Some((progress, event))
    }

    fn handle(&mut self, event: &Event) -> Progress {
        let Some(pe) = Pe::from_index(usize::from(event.source)) else {
            return match event.kind {
                EventKind::Deliver(number) => self.deliver(number),
                EventKind::StepEnd => self.ended_tick(),
                _ => self.start_step(),
            };
        };
        match event.kind {
            EventKind::Deliver(number) => self.deliver(number),
            // A core that has halted does nothing more; what is written to its memory arrives.
            _ if self.state.faults.is_dead(pe) => Progress::default(),
            EventKind::Interrupt => {
                self.interrupt_end(pe);
                Progress::default()
            }
            EventKind::DmaEnd => {
                self.dma_end(pe);
                Progress::default()
            }
            EventKind::OperationEnd => self.operation_end(pe),
            EventKind::Inject => self.inject(pe),
            EventKind::Drain => self.drain_end(pe),
            EventKind::StepStart => self.start_step(),
            EventKind::StepEnd => self.ended_tick(),
        }
    }

    /// The host port tells every PE of layer 0 which row to read, for each sample.
    fn start_step(&mut self) -> Progress {
        let program = Arc::clone(&self.program);
        let host = &mut self.state.host;
        let step = host.announced;
        let place = step.wrapping_sub(host.completed) as usize;
        if host.in_flight.get(place).is_none() {
            return Progress::default();
        }
        host.announced = step.wrapping_add(1);
        let now = self.state.tick;
        self.note(|recorder| recorder.announced(step, now));
        if program.is_timed() {
            return self.tick(step, place);
        }
        let (x, y) = program.assume.host_port;
        let from = Qpe::at(x, y).map_or(0, Qpe::index);
        for announcement in &program.announcements {
            let message = announcement.message;
            let payload = self.announcement(step, place, message.sample);
            for &(qpe, mask) in &announcement.to {
                let (address, kind) = (message.address, PacketKind::Announce { message, step });
                self.send(
                    from,
                    Packet { payload, from: 0, address, qpe, mask, host: false, source: CHIP, kind },
                );
            }
        }
        Progress::default()
    }

    /// Bytes that announce a sample's row of time step `step`, which is number `place` of
    /// those in flight.
    pub(super) fn announcement(&self, step: u32, place: usize, sample: u8) -> [u32; PACKET_WORDS] {
        let row = |back: u32| {
            place.checked_sub(back as usize).map_or(0, |place| self.row(place, usize::from(sample)))
        };
        self.program.announcement(step, row)
    }

    /// Row of a sample in a time step in flight.
    pub(super) fn row(&self, place: usize, sample: usize) -> u32 {
        self.state.host.in_flight.get(place).and_then(|rows| rows.get(sample)).copied().unwrap_or(0)
    }

    /// A packet reaches the event router, its QPE, or the host.
    fn deliver(&mut self, number: u32) -> Progress {
        let Some(&packet) = self.state.packets.get(number) else { return Progress::default() };
        if packet.qpe == ROUTER && !packet.host {
            self.state.packets.take(number);
            self.state.traffic.in_flight -= 1;
            self.note_copying(number);
            let progress = self.route(&packet);
            self.note_copied();
            let event = matches!(packet.kind, PacketKind::Event { .. });
            return if event { progress.or(self.event_gone()) } else { progress };
        }
        let event = matches!(packet.kind, PacketKind::Event { .. });
        if event || self.program.delivery.broadcast == Broadcast::Router {
            return self.at_port(number, &packet);
        }
        self.accept(number)
    }

    /// A packet is taken off the mesh: its bytes are written, watched writes raise interrupts.
    pub(super) fn accept(&mut self, number: u32) -> Progress {
        let packet = self.state.packets.take(number);
        self.state.traffic.in_flight -= 1;
        self.note_accepted(number);
        if packet.host {
            if let Some(word) = self.host_word(&packet) {
                self.trace_host(number, word);
            }
            self.pass_to_host(&packet);
        } else {
            let routed = match packet.kind {
                PacketKind::Values { .. } => self.program.delivery.broadcast == Broadcast::Router,
                PacketKind::Event { message, .. } => message.is_none(),
                PacketKind::Announce { .. } | PacketKind::Message { .. } => false,
            };
            for p in 0..PES_PER_QPE {
                if packet.mask >> p & 1 == 1 {
                    let index = usize::from(packet.qpe) * PES_PER_QPE + p;
                    if routed {
                        self.enqueue(index, &packet);
                    } else {
                        self.trace_put(number, index, packet.address);
                        self.write_to(index, &packet);
                    }
                }
            }
        }
        match packet.kind {
            PacketKind::Event { .. } => self.event_gone(),
            kind => self.values_gone(kind),
        }
    }

    /// Writes a packet into one PE.
    fn write_to(&mut self, index: usize, packet: &Packet) {
        self.banks_packet(index, packet.address);
        let state = &mut self.state.pes[index];
        state.count.received += 1;
        state.sram.set_packet(packet.address, packet.payload);
        self.state.matrix.delivered(packet.source, index);
        let Some(inbox) = self.program.inboxes.get(index) else { return };
        let arrival = match packet.kind {
            PacketKind::Values { population, sample, step, groups, last } => {
                let lane = self.program.lane(population, sample);
                let Some(&receiver) = inbox.receiver(lane, groups) else { return };
                let ended = &self.state.pes[index].ended;
                let ended = ended.get(receiver.guard.operation as usize).copied().unwrap_or(0);
                if !receiver.guard.allows(step, ended) {
                    self.note_race(index, receiver.slot, packet, step, receiver.guard);
                }
                last.then(|| self.arrival(index, receiver.slot, receiver.counter, step)).flatten()
            }
            PacketKind::Announce { message, step } => {
                let slot = inbox.slot(self.program.lane(message.population, message.sample));
                slot.and_then(|slot| self.arrival(index, slot, message.counter, step))
            }
            PacketKind::Message { message, .. } | PacketKind::Event { message: Some(message), .. } => {
                let slot = inbox.slot(self.program.lane(message.population, message.sample));
                slot.map(|slot| Arrival { slot, counter: message.counter, set: 0 })
            }
            PacketKind::Event { message: None, .. } => None,
        };
        if let (Some(pe), Some(arrival)) = (Pe::from_index(index), arrival) {
            self.interrupt(pe, arrival);
        }
    }

    /// Returns the arrival that a slot's counter counts for time step `step`.
    fn arrival(&self, index: usize, slot: u8, counter: CounterId, step: u32) -> Option<Arrival> {
        let loaded = self.program.pes.get(index)?.as_ref()?;
        let set = loaded.slots.get(usize::from(slot))?.counter(counter)?.set(step);
        Some(Arrival { slot, counter, set })
    }

    fn note_race(&mut self, index: usize, slot: u8, packet: &Packet, step: u32, guard: Guard) {
        let Some(receiver) = Pe::from_index(index) else { return };
        let loaded = self.program.pe(receiver).and_then(|p| p.slots.get(usize::from(slot)));
        let layer = loaded.and_then(|slot| self.program.layers.get(usize::from(slot.layer)));
        let population = layer.map_or("?", |layer| layer.name.as_str());
        let tick = self.state.tick;
        self.state.races.note(|| Race {
            tick,
            receiver,
            address: packet.address,
            sender: Pe::from_index(usize::from(packet.source)),
            operand: guard.reads,
            population: population.to_owned(),
            step,
        });
    }

    /// A watched write: the handler runs now or after those already waiting, and holds up what the core is doing.
    fn interrupt(&mut self, pe: Pe, arrival: Arrival) {
        if self.state.faults.is_dead(pe) {
            return;
        }
        let ticks = self.ticks(self.program.costs.interrupt);
        let state = &mut self.state.pes[pe.index()];
        let begin = state.hold_core(self.state.tick, ticks);
        state.count.interrupts += 1;
        self.state.busy.interrupts += ticks;
        if state.interrupts.is_empty() {
            self.state.queue.push(state.interrupts_until, pe.index() as u16, EventKind::Interrupt);
        }
        state.interrupts.push_back((state.interrupts_until, arrival));
        self.note(|recorder| recorder.handler(pe.index(), begin, begin + ticks));
    }

    /// A handler ends; the next one that waits is the PE's next interrupt event.
    fn interrupt_end(&mut self, pe: Pe) {
        let state = &mut self.state.pes[pe.index()];
        let Some((_, arrival)) = state.interrupts.pop_front() else { return };
        if let Some(&(ends, _)) = state.interrupts.front() {
            self.state.queue.push(ends, pe.index() as u16, EventKind::Interrupt);
        }
        self.note(|recorder| recorder.handled(pe.index()));
        self.arrived(pe, arrival);
    }

    /// A packet is lost, and with one on its way to the router all its copies.
    pub(super) fn packet_lost(&mut self, packet: &Packet) -> Progress {
        if let PacketKind::Event { .. } = packet.kind {
            self.event_lost();
            return Progress::default();
        }
        let copies = match packet.kind {
            PacketKind::Values { population, groups, .. } if packet.qpe == ROUTER && !packet.host => {
                self.program.delivery.routes.get(route_number(population, groups)).map_or(0, Vec::len)
            }
            _ => 1,
        };
        (0..copies).fold(Progress::default(), |progress, _| progress.or(self.values_gone(packet.kind)))
    }

    /// Values of a broadcast are delivered (or lost): ends the layer, or the step, with the last of them. Of events only
    /// the last packet of a block counts, since how many there are depends on the data; packets keep their order.
    fn values_gone(&mut self, kind: PacketKind) -> Progress {
        let PacketKind::Values { population: layer, sample, step, last, .. } = kind else {
            return Progress::default();
        };
        if !last && self.program.delivery.payload == Payload::Events {
            return Progress::default();
        }
        let (lane, at) = (self.program.lane(layer, sample), step as usize % STEPS);
        let left = &mut self.state.deliveries_left[lane][at];
        *left = left.saturating_sub(1);
        if *left > 0 {
            return Progress::default();
        }
        *left = self.program.deliveries(layer);
        let Some(population) = self.program.layers.get(usize::from(layer)) else {
            return Progress::default();
        };
        let (sends, output) = (population.sends, population.host.is_some());
        self.state.phases.close(usize::from(layer), sends, self.state.tick);
        let mut complete = false;
        if output {
            let outputs = &mut self.state.outputs_left[at];
            *outputs = outputs.saturating_sub(1);
            complete = *outputs == 0;
        }
        if complete {
            self.state.outputs_left[at] = self.program.outputs();
            self.end_step();
        }
        Progress { phase: Some((layer, sends)), layer: Some(layer), step: complete }
    }

    pub(super) fn end_step(&mut self) {
        self.note_step();
        let state = &mut self.state;
        state.phases.end_step();
        state.noc.end_step();
        state.traffic.end_step();
        state.matrix.end_step();
        for pe in &mut state.pes {
            pe.count.busy_last_step = pe.count.busy - pe.count.busy_before;
            pe.count.busy_before = pe.count.busy;
        }
        state.host.rows = state.host.in_flight.pop_front().unwrap_or_default();
        state.host.completed = state.host.completed.wrapping_add(1);
        state.host.last_step_ticks = state.tick - state.host.completed_at;
        state.host.completed_at = state.tick;
    }

    pub(super) fn ticks(&self, cycles: u64) -> Tick {
        cycles * self.program.operating_point.ticks_per_cycle()
    }
}
