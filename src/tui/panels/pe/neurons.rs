//! Neurons: state, gates and distance to the threshold of the PE's units; bytes and receivers of
//! the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::View;
use super::core::wrap;
use crate::session::inspect::{NeuronsView, UnitLinks, UnitView};
use crate::tui::theme::Glyphs;
use crate::tui::widgets::{columns_from, columns_to, put_at, put_line, rows_from, rows_to, shorten};

/// Columns from which the links stand beside the units.
const LINKS_BESIDE: u16 = 112;
/// Columns of the links beside the units.
const LINKS_COLUMNS: u16 = 40;

pub(super) fn render(view: &View<'_>, page: &NeuronsView, area: Rect, buf: &mut Buffer) {
    let rest = sums(view, page, area, buf);
    let (table, links) = places(view, page.units.len(), rest);
    units(view, page, table, buf);
    if let Some(of) = &page.links {
        selected(view, page, of, links, buf);
    }
}

/// Returns the areas of the table of `count` units and of the links of one unit.
pub(super) fn places(view: &View<'_>, count: usize, rest: Rect) -> (Rect, Rect) {
    if rest.width >= LINKS_BESIDE {
        let left = rest.width - LINKS_COLUMNS - 2;
        return (columns_to(rest, left), columns_from(rest, left + 2));
    }
    // The links get more room while the cursor is among them.
    let share = if view.app.pe.link.is_some() { 2 } else { 3 };
    let least = (rest.height / share).max(4).min(rest.height / 2);
    let rows = least.max(rest.height.saturating_sub(count as u16 + 2));
    (rows_to(rest, rest.height - rows), rows_from(rest, rest.height - rows))
}

/// Draws the sums of the unit's gates, headed by their time step.
fn sums(view: &View<'_>, page: &NeuronsView, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = view.theme();
    let Some(unit) = page.units.iter().find(|u| u.number == view.app.pe.unit).or(page.units.first()) else {
        return put_line(buf, area, Line::styled("no units", theme.dim()));
    };
    let text = if Columns::fit(area.width).gates {
        format!("c before and after the reset; z, r, g {}", unit.gates.text())
    } else {
        "c before and after the reset".to_owned()
    };
    put_line(buf, area, Line::styled(shorten(&text, usize::from(area.width)), theme.dim()))
}

/// Columns that there is room for: their heads, and each unit's cell.
struct Columns {
    gates: bool,
    bar: u16,
}

impl Columns {
    fn fit(width: u16) -> Self {
        let gates = width >= 64;
        let used = TABLE + if gates { 24 } else { 0 };
        let bar = width.saturating_sub(used + 2);
        Self { gates, bar: if bar >= 9 { bar.min(41) } else { 0 } }
    }

    fn head(&self, glyphs: Glyphs) -> String {
        let gates = if self.gates { format!("{:>8}{:>8}{:>8}", "z", "r", "g") } else { String::new() };
        format!("{:>6}{:>9}{:>8}{MARK}{:>7}{:>8}{gates}", "unit", "c before", glyphs.theta(), "y", "c after")
    }

    fn cells(&self, unit: &UnitView) -> String {
        let gates = if self.gates {
            format!("{}{}{}", number(unit.z), number(unit.r), number(unit.g))
        } else {
            String::new()
        };
        let UnitView { c_before, c, theta, y, .. } = *unit;
        let [before, theta, y, after] = [c_before, theta, y, c].map(number);
        // y is not negative: seven columns are enough.
        let y = y.strip_prefix(' ').unwrap_or(&y);
        format!("{:>6} {before}{theta}{MARK}{y}{after}{gates}", unit.unit)
    }
}

/// Columns of the table without gates: unit, c before, θ, the mark of an event, y, c after.
const TABLE: u16 = 6 + 9 + 8 + 2 + 7 + 8;
/// Column of the mark of an event, between what is compared and what is sent.
const MARK_AT: u16 = 6 + 9 + 8 + 1;
/// Blanks over which the mark of an event is drawn.
const MARK: &str = "  ";

/// Formats a number in seven columns after a gap.
fn number(value: f32) -> String {
    if value.abs() < 100.0 { format!("{value:>8.4}") } else { format!("{value:>8.1e}") }
}

