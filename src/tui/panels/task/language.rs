//! A language model's panel: the text as it is read, each word by how much it surprised the
//! network, and what the network expects next.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::idle::{self, Next};
use super::{TaskPanel, attention};
use crate::task::lm::view::{Candidate, LanguageView, WordView};
use crate::text::wrapped;
use crate::tui::panels::figures::Unit;
use crate::tui::panels::frame::frame;
use crate::tui::panels::{Entry, PanelId, View};
use crate::tui::theme::Theme;
use crate::tui::widgets::{
    bars, big, columns_from, columns_to, legend, put_at, put_line, put_right, rows_from, rows_to, shorten,
    units,
};

/// Upper end of the surprisal scale, nats. The uniform guess over 33,278 words is 10.4 nats.
pub const SURPRISAL_END: f32 = 12.0;
/// Surprisal from which a word gets a colour, nats. Below it, the word was expected: e^-2 is a
/// probability of 14 %.
const EXPECTED: f32 = 2.0;
/// Surprisal from which a word is underlined, nats; e^-7 is about one in 1,100.
const UNDERLINED: f32 = 7.0;
/// Surprisal from which a word is bold, too, nats.
const BOLD: f32 = 9.0;

/// Mark at the end of a line in corpora in the style of WikiText.
const END_OF_LINE: &str = "<eos>";

/// The language model's view, taken apart.
struct Reading<'a> {
    words: &'a [WordView],
    top: &'a [Candidate],
    perplexity: Option<f64>,
    words_written: u64,
    mean_surprisal: Option<f64>,
    history: &'a [f32],
    predictions: u64,
    total_steps: Option<u64>,
    generating: bool,
    /// Unit of the text: `word` or `character`.
    token: &'static str,
    /// Columns between two tokens: 0 for characters, among which are spaces.
    gap: u16,
    note: &'a str,
    /// Keys that begin.
    hint: String,
}

/// Marks and words of the panel.
const HELP: &[Entry] = &[
    ("text", "one word a time step; the last one read is reversed"),
    ("paint", "surprisal of the word: how unexpected it was"),
    ("bold", "surprisal from 9 nats; underlined: from 7"),
    ("~word", "not in the vocabulary: the network has read <unk>"),
    ("¶", "the end of a line of the corpus"),
    ("perplexity", "e to the mean surprisal; 1 would be certain of each word"),
    ("nats", "unit of surprisal, -ln p: 2.3 is 10 %, 6.9 is 0.1 %"),
    ("chart", "surprisal of the last words, from 0 to 12 nats"),
    ("it expected", "the likeliest words before the last one was shown"),
    ("bar", "root of the probability, so that small ones are seen"),
];

impl TaskPanel for LanguageView {
    fn render(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        if attention::is_shown(view) {
            attention::render(view, self, area, buf);
            return;
        }
        let theme = view.theme();
        let reading = Reading {
            words: &self.words,
            top: &self.top,
            perplexity: self.perplexity,
            words_written: self.words.iter().filter(|word| word.generated).count() as u64,
            mean_surprisal: self.mean_surprisal,
            history: &self.surprisal_history,
            predictions: self.predictions,
            total_steps: self.total_steps,
            generating: self.generating,
            token: if self.characters { "character" } else { "word" },
            gap: u16::from(!self.characters),
            note: &self.note,
            hint: idle::hint(view),
        };
        let right = match (reading.generating, self.streams) {
            (true, _) => "writing · surprisal".to_owned(),
            (false, 0 | 1) => "reading · surprisal".to_owned(),
            (false, n) => format!("stream 1 of {n} · surprisal"),
        };
        let legend = legend::ramp("", "0", "12 nats", "~ unknown", theme);
        let inner = frame(view, PanelId::Task, &right, legend, area, buf);
        let inner =
            if inner.width > 4 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner };
        if self.words.is_empty() && view.snapshot.steps == 0 {
            let token = reading.token;
            let what = format!(
                "A network that reads a text {token} by {token}, and says after each which {token} it expects next."
            );
            let between = if self.characters { "" } else { " " };
            let next = Next::Text("the text begins", self.upcoming.join(between));
            idle::render(view, &what, &next, inner, buf);
            return;
        }
        lay_out(&reading, theme, inner, buf);
    }

    fn figures(&self) -> Vec<(&'static str, Option<f64>, Unit)> {
        let last = self.surprisal_history.last().map(|&last| f64::from(last));
        vec![
            ("perplexity", self.perplexity, Unit::Plain),
            ("surprisal, last", last, Unit::Plain),
            ("surprisal, mean", self.mean_surprisal, Unit::Plain),
        ]
    }

    fn help(&self) -> &'static [Entry] {
        HELP
    }
}

