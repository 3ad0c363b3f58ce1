use proptest::prelude::*;

use super::reference::{Arbitration, Sent, carry};
use super::*;
use crate::chip::clock::TICKS_PER_US;
use crate::chip::constants::NOC_PAYLOAD_BYTES;
use crate::chip::geometry::{ChipId, QPES, Qpe, QpeId};

fn index(x: u8, y: u8) -> usize {
    Qpe::at(x, y).unwrap().index()
}

fn on(local: usize) -> QpeId {
    QpeId::on(ChipId::FIRST, local)
}

/// Sends traffic that is sorted by tick; returns when each packet has left the mesh.
fn arrivals(noc: &mut Noc, traffic: &[Sent]) -> Vec<Tick> {
    let (mut landed, mut arrivals) = (Vec::new(), vec![0; traffic.len()]);
    for (number, sent) in traffic.iter().enumerate() {
        while let Some(cycle) = noc.next_cycle().filter(|cycle| cycle * NOC_CYCLE <= sent.at) {
            noc.pass(cycle, &mut landed);
        }
        let route = Route { from: on(sent.from), to: on(sent.to), port: true };
        noc.enter(route, sent.at, Load::Packet(number as u32));
    }
    while let Some(cycle) = noc.next_cycle() {
        noc.pass(cycle, &mut landed);
    }
    for (tick, landing) in landed {
        let Landing::Packet(number) = landing else { panic!("no row is read") };
        arrivals[number as usize] = tick;
    }
    arrivals
}

fn alone(from: usize, to: usize, at: Tick) -> Tick {
    arrivals(&mut Noc::new(1), &[Sent { from, to, at }])[0]
}

/// Payload bits a second of `packets` packets in `ticks`, Gbit/s.
fn gigabits(packets: u64, ticks: Tick) -> f64 {
    (packets * 8 * NOC_PAYLOAD_BYTES as u64) as f64 * TICKS_PER_US as f64 / ticks as f64 / 1000.0
}

#[test]
fn five_cycles_a_hop_and_one_packet_a_cycle() {
    let mut noc = Noc::new(1);
    let east = |y| Sent { from: index(1, y), to: index(5, y), at: 0 };
    let ticks = arrivals(&mut noc, &[east(1), east(1), east(2)]);
    // The second waits one cycle for the first link and keeps its distance afterwards; the third
    // crosses other links.
    assert_eq!(ticks, [80, 84, 80]);
    assert_eq!(noc.links.iter().map(|link| link.waited).sum::<u64>(), 1);
}

#[test]
fn a_row_comes_beat_by_beat_and_others_pass_between_its_beats() {
    let mut noc = Noc::new(1);
    let to = index(2, 1);
    let pe = (to * PES_PER_QPE) as u16;
    noc.enter_burst(index(1, 1), pe, 0, 10, 6);
    let end = 5 * NOC_CYCLE + 9 * 6;
    assert_eq!(noc.burst_end(usize::from(pe)), Some(end));
    let between = Sent { from: index(1, 1), to, at: 8 };
    noc.enter(Route { from: on(between.from), to: on(to), port: true }, between.at, Load::Packet(0));
    let mut landed = Vec::new();
    while let Some(cycle) = noc.next_cycle() {
        noc.pass(cycle, &mut landed);
    }
    // Beats enter in the cycles 0, 1, 3, 4 and so on: cycle 2 is free.
    assert_eq!(landed, [(28, Landing::Packet(0)), (end, Landing::Burst(pe))]);
    assert_eq!(noc.links.iter().map(|link| link.packets).sum::<u64>(), 11);
}

/// An unloaded packet takes five cycles for each link between any two QPEs, around the holes too
/// (published: 5 cycles a hop; which way around is ours).
#[test]
fn an_empty_mesh_takes_five_cycles_a_link_for_every_pair() {
    for (from, a) in QPES.iter().enumerate() {
        for (to, b) in QPES.iter().enumerate() {
            let hops = ROUTES.path(from, to).len() as Tick;
            assert_eq!(alone(from, to, 7) - 7, hops.max(1) * 5 * NOC_CYCLE, "{a} to {b}");
        }
    }
}

/// 16 bytes each 300 MHz cycle: 4.8 GB/s, 38.4 Gbit/s (published), however far.
#[test]
fn a_long_stream_gets_all_of_a_link() {
    for to in [index(2, 1), index(7, 6)] {
        let traffic = vec![Sent { from: index(1, 1), to, at: 0 }; 10_000];
        let ticks = arrivals(&mut Noc::new(1), &traffic);
        let rate = gigabits(ticks.len() as u64 - 1, ticks[ticks.len() - 1] - ticks[0]);
        assert!((rate - 38.4).abs() < 1e-9, "{rate} Gbit/s");
    }
}

/// The four rows that cross the middle carry 8 × 38.4 = 307.2 Gbit/s, the published bisection.
#[test]
fn the_bisection_is_reached_and_never_exceeded() {
    const PACKETS: u64 = 2_000;
    let crossing = |from: Qpe, to: Qpe| (from.x <= 3) != (to.x <= 3);
    // One stream over each of the eight links of the cut.
    let rows = [1, 2, 5, 6].into_iter().flat_map(|y| (0..PACKETS).map(move |_| y));
    let both = |y| [(index(3, y), index(4, y)), (index(4, y), index(3, y))];
    let traffic: Vec<Sent> = rows.flat_map(both).map(|(from, to)| Sent { from, to, at: 0 }).collect();
    let end = arrivals(&mut Noc::new(1), &traffic).into_iter().max().unwrap();
    let streams = gigabits(8 * PACKETS, end - (HOP_CYCLES - 1) * NOC_CYCLE);
    assert!((streams - 307.2).abs() < 1e-9, "{streams} Gbit/s");
    // Everybody to everybody on the other side, as fast as it will go.
    let mut traffic = Vec::new();
    for round in 0..40 {
        for (i, &from) in QPES.iter().enumerate() {
            let others: Vec<Qpe> = QPES.into_iter().filter(|&to| crossing(from, to)).collect();
            let to = others[(i + round) % others.len()];
            traffic.push(Sent { from: from.index(), to: to.index(), at: 0 });
        }
    }
    let end = arrivals(&mut Noc::new(1), &traffic).into_iter().max().unwrap();
    let all = gigabits(traffic.len() as u64, end);
    assert!(all < 307.2 && all > 60.0, "{all} Gbit/s");
}

