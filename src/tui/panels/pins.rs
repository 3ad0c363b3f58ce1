//! Panel 0: pinned expressions, each with its value now and a chart of its values at the ends of
//! the last time steps. The chart ends at the step that is shown, also after a step back.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{PanelId, View};
use crate::session::snapshot::WatchView;
use crate::text::wrapped;
use crate::tui::command::{Action, find};
use crate::tui::panels::frame::frame;
use crate::tui::theme::Glyphs;
use crate::tui::widgets::{
    bars, columns_from, put_at, put_line, put_pair, rows_from, rows_to, shorten, units,
};

/// Columns of the figures at the left of a chart.
const SCALE: u16 = 10;
/// Fewest rows of a pin that has a chart of its own.
const CHART_FROM: u16 = 3;
/// Share of its height that a chart has where its value is the least that is shown.
const LEAST: f32 = 0.02;

/// Ratio of the greatest to the least value from which on a chart is logarithmic.
const WIDE: f64 = 100.0;

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let pins = &view.snapshot.watches;
    let inner = frame(view, PanelId::Pins, &head(view, area.width), keys(view), area, buf);
    let inner =
        if inner.width > 4 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner };
    if pins.is_empty() {
        return explain(view, inner, buf);
    }
    let selected = view.app.pin.min(pins.len() - 1);
    let room = inner.height.max(1);
    let shown = (pins.len() as u16).min(room);
    // The selected pin stays in sight.
    let first = (selected + 1).saturating_sub(usize::from(shown));
    let each = (room / shown).max(1);
    let mut rest = inner;
    for (at, pin) in pins.iter().enumerate().skip(first).take(usize::from(shown)) {
        draw_pin(view, pin, at == selected, rows_to(rest, each), buf);
        rest = rows_from(rest, each);
    }
}

/// Returns the number of values in a column of a chart.
fn in_column(view: &View<'_>) -> usize {
    if view.theme().glyphs == Glyphs::Braille { 2 } else { 1 }
}

/// Names the steps that charts show in a panel of `width` columns.
fn head(view: &View<'_>, width: u16) -> String {
    let steps = view.snapshot.steps;
    let columns = usize::from(width.saturating_sub(SCALE + 4)) * in_column(view);
    let first = (steps + 1).saturating_sub(columns as u64);
    let since = view.snapshot.watches.iter().map(|pin| pin.since).min();
    match since.filter(|&since| since <= steps) {
        Some(since) => format!("{}s {} to {steps}", view.step_word(), since.max(first)),
        None => String::new(),
    }
}

