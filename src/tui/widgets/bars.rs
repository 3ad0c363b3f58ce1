//! Bars and charts of eighth blocks, with braille and ASCII for the other glyph sets.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::theme::Theme;
use crate::tui::theme::depth::Glyphs;

const ACROSS: [&str; 9] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
const UPWARDS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const UPWARDS_ASCII: [&str; 9] = [" ", ".", ":", "-", "=", "+", "*", "#", "@"];
/// Bits of a braille cell's dots, by column and from the bottom.
const DOTS: [[u8; 4]; 2] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];

/// Draws a horizontal bar that fills `fraction` of the first row of `area`.
pub fn bar(buf: &mut Buffer, area: Rect, fraction: f64, style: Style, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let fraction = if fraction.is_nan() { 0.0 } else { fraction.clamp(0.0, 1.0) };
    let eighths = (fraction * f64::from(area.width) * 8.0).round() as u16;
    for x in 0..area.width {
        let part = usize::from(eighths.saturating_sub(x * 8).min(8));
        let symbol = match theme.glyphs {
            Glyphs::Blocks | Glyphs::Braille => ACROSS[part],
            Glyphs::Ascii if part >= 4 => "#",
            // What is not zero is seen, here as with blocks.
            Glyphs::Ascii if part > 0 && x == 0 => "|",
            Glyphs::Ascii => " ",
        };
        if let Some(cell) = buf.cell_mut((area.x + x, area.y)) {
            if part == 0 && x > 0 {
                break;
            }
            cell.set_symbol(symbol).set_style(style);
        }
    }
}

/// Returns the eighth block, or its ASCII stand-in, that shows `fraction` of a cell's height; a
/// space only for 0.
pub fn column(fraction: f64, theme: &Theme) -> &'static str {
    let eighths = if fraction > 0.0 { ((fraction.min(1.0) * 8.0).round() as usize).clamp(1, 8) } else { 0 };
    match theme.glyphs {
        Glyphs::Blocks | Glyphs::Braille => UPWARDS[eighths],
        Glyphs::Ascii => UPWARDS_ASCII[eighths],
    }
}

/// Draws the newest values as an area chart over the whole of `area`, newest at the right once it
/// is full: one column a value, or half a column in braille.
///
/// `end` is the value that reaches the top; `ink` colours a column by its fraction of it.
pub fn spark(
    buf: &mut Buffer,
    area: Rect,
    values: &[f32],
    end: f32,
    theme: &Theme,
    ink: impl Fn(f32) -> Style,
) {
    if area.is_empty() || end <= 0.0 {
        return;
    }
    let each = if theme.glyphs == Glyphs::Braille { 2 } else { 1 };
    let shown = &values[values.len().saturating_sub(usize::from(area.width) * each)..];
    if each == 1 {
        columns(buf, area, shown, end, theme, ink);
        return;
    }
    for (x, pair) in (0..area.width).zip(shown.chunks(2)) {
        let fractions: Vec<f32> = pair.iter().map(|&value| fraction(value, end)).collect();
        let style = ink(fractions.iter().copied().fold(0.0, f32::max));
        for y in 0..area.height {
            let dots = fractions.iter().zip(DOTS).map(|(&fraction, dots)| {
                let height = (fraction * f32::from(area.height) * 4.0).round() as u16;
                // A value above zero is always seen, if only as one dot.
                let height = height.max(u16::from(fraction > 0.0)).saturating_sub(y * 4);
                dots.into_iter().take(usize::from(height)).fold(0, |all, dot| all | dot)
            });
            let pattern: u8 = dots.fold(0, |all, dot| all | dot);
            if pattern == 0 {
                break;
            }
            let symbol = char::from_u32(0x2800 + u32::from(pattern)).unwrap_or(' ');
            if let Some(cell) = buf.cell_mut((area.x + x, area.bottom() - 1 - y)) {
                cell.set_char(symbol).set_style(style);
            }
        }
    }
}

fn fraction(value: f32, end: f32) -> f32 {
    if value.is_finite() && end > 0.0 { (value / end).clamp(0.0, 1.0) } else { 0.0 }
}

/// Draws values from the left, one column each, where columns mean something, as on a time axis.
pub fn columns(
    buf: &mut Buffer,
    area: Rect,
    values: &[f32],
    end: f32,
    theme: &Theme,
    ink: impl Fn(f32) -> Style,
) {
    for (x, &value) in (0..area.width).zip(values) {
        let fraction = fraction(value, end);
        let style = ink(fraction);
        let height = f64::from(fraction) * f64::from(area.height);
        for y in 0..area.height {
            let part = height - f64::from(y);
            // A value above zero is always seen, if only as the thinnest line.
            let least = if y == 0 && fraction > 0.0 { 0.01 } else { 0.0 };
            let symbol = column(part.clamp(least, 1.0), theme);
            if symbol == " " {
                break;
            }
            if let Some(cell) = buf.cell_mut((area.x + x, area.bottom() - 1 - y)) {
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Looks;
    use crate::tui::theme::depth::Depth;

    fn theme_of(glyphs: Glyphs) -> Theme {
        Theme::new(Looks { depth: Depth::Mono, glyphs, ..Looks::default() })
    }

    fn theme() -> Theme {
        theme_of(Glyphs::Blocks)
    }

    fn text(buf: &Buffer) -> Vec<String> {
        let area = buf.area;
        (0..area.height)
            .map(|y| {
                (0..area.width).filter_map(|x| buf.cell((x, y))).map(ratatui::buffer::Cell::symbol).collect()
            })
            .collect()
    }

    #[test]
    fn bars_are_as_long_as_their_fraction() {
        let area = Rect::new(0, 0, 4, 1);
        for (fraction, wanted) in
            [(0.0, "    "), (0.5, "██  "), (0.625, "██▌ "), (1.0, "████"), (9.0, "████")]
        {
            let mut buf = Buffer::empty(area);
            bar(&mut buf, area, fraction, Style::new(), &theme());
            assert_eq!(text(&buf), [wanted], "{fraction}");
        }
    }

    #[test]
    fn sparks_show_the_newest_values_and_never_hide_a_small_one() {
        let area = Rect::new(0, 0, 3, 2);
        let mut buf = Buffer::empty(area);
        spark(&mut buf, area, &[9.0, 0.0, 0.001, 2.0], 2.0, &theme(), |_| Style::new());
        assert_eq!(text(&buf), ["  █", " ▁█"]);
    }

    #[test]
    fn braille_has_two_values_a_column_and_four_steps_a_row() {
        let area = Rect::new(0, 0, 2, 2);
        let mut buf = Buffer::empty(area);
        spark(&mut buf, area, &[9.0, 8.0, 4.0, 0.0, 0.001], 8.0, &theme_of(Glyphs::Braille), |_| {
            Style::new()
        });
        assert_eq!(text(&buf), ["⡇ ", "⣿⢀"]);
    }

    #[test]
    fn ascii_shows_what_is_not_zero() {
        let area = Rect::new(0, 0, 4, 1);
        for (fraction, wanted) in [(0.0, "    "), (0.05, "|   "), (0.5, "##  "), (1.0, "####")] {
            let mut buf = Buffer::empty(area);
            bar(&mut buf, area, fraction, Style::new(), &theme_of(Glyphs::Ascii));
            assert_eq!(text(&buf), [wanted], "{fraction}");
        }
    }
}
