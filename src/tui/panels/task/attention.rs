//! A transformer's views in the task panel, in place of the text: spikes of all heads, the state of
//! one, and what the readout would expect if the network ended earlier.

mod expected;
mod head;
mod spikes;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::session::attention::Of;
use crate::session::snapshot::AttentionView;
use crate::task::lm::view::LanguageView;
use crate::text::{several, wrapped};
use crate::tui::app::App;
use crate::tui::command::Direction;
use crate::tui::panels::frame::frame;
use crate::tui::panels::{Entry, PanelId, View};
use crate::tui::state::attention::Shown;
use crate::tui::widgets::{legend, put_line, shorten};

/// Marks and words of the views.
pub const HELP: &[Entry] = &[
    ("spikes", "a row per head; columns: time steps of the last word"),
    ("0 to 9", "share of a head's neurons that spiked, in tenths"),
    ("·", "no neuron spiked; no word counted; a weight below 5 %"),
    ("q k v out", "query, key, value neurons, and those after attention"),
    ("%", "rates of these; w: of this word, or since the start"),
    ("fc", "hidden neurons of the layer's feed-forward block"),
    ("dim", "not computed yet for this word: value of the word before"),
    ("~", "its PE is updating it: values of two words are mixed"),
    ("state", "S += k x v: words with both spikes; rows: keys"),
    (">", "the head chosen; in a state: rows that the query reads"),
    ("weights", "softmax, no spikes: shares of the words attended to"),
    ("expected", "residual stream read out after each layer"),
    ("next", "surprisal of the word that came, nats: lower is better"),
];

/// Returns whether the panel shows one of these views in place of the text.
pub fn is_shown(view: &View<'_>) -> bool {
    view.snapshot.attention.is_some() && view.app.attention.shown != Shown::Text
}

/// Draws the view that is chosen.
pub fn render(view: &View<'_>, text: &LanguageView, area: Rect, buf: &mut Buffer) {
    let (theme, shown) = (view.theme(), view.app.attention.shown);
    let Some(of) = &view.snapshot.attention else { return };
    let (right, legend) = match shown {
        Shown::Text | Shown::Spikes => {
            ("spikes of heads", legend::ramp("spiking", "0", "100 % of a head", "each time step", theme))
        }
        Shown::Head if of.steps == 0 => {
            ("attention weights", legend::ramp("weight", "0", "100 %", "of the words so far", theme))
        }
        Shown::Head => ("state of a head", legend::ramp("words", "0", "the most counted", "", theme)),
        Shown::Expected => ("expected earlier", legend::ramp("probability", "0", "100 %", "", theme)),
    };
    let inner = frame(view, PanelId::Task, right, legend, area, buf);
    let inner =
        if inner.width > 4 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner };
    if view.snapshot.steps == 0 && !view.snapshot.within_step {
        say(view, "Nothing has been read yet: s reads a word, v shows the next view.", inner, buf);
        return;
    }
    match shown {
        Shown::Text | Shown::Spikes => spikes::draw(view, of, text, inner, buf),
        Shown::Head => head::draw(view, of, text, inner, buf),
        Shown::Expected => expected::draw(view, of, text, inner, buf),
    }
}

/// Writes a sentence over the rows that it needs, and returns what is left below.
fn say(view: &View<'_>, text: &str, area: Rect, buf: &mut Buffer) -> Rect {
    let mut rest = area;
    for row in wrapped(text, usize::from(area.width)) {
        rest = put_line(buf, rest, Line::styled(row, view.theme().dim()));
    }
    rest
}

/// Writes the word that the values belong to, and something about them.
fn headline(
    view: &View<'_>,
    (text, of): (&LanguageView, Of),
    about: &str,
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let theme = view.theme();
    let number = view.snapshot.steps + u64::from(of != Of::Last);
    let word = number.checked_sub(1).and_then(|index| word(text, index)).unwrap_or_default();
    let word = shorten(word, 20);
    let spans = vec![
        Span::styled(format!("\"{word}\""), theme.strong()),
        Span::styled(format!(", #{number}"), theme.text()),
        Span::styled(format!(" · {about}"), theme.dim()),
    ];
    put_line(buf, area, Line::from(spans))
}

/// Returns a word of the text by its index, if the panel still has it.
fn word(text: &LanguageView, index: u64) -> Option<&str> {
    let place = index.checked_sub(text.first)?;
    text.words.get(usize::try_from(place).ok()?).map(|word| word.word.as_str())
}

/// Returns the time steps of attention in words.
fn steps_of(of: &AttentionView) -> String {
    several(of.steps.into(), "time step")
}

/// Returns whether the keys go to these views: the panel of a transformer's text has the focus.
pub fn has_keys(app: &App) -> bool {
    app.overlays.is_empty()
        && app.focus() == PanelId::Task
        && app.shows(PanelId::Task)
        && app.picture().is_some_and(|snapshot| snapshot.attention.is_some())
}

/// Makes a move among the heads; returns whether it was one.
pub fn moved(app: &mut App, direction: Direction, times: u32) -> bool {
    if !has_keys(app) {
        return false;
    }
    let Some(snapshot) = app.snapshot.clone() else { return false };
    let Some(of) = &snapshot.attention else { return false };
    app.attention.moved(of, direction, times)
}
