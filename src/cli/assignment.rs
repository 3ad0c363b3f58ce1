//! `spinntui assignment FILE`: what students are to do; `--check` grades an answer.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::{CliError, FAILED, FINE, Format};
use crate::assignment::{Assignment, Checked, Loaded, check};
use crate::output::Output;
use crate::scene::{LoadedScene, find};
use crate::session::build::ModelCache;
use crate::text::{WIDTH, several, wrapped_whole};

const EXAMPLES: &str = "\
Examples:
  spinntui assignment scenes/assignments/faster.ron
      what is to be done, and hints
  spinntui assignment scenes/assignments/faster.ron --check answer.ron
      which goals the answer meets; exit code 0 if all, 1 if not, 2 if it is no scene
  for answer in answers/*.ron; do spinntui assignment faster.ron --check $answer --format json; done
      a class, a report each

docs/assignments.md says how to write one.";

/// Show an assignment, or check an answer to it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct AssignmentArgs {
    /// Assignment file
    pub assignment: PathBuf,
    /// Run an answer and look at each goal; without SCENE the starting scene
    #[arg(long, value_name = "SCENE", num_args = 0..=1)]
    pub check: Option<Option<PathBuf>>,
    /// Format of the output
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Shows an assignment or checks an answer; returns the exit code.
///
/// # Errors
///
/// Fails if the file is no assignment, or the answer cannot be built.
pub fn assignment(args: &AssignmentArgs) -> Result<u8, CliError> {
    let mut cache = ModelCache::default();
    let loaded = Loaded::new(&find::meant(&args.assignment), &mut cache)?;
    let start = loaded.start()?;
    let mut reads = start.reads();
    reads.add("the assignment that is read", &args.assignment);
    let Some(answer) = &args.check else {
        let mut output = Output::create(args.output.as_deref(), &reads)?;
        let assignment = &loaded.document.value;
        args.format.write(&mut output, || shown(assignment), || serde_json::to_string_pretty(assignment))?;
        output.finish()?;
        return Ok(FINE);
    };
    let answer = match answer {
        Some(path) => LoadedScene::load(path, &[])?,
        None => start,
    };
    reads.add("the answer that is read", &answer.path);
    let mut output = Output::create(args.output.as_deref(), &reads)?;
    let checked = check(&loaded, answer, &mut cache)?;
    args.format.write(&mut output, || told(&checked), || serde_json::to_string_pretty(&checked))?;
    output.finish()?;
    Ok(if checked.passed { FINE } else { FAILED })
}

/// Returns an assignment for people: what is to be done, goals, hints.
fn shown(assignment: &Assignment) -> String {
    let mut out = format!("{}\n\n", assignment.title);
    for line in wrapped_whole(&assignment.text, WIDTH) {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "\nstart from  {}", assignment.scene);
    for (path, value) in &assignment.set {
        let _ = writeln!(out, "            --set {path}={value}");
    }
    if let Some(steps) = assignment.steps {
        let _ = writeln!(out, "run for     {}", several(steps, "time step"));
    }
    out.push_str("\ngoals\n");
    for goal in &assignment.goals {
        let _ = writeln!(out, "  * {}", goal.text);
    }
    if !assignment.hints.is_empty() {
        out.push_str("\nhints\n");
    }
    for (number, hint) in (1..).zip(&assignment.hints) {
        for (line, text) in wrapped_whole(hint, WIDTH - 5).into_iter().enumerate() {
            let _ =
                writeln!(out, "  {} {text}", if line == 0 { format!("{number}.") } else { "  ".to_owned() });
        }
    }
    out
}

/// Returns a checked answer for people.
fn told(checked: &Checked) -> String {
    let mut out = format!("{}: {}\n\n", checked.assignment, checked.answer);
    for goal in &checked.goals {
        let mark = if goal.met { "met    " } else { "NOT MET" };
        let found = if goal.found.is_empty() { String::new() } else { format!(" ({})", goal.found) };
        let _ = writeln!(out, "  {mark}  {}{found}", goal.text);
    }
    if let Some(stopped) = &checked.stopped {
        let _ = writeln!(out, "\nthe machine stopped in time step {}: {stopped}", checked.steps + 1);
    }
    let _ = writeln!(out, "\n{} of {} goals met", checked.met, checked.goals.len());
    out
}
