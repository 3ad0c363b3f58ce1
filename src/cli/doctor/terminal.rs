//! Checks of the terminal, without writing to it.

use std::io::{self, IsTerminal};

use super::{Item, State};
use crate::tui::layout::MINIMUM;
use crate::tui::theme::Glyphs;
use crate::tui::theme::depth::Depth;

const GROUP: &str = "Terminal";
/// Size from which the app shows two panels side by side, and the dashboard.
const PAIR: (u16, u16) = (80, 24);
const DASHBOARD: (u16, u16) = (120, 40);

/// Facts that the operating system reports about the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Here {
    /// Standard input is a terminal.
    pub input: bool,
    /// Whether standard output is a terminal.
    pub output: bool,
    /// Columns and rows.
    pub size: Option<(u16, u16)>,
}

impl Here {
    /// Asks the system.
    pub fn look() -> Self {
        let (input, output) = (io::stdin().is_terminal(), io::stdout().is_terminal());
        let size = if input || output { crossterm::terminal::size().ok() } else { None };
        Self { input, output, size }
    }
}

/// Returns the findings, given the environment as a lookup.
pub fn items(env: impl Fn(&str) -> Option<String>, here: Here) -> Vec<Item> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let mut items = vec![match (here.input, here.output) {
        (true, true) => Item::ok(GROUP, "terminal", "input and output"),
        (input, output) => {
            let what = match (input, output) {
                (false, true) => "input is not",
                (true, false) => "output is not",
                _ => "neither input nor output is",
            };
            let what = format!("{what} a terminal");
            Item::note(GROUP, "terminal", what, "the app needs one for both; `spinntui run SCENE` needs none")
        }
    }];
    items.extend(here.size.map(size));
    items.push(match set("TERM") {
        Some(term) => Item::ok(GROUP, "TERM", term),
        None => Item::note(GROUP, "TERM", "not set", "set it to what your terminal is: TERM=xterm-256color"),
    });
    items.push(colours(&env));
    items.push(match Glyphs::detect(&env) {
        Glyphs::Blocks | Glyphs::Braille => Item::ok(GROUP, "characters", "box drawing and blocks"),
        Glyphs::Ascii if set("TERM").as_deref() == Some("dumb") => {
            Item::note(GROUP, "characters", "ASCII: TERM=dumb", "")
        }
        Glyphs::Ascii => {
            Item::note(GROUP, "characters", "ASCII: the locale is not UTF-8", "set LANG=C.UTF-8")
        }
    });
    if set("SSH_CONNECTION").is_some() {
        items.push(Item::ok(GROUP, "ssh", "the app draws at most 30 frames a second"));
    }
    items.push(clipboard(&set));
    items
}

fn size((columns, rows): (u16, u16)) -> Item {
    let found = format!("{columns}x{rows}");
    let fits = |(c, r): (u16, u16)| columns >= c && rows >= r;
    if !fits(MINIMUM) {
        let todo = format!("the app needs {}x{}: make the window larger", MINIMUM.0, MINIMUM.1);
        Item::new(GROUP, "size", State::Note, found, todo)
    } else if !fits(PAIR) {
        Item::note(GROUP, "size", found, "one panel at a time; from 80x24 on there are two")
    } else if !fits(DASHBOARD) {
        Item::ok(GROUP, "size", found + "; from 120x40 on there are five panels at a time")
    } else {
        Item::ok(GROUP, "size", found)
    }
}

/// Reports the colour depth found, and the variable that decided it.
fn colours(env: &impl Fn(&str) -> Option<String>) -> Item {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let depth = Depth::detect(env);
    let dumb = set("TERM").as_deref() == Some("dumb");
    let order = ["NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "COLORTERM", "TERM"];
    // The first whose absence makes a difference is the one that decides.
    let decides = |name: &&str| Depth::detect(|n| if n == *name { None } else { env(n) }) != depth;
    let why = match order.iter().find(|name| set(name).is_some() && decides(name)) {
        Some(name) => format!("{name}={}", set(name).unwrap_or_default()),
        None => "no variable names a depth".to_owned(),
    };
    let found = match depth {
        Depth::Truecolor => format!("24 bits ({why})"),
        Depth::Ansi256 => format!("256 ({why})"),
        Depth::Ansi16 => format!("16 ({why})"),
        Depth::Mono => format!("none; bold and reverse ({why})"),
        Depth::Off => format!("none, and no bold ({why})"),
    };
    match depth {
        Depth::Truecolor => Item::ok(GROUP, "colours", found),
        Depth::Ansi256 | Depth::Ansi16 => {
            let todo = "if the terminal has 24-bit colour, set COLORTERM=truecolor";
            Item::new(GROUP, "colours", State::Ok, found, todo)
        }
        Depth::Mono | Depth::Off if set("NO_COLOR").is_some() => Item::ok(GROUP, "colours", found),
        Depth::Mono | Depth::Off => {
            let todo =
                if dumb { "a dumb terminal has none" } else { "set TERM=xterm-256color if it has some" };
            Item::note(GROUP, "colours", found, todo)
        }
    }
}

/// Checks copying, which goes through the terminal (OSC 52); not every terminal supports it.
fn clipboard(set: &impl Fn(&str) -> Option<String>) -> Item {
    let name = "copying";
    if set("TMUX").is_some() {
        let todo = "tmux passes on what the app copies only with `set -s set-clipboard on`";
        return Item::note(GROUP, name, "inside tmux", todo);
    }
    if set("STY").is_some() {
        return Item::note(GROUP, name, "inside screen", "screen does not pass on what the app copies");
    }
    Item::ok(GROUP, name, "by the terminal (OSC 52); some terminals must be configured to allow it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(vars: &[(&str, &str)], here: Here, name: &str) -> Item {
        let env = |n: &str| vars.iter().find(|(v, _)| *v == n).map(|(_, value)| (*value).to_owned());
        items(env, here).into_iter().find(|item| item.name == name).unwrap()
    }

    const WHOLE: Here = Here { input: true, output: true, size: Some((80, 24)) };

    #[test]
    fn the_variable_that_decides_is_named() {
        let colours = |vars: &[(&str, &str)]| found(vars, WHOLE, "colours").found;
        assert!(
            colours(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")])
                .contains("COLORTERM=truecolor")
        );
        assert!(colours(&[("TERM", "xterm-256color")]).contains("256 (TERM=xterm-256color)"));
        assert!(colours(&[("TERM", "xterm"), ("NO_COLOR", "1")]).contains("NO_COLOR=1"));
        assert!(colours(&[("TERM", "xterm")]).starts_with("16 (no variable names a depth)"));
    }

    #[test]
    fn sizes_and_what_is_no_terminal() {
        let size = |size| found(&[], Here { size: Some(size), ..WHOLE }, "size");
        assert_eq!(size((200, 60)).state, State::Ok);
        assert!(size((35, 60)).todo.contains("36x12"));
        assert!(size((60, 20)).todo.contains("80x24"));
        let none = Here { input: false, output: false, size: None };
        let item = found(&[], none, "terminal");
        assert!(item.found.contains("neither") && item.todo.contains("spinntui run"), "{item:?}");
        assert_eq!(found(&[("TMUX", "x")], WHOLE, "copying").state, State::Note);
    }
}
