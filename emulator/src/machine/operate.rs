//! What a core does: beginning and ending the operations of its program.

use std::sync::Arc;

use super::broadcast::options::Broadcast;
use super::broadcast::pack;
use super::dma;
use super::exec::{Machine, Progress};
use super::program::{MAX_IN_FLIGHT, Operation, PACKET_WORDS, PeProgram, Phase, Program, Slot};
use super::queue::{Arrival, Counter, EventKind};
use super::record::Begun;
use super::state::{Awaited, Freight, Packet, PeState, STEPS, Status};
use crate::chip::clock::{TIMER_COUNT, Tick};
use crate::chip::geometry::Pe;
use crate::kernel::matrix::{Kernel, Operands, Work};
use crate::kernel::{KernelFault, pointwise};

/// `counter` has come to `value` or beyond (counters wrap).
fn reached(counter: u32, value: u32) -> bool {
    (counter.wrapping_sub(value) as i32) >= 0
}

/// The operation a PE is in, its slot, and its program.
fn current(program: &Program, pe: Pe, operation: u32) -> Option<(&PeProgram, Operation, &Slot)> {
    let loaded = program.pe(pe)?;
    let operation = *loaded.operations.get(operation as usize)?;
    Some((loaded, operation, loaded.slots.get(usize::from(operation.slot))?))
}

/// The buffer that a phase's values arrive in.
fn arrivals(slot: &Slot, phase: Phase, step: u32) -> u32 {
    if phase == Phase::Input { slot.buffers.of(step) } else { slot.buffers.before(step) }
}

/// The matrix kernel of a phase, and its operands in this time step.
fn matrix(slot: &Slot, phase: Phase, step: u32) -> (&Kernel, Operands) {
    let x = pack::operand(slot, phase, arrivals(slot, phase, step));
    if phase == Phase::Input {
        (&slot.input, Operands { x, sums: slot.pointwise.input_sums })
    } else {
        (&slot.recurrent, Operands { x, sums: slot.pointwise.recurrent_sums })
    }
}

/// What a PE tells its layer's coordinator at the end of a product, if anything.
fn note(program: &Program, layer: u8, phase: Phase) -> Option<Counter> {
    match phase {
        Phase::Input if program.layers[usize::from(layer)].barrier => Some(Counter::BarrierDone),
        Phase::Recurrent if program.gives_credits(layer) => Some(Counter::CreditDone),
        _ => None,
    }
}

/// At the first step of a sequence that carries nothing: sets y(t−1), c and the traces to 0. Returns the cycles.
fn restart(program: &Program, state: &mut PeState, slot: &Slot, step: u32) -> u64 {
    let Some(_) = program.restart.filter(|restart| restart.outputs && restart.at(step)) else { return 0 };
    let clear = |(at, words): (u32, u32)| {
        state.sram.set_floats(at, &vec![0.0; words as usize]);
        program.costs.clear(words)
    };
    slot.restarted(step).into_iter().map(clear).sum()
}

impl Machine {
    /// Where a slot keeps a counter.
    pub(super) fn counter_address(&self, pe: Pe, slot: u8, counter: Counter, set: u8) -> u32 {
        let slot = self.program.pe(pe).and_then(|p| p.slots.get(usize::from(slot)));
        let control = slot.map_or(super::program::Control { base: 0 }, |s| s.control);
        match counter {
            Counter::Input => control.inputs(set),
            Counter::Recurrent => control.recurrents(set),
            Counter::BarrierDone => control.barrier_done(),
            Counter::BarrierGo => control.barrier_go(),
            Counter::CreditDone => control.credit_done(),
            Counter::CreditGo => control.credit_go(),
        }
    }

