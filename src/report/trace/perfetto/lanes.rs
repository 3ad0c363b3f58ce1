//! Tracks beside the PEs: time steps, the critical path, DMA, and the network's counters.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Map, Value, json};

use super::{DMA, Event, HOST, NOC, PATH, Perfetto, args, ns, stamp};
use crate::chip::clock::{NOC_CYCLE, TICKS_PER_US, Tick};
use crate::machine::broadcast::options::Broadcast;
use crate::machine::routes::ROUTES;
use crate::report::trace::{Chunk, TraceError, place};
use crate::session::Session;
use crate::session::timeline::PathActivity;
use crate::text::step_number;

/// Ticks covered by a value of a counter.
const BIN: Tick = TICKS_PER_US;

/// Returns `true` if outputs leave by DMA.
pub fn sends_by_dma(chunk: &Chunk<'_>) -> bool {
    chunk.program.delivery.broadcast == Broadcast::Dma
}

/// Returns the thread number of a PE's DMA engine.
pub fn engine(pe: u16) -> u32 {
    u32::from(pe) + 11
}

/// Returns the thread number of a time step: those in flight at once have one each.
pub fn host_lane(chunk: &Chunk<'_>, step: u32) -> u32 {
    1 + step % chunk.program.steps_in_flight.max(1)
}

impl<W: Write> Perfetto<W> {
    /// Names the threads beside the PEs.
    pub(super) fn lanes(&mut self, session: &Session) -> Result<(), TraceError> {
        let program = session.program();
        self.name("thread_name", PATH, 1, "what the step waits for")?;
        for lane in 0..program.steps_in_flight.max(1) {
            let name = if program.steps_in_flight > 1 {
                format!("time steps, {} of {} in flight", lane + 1, program.steps_in_flight)
            } else {
                "time steps".to_owned()
            };
            self.name("thread_name", HOST, 1 + lane, &name)?;
        }
        for port in 0..2 {
            self.name("thread_name", DMA, 1 + port, &format!("DRAM port {port}"))?;
        }
        if program.delivery.broadcast == Broadcast::Dma {
            for pe in program.places().filter(|&pe| program.pe(pe).is_some()) {
                let index = pe.index() as u16;
                self.name("thread_name", DMA, engine(index), &format!("engine of {}", place(index)))?;
            }
        }
        Ok(())
    }

    pub(super) fn dma(&mut self, chunk: &Chunk<'_>) -> Result<(), TraceError> {
        for fetch in &chunk.record.fetches {
            // The row is on its way for a little longer than the port gives it.
            let Some(_) = chunk.span(fetch.requested, Some(fetch.end)) else { continue };
            let more = args([
                ("pe", json!(place(fetch.pe))),
                ("bytes", json!(fetch.bytes)),
                ("address", json!(format!("{:#010x}", fetch.address))),
            ]);
            let lane = (DMA, 1 + u32::from(fetch.port));
            self.slice(lane, ("row", "dma"), &(fetch.granted..fetch.given), more)?;
        }
        for (index, pe) in (0_u16..).zip(&chunk.record.pes) {
            for transfer in &pe.transfers {
                let Some(span) = chunk.span(transfer.begin, Some(transfer.end)) else { continue };
                let layer = json!(chunk.layer(transfer.population));
                let more = args([
                    ("layer", layer),
                    ("step", json!(step_number(transfer.step))),
                    ("packets", json!(transfer.packets)),
                ]);
                self.slice((DMA, engine(index)), ("block", "dma"), &span, more)?;
            }
        }
        Ok(())
    }

    /// Writes the time steps, each from its announcement on.
    pub(super) fn host(&mut self, chunk: &Chunk<'_>) -> Result<(), TraceError> {
        for step in chunk.steps() {
            let announced = chunk.record.announcements.iter().find(|span| span.step == step.step);
            let begin = announced.map_or(step.begin, |span| span.asked);
            let name = format!("step {}", step_number(step.step));
            let since_last = json!(step.end - step.begin);
            let more = args([("step", json!(step_number(step.step))), ("ticks_since_last", since_last)]);
            self.slice((HOST, host_lane(chunk, step.step)), (&name, "step"), &(begin..step.end), more)?;
        }
        // What is in flight when the trace ends.
        let complete = chunk.record.steps.back().map_or(0, |step| step_number(step.step));
        let under_way = chunk.record.announcements.iter().filter(|span| chunk.last && span.step >= complete);
        for span in under_way.filter(|span| span.asked < chunk.end) {
            let name = format!("step {}", step_number(span.step));
            let more = args([("step", json!(step_number(span.step))), ("goes_on", json!(true))]);
            let lane = (HOST, host_lane(chunk, span.step));
            self.slice(lane, (&name, "step under way"), &(span.asked..chunk.end), more)?;
        }
        Ok(())
    }

