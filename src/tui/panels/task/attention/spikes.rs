//! Raster of a word: a row a head, its populations side by side, a column a time step, and rates.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{headline, say, steps_of};
use crate::mapping::attention::values::HEAD_POPULATIONS;
use crate::session::attention::{HeadSpikesView, LayerSpikes, Of};
use crate::session::snapshot::AttentionView;
use crate::task::lm::view::LanguageView;
use crate::tui::heat::Window;
use crate::tui::panels::View;
use crate::tui::theme::ramp::digit;
use crate::tui::widgets::{columns_from, columns_to, put_at, rows_from, rows_to};

/// Columns of the names.
const NAMES: u16 = 9;
/// Columns of a rate.
const RATE: u16 = 6;
/// Columns between blocks.
const GAP: u16 = 3;
/// Populations of a head.
const POPULATIONS: usize = HEAD_POPULATIONS.len();

/// A row of the raster.
struct Row {
    name: String,
    /// Spiking neurons of each population, by time step.
    counts: [Vec<u32>; POPULATIONS],
    /// Neurons of each population.
    neurons: u32,
    /// Rates of each population, 0 to 1; `None` where the row has none of it.
    rates: [Option<f32>; POPULATIONS],
    of: Of,
    /// Whether it is the head, or has the head, that is chosen.
    chosen: bool,
}

impl Row {
    fn of_head(view: &View<'_>, name: String, head: &HeadSpikesView, neurons: u32, chosen: bool) -> Self {
        let rate = |population: usize| match view.app.window {
            Window::Step => share(&head.counts[population], neurons),
            Window::Mean => Some(head.mean[population]),
        };
        Self {
            name,
            counts: head.counts.clone(),
            neurons,
            rates: [0, 1, 2, 3].map(rate),
            of: head.of,
            chosen,
        }
    }

    /// Creates the row of all heads of a layer together.
    fn of_layer(view: &View<'_>, name: String, layer: &LayerSpikes, width: u32) -> Self {
        let heads = &layer.heads;
        let steps = heads.first().map_or(0, |head| head.counts[0].len());
        let sum = |population: usize| {
            let at = |step: usize| heads.iter().filter_map(|head| head.counts[population].get(step)).sum();
            (0..steps).map(at).collect()
        };
        let mean = |population: usize| {
            heads.iter().map(|head| head.mean[population]).sum::<f32>() / heads.len().max(1) as f32
        };
        let all = HeadSpikesView {
            of: heads.iter().map(|head| head.of).find(|of| *of != Of::Present).unwrap_or(Of::Present),
            counts: [0, 1, 2, 3].map(sum),
            mean: [0, 1, 2, 3].map(mean),
        };
        Self::of_head(view, name, &all, width * heads.len() as u32, false)
    }
}

/// Returns spikes by place.
fn share(counts: &[u32], neurons: u32) -> Option<f32> {
    let places = neurons as f32 * counts.len() as f32;
    (places > 0.0).then(|| counts.iter().sum::<u32>() as f32 / places)
}

/// Draws the raster.
pub(super) fn draw(view: &View<'_>, of: &AttentionView, text: &LanguageView, area: Rect, buf: &mut Buffer) {
    if of.steps == 0 {
        let why = "Attention of this network has no spikes: queries, keys and values are singles. v shows the weights that \
            softmax gives to the words so far; scenes/spiking_gpt.ron is the twin that spikes.";
        say(view, why, area, buf);
        return;
    }
    if of.spikes.is_empty() {
        return;
    }
    let shown = if view.snapshot.within_step { Of::Present } else { Of::Last };
    let about = format!("{} a word, heads of {} neurons", steps_of(of), of.width);
    let rest = headline(view, (text, shown), &about, area, buf);
    let steps = of.steps as u16;
    let marks = NAMES + POPULATIONS as u16 * (steps + 1);
    let whole = marks + POPULATIONS as u16 * RATE;
    // Without room for the rates there are the marks.
    let width = if whole <= rest.width { whole } else { marks };
    let across = ((rest.width + GAP) / (width + GAP)).clamp(1, of.layers.max(1) as u16);
    let each = (of.layers as u16).div_ceil(across);
    let lines = of.heads as u16 + u16::from(of.block_steps > 0);
    let room = rest.height.saturating_sub(1);
    let full = each * lines <= room;
    let chosen = view.app.attention;
    let mut place = rest;
    let mut left = of.spikes.iter().enumerate().peekable();
    let blocks = if full { across } else { 1 };
    let each = if full { usize::from(each) } else { of.spikes.len() };
    for _ in 0..blocks {
        if left.peek().is_none() {
            break;
        }
        let block = columns_to(place, width);
        titles(view, steps, width == whole, rows_to(block, 1), buf);
        let mut below = rows_from(block, 1);
        for (number, layer) in left.by_ref().take(each) {
            // The rows of one layer are worth more than those of all cut off.
            let open = full || number as u32 == chosen.layer;
            below = draw_layer(view, of, (number, layer), (open, width == whole), below, buf);
        }
        place = columns_from(place, width + GAP);
    }
}

