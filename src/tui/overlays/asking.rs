//! Overlay with one line to type.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::session::debug::step_text;
use crate::session::snapshot::{Bookmark, HistoryView};
use crate::text::{several, visible_line};
use crate::tui::app::App;
use crate::tui::asking::{AskingOverlay, command};
use crate::tui::widgets::{centred, put_line, rows_from, rows_to, shorten};

/// Largest number of bookmarks listed below the line.
const LISTED: usize = 8;

/// Draws the line, and below it the error in it or a hint.
pub fn render(app: &App, overlay: &AskingOverlay, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let bookmarks = app.picture().map_or(&[][..], |snapshot| &snapshot.history.bookmarks);
    let area = centred(area, 84, 5 + bookmarks.len().min(LISTED) as u16);
    Clear.render(area, buf);
    let title = format!(" {} ", overlay.question.title());
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title(Span::styled(title, theme.accent()))
        .title_bottom(Span::styled(" Enter goes there · Tab completes · Esc leaves ", theme.dim()));
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    overlay.prompt.render(rows_to(inner, 1.min(inner.height)), buf, theme.strong(), theme.selected());
    let width = usize::from(inner.width);
    let below = match command(overlay.question, overlay.prompt.text()) {
        Err(error) if !overlay.prompt.text().trim().is_empty() && !overlay.prompt.is_proposal() => {
            Line::styled(shorten(&error, width), theme.warn())
        }
        _ => Line::styled(shorten(overlay.question.help(), width), theme.dim()),
    };
    let rest = put_line(buf, rows_from(inner, 1.min(inner.height)), below);
    if let Some(snapshot) = app.picture() {
        let mut rest =
            put_line(buf, rest, Line::styled(shorten(&reach(&snapshot.history), width), theme.dim()));
        for bookmark in bookmarks.iter().take(LISTED) {
            rest = put_line(buf, rest, Line::raw(shorten(&described(bookmark), width)));
        }
    }
}

/// Formats a bookmark as a line: name, step, note.
fn described(bookmark: &Bookmark) -> String {
    let step = step_text(bookmark.at.steps, bookmark.at.within);
    visible_line(&format!("{:<12} {step:<9} {}", bookmark.name, bookmark.note)).into_owned()
}

/// Returns a description of how far back a seek can go, and of the memory in use.
fn reach(history: &HistoryView) -> String {
    let HistoryView { oldest, every, bytes, memory_mib, moments, .. } = history;
    let mib = *bytes as f64 / f64::from(1 << 20);
    format!(
        "back to step {} · {}, one every {every} steps, {mib:.0} of {memory_mib} MiB",
        oldest.steps,
        several(*moments as u64, "checkpoint")
    )
}
