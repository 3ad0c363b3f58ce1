//! The event router in the centre of the die: every packet once in, a copy out for each QPE
//! that wants it.
//!
//! Published (CHIP26): it lies in the hole of the mesh at (4,3), (4,4), has six ports to the NoC,
//! three parallel routing engines of four pipeline stages and 400 MHz. So a packet takes at least
//! 10 ns, each engine one a cycle. Not published: latency above that (`assume.router_latency_ns`),
//! which QPEs the ports are at (`assume.router_ports`: by default the six neighbours of the hole)
//! and who uses which: we take the port with the fewest hops, the first of several.

use std::sync::Arc;

use super::super::exec::{Machine, Progress};
use super::super::noc::{HOP_CYCLES, Route};
use super::super::options::Assume;
use super::super::routes::ROUTES;
use super::super::state::{Packet, PacketKind};
use super::super::transit::Entry;
use super::route_number;
use crate::chip::clock::{self, NOC_CYCLE, ROUTER_CYCLE, Tick};
use crate::chip::geometry::{ChipId, QPE_COUNT, Qpe, QpeId};

pub use crate::chip::constants::{ROUTER_ENGINES as ENGINES, ROUTER_PORTS as PORTS, ROUTER_STAGES as STAGES};

/// Ports of the router into the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Position in [`crate::chip::geometry::QPES`] of the QPE at each port; none where there
    /// is no QPE.
    pub at: [Option<u8>; PORTS],
    /// Port that each QPE of a chip sends to and is sent to by.
    pub of: [u8; QPE_COUNT],
}

impl Ports {
    /// Creates ports at these QPEs `(x, y)`; one that does not exist is left out. Each QPE of a
    /// chip uses the port with the fewest hops.
    pub fn new(at: &[(u8, u8); PORTS]) -> Self {
        let at = at.map(|(x, y)| Qpe::at(x, y).map(|qpe| qpe.index() as u8));
        let mut of = [0; QPE_COUNT];
        for (qpe, of) in of.iter_mut().enumerate() {
            let there = (0..PORTS).filter_map(|port| Some((port, at[port]?)));
            let near = there.min_by_key(|&(port, at)| (ROUTES.path(qpe, usize::from(at)).len(), port));
            *of = near.map_or(0, |(port, _)| port as u8);
        }
        Self { at, of }
    }

    /// Returns the QPE whose router is next to its chip's event router on the way from or to a QPE.
    pub fn neighbour(&self, qpe: QpeId) -> QpeId {
        let at = self.at[self.port(qpe)].map_or(QPE_COUNT - 1, usize::from);
        QpeId::on(qpe.chip(), at)
    }

    /// Returns the port that a QPE sends to and is sent to by.
    pub fn port(&self, qpe: QpeId) -> usize {
        usize::from(self.of[qpe.local()])
    }
}

impl Default for Ports {
    fn default() -> Self {
        Self::new(&Assume::default().router_ports)
    }
}

/// Mutable state of the router.
#[derive(Clone, Copy, Debug, Default)]
pub struct RouterState {
    /// Tick at which each port can take another packet from the mesh.
    pub enter: [Tick; PORTS],
    /// Tick at which each port can hand another packet to the mesh.
    pub leave: [Tick; PORTS],
    /// Ticks at which the engines can take another packet, ascending: which of them is which
    /// makes no difference.
    pub engines: [Tick; ENGINES],
    /// Packets routed since the start.
    pub packets: u64,
    /// Copies sent since the start.
    pub copies: u64,
    /// Ticks that packets waited for ports and engines, since the start.
    pub waited: Tick,
}

