//! Task panel before the first time step: the network, the input it will read, the other panels.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::session::command::StepUnit;
use crate::text::{several, wrapped};
use crate::tui::command::{Action, find};
use crate::tui::panels::{PanelId, View};
use crate::tui::widgets::{put_line, rows_from, shorten, units};

/// Rows of the list of panels, its heading and the row above included.
const PANEL_ROWS: u16 = PanelId::ALL.len() as u16 + 1;
/// Rows of the list without the last panel, which is empty at first.
const FEWER_ROWS: u16 = PANEL_ROWS - 1;
/// Largest number of rows of the input that comes next, its heading excluded.
const NEXT_ROWS: u16 = 6;

/// Input that comes next, under a heading.
pub(super) enum Next {
    /// A text, which is wrapped.
    Text(&'static str, String),
    /// A list, an entry a row.
    Rows(String, Vec<String>),
}

impl Next {
    fn heading(&self) -> &str {
        match self {
            Self::Text(heading, _) => heading,
            Self::Rows(heading, _) => heading,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(_, text) => text.is_empty(),
            Self::Rows(_, rows) => rows.is_empty(),
        }
    }
}

/// Draws what the network does, its layers, keys to begin with, its first inputs, the other panels.
pub(super) fn render(view: &View<'_>, what: &str, next: &Next, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let mut rest = paragraph(what, theme.text(), area, area.height, buf);
    rest = paragraph(&network(view), theme.dim(), rest, rest.height, buf);
    rest = put_line(buf, rest, Line::styled(hint(view), theme.accent()));
    // The panels have priority: the run shows more of the input.
    let panels = match rest.height {
        height if height > PANEL_ROWS + 2 => PANEL_ROWS,
        height if height > FEWER_ROWS + 2 => FEWER_ROWS,
        _ => 0,
    };
    if !next.is_empty() && rest.height > panels + 1 {
        let rows = rest.height - panels - 1;
        let heading = shorten(next.heading(), usize::from(rest.width));
        rest = put_line(buf, rows_from(rest, u16::from(rows > 2)), Line::styled(heading, theme.strong()));
        let rows = rest.height.saturating_sub(panels).min(NEXT_ROWS);
        rest = match next {
            Next::Text(_, text) => paragraph(text, theme.text(), rest, rows, buf),
            Next::Rows(_, list) => list.iter().take(usize::from(rows)).fold(rest, |rest, row| {
                let row = shorten(row, usize::from(rest.width));
                put_line(buf, rest, Line::styled(row, theme.text()))
            }),
        };
    }
    if panels > 0 {
        list(view, rows_from(rest, u16::from(rest.height > panels)), buf);
    }
}

/// Returns the keys to begin with: `Space runs, s steps one token`.
pub(super) fn hint(view: &View<'_>) -> String {
    let one = format!("steps one {}", view.step_word());
    let words = [(Action::TogglePause, "runs"), (Action::Step(StepUnit::TimeStep), one.as_str())];
    let hints = words.into_iter().filter_map(|(action, word)| {
        let key = view.app.keymap.keys_of(find(action)?).next()?;
        Some(format!("{key} {word}"))
    });
    hints.collect::<Vec<_>>().join(", ")
}

/// Returns the network's name, layers and PEs.
fn network(view: &View<'_>) -> String {
    let layers = view.snapshot.setup.layers.iter().map(|layer| {
        let units = units::count(u64::from(layer.units));
        format!("{} of {units} units on {}", layer.name, several(u64::from(layer.pes), "PE"))
    });
    format!("{}: {}", view.snapshot.setup.model, layers.collect::<Vec<_>>().join(", "))
}

/// Lists the other panels with what each shows.
fn list(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let mut rest = put_line(buf, area, Line::styled("panels", theme.strong()));
    for panel in PanelId::ALL.into_iter().filter(|&panel| panel != PanelId::Task) {
        let name = Span::styled(format!("{} {:<9}", panel.number(), panel.name()), theme.accent());
        rest = put_line(buf, rest, Line::from(vec![name, Span::styled(panel.about(), theme.dim())]));
    }
}

/// Writes a text in at most `rows` rows, cut with `…`, and returns the area below.
fn paragraph(text: &str, style: Style, area: Rect, rows: u16, buf: &mut Buffer) -> Rect {
    let mut rest = area;
    let all = wrapped(text, usize::from(area.width).max(1));
    for (at, row) in (1..).zip(&all).take(usize::from(rows)) {
        let cut = at == rows && all.len() > usize::from(rows);
        rest = put_line(buf, rest, Line::styled(if cut { format!("{row}…") } else { row.clone() }, style));
    }
    rest
}
