//! Frame of an event camera in half blocks: two picture elements a cell, one above the other.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::task::dvs::picture::{EventPicture, PICTURE_SIDE};
use crate::tui::theme::{Glyphs, Theme};
use crate::tui::widgets::put_at;

/// Picture element: the prevailing kind of events, and their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Silent,
    Few(bool),
    Many(bool),
}

/// Events from which on an element counts as `Many`.
const MANY: u32 = 3;

impl Element {
    fn of((on, off): (u32, u32)) -> Self {
        match on.max(off) {
            0 => Self::Silent,
            n if n < MANY => Self::Few(on >= off),
            _ => Self::Many(on >= off),
        }
    }

    fn ink(self, theme: &Theme) -> Option<Style> {
        match self {
            Self::Silent => None,
            Self::Few(on) => Some(theme.polarity(on, false)),
            Self::Many(on) => Some(theme.polarity(on, true)),
        }
    }

    /// Returns the letter of an element, for terminals without colours or without blocks.
    fn letter(self) -> &'static str {
        match self {
            Self::Silent => " ",
            Self::Few(true) => "+",
            Self::Few(false) => "-",
            Self::Many(true) => "#",
            Self::Many(false) => "=",
        }
    }
}

/// Returns the scale at which the picture fits: 1, 2 or 4 camera pixels along a picture element's
/// side; `None` where not even the smallest picture fits.
fn scale(area: Rect) -> Option<usize> {
    [1, 2, 4].into_iter().find(|&scale| {
        let side = (PICTURE_SIDE / scale) as u16;
        side <= area.width && side / 2 <= area.height
    })
}

/// Returns the columns and rows of the picture in an area; `None` where not even the smallest fits.
pub fn size(area: Rect) -> Option<(u16, u16)> {
    scale(area).map(|scale| ((PICTURE_SIDE / scale) as u16, (PICTURE_SIDE / scale / 2) as u16))
}

/// Draws the picture at the top left of `area`, as large as it fits.
pub fn draw(picture: &EventPicture, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(scale) = scale(area) else { return };
    let side = PICTURE_SIDE / scale;
    let coloured = theme.glyphs != Glyphs::Ascii && theme.coloured();
    for row in 0..side / 2 {
        for column in 0..side {
            let element = |y: usize| Element::of(picture.square(column, y, scale));
            let (upper, lower) = (element(2 * row), element(2 * row + 1));
            let at = (column as u16, row as u16);
            if coloured {
                half_blocks(buf, area, at, (upper, lower), theme);
            } else {
                // One letter for both: the busier half.
                let letter = if upper == Element::Silent { lower } else { upper };
                put_at(buf, area, at, letter.letter(), Style::new());
            }
        }
    }
}

fn half_blocks(
    buf: &mut Buffer,
    area: Rect,
    at: (u16, u16),
    (upper, lower): (Element, Element),
    theme: &Theme,
) {
    match (upper.ink(theme), lower.ink(theme)) {
        (None, None) => {}
        (Some(ink), None) => put_at(buf, area, at, "▀", ink),
        (None, Some(ink)) => put_at(buf, area, at, "▄", ink),
        (Some(above), Some(below)) => {
            let both = Style { bg: below.fg, ..above };
            put_at(buf, area, at, "▀", both);
        }
    }
}

/// Returns a legend: the meaning of the colours or letters, and the time that the picture covers.
pub fn legend(bin_us: u64, theme: &Theme) -> Line<'static> {
    let coloured = theme.glyphs != Glyphs::Ascii && theme.coloured();
    let mark = |on: bool| {
        let text = match (coloured, on) {
            (true, _) => "■",
            (false, true) => "+#",
            (false, false) => "-=",
        };
        Span::styled(text, theme.polarity(on, true))
    };
    Line::from(vec![
        mark(true),
        Span::styled(" brighter ", theme.dim()),
        mark(false),
        Span::styled(format!(" darker · {} ms", bin_us as f64 / 1e3), theme.dim()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Looks;
    use crate::tui::theme::depth::Depth;

    /// One ON event at the camera's top left, three OFF events in the next row of the picture.
    fn picture() -> EventPicture {
        let mut picture = EventPicture::dark();
        picture.on[0] = 1;
        picture.off[PICTURE_SIDE] = 3;
        picture
    }

    #[test]
    fn two_elements_share_a_cell() {
        let area = Rect::new(0, 0, 64, 32);
        let theme = Theme::default();
        let mut buf = Buffer::empty(area);
        draw(&picture(), &theme, area, &mut buf);
        let cell = &buf[(0, 0)];
        assert_eq!(cell.symbol(), "▀");
        assert_eq!(Some(cell.fg), theme.polarity(true, false).fg);
        assert_eq!(Some(cell.bg), theme.polarity(false, true).fg);
        assert_eq!(buf[(1, 0)].symbol(), " ");
    }

    #[test]
    fn smaller_places_take_squares_together_and_count_all_their_events() {
        assert_eq!(size(Rect::new(0, 0, 40, 20)), Some((32, 16)));
        assert_eq!(size(Rect::new(0, 0, 20, 9)), Some((16, 8)));
        assert_eq!(size(Rect::new(0, 0, 15, 9)), None);
        // Two by two: the ON event and the three OFF events fall into one square,
        // where OFF prevails.
        let area = Rect::new(0, 0, 32, 16);
        let mut buf = Buffer::empty(area);
        let mono = Theme::new(Looks { depth: Depth::Mono, ..Looks::default() });
        draw(&picture(), &mono, area, &mut buf);
        assert_eq!(buf[(0, 0)].symbol(), "=");
    }
}
