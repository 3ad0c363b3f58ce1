//! `spinntui run SCENE`: an experiment without a screen, and its report.

use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::points::{self, Asked, PointArgs};
use super::steps::{StepArgs, StepTables};
use super::{CliError, FAILED, FINE, FaultArgs, Format, SetArgs};
use crate::output::{Output, OutputError, Reads, Replace, say};
use crate::report::gather::RunContext;
use crate::report::stream::StreamLine;
use crate::report::{Host, Report, spec};
use crate::scene::{LoadedScene, OutputFile};
use crate::session::build::{ModelCache, Plan};
use crate::session::debug::points::Ran;
use crate::session::debug::{Hit, PointKind, PointSpec};
use crate::session::ranges::ranges;
use crate::session::verify::{Difference, Verifier};
use crate::session::{Session, StepOutcome};
use crate::text::{grouped, several};

/// Interval between two progress messages of a long run.
const PROGRESS: Duration = Duration::from_millis(500);

const EXAMPLES: &str = "\
Examples:
  spinntui run scenes/lm_small.ron
      the whole text; results as tables
  spinntui run scenes/lm.ron --sequences 1
      70 words through the paper's network: time, energy, perplexity
  spinntui run scenes/lm_small.ron --steps 100 --set chip.waiting=Sleep
      what if waiting PEs slept?
  spinntui run scenes/lm_small.ron --format json --output report.json
  spinntui run scenes/lm_small.ron --stream | jq -r 'select(.step) | .surprisal'
      one JSON line a time step, then the report
  spinntui run scenes/lm_small.ron --steps 20 --watch perplexity --watch 'unit(\"rnns.1\", 4).c' --watch-output c.csv
      values after every time step, as a table
  spinntui run scenes/lm_small.ron --break 'surprisal > 12 bits'
      up to the first surprising word; exit code 1 if there is none
  spinntui run scenes/lm_small.ron --steps 20 --verify
      does every value on the chip equal the mathematics, bit for bit?

The report is the same at every repetition but for `host`.";

/// Run a scene without a screen and write a report: time, energy, sparsity,
/// memory, traffic, perplexity.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct RunArgs {
    /// Scene file
    pub scene: PathBuf,
    /// Stop after N time steps (tokens); without this and --sequences, at the end
    /// of the input
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "sequences")]
    pub steps: Option<u64>,
    /// Stop after this number of sequences (of 70 tokens, unless the scene says otherwise)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub sequences: Option<u64>,
    /// Format of the report
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write to a file instead of standard output; an older regular file is replaced at the end
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file that the scene's `task.outputs` names, if it exists
    #[arg(long)]
    pub force: bool,
    /// Load the PEs' memories from the files that `export` wrote, instead of from the model
    #[arg(long, value_name = "DIR")]
    pub images: Option<PathBuf>,
    /// Compare the chip with the network's mathematics after every time step, bit for bit; exit
    /// code 1 at the first difference, which is named
    #[arg(long)]
    pub verify: bool,
    /// Write one line of JSON for every time step, then the report as the last: {"report": …}
    #[arg(long)]
    pub stream: bool,
    /// Run every time step event by event, also those whose times are known from earlier ones; the
    /// figures are the same
    #[arg(long)]
    pub exact: bool,
    /// Leave out the chip times for other branch refills and memories, for which the first 4 time
    /// steps are emulated four more times
    #[arg(long)]
    pub no_ranges: bool,
    /// Stop when a condition becomes true (alias of --break)
    #[arg(long, value_name = "CONDITION")]
    pub until: Vec<String>,
    /// Write the lines of --trace to a file instead of standard error
    #[arg(long, value_name = "FILE", requires = "trace")]
    pub trace_log: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub tables: StepArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub points: PointArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub fault: FaultArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub set: SetArgs,
}

impl RunArgs {
    fn asked(&self) -> Vec<Asked> {
        let until = |text: &String| ("--until", PointSpec { text: text.clone(), kind: PointKind::Break });
        self.points.asked().into_iter().chain(self.until.iter().map(until)).collect()
    }
}

/// Reason for which the chip cannot be compared with the mathematics.
const UNORDERED: &str = "error: --verify compares bit by bit, but sums of single-precision values in the \
    order of arrival round differently\n\
    = help: --set mapping.order=Ascending, or --set mapping.weights=Int8";

