//! Packets between chips: out of a chip's event router, over links, into the next chip's router.
//!
//! A packet for another chip goes to its chip's event router as one for the router itself does.
//! There an engine looks up where it goes, and it waits for the link. A link takes 62.5 million
//! link packets a second (CHIP26: 6 Gbit/s, 96 bits each); how many of them a packet takes is not
//! published and follows from `assume.link_payload_bits`, and what a link adds to the time that the
//! bits take is `assume.link_latency_ns`. Routers take in what comes: how much they hold is not
//! published, so waiting delays packets and blocks none.

use std::sync::Arc;

use serde::Serialize;

use super::exec::{Machine, Progress};
use super::noc::Load;
use super::options::Assume;
use super::program::PACKET_BYTES;
use super::state::{Packet, PacketKind, Travelling};
use super::transit::is_listed;
use crate::chip::board::LinkId;
use crate::chip::clock::{self, TICKS_PER_US, Tick};
use crate::chip::constants::{EVENT_PACKET_BITS, LINK_PACKETS_PER_2_US};
use crate::chip::geometry::{ChipId, QpeId};
use crate::machine::queue::EventKind;

/// Parts of a tick in which links are timed: a link packet takes a whole number of them.
pub const PARTS: u64 = 5;
/// Parts of a tick that a link packet takes: 16 ns.
pub const LINK_PACKET_PARTS: u64 = 2 * PARTS * TICKS_PER_US / LINK_PACKETS_PER_2_US;

/// Bytes of a message's payload.
pub const MESSAGE_BYTES: u32 = 4;

/// Counters of what has crossed a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkCount {
    /// Number of packets that have crossed.
    pub packets: u64,
    /// Link packets that they took.
    pub link_packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Ticks that packets waited for the link.
    pub waited: Tick,
}

impl LinkCount {
    /// Returns the share of `ticks` ticks in which the link was busy.
    pub fn load(&self, ticks: Tick) -> f64 {
        (self.link_packets * LINK_PACKET_PARTS) as f64 / (ticks.max(1) * PARTS) as f64
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            packets: self.packets - before.packets,
            link_packets: self.link_packets - before.link_packets,
            bytes: self.bytes - before.bytes,
            waited: self.waited - before.waited,
        }
    }
}

/// State of a directed link between chips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChipLinkState {
    /// First moment at which the link can take another packet, in [`PARTS`] of a tick.
    pub free: u64,
    /// Counters since the start of the run.
    pub count: LinkCount,
    /// Counters when the time step began.
    pub(super) before: LinkCount,
    /// Counters of the last completed time step.
    pub last_step: LinkCount,
}

impl ChipLinkState {
    /// Closes the time step's counters.
    pub(super) fn end_step(&mut self) {
        self.last_step = self.count.since(&self.before);
        self.before = self.count;
    }

    /// Takes a packet of `link_packets` link packets that waits from tick `at` on; returns the tick
    /// at which its last bit is across.
    fn cross(&mut self, at: Tick, link_packets: u64, bytes: u32) -> Tick {
        let start = self.free.max(at * PARTS);
        self.free = start + link_packets * LINK_PACKET_PARTS;
        self.count.packets += 1;
        self.count.link_packets += link_packets;
        self.count.bytes += u64::from(bytes);
        self.count.waited += start / PARTS - at;
        self.free.div_ceil(PARTS)
    }
}

/// Returns the link packets that a packet with `bytes` bytes of payload takes.
pub fn link_packets(bytes: u32, assume: &Assume) -> u64 {
    let bits = EVENT_PACKET_BITS + 8 * bytes;
    u64::from(bits.div_ceil(assume.link_payload_bits.max(1)))
}

/// Returns the bytes of the payload of an event whose entry in a FIFO takes these words.
pub fn event_bytes(entry_words: u32) -> u32 {
    4 * entry_words.saturating_sub(1)
}

/// Returns the bytes of a packet's payload.
fn payload(packet: &Packet, entry_words: u32) -> u32 {
    match packet.kind {
        PacketKind::Values { .. } | PacketKind::Announce { .. } => PACKET_BYTES,
        PacketKind::Message { .. } => MESSAGE_BYTES,
        PacketKind::Event { message: Some(_), .. } => 0,
        PacketKind::Event { message: None, .. } => event_bytes(entry_words),
    }
}

