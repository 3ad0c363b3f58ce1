//! The colours of the themes.
//!
//! A theme that keeps the terminal's background assumes the hardest of the common ones, so that
//! the others are easier. For dark themes that is Nord's #2e3440, brighter than nearly all
//! other dark ones; for the light theme gruvbox's #fbf1c7, darker than plain white and than
//! Solarized's. Measured against it (`tests` below hold the floors), at 24 bits and after the way
//! to xterm's 256:
//!
//! | theme | text slots, least | categories, least | pictures, least |
//! |---|---|---|---|
//! | dark | 4.66 | 3.29 | 3.19 |
//! | light | 5.05 | 4.90 | 3.50 |
//! | high-contrast (on #1e1e1e) | 7.20 | 7.01 | 5.84 |

use ratatui::style::Color;

use super::looks::ThemeName;
use super::names::{Ink, Rgb};

/// The colours of one theme.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Palette {
    /// Background assumed for contrast where the terminal keeps its own.
    pub ground: Rgb,
    /// Background and text where the theme paints both.
    pub paint: [Ink; 2],
    /// Labels, units; none is the terminal's own ink, undimmed.
    pub dim: Option<Rgb>,
    /// The app's own voice.
    pub accent: Ink,
    /// Colour of success.
    pub good: Ink,
    /// Warnings.
    pub warn: Ink,
    /// Colour of errors.
    pub bad: Ink,
    /// Brighter events of a camera: many, few.
    pub brighter: [Ink; 2],
    /// Darker shades of the same hue.
    pub darker: [Ink; 2],
    /// Unordered things. The dark set is Okabe and Ito's without its black, safe for colour-blind
    /// eyes; the others are the same hues, darker or brighter.
    pub categories: [Ink; 7],
    /// Ink on a category's paint where there are sixteen colours.
    pub on_category: Color,
}

impl Palette {
    /// Returns the colours of a theme; those without any go unused in `mono`.
    pub fn of(theme: ThemeName) -> &'static Self {
        match theme {
            ThemeName::Dark | ThemeName::Mono => &DARK,
            ThemeName::Light => &LIGHT,
            ThemeName::HighContrast => &HIGH_CONTRAST,
        }
    }
}

// Blue and red of the first eight are too dark on black in most palettes: their bright
// twins stand in.
static DARK: Palette = Palette {
    ground: (0x2e, 0x34, 0x40),
    paint: [((0x18, 0x18, 0x18), Color::Black), ((0xd4, 0xd4, 0xd4), Color::White)],
    dim: Some((158, 158, 158)),
    accent: ((86, 180, 233), Color::Cyan),
    good: ((0, 200, 145), Color::Green),
    warn: ((230, 159, 0), Color::Yellow),
    bad: ((255, 120, 110), Color::LightRed),
    brighter: [((255, 190, 60), Color::LightYellow), ((184, 127, 0), Color::Yellow)],
    darker: [((120, 200, 250), Color::LightCyan), ((64, 136, 176), Color::LightBlue)],
    categories: [
        ((86, 180, 233), Color::Cyan),
        ((230, 159, 0), Color::Yellow),
        ((0, 165, 120), Color::Green),
        ((204, 121, 167), Color::Magenta),
        ((240, 228, 66), Color::LightYellow),
        ((70, 135, 220), Color::LightBlue),
        ((222, 100, 10), Color::LightRed),
    ],
    on_category: Color::Black,
};

// No yellow, no bright twin but red: on white they are hardly there.
static LIGHT: Palette = Palette {
    ground: (0xfb, 0xf1, 0xc7),
    paint: [((0xff, 0xff, 0xff), Color::White), ((0x1f, 0x1f, 0x1f), Color::Black)],
    dim: Some((95, 95, 95)),
    accent: ((0, 92, 150), Color::Blue),
    good: ((0, 105, 70), Color::Green),
    warn: ((145, 80, 0), Color::Magenta),
    bad: ((185, 25, 35), Color::Red),
    brighter: [((125, 75, 0), Color::Red), ((175, 115, 15), Color::LightRed)],
    darker: [((0, 75, 125), Color::Blue), ((40, 125, 170), Color::Cyan)],
    categories: [
        ((0, 110, 165), Color::Cyan),
        ((150, 80, 0), Color::Red),
        ((0, 112, 78), Color::Green),
        ((150, 45, 130), Color::Magenta),
        ((105, 98, 0), Color::DarkGray),
        ((0, 60, 150), Color::Blue),
        ((180, 45, 20), Color::LightRed),
    ],
    on_category: Color::White,
};

