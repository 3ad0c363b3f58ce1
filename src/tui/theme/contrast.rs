//! Contrast of two colours: WCAG 2's relative luminance and contrast ratio.

use super::names::Rgb;

/// Returns the relative luminance of a colour, 0 (black) to 1 (white).
pub fn luminance((r, g, b): Rgb) -> f64 {
    let linear = |channel: u8| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/// Returns the contrast ratio of two colours, 1 (none) to 21 (black and white).
pub fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Returns black or white, whichever reads better on a colour.
///
/// The worst of all backgrounds, a grey of luminance 0.179, leaves a ratio of 4.58: text on any
/// paint is above the 4.5 that WCAG requires.
pub fn ink_on(paint: Rgb) -> Rgb {
    const BLACK: Rgb = (0, 0, 0);
    const WHITE: Rgb = (255, 255, 255);
    if contrast(BLACK, paint) >= contrast(WHITE, paint) { BLACK } else { WHITE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_ratios() {
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
        // WebAIM's textbook example: #767676 is the lightest grey that passes on white.
        assert!((contrast((0x76, 0x76, 0x76), (255, 255, 255)) - 4.54).abs() < 0.005);
    }

    #[test]
    fn ink_reads_on_every_grey_and_every_strong_colour() {
        for level in 0..=255 {
            for paint in
                [(level, level, level), (level, 0, 0), (0, level, 0), (0, 0, level), (level, level, 0)]
            {
                assert!(contrast(ink_on(paint), paint) >= 4.5, "{paint:?}");
            }
        }
    }
}
