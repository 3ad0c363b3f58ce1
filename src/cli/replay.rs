//! `spinntui replay FILE`: a recorded session again, without a screen.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use super::{CliError, FAILED, FINE, Format};
use crate::report::Report;
use crate::report::gather::Around;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, build};
use crate::session::record::Recording;

const EXAMPLES: &str = "\
Examples:
  spinntui scenes/lm_small.ron --record session.ron
      every step, step back, bookmark and fault is written down
  spinntui replay session.ron
      does it again; exit code 0 if it ends in the same state, to the bit";

/// Do a recorded session again, and compare the state that it ends in.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// What `--record` wrote
    pub recording: PathBuf,
    /// What the report looks like
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Replays; the exit code says whether the end is the same.
pub fn run(args: &ReplayArgs) -> Result<u8, CliError> {
    let recording = Recording::load(&args.recording)?;
    let loaded = LoadedScene::load(&recording.opening.scene, &recording.opening.set)?;
    let mut session = build(loaded, &mut ModelCache::default())?;
    let end = recording.replay(&mut session)?;
    let report = Report::gather(&mut session, Around::default());
    let mut output = Output::create(args.output.as_deref())?;
    output.text(&match args.format {
        Format::Text => report.to_text(),
        Format::Json => report.to_json().map_err(|error| CliError::Usage(format!("error: {error}")))?,
    })?;
    output.finish()?;
    match end {
        Some((_, true)) => eprintln!("{} commands: the same state as recorded", recording.entries.len() - 1),
        Some((hash, false)) => {
            let now = format!("{:032x}", session.state_hash());
            eprintln!("error: recorded was state_hash {hash}, this is {now}: another build, model or scene?");
            return Ok(FAILED);
        }
        None => eprintln!("the recording has no end: nothing to compare with"),
    }
    Ok(FINE)
}