static HIGH_CONTRAST: Palette = Palette {
    ground: (0x1e, 0x1e, 0x1e),
    paint: [((0, 0, 0), Color::Black), ((0xff, 0xff, 0xff), Color::White)],
    dim: None,
    accent: ((110, 210, 255), Color::LightCyan),
    good: ((70, 230, 160), Color::LightGreen),
    warn: ((255, 190, 40), Color::LightYellow),
    bad: ((255, 150, 140), Color::LightRed),
    brighter: [((255, 220, 100), Color::LightYellow), ((215, 155, 30), Color::Yellow)],
    darker: [((150, 220, 255), Color::LightCyan), ((95, 165, 215), Color::LightBlue)],
    categories: [
        ((110, 210, 255), Color::LightCyan),
        ((255, 176, 0), Color::Yellow),
        ((70, 225, 155), Color::LightGreen),
        ((255, 150, 210), Color::LightMagenta),
        ((255, 245, 90), Color::LightYellow),
        ((135, 170, 255), Color::LightBlue),
        ((255, 135, 80), Color::LightRed),
    ],
    on_category: Color::Black,
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::contrast::contrast;
    use super::super::depth::Depth;
    use super::super::ramp::{rgb_in, rgb_of};
    use super::*;

    const COLOURED: [ThemeName; 3] = [ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast];

    /// The least contrast of some colours against a theme's background, at 24 bits and 256.
    fn least(ground: Rgb, colours: &[Rgb]) -> f64 {
        let shown = |&rgb: &Rgb| {
            [Depth::Truecolor, Depth::Ansi256]
                .map(|depth| contrast(ground, rgb_of(rgb_in(depth, rgb)).unwrap()))
        };
        colours.iter().flat_map(shown).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn text_reads_and_categories_and_pictures_can_be_seen() {
        for (theme, floors) in COLOURED.into_iter().zip([[4.6, 3.2, 3.1], [5.0, 4.8, 3.5], [7.0, 7.0, 5.8]]) {
            let palette = Palette::of(theme);
            let Palette { ground, accent, good, warn, bad, paint, .. } = *palette;
            let [painted, ink] = paint.map(|ink| ink.0);
            assert!(least(painted, &[ink]) >= 10.0, "{theme}: text on its own paint");
            let texts: Vec<Rgb> =
                [accent, good, warn, bad].map(|ink| ink.0).into_iter().chain(palette.dim).collect();
            let categories = palette.categories.map(|ink| ink.0);
            let pictures =
                [palette.brighter, palette.darker].concat().iter().map(|ink| ink.0).collect::<Vec<_>>();
            let measured = [least(ground, &texts), least(ground, &categories), least(ground, &pictures)];
            println!("{theme}: {measured:.2?}");
            for (measured, floor) in measured.into_iter().zip(floors) {
                assert!(measured >= floor, "{theme}: {measured:.2} of {floor}");
            }
            // What is painted is easier to read on than what is assumed.
            for (colours, floor) in
                [(&texts[..], floors[0]), (&categories, floors[1]), (&pictures, floors[2])]
            {
                assert!(least(painted, colours) >= floor, "{theme}: on its own paint");
            }
        }
    }

    #[test]
    fn categories_are_told_apart_at_every_depth() {
        for theme in COLOURED {
            let categories = Palette::of(theme).categories;
            let sixteen: HashSet<_> = categories.iter().map(|ink| ink.1).collect();
            assert_eq!(sixteen.len(), 7, "{theme}");
            for depth in [Depth::Truecolor, Depth::Ansi256] {
                for (at, one) in categories.iter().enumerate() {
                    for other in &categories[..at] {
                        let [a, b] = [one, other].map(|ink| rgb_of(rgb_in(depth, ink.0)).unwrap());
                        let apart = [a.0.abs_diff(b.0), a.1.abs_diff(b.1), a.2.abs_diff(b.2)];
                        let sum: u32 = apart.into_iter().map(u32::from).sum();
                        assert!(sum >= 40, "{theme}: {a:?} {b:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn sixteen_colours_avoid_what_vanishes_on_the_assumed_background() {
        for theme in COLOURED {
            let palette = Palette::of(theme);
            let named = [palette.accent, palette.good, palette.warn, palette.bad]
                .into_iter()
                .chain(palette.categories)
                .chain(palette.brighter)
                .chain(palette.darker)
                .map(|ink| ink.1);
            let bad: &[Color] = match theme {
                ThemeName::Light => {
                    &[Color::White, Color::Gray, Color::Yellow, Color::LightYellow, Color::LightCyan]
                }
                _ => &[Color::Black, Color::Blue, Color::DarkGray],
            };
            assert!(named.into_iter().all(|colour| !bad.contains(&colour)), "{theme}");
        }
    }
}
