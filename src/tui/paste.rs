//! Pasted text: into the line that is being typed, and nowhere else. It never acts as keys.

use super::app::{App, Overlay};
use super::{fault, results};

/// Handles pasted text.
pub fn paste(app: &mut App, text: &str) {
    app.count = None;
    app.notice = None;
    let line = one_line(text);
    if fault::paste(app, &line) || results::paste(app, &line) {
        return;
    }
    match app.overlays.last_mut() {
        Some(Overlay::Help { search, scroll, .. }) => {
            search.paste(&line);
            *scroll = 0;
        }
        Some(Overlay::Asking(asking)) => asking.prompt.paste(&line),
        Some(Overlay::Palette(palette)) => palette.prompt.paste(&line),
        Some(Overlay::Search(search)) if search.found.is_none() => search.prompt.paste(&line),
        Some(Overlay::Points(points)) if points.asking.is_some() => {
            if let Some(asking) = &mut points.asking {
                asking.prompt.paste(&line);
            }
        }
        _ => app.notice = Some("pasted text is ignored here".to_owned()),
    }
}

/// Joins a text into one line of characters: line breaks and tabs become one space.
fn one_line(text: &str) -> String {
    let parts = text.split(char::is_control).map(str::trim).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_one_and_escapes_are_lost() {
        assert_eq!(one_line("step > 3\r\n  and step < 9\n"), "step > 3 and step < 9");
        assert_eq!(one_line("a\tb\u{1b}c"), "a b c");
        assert_eq!(one_line("\n\r\t"), "");
    }
}
