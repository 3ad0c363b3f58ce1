//! Colour ramps with a fixed number of levels.
//!
//! Few levels mean few bytes per frame, stable pictures and a readable legend. Larger values stand
//! out more from the background: ramps grow brighter on dark terminals and darker on light ones.

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Serialize};

use super::contrast::{contrast, ink_on};
use super::depth::Depth;
use super::looks::ThemeName;
use super::names::{Rgb, by_name};
use super::palette::Palette;

/// Number of levels of a heat ramp.
pub const LEVELS: u8 = 24;

/// Least contrast of a ramp's ink with the assumed background (WCAG's limit for graphics).
const INK_LEAST: f64 = 3.0;

/// Colours of heat maps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RampName {
    /// Blue to yellow: looks nearly the same with and without colour-blindness.
    #[default]
    Cividis,
    /// Purple over green to yellow: more hues.
    Viridis,
    /// Dark to light: for projectors and prints.
    Grey,
}

by_name!(RampName, "ramp", [Cividis = "cividis", Viridis = "viridis", Grey = "grey"]);

/// Returns the level of a value in 0..=1; values outside are clamped, NaN counts as 0.
pub fn level(value: f32) -> u8 {
    if value.is_nan() {
        return 0;
    }
    // Rounding, so that 0 and 1 each get half a step and the ends of the legend are exact.
    (value.clamp(0.0, 1.0) * f32::from(LEVELS - 1)).round() as u8
}

/// Returns the digit 0..=9 that corresponds to a colour: tenths of the scale.
pub fn digit(value: f32) -> char {
    let tenths = if value.is_nan() { 0.0 } else { (value.clamp(0.0, 1.0) * 10.0).min(9.0) };
    char::from(b'0' + tenths as u8)
}

/// Cividis in the palette of 256 colours, chosen by hand because the nearest entries of the cube
/// are partly pink and teal.
const CIVIDIS_256: [u8; 9] = [17, 18, 60, 242, 102, 143, 185, 221, 227];
/// Viridis in the palette of 256 colours.
const VIRIDIS_256: [u8; 9] = [53, 60, 66, 72, 78, 114, 149, 191, 227];
/// Cividis in 16 colours, paint and ink: brightness grows in the palettes of VGA, xterm and
/// Visual Studio Code.
const CIVIDIS_16: [(Color, Color); 4] = [
    (Color::Blue, Color::White),
    (Color::Cyan, Color::Black),
    (Color::Gray, Color::Black),
    (Color::LightYellow, Color::Black),
];
/// Cividis in 16 colours for light backgrounds. The lowest level is white or grey, because a bright
/// yellow would stand out most.
const CIVIDIS_16_LIGHT: [(Color, Color); 4] = [
    (Color::Blue, Color::White),
    (Color::Cyan, Color::Black),
    (Color::Gray, Color::Black),
    (Color::White, Color::Black),
];
const VIRIDIS_16_LIGHT: [(Color, Color); 5] = [
    (Color::Blue, Color::White),
    (Color::Magenta, Color::White),
    (Color::Green, Color::Black),
    (Color::Gray, Color::Black),
    (Color::White, Color::Black),
];
const VIRIDIS_16: [(Color, Color); 5] = [
    (Color::Blue, Color::White),
    (Color::Magenta, Color::White),
    (Color::Green, Color::Black),
    (Color::LightGreen, Color::Black),
    (Color::LightYellow, Color::Black),
];
const GREY_16: [(Color, Color); 4] = [
    (Color::Black, Color::White),
    (Color::DarkGray, Color::White),
    (Color::Gray, Color::Black),
    (Color::White, Color::Black),
];

/// Styles of all levels: as paint with readable ink on it, and as ink on the terminal's own
/// background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ramp {
    styles: Vec<Style>,
    /// First level whose colour is visible on the background.
    seen_from: u8,
    /// Inks from least to most if the terminal has only sixteen colours, else `None`.
    sixteen: Option<Vec<Color>>,
}

impl Ramp {
    /// Creates the styles of a ramp for a colour depth and a theme.
    pub fn new(depth: Depth, theme: ThemeName, name: RampName) -> Self {
        let light = theme == ThemeName::Light;
        let along = |l: u8| {
            let t = f64::from(l) / f64::from(LEVELS - 1);
            if light { 1.0 - t } else { t }
        };
        let styles: Vec<Style> = (0..LEVELS)
            .map(|l| match depth {
                Depth::Mono | Depth::Off => plain(depth, f64::from(l) / f64::from(LEVELS - 1)),
                _ => paint(depth, name, along(l), light),
            })
            .collect();
        let ground = Palette::of(theme).ground;
        let seen =
            |style: &Style| style.bg.and_then(rgb_of).is_none_or(|rgb| contrast(rgb, ground) >= INK_LEAST);
        let seen_from = styles.iter().position(seen).unwrap_or(0) as u8;
        let sixteen = (depth == Depth::Ansi16).then(|| sixteen_inks(name, light));
        Self { styles, seen_from, sixteen }
    }

