//! Panel 1: the floor plan as a heat map, with the selected PE in words below it.
//!
//! ```text
//! ╭>1 Chip ───────────────── activity ─╮
//! │ 6 ▒▒▒▒ ▒▒▒▒ ▒▒▒▒ ▒▒▒▒ ▒▒▒▒ ... │  a PE: colour and digit, tenths of the scale
//! │ 5 ▒▒▒▒ ▒▒▒▒ ...                │  ·  a PE without a program
//! │ ...                            │  >  the selected one
//! │    1    2    3    4   ...      │
//! │ PE(3,5,1) rnns.1 · R·y         │  what it does
//! │ act 11.1 %  duty 93.0 %  ...   │  more lines where there is room
//! ╰ activity 0 0123456789 20 % · this token ╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use super::{PanelId, View};
use crate::chip::geometry::Pe;
use crate::session::snapshot::{Legend, PeDetail, PeStatus, PeView};
use crate::text::several;
use crate::tui::heat::{Metric, Window, sram_fill};
use crate::tui::panels::frame::frame;
use crate::tui::teaching;
use crate::tui::theme::ramp::digit;
use crate::tui::widgets::floor_plan::FloorPlan;
use crate::tui::widgets::{
    bars, columns_from, columns_to, legend, put_at, put_line, put_pair, put_right, rows_from, rows_to, units,
};

/// Rows of the readout below the plan.
pub const READOUT_ROWS: u16 = 2;
/// Columns from which one line of the readout has room for `non-zeros` in place of `nnz`.
const WORDS_COLUMNS: u16 = 42;
/// Columns of the detail beside an expanded plan.
const DETAIL_COLUMNS: u16 = 46;

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let title = match view.snapshot.noc.board.chips.get(view.app.selected.chip().index()) {
        Some((x, y)) if view.snapshot.noc.board.chips.len() > 1 => {
            format!("{} ({x},{y}) {}", view.app.selected.chip(), title(view))
        }
        _ => title(view).to_owned(),
    };
    let inner = frame(view, PanelId::Chip, &title, legend_line(view), area, buf);
    let (plan_area, detail_area) = areas(view, inner);
    if let Some(detail) = view.detail() {
        pe_detail(view, detail, detail_area, buf);
    }
    if let Some((plan, has_readout)) = fitting(plan_area) {
        draw_plan(view, &plan, buf);
        if has_readout {
            readout(view, rows_from(plan_area, plan.rows()), buf);
        }
    } else {
        let rest = readout(view, plan_area, buf);
        ranking(view, rest, buf);
    }
}

/// Returns the areas of the plan and of the detail beside it; the latter is empty without one.
fn areas(view: &View<'_>, inner: Rect) -> (Rect, Rect) {
    match view.detail() {
        Some(_) if view.app.expanded && inner.width >= 36 + DETAIL_COLUMNS => {
            let left = inner.width - DETAIL_COLUMNS;
            (columns_to(inner, left), columns_from(inner, left + 2))
        }
        _ => (inner, Rect::default()),
    }
}

/// Returns the largest plan that fits, and whether there is room for the readout below it.
fn fitting(area: Rect) -> Option<(FloorPlan, bool)> {
    let room = Rect { height: area.height.saturating_sub(READOUT_ROWS), ..area };
    let with_readout = FloorPlan::fit(room).map(|plan| (plan, true));
    with_readout.or_else(|| FloorPlan::fit(area).map(|plan| (plan, false)))
}

/// Returns the PE that the panel in `area` draws at a column and row of the screen.
pub fn pe_at(view: &View<'_>, area: Rect, at: Position) -> Option<Pe> {
    let (plan_area, _) = areas(view, Block::bordered().inner(area));
    fitting(plan_area)?.0.pe_at(view.app.selected.chip(), at)
}

