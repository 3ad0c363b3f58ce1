//! Glyph sets: which characters the app may draw with.
//!
//! Everything is written with box drawing and block elements. Where a panel knows something better
//! for another set (a braille chart, letters instead of half blocks) it asks [`Glyphs`]; what is
//! left is put into ASCII by [`to_ascii`], in one pass over the finished screen, so that nothing
//! slips through: names from the user's files, words of the corpus, a caret of an error message.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

use super::names::by_name;

/// Set of characters that may be drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Glyphs {
    /// Box drawing and block elements.
    #[default]
    Blocks,
    /// Blocks, and braille for charts over time: twice as many values in a width.
    Braille,
    /// Printable ASCII only.
    Ascii,
}

by_name!(Glyphs, "glyph set", [Blocks = "blocks", Braille = "braille", Ascii = "ascii"]);

impl Glyphs {
    /// Chooses ASCII if the locale is set and not UTF-8, or if the terminal is dumb; else blocks.
    ///
    /// An unset locale is taken as UTF-8, as it nearly always is in containers. Braille is never
    /// guessed: fonts without it show boxes.
    pub fn detect(env: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(&set);
        let utf8 = locale.is_none_or(|name| {
            let name = name.to_ascii_lowercase();
            name.contains("utf-8") || name.contains("utf8")
        });
        if utf8 && set("TERM").as_deref() != Some("dumb") { Self::Blocks } else { Self::Ascii }
    }

    /// Returns one of two values, the second for ASCII.
    pub fn pick<T>(self, drawn: T, ascii: T) -> T {
        if self == Self::Ascii { ascii } else { drawn }
    }

    /// Returns the Enter key for a line of keys.
    pub fn enter(self) -> &'static str {
        self.pick("⏎", "Enter")
    }

    /// Returns the sign of the threshold; one column, or two.
    pub fn theta(self) -> &'static str {
        self.pick("θ", "th")
    }
}

/// Makes every cell of `area` printable ASCII. A character keeps its place: what is one column wide
/// stays so, and what is two wide becomes `?` and a space.
pub fn to_ascii(area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            let Some(cell) = buf.cell_mut((x, y)) else { continue };
            if !matches!(cell.symbol().as_bytes(), [b' '..=b'~']) {
                let stand_in = stand_in(cell.symbol());
                cell.set_char(stand_in);
            }
        }
    }
}

/// Returns the ASCII character in place of a cell's symbol.
fn stand_in(symbol: &str) -> char {
    let mut characters = symbol.chars();
    let Some(first) = characters.next() else { return ' ' };
    match first {
        ' '..='~' => first,
        'µ' | 'μ' => 'u',
        'θ' => 't',
        '·' | '•' | '∙' | '‧' => '.',
        // As editors mark a cut line; a dot would read as an abbreviation.
        '…' | '≈' | '∼' => '~',
        '→' | '▸' | '›' | '»' | '▶' | '≥' => '>',
        '←' | '◂' | '‹' | '«' | '◀' | '≤' | '⏎' => '<',
        '↑' | '▲' | '△' => '^',
        '↓' | '▼' | '▽' | '✓' => 'v',
        '−' | '–' | '—' | '‐' | '‑' | '─' | '━' | '═' | '▁' | '▂' => '-',
        '×' | '✗' | '✕' => 'x',
        '¶' => '$',
        '°' | '●' | '○' => 'o',
        '²' => '2',
        '³' => '3',
        '‘' | '’' | '′' => '\'',
        '“' | '”' | '„' | '″' => '"',
        '│' | '┃' | '║' | '▏' | '▎' | '▍' => '|',
        '▐' => '[',
        '▌' => ']',
        '░' => ':',
        '█' | '▓' | '▒' | '▄' | '▀' | '■' | '▇' | '▆' | '▅' | '▊' | '▋' | '▉' => '#',
        '▃' => '=',
        '±' | '✚' | '\u{2500}'..='\u{257f}' => '+',
        _ => plain_letter(first),
    }
}

/// Returns a letter without its accent, if it is one of Latin-1's.
const fn plain_letter(letter: char) -> char {
    match letter {
        'À'..='Å' => 'A',
        'Ç' => 'C',
        'È'..='Ë' => 'E',
        'Ì'..='Ï' => 'I',
        'Ñ' => 'N',
        'Ò'..='Ö' | 'Ø' => 'O',
        'Ù'..='Ü' => 'U',
        'à'..='å' => 'a',
        'ç' => 'c',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ñ' => 'n',
        'ò'..='ö' | 'ø' => 'o',
        'ù'..='ü' => 'u',
        'ý' | 'ÿ' => 'y',
        'ß' => 's',
        '\u{a0}' => ' ',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn ascii_only_where_the_locale_says_so() {
        let glyphs = |vars: &[(&str, &str)]| {
            Glyphs::detect(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(glyphs(&[]), Glyphs::Blocks);
        assert_eq!(glyphs(&[("LANG", "C.UTF-8")]), Glyphs::Blocks);
        assert_eq!(glyphs(&[("LANG", "C.UTF-8"), ("LC_ALL", "C")]), Glyphs::Ascii);
        assert_eq!(glyphs(&[("TERM", "dumb")]), Glyphs::Ascii);
    }

    #[test]
    fn every_character_keeps_its_place() {
        let text = "╭ 12 µs · |c−θ| → café 日本 ▁▂▃█ \u{1f469}\u{200d}\u{1f469} end…";
        let area = Rect::new(0, 0, 50, 1);
        let mut buf = Buffer::empty(area);
        buf.set_string(0, 0, text, Style::new());
        let end = (0..50).find(|&x| buf[(x, 0)].symbol() == "d").unwrap();
        to_ascii(area, &mut buf);
        let shown: String = buf.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(shown.trim_end(), "+ 12 us . |c-t| > cafe ? ?  --=# ?  end~");
        assert_eq!(shown.find("end").map(|at| at as u16 + 2), Some(end));
    }
}
