//! The sender's side: packets of a block, one after the other, by the core or by its DMA engine.

use std::ops::Range;
use std::sync::Arc;

use super::super::exec::{Machine, Progress};
use super::super::fifo::Key;
use super::super::program::{PACKET_BYTES, PeProgram, Slot, Target};
use super::super::queue::EventKind;
use super::super::record::prices;
use super::super::routine::{Begun, Price};
use super::super::sram::Sram;
use super::super::state::{Cursor, Packet, PacketKind, PeState};
use super::Transfer;
use super::options::Broadcast;
use crate::chip::clock::Tick;
use crate::chip::geometry::{Pe, QpeId};

impl Machine {
    /// Begins to send a slot's block, and returns the cycles and accesses that this takes the core.
    pub(in super::super) fn begin_broadcast(&mut self, pe: Pe, number: u8, slot: &Slot) -> Begun {
        let program = Arc::clone(&self.program);
        let (packing, packets) = match slot.events {
            Some(events) => self.pack(pe, slot, events),
            None => (Price::default(), slot.packets()),
        };
        let dma = program.delivery.broadcast == Broadcast::Dma;
        let sending = prices(&program, self.recorder.as_deref()).of(|costs| {
            let call = |call: Range<u32>| {
                let destinations = call.len() as u32;
                if dma { costs.dma_send(destinations) } else { costs.broadcast(packets, destinations) }
            };
            slot.calls().map(call).sum()
        });
        let begun = Begun {
            price: packing + sending,
            accesses: self.accounts.sending(pe, number),
            ..Begun::default()
        };
        let costs = &program.costs;
        let lead = if dma { costs.dma_send_lead + costs.dma_setup } else { costs.broadcast_lead };
        let began = self.state.tick + self.ticks(packing.cycles);
        let state = &mut self.state.pes[pe.index()];
        let step = state.sram.word(slot.turn);
        let transfer = Transfer { slot: number, step, packets, began };
        if dma && state.cursor.transfer.is_some() {
            state.transfers.push_back(transfer); // its engine is still at the block before
            return begun;
        }
        state.cursor =
            Cursor { transfer: (!program.delivery.plain()).then_some(transfer), ..Cursor::default() };
        state.inject_delay = 0;
        self.trace_sending(pe, slot);
        let at = began + self.ticks(lead);
        self.state.queue.push(at, pe.index() as u16, EventKind::Inject);
        begun
    }

    /// Sends the next packet of a PE's broadcast, or starts its next DMA transfer.
    pub(in super::super) fn inject(&mut self, pe: Pe) -> Progress {
        let program = &*self.program;
        let Some(loaded) = program.pe(pe) else { return Progress::default() };
        let now = self.state.tick;
        let state = &mut self.state.pes[pe.index()];
        if program.delivery.broadcast == Broadcast::Dma {
            return self.next_transfer(pe);
        }
        if state.inject_delay > 0 {
            let later = now + std::mem::take(&mut state.inject_delay);
            self.state.queue.push(later, pe.index() as u16, EventKind::Inject);
            return Progress::default();
        }
        let Cursor { packet: number, target, .. } = state.cursor;
        let Sending { slot, step, packets } = sending(loaded, state);
        let Some(target) = slot.targets.get(target as usize) else { return Progress::default() };
        let cycles = state.cursor.advance(slot, packets, &program.costs);
        if state.cursor.packet < packets {
            let at = now + cycles * program.operating_point.ticks_per_cycle();
            self.state.queue.push(at, pe.index() as u16, EventKind::Inject);
        }
        let packet = packet(pe, &state.sram, (slot, target), step, number, packets);
        if self.lean.runs { self.launch_across(pe.qpe_id(), packet) } else { self.send(pe.qpe_id(), packet) }
    }

    /// Starts the next transfer of the DMA engine of a PE that sends.
    fn next_transfer(&mut self, pe: Pe) -> Progress {
        let program = Arc::clone(&self.program);
        let Some(loaded) = program.pe(pe) else { return Progress::default() };
        let state = &self.state.pes[pe.index()];
        let Sending { slot, step, packets } = sending(loaded, state);
        match slot.targets.get(state.cursor.target as usize) {
            Some(target) => self.transfer(pe, slot, target, step, packets),
            None => Progress::default(),
        }
    }