/// Returns the line with the keys of the panel.
fn keys(view: &View<'_>) -> Line<'static> {
    let theme = view.theme();
    let mut spans = Vec::new();
    for (action, word) in [(Action::Pin, "pin"), (Action::Unpin, "remove"), (Action::ExportPins, "as CSV")] {
        let Some(command) = find(action) else { continue };
        let key = view.app.keymap.keys_of(command).next();
        let key = key.map_or_else(|| format!(":{}", command.id), |key| key.to_string());
        let gap = if spans.is_empty() { "" } else { " · " };
        spans.push(Span::styled(format!("{gap}{key}"), theme.accent()));
        spans.push(Span::styled(format!(" {word}"), theme.dim()));
    }
    Line::from(spans)
}

/// Draws an explanation of how to pin a value.
fn explain(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let key = find(Action::Pin).and_then(|command| view.app.keymap.keys_of(command).next());
    let key = key.map_or_else(|| ":pin".to_owned(), |key| key.to_string());
    let layer = view.snapshot.setup.layers.last().map_or("layer", |layer| layer.name.as_str());
    let field = if view.kind().unit_word == "neuron" { "v" } else { "c" };
    let text = format!(
        "Nothing is pinned. {key} pins a value, and this panel shows it over time: power, step_us, \
         unit(\"{layer}\", 0).{field}, {layer}.activity, max_link_load. Tab lists what there is; in \
         the PE panel {key} proposes what is under the cursor."
    );
    let mut rest = area;
    for row in wrapped(&text, usize::from(area.width).max(1)) {
        rest = put_line(buf, rest, Line::styled(row, theme.dim()));
    }
}

fn draw_pin(view: &View<'_>, pin: &WatchView, selected: bool, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let mark = if selected && theme.marks() { '>' } else { ' ' };
    let style = if selected { theme.selected() } else { theme.strong() };
    let name = Line::from(vec![Span::styled(format!("{mark}{} {}", pin.id, pin.text), style)]);
    let now = if pin.error.is_some() { String::new() } else { pin.now.clone() };
    let mut rest = put_pair(buf, area, name, Line::raw(now));
    if let Some(error) = &pin.error {
        for row in wrapped(error, usize::from(rest.width).max(1)) {
            rest = put_line(buf, rest, Line::styled(row, theme.bad()));
        }
    } else if !pin.words.is_empty() {
        words(view, pin, rest, buf);
    } else if area.height >= CHART_FROM {
        // A row of air between pins.
        let chart = if rest.height > 3 { rows_to(rest, rest.height - 1) } else { rest };
        draw_chart(view, pin, chart, buf);
    }
}

/// Draws the words of the last steps, the last one at the end.
fn words(view: &View<'_>, pin: &WatchView, area: Rect, buf: &mut Buffer) {
    let room = usize::from(area.width) * usize::from(area.height);
    let mut length = 0;
    let fits = |word: &&String| {
        length += Span::raw(word.as_str()).width() + 1;
        length < room
    };
    let mut last: Vec<&str> = pin.words.iter().rev().take_while(fits).map(String::as_str).collect();
    last.reverse();
    let rows = wrapped(&last.join(" "), usize::from(area.width).max(1));
    let mut rest = area;
    for row in rows.iter().skip(rows.len().saturating_sub(usize::from(area.height))) {
        rest = put_line(buf, rest, Line::styled(row.clone(), view.theme().text()));
    }
}

/// The axis of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    /// Value at the bottom.
    low: f64,
    /// Value at the top.
    high: f64,
    /// Whether equal ratios are equally high: else one great value would flatten all others.
    logarithmic: bool,
}

impl Axis {
    /// Returns the axis of these values: from 0, unless all are in the upper half or they are far
    /// apart. `None` without a value.
    fn of(values: &[Option<f64>]) -> Option<Self> {
        let mut known = values.iter().flatten().copied().filter(|value| value.is_finite());
        let first = known.next()?;
        let (low, high) = known.fold((first, first), |(low, high), value| (low.min(value), high.max(value)));
        let logarithmic = low > 0.0 && high >= WIDE * low;
        let (low, high) = if logarithmic {
            (low, high)
        } else if low >= 0.0 && low <= high / 2.0 {
            (0.0, high)
        } else if high <= 0.0 && high >= low / 2.0 {
            (low, 0.0)
        } else {
            (low, high)
        };
        Some(Self { low, high, logarithmic })
    }

    /// Returns the axis on which all values are equally high: for ends that read alike, which
    /// differ by rounding only.
    fn flat(self) -> Self {
        Self { high: self.low, ..self }
    }

    /// Returns the height of a value, 0 to 1.
    fn share(self, value: f64) -> f32 {
        let Self { low, high, logarithmic } = self;
        if !value.is_finite() || (high <= low && value == 0.0) {
            return 0.0;
        }
        if high <= low {
            return 0.5;
        }
        let share =
            if logarithmic { (value / low).ln() / (high / low).ln() } else { (value - low) / (high - low) };
        // Of values from 0 on, 0 is nothing; elsewhere the least one is seen.
        if low == 0.0 { share as f32 } else { (share as f32).max(LEAST) }
    }
}