    /// Returns the background and a readable foreground for a value in 0..=1.
    pub fn style(&self, value: f32) -> Style {
        self.at(level(value))
    }

    /// Returns the background and a readable foreground of a level.
    pub fn at(&self, level: u8) -> Style {
        self.styles.get(usize::from(level)).copied().unwrap_or_default()
    }

    /// Returns the ramp's colour for a value in 0..=1 as ink, for bars and lines. It omits the end
    /// of the ramp that would be invisible on the background.
    pub fn ink(&self, value: f32) -> Style {
        let share = f32::from(level(value)) / f32::from(LEVELS - 1);
        if let Some(inks) = &self.sixteen {
            let at = (share * inks.len() as f32) as usize;
            return inks
                .get(at.min(inks.len().saturating_sub(1)))
                .map_or_else(Style::new, |&ink| Style::new().fg(ink));
        }
        let rest = f32::from(LEVELS - 1 - self.seen_from);
        match self.at(self.seen_from + (share * rest).round() as u8).bg {
            Some(colour) => Style::new().fg(colour),
            None => Style::new(),
        }
    }
}

/// Returns the style without colours. Digits show the values, and bold or reversed text marks the
/// peaks.
fn plain(depth: Depth, t: f64) -> Style {
    match depth {
        Depth::Mono if t >= 0.8 => Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
        Depth::Mono if t >= 0.5 => Style::new().add_modifier(Modifier::BOLD),
        _ => Style::new(),
    }
}

/// Returns paint and ink at a position 0..=1 of a ramp, dark to bright.
fn paint(depth: Depth, name: RampName, t: f64, light: bool) -> Style {
    match depth {
        Depth::Ansi16 => {
            let (bg, fg) = step(sixteen(name, light), t);
            Style::new().bg(bg).fg(fg)
        }
        Depth::Ansi256 => {
            let index = match name {
                RampName::Cividis => step(&CIVIDIS_256, t),
                RampName::Viridis => step(&VIRIDIS_256, t),
                RampName::Grey => cube(grey(t, light), grey(t, light), grey(t, light)),
            };
            let paint = Color::Indexed(index);
            Style::new().bg(paint).fg(rgb_in(depth, ink_on(rgb_of(paint).unwrap_or_default())))
        }
        _ => {
            let rgb = match name {
                RampName::Cividis => from(colorous::CIVIDIS.eval_continuous(t)),
                RampName::Viridis => from(colorous::VIRIDIS.eval_continuous(t)),
                RampName::Grey => (grey(t, light), grey(t, light), grey(t, light)),
            };
            Style::new().bg(rgb_in(depth, rgb)).fg(rgb_in(depth, ink_on(rgb)))
        }
    }
}

fn from(colour: colorous::Color) -> Rgb {
    (colour.r, colour.g, colour.b)
}

/// Returns a grey level. The lowest differs slightly from the background, so that a value of 0
/// differs from an empty cell.
fn grey(t: f64, light: bool) -> u8 {
    let (low, high) = if light { (0.0, 225.0) } else { (48.0, 255.0) };
    (low + t * (high - low)).round() as u8
}

/// Returns the paint and ink of a ramp in sixteen colours, dark to bright.
const fn sixteen(name: RampName, light: bool) -> &'static [(Color, Color)] {
    match (name, light) {
        (RampName::Cividis, false) => &CIVIDIS_16,
        (RampName::Cividis, true) => &CIVIDIS_16_LIGHT,
        (RampName::Viridis, false) => &VIRIDIS_16,
        (RampName::Viridis, true) => &VIRIDIS_16_LIGHT,
        (RampName::Grey, _) => &GREY_16,
    }
}

fn step<T: Copy>(steps: &[T], t: f64) -> T {
    steps[((t * steps.len() as f64) as usize).min(steps.len() - 1)]
}