    /// Sends the DMA engine's next transfer, a beat every `assume.dma_beat_noc_cycles`, and
    /// schedules the transfer after it.
    ///
    /// Transfers queue at the engine (how many is not published), and each takes its set-up.
    fn transfer(&mut self, pe: Pe, slot: &Slot, target: &Target, step: u32, packets: u32) -> Progress {
        let (now, beat) = (self.state.tick, self.program.costs.dma_beat);
        self.note_transfer(pe, slot, target, step, packets);
        let mut progress = Progress::default();
        for number in 0..packets {
            let sram = &self.state.pes[pe.index()].sram;
            let packet = packet(pe, sram, (slot, target), step, number, packets);
            progress = progress.or(self.send_at(pe.qpe_id(), packet, now + Tick::from(number) * beat));
        }
        let program = Arc::clone(&self.program);
        let costs = &program.costs;
        let free = now + Tick::from(packets) * beat;
        let state = &mut self.state.pes[pe.index()];
        state.cursor.target += 1;
        let (done, began) = (state.cursor.target, state.cursor.transfer.map_or(now, |t| t.began));
        let programmed = if (done as usize) < slot.targets.len() {
            // Each call of `dma_send` programs the transfers of one payload.
            let call = slot.call(done);
            let before = slot.calls().take_while(|other| other.end <= call.start);
            let calls: u64 = before.map(|other| costs.dma_send(other.len() as u32)).sum();
            let each = u64::from(done - call.start) * costs.dma_send_per_destination;
            began + self.ticks(calls + costs.dma_send_lead + each)
        } else {
            let transfer = state.transfers.pop_front();
            state.cursor = Cursor { transfer, ..Cursor::default() };
            let Some(Transfer { began, .. }) = transfer else { return progress };
            began + self.ticks(costs.dma_send_lead)
        };
        let at = programmed.max(free) + self.ticks(costs.dma_setup);
        self.state.queue.push(at, pe.index() as u16, EventKind::Inject);
        progress
    }
}

/// Block that a PE sends.
struct Sending<'a> {
    slot: &'a Slot,
    step: u32,
    packets: u32,
}

/// Returns the block that a PE is sending.
#[inline]
fn sending<'a>(loaded: &'a PeProgram, state: &PeState) -> Sending<'a> {
    if let Some(Transfer { slot, step, packets, .. }) = state.cursor.transfer {
        return Sending { slot: &loaded.slots[usize::from(slot)], step, packets };
    }
    let slot = &loaded.slots[usize::from(loaded.operations[state.operation as usize].slot)];
    Sending { slot, step: state.sram.word(slot.turn), packets: slot.packets() }
}

/// Returns packet `number` of a block of `packets` for a destination.
#[inline]
fn packet(
    pe: Pe,
    sram: &Sram,
    (slot, target): (&Slot, &Target),
    step: u32,
    number: u32,
    packets: u32,
) -> Packet {
    let (from, block) = match slot.events {
        Some(events) => (events.outbox, events.mail),
        None => (target.payload, slot.block),
    };
    let at = from + number * PACKET_BYTES;
    let Target { qpe, mask, host, buffers, groups, .. } = *target;
    let offset = block + number * PACKET_BYTES;
    let last = number + 1 == packets;
    let address = if qpe == QpeId::ROUTER && !host {
        let group = groups.0.trailing_zeros() as u8;
        let buffer = (step % buffers.count()) as u8;
        Key { population: slot.population, group, buffer, offset, last }.encode()
    } else {
        offset + if host { 0 } else { buffers.of(step) }
    };
    let (population, sample) = (slot.population, slot.sample);
    let kind = PacketKind::Values { population, sample, step, groups, last };
    let source = pe.index() as u16;
    Packet { payload: sram.packet(at), from: at, address, qpe, mask, host, source, kind }
}
