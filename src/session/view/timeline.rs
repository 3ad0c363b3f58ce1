//! The part of a recording that a front end shows: cells of a window.

use std::ops::Range;

use super::fit::{self, Lane};
use crate::chip::clock::{Tick, us};
use crate::chip::geometry::Pe;
use crate::machine::legend::{PhaseId, PopulationId};
use crate::machine::program::Program;
use crate::machine::record::{PeRecord, Service, SpanRecorder, WaitSpan};
use crate::session::Session;
use crate::session::snapshot::{
    CellKind, CellView, PathCell, StepMark, TIMELINE_CELLS, TimelineRequest, TimelineRow, TimelineView,
    TimelineWindow,
};
use crate::session::timeline::path::{Segment, about, operation_before, packet_words};
use crate::session::timeline::step_history::{RecordedStep, StepHistory};
use crate::session::timeline::{PathActivity, idle};
use crate::text::step_number;

/// Kinds of cells: phases, handlers, idle.
const KINDS: usize = PhaseId::MAX + 2;
const HANDLER: usize = PhaseId::MAX;
const IDLE: usize = HANDLER + 1;

/// A window of time, cut into columns.
#[derive(Clone, Copy, Debug)]
struct Grid {
    begin: Tick,
    end: Tick,
    columns: usize,
}

impl Grid {
    /// Returns the first tick of a column.
    fn at(&self, column: usize) -> Tick {
        let width = u128::from(self.end - self.begin);
        self.begin + (width * column as u128 / self.columns.max(1) as u128) as Tick
    }

    /// Returns the column of a tick; ticks outside the window are in its first or last column.
    fn column(&self, tick: Tick) -> usize {
        let width = u128::from((self.end - self.begin).max(1));
        let column = u128::from(tick.saturating_sub(self.begin)) * self.columns as u128 / width;
        (column as usize).min(self.columns.saturating_sub(1))
    }

    /// Returns the columns that a span has part of, with its ticks in each.
    fn spread(&self, span: &Range<Tick>) -> impl Iterator<Item = (usize, Tick)> + use<> {
        let (begin, end) = (span.start.max(self.begin), span.end.min(self.end));
        let grid = *self;
        let columns = if begin < end { self.column(begin)..self.column(end - 1) + 1 } else { 0..0 };
        columns.filter_map(move |column| {
            let (from, to) = (grid.at(column).max(begin), grid.at(column + 1).min(end));
            (from < to).then(|| (column, to - from))
        })
    }
}

/// Returns the timeline, as a front end asked for it; `None` unless it is recorded.
pub fn of(session: &Session, request: TimelineRequest) -> Option<TimelineView> {
    let (step_history, record) = (session.step_history.as_ref()?, session.machine.recorded()?);
    Some(view(session.program(), record, step_history, request, session.tick()))
}

