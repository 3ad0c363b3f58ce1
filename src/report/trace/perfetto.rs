//! Writer of a trace in Chrome's trace-event format, for Perfetto and chrome://tracing.
//!
//! PEs are threads, their operations slices; what a PE waits for and its handlers are slices
//! within. Packets are flows from sender to receiver. DRAM ports, DMA engines, time steps and the
//! critical path have threads of their own; packets in flight, links in use and events are
//! counters. Times are whole nanoseconds, so that slices that touch do not overlap; exact ticks are
//! among the arguments.

mod lanes;

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Chunk, Sink, TraceError, place};
use crate::chip::clock::Tick;
use crate::chip::geometry::{PES_PER_QPE, QpeId};
use crate::machine::legend::PopulationId;
use crate::machine::queue::CHIP;
use crate::machine::record::{PacketSpan, PeRecord, Service};
use crate::machine::state::PacketKind;
use crate::session::Session;
use crate::session::timeline::idle::awaited;
use crate::session::timeline::path::{about, packet_words};
use crate::text::step_number;

/// Process of the PEs; its threads are PE index + 1.
pub const PES: u32 = 1;
/// Process of the critical path, with one thread.
pub const PATH: u32 = 2;
/// Process of the host; its threads are time steps in flight.
pub const HOST: u32 = 3;
/// Process of DRAM ports (threads 1 and 2) and DMA engines (PE index + 11).
pub const DMA: u32 = 4;
/// Process of the network-on-chip: counters.
pub const NOC: u32 = 5;

/// Choice of the packets that become flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packets {
    /// Every packet becomes a flow.
    All,
    /// The last packet of each block, which wakes its receivers, and all packets other than y.
    #[default]
    Last,
    /// No packet becomes a flow.
    None,
}

/// Event of the trace. `dur` only of complete ones, `id` and `bp` only of flows.
#[derive(Clone, Debug, Default, Serialize)]
struct Event<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    cat: &'static str,
    ph: &'static str,
    ts: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    pid: u32,
    tid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    args: Map<String, Value>,
}

/// Returns a tick's time in whole nanoseconds.
fn ns(tick: Tick) -> u64 {
    (u128::from(tick) * 1000 / u128::from(crate::chip::clock::TICKS_PER_US)) as u64
}

/// Converts nanoseconds to the microseconds that the format requires.
fn stamp(ns: u64) -> f64 {
    ns as f64 / 1e3
}

/// Returns the arguments of an event, without those that are null.
fn args<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Returns the number of a PE's thread: its index + 1.
fn thread(pe: u16) -> u32 {
    u32::from(pe) + 1
}

/// Writer of a trace in Perfetto's JSON format.
pub struct Perfetto<W: Write> {
    writer: W,
    packets: Packets,
    written: u64,
    /// Events of time steps that are not complete, by layer.
    events: BTreeMap<u32, BTreeMap<PopulationId, u64>>,
    /// Begins of the handlers of packets, ns, by thread and packet.
    answered: BTreeMap<(u32, u64), u64>,
}

impl<W: Write> Perfetto<W> {
    /// Writes to `writer`.
    pub fn new(writer: W, packets: Packets) -> Self {
        Self { writer, packets, written: 0, events: BTreeMap::new(), answered: BTreeMap::new() }
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), TraceError> {
        self.writer.write_all(if self.written == 0 { b"\n" } else { b",\n" })?;
        self.written += 1;
        serde_json::to_writer(&mut self.writer, event)?;
        Ok(())
    }

