//! The data network-on-chip in time: links that carry one packet a cycle, five cycles a hop.
//!
//! Each link serves packets in the order in which they reach it. That is our approximation: the
//! chip arbitrates each output of a router round robin over its inputs (CHIP26), which gives the
//! same order except among packets that wait at the same time (`noc/tests.rs` measures the
//! difference). Buffers are taken as deep enough, since neither their depth nor what a full one
//! does is published: waiting delays a packet but never blocks another. Each QPE takes one packet
//! a cycle off the mesh.
//!
//! A dead link (a fault) loses what reaches it: the sender's router is not told, and nothing is
//! sent around it. What happens on the chip is not published.

mod wheel;

use serde::Serialize;

use self::wheel::Wheel;
use super::routes::{ROUTES, Turn};
use crate::chip::clock::{NOC_CYCLE, Tick};
use crate::chip::constants::NOC_CYCLES_PER_HOP;
use crate::chip::geometry::{ChipId, PE_COUNT, PES_PER_QPE, QPE_COUNT, QpeId};

/// NoC cycles from router to router (CHIP26, second hand).
pub const HOP_CYCLES: Tick = NOC_CYCLES_PER_HOP as Tick;

/// [`LinkState::free`] of a dead link.
const NEVER: u64 = u64::MAX;

/// State of a directed link of the NoC.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct LinkState {
    /// First NoC cycle in which the link can take another packet; `u64::MAX` for a dead link.
    pub free: u64,
    /// Packets since the start of the time step.
    pub step_packets: u32,
    /// Packets of the last completed time step.
    pub last_step_packets: u32,
    /// Packets since the start of the run.
    pub packets: u64,
    /// NoC cycles that packets waited for the link, since the start of the run.
    pub waited: u64,
}

impl LinkState {
    /// Returns `true` if the link loses what reaches it.
    pub fn is_dead(&self) -> bool {
        self.free == NEVER
    }
}

/// Load that crosses the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// A packet, by its number in the packet store.
    Packet(u32),
    /// A beat of the row that a PE (by index) reads from DRAM.
    Beat(u16),
}

/// Ways of a load from a QPE's router, on the mesh of one chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// QPE at whose router it enters the mesh.
    pub from: QpeId,
    /// QPE at whose router it leaves the mesh, on the same chip.
    pub to: QpeId,
    /// Leaves by the QPE's port; otherwise it goes on elsewhere, to the event router.
    pub port: bool,
}

/// Marks the beat of a row among the loads of a [`Hop`].
const BEAT: u64 = 1 << 31;
/// Marks a [`Hop`] that is about to enter the mesh.
const FIRST: u64 = 1 << 56;
/// Marks a [`Hop`] that leaves the mesh by a QPE's port.
const PORT: u64 = 1 << 57;
/// Step from a turn to the next one.
const TURN: u64 = 1 << 32;

/// Load on its way to the next link or off the mesh, in one word, since millions of them are moved.
///
/// From bit 0: number of the packet, or PE index of a beat's reader with [`BEAT`] (32 bits);
/// position in [`super::routes::Routes::turns`] (16); ticks after the start of the NoC cycle, which
/// the load keeps all the way (8); [`FIRST`] and [`PORT`]; chip (6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hop(u64);

impl Hop {
    #[inline]
    fn new(load: Load, turn: u16, phase: u8, (port, chip): (bool, ChipId)) -> Self {
        let load = match load {
            Load::Packet(number) => u64::from(number),
            Load::Beat(pe) => u64::from(pe) | BEAT,
        };
        let port = if port { PORT } else { 0 };
        let way = u64::from(turn) << 32 | u64::from(phase) << 48;
        Self(load | way | FIRST | port | (chip.index() as u64) << 58)
    }

    /// Returns what is on its way.
    #[inline]
    pub(super) fn load(self) -> Load {
        if self.is_beat() { Load::Beat(self.0 as u16) } else { Load::Packet(self.0 as u32) }
    }

