//! Recording of the spans of a run: operations, packets, transfers, and the end of each wait.
//!
//! It only observes. It is no part of [`super::state::State`], nothing in the machine reads it, and
//! it is in no hash: a recorded run is the same run. Off, it costs a branch at each place that
//! would be noted.
//!
//! A recording is bounded: when a list is full, its oldest entry makes room, and is
//! counted as dropped.

mod instructions;
mod machine;
mod spans;

use std::collections::{BTreeMap, VecDeque};

use self::instructions::Pricing;
pub(super) use self::instructions::prices;
use crate::chip::clock::Tick;

pub use self::spans::{
    AnnounceSpan, FetchSpan, Instructions, OperationSpan, PacketSpan, Service, ServiceSpan, StepSpan,
    TransferSpan, WaitSpan,
};

/// Largest number of entries in each list of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Packets of the whole chip.
    pub packets: usize,
    /// Operations, waits, handlers and transfers, each, of one PE.
    pub per_pe: usize,
}

impl Default for Limits {
    /// Returns limits of about 200 MB in all: a time step of the paper's language model has 30,000
    /// packets, and on each PE about 10 operations and 100 handlers.
    fn default() -> Self {
        Self { packets: 1 << 20, per_pe: 1 << 13 }
    }
}

/// Records of one PE, each list by time.
#[derive(Clone, Debug, Default)]
pub struct PeRecord {
    /// Operations, one after the other without gaps; the last may go on.
    pub operations: VecDeque<OperationSpan>,
    /// Times in which the PE had nothing to do.
    pub waits: VecDeque<WaitSpan>,
    /// Handlers, and entries taken out of the FIFO.
    pub services: VecDeque<ServiceSpan>,
    /// Blocks that the DMA engine sent.
    pub transfers: VecDeque<TransferSpan>,
    /// Packets whose handlers run or wait to run.
    pending: VecDeque<Option<u64>>,
    /// Packets in its FIFO, by place in the ring.
    ring: BTreeMap<u32, u64>,
    /// Tick at which the core began to take an entry out.
    draining: Tick,
    /// The packet whose handler or entry is being ended.
    cause: Option<u64>,
}

/// Recorder of the spans of a run: operations, waits, packets and transfers, within limits.
#[derive(Clone, Debug)]
pub struct SpanRecorder {
    limits: Limits,
    /// Tick at which recording began.
    pub since: Tick,
    /// Entries that made room for newer ones.
    pub dropped: u64,
    /// Records of the PEs, by PE index.
    pub pes: Vec<PeRecord>,
    /// Packets, by number from `first_packet` on.
    pub packets: VecDeque<PacketSpan>,
    /// Number of the first packet kept: as [`super::state::State::sent`] counts.
    pub first_packet: u64,
    /// Rows read from DRAM.
    pub fetches: VecDeque<FetchSpan>,
    /// Time steps that the host announced.
    pub announcements: VecDeque<AnnounceSpan>,
    /// Completed time steps.
    pub steps: VecDeque<StepSpan>,
    /// Ticks at which the host began with announcements that are still to come.
    to_announce: VecDeque<Tick>,
    /// Numbers of the packets on the mesh, by their place in the store.
    stored: BTreeMap<u32, u64>,
    /// The packet that the event router is copying.
    copied: Option<u64>,
    /// The packet that is being delivered.
    accepted: Option<u64>,
    /// Prices what operations do, by kind of instruction.
    pricing: Pricing,
}

/// Adds an entry; where the list is full, the oldest goes.
fn keep<T>(list: &mut VecDeque<T>, entry: T, limit: usize, dropped: &mut u64) {
    if list.len() >= limit.max(1) {
        list.pop_front();
        *dropped += 1;
    }
    list.push_back(entry);
}

/// Forgets the first entries for which `old` holds.
fn shed<T>(list: &mut VecDeque<T>, old: impl Fn(&T) -> bool) {
    let keep_from = list.iter().position(|entry| !old(entry)).unwrap_or(list.len());
    list.drain(..keep_from);
}