/// Lists the PEs with the highest values, or each layer's number of PEs, if the plan does not fit.
fn ranking(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let (app, theme) = (view.app, view.theme());
    if app.shown_metric() == Metric::Layer {
        let mut rest = area;
        for (index, layer) in view.snapshot.setup.layers.iter().enumerate() {
            let mark = Span::styled(layer_mark(index).to_string(), theme.category_cell(index));
            let name = Line::from(vec![mark, Span::raw(format!(" {}", layer.name))]);
            rest = put_pair(buf, rest, name, Line::raw(format!("{} PEs", layer.pes)));
        }
        return;
    }
    let value = |pe: Pe| app.shown_metric().value(view.pe(pe)?, app.window).filter(|value| value.is_finite());
    let mut pes: Vec<(Pe, f32)> = view.places().filter_map(|pe| Some((pe, value(pe)?))).collect();
    pes.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.index().cmp(&b.0.index())));
    let mut rest = put_line(buf, area, Line::styled(format!("highest {}", title(view)), theme.strong()));
    for (pe, value) in pes.into_iter().take(usize::from(rest.height)) {
        let fraction = app.scales.fraction(app.shown_metric(), value);
        let (style, mark) = cell_look(view, Some(value));
        let row = rows_to(rest, 1);
        put_at(buf, row, (0, 0), &mark.to_string(), style);
        let name = if pe == app.selected { theme.selected() } else { theme.text() };
        put_at(buf, row, (2, 0), &pe.to_string(), name);
        let figure = app.shown_metric().format(value);
        let bar = columns_from(row, 12);
        let bar = columns_to(bar, bar.width.saturating_sub(figure.chars().count() as u16 + 1));
        bars::bar(buf, bar, f64::from(fraction), theme.heat_ink(fraction), theme);
        put_right(buf, row, Line::raw(figure));
        rest = rows_from(rest, 1);
    }
}

/// Returns the name of the shown metric; the activity of spiking neurons is called rate.
fn title(view: &View<'_>) -> &'static str {
    match view.app.shown_metric() {
        Metric::Activity if view.kind().event_word == "spike" => "rate",
        metric => metric.name(),
    }
}

fn legend_line(view: &View<'_>) -> Line<'static> {
    let (metric, theme) = (view.app.shown_metric(), view.theme());
    if metric == Metric::Layer {
        let mut spans = Vec::new();
        for (index, layer) in view.snapshot.setup.layers.iter().enumerate() {
            spans.push(Span::styled(layer_mark(index).to_string(), theme.category_cell(index)));
            spans.push(Span::styled(format!(" {} ", layer.name), theme.dim()));
        }
        return Line::from(spans);
    }
    let end = metric.format_end(view.app.scales.end(metric));
    // The name stands in the title.
    legend::ramp("", "0", &end, &metric.window(view.app.window, view.step_word()), theme)
}

/// Returns the mark of a layer in a PE's cell: a digit, then letters.
fn layer_mark(index: usize) -> char {
    char::from_digit(index as u32 % 36, 36).unwrap_or('?')
}

fn draw_plan(view: &View<'_>, plan: &FloorPlan, buf: &mut Buffer) {
    plan.draw_background(buf, view.theme());
    for pe in view.chip_places() {
        if let Some(state) = view.pe(pe) {
            draw_pe(view, plan.pe_area(pe), pe, state, buf);
        }
    }
}

fn draw_pe(view: &View<'_>, area: Rect, pe: Pe, state: &PeView, buf: &mut Buffer) {
    let (app, theme) = (view.app, view.theme());
    let value = app.shown_metric().value(state, app.window);
    let (mut style, mark) = cell_look(view, value);
    let selected = pe == app.selected;
    if selected {
        style = style.patch(theme.cursor());
    }
    let stopped = stopped_mark(state.status).or(overrun_mark(view, state));
    if stopped.is_some() {
        style = style.patch(theme.bad());
    }
    // Also the paint under the text: a PE is a block of colour.
    for y in 0..area.height {
        put_at(buf, area, (0, y), &" ".repeat(usize::from(area.width)), style);
    }
    let text = if let Some(mark) = stopped {
        mark.to_owned()
    } else if area.width >= 4 && app.shown_metric() != Metric::Layer {
        value.map_or_else(|| mark.to_string(), |value| long_value(app.shown_metric(), value))
    } else {
        mark.to_string()
    };
    let column = if area.width <= 3 { 1 } else { (area.width.saturating_sub(text.len() as u16)).div_ceil(2) };
    put_at(buf, area, (column, (area.height - 1) / 2), &text, style);
    if area.height >= 2 {
        let below = Rect { y: area.y + (area.height - 1) / 2 + 1, height: 1, ..area };
        let status = status_mark(&view.snapshot.setup.legend, state);
        let column = (area.width.saturating_sub(status.chars().count() as u16)).div_ceil(2);
        let faint = if selected { style } else { style.remove_modifier(Modifier::BOLD) };
        put_at(buf, below, (column, 0), status, faint);
    }
    if teaching::marks_pe(app, pe) {
        // In reverse and with a sign: seen in any heat, and without colours.
        put_at(buf, area, (0, 0), &">>"[..usize::from(area.width.min(2))], theme.cursor());
    } else if selected {
        put_at(buf, area, (0, (area.height - 1) / 2), ">", style);
    }
}

/// Returns the style and the one-character mark of a PE's cell.
pub fn cell_look(view: &View<'_>, value: Option<f32>) -> (Style, char) {
    let (app, theme) = (view.app, view.theme());
    match value {
        None => (theme.dim(), '.'),
        Some(value) if app.shown_metric() == Metric::Layer => {
            (theme.category_cell(value as usize), layer_mark(value as usize))
        }
        Some(value) => {
            let fraction = app.scales.fraction(app.shown_metric(), value);
            (theme.heat(fraction), digit(fraction))
        }
    }
}

/// Formats a value for a cell of four columns or more, in per cent or µJ.
fn long_value(metric: Metric, value: f32) -> String {
    match metric {
        Metric::Energy if value >= 100.0 => format!("{value:.0}"),
        Metric::Energy => format!("{value:.1}"),
        _ => format!("{:.0}", value * 100.0),
    }
}

/// Returns the PE's activity in at most four characters.
fn status_mark(legend: &Legend, state: &PeView) -> &'static str {
    match state.status {
        PeStatus::Unused => "",
        PeStatus::Sleeping => "z",
        PeStatus::Polling => "·",
        PeStatus::Dma => "dma",
        PeStatus::Halted => "halt",
        PeStatus::Faulted => "!!",
        PeStatus::Busy => state.phase.map_or("", |phase| legend.words(phase).mark),
    }
}

/// Returns the mark in place of the value in the cell of a stopped PE; it needs no colours.
const fn stopped_mark(status: PeStatus) -> Option<&'static str> {
    match status {
        PeStatus::Halted => Some("X"),
        PeStatus::Faulted => Some("!"),
        _ => None,
    }
}

