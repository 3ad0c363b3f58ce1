//! Panel 9: the timeline.
//!
//! It shows what every PE does when, the critical path through it, packets and DMA, and in one
//! sentence what bounds a step.
//!
//! ```text
//! path     EWWWWWWWWBRRRRRRRR   what the step waits for, and in which layer
//! (3,4,2)  Wwwwwb··rrrrrrr···   one row a PE; capitals: on the critical path
//! packets  ▁▁▂▇▁                on the mesh
//!          0       500      µs
//! ```

pub mod moves;
mod places;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use self::places::{Places, WIDE_GUTTER, places};
use super::pe::wrap;
use super::{PanelId, View, idle};
use crate::chip::clock::us;
use crate::chip::geometry::Pe;
use crate::session::snapshot::{CellKind, CellView, Legend, PathActivity, PathCell, PhaseRole, TimelineView};
use crate::text::step_number;
use crate::tui::command::{Action, find};
use crate::tui::panels::frame::frame;
use crate::tui::theme::{Glyphs, Theme, phase_category};
use crate::tui::widgets::{bars, put_at, put_line, rows_from, shorten, units};

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let Some(line) = view.snapshot.detail.timeline().filter(|line| line.known < line.now) else {
        let inner = frame(view, PanelId::Timeline, "", keys(view, None), area, buf);
        idle(view, PanelId::Timeline, inner, buf);
        return;
    };
    let places = places(area, &line.sentence, line.several_chips());
    // A panel too low for a legend row shows the legend in place of the keys.
    let room = usize::from(area.width.saturating_sub(4));
    let below = if places.legend.is_empty() { legend(view, room) } else { keys(view, Some(line)) };
    let inner = frame(view, PanelId::Timeline, &head(view, line), below, area, buf);
    if inner.is_empty() {
        return;
    }
    sentence(line, places.sentence, theme, buf);
    path(view, line, &places, inner, buf);
    rows(view, line, &places, inner, buf);
    lane(("packets", "pkt"), &line.packets, places.packets, inner, theme, buf);
    lane(("DMA", "DMA"), &line.dma, places.dma, inner, theme, buf);
    axis(line, &places, inner, theme, buf);
    put_line(buf, places.legend, legend(view, usize::from(places.legend.width)));
    details(view, line, places.details, buf);
}

/// Returns the panel's head: steps shown, and the time of a column.
fn head(view: &View<'_>, line: &TimelineView) -> String {
    let word = view.step_word();
    let steps = match (line.steps.first(), line.steps.last()) {
        (Some(first), Some(last)) if first.step == last.step => format!("{word} {}", step_number(first.step)),
        (Some(first), Some(last)) => {
            format!("{word}s {} to {}", step_number(first.step), step_number(last.step))
        }
        _ => "now".to_owned(),
    };
    let each = us(line.end - line.begin) / f64::from(line.request.columns.max(1));
    let each = if each < 1.0 { format!("{:.0} ns", each * 1e3) } else { units::time_us(each) };
    format!("{steps} · {} · {each} a column", units::time_us(us(line.end - line.begin)))
}

