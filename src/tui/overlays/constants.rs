//! Table of hardware numbers: value, unit, kind of evidence, source; with the scene's assumptions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::chip::constants::{Constant, Mark};
use crate::machine::assumed::table;
use crate::machine::options::Assume;
use crate::tui::app::App;
use crate::tui::theme::Theme;
use crate::tui::widgets::{centred, put_line, shorten};

/// Columns of name, value with unit, and mark; the source has the rest, or a line of its own.
const COLUMNS: [usize; 3] = [36, 22, 15];
/// Width from which the source stands in the same line.
const ONE_LINE: u16 = 130;

/// Returns the number of constants in the table.
pub fn length(assume: &Assume) -> usize {
    table(assume).len()
}

/// Draws the overlay; `scroll` is the first number shown.
pub fn render(app: &App, scroll: usize, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let Some(snapshot) = app.picture() else { return };
    let table = table(&snapshot.setup.assume);
    let one_line = area.width >= ONE_LINE;
    let each = if one_line { 1 } else { 2 };
    let area = centred(area, if one_line { 170 } else { 100 }, (table.len() * each + 3) as u16);
    Clear.render(area, buf);
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title(Span::styled(" Hardware numbers ", theme.accent()))
        .title_bottom(Span::styled(" ↑↓ scroll · Esc closes ", theme.dim()));
    let inner = block.inner(area);
    block.render(area, buf);
    let inner =
        if inner.width > 2 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner };
    let mut rest = put_line(buf, inner, heading(&table, theme));
    let fitting = usize::from(rest.height) / each;
    let scroll = scroll.min(table.len().saturating_sub(fitting));
    for constant in table.iter().skip(scroll) {
        if usize::from(rest.height) < each {
            break;
        }
        let mut line = figures(constant, theme, usize::from(rest.width));
        let source = Span::styled(constant.source, theme.dim());
        if one_line {
            line.spans.push(source);
            rest = put_line(buf, rest, line);
        } else {
            rest = put_line(buf, rest, line);
            let room = usize::from(rest.width).saturating_sub(2);
            let source = Span::styled(shorten(constant.source, room), theme.dim());
            rest = put_line(buf, rest, Line::from(vec![Span::raw("  "), source]));
        }
    }
}

/// Returns the number of constants of each kind of evidence.
fn heading(table: &[Constant], theme: &Theme) -> Line<'static> {
    let mut line = Line::default();
    let marks = [
        Mark::Measured,
        Mark::Quoted,
        Mark::SecondHand,
        Mark::Derived,
        Mark::Recalled,
        Mark::Inferred,
        Mark::NotPublished,
    ];
    for mark in marks {
        let count = table.iter().filter(|constant| constant.mark == mark).count();
        if count > 0 {
            line.spans.push(Span::styled(format!("{count} {mark}  "), ink(mark, theme)));
        }
    }
    line
}

fn ink(mark: Mark, theme: &Theme) -> Style {
    match mark {
        Mark::Measured | Mark::Quoted => theme.good(),
        Mark::SecondHand | Mark::Derived => theme.text(),
        Mark::Recalled | Mark::Inferred | Mark::NotPublished => theme.warn(),
    }
}

/// Returns a line with name, value and mark of a constant; a small `width` shortens the name.
fn figures(constant: &Constant, theme: &Theme, width: usize) -> Line<'static> {
    let [name, value, mark] = COLUMNS;
    let name = name.min(width.saturating_sub(value + mark));
    let figure = format!("{} {}", constant.value, constant.unit);
    Line::from(vec![
        Span::raw(format!("{:<name$}", shorten(constant.name, name.saturating_sub(1)))),
        Span::styled(format!("{:<value$}", shorten(figure.trim_end(), value - 1)), theme.strong()),
        Span::styled(format!("{:<mark$}", constant.mark.to_string()), ink(constant.mark, theme)),
    ])
}
