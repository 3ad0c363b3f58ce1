//! Panel 6: how much of the network is silent. Per layer: zero weights in W and R, units that sent an event in this
//! token and on average, and the activity over the last tokens.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{PanelId, View};
use crate::session::snapshot::LayerView;
use crate::tui::heat::nice_ceiling;
use crate::tui::panels::frame::frame;
use crate::tui::theme::Theme;
use crate::tui::widgets::{bars, columns_from, put_at, put_line, put_right, rows_from, rows_to, units};

/// Rows of a layer without its chart.
const TEXT_ROWS: u16 = 3;

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let legend = Line::from(Span::styled("active: units that sent an event", theme.dim()));
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
    let each = inner.height / layers.len() as u16;
    let mut rest = inner;
    for (index, layer) in layers.iter().enumerate() {
        let rows = if each >= 2 { each } else { 1 };
        draw_layer(view, (index, layer), end, rows_to(rest, rows), buf);
        rest = rows_from(rest, rows);
    }
}

fn draw_layer(view: &View<'_>, (index, layer): (usize, &LayerView), end: f32, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    // Before the first step no unit was asked: 0 % would be a figure that is not there yet.
    let idle = view.snapshot.steps == 0;
    let ink = theme.category(index);
    let name = Span::styled(format!("{:<8}", layer.name), ink.patch(theme.strong()));
    if area.height < TEXT_ROWS {
        let brief = if idle {
            format!("zero W {} R {}", percent(layer.kernel_sparsity), percent(layer.recurrent_sparsity))
        } else {
            format!("active {} mean {}", percent(layer.activity), percent(layer.activity_mean))
        };
        put_line(buf, area, Line::from(vec![name, Span::raw(brief)]));
        return;
    }
    let shape = format!("{} units · {} PEs", units::count(u64::from(layer.units)), layer.pes);
    put_right(buf, area, Line::styled(shape, theme.dim()));
    let rest = put_line(buf, area, Line::from(vec![name]));
    let weights = Line::from(vec![
        Span::styled("zero weights  ", theme.dim()),
        Span::raw(format!("W {}  R {}", percent(layer.kernel_sparsity), percent(layer.recurrent_sparsity))),
    ]);
    let rest = put_line(buf, rest, weights);
    if idle {
        let when = format!("after the first {}", view.step_word());
        let name = Span::styled("active units  ", theme.dim());
        put_line(buf, rest, Line::from(vec![name, Span::styled(when, theme.dim())]));
        return;
    }
    let activity = Line::from(vec![
        Span::styled("active units  ", theme.dim()),
        Span::styled(percent(layer.activity), theme.strong()),
        Span::styled("  mean ", theme.dim()),
        Span::raw(percent(layer.activity_mean)),
    ]);
    let rest = put_line(buf, rest, activity);
    // A line of air between layers, once the charts have something.
    let chart = if rest.height > 3 { rows_to(rest, rest.height - 1) } else { rest };
    history(layer, end, ink, theme, chart, buf);
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
