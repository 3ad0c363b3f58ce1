//! The sender's side: packets of a block, one after the other, by the core or by its DMA engine.

use std::sync::Arc;

use super::super::exec::{Machine, Progress};
use super::super::fifo::Key;
use super::super::program::{PACKET_BYTES, PACKET_WORDS, Slot, Target};
use super::super::queue::EventKind;
use super::super::state::{Cursor, Freight, Packet};
use super::options::{Broadcast, Payload};
use super::{ROUTER, Transfer};
use crate::chip::clock::{NOC_CYCLE, Tick};
use crate::chip::geometry::Pe;

impl Machine {
    /// The core begins to send a slot's block: cycles that keeps it.
    pub(in super::super) fn begin_broadcast(&mut self, pe: Pe, number: u8, slot: &Slot) -> u64 {
        let program = Arc::clone(&self.program);
        let costs = &program.costs;
        let targets = slot.targets.len() as u32;
        let (packing, packets) = match slot.events {
            Some(events) => self.pack(pe, slot, &events),
            None => (0, slot.packets()),
        };
        let dma = program.delivery.broadcast == Broadcast::Dma;
        let (lead, sending) = if dma {
            (costs.dma_send_lead + costs.dma_setup, costs.dma_send(targets))
        } else {
            (costs.broadcast_lead, costs.broadcast(packets, targets))
        };
        let began = self.state.tick + self.ticks(packing);
        let state = &mut self.state.pes[pe.index()];
        let step = state.sram.word(slot.control.steps());
        // What is sent by the core and whole can be read off the program at any time.
        let plain = !dma && program.delivery.payload == Payload::Dense;
        let transfer = (!plain).then_some(Transfer { slot: number, step, packets, began });
        state.cursor = Cursor { transfer, ..Cursor::default() };
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
        state.cursor.target += 1;
        let mut cycles = program.costs.broadcast_destination;
        if state.cursor.target as usize == slot.targets.len() {
            state.cursor.target = 0;
            state.cursor.packet += 1;
            cycles += program.costs.broadcast_packet;
        }
        if state.cursor.packet < packets {
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
            None => (slot.pointwise.y, slot.block),
        };
        let at = from + number * PACKET_BYTES;
        let Target { qpe, mask, host, buffers, own, next } = *target;
        let (buffer, offset) = (step as usize % buffers.len(), block + number * PACKET_BYTES);
        let last = number + 1 == packets;
        let address = if qpe == ROUTER && !host {
            let (layer, next_only) = (slot.layer, !own);
            Key { layer, next_only, buffer: buffer as u8, offset, last }.encode()
        } else {
            buffers[buffer] + offset
        };
        let mut payload = [0; PACKET_WORDS];
        for (word, offset) in payload.iter_mut().zip([0, 4, 8, 12]) {
            *word = sram.word(at + offset);
        }
        let freight = Freight::Values { layer: slot.layer, step, own, next, last };
        Packet { payload, address, qpe, mask, host, source: pe.index() as u16, freight }
    }

    /// The DMA engine's next transfer: one beat a NoC cycle, the published ceiling. Transfers queue at the engine (how many
    /// it takes is not published), each takes its set-up.
    fn transfer(&mut self, pe: Pe, slot: &Slot, target: &Target, step: u32, packets: u32) -> Progress {
        let now = self.state.tick;
        let mut progress = Progress::default();
        for number in 0..packets {
            let packet = self.packet(pe, slot, target, step, number, packets);
            progress =
                progress.or(self.send_at(pe.qpe_index(), packet, now + Tick::from(number) * NOC_CYCLE));
        }
        let costs = &self.program.costs;
        let [lead, each, setup] = [costs.dma_send_lead, costs.dma_send_per_destination, costs.dma_setup];
        let cursor = &mut self.state.pes[pe.index()].cursor;
        cursor.target += 1;
        let (done, began) = (u64::from(cursor.target), cursor.transfer.map_or(now, |t| t.began));
        if (done as usize) < slot.targets.len() {
            let programmed = began + self.ticks(lead + done * each);
            let free = now + Tick::from(packets) * NOC_CYCLE;
            let at = programmed.max(free) + self.ticks(setup);
            self.state.queue.push(at, pe.index() as u16, EventKind::Inject);
        }
        progress
    }
}
