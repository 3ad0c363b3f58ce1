//! Commands of key presses: the key-string parser and the lookup.

use std::collections::BTreeMap;
use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::command::{Action, COMMANDS, Command, Context};
use crate::scene::error::did_you_mean;

/// Key with its modifiers, in a normal form that equals for a key string and a key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Code of the key; a shifted letter is the capital letter.
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

impl Key {
    /// Returns the key string that [`parse_key`] reads as this key.
    pub fn name(self) -> String {
        let mut name = String::new();
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            name.push_str("ctrl-");
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            name.push_str("alt-");
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((named, _)), _) => name.push_str(named),
            (None, KeyCode::Char(c)) => name.push(c),
            (None, KeyCode::F(n)) => return format!("{name}f{n}"),
            (None, code) => return format!("{name}{code:?}").to_lowercase(),
        }
        name
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

/// A binding that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadBinding {
    /// Name of the command in the binding.
    pub command: String,
    /// Index of the invalid key; `None` if the command is invalid.
    pub key: Option<usize>,
    /// Problem of the binding.
    pub problem: Problem,
}

/// Problem of a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The command does not exist.
    NoCommand,
    /// The key does not exist.
    NoKey(BadKey),
    /// Another binding has the key already.
    Taken(&'static str),
    /// Ctrl-c always quits and cannot be bound.
    AlwaysQuits,
}

impl fmt::Display for BadBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::NoCommand => write!(f, "there is no command `{}`", self.command),
            Problem::NoKey(bad) => bad.fmt(f),
            Problem::Taken(other) => write!(f, "`{other}` has this key already"),
            Problem::AlwaysQuits => f.write_str("Ctrl-c always quits"),
        }
    }
}

impl BadBinding {
    /// Returns a remedy.
    pub fn help(&self) -> String {
        match &self.problem {
            Problem::NoCommand => {
                match did_you_mean(&self.command, COMMANDS.iter().map(|command| command.id)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "`spinntui --print-keys` lists all commands".to_owned(),
                }
            }
            Problem::Taken(_) => "give each key to one command".to_owned(),
            Problem::NoKey(_) => String::new(),
            Problem::AlwaysQuits => "choose another key".to_owned(),
        }
    }
}

/// Assignment of keys to commands: the table's keys, or the user's in their place.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<(Key, &'static Command)>,
}

/// Always quits: whatever was bound, there is a way out.
const QUIT: Key = Key { code: KeyCode::Char('c'), modifiers: KeyModifiers::CONTROL };

/// Returns the reason for which a command cannot have this key, if there is one.
fn forbidden(key: Key, command: &Command) -> Option<Problem> {
    (key == QUIT && command.action != Action::Quit).then_some(Problem::AlwaysQuits)
}

impl Default for Keymap {
    /// Creates the keymap of [`COMMANDS`]. A key string that does not parse is left out; a test
    /// checks that there is none.
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
    /// Returns the table's keys with `rows` in place of those of the commands named. A key given
    /// here is taken from the command that had it; a key given twice is an error.
    pub fn with(rows: &BTreeMap<String, Vec<String>>) -> Result<Self, BadBinding> {
        let mut given: Vec<(Key, &'static Command)> = Vec::new();
        let mut replaced = Vec::new();
        for (name, keys) in rows {
            let bad = |key, problem| BadBinding { command: name.clone(), key, problem };
            let command = COMMANDS.iter().find(|command| command.id == name);
            let command = command.ok_or_else(|| bad(None, Problem::NoCommand))?;
            replaced.push(command.id);
            for (at, text) in keys.iter().enumerate() {
                let key = parse_key(text).map_err(|error| bad(Some(at), Problem::NoKey(error)))?;
                if let Some(problem) = forbidden(key, command) {
                    return Err(bad(Some(at), problem));
                }
                let taken = given.iter().find(|(other, by)| *other == key && by.context == command.context);
                if let Some((_, by)) = taken {
                    return Err(bad(Some(at), Problem::Taken(by.id)));
                }
                given.push((key, command));
            }
        }
        let taken =
            |key: Key, context| given.iter().any(|(other, by)| *other == key && by.context == context);
        let usual = Self::default().bindings.into_iter().filter(|&(key, command)| {
            let stays = key == QUIT || !replaced.contains(&command.id);
            stays && !taken(key, command.context)
        });
        let bindings = usual.chain(given.iter().copied()).collect();
        Ok(Self { bindings })
    }

    /// Returns the command bound to a key: that of the context, or else the global one.
    pub fn lookup(&self, key: Key, context: Context) -> Option<&'static Command> {
        let bound = |context| {
            let of_key = self.bindings.iter().filter(move |(bound, _)| *bound == key);
            of_key.map(|&(_, command)| command).find(move |command| command.context == context)
        };
        bound(context).or_else(|| bound(Context::Global))
    }

    /// Iterates over the keys of a command, in the order of the bindings.
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
    fn names_of_keys_are_read_back() {
        for command in COMMANDS {
            for key in command.keys {
                let key = parse_key(key).unwrap();
                assert_eq!(parse_key(&key.name()), Ok(key));
            }
        }
    }

    fn rows(rows: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let owned = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
        rows.iter().map(|&(name, keys)| (name.to_owned(), owned(keys))).collect()
    }

    #[test]
    fn users_rows_come_in_place_of_the_tables() {
        let keymap = Keymap::with(&rows(&[("step", &["f10", "n"]), ("quit", &["ctrl-q"])])).unwrap();
        let id =
            |key: &str| keymap.lookup(parse_key(key).unwrap(), Context::Global).map(|command| command.id);
        assert_eq!((id("f10"), id("n"), id("s")), (Some("step"), Some("step"), None));
        assert_eq!((id("ctrl-q"), id("q"), id("ctrl-c")), (Some("quit"), None, Some("quit")));
        // A digit can be bound, too; it then no longer selects its panel.
        let keymap = Keymap::with(&rows(&[("step", &["7"])])).unwrap();
        let seven = parse_key("7").unwrap();
        assert_eq!(keymap.lookup(seven, Context::Global).map(|command| command.id), Some("step"));
        // Keys of a context are apart from those of everywhere.
        let keymap = Keymap::with(&rows(&[("delete-point", &["space"]), ("step", &["space"])])).unwrap();
        let space = parse_key("space").unwrap();
        assert_eq!(keymap.lookup(space, Context::Points).map(|command| command.id), Some("delete-point"));
        assert_eq!(keymap.lookup(space, Context::Global).map(|command| command.id), Some("step"));
    }

    #[test]
    fn bindings_that_cannot_be_are_told() {
        for (row, words, help) in [
            (("stp", &["x"][..]), "no command `stp`", "`step`"),
            (("step", &["hyper-s"]), "`hyper-s`", ""),
            (("step", &["ctrl-c"]), "always quits", "another"),
            (("step", &["x", "x"]), "`step` has this key already", "one command"),
        ] {
            let bad = Keymap::with(&rows(&[row])).unwrap_err();
            assert!(bad.to_string().contains(words) && bad.help().contains(help), "{bad}: {}", bad.help());
        }
        let bad = Keymap::with(&rows(&[("step", &["x"]), ("back", &["x"])])).unwrap_err();
        assert_eq!((bad.command.as_str(), bad.key), ("step", Some(0)));
    }

    #[test]
    fn bad_key_strings_are_named() {
        for text in ["", "ctrl-", "f0", "f25", "fx", "hyper-s", "spacebar"] {
            let error = parse_key(text).unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}
