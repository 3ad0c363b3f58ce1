//! Subcommand `spinntui replay FILE`, which replays a recorded session without a screen.

use std::path::PathBuf;

use clap::Args;

use super::{CliError, FAILED, FINE, Format};
use crate::output::{Output, say};
use crate::report::Report;
use crate::report::gather::RunContext;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, build};
use crate::session::record::{Ended, Recording};

const EXAMPLES: &str = "\
Examples:
  spinntui scenes/lm_small.ron --record session.ron
      every step, step back, bookmark and fault is recorded
  spinntui replay session.ron
      replays it; exit code 0 if it ends in the same state, to the bit";

/// Replay a recorded session and verify its final state.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// File written by `--record`
    pub recording: PathBuf,
    /// Format of the report
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Replays a session; the exit code is 0 if its final state equals the recorded one.
pub fn run(args: &ReplayArgs) -> Result<u8, CliError> {
    let recording = Recording::load(&args.recording)?;
    let loaded = LoadedScene::load(&recording.header.scene, &recording.header.set)?;
    let reads = loaded.reads().and("the recording that is read", &args.recording);
    let mut output = Output::create(args.output.as_deref(), &reads)?;
    let mut session = build(loaded, &mut ModelCache::default())?;
    let end = recording.replay(&mut session)?;
    let report = Report::gather(&mut session, RunContext::default());
    args.format.write(&mut output, || report.to_text(), || report.to_json())?;
    output.finish()?;
    if let Some(line) = recording.cut {
        say(format!("line {line} of the recording is incomplete: replayed the lines before it"));
    }
    match end {
        Ended::Same => say(format!(
            "replayed {} commands: the final state equals the recorded one",
            recording.entries.len() - 1
        )),
        Ended::Changed => {
            say("error: the final state equals the recorded one, but the recording was edited later");
            return Ok(FAILED);
        }
        Ended::Other(hash) => {
            let now = format!("{:032x}", session.state_hash());
            say(format!(
                "error: the final state_hash is {now}, but {hash} was recorded; use the same build, model and scene"
            ));
            return Ok(FAILED);
        }
        Ended::Open => say("the recording has no final state to compare with"),
    }
    Ok(FINE)
}
