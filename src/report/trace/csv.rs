//! A trace as a table: one row for each thing that took time (docs/trace.md lists the columns).

use std::io::Write;
use std::ops::Range;

use serde::Serialize;

use super::{Chunk, Sink, TraceError, place};
use crate::chip::clock::{Tick, us};
use crate::chip::geometry::QpeId;
use crate::machine::record::{PacketSpan, PeRecord, Service};
use crate::session::Session;
use crate::session::timeline::idle::awaited;
use crate::session::timeline::path::{about, packet_words};
use crate::text::step_number;

/// Row of the table. Fields that mean nothing for its kind are empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row<'a> {
    /// `operation`, `wait`, `handler`, `release`, `drain`, `packet`, `fetch`, `transfer`,
    /// `step` or `critical`.
    pub kind: &'static str,
    /// Begin since the start, µs.
    pub begin_us: f64,
    /// Duration of the row's span, µs.
    pub duration_us: f64,
    /// Begin since the start in ticks of 1/1200 µs, exact.
    pub begin_ticks: Tick,
    /// Duration in ticks of 1/1200 µs, exact.
    pub duration_ticks: Tick,
    /// PE or host; of a packet, its sender.
    pub place: String,
    /// Layer, by its name.
    pub layer: &'a str,
    /// Name of the phase.
    pub phase: &'static str,
    /// Number of the time step, from 1.
    pub step: Option<u32>,
    /// Sample of the batch, from 0.
    pub sample: Option<u8>,
    /// PE cycles that the core worked: without waiting, its DMA, and handlers.
    pub cycles: Option<u64>,
    /// Events (y ≠ 0) that a point-wise operation found.
    pub events: Option<u32>,
    /// Number of the packet; of a wait, a handler, a drain, the packet that it was for.
    pub packet: Option<u64>,
    /// Other party: receivers of a packet, the source that a wait was for, or the QPE
    /// of a transfer.
    pub other: String,
    /// Links that a packet crossed.
    pub hops: Option<u32>,
    /// Size in bytes; `None` where the kind of row has none.
    pub bytes: Option<u32>,
    /// Description, in words.
    pub what: &'static str,
}

impl Row<'_> {
    fn new(kind: &'static str, span: &Range<Tick>) -> Self {
        Self {
            kind,
            begin_us: us(span.start),
            duration_us: us(span.end - span.start),
            begin_ticks: span.start,
            duration_ticks: span.end - span.start,
            ..Self::default()
        }
    }
}

/// Writer of a trace as a table, a row an entry.
pub struct Csv<W: Write> {
    writer: ::csv::Writer<W>,
}

impl<W: Write> Csv<W> {
    /// Writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer: ::csv::Writer::from_writer(writer) }
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TraceError> {
        Ok(self.writer.serialize(row)?)
    }

    fn operations(&mut self, chunk: &Chunk<'_>, index: u16, pe: &PeRecord) -> Result<(), TraceError> {
        for operation in &pe.operations {
            let phase = chunk.program.legend.words(operation.phase);
            let Some(span) = chunk.span(operation.begin, operation.end) else { continue };
            self.row(&Row {
                place: place(index),
                layer: chunk.layer(operation.population),
                phase: phase.name,
                step: Some(step_number(operation.step)),
                sample: Some(operation.sample),
                cycles: Some(operation.cycles()),
                events: phase.fires.then_some(operation.events),
                what: phase.words,
                ..Row::new("operation", &span)
            })?;
        }
        Ok(())
    }

    fn beside(&mut self, chunk: &Chunk<'_>, index: u16, pe: &PeRecord) -> Result<(), TraceError> {
        for wait in &pe.waits {
            let Some(span) = chunk.span(wait.begin, wait.end) else { continue };
            let other = chunk.awaited(awaited(chunk.record, wait.packet));
            let place = place(index);
            self.row(&Row { place, packet: wait.packet, other, ..Row::new("wait", &span) })?;
        }
        for service in &pe.services {
            let Some(span) = chunk.span(service.begin, Some(service.end)) else { continue };
            let kind = match service.service {
                Service::Handler => "handler",
                Service::Release => "release",
                Service::Drain => "drain",
            };
            self.row(&Row { place: place(index), packet: service.packet, ..Row::new(kind, &span) })?;
        }
        for transfer in &pe.transfers {
            let Some(span) = chunk.span(transfer.begin, Some(transfer.end)) else { continue };
            self.row(&Row {
                place: place(index),
                layer: chunk.layer(transfer.population),
                step: Some(step_number(transfer.step)),
                other: transfer.qpe.to_string(),
                bytes: Some(transfer.packets * crate::machine::program::PACKET_BYTES),
                ..Row::new("transfer", &span)
            })?;
        }
        Ok(())
    }

    fn packet(
        &mut self,
        chunk: &Chunk<'_>,
        number: u64,
        packet: &PacketSpan,
        end: Tick,
    ) -> Result<(), TraceError> {
        let (layer, phase, step) = about(chunk.program, packet.kind);
        self.row(&Row {
            place: place(packet.source),
            layer: chunk.layer(layer),
            phase: chunk.program.legend.phase(phase),
            step: step.map(step_number),
            packet: Some(number),
            other: receivers(packet),
            hops: Some(packet.hops),
            what: packet_words(&chunk.program.legend, packet.kind),
            ..Row::new("packet", &(packet.sent..end))
        })
    }

    fn path(&mut self, chunk: &Chunk<'_>) -> Result<(), TraceError> {
        for step in chunk.steps() {
            let whole = step.begin..step.end;
            let number = Some(step_number(step.step));
            self.row(&Row { place: "host".to_owned(), step: number, ..Row::new("step", &whole) })?;
            for segment in chunk.path(step) {
                self.row(&Row {
                    place: segment.pe.map_or_else(|| "host".to_owned(), place),
                    layer: segment.layer.map_or("", |layer| chunk.layer(layer)),
                    phase: segment.phase.map_or("", |phase| chunk.program.legend.phase(phase)),
                    step: segment.step.map(step_number),
                    packet: segment.packet,
                    what: segment.doing.describe(),
                    ..Row::new("critical", &(segment.begin..segment.end))
                })?;
            }
        }
        Ok(())
    }
}

/// Returns the receivers of a packet.
fn receivers(packet: &PacketSpan) -> String {
    if packet.host {
        return "host".to_owned();
    }
    if packet.qpe == QpeId::ROUTER {
        return packet.qpe.to_string();
    }
    let pes = (0..4_u8).filter(|p| packet.mask >> p & 1 == 1).map(|p| p.to_string());
    format!("{} {}", packet.qpe, pes.collect::<Vec<_>>().join("+"))
}

impl<W: Write> Sink for Csv<W> {
    fn begin(&mut self, _: &Session) -> Result<(), TraceError> {
        Ok(())
    }

    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), TraceError> {
        for (index, pe) in (0_u16..).zip(&chunk.record.pes) {
            self.operations(chunk, index, pe)?;
            self.beside(chunk, index, pe)?;
        }
        for (number, packet, delivered) in chunk.packets() {
            self.packet(chunk, number, packet, delivered)?;
        }
        for fetch in &chunk.record.fetches {
            let Some(span) = chunk.span(fetch.requested, Some(fetch.end)) else { continue };
            let (place, bytes) = (place(fetch.pe), Some(fetch.bytes));
            let other = format!("DRAM port {}", fetch.port);
            self.row(&Row { place, other, bytes, ..Row::new("fetch", &span) })?;
        }
        self.path(chunk)
    }

    fn end(&mut self) -> Result<(), TraceError> {
        Ok(self.writer.flush()?)
    }
}
