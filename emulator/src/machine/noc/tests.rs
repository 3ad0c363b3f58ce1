use proptest::prelude::*;

use super::*;
use crate::chip::clock::TICKS_PER_US;
use crate::chip::constants::NOC_PAYLOAD_BYTES;
use crate::chip::geometry::{QPES, Qpe};

fn index(x: u8, y: u8) -> usize {
    Qpe::at(x, y).unwrap().index()
}

/// Payload bits a second of `packets` packets in `ticks`, Gbit/s.
fn gigabits(packets: u64, ticks: Tick) -> f64 {
    (packets * 8 * NOC_PAYLOAD_BYTES as u64) as f64 * TICKS_PER_US as f64 / ticks as f64 / 1000.0
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

/// An unloaded packet takes five cycles for each link between any two QPEs, around the holes too (published: 5 cycles a
/// hop; which way around is ours).
#[test]
fn an_empty_mesh_takes_five_cycles_a_link_for_every_pair() {
    for (from, a) in QPES.iter().enumerate() {
        for (to, b) in QPES.iter().enumerate() {
            let passage = Noc::default().send(from, to, 7);
            let hops = ROUTES.path(from, to).len() as Tick;
            assert_eq!(passage.arrival - 7, hops.max(1) * 5 * NOC_CYCLE, "{a} to {b}");
        }
    }
}

/// 16 bytes each 300 MHz cycle: 4.8 GB/s, 38.4 Gbit/s (published), however far.
#[test]
fn a_long_stream_gets_all_of_a_link() {
    const PACKETS: u64 = 10_000;
    for to in [index(2, 1), index(7, 6)] {
        let mut noc = Noc::default();
        let arrivals: Vec<Tick> = (0..PACKETS).map(|_| noc.send(index(1, 1), to, 0).arrival).collect();
        let rate = gigabits(PACKETS - 1, arrivals[arrivals.len() - 1] - arrivals[0]);
        assert!((rate - 38.4).abs() < 1e-9, "{rate} Gbit/s");
    }
}

/// The four rows that cross the middle carry 8 × 38.4 = 307.2 Gbit/s, the published bisection.
#[test]
fn the_bisection_is_reached_and_never_exceeded() {
    const PACKETS: u64 = 2_000;
    let crossing = |from: Qpe, to: Qpe| (from.x <= 3) != (to.x <= 3);
    // One stream over each of the eight links of the cut.
    let mut noc = Noc::default();
    let mut end = 0;
    for (y, _) in [1, 2, 5, 6].into_iter().flat_map(|y| (0..PACKETS).map(move |i| (y, i))) {
        end = end.max(noc.send(index(3, y), index(4, y), 0).arrival);
        end = end.max(noc.send(index(4, y), index(3, y), 0).arrival);
    }
    let streams = gigabits(8 * PACKETS, end - (HOP_CYCLES - 1) * NOC_CYCLE);
    assert!((streams - 307.2).abs() < 1e-9, "{streams} Gbit/s");
    // Everybody to everybody on the other side, as fast as it will go.
    let mut noc = Noc::default();
    let (mut end, mut packets) = (0, 0);
    for round in 0..40 {
        for (i, &from) in QPES.iter().enumerate() {
            let others: Vec<Qpe> = QPES.into_iter().filter(|&to| crossing(from, to)).collect();
            let to = others[(i + round) % others.len()];
            end = end.max(noc.send(from.index(), to.index(), 0).arrival);
            packets += 1;
        }
    }
    let all = gigabits(packets, end);
    assert!(all < 307.2 && all > 60.0, "{all} Gbit/s");
}

#[test]
fn two_senders_to_one_link_wait_first_come_first_served() {
    let mut noc = Noc::default();
    // Both want (2,1) > (3,1): one from (1,1), one hop away, and one from (2,1) itself.
    let far = noc.send(index(1, 1), index(3, 1), 0);
    let near: Vec<Tick> =
        (0..10).map(|i| noc.send(index(2, 1), index(3, 1), 4 + i * NOC_CYCLE).arrival).collect();
    // Reserved first, the far one's place on the second link is kept; the near ones queue behind it in order.
    assert_eq!(far.arrival, 10 * NOC_CYCLE);
    assert!(near.windows(2).all(|pair| pair[1] - pair[0] == NOC_CYCLE));
    assert!(near[0] > far.arrival);
    let shared = ROUTES.path(index(2, 1), index(3, 1))[0];
    assert_eq!(noc.links[usize::from(shared)].packets, 11);
    assert!(noc.links[usize::from(shared)].waited > 0);
}

proptest! {
    /// Nothing is lost or doubled on the mesh, no link carries more than a packet a cycle, and packets of one path keep
    /// their order.
    #[test]
    fn packets_are_conserved(traffic in prop::collection::vec((0..QPES.len(), 0..QPES.len(), 0_u64..4), 1..300)) {
        let mut noc = Noc::default();
        let (mut now, mut hops) = (0, 0);
        let mut last = std::collections::BTreeMap::new();
        let mut into = vec![Vec::new(); QPES.len()];
        for (from, to, later) in traffic {
            now += later;
            let passage = noc.send(from, to, now);
            prop_assert!(passage.arrival >= now + u64::from(passage.hops.max(1)) * 5 * NOC_CYCLE);
            prop_assert!(last.insert((from, to), passage.arrival).is_none_or(|before| before < passage.arrival));
            hops += u64::from(passage.hops);
            into[to].push(passage.arrival);
        }
        prop_assert_eq!(noc.links.iter().map(|link| link.packets).sum::<u64>(), hops);
        for link in &noc.links {
            prop_assert!(link.free >= link.packets * NOC_CYCLE);
        }
        for mut arrivals in into {
            arrivals.sort_unstable();
            prop_assert!(arrivals.windows(2).all(|pair| pair[1] - pair[0] >= NOC_CYCLE));
        }
    }
}
