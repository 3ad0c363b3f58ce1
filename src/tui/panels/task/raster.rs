//! Raster of spikes: neurons by ticks, as a part of the panel, and moves of its cursor.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::session::snapshot::Snapshot;
use crate::task::spikes::view::{Band, SpikeView};
use crate::text::{several, step_number};
use crate::tui::app::App;
use crate::tui::command::Direction;
use crate::tui::panels::{PanelId, View};
use crate::tui::state::raster::RasterState;
use crate::tui::theme::ramp::digit;
use crate::tui::widgets::{put_at, put_line, rows_from, rows_to, shorten};

/// Columns of the population names left of the raster.
pub(super) const NAMES: u16 = 12;
/// Fewest rows of a pinned neuron's potential.
const PIN_ROWS: u16 = 3;
/// Rows from which one tells about the cursor.
const CURSOR_FROM: u16 = 6;

/// Places in the panel below its head.
pub(super) struct Places {
    pub raster: Rect,
    pub membranes: Rect,
    pub cursor: Rect,
}

/// Shares the rows below the head out among raster, potentials and the line about the cursor.
pub(super) fn places(focused: bool, pins: usize, area: Rect) -> Places {
    let line = u16::from(focused && area.height >= CURSOR_FROM);
    let rest = rows_to(area, area.height - line);
    let wanted = (pins as u16).saturating_mul(rest.height.min(8));
    let most = rest.height.saturating_sub((rest.height / 3).max(2));
    let rows = if pins > 0 && most >= PIN_ROWS { wanted.min(most) } else { 0 };
    Places {
        raster: rows_to(rest, rest.height - rows),
        membranes: rows_from(rest, rest.height - rows),
        cursor: rows_from(area, area.height - line),
    }
}

/// Row of the raster: population by its place among those shown, first neuron, number of neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    band: usize,
    first: u32,
    count: u32,
}

/// Shares rows out among populations, by their size, at least one each while there are any.
fn share_out(bands: &[(usize, Band)], height: usize) -> Vec<usize> {
    let neurons: u64 = bands.iter().map(|(_, band)| u64::from(band.units)).sum();
    let spare = height.saturating_sub(bands.len()) as u64;
    let of = |band: &Band| {
        let share = spare * u64::from(band.units) / neurons.max(1);
        (1 + share as usize).min(band.units.max(1) as usize)
    };
    bands.iter().map(|(_, band)| of(band)).collect()
}

/// Returns the rows of the populations shown, at most `height`.
fn rows(bands: &[(usize, Band)], height: usize) -> Vec<Row> {
    let mut all = Vec::new();
    for (number, ((_, band), rows)) in bands.iter().zip(share_out(bands, height)).enumerate() {
        let begin = |row: usize| (u64::from(band.units) * row as u64 / rows.max(1) as u64) as u32;
        for row in 0..rows {
            all.push(Row {
                band: number,
                first: band.first + begin(row),
                count: begin(row + 1) - begin(row),
            });
        }
    }
    all.truncate(height);
    all
}

/// Ticks of a raster's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// First tick, from 0.
    pub begin: u64,
    /// First tick behind it.
    pub end: u64,
    zoom: i8,
}

impl Window {
    pub fn of(view: &SpikeView, state: &RasterState, columns: u16) -> Self {
        let columns = u64::from(columns);
        let ticks = if state.zoom < 0 { columns >> -state.zoom } else { columns << state.zoom }.max(1);
        let end = view.done.saturating_sub(state.back).max(view.since + 1).min(view.done.max(view.since + 1));
        Self { begin: end.saturating_sub(ticks).max(view.since), end, zoom: state.zoom }
    }

    /// Returns the ticks of a column; empty after the last column.
    pub fn ticks(&self, column: u16) -> Range<u64> {
        let column = u64::from(column);
        let (first, count) =
            if self.zoom < 0 { (column >> -self.zoom, 1) } else { (column << self.zoom, 1 << self.zoom) };
        let first = (self.begin + first).min(self.end);
        first..(first + count).min(self.end)
    }

    /// Returns the first column of a tick.
    fn column(&self, tick: u64) -> u64 {
        let place = tick.saturating_sub(self.begin);
        if self.zoom < 0 { place << -self.zoom } else { place >> self.zoom }
    }
}

/// Returns the area of the cells, right of the names.
pub(super) fn field(area: Rect) -> Rect {
    let names = (NAMES + 1).min(area.width);
    Rect { x: area.x + names, width: area.width - names, ..area }
}

