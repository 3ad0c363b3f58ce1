//! From key presses to commands: the key-string parser and the lookup.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::command::{COMMANDS, Command};

/// A key with its modifiers, in the one form that both a key string and a key press come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which key; a shifted letter is the capital letter.
    pub code: KeyCode,
    /// Ctrl and Alt; Shift only where it does not change the character.
    pub modifiers: KeyModifiers,
}

/// A key string that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no such key: `{0}`; write a character, or space, enter, tab, backtab, esc, up, down, left, right, f1 ..., with ctrl- or alt- before it"
)]
pub struct BadKey(pub String);

/// Names of keys that are no characters.
const NAMED: [(&str, KeyCode); 15] = [
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("esc", KeyCode::Esc),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
];

/// Reads a key string: `s`, `S`, `?`, `space`, `ctrl-c`, `f1`.
pub fn parse_key(text: &str) -> Result<Key, BadKey> {
    let mut modifiers = KeyModifiers::NONE;
    let mut rest = text;
    loop {
        if let Some(tail) = rest.strip_prefix("ctrl-").filter(|tail| !tail.is_empty()) {
            modifiers |= KeyModifiers::CONTROL;
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix("alt-").filter(|tail| !tail.is_empty()) {
            modifiers |= KeyModifiers::ALT;
            rest = tail;
        } else {
            break;
        }
    }
    let bad = || BadKey(text.to_owned());
    let mut characters = rest.chars();
    let code = match (characters.next(), characters.next()) {
        (Some(character), None) => KeyCode::Char(character),
        _ => {
            if let Some(&(_, code)) = NAMED.iter().find(|(name, _)| *name == rest) {
                code
            } else {
                let number = rest.strip_prefix('f').and_then(|number| number.parse::<u8>().ok());
                KeyCode::F(number.filter(|number| (1..=24).contains(number)).ok_or_else(bad)?)
            }
        }
    };
    Ok(Key { code, modifiers })
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        let mut modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        let code = match event.code {
            // Some terminals report Shift-Tab as Tab with Shift.
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            // Some report the small letter with Shift.
            KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::SHIFT) && c.is_ascii_lowercase() => {
                KeyCode::Char(c.to_ascii_uppercase())
            }
            // Ctrl with a capital is the same key as with a small letter.
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(c.to_ascii_lowercase())
            }
            code => code,
        };
        if code == KeyCode::BackTab {
            modifiers = KeyModifiers::NONE;
        }
        Self { code, modifiers }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("Ctrl-")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("Alt-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "F{n}"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::BackTab => f.write_str("Shift-Tab"),
            code => write!(f, "{code:?}"),
        }
    }
}

/// Which key does what. Built from the table; a configuration will put its own rows on top.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<(Key, &'static Command)>,
}

impl Default for Keymap {
    /// The keys of [`COMMANDS`]. A key string that does not parse is left out; a test says there is none.
    fn default() -> Self {
        let bindings = COMMANDS
            .iter()
            .flat_map(|command| {
                command.keys.iter().filter_map(move |key| Some((parse_key(key).ok()?, command)))
            })
            .collect();
        Self { bindings }
    }
}

impl Keymap {
    /// The command bound to a key.
    pub fn lookup(&self, key: Key) -> Option<&'static Command> {
        self.bindings.iter().find(|(bound, _)| *bound == key).map(|&(_, command)| command)
    }

    /// Keys of a command, in the order of the table.
    pub fn keys_of(&self, command: &Command) -> impl Iterator<Item = Key> {
        self.bindings.iter().filter(move |(_, bound)| bound.id == command.id).map(|&(key, _)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_strings_and_key_presses_meet() {
        let press = |code, modifiers| Key::from(KeyEvent::new(code, modifiers));
        assert_eq!(parse_key("S"), Ok(press(KeyCode::Char('S'), KeyModifiers::SHIFT)));
        assert_eq!(parse_key("S"), Ok(press(KeyCode::Char('s'), KeyModifiers::SHIFT)));
        assert_eq!(parse_key("ctrl-c"), Ok(press(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        assert_eq!(parse_key("backtab"), Ok(press(KeyCode::BackTab, KeyModifiers::SHIFT)));
        assert_eq!(parse_key("backtab"), Ok(press(KeyCode::Tab, KeyModifiers::SHIFT)));
        assert_eq!(parse_key("?"), Ok(press(KeyCode::Char('?'), KeyModifiers::SHIFT)));
        assert_eq!(parse_key("space"), Ok(press(KeyCode::Char(' '), KeyModifiers::NONE)));
        assert_eq!(parse_key("f1"), Ok(press(KeyCode::F(1), KeyModifiers::NONE)));
        assert_eq!(parse_key("-"), Ok(press(KeyCode::Char('-'), KeyModifiers::NONE)));
        assert_eq!(parse_key("ctrl--"), Ok(press(KeyCode::Char('-'), KeyModifiers::CONTROL)));
    }

    #[test]
    fn bad_key_strings_are_named() {
        for text in ["", "ctrl-", "f0", "f25", "fx", "hyper-s", "spacebar"] {
            let error = parse_key(text).unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}
