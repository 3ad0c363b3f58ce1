//! Colours of a terminal on paper, as `docs/screenshot.md` lists them.

use ratatui::style::Color;

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// Colours of a terminal that has no settings of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Colour of the background.
    pub background: Rgb,
    /// Text without a colour.
    pub foreground: Rgb,
    /// The sixteen with names: black, red, green, yellow, blue, magenta, cyan, white; then
    /// the bright ones.
    pub named: [Rgb; 16],
}

impl Palette {
    /// Light text on a dark ground.
    pub const DARK: Self = Self {
        background: (24, 24, 24),
        foreground: (212, 212, 212),
        named: [
            (0, 0, 0),
            (205, 49, 49),
            (13, 188, 121),
            (229, 229, 16),
            (36, 114, 200),
            (188, 63, 188),
            (17, 168, 205),
            (229, 229, 229),
            (102, 102, 102),
            (241, 76, 76),
            (35, 209, 139),
            (245, 245, 67),
            (59, 142, 234),
            (214, 112, 214),
            (41, 184, 219),
            (255, 255, 255),
        ],
    };

    /// Dark text on a light ground.
    pub const LIGHT: Self = Self {
        background: (255, 255, 255),
        foreground: (31, 31, 31),
        named: [
            (0, 0, 0),
            (205, 49, 49),
            (0, 136, 0),
            (148, 116, 0),
            (4, 81, 165),
            (188, 5, 188),
            (5, 120, 150),
            (85, 85, 85),
            (102, 102, 102),
            (222, 60, 60),
            (20, 160, 20),
            (181, 150, 0),
            (30, 110, 200),
            (210, 50, 210),
            (20, 150, 180),
            (165, 165, 165),
        ],
    };

    /// Returns a colour as RGB, or `default` where the terminal's own is meant.
    pub fn rgb(&self, colour: Color, default: Rgb) -> Rgb {
        match colour {
            Color::Rgb(r, g, b) => (r, g, b),
            Color::Indexed(n) if n >= 16 => cube_or_grey(n),
            other => ansi_number(other).map_or(default, |n| self.named[usize::from(n & 15)]),
        }
    }
}

/// Returns the number of one of the sixteen colours; `None` for all others.
pub const fn ansi_number(colour: Color) -> Option<u8> {
    Some(match colour {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Indexed(n) if n < 16 => n,
        _ => return None,
    })
}

/// Returns xterm's colour `n`, from 16 on: a cube of 6×6×6, then 24 greys.
fn cube_or_grey(n: u8) -> Rgb {
    if n >= 232 {
        let grey = 8 + 10 * (n - 232);
        return (grey, grey, grey);
    }
    let step = |level: u8| if level == 0 { 0 } else { 55 + 40 * level };
    let n = n - 16;
    (step(n / 36), step(n / 6 % 6), step(n % 6))
}

/// Returns the mean of two colours: the "dim" form of a text colour on a background.
pub fn halfway(a: Rgb, b: Rgb) -> Rgb {
    let mean = |a: u8, b: u8| u16::midpoint(u16::from(a), u16::from(b)) as u8;
    (mean(a.0, b.0), mean(a.1, b.1), mean(a.2, b.2))
}

/// Formats a colour for CSS.
pub fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xterms_colours() {
        let rgb = |n| Palette::DARK.rgb(Color::Indexed(n), (1, 1, 1));
        assert_eq!(rgb(1), (205, 49, 49));
        assert_eq!((rgb(16), rgb(231), rgb(196)), ((0, 0, 0), (255, 255, 255), (255, 0, 0)));
        assert_eq!((rgb(232), rgb(255)), ((8, 8, 8), (238, 238, 238)));
        assert_eq!(Palette::DARK.rgb(Color::Reset, (1, 1, 1)), (1, 1, 1));
    }
}