/// Runs the scene; the exit code is 1 if the machine stalled.
pub fn run(args: &RunArgs) -> Result<u8, CliError> {
    let mut cache = ModelCache::default();
    let loaded = LoadedScene::load(&args.scene, &args.fault.edits(&args.set))?;
    let mut plan = Plan::new(&loaded, &mut cache)?;
    if let Some(folder) = &args.images {
        plan = spec::read::load(folder, plan)?;
    }
    let mut session = plan.start(loaded)?;
    session.run_exactly(args.exact);
    session.use_second_core();
    let asked = args.asked();
    let mut points = points::points(&mut session, &asked)?;
    let Written { mut output, mut traced, mut tables, arrays } = Written::create(args, &session)?;
    let target = target(args, &session);

    if args.verify && !Verifier::applies(&session) {
        return Err(CliError::Usage(UNORDERED.to_owned()));
    }
    let mut verifier = args.verify.then(|| Verifier::new(&session));
    let mut difference = None;
    let started = Instant::now();
    let mut progress = Progress::new(started, target);
    let (mut stopped, mut hit) = (None, None);
    while session.steps() < target && hit.is_none() {
        let steps = session.steps();
        match points.step(&mut session, |noted| traced.note(&noted)) {
            Ran::StepOutcome(StepOutcome::Advanced(_)) => {}
            Ran::StepOutcome(StepOutcome::Finished) => break,
            Ran::StepOutcome(StepOutcome::Stopped(reason)) => {
                stopped = Some(reason.to_string());
                break;
            }
            Ran::Hit(found) => hit = Some(found),
        }
        if session.steps() == steps {
            break; // in the middle of a time step
        }
        difference = verifier.as_mut().and_then(|verifier| verifier.check(&session).err());
        if difference.is_some() {
            break;
        }
        tables.note(&session)?;
        if args.stream {
            line(&mut output, &StreamLine::of(&session))?;
            output.flush_now()?;
        }
        progress.show(&session);
    }
    progress.clear();
    let wall_s = started.elapsed().as_secs_f64();
    let host = Host { wall_s, steps_per_s: session.steps() as f64 / wall_s.max(1e-9) };

    // The interval comes from running the model's own bytes again: of no use beside other bytes.
    let wanted = args.images.is_none() && !args.no_ranges;
    let ranges = if wanted { ranges(&session, &mut cache)? } else { None };
    let report = Report::gather(&mut session, RunContext { ranges, stopped, hit, host });
    write(args, &report, &mut output)?;
    output.finish()?;
    traced.finish()?;
    tables.finish(&session)?;
    if let Some((path, mut arrays)) = arrays {
        let fail = |source| OutputError::Write { place: path.display().to_string(), source };
        let written = session.work().write_outputs(&mut arrays).map_err(fail)?;
        arrays.finish()?;
        say(format!("{} written to {}", written.as_deref().unwrap_or("nothing"), path.display()));
    }
    for planned in session.faults() {
        if let Some(why) = session.without_effect(&planned.fault) {
            say(format!("note: {}, {why}", planned.fault));
        }
    }
    let asked = asked.iter().any(|(_, spec)| spec.kind == PointKind::Break);
    let verified = verifier.is_none_or(|verifier| tell(&verifier, difference.as_ref(), session.steps()));
    Ok(if verified { complain(&report, asked) } else { FAILED })
}

/// Reports the result of a comparison with the mathematics; returns `true` if there
/// was no difference.
fn tell(verifier: &Verifier, difference: Option<&Difference>, steps: u64) -> bool {
    if let Some(difference) = difference {
        say(format!("verify: {difference}"));
    } else {
        let (values, steps) = (grouped(verifier.compared()), several(steps, "time step"));
        say(format!("verify: {values} values of {steps} equal the mathematics, bit for bit"));
    }
    difference.is_none()
}

/// Files that a run writes, all checked before it begins.
struct Written {
    output: Output,
    traced: Traced,
    tables: StepTables,
    /// Outputs of the task, with their path.
    arrays: Option<(PathBuf, Output)>,
}

impl Written {
    fn create(args: &RunArgs, session: &Session) -> Result<Self, CliError> {
        let mut reads = session.loaded.reads();
        if let Some(folder) = &args.images {
            reads.add("an image that is read", folder);
        }
        let output = Output::create(args.output.as_deref(), &reads)?;
        // None of the files may be another of them.
        if let Some(path) = &args.output {
            reads.add("the report that is written", path);
        }
        let traced = Traced::create(args.trace_log.as_deref(), &reads)?;
        if let Some(path) = &args.trace_log {
            reads.add("the trace log that is written", path);
        }
        let tables = StepTables::create(&args.tables, session, &mut reads)?;
        let replace = if args.force { Replace::Yes } else { Replace::No };
        let arrays = match session.loaded.output_file(replace)? {
            Some(OutputFile::Asked(path)) => {
                let output = Output::create(Some(&path), &reads)?;
                Some((path, output))
            }
            Some(OutputFile::Scene(path)) => {
                let output = Output::named_by_scene(&path, replace, &reads)?;
                Some((path, output))
            }
            None => None,
        };
        Ok(Self { output, traced, tables, arrays })
    }
}

