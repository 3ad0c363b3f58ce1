//! Search in the text: the line, then the place that is shown with the words around it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::session::snapshot::RunState;
use crate::text::{grouped, several, visible_line};
use crate::tui::app::App;
use crate::tui::search::{Found, SearchOverlay};
use crate::tui::widgets::{columns_from, put_line, rows_from, rows_to};

/// Rows of the overlay.
const ROWS: u16 = 4;
/// Columns of the overlay where there is room.
const COLUMNS: u16 = 100;

/// Draws the overlay above the line of keys, so that the panels stay in sight.
pub fn render(app: &App, search: &SearchOverlay, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let width = COLUMNS.min(area.width);
    let height = ROWS.min(area.height.saturating_sub(2));
    let at = (area.x + (area.width - width) / 2, area.bottom().saturating_sub(height + 1));
    let area = Rect { x: at.0, y: at.1, width, height }.intersection(area);
    Clear.render(area, buf);
    let keys = match &search.found {
        None => " Enter searches · ↑↓ history · Esc leaves ",
        Some(Found { from: Some(_), .. }) => " Esc stops the run ",
        Some(_) => " n next · N before · Enter goes there · / another word · Esc closes ",
    };
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title(Span::styled(" Search the text ", theme.accent()))
        .title_bottom(Span::styled(keys, theme.dim()));
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    let Some(found) = &search.found else {
        put_line(buf, inner, Line::styled("/", theme.accent()));
        let line = columns_from(rows_to(inner, 1), 1);
        search.prompt.render(line, buf, theme.strong(), theme.selected());
        let hint = Line::styled("part of a word; case matters only if you type capitals", theme.dim());
        put_line(buf, rows_from(inner, 1), hint);
        return;
    };
    put_line(buf, inner, Line::raw(place(app, search.prompt.text(), found)));
    let [before, word, behind] = found.around.each_ref().map(|text| visible_line(text).into_owned());
    // The word itself stays in sight.
    let room = usize::from(inner.width).saturating_sub(Span::raw(word.as_str()).width() + 2) / 2;
    let skipped = before.chars().count().saturating_sub(room);
    let before: String = before.chars().skip(skipped).collect();
    put_line(
        buf,
        rows_from(inner, 1),
        Line::from(vec![
            Span::styled(before, theme.dim()),
            Span::raw(" "),
            Span::styled(word, theme.selected()),
            Span::raw(" "),
            Span::styled(behind, theme.dim()),
        ]),
    );
}

/// Describes the place that is shown, and the distance of the run from it.
fn place(app: &App, word: &str, found: &Found) -> String {
    let step = found.step().unwrap_or(0);
    let snapshot = app.picture();
    let name = snapshot.map_or("step", |snapshot| snapshot.task.kind().step_word);
    let now = snapshot.map_or(0, |snapshot| snapshot.steps);
    let runs = snapshot.is_some_and(|snapshot| snapshot.run == RunState::Running);
    let way = match found.from.filter(|_| runs) {
        Some(from) if step > from => {
            let done = 100 * now.saturating_sub(from) / (step - from);
            format!("on the way: {name} {}, {done} %", grouped(now))
        }
        _ if now == step => "here".to_owned(),
        _ if now < step => format!("{} ahead", several(step - now, name)),
        _ => format!("{} back", several(now - step, name)),
    };
    let word = visible_line(word);
    format!("/{word}  {} of {} · {name} {} · {way}", found.at + 1, found.steps.len(), grouped(step))
}
