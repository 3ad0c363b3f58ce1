//! State of a head: running sums of k ⊗ v over the words, or the weights that softmax gives them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{headline, say, word};
use crate::session::attention::{HeadView, Of};
use crate::session::snapshot::AttentionView;
use crate::task::lm::view::LanguageView;
use crate::tui::panels::View;
use crate::tui::theme::ramp::digit;
use crate::tui::widgets::{
    bars, columns_from, columns_to, put_at, put_line, put_right, rows_from, rows_to, shorten, units,
};

/// Columns between states.
const GAP: u16 = 2;
/// Fewest rows of a state, its title included.
const FEWEST: u16 = 5;
/// Columns of the names of heads.
const NAMES: u16 = 8;

/// Draws the state of the head that is chosen.
pub(super) fn draw(view: &View<'_>, of: &AttentionView, text: &LanguageView, area: Rect, buf: &mut Buffer) {
    let Some(head) = &of.head else { return };
    let doubt = if head.of == Of::Between { " (at work)" } else { "" };
    let about = format!("h.{} head {} on {}{doubt}", head.layer, head.head, head.pe);
    let rest = headline(view, (text, head.of), &about, area, buf);
    let bytes = units::count(head.bytes as u64);
    if of.steps == 0 {
        let kept =
            format!("{bytes} B of keys and values in all layers: they grow with the {} words", head.words);
        let rest = say(view, &kept, rest, buf);
        weights(view, head, text, rest, buf);
        return;
    }
    let kept = format!("{bytes} B of states in all layers, for any number of words");
    let rest = say(view, &kept, rest, buf);
    states(view, of, head, rest, buf);
}

/// Draws the states of all time steps side by side, as many as there is room for.
fn states(view: &View<'_>, of: &AttentionView, head: &HeadView, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let most = head.states.iter().flatten().copied().max().unwrap_or(0).max(1);
    // A column for the marks of rows that the query reads.
    let width = of.width as u16 + 1;
    let across = ((area.width + GAP) / (width + GAP)).clamp(1, head.states.len().max(1) as u16);
    let down = (head.states.len() as u16).div_ceil(across).min((area.height / FEWEST).max(1));
    let height = area.height / down.max(1);
    let shown = usize::from(across * down).min(head.states.len());
    for (place, state) in head.states.iter().take(shown).enumerate() {
        let (x, y) = (place as u16 % across, place as u16 / across);
        let at = rows_to(rows_from(columns_from(area, x * (width + GAP)), y * height), height);
        let ones = |population: usize| head.spikes[population].get(place).copied().unwrap_or(0);
        let [q, k, v, out] = [0, 1, 2, 3].map(|population| ones(population).count_ones());
        let own = state.iter().copied().max().unwrap_or(0);
        let more = if place + 1 == shown && shown < head.states.len() {
            format!(", {} more steps", head.states.len() - shown)
        } else {
            String::new()
        };
        let title = format!("t{} most {own} · q {q} k {k} v {v} out {out}{more}", place + 1);
        put_at(buf, columns_to(at, width), (0, 0), &shorten(&title, usize::from(width)), theme.text());
        map(view, state, (of.width, most), ones(0), columns_to(rows_from(at, 1), width), buf);
    }
}

/// Draws a state, `[width, width]`, in tenths of `most`; rows share a cell where there are too
/// many, which then shows the greatest of them.
fn map(view: &View<'_>, state: &[i16], (width, most): (u32, i16), query: u32, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let rows = u32::from(area.height.max(1));
    let each = width.div_ceil(rows).max(1);
    for (y, first) in (0_u16..).zip((0..width).step_by(each as usize)) {
        let own = first..(first + each).min(width);
        let read = own.clone().any(|row| query >> row & 1 == 1);
        put_at(buf, area, (0, y), if read { ">" } else { " " }, theme.accent());
        for column in 0..width {
            let cells = own.clone().filter_map(|row| state.get((row * width + column) as usize));
            let count = cells.copied().max().unwrap_or(0);
            let at = (1 + column as u16, y);
            if count <= 0 {
                put_at(buf, area, at, "·", theme.dim());
                continue;
            }
            let share = f32::from(count) / f32::from(most);
            put_at(buf, area, at, &digit(share).to_string(), theme.heat(share));
        }
    }
}

/// Draws the weights of a layer's heads over the words so far, and the words that the head chosen
/// attends to most.
fn weights(view: &View<'_>, head: &HeadView, text: &LanguageView, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let cells = columns_from(area, NAMES);
    let first = (head.words as usize).saturating_sub(usize::from(cells.width));
    let title = if first == 0 {
        "heads, and their weights of the words: oldest left, this one right".to_owned()
    } else {
        format!("heads, and their weights of the last {} words: this one right", cells.width)
    };
    put_line(buf, area, Line::styled(shorten(&title, usize::from(area.width)), theme.dim()));
    for (y, (number, weights)) in (1_u16..).zip(head.weights.iter().enumerate()) {
        let chosen = number as u32 == head.head;
        let mark = if chosen { ">" } else { " " };
        let style = if chosen { theme.accent() } else { theme.text() };
        put_at(buf, columns_to(area, NAMES), (0, y), &format!("{mark}head {number}"), style);
        for (x, &weight) in (0_u16..).zip(weights.iter().skip(first)) {
            if weight < 0.05 {
                put_at(buf, cells, (x, y), "·", theme.dim());
            } else {
                put_at(buf, cells, (x, y), &digit(weight).to_string(), theme.heat(weight));
            }
        }
    }
    let Some(own) = head.weights.get(head.head as usize) else { return };
    let rest = rows_from(area, head.weights.len() as u16 + 2);
    let mut order: Vec<usize> = (0..own.len()).collect();
    order.sort_by(|&a, &b| own[b].total_cmp(&own[a]).then(b.cmp(&a)));
    let heading = format!("head {} attends most to", head.head);
    let mut rest = put_line(buf, rest, Line::styled(heading, theme.strong()));
    let last = view.snapshot.steps + u64::from(head.of == Of::Present);
    for place in order {
        if rest.height == 0 {
            break;
        }
        let back = own.len() - 1 - place;
        let index = last.checked_sub(1 + back as u64);
        let name = index.and_then(|index| word(text, index)).unwrap_or("?");
        let row = rows_to(rest, 1);
        let column = (row.width / 3).clamp(8, 20);
        put_at(buf, columns_to(row, column - 1), (0, 0), name, theme.text());
        let which = if back == 0 { "this word".to_owned() } else { format!("{back} before") };
        let bar = columns_to(columns_from(row, column), row.width.saturating_sub(column + 20));
        bars::bar(buf, bar, f64::from(own[place]), theme.heat_ink(own[place]), theme);
        let figures = vec![
            Span::styled(format!("{which:>10} "), theme.dim()),
            Span::raw(format!("{:>6.1} %", 100.0 * own[place])),
        ];
        put_right(buf, row, Line::from(figures));
        rest = rows_from(rest, 1);
    }
}