/// Draws figures and chart on top, then the text in all rows left, the next words and the note.
fn lay_out(reading: &Reading<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let head = if area.height >= 12 { big::ROWS } else { 1 };
    figures(reading, theme, rows_to(area, head), buf);
    let mut rest = rows_from(area, head);
    if area.height >= 16 {
        let rows = if area.height >= 28 { 4 } else { 2 };
        history(reading, theme, rows_to(rest, rows), buf);
        rest = rows_from(rest, rows);
    }
    let note_rows = if area.height >= 26 { wrapped_rows(reading.note, rest.width).min(3) } else { 0 };
    let next_rows = if area.height >= 12 { 1 + reading.top.len().min(5) as u16 } else { 0 };
    let gap = u16::from(area.height >= 18);
    let text_rows = rest.height.saturating_sub(next_rows + note_rows + 2 * gap + u16::from(note_rows > 0));
    rest = rows_from(rest, gap);
    text(reading, theme, rows_to(rest, text_rows), buf);
    rest = rows_from(rest, text_rows + gap);
    next_words(reading, theme, rows_to(rest, next_rows), buf);
    rest = rows_from(rest, next_rows);
    if note_rows > 0 {
        note(reading.note, theme, rows_from(rest, rest.height.saturating_sub(note_rows)), buf);
    }
}

/// Draws figures of the network's own text, which has no perplexity.
fn written(reading: &Reading<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let value = units::count(reading.words_written);
    let mean = if reading.history.is_empty() {
        format!("no {} yet", reading.token)
    } else {
        let mean = reading.history.iter().sum::<f32>() / reading.history.len() as f32;
        format!("{mean:.2} nats a {}, of its own choice", reading.token)
    };
    let label = format!("{}s written", reading.token);
    if area.height < big::ROWS {
        let line = vec![Span::styled(value, theme.strong()), Span::styled(format!(" {label}"), theme.dim())];
        put_line(buf, area, Line::from(line));
        return;
    }
    big::big(buf, area, &value, theme.strong(), theme.glyphs);
    let rest = put_line(buf, columns_from(area, big::width(&value) + 2), Line::styled(label, theme.strong()));
    put_line(buf, rest, Line::styled(mean, theme.text()));
}

/// Draws the perplexity in large digits, and beside it the mean surprisal from which it follows.
fn figures(reading: &Reading<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if reading.generating {
        return written(reading, theme, area, buf);
    }
    let value = match reading.perplexity {
        Some(p) if p < 1_000.0 => format!("{p:.1}"),
        Some(p) if p < 100_000.0 => format!("{p:.0}"),
        Some(p) => format!("{p:.1e}"),
        None => "-".to_owned(),
    };
    let token = reading.token;
    if area.height < big::ROWS || reading.perplexity.is_none() {
        let line = vec![
            Span::styled("perplexity ", theme.dim()),
            Span::styled(value, theme.strong()),
            Span::styled(format!(" over {} {token}s", units::count(reading.predictions)), theme.dim()),
        ];
        put_line(buf, area, Line::from(line));
        return;
    }
    big::big(buf, area, &value, theme.strong(), theme.glyphs);
    let beside = columns_from(area, big::width(&value) + 2);
    let rest = put_line(buf, beside, Line::styled("perplexity", theme.strong()));
    let mean = reading
        .mean_surprisal
        .map_or_else(|| "no prediction yet".to_owned(), |m| format!("{m:.2} nats a {token}"));
    let rest = put_line(buf, rest, Line::styled(mean, theme.text()));
    let done = units::count(reading.predictions);
    let scope = match reading.total_steps {
        Some(total) => format!("{done} of {} {token}s", units::count(total)),
        None => format!("{done} {token}s"),
    };
    put_line(buf, rest, Line::styled(scope, theme.dim()));
}

/// Draws the surprisal of the last words as a chart; without bars, no axis either.
fn history(reading: &Reading<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if reading.history.is_empty() {
        return;
    }
    let label = "nats ";
    put_at(buf, area, (0, 0), " 12", theme.dim());
    put_at(buf, area, (0, area.height.saturating_sub(1)), "  0", theme.dim());
    let chart = columns_from(area, label.len() as u16);
    bars::spark(buf, chart, reading.history, SURPRISAL_END, theme, |f| theme.heat_ink(f));
}