#[test]
fn a_link_serves_the_packet_that_reaches_it_first_not_the_one_that_was_sent_first() {
    // Both want (2,1) > (3,1): one from (1,1), a hop away, and some from (2,1) itself.
    let mut traffic = vec![Sent { from: index(1, 1), to: index(3, 1), at: 0 }];
    let near = |i| Sent { from: index(2, 1), to: index(3, 1), at: 4 + i * NOC_CYCLE };
    traffic.extend((0..10).map(near));
    let mut noc = Noc::new(1);
    let ticks = arrivals(&mut noc, &traffic);
    // In its fifth cycle the link is asked by the far one and, after it, by the fifth of the near.
    assert_eq!(ticks[0], 10 * NOC_CYCLE);
    assert_eq!(ticks[1..5], [24, 28, 32, 36]);
    assert_eq!(ticks[5..], [44, 48, 52, 56, 60, 64]);
    let shared = ROUTES.path(index(2, 1), index(3, 1))[0];
    assert_eq!(noc.links[usize::from(shared)].packets, 11);
    assert_eq!(noc.links[usize::from(shared)].waited, 6);
}

/// Traffic as layers make it: now and then a QPE sends a block of packets to several others.
fn blocks() -> impl Strategy<Value = Vec<Sent>> {
    let block = (0..QPES.len(), prop::collection::vec(0..QPES.len(), 1..8), 1_u64..8, 0_u64..300);
    prop::collection::vec(block, 1..60).prop_map(|blocks| {
        let mut traffic = Vec::new();
        let mut begin = 0;
        for (from, targets, packets, later) in blocks {
            begin += later / 4 * u64::from(later % 3 == 0);
            let each = (0..packets).flat_map(|_| targets.iter());
            traffic.extend((0_u64..).zip(each).map(|(n, &to)| Sent { from, to, at: begin + 5 * n }));
        }
        traffic.sort_by_key(|sent| sent.at);
        traffic
    })
}

proptest! {
    /// The fast mesh is the slow one, packet by packet and link by link.
    #[test]
    fn queues_served_cycle_by_cycle_give_the_same_times(traffic in blocks()) {
        let mut noc = Noc::new(1);
        let slow = carry(&traffic, Arbitration::Arrival);
        prop_assert_eq!(arrivals(&mut noc, &traffic), slow.arrivals);
        for (number, link) in (0..).zip(&noc.links) {
            prop_assert_eq!(link.waited, slow.waited.get(&number).copied().unwrap_or_default());
        }
    }

    /// Round robin over a router's inputs (published) gives other packets the way first, and every
    /// link is as busy: what they wait in sum differs by little.
    #[test]
    fn round_robin_makes_packets_wait_about_as_long(traffic in blocks()) {
        let waited = |arbitration| {
            let carried = carry(&traffic, arbitration);
            let ticks: Tick = carried.arrivals.iter().zip(&traffic).map(|(end, sent)| end - sent.at).sum();
            ticks as f64 / traffic.len() as f64
        };
        let (arrival, robin) = (waited(Arbitration::Arrival), waited(Arbitration::RoundRobin));
        prop_assert!((arrival / robin - 1.0).abs() < 0.1, "{arrival} {robin} ticks a packet");
    }

    /// Nothing is lost or doubled on the mesh, no link carries more than a packet a cycle, and
    /// packets of one path keep their order.
    #[test]
    fn packets_are_conserved(traffic in prop::collection::vec((0..QPES.len(), 0..QPES.len(), 0_u64..4), 1..300)) {
        let mut now = 0;
        let traffic: Vec<Sent> = traffic
            .into_iter()
            .map(|(from, to, later)| {
                now += later;
                Sent { from, to, at: now }
            })
            .collect();
        let mut noc = Noc::new(1);
        let ticks = arrivals(&mut noc, &traffic);
        let mut hops = 0;
        let mut last = std::collections::BTreeMap::new();
        let mut into = vec![Vec::new(); QPES.len()];
        for (&Sent { from, to, at }, &tick) in traffic.iter().zip(&ticks) {
            let path = ROUTES.path(from, to).len() as u64;
            prop_assert!(tick >= at + path.max(1) * 5 * NOC_CYCLE);
            // In cycles: of two in one cycle, the phase within it does not tell the order.
            let cycle = tick / NOC_CYCLE;
            prop_assert!(last.insert((from, to), cycle).is_none_or(|before| before < cycle));
            hops += path;
            into[to].push(cycle);
        }
        prop_assert_eq!(noc.links.iter().map(|link| link.packets).sum::<u64>(), hops);
        for link in &noc.links {
            prop_assert!(link.free >= link.packets);
        }
        for mut arrivals in into {
            arrivals.sort_unstable();
            prop_assert!(arrivals.windows(2).all(|pair| pair[1] > pair[0]));
        }
    }
}
