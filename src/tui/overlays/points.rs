//! Overlay with the list of breakpoints and tracepoints, the line in which one is typed, and the
//! lines of tracepoints.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::message::folded;
use crate::session::debug::PointKind;
use crate::session::snapshot::PointView;
use crate::tui::app::App;
use crate::tui::points::{Asking, PointsOverlay, error_of};
use crate::tui::widgets::{centred, columns_from, put_at, put_line, put_pair, rows_from, rows_to, shorten};

/// Rows of the line that is typed, with its error and completions.
const ASKING: u16 = 6;
/// Lines of the log that the list shows.
const NOTED: usize = 5;

/// Draws the overlay.
pub fn render(app: &App, overlay: &PointsOverlay, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let Some(debug) = app.picture().map(|snapshot| &snapshot.debug) else { return };
    let noted = debug.log.len().min(NOTED);
    let errors = debug.points.iter().filter(|point| point.error.is_some()).count();
    let rows = debug.points.len().max(1) + errors + noted + usize::from(noted > 0) * 2;
    let asking = if overlay.asking.is_some() { ASKING } else { 0 };
    let area = centred(area, 100, (rows as u16).saturating_add(2 + asking).max(8));
    Clear.render(area, buf);
    let keys = match &overlay.asking {
        Some(_) => " Enter adds · Tab completes · ↑↓ history · Esc leaves ",
        None => " a breakpoint · t tracepoint · Space on/off · d deletes · Esc closes ",
    };
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title(Span::styled(" Breakpoints and tracepoints ", theme.accent()))
        .title_bottom(Span::styled(keys, theme.dim()));
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let mut rest = rows_to(inner, inner.height.saturating_sub(asking));
    if debug.points.is_empty() {
        let none = "none: `a` adds one, as in  surprisal > 12 bits  or  races > 0";
        rest = put_line(buf, rest, Line::styled(shorten(none, usize::from(rest.width)), theme.dim()));
    }
    // The selected one stays in sight.
    let room = usize::from(rest.height).saturating_sub(noted + errors);
    let first = (overlay.selected + 1).saturating_sub(room.max(1));
    for (at, point) in debug.points.iter().enumerate().skip(first) {
        rest = point_rows(app, point, at == overlay.selected, rest, buf);
    }
    if noted > 0 {
        rest = put_line(buf, rows_from(rest, 1), Line::styled("noted last", theme.strong()));
        for line in &debug.log[debug.log.len() - noted..] {
            rest = put_line(buf, rest, Line::raw(shorten(line, usize::from(rest.width))));
        }
    }
    if let Some(asking) = &overlay.asking {
        let area = rows_from(inner, inner.height.saturating_sub(ASKING - 1));
        ask(app, asking, area, buf);
    }
}

/// Draws a point (number, kind, state, condition, hits) and below it its error, if any.
///
/// Returns the area that is left.
fn point_rows(app: &App, point: &PointView, selected: bool, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = &app.theme;
    let kind = match point.kind {
        PointKind::Break => "break",
        PointKind::Trace => "trace",
    };
    let (mark, style) = match (&point.error, point.enabled) {
        (Some(_), _) => ("error", theme.bad()),
        (None, true) => ("on", theme.good()),
        (None, false) => ("off", theme.dim()),
    };
    let hits = match (point.hits, point.ignore) {
        (0, 0) => String::new(),
        (1, 0) => "1 hit".to_owned(),
        (hits, 0) => format!("{hits} hits"),
        (hits, ignore) => format!("{hits} hits, {ignore} to skip"),
    };
    let at = if selected && theme.marks() { '>' } else { ' ' };
    let head = format!("{at}{:>2} {kind} ", point.id);
    let width = usize::from(area.width).saturating_sub(head.len() + 6 + hits.len() + 1);
    let line = Line::from(vec![
        Span::styled(head, if selected { theme.selected() } else { theme.accent() }),
        Span::styled(format!("{mark:<6}"), style),
        Span::styled(shorten(&point.text, width), if point.enabled { theme.text() } else { theme.dim() }),
    ]);
    let mut rest = put_pair(buf, area, line, Line::styled(hits, theme.dim()));
    if let Some(error) = &point.error {
        let text = shorten(error, usize::from(area.width).saturating_sub(16));
        rest = put_line(buf, rest, Line::styled(format!("{:16}{text}", ""), theme.bad()));
    }
    rest
}

/// Draws the line, a caret under an error with its description, or the completions.
fn ask(app: &App, asking: &Asking, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let label = match asking.kind {
        PointKind::Break => "break when ",
        PointKind::Trace => "trace when ",
    };
    put_line(buf, area, Line::styled(label, theme.strong()));
    let line = columns_from(rows_to(area, 1), label.len() as u16);
    asking.prompt.render(line, buf, theme.text(), theme.selected());
    let below = rows_from(area, 1);
    let (candidates, chosen) = asking.prompt.candidates();
    if !candidates.is_empty() {
        offer(app, candidates, chosen, below, buf);
        return;
    }
    let Some(error) = error_of(app, asking.prompt.text()) else {
        let fine = if asking.prompt.text().is_empty() {
            "docs/debugging.md has all names; , once and , ignore 3 may follow"
        } else {
            "fine"
        };
        put_line(buf, below, Line::styled(shorten(fine, usize::from(below.width)), theme.dim()));
        return;
    };
    if let Some(at) = asking.prompt.column(error.at.start, line.width) {
        let marked = asking.prompt.text().get(error.at.clone()).map_or(0, |text| Span::raw(text).width());
        let carets = "^".repeat(marked.max(1));
        put_at(buf, columns_from(below, label.len() as u16), (at, 0), &carets, theme.bad());
    }
    let mut rest = rows_from(below, 1);
    for row in folded(&error.to_string(), usize::from(rest.width).max(1)) {
        rest = put_line(buf, rest, Line::styled(row, theme.bad()));
    }
}

/// Returns candidates side by side, as many as fit, around the chosen one.
pub(super) fn offer(app: &App, candidates: &[String], chosen: Option<usize>, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let mut rest = area;
    let mut line = Line::default();
    // Whole lines of candidates before the chosen one are left out: it is always in sight.
    let first = chosen.map_or(0, |at| at.saturating_sub(at % 8 + 8));
    for (at, candidate) in candidates.iter().enumerate().skip(first) {
        let word = candidate.trim_end();
        let width = Span::raw(word).width() + 2;
        if line.width() + width > usize::from(area.width) && line.width() > 0 {
            rest = put_line(buf, rest, std::mem::take(&mut line));
            if rest.height == 0 {
                return;
            }
        }
        let style = if Some(at) == chosen { theme.selected() } else { theme.accent() };
        line.spans.push(Span::styled(word.to_owned(), style));
        line.spans.push(Span::raw("  "));
    }
    put_line(buf, rest, line);
}
