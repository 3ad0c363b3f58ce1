//! Work of the cores: beginning and ending the operations of their programs.

use std::sync::Arc;

use super::arrivals::{Need, Notice, Relay};
use super::broadcast::options::Broadcast;
use super::dma;
use super::exec::{Machine, Progress};
use super::legend::{PhaseId, PopulationId};
use super::program::{Action, Ends, Operation, PeProgram, Program, Slot};
use super::queue::{Arrival, EventKind};
use super::record::prices;
use super::routine::{Begun, Ended, Price};
use super::state::{Awaited, Packet, PacketKind, PeState, STEPS, Status};
use crate::chip::clock::{TIMER_COUNT, Tick};
use crate::chip::geometry::Pe;
use crate::chip::mac::MacRun;

/// Returns whether `counter` has reached `value` or passed it (counters wrap).
fn reached(counter: u32, value: u32) -> bool {
    (counter.wrapping_sub(value) as i32) >= 0
}

/// Returns a PE's program with operation number `operation` and its slot; `None` if there is none.
fn current(program: &Program, pe: Pe, operation: u32) -> Option<(&PeProgram, &Operation, &Slot)> {
    let loaded = program.pe(pe)?;
    let (operation, slot) = loaded.operation(operation)?;
    Some((loaded, operation, slot))
}

impl Machine {
    /// Begins the current operation of the PE's program.
    pub(super) fn begin(&mut self, pe: Pe) {
        let program = Arc::clone(&self.program);
        self.count_booked(pe.index(), self.state.tick + 1);
        let state = &mut self.state.pes[pe.index()];
        let Some((_, operation, slot)) = current(&program, pe, state.operation) else { return };
        state.began = self.state.tick;
        state.banks.rest();
        let steps = state.sram.word(slot.turn);
        self.note_begin(pe, operation, slot, steps);
        self.trace_operation(pe, operation);
        self.shared.constants_hold = self.constants_hold();
        if matches!(operation.action, Action::Call(_)) {
            let writes = &mut self.state.pes[pe.index()].writes;
            writes.now = std::mem::take(&mut writes.next);
            self.shared.writes.clone_from(&writes.now);
        }
        let (state, shared) = (&mut self.state.pes[pe.index()], &mut self.shared);
        let priced = prices(&program, self.recorder.as_deref());
        let begun = match &operation.action {
            Action::Wait(needs) => match self.missing(pe, operation.slot, slot, needs) {
                // No listing prices the wait whole.
                None => Begun {
                    price: Price { cycles: program.costs.wait_check, ..Price::default() },
                    ..Begun::default()
                },
                missing => {
                    let state = &mut self.state.pes[pe.index()];
                    state.status = Status::Waiting;
                    state.awaited = missing;
                    self.expect_wake(pe.index());
                    self.note_wait(pe);
                    return self.drain(pe, false);
                }
            },
            Action::Read { .. } | Action::Fetch { .. } => return self.start_dma(pe),
            Action::Call(routine) => match routine.begin_beside(&mut state.sram, steps, priced, shared) {
                Ok(begun) => {
                    self.trace_call(pe, routine.as_ref(), &begun);
                    begun
                }
                Err(fault) => return self.fault(pe, operation, slot, fault),
            },
            Action::Send => self.begin_broadcast(pe, operation.slot, slot),
            Action::Tick => return self.await_tick(pe),
            Action::TakeEntries { .. } => priced.of(|costs| costs.take_entries).into(),
            Action::FreeEntries => priced.of(|costs| costs.free_entries).into(),
            Action::SendEvents(list) => {
                let cycles = self.send_events(pe, slot, list);
                Price { cycles, ..Price::default() }.into()
            }
            Action::Log(phases) => {
                let price = priced.of(|costs| costs.timer_log * phases.len() as u64);
                price.into()
            }
        };
        let mut price = begun.price;
        if operation.notice.is_some() {
            price = price + prices(&program, self.recorder.as_deref()).of(|costs| costs.notice);
        }
        self.banks_begin(pe, begun.accesses.as_ref(), price.cycles);
        self.busy_for(pe, price.cycles);
        self.count_mac(pe, begun.mac);
        self.note_instructions(pe, price.kinds);
    }

