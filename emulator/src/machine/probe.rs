//! Counters that only observe: nothing in the machine reads them back.

use std::fmt;

use serde::Serialize;

use super::legend::PhaseId;
use crate::chip::clock::{NOC_CYCLE, Tick, ns};
use crate::chip::constants::DMA_BEAT_BYTES;
use crate::chip::geometry::Pe;
use crate::text::step_number;

/// Time of each phase along the timeline: from the moment the previous phase ended everywhere to
/// the moment this one has. Over all populations and phases these add up to the time that has
/// passed, also where populations work at the same time: then a phase's part is the time by which
/// it ended later than the one that ended last before it, in whatever population.
#[derive(Clone, Debug, Default)]
pub struct PhaseClock {
    /// PEs that have ended the phase in this time step, by [`super::program::Program::lane`].
    pub ended: Vec<[u32; PhaseId::MAX]>,
    /// Tick at which a phase last ended everywhere.
    pub frontier: Tick,
    /// Ticks in this time step so far, by population.
    pub step: Vec<[Tick; PhaseId::MAX]>,
    /// Ticks in the last completed time step.
    pub last_step: Vec<[Tick; PhaseId::MAX]>,
    /// Ticks since the start.
    pub total: Vec<[Tick; PhaseId::MAX]>,
}

impl PhaseClock {
    /// Creates a clock for `populations` populations and `lanes` lanes, a lane per sample of each.
    pub fn new(populations: usize, lanes: usize) -> Self {
        let zero = vec![[0; PhaseId::MAX]; populations];
        Self {
            ended: vec![[0; PhaseId::MAX]; lanes],
            frontier: 0,
            step: zero.clone(),
            last_step: zero.clone(),
            total: zero,
        }
    }

    /// Books a phase that ended on every PE of a population: the time since the last such end.
    pub fn close(&mut self, population: usize, phase: PhaseId, now: Tick) {
        let ticks = now.saturating_sub(self.frontier);
        self.step[population][phase.index()] += ticks;
        self.total[population][phase.index()] += ticks;
        self.frontier = self.frontier.max(now);
    }

    /// Closes the time step.
    pub fn end_step(&mut self) {
        for (last, step) in self.last_step.iter_mut().zip(&mut self.step) {
            *last = std::mem::take(step);
        }
    }
}

/// Parts of the cores' busy time, over all PEs: the parts add up to the sum of
/// their busy ticks.
#[derive(Clone, Debug, Default)]
pub struct BusyProbe {
    /// Ticks in operations since the start, by population and phase.
    pub phases: Vec<[Tick; PhaseId::MAX]>,
    /// Part of `phases` in which the MAC array works and the core waits for it.
    pub mac: Vec<[Tick; PhaseId::MAX]>,
    /// Ticks in handlers of doorbell writes since the start.
    pub interrupts: Tick,
    /// Part of `phases` at the fast level of a timed program.
    pub fast: Vec<[Tick; PhaseId::MAX]>,
    /// Part of `interrupts` at the fast level of a timed program.
    pub fast_interrupts: Tick,
}

impl BusyProbe {
    /// Creates a probe for `populations` populations.
    pub fn new(populations: usize) -> Self {
        let zero = vec![[0; PhaseId::MAX]; populations];
        Self { phases: zero.clone(), mac: zero.clone(), interrupts: 0, fast: zero, fast_interrupts: 0 }
    }
}

/// Packets on the NoC.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct NocCount {
    /// Packets handed to the NoC.
    pub packets: u64,
    /// Links they crossed.
    pub hops: u64,
    /// Sum of their times from injection to delivery, ticks.
    pub latency: Tick,
    /// The longest of these.
    pub max_latency: Tick,
}

impl NocCount {
    /// Returns the mean time from injection to delivery, ns; 0 if no packet was injected.
    pub fn latency_mean_ns(&self) -> f64 {
        ns(self.latency as f64 / self.packets.max(1) as f64)
    }

    /// Returns the longest time from injection to delivery, ns.
    pub fn latency_max_ns(&self) -> f64 {
        ns(self.max_latency as f64)
    }
}

/// Returns the load of a link that carried `packets` packets in `ticks` ticks: the share of NoC
/// cycles in which it was busy.
pub fn link_load(packets: u64, ticks: Tick) -> f64 {
    packets as f64 / (ticks as f64 / NOC_CYCLE as f64).max(1.0)
}

/// Traffic of this step, of the last completed one, and since the start.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct NocProbe {
    /// Traffic since the time step began.
    pub step: NocCount,
    /// Traffic of the last completed time step.
    pub last_step: NocCount,
    /// Traffic since the start of the run.
    pub total: NocCount,
    /// DMA beats read from DRAM since the start (they cross links too, but are not core packets).
    pub dma_beats: u64,
    /// Packets on the mesh now.
    pub in_flight: u32,
}

impl NocProbe {
    /// Counts a packet that was injected and crosses `hops` links.
    pub fn sent(&mut self, hops: u32) {
        for count in [&mut self.step, &mut self.total] {
            count.packets += 1;
            count.hops += u64::from(hops);
        }
        self.in_flight += 1;
    }

    /// Counts links of a mesh that a packet crosses after it has left another mesh.
    pub fn crossed(&mut self, hops: u32) {
        self.step.hops += u64::from(hops);
        self.total.hops += u64::from(hops);
    }

    /// Adds the time from injection to delivery of a packet that has crossed the mesh, in ticks.
    pub fn arrived(&mut self, latency: Tick) {
        for count in [&mut self.step, &mut self.total] {
            count.latency += latency;
            count.max_latency = count.max_latency.max(latency);
        }
    }

    /// Closes the time step.
    pub fn end_step(&mut self) {
        self.last_step = std::mem::take(&mut self.step);
    }

    /// Returns the bytes read from DRAM since the start.
    pub fn dram_bytes(&self) -> u64 {
        self.dma_beats * DMA_BEAT_BYTES as u64
    }
}

/// Packet that overwrote bytes which its receiver still had to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Race {
    /// Tick of the write.
    pub tick: Tick,
    /// PE whose bytes were overwritten.
    pub receiver: Pe,
    /// Byte address written.
    pub address: u32,
    /// PE that sent the packet; `None` for the host.
    pub sender: Option<Pe>,
    /// Name of the values that were overwritten.
    pub operand: &'static str,
    /// Name of the population that was still to read them.
    pub population: String,
    /// Time step of the packet, counted from 0.
    pub step: u32,
}

impl fmt::Display for Race {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { receiver, sender, operand, population, step, .. } = self;
        match sender {
            Some(sender) => write!(f, "{sender}")?,
            None => f.write_str("the host")?,
        }
        let step = step_number(*step);
        write!(f, " wrote over {operand} of {population} before {receiver} had read it (time step #{step})")
    }
}

/// Races seen; the first few in full.
#[derive(Clone, Debug, Default)]
pub struct Races {
    /// Number of races.
    pub count: u64,
    /// The first [`Races::KEPT`].
    pub first: Vec<Race>,
}

impl Races {
    /// Number of races that are kept in full.
    pub const KEPT: usize = 8;

    /// Counts a race. `race` is only called for the first [`Races::KEPT`], which are kept in full.
    pub fn note(&mut self, race: impl FnOnce() -> Race) {
        self.count += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(race());
        }
    }
}