/// Returns the inks of a ramp in sixteen colours, least to most, without those nearest to the
/// background.
fn sixteen_inks(name: RampName, light: bool) -> Vec<Color> {
    let dark: &[Color] = match name {
        RampName::Cividis => &[Color::Cyan, Color::Gray, Color::LightYellow],
        RampName::Viridis => &[Color::Magenta, Color::Green, Color::LightGreen, Color::LightYellow],
        RampName::Grey => &[Color::DarkGray, Color::Gray, Color::White],
    };
    let on_light: &[Color] = match name {
        RampName::Cividis => &[Color::DarkGray, Color::Cyan, Color::Blue],
        RampName::Viridis => &[Color::Green, Color::Magenta, Color::Blue],
        RampName::Grey => &[Color::DarkGray, Color::Black],
    };
    if light { on_light.to_vec() } else { dark.to_vec() }
}

/// Returns an RGB colour at a depth, or the terminal's default if the depth has no colours.
pub fn rgb_in(depth: Depth, (r, g, b): Rgb) -> Color {
    match depth {
        Depth::Truecolor => Color::Rgb(r, g, b),
        Depth::Ansi256 => Color::Indexed(cube(r, g, b)),
        _ => Color::Reset,
    }
}

/// Returns the RGB value of a colour; `None` if it depends on the terminal's palette.
pub fn rgb_of(colour: Color) -> Option<Rgb> {
    match colour {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(index @ 232..) => {
            let grey = 8 + 10 * (index - 232);
            Some((grey, grey, grey))
        }
        Color::Indexed(index @ 16..) => {
            let of = |part: u8| STEPS[usize::from(part % 6)];
            Some((of((index - 16) / 36), of((index - 16) / 6), of(index - 16)))
        }
        _ => None,
    }
}

/// Intensities of xterm's colour cube.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Returns the nearest entry of xterm's colour cube or grey ramp.
fn cube(r: u8, g: u8, b: u8) -> u8 {
    let distance = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    let nearest = |c: u8| (0..6u8).min_by_key(|&i| distance(STEPS[usize::from(i)], c)).unwrap_or(0);
    let (ri, gi, bi) = (nearest(r), nearest(g), nearest(b));
    let from_cube =
        [(r, ri), (g, gi), (b, bi)].iter().map(|&(c, i)| distance(STEPS[usize::from(i)], c)).sum::<u32>();
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    let grey_value = 8 + 10 * grey;
    let from_grey = [r, g, b].iter().map(|&c| distance(grey_value, c)).sum::<u32>();
    if from_grey < from_cube { 232 + grey } else { 16 + 36 * ri + 6 * gi + bi }
}

#[cfg(test)]
mod tests {
    use super::super::contrast::luminance;
    use super::*;

    #[test]
    fn ends_of_the_scale_are_exact_and_outside_is_clamped() {
        assert_eq!((level(0.0), level(1.0)), (0, LEVELS - 1));
        assert_eq!((level(-3.0), level(7.0), level(f32::NAN)), (0, LEVELS - 1, 0));
        assert_eq!((digit(0.0), digit(0.55), digit(1.0), digit(f32::NAN)), ('0', '5', '9', '0'));
    }

    fn paints(ramp: &Ramp) -> Vec<Rgb> {
        (0..LEVELS).map(|l| rgb_of(ramp.at(l).bg.unwrap()).unwrap()).collect()
    }

    #[test]
    fn more_always_stands_out_more_from_the_background() {
        for &theme in &[ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast] {
            for &name in RampName::ALL {
                for depth in [Depth::Truecolor, Depth::Ansi256] {
                    let ramp = Ramp::new(depth, theme, name);
                    let brightness: Vec<f64> = paints(&ramp).into_iter().map(luminance).collect();
                    for pair in brightness.windows(2) {
                        let grows =
                            if theme == ThemeName::Light { pair[0] - pair[1] } else { pair[1] - pair[0] };
                        let least = if depth == Depth::Truecolor { 1e-4 } else { 0.0 };
                        assert!(grows >= least, "{theme} {name} {depth}: {brightness:.3?}");
                    }
                    let steps = paints(&ramp).windows(2).filter(|pair| pair[0] != pair[1]).count() + 1;
                    assert!(
                        steps >= if depth == Depth::Truecolor { usize::from(LEVELS) } else { 9 },
                        "{name}: {steps}"
                    );
                }
            }
        }
    }

