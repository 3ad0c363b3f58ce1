//! Notation of keys and typed text in one line, for pictures and lessons.

use crossterm::event::{KeyCode, KeyModifiers};
use thiserror::Error;

use super::keymap::{BadKey, Key, parse_key};

/// Reason why a line of keys cannot be read.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PressError {
    /// A key string that names no key.
    #[error("error: {0}")]
    Key(#[from] BadKey),
    /// Quotes that are not closed.
    #[error("error: the quote in `{0}` is not closed")]
    Quote(String),
}

/// Input to the app, as written in `--keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Press {
    /// Keys in quick succession: `10s` is a count.
    Keys(Vec<Key>, String),
    /// Text that is typed.
    Text(String),
}

/// Reads keys as the command table writes them, separated by spaces, and text to type in quotes.
///
/// Examples are `3 s s z`, `10s`, `ctrl-d` and `g 'step 12' enter`. More time passes between
/// words than a count waits: `3 s` is panel 3, then a step, and so is `3s`; `10s` is ten
/// steps, `03s` three.
pub fn presses(text: &str) -> Result<Vec<Press>, PressError> {
    let mut presses = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let quoted = rest.strip_prefix(['\'', '"']).filter(|tail| !tail.is_empty());
        // A quote that stands alone is the key.
        if let Some(tail) = quoted.filter(|tail| !tail.starts_with(char::is_whitespace)) {
            let (typed, after) = tail.split_once(first).ok_or_else(|| PressError::Quote(rest.to_owned()))?;
            presses.push(Press::Text(typed.to_owned()));
            rest = after.trim_start();
            continue;
        }
        let word = rest.split_whitespace().next().unwrap_or(rest);
        presses.push(Press::Keys(keys(word)?, word.to_owned()));
        rest = rest.get(word.len()..).unwrap_or("").trim_start();
    }
    Ok(presses)
}

/// Parses one word: a key, or a count and a key.
fn keys(word: &str) -> Result<Vec<Key>, BadKey> {
    let bad = match parse_key(word) {
        Ok(key) => return Ok(vec![key]),
        Err(bad) => bad,
    };
    let key = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let count = word.strip_suffix(key).filter(|count| !count.is_empty()).ok_or_else(|| bad.clone())?;
    let digits = count.chars().map(|digit| Key { code: KeyCode::Char(digit), modifiers: KeyModifiers::NONE });
    Ok(digits.chain([parse_key(key).map_err(|_| bad)?]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let word = |press: &Press| match press {
            Press::Keys(keys, word) => format!("{word}:{}", keys.len()),
            Press::Text(text) => format!("<{text}>"),
        };
        presses(text).unwrap().iter().map(word).collect()
    }

    #[test]
    fn keys_counts_and_text_are_told_apart() {
        assert_eq!(words("3 s  10s z"), ["3:1", "s:1", "10s:3", "z:1"]);
        assert_eq!(words("g 'step 12' enter"), ["g:1", "<step 12>", "enter:1"]);
        assert_eq!(words("b a \"pe(1,1,0).status == 'x'\" ' f1 ctrl-d").len(), 6);
        assert_eq!(words(""), Vec::<String>::new());
        assert!(matches!(presses("g 'step"), Err(PressError::Quote(_))));
        for bad in ["spacebar", "12", "10spacebar"] {
            let error = presses(bad).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(&format!("`{bad}`")), "{error}");
        }
    }
}
