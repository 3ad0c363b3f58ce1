//! Texts over the panels: a scene that is wrong, an engine that stopped, the findings. Shown as
//! they are, in whole.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::mapping::check::Level;
use crate::text::{visible_line, wrapped};
use crate::tui::app::App;
use crate::tui::state::ran::Ran;
use crate::tui::status;
use crate::tui::term::panic::without_escapes;
use crate::tui::widgets::{centred, put_line};

/// Draws the diagnostic of a scene that could not be loaded.
///
/// Excerpt and caret stay as they are; sentences are wrapped between words.
pub fn scene_error(app: &App, text: &str, scroll: usize, area: Rect, buf: &mut Buffer) {
    let what_now = match (app.snapshot.is_some(), app.watching) {
        (true, true) => "the old scene stays · fix and save the file · Esc closes",
        (true, false) => "the old scene stays · r retries · Esc closes",
        (false, true) => "fix and save the file · r retries · q quits",
        (false, false) => "r retries · q quits",
    };
    let frame = Frame { title: "Scene not loaded", style: app.theme.bad(), what_now };
    let excerpt = |line: &str| line.starts_with(' ') || line.contains(" | ");
    let room = Frame::room(area);
    let rows =
        text.lines().flat_map(|line| if excerpt(line) { folded(line, room) } else { wrapped(line, room) });
    let rows: Vec<(String, Style)> = rows.map(|row| (row, Style::default())).collect();
    frame.render_rows(app, &rows, scroll, area, buf);
}

/// Draws the message of a panicked thread: the engine's, or one that the experiment does not need.
pub fn crash(app: &App, text: &str, scroll: usize, area: Rect, buf: &mut Buffer) {
    let what_now = if app.crashed {
        "a bug: please report it · r starts the engine again · ↑↓ scroll · q quits"
    } else {
        "a bug: please report it · the experiment goes on · Esc closes"
    };
    let frame = Frame { title: "A thread of spinntui stopped", style: app.theme.bad(), what_now };
    let plain: Vec<String> =
        text.lines().map(|line| visible_line(&without_escapes(line)).into_owned()).collect();
    frame.render(app, &plain.iter().map(String::as_str).collect::<Vec<_>>(), scroll, area, buf);
}

/// Draws the answer of a subcommand, below its command line.
pub fn ran(app: &App, ran: &Ran, scroll: usize, area: Rect, buf: &mut Buffer) {
    let style = if ran.code == Some(0) { app.theme.accent() } else { app.theme.warn() };
    let title = match ran.code {
        Some(0) => "Done".to_owned(),
        Some(code) => format!("Exit code {code}"),
        None => "Not run to its end".to_owned(),
    };
    let frame = Frame { title: &title, style, what_now: "↑↓ scroll · Ctrl-y copies · Esc closes" };
    let lines: Vec<&str> = std::iter::once(ran.line.as_str()).chain(ran.text.lines()).collect();
    frame.render(app, &lines, scroll, area, buf);
}

/// Draws the messages so far in full: why the run stopped, then notices, newest first.
pub fn messages(app: &App, scroll: usize, area: Rect, buf: &mut Buffer) {
    let frame =
        Frame { title: "Messages", style: app.theme.accent(), what_now: "↑↓ scroll · Esc closes" };
    frame.render_rows(app, &message_rows(app, area.width), scroll, area, buf);
}

/// Returns the rows of [`messages`] on a screen of `columns`.
pub fn message_rows(app: &App, columns: u16) -> Vec<(String, Style)> {
    let room = Frame::room(Rect { width: columns, ..Rect::default() });
    let mut rows = Vec::new();
    let mut add = |text: &str, style: Style| {
        for (at, row) in wrapped(text, room.saturating_sub(2).max(1)).into_iter().enumerate() {
            rows.push((format!("{}{row}", if at == 0 { "· " } else { "  " }), style));
        }
    };
    let why = status::why(app);
    if let Some((text, style)) = &why {
        add(text, *style);
    }
    for said in app.said.iter().rev().filter(|said| why.as_ref().is_none_or(|(text, _)| text != *said)) {
        add(said, app.theme.text());
    }
    if rows.is_empty() {
        rows.push(("no messages yet".to_owned(), app.theme.dim()));
    }
    rows
}

