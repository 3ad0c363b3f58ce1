//! Shapes for block, line and braille characters in SVG.
//!
//! They have to touch those of neighbouring cells, and browsers' fonts and line heights would leave
//! gaps.

/// Drawing of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Up to two rectangles: left, top, right and bottom in eighths of the cell.
    Fill([Option<(u8, u8, u8, u8)>; 2]),
    /// Whole cell, with this percentage of the ink.
    Shade(u8),
    /// Lines from the middle to these sides.
    Lines(Lines),
    /// Braille dots, one bit each, as in Unicode.
    Dots(u8),
}

/// Lines from the middle of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "sides, and there are four")]
pub struct Lines {
    /// Whether there is a line to the top.
    pub up: bool,
    /// Whether there is a line to the right.
    pub right: bool,
    /// Whether there is a line to the bottom.
    pub down: bool,
    /// Whether there is a line to the left.
    pub left: bool,
    /// Whether lines have twice the width.
    pub heavy: bool,
    /// Whether the corner is rounded.
    pub round: bool,
}

const UP: u8 = 1;
const RIGHT: u8 = 2;
const DOWN: u8 = 4;
const LEFT: u8 = 8;

/// Light and heavy line characters, with their sides.
const LINES: [(char, char, u8); 15] = [
    ('─', '━', LEFT | RIGHT),
    ('│', '┃', UP | DOWN),
    ('┌', '┏', RIGHT | DOWN),
    ('┐', '┓', LEFT | DOWN),
    ('└', '┗', RIGHT | UP),
    ('┘', '┛', LEFT | UP),
    ('├', '┣', UP | DOWN | RIGHT),
    ('┤', '┫', UP | DOWN | LEFT),
    ('┬', '┳', LEFT | RIGHT | DOWN),
    ('┴', '┻', LEFT | RIGHT | UP),
    ('┼', '╋', UP | DOWN | LEFT | RIGHT),
    ('╴', '╸', LEFT),
    ('╵', '╹', UP),
    ('╶', '╺', RIGHT),
    ('╷', '╻', DOWN),
];

/// Rounded corners, with the sides at which their lines end.
const ROUND: [(char, u8); 4] = [('╭', RIGHT | DOWN), ('╮', LEFT | DOWN), ('╰', RIGHT | UP), ('╯', LEFT | UP)];

/// Quarters of the cell from U+2596 on: 1 upper left, 2 upper right, 4 lower left, 8 lower right.
const QUARTERS: [u8; 10] = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14];

/// Returns `true` if a character is drawn as a shape instead of written as text.
pub fn is_drawn(character: char) -> bool {
    shape(character).is_some()
}

/// Returns the shape of a character; `None` for text.
pub fn shape(character: char) -> Option<Shape> {
    let one = |left, top, right, bottom| Some(Shape::Fill([Some((left, top, right, bottom)), None]));
    let code = character as u32;
    match character {
        '▀' => one(0, 0, 8, 4),
        '▁'..='█' => one(0, 8 - (code - 0x2580) as u8, 8, 8),
        '▉'..='▏' => one(0, 0, (0x2590 - code) as u8, 8),
        '▐' => one(4, 0, 8, 8),
        '░' => Some(Shape::Shade(25)),
        '▒' => Some(Shape::Shade(50)),
        '▓' => Some(Shape::Shade(75)),
        '▔' => one(0, 0, 8, 1),
        '▕' => one(7, 0, 8, 8),
        '▖'..='▟' => QUARTERS.get((code - 0x2596) as usize).map(|&bits| quarters(bits)),
        '\u{2800}'..='\u{28ff}' => Some(Shape::Dots((code - 0x2800) as u8)),
        _ => lines(character),
    }
}

/// Returns the shape of a set of quarters: at most one rectangle in each half of the cell.
fn quarters(bits: u8) -> Shape {
    let half = |bits: u8, top: u8| match bits & 3 {
        0 => None,
        1 => Some((0, top, 4, top + 4)),
        2 => Some((4, top, 8, top + 4)),
        _ => Some((0, top, 8, top + 4)),
    };
    Shape::Fill([half(bits, 0), half(bits >> 2, 4)])
}

fn lines(character: char) -> Option<Shape> {
    let make = |sides: u8, heavy, round| {
        let has = |side| sides & side != 0;
        Shape::Lines(Lines { up: has(UP), right: has(RIGHT), down: has(DOWN), left: has(LEFT), heavy, round })
    };
    if let Some(&(_, sides)) = ROUND.iter().find(|(round, _)| *round == character) {
        return Some(make(sides, false, true));
    }
    let found = LINES.iter().find(|(light, heavy, _)| [*light, *heavy].contains(&character));
    found.map(|&(_, heavy, sides)| make(sides, heavy == character, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_the_parts_that_unicode_names() {
        let fill = |c| match shape(c) {
            Some(Shape::Fill([first, second])) => (first, second),
            other => panic!("{c}: {other:?}"),
        };
        assert_eq!(fill('█'), (Some((0, 0, 8, 8)), None));
        assert_eq!(fill('▄'), (Some((0, 4, 8, 8)), None));
        assert_eq!(fill('▁'), (Some((0, 7, 8, 8)), None));
        assert_eq!(fill('▌'), (Some((0, 0, 4, 8)), None));
        assert_eq!(fill('▏'), (Some((0, 0, 1, 8)), None));
        assert_eq!(fill('▉'), (Some((0, 0, 7, 8)), None));
        assert_eq!(fill('▘'), (Some((0, 0, 4, 4)), None));
        assert_eq!(fill('▚'), (Some((0, 0, 4, 4)), Some((4, 4, 8, 8))));
        assert_eq!(fill('▟'), (Some((4, 0, 8, 4)), Some((0, 4, 8, 8))));
    }

    #[test]
    fn text_stays_text() {
        for c in ['a', ' ', '·', 'µ', '→', '■', '▶', '═'] {
            assert!(!is_drawn(c), "{c}");
        }
        for c in ['─', '┃', '╯', '⣿', '░'] {
            assert!(is_drawn(c), "{c}");
        }
    }
}
