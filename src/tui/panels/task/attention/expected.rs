//! Words that the readout would expect if the network ended earlier: after each layer, and with
//! the last block cut off in time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{headline, say, word};
use crate::session::attention::Of;
use crate::session::snapshot::AttentionView;
use crate::task::Likeliest;
use crate::task::lm::view::LanguageView;
use crate::tui::panels::View;
use crate::tui::panels::task::language::SURPRISAL_END;
use crate::tui::widgets::{
    columns_from, columns_to, put_at, put_line, put_right, rows_from, rows_to, shorten,
};

/// Columns of the names of rows.
const NAMES: u16 = 10;
/// Columns of the surprisal.
const NEXT: u16 = 8;
/// Columns of a word with its probability, at least.
const WORD: u16 = 16;

/// Draws both tables.
pub(super) fn draw(view: &View<'_>, of: &AttentionView, text: &LanguageView, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let next = word(text, view.snapshot.steps).map(|next| format!("then came \"{}\"", shorten(next, 20)));
    let about = next.unwrap_or_else(|| "no word came after it".to_owned());
    let rest = headline(view, (text, Of::Last), &about, area, buf);
    let Some(expected) = &of.expectations else {
        let when = "Each row takes a readout of all words: they are computed only when the run is paused at the end of \
            a word. Pause, or step to the end of the word (s).";
        say(view, when, rest, buf);
        return;
    };
    let rest = heading(view, "expected after each layer", rest, buf);
    let name = |layer: usize| if layer == 0 { "embedding".to_owned() } else { format!("h.{}", layer - 1) };
    let mut rest = rows(view, &expected.layers, name, rest, buf);
    if expected.steps.is_empty() {
        let why = "Feed-forward blocks of this network have no time steps: there is nothing that converges over them.";
        say(view, why, rest, buf);
        return;
    }
    if rest.height > expected.steps.len() as u16 + 4 {
        rest = rows_from(rest, 1);
    }
    let last = of.layers.saturating_sub(1);
    let rest = heading(view, &format!("if h.{last}'s block ended after t of its time steps"), rest, buf);
    let rest = rows(view, &expected.steps, |step| format!("t {}", step + 1), rest, buf);
    let why = "Every block waits for all time steps of the one before it and passes on their mean: so the readout has \
        no time steps of its own, and only the last block can end early.";
    if usize::from(rest.height) >= crate::text::wrapped(why, usize::from(area.width)).len() {
        say(view, why, rest, buf);
    } else {
        put_line(
            buf,
            rest,
            Line::styled("no t of the whole network: blocks wait for each other", theme.dim()),
        );
    }
}

fn heading(view: &View<'_>, text: &str, area: Rect, buf: &mut Buffer) -> Rect {
    put_right(buf, area, Line::styled("next", view.theme().dim()));
    put_line(
        buf,
        columns_to(area, area.width.saturating_sub(NEXT)),
        Line::styled(text.to_owned(), view.theme().strong()),
    );
    rows_from(area, 1)
}

/// Draws the rows of a table, as many as there is room for, and returns what is left below.
fn rows(
    view: &View<'_>,
    all: &[Likeliest],
    name: impl Fn(usize) -> String,
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let theme = view.theme();
    let room = area.width.saturating_sub(NAMES + NEXT);
    let words = (room / WORD).clamp(1, 3);
    let each = room / words;
    for (y, (number, of)) in (0_u16..area.height).zip(all.iter().enumerate()) {
        let row = rows_to(rows_from(area, y), 1);
        put_at(buf, columns_to(row, NAMES), (0, 0), &name(number), theme.text());
        for (place, (word, probability)) in (0..words).zip(&of.words) {
            let at = columns_to(columns_from(row, NAMES + place * each), each);
            let share = format!("{:>3.0} % ", 100.0 * probability);
            put_at(buf, at, (0, 0), &share, theme.heat_ink(*probability));
            let style = if place == 0 { theme.strong() } else { theme.text() };
            put_at(
                buf,
                columns_from(at, 6),
                (0, 0),
                &shorten(word, usize::from(each.saturating_sub(7))),
                style,
            );
        }
        if let Some(surprisal) = of.surprisal {
            put_right(
                buf,
                row,
                Line::styled(format!("{surprisal:.2}"), theme.heat_ink(surprisal / SURPRISAL_END)),
            );
        }
    }
    rows_from(area, all.len() as u16)
}