    /// Gives a packet another place in the packet store.
    pub(super) fn renumber(&mut self, place: impl Fn(u32) -> u32) {
        if !self.is_beat() {
            self.0 = self.0 & !u64::from(u32::MAX) | u64::from(place(self.0 as u32));
        }
    }

    #[inline]
    fn is_beat(self) -> bool {
        self.0 & BEAT != 0
    }

    /// Returns the position of its next turn in [`super::routes::Routes::turns`].
    #[inline]
    pub(super) fn turn(self) -> u16 {
        (self.0 >> 32) as u16
    }

    /// Returns the ticks after the start of the NoC cycle.
    #[inline]
    pub(super) fn phase(self) -> u8 {
        (self.0 >> 48) as u8
    }

    /// Returns whether it is about to enter the mesh.
    #[inline]
    pub(super) fn is_first(self) -> bool {
        self.0 & FIRST != 0
    }

    /// Returns whether it leaves the mesh by a QPE's port.
    #[inline]
    pub(super) fn has_port(self) -> bool {
        self.0 & PORT != 0
    }

    /// Returns the number of the chip whose mesh it is on.
    #[inline]
    pub(super) fn chip(self) -> usize {
        (self.0 >> 58) as usize
    }

    /// Returns the load past the link that it is about to cross.
    #[inline]
    fn behind(self) -> Self {
        Self((self.0 + TURN) & !FIRST)
    }
}

/// Row on its way from DRAM: beats that are still to enter, and to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Burst {
    /// Positions among its chip's QPEs where it enters and leaves the mesh.
    pub(super) route: (u8, u8),
    pub(super) to_enter: u32,
    pub(super) to_arrive: u32,
    /// Tick at which the next beat enters.
    pub(super) at: Tick,
    pub(super) spacing: Tick,
}

/// Packet on a mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Number in the packet store.
    pub number: u32,
    /// Chip whose mesh it is on.
    pub chip: ChipId,
    /// Position in [`super::routes::Routes::turns`] of what it does next.
    pub turn: u16,
}

/// Load that has left the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// A packet, by its number in the packet store.
    Packet(u32),
    /// The last beat of the row that a PE (by index) reads.
    Burst(u16),
    /// Lost at a dead link, by its number in [`super::routes::Routes::links`].
    Lost(Load, u8),
}

/// All links, each QPE's port off the mesh, and what is under way.
#[derive(Clone, Debug)]
pub struct Noc {
    /// Chip after chip in the order of [`super::routes::Routes::links`].
    pub links: Vec<LinkState>,
    /// First NoC cycle in which each QPE can take another packet off the mesh, by [`QpeId`].
    pub(super) ports: Vec<u64>,
    /// Loads under way, by the NoC cycle in which they reach their next link or its port.
    pub(super) under_way: Wheel<Hop>,
    /// Rows that are read, by PE index.
    pub(super) bursts: Vec<Option<Burst>>,
    /// NoC cycles that beats of rows waited for links, since the start.
    pub beats_waited: u64,
}

impl Noc {
    /// Returns the meshes of `chips` chips, with nothing under way.
    pub fn new(chips: usize) -> Self {
        Self {
            links: vec![LinkState::default(); chips * ROUTES.links().len()],
            ports: vec![0; chips * QPE_COUNT],
            under_way: Wheel::default(),
            bursts: vec![None; chips * PE_COUNT],
            beats_waited: 0,
        }
    }

    /// Enters a load into the mesh at tick `at`; returns the number of links that it has to cross.
    pub fn enter(&mut self, route: Route, at: Tick, load: Load) -> u32 {
        let Route { from, to, port } = route;
        let (chip, from, to) = (from.chip(), from.local(), to.local());
        let (turn, hops) = ROUTES.way(from, to);
        // Inside its own QPE it crosses that one's router.
        let cycle = at / NOC_CYCLE + if hops == 0 { HOP_CYCLES } else { 0 };
        self.under_way.push(cycle, Hop::new(load, turn, (at % NOC_CYCLE) as u8, (port, chip)));
        u32::from(hops)
    }

