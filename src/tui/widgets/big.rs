//! Big digits: three rows of box-drawing strokes, three columns a digit, readable from the back of a classroom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::put_at;
use crate::tui::theme::depth::Glyphs;

/// Rows that big text takes.
pub const ROWS: u16 = 3;

const DIGITS: [[&str; 3]; 10] = [
    ["┏━┓", "┃ ┃", "┗━┛"],
    ["╺┓ ", " ┃ ", "╺┻╸"],
    ["╺━┓", "┏━┛", "┗━╸"],
    ["╺━┓", " ━┫", "╺━┛"],
    ["╻ ╻", "┗━┫", "  ╹"],
    ["┏━╸", "┗━┓", "╺━┛"],
    ["┏━╸", "┣━┓", "┗━┛"],
    ["╺━┓", "  ┃", "  ╹"],
    ["┏━┓", "┣━┫", "┗━┛"],
    ["┏━┓", "┗━┫", "╺━┛"],
];

fn strokes(character: char) -> [&'static str; 3] {
    match character.to_digit(10) {
        Some(digit) => DIGITS[digit as usize],
        None => match character {
            '.' => [" ", " ", "."],
            ',' => [" ", " ", ","],
            '-' => ["   ", "╺━╸", "   "],
            _ => [" ", " ", " "],
        },
    }
}

/// Columns that a text takes.
pub fn width(text: &str) -> u16 {
    text.chars().map(|c| strokes(c)[0].chars().count() as u16 + 1).sum::<u16>().saturating_sub(1)
}

/// Draws digits at the top left of `area`; plain text where there is no room or no box drawing.
pub fn big(buf: &mut Buffer, area: Rect, text: &str, style: Style, glyphs: Glyphs) {
    if area.height < ROWS || area.width < width(text) || glyphs == Glyphs::Ascii {
        put_at(buf, area, (0, area.height.min(ROWS).saturating_sub(1) / 2), text, style);
        return;
    }
    let mut x = 0;
    for character in text.chars() {
        let rows = strokes(character);
        for (y, row) in (0u16..).zip(rows) {
            put_at(buf, area, (x, y), row, style);
        }
        x += rows[0].chars().count() as u16 + 1;
    }
}
