//! Packets between their sender and their arrival: into the mesh, across it, off it.

use super::exec::{Machine, Progress};
use super::fault::Fate;
use super::noc::{HOP_CYCLES, Landing, Load, Route};
use super::queue::{Event, EventKind};
use super::state::{Packet, Travelling};
use crate::chip::clock::{NOC_CYCLE, ROUTER_CYCLE, Tick};
use crate::chip::geometry::{ChipId, Pe, QPE_COUNT, QpeId};

/// Time and place at which a packet enters the mesh.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) route: Route,
    /// Tick at which it enters.
    pub(super) at: Tick,
    /// Links that it crosses outside of the mesh: to or from the event router.
    pub(super) more_hops: u32,
}

impl Machine {
    /// Hands a packet to the NoC now. A lost one is never delivered; the emulator counts its
    /// values as gone.
    pub(super) fn send(&mut self, from: QpeId, packet: Packet) -> Progress {
        self.send_at(from, packet, self.state.tick)
    }

    /// Hands a packet to the NoC at tick `at`. Where it is for the event router or for another
    /// chip, it goes to the chip's router.
    pub(super) fn send_at(&mut self, from: QpeId, packet: Packet, at: Tick) -> Progress {
        let entry = if packet.qpe.chip() == from.chip() {
            Entry { route: Route { from, to: packet.qpe, port: true }, at, more_hops: 0 }
        } else {
            let to = self.program.delivery.ports.neighbour(from);
            Entry { route: Route { from, to, port: false }, at, more_hops: 1 }
        };
        self.launch(packet, at, entry)
    }

    /// Hands a packet to the NoC: it departs at tick `sent` and enters the mesh at `entry`. Applies
    /// the faults that affect the packet.
    pub(super) fn launch(&mut self, packet: Packet, sent: Tick, entry: Entry) -> Progress {
        let state = &mut self.state;
        let number = state.sent;
        state.sent += 1;
        let mut packet = packet;
        let fate = if state.faults.any() { state.faults.fate(&packet) } else { None };
        let late = if let Some(Fate::Late(ticks)) = fate { ticks } else { 0 };
        if let Some(Fate::Astray(address)) = fate {
            packet.go_astray(address);
            state.disturbed = true;
        }
        let lost = fate == Some(Fate::Lost) || is_listed(&state.lost, number);
        if let Some(pe) = state.pes.get_mut(usize::from(packet.source)) {
            pe.count.sent += 1;
        }
        let chip = entry.route.from.chip();
        let travelling = Travelling { packet, sent, late, lost, chip, from_link: false };
        let stored = state.packets.put(travelling);
        let hops = state.noc.enter(entry.route, entry.at, Load::Packet(stored)) + entry.more_hops;
        state.traffic.sent(hops);
        self.note_sent(&packet, sent, hops, stored);
        self.trace_sent(stored, &travelling);
        if lost { self.packet_lost(&packet) } else { Progress::default() }
    }

    /// Hands a packet to the NoC now that goes to a PE or the host of its chip, while no faults
    /// last; it crosses its first link at once (see [`super::lean`]).
    #[inline]
    pub(super) fn launch_across(&mut self, from: QpeId, packet: Packet) -> Progress {
        let state = &mut self.state;
        if is_listed(&state.lost, state.sent) {
            return self.send(from, packet);
        }
        state.sent += 1;
        if let Some(pe) = state.pes.get_mut(usize::from(packet.source)) {
            pe.count.sent += 1;
        }
        let route = Route { from, to: packet.qpe, port: true };
        let (sent, chip) = (state.tick, from.chip());
        let stored =
            state.packets.put(Travelling { packet, sent, late: 0, lost: false, chip, from_link: false });
        let hops = state.noc.enter_across(route, sent, stored);
        state.traffic.sent(hops);
        Progress::default()
    }

    /// Runs the mesh until the next event of the queue. Announce time steps before, not after:
    /// progress of the mesh is not undone.
    #[inline]
    pub fn settle(&mut self) {
        if self.tracing.is_some() {
            self.settle_traced();
        }
        while self.state.noc.is_due(self.state.queue.next()) {
            self.pass();
        }
    }

