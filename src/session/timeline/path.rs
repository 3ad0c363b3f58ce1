//! The critical path: what the end of a time step waited for, and what that waited for, back
//! to its beginning.
//!
//! It begins with the packet that completed the step and goes backwards: a packet leads to the
//! operation that sent it; an operation to what its core did before; a wait to the packet that
//! ended it. A handler, an entry of the FIFO or a DMA transfer that had to wait for the one
//! before it leads to that one. So every tick of the step is in exactly one segment, and
//! shortening a segment (while all else stays) would have let the step end earlier, until another
//! path is the longest.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::chip::clock::Tick;
use crate::machine::legend::{Legend, PhaseId, PhaseRole, PopulationId};
use crate::machine::program::Program;
use crate::machine::queue::CHIP;
use crate::machine::record::{
    OperationSpan, PacketSpan, PeRecord, Service, SpanRecorder, StepSpan, TransferSpan, WaitSpan,
};
use crate::machine::state::PacketKind;

/// Activity of a segment of the critical path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PathActivity {
    /// A core carries out an operation.
    Operation,
    /// A core leaves its waiting loop.
    Wake,
    /// A core runs the handler of a doorbell write.
    Handler,
    /// A core takes entries out of the event router's FIFO.
    Drain,
    /// A packet is on the network-on-chip.
    Network,
    /// A packet waits at its QPE's port for room in a FIFO.
    Port,
    /// A row comes from DRAM.
    Dram,
    /// A PE's DMA engine sends.
    Send,
    /// The host announces a time step.
    Host,
    /// The timers that begin a tick, and the input spikes that are sent in it.
    Timer,
    /// Time before the recording begins.
    Unknown,
}

impl PathActivity {
    /// Returns the kind of segment in words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Wake => "leaving the waiting loop",
            Self::Handler => "handlers",
            Self::Drain => "emptying FIFOs",
            Self::Network => "NoC",
            Self::Port => "waiting for room in FIFOs",
            Self::Dram => "DRAM",
            Self::Send => "sending by DMA",
            Self::Host => "host",
            Self::Timer => "timers and inputs",
            Self::Unknown => "not recorded",
        }
    }
}

/// A part of the critical path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Tick at which the segment begins.
    pub begin: Tick,
    /// Tick at which the segment ends.
    pub end: Tick,
    /// Kind of the segment.
    pub doing: PathActivity,
    /// Index of the PE; of a packet, its sender; `None` for the host.
    pub pe: Option<u16>,
    /// Layer, where the segment belongs to one.
    pub layer: Option<PopulationId>,
    /// Phase, where the segment belongs to one.
    pub phase: Option<PhaseId>,
    /// Time step, where the segment belongs to one.
    pub step: Option<u32>,
    /// Number of the packet that the segment is about.
    pub packet: Option<u64>,
}

impl Segment {
    /// Returns the length of the segment, in ticks.
    pub const fn ticks(&self) -> Tick {
        self.end - self.begin
    }
}

/// Position of the walk: everything before its tick is still to be explained.
#[derive(Clone, Copy, Debug)]
enum At {
    /// A packet has been delivered.
    Packet(u64),
    /// A core is at work.
    Core(usize),
    /// A core's handler or drain has ended; it is followed back as far as `floor`, before which the
    /// core did something else.
    Service(usize, Tick),
    /// A DMA engine sends: PE, number of the transfer.
    Transfer(usize, usize),
    /// The host has announced a time step.
    Host(u32),
    /// Time before the recording begins.
    Nowhere,
}

/// Returns the last entry of a list, by time, whose key is before `tick`.
fn last_before<T>(list: &VecDeque<T>, tick: Tick, key: impl Fn(&T) -> Tick) -> Option<usize> {
    list.partition_point(|entry| key(entry) < tick).checked_sub(1)
}

/// Returns the last operation that a core began before `tick`.
pub fn operation_before(record: &PeRecord, tick: Tick) -> Option<&OperationSpan> {
    record.operations.get(last_before(&record.operations, tick, |span| span.begin)?)
}

/// Returns the population that a packet is from or for.
pub fn population(kind: PacketKind) -> PopulationId {
    match kind {
        // The host's inputs count as the first population's.
        PacketKind::Event { population, .. } => population.unwrap_or_default(),
        PacketKind::Values { population, .. } => population,
        PacketKind::Announce { message, .. } | PacketKind::Message { message, .. } => message.population,
    }
}

