//! Panel 6: how much of the network is silent. Per layer: zero weights, units that sent an event in
//! this time step and on average, products without a 0 as a share of the dense ones and their
//! energy, and the activity over the last time steps. The expanded panel lists the matrices or
//! projections.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{PanelId, View};
use crate::session::counts::Products;
use crate::session::snapshot::{Counts, LayerSetup, LayerView};
use crate::text::{several, visible_line};
use crate::tui::heat::nice_ceiling;
use crate::tui::panels::frame::frame;
use crate::tui::theme::Theme;
use crate::tui::widgets::{bars, columns_from, put_at, put_line, put_right, rows_from, rows_to, units};

/// Rows of a layer without its chart and its products.
const TEXT_ROWS: u16 = 3;
/// Columns of the names before figures.
const NAME: u16 = 14;
/// Fewest rows of a layer in which its products have one.
const PRODUCTS_FROM: u16 = 5;
/// Fewest rows of a layer in which its units' extremes have one.
const FIRING_FROM: u16 = 9;
/// Fewest rows in the expanded panel, where they come before the chart.
const FIRING_EXPANDED: u16 = 6;
/// Fewest rows of a layer in which its matrices or projections have one each.
const PROJECTIONS_FROM: u16 = 11;

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let kind = view.kind();
    let article = if kind.event_word.starts_with('e') { "an" } else { "a" };
    let text = format!("active: {}s that sent {article} {}", kind.unit_word, kind.event_word);
    let legend = Line::from(Span::styled(text, theme.dim()));
    let inner = frame(view, PanelId::Sparsity, "zero weights, events", legend, area, buf);
    let inner =
        if inner.width > 4 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner };
    let layers = &view.snapshot.layers;
    if layers.is_empty() {
        put_line(buf, inner, Line::styled("no layers", theme.dim()));
        return;
    }
    // One scale for all layers, so that their charts can be compared.
    let highest = layers.iter().flat_map(|layer| &layer.activity_history).copied().fold(0.0, f32::max);
    let end = nice_ceiling(highest).clamp(0.05, 1.0);
    let sum = sum_line(view, inner.width).filter(|_| inner.height > (TEXT_ROWS + 1) * layers.len() as u16);
    let each = (inner.height - u16::from(sum.is_some())) / layers.len() as u16;
    let mut rest = inner;
    for (index, layer) in layers.iter().zip(&view.snapshot.setup.layers).enumerate() {
        let rows = if each >= 2 { each } else { 1 };
        draw_layer(view, (index, layer), end, rows_to(rest, rows), buf);
        rest = rows_from(rest, rows);
    }
    if let Some(sum) = sum {
        put_line(buf, rows_from(inner, inner.height - 1), Line::styled(sum, theme.dim()));
    }
}

/// Returns the first text of at most `width` columns, or the last one.
fn fitting(texts: &[String], width: u16) -> String {
    let fits = |text: &&String| text.chars().count() <= usize::from(width);
    texts.iter().find(fits).or(texts.last()).cloned().unwrap_or_default()
}

/// Returns the products of the whole network in the longest wording that fits; `None` before any.
fn sum_line(view: &View<'_>, width: u16) -> Option<String> {
    let counts = &view.snapshot.counts;
    let energy = units::small_joules(counts.total.energy_per_synop_j?);
    let [whole, short, least] = products_words(counts, &counts.total.products);
    let texts = [
        format!("all: {whole} · {energy} of the chip each"),
        format!("all: {short} · {energy} each"),
        format!("all: {least} · {energy} each"),
        format!("all: {least}"),
    ];
    Some(fitting(&texts, width))
}

/// Returns the products without a 0 and their share of the dense ones, longest wording first.
fn products_words(counts: &Counts, products: &Products) -> [String; 3] {
    let what = if counts.accumulates() { "ACs" } else { "MACs" };
    let least =
        format!("{} {what}, {}", units::short_count(products.synops), units::percent(products.share()));
    let short = format!("{least} of {}", units::short_count(products.dense_macs));
    [format!("{short} dense"), short, least]
}

