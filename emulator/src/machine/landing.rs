//! Packets where they arrive: bytes are written, handlers of doorbell writes run, broadcasts end.

use super::arrivals::{CounterId, Groups, Guard, Receiver};
use super::broadcast::options::{Broadcast, Payload};
use super::broadcast::route_number;
use super::exec::{Machine, Progress};
use super::probe::Race;
use super::queue::Arrival;
use super::sram::PacketPlace;
use super::state::{Packet, PacketKind, STEPS, State};
use crate::chip::geometry::{PES_PER_QPE, Pe};

impl Machine {
    /// Delivers a packet that has reached the event router, its QPE, the host, or a chip's router.
    pub(super) fn deliver(&mut self, number: u32) -> Progress {
        let Some(travelling) = self.state.packets.travelling(number) else { return Progress::default() };
        if travelling.lost {
            return self.lost_on_the_way(number);
        }
        let (packet, chip) = (&travelling.packet, travelling.chip);
        if packet.is_routed() {
            let packet = self.state.packets.take(number);
            self.state.traffic.in_flight -= 1;
            self.note_copying(number);
            let progress = self.route(&packet, chip);
            self.note_copied();
            let event = matches!(packet.kind, PacketKind::Event { .. });
            return if event { progress.or(self.event_gone()) } else { progress };
        }
        if travelling.from_link || travelling.is_abroad() {
            return self.forward(number, chip);
        }
        let event = matches!(packet.kind, PacketKind::Event { .. });
        if event || self.program.delivery.broadcast == Broadcast::Router {
            let packet = *packet;
            return self.at_port(number, &packet);
        }
        self.accept(number)
    }

