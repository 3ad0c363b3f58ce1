//! The receiver's side with the event router: packets go into the FIFO, the core takes them out
//! while it waits.
//!
//! After every packet the core checks whether everything it waits for has arrived, and leaves the
//! rest in the FIFO. Values of a fast PE therefore never overwrite what this PE still reads, and no
//! barrier is needed.

use super::super::arrivals::Groups;
use super::super::exec::{Machine, Progress};
use super::super::fifo::{Entry, Key};
use super::super::options::Waiting;
use super::super::queue::{Arrival, EventKind};
use super::super::state::{Packet, PacketKind, Status};
use super::options::{Broadcast, OnFull};
use crate::chip::cortex_m4f::{EXCEPTION_ENTRY, EXCEPTION_EXIT};
use crate::chip::geometry::{PES_PER_QPE, Pe, QpeId};

impl Machine {
    /// Takes a packet that has arrived at a QPE's port; with [`OnFull::Stall`] it may have
    /// to wait there.
    pub(in super::super) fn at_port(&mut self, number: u32, packet: &Packet) -> Progress {
        let qpe = packet.qpe.index();
        let waits = !self.state.blocked[qpe].is_empty() || self.full_at(packet).is_some();
        if waits {
            self.state.blocked_since[qpe].get_or_insert(self.state.tick);
            self.state.blocked[qpe].push_back(number);
            return Progress::default();
        }
        self.accept(number)
    }

    /// Returns the PE index of the first receiver whose full FIFO holds a packet up; `None` if
    /// there is none.
    fn full_at(&self, packet: &Packet) -> Option<usize> {
        let stalls = self.program.delivery.on_full == OnFull::Stall;
        let routed =
            matches!(packet.kind, PacketKind::Values { .. } | PacketKind::Event { message: None, .. })
                && !packet.host;
        let receivers = (0..PES_PER_QPE).filter(|p| packet.mask >> p & 1 == 1);
        let mut receivers = receivers.map(|p| packet.qpe.pe_index(p));
        if stalls && routed { receivers.find(|&pe| self.state.pes[pe].fifo.is_full()) } else { None }
    }

    /// Accepts the packets that wait at a QPE's port, in order, until a FIFO is full.
    pub(in super::super) fn let_in(&mut self, qpe: QpeId) -> Progress {
        let qpe = qpe.index();
        let mut progress = Progress::default();
        while let Some(&number) = self.state.blocked[qpe].front() {
            let Some(packet) = self.state.packets.get(number).copied() else { break };
            if self.full_at(&packet).is_some() {
                break;
            }
            self.state.blocked[qpe].pop_front();
            progress = progress.or(self.accept(number));
        }
        progress
    }

    /// Books the time since the port's first packet began to wait on the PE whose FIFO is full.
    fn book_stall(&mut self, qpe: QpeId) {
        let qpe = qpe.index();
        let Some(since) = self.state.blocked_since[qpe] else { return };
        let now = self.state.tick;
        let front =
            self.state.blocked[qpe].front().and_then(|&number| self.state.packets.get(number).copied());
        let full = front.and_then(|packet| self.full_at(&packet));
        if let Some(pe) = full {
            self.state.pes[pe].fifo.count.stalled += now - since;
        }
        self.state.blocked_since[qpe] = full.map(|_| now);
    }

    /// Puts a packet as an entry into a PE's FIFO.
    pub(in super::super) fn enqueue(&mut self, index: usize, packet: &Packet) {
        let on_full = self.program.delivery.on_full;
        let state = &mut self.state.pes[index];
        state.count.received += 1;
        let entry = Entry { key: packet.address, payload: packet.payload };
        let (lost, oldest) = (state.fifo.count.overwritten, state.timer.sent_in.front().is_some());
        let at = state.fifo.push(&mut state.sram, entry, on_full);
        if state.fifo.count.overwritten > lost && oldest {
            state.timer.sent_in.pop_front();
        }
        if let Some(at) = at {
            if let PacketKind::Event { step, .. } = packet.kind {
                state.timer.sent_in.push_back(step);
            }
            let bytes = state.fifo.entry;
            let place = state.fifo.newest();
            self.note(|recorder| recorder.enqueued(index, place));
            self.banks_entry(index, at, bytes);
            self.state.matrix.delivered(packet.source, index);
            if let Some(pe) = Pe::from_index(index) {
                self.drain(pe, true);
            }
        }
    }

