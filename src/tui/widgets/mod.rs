//! Pieces that several panels draw with. All of them clip: an area of any size, even
//! empty, is fine.

pub mod bars;
pub mod big;
pub mod floor_plan;
pub mod legend;
pub mod prompt;
pub mod units;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::command::Direction;

/// Writes one line at the top of `area`, with `…` where it is cut, and returns the area below.
pub fn put_line<'a>(buf: &mut Buffer, area: Rect, line: impl Into<Line<'a>>) -> Rect {
    if area.is_empty() {
        return area;
    }
    buf.set_line(area.x, area.y, &clipped(line.into(), usize::from(area.width)), area.width);
    rows_from(area, 1)
}

/// Returns the line cut to `width` columns, with `…` in place of the rest.
///
/// Spaces cut off at its end are not marked.
pub fn clipped(line: Line<'_>, width: usize) -> Line<'_> {
    let mut room = width;
    let end = line.spans.iter().rposition(|span| !span.content.trim_end().is_empty());
    let inked = end.map_or(0, |end| {
        let before: usize = line.spans[..end].iter().map(Span::width).sum();
        before + Span::raw(line.spans[end].content.trim_end()).width()
    });
    if inked <= width {
        return line;
    }
    let mut kept = Vec::new();
    for span in line.spans {
        // A column is kept for the mark: something is missing behind this span, or within it.
        if span.width() < room {
            room -= span.width();
            kept.push(span);
            continue;
        }
        let (text, style) = (cut(&span.content, room), span.style);
        kept.push(Span::styled(text, style));
        break;
    }
    Line { spans: kept, ..line }
}

/// Writes one line against the right edge of the top of `area`; nothing where it does not fit.
pub fn put_right<'a>(buf: &mut Buffer, area: Rect, line: impl Into<Line<'a>>) {
    let line = line.into();
    let width = line.width() as u16;
    if area.height > 0 && width <= area.width {
        buf.set_line(area.right() - width, area.y, &line, width);
    }
}

/// Writes a line with a part at the right edge, and returns the area below. Where both do not fit,
/// the left part is cut: figures are worth more than their names.
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

/// Writes text at a place inside `area`, given relative to it, cut at its right edge with `…`.
pub fn put_at(buf: &mut Buffer, area: Rect, (x, y): (u16, u16), text: &str, style: Style) {
    if x >= area.width || y >= area.height {
        return;
    }
    let (at, room) = ((area.x + x, area.y + y), usize::from(area.width - x));
    // Bytes are at least as many as columns: most texts need no measuring.
    if text.len() <= room || Span::raw(text).width() <= room {
        buf.set_stringn(at.0, at.1, text, room, style);
    } else {
        buf.set_stringn(at.0, at.1, shorten(text.trim_end(), room), room, style);
    }
}

/// Returns the area without its first `rows` rows.
pub fn rows_from(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// Returns the first `rows` rows of the area.
pub fn rows_to(area: Rect, rows: u16) -> Rect {
    Rect { height: rows.min(area.height), ..area }
}

/// Returns the area without its first `columns` columns.
pub fn columns_from(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect { x: area.x + columns, width: area.width - columns, ..area }
}

/// Returns the first `columns` columns of the area.
pub fn columns_to(area: Rect, columns: u16) -> Rect {
    Rect { width: columns.min(area.width), ..area }
}

/// Returns a text cut to `width` columns, with `…` where something is missing.
pub fn shorten(text: &str, width: usize) -> String {
    if Span::raw(text).width() <= width { text.to_owned() } else { cut(text, width) }
}

/// Returns the beginning of a text and `…`, in `width` columns.
fn cut(text: &str, width: usize) -> String {
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

/// Returns a rectangle of the given size in the middle of `area`, smaller where it does not fit.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// Moves a first line, or a selection, within `lines` lines.
pub fn scroll_by(scroll: &mut usize, direction: Direction, times: u32, lines: usize) {
    *scroll = match direction {
        Direction::Down => scroll.saturating_add(times as usize).min(lines.saturating_sub(1)),
        Direction::Up => scroll.saturating_sub(times as usize),
        Direction::Left | Direction::Right => *scroll,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_line_ends_in_a_mark_and_nothing_else_does() {
        let line = || Line::from(vec![Span::raw("latency, "), Span::raw("mean"), Span::raw(" · max")]);
        let shown = |width| clipped(line(), width).to_string();
        assert_eq!(shown(19), "latency, mean · max");
        assert_eq!(shown(18), "latency, mean · m…");
        assert_eq!(shown(13), "latency, mea…");
        assert_eq!(shown(9), "latency,…");
        assert_eq!((shown(1), shown(0)), ("…".to_owned(), String::new()));
        assert_eq!(clipped(Line::from("padded   "), 6).to_string(), "padded   ", "only spaces are cut");
        let area = Rect::new(0, 0, 6, 1);
        let mut buf = Buffer::empty(area);
        put_at(&mut buf, area, (2, 0), "label", Style::new());
        put_at(&mut buf, area, (0, 0), "日", Style::new());
        assert_eq!(buf[(5, 0)].symbol(), "…");
        assert_eq!(buf[(4, 0)].symbol(), "b");
    }

    #[test]
    fn shortening_says_that_something_is_missing() {
        assert_eq!(shorten("perplexity", 20), "perplexity");
        assert_eq!(shorten("perplexity", 5), "perp…");
        assert_eq!(shorten("perplexity", 1), "…");
        assert_eq!(shorten("perplexity", 0), "");
        assert_eq!(shorten("日本語", 5), "日本…");
    }
}