    /// Begins the operation that the PE's program has come to.
    pub(super) fn begin(&mut self, pe: Pe) {
        let program = Arc::clone(&self.program);
        let costs = &program.costs;
        let state = &mut self.state.pes[pe.index()];
        let Some((_, operation, slot)) = current(&program, pe, state.operation) else { return };
        state.began = self.state.tick;
        state.banks.rest();
        let steps = state.sram.word(slot.control.steps());
        self.note_begin(pe, operation, slot, steps);
        let state = &mut self.state.pes[pe.index()];
        let mut done = Work::default();
        let cycles = match operation.phase {
            Phase::Wait | Phase::Barrier => match self.missing(pe, operation, slot) {
                None => costs.wait_check,
                missing => {
                    let state = &mut self.state.pes[pe.index()];
                    state.status = Status::Waiting;
                    state.awaited = missing;
                    self.note_wait(pe);
                    return self.drain(pe, false);
                }
            },
            Phase::Embedding => return self.start_dma(pe),
            Phase::Input | Phase::Recurrent => {
                let note = note(&program, slot.layer, operation.phase).is_some();
                let mut extra = if note { costs.barrier_send } else { 0 };
                if operation.phase == Phase::Recurrent {
                    extra += restart(&program, state, slot, steps);
                }
                let unpacked = self.unpack(pe, slot, operation.phase, arrivals(slot, operation.phase, steps));
                let (kernel, at) = matrix(slot, operation.phase, steps);
                let words = self.state.pes[pe.index()].sram.words();
                match unpacked.and_then(|cycles| Ok((cycles, kernel.work(words, at.x)?))) {
                    Ok((unpacking, work)) => {
                        done = work;
                        unpacking + costs.matrix(kernel, &work) + extra
                    }
                    Err(fault) => return self.stop(pe, operation, fault),
                }
            }
            Phase::Pointwise => {
                let units = slot.pointwise.units;
                costs.pointwise(units) + slot.pointwise.trace.map_or(0, |_| costs.trace(units))
            }
            Phase::Broadcast => self.begin_broadcast(pe, operation.slot, slot),
            Phase::Log => costs.timer_log * LOGGED.len() as u64,
        };
        self.banks_begin(pe, operation, steps, &done, cycles);
        self.busy_for(pe, cycles);
        if self.recorder.is_some() {
            let product = matches!(operation.phase, Phase::Input | Phase::Recurrent);
            let matrix = product.then(|| (matrix(slot, operation.phase, steps).0, done));
            let notes = note(&program, slot.layer, operation.phase).is_some();
            self.note_instructions(pe, &Begun { operation, slot, step: steps, matrix, notes });
        }
    }

    /// The core works for so many cycles, then the operation ends.
    fn busy_for(&mut self, pe: Pe, cycles: u64) {
        let ticks = self.ticks(cycles);
        let state = &mut self.state.pes[pe.index()];
        state.status = Status::Busy;
        state.awaited = None;
        // Handlers that are still running keep the core from it.
        state.ends = self.state.tick.max(state.interrupts_until) + ticks;
        state.count.busy += ticks;
        self.state.queue.push(state.ends, pe.index() as u16, EventKind::OperationEnd);
        self.count_busy(pe, ticks);
    }

    /// Books busy time on the phase that the PE is in.
    pub(super) fn count_busy(&mut self, pe: Pe, ticks: Tick) {
        let operation = self.state.pes[pe.index()].operation;
        if let Some((_, operation, slot)) = current(&self.program, pe, operation) {
            self.state.busy.phases[usize::from(slot.layer)][operation.phase.index()] += ticks;
            self.note(|recorder| recorder.busy(pe.index(), ticks));
        }
    }