/// Returns the population that a packet is from or for, its phase and its time step.
pub fn about(program: &Program, kind: PacketKind) -> (PopulationId, PhaseId, Option<u32>) {
    let (phase, step) = match kind {
        PacketKind::Values { population, step, .. } => (sends(program, population), Some(step)),
        PacketKind::Announce { step, .. } => (program.legend.announced, Some(step)),
        PacketKind::Event { step, .. } => (sends(program, population(kind)), Some(step)),
        PacketKind::Message { .. } => (program.legend.notified, None),
    };
    (population(kind), phase, step)
}

/// Returns the phase in which a population sends its values.
fn sends(program: &Program, population: PopulationId) -> PhaseId {
    program.population(population).map_or_else(PhaseId::default, |layer| layer.sends)
}

struct Walk<'a> {
    program: &'a Program,
    record: &'a SpanRecorder,
    /// Beginning of the window.
    begin: Tick,
    tick: Tick,
    /// Segments found so far, last first.
    segments: Vec<Segment>,
    /// Layer, phase and step to which handlers and drains on the way are charged.
    about: (Option<PopulationId>, Option<PhaseId>, Option<u32>),
}

/// Returns the critical path of a completed step from tick `begin` to the step's end: segments
/// without gaps between them, in ascending order of time.
pub fn path(program: &Program, record: &SpanRecorder, step: &StepSpan, begin: Tick) -> Vec<Segment> {
    let segments = Vec::new();
    let mut walk =
        Walk { program, record, begin, tick: step.end, segments, about: (None, None, Some(step.step)) };
    let mut at = last(program, record, step);
    // Every turn goes back in time or to an earlier record; the bound only guards against
    // a broken recording.
    let turns =
        64 + 4 * record.packets.len() + record.pes.iter().map(|pe| 8 * pe.operations.len()).sum::<usize>();
    for _ in 0..turns {
        if walk.tick <= begin {
            break;
        }
        at = match at {
            At::Packet(number) => walk.packet(number),
            At::Core(pe) => walk.core(pe),
            At::Service(pe, floor) => walk.service(pe, floor),
            At::Transfer(pe, index) => walk.transfer(pe, index),
            At::Host(step) => walk.host(step),
            At::Nowhere => break,
        };
    }
    walk.push(begin, PathActivity::Unknown, None, None);
    walk.segments.reverse();
    walk.segments
}

/// Returns the event that completed a step: a packet, or with timers the end of a tick on
/// its last PE.
fn last(program: &Program, record: &SpanRecorder, step: &StepSpan) -> At {
    let ends = |pe: &PeRecord| operation_before(pe, step.end).is_some_and(|span| span.end == Some(step.end));
    let logged = |pe: &PeRecord| {
        operation_before(pe, step.end).is_some_and(|span| program.legend.role(span.phase) == PhaseRole::Log)
    };
    if program.is_timed()
        && let Some(pe) = record.pes.iter().position(|pe| ends(pe) && logged(pe))
    {
        return At::Core(pe);
    }
    step.packet.map_or(At::Nowhere, At::Packet)
}

