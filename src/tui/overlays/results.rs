//! Draws the table of a sweep's points.
//!
//! ```text
//! ╭ Results tiny-results · 4 of 6 points · waiting=Poll ──────────╮
//! │ point  pes   waiting   outcome   energy_j ▲  perplexity       │
//! │     0    6   Poll      done      0.00123457     13.3649       │
//! ╰ Enter opens · ←→ column · s sorts · / narrows · Esc closes ───╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::tui::app::App;
use crate::tui::results::{ResultsState, Value};
use crate::tui::widgets::{columns_from, put_line, rows_from, rows_to, shorten};

/// Columns between two values.
const GAP: u16 = 2;

/// Draws the table over the whole screen but its last row.
pub fn render(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(results) = &app.results else { return };
    let theme = &app.theme;
    let area = rows_to(area, area.height.saturating_sub(1).max(3));
    Clear.render(area, buf);
    let keys = match &results.typing {
        Some(_) => " words, or column>value · Enter keeps · Esc shows all ",
        None => " Enter opens · ←→ column · s sorts · / narrows · Esc closes ",
    };
    let title = format!(" Results {} · {} ", results.table.folder, counted(results));
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title(Span::styled(shorten(&title, usize::from(area.width.saturating_sub(4))), theme.accent()))
        .title_bottom(Span::styled(keys, theme.dim()));
    let inner = block.inner(area);
    block.render(area, buf);
    let mut inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    if let Some(line) = &results.typing {
        put_line(buf, inner, Line::styled("show ", theme.strong()));
        line.render(columns_from(rows_to(inner, 1), 5), buf, theme.text(), theme.selected());
        inner = rows_from(inner, 1);
    }
    if let Some(wrong) = &results.wrong {
        let text = shorten(wrong, usize::from(inner.width));
        inner = put_line(buf, inner, Line::styled(text, theme.bad()));
    }
    table(app, results, inner, buf);
}

/// Returns the count of rows shown, with the terms that filter them.
fn counted(results: &ResultsState) -> String {
    let (shown, all) = (results.shown.len(), results.table.rows.len());
    match (shown == all, results.filter.is_empty()) {
        (true, true) => format!("{all} points"),
        (_, true) => format!("{shown} of {all} points"),
        _ => format!("{shown} of {all} points · {}", results.filter),
    }
}

/// Draws header and rows, so that the selected row and column are in sight.
fn table(app: &App, results: &ResultsState, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let columns = visible(results, area.width);
    let header: Vec<Span<'_>> = columns
        .iter()
        .flat_map(|&column| {
            let name = results.table.columns.get(column).map_or("", String::as_str);
            let mark = match results.sorted {
                Some((by, largest)) if by == column => {
                    if largest {
                        theme.glyphs.pick(" ▼", " v")
                    } else {
                        theme.glyphs.pick(" ▲", " ^")
                    }
                }
                _ => "",
            };
            let width = width(results, column);
            let name = format!("{}{mark}", shorten(name, width.saturating_sub(mark.chars().count())));
            let here = column == results.column;
            let style = if here { theme.selected() } else { theme.strong() };
            [Span::styled(aligned(&name, width, right(results, column)), style), Span::raw("  ")]
        })
        .collect();
    let rest = put_line(buf, area, Line::from(header));
    let room = usize::from(rest.height).max(1);
    let first = (results.selected + 1).saturating_sub(room);
    let mut rest = rest;
    for (at, &row) in results.shown.iter().enumerate().skip(first).take(room) {
        let values = &results.table.rows[row].values;
        let style = if at == results.selected { theme.selected() } else { theme.text() };
        let cells: Vec<Span<'_>> = columns
            .iter()
            .flat_map(|&column| {
                let text = values.get(column).map_or_else(String::new, Value::text);
                let width = width(results, column);
                let text = aligned(&shorten(&text, width), width, right(results, column));
                [Span::styled(text, style), Span::styled("  ", style)]
            })
            .collect();
        rest = put_line(buf, rest, Line::from(cells));
    }
    if results.shown.is_empty() {
        put_line(buf, rest, Line::styled("no point meets these terms", theme.dim()));
    }
}

fn width(results: &ResultsState, column: usize) -> usize {
    results.widths.get(column).copied().map_or(0, usize::from)
}

/// Returns the columns that fit: the first one always, and the selected one.
fn visible(results: &ResultsState, room: u16) -> Vec<usize> {
    let taken = |column: usize| width(results, column) as u16 + GAP;
    let count = results.table.columns.len();
    let fits = |first: usize| {
        let mut left = room.saturating_sub(if first > 0 { taken(0) } else { 0 });
        let columns = (first..count).take_while(move |&column| {
            let fits = taken(column).saturating_sub(GAP) <= left;
            left = left.saturating_sub(taken(column));
            fits
        });
        columns.collect::<Vec<usize>>()
    };
    let mut first = 0;
    while first < results.column && !fits(first).contains(&results.column) {
        first += 1;
    }
    let mut columns = fits(first);
    if first > 0 {
        columns.insert(0, 0);
    }
    columns
}

/// Returns `true` for a column of numbers, which stand at its right.
fn right(results: &ResultsState, column: usize) -> bool {
    let values = results.table.rows.iter().filter_map(|row| row.values.get(column));
    values.take(100).all(|value| !matches!(value, Value::Word(_)))
}

fn aligned(text: &str, width: usize, right: bool) -> String {
    if right { format!("{text:>width$}") } else { format!("{text:<width$}") }
}