/// Returns the style of a word, by its surprisal.
pub fn word_style(word: &WordView, theme: &Theme) -> Style {
    let mut style = match word.surprisal {
        // Whose word it is matters more than how likely it was; the ramp's paint would drown it.
        _ if word.generated => theme.generated(),
        None => theme.dim(),
        Some(surprisal) if surprisal < EXPECTED => theme.text(),
        // Reversed is the current word's; bold and underline below say the rest.
        Some(_) if !theme.coloured() => theme.text(),
        Some(surprisal) => theme.heat(surprisal / SURPRISAL_END),
    };
    if !word.known {
        style = style.add_modifier(Modifier::ITALIC);
    }
    let surprisal = word.surprisal.unwrap_or(0.0);
    if surprisal >= UNDERLINED {
        style = style.patch(theme.underline());
    }
    if surprisal >= BOLD {
        style = style.patch(theme.strong());
    }
    if theme.marks() { Style::new() } else { style }
}

/// Draws the text: as many of the newest lines as fit, the current word marked.
fn text(reading: &Reading<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if reading.words.is_empty() {
        put_line(buf, area, Line::styled(reading.hint.as_str(), theme.accent()));
        return;
    }
    let lines = wrap(reading.words, usize::from(area.width), usize::from(reading.gap));
    let first = lines.len().saturating_sub(usize::from(area.height));
    let last = reading.words.len().saturating_sub(1);
    for (y, line) in (0u16..).zip(&lines[first..]) {
        let mut x = 0;
        for &(index, ref shown) in line {
            let Some(word) = reading.words.get(index) else { continue };
            let mut style = word_style(word, theme);
            if index == last {
                style = style.patch(theme.cursor());
            }
            put_at(buf, area, (x, y), shown, style);
            x += Span::raw(shown.as_str()).width() as u16 + reading.gap;
        }
    }
}

/// Breaks words into lines: index and shown text of each. A word longer than a line is cut.
fn wrap(words: &[WordView], width: usize, gap: usize) -> Vec<Vec<(usize, String)>> {
    if width == 0 {
        return Vec::new();
    }
    let mut lines: Vec<Vec<(usize, String)>> = vec![Vec::new()];
    let mut used = 0;
    for (index, word) in words.iter().enumerate() {
        let shown = match (word.word.as_str(), word.known) {
            (END_OF_LINE, _) => "¶".to_owned(),
            (text, true) => shorten(text, width),
            (text, false) => shorten(&format!("~{text}"), width),
        };
        let columns = Span::raw(shown.as_str()).width();
        if used > 0 && used + gap + columns > width {
            lines.push(Vec::new());
            used = 0;
        }
        used += columns + if used > 0 { gap } else { 0 };
        if let Some(line) = lines.last_mut() {
            line.push((index, shown));
        }
    }
    lines
}

/// Draws the likeliest next words with their probabilities.
fn next_words(reading: &Reading<'_>, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let what = if area.width >= 44 { "probability (bar: square root)" } else { "probability" };
    put_right(buf, area, Line::styled(what, theme.dim()));
    let mut rest = put_line(
        buf,
        area,
        Line::styled(if reading.generating { "it chose from" } else { "it expected" }, theme.strong()),
    );
    let word_columns = (area.width / 3).clamp(6, 18);
    for candidate in reading.top.iter().take(5) {
        let row = rows_to(rest, 1);
        put_at(buf, row, (0, 0), &shorten(&candidate.word, usize::from(word_columns) - 1), theme.text());
        let tail = 8;
        let room = columns_from(row, word_columns);
        let bar = columns_to(room, room.width.saturating_sub(tail));
        // The square root keeps small probabilities visible; the figure beside it is exact.
        bars::bar(
            buf,
            bar,
            f64::from(candidate.probability).max(0.0).sqrt(),
            theme.heat_ink(candidate.probability),
            theme,
        );
        put_right(buf, row, Line::raw(format!("{:.1} %", candidate.probability * 100.0)));
        rest = rows_from(rest, 1);
    }
}

fn wrapped_rows(note: &str, width: u16) -> u16 {
    if note.is_empty() { 0 } else { wrapped(note, usize::from(width)).len() as u16 }
}

fn note(note: &str, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut rest = area;
    for line in wrapped(note, usize::from(area.width)) {
        rest = put_line(buf, rest, Line::styled(line, theme.dim()));
    }
}