/// Formats both ends of a chart, with further digits where few would make them look alike.
fn labels(low: f64, high: f64) -> [String; 2] {
    let ends = [low, high];
    let width = usize::from(SCALE) - 1;
    let short = ends.map(units::short_number);
    let texts = if short[0] == short[1] && low < high { ends.map(|end| format!("{end:.7}")) } else { short };
    texts.map(|text| {
        if text.len() > width && text.contains('.') {
            text[..width].to_owned()
        } else {
            shorten(&text, width)
        }
    })
}

fn draw_chart(view: &View<'_>, pin: &WatchView, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let cells = columns_from(area, SCALE);
    if cells.is_empty() {
        return;
    }
    let columns = usize::from(cells.width) * in_column(view);
    let shown = &pin.values[pin.values.len().saturating_sub(columns)..];
    let Some(axis) = Axis::of(shown) else { return };
    let [bottom, top] = labels(axis.low, axis.high);
    let axis = if bottom == top { axis.flat() } else { axis };
    put_at(buf, area, (0, 0), &top, theme.dim());
    if area.height > 1 {
        put_at(buf, area, (0, area.height - 1), &bottom, theme.dim());
    }
    if axis.logarithmic && area.height > 2 {
        put_at(buf, area, (0, 1), "log", theme.dim());
    }
    let shares: Vec<f32> = shown.iter().map(|value| value.map_or(0.0, |value| axis.share(value))).collect();
    bars::spark(buf, cells, &shares, 1.0, theme, |_| theme.accent());
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "ends of an axis are values that were given")]
mod tests {
    use super::*;

    #[test]
    fn values_far_apart_have_a_logarithmic_axis() {
        let axis = |values: &[f64]| Axis::of(&values.iter().copied().map(Some).collect::<Vec<_>>()).unwrap();
        let wide = axis(&[4453.0, 15.0, 44.53]);
        assert!(wide.logarithmic && wide.low == 15.0, "{wide:?}");
        assert!((wide.share(15.0 * (4453.0_f64 / 15.0).sqrt()) - 0.5).abs() < 1e-6);
        assert_eq!((wide.share(4453.0), wide.share(15.0)), (1.0, LEAST));
        let near = axis(&[99.0, 1.0]);
        assert_eq!(near, Axis { low: 0.0, high: 99.0, logarithmic: false });
        assert!(!axis(&[1000.0, 0.0]).logarithmic, "0 has no logarithm");
        assert_eq!(axis(&[3.0, 2.0]).low, 2.0);
        assert_eq!(axis(&[2.0, 2.0]).share(2.0), 0.5);
        assert_eq!(axis(&[0.0, 0.0]).share(0.0), 0.0);
        let power = axis(&[0.272_742_1, 0.272_742_100_000_1]);
        let [bottom, top] = labels(power.low, power.high);
        assert_eq!((bottom == top, power.flat().share(power.high)), (true, 0.5));
    }

    #[test]
    fn ends_that_are_close_have_further_digits() {
        assert_eq!(labels(150.0, 160.0), ["150.00", "160.00"]);
        assert_eq!(labels(0.272_695, 0.272_711), ["0.2726950", "0.2727110"]);
        assert_eq!(labels(1234.561, 1234.562), ["1234.5610", "1234.5620"]);
        assert_eq!(labels(2.0, 2.0), ["2.0000", "2.0000"]);
    }

    #[test]
    fn a_chart_begins_at_0_unless_its_values_are_far_from_it() {
        let of = |values: &[Option<f64>]| Axis::of(values).map(|axis| (axis.low, axis.high));
        let ends = |values: &[f64]| of(&values.iter().copied().map(Some).collect::<Vec<_>>());
        assert_eq!(ends(&[3.0, 12.0]), Some((0.0, 12.0)));
        assert_eq!(ends(&[150.0, 160.0]), Some((150.0, 160.0)));
        assert_eq!(ends(&[-1.0, 2.0, f64::NAN]), Some((-1.0, 2.0)));
        assert_eq!(ends(&[-4.0, -1.0]), Some((-4.0, 0.0)));
        assert_eq!(ends(&[f64::NAN]), None);
        assert_eq!(of(&[None, Some(2.0)]), Some((2.0, 2.0)));
    }
}
