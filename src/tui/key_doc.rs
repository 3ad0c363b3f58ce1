//! `docs/keys.md`, written from the table.

use std::fmt::Write as _;

use super::command::{COMMANDS, Command, Group};
use super::keymap::Keymap;

const HEAD: &str = "\
# Keys and commands

Written from the table of commands (`src/tui/command/table.rs`) by `UPDATE_DOCS=1 cargo test --test tui`. In the app, `?` explains the
focused panel, lists all keys and explains words on the screen, with a search; `spinntui --print-keys` prints what is in force.

* **Stepping is gdb's, moving is vi's.** A small letter goes on, the capital goes back: `s` a token on, `S` a token back.
* **A digit** selects a panel, at once: `9` `s` shows the timeline and steps. **Counts** have two digits or more, typed within a second
  of each other: `10s` steps ten tokens, `100i` a hundred events, `04s` four; or `:4 step`. A `0` alone is the tenth panel; behind
  another digit it is only part of the count, as are digits behind a `0`.
* **Esc** closes what is on top, one layer at a time. **Ctrl-c** always quits.
* **`:`** runs any command by its name, with Tab to complete, ↑ for what was typed before, and what the command takes behind it: `:goto step 120`,
  `:break surprisal > 12 bits`, `:pe 3,4,2`, `:10 step`. The beginning of a name, or letters of it in order, do; Enter takes the first of the list.
";

const TAIL: &str = "
## While a line is typed

In `:`, `g`, `X`, a condition, and the search of `?` (these keys cannot be rebound):

| keys | what they do |
|---|---|
| Enter, Esc | do it, leave it |
| Tab, Shift-Tab | complete; the next or the previous candidate |
| ↑ ↓ | what was typed before |
| ← → Home End Ctrl-a Ctrl-e | move the cursor; with Ctrl, ← and → go by words |
| Ctrl-w Ctrl-u Ctrl-k | delete the word before, all before, all behind |

## Your own keys

`spinntui --print-config > ~/.config/spinntui/config.ron` writes a file to begin with (`$SPINNTUI_CONFIG` or `--config FILE` name another, `--no-config`
leaves it out). It sets looks and keys:

```ron
Config(
    theme: \"light\",
    keys: {
        \"step\": [\"f10\", \"s\"],
        \"restart\": [], // by the palette only
    },
)
```

A command that is named there has these keys in place of its own; a key that another command had goes over to it. Keys are written as a character
(`s`, `S`, `?`), or `space enter tab backtab esc backspace delete home end pageup pagedown up down left right f1` … `f24`, with `ctrl-` or `alt-`
before. A digit may be given to any command; it is then part of a count only behind 0 or two other digits
(`075s`), and a digit taken from its panel and given to none begins a count by itself. A file with a mistake stops the start, with line and column: nothing is left out silently.
";

/// Returns the page of keys as Markdown.
pub fn markdown() -> String {
    let keymap = Keymap::default();
    let mut text = HEAD.to_owned();
    for group in Group::ALL {
        let _ = write!(text, "\n## {}\n\n| keys | command | what it does |\n|---|---|---|\n", group.title());
        for command in COMMANDS.iter().filter(|command| command.group == group) {
            text.push_str(&row(&keymap, command));
        }
    }
    text.push_str(TAIL);
    text
}

fn row(keymap: &Keymap, command: &Command) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let keys: Vec<String> =
        keymap.keys_of(command).map(|key| format!("`{}`", cell(&key.to_string()))).collect();
    let count = if command.counts { ", counts" } else { "" };
    let within = if command.context.name().is_empty() {
        String::new()
    } else {
        format!(" ({})", command.context.name())
    };
    let names = std::iter::once(&command.id).chain(command.also).map(|name| format!("`{name}`"));
    let names: Vec<String> = names.collect();
    format!("| {}{within} | {}{count} | {} |\n", keys.join(" "), names.join(" "), cell(command.about))
}