/// Draws the findings, most severe first, the consequences of a fault below it; one is selected.
pub fn findings(app: &App, selected: usize, area: Rect, buf: &mut Buffer) {
    let frame = Frame {
        title: "Findings, most severe first",
        style: app.theme.warn(),
        what_now: "↑↓ choose · Enter goes there · Esc closes",
    };
    let findings = app.picture().map_or(&[][..], |snapshot| &snapshot.findings);
    let room = Frame::room(area);
    let mut rows: Vec<(String, Style)> = Vec::new();
    let mut scroll = 0;
    for (number, finding) in findings.iter().enumerate() {
        let chosen = number == selected.min(findings.len() - 1);
        let level = match finding.level {
            Level::Error => app.theme.bad(),
            Level::Warning => app.theme.warn(),
            Level::Note => app.theme.strong(),
        };
        if chosen {
            scroll = rows.len();
        }
        let mark = if chosen { '>' } else { ' ' };
        let (branch, indent) = if finding.follows { ("  └ ", "        ") } else { ("", "    ") };
        let head = format!("{mark} {branch}{} · {} · {}", finding.level.name(), finding.place, finding.rule);
        rows.extend(folded(&head, room).into_iter().map(|row| (row, level)));
        for (text, style) in [(&finding.what, Style::default()), (&finding.help, app.theme.dim())] {
            rows.extend(indented(text, room, indent).into_iter().map(|row| (row, style)));
        }
    }
    frame.render_rows(app, &rows, scroll, area, buf);
}

struct Frame<'a> {
    title: &'a str,
    style: Style,
    what_now: &'a str,
}

impl Frame<'_> {
    /// Returns the number of columns for text in a frame within `area`.
    fn room(area: Rect) -> usize {
        usize::from(area.width.saturating_sub(4).max(1))
    }

    fn render(&self, app: &App, lines: &[&str], scroll: usize, area: Rect, buf: &mut Buffer) {
        let rows = lines.iter().flat_map(|line| folded(line, Self::room(area)));
        let rows: Vec<(String, Style)> = rows.map(|row| (row, Style::default())).collect();
        self.render_rows(app, &rows, scroll, area, buf);
    }

    fn render_rows(&self, app: &App, rows: &[(String, Style)], scroll: usize, area: Rect, buf: &mut Buffer) {
        let widest = rows.iter().map(|(row, _)| Span::raw(row.as_str()).width()).max().unwrap_or(0) as u16;
        let width = (widest.max(self.what_now.chars().count() as u16 + 2) + 4).min(area.width);
        let area = centred(area, width, (rows.len() as u16).saturating_add(2));
        Clear.render(area, buf);
        let block = Block::bordered()
            .border_set(app.theme.border_set())
            .border_style(self.style)
            .title(Span::styled(format!(" {} ", self.title), self.style))
            .title_bottom(Span::styled(format!(" {} ", self.what_now), app.theme.dim()));
        let inner = block.inner(area);
        block.render(area, buf);
        let mut rest =
            if inner.width > 2 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner };
        let scroll = scroll.min(rows.len().saturating_sub(usize::from(rest.height)));
        for (row, style) in &rows[scroll..] {
            rest = put_line(buf, rest, Line::styled(row.as_str(), *style));
        }
    }
}

/// Wraps a text into rows of at most `width` columns, each row behind `indent`.
fn indented(text: &str, width: usize, indent: &str) -> Vec<String> {
    let rows = wrapped(text, width.saturating_sub(indent.len()).max(1));
    rows.into_iter().map(|row| format!("{indent}{row}")).collect()
}

/// Cuts a line into rows of at most `width` columns; nothing is lost and spaces stay, since carets
/// depend on them.
pub(super) fn folded(line: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    let mut used = 0;
    for character in line.replace('\t', "    ").chars() {
        let columns = Span::raw(character.to_string()).width();
        if used + columns > width && used > 0 {
            rows.push(String::new());
            used = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.push(character);
        }
        used += columns;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_every_character() {
        assert_eq!(folded("", 5), [""]);
        assert_eq!(folded("   ^^^^ here", 6), ["   ^^^", "^ here"]);
        assert_eq!(folded("日本", 3), ["日", "本"]);
    }

    #[test]
    fn wrapping_goes_between_words() {
        assert_eq!(indented("one two three", 9, "  "), ["  one two", "  three"]);
        assert_eq!(indented("unbreakable", 6, " "), [" unbre", " akabl", " e"]);
        assert_eq!(indented("", 6, " "), [" "]);
    }
}
