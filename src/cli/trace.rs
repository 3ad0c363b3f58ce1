//! `spinntui trace SCENE -o FILE`: what every PE, packet and DMA did when, and what bounds
//! a time step.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::run::Progress;
use super::{CliError, FAILED, FINE, SetArgs};
use crate::machine::record::Limits;
use crate::output::{Output, Shown, say};
use crate::report::trace::csv::Csv;
use crate::report::trace::perfetto::{Packets, Perfetto};
use crate::report::trace::text::Text;
use crate::report::trace::{Chunk, Sink, TraceError};
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, build};
use crate::session::command::StepUnit;
use crate::session::{Session, StepOutcome};

const EXAMPLES: &str = "\
Examples:
  spinntui trace scenes/lm.ron -o lm.json
      the first token; open lm.json at https://ui.perfetto.dev or chrome://tracing
  spinntui trace scenes/lm.ron --skip 10 --format text
      what bounds the eleventh token, in one sentence, and whom idle PEs waited for
  spinntui trace scenes/lm_small.ron --steps 20 --packets all -o small.json
  spinntui trace scenes/lm_small.ron -o spans.csv
      one row for each operation, wait, handler, packet and DMA

docs/trace.md describes what is in a trace. Writing one changes nothing of what the chip does.";

/// Format of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TraceFormat {
    /// Chrome's trace events, as JSON: for Perfetto and chrome://tracing
    Perfetto,
    /// CSV: a row for each thing that took time
    Csv,
    /// For people: what bounds each step, and whom idle PEs waited for
    Text,
}

/// Packets that a Perfetto trace shows as arrows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PacketChoice {
    /// All: a token of the paper's model makes a file of about 26 MB
    All,
    /// The last of each block, which wakes its receivers
    #[default]
    Last,
    /// None
    None,
}

/// Write the activity of every PE, packet and DMA, for Perfetto or as a table; name what
/// bounds a step.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TraceArgs {
    /// Scene file
    pub scene: PathBuf,
    /// File to write; without it, standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Time steps (tokens, frames) to trace
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,
    /// Time steps to run before, untraced
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub skip: u64,
    /// Format of the trace; without it, by the file's ending: .csv, .txt, else Perfetto
    #[arg(long, value_enum)]
    pub format: Option<TraceFormat>,
    /// Packets that a Perfetto trace shows as arrows
    #[arg(long, value_enum, default_value_t)]
    pub packets: PacketChoice,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub set: SetArgs,
}

impl TraceArgs {
    fn format(&self) -> TraceFormat {
        let ending = self.output.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
        self.format.unwrap_or(match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => TraceFormat::Csv,
            Some("txt") => TraceFormat::Text,
            _ => TraceFormat::Perfetto,
        })
    }

    fn sink<'o>(&self, output: &'o mut Output) -> Box<dyn Sink + 'o> {
        let packets = match self.packets {
            PacketChoice::All => Packets::All,
            PacketChoice::Last => Packets::Last,
            PacketChoice::None => Packets::None,
        };
        match self.format() {
            TraceFormat::Perfetto => Box::new(Perfetto::new(output, packets)),
            TraceFormat::Csv => Box::new(Csv::new(output)),
            TraceFormat::Text => Box::new(Text::new(Shown(output))),
        }
    }
}

/// Writes the trace; the exit code says whether the machine stalled.
pub fn trace(args: &TraceArgs) -> Result<u8, CliError> {
    let loaded = LoadedScene::load(&args.scene, &args.set.set)?;
    let mut session = build(loaded, &mut ModelCache::default())?;
    let total = session.work().total_steps();
    if args.skip >= total {
        return Err(CliError::Usage(format!(
            "error: the input has {total} time steps, and --skip {} leaves none to trace",
            args.skip
        )));
    }
    let mut output = Output::create(args.output.as_deref(), &session.loaded.reads())?;
    let target = args.skip.saturating_add(args.steps).min(total);
    let mut progress = Progress::new(Instant::now(), target);
    let written = write(args.skip, target, &mut session, args.sink(&mut output).as_mut(), &mut progress);
    progress.clear();
    let Written { stopped, dropped } = written.map_err(CliError::Trace)?;
    output.finish()?;
    if dropped > 0 {
        say(format!("warning: {dropped} records of a very long time step were dropped, the oldest first"));
    }
    match stopped {
        Some(reason) => {
            say(format!("error: the machine stopped in time step {}: {reason}", session.steps() + 1));
            Ok(FAILED)
        }
        None => Ok(FINE),
    }
}

/// Outcome of writing a trace.
struct Written {
    /// Reason for which the machine stopped early, if it did.
    stopped: Option<String>,
    /// Records that are missing.
    dropped: u64,
}

fn write(
    skip: u64,
    target: u64,
    session: &mut Session,
    sink: &mut dyn Sink,
    progress: &mut Progress,
) -> Result<Written, TraceError> {
    let mut stopped = None;
    while session.steps() < skip && stopped.is_none() {
        stopped = one_step(session);
        progress.show(session);
    }
    session.machine_mut().record(Limits::default());
    sink.begin(session)?;
    let mut begin = session.tick();
    while stopped.is_none() {
        stopped = one_step(session);
        let last = stopped.is_some() || session.steps() >= target;
        if let Some(chunk) = Chunk::of(session, begin, last) {
            sink.chunk(&chunk)?;
        }
        if last {
            break;
        }
        begin = session.tick();
        session.machine_mut().forget_before(begin);
        progress.show(session);
    }
    sink.end()?;
    let dropped = session.machine().recorded().map_or(0, |record| record.dropped);
    Ok(Written { stopped, dropped })
}

/// Runs one time step; returns the reason if it could not be completed.
fn one_step(session: &mut Session) -> Option<String> {
    match session.step(StepUnit::TimeStep) {
        StepOutcome::Advanced(_) => None,
        StepOutcome::Finished => Some("all input is read".to_owned()),
        StepOutcome::Stopped(reason) => Some(reason.to_string()),
    }
}
