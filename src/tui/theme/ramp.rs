//! Colour ramps, quantised once: few levels mean few bytes per frame, stable pictures and a legend one can read.

use ratatui::style::{Color, Modifier, Style};

use super::depth::Depth;

/// Red, green, blue.
type Rgb = (u8, u8, u8);

/// Levels of a heat ramp.
pub const LEVELS: u8 = 24;

/// Level of a value in 0..=1; what is outside is clamped, NaN counts as 0.
pub fn level(value: f32) -> u8 {
    if value.is_nan() {
        return 0;
    }
    // Rounding, so that 0 and 1 each get half a step and the ends of the legend are exact.
    (value.clamp(0.0, 1.0) * f32::from(LEVELS - 1)).round() as u8
}

/// The digit 0..=9 that says the same as a colour: tenths of the scale.
pub fn digit(value: f32) -> char {
    let tenths = if value.is_nan() { 0.0 } else { (value.clamp(0.0, 1.0) * 10.0).min(9.0) };
    char::from(b'0' + tenths as u8)
}

/// One style per level: cividis, which reads the same with and without colour-blindness and grows in brightness.
#[derive(Clone, Debug)]
pub struct Ramp {
    styles: Vec<Style>,
}

impl Ramp {
    /// Builds the table for one colour depth.
    pub fn new(depth: Depth) -> Self {
        let styles = (0..LEVELS).map(|l| style(depth, f64::from(l) / f64::from(LEVELS - 1))).collect();
        Self { styles }
    }

    /// Background and readable foreground for a value in 0..=1.
    pub fn style(&self, value: f32) -> Style {
        self.at(level(value))
    }

    /// Same, by level.
    pub fn at(&self, level: u8) -> Style {
        self.styles.get(usize::from(level)).copied().unwrap_or_default()
    }

    /// The ramp's colour as a foreground, for bars.
    pub fn ink(&self, value: f32) -> Style {
        match self.style(value).bg {
            Some(colour) => Style::new().fg(colour),
            None => Style::new(),
        }
    }
}

fn style(depth: Depth, t: f64) -> Style {
    let rgb = colorous::CIVIDIS.eval_continuous(t);
    let rgb = (rgb.r, rgb.g, rgb.b);
    match depth {
        // The digit says it; weight helps to find the peaks.
        Depth::Mono if t >= 0.8 => Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
        Depth::Mono if t >= 0.5 => Style::new().add_modifier(Modifier::BOLD),
        Depth::Mono | Depth::Off => Style::new(),
        Depth::Ansi16 => {
            // Growing brightness in nearly every palette; digits carry the finer steps.
            const STEPS: [(Color, Color); 5] = [
                (Color::Blue, Color::White),
                (Color::DarkGray, Color::White),
                (Color::Cyan, Color::Black),
                (Color::Yellow, Color::Black),
                (Color::LightYellow, Color::Black),
            ];
            let (bg, fg) = STEPS[((t * STEPS.len() as f64) as usize).min(STEPS.len() - 1)];
            Style::new().bg(bg).fg(fg)
        }
        Depth::Ansi256 => {
            // Picked by hand: the nearest entries of the cube stray into pink and teal. Brightness grows all the way.
            const STEPS: [(u8, Rgb); 9] = [
                (17, (0, 0, 95)),
                (18, (0, 0, 135)),
                (60, (95, 95, 135)),
                (242, (108, 108, 108)),
                (102, (135, 135, 135)),
                (143, (175, 175, 95)),
                (185, (215, 215, 95)),
                (221, (255, 215, 95)),
                (227, (255, 255, 95)),
            ];
            let (index, rgb) = STEPS[((t * STEPS.len() as f64) as usize).min(STEPS.len() - 1)];
            Style::new().bg(Color::Indexed(index)).fg(rgb_in(depth, ink_on(rgb)))
        }
        Depth::Truecolor => Style::new().bg(rgb_in(depth, rgb)).fg(rgb_in(depth, ink_on(rgb))),
    }
}

/// Black or white, whichever reads better on a colour (WCAG relative luminance, threshold of equal contrast).
fn ink_on((r, g, b): Rgb) -> Rgb {
    let linear = |c: u8| (f64::from(c) / 255.0).powf(2.2);
    let luminance = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    if luminance > 0.179 { (16, 16, 16) } else { (238, 238, 238) }
}

/// An RGB colour at a depth; the terminal's default where the depth has no colours.
pub fn rgb_in(depth: Depth, (r, g, b): Rgb) -> Color {
    match depth {
        Depth::Truecolor => Color::Rgb(r, g, b),
        Depth::Ansi256 => Color::Indexed(cube(r, g, b)),
        _ => Color::Reset,
    }
}

/// Nearest entry of xterm's colour cube or grey ramp.
fn cube(r: u8, g: u8, b: u8) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
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
    use super::*;

    #[test]
    fn ends_of_the_scale_are_exact_and_outside_is_clamped() {
        assert_eq!((level(0.0), level(1.0)), (0, LEVELS - 1));
        assert_eq!((level(-3.0), level(7.0), level(f32::NAN)), (0, LEVELS - 1, 0));
        assert_eq!((digit(0.0), digit(0.55), digit(1.0), digit(f32::NAN)), ('0', '5', '9', '0'));
    }

    #[test]
    fn cividis_grows_brighter_at_every_level() {
        let ramp = Ramp::new(Depth::Truecolor);
        let brightness = |l: u8| match ramp.at(l).bg {
            Some(Color::Rgb(r, g, b)) => {
                0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b)
            }
            other => panic!("{other:?}"),
        };
        assert!((1..LEVELS).all(|l| brightness(l) > brightness(l - 1)));
    }

    #[test]
    fn no_colour_depth_has_no_colours() {
        for depth in [Depth::Mono, Depth::Off] {
            let ramp = Ramp::new(depth);
            assert!((0..LEVELS).all(|l| (ramp.at(l).fg, ramp.at(l).bg) == (None, None)));
        }
    }

    #[test]
    fn cube_finds_known_neighbours() {
        assert_eq!(cube(0, 0, 0), 16);
        assert_eq!(cube(255, 255, 255), 231);
        assert_eq!(cube(128, 128, 128), 244);
        assert_eq!(cube(254, 1, 2), 196);
    }
}
