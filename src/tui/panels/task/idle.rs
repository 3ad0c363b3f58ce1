//! Task panel before the first time step: the network, the text it will read, the other panels.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::text::{several, wrapped};
use crate::tui::panels::{PanelId, View};
use crate::tui::widgets::{put_line, rows_from, units};

/// Rows of the list of panels, its heading and the row above included.
const PANEL_ROWS: u16 = PanelId::ALL.len() as u16 + 1;

/// Draws a network that reads a text, the text's first words, and what the other panels will show.
pub(super) fn render(view: &View<'_>, upcoming: &[String], hint: &str, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let what = "A network that reads a text word by word, and says after each which word it expects next.";
    let mut rest = paragraph(what, theme.text(), area, area.height, buf);
    rest = paragraph(&network(view), theme.dim(), rest, rest.height, buf);
    rest = put_line(buf, rest, Line::styled(hint.to_owned(), theme.accent()));
    // The panels have priority: the run shows more of the text.
    let panels = if rest.height > PANEL_ROWS + 2 { PANEL_ROWS } else { 0 };
    if !upcoming.is_empty() && rest.height > panels + 1 {
        let rows = rest.height - panels - 1;
        rest = put_line(
            buf,
            rows_from(rest, u16::from(rows > 2)),
            Line::styled("the text begins", theme.strong()),
        );
        let rows = rest.height.saturating_sub(panels).min(6);
        rest = paragraph(&upcoming.join(" "), theme.text(), rest, rows, buf);
    }
    if panels > 0 {
        list(view, rows_from(rest, u16::from(rest.height > panels)), buf);
    }
}

/// Returns the network's name, layers and PEs.
fn network(view: &View<'_>) -> String {
    let layers = view.snapshot.layers.iter().map(|layer| {
        let units = units::count(u64::from(layer.units));
        format!("{} of {units} units on {}", layer.name, several(u64::from(layer.pes), "PE"))
    });
    format!("{}: {}", view.snapshot.model, layers.collect::<Vec<_>>().join(", "))
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