impl SpanRecorder {
    fn new(limits: Limits, pes: usize, since: Tick, first_packet: u64) -> Self {
        Self {
            limits,
            pricing: Pricing::default(),
            since,
            dropped: 0,
            pes: vec![PeRecord::default(); pes],
            packets: VecDeque::new(),
            first_packet,
            fetches: VecDeque::new(),
            announcements: VecDeque::new(),
            steps: VecDeque::new(),
            to_announce: VecDeque::new(),
            stored: BTreeMap::new(),
            copied: None,
            accepted: None,
        }
    }

    /// Returns the packet with this number; `None` if it is not kept.
    pub fn packet(&self, number: u64) -> Option<&PacketSpan> {
        self.packets.get(usize::try_from(number.checked_sub(self.first_packet)?).ok()?)
    }

    /// Forgets what ended before `tick` (packets: what was delivered before). What goes on, or ends
    /// just then, stays.
    pub fn forget_before(&mut self, tick: Tick) {
        for pe in &mut self.pes {
            shed(&mut pe.operations, |span| span.end.is_some_and(|end| end < tick));
            shed(&mut pe.waits, |span| span.end.is_some_and(|end| end < tick));
            shed(&mut pe.services, |span| span.end < tick);
            shed(&mut pe.transfers, |span| span.end < tick);
        }
        let before = self.packets.len();
        // A lost packet is never delivered: it goes when it would have arrived.
        shed(&mut self.packets, |span| span.delivered.unwrap_or(span.arrives) < tick && span.arrives < tick);
        self.first_packet += (before - self.packets.len()) as u64;
        shed(&mut self.fetches, |span| span.end < tick);
        let complete = self.steps.back().map_or(0, |step| step.step.wrapping_add(1));
        shed(&mut self.announcements, |span| span.step < complete && span.sent < tick);
        shed(&mut self.steps, |span| span.end < tick);
        self.since = self.since.max(tick);
    }

    fn begin(&mut self, pe: usize, span: OperationSpan) {
        keep(&mut self.pes[pe].operations, span, self.limits.per_pe, &mut self.dropped);
    }

    pub(super) fn busy(&mut self, pe: usize, ticks: Tick) {
        if let Some(operation) = self.pes[pe].operations.back_mut() {
            operation.busy += ticks;
        }
    }

    /// Ends the PE's operation, with the events that it found if it decides any.
    pub(super) fn end(&mut self, pe: usize, now: Tick, events: Option<u32>) {
        if let Some(operation) = self.pes[pe].operations.back_mut() {
            operation.end = Some(now);
            operation.events = events.unwrap_or(0);
        }
    }

    fn wait(&mut self, pe: usize, now: Tick) {
        let span = WaitSpan { begin: now, end: None, packet: None };
        keep(&mut self.pes[pe].waits, span, self.limits.per_pe, &mut self.dropped);
    }

    /// Ends the wait of a PE whose input is there, and begins another if `more` are missing.
    fn waited(&mut self, pe: usize, now: Tick, more: bool) {
        let packet = self.pes[pe].cause;
        if let Some(wait) = self.pes[pe].waits.back_mut().filter(|wait| wait.end.is_none()) {
            if more && wait.begin == now {
                return;
            }
            (wait.end, wait.packet) = (Some(now), packet);
            if more {
                self.wait(pe, now);
            }
        }
    }

    fn service(&mut self, pe: usize, span: ServiceSpan) {
        keep(&mut self.pes[pe].services, span, self.limits.per_pe, &mut self.dropped);
    }

    /// Records the handler for the packet being delivered, from tick `begin` to `end`.
    pub(super) fn handler(&mut self, pe: usize, begin: Tick, end: Tick) {
        let packet = self.accepted;
        self.pes[pe].pending.push_back(packet);
        self.service(pe, ServiceSpan { service: Service::Handler, begin, end, packet });
    }