    /// Makes a waiting core take the next entry of its FIFO, which it had found empty if `woken`.
    pub(in super::super) fn drain(&mut self, pe: Pe, woken: bool) {
        if self.program.is_timed() || self.program.delivery.broadcast != Broadcast::Router {
            return;
        }
        let costs = &self.program.costs;
        let state = &self.state.pes[pe.index()];
        if state.status != Status::Waiting || state.fifo.draining {
            return;
        }
        let Some(entry) = state.fifo.oldest(&state.sram) else { return };
        let mut cycles = costs.fifo_entry;
        if woken {
            // The turn that has just missed it, whole; asleep, also the handler that does no more
            // than wake the core.
            cycles += costs.fifo_empty;
            if self.program.waiting == Waiting::Sleep {
                cycles += u64::from(EXCEPTION_ENTRY.fixed + EXCEPTION_EXIT.fixed);
            }
        }
        if Key::decode(entry.key).last {
            cycles += costs.fifo_last;
        }
        if state.fifo.wraps() {
            cycles += costs.fifo_wrap;
        }
        let ticks = self.ticks(cycles);
        let now = self.state.tick;
        let state = &mut self.state.pes[pe.index()];
        state.fifo.draining = true;
        state.fifo.drain_ends = now.max(state.interrupts_until) + ticks;
        state.count.busy += ticks;
        let begin = state.fifo.drain_ends - ticks;
        self.state.queue.push(state.fifo.drain_ends, pe.index() as u16, EventKind::Drain);
        self.note(|recorder| recorder.drain(pe.index(), begin));
        self.count_busy(pe, ticks);
    }

    /// Completes the removal of an entry from a PE's FIFO: puts it in its place, starts on the next
    /// entry, and accepts packets that wait for room.
    pub(in super::super) fn drain_end(&mut self, pe: Pe) -> Progress {
        let now = self.state.tick;
        let state = &mut self.state.pes[pe.index()];
        if now < state.fifo.drain_ends {
            self.state.queue.push(state.fifo.drain_ends, pe.index() as u16, EventKind::Drain);
            return Progress::default();
        }
        state.fifo.draining = false;
        self.book_stall(pe.qpe_id());
        let place = self.state.pes[pe.index()].fifo.read;
        self.note(|recorder| recorder.drained(pe.index(), place, now));
        let state = &mut self.state.pes[pe.index()];
        if let Some(entry) = state.fifo.pop(&state.sram)
            && let Some(arrival) = self.place(pe, &entry)
        {
            self.arrived(pe, arrival);
        }
        if self.state.pes[pe.index()].status == Status::Waiting {
            self.woken(pe);
            self.drain(pe, false);
        }
        let progress = self.let_in(pe.qpe_id());
        self.book_stall(pe.qpe_id());
        progress
    }

    /// Writes an entry's payload to the place that its key names; returns the arrival that this
    /// completes, if any.
    fn place(&mut self, pe: Pe, entry: &Entry) -> Option<Arrival> {
        let program = &self.program;
        let Key { population, group, buffer, offset, last } = Key::decode(entry.key);
        // The mapper routes no batch: a key has no room for the sample. It names the first
        // group that the packet is for; a PE in none but a later one reads the values as a
        // member of that.
        let groups = Groups(u8::MAX << group);
        // A key that nothing here waits for: a flipped bit. The core would write through
        // a null pointer.
        let receiver = *program.inboxes.get(pe.index())?.receiver(program.lane(population, 0), groups)?;
        let slot = program.pe(pe)?.slots.get(usize::from(receiver.slot))?;
        let address = slot.buffers.of(u32::from(buffer)) + offset;
        self.state.pes[pe.index()].sram.set_packet(address, entry.payload);
        last.then_some(Arrival { slot: receiver.slot, counter: receiver.counter, set: 0 })
    }
}