    /// Writes a slice: a named interval on a track.
    fn slice(
        &mut self,
        (pid, tid): (u32, u32),
        (name, cat): (&str, &'static str),
        span: &Range<Tick>,
        mut more: Map<String, Value>,
    ) -> Result<(), TraceError> {
        let (begin, end) = (ns(span.start), ns(span.end));
        more.insert("ticks".to_owned(), json!(span.end - span.start));
        let (ts, dur) = (stamp(begin), Some(stamp(end - begin)));
        self.event(&Event { name, cat, ph: "X", ts, dur, pid, tid, args: more, ..Event::default() })
    }

    /// Names a process or a thread.
    fn name(&mut self, what: &'static str, pid: u32, tid: u32, name: &str) -> Result<(), TraceError> {
        let args = args([("name", json!(name))]);
        self.event(&Event { name: what, ph: "M", pid, tid, args, ..Event::default() })
    }

    fn sort(&mut self, what: &'static str, pid: u32, tid: u32, index: u32) -> Result<(), TraceError> {
        let args = args([("sort_index", json!(index))]);
        self.event(&Event { name: what, ph: "M", pid, tid, args, ..Event::default() })
    }

    fn operations(&mut self, chunk: &Chunk<'_>, index: u16, pe: &PeRecord) -> Result<(), TraceError> {
        for operation in &pe.operations {
            let Some(span) = chunk.span(operation.begin, operation.end) else { continue };
            let layer = chunk.layer(operation.population);
            let phase = chunk.program.legend.words(operation.phase);
            *self.events.entry(operation.step).or_default().entry(operation.population).or_default() +=
                u64::from(operation.events);
            let batch = (chunk.program.batch > 1).then_some(operation.sample);
            let more = args([
                ("layer", json!(layer)),
                ("step", json!(step_number(operation.step))),
                ("sample", json!(batch)),
                ("cycles", json!(operation.cycles())),
                ("events", json!(phase.fires.then_some(operation.events))),
                ("does", json!(phase.words)),
                ("goes_on", json!(operation.end.is_none().then_some(true))),
            ]);
            self.slice((PES, thread(index)), (phase.name, "phase"), &span, more)?;
        }
        Ok(())
    }

    fn beside(&mut self, chunk: &Chunk<'_>, index: u16, pe: &PeRecord) -> Result<(), TraceError> {
        for wait in &pe.waits {
            let Some(span) = chunk.span(wait.begin, wait.end) else { continue };
            let whom = chunk.awaited(awaited(chunk.record, wait.packet));
            let more = args([("waits_for", json!(whom)), ("packet", json!(wait.packet))]);
            self.slice((PES, thread(index)), ("idle", "idle"), &span, more)?;
        }
        for service in &pe.services {
            let Some(span) = chunk.span(service.begin, Some(service.end)) else { continue };
            let name = match service.service {
                Service::Handler => "handler",
                Service::Release => "go to all",
                Service::Drain => "FIFO",
            };
            let more = args([("packet", json!(service.packet))]);
            self.slice((PES, thread(index)), (name, "handler"), &span, more)?;
        }
        Ok(())
    }

    /// Records when the handlers of packets begin.
    fn answers(&mut self, chunk: &Chunk<'_>) {
        self.answered.clear();
        for (index, pe) in (0_u16..).zip(&chunk.record.pes) {
            // Oldest last: a packet's own handler comes before what the handler releases. Cut off
            // at the end of the trace.
            for service in pe.services.iter().rev().filter(|span| !chunk.last || span.end <= chunk.end) {
                if let Some(packet) = service.packet {
                    self.answered.insert((thread(index), packet), ns(service.begin));
                }
            }
        }
    }

    /// Writes a packet as flows, one to each receiver.
    fn flow(
        &mut self,
        chunk: &Chunk<'_>,
        number: u64,
        packet: &PacketSpan,
        end: Tick,
    ) -> Result<(), TraceError> {
        let plain = matches!(packet.kind, PacketKind::Values { last: false, .. });
        if packet.qpe == QpeId::ROUTER && !packet.host || plain && self.packets == Packets::Last {
            return Ok(());
        }
        let origin = chunk.origin(packet);
        // What is sent as an operation or a handler ends belongs to that, not to what comes next.
        let early = u64::from(matches!(packet.kind, PacketKind::Message { .. }));
        let (from, sent) = (sender(chunk, origin), ns(origin.sent).saturating_sub(early));
        let name = packet_words(&chunk.program.legend, packet.kind);
        let (layer, _, step) = about(chunk.program, packet.kind);
        let more = args([
            ("packet", json!(number)),
            ("layer", json!(chunk.layer(layer))),
            ("step", json!(step.map(step_number))),
            ("hops", json!(packet.hops)),
        ]);
        for (p, (pid, tid), taken) in receivers(chunk, packet, ns(end)) {
            // It ends where it is answered: Perfetto takes the slice that begins first as the one
            // that a flow leaves.
            let taken = self.answered.get(&(tid, number)).copied().unwrap_or(taken);
            // What is sent or comes just as the trace ends is in the slices that end there.
            let edge = if chunk.last { ns(chunk.end).saturating_sub(1) } else { u64::MAX };
            let (sent, taken) = (sent.min(edge), taken.max(sent).min(edge));
            let id = Some(number * PES_PER_QPE as u64 + p);
            let flow = Event { name, cat: "packet", id, args: more.clone(), ..Event::default() };
            self.event(&Event { ph: "s", ts: stamp(sent), pid: from.0, tid: from.1, ..flow.clone() })?;
            self.event(&Event { ph: "f", bp: Some("e"), ts: stamp(taken), pid, tid, ..flow })?;
        }
        Ok(())
    }
}

/// Returns the process and the thread of a packet's sender.
fn sender(chunk: &Chunk<'_>, packet: &PacketSpan) -> (u32, u32) {
    match packet.kind {
        PacketKind::Announce { step, .. } => (HOST, lanes::host_lane(chunk, step)),
        _ if packet.source == CHIP => (HOST, 1),
        PacketKind::Values { .. } if lanes::sends_by_dma(chunk) => (DMA, lanes::engine(packet.source)),
        _ => (PES, thread(packet.source)),
    }
}

/// Returns the receivers of a packet: number, process and thread, and time of arrival, ns.
fn receivers(chunk: &Chunk<'_>, packet: &PacketSpan, taken: u64) -> Vec<(u64, (u32, u32), u64)> {
    if packet.host {
        // The last packet of a step comes just when the step's slice ends: a nanosecond before, it
        // is still in it.
        let step = about(chunk.program, packet.kind).2.unwrap_or(0);
        return vec![(0, (HOST, lanes::host_lane(chunk, step)), taken.saturating_sub(1))];
    }
    (0..PES_PER_QPE)
        .filter(|p| packet.mask >> p & 1 == 1)
        .map(|p| (p as u64, (PES, thread(packet.qpe.pe_index(p) as u16)), taken))
        .collect()
}

impl<W: Write> Sink for Perfetto<W> {
    fn begin(&mut self, session: &Session) -> Result<(), TraceError> {
        let about = json!({
            "scene": session.loaded.path.display().to_string(),
            "title": session.loaded.scene.title,
            "model": session.model().card().name,
            "clock_mhz": session.program().operating_point.mhz(),
            "tick": "1/1200 us",
            "written_by": concat!("spinntui ", env!("CARGO_PKG_VERSION")),
        });
        write!(self.writer, "{{\"displayTimeUnit\":\"ns\",\"otherData\":{about},\"traceEvents\":[")?;
        let processes =
            [(PATH, "critical path"), (PES, "PEs"), (NOC, "network-on-chip"), (DMA, "DMA"), (HOST, "host")];
        for (index, (pid, name)) in (0_u32..).zip(processes) {
            self.name("process_name", pid, 0, name)?;
            self.sort("process_sort_index", pid, 0, index)?;
        }
        let program = session.program();
        let used = program.places().filter_map(|pe| Some((pe, program.pe(pe)?)));
        for (pe, loaded) in used {
            let layers: Vec<&str> = loaded
                .populations()
                .filter_map(|slot| Some(program.population(slot.population)?.name.as_str()))
                .collect();
            let first = loaded.populations().next().map_or(0, |slot| slot.population.index() as u32);
            let index = pe.index() as u16;
            self.name("thread_name", PES, thread(index), &format!("{} {}", place(index), layers.join(", ")))?;
            self.sort("thread_sort_index", PES, thread(index), 1000 * first + u32::from(index))?;
        }
        self.lanes(session)
    }

    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), TraceError> {
        for (index, pe) in (0_u16..).zip(&chunk.record.pes) {
            self.operations(chunk, index, pe)?;
            self.beside(chunk, index, pe)?;
        }
        if self.packets != Packets::None {
            self.answers(chunk);
            for (number, packet, delivered) in chunk.packets() {
                self.flow(chunk, number, packet, delivered)?;
            }
        }
        self.dma(chunk)?;
        self.host(chunk)?;
        self.path(chunk)?;
        self.counters(chunk)
    }

    fn end(&mut self) -> Result<(), TraceError> {
        self.writer.write_all(b"\n]}\n")?;
        Ok(self.writer.flush()?)
    }
}
