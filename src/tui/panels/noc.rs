//! Panel 4: the network-on-chip. The mesh with the load of every link in both directions, and
//! the busiest links.
//!
//! ```text
//! ▐▌52▐▌31▐▌   between two QPEs: the first digit is the link to the right, the second the one to the left
//! 40  11      between two rows: the first digit is the link up, the second the one down
//! ▐▌12▐▌09▐▌   digits: tenths of the busiest link of this token; X: a dead link
//! ```

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Block;

use super::{PanelId, View, idle};
use crate::chip::geometry::{GRID_X, GRID_Y, Qpe, ROUTER_POSITIONS};
use crate::session::snapshot::{LinkView, NocView};
use crate::tui::app::LinkEnds;
use crate::tui::panels::frame::frame;
use crate::tui::theme::Theme;
use crate::tui::theme::ramp::digit;
use crate::tui::widgets::{columns_from, columns_to, legend, put_at, put_line, put_pair, rows_from, units};

/// Distances of two QPEs on the drawn mesh, columns and rows, best first.
pub(super) const PITCHES: [(u16, u16); 9] =
    [(9, 5), (9, 4), (7, 4), (7, 3), (5, 4), (5, 3), (5, 2), (4, 3), (4, 2)];
/// Columns that the figures need beside the mesh.
pub(super) const FIGURES_COLUMNS: u16 = 28;
/// Rows that the shortest figures with their hot spots take.
const FIGURES_ROWS: u16 = 8;
/// Columns for the y axis.
const AXIS: u16 = 2;

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let (noc, theme) = (&view.snapshot.noc, view.theme());
    let busiest = noc.links.iter().map(|link| link.packets).max().unwrap_or(0);
    let high = format!("{} packets", units::count(u64::from(busiest)));
    let inner = frame(
        view,
        PanelId::Noc,
        &format!("links > < and ^ v, this {}", view.step_word()),
        legend::ramp("", "0", &high, "per link", theme),
        area,
        buf,
    );
    let Arranged { pitch, mesh: plan, figures: below } = arranged(inner);
    if let Some(pitch) = pitch {
        loads(noc, (busiest, view.app.link), pitch, plan, theme, buf);
    }
    let below = selected(view, below, buf);
    if view.snapshot.steps == 0 && noc.packets_total == 0 {
        idle(view, PanelId::Noc, below, buf);
    } else {
        figures(view, below, buf);
    }
}

/// Places of the mesh and of the figures; no pitch without room for a mesh.
struct Arranged {
    pitch: Option<(u16, u16)>,
    mesh: Rect,
    figures: Rect,
}

fn arranged(inner: Rect) -> Arranged {
    let beside = PITCHES.into_iter().find(|&p| {
        let (columns, rows) = mesh_size(p);
        columns + 2 + FIGURES_COLUMNS <= inner.width && rows <= inner.height
    });
    if beside.is_some() {
        let columns = beside.map_or(0, |pitch| mesh_size(pitch).0);
        let (mesh, figures) = (columns_to(inner, columns), columns_from(inner, columns + 2));
        return Arranged { pitch: beside, mesh, figures };
    }
    // Below the mesh: the figures with the hot spots or, on a small screen, the first figures only.
    let above = [FIGURES_ROWS, 2].into_iter().find_map(|below| {
        PITCHES.into_iter().find(|&p| {
            let (columns, rows) = mesh_size(p);
            columns <= inner.width && rows + below <= inner.height
        })
    });
    let rows = above.map_or(0, |pitch| mesh_size(pitch).1);
    Arranged { pitch: above, mesh: inner, figures: rows_from(inner, rows) }
}

/// Returns the link whose digit the panel in `area` draws at a column and row of the screen.
pub fn link_at(area: Rect, at: Position) -> Option<LinkEnds> {
    let Arranged { pitch, mesh, .. } = arranged(Block::bordered().inner(area));
    let place = (at.x.checked_sub(mesh.x)?, at.y.checked_sub(mesh.y)?);
    edges(pitch?).find(|&(_, at)| at == place).map(|(link, _)| link)
}

/// Writes the figures of the selected link, if there is one, and returns the area below.
fn selected(view: &View<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let links = &view.snapshot.noc.links;
    let ends = view.app.link;
    let Some(link) = ends.and_then(|ends| links.iter().find(|link| (link.from, link.to) == ends)) else {
        return area;
    };
    let ((x, y), (to_x, to_y)) = (link.from, link.to);
    let theme = view.theme();
    let name = Line::styled(format!("({x},{y}) > ({to_x},{to_y})"), theme.accent());
    let rest = put_pair(buf, area, name, Line::styled("link", theme.dim()));
    let (now, all) = (units::count(u64::from(link.packets)), units::count(link.total));
    let window = format!("this {}, in all", view.step_word());
    put_pair(buf, rest, Line::styled(window, theme.dim()), Line::raw(format!("{now} · {all}")))
}

/// Returns the columns and rows of the mesh at a pitch, axes included.
pub(super) fn mesh_size((dx, dy): (u16, u16)) -> (u16, u16) {
    (AXIS + u16::from(GRID_X - 1) * dx + 2, u16::from(GRID_Y - 1) * dy + 2)
}

