//! The data network-on-chip in time: links that carry one packet a cycle, five cycles a hop, first come first served.
//!
//! A packet reserves its whole path when it is injected, link by link in event order; buffers are taken as deep enough
//! (their depth is not published), so waiting delays a packet but never blocks another. Each QPE takes one packet a
//! cycle off the mesh.

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
        let taken = head.max(self.ports[to]);
        self.ports[to] = taken + occupied;
        Passage { arrival: taken + (Tick::from(beats) - 1) * spacing, hops: path.len() as u32 }
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
mod tests {
    use super::*;
    use crate::chip::geometry::Qpe;

    fn index(x: u8, y: u8) -> usize {
        Qpe::at(x, y).unwrap().index()
    }

    #[test]
    fn five_cycles_a_hop_and_one_packet_a_cycle() {
        let mut noc = Noc::default();
        let first = noc.send(index(1, 1), index(5, 1), 0);
        assert_eq!(first, Passage { arrival: 4 * 5 * NOC_CYCLE, hops: 4 });
        // The second waits one cycle for the first link and keeps its distance afterwards.
        let second = noc.send(index(1, 1), index(5, 1), 0);
        assert_eq!(second.arrival, first.arrival + NOC_CYCLE);
        let waited: u64 = noc.links.iter().map(|l| l.waited).sum();
        assert_eq!(waited, 1);
        // A third on other links does not wait.
        assert_eq!(noc.send(index(1, 2), index(5, 2), 0).arrival, 4 * 5 * NOC_CYCLE);
    }

    #[test]
    fn a_burst_occupies_its_links_for_as_long_as_it_lasts() {
        let mut noc = Noc::default();
        let burst = noc.stream(index(1, 1), index(2, 1), 0, 10, 6);
        assert_eq!(burst.arrival, 5 * NOC_CYCLE + 9 * 6);
        let next = noc.send(index(1, 1), index(2, 1), 0);
        assert!(next.arrival >= 60);
    }
}
