//! Legend of the ramp, with its ends and unit.

use ratatui::text::{Line, Span};

use crate::tui::theme::Theme;
use crate::tui::theme::ramp::digit;

/// Returns the line `name 0 0123456789 20 % · this token`, with each digit in its colour.
pub fn ramp<'a>(name: &str, low: &str, high: &str, window: &str, theme: &Theme) -> Line<'a> {
    let mut spans = Vec::new();
    if !name.is_empty() {
        spans.push(Span::styled(format!("{name} "), theme.strong()));
    }
    spans.push(Span::styled(format!("{low} "), theme.dim()));
    for tenth in 0..10u8 {
        // The middle of the tenth, so that the swatch has the colour most of its values have.
        let value = (f32::from(tenth) + 0.5) / 10.0;
        spans.push(Span::styled(digit(value).to_string(), theme.heat(value)));
    }
    spans.push(Span::styled(format!(" {high}"), theme.dim()));
    if !window.is_empty() {
        spans.push(Span::styled(format!(" · {window}"), theme.dim()));
    }
    Line::from(spans)
}
