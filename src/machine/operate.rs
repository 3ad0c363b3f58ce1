//! What a core does: beginning and ending the operations of its program.

use std::sync::Arc;

use super::broadcast::options::Broadcast;
use super::broadcast::pack;
use super::dma;
use super::exec::{Machine, Progress};
use super::program::{Operation, PACKET_WORDS, PeProgram, Phase, Program, Slot};
use super::queue::{Arrival, Counter, EventKind};
use super::state::{Awaited, Freight, Packet, Status};
use crate::chip::clock::{TIMER_COUNT, Tick};
use crate::chip::geometry::Pe;
use crate::kernel::matrix::{Kernel, Operands};
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
    let buffer = if phase == Phase::Input { step } else { step.wrapping_add(1) };
    slot.buffers[buffer as usize % 2]
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

impl Machine {
    /// Where a slot keeps a counter.
    pub(super) fn counter_address(&self, pe: Pe, slot: u8, counter: Counter) -> u32 {
        let slot = self.program.pe(pe).and_then(|p| p.slots.get(usize::from(slot)));
        let control = slot.map_or(super::program::Control { base: 0 }, |s| s.control);
        match counter {
            Counter::Input => control.inputs(),
            Counter::Recurrent => control.recurrents(),
            Counter::BarrierDone => control.barrier_done(),
            Counter::BarrierGo => control.barrier_go(),
        }
    }