    /// Enters a packet like [`Self::enter`] and carries it across its first link at once.
    ///
    /// The caller ensures that all loads that reach a link earlier have crossed it, and that no
    /// link is dead.
    #[inline]
    pub(super) fn enter_across(&mut self, route: Route, at: Tick, number: u32) -> u32 {
        let Route { from, to, port } = route;
        let (turn, hops) = ROUTES.way(from.local(), to.local());
        let Turn::Link(link) = ROUTES.turns()[usize::from(turn)] else {
            return self.enter(route, at, Load::Packet(number));
        };
        let (chip, cycle) = (from.chip(), at / NOC_CYCLE);
        let hop = Hop::new(Load::Packet(number), turn, (at % NOC_CYCLE) as u8, (port, chip));
        let depart = self.cross(chip.index() * ROUTES.links().len() + usize::from(link), cycle, hop);
        self.under_way.push(depart + HOP_CYCLES, hop.behind());
        u32::from(hops)
    }

    /// Starts the transfer of the row that a PE (by index) reads; a PE reads one row at a time.
    ///
    /// `beats` beats enter at position `from` of its chip's QPEs, one every `spacing` ticks from
    /// tick `at` on.
    pub fn enter_burst(&mut self, from: usize, pe: u16, at: Tick, beats: u32, spacing: Tick) {
        let to = QpeId::from_index(usize::from(pe) / PES_PER_QPE).local();
        let route = (from as u8, to as u8);
        self.bursts[usize::from(pe)] =
            Some(Burst { route, to_enter: beats, to_arrive: beats, at, spacing: spacing.max(NOC_CYCLE) });
        self.next_beat(pe);
    }

    /// Enters the next beat of the row that a PE (by index) reads into the mesh, if one is left.
    fn next_beat(&mut self, pe: u16) {
        let Some(burst) = &mut self.bursts[usize::from(pe)] else { return };
        if burst.to_enter == 0 {
            return;
        }
        let at = burst.at;
        burst.to_enter -= 1;
        burst.at += burst.spacing;
        let (from, to) = burst.route;
        let chip = QpeId::from_index(usize::from(pe) / PES_PER_QPE).chip();
        let on = |local: u8| QpeId::on(chip, usize::from(local));
        self.enter(Route { from: on(from), to: on(to), port: true }, at, Load::Beat(pe));
    }

    /// Returns the earliest tick at which the row that a PE (by index) reads can be complete.
    pub fn burst_end(&self, pe: usize) -> Option<Tick> {
        let burst = self.bursts.get(pe).copied().flatten()?;
        let hops = ROUTES.path(usize::from(burst.route.0), usize::from(burst.route.1)).len().max(1) as Tick;
        let last = burst.at + burst.spacing * Tick::from(burst.to_enter) - burst.spacing;
        Some(last + hops * HOP_CYCLES * NOC_CYCLE)
    }

    /// Returns the next NoC cycle in which something happens on the mesh.
    pub fn next_cycle(&self) -> Option<u64> {
        self.under_way.next()
    }

    /// Returns the packets on the meshes, in the order in which they reach their next link or port.
    pub fn packets(&self) -> impl Iterator<Item = UnderWay> {
        self.under_way.iter().filter_map(|(_, hop)| match hop.load() {
            Load::Packet(number) => {
                let chip = ChipId::from_index(hop.chip())?;
                Some(UnderWay { number, chip, turn: hop.turn() })
            }
            Load::Beat(_) => None,
        })
    }

    /// Returns whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Advances the mesh to tick `tick` if it is empty: nothing enters earlier from now on.
    #[inline]
    pub(super) fn rest_until(&mut self, tick: Tick) {
        self.under_way.rest_until(tick / NOC_CYCLE);
    }

