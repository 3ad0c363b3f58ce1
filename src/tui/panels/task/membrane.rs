//! Potentials of pinned neurons over the raster's ticks, with their thresholds.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::raster::{NAMES, Window, field};
use crate::session::snapshot::MembraneView;
use crate::task::spikes::view::SpikeView;
use crate::tui::panels::View;
use crate::tui::widgets::{bars, put_at, rows_from, rows_to, shorten};

/// Draws the potentials, one below the other.
pub(super) fn draw(view: &View<'_>, of: &SpikeView, area: Rect, buf: &mut Buffer) {
    let all = &view.snapshot.membranes;
    let shown = all.len().min(usize::from(area.height / 3));
    let mut rest = area;
    for (number, membrane) in all.iter().take(shown).enumerate() {
        let rows = rest.height / (shown - number) as u16;
        one(view, of, membrane, rows_to(rest, rows), buf);
        rest = rows_from(rest, rows);
    }
}

/// Returns the ends of a chart's scale, which includes 0, the threshold and all finite values.
fn ends(membrane: &MembraneView) -> (f32, f32) {
    let values = membrane.v.iter().copied().chain(membrane.theta).chain([0.0]);
    let finite = values.filter(|value| value.is_finite());
    finite.fold((0.0, 0.0), |(low, high), value| (f32::min(low, value), f32::max(high, value)))
}

/// Formats an end of the scale in about five columns, from 10,000 on with an exponent.
fn short(value: f32) -> String {
    match value.abs() {
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        size if size < 10_000.0 => format!("{value:.0}"),
        _ => format!("{value:.0e}"),
    }
}

fn one(view: &View<'_>, of: &SpikeView, membrane: &MembraneView, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let index = membrane.pin.population.index();
    let names = Rect { width: NAMES, ..area };
    let who = format!("{} {}", membrane.population, membrane.pin.neuron);
    put_at(buf, names, (0, 0), &shorten(&who, usize::from(NAMES)), theme.category(index));
    let theta = theme.glyphs.theta();
    if let Some(value) = membrane.theta {
        put_at(
            buf,
            names,
            (0, 1),
            &shorten(&format!("{theta} {value:.4}"), usize::from(NAMES)),
            theme.warn(),
        );
    }
    if let Some(value) = membrane.v.last() {
        put_at(buf, names, (0, 2), &shorten(&format!("v {value:.4}"), usize::from(NAMES)), theme.text());
    }
    let cells = field(area);
    if cells.width < 2 || area.height == 0 {
        return;
    }
    let (low, high) = ends(membrane);
    if area.height > 3 {
        let text = format!("{}..{}", short(low), short(high));
        put_at(buf, names, (0, 3), &shorten(&text, usize::from(NAMES)), theme.dim());
    }
    let height = f32::from(area.height);
    let share = |value: f32| if high > low { (value - low) / (high - low) } else { 0.0 };
    // Rows count from the top.
    let limit = membrane.theta.map(|theta| {
        let row = ((1.0 - share(theta)) * height).floor();
        row.clamp(0.0, height - 1.0) as u16
    });
    let window = Window::of(of, &view.app.raster, cells.width);
    for x in 0..cells.width {
        let ticks = window.ticks(x);
        let known = ticks.clone().filter_map(|tick| tick.checked_sub(membrane.since)).map(|at| at as usize);
        let known: Vec<usize> = known.filter(|&at| at < membrane.v.len()).collect();
        if ticks.is_empty() {
            continue;
        }
        if let Some(row) = limit {
            put_at(buf, cells, (x, row), theme.glyphs.pick("─", "-"), theme.warn());
        }
        let Some(&last) = known.last() else { continue };
        let filled = share(membrane.v[last]).clamp(0.0, 1.0) * height;
        let spiked = known.iter().any(|&at| membrane.spiked[at]);
        for y in 0..area.height {
            let part = f64::from(filled) - f64::from(y);
            if part <= 0.0 {
                break;
            }
            let symbol = bars::column(part.min(1.0), theme);
            put_at(buf, cells, (x, area.height - 1 - y), symbol, theme.category(index));
        }
        if spiked {
            put_at(buf, cells, (x, 0), "*", theme.good());
        }
    }
}