    /// What an operation that waits still misses: y(t−1) first, then x(t); or the coordinators' "go"s.
    fn missing(&self, pe: Pe, operation: Operation, slot: &Slot) -> Option<Awaited> {
        let sram = &self.state.pes[pe.index()].sram;
        let steps = sram.word(slot.control.steps());
        let buffers = slot.buffers;
        let layer = &self.program.layers[usize::from(slot.layer)];
        let await_counter = |counter, set, value| Awaited { slot: operation.slot, counter, set, value };
        let wanted = match operation.phase {
            Phase::Barrier => [
                layer.barrier.then(|| await_counter(Counter::BarrierGo, 0, steps.wrapping_add(1))),
                // The next layer has finished R·y of step t − 2, and of all before.
                layer.credits.then(|| await_counter(Counter::CreditGo, 0, steps.wrapping_sub(1))),
            ],
            _ => [
                steps.checked_sub(1).map(|before| {
                    let value = buffers.arrivals(before, slot.recurrent_blocks);
                    await_counter(Counter::Recurrent, buffers.set(before), value)
                }),
                (!operation.recurrent_only).then(|| {
                    let value = buffers.arrivals(steps, slot.input_blocks);
                    await_counter(Counter::Input, buffers.set(steps), value)
                }),
            ],
        };
        wanted.into_iter().flatten().find(|awaited| {
            let address = self.counter_address(pe, awaited.slot, awaited.counter, awaited.set);
            !reached(sram.word(address), awaited.value)
        })
    }

    /// A handler has ended: it counts the arrival in SRAM and, if that was the last one missing, wakes the core.
    pub(super) fn arrived(&mut self, pe: Pe, arrival: Arrival) {
        let address = self.counter_address(pe, arrival.slot, arrival.counter, arrival.set);
        let state = &mut self.state.pes[pe.index()];
        let count = state.sram.word(address).wrapping_add(1);
        state.sram.set_word(address, count);
        let awaited = state.awaited;
        if matches!(arrival.counter, Counter::BarrierDone | Counter::CreditDone) {
            self.release(pe, arrival, count);
        }
        if let Some(awaited) = awaited
            && (awaited.slot, awaited.counter, awaited.set) == (arrival.slot, arrival.counter, arrival.set)
            && reached(count, awaited.value)
        {
            self.woken(pe);
        }
    }

    /// What the PE waited for is there: it waits for the next thing, or leaves its loop.
    pub(super) fn woken(&mut self, pe: Pe) {
        if self.state.pes[pe.index()].fifo.draining {
            return; // it looks again when it has taken the entry out
        }
        let program = Arc::clone(&self.program);
        let Some((_, operation, slot)) = current(&program, pe, self.state.pes[pe.index()].operation) else {
            return;
        };
        let missing = self.missing(pe, operation, slot);
        let before = std::mem::replace(&mut self.state.pes[pe.index()].awaited, missing);
        if before != missing {
            self.note_waited(pe, missing.is_some());
        }
        if missing.is_none() {
            let costs = &program.costs;
            let routed = program.delivery.broadcast == Broadcast::Router;
            let cycles = if routed { costs.fifo_leave } else { costs.interrupt_last + costs.wake };
            self.busy_for(pe, cycles);
        }
    }

    /// The coordinator has heard from every PE of its layer: it sends "go", to the layer itself (barrier) or to the one
    /// before (credit).
    fn release(&mut self, pe: Pe, heard: Arrival, count: u32) {
        let program = Arc::clone(&self.program);
        let slot = program.pe(pe).and_then(|p| p.slots.get(usize::from(heard.slot)));
        let Some(Slot { layer, sample, .. }) = slot else { return };
        if !count.is_multiple_of(program.layers[usize::from(*layer)].pes.len() as u32) {
            return;
        }
        let (to, counter) = if heard.counter == Counter::CreditDone {
            (layer.saturating_sub(1), Counter::CreditGo)
        } else {
            (*layer, Counter::BarrierGo)
        };
        let masks = program.layer_masks(to);
        let ticks = self.ticks(program.costs.barrier_release(masks.len() as u32));
        let state = &mut self.state.pes[pe.index()];
        let begin = state.hold_core(self.state.tick, ticks);
        self.state.busy.interrupts += ticks;
        self.note(|recorder| recorder.release(pe.index(), begin, begin + ticks));
        for (qpe, mask) in masks {
            self.mail(pe, qpe, mask, (to, *sample), counter);
        }
    }

