//! Overlay with the line in which a command is typed, and below it the matching commands, or the
//! argument of the one typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::help::keys;
use super::points::offer;
use crate::tui::app::App;
use crate::tui::applies::applies;
use crate::tui::command::Command;
use crate::tui::palette::{self, PaletteOverlay, matches, problem};
use crate::tui::widgets::{centred, columns_from, put_line, put_pair, rows_from, rows_to, shorten};

/// Rows and columns of the whole overlay where there is room.
const SIZE: (u16, u16) = (84, 16);

/// Draws the overlay.
pub fn render(app: &App, overlay: &PaletteOverlay, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let area = centred(area, SIZE.0, SIZE.1);
    Clear.render(area, buf);
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title(Span::styled(" Command ", theme.accent()))
        .title_bottom(Span::styled(
            " Enter runs the first · Tab completes · ↑↓ history · Esc leaves ",
            theme.dim(),
        ));
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    put_line(buf, inner, Line::styled(":", theme.accent()));
    let line = columns_from(rows_to(inner, 1.min(inner.height)), 1);
    overlay.prompt.render(line, buf, theme.strong(), theme.selected());
    let mut rest = rows_from(inner, 1.min(inner.height));
    let text = overlay.prompt.text();
    let typed = palette::Line::new(text);
    let found = matches(app, typed.name);
    let width = usize::from(rest.width);
    if let (Some((_, argument)), Some(command)) = (typed.argument, found.first()) {
        rest = command_line(app, command, true, rest, buf);
        let hint = match command.argument {
            Some(takes) => takes.hint(),
            None if command.counts => "a count, as in `step 10`",
            None => "no argument",
        };
        rest = put_line(buf, rest, Line::styled(shorten(hint, width), theme.dim()));
        if let Some(problem) = problem(app, text).filter(|_| !argument.trim().is_empty()) {
            for row in super::message::folded(&problem, width.max(1)) {
                rest = put_line(buf, rest, Line::styled(row, theme.warn()));
            }
        }
        let (candidates, chosen) = overlay.prompt.candidates();
        offer(app, candidates, chosen, rest, buf);
        return;
    }
    if found.is_empty() {
        put_line(buf, rest, Line::styled("no command matches", theme.warn()));
    }
    // What Tab has put in is one of the list: it is marked, and in sight.
    let (_, chosen) = overlay.prompt.candidates();
    let first = chosen.unwrap_or(0).saturating_sub(usize::from(rest.height).saturating_sub(2));
    for (at, command) in found.iter().enumerate().skip(first) {
        rest = command_line(app, command, at == chosen.unwrap_or(0), rest, buf);
    }
}

/// Draws a command's name, description and keys.
///
/// While the command does not apply, name and description are dim, and the description says what
/// the command requires.
fn command_line(app: &App, command: &Command, first: bool, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = &app.theme;
    let now = applies(app, command.when);
    let keys = keys(&app.keymap, command);
    let words = if now { command.about.to_owned() } else { format!("(not now: {})", command.when.needs()) };
    let room = usize::from(area.width).saturating_sub(2 + 19 + Span::raw(keys.as_str()).width() + 1);
    let line = Line::from(vec![
        Span::styled(if first { "> " } else { "  " }, theme.accent()),
        Span::styled(format!("{:<18} ", command.id), if now { theme.strong() } else { theme.dim() }),
        Span::styled(shorten(&words, room), if now { theme.text() } else { theme.dim() }),
    ]);
    put_pair(buf, area, line, Line::styled(keys, theme.accent()))
}
