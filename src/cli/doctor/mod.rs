//! `spinntui doctor`: what works here, and what to do about what does not.

mod data;
mod terminal;

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use super::{CliError, FAILED, FINE, Format};
use crate::net::sum;
use crate::output::Output;
use crate::report::table::field;
use crate::text::{WIDTH, several, wrapped_whole};
use crate::tui::config::{self, Config};

const EXAMPLES: &str = "\
Examples:
  spinntui doctor
  spinntui doctor --format json

To get everything into an installed copy (`cargo install --locked`): copy the repository's folders
  mkdir -p ~/.local/share/spinntui && cp -r scenes models assets ~/.local/share/spinntui/
or let SPINNTUI_DATA name the folder that has them.

Exit codes: 0 fine, notes included; 1 something that comes with spinntui does not work.";

/// Look at the terminal, the data, the models, the scenes: what works here, and what to do about
/// what does not.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DoctorArgs {
    /// Format of the output
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// State of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The item is in order.
    Ok,
    /// Information that needs no action.
    Note,
    /// The item does not work.
    Problem,
}

/// Result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Heading of the item's group.
    pub group: &'static str,
    /// Subject of the check.
    pub name: String,
    /// State of the subject.
    pub state: State,
    /// Result of the check, in words.
    pub found: String,
    /// Remedy; empty if none is needed.
    pub todo: String,
}

impl Item {
    fn new(
        group: &'static str,
        name: impl Into<String>,
        state: State,
        found: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self { group, name: name.into(), state, found: found.into(), todo: todo.into() }
    }

    fn ok(group: &'static str, name: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(group, name, State::Ok, found, "")
    }

    fn note(
        group: &'static str,
        name: impl Into<String>,
        found: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self::new(group, name, State::Note, found, todo)
    }
}

/// Checks the terminal, the configuration, the data and the machine, and prints the results.
pub fn doctor(args: &DoctorArgs) -> Result<u8, CliError> {
    let mut items = terminal::items(|name| std::env::var(name).ok(), terminal::Here::look());
    items.push(configuration());
    items.extend(data::folders());
    items.extend(data::models());
    items.extend(data::scenes());
    items.extend(data::lessons());
    items.extend(machine());
    let problems = items.iter().filter(|item| item.state == State::Problem).count();
    let json = || {
        let answer =
            serde_json::json!({ "version": env!("CARGO_PKG_VERSION"), "problems": problems, "items": items });
        serde_json::to_string_pretty(&answer).map(|json| json + "\n")
    };
    let mut output = Output::stdout();
    args.format.write(&mut output, || listing(&items, problems), json)?;
    output.finish()?;
    Ok(if problems == 0 { FINE } else { FAILED })
}

/// Checks whether the configuration file exists and is valid.
fn configuration() -> Item {
    const GROUP: &str = "Configuration";
    let write = "`spinntui --print-config` writes one to begin with";
    let Some(path) = config::usual_path() else {
        return Item::note(GROUP, "file", "no home folder to look in", "set HOME, or name it with --config");
    };
    let shown = path.display();
    match Config::load(None) {
        Ok(Config { path: Some(_), .. }) => Item::ok(GROUP, "file", format!("{shown}: read")),
        Ok(_) if std::env::var_os(config::ENV).is_some_and(|name| !name.is_empty()) => {
            let found = format!("{shown} does not exist, and {} names it", config::ENV);
            Item::note(GROUP, "file", found, write)
        }
        Ok(_) => Item::ok(GROUP, "file", format!("{shown}: does not exist, not needed")),
        Err(error) => {
            let place = error.position().map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
            let found = format!("{shown}{place}: {}", error.message());
            Item::note(GROUP, "file", found, "the app does not start with it: fix it, or use --no-config")
        }
    }
}

/// Checks the computer that the emulator runs on.
fn machine() -> Vec<Item> {
    const GROUP: &str = "Computer";
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cores =
        Item::ok(GROUP, "cores", format!("{cores}; the chip runs on one, `tune` and `compare` on all"));
    let sums = if sum::is_fast() {
        Item::ok(GROUP, "multiply-add", format!("fused, in hardware ({})", sum::instructions()))
    } else {
        Item::note(
            GROUP,
            "multiply-add",
            "this processor has no fused multiply-add that spinntui uses: the same results, more slowly",
            "begin with scenes/lm_small.ron",
        )
    };
    vec![cores, sums]
}

fn listing(items: &[Item], problems: usize) -> String {
    let width = items.iter().map(|item| item.name.chars().count()).max().unwrap_or(0).min(28);
    let mut out = format!("spinntui {}\n", env!("CARGO_PKG_VERSION"));
    let mut group = "";
    for item in items {
        if item.group != group {
            group = item.group;
            let _ = writeln!(out, "\n{group}");
        }
        let state = match item.state {
            State::Ok => "ok",
            State::Note => "note",
            State::Problem => "PROBLEM",
        };
        let head = format!("  {state:<7}  {:<width$}  ", item.name);
        field(&mut out, head.chars().count(), &head, &item.found);
        if !item.todo.is_empty() {
            for line in wrapped_whole(&item.todo, WIDTH - 14) {
                let _ = writeln!(out, "  {:7}    {line}", "");
            }
        }
    }
    let notes = items.iter().filter(|item| item.state == State::Note).count();
    let notes = several(notes as u64, "note");
    let _ = match problems {
        0 => writeln!(out, "\nEverything that is here works; {notes}."),
        n => writeln!(out, "\n{}, {notes}.", several(n as u64, "problem")),
    };
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_shows_state_and_what_to_do() {
        let items = [
            Item::ok("One", "a", "fine"),
            Item::new("Two", "b", State::Problem, "broken", "fix it, with ".to_owned() + &"word ".repeat(30)),
        ];
        let text = listing(&items, 1);
        assert!(text.contains("\nOne\n  ok       a  fine\n\nTwo\n  PROBLEM  b  broken\n"), "{text}");
        assert!(
            text.contains("\n             fix it, with word") && text.ends_with("1 problem, 0 notes.\n"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }
}
