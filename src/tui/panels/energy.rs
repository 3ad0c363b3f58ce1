//! Panel 7: power, and where the energy goes. The parts since the start with bars, energy per
//! token or frame over the last ones, and the PEs that used most. What no source gives an energy
//! for says so.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{PanelId, View, idle};
use crate::chip::clock::us;
use crate::chip::geometry::Pe;
use crate::session::snapshot::{PeView, PhaseRole, PopulationId};
use crate::tui::heat::nice_ceiling;
use crate::tui::panels::frame::frame;
use crate::tui::widgets::{
    bars, columns_from, columns_to, put_at, put_line, put_pair, put_right, rows_from, rows_to, shorten, units,
};

/// Columns from which parts and PEs stand side by side.
const SIDE_BY_SIDE: u16 = 92;
/// Columns of the list of PEs.
const LIST_COLUMNS: u16 = 46;
/// Rows of the chart, its heading included.
const CHART_ROWS: u16 = 5;

/// A part of the whole.
struct Part {
    name: String,
    joules: f64,
    style: Style,
    /// Whether no source gives the energy of the part and the scene does not assume one.
    unknown: bool,
}

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let legend = Line::from(vec![
        Span::styled("chip only", theme.dim()),
        Span::styled(" · C: all constants and sources", theme.dim()),
    ]);
    let inner = frame(view, PanelId::Energy, "since start", legend, area, buf);
    let inner =
        if inner.width > 4 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner };
    if view.snapshot.steps == 0 {
        idle(view, PanelId::Energy, inner, buf);
        return;
    }
    let rest = head(view, inner, buf);
    let parts = parts(view);
    let rows = parts.len() as u16;
    if rest.width >= SIDE_BY_SIDE {
        let list = columns_from(rest, rest.width - LIST_COLUMNS);
        let left = columns_to(rest, rest.width - LIST_COLUMNS - 3);
        let below = rows_from(list_parts(view, &parts, left, buf), 1);
        let layers = layers(view);
        // The charts come first; the layers take what is left below them.
        let chart = rows_to(below, below.height.saturating_sub(layers.len() as u16 + 2).clamp(4, 12));
        history(view, chart, buf);
        let rest = rows_from(below, chart.height + 1);
        if rest.height > layers.len() as u16 {
            let heading = Line::styled("operations by layer, share of these", theme.strong());
            list_parts(view, &layers, put_line(buf, rest, heading), buf);
        }
        hottest(view, list, buf);
        return;
    }
    let below = list_parts(view, &parts, rest, buf);
    let room = rest.height.saturating_sub(rows);
    if room <= CHART_ROWS {
        history(view, rows_from(below, u16::from(room > 3)), buf);
        return;
    }
    let chart = rows_from(below, 1);
    history(view, rows_to(chart, CHART_ROWS), buf);
    hottest(view, rows_from(chart, CHART_ROWS + 1), buf);
}

/// Draws power and energy of the chip, and energy of a time step; returns the area below.
fn head(view: &View<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = view.theme();
    let energy = &view.snapshot.energy;
    let figure = |name: &str, text: String| {
        [Span::styled(name.to_owned(), theme.dim()), Span::styled(text, theme.strong()), Span::raw("  ")]
    };
    let mean = energy.energy_j / view.snapshot.steps.max(1) as f64;
    let whole = [
        figure("mean ", format!("{:.3} W", energy.power_w)),
        figure("total ", units::joules(energy.energy_j)),
    ];
    let token = [
        figure(&format!("{}: mean ", view.step_word()), units::joules(mean)),
        figure("this ", units::joules(energy.step_j)),
    ];
    let rest = put_line(buf, area, Line::from(whole.concat()));
    put_line(buf, rest, Line::from(token.concat()))
}

/// Returns the parts in a fixed order: the chip, its PEs, core activity, transport.
fn parts(view: &View<'_>) -> Vec<Part> {
    let theme = view.theme();
    let (energy, assume) = (&view.snapshot.energy.parts, &view.snapshot.setup.assume);
    let part = |name: &str, joules, style| Part { name: name.to_owned(), joules, style, unknown: false };
    let mut parts = vec![
        part("chip, PEs off", energy.chip_j, theme.text()),
        part(&format!("{} PEs, base", view.snapshot.pes.len()), energy.asleep_j, theme.text()),
    ];
    let legend = &view.snapshot.setup.legend;
    for phase in legend.ids() {
        let joules: f64 = energy.phases_j.iter().map(|layer| layer[phase.index()]).sum();
        if joules > 0.0 {
            parts.push(part(legend.phase(phase), joules, theme.phase(legend.role(phase))));
        }
    }
    if energy.mac_j > 0.0 {
        parts.push(part("MAC arrays", energy.mac_j, theme.accent()));
    }
    parts.push(part("interrupts", energy.interrupts_j, theme.text()));
    parts.push(part("polling", energy.polling_j, theme.phase(PhaseRole::Wait)));
    let transport =
        |name: &str, joules, each: f64| Part { unknown: each == 0.0, ..part(name, joules, theme.accent()) };
    parts.push(transport("NoC hops", energy.noc_j, assume.energy_per_hop_pj));
    parts.push(transport("DRAM bytes", energy.dram_j, assume.energy_per_dram_byte_pj));
    parts
}