    /// Takes a packet off the mesh and writes its bytes; doorbell writes raise interrupts.
    pub(super) fn accept(&mut self, number: u32) -> Progress {
        if let Some(kind) = self.put_values(number) {
            return self.values_gone(kind);
        }
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
            let bank = self.program.assume.bank_interleave.bank(packet.address);
            for p in 0..PES_PER_QPE {
                if packet.mask >> p & 1 == 1 {
                    let index = packet.qpe.pe_index(p);
                    if routed {
                        self.enqueue(index, &packet);
                    } else {
                        self.trace_put(number, index, packet.address);
                        self.write_to(index, &packet, bank);
                    }
                }
            }
        }
        match packet.kind {
            PacketKind::Event { .. } => self.event_gone(),
            kind => self.values_gone(kind),
        }
    }

    /// Takes a packet of values off the mesh and writes it into all its PEs; `None`, and nothing
    /// has happened, if it is no such packet or its writes are noted one by one.
    #[inline]
    fn put_values(&mut self, number: u32) -> Option<PacketKind> {
        let program = &*self.program;
        let delivery = &program.delivery;
        if self.tracing.is_some() || self.recorder.is_some() || delivery.broadcast == Broadcast::Router {
            return None;
        }
        let State { tick, pes, packets, traffic, matrix, bank_timing_matters, .. } = &mut self.state;
        let packet = packets.get(number)?;
        let PacketKind::Values { population, sample, step, groups, last } = packet.kind else {
            return None;
        };
        if packet.host || *bank_timing_matters {
            return None;
        }
        let (first, lane) = (packet.qpe.pe_index(0), program.lane(population, sample));
        let inside = first..first + PES_PER_QPE;
        let row = matrix.row_mut(packet.source, inside.clone())?;
        let (pes, inboxes) = (pes.get_mut(inside.clone())?, program.inboxes.get(inside)?);
        let (mask, now) = (packet.mask, *tick);
        let bank = program.assume.bank_interleave.bank(packet.address);
        let place = PacketPlace::new(packet.address);
        let mut early = 0_u8;
        let all = pes.iter_mut().zip(row).zip(inboxes).enumerate();
        for (p, ((state, packets), inbox)) in all.filter(|(p, _)| mask >> p & 1 == 1) {
            *packets += 1;
            state.banks.write(bank, state.interrupts_until <= now);
            state.count.received += 1;
            state.sram.set_packet_at(place, packet.payload);
            if let Some(receiver) = inbox.receiver(lane, groups) {
                let ended = state.ended.get(receiver.guard.operation as usize).copied().unwrap_or(0);
                early |= u8::from(!receiver.guard.allows(step, ended)) << p;
            }
        }
        let kind = packet.kind;
        traffic.in_flight -= 1;
        if early != 0 {
            self.note_early(number, early);
        }
        self.state.packets.take(number);
        if last {
            for p in (0..PES_PER_QPE).filter(|p| mask >> p & 1 == 1) {
                self.block_written(first + p, lane, groups, step);
            }
        }
        Some(kind)
    }

    /// Raises the interrupt of a doorbell write: a PE has received the last packet of a block.
    #[inline]
    fn block_written(&mut self, index: usize, lane: usize, groups: Groups, step: u32) {
        let inbox = self.program.inboxes.get(index);
        let receiver = inbox.and_then(|inbox| inbox.receiver(lane, groups));
        if let Some(&Receiver { slot, counter, .. }) = receiver
            && let Some(arrival) = self.arrival(index, slot, counter, step)
            && let Some(pe) = Pe::from_index(index)
        {
            self.interrupt(pe, arrival);
        }
    }

    /// Records that a packet came too early at these PEs of its QPE, a bit each.
    #[cold]
    fn note_early(&mut self, number: u32, pes: u8) {
        let Some(packet) = self.state.packets.get(number).copied() else { return };
        let PacketKind::Values { population, sample, step, groups, .. } = packet.kind else { return };
        for p in (0..PES_PER_QPE).filter(|p| pes >> p & 1 == 1) {
            let index = packet.qpe.pe_index(p);
            let lane = self.program.lane(population, sample);
            let inbox = self.program.inboxes.get(index);
            if let Some(&Receiver { slot, guard, .. }) = inbox.and_then(|inbox| inbox.receiver(lane, groups))
            {
                self.note_race(index, slot, &packet, step, guard);
            }
        }
    }

    /// Writes a packet into one PE, into memory bank `bank`.
    #[inline]
    fn write_to(&mut self, index: usize, packet: &Packet, bank: usize) {
        self.banks_writes(index, bank, 1);
        let state = &mut self.state.pes[index];
        state.count.received += 1;
        state.sram.set_packet(packet.address, packet.payload);
        self.state.matrix.delivered(packet.source, index);
        let Some(inbox) = self.program.inboxes.get(index) else { return };
        let arrival = match packet.kind {
            PacketKind::Values { population, sample, step, groups, last } => {
                let lane = self.program.lane(population, sample);
                let Some(receiver) = inbox.receiver(lane, groups) else { return };
                let ended = state.ended.get(receiver.guard.operation as usize).copied().unwrap_or(0);
                let in_time = receiver.guard.allows(step, ended);
                if in_time && !last {
                    return;
                }
                let Receiver { slot, counter, guard } = *receiver;
                if !in_time {
                    self.note_race(index, slot, packet, step, guard);
                }
                last.then(|| self.arrival(index, slot, counter, step)).flatten()
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

    #[cold]
    fn note_race(&mut self, index: usize, slot: u8, packet: &Packet, step: u32, guard: Guard) {
        let Some(receiver) = Pe::from_index(index) else { return };
        let loaded = self.program.pe(receiver).and_then(|p| p.slots.get(usize::from(slot)));
        let population = loaded.map_or("?", |slot| self.program.population_name(slot.population));
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

    /// Queues the handler of a doorbell write, which delays what the core is doing.
    ///
    /// The handler runs now or after those already waiting. A core that has halted runs none.
    fn interrupt(&mut self, pe: Pe, arrival: Arrival) {
        if self.state.faults.is_dead(pe) {
            return;
        }
        let ticks = self.ticks_on(pe.index(), self.program.costs.interrupt);
        let state = &mut self.state.pes[pe.index()];
        let begin = state.hold_core(self.state.tick, ticks);
        state.count.interrupts += 1;
        self.state.busy.interrupts += ticks;
        if state.timer.fast_since.is_some() {
            state.timer.count.fast.busy += ticks;
            self.state.busy.fast_interrupts += ticks;
        }
        state.interrupts.push_back((state.interrupts_until, arrival));
        self.add_handler(pe.index(), arrival);
        self.note(|recorder| recorder.handler(pe.index(), begin, begin + ticks));
    }

    /// Ends a handler and determines the PE's next interrupt event from those that still wait.
    pub(super) fn interrupt_end(&mut self, pe: Pe) {
        let Some(arrival) = self.take_handler(pe.index()) else { return };
        self.note(|recorder| recorder.handled(pe.index()));
        self.arrived(pe, arrival);
        self.handled(pe.index());
    }

    /// Takes a packet off the mesh that a dead link has lost.
    #[cold]
    pub(super) fn lost_on_the_way(&mut self, number: u32) -> Progress {
        let packet = self.state.packets.take(number);
        self.state.traffic.in_flight -= 1;
        self.packet_lost(&packet)
    }

    /// Accounts for a lost packet, and with one on its way to the router for all its copies.
    pub(super) fn packet_lost(&mut self, packet: &Packet) -> Progress {
        if let PacketKind::Event { .. } = packet.kind {
            self.event_lost();
            return Progress::default();
        }
        let copies = match packet.kind {
            PacketKind::Values { population, groups, .. } if packet.is_routed() => {
                self.program.delivery.routes.get(route_number(population, groups)).map_or(0, Vec::len)
            }
            _ => 1,
        };
        self.copies_lost(packet, copies)
    }

    /// Accounts for the loss of copies that the event router would have made of a packet.
    pub(super) fn copies_lost(&mut self, packet: &Packet, copies: usize) -> Progress {
        (0..copies).fold(Progress::default(), |progress, _| progress.or(self.values_gone(packet.kind)))
    }

    /// Counts values of a broadcast as delivered or lost; the last end the population, or the step.
    ///
    /// Of events only the last packet of a block counts, since the number of packets depends on the
    /// data; packets keep their order.
    fn values_gone(&mut self, kind: PacketKind) -> Progress {
        let PacketKind::Values { population, sample, step, last, .. } = kind else {
            return Progress::default();
        };
        if !last && self.program.delivery.payload == Payload::Events {
            return Progress::default();
        }
        let (lane, at) = (self.program.lane(population, sample), step as usize % STEPS);
        let left = &mut self.state.deliveries_left[lane][at];
        *left = left.saturating_sub(1);
        if *left > 0 {
            return Progress::default();
        }
        *left = self.program.deliveries(population);
        let Some(placed) = self.program.population(population) else {
            return Progress::default();
        };
        let (sends, output) = (placed.sends, placed.host.is_some());
        self.close_phase(population, sends, self.state.tick);
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
        Progress { phase: Some((population, sends)), population: Some(population), step: complete }
    }
}
