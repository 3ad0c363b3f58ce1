//! Characters outside of RON that look like others or are invisible, often pasted from web pages.

use super::Walker;

/// Returns name and remedy of a character that resembles another one; `None` for any other.
pub(super) fn name(c: char) -> Option<(&'static str, &'static str)> {
    const SPACE: &str = "replace it with a plain space: it may come from a web page";
    const NOTHING: &str = "delete it: it cannot be seen, and may come from a web page";
    const QUOTE: &str = "replace it with a straight quote, \"";
    const MINUS: &str = "replace it with a plain hyphen, -";
    const ASCII: &str = "replace it with its ASCII form: type it on a Latin keyboard";
    Some(match c {
        '\u{a0}' => ("no-break space", SPACE),
        '\u{2000}'..='\u{200a}' => ("a space of a fixed width", SPACE),
        '\u{202f}' => ("narrow no-break space", SPACE),
        '\u{205f}' => ("mathematical space", SPACE),
        '\u{3000}' => ("ideographic space", SPACE),
        '\u{ad}' => ("soft hyphen", NOTHING),
        '\u{200b}' => ("zero-width space", NOTHING),
        '\u{200c}' | '\u{200d}' => ("zero-width joiner", NOTHING),
        '\u{2060}' => ("word joiner", NOTHING),
        '\u{feff}' => ("byte order mark", NOTHING),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ("mark of the direction of writing", NOTHING),
        '“' | '”' | '„' | '‟' | '«' | '»' | '‘' | '’' | '‚' | '‛' | '′' | '″' | '`' | '´' => {
            ("typographic quote", QUOTE)
        }
        '‐' | '‑' | '‒' | '–' | '—' | '−' => ("typographic dash", MINUS),
        '\u{ff01}'..='\u{ff5e}' => ("full-width character", ASCII),
        '\u{37e}' => ("Greek question mark", ASCII),
        _ => return None,
    })
}

/// Returns place and value of the first such character outside of strings and comments.
pub(super) fn first(text: &str) -> Option<(usize, char)> {
    let mut walker = Walker::new(text, 0);
    loop {
        walker.space().ok()?;
        let c = walker.peek()?;
        if name(c).is_some() {
            return Some((walker.at, c));
        }
        if c == '"' {
            walker.string().ok()?;
        } else {
            walker.at += c.len_utf8();
        }
    }
}