/// Returns the mark of a PE that has overrun, where the plan shows how much of a tick PEs need.
fn overrun_mark(view: &View<'_>, state: &PeView) -> Option<&'static str> {
    let tick = state.tick.filter(|_| view.app.shown_metric() == Metric::Tick)?;
    let late = match view.app.window {
        Window::Step => tick.last > 1.0,
        Window::Mean => tick.overruns > 0,
    };
    late.then_some("!")
}

fn status_word(legend: &Legend, state: &PeView) -> String {
    let phase = state.phase.map(|phase| legend.words(phase).words);
    match (state.status, phase) {
        (PeStatus::Unused, _) => "no program".to_owned(),
        (PeStatus::Sleeping, _) => "asleep (WFI)".to_owned(),
        (PeStatus::Polling, _) => "polling".to_owned(),
        (PeStatus::Dma, _) => "waits for DMA".to_owned(),
        (PeStatus::Halted, _) => "HALTED (fault)".to_owned(),
        (PeStatus::Faulted, _) => "stopped by a fault".to_owned(),
        (PeStatus::Busy, Some(phase)) => phase.to_owned(),
        (PeStatus::Busy, None) => "busy".to_owned(),
    }
}

/// Describes the selected PE in two lines, more where there is room; returns the area below.
pub fn readout(view: &View<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let (app, theme) = (view.app, view.theme());
    let Some(state) = view.pe(app.selected) else { return area };
    let mut first = vec![Span::styled(app.selected.to_string(), theme.accent())];
    if let Some(layer) = state.layer {
        first.push(Span::styled(format!(" {}", view.layer_name(layer)), theme.category(usize::from(layer))));
    }
    first.push(Span::raw(format!(" {}", status_word(&view.snapshot.setup.legend, state))));
    let mut first = Line::from(first);
    let units = format!(" · {}", several(u64::from(state.units), view.kind().unit_word));
    if state.units > 0 && first.width() + units.chars().count() <= usize::from(area.width) {
        first.spans.push(Span::styled(units, theme.dim()));
    }
    let rest = put_line(buf, area, first);
    if state.status == PeStatus::Unused {
        return rest;
    }
    let (activity, duty) = match app.window {
        Window::Step => (state.activity, state.duty),
        Window::Mean => (state.activity_mean, state.duty_mean),
    };
    let nonzeros = if rest.height > 1 || rest.width >= WORDS_COLUMNS { "non-zeros" } else { "nnz" };
    let active = if view.kind().event_word == "spike" { "rate" } else { "act" };
    let pairs = [
        (active, Metric::Activity.format(activity)),
        ("duty", Metric::Duty.format(duty)),
        (nonzeros, units::count(u64::from(state.nonzeros))),
        ("SRAM", Metric::Sram.format(sram_fill(state))),
        ("", Metric::Energy.format(state.energy_uj)),
    ];
    // Before the first time step only what the mapper knows is a figure.
    let known = if view.snapshot.steps == 0 { &pairs[2..4] } else { &pairs[..] };
    pair_lines(view, known, rest, buf)
}

/// Writes `name value` pairs in as many lines as the area has, as far as they fit whole.
fn pair_lines(view: &View<'_>, pairs: &[(&str, String)], area: Rect, buf: &mut Buffer) -> Rect {
    let width = usize::from(area.width);
    let mut rest = area;
    let mut line = Line::default();
    for (name, value) in pairs {
        let label = if name.is_empty() { String::new() } else { format!("{name} ") };
        let long = label.chars().count() + value.chars().count();
        if !line.spans.is_empty() && line.width() + 2 + long > width {
            rest = put_line(buf, rest, std::mem::take(&mut line));
        }
        let gap = if line.spans.is_empty() { "" } else { "  " };
        if rest.is_empty() || gap.len() + long > width {
            break;
        }
        line.spans.push(Span::styled(format!("{gap}{label}"), view.theme().dim()));
        line.spans.push(Span::raw(value.clone()));
    }
    if line.spans.is_empty() { rest } else { put_line(buf, rest, line) }
}

/// Draws the internals of the selected PE, beside an expanded plan.
fn pe_detail(view: &View<'_>, detail: &PeDetail, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let mut rest = put_line(buf, area, Line::styled(view.app.selected.to_string(), theme.accent()));
    rest = put_line(buf, rest, Line::raw(detail.operation.clone()));
    let facts = [
        ("input blocks", format!("{} of {}", detail.arrivals.0, detail.arrivals.1)),
        (
            "packets in, out",
            format!("{}, {}", units::count(detail.packets.0), units::count(detail.packets.1)),
        ),
        ("interrupts", units::count(detail.interrupts)),
    ];
    for (name, value) in facts {
        let line = Line::from(vec![Span::styled(format!("{name:<16} "), theme.dim()), Span::raw(value)]);
        rest = put_line(buf, rest, line);
    }
    rest = put_line(
        buf,
        rows_from(rest, 1),
        Line::styled(format!("phases, this {} (µs)", view.step_word()), theme.strong()),
    );
    let legend = &view.snapshot.setup.legend;
    for (phase, us) in &detail.phases {
        let name = Span::styled(format!("{:<14} ", legend.phase(*phase)), theme.phase(legend.role(*phase)));
        rest = put_line(buf, rest, Line::from(vec![name, Span::raw(format!("{us:>9.1}"))]));
    }
    if !detail.timer_log.is_empty() {
        let newest = detail.timer_log.iter().rev().take(8).rev();
        let log = newest.map(u32::to_string).collect::<Vec<_>>().join(" ");
        rest = put_line(buf, rows_from(rest, 1), Line::styled("timer log (µs, truncated)", theme.strong()));
        rest = put_line(buf, rest, Line::raw(log));
    }
    rest = put_line(
        buf,
        rows_from(rest, 1),
        Line::styled(
            if view.kind().unit_word == "neuron" {
                "neuron       v     spikes"
            } else {
                "unit         c          y"
            },
            theme.strong(),
        ),
    );
    for &(unit, c, y) in &detail.units {
        let event = if y == 0.0 {
            Span::styled("         ·", theme.dim())
        } else {
            Span::styled(format!("{y:>10.4}"), theme.good())
        };
        rest = put_line(buf, rest, Line::from(vec![Span::raw(format!("{unit:>4} {c:>10.4} ")), event]));
    }
}