/// Returns the text on which PEs have a row, and the keys of the panel.
fn keys(view: &View<'_>, line: Option<&TimelineView>) -> Line<'static> {
    let theme = view.theme();
    let shown = line.map_or_else(Vec::new, |line| shown(line).into_iter().collect());
    let mut spans: Vec<Span<'static>> = shown.into_iter().map(Span::raw).collect();
    for (action, word) in [
        (Action::TimelineRows, if view.app.timeline.every { "fit" } else { "every PE" }),
        (Action::CriticalPe, "critical PE"),
        (Action::ZoomIn, "closer"),
        (Action::ZoomOut, "farther"),
        (Action::LatestSteps, "latest"),
    ] {
        let key = find(action).and_then(|command| view.app.keymap.keys_of(command).next());
        let Some(key) = key else { continue };
        let gap = if spans.is_empty() { "" } else { " · " };
        spans.push(Span::styled(format!("{gap}{key}"), theme.accent()));
        spans.push(Span::styled(format!(" {word}"), theme.dim()));
    }
    Line::from(spans)
}

/// Describes which PEs have a row; `None` if all do.
fn shown(line: &TimelineView) -> Option<String> {
    let (rows, all) = (line.rows.len(), line.order.len());
    let first = line.rows.first().filter(|_| rows < all)?;
    if line.request.fit {
        return Some(format!("{rows} of {all} PEs"));
    }
    let at = line.order.iter().position(|&pe| pe == first.pe).unwrap_or(0);
    Some(format!("PEs {} to {} of {all}", at + 1, at + rows))
}

/// Returns the legend of letters and colours, as much of it as fits.
fn legend(view: &View<'_>, room: usize) -> Line<'static> {
    let (theme, legend) = (view.theme(), &view.snapshot.setup.legend);
    let mut spans = Vec::new();
    for phase in legend.explained.iter().map(|&phase| legend.words(phase)) {
        spans.push(Span::styled(phase.letter.to_string(), ink(theme, phase.role, true)));
        spans.push(Span::styled(format!(" {}  ", phase.short), theme.dim()));
    }
    let shortest = Line::from(spans[..spans.len().min(8)].to_vec());
    let short = Line::from(spans.clone());
    spans.push(Span::styled("i handlers  · idle  ", theme.dim()));
    let middle = Line::from(spans.clone());
    spans.push(Span::styled("CAPITAL: critical path", theme.strong()));
    let long = Line::from(spans);
    let capitals = Line::styled("CAPITAL: critical path", theme.strong());
    [long, middle, short, shortest].into_iter().find(|line| line.width() <= room).unwrap_or(capitals)
}

/// Returns a phase's style, filled on the critical path.
fn ink(theme: &Theme, role: PhaseRole, critical: bool) -> Style {
    let category = phase_category(role);
    if !critical {
        return theme.category(category);
    }
    theme.category_cell(category).patch(theme.strong())
}

fn sentence(line: &TimelineView, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let (text, style) = if line.sentence.is_empty() {
        ("No complete step is recorded here yet.".to_owned(), theme.dim())
    } else {
        (line.sentence.clone(), theme.strong())
    };
    let mut rest = area;
    for row in wrap(&text, usize::from(area.width), usize::from(area.height)) {
        rest = put_line(buf, rest, Line::styled(row, style));
    }
}

/// Draws a name at the left of a part.
fn name(part: Rect, inner: Rect, row: u16, text: &str, style: Style, buf: &mut Buffer) {
    let width = part.x.saturating_sub(inner.x).saturating_sub(1);
    if row < part.height {
        put_at(buf, inner, (0, part.y + row - inner.y), &shorten(text, usize::from(width)), style);
    }
}

fn path_style(view: &View<'_>, cell: PathCell) -> (char, Style) {
    let theme = view.theme();
    let phase = cell.phase.map(|phase| view.snapshot.setup.legend.words(phase));
    match (cell.doing, phase) {
        (PathActivity::Operation, Some(phase)) => {
            (phase.letter.to_ascii_uppercase(), ink(theme, phase.role, true))
        }
        (PathActivity::Operation | PathActivity::Wake, _) => ('A', theme.text()),
        (PathActivity::Handler, _) => ('I', theme.text()),
        (PathActivity::Drain, _) => ('F', theme.text()),
        (PathActivity::Network, _) => ('N', theme.strong()),
        (PathActivity::Port, _) => ('Q', theme.warn()),
        (PathActivity::Dram, _) => ('D', ink(theme, PhaseRole::Read, true)),
        (PathActivity::Send, _) => ('S', ink(theme, PhaseRole::Send, true)),
        (PathActivity::Host, _) => ('H', theme.text()),
        (PathActivity::Timer, _) => ('T', theme.text()),
        (PathActivity::Unknown, _) => ('?', theme.dim()),
    }
}

fn path(view: &View<'_>, line: &TimelineView, places: &Places, inner: Rect, buf: &mut Buffer) {
    let (part, theme) = (places.path, view.theme());
    name(part, inner, 0, "path", theme.strong(), buf);
    name(part, inner, 1, "layer", theme.dim(), buf);
    let mut before = None;
    for (column, cell) in (0..part.width).zip(&line.path) {
        let Some(cell) = *cell else { continue };
        let (letter, style) = path_style(view, cell);
        put_at(buf, part, (column, 0), &letter.to_string(), style);
        let layer = cell.layer.filter(|_| cell.layer != before);
        before = cell.layer;
        // The number of the layer where it begins; the names are at the PEs.
        let text =
            layer.map_or_else(|| if cell.layer.is_some() { "-" } else { " " }.to_owned(), |l| l.to_string());
        put_at(buf, part, (column, 1), &text, theme.dim());
    }
}

fn rows(view: &View<'_>, line: &TimelineView, places: &Places, inner: Rect, buf: &mut Buffer) {
    let (part, theme) = (places.rows, view.theme());
    for (y, row) in (0..part.height).zip(&line.rows) {
        let selected = usize::from(row.pe) == view.app.selected.index();
        let place = Pe::from_index(usize::from(row.pe)).map_or_else(String::new, |pe| lane_place(line, pe));
        let text = if places.gutter >= WIDE_GUTTER {
            format!("{} {place}", shorten(view.layer_name(row.layer), 7))
        } else {
            format!("{} {place}", row.layer)
        };
        let style = if selected { theme.selected() } else { theme.category(usize::from(row.layer)) };
        name(part, inner, y, &text, style, buf);
        if selected && theme.marks() && part.x > inner.x {
            put_at(buf, inner, (part.x - inner.x - 1, part.y + y - inner.y), ">", style);
        }
        let mut before = None;
        for (x, cell) in (0..part.width).zip(&row.cells) {
            let starts = before != Some(*cell);
            before = Some(*cell);
            let (symbol, mut style) = cell_look(theme, &view.snapshot.setup.legend, *cell, starts);
            if selected && x == line.request.cursor {
                style = theme.cursor();
            }
            put_at(buf, part, (x, y), &symbol, style);
        }
    }
}

/// Returns the place of a PE as its row names it: `(x,y,p)`, on a board with the chip before it.
fn lane_place(line: &TimelineView, pe: Pe) -> String {
    let (x, y, p) = (pe.qpe().x, pe.qpe().y, pe.p());
    if line.several_chips() {
        format!("@{:<2} ({x},{y},{p})", pe.chip().index())
    } else {
        format!("({x},{y},{p})")
    }
}

/// Returns the symbol and style of a cell: its letter where it differs from the one before, and
/// everywhere where there are no colours.
fn cell_look(theme: &Theme, legend: &Legend, cell: CellView, starts: bool) -> (String, Style) {
    let plain = !theme.coloured() || theme.glyphs == Glyphs::Ascii;
    match cell.kind {
        CellKind::Blank => (" ".to_owned(), theme.text()),
        CellKind::Idle => ("·".to_owned(), theme.dim()),
        CellKind::Handler => (if cell.critical { "I" } else { "i" }.to_owned(), theme.text()),
        CellKind::Work(phase) => {
            let phase = legend.words(phase);
            let letter = if cell.critical { phase.letter.to_ascii_uppercase() } else { phase.letter };
            let symbol = match (starts || plain, cell.critical) {
                (true, _) => letter.to_string(),
                (false, true) => " ".to_owned(),
                (false, false) => "▄".to_owned(),
            };
            (symbol, ink(theme, phase.role, cell.critical))
        }
    }
}

/// Draws a count over time as columns, its greatest value beside the name.
fn lane(
    (what, short): (&str, &str),
    counts: &[u32],
    part: Rect,
    inner: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    if part.is_empty() {
        return;
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let highest = units::short_count(u64::from(most));
    if part.height > 1 {
        name(part, inner, part.height - 1, what, theme.strong(), buf);
        name(part, inner, 0, &format!("0..{highest}"), theme.dim(), buf);
    } else {
        // Both in one row.
        name(part, inner, 0, &format!("{short}≤{highest}"), theme.strong(), buf);
    }
    let values: Vec<f32> = counts.iter().take(usize::from(part.width)).map(|&count| count as f32).collect();
    bars::columns(buf, part, &values, most as f32, theme, |_| theme.category(3));
}

/// Returns the distance between labels of the axis, at least `least`, so that they have room: 1, 2
/// or 5 times a power of ten.
fn nice(least: f64) -> f64 {
    let mut step = 1e-3;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if step * factor >= least || step > 1e12 {
                return step * factor;
            }
        }
        step *= 10.0;
    }
}

fn axis(line: &TimelineView, places: &Places, inner: Rect, theme: &Theme, buf: &mut Buffer) {
    let part = places.axis;
    name(part, inner, 0, "µs", theme.dim(), buf);
    if part.is_empty() {
        return;
    }
    // From the beginning of the first step in the window; with none, from the window's.
    let origin = line.steps.first().map_or(line.begin, |step| step.begin);
    let width = us(line.end - line.begin);
    let columns = f64::from(line.request.columns.max(1));
    let offset = us(line.begin.saturating_sub(origin)) - us(origin.saturating_sub(line.begin));
    let each = nice(width / columns * 10.0);
    let decimals = if each >= 1.0 { 0 } else { (-each.log10()).ceil() as usize };
    let first = (offset / each).ceil();
    for mark in 0..200 {
        let at = (first + f64::from(mark)) * each;
        let column = (at - offset) / width * columns;
        if column >= f64::from(part.width) {
            break;
        }
        let label = format!("|{at:.decimals$}");
        let columns = column as u16..column as u16 + label.chars().count() as u16;
        if columns.end <= part.width && !columns.contains(&line.request.cursor) {
            put_at(buf, part, (column as u16, 0), &label, theme.dim());
        }
    }
    if line.request.cursor < part.width {
        put_at(buf, part, (line.request.cursor, 0), "^", theme.accent());
    }
}

fn details(view: &View<'_>, line: &TimelineView, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let origin = line.steps.iter().rev().find(|step| step.begin <= line.cursor_tick);
    let at = us(line.cursor_tick);
    let when = origin.map_or_else(
        || format!("at {at:.2} µs"),
        |step| {
            let since = us(line.cursor_tick - step.begin);
            format!("{since:.2} µs into {} {} (at {at:.2} µs)", view.step_word(), step_number(step.step))
        },
    );
    let head = vec![
        Span::styled(format!("{} ", view.app.selected), theme.strong()),
        Span::styled(when, theme.dim()),
    ];
    let mut rest = area;
    // A single row shows the activity, not the PE and the time.
    if area.height > 1 || line.cursor.is_empty() {
        rest = put_line(buf, rest, Line::from(head));
    }
    for text in &line.cursor {
        if rest.height == 0 {
            return;
        }
        put_line(buf, rest, Line::raw(shorten(text, usize::from(rest.width))));
        rest = rows_from(rest, 1);
    }
}