/// Returns the view that a front end asked for.
fn view(
    program: &Program,
    record: &SpanRecorder,
    step_history: &StepHistory,
    request: TimelineRequest,
    now: Tick,
) -> TimelineView {
    let known = step_history.steps.front().map_or(record.since, |step| step.span.begin).min(record.since);
    let grid = Grid {
        columns: usize::from(request.columns.clamp(1, TIMELINE_CELLS.0)),
        ..window(step_history, request, known, now)
    };
    let order = order(program);
    let count = usize::from(request.rows.min(TIMELINE_CELLS.1)).min(order.len());
    let shown: Vec<&RecordedStep> = step_history
        .steps
        .iter()
        .filter(|step| step.span.end > grid.begin && step.span.begin < grid.end)
        .collect();
    let chosen = if request.fit {
        let rank = |pe| (critical(&shown, grid, pe), busy(record, grid, pe));
        fit::chosen(&order, count, request.pe, rank)
    } else {
        let selected = order.iter().position(|&(_, pe)| pe == request.pe).unwrap_or(0);
        let first = selected.saturating_sub(count / 2).min(order.len() - count);
        order[first..first + count].iter().map(|&(_, pe)| pe).collect()
    };
    let rows = chosen.into_iter().map(|pe| row(program, record, &shown, grid, pe)).collect();
    let cursor = usize::from(request.cursor).min(grid.columns - 1);
    let cursor_tick = u64::midpoint(grid.at(cursor), grid.at(cursor + 1));
    let (packets, dma) = traffic(record, grid);
    let marks = shown.iter().map(|s| StepMark { step: s.span.step, begin: s.span.begin, end: s.span.end });
    let skip = shown.len().saturating_sub(usize::from(TIMELINE_CELLS.0));
    let last = shown.iter().rev().find(|step| step.span.begin <= cursor_tick).or(shown.last());
    TimelineView {
        request,
        begin: grid.begin,
        end: grid.end,
        known,
        detailed: step_history.detailed(record.since).max(record.since),
        now,
        rows,
        path: path_cells(&shown, grid),
        packets,
        dma,
        steps: marks.skip(skip).collect(),
        sentence: last.map_or_else(String::new, |step| step.sentence.clone()),
        cursor: words(program, record, request.pe, cursor_tick),
        cursor_tick,
        order: order.into_iter().map(|(_, pe)| pe).collect(),
    }
}

/// Returns the requested window, within the known time and at least a microsecond long.
fn window(step_history: &StepHistory, request: TimelineRequest, known: Tick, now: Tick) -> Grid {
    let (begin, end) = match request.window {
        TimelineWindow::Latest(count) => {
            let first = step_history.steps.len().saturating_sub(count.max(1) as usize);
            match (step_history.steps.get(first), step_history.steps.back()) {
                (Some(first), Some(last)) => (first.span.begin, last.span.end),
                _ => (known, now),
            }
        }
        TimelineWindow::Ticks { begin, end } => (begin, end),
    };
    let begin = begin.clamp(known, now);
    Grid { begin, end: end.min(now).max(begin + crate::chip::clock::TICKS_PER_US / 10), columns: 1 }
}

/// Returns chip and first layer, and the index, of every PE with a program, ascending: lanes by
/// chip, then by layer.
fn order(program: &Program) -> Vec<(Lane, u16)> {
    let layer =
        |pe: Pe| program.pe(pe).and_then(|loaded| loaded.populations().next()).map(|slot| slot.population);
    let mut order: Vec<(Lane, u16)> =
        program.places().filter_map(|pe| Some(((pe.chip(), layer(pe)?), pe.index() as u16))).collect();
    order.sort_unstable();
    order
}

/// Returns the ticks of the window in which the critical path was on a PE.
fn critical(steps: &[&RecordedStep], grid: Grid, index: u16) -> Tick {
    let segments = steps.iter().flat_map(|step| &step.path);
    let own = segments
        .filter(|s| s.pe == Some(index) && !matches!(s.doing, PathActivity::Network | PathActivity::Port));
    own.map(|s| s.end.min(grid.end).saturating_sub(s.begin.max(grid.begin))).sum()
}

/// Returns the ticks of the window in which a PE was in an operation and did not wait.
fn busy(record: &SpanRecorder, grid: Grid, index: u16) -> Tick {
    let Some(pe) = record.pes.get(usize::from(index)) else { return 0 };
    let inside = |begin: Tick, end: Option<Tick>| {
        end.unwrap_or(grid.end).min(grid.end).saturating_sub(begin.max(grid.begin))
    };
    let worked: Tick = pe.operations.iter().map(|operation| inside(operation.begin, operation.end)).sum();
    let waited: Tick = pe.waits.iter().map(|wait| inside(wait.begin, wait.end)).sum();
    worked.saturating_sub(waited)
}