fn units(view: &View<'_>, page: &NeuronsView, area: Rect, buf: &mut Buffer) {
    let (theme, state) = (view.theme(), &view.app.pe);
    let columns = Columns::fit(area.width);
    let mut head = columns.head(theme.glyphs);
    if columns.bar > 0 {
        let middle = match columns.bar {
            0..15 => String::new(),
            15..22 => format!("c, | {}", theme.glyphs.theta()),
            _ => format!("c before, | {}", theme.glyphs.theta()),
        };
        head =
            format!("{head}  {:<2}{middle:^room$}1", "-1", room = usize::from(columns.bar).saturating_sub(3));
    }
    let rest = put_line(buf, area, Line::styled(head, theme.dim()));
    let rows = usize::from(rest.height);
    let several = page.units.iter().any(|unit| unit.layer != page.units[0].layer);
    let at = page.units.iter().position(|unit| unit.number == state.unit).unwrap_or(0);
    let first = at.saturating_sub(rows / 2).min(page.units.len().saturating_sub(rows));
    for (y, unit) in (0u16..).zip(page.units.iter().skip(first).take(rows)) {
        let here = unit.number == state.unit;
        let style = match (here, unit.event) {
            (true, _) => theme.cursor(),
            (false, true) => theme.good().patch(theme.strong()),
            (false, false) => theme.text(),
        };
        put_at(buf, rest, (0, y), &columns.cells(unit), style);
        let used = columns.cells(unit).chars().count() as u16;
        if unit.event {
            put_at(buf, rest, (MARK_AT, y), "*", if here { style } else { theme.good() });
        }
        if here && theme.marks() {
            put_at(buf, rest, (1, y), ">", style);
        }
        if several {
            put_at(buf, rest, (0, y), &unit.layer.index().to_string(), theme.category(unit.layer.index()));
        }
        if columns.bar > 0 {
            axis(
                view,
                unit,
                Rect { y: rest.y + y, height: 1, ..columns_from(rest, used + 2) },
                columns.bar,
                buf,
            );
        }
    }
}

/// Draws the compared c from 0 on an axis from −1 to 1, and θ as a bar across.
fn axis(view: &View<'_>, unit: &UnitView, area: Rect, width: u16, buf: &mut Buffer) {
    let theme = view.theme();
    let place = |value: f32| {
        let share = if value.is_nan() { 0.5 } else { value.clamp(-1.0, 1.0).midpoint(1.0) };
        (share * f32::from(width.saturating_sub(1))).round() as u16
    };
    let (zero, c, theta) = (place(0.0), place(unit.c_before), place(unit.theta));
    let (full, thin) = theme.glyphs.pick(("■", "·"), ("=", "."));
    let area = columns_to(area, width);
    for x in 0..width {
        let filled = (zero.min(c)..=zero.max(c)).contains(&x) && c != zero;
        let (symbol, style) = match (x == theta, filled) {
            (true, _) => ("|", theme.warn()),
            (_, true) => (full, if unit.event { theme.good() } else { theme.heat_ink(0.5) }),
            _ if x == zero => (thin, theme.dim()),
            _ => continue,
        };
        put_at(buf, area, (x, 0), symbol, style);
    }
}

/// Draws the selected unit: its gates, how its value is sent, its bytes, its receivers.
fn selected(view: &View<'_>, page: &NeuronsView, of: &UnitLinks, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let Some(unit) = page.units.iter().find(|unit| unit.number == of.number) else { return };
    let who = format!("{} unit {}", view.layer_name(unit.layer), unit.unit);
    let gates = format!("  z {:.3} r {:.3} g {:.3}", unit.z, unit.r, unit.g);
    let head = vec![Span::styled(who, theme.accent()), Span::styled(gates, theme.dim())];
    links(view, Line::from(head), of, area, buf);
}

/// Draws a unit below its headline: how its value is sent, its bytes, its receivers.
pub(super) fn links(view: &View<'_>, head: Line<'_>, of: &UnitLinks, area: Rect, buf: &mut Buffer) {
    let (theme, state) = (view.theme(), &view.app.pe);
    let room = usize::from(area.width);
    let mut rest = put_line(buf, area, head);
    let rows = if area.height >= 8 { 3 } else { 1 };
    for line in wrap(&of.packet, room, rows) {
        rest = put_line(buf, rest, Line::raw(line));
    }
    // On a small screen the list below ends within the unit's bytes: name the receivers here, too.
    let heard = of.heard();
    if !heard.is_empty() {
        for line in wrap(&format!("heard by {heard}"), room, rows) {
            rest = put_line(buf, rest, Line::styled(line, theme.strong()));
        }
    }
    let links = of.links(view.app.selected.index());
    let rows = usize::from(rest.height);
    let first = state.link.unwrap_or(0).saturating_sub(rows / 2).min(links.len().saturating_sub(rows));
    for (number, link) in links.iter().enumerate().skip(first).take(rows) {
        let here = state.link == Some(number);
        let style = if here { theme.cursor() } else { theme.text() };
        let text = if number < of.spots.len() {
            format!("{:05x} {}", link.place.at, link.to)
        } else {
            format!("→ {}", link.to)
        };
        rest = put_line(buf, rest, Line::styled(shorten(&text, room), style));
    }
}