    /// Runs the mesh until the next event of the queue or until something leaves the mesh.
    fn pass(&mut self) {
        self.pass_until(self.state.queue.next());
    }

    /// Runs the mesh until tick `until` or until something leaves the mesh.
    pub(super) fn pass_until(&mut self, until: Tick) {
        let mut landed = std::mem::take(&mut self.landed);
        self.state.noc.pass_until(until, &mut landed);
        for (tick, landing) in landed.drain(..) {
            self.land(tick, landing);
        }
        self.landed = landed;
    }

    /// Returns the next event, the mesh settled: see [`Self::settle`].
    pub fn next_event(&mut self) -> Option<Event> {
        self.settle();
        self.state.queue.peek()
    }

    /// Returns whether the next event comes after tick `tick`, whatever is under way on the mesh.
    pub fn is_past(&self, tick: Tick) -> bool {
        let ahead = |machine: &Self| machine.state.queue.next_tick().is_none_or(|next| next > tick);
        if !ahead(self) || self.state.noc.is_empty() {
            return ahead(self);
        }
        let mut copy = self.clone();
        copy.settle();
        ahead(&copy)
    }

    /// Queues what leaves the mesh, at a tick that may lie ahead.
    #[inline]
    pub(super) fn land(&mut self, tick: Tick, landing: Landing) {
        match landing {
            Landing::Packet(number) => self.land_packet(tick, number),
            Landing::Burst(pe) => {
                self.state.queue.push(tick, pe, EventKind::DmaEnd);
                self.note(|recorder| recorder.fetched(pe, tick));
            }
            Landing::Lost(load, link) => self.lose(tick, load, link),
        }
    }

    /// Handles the loss of a load on a dead link at a tick that may lie ahead. The DMA read of a
    /// row that lacks a beat never ends.
    #[cold]
    fn lose(&mut self, tick: Tick, load: Load, link: u8) {
        self.state.faults.count_lost(link, load);
        let Load::Packet(number) = load else { return };
        let Some(travelling) = self.state.packets.travelling_mut(number) else { return };
        let source = travelling.packet.source;
        // The loss of a packet by a fault of its sender was handled when it was sent.
        let handled = std::mem::replace(&mut travelling.lost, true);
        self.note_landed(number, tick, true);
        if handled {
            self.state.packets.take(number);
            self.state.traffic.in_flight -= 1;
        } else {
            self.state.queue.push(tick, source, EventKind::Deliver(number));
        }
    }

    #[inline]
    fn land_packet(&mut self, tick: Tick, number: u32) {
        let Some(travelling) = self.state.packets.travelling(number) else { return };
        let Travelling { sent, late, lost, chip, .. } = *travelling;
        let (source, abroad) = (travelling.packet.source, travelling.is_abroad());
        let routed = abroad || travelling.packet.is_routed();
        let arrival = late + if routed { self.reach_router(tick, source, chip) } else { tick };
        if !abroad || lost {
            self.state.traffic.arrived(arrival - sent);
            self.trace_latency(arrival - sent);
        }
        self.note_landed(number, arrival, lost);
        if lost {
            self.state.packets.take(number);
            self.state.traffic.in_flight -= 1;
        } else {
            self.state.queue.push(arrival, source, EventKind::Deliver(number));
        }
    }

    /// Returns when a packet that leaves a chip's mesh at tick `tick` is taken by its port of
    /// the event router.
    fn reach_router(&mut self, tick: Tick, source: u16, chip: ChipId) -> Tick {
        let ports = &self.program.delivery.ports;
        let from = Pe::from_index(usize::from(source)).map_or(QPE_COUNT - 1, |pe| pe.qpe_id().local());
        let port = usize::from(ports.of[from]);
        let router = &mut self.state.router[chip.index()];
        let reached = tick + HOP_CYCLES * NOC_CYCLE;
        let arrival = reached.max(router.enter[port]);
        router.enter[port] = arrival + ROUTER_CYCLE;
        router.waited += arrival - reached;
        arrival
    }
}

/// Returns whether an ascending list has a number.
#[inline]
pub(super) fn is_listed(list: &[u64], number: u64) -> bool {
    list.last().is_some_and(|&last| number <= last) && list.binary_search(&number).is_ok()
}