/// Returns the wait that a PE is in at a tick.
fn wait_at(pe: &PeRecord, tick: Tick) -> Option<&WaitSpan> {
    let last = pe.waits.partition_point(|wait| wait.begin <= tick).checked_sub(1)?;
    pe.waits.get(last).filter(|wait| wait.end.is_none_or(|end| tick < end))
}

fn row(
    program: &Program,
    record: &SpanRecorder,
    steps: &[&RecordedStep],
    grid: Grid,
    index: u16,
) -> TimelineRow {
    let layer = Pe::from_index(usize::from(index))
        .and_then(|pe| program.pe(pe)?.populations().next())
        .map_or(PopulationId::default(), |slot| slot.population);
    let mut cells = vec![CellView::default(); grid.columns];
    if let Some(pe) = record.pes.get(usize::from(index)) {
        for (cell, sums) in cells.iter_mut().zip(sums(pe, grid)) {
            let most = (0..KINDS).max_by_key(|&kind| (sums[kind], std::cmp::Reverse(kind)));
            cell.kind = match most.filter(|&kind| sums[kind] > 0) {
                None => CellKind::Blank,
                Some(HANDLER) => CellKind::Handler,
                Some(IDLE) => CellKind::Idle,
                Some(phase) => CellKind::Work(PhaseId(phase as u8)),
            };
        }
    }
    for segment in steps.iter().flat_map(|step| &step.path).filter(|segment| segment.pe == Some(index)) {
        if segment.doing != PathActivity::Network && segment.doing != PathActivity::Port {
            grid.spread(&(segment.begin..segment.end)).for_each(|(column, _)| cells[column].critical = true);
        }
    }
    TimelineRow { pe: index, layer, cells }
}

/// Returns the ticks of each kind of cell, by column.
fn sums(pe: &PeRecord, grid: Grid) -> Vec<[i64; KINDS]> {
    let mut sums = vec![[0_i64; KINDS]; grid.columns];
    let mut book = |span: Range<Tick>, to: usize, from: Option<usize>| {
        for (column, ticks) in grid.spread(&span) {
            sums[column][to] += ticks as i64;
            if let Some(from) = from {
                sums[column][from] -= ticks as i64;
            }
        }
    };
    let overlaps = |begin: Tick, end: Tick| begin < grid.end && end > grid.begin;
    for operation in &pe.operations {
        let end = operation.end.unwrap_or(grid.end);
        if overlaps(operation.begin, end) {
            book(operation.begin..end, operation.phase.index(), None);
        }
    }
    let phase_at = |tick| operation_before(pe, tick).map(|operation| operation.phase.index());
    for wait in &pe.waits {
        let end = wait.end.unwrap_or(grid.end);
        if overlaps(wait.begin, end) {
            book(wait.begin..end, IDLE, phase_at(wait.begin + 1));
        }
    }
    let mut until = 0;
    for service in pe.services.iter().filter(|span| overlaps(span.begin, span.end)) {
        // Handlers that hold up the emptying of the FIFO are within it.
        let begin = service.begin.max(until);
        until = until.max(service.end);
        let inside = if wait_at(pe, begin).is_some() { Some(IDLE) } else { phase_at(begin + 1) };
        book(begin..service.end, HANDLER, inside);
    }
    sums
}

fn path_cells(steps: &[&RecordedStep], grid: Grid) -> Vec<Option<PathCell>> {
    let mut cells: Vec<(Tick, Option<PathCell>)> = vec![(0, None); grid.columns];
    for segment in steps.iter().flat_map(|step| &step.path) {
        let Segment { begin, end, doing, phase, layer, pe, .. } = *segment;
        for (column, ticks) in grid.spread(&(begin..end)) {
            if ticks > cells[column].0 {
                cells[column] = (ticks, Some(PathCell { doing, phase, layer, pe }));
            }
        }
    }
    cells.into_iter().map(|(_, cell)| cell).collect()
}