/// Returns the drawn links with their columns and rows, relative to the mesh.
fn edges((dx, dy): (u16, u16)) -> impl Iterator<Item = (LinkEnds, (u16, u16))> {
    let places = (1..=GRID_Y).flat_map(|y| (1..=GRID_X).map(move |x| (x, y)));
    places.flat_map(move |(x, y)| {
        let (column, row) = place((x, y), (dx, dy));
        // The two digits in the middle of what is left between the nodes.
        let across = column + 2 + (dx - 2 - 2) / 2;
        let down = row + 1 + (dy - 1 - 1) / 2;
        let right = (x < GRID_X).then(|| {
            let (this, next) = ((x, y), (x + 1, y));
            [((this, next), (across, row)), ((next, this), (across + 1, row))]
        });
        let below = (y > 1).then(|| {
            let (this, next) = ((x, y), (x, y - 1));
            [((next, this), (column, down)), ((this, next), (column + 1, down))]
        });
        right.into_iter().chain(below).flatten()
    })
}

/// Returns the column and row of a node, relative to the mesh.
fn place((x, y): (u8, u8), (dx, dy): (u16, u16)) -> (u16, u16) {
    (AXIS + u16::from(x - 1) * dx, u16::from(GRID_Y - y) * dy)
}

/// Draws the mesh with the load of each link; the selected link is marked.
fn loads(
    noc: &NocView,
    (busiest, selected): (u32, Option<LinkEnds>),
    pitch: (u16, u16),
    area: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let load: HashMap<_, _> = noc.links.iter().map(|link| ((link.from, link.to), link)).collect();
    mesh(pitch, area, theme, buf, |from, to| {
        let (mark, style) = match load.get(&(from, to))? {
            LinkView { dead: true, .. } => ("X".to_owned(), theme.bad()),
            LinkView { packets: 0, .. } => ("·".to_owned(), theme.dim()),
            LinkView { packets, .. } => {
                let fraction = if busiest == 0 { 0.0 } else { *packets as f32 / busiest as f32 };
                (digit(fraction).to_string(), theme.heat(fraction))
            }
        };
        Some((mark, if selected == Some((from, to)) { theme.selected() } else { style }))
    });
}

/// Draws the QPEs, and of each link the mark that `shown` gives it.
pub(super) fn mesh(
    pitch: (u16, u16),
    area: Rect,
    theme: &Theme,
    buf: &mut Buffer,
    shown: impl Fn((u8, u8), (u8, u8)) -> Option<(String, Style)>,
) {
    for x in 1..=GRID_X {
        let (column, row) = place((x, 1), pitch);
        put_at(buf, area, (column, row + 1), &x.to_string(), theme.dim());
    }
    for y in 1..=GRID_Y {
        put_at(buf, area, (0, place((1, y), pitch).1), &y.to_string(), theme.dim());
        for x in 1..=GRID_X {
            node((x, y), place((x, y), pitch), area, theme, buf);
        }
    }
    for ((from, to), at) in edges(pitch) {
        if let Some((mark, style)) = shown(from, to) {
            put_at(buf, area, at, &mark, style);
        }
    }
}

fn node((x, y): (u8, u8), at: (u16, u16), area: Rect, theme: &Theme, buf: &mut Buffer) {
    let (text, style) = if Qpe::at(x, y).is_some() {
        (theme.glyphs.pick("▐▌", "[]"), theme.text())
    } else if ROUTER_POSITIONS.contains(&(x, y)) {
        ("RT", theme.strong())
    } else {
        ("--", theme.dim())
    };
    put_at(buf, area, at, text, style);
}

/// Draws counts, latency, and the five busiest links.
fn figures(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let (noc, theme) = (&view.snapshot.noc, view.theme());
    let packets = format!("packets, this {}", view.step_word());
    let hops = if noc.packets_total == 0 { 0.0 } else { noc.hops_total as f64 / noc.packets_total as f64 };
    let rows = [
        (packets.as_str(), units::count(noc.packets)),
        ("latency", format!("{:.0}, max {:.0} ns", noc.mean_latency_ns, noc.max_latency_ns)),
        ("busiest link", format!("{:.3} % busy", noc.max_link_load * 100.0)),
        ("links per packet, mean", format!("{hops:.1}")),
        ("on the mesh now", units::count(u64::from(noc.in_flight))),
    ];
    // On a small screen the hot spots matter more than the last figures.
    let shown = usize::from(area.height.saturating_sub(6)).clamp(2, rows.len());
    let mut rest = area;
    for (name, value) in rows.into_iter().take(shown) {
        rest = put_pair(buf, rest, Line::styled(name, theme.dim()), Line::raw(value));
    }
    if rest.height >= 3 {
        hot_spots(&noc.links, if rest.height >= 8 { rows_from(rest, 1) } else { rest }, theme, buf);
    }
}

fn hot_spots(links: &[LinkView], area: Rect, theme: &Theme, buf: &mut Buffer) {
    let mut busiest: Vec<&LinkView> = links.iter().filter(|link| link.packets > 0).collect();
    busiest.sort_by_key(|link| (std::cmp::Reverse(link.packets), link.from, link.to));
    let head = Line::styled("packets · waited", theme.dim());
    let mut rest = put_pair(buf, area, Line::styled("hot spots", theme.strong()), head);
    for link in busiest.into_iter().take(5) {
        let ((x, y), (to_x, to_y)) = (link.from, link.to);
        let figures =
            format!("{} · {}", units::count(u64::from(link.packets)), units::short_count(link.waited));
        rest = put_pair(buf, rest, Line::raw(format!("({x},{y}) > ({to_x},{to_y})")), Line::raw(figures));
    }
    if rest.height > 0 {
        put_line(buf, rest, Line::styled("waited: cycles since start", theme.dim()));
    }
}
