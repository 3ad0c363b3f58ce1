//! Errors in scenes, with place and remedy.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fmt, iter};

use unicode_width::UnicodeWidthChar;

use crate::text::{visible, visible_line};

/// Columns of a source line that a message shows; longer lines are cut around the place.
const LINE_WIDTH: usize = 100;

/// A complete diagnostic. It prints as
///
/// ```text
/// scenes/lm.ron:25:31: `pes` is 0, and a layer needs at least one PE
///    |
/// 25 | (layer: "rnns.1", pes: 0),
///    |                   ^^^^^^
/// help: pes: 50
/// ```
///
/// (without the place where there is none: a file that cannot be read).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SceneError(Box<Diagnostic>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Diagnostic {
    path: PathBuf,
    edits: String,
    place: Option<SourceSpan>,
    message: String,
    help: String,
}

/// Place of the error in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SourceSpan {
    line: usize,
    column: usize,
    source: String,
    /// Bytes of `source` under the caret.
    marked: Range<usize>,
}

impl SceneError {
    /// Creates an error about the file as a whole.
    pub fn file(path: &Path, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self(Box::new(Diagnostic {
            path: path.to_owned(),
            edits: String::new(),
            place: None,
            message: message.into(),
            help: help.into(),
        }))
    }

    /// Sets the place of the error to a range of bytes of the text. A span over several lines is
    /// marked up to the end of its first.
    #[must_use]
    pub fn at(mut self, text: &str, bytes: Range<usize>) -> Self {
        self.0.place = Some(SourceSpan::new(text, bytes));
        self
    }

    /// Notes that the text differs from the file's, since `edits` were made first.
    #[must_use]
    pub fn edited(mut self, edits: &[(String, String)]) -> Self {
        self.0.edits = edits.iter().fold(String::new(), |mut all, (path, value)| {
            let _ = write!(all, " --set {path}={value}");
            all
        });
        self
    }

    /// Returns the message without place and help.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the remedy; empty if none is known.
    pub fn help(&self) -> &str {
        &self.0.help
    }

    /// Returns the path of the scene file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Returns line and column, from 1, columns in characters; `None` for the file as a whole.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.0.place.as_ref().map(|p| (p.line, p.column))
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible_line(&self.path.display().to_string()))?;
        if let Some(place) = &self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        if !self.edits.is_empty() {
            write!(f, " (after{})", visible(&self.edits))?;
        }
        write!(f, ": {}", visible(&self.message))?;
        if let Some(place) = &self.place {
            place.excerpt(f)?;
        }
        if !self.help.is_empty() {
            write!(f, "\nhelp: {}", visible(&self.help))?;
        }
        Ok(())
    }
}

impl SourceSpan {
    fn new(text: &str, bytes: Range<usize>) -> Self {
        let start = floor_char(text, bytes.start);
        let end = floor_char(text, bytes.end).max(start);
        let (before, after) = text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = start + after.find(['\n', '\r']).unwrap_or(after.len());
        let source = text.get(line_start..line_end).unwrap_or("").to_owned();
        // A place between two characters is marked at the second.
        let marked = start - line_start..end.min(line_end).max(start + 1) - line_start;
        Self {
            line: 1 + before.matches('\n').count(),
            column: 1 + text.get(line_start..start).unwrap_or("").chars().count(),
            marked,
            source,
        }
    }

    fn excerpt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells: Vec<Cell> = self.cells();
        let from = cells.iter().position(|c| c.marked).unwrap_or(cells.len());
        let first = window_start(&cells, from);
        let mut line = String::new();
        let mut carets = String::new();
        let mut width = 0;
        for cell in cells.get(first..).unwrap_or(&[]) {
            if width + cell.width > LINE_WIDTH {
                line.push('…');
                break;
            }
            width += cell.width;
            line.push_str(&cell.text);
            carets.extend(iter::repeat_n(if cell.marked { '^' } else { ' ' }, cell.width));
        }
        if !carets.contains('^') {
            carets.push('^');
        }
        let ellipsis = if first > 0 { "…" } else { "" };
        let shift = if first > 0 { " " } else { "" };
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        write!(f, "\n{gutter} |\n{number} | {ellipsis}{}", line.trim_end())?;
        write!(f, "\n{gutter} | {shift}{}", carets.trim_end())
    }

    fn cells(&self) -> Vec<Cell> {
        self.source
            .char_indices()
            .map(|(at, c)| {
                let text = match c {
                    '\t' => "    ".to_owned(),
                    // One column, so that the caret is where an editor shows it.
                    c if c.is_control() || visible(c.encode_utf8(&mut [0; 4])) != c.to_string() => {
                        "\u{fffd}".to_owned()
                    }
                    c => c.to_string(),
                };
                let width = match (c, text.as_str()) {
                    ('\t', _) => 4,
                    (_, "\u{fffd}") => 1,
                    _ => c.width().unwrap_or(1),
                };
                Cell { text, width, marked: self.marked.contains(&at) }
            })
            .collect()
    }
}