/// Returns the additional energy of cores in operations, by layer.
fn layers(view: &View<'_>) -> Vec<Part> {
    let layers = view.snapshot.energy.parts.phases_j.iter().enumerate();
    layers
        .map(|(layer, phases)| Part {
            name: view.layer_name(PopulationId::at(layer)).to_owned(),
            joules: phases.iter().sum(),
            style: view.theme().category(layer),
            unknown: false,
        })
        .collect()
}

/// Draws a row for each part (name, bar, joules, share); returns the area below.
fn list_parts(view: &View<'_>, parts: &[Part], area: Rect, buf: &mut Buffer) -> Rect {
    let theme = view.theme();
    let whole: f64 = parts.iter().map(|part| part.joules).sum();
    let most = parts.iter().map(|part| part.joules).fold(0.0, f64::max);
    let mut rest = area;
    for part in parts {
        let row = rows_to(rest, 1);
        put_at(buf, row, (0, 0), &shorten(&part.name, 14), part.style);
        if part.unknown {
            put_right(buf, row, Line::styled("not published (0)", theme.warn()));
        } else {
            let share = if whole > 0.0 { part.joules / whole } else { 0.0 };
            let figures = format!("{:>10} {:>7}", units::joules(part.joules), units::percent(share));
            let bar = columns_from(row, 15);
            let bar = columns_to(bar, bar.width.saturating_sub(figures.chars().count() as u16 + 1));
            bars::bar(buf, bar, if most > 0.0 { part.joules / most } else { 0.0 }, part.style, theme);
            put_right(buf, row, Line::raw(figures));
        }
        rest = rows_from(rest, 1);
    }
    rest
}

/// Draws a chart of the energy of the last time steps.
fn history(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let values = &view.snapshot.energy.history;
    if area.height < 2 || values.is_empty() {
        return;
    }
    let highest = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f32::max);
    let end = nice_ceiling(highest);
    let name = format!("energy per {}, last {}", view.step_word(), values.len());
    let scale = format!("0 to {}", units::joules(f64::from(end)));
    let chart = put_pair(buf, area, Line::styled(name, theme.strong()), Line::styled(scale, theme.dim()));
    bars::spark(buf, chart, values, end, theme, |fraction| theme.heat_ink(fraction));
}

/// Lists the PEs that used most since the start, the busier first where polling makes them equal.
fn hottest(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    if area.height < 2 {
        return;
    }
    let mut pes: Vec<(Pe, &PeView)> = view.places().filter_map(|pe| Some((pe, view.pe(pe)?))).collect();
    let heat = |state: &PeView| (state.energy_total_uj, state.duty_mean);
    pes.sort_by(|(a, first), (b, second)| {
        let (first, second) = (heat(first), heat(second));
        let hotter = second.0.total_cmp(&first.0).then(second.1.total_cmp(&first.1));
        hotter.then(a.index().cmp(&b.index()))
    });
    let wide = area.width >= LIST_COLUMNS;
    let columns = if wide { "energy   mean mW     busy" } else { "energy     busy" };
    let heading = Line::styled("hottest PEs", theme.strong());
    let mut rest = put_pair(buf, area, heading, Line::styled(columns, theme.dim()));
    let seconds = us(view.snapshot.tick) * 1e-6;
    for (pe, state) in pes.into_iter().take(usize::from(rest.height)) {
        let joules = f64::from(state.energy_total_uj) * 1e-6;
        let milliwatts = if seconds > 0.0 { joules / seconds * 1e3 } else { 0.0 };
        let power = if wide { format!("{milliwatts:>9.3} ") } else { String::new() };
        let busy = units::percent(f64::from(state.duty_mean));
        let name_style = if pe == view.app.selected { theme.selected() } else { theme.text() };
        let layer_style = state.layer.map_or_else(Style::default, |layer| theme.category(usize::from(layer)));
        let layer = state.layer.map_or("", |layer| view.layer_name(layer));
        let name = Line::from(vec![
            Span::styled(format!("{:<10}", pe.to_string()), name_style),
            Span::raw(if pe == view.app.selected && theme.marks() { "<" } else { " " }),
            Span::styled(layer, layer_style),
        ]);
        rest = put_pair(buf, rest, name, Line::raw(format!("{}{power}{busy:>8}", units::joules(joules))));
    }
}
