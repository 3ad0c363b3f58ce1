//! Pieces that several panels draw with. All of them clip: an area of any size, even empty, is fine.

pub mod bars;
pub mod big;
pub mod floor_plan;
pub mod frame;
pub mod legend;
pub mod prompt;
pub mod units;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Writes one line at the top of `area` and returns what is left below.
pub fn put_line<'a>(buf: &mut Buffer, area: Rect, line: impl Into<Line<'a>>) -> Rect {
    if area.is_empty() {
        return area;
    }
    buf.set_line(area.x, area.y, &line.into(), area.width);
    rows_from(area, 1)
}

/// Writes one line against the right edge of the top of `area`; nothing where it does not fit.
pub fn put_right<'a>(buf: &mut Buffer, area: Rect, line: impl Into<Line<'a>>) {
    let line = line.into();
    let width = line.width() as u16;
    if area.height > 0 && width <= area.width {
        buf.set_line(area.right() - width, area.y, &line, width);
    }
}

/// Writes a line with something against the right edge, and returns what is left below. Where both do not fit, the
/// right side wins and the left is cut: figures are worth more than their names.
pub fn put_pair<'a>(
    buf: &mut Buffer,
    area: Rect,
    left: impl Into<Line<'a>>,
    right: impl Into<Line<'a>>,
) -> Rect {
    let right = right.into();
    let room = area.width.saturating_sub(right.width() as u16 + 1);
    put_line(buf, columns_to(area, room), left);
    put_right(buf, area, right);
    rows_from(area, 1)
}

/// Writes text at a place inside `area`, given relative to it, cut at its right edge.
pub fn put_at(buf: &mut Buffer, area: Rect, (x, y): (u16, u16), text: &str, style: Style) {
    if x < area.width && y < area.height {
        buf.set_stringn(area.x + x, area.y + y, text, usize::from(area.width - x), style);
    }
}

/// The area without its first `rows` rows.
pub fn rows_from(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// The first `rows` rows of the area.
pub fn rows_to(area: Rect, rows: u16) -> Rect {
    Rect { height: rows.min(area.height), ..area }
}

/// The area without its first `columns` columns.
pub fn columns_from(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect { x: area.x + columns, width: area.width - columns, ..area }
}

/// The first `columns` columns of the area.
pub fn columns_to(area: Rect, columns: u16) -> Rect {
    Rect { width: columns.min(area.width), ..area }
}

/// Text cut to a width in columns, with `…` where something is missing.
pub fn shorten(text: &str, width: usize) -> String {
    if Span::raw(text).width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        if Span::raw(format!("{short}{character}…")).width() > width {
            break;
        }
        short.push(character);
    }
    if width > 0 {
        short.push('…');
    }
    short
}

/// A rectangle of the given size in the middle of `area`, smaller where it does not fit.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortening_says_that_something_is_missing() {
        assert_eq!(shorten("perplexity", 20), "perplexity");
        assert_eq!(shorten("perplexity", 5), "perp…");
        assert_eq!(shorten("perplexity", 1), "…");
        assert_eq!(shorten("perplexity", 0), "");
        assert_eq!(shorten("日本語", 5), "日本…");
    }
}
