//! Picture of a recording: places of events, and their sign.

use std::fmt::Write as _;

use crate::task::dvs::event::{CameraEvent, Sensor};

/// Largest number of cells of a side: with half blocks, 64 columns and 32 lines.
const SIDE: u16 = 64;
/// Steps of intensity above nothing.
const STEPS: usize = 4;
/// Colours of xterm's 256, dim to bright: orange for ON, blue for OFF. Told apart by all common
/// forms of colour blindness.
const ON: [u8; STEPS] = [94, 130, 172, 214];
const OFF: [u8; STEPS] = [18, 25, 32, 75];
/// Colours of ON events in the 16 names: yellow and blue, dim and bright.
const ON_16: [u8; STEPS] = [33, 33, 93, 93];
const OFF_16: [u8; STEPS] = [34, 34, 94, 94];
/// Characters of ON events without colours, few and many.
const ON_GLYPHS: [char; STEPS] = ['+', '+', '#', '#'];
const OFF_GLYPHS: [char; STEPS] = ['-', '-', '=', '='];

/// Method of drawing a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Half blocks in the 256 colours of xterm.
    Colours256,
    /// Half blocks in the 16 named colours.
    Colours16,
    /// Characters without colours.
    Glyphs,
}

/// Events accumulated over squares of pixels.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Pixels of a square's side.
    square: u16,
    columns: usize,
    /// ON and OFF of each square, row by row.
    cells: Vec<(u64, u64)>,
}

/// A square's sign and step of intensity.
type Tone = Option<(bool, usize)>;

impl Picture {
    /// Creates an empty picture for a sensor.
    pub fn new(sensor: Sensor) -> Self {
        let square = sensor.width.max(sensor.height).div_ceil(SIDE).max(1);
        let columns = usize::from(sensor.width.div_ceil(square));
        let rows = usize::from(sensor.height.div_ceil(square));
        Self { square, columns, cells: vec![(0, 0); columns * rows] }
    }

    /// Adds an event.
    pub fn count(&mut self, event: &CameraEvent) {
        let (x, y) = (usize::from(event.x / self.square), usize::from(event.y / self.square));
        if let Some((on, off)) = self.cells.get_mut(y * self.columns + x) {
            *(if event.on { on } else { off }) += 1;
        }
    }

    /// Returns the side of a square in pixels.
    pub fn square(&self) -> u16 {
        self.square
    }

    /// Appends the picture to `out` as lines, two rows of squares each.
    pub fn draw(&self, paint: Paint, out: &mut String) {
        let most = self.bright();
        for lines in self.cells.chunks(2 * self.columns.max(1)) {
            let (upper, lower) = lines.split_at(self.columns.min(lines.len()));
            for (i, &upper) in upper.iter().enumerate() {
                let lower = lower.get(i).copied().unwrap_or_default();
                match paint {
                    Paint::Glyphs => out.push(glyph(tone((upper.0 + lower.0, upper.1 + lower.1), 2 * most))),
                    _ => half_block(paint, tone(upper, most), tone(lower, most), out),
                }
            }
            if paint == Paint::Glyphs {
                out.truncate(out.trim_end_matches(' ').len());
            }
            out.push('\n');
        }
    }

    /// Returns the count that is drawn brightest: the 99th percentile of squares with events.
    ///
    /// A hot pixel would otherwise leave the rest dark.
    fn bright(&self) -> u64 {
        let mut counts: Vec<u64> =
            self.cells.iter().map(|(on, off)| on + off).filter(|&sum| sum > 0).collect();
        counts.sort_unstable();
        counts.get(counts.len() * 99 / 100).copied().unwrap_or(1)
    }
}

/// Returns the sign and the step of intensity of a square; `None` without events.
///
/// Intensity follows the logarithm of the count, because event rates span orders of magnitude.
fn tone((on, off): (u64, u64), most: u64) -> Tone {
    let sum = on + off;
    let share = (sum as f64 + 1.0).ln() / (most as f64 + 1.0).ln().max(f64::MIN_POSITIVE);
    let step = ((share * STEPS as f64).ceil() as usize).clamp(1, STEPS) - 1;
    (sum > 0).then_some((on >= off, step))
}

/// Returns the character of a tone; the weakest step is blank, because noise would fill the page.
fn glyph(tone: Tone) -> char {
    match tone {
        None | Some((_, 0)) => ' ',
        Some((true, step)) => ON_GLYPHS[step.min(STEPS - 1)],
        Some((false, step)) => OFF_GLYPHS[step.min(STEPS - 1)],
    }
}

fn half_block(paint: Paint, upper: Tone, lower: Tone, out: &mut String) {
    let code = |(on, step): (bool, usize), ground: u8| match paint {
        Paint::Colours256 => format!("{};5;{}", 38 + ground, if on { ON } else { OFF }[step.min(STEPS - 1)]),
        _ => (if on { ON_16 } else { OFF_16 }[step.min(STEPS - 1)] + ground).to_string(),
    };
    let _ = match (upper, lower) {
        (None, None) => write!(out, " "),
        (Some(upper), None) => write!(out, "\x1b[{}m▀\x1b[0m", code(upper, 0)),
        (None, Some(lower)) => write!(out, "\x1b[{}m▄\x1b[0m", code(lower, 0)),
        (Some(upper), Some(lower)) => write!(out, "\x1b[{};{}m▀\x1b[0m", code(upper, 0), code(lower, 10)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Picture {
        let mut picture = Picture::new(Sensor { width: 128, height: 128 });
        let mut add = |x, y, on, times: usize| {
            for _ in 0..times {
                picture.count(&CameraEvent { t: 0, x, y, on });
            }
        };
        add(0, 0, true, 9);
        add(2, 3, false, 9);
        add(127, 127, true, 9);
        picture
    }

    #[test]
    fn squares_are_drawn_where_events_were() {
        let mut text = String::new();
        picture().draw(Paint::Glyphs, &mut text);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[0]), (32, "#="));
        assert_eq!(lines[31], format!("{}#", " ".repeat(63)));
    }

    #[test]
    fn upper_and_lower_halves_have_their_own_colours() {
        let mut text = String::new();
        picture().draw(Paint::Colours256, &mut text);
        let first = text.lines().next().unwrap();
        assert!(first.starts_with("\x1b[38;5;214m▀\x1b[0m\x1b[38;5;75m▄\x1b[0m "), "{first:?}");
        let mut text = String::new();
        picture().draw(Paint::Colours16, &mut text);
        assert!(text.starts_with("\x1b[93m▀\x1b[0m\x1b[94m▄\x1b[0m "), "{text:?}");
    }

    #[test]
    fn any_sensor_fits() {
        for (width, height) in [(1, 1), (346, 260), (65_535, 65_535), (1, 65_535)] {
            let mut picture = Picture::new(Sensor { width, height });
            picture.count(&CameraEvent { t: 0, x: width - 1, y: height - 1, on: true });
            let mut text = String::new();
            picture.draw(Paint::Glyphs, &mut text);
            assert!(
                text.lines().count() <= 32 && text.lines().all(|line| line.len() <= 64),
                "{width} × {height}"
            );
            assert!(text.ends_with("#\n"), "{text}");
        }
    }
}
