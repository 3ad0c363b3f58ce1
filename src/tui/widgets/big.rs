//! Large digits of three columns by three rows, drawn with half blocks for the back of a classroom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::put_at;
use crate::tui::theme::Glyphs;

/// Height of large text, in rows.
pub const ROWS: u16 = 3;

/// Dots of each digit: five rows of three bits, of which the highest is the leftmost dot.
const DIGITS: [[u8; 5]; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b010, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
];

/// Returns a character's dots and its width in columns.
fn picture(character: char) -> ([u8; 5], u16) {
    match (character.to_digit(10), character) {
        (Some(digit), _) => (DIGITS[digit as usize], 3),
        (None, '.') => ([0, 0, 0, 0, 0b100], 1),
        (None, '-') => ([0, 0, 0b111, 0, 0], 3),
        (None, _) => ([0; 5], 1),
    }
}

/// Returns the width of a text, in columns.
pub fn width(text: &str) -> u16 {
    text.chars().map(|character| picture(character).1 + 1).sum::<u16>().saturating_sub(1)
}

/// Returns `true` if a text has only digits, dots and dashes, which can be drawn large.
fn drawable(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
}

/// Draws large digits at the top left of `area`, or plain text without room or block elements.
pub fn big(buf: &mut Buffer, area: Rect, text: &str, style: Style, glyphs: Glyphs) {
    if area.height < ROWS || area.width < width(text) || glyphs == Glyphs::Ascii || !drawable(text) {
        put_at(buf, area, (0, area.height.min(ROWS).saturating_sub(1) / 2), text, style);
        return;
    }
    let mut x = 0;
    for character in text.chars() {
        let (dots, columns) = picture(character);
        let dot = |column: u16, row: usize| dots.get(row).is_some_and(|bits| bits >> (2 - column) & 1 == 1);
        for column in 0..columns {
            for y in 0..ROWS {
                let symbol = match (dot(column, usize::from(y) * 2), dot(column, usize::from(y) * 2 + 1)) {
                    (true, true) => "█",
                    (true, false) => "▀",
                    (false, true) => "▄",
                    (false, false) => continue,
                };
                put_at(buf, area, (x + column, y), symbol, style);
            }
        }
        x += columns + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_keep_their_shape() {
        let area = Rect::new(0, 0, 9, 3);
        let mut buf = Buffer::empty(area);
        big(&mut buf, area, "4.2", Style::new(), Glyphs::Blocks);
        let row = |y| {
            (0..9).filter_map(|x| buf.cell((x, y))).map(ratatui::buffer::Cell::symbol).collect::<String>()
        };
        assert_eq!([row(0), row(1), row(2)], ["█ █   ▀▀█", "▀▀█   █▀▀", "  ▀ ▀ ▀▀▀"]);
        assert_eq!(width("4.2"), 9);
    }
}
