//! The data network-on-chip in time: links that carry one packet a cycle, five cycles a hop.
//!
//! A packet reserves its whole path when it is injected, link by link, in the order of injection: one that was injected
//! later waits for it even where it reaches a link earlier, and gaps between reservations stay empty. Waiting is therefore
//! overstated (about 11 times on scenes/lm.ron; chip time moves by less than 0.1 µs of 2,652 a token). The chip arbitrates
//! each output round robin (CHIP26). Buffers are taken as deep enough (their depth is not published), so waiting delays a packet but
//! never blocks another. Each QPE takes one packet a cycle off the mesh.

use serde::Serialize;

use super::routes::ROUTES;
use crate::chip::clock::{NOC_CYCLE, Tick};
use crate::chip::constants::NOC_CYCLES_PER_HOP;
use crate::chip::geometry::QPE_COUNT;

/// NoC cycles from router to router (CHIP26, second hand).
pub const HOP_CYCLES: Tick = NOC_CYCLES_PER_HOP as Tick;

/// One directed link.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct LinkState {
    /// First tick at which it can take another packet.
    pub free: Tick,
    /// Packets since the start of the time step.
    pub step_packets: u32,
    /// Packets of the last completed time step.
    pub last_step_packets: u32,
    /// Packets since the start.
    pub packets: u64,
    /// NoC cycles that packets waited for it, since the start.
    pub waited: u64,
}

/// All links, and each QPE's port off the mesh.
#[derive(Clone, Debug)]
pub struct Noc {
    /// In the order of [`super::routes::Routes::links`].
    pub links: Vec<LinkState>,
    /// Tick at which each QPE can take another packet off the mesh.
    pub ports: [Tick; QPE_COUNT],
}

impl Default for Noc {
    fn default() -> Self {
        Self { links: vec![LinkState::default(); ROUTES.links().len()], ports: [0; QPE_COUNT] }
    }
}

/// Where and when a packet arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Tick of delivery.
    pub arrival: Tick,
    /// Links crossed.
    pub hops: u32,
}

impl Noc {
    /// Sends one packet from QPE index `from` to `to` at tick `at`.
    pub fn send(&mut self, from: usize, to: usize, at: Tick) -> Passage {
        self.stream(from, to, at, 1, NOC_CYCLE)
    }

    /// Sends `beats` packets along one path, one every `spacing` ticks: a DMA burst. Arrival is the last one's.
    pub fn stream(&mut self, from: usize, to: usize, at: Tick, beats: u32, spacing: Tick) -> Passage {
        let occupied = Tick::from(beats) * spacing;
        let Passage { arrival: head, hops } = self.links(from, to, at, beats, spacing);
        let taken = head.max(self.ports[to]);
        self.ports[to] = taken + occupied;
        Passage { arrival: taken + (Tick::from(beats) - 1) * spacing, hops }
    }

    /// Takes one packet from QPE index `from` to the router of QPE index `to`, where it does not leave the mesh by the
    /// QPE's port but goes on elsewhere.
    pub fn cross(&mut self, from: usize, to: usize, at: Tick) -> Passage {
        self.links(from, to, at, 1, NOC_CYCLE)
    }

    /// Reserves the links of a path; arrival is the first beat's.
    fn links(&mut self, from: usize, to: usize, at: Tick, beats: u32, spacing: Tick) -> Passage {
        let path = ROUTES.path(from, to);
        let occupied = Tick::from(beats) * spacing;
        let mut head = at;
        for &link in path {
            let link = &mut self.links[usize::from(link)];
            let depart = head.max(link.free);
            link.waited += (depart - head) / NOC_CYCLE;
            link.free = depart + occupied;
            link.step_packets += beats;
            link.packets += u64::from(beats);
            head = depart + HOP_CYCLES * NOC_CYCLE;
        }
        if path.is_empty() {
            head += HOP_CYCLES * NOC_CYCLE; // through its own QPE's router
        }
        Passage { arrival: head, hops: path.len() as u32 }
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
mod tests;
