//! `spinntui tune SCENE`: searches for a better mapping.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use signal_hook::consts::SIGINT;

use super::{CliError, FAILED, FINE, Format, SetArgs};
use crate::output::{Output, keep_signals};
use crate::report::tune::TuneReport;
use crate::scene::LoadedScene;
use crate::session::build::ModelCache;
use crate::session::tune::search::tune as search;
use crate::session::tune::{Candidate, Goal, TuneOptions, Watch};

const EXAMPLES: &str = "\
Examples:
  spinntui tune scenes/lm_small.ron
      PEs of each layer, kernels and balance for least time
  spinntui tune scenes/lm_small.ron --for pes -o fewest.ron
      the scene's own text, comments and all, with the best mapping in it
  spinntui tune scenes/lm.ron --for energy --budget 60 --set chip.waiting=Sleep
  spinntui tune scenes/lm_small.ron --format json | jq .edits

Times and energies are emulated on the scene's own input; except with --allow-int8, all candidates
must give the same output bits. The same command finds the same mapping every time, unless --budget
or Ctrl-C ends it; both keep the best so far.
Exit codes: 0 fine; 1 outputs differ that should not; 2 bad input, or a scene that does not fit.";

/// Search for a better mapping: PEs of each layer, kernel of each matrix, balance.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TuneArgs {
    /// Scene file, which has to fit unchanged
    pub scene: PathBuf,
    /// Quantity to minimise
    #[arg(long = "for", value_name = "GOAL", value_enum, default_value_t)]
    pub goal: GoalArg,
    /// Time steps (tokens) that each candidate is emulated for
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,
    /// Mappings to emulate, the scene's own included
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub candidates: u32,
    /// Stop after this number of seconds, with the best so far
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub budget: Option<u64>,
    /// Try 8-bit weights too: faster or smaller perhaps, but another result
    #[arg(long)]
    pub allow_int8: bool,
    /// Format of the output
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write the winning scene to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub set: SetArgs,
}

/// Quantity to minimise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GoalArg {
    /// Chip time of a time step
    #[default]
    Time,
    /// Energy of a time step
    Energy,
    /// PEs in use; among equals, the faster
    Pes,
}

/// Searches, prints the result and writes the winner.
pub fn tune(args: &TuneArgs) -> Result<u8, CliError> {
    let loaded = LoadedScene::load(&args.scene, &args.set.set)?;
    let options = TuneOptions {
        goal: match args.goal {
            GoalArg::Time => Goal::Time,
            GoalArg::Energy => Goal::Energy,
            GoalArg::Pes => Goal::Pes,
        },
        steps: args.steps,
        candidates: args.candidates as usize,
        budget: args.budget.map(Duration::from_secs),
        allow_int8: args.allow_int8,
    };
    let written =
        args.output.as_deref().map(|path| Output::create(Some(path), &loaded.reads())).transpose()?;
    keep_signals(&[SIGINT]);
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGINT, Arc::clone(&stop)).map_err(|error| {
        CliError::Usage(format!("error: cannot install the handler for Ctrl-C (SIGINT): {error}"))
    })?;
    let bar = bar(options.candidates as u64);
    let emulated = |done: usize, _: usize, best: &Candidate| {
        bar.set_position(done as u64);
        bar.set_message(format!("{:.1} µs, {:.1} µJ, {} PEs", best.step_us, best.step_j * 1e6, best.pes));
    };
    let mut cache = ModelCache::default();
    let tuned = search(&loaded, &mut cache, &options, Watch { stop: &stop, emulated: &emulated });
    bar.finish_and_clear();
    let report = TuneReport::new(&loaded, &mut cache, tuned?)?;

    if let (Some(path), Some(mut written)) = (&args.output, written) {
        written.data(report.scene_text(path, &mut cache)?)?;
        written.finish()?;
    }
    let mut output = Output::stdout();
    args.format.write(&mut output, || report.to_text(), || report.to_json())?;
    output.finish()?;
    Ok(if report.tuned.same_output { FINE } else { FAILED })
}

/// Creates a progress bar on standard error, which is shown where that is a terminal.
fn bar(candidates: u64) -> ProgressBar {
    let bar = ProgressBar::new(candidates);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} emulated, best so far {msg}") {
        bar.set_style(style);
    }
    bar.set_message("the scene's own");
    bar.set_position(0);
    bar
}