    /// A one-word packet to the control blocks of a layer's sample.
    fn mail(&mut self, from: Pe, qpe: u8, mask: u8, (layer, sample): (u8, u8), counter: Counter) {
        let to = self.program.layers.get(usize::from(layer)).and_then(|l| l.control.get(usize::from(sample)));
        let Some(control) = to else { return };
        let (source, address) = (from.index() as u16, control.barrier_mail());
        let freight = Freight::Mail { layer, sample, counter };
        let payload = [u32::from(source), 0, 0, 0];
        let packet = Packet { payload, address, qpe, mask, host: false, source, freight };
        self.send(from.qpe_index(), packet);
    }

    fn start_dma(&mut self, pe: Pe) {
        let start = self.ticks(self.program.costs.dma_start);
        let requested = self.state.tick + start + self.ticks(self.program.costs.dma_setup);
        let fetched = dma::fetch(&self.program, &mut self.state, pe, requested);
        let end = fetched.end;
        self.note(|recorder| recorder.fetch(fetched));
        let state = &mut self.state.pes[pe.index()];
        state.status = Status::Dma;
        state.count.busy += start;
        self.count_busy(pe, start);
        self.state.queue.push(end, pe.index() as u16, EventKind::DmaEnd);
    }

    /// The DMA has written its row; its interrupt ends the operation.
    pub(super) fn dma_end(&mut self, pe: Pe) {
        let program = Arc::clone(&self.program);
        let state = &mut self.state.pes[pe.index()];
        let Some((_, _, slot)) = current(&program, pe, state.operation) else { return };
        let mut row = vec![0.0; program.dram.width()];
        let step = state.sram.word(slot.control.steps());
        let word = if program.steps_in_flight > 1 { step % MAX_IN_FLIGHT } else { 0 };
        program.dram.read(state.sram.word(slot.control.announce() + 4 * word), &mut row);
        let buffer = slot.buffers.of(step);
        state.sram.set_floats(buffer, &row);
        state.count.interrupts += 1;
        self.banks_dma(pe, buffer, 4 * row.len() as u32);
        self.busy_for(pe, program.costs.dma_interrupt + program.costs.wake);
    }

    /// An operation has run its time: its results are written and the next one begins.
    pub(super) fn operation_end(&mut self, pe: Pe) -> Progress {
        let program = Arc::clone(&self.program);
        let now = self.state.tick;
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
        let done = match operation.phase {
            Phase::Input | Phase::Recurrent => self.multiply(pe, slot, operation),
            Phase::Pointwise => {
                self.point_wise(pe, operation.slot, slot);
                Ok(())
            }
            Phase::Log => {
                self.log(pe, loaded, slot);
                Ok(())
            }
            Phase::Wait | Phase::Embedding | Phase::Barrier | Phase::Broadcast => Ok(()),
        };
        if let Err(fault) = done {
            self.stop(pe, operation, fault);
            return Progress::default();
        }
        let phase = if operation.recurrent_only { None } else { self.phase_end(slot, operation.phase, now) };
        self.note_end(pe, operation.slot);
        let state = &mut self.state.pes[pe.index()];
        state.operation = (state.operation + 1) % loaded.operations.len() as u32;
        self.begin(pe);
        Progress { phase, ..Progress::default() }
    }

    /// Counts the PEs that have ended a phase; the last one closes it. (Broadcasts close when they are delivered.)
    fn phase_end(&mut self, slot: &Slot, phase: Phase, now: Tick) -> Option<(u8, Phase)> {
        if phase == Phase::Broadcast {
            return None;
        }
        let layer = slot.layer;
        // While other layers work on the same time step; in a pipeline a layer's own R·y is what it waits for.
        let hidden = phase == Phase::Recurrent
            && self.program.steps_in_flight == 1
            && self.program.layers[usize::from(layer)].overlap_recurrent;
        let ended = &mut self.state.phases.ended[self.program.lane(layer, slot.sample)][phase.index()];
        *ended += 1;
        if (*ended as usize) < self.program.layers[usize::from(layer)].pes.len() {
            return None;
        }
        *ended = 0;
        if !hidden {
            self.state.phases.close(usize::from(layer), phase, now);
        }
        Some((layer, phase))
    }

