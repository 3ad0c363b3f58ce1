//! A page's text: paragraphs, `**bold**`, `` `code` ``, and values of the experiment in braces.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::session::debug::expr::Value;
use crate::session::debug::expr::unit::Unit;
use crate::text::visible_line;
use crate::tui::theme::Theme;
use crate::tui::widgets::units;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Plain words, spaces and line ends included.
    Plain(String),
    /// Words between `**`, shown in bold.
    Bold(String),
    /// Something to type, or of the chip.
    Code(String),
    /// The value of an expression: `{step_us}`, or `{2: step_us}` at another page's moment.
    Value {
        /// The page, from 1; none for the text's own.
        page: Option<usize>,
        /// Text of the expression.
        expression: String,
        /// Byte range of the expression in the text.
        at: Range<usize>,
    },
}

/// Splits a text into pieces. The error is the range of a brace that is not closed.
pub fn pieces(text: &str) -> Result<Vec<Piece>, Range<usize>> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (piece, length) = if let Some(brace) = rest.strip_prefix('{').filter(|_| !rest.starts_with("{{"))
        {
            let end = brace.find('}').ok_or(at..at + 1)?;
            (Some(value(text, at + 1..at + 1 + end)), end + 2)
        } else if let Some((inside, length)) = enclosed(rest, "**") {
            (Some(Piece::Bold(inside.to_owned())), length)
        } else if let Some((inside, length)) = enclosed(rest, "`") {
            (Some(Piece::Code(inside.to_owned())), length)
        } else {
            // `{{` and `}}` are braces.
            let doubled = rest.starts_with("{{") || rest.starts_with("}}");
            let length = rest.chars().next().map_or(1, char::len_utf8);
            plain.push_str(rest.get(..length).unwrap_or(""));
            (None, if doubled { 2 } else { length })
        };
        if let Some(piece) = piece {
            if !plain.is_empty() {
                pieces.push(Piece::Plain(std::mem::take(&mut plain)));
            }
            pieces.push(piece);
        }
        at += length;
    }
    if !plain.is_empty() {
        pieces.push(Piece::Plain(plain));
    }
    Ok(pieces)
}

/// Returns the text enclosed by two marks at the beginning, and its length with them.
fn enclosed<'t>(text: &'t str, mark: &str) -> Option<(&'t str, usize)> {
    let inside = text.strip_prefix(mark)?;
    let end = inside.find(mark).filter(|&end| end > 0)?;
    Some((inside.get(..end)?, end + 2 * mark.len()))
}

/// Parses the inside of a pair of braces: `expression`, or `page: expression`.
fn value(text: &str, at: Range<usize>) -> Piece {
    let inside = text.get(at.clone()).unwrap_or("");
    let page = inside.split_once(':').and_then(|(page, rest)| Some((page.trim().parse().ok()?, rest)));
    let (page, written) = page.map_or((None, inside), |(page, rest)| (Some(page), rest));
    let begin = at.end - written.trim_start().len();
    let expression = written.trim().to_owned();
    Piece::Value { page, at: begin..begin + expression.len(), expression }
}

/// Formats a value with its unit.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Number(number, Unit::Microseconds) => units::time_us(*number),
        Value::Number(number, Unit::Fraction) => units::percent(*number),
        Value::Number(number, Unit::Microjoules) => units::joules(number * 1e-6),
        Value::Number(number, Unit::Watts) => format!("{number:.3} W"),
        Value::Number(number, Unit::Nats) => format!("{number:.2} nats"),
        Value::Number(number, Unit::Bytes) if (0.0..4e9).contains(number) => units::bytes(*number as u32),
        Value::Number(number, _) if number.fract() == 0.0 && (0.0..1e15).contains(number) => {
            units::count(*number as u64)
        }
        Value::Number(number, Unit::Plain) if number.abs() >= 0.01 && number.abs() < 1e6 => {
            let digits = if number.abs() < 10.0 { 3 } else { 2 };
            format!("{number:.digits$}")
        }
        Value::Word(word) => format!("“{word}”"),
        other => other.to_string(),
    }
}

