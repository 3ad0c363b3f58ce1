//! Traffic between chips that a mapped program leads to, by pairs of chips and by links.
//!
//! It is read off the program of any network family: what PEs send in a time step, to whom, and the
//! ways between their chips. Spikes and packets of active units are counted as if every
//! unit were active once; for programs that send all values the figures are those of a run.

use std::collections::BTreeMap;

use crate::chip::board::LinkId;
use crate::chip::geometry::{ChipId, Pe, QpeId};
use crate::kernel::events::most_packets;
use crate::machine::board::{MESSAGE_BYTES, event_bytes, link_packets};
use crate::machine::broadcast::options::Payload;
use crate::machine::broadcast::route_number;
use crate::machine::program::{Action, PACKET_BYTES, PeProgram, Program, Slot};

/// Packets of a time step, with the bytes of their payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Number of packets.
    pub packets: u64,
    /// Link packets of 96 bits that these take on each link.
    pub link_packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
}

impl Count {
    fn add(&mut self, more: Self) {
        self.packets += more.packets;
        self.link_packets += more.link_packets;
        self.bytes += more.bytes;
    }
}

/// Traffic from one chip to another in a time step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Chip that sends.
    pub from: ChipId,
    /// Chip whose PEs, or whose host, receive.
    pub to: ChipId,
    /// Number of links on the way.
    pub links: usize,
    /// Packets that arrive at the receiving chip.
    pub count: Count,
}

/// Traffic between the chips of a program in a time step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edges {
    /// Pairs of chips of which the first sends something to the second, in their order.
    pub edges: Vec<Edge>,
    /// Packets that cross each link, by [`LinkId`]; those that routers copy cross a link once.
    pub links: Vec<Count>,
    /// Whether a run has these figures in each time step. Otherwise they are those of a time step
    /// in which each unit is active once.
    pub exact: bool,
}

impl Edges {
    /// Reads the traffic off a program.
    pub fn new(program: &Program) -> Self {
        let spikes = program.is_timed();
        let mut sum = Sum {
            program,
            pairs: BTreeMap::new(),
            links: vec![Count::default(); program.board.links().len()],
        };
        if program.chips() > 1 {
            sum.host();
            let loaded = program.places().filter_map(|pe| Some((pe, program.pe(pe)?)));
            loaded.for_each(|(pe, loaded)| sum.pe(pe, loaded));
        }
        let Sum { pairs, links, .. } = sum;
        let edge = |((from, to), count)| Edge { from, to, links: program.board.way(from, to).len(), count };
        Self {
            edges: pairs.into_iter().map(edge).collect(),
            links,
            exact: !spikes && program.delivery.payload == Payload::Dense,
        }
    }

    /// Returns the link packets that cross links in a time step, over all links.
    pub fn crossings(&self) -> u64 {
        self.links.iter().map(|count| count.link_packets).sum()
    }

    /// Returns the bytes that cross links in a time step, over all links.
    pub fn bytes(&self) -> u64 {
        self.links.iter().map(|count| count.bytes).sum()
    }
}

/// Traffic as it is added up.
struct Sum<'a> {
    program: &'a Program,
    pairs: BTreeMap<(ChipId, ChipId), Count>,
    links: Vec<Count>,
}

impl Sum<'_> {
    /// Adds what the host, which is at the first chip, sends.
    fn host(&mut self) {
        let program = self.program;
        for &(qpe, _) in program.announcements.iter().flat_map(|announcement| &announcement.to) {
            self.one(ChipId::FIRST, qpe.chip(), 1, PACKET_BYTES);
        }
        let Some(timer) = &program.timer else { return };
        for input in &timer.inputs {
            self.events(ChipId::FIRST, input.route, input.units, input.done.is_some());
        }
    }

    /// Adds what a PE sends.
    fn pe(&mut self, pe: Pe, loaded: &PeProgram) {
        for operation in &loaded.operations {
            let Some(slot) = loaded.slots.get(usize::from(operation.slot)) else { continue };
            match &operation.action {
                Action::Send => self.block(pe, slot),
                Action::SendEvents(list) => {
                    if let Some(route) = list.route {
                        self.events(pe.chip(), route, slot.units.len() as u32, list.done.is_some());
                    }
                }
                _ => {}
            }
            if let Some(notice) = &operation.notice {
                self.one(pe.chip(), notice.qpe.chip(), 1, MESSAGE_BYTES);
            }
        }
        for relay in loaded.slots.iter().flat_map(|slot| &slot.relays) {
            for (qpe, _) in &relay.to {
                self.one(pe.chip(), qpe.chip(), 1, MESSAGE_BYTES);
            }
        }
    }

    /// Adds the packets of a slot's block.
    fn block(&mut self, pe: Pe, slot: &Slot) {
        let packets = match slot.events {
            Some(_) => most_packets(slot.units.len() as u32),
            None => slot.packets(),
        };
        for target in &slot.targets {
            if target.qpe == QpeId::ROUTER && !target.host {
                let route = route_number(slot.population, target.groups);
                self.routed(pe.chip(), route, packets.into(), PACKET_BYTES);
            } else {
                self.one(pe.chip(), target.qpe.chip(), packets.into(), PACKET_BYTES);
            }
        }
    }

    /// Adds an event of each of `units` units, and the message behind them.
    fn events(&mut self, from: ChipId, route: u16, units: u32, done: bool) {
        let words = self.program.timer.as_ref().map_or(1, |timer| timer.entry_words);
        self.routed(from, route.into(), units.into(), event_bytes(words));
        self.routed(from, route.into(), done.into(), 0);
    }

    /// Adds packets to one chip.
    fn one(&mut self, from: ChipId, to: ChipId, packets: u64, bytes: u32) {
        self.add(from, &[to], packets, bytes);
    }

    /// Adds packets that routers copy for the chips of an entry.
    fn routed(&mut self, from: ChipId, route: usize, packets: u64, bytes: u32) {
        let entry = self.program.delivery.routes.get(route).map_or(&[][..], Vec::as_slice);
        let mut chips: Vec<ChipId> = entry.iter().map(|(qpe, _)| qpe.chip()).collect();
        chips.sort_unstable();
        chips.dedup();
        self.add(from, &chips, packets, bytes);
    }

    fn add(&mut self, from: ChipId, to: &[ChipId], packets: u64, bytes: u32) {
        if packets == 0 {
            return;
        }
        let count = Count {
            packets,
            link_packets: packets * link_packets(bytes, &self.program.assume),
            bytes: packets * u64::from(bytes),
        };
        let mut crossed: Vec<LinkId> = Vec::new();
        for &to in to.iter().filter(|&&to| to != from) {
            self.pairs.entry((from, to)).or_default().add(count);
            for &link in self.program.board.way(from, to) {
                if !crossed.contains(&link) {
                    crossed.push(link);
                    self.links[link.index()].add(count);
                }
            }
        }
    }
}