/// Draws the raster.
pub(super) fn draw(view: &View<'_>, of: &SpikeView, area: Rect, buf: &mut Buffer) {
    let (theme, state) = (view.theme(), &view.app.raster);
    let cells = field(area);
    if area.height == 0 || cells.width < 2 {
        return;
    }
    let bands = state.shown(&of.bands);
    let window = Window::of(of, state, cells.width);
    let rows = rows(&bands, usize::from(area.height));
    let counts: Vec<Vec<u32>> =
        (0..cells.width).map(|column| count(of, &rows, window.ticks(column))).collect();
    let mut named = None;
    for (y, row) in (0_u16..).zip(&rows) {
        let (index, band) = &bands[row.band];
        if named.replace(row.band) != Some(row.band) {
            let name = Rect { width: NAMES, y: area.y + y, height: 1, ..area };
            put_at(buf, name, (0, 0), &shorten(&band.name, usize::from(NAMES)), theme.category(*index));
        } else if state.neurons.is_some() || row.count == 1 && state.alone.is_some() {
            let number = row.first - of.bands[*index].first;
            put_at(buf, Rect { width: NAMES, ..area }, (0, y), &format!("{number:>11}"), theme.dim());
        }
        for (x, counts) in (0_u16..).zip(&counts) {
            let ticks = window.ticks(x);
            if ticks.is_empty() {
                continue;
            }
            let spikes = counts[usize::from(y)];
            let all = u64::from(row.count.max(1)) * (ticks.end - ticks.start);
            if spikes == 0 {
                put_at(buf, cells, (x, y), "·", theme.dim());
            } else {
                let share = (f64::from(spikes) / all as f64) as f32;
                let mark = if all == 1 { '|' } else { digit(share) };
                put_at(buf, cells, (x, y), &mark.to_string(), theme.heat(share));
            }
        }
    }
    if view.app.focus() == PanelId::Task {
        let (column, row) = (window.column(cursor_tick(of, state)), row_of(&rows, state.neuron));
        if let Some((x, y)) = u16::try_from(column).ok().filter(|&x| x < cells.width).zip(row) {
            let counted = counts.get(usize::from(x)).map_or(0, |counts| counts[y]);
            let mark = if counted > 0 { "+" } else { "·" };
            put_at(buf, cells, (x, y as u16), mark, theme.cursor());
        }
    }
}

/// Counts the spiking neurons of each row over some ticks, a neuron once in each tick.
fn count(of: &SpikeView, rows: &[Row], ticks: Range<u64>) -> Vec<u32> {
    let mut counts = vec![0; rows.len()];
    let at = |tick: u64| (tick.max(of.since) - of.since) as usize;
    let kept = of.raster.get(at(ticks.start)..at(ticks.end).min(of.raster.len())).unwrap_or_default();
    for &neuron in kept.iter().flatten() {
        if let Some(row) = row_of(rows, neuron) {
            counts[row] += 1;
        }
    }
    counts
}

/// Returns the index of the row that includes a neuron. Rows must ascend with their neurons.
fn row_of(rows: &[Row], neuron: u32) -> Option<usize> {
    let row = rows.partition_point(|row| row.first <= neuron).checked_sub(1)?;
    (neuron - rows[row].first < rows[row].count).then_some(row)
}

/// Returns the tick at the cursor.
fn cursor_tick(of: &SpikeView, state: &RasterState) -> u64 {
    let last = of.done.saturating_sub(1);
    state.tick.unwrap_or(last.saturating_sub(state.back)).clamp(of.since, last.max(of.since))
}

/// Draws the line about the cursor: neurons, ticks, spikes.
pub(super) fn told(view: &View<'_>, of: &SpikeView, raster: Rect, area: Rect, buf: &mut Buffer) {
    let (theme, state) = (view.theme(), &view.app.raster);
    let bands = state.shown(&of.bands);
    let rows = rows(&bands, usize::from(raster.height));
    let Some(row) = row_of(&rows, state.neuron).map(|row| rows[row]) else { return };
    let (_, band) = &bands[row.band];
    let base = of.bands.get(bands[row.band].0).map_or(0, |band| band.first);
    let (first, last) = (row.first - base, row.first - base + row.count.max(1) - 1);
    let who = if first == last { format!("neuron {first}") } else { format!("neurons {first} to {last}") };
    let window = Window::of(of, state, field(raster).width);
    let column = window.column(cursor_tick(of, state)).min(u64::from(field(raster).width.max(1) - 1)) as u16;
    let ticks = window.ticks(column);
    let spikes = count(of, &[row], ticks.clone())[0];
    let from = step_number(ticks.start as u32);
    let when =
        if ticks.end <= ticks.start + 1 { format!("#{from}") } else { format!("#{from} to #{}", ticks.end) };
    let text = format!("+ {} {who}, {when}: {}", band.name, several(spikes.into(), "spike"));
    put_line(buf, area, Line::styled(shorten(&text, usize::from(area.width)), theme.dim()));
}

/// Returns the raster of a snapshot's task, if it has one.
pub fn raster(snapshot: &Snapshot) -> Option<&SpikeView> {
    super::panel_of(&snapshot.task).raster()
}

/// Returns whether the keys go to a raster.
pub fn has_keys(app: &App) -> bool {
    app.overlays.is_empty()
        && app.focus() == PanelId::Task
        && app.shows(PanelId::Task)
        && app.picture().is_some_and(|snapshot| snapshot.steps > 0 && raster(snapshot).is_some())
}