    /// Notes that the handler that has waited longest ends: what follows is due to its packet.
    pub(super) fn handled(&mut self, pe: usize) {
        let record = &mut self.pes[pe];
        record.cause = record.pending.pop_front().flatten();
    }

    pub(super) fn release(&mut self, pe: usize, begin: Tick, end: Tick) {
        let packet = self.pes[pe].cause;
        self.service(pe, ServiceSpan { service: Service::Release, begin, end, packet });
    }

    /// Notes that the packet being delivered lies at this place of the ring of a PE's FIFO.
    pub(super) fn enqueued(&mut self, pe: usize, place: u32) {
        match self.accepted {
            Some(packet) => self.pes[pe].ring.insert(place, packet),
            None => self.pes[pe].ring.remove(&place),
        };
    }

    pub(super) fn drain(&mut self, pe: usize, begin: Tick) {
        self.pes[pe].draining = begin;
    }

    /// Records that the core took out the entry at this place of the ring of its FIFO.
    pub(super) fn drained(&mut self, pe: usize, place: u32, now: Tick) {
        let record = &mut self.pes[pe];
        record.cause = record.ring.remove(&place);
        let (begin, packet) = (record.draining, record.cause);
        self.service(pe, ServiceSpan { service: Service::Drain, begin, end: now, packet });
    }

    /// Records a packet that has left; `stored` is its place in the store.
    fn sent(&mut self, mut span: PacketSpan, stored: u32) {
        span.parent = self.copied;
        let number = self.first_packet + self.packets.len() as u64;
        let dropped = self.dropped;
        keep(&mut self.packets, span, self.limits.packets, &mut self.dropped);
        self.first_packet += self.dropped - dropped;
        self.stored.insert(stored, number);
    }

    /// Notes the tick at which a packet has crossed the mesh; a lost one is never delivered.
    fn landed(&mut self, stored: u32, arrives: Tick, lost: bool) {
        let number = if lost { self.stored.remove(&stored) } else { self.stored.get(&stored).copied() };
        let at = number.and_then(|number| number.checked_sub(self.first_packet));
        if let Some(span) = at.and_then(|at| self.packets.get_mut(at as usize)) {
            span.arrives = arrives;
        }
    }

    /// Notes the tick at which a PE's row from DRAM is written.
    pub(super) fn fetched(&mut self, pe: u16, end: Tick) {
        if let Some(span) = self.fetches.iter_mut().rev().find(|span| span.pe == pe) {
            span.end = end;
        }
    }

    /// Notes that a packet is taken off the mesh; returns its number if it is known and kept.
    fn delivered(&mut self, stored: u32, now: Tick) -> Option<u64> {
        let number = self.stored.remove(&stored)?;
        let at = usize::try_from(number.checked_sub(self.first_packet)?).ok()?;
        self.packets.get_mut(at)?.delivered = Some(now);
        Some(number)
    }

    pub(super) fn fetch(&mut self, span: FetchSpan) {
        keep(&mut self.fetches, span, self.limits.per_pe * 4, &mut self.dropped);
    }

    fn transfer(&mut self, pe: usize, span: TransferSpan) {
        keep(&mut self.pes[pe].transfers, span, self.limits.per_pe, &mut self.dropped);
    }

    /// Notes that the host begins to announce a time step.
    pub(super) fn asked(&mut self, now: Tick) {
        self.to_announce.push_back(now);
    }

    pub(super) fn announced(&mut self, step: u32, now: Tick) {
        let asked = self.to_announce.pop_front().unwrap_or(self.since);
        let span = AnnounceSpan { step, asked, sent: now };
        keep(&mut self.announcements, span, self.limits.per_pe, &mut self.dropped);
    }

    fn step(&mut self, span: StepSpan) {
        keep(
            &mut self.steps,
            StepSpan { packet: self.accepted, ..span },
            self.limits.per_pe,
            &mut self.dropped,
        );
    }
}

#[cfg(test)]
mod tests;