/// Counts the packets and the DMA transfers under way in each column.
fn traffic(record: &SpanRecorder, grid: Grid) -> (Vec<u32>, Vec<u32>) {
    let (mut packets, mut dma) = (vec![0; grid.columns + 1], vec![0; grid.columns + 1]);
    let count = |changes: &mut Vec<i64>, begin: Tick, end: Tick| {
        if begin < grid.end && end > grid.begin {
            changes[grid.column(begin.max(grid.begin))] += 1;
            changes[grid.column(end.min(grid.end) - 1) + 1] -= 1;
        }
    };
    for packet in &record.packets {
        count(&mut packets, packet.sent, packet.delivered.unwrap_or(packet.arrives));
    }
    for fetch in &record.fetches {
        count(&mut dma, fetch.granted, fetch.end);
    }
    for transfer in record.pes.iter().flat_map(|pe| &pe.transfers) {
        count(&mut dma, transfer.begin, transfer.end);
    }
    let running = |changes: Vec<i64>| {
        let totals = changes.iter().scan(0_i64, |total, change| {
            *total += change;
            Some((*total).max(0) as u32)
        });
        totals.take(grid.columns).collect()
    };
    (running(packets), running(dma))
}

/// Describes a span in microseconds.
fn span_words(begin: Tick, end: Option<Tick>) -> String {
    match end {
        Some(end) => format!("{:.2} µs, from {:.2} to {:.2}", us(end - begin), us(begin), us(end)),
        None => format!("since {:.2} µs, still", us(begin)),
    }
}

/// Describes what a PE does at a tick, and why.
fn words(program: &Program, record: &SpanRecorder, index: u16, tick: Tick) -> Vec<String> {
    let Some(pe) = record.pes.get(usize::from(index)) else { return Vec::new() };
    let name = |layer: PopulationId| program.population_name(layer);
    let Some(operation) = operation_before(pe, tick + 1).filter(|o| o.end.is_none_or(|end| tick < end))
    else {
        return vec!["not recorded in full here".to_owned()];
    };
    let mut lines = vec![format!(
        "{} of {}, #{}: {}",
        program.legend.words(operation.phase).words,
        name(operation.population),
        step_number(operation.step),
        span_words(operation.begin, operation.end)
    )];
    if let Some(wait) = wait_at(pe, tick) {
        let whom = match (idle::awaited(record, wait.packet), wait.end) {
            (idle::Awaited::Pe { layer, pe }, _) => {
                let place = Pe::from_index(usize::from(pe)).map_or_else(String::new, |pe| pe.to_string());
                format!("waits for {place} of {}", name(layer))
            }
            (idle::Awaited::Host, _) => "waits for the host".to_owned(),
            (idle::Awaited::Later | idle::Awaited::Unknown, None) => "waits, as yet".to_owned(),
            (idle::Awaited::Later | idle::Awaited::Unknown, Some(_)) => "waits".to_owned(),
        };
        lines.push(format!("{whom}: {}", span_words(wait.begin, wait.end)));
        if let Some((number, packet)) = wait.packet.and_then(|n| Some((n, record.packet(n)?))) {
            let what = packet_words(&program.legend, packet.kind);
            let (_, _, step) = about(program, packet.kind);
            let step = step.map_or_else(String::new, |step| format!(" of #{}", step_number(step)));
            let sent = us(packet.sent);
            lines.push(format!(
                "until packet {number} ({what}{step}), sent at {sent:.2} µs over {} links",
                packet.hops
            ));
        }
    }
    let first = pe.services.partition_point(|span| span.end <= tick);
    if let Some(service) = pe.services.get(first).filter(|span| span.begin <= tick) {
        let what = match service.service {
            Service::Handler => "handler of a doorbell write",
            Service::Release => "handler that sends \"go\"",
            Service::Drain => "takes a packet out of its FIFO",
        };
        lines.push(format!("{what}: {}", span_words(service.begin, Some(service.end))));
    }
    lines.truncate(4);
    lines
}