    pub(super) fn path(&mut self, chunk: &Chunk<'_>) -> Result<(), TraceError> {
        for step in chunk.steps() {
            for segment in chunk.path(step) {
                let name = match (segment.doing, segment.phase) {
                    (PathActivity::Operation, Some(phase)) => chunk.program.legend.phase(phase),
                    (doing, _) => doing.describe(),
                };
                let more = args([
                    ("place", json!(segment.pe.map_or_else(|| "host".to_owned(), place))),
                    ("layer", json!(segment.layer.map(|layer| chunk.layer(layer)))),
                    ("step", json!(segment.step.map(step_number))),
                    ("packet", json!(segment.packet)),
                ]);
                self.slice((PATH, 1), (name, "critical"), &(segment.begin..segment.end), more)?;
            }
        }
        Ok(())
    }

    /// Writes one value of a counter.
    fn counter(&mut self, name: &str, tick: Tick, args: Map<String, Value>) -> Result<(), TraceError> {
        self.event(&Event { name, ph: "C", ts: stamp(ns(tick)), pid: NOC, tid: 0, args, ..Event::default() })
    }

    pub(super) fn counters(&mut self, chunk: &Chunk<'_>) -> Result<(), TraceError> {
        for (tick, packets) in in_flight(chunk) {
            self.counter("packets in flight", tick, args([("packets", json!(packets))]))?;
        }
        for (tick, share) in link_use(chunk) {
            self.counter("links in use, %", tick, args([("percent", json!(share))]))?;
        }
        for step in chunk.steps() {
            let counts = self.events.remove(&step.step).unwrap_or_default();
            let names = counts.into_iter().map(|(layer, n)| (chunk.layer(layer).to_owned(), json!(n)));
            self.counter("events in the step", step.end, names.collect())?;
        }
        Ok(())
    }
}

/// Returns the largest number of packets on the mesh in each bin in which their number changes,
/// with the tick at which the bin begins.
fn in_flight(chunk: &Chunk<'_>) -> Vec<(Tick, i64)> {
    let mut changes: BTreeMap<Tick, i64> = BTreeMap::new();
    let mut now = 0;
    for packet in &chunk.record.packets {
        let end = packet.delivered.unwrap_or(packet.arrives);
        if end < chunk.begin || packet.sent >= chunk.end {
            continue;
        }
        if packet.sent < chunk.begin {
            now += 1;
        } else {
            *changes.entry(packet.sent).or_default() += 1;
        }
        if end < chunk.end {
            *changes.entry(end).or_default() -= 1;
        }
    }
    let mut values: Vec<(Tick, i64)> = Vec::new();
    // A bin shows the most in it, the next one begins with what is left.
    for (tick, change) in changes {
        let bin = (tick / BIN * BIN).max(chunk.begin);
        let before = now;
        now += change;
        match values.last_mut() {
            Some((last, most)) if *last == bin => *most = (*most).max(now),
            _ => {
                if let Some(&(last, most)) = values.last()
                    && most != before
                    && last + BIN < bin
                {
                    values.push((last + BIN, before));
                }
                values.push((bin, now.max(before)));
            }
        }
    }
    if let Some(&(last, most)) = values.last()
        && most != now
    {
        values.push(((last + BIN).min(chunk.end), now));
    }
    values
}

/// Returns the share of all links that carried packets, per cent, in each bin of ten; a packet
/// counts in the bin in which it is sent.
fn link_use(chunk: &Chunk<'_>) -> Vec<(Tick, f64)> {
    let width = 10 * BIN;
    let mut bins: BTreeMap<Tick, u64> = BTreeMap::new();
    for packet in &chunk.record.packets {
        if packet.sent >= chunk.begin && packet.sent < chunk.end {
            *bins.entry(packet.sent / width).or_default() += u64::from(packet.hops);
        }
    }
    let all = ROUTES.links().len() as f64 * (width / NOC_CYCLE) as f64;
    let mut values = Vec::new();
    let mut next = None;
    for (bin, crossed) in bins {
        if let Some(after) = next.filter(|&after| after < bin) {
            values.push((after * width, 0.0));
        }
        let share = 100.0 * crossed as f64 / all;
        values.push(((bin * width).max(chunk.begin), (share * 1e4).round() / 1e4));
        next = Some(bin + 1);
    }
    values.extend(next.map(|after| ((after * width).min(chunk.end), 0.0)));
    values
}