    /// Keeps the core busy for `cycles` cycles, after which the operation ends.
    pub(super) fn busy_for(&mut self, pe: Pe, cycles: u64) {
        let ticks = self.ticks_on(pe.index(), cycles);
        let state = &mut self.state.pes[pe.index()];
        state.status = Status::Busy;
        state.awaited = None;
        // Handlers that are still running keep the core from it.
        state.ends = self.state.tick.max(state.interrupts_until) + ticks;
        state.count.busy += ticks;
        self.state.queue.push(state.ends, pe.index() as u16, EventKind::OperationEnd);
        self.count_busy(pe, ticks);
    }

    /// Counts a run of the MAC array, which is part of the operation that the PE is in.
    fn count_mac(&mut self, pe: Pe, run: MacRun) {
        if run.cycles == 0 {
            return;
        }
        let (ticks, operation) = (self.ticks(run.cycles), self.state.pes[pe.index()].operation);
        self.state.pes[pe.index()].count.mac.total += run;
        if let Some((_, operation, slot)) = current(&self.program, pe, operation) {
            self.state.busy.mac[slot.population.index()][operation.phase.index()] += ticks;
        }
    }

    /// Books busy time on the phase that the PE is in.
    pub(super) fn count_busy(&mut self, pe: Pe, ticks: Tick) {
        let operation = self.state.pes[pe.index()].operation;
        if let Some((_, operation, slot)) = current(&self.program, pe, operation) {
            let (population, phase) = (slot.population.index(), operation.phase.index());
            self.state.busy.phases[population][phase] += ticks;
            let timer = &mut self.state.pes[pe.index()].timer;
            if timer.fast_since.is_some() {
                timer.count.fast.busy += ticks;
                self.state.busy.fast[population][phase] += ticks;
            }
            self.note(|recorder| recorder.busy(pe.index(), ticks));
        }
    }

    /// Returns the first counter that is still short of what a PE needs, with the value that
    /// it must reach.
    fn missing(&self, pe: Pe, number: u8, slot: &Slot, needs: &[Need]) -> Option<Awaited> {
        let sram = &self.state.pes[pe.index()].sram;
        let steps = sram.word(slot.turn);
        needs.iter().find_map(|need| {
            let counter = slot.counter(need.counter)?;
            let (set, value) = need.at(steps, counter)?;
            let awaited = Awaited { slot: number, counter: need.counter, set, value };
            (!reached(sram.word(counter.address(set)), value)).then_some(awaited)
        })
    }

    /// Counts an arrival in SRAM at the end of its handler and, if it was the last one missing,
    /// wakes the core.
    pub(super) fn arrived(&mut self, pe: Pe, arrival: Arrival) {
        let loaded = self.program.pe(pe);
        let Some(slot) = loaded.and_then(|p| p.slots.get(usize::from(arrival.slot))) else { return };
        let address = slot.counter_word(arrival.counter, arrival.set);
        let state = &mut self.state.pes[pe.index()];
        let count = state.sram.word(address).wrapping_add(1);
        state.sram.set_word(address, count);
        let awaited = state.awaited;
        let relays = !slot.relays.is_empty();
        self.trace_count(pe, address);
        if relays {
            self.relays(pe, arrival, count);
        }
        if let Some(awaited) = awaited
            && (awaited.slot, awaited.counter, awaited.set) == (arrival.slot, arrival.counter, arrival.set)
            && reached(count, awaited.value)
        {
            self.woken(pe);
        }
    }

    /// Sends the messages that a slot's counter sets off at `count`.
    fn relays(&mut self, pe: Pe, arrival: Arrival, count: u32) {
        let program = Arc::clone(&self.program);
        let slot = program.pe(pe).and_then(|p| p.slots.get(usize::from(arrival.slot)));
        let due =
            |relay: &&Relay| relay.counter == arrival.counter && count.is_multiple_of(relay.every.max(1));
        for relay in slot.into_iter().flat_map(|slot| &slot.relays).filter(due) {
            self.relay(pe, relay);
            self.relayed = true;
        }
    }

