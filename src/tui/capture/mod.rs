//! A screen as a file: plain text, text with colours, or a picture (SVG). The same screen gives
//! the same bytes.

pub mod palette;
mod shape;
mod svg;

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

pub use self::shape::is_drawn;
pub use self::svg::{CELL, MARGIN, svg};

/// Returns the rows of a buffer, each as its cells.
fn rows(buf: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buf.content().chunks(usize::from(buf.area.width).max(1))
}

/// Returns the cells of a row that are written, without those that a wide character covers.
fn written(row: &[Cell]) -> impl Iterator<Item = &Cell> {
    let mut covered = 0;
    row.iter().filter(move |cell| {
        let shown = covered == 0;
        covered = if shown { cell.symbol().width().saturating_sub(1) } else { covered - 1 };
        shown
    })
}

/// Returns the characters, a line a row, without spaces at its end.
pub fn text(buf: &Buffer) -> String {
    rows(buf)
        .map(|row| written(row).map(Cell::symbol).collect::<String>().trim_end().to_owned() + "\n")
        .collect()
}

/// Returns the characters with the escape sequences for their colours.
pub fn ansi(buf: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buf) {
        let mut now = String::new();
        for cell in written(row) {
            let wanted = sgr(cell);
            if wanted != now {
                let _ = write!(out, "\x1b[0{wanted}m");
                now = wanted;
            }
            out.push_str(cell.symbol());
        }
        if !now.is_empty() {
            out.push_str("\x1b[0m");
        }
        out.push('\n');
    }
    out
}

/// Returns the parameters of "select graphic rendition" after the reset, each with its semicolon.
fn sgr(cell: &Cell) -> String {
    let mut out = String::new();
    for (modifier, code) in [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::ITALIC, 3),
        (Modifier::UNDERLINED, 4),
        (Modifier::REVERSED, 7),
        (Modifier::HIDDEN, 8),
        (Modifier::CROSSED_OUT, 9),
    ] {
        if cell.modifier.contains(modifier) {
            let _ = write!(out, ";{code}");
        }
    }
    for (colour, base) in [(cell.fg, 30), (cell.bg, 40)] {
        let _ = match (colour, palette::ansi_number(colour)) {
            (_, Some(n)) if n < 8 => write!(out, ";{}", base + u32::from(n)),
            (_, Some(n)) => write!(out, ";{}", base + 52 + u32::from(n)),
            (Color::Indexed(n), _) => write!(out, ";{};5;{n}", base + 8),
            (Color::Rgb(r, g, b), _) => write!(out, ";{};2;{r};{g};{b}", base + 8),
            _ => Ok(()),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn sample() -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 2));
        buf.set_string(0, 0, "ab", Style::new().fg(Color::LightRed).bg(Color::Rgb(1, 2, 3)));
        buf.set_string(2, 0, "c", Style::new().fg(Color::Blue).add_modifier(Modifier::BOLD));
        buf.set_string(0, 1, "日", Style::new().fg(Color::Indexed(99)));
        buf
    }

    #[test]
    fn text_has_no_spaces_at_its_ends() {
        assert_eq!(text(&sample()), "abc\n日\n");
    }

    #[test]
    fn colours_as_a_terminal_takes_them() {
        let expected = "\x1b[0;91;48;2;1;2;3mab\x1b[0;1;34mc\x1b[0m   \n\x1b[0;38;5;99m日\x1b[0m    \n";
        assert_eq!(ansi(&sample()), expected);
    }
}