impl Walk<'_> {
    /// Adds a segment from `begin` to the position of the walk, which continues at `begin`.
    fn push(&mut self, begin: Tick, doing: PathActivity, pe: Option<u16>, packet: Option<u64>) {
        let begin = begin.max(self.begin);
        if begin >= self.tick {
            return;
        }
        let ((layer, phase, step), end) = (self.about, self.tick);
        self.segments.push(Segment { begin, end, doing, pe, layer, phase, step, packet });
        self.tick = begin;
    }

    fn packet(&mut self, number: u64) -> At {
        let Some(&packet) = self.record.packet(number) else { return At::Nowhere };
        let (layer, phase, step) = about(self.program, packet.kind);
        let step = step.or(self.about.2);
        self.about = (Some(layer), Some(phase), step);
        let pe = (packet.source != CHIP).then_some(packet.source);
        self.push(packet.arrives, PathActivity::Port, pe, Some(number));
        self.push(packet.sent, PathActivity::Network, pe, Some(number));
        if let Some(parent) = packet.parent {
            return At::Packet(parent);
        }
        self.sender(&packet)
    }

    /// Returns the position at the sender when it sent a packet.
    fn sender(&self, packet: &PacketSpan) -> At {
        let pe = usize::from(packet.source);
        match packet.kind {
            PacketKind::Announce { step, .. } | PacketKind::Event { population: None, step, .. } => {
                At::Host(step)
            }
            PacketKind::Message { relayed: true, .. } => At::Service(pe, 0),
            PacketKind::Values { .. } => {
                let transfers = self.record.pes.get(pe).map(|record| &record.transfers);
                let last = transfers.and_then(|list| last_before(list, packet.sent + 1, |span| span.begin));
                last.map_or(At::Core(pe), |index| At::Transfer(pe, index))
            }
            PacketKind::Message { relayed: false, .. } | PacketKind::Event { .. } => At::Core(pe),
        }
    }

    fn core(&mut self, pe: usize) -> At {
        let Some(record) = self.record.pes.get(pe) else { return At::Nowhere };
        let Some(&operation) = operation_before(record, self.tick) else { return At::Nowhere };
        self.about = (Some(operation.population), Some(operation.phase), Some(operation.step));
        let here = Some(pe as u16);
        if self.program.legend.role(operation.phase) == PhaseRole::Read
            && let Some(fetch) = self.record.fetches.iter().rev().find(|fetch| {
                usize::from(fetch.pe) == pe && fetch.end <= self.tick && fetch.requested >= operation.begin
            })
        {
            self.push(fetch.end, PathActivity::Operation, here, None);
            self.push(fetch.requested, PathActivity::Dram, here, None);
        }
        let wait = last_before(&record.waits, self.tick, |wait| wait.begin)
            .and_then(|at| record.waits.get(at))
            .filter(|wait| wait.begin >= operation.begin);
        let Some(&WaitSpan { begin, end, packet }) = wait else {
            self.push(operation.begin, PathActivity::Operation, here, None);
            return At::Core(pe);
        };
        self.push(end.unwrap_or(self.tick), PathActivity::Wake, here, None);
        if self.program.is_timed() && operation.phase == self.program.legend.announced {
            return self.timer();
        }
        if packet.is_some() { At::Service(pe, begin) } else { At::Nowhere }
    }

    fn service(&mut self, pe: usize, floor: Tick) -> At {
        let Some(record) = self.record.pes.get(pe) else { return At::Nowhere };
        let here = Some(pe as u16);
        let last = last_before(&record.services, self.tick + 1, |span| span.end);
        let Some(&span) = last.and_then(|at| record.services.get(at)).filter(|span| span.end > floor) else {
            // Nothing else since the floor: the core itself came late.
            self.push(floor, PathActivity::Handler, here, None);
            return if floor > 0 { At::Core(pe) } else { At::Nowhere };
        };
        let doing = if span.service == Service::Drain { PathActivity::Drain } else { PathActivity::Handler };
        self.push(span.begin.max(floor), doing, here, span.packet);
        if span.begin <= floor && floor > 0 {
            return At::Core(pe);
        }
        let delivered = span.packet.and_then(|number| self.record.packet(number)?.delivered);
        match (span.packet, delivered) {
            (Some(number), Some(delivered)) if delivered >= span.begin => At::Packet(number),
            (Some(_), Some(_)) => At::Service(pe, floor),
            _ => At::Nowhere,
        }
    }

    fn transfer(&mut self, pe: usize, index: usize) -> At {
        let transfers = &self.record.pes[pe].transfers;
        let Some(&TransferSpan { begin, population, step, .. }) = transfers.get(index) else {
            return At::Nowhere;
        };
        self.about = (Some(population), Some(sends(self.program, population)), Some(step));
        let setup = self.program.costs.dma_setup * self.program.operating_point.ticks_per_cycle();
        let asked = begin.saturating_sub(setup);
        self.push(asked, PathActivity::Send, Some(pe as u16), None);
        match index.checked_sub(1).and_then(|before| Some((before, transfers.get(before)?))) {
            Some((before, span)) if span.end == asked => At::Transfer(pe, before),
            _ => At::Core(pe),
        }
    }

    /// Returns the begin of the latest tick, for which a core waited at its timer.
    fn timer(&self) -> At {
        let began = self.record.announcements.iter().rev().find(|span| span.sent <= self.tick);
        began.map_or(At::Nowhere, |span| At::Host(span.step))
    }

    fn host(&mut self, step: u32) -> At {
        let announcement = self.record.announcements.iter().find(|span| span.step == step);
        let Some(announcement) = announcement else { return At::Nowhere };
        self.about = (None, None, Some(step));
        let doing = if self.program.is_timed() { PathActivity::Timer } else { PathActivity::Host };
        self.push(announcement.asked, doing, None, None);
        // The host announces a step when an earlier one is complete.
        let before = self.record.steps.iter().find(|span| span.end == announcement.asked);
        before.and_then(|span| span.packet).map_or(At::Nowhere, At::Packet)
    }
}

/// Returns the purpose of a packet, in words.
pub fn packet_words(legend: &Legend, kind: PacketKind) -> &'static str {
    match kind {
        PacketKind::Values { groups, .. } => legend.packet(groups),
        PacketKind::Announce { .. } => "time step announced",
        PacketKind::Event { message: None, .. } => legend.sent,
        PacketKind::Message { message, .. } | PacketKind::Event { message: Some(message), .. } => {
            legend.counter(message.counter).map_or("message", |counter| counter.note)
        }
    }
}