fn draw_layer(
    view: &View<'_>,
    (index, (layer, setup)): (usize, (&LayerView, &LayerSetup)),
    end: f32,
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = view.theme();
    // Before the first step no unit was asked: 0 % would be a figure that is not there yet.
    let idle = view.snapshot.steps == 0;
    let ink = theme.category(index);
    let longest =
        view.snapshot.setup.layers.iter().map(|layer| layer.name.chars().count()).max().unwrap_or(0);
    let column = (longest + 1).max(8);
    let name = Span::styled(format!("{:<column$}", setup.name), ink.patch(theme.strong()));
    if area.height < TEXT_ROWS {
        let brief = if idle {
            format!("zero {}", zero_weights(setup, " "))
        } else {
            format!("active {} mean {}", percent(layer.activity), percent(layer.activity_mean))
        };
        put_line(buf, area, Line::from(vec![name, Span::raw(brief)]));
        return;
    }
    let units = several(u64::from(setup.units), view.kind().unit_word);
    let shape = format!("{units} · {}", several(u64::from(setup.pes), "PE"));
    put_right(buf, area, Line::styled(shape, theme.dim()));
    let rest = put_line(buf, area, Line::from(vec![name]));
    let weights =
        Line::from(vec![Span::styled("zero weights  ", theme.dim()), Span::raw(zero_weights(setup, "  "))]);
    let rest = put_line(buf, rest, weights);
    if idle {
        let when = format!("after the first {}", view.step_word());
        let name = Span::styled(format!("active {}s  ", view.kind().unit_word), theme.dim());
        put_line(buf, rest, Line::from(vec![name, Span::styled(when, theme.dim())]));
        return;
    }
    let activity = Line::from(vec![
        Span::styled(format!("active {}s  ", view.kind().unit_word), theme.dim()),
        Span::styled(percent(layer.activity), theme.strong()),
        Span::styled("  mean ", theme.dim()),
        Span::raw(percent(layer.activity_mean)),
    ]);
    let mut rest = put_line(buf, rest, activity);
    for line in product_lines(view, index, (area.width, area.height)) {
        rest = put_line(buf, rest, line);
    }
    // A line of air between layers, once the charts have something.
    let chart = if rest.height > 3 { rows_to(rest, rest.height - 1) } else { rest };
    history(layer, end, ink, theme, chart, buf);
}

/// Returns the share of zero weights, of W and R separately where a layer has both.
fn zero_weights(layer: &LayerSetup, gap: &str) -> String {
    match layer.matrix_sparsity {
        Some([w, r]) => format!("W {}{gap}R {}", percent(w), percent(r)),
        None => percent(layer.weight_sparsity),
    }
}

/// Returns the lines with a layer's products.
///
/// In many rows, they include its units' firing and the products of its matrices or projections.
fn product_lines(view: &View<'_>, index: usize, (width, rows): (u16, u16)) -> Vec<Line<'static>> {
    let theme = view.theme();
    let counts = &view.snapshot.counts;
    let Some(layer) = counts.layers.get(index).filter(|_| rows >= PRODUCTS_FROM) else { return Vec::new() };
    let width = width.saturating_sub(NAME);
    let name = |name: String| Span::styled(format!("{name:<0$}", usize::from(NAME)), theme.dim());
    let [whole, short, least] = products_words(counts, &layer.products);
    let texts = match layer.active_per_synop_j.map(units::small_joules) {
        Some(each) => [format!("{whole} · {each} each"), format!("{short} · {each}"), short, least],
        None => [whole, short.clone(), short, least],
    };
    let mut lines = vec![Line::from(vec![name("products".to_owned()), Span::raw(fitting(&texts, width))])];
    let firing_from = if view.app.expanded { FIRING_EXPANDED } else { FIRING_FROM };
    if rows >= firing_from
        && let Some(firing) = view.snapshot.layers.get(index).and_then(|layer| layer.firing.as_ref())
    {
        let text = fitting(&firing.words(view.snapshot.steps), width);
        lines.push(Line::from(vec![name("firing".to_owned()), Span::raw(text)]));
    }
    if rows >= PROJECTIONS_FROM {
        let projections = counts.into_layer(&layer.layer).take(usize::from(rows - PROJECTIONS_FROM));
        lines.extend(projections.map(|of| {
            let text = fitting(&products_words(counts, &of.products), width);
            let through = Span::styled(format!("  {}", visible_line(&of.name)), theme.dim());
            Line::from(vec![name(String::new()), Span::raw(text), through])
        }));
    }
    lines
}

fn history(
    layer: &LayerView,
    end: f32,
    ink: ratatui::style::Style,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    // Without bars, no axis either.
    if area.height == 0 || layer.activity_history.is_empty() {
        return;
    }
    let high = format!("{:>3.0} % ", end * 100.0);
    put_at(buf, area, (0, 0), &high, theme.dim());
    if area.height > 1 {
        put_at(buf, area, (0, area.height - 1), "  0 % ", theme.dim());
    }
    bars::spark(buf, columns_from(area, 6), &layer.activity_history, end, theme, |_| ink);
}

fn percent(fraction: f32) -> String {
    units::percent(f64::from(fraction))
}
