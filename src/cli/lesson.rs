//! `spinntui lesson NAME`: a lesson in the terminal; `--check` runs it without one.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;

use super::config::ConfigArgs;
use super::looks::LooksArgs;
use super::{CliError, FAILED, FINE};
use crate::output::Output;
use crate::text::{WIDTH, wrapped_whole};
use crate::tui::TuiOptions;
use crate::tui::lesson::course::Course;
use crate::tui::lesson::load::named;
use crate::tui::lesson::{Entry, Loaded, shipped};
use crate::tui::rehearsal::{Checked, check};

const EXAMPLES: &str = "\
Examples:
  spinntui lesson
      lists the lessons
  spinntui lesson what-is-a-pe
      . and , turn the pages, ' asks the question of a page, L hides the text
  spinntui lesson my-lesson.ron --check
      runs every page, presses the keys that it names, and checks what it states

docs/lessons.md says how to give a lesson and how to write one.";

/// Give a lesson.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LessonArgs {
    /// Name of a lesson, or the path of one of your own
    pub lesson: Option<String>,
    /// Run the whole lesson without a screen: does every page hold?
    #[arg(long, requires = "lesson")]
    pub check: bool,
    /// Presenter mode: keys are shown, a free run is slow
    #[arg(long, requires = "lesson", conflicts_with = "check")]
    pub present: bool,
    #[command(flatten)]
    looks: LooksArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Gives, checks or lists lessons.
pub fn lesson(args: &LessonArgs) -> Result<ExitCode, CliError> {
    let Some(name) = &args.lesson else {
        let mut output = Output::stdout();
        output.text(&listed(&shipped()))?;
        output.finish()?;
        return Ok(ExitCode::from(FINE));
    };
    let loaded = Loaded::load(&named(name).map_err(CliError::Usage)?)?;
    if args.check {
        return checked(&loaded).map(ExitCode::from);
    }
    let config = args.config.load(args.looks)?;
    let engine = Course::new(loaded.clone()).engine();
    let options = TuiOptions {
        keep: None,
        engine,
        looks: config.looks,
        keymap: config.keymap,
        reload: config.reload,
        mouse: config.mouse,
        watch: false,
        lesson: Some(loaded),
        present: args.present,
        reader: crate::sweep::results::read,
        results: None,
    };
    crate::tui::run(options).map_err(|report| CliError::Usage(format!("error: {report:#}")))
}

fn listed(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "no lessons were found: they are in scenes/lessons/ of the program's folder\n".to_owned();
    }
    let wide = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Entry { name, title, about, minutes, .. } in entries {
        let _ = writeln!(text, "{name:wide$}  {title} ({minutes} min)");
        for line in wrapped_whole(about, WIDTH.saturating_sub(wide + 2)) {
            let _ = writeln!(text, "{:wide$}  {line}", "");
        }
    }
    text.push_str("\nspinntui lesson NAME begins one.\n");
    text
}

fn checked(loaded: &Loaded) -> Result<u8, CliError> {
    let pages = check(loaded).map_err(CliError::Usage)?;
    let wrong = pages.iter().filter(|page| !page.problems.is_empty()).count();
    let mut output = Output::stdout();
    output.text(&report(&pages))?;
    let count = pages.len();
    output.text(&match wrong {
        0 => format!("{count} pages, forwards and back: all pass\n"),
        wrong => format!("{count} pages, forwards and back: {wrong} fail\n"),
    })?;
    output.finish()?;
    Ok(if wrong == 0 { FINE } else { FAILED })
}

fn report(pages: &[Checked]) -> String {
    let mut text = String::new();
    for page in pages {
        let verdict = if page.problems.is_empty() { "holds" } else { "FAILS" };
        let _ = writeln!(text, "{:>3} {verdict}: {} (event {})", page.number, page.title, page.events);
        for (expression, value) in &page.values {
            let _ = writeln!(text, "      {expression} = {value}");
        }
        for problem in &page.problems {
            for line in problem.lines() {
                let _ = writeln!(text, "      {line}");
            }
        }
    }
    text
}
