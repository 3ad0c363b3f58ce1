//! The event router in the centre of the die: every packet once in, a copy out for each QPE that wants it.
//!
//! Published (CHIP26): it lies in the hole of the mesh at (4,3), (4,4), has six ports to the NoC, three parallel routing
//! engines of four pipeline stages and 400 MHz. So a packet takes at least 10 ns, each engine one a cycle. Not published:
//! latency above that (`assume.router_latency_ns`), which QPEs the ports are at (`assume.router_ports`: by default the
//! six neighbours of the hole) and who uses which: we take the port with the fewest hops, the first of several.

use std::sync::Arc;

use super::super::exec::{Machine, Progress};
use super::super::noc::{HOP_CYCLES, Route};
use super::super::options::Assume;
use super::super::routes::ROUTES;
use super::super::state::{Packet, PacketKind};
use super::super::transit::Entry;
use super::{ROUTER, route_number};
use crate::chip::clock::{self, NOC_CYCLE, ROUTER_CYCLE, Tick};
use crate::chip::geometry::{Pe, QPE_COUNT, Qpe};

pub use crate::chip::constants::{ROUTER_ENGINES as ENGINES, ROUTER_PORTS as PORTS, ROUTER_STAGES as STAGES};

/// Where the router meets the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports {
    /// QPE index at each port.
    pub at: [u8; PORTS],
    /// Port that each QPE sends to and is sent to by.
    pub of: [u8; QPE_COUNT],
}

impl Ports {
    /// Ports at these QPEs `(x, y)`; one that does not exist is left out.
    pub fn new(at: &[(u8, u8); PORTS]) -> Self {
        let at = at.map(|(x, y)| Qpe::at(x, y).map_or(ROUTER, |qpe| qpe.index() as u8));
        let mut of = [0; QPE_COUNT];
        for (qpe, of) in of.iter_mut().enumerate() {
            let hops = |port: &usize| ROUTES.path(qpe, usize::from(at[*port])).len();
            let there = (0..PORTS).filter(|&port| at[port] != ROUTER);
            *of = there.min_by_key(|port| (hops(port), *port)).unwrap_or(0) as u8;
        }
        Self { at, of }
    }

    /// The QPE whose router is next to the event router on the way from or to QPE index `qpe`.
    pub fn neighbour(&self, qpe: usize) -> usize {
        usize::from(self.at[usize::from(self.of[qpe])]).min(QPE_COUNT - 1)
    }
}

impl Default for Ports {
    fn default() -> Self {
        Self::new(&Assume::default().router_ports)
    }
}

/// What of the router changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct RouterState {
    /// When each port can take another packet from the mesh.
    pub enter: [Tick; PORTS],
    /// When each port can hand another packet to the mesh.
    pub leave: [Tick; PORTS],
    /// When each engine can take another packet.
    pub engines: [Tick; ENGINES],
    /// Packets routed since the start.
    pub packets: u64,
    /// Copies sent since the start.
    pub copies: u64,
    /// Ticks that packets waited for ports and engines, since the start.
    pub waited: Tick,
}

impl Machine {
    /// Hands a packet to the NoC, for the router.
    pub(super) fn send_to_router(&mut self, from: Pe, packet: Packet, at: Tick) -> Progress {
        let from = from.qpe_index();
        let to = self.program.delivery.ports.neighbour(from);
        self.launch(packet, at, Entry { route: Route { from, to, port: false }, at, more_hops: 1 })
    }

    /// A packet has reached the router: it goes on to every QPE of its entry.
    pub(in super::super) fn route(&mut self, packet: &Packet) -> Progress {
        let program = Arc::clone(&self.program);
        let route = match packet.kind {
            PacketKind::Values { population, groups, .. } => route_number(population, groups),
            PacketKind::Event { route, .. } => usize::from(route),
            PacketKind::Announce { .. } | PacketKind::Message { .. } => return Progress::default(),
        };
        let event = matches!(packet.kind, PacketKind::Event { .. });
        let (delivery, now) = (&program.delivery, self.state.tick);
        let latency = clock::from_ns(program.assume.router_latency_ns);
        let router = &mut self.state.router;
        let (start, out) = router.process(now, latency);
        router.waited += start - now;
        router.packets += 1;
        let mut progress = Progress::default();
        let entry = delivery.routes.get(route);
        for &(qpe, mask) in entry.into_iter().flatten() {
            let port = usize::from(delivery.ports.of[usize::from(qpe)]);
            let router = &mut self.state.router;
            let depart = out.max(router.leave[port]);
            router.leave[port] = depart + ROUTER_CYCLE;
            router.waited += depart - out;
            router.copies += 1;
            self.state.timer.events_left += u32::from(event);
            let from = delivery.ports.neighbour(usize::from(qpe));
            let route = Route { from, to: usize::from(qpe), port: true };
            let entry = Entry { route, at: depart + HOP_CYCLES * NOC_CYCLE, more_hops: 1 };
            progress = progress.or(self.launch(Packet { qpe, mask, ..*packet }, now, entry));
        }
        progress
    }
}