    /// Wakes a PE whose input is there: it waits for the next one, or leaves its loop.
    pub(super) fn woken(&mut self, pe: Pe) {
        if self.state.pes[pe.index()].fifo.draining {
            return; // it looks again when it has taken the entry out
        }
        let Some((_, operation, slot)) = current(&self.program, pe, self.state.pes[pe.index()].operation)
        else {
            return;
        };
        let Action::Wait(needs) = &operation.action else { return };
        let missing = self.missing(pe, operation.slot, slot, needs);
        let before = std::mem::replace(&mut self.state.pes[pe.index()].awaited, missing);
        if before != missing {
            self.note_waited(pe, missing.is_some());
        }
        if missing.is_none() {
            let costs = &self.program.costs;
            let routed = self.program.delivery.broadcast == Broadcast::Router;
            let cycles = if routed { costs.fifo_leave } else { costs.interrupt_last + costs.wake };
            self.busy_for(pe, cycles);
        }
    }

    /// Sends the messages of a relay that a counter has set off, in the handler that counted.
    fn relay(&mut self, pe: Pe, relay: &Relay) {
        let ticks = self.ticks(self.program.costs.relay(relay.to.len() as u32));
        let state = &mut self.state.pes[pe.index()];
        let begin = state.hold_core(self.state.tick, ticks);
        self.state.busy.interrupts += ticks;
        self.note(|recorder| recorder.release(pe.index(), begin, begin + ticks));
        for &(qpe, mask) in &relay.to {
            self.send_message(pe, &Notice { message: relay.message, qpe, mask }, true);
        }
    }

    /// Sends a one-word packet that counts as an arrival.
    fn send_message(&mut self, from: Pe, &Notice { message, qpe, mask }: &Notice, relayed: bool) {
        let (source, address) = (from.index() as u16, message.address);
        let payload = [u32::from(source), 0, 0, 0];
        let kind = PacketKind::Message { message, relayed };
        self.send(from.qpe_id(), Packet { payload, from: 0, address, qpe, mask, host: false, source, kind });
    }

    fn start_dma(&mut self, pe: Pe) {
        let start = self.ticks(self.program.costs.dma_start);
        let requested = self.state.tick + start + self.ticks(self.program.costs.dma_setup);
        let Some(source) = dma::source(&self.program, pe, &self.state.pes[pe.index()]) else { return };
        let fetched = dma::fetch(&self.program, &mut self.state, pe, source, requested);
        self.note(|recorder| recorder.fetch(fetched));
        let state = &mut self.state.pes[pe.index()];
        state.status = Status::Dma;
        state.count.busy += start;
        self.count_busy(pe, start);
    }

    /// Writes a completed DMA read's data to SRAM and starts the interrupt that ends the operation.
    pub(super) fn dma_end(&mut self, pe: Pe) {
        let program = Arc::clone(&self.program);
        self.count_booked(pe.index(), self.state.tick + 1);
        let state = &mut self.state.pes[pe.index()];
        let Some((_, operation, slot)) = current(&program, pe, state.operation) else { return };
        let (to, words) = match &operation.action {
            Action::Read { to, .. } => {
                let Some((address, _)) = dma::source(&program, pe, state) else { return };
                let mut row = vec![0.0; program.dram.width()];
                program.read_dram(address, &mut row);
                let buffer = to.of(state.sram.word(slot.turn));
                state.sram.set_floats(buffer, &row);
                (buffer, row.len() as u32)
            }
            &Action::Fetch { from, words, to } => {
                state.sram.set_words(to, program.dram_words(from, words));
                (to, words)
            }
            _ => return,
        };
        state.count.interrupts += 1;
        let number = state.operation;
        self.trace_row(pe, number);
        self.banks_dma(pe, to, 4 * words);
        self.busy_for(pe, program.costs.dma_interrupt + program.costs.wake);
    }

