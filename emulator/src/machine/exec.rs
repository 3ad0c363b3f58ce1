//! The emulator's loop: takes the next event of the queue and carries it out.

use std::sync::Arc;

use super::banks::Accounts;
use super::lean::Lean;
use super::legend::{PhaseId, PopulationId};
use super::noc::Landing;
use super::program::{PACKET_WORDS, Program};
use super::queue::{CHIP, Event, EventKind};
use super::record::SpanRecorder;
use super::routine::Shared;
use super::state::{Packet, PacketKind, State};
use super::timetable::{Timetables, Trace};
use crate::chip::clock::{self, Tick};
use crate::chip::geometry::Pe;

/// A chip, loaded and running.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(super) program: Arc<Program>,
    pub(super) state: State,
    pub(super) accounts: Arc<Accounts>,
    /// Only observes; see [`super::record`].
    pub(super) recorder: Option<Box<SpanRecorder>>,
    pub(super) watched: Vec<Pe>,
    /// Packets that have just left the mesh; empty between calls.
    pub(super) landed: Vec<(Tick, Landing)>,
    /// Memory that routines share.
    pub(super) shared: Shared,
    /// Steps seen before; see [`super::timetable`].
    pub(super) timetables: Timetables,
    /// Stretch under way, while what it does is noted.
    pub(super) tracing: Option<Box<Trace>>,
    /// The last event let a counter set off messages, and nothing has happened since.
    pub(super) relayed: bool,
    /// Handlers that need no event; see [`super::lean`].
    pub(super) lean: Lean,
}

/// Phase, population and time step that one event completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Phase that the last PE of a population ended, or whose broadcast is delivered.
    pub phase: Option<(PopulationId, PhaseId)>,
    /// Population whose broadcast of one sample is delivered everywhere.
    pub population: Option<PopulationId>,
    /// Whether the last population's broadcast of every sample is delivered: the step is complete.
    pub step: bool,
}

impl Progress {
    /// Joins the progress of two events of one tick, at most one of which completes a population.
    pub(super) fn or(self, other: Self) -> Self {
        if self.population.is_some() { self } else { other }
    }
}

impl Machine {
    /// Loads the chip and starts all PEs at tick 0 (on the chip: the
    /// feed-through interrupt FT_INT_0).
    pub fn new(program: Arc<Program>) -> Self {
        let state = State::load(&program);
        let accounts = Arc::new(Accounts::new(&program));
        let mut machine = Self {
            timetables: Timetables::new(&program),
            lean: Lean::new(&program),
            program,
            state,
            accounts,
            watched: Vec::new(),
            recorder: None,
            landed: Vec::new(),
            shared: Shared::default(),
            tracing: None,
            relayed: false,
        };
        for pe in machine.program.places() {
            if machine.program.pe(pe).is_some() {
                machine.begin(pe);
            }
        }
        machine
    }

    /// Returns the program that the machine is loaded with.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Returns the mutable state of the chip, to look at.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns a hash of everything that decides what happens next.
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

    /// Announces the next time step: the first population reads these rows from DRAM, one for each
    /// sample of the batch. The host port sends a packet for each, after
    /// `assume.host_turnaround_us`. Nothing happens and the answer is `false` unless
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

    /// Returns `true` if another time step can be announced: the program allows more in flight.
    pub fn takes_step(&self) -> bool {
        self.state.host.in_flight.len() < self.program.steps_in_flight as usize
    }

    /// Runs these time steps (rows of all samples, one list after the other), until `until` of them
    /// are complete or nothing is left to happen.
    ///
    /// Returns `false` if nothing is left to happen before they are complete.
    pub fn run(&mut self, steps: &[Vec<u32>], until: usize) -> bool {
        let (mut given, mut complete) = (0, 0);
        while complete < until.min(steps.len()) {
            while let Some(rows) = steps.get(given)
                && self.announce(rows)
            {
                given += 1;
            }
            let added = self.add_stretch().map(|added| added.progress);
            match added.or_else(|| Some(self.advance_many(usize::MAX)?.0)) {
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

    /// Handles at most `most` events, none after one behind which a stretch may be known
    /// ([`Self::is_between_stretches`]). Returns that event, and what was brought to its end last.
    /// `None` when nothing is left to happen, or after a fault.
    pub fn advance_many(&mut self, most: usize) -> Option<(Progress, Event)> {
        if most > 1 && self.may_run_lean() {
            let limit = self.state.events.saturating_add(most as u64 - 1);
            let last = self.run_lean(limit)?;
            // The step of a packet that is lost ends as it is sent: it has not crossed a link.
            if last.1.kind != EventKind::Inject || last.0.step {
                return Some(last);
            }
            let (progress, event) = self.advance_event()?;
            return Some((Progress { phase: progress.phase.or(last.0.phase), ..progress }, event));
        }
        let (mut last, mut phase) = (None, None);
        for _ in 0..most {
            let Some((progress, event)) = self.advance_event() else { break };
            phase = progress.phase.or(phase);
            last = Some((Progress { phase, ..progress }, event));
            if self.is_between_stretches() {
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
        self.relayed = false;
        let progress = self.handle(&event);
        self.state.between_steps = progress.step;
        if self.tracing.is_some() {
            self.event_traced(progress, event);
        }
        Some((progress, event))
    }

    #[inline]
    pub(super) fn handle(&mut self, event: &Event) -> Progress {
        if let EventKind::Deliver(number) = event.kind {
            return self.deliver(number);
        }
        let Some(pe) = Pe::from_index(usize::from(event.source)) else {
            return if event.kind == EventKind::StepEnd { self.ended_tick() } else { self.start_step() };
        };
        match event.kind {
            EventKind::Deliver(_) | EventKind::StepStart => self.start_step(),
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
            EventKind::StepEnd => self.ended_tick(),
        }
    }

    /// Begins the next time step: the host port sends every PE of the first population the row to
    /// read, for each sample.
    ///
    /// In timed programs the timers fire instead.
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
        let from = program.assume.host_qpe();
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

    /// Returns the payload that announces a sample's row of time step `step`, which is number
    /// `place` of those in flight.
    pub(super) fn announcement(&self, step: u32, place: usize, sample: u8) -> [u32; PACKET_WORDS] {
        let row = |back: u32| {
            place.checked_sub(back as usize).map_or(0, |place| self.row(place, usize::from(sample)))
        };
        self.program.announcement(step, row)
    }

    /// Returns the row of a sample in time step number `place` of those in flight; 0 if absent.
    pub(super) fn row(&self, place: usize, sample: usize) -> u32 {
        self.state.host.in_flight.get(place).and_then(|rows| rows.get(sample)).copied().unwrap_or(0)
    }

    pub(super) fn end_step(&mut self) {
        self.note_step();
        self.state.end_step();
    }

    pub(super) fn ticks(&self, cycles: u64) -> Tick {
        cycles * self.program.operating_point.ticks_per_cycle()
    }
}
