//! The sender's side: packets of a block, one after the other, by the core or by its DMA engine.

use std::sync::Arc;

use super::super::exec::{Machine, Progress};
use super::super::fifo::Key;
use super::super::program::{PACKET_BYTES, PACKET_WORDS, Slot, Target};
use super::super::queue::EventKind;
use super::super::state::{Cursor, Freight, Packet};
use super::options::Broadcast;
use super::{ROUTER, Transfer};
use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;

impl Machine {
    /// The core begins to send a slot's block: cycles that keeps it.
    pub(in super::super) fn begin_broadcast(&mut self, pe: Pe, number: u8, slot: &Slot) -> u64 {
        let program = Arc::clone(&self.program);
        let costs = &program.costs;
        let (packing, packets) = match slot.events {
            Some(events) => self.pack(pe, slot, &events),
            None => (0, slot.packets()),
        };
        let dma = program.delivery.broadcast == Broadcast::Dma;
        let (lead, sending) = if dma {
            let sending = slot.calls().map(|call| costs.dma_send(call.len() as u32)).sum();
            (costs.dma_send_lead + costs.dma_setup, sending)
        } else {
            let sending: u64 = slot.calls().map(|call| costs.broadcast(packets, call.len() as u32)).sum();
            (costs.broadcast_lead, sending)
        };
        let began = self.state.tick + self.ticks(packing);
        let state = &mut self.state.pes[pe.index()];
        let step = state.sram.word(slot.control.steps());
        let transfer = Transfer { slot: number, step, packets, began };
        if dma && state.cursor.transfer.is_some() {
            state.transfers.push_back(transfer); // its engine is still at the block before
            return packing + sending;
        }
        state.cursor =
            Cursor { transfer: (!program.delivery.plain()).then_some(transfer), ..Cursor::default() };
        state.inject_delay = 0;
        let at = began + self.ticks(lead);
        self.state.queue.push(at, pe.index() as u16, EventKind::Inject);
        packing + sending
    }

    /// The next packet of a PE's broadcast, or its next DMA transfer.
    pub(in super::super) fn inject(&mut self, pe: Pe) -> Progress {
        let program = Arc::clone(&self.program);
        let Some(loaded) = program.pe(pe) else { return Progress::default() };
        let dma = program.delivery.broadcast == Broadcast::Dma;
        let now = self.state.tick;
        let state = &mut self.state.pes[pe.index()];
        if !dma && state.inject_delay > 0 {
            let later = now + std::mem::take(&mut state.inject_delay);
            self.state.queue.push(later, pe.index() as u16, EventKind::Inject);
            return Progress::default();
        }
        let cursor = state.cursor;
        let (number, step) = if let Some(transfer) = cursor.transfer {
            (transfer.slot, transfer.step)
        } else {
            let number = loaded.operations[state.operation as usize].slot;
            (number, state.sram.word(loaded.slots[usize::from(number)].control.steps()))
        };
        let slot = &loaded.slots[usize::from(number)];
        let packets = cursor.transfer.map_or(slot.packets(), |transfer| transfer.packets);
        let Some(&target) = slot.targets.get(cursor.target as usize) else { return Progress::default() };
        if dma {
            return self.transfer(pe, slot, &target, step, packets);
        }
        let (next, cycles) = cursor.next(slot, packets, &program.costs);
        state.cursor = next;
        if next.packet < packets {
            let at = now + cycles * program.operating_point.ticks_per_cycle();
            self.state.queue.push(at, pe.index() as u16, EventKind::Inject);
        }
        let packet = self.packet(pe, slot, &target, step, cursor.packet, packets);
        if target.qpe == ROUTER && !target.host {
            self.send_to_router(pe, packet, now)
        } else {
            self.send(pe.qpe_index(), packet)
        }
    }

    /// Packet `number` of a block for a destination.
    fn packet(&self, pe: Pe, slot: &Slot, target: &Target, step: u32, number: u32, packets: u32) -> Packet {
        let sram = &self.state.pes[pe.index()].sram;
        let (from, block) = match slot.events {
            Some(events) => (events.outbox, events.mail),
            None => (target.payload, slot.block),
        };
        let at = from + number * PACKET_BYTES;
        let Target { qpe, mask, host, buffers, own, next, .. } = *target;
        let offset = block + number * PACKET_BYTES;
        let last = number + 1 == packets;
        let address = if qpe == ROUTER && !host {
            let (layer, next_only) = (slot.layer, !own);
            Key { layer, next_only, buffer: (step % buffers.count()) as u8, offset, last }.encode()
        } else {
            offset + if host { 0 } else { buffers.of(step) }
        };
        let mut payload = [0; PACKET_WORDS];
        for (word, offset) in payload.iter_mut().zip([0, 4, 8, 12]) {
            *word = sram.word(at + offset);
        }
        let freight = Freight::Values { layer: slot.layer, sample: slot.sample, step, own, next, last };
        Packet { payload, address, qpe, mask, host, source: pe.index() as u16, freight }
    }

    /// The DMA engine's next transfer, a beat every `assume.dma_beat_noc_cycles`. Transfers queue at the engine (how many it
    /// takes is not published), each takes its set-up.
    fn transfer(&mut self, pe: Pe, slot: &Slot, target: &Target, step: u32, packets: u32) -> Progress {
        let (now, beat) = (self.state.tick, self.program.costs.dma_beat);
        self.note_transfer(pe, slot, target, step, packets);
        let mut progress = Progress::default();
        for number in 0..packets {
            let packet = self.packet(pe, slot, target, step, number, packets);
            progress = progress.or(self.send_at(pe.qpe_index(), packet, now + Tick::from(number) * beat));
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