    /// Carries out NoC cycle `cycle`, the next one; adds what leaves the mesh, with the tick.
    pub fn pass(&mut self, cycle: u64, landed: &mut Vec<(Tick, Landing)>) {
        let (turns, links) = (ROUTES.turns(), ROUTES.links().len());
        let mut due = self.under_way.take(cycle);
        while let Some(hop) = self.under_way.due(&mut due) {
            if hop.0 & (FIRST | BEAT) == FIRST | BEAT {
                self.next_beat(hop.0 as u16);
            }
            match turns[usize::from(hop.turn())] {
                Turn::Link(link) => match self.cross(hop.chip() * links + usize::from(link), cycle, hop) {
                    NEVER => {
                        let tick = cycle * NOC_CYCLE + Tick::from(hop.phase());
                        landed.push((tick, Landing::Lost(hop.load(), link)));
                    }
                    depart => self.under_way.push(depart + HOP_CYCLES, hop.behind()),
                },
                Turn::Leave(qpe) => {
                    self.leave(hop.chip() * QPE_COUNT + usize::from(qpe), cycle, hop, landed);
                }
            }
        }
    }

    /// Carries out NoC cycles up to tick `until`, at most until something leaves the mesh. Returns
    /// the last of them.
    #[inline]
    pub(super) fn pass_until(&mut self, until: Tick, landed: &mut Vec<(Tick, Landing)>) -> u64 {
        let mut cycle = 0;
        while landed.is_empty() && self.is_due(until) {
            cycle = self.under_way.next().unwrap_or(0);
            self.pass(cycle, landed);
        }
        cycle
    }

    /// Returns whether something happens on the mesh up to tick `until`.
    #[inline]
    pub(super) fn is_due(&self, until: Tick) -> bool {
        self.under_way.is_due(until / NOC_CYCLE)
    }

    /// Makes a link dead: it loses what reaches it from now on.
    pub(super) fn kill(&mut self, link: u8) {
        self.links[usize::from(link)].free = NEVER;
    }

    /// Returns the cycle in which a load that has reached a link departs over it; [`NEVER`] if the
    /// link is dead.
    #[inline]
    fn cross(&mut self, link: usize, cycle: u64, hop: Hop) -> u64 {
        let link = &mut self.links[link];
        let depart = cycle.max(link.free);
        if depart == NEVER {
            return NEVER;
        }
        link.free = depart + 1;
        let waited = if hop.is_beat() { &mut self.beats_waited } else { &mut link.waited };
        *waited += depart - cycle;
        link.step_packets += 1;
        link.packets += 1;
        depart
    }

    #[inline]
    fn leave(&mut self, qpe: usize, cycle: u64, hop: Hop, landed: &mut Vec<(Tick, Landing)>) {
        let mut taken = cycle;
        if hop.has_port() {
            taken = cycle.max(self.ports[qpe]);
            self.ports[qpe] = taken + 1;
        }
        let tick = taken * NOC_CYCLE + Tick::from(hop.phase());
        match hop.load() {
            Load::Packet(number) => landed.push((tick, Landing::Packet(number))),
            Load::Beat(pe) => {
                let Some(burst) = &mut self.bursts[usize::from(pe)] else { return };
                burst.to_arrive -= 1;
                if burst.to_arrive == 0 {
                    self.bursts[usize::from(pe)] = None;
                    landed.push((tick, Landing::Burst(pe)));
                }
            }
        }
    }

    /// Returns the bytes that a copy of what is under way takes.
    pub(super) fn bytes(&self) -> usize {
        self.under_way.bytes() + size_of_val(self.bursts.as_slice())
    }

    /// Closes the time step's counters.
    pub fn end_step(&mut self) {
        for link in &mut self.links {
            link.last_step_packets = link.step_packets;
            link.step_packets = 0;
        }
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