/// Character with its displayed form.
struct Cell {
    text: String,
    width: usize,
    marked: bool,
}

/// Returns the first character to show, so that the marked one is within the window.
fn window_start(cells: &[Cell], marked: usize) -> usize {
    let width: usize = cells.iter().map(|c| c.width).sum();
    if width <= LINE_WIDTH {
        // The line's own indentation says nothing here, but moving it would make columns
        // hard to count.
        return 0;
    }
    let mut room = LINE_WIDTH / 2;
    let mut first = marked.min(cells.len());
    while first > 0 {
        let Some(cell) = cells.get(first - 1).filter(|c| c.width <= room) else { break };
        room -= cell.width;
        first -= 1;
    }
    first
}

/// Returns the greatest character boundary at or before a byte.
fn floor_char(text: &str, byte: usize) -> usize {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Returns the candidate that the author of `word` may have meant.
pub fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let (distance, best) = candidates
        .into_iter()
        .map(|c| (distance(&word.to_lowercase(), &c.to_lowercase()), c))
        .min_by_key(|&(d, _)| d)?;
    (distance <= (word.chars().count() / 3).max(1)).then_some(best)
}

/// Returns the edit distance of the first 64 characters of two words: insertions, deletions,
/// substitutions and swaps of neighbours.
///
/// Rows have one entry more than `b`, so `j + 1` is always within.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect::<Vec<_>>(), vec![0; b.len() + 1]];
    for (i, &x) in a.iter().enumerate() {
        let [before, last, row] = &mut rows;
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                best = best.min(before[j - 1] + 1);
            }
            row[j + 1] = best;
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("pes", "pes", 0),
            ("pse", "pes", 1),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("abc", "", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
        assert_eq!(did_you_mean("pess", ["layer", "pes", "on"]), Some("pes"));
        assert_eq!(did_you_mean("poll", ["Poll", "Sleep"]), Some("Poll"));
        assert_eq!(did_you_mean("colour", ["layer", "pes", "on"]), None);
        assert_eq!(did_you_mean("x", []), None);
    }

    fn shown(text: &str, bytes: Range<usize>) -> String {
        SceneError::file(Path::new("a.ron"), "bad", "").at(text, bytes).to_string()
    }

    #[test]
    fn caret_stands_under_tabs_and_wide_characters() {
        assert_eq!(shown("a\n\t神: x,", 8..9), "a.ron:2:5: bad\n  |\n2 |     神: x,\n  |         ^");
    }

    #[test]
    fn caret_at_the_end_of_a_text_and_of_a_line() {
        assert_eq!(shown("ab", 2..2), "a.ron:1:3: bad\n  |\n1 | ab\n  |   ^");
        assert_eq!(shown("", 0..0), "a.ron:1:1: bad\n  |\n1 | \n  | ^");
        assert_eq!(shown("(a\r\n b)\r\n", 0..7), "a.ron:1:1: bad\n  |\n1 | (a\n  | ^^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}X{}", "a".repeat(5000), "b".repeat(5000));
        let lines = shown(&text, 5000..5001);
        let lines: Vec<&str> = lines.lines().collect();
        assert!(lines[2].chars().count() < 120, "{lines:?}");
        let column = lines[3].chars().position(|c| c == '^');
        assert_eq!(lines[2].chars().position(|c| c == 'X'), column);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let shown =
            SceneError::file(Path::new("a.ron"), "\u{1b}[2J", "\u{7}").at("\u{1b}[2J", 0..1).to_string();
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
    }
}
