//! `spinntui` alone: the scenes and lessons to open. In a terminal the user chooses one; elsewhere
//! they are listed with the commands to type.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{CliError, FINE};
use crate::output::Output;
use crate::report::table::field;
use crate::scene::catalogue;
use crate::sweep;
use crate::sweep::load::LoadedPlan;
use crate::text::visible_line;
use crate::tui::config::Config;
use crate::tui::lesson;
use crate::tui::picker::{Picker, Row, choose};
use crate::tui::theme::Theme;

/// Columns of the commands in the list.
const COMMAND_COLUMNS: usize = 42;

/// Lets the user choose a scene or lesson, or lists them.
pub fn home(list: bool, config: impl FnOnce() -> Result<Config, CliError>) -> Result<ExitCode, CliError> {
    let rows = rows();
    if list || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        // A sweep cannot be opened as a scene: it is listed, but not offered for choice.
        let rows: Vec<Row> = rows.into_iter().chain(sweeps()).collect();
        let mut output = Output::stdout();
        output.text(&listing(&rows))?;
        output.finish()?;
        return Ok(ExitCode::from(FINE));
    }
    let looks = config()?.looks.resolve(|name| std::env::var(name).ok());
    let chosen = choose(Picker::new(rows, Theme::new(looks)));
    match chosen.map_err(|report| CliError::Usage(format!("error: {report:#}")))? {
        Err(code) => Ok(ExitCode::from(code)),
        Ok(arguments) => {
            // The program replaces itself, with a terminal that no other process reads from.
            let program = std::env::current_exe().ok().filter(|path| path.exists());
            let program =
                program.or_else(|| std::env::args_os().next().map(PathBuf::from)).unwrap_or_default();
            // A scene is opened with the flags of this start: looks, a configuration file. A
            // subcommand takes none of them.
            let flags = std::env::args_os().skip(1).filter(|_| arguments.len() == 1);
            let error = std::process::Command::new(&program).args(flags).args(&arguments).exec();
            Err(CliError::Usage(format!("error: {} could not be started: {error}", program.display())))
        }
    }
}

/// Returns all rows: scenes, then lessons, then the scenes in folders.
fn rows() -> Vec<Row> {
    let scenes = catalogue::scenes();
    let row = |entry: &catalogue::Entry| Row {
        group: heading(&entry.folder),
        name: shown(&short(&entry.name)),
        arguments: vec![entry.name.clone()],
        title: shown(&entry.title),
        about: shown(&entry.about),
        problem: entry.problem.as_deref().map(shown),
    };
    let (first, others): (Vec<_>, Vec<_>) = scenes.iter().partition(|entry| entry.folder.is_empty());
    first.into_iter().map(row).chain(lessons()).chain(others.into_iter().map(row)).collect()
}

fn heading(folder: &str) -> String {
    match folder {
        "" => "Scenes".to_owned(),
        "what-if" => "What if: scenes/lm.ron with one change".to_owned(),
        "debug" => "Debugging: scenes with a planted problem".to_owned(),
        other => format!("scenes/{other}"),
    }
}

/// Returns a line as the picker draws it and the list prints it.
fn shown(text: &str) -> String {
    visible_line(text).into_owned()
}

/// Shortens a name by the part that all have in common.
fn short(name: &str) -> String {
    let path = Path::new(name).with_extension("");
    path.strip_prefix("scenes").unwrap_or(&path).display().to_string()
}

/// Returns the lessons that come with the program.
fn lessons() -> impl Iterator<Item = Row> {
    lesson::shipped().into_iter().map(|entry| Row {
        group: "Lessons".to_owned(),
        problem: lesson::Loaded::load(&entry.path).err().map(|error| shown(error.message())),
        arguments: vec!["lesson".to_owned(), entry.name.clone()],
        title: format!("{} ({} min)", shown(&entry.title), entry.minutes),
        about: shown(&entry.about),
        name: shown(&entry.name),
    })
}

/// Returns the plans of sweeps that come with the program.
fn sweeps() -> impl Iterator<Item = Row> {
    sweep::load::shipped().into_iter().map(|(name, path)| {
        let plan = LoadedPlan::load(&path);
        Row {
            group: "Sweeps: many runs, resumable".to_owned(),
            arguments: vec!["sweep".to_owned(), name.clone()],
            name,
            title: plan.as_ref().map(|plan| shown(&plan.sweep().title)).unwrap_or_default(),
            about: String::new(),
            problem: plan.err().map(|error| shown(error.message())),
        }
    })
}

/// Formats the list as text.
fn listing(rows: &[Row]) -> String {
    let mut out = "spinntui shows an emulated SpiNNaker2 chip at work, in a terminal. To open:\n".to_owned();
    let mut group = "";
    for row in rows {
        if row.group != group {
            group = &row.group;
            let _ = writeln!(out, "\n{group}");
        }
        let command = format!("  {:<COMMAND_COLUMNS$}  ", format!("spinntui {}", row.arguments.join(" ")));
        let indent = command.chars().count();
        field(&mut out, indent, &command, &row.title);
        if let Some(problem) = &row.problem {
            field(&mut out, indent, "", &format!("not here: {problem}"));
        }
    }
    if rows.iter().any(|row| row.problem.is_some()) {
        out.push_str("\nspinntui doctor says how to get what is not here.\n");
    }
    out.push_str("\nspinntui --help lists the rest, spinntui SUBCOMMAND --help explains one.\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_what_to_type_and_why_not() {
        let row = |name: &str, problem: Option<&str>| Row {
            group: "Scenes".to_owned(),
            name: name.to_owned(),
            arguments: vec![format!("scenes/{name}.ron")],
            title: "A title".to_owned(),
            about: String::new(),
            problem: problem.map(str::to_owned),
        };
        let text = listing(&[row("a", None), row("b", Some("models/x is not here"))]);
        assert!(text.contains("\nScenes\n  spinntui scenes/a.ron ") && text.contains("A title\n"), "{text}");
        assert!(text.contains("not here: models/x is not here\n") && text.contains("doctor"), "{text}");
        assert!(!listing(&[row("a", None)]).contains("doctor"));
    }

    #[test]
    fn names_are_short() {
        assert_eq!(short("scenes/what-if/dma.ron"), "what-if/dma");
        assert_eq!(short("scenes/lm.ron"), "lm");
    }
}
