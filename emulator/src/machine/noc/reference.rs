//! Slow mesh to compare the fast one with: queues at every link and port, served cycle by cycle.

use std::collections::{BTreeMap, VecDeque};

use super::super::routes::ROUTES;
use super::HOP_CYCLES;
use crate::chip::clock::{NOC_CYCLE, Tick};

/// Choice of a link among the packets that wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arbitration {
    /// The one that reached it first.
    Arrival,
    /// The inputs of its router take turns.
    RoundRobin,
}

/// Stands for the way of a packet to its own QPE through that one's router.
const ENTERS: usize = usize::MAX;

/// Packet handed to the mesh.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    pub from: usize,
    pub to: usize,
    pub at: Tick,
}

/// A link, or the port of a QPE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    Link(u8),
    Port(usize),
}

/// Origin of a packet, as a router tells its inputs apart: a link, or its own QPE.
type Input = Option<u8>;

/// Packets that wait at a stop.
#[derive(Default)]
struct Queues {
    /// Waiting packets of each input, in order of arrival: arrival number and packet index.
    waiting: BTreeMap<Input, VecDeque<(u64, usize)>>,
    last: Input,
}

impl Queues {
    fn serve(&mut self, arbitration: Arbitration) -> Option<(u64, usize)> {
        let filled = self.waiting.iter().filter(|(_, queue)| !queue.is_empty());
        let input = match arbitration {
            Arbitration::Arrival => *filled.min_by_key(|(_, queue)| queue.front().copied())?.0,
            Arbitration::RoundRobin => {
                let filled: Vec<Input> = filled.map(|(input, _)| *input).collect();
                *filled.iter().find(|input| **input > self.last).or(filled.first())?
            }
        };
        self.last = input;
        self.waiting.get_mut(&input)?.pop_front()
    }
}

/// Result of some traffic on the mesh.
#[derive(Debug, Default)]
pub struct Carried {
    /// Tick at which each packet has left the mesh.
    pub arrivals: Vec<Tick>,
    /// Cycles waited for each link.
    pub waited: BTreeMap<u8, u64>,
}

/// Carries traffic that is sorted by the tick at which it is handed over.
pub fn carry(traffic: &[Sent], arbitration: Arbitration) -> Carried {
    let paths: Vec<&[u8]> = traffic.iter().map(|sent| ROUTES.path(sent.from, sent.to)).collect();
    let stop = |packet: usize, hop: usize| {
        paths[packet].get(hop).map_or(Stop::Port(traffic[packet].to), |&link| Stop::Link(link))
    };
    let mut carried = Carried { arrivals: vec![0; traffic.len()], ..Carried::default() };
    let mut stops = BTreeMap::<Stop, Queues>::new();
    // By cycle: number of the arrival at the stop before, packet, and the stop's place on its path.
    let mut coming = BTreeMap::<u64, Vec<(u64, usize, usize)>>::new();
    let mut hops = vec![0_usize; traffic.len()];
    let (mut number, mut next, mut left, mut cycle) = (0_u64, 0, traffic.len(), 0_u64);
    while left > 0 {
        // Packets that are on their way go before those that enter in the same cycle.
        let mut arriving = coming.remove(&cycle).unwrap_or_default();
        arriving.sort_unstable();
        while let Some(sent) = traffic.get(next).filter(|sent| sent.at / NOC_CYCLE == cycle) {
            let own = sent.from == sent.to;
            arriving.push((u64::MAX, next, if own { ENTERS } else { 0 }));
            next += 1;
        }
        for (_, packet, hop) in arriving {
            number += 1;
            if hop == ENTERS {
                coming.entry(cycle + HOP_CYCLES).or_default().push((number, packet, 0));
                continue;
            }
            hops[packet] = hop;
            let input = hop.checked_sub(1).map(|before| paths[packet][before]);
            let queues = stops.entry(stop(packet, hop)).or_default();
            queues.waiting.entry(input).or_default().push_back((number, packet));
        }
        for (&stop, queues) in &mut stops {
            let served = queues.serve(arbitration);
            if let Stop::Link(link) = stop {
                let still: usize = queues.waiting.values().map(VecDeque::len).sum();
                *carried.waited.entry(link).or_default() += still as u64;
            }
            match (stop, served) {
                (Stop::Link(_), Some((number, packet))) => {
                    let onward = (number, packet, hops[packet] + 1);
                    coming.entry(cycle + HOP_CYCLES).or_default().push(onward);
                }
                (Stop::Port(_), Some((_, packet))) => {
                    carried.arrivals[packet] = cycle * NOC_CYCLE + traffic[packet].at % NOC_CYCLE;
                    left -= 1;
                }
                (_, None) => {}
            }
        }
        cycle += 1;
    }
    carried
}