/// Returns the area of the raster on the present screen.
fn on_screen(app: &App, of: &SpikeView) -> Rect {
    let shown = app.plan().panels.into_iter().find(|(panel, _)| *panel == PanelId::Task);
    let area = shown.map_or(Rect::default(), |(_, area)| area);
    let inner = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    };
    let head = 1 + u16::from(of.recording.is_some());
    let pins = app.picture().map_or(0, |snapshot| snapshot.membranes.len());
    places(true, pins, rows_from(inner, head)).raster
}

/// Makes a move while a raster has the keys; returns whether it was one.
pub fn moved(app: &mut App, direction: Direction, times: u32) -> bool {
    if !has_keys(app) {
        return false;
    }
    let Some(snapshot) = app.snapshot.clone() else { return false };
    let Some(of) = raster(&snapshot) else { return false };
    let area = on_screen(app, of);
    let state = &mut app.raster;
    match direction {
        Direction::Left | Direction::Right => {
            let columns = field(area).width.max(1);
            let each = if state.zoom < 0 { 1 } else { 1_u64 << state.zoom };
            let (tick, by) = (cursor_tick(of, state), each * u64::from(times));
            let tick = if direction == Direction::Right { tick + by } else { tick.saturating_sub(by) };
            let last = of.done.saturating_sub(1);
            let tick = tick.clamp(of.since, last.max(of.since));
            // The window moves along where the cursor would leave it.
            let window = Window::of(of, state, columns);
            if tick < window.begin {
                state.back = (state.back + window.begin - tick).min(last);
            } else if tick >= window.end {
                state.back = state.back.saturating_sub(tick + 1 - window.end);
            }
            state.tick = Some(tick).filter(|&tick| tick < last || state.back > 0);
        }
        Direction::Up | Direction::Down => {
            let rows = rows(&state.shown(&of.bands), usize::from(area.height));
            let at = row_of(&rows, state.neuron).unwrap_or(0);
            let times = times as usize;
            let to = if direction == Direction::Down { at + times } else { at.saturating_sub(times) };
            if let Some(row) = rows.get(to.min(rows.len().saturating_sub(1))) {
                state.neuron = row.first;
            }
        }
    }
    true
}

/// Changes a raster's state by its populations, while it has the keys.
pub fn change(app: &mut App, change: impl FnOnce(&mut RasterState, &[Band])) {
    if has_keys(app)
        && let Some(snapshot) = app.snapshot.clone()
        && let Some(of) = raster(&snapshot)
    {
        change(&mut app.raster, &of.bands);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(units: &[u32]) -> Vec<(usize, Band)> {
        let mut first = 100;
        let band = |(index, &units): (usize, &u32)| {
            first += units;
            (index, Band { first: first - units, units, ..Band::default() })
        };
        units.iter().enumerate().map(band).collect()
    }

    #[test]
    fn every_population_has_a_row_and_large_ones_have_more() {
        assert_eq!(share_out(&bands(&[300, 100, 1]), 20), [13, 5, 1]);
        assert_eq!(share_out(&bands(&[2, 2]), 40), [2, 2]);
    }

    #[test]
    fn each_neuron_counts_in_the_row_whose_range_holds_it() {
        for (units, height) in [(10, 3), (7, 7), (400, 17), (5, 2)] {
            let bands = bands(&[units]);
            let rows = rows(&bands, height);
            let of =
                SpikeView { raster: vec![(100..100 + units).collect()], done: 1, ..SpikeView::default() };
            let expected: Vec<u32> = rows.iter().map(|row| row.count).collect();
            assert_eq!(count(&of, &rows, 0..1), expected, "{units} neurons in {height} rows");
            assert_eq!(expected.iter().sum::<u32>(), units);
        }
        let rows = rows(&bands(&[4]), 2);
        assert_eq!((row_of(&rows, 9), row_of(&rows, 104)), (None, None), "another population's");
    }

    #[test]
    fn columns_share_the_ticks_out_without_a_gap_at_every_zoom() {
        for (zoom, back, done) in
            [(0, 0, 100), (2, 0, 100), (-2, 0, 100), (1, 17, 100), (-3, 99, 100), (5, 0, 3)]
        {
            let of = SpikeView { done, since: 20.min(done - 1), ..SpikeView::default() };
            let state = RasterState { zoom, back, ..RasterState::default() };
            let window = Window::of(&of, &state, 40);
            assert!(window.begin < window.end && window.end <= done, "{zoom} {window:?}");
            let mut next = window.begin;
            for column in 0..40 {
                let ticks = window.ticks(column);
                if ticks.is_empty() {
                    continue;
                }
                assert!(
                    ticks.start == next || zoom < 0 && ticks.start + 1 == next,
                    "{zoom} {ticks:?} {next}"
                );
                assert_eq!(window.ticks(window.column(ticks.start) as u16), ticks);
                next = ticks.end;
            }
            assert_eq!(next, window.end, "{zoom} {window:?}");
        }
    }
}
