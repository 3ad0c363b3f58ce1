//! Neurons of a spiking network: v, θ, spikes, currents, coming sums; links of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::View;
use super::neurons::{links, places};
use crate::session::inspect::{NeuronView, SpikingPage};
use crate::tui::theme::Glyphs;
use crate::tui::widgets::{columns_from, columns_to, put_at, put_line, shorten};

/// Columns of the number of a neuron.
const NEURON: u16 = 6;
/// Columns of a value.
const VALUE: u16 = 8;
/// Columns of the mark of a spike, behind v and θ.
const MARK: u16 = 3;
/// Coming sums that come before the bar where there is room for one.
const FIRST_SUMS: u16 = 4;
/// Fewest and most columns of the bar.
const BAR: (u16, u16) = (9, 31);

pub(super) fn render(view: &View<'_>, page: &SpikingPage, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let rest =
        put_line(buf, area, Line::styled(shorten(&page.ticks(), usize::from(area.width)), theme.dim()));
    let (table, below) = places(view, page.neurons.len(), rest);
    neurons(view, page, table, buf);
    if let Some(of) = &page.links
        && let Some(neuron) = page.neurons.iter().find(|neuron| neuron.number == of.number)
    {
        links(view, headline(view, page, neuron), of, below, buf);
    }
}