impl Machine {
    /// Sends a packet that has reached the router of a chip on to every QPE of its entry there, and
    /// over the links behind which there are more of them.
    pub(in super::super) fn route(&mut self, packet: &Packet, chip: ChipId) -> Progress {
        let program = Arc::clone(&self.program);
        let route = match packet.kind {
            PacketKind::Values { population, groups, .. } => route_number(population, groups),
            PacketKind::Event { route, .. } => usize::from(route),
            PacketKind::Announce { .. } | PacketKind::Message { .. } => return Progress::default(),
        };
        let event = matches!(packet.kind, PacketKind::Event { .. });
        let now = self.state.tick;
        let out = self.pass_engine(chip);
        let mut progress = Progress::default();
        let entry = program.delivery.routes.get(route).map_or(&[][..], Vec::as_slice);
        for &(qpe, mask) in entry.iter().filter(|(qpe, _)| qpe.chip() == chip) {
            self.state.timer.events_left += u32::from(event);
            let entry = self.leave_router(qpe, out);
            self.state.router[chip.index()].copies += 1;
            progress = progress.or(self.launch(Packet { qpe, mask, ..*packet }, now, entry));
        }
        if program.chips() > 1 {
            progress = progress.or(self.copy_over_links(packet, entry, (chip, out)));
        }
        progress
    }

    /// Passes a packet through an engine of a chip's router; returns when it comes out.
    pub(in super::super) fn pass_engine(&mut self, chip: ChipId) -> Tick {
        let now = self.state.tick;
        let latency = clock::from_ns(self.program.assume.router_latency_ns);
        let router = &mut self.state.router[chip.index()];
        let (start, out) = router.process(now, latency);
        router.waited += start - now;
        router.packets += 1;
        out
    }

    /// Lets a packet that has come out of an engine at tick `out` leave the router for a QPE of its
    /// chip; returns where and when it enters the mesh.
    pub(in super::super) fn leave_router(&mut self, qpe: QpeId, out: Tick) -> Entry {
        let ports = &self.program.delivery.ports;
        let (from, port) = (ports.neighbour(qpe), ports.port(qpe));
        let router = &mut self.state.router[qpe.chip().index()];
        let depart = out.max(router.leave[port]);
        router.leave[port] = depart + ROUTER_CYCLE;
        router.waited += depart - out;
        let route = Route { from, to: qpe, port: true };
        Entry { route, at: depart + HOP_CYCLES * NOC_CYCLE, more_hops: 1 }
    }
}

impl RouterState {
    /// Passes a packet through the first free engine; returns when it starts and when it comes out.
    fn process(&mut self, now: Tick, latency: Tick) -> (Tick, Tick) {
        let start = now.max(self.engines[0]);
        self.engines[0] = start + ROUTER_CYCLE;
        self.engines.sort_unstable();
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
            let near = ports.at.iter().flatten().map(|&at| ROUTES.path(index, usize::from(at)).len()).min();
            let neighbour = ports.neighbour(QpeId::on(ChipId::FIRST, index)).local();
            assert_eq!(Some(ROUTES.path(index, neighbour).len()), near, "{qpe}");
        }
        for at in ports.at.into_iter().flatten() {
            let qpe = crate::chip::geometry::QPES[usize::from(at)];
            let beside = |(x, y): (u8, u8)| qpe.x.abs_diff(x) + qpe.y.abs_diff(y) == 1;
            assert!(crate::chip::geometry::ROUTER_POSITIONS.into_iter().any(beside), "{qpe}");
        }
    }

    /// Channels and what a packet that holds one may wait for: the mesh's links, then the router's
    /// ports in, then out.
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
        fn neighbour(ports: &Ports, qpe: usize) -> usize {
            ports.neighbour(QpeId::on(ChipId::FIRST, qpe)).local()
        }

        fn path(from: usize, to: usize) -> Vec<usize> {
            ROUTES.path(from, to).iter().map(|&link| usize::from(link)).collect()
        }
        /// Adds the ways of all PEs to the router and from it to all PEs; `through`: a packet in
        /// the router may wait for its way out.
        fn routed(&mut self, ports: &Ports, through: bool) {
            for qpe in 0..QPE_COUNT {
                let mut inwards = Self::path(qpe, Self::neighbour(ports, qpe));
                inwards.push(Self::enter(ports, qpe));
                self.add(&inwards);
                let mut outwards = vec![Self::leave(ports, qpe)];
                outwards.extend(Self::path(Self::neighbour(ports, qpe), qpe));
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

    /// Together with all other traffic they cannot either, as long as the router takes in what
    /// comes: it buffers packets ("out-of-order issue buffer", CHIP26), how many is not published.
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