impl RouterState {
    /// A packet goes through the first engine that is free: when it starts and when it comes out.
    fn process(&mut self, now: Tick, latency: Tick) -> (Tick, Tick) {
        let first = (0..ENGINES).min_by_key(|&engine| (self.engines[engine], engine)).unwrap_or(0);
        let start = now.max(self.engines[first]);
        self.engines[first] = start + ROUTER_CYCLE;
        (start, start + STAGES * ROUTER_CYCLE + latency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_packets_a_cycle_and_ten_nanoseconds_each() {
        let mut router = RouterState::default();
        let times: Vec<_> = (0..4).map(|_| router.process(100, 0)).collect();
        // 10 ns are 12 ticks.
        assert_eq!(times, [(100, 112), (100, 112), (100, 112), (103, 115)]);
    }

    #[test]
    fn ports_are_at_the_six_neighbours_of_the_hole_and_each_qpe_uses_a_near_one() {
        let ports = Ports::default();
        for (index, qpe) in crate::chip::geometry::QPES.into_iter().enumerate() {
            let near = ports.at.iter().map(|&at| ROUTES.path(index, usize::from(at)).len()).min().unwrap();
            assert_eq!(ROUTES.path(index, ports.neighbour(index)).len(), near, "{qpe}");
        }
        for at in ports.at {
            let qpe = crate::chip::geometry::QPES[usize::from(at)];
            let beside = |(x, y): (u8, u8)| qpe.x.abs_diff(x) + qpe.y.abs_diff(y) == 1;
            assert!(crate::chip::geometry::ROUTER_POSITIONS.into_iter().any(beside), "{qpe}");
        }
    }

    /// Channels and what a packet that holds one may wait for: the mesh's links, then the router's ports in, then out.
    struct Channels(Vec<std::collections::BTreeSet<usize>>);

    impl Channels {
        fn new() -> Self {
            Self(vec![std::collections::BTreeSet::new(); ROUTES.links().len() + 2 * PORTS])
        }
        fn enter(ports: &Ports, qpe: usize) -> usize {
            ROUTES.links().len() + usize::from(ports.of[qpe])
        }
        fn leave(ports: &Ports, qpe: usize) -> usize {
            Self::enter(ports, qpe) + PORTS
        }
        fn add(&mut self, channels: &[usize]) {
            for pair in channels.windows(2) {
                self.0[pair[0]].insert(pair[1]);
            }
        }
        fn path(from: usize, to: usize) -> Vec<usize> {
            ROUTES.path(from, to).iter().map(|&link| usize::from(link)).collect()
        }
        /// Everybody to the router and from it to everybody; `through`: a packet in the router may wait for its way out.
        fn routed(&mut self, ports: &Ports, through: bool) {
            for qpe in 0..QPE_COUNT {
                let mut inwards = Self::path(qpe, ports.neighbour(qpe));
                inwards.push(Self::enter(ports, qpe));
                self.add(&inwards);
                let mut outwards = vec![Self::leave(ports, qpe)];
                outwards.extend(Self::path(ports.neighbour(qpe), qpe));
                self.add(&outwards);
                for other in (0..QPE_COUNT).filter(|_| through) {
                    self.add(&[Self::enter(ports, qpe), Self::leave(ports, other)]);
                }
            }
        }
        /// Repeatedly removes channels that wait for none; what is left is a cycle.
        fn is_acyclic(&self) -> bool {
            let mut left: std::collections::BTreeSet<usize> = (0..self.0.len()).collect();
            loop {
                let free: Vec<usize> =
                    left.iter().copied().filter(|&c| self.0[c].is_disjoint(&left)).collect();
                if free.is_empty() {
                    return left.is_empty();
                }
                for channel in free {
                    left.remove(&channel);
                }
            }
        }
    }

    /// Routed packets alone cannot deadlock even if they waited for each other inside the router.
    #[test]
    fn routed_packets_have_no_cycle_of_channels() {
        let mut channels = Channels::new();
        channels.routed(&Ports::default(), true);
        assert!(channels.is_acyclic());
    }

    /// Together with all other traffic they cannot either, as long as the router takes in what comes: it buffers packets
    /// ("out-of-order issue buffer", CHIP26), how many is not published.
    #[test]
    fn routed_and_other_packets_have_no_cycle_of_channels() {
        let mut channels = Channels::new();
        channels.routed(&Ports::default(), false);
        for (from, to) in (0..QPE_COUNT).flat_map(|from| (0..QPE_COUNT).map(move |to| (from, to))) {
            channels.add(&Channels::path(from, to));
        }
        assert!(channels.is_acyclic());
        channels.routed(&Ports::default(), true);
        // A router without buffers would close one; this also shows that the test can fail.
        assert!(!channels.is_acyclic());
    }
}