/// Returns the selected neuron with its values, in words.
fn headline(view: &View<'_>, page: &SpikingPage, neuron: &NeuronView) -> Line<'static> {
    let theme = view.theme();
    let who = format!("{} neuron {}", page.population, neuron.neuron);
    let theta = theme.glyphs.theta();
    let values = [
        Some(format!("  v {:.4}", neuron.v)),
        neuron.theta.map(|value| format!(" {theta} {value:.4}")),
        neuron.i.map(|i| format!(" i {i:.4}")),
        (neuron.pending == Some(true)).then(|| format!(" above {theta} at start")),
        (page.scale.to_bits() != 1.0_f32.to_bits()).then(|| format!(" (SRAM: × {:.4})", page.scale)),
    ];
    let values = values.into_iter().flatten().collect::<String>();
    Line::from(vec![Span::styled(who, theme.accent()), Span::styled(values, theme.dim())])
}

/// Columns that there is room for.
struct Columns {
    theta: bool,
    current: bool,
    inhibition: bool,
    sums: u16,
    bar: u16,
}

impl Columns {
    fn fit(page: &SpikingPage, width: u16) -> Self {
        let has = |test: fn(&NeuronView) -> bool| page.neurons.first().is_some_and(test);
        let mut left = width.saturating_sub(NEURON + VALUE);
        let mut take = |wanted: bool, columns: u16| {
            let taken = wanted && left >= columns;
            left -= if taken { columns } else { 0 };
            taken
        };
        let theta = take(has(|neuron| neuron.theta.is_some()), VALUE + MARK);
        let current = take(has(|neuron| neuron.i.is_some()), VALUE);
        let inhibition = take(has(|neuron| neuron.inhibition.is_some()), VALUE);
        let all = page.neurons.first().map_or(0, |neuron| neuron.sums.len() as u16);
        let mut sums = (left / VALUE).min(all).min(FIRST_SUMS);
        left -= sums * VALUE;
        let bar = if left >= BAR.0 + 2 { (left - 2).min(BAR.1) } else { 0 };
        left -= if bar > 0 { bar + 2 } else { 0 };
        sums += (left / VALUE).min(all - sums);
        Self { theta, current, inhibition, sums, bar }
    }

    fn head(&self, page: &SpikingPage, glyphs: Glyphs) -> String {
        let mut cells = vec![format!("{:>6}{:>8}", "neuron", "v")];
        cells.extend(self.theta.then(|| format!("{:>8}{:<3}", glyphs.theta(), " s")));
        let currents = [(self.current, "i"), (self.inhibition, "i inh")];
        cells.extend(currents.into_iter().filter(|(shown, _)| *shown).map(|(_, name)| format!("{name:>8}")));
        cells.extend((0..u32::from(self.sums)).map(|ahead| {
            let name = format!("#{}", page.next + ahead);
            // The first column says what the numbers are of, where there is room.
            let word = if ahead == 0 && name.len() < 4 { "sum " } else { "" };
            format!("{:>8}", shorten(&format!("{word}{name}"), usize::from(VALUE) - 1))
        }));
        cells.concat()
    }

    fn cells(&self, neuron: &NeuronView) -> String {
        let mut cells = vec![format!("{:>6}{}", neuron.neuron, value(neuron.v))];
        cells.extend(self.theta.then(|| {
            let mark = match neuron.spikes.unwrap_or(0) {
                0 => String::new(),
                1 => "*".to_owned(),
                count => count.to_string(),
            };
            format!("{} {:<2}", value(neuron.theta.unwrap_or(0.0)), shorten(&mark, 2))
        }));
        let currents = [(self.current, neuron.i), (self.inhibition, neuron.inhibition)];
        let shown = currents.into_iter().filter(|(shown, _)| *shown);
        cells.extend(shown.map(|(_, current)| value(current.unwrap_or(0.0))));
        let sums = neuron.sums.iter().take(usize::from(self.sums));
        cells.extend(sums.map(|&sum| if sum == 0.0 { format!("{:>8}", "0") } else { value(sum) }));
        cells.concat()
    }
}

/// Formats a value in seven columns after a gap.
fn value(value: f32) -> String {
    match value.abs() {
        size if size < 10.0 => format!("{value:>8.4}"),
        size if size < 100.0 => format!("{value:>8.3}"),
        size if size < 10_000.0 => format!("{value:>8.1}"),
        _ => format!("{value:>8.1e}"),
    }
}

fn neurons(view: &View<'_>, page: &SpikingPage, area: Rect, buf: &mut Buffer) {
    let (theme, state) = (view.theme(), &view.app.pe);
    let columns = Columns::fit(page, area.width);
    let mut head = columns.head(page, theme.glyphs);
    let used = head.chars().count() as u16;
    // One scale for the page: v and θ of every neuron lie on it.
    let values = page.neurons.iter().flat_map(|n| [n.v.abs(), n.theta.map_or(0.0, f32::abs)]);
    let end = values.filter(|value| value.is_finite()).fold(0.0, f32::max);
    if columns.bar > 0 {
        let middle = format!("v, | {}", theme.glyphs.theta());
        let room = usize::from(columns.bar);
        head = format!("{head}  {middle:^room$}");
    }
    let rest = put_line(buf, area, Line::styled(head, theme.dim()));
    let rows = usize::from(rest.height);
    let at = page.neurons.iter().position(|neuron| neuron.number == state.unit).unwrap_or(0);
    let first = at.saturating_sub(rows / 2).min(page.neurons.len().saturating_sub(rows));
    for (y, neuron) in (0u16..).zip(page.neurons.iter().skip(first).take(rows)) {
        let (here, spiked) = (neuron.number == state.unit, neuron.spikes.is_some_and(|count| count > 0));
        let style = match (here, spiked) {
            (true, _) => theme.cursor(),
            (false, true) => theme.good().patch(theme.strong()),
            (false, false) => theme.text(),
        };
        put_at(buf, rest, (0, y), &columns.cells(neuron), style);
        if here && theme.marks() {
            put_at(buf, rest, (0, y), ">", style);
        }
        if columns.bar > 0 {
            let row = Rect { y: rest.y + y, height: 1, ..columns_from(rest, used + 2) };
            axis(view, neuron, end, columns_to(row, columns.bar), buf);
        }
    }
}

/// Draws v from 0 on an axis from −`end` to `end`, and θ as a bar across.
fn axis(view: &View<'_>, neuron: &NeuronView, end: f32, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let width = area.width;
    let place = |value: f32| {
        let share = if end > 0.0 { (value / end).clamp(-1.0, 1.0).midpoint(1.0) } else { 0.5 };
        let share = if share.is_nan() { 0.5 } else { share };
        (share * f32::from(width.saturating_sub(1))).round() as u16
    };
    let (zero, v, theta) = (place(0.0), place(neuron.v), neuron.theta.map(place));
    let (full, thin) = theme.glyphs.pick(("■", "·"), ("=", "."));
    let spiked = neuron.spikes.is_some_and(|count| count > 0);
    for x in 0..width {
        let filled = (zero.min(v)..=zero.max(v)).contains(&x) && v != zero;
        let (symbol, style) = match (Some(x) == theta, filled) {
            (true, _) => ("|", theme.warn()),
            (_, true) => (full, if spiked { theme.good() } else { theme.heat_ink(0.5) }),
            _ if x == zero => (thin, theme.dim()),
            _ => continue,
        };
        put_at(buf, area, (x, 0), symbol, style);
    }
}