    #[test]
    fn ink_reads_on_every_level_and_bars_can_be_seen() {
        for &theme in &[ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast] {
            for &name in RampName::ALL {
                for depth in [Depth::Truecolor, Depth::Ansi256] {
                    let ramp = Ramp::new(depth, theme, name);
                    let ground = Palette::of(theme).ground;
                    let mut before = 0.0;
                    for l in 0..LEVELS {
                        let style = ramp.at(l);
                        let [ink, paint] =
                            [style.fg, style.bg].map(|colour| rgb_of(colour.unwrap()).unwrap());
                        assert!(contrast(ink, paint) >= 4.5, "{theme} {name} {depth} {l}");
                        let bar = ramp.ink(f32::from(l) / f32::from(LEVELS - 1)).fg.unwrap();
                        let seen = contrast(rgb_of(bar).unwrap(), ground);
                        assert!(seen >= INK_LEAST && seen >= before, "{theme} {name} {depth} {l}: {seen:.2}");
                        before = seen;
                    }
                    assert!(before >= 7.0, "{theme} {name} {depth}: {before:.2}");
                }
            }
        }
    }

    /// Sixteen colours of common palettes, by number: VGA's text mode, xterm, VS Code.
    const PALETTES: [[u32; 16]; 3] = [
        [
            0x00_0000, 0xaa_0000, 0x00_aa00, 0xaa_5500, 0x00_00aa, 0xaa_00aa, 0x00_aaaa, 0xaa_aaaa,
            0x55_5555, 0xff_5555, 0x55_ff55, 0xff_ff55, 0x55_55ff, 0xff_55ff, 0x55_ffff, 0xff_ffff,
        ],
        [
            0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00ee, 0xcd_00cd, 0x00_cdcd, 0xe5_e5e5,
            0x7f_7f7f, 0xff_0000, 0x00_ff00, 0xff_ff00, 0x5c_5cff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
        ],
        [
            0x00_0000, 0xcd_3131, 0x0d_bc79, 0xe5_e510, 0x24_72c8, 0xbc_3fbc, 0x11_a8cd, 0xe5_e5e5,
            0x66_6666, 0xf1_4c4c, 0x23_d18b, 0xf5_f543, 0x3b_8eea, 0xd6_70d6, 0x29_b8db, 0xff_ffff,
        ],
    ];

    fn number(colour: Color) -> usize {
        use Color::{
            Black, Blue, Cyan, DarkGray, Gray, Green, LightBlue, LightCyan, LightGreen, LightMagenta,
            LightRed, LightYellow, Magenta, Red, White, Yellow,
        };
        let all = [
            Black,
            Red,
            Green,
            Yellow,
            Blue,
            Magenta,
            Cyan,
            Gray,
            DarkGray,
            LightRed,
            LightGreen,
            LightYellow,
            LightBlue,
            LightMagenta,
            LightCyan,
            White,
        ];
        all.iter().position(|&other| other == colour).unwrap()
    }

    #[test]
    fn sixteen_colours_grow_in_brightness_in_the_palettes_in_use() {
        for palette in PALETTES {
            let bright = |colour: Color| {
                let [_, r, g, b] = palette[number(colour)].to_be_bytes();
                luminance((r, g, b))
            };
            for &name in RampName::ALL {
                for light in [false, true] {
                    let paints: Vec<f64> =
                        sixteen(name, light).iter().map(|&(paint, _)| bright(paint)).collect();
                    assert!(paints.is_sorted(), "{name}: {paints:.2?}");
                }
                let inks: Vec<f64> = sixteen_inks(name, false).into_iter().map(bright).collect();
                assert!(inks.is_sorted(), "{name}: {inks:.2?}");
            }
        }
    }

    #[test]
    fn without_colours_there_are_none_and_off_has_no_attributes_either() {
        for depth in [Depth::Mono, Depth::Off] {
            let ramp = Ramp::new(depth, ThemeName::Dark, RampName::Cividis);
            assert!((0..LEVELS).all(|l| (ramp.at(l).fg, ramp.at(l).bg) == (None, None)));
            assert_eq!(ramp.at(LEVELS - 1) == Style::new(), depth == Depth::Off);
            assert_eq!(ramp.ink(1.0), Style::new());
        }
    }

    #[test]
    fn cube_finds_known_neighbours() {
        assert_eq!(cube(0, 0, 0), 16);
        assert_eq!(cube(255, 255, 255), 231);
        assert_eq!(cube(128, 128, 128), 244);
        assert_eq!(cube(254, 1, 2), 196);
        for index in 16..=255 {
            let (r, g, b) = rgb_of(Color::Indexed(index)).unwrap();
            assert_eq!(rgb_of(Color::Indexed(cube(r, g, b))), Some((r, g, b)));
        }
    }
}
