//! Panel 4, packets: those on the mesh now, and the route of the selected one.
//!
//! ```text
//! ▐▌ ·▐▌*·▐▌   * a link that the packet has crossed, o one that it will cross
//! ```

use std::collections::HashSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::noc::{FIGURES_COLUMNS, PITCHES, mesh, mesh_size};
use super::{PanelId, View};
use crate::session::snapshot::PacketView;
use crate::text::wrapped;
use crate::tui::panels::frame::frame;
use crate::tui::widgets::{columns_from, columns_to, put_line, rows_from};

/// Fewest rows of the list below the mesh.
const LIST_ROWS: u16 = 4;

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let noc = &view.snapshot.noc;
    let legend = Line::from(vec![
        Span::styled("* crossed", theme.good()),
        Span::styled(" · o to come", theme.accent()),
        Span::styled(" · j k select", theme.dim()),
    ]);
    let right = format!("{} on the mesh", noc.under_way.len());
    let inner = frame(view, PanelId::Noc, &right, legend, area, buf);
    let packets = &noc.under_way;
    let selected = view.app.packet.min(packets.len().saturating_sub(1));
    let shown = packets.get(selected);
    let fits = |beside: bool| {
        PITCHES.into_iter().find(|&pitch| {
            let (columns, rows) = mesh_size(pitch);
            if beside {
                columns + 2 + FIGURES_COLUMNS <= inner.width && rows <= inner.height
            } else {
                columns <= inner.width && rows + LIST_ROWS <= inner.height
            }
        })
    };
    if let Some(pitch) = fits(true) {
        let columns = mesh_size(pitch).0;
        route(view, shown, pitch, columns_to(inner, columns), buf);
        list(view, selected, columns_from(inner, columns + 2), buf);
    } else if let Some(pitch) = fits(false) {
        route(view, shown, pitch, inner, buf);
        list(view, selected, rows_from(inner, mesh_size(pitch).1), buf);
    } else {
        list(view, selected, inner, buf);
    }
}

/// Draws the mesh with the route of a packet.
fn route(view: &View<'_>, packet: Option<&PacketView>, pitch: (u16, u16), area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let links: HashSet<_> = view.snapshot.noc.links.iter().map(|link| (link.from, link.to)).collect();
    mesh(pitch, area, theme, buf, |from, to| {
        let at = packet.and_then(|packet| packet.route.iter().position(|&link| link == (from, to)));
        links.get(&(from, to))?;
        Some(match (at, packet) {
            (Some(at), Some(packet)) if at < packet.crossed as usize => ("*".to_owned(), theme.good()),
            (Some(_), _) => ("o".to_owned(), theme.accent()),
            (None, _) => ("·".to_owned(), theme.dim()),
        })
    });
}

/// Draws what the selected packet brings and its route, then a row for each packet: its source, its
/// destination, and how many of its links it has crossed.
fn list(view: &View<'_>, selected: usize, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let packets = &view.snapshot.noc.under_way;
    let Some(shown) = packets.get(selected) else {
        let text = format!(
            "No packet is on the mesh now. i steps one event, p one phase: within a {} packets are on their way.",
            view.step_word()
        );
        let mut rest = area;
        for row in wrapped(&text, usize::from(area.width).max(1)) {
            rest = put_line(buf, rest, Line::styled(row, theme.dim()));
        }
        return;
    };
    let ends = shown.route.first().zip(shown.route.last()).map(|(first, last)| (first.0, last.1));
    let way = match ends {
        Some(((x, y), (to_x, to_y))) => format!(" · route ({x},{y}) > ({to_x},{to_y})"),
        None => " · within its QPE".to_owned(),
    };
    let text = format!("{}{way}", shown.contents);
    let mut rest = put_line(buf, area, Line::styled(text, theme.strong()));
    // The selected one stays in sight.
    let first = (selected + 1).saturating_sub(usize::from(rest.height));
    for (at, packet) in packets.iter().enumerate().skip(first) {
        let mark = if at == selected && theme.marks() { '>' } else { ' ' };
        let style = if at == selected { theme.selected() } else { theme.text() };
        let links = format!("{}/{} links", packet.crossed, packet.route.len());
        let row = format!("{mark}{} > {}  {links}", packet.source, packet.to);
        rest = put_line(buf, rest, Line::styled(row, style));
    }
}