    /// W·x or R·y, on the bytes as they are now.
    fn multiply(&mut self, pe: Pe, slot: &Slot, operation: Operation) -> Result<(), KernelFault> {
        let state = &mut self.state.pes[pe.index()];
        let step = state.sram.word(slot.control.steps());
        let (kernel, at) = matrix(slot, operation.phase, step);
        // The bytes may have changed since the operation began.
        kernel.work(state.sram.words(), at.x)?;
        let mut results = vec![0.0; kernel.rows() as usize];
        kernel.run(state.sram.words(), at, &mut results)?;
        if let Some((address, scratch)) = kernel.scratch(state.sram.words(), at.x)? {
            state.sram.set_floats(address, &scratch);
        }
        state.sram.set_floats(at.sums, &results);
        let done =
            if operation.phase == Phase::Input { &mut state.input_done } else { &mut state.recurrent_done };
        done[usize::from(operation.slot)] = done[usize::from(operation.slot)].wrapping_add(1);
        if let Some(counter) = note(&self.program, slot.layer, operation.phase) {
            let coordinator = self.program.layers[usize::from(slot.layer)].pes[0];
            let mask = 1 << coordinator.p();
            self.mail(pe, coordinator.qpe_index() as u8, mask, (slot.layer, slot.sample), counter);
        }
        Ok(())
    }

    fn point_wise(&mut self, pe: Pe, number: u8, slot: &Slot) {
        let restart = self.program.restart;
        let state = &mut self.state.pes[pe.index()];
        let layout = &slot.pointwise;
        let step = state.sram.word(slot.control.steps());
        let restart = restart.is_some_and(|restart| !restart.outputs && restart.at(step));
        let mut active = 0;
        let mut y = vec![0.0; slot.packets() as usize * PACKET_WORDS];
        let mut cell = vec![0.0; layout.units as usize];
        for (i, (y, c)) in y.iter_mut().zip(&mut cell).enumerate() {
            let out = pointwise::unit(state.sram.words(), layout, i as u32, restart);
            (*y, *c) = (out.y, out.c);
            active += u32::from(out.event());
        }
        state.sram.set_floats(layout.cell, &cell);
        state.sram.set_floats(layout.y, &y);
        if let Some(trace) = layout.trace {
            let traces = pointwise::traces(state.sram.words(), layout, trace, restart);
            state.sram.set_floats(trace, &traces);
        }
        self.state.active[pe.index()][usize::from(number)][step as usize % STEPS] = active;
    }

    /// Writes the timer counts of this step to the debug log's ring, and counts the step.
    fn log(&mut self, pe: Pe, loaded: &PeProgram, slot: &Slot) {
        let state = &mut self.state.pes[pe.index()];
        let (start, bytes) = loaded.log;
        let places = (bytes / 4).max(1);
        for phase in LOGGED {
            state.sram.set_word(start + 4 * (state.logged % places), state.timer_counts[phase.index()]);
            state.logged = state.logged.wrapping_add(1);
        }
        let steps = state.sram.word(slot.control.steps()).wrapping_add(1);
        state.sram.set_word(slot.control.steps(), steps);
    }

    fn stop(&mut self, pe: Pe, operation: Operation, fault: KernelFault) {
        self.state.fault = Some(format!("{pe} faulted in {}: {fault}", operation.phase));
    }
}

/// Phases whose timer counts a PE writes to its debug log, each step.
pub const LOGGED: [Phase; 4] = [Phase::Input, Phase::Recurrent, Phase::Pointwise, Phase::Broadcast];