/// Breaks a text into lines of at most `width` columns. `value` returns the text that stands for an
/// expression, on the given page or this one; `None` while it is not known.
pub fn lines(
    text: &str,
    width: usize,
    theme: &Theme,
    value: impl Fn(Option<usize>, &str) -> Option<String>,
) -> Vec<Line<'static>> {
    let mut words = Words { width: width.max(1), lines: vec![Line::default()] };
    // What could not be taken apart is shown as it is: the check says what is wrong.
    for piece in pieces(text).unwrap_or_else(|_| vec![Piece::Plain(text.to_owned())]) {
        match piece {
            Piece::Plain(text) => words.put(&text, theme.text()),
            Piece::Bold(text) => words.put(&text, theme.strong()),
            Piece::Code(text) => words.put(&text.replace(' ', "\u{a0}"), theme.accent()),
            Piece::Value { page, expression, .. } => {
                let shown = value(page, &expression).unwrap_or_else(|| "…".to_owned());
                words.put(&shown.replace(' ', "\u{a0}"), theme.strong());
            }
        }
    }
    words.lines
}

/// Lines that are being filled. A word may be of several pieces: `**bold**,` does not lose its
/// comma to the next line.
struct Words {
    width: usize,
    lines: Vec<Line<'static>>,
}

impl Words {
    fn put(&mut self, text: &str, style: Style) {
        let paragraphs: Vec<&str> = text.split("\n\n").collect();
        for (number, paragraph) in paragraphs.iter().enumerate() {
            if number > 0 {
                self.lines.push(Line::default());
                self.lines.push(Line::default());
            }
            for (at, word) in paragraph.split([' ', '\n', '\t']).enumerate() {
                if at > 0 {
                    self.space(style);
                }
                if !word.is_empty() {
                    self.word(&word.replace('\u{a0}', " "), style);
                }
            }
        }
    }

    /// Adds a space, unless there is one or the line begins.
    fn space(&mut self, style: Style) {
        if let Some(line) = self.lines.last_mut()
            && line.spans.last().is_some_and(|last| !last.content.ends_with(' '))
        {
            line.spans.push(Span::styled(" ", style));
        }
    }

    fn word(&mut self, word: &str, style: Style) {
        let word = &*visible_line(word);
        let Some(line) = self.lines.last_mut() else { return };
        let long = Span::raw(word.to_owned()).width();
        if line.width() + long > self.width && !line.spans.is_empty() {
            // What stands without a space before this word goes along to the next line.
            let from = line.spans.iter().rposition(|span| span.content == " ").map(|at| at + 1);
            let along = from.map_or_else(Vec::new, |from| line.spans.split_off(from));
            while line.spans.last().is_some_and(|span| span.content == " ") {
                line.spans.pop();
            }
            self.lines.push(Line::from(along));
        }
        let Some(line) = self.lines.last_mut() else { return };
        if line.width() + long <= self.width {
            line.spans.push(Span::styled(word.to_owned(), style));
            return;
        }
        // Longer than a whole line: it is cut.
        for character in word.chars() {
            let letter = character.to_string();
            let full =
                self.lines.last().is_some_and(|line| line.width() + Span::raw(&letter).width() > self.width);
            if full {
                self.lines.push(Line::default());
            }
            if let Some(line) = self.lines.last_mut() {
                line.spans.push(Span::styled(letter, style));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Looks;

    fn plain(text: &str, width: usize) -> Vec<String> {
        let theme = Theme::new(Looks::default());
        let value = |_: Option<usize>, expression: &str| (expression == "step").then(|| "3 times".to_owned());
        lines(text, width, &theme, value).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn words_wrap_and_marks_go() {
        assert_eq!(plain("A **bold** word, `code`.", 40), ["A bold word, code."]);
        assert_eq!(plain("one two **three**, four", 13), ["one two", "three, four"]);
        assert_eq!(plain("a\n\nb\nc", 10), ["a", "", "b c"]);
        assert_eq!(plain("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(plain("{step} and {1: step}, {other}", 40), ["3 times and 3 times, …"]);
        assert_eq!(plain("{{a}} 2 * 3 ** 4", 40), ["{a} 2 * 3 ** 4"]);
    }

    #[test]
    fn values_know_their_bytes() {
        let text = "t {2: step_us } {step}";
        let pieces = pieces(text).unwrap();
        let places: Vec<&str> = pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Value { at, .. } => text.get(at.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(places, ["step_us", "step"]);
        assert_eq!(super::pieces("a {step"), Err(2..3));
    }
}
