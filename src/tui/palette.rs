//! Line in which a command is typed by its name: matching commands, errors in the line, and the
//! effect of Enter.

use super::app::{App, Overlay};
use super::applies::applies;
use super::command::{Action, COMMANDS, Command};
use super::given::ParsedArgument;
pub use super::state::palette::PaletteOverlay;
use super::widgets::prompt::Prompt;

/// Parts of a line such as `10 step`, `step 10`, `goto step 12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    /// A count before the name.
    pub count: Option<u32>,
    /// Text at the place of the name.
    pub name: &'t str,
    /// Argument and the byte of the line at which it begins; `None` while the name is being typed.
    pub argument: Option<(usize, &'t str)>,
}

impl<'t> Line<'t> {
    /// Splits a line into its parts.
    pub fn new(text: &'t str) -> Self {
        let text = text.trim_start_matches(':');
        let digits = text.len() - text.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (head, rest) = text.split_at(digits);
        let count = head.trim().parse().ok();
        let rest = rest.trim_start();
        let (name, argument) = match rest.split_once(char::is_whitespace) {
            Some((name, argument)) => (name, Some((argument.as_ptr() as usize, argument))),
            None => (rest, None),
        };
        let argument = argument.map(|(_, argument)| (text.len() - argument.len(), argument));
        Self { count, name, argument }
    }
}

/// Returns the rank of a command for the typed text: lower is better; `None` if it does not match.
fn rank(command: &Command, typed: &str) -> Option<usize> {
    let names = || std::iter::once(command.id).chain(command.also.iter().copied());
    if names().any(|name| name == typed) {
        return Some(0);
    }
    if names().any(|name| name.starts_with(typed)) {
        return Some(1);
    }
    if names().any(|name| name.split('-').any(|part| part.starts_with(typed))) {
        return Some(2);
    }
    let about = command.about.to_lowercase();
    if about.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(typed)) {
        return Some(3);
    }
    names().any(|name| is_subsequence(typed, name)).then_some(4)
}

fn is_subsequence(short: &str, long: &str) -> bool {
    let mut letters = long.chars();
    short.chars().all(|wanted| letters.any(|letter| letter == wanted))
}

/// Returns the commands that match a name as typed so far, best first; those that apply now before
/// those that do not.
pub fn matches(app: &App, name: &str) -> Vec<&'static Command> {
    let name = name.to_lowercase();
    let mut found: Vec<(usize, bool, &Command)> = COMMANDS
        .iter()
        .filter_map(|command| Some((rank(command, &name)?, !applies(app, command.when), command)))
        .collect();
    // Stable: the table's order among equals.
    found.sort_by_key(|&(rank, idle, _)| (rank, idle));
    found.into_iter().map(|(_, _, command)| command).collect()
}

/// Meaning of a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning {
    /// A command of the table, with a count.
    Act(&'static Command, Option<u32>),
    /// Command with its argument.
    Give(ParsedArgument),
}

impl PartialEq for Command {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// Parses a line; the error describes what is wrong with it.
pub(super) fn read(app: &App, text: &str) -> Result<Meaning, String> {
    let line = Line::new(text);
    let Some(&command) = matches(app, line.name).first() else {
        return Err(format!("no command matches `{}`", line.name));
    };
    let given = line.argument.map(|(_, argument)| argument.trim()).filter(|argument| !argument.is_empty());
    match (given, command.argument) {
        (Some(given), Some(argument)) => argument.read(app, given).map(Meaning::Give),
        (None, Some(argument)) if command.action == Action::Given => {
            Err(format!("`{}` requires an argument: {}", command.id, argument.hint()))
        }
        _ if !applies(app, command.when) => Err(format!("not now: {}", command.when.needs())),
        (None, _) => Ok(Meaning::Act(command, line.count.filter(|_| command.counts))),
        (Some(given), None) if command.counts => match given.parse() {
            Ok(count) => Ok(Meaning::Act(command, Some(count))),
            Err(_) => Err(format!("`{}` takes a count, as in `{} 10`", command.id, command.id)),
        },
        (Some(_), None) => Err(format!("`{}` takes no argument", command.id)),
    }
}

/// Returns the error in the line as typed so far; `None` while it has only a name.
pub fn problem(app: &App, text: &str) -> Option<String> {
    read(app, text).err()
}

/// Opens the command line.
pub(super) fn open(app: &mut App) {
    open_with(app, "");
}

/// Opens the line with a text to begin with.
pub(super) fn open_with(app: &mut App, text: &str) {
    let prompt = Prompt::new(app.commanded.clone()).with_text(text);
    app.overlays.push(Overlay::Palette(PaletteOverlay { prompt }));
}

pub(super) fn complete(app: &mut App) {
    let Some(Overlay::Palette(palette)) = app.overlays.last() else { return };
    let text = palette.prompt.text().to_owned();
    let cursor = palette.prompt.cursor();
    let line = Line::new(&text);
    let found = matches(app, line.name);
    let (start, words) = match (line.argument, found.first()) {
        (Some((at, argument)), Some(command)) if cursor >= at => {
            let Some(takes) = command.argument else { return };
            let (start, words) = takes.complete(app, argument, cursor - at);
            (at + start, words)
        }
        _ => {
            let start = text.len() - text.trim_start_matches(|c: char| !c.is_alphabetic()).len();
            let words = found.iter().map(|command| match command.argument {
                Some(_) => format!("{} ", command.id),
                None => command.id.to_owned(),
            });
            (start, words.collect())
        }
    };
    if let Some(Overlay::Palette(palette)) = app.overlays.last_mut() {
        palette.prompt.complete(start, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let line = |text| {
            let line = Line::new(text);
            (line.count, line.name.to_owned(), line.argument.map(|(at, text)| (at, text.to_owned())))
        };
        assert_eq!(line("step"), (None, "step".to_owned(), None));
        assert_eq!(line("10 step"), (Some(10), "step".to_owned(), None));
        assert_eq!(line("10step"), (Some(10), "step".to_owned(), None));
        assert_eq!(line(" goto  step 12"), (None, "goto".to_owned(), Some((6, " step 12".to_owned()))));
        assert_eq!(line("99999999999 x"), (None, "x".to_owned(), None));
        assert_eq!(line(""), (None, String::new(), None));
    }

    #[test]
    fn letters_in_order_are_a_subsequence() {
        assert!(is_subsequence("tgp", "toggle-pause") && is_subsequence("", "x"));
        assert!(!is_subsequence("pt", "toggle-pause"));
    }
}