    /// Begins the operation that the PE's program has come to.
    pub(super) fn begin(&mut self, pe: Pe) {
        let program = Arc::clone(&self.program);
        let costs = &program.costs;
        let state = &mut self.state.pes[pe.index()];
        let Some((_, operation, slot)) = current(&program, pe, state.operation) else { return };
        state.began = self.state.tick;
        let steps = state.sram.word(slot.control.steps());
        let cycles = match operation.phase {
            Phase::Wait | Phase::Barrier => match self.missing(pe, operation, slot) {
                None => costs.wait_check,
                missing => {
                    let state = &mut self.state.pes[pe.index()];
                    state.status = Status::Waiting;
                    state.awaited = missing;
                    return self.drain(pe, false);
                }
            },
            Phase::Embedding => return self.start_dma(pe),
            Phase::Input | Phase::Recurrent => {
                let unpacked = self.unpack(pe, slot, operation.phase, arrivals(slot, operation.phase, steps));
                let (kernel, at) = matrix(slot, operation.phase, steps);
                let words = self.state.pes[pe.index()].sram.words();
                match unpacked.and_then(|cycles| Ok((cycles, kernel.work(words, at.x)?))) {
                    Ok((unpacking, work)) => {
                        let note = operation.phase == Phase::Input
                            && program.layers[usize::from(slot.layer)].barrier;
                        unpacking + costs.matrix(kernel, &work) + if note { costs.barrier_send } else { 0 }
                    }
                    Err(fault) => return self.stop(pe, operation, fault),
                }
            }
            Phase::Pointwise => costs.pointwise(slot.pointwise.units),
            Phase::Broadcast => self.begin_broadcast(pe, operation.slot, slot),
            Phase::Log => costs.timer_log * LOGGED.len() as u64,
        };
        self.busy_for(pe, cycles);
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
        }
    }

    /// What an operation that waits still misses: y(t−1) first, then x(t); or the coordinator's "go".
    fn missing(&self, pe: Pe, operation: Operation, slot: &Slot) -> Option<Awaited> {
        let sram = &self.state.pes[pe.index()].sram;
        let steps = sram.word(slot.control.steps());
        let inputs = steps.wrapping_add(1).wrapping_mul(slot.input_blocks);
        let wanted: &[(Counter, u32)] = match operation.phase {
            Phase::Barrier => &[(Counter::BarrierGo, steps.wrapping_add(1))],
            _ => &[(Counter::Recurrent, steps.wrapping_mul(slot.recurrent_blocks)), (Counter::Input, inputs)],
        };
        let wanted = if operation.recurrent_only { &wanted[..1] } else { wanted };
        let number = operation.slot;
        wanted
            .iter()
            .find(|&&(counter, value)| !reached(sram.word(self.counter_address(pe, number, counter)), value))
            .map(|&(counter, value)| Awaited { slot: number, counter, value })
    }

    /// A handler has ended: it counts the arrival in SRAM and, if that was the last one missing, wakes the core.
    pub(super) fn arrived(&mut self, pe: Pe, arrival: Arrival) {
        let address = self.counter_address(pe, arrival.slot, arrival.counter);
        let state = &mut self.state.pes[pe.index()];
        let count = state.sram.word(address).wrapping_add(1);
        state.sram.set_word(address, count);
        let awaited = state.awaited;
        if arrival.counter == Counter::BarrierDone {
            self.release_barrier(pe, arrival.slot, count);
        }
        if let Some(awaited) = awaited
            && awaited.slot == arrival.slot
            && awaited.counter == arrival.counter
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
        self.state.pes[pe.index()].awaited = missing;
        if missing.is_none() {
            let costs = &program.costs;
            let routed = program.delivery.broadcast == Broadcast::Router;
            let cycles = if routed { costs.fifo_leave } else { costs.interrupt_last + costs.wake };
            self.busy_for(pe, cycles);
        }
    }

    /// The coordinator has heard from every PE of its layer: it sends "go".
    fn release_barrier(&mut self, pe: Pe, slot: u8, count: u32) {
        let program = Arc::clone(&self.program);
        let Some(slot) = program.pe(pe).and_then(|p| p.slots.get(usize::from(slot))) else { return };
        let layer = &program.layers[usize::from(slot.layer)];
        if !count.is_multiple_of(layer.pes.len() as u32) {
            return;
        }
        let masks = program.layer_masks(slot.layer);
        let ticks = self.ticks(program.costs.barrier_release(masks.len() as u32));
        let state = &mut self.state.pes[pe.index()];
        state.interrupts_until = state.interrupts_until.max(self.state.tick) + ticks;
        state.count.busy += ticks;
        self.state.busy.interrupts += ticks;
        if state.status == Status::Busy {
            state.ends += ticks;
            state.inject_delay += ticks;
        }
        for (qpe, mask) in masks {
            let freight = Freight::BarrierGo(slot.layer);
            self.mail(pe, slot, qpe, mask, freight);
        }
    }

    /// A one-word packet to the control blocks of a layer.
    fn mail(&mut self, from: Pe, slot: &Slot, qpe: u8, mask: u8, freight: Freight) {
        let source = from.index() as u16;
        let payload = [u32::from(source), 0, 0, 0];
        let address = slot.control.barrier_mail();
        let packet = Packet { payload, address, qpe, mask, host: false, source, freight };
        self.send(from.qpe_index(), packet);
    }

    fn start_dma(&mut self, pe: Pe) {
        let start = self.ticks(self.program.costs.dma_start);
        let requested = self.state.tick + start + self.ticks(self.program.costs.dma_setup);
        let end = dma::fetch(&self.program, &mut self.state, pe, requested);
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
        program.dram.read(state.sram.word(slot.control.announce()), &mut row);
        let step = state.sram.word(slot.control.steps());
        state.sram.set_floats(slot.buffers[step as usize % 2], &row);
        state.count.interrupts += 1;
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
        let phase =
            if operation.recurrent_only { None } else { self.phase_end(slot.layer, operation.phase, now) };
        let state = &mut self.state.pes[pe.index()];
        state.operation = (state.operation + 1) % loaded.operations.len() as u32;
        self.begin(pe);
        Progress { phase, ..Progress::default() }
    }

    /// Counts the PEs that have ended a phase; the last one closes it. (Broadcasts close when they are delivered.)
    fn phase_end(&mut self, layer: u8, phase: Phase, now: Tick) -> Option<(u8, Phase)> {
        if phase == Phase::Broadcast {
            return None;
        }
        let hidden = phase == Phase::Recurrent && self.program.layers[usize::from(layer)].overlap_recurrent;
        let ended = &mut self.state.phases.ended[usize::from(layer)][phase.index()];
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
        if operation.phase == Phase::Input && self.program.layers[usize::from(slot.layer)].barrier {
            let coordinator = self.program.layers[usize::from(slot.layer)].pes[0];
            let mask = 1 << coordinator.p();
            self.mail(pe, slot, coordinator.qpe_index() as u8, mask, Freight::BarrierDone(slot.layer));
        }
        Ok(())
    }

    fn point_wise(&mut self, pe: Pe, number: u8, slot: &Slot) {
        let reset_every = self.program.cell_reset_every;
        let state = &mut self.state.pes[pe.index()];
        let layout = &slot.pointwise;
        let step = state.sram.word(slot.control.steps());
        let reset = reset_every.is_some_and(|n| step.is_multiple_of(n.max(1)));
        let mut active = 0;
        let mut y = vec![0.0; slot.packets() as usize * PACKET_WORDS];
        let mut cell = vec![0.0; layout.units as usize];
        for (i, (y, c)) in y.iter_mut().zip(&mut cell).enumerate() {
            let out = pointwise::unit(state.sram.words(), layout, i as u32, reset);
            (*y, *c) = (out.y, out.c);
            active += u32::from(out.event());
        }
        state.sram.set_floats(layout.cell, &cell);
        state.sram.set_floats(layout.y, &y);
        self.state.active[pe.index()][usize::from(number)] = active;
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