/// Returns the number of time steps to stop after: as requested, but at most all steps of the task.
fn target(args: &RunArgs, session: &Session) -> u64 {
    let total = session.work().total_steps();
    let sequence = u64::from(session.work().sequence());
    let asked = args.steps.or(args.sequences.map(|n| n.saturating_mul(sequence)));
    asked.map_or(total, |asked| asked.min(total))
}

fn write(args: &RunArgs, report: &Report, output: &mut Output) -> Result<(), CliError> {
    if args.stream {
        #[derive(serde::Serialize)]
        struct Last<'a> {
            report: &'a Report,
        }
        return Ok(line(output, &Last { report })?);
    }
    args.format.write(output, || report.to_text(), || report.to_json())
}

/// Writes a value as one line of JSON.
fn line(output: &mut Output, value: &impl serde::Serialize) -> Result<(), OutputError> {
    // Values of ours always have a JSON form: what can fail is writing.
    let text = serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
    output.data(&(text + "\n"))
}

/// Reports problems on standard error, and returns the exit code. With `asked` breakpoints were
/// requested, and hitting none is a failure.
fn complain(report: &Report, asked: bool) -> u8 {
    if report.races.count > 0 {
        say(format!(
            "warning: {} packets overwrote unread data: the output may be wrong",
            report.races.count
        ));
    }
    match &report.stopped {
        Some(reason) => {
            say(format!("error: the machine stopped in time step {}: {reason}", report.steps + 1));
            FAILED
        }
        None => match &report.hit {
            Some(hit) => {
                say(format!("stopped at {:.3} µs, {}: {}", hit.time_us, hit.step_text(), hit.condition));
                FINE
            }
            None if asked => {
                say(format!("the run ended after {} time steps without a hit", report.steps));
                FAILED
            }
            None => FINE,
        },
    }
}

/// Destination of the lines of tracepoints.
struct Traced {
    file: Option<Output>,
    failed: Option<OutputError>,
}

impl Traced {
    fn create(path: Option<&Path>, reads: &Reads) -> Result<Self, OutputError> {
        let file = path.map(|path| Output::create(Some(path), reads)).transpose()?;
        Ok(Self { file, failed: None })
    }

    fn note(&mut self, hit: &Hit) {
        match &mut self.file {
            Some(file) if self.failed.is_none() => self.failed = file.text(&(hit.line() + "\n")).err(),
            Some(_) => {}
            None => say(format!("trace: {}", hit.line())),
        }
    }

    fn finish(self) -> Result<(), OutputError> {
        self.failed.map_or(Ok(()), Err)?;
        self.file.map_or(Ok(()), Output::finish)
    }
}

/// Progress of a long run, as a line on a terminal.
pub(super) struct Progress {
    started: Instant,
    shown: Instant,
    target: u64,
    terminal: bool,
    visible: bool,
}

impl Progress {
    pub(super) fn new(started: Instant, target: u64) -> Self {
        Self { started, shown: started, target, terminal: std::io::stderr().is_terminal(), visible: false }
    }

    pub(super) fn show(&mut self, session: &Session) {
        if !self.terminal || self.shown.elapsed() < PROGRESS {
            return;
        }
        self.shown = Instant::now();
        self.visible = true;
        let (steps, seconds) = (session.steps(), self.started.elapsed().as_secs_f64());
        let speed = steps as f64 / seconds;
        let left = (self.target.saturating_sub(steps)) as f64 / speed.max(1e-9);
        let so_far = session.work().headline().map_or_else(String::new, |words| format!(", {words}"));
        let text =
            format!("{steps} of {} time steps{so_far}, {speed:.0} steps/s, {left:.0} s to go", self.target);
        // A terminal that is gone is no reason to stop.
        let _ = write!(std::io::stderr(), "\r{text:<79}");
    }

    pub(super) fn clear(&self) {
        if self.visible {
            let _ = write!(std::io::stderr(), "\r{:79}\r", "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_that_stopped_is_a_failure() {
        let loaded = LoadedScene::load(Path::new("scenes/single_pe.ron"), &[]).unwrap();
        let plan = Plan::new(&loaded, &mut ModelCache::default()).unwrap();
        let mut session = plan.start(loaded).unwrap();
        let mut report = Report::gather(&mut session, RunContext::default());
        assert_eq!(complain(&report, false), FINE);
        assert_eq!(complain(&report, true), FAILED, "a breakpoint was asked for and not hit");
        report.stopped = Some("a packet was lost".to_owned());
        assert_eq!(complain(&report, false), FAILED);
    }
}