/// Writes names of populations above their columns.
fn titles(view: &View<'_>, steps: u16, rates: bool, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    for (column, name) in (0_u16..).zip(HEAD_POPULATIONS) {
        put_at(buf, columns_to(area, area.width), (NAMES + column * (steps + 1), 0), name, theme.dim());
        if rates {
            let at = NAMES + HEAD_POPULATIONS.len() as u16 * (steps + 1) + column * RATE;
            put_at(buf, area, (at, 0), &format!("{:>5}", format!("{name} %")), theme.dim());
        }
    }
}

fn draw_layer(
    view: &View<'_>,
    of: &AttentionView,
    (number, layer): (usize, &LayerSpikes),
    (open, rates): (bool, bool),
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let chosen = view.app.attention;
    let mut rest = area;
    if !open {
        let row = Row::of_layer(view, format!("h.{number} all"), layer, of.width);
        draw_row(view, of, &row, rates, rows_to(rest, 1), buf);
        return rows_from(rest, 1);
    }
    for (head, spikes) in layer.heads.iter().enumerate() {
        let is_chosen = (chosen.layer as usize, chosen.head as usize) == (number, head);
        let row = Row::of_head(view, format!("h.{number} {head}"), spikes, of.width, is_chosen);
        draw_row(view, of, &row, rates, rows_to(rest, 1), buf);
        rest = rows_from(rest, 1);
    }
    if layer.hidden.is_empty() {
        return rest;
    }
    draw_block(view, of, (number, layer), rows_to(rest, 1), buf);
    rows_from(rest, 1)
}

fn draw_row(view: &View<'_>, of: &AttentionView, row: &Row, rates: bool, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let faded = view.snapshot.within_step && row.of != Of::Present;
    let mark = if row.chosen { '>' } else { ' ' };
    let doubt = if row.of == Of::Between { "~" } else { "" };
    let style = if row.chosen { theme.accent() } else { theme.text() };
    put_at(buf, area, (0, 0), &format!("{mark}{}{doubt}", row.name), if faded { theme.dim() } else { style });
    let steps = of.steps as u16;
    for (column, counts) in (0_u16..).zip(&row.counts) {
        let at = NAMES + column * (steps + 1);
        for (x, &count) in (at..).zip(counts) {
            cell(view, (count, row.neurons), faded, (x, 0), area, buf);
        }
        let rate = NAMES + POPULATIONS as u16 * (steps + 1) + column * RATE;
        if let Some(value) = row.rates[usize::from(column)].filter(|_| rates) {
            let style = if faded { theme.dim() } else { Style::new() };
            put_at(buf, area, (rate, 0), &format!("{:>5.1}", 100.0 * value), style);
        }
    }
}

/// Draws the hidden neurons of a layer's feed-forward block, with their rate where there is room.
fn draw_block(
    view: &View<'_>,
    of: &AttentionView,
    (number, layer): (usize, &LayerSpikes),
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = view.theme();
    let faded = view.snapshot.within_step && layer.hidden_of != Of::Present;
    put_at(buf, area, (0, 0), &format!(" h.{number} fc"), theme.dim());
    for (x, &count) in (NAMES..).zip(&layer.hidden) {
        cell(view, (count, of.hidden), faded, (x, 0), area, buf);
    }
    if let Some(rate) = share(&layer.hidden, of.hidden) {
        let at = NAMES + layer.hidden.len() as u16 + 1;
        put_at(buf, area, (at, 0), &format!("{:.1} %", 100.0 * rate), theme.dim());
    }
}

fn cell(
    view: &View<'_>,
    (count, neurons): (u32, u32),
    faded: bool,
    at: (u16, u16),
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = view.theme();
    if count == 0 {
        put_at(buf, area, at, "·", theme.dim());
        return;
    }
    let share = count as f32 / neurons.max(1) as f32;
    let style = if faded { theme.dim() } else { theme.heat(share) };
    put_at(buf, area, at, &digit(share).to_string(), style);
}