impl Machine {
    /// Sends a packet on that has reached a chip's router on its way to another chip, or from one:
    /// over the next link, or over the mesh to its QPE. A dead link loses it.
    pub(super) fn forward(&mut self, number: u32, chip: ChipId) -> Progress {
        let Some(travelling) = self.state.packets.travelling(number).copied() else {
            return Progress::default();
        };
        let packet = &travelling.packet;
        let out = self.pass_engine(chip);
        if !travelling.is_abroad() {
            let entry = self.leave_router(packet.qpe, out);
            self.state.packets.moved(number, chip, false);
            let hops = self.state.noc.enter(entry.route, entry.at, Load::Packet(number)) + entry.more_hops;
            self.state.traffic.crossed(hops);
            return Progress::default();
        }
        let program = Arc::clone(&self.program);
        match program.board.next(packet.source_chip(), packet.qpe.chip(), chip) {
            Some(link) if self.state.faults.lost_between_chips(link) => {
                self.note_landed(number, out, true);
                self.lost_on_the_way(number)
            }
            Some(link) => {
                let arrival = self.cross(packet, link, out);
                self.state.packets.moved(number, program.board.links()[link.index()].to, true);
                self.state.queue.push(arrival, packet.source, EventKind::Deliver(number));
                Progress::default()
            }
            // The mapper refuses programs whose chips are not connected.
            None => {
                debug_assert!(false, "no way from {chip} to {}", packet.qpe.chip());
                Progress::default()
            }
        }
    }

    /// Copies a routed packet, which has come out of an engine of a chip's router at tick `out`,
    /// over the links behind which there are QPEs of its entry.
    pub(super) fn copy_over_links(
        &mut self,
        packet: &Packet,
        entry: &[(QpeId, u8)],
        (chip, out): (ChipId, Tick),
    ) -> Progress {
        let program = Arc::clone(&self.program);
        let (board, source) = (&program.board, packet.source_chip());
        let mut links: Vec<LinkId> = Vec::new();
        for (qpe, _) in entry.iter().filter(|(qpe, _)| qpe.chip() != chip) {
            if let Some(link) = board.next(source, qpe.chip(), chip)
                && !links.contains(&link)
            {
                links.push(link);
            }
        }
        let mut progress = Progress::default();
        for link in links {
            let number = self.state.sent;
            self.state.sent += 1;
            if self.state.faults.lost_between_chips(link) || is_listed(&self.state.lost, number) {
                let behind = |qpe: &QpeId| board.way(source, qpe.chip()).contains(&link);
                let copies = entry.iter().filter(|(qpe, _)| behind(qpe)).count();
                progress = progress.or(self.copies_lost(packet, copies));
            } else {
                self.copy_over(packet, link, out);
            }
        }
        progress
    }

    /// Copies a routed packet over a link that it waits for from tick `out` on.
    fn copy_over(&mut self, packet: &Packet, link: LinkId, out: Tick) {
        let arrival = self.cross(packet, link, out);
        let chip = self.program.board.links()[link.index()].to;
        let sent = self.state.tick;
        let copy = Travelling { packet: *packet, sent, late: 0, lost: false, chip, from_link: true };
        let stored = self.state.packets.put(copy);
        self.state.traffic.in_flight += 1;
        self.state.timer.events_left += u32::from(matches!(packet.kind, PacketKind::Event { .. }));
        self.note_sent(packet, sent, 1, stored);
        self.state.queue.push(arrival, packet.source, EventKind::Deliver(stored));
    }

    /// Sends a packet over a link that it waits for from tick `at` on; returns the tick at which it
    /// reaches the router of the next chip.
    fn cross(&mut self, packet: &Packet, link: LinkId, at: Tick) -> Tick {
        let words = self.program.timer.as_ref().map_or(1, |timer| timer.entry_words);
        let bytes = payload(packet, words);
        let link_packets = link_packets(bytes, &self.program.assume);
        let latency = clock::from_ns(self.program.assume.link_latency_ns);
        self.state.chip_links[link.index()].cross(at, link_packets, bytes) + latency
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 62.5 million link packets a second: 125 packets of two link packets in 4 µs.
    #[test]
    fn a_link_reaches_its_published_bandwidth_and_does_not_exceed_it() {
        let mut link = ChipLinkState::default();
        let ends: Vec<Tick> = (0..125).map(|_| link.cross(0, 2, 16)).collect();
        assert_eq!(ends.last(), Some(&(4 * TICKS_PER_US)));
        assert_eq!(ends[0], 39, "38.4 ticks");
        assert!((link.count.load(4 * TICKS_PER_US) - 1.0).abs() < 1e-12);
        // One that comes later does not wait.
        assert_eq!(link.cross(10_000, 1, 0), 10_020);
        link.end_step();
        assert_eq!(
            (link.last_step.packets, link.last_step.link_packets, link.last_step.bytes),
            (126, 251, 2000)
        );
    }
}