    /// Ends an operation whose time is over: writes its results and begins the next one.
    pub(super) fn operation_end(&mut self, pe: Pe) -> Progress {
        let program = Arc::clone(&self.program);
        let now = self.state.tick;
        let constants_hold = self.constants_hold();
        self.count_booked(pe.index(), now + 1);
        let state = &mut self.state.pes[pe.index()];
        if now < state.ends {
            self.state.queue.push(state.ends, pe.index() as u16, EventKind::OperationEnd);
            return Progress::default();
        }
        let Some((loaded, operation, slot)) = current(&program, pe, state.operation) else {
            return Progress::default();
        };
        state.count.phases[operation.phase.index()] = now - state.began;
        // The core reads the 1 MHz timer before and after: the difference of two truncated counts.
        state.timer_counts[operation.phase.index()] = (now / TIMER_COUNT - state.began / TIMER_COUNT) as u32;
        let done = match &operation.action {
            Action::Call(routine) => {
                let step = state.sram.word(slot.turn);
                self.shared.constants_hold = constants_hold;
                self.shared.writes = std::mem::take(&mut state.writes.now);
                routine.end(&mut state.sram, step, &mut self.shared)
            }
            Action::Log(phases) => {
                log(state, loaded, slot, phases);
                Ok(Ended::default())
            }
            Action::TakeEntries { at, meant } => {
                let (at, meant) = (*at, *meant);
                self.take_entries(pe, at, meant);
                Ok(Ended::default())
            }
            Action::Wait(_)
            | Action::Read { .. }
            | Action::Fetch { .. }
            | Action::Send
            | Action::Tick
            | Action::FreeEntries
            | Action::SendEvents(_) => Ok(Ended::default()),
        };
        let state = &mut self.state.pes[pe.index()];
        let (number, began) = (state.operation, state.began);
        self.trace_timed(pe, operation.phase, began);
        match &operation.action {
            Action::Call(_) => self.trace_end(pe, number),
            Action::Log(_) => self.trace_log(pe, number),
            _ => {}
        }
        let (events, products) = match done {
            Ok(Ended { events, products, overflows, untrapped }) => {
                let count = &mut self.state.pes[pe.index()].count;
                count.mac.overflows += u64::from(overflows);
                count.untrapped += untrapped;
                (events, products)
            }
            Err(fault) => {
                self.fault(pe, operation, slot, fault);
                return Progress::default();
            }
        };
        if let Some(events) = events {
            let step = self.state.pes[pe.index()].sram.word(slot.turn);
            let (slot, step) = (usize::from(operation.slot), step as usize % STEPS);
            self.state.active[pe.index()][slot][step] = events;
            self.state.products[pe.index()][slot][step] = products;
        }
        let state = &mut self.state.pes[pe.index()];
        if let Some(ended) = state.ended.get_mut(state.operation as usize) {
            *ended = ended.wrapping_add(1);
        }
        if let Some(notice) = &operation.notice {
            self.send_message(pe, notice, false);
        }
        let mut progress = match &operation.action {
            Action::FreeEntries => self.free_entries(pe),
            Action::Log(_) if program.is_timed() => self.end_tick(pe, loaded),
            _ => Progress::default(),
        };
        let phase = self.phase_end(slot, operation, now);
        if program.is_timed() && matches!(operation.action, Action::Log(_)) {
            progress.population = phase.map(|(population, _)| population);
        }
        self.note(|recorder| recorder.end(pe.index(), now, events));
        let state = &mut self.state.pes[pe.index()];
        state.operation = (state.operation + 1) % loaded.operations.len() as u32;
        self.begin(pe);
        Progress { phase, ..progress }
    }

    /// Books a phase that a population has ended everywhere.
    pub(super) fn close_phase(&mut self, population: PopulationId, phase: PhaseId, now: Tick) {
        self.state.phases.close(population.index(), phase, now);
        self.trace_close(population, phase, now);
    }

    /// Counts a PE at the end of a phase; returns the phase if the PE is the last one, else `None`.
    ///
    /// The last PE also closes the phase. Broadcasts close when they are delivered instead.
    fn phase_end(
        &mut self,
        slot: &Slot,
        operation: &Operation,
        now: Tick,
    ) -> Option<(PopulationId, PhaseId)> {
        if operation.ends == Ends::Nothing {
            return None;
        }
        let (population, phase) = (slot.population, operation.phase);
        let ended = &mut self.state.phases.ended[self.program.lane(population, slot.sample)][phase.index()];
        *ended += 1;
        if (*ended as usize) < self.program.populations[population.index()].pes.len() {
            return None;
        }
        *ended = 0;
        if operation.ends == Ends::Phase {
            self.close_phase(population, phase, now);
        }
        Some((population, phase))
    }
}

/// Writes the timer counts of these phases in this step to the debug log's ring, and
/// counts the step.
pub(super) fn log(state: &mut PeState, loaded: &PeProgram, slot: &Slot, phases: &[PhaseId]) {
    let (start, bytes) = loaded.log;
    let places = (bytes / 4).max(1);
    for phase in phases {
        state.sram.set_word(start + 4 * (state.logged % places), state.timer_counts[phase.index()]);
        state.logged = state.logged.wrapping_add(1);
    }
    let steps = state.sram.word(slot.turn).wrapping_add(1);
    state.sram.set_word(slot.turn, steps);
}
