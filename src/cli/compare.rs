//! Subcommand `spinntui compare A B`, which runs two scenes on the same input and compares them.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::run::Progress;
use super::{CliError, FAILED, FINE, Format, SetArgs, edit};
use crate::output::{Output, say};
use crate::report::compare::assumptions::{Side, assumptions};
use crate::report::compare::input::Input;
use crate::report::compare::{Comparison, Ran};
use crate::report::gather::RunContext;
use crate::report::{Host, Report};
use crate::scene::{LoadedScene, SceneError};
use crate::session::build::{ModelCache, build};
use crate::session::command::StepUnit;
use crate::session::divergence;
use crate::session::ranges::ranges;
use crate::session::{Session, StepOutcome};

const EXAMPLES: &str = "\
Examples:
  spinntui compare scenes/lm.ron scenes/what-if/sleep.ron
      what if waiting PEs slept? docs/what-if.md goes through all of scenes/what-if
  spinntui compare scenes/lm.ron scenes/lm.ron --set-b mapping.placement=RowMajor
      without a second file
  spinntui compare scenes/lm_small.ron scenes/lm_small.ron --set-b chip.operating_point=Mhz300 --steps 20
  spinntui compare mine.ron theirs.ron --same-output && echo same
      in scripts: exit code 1 when the outputs are not the same bits
  spinntui compare scenes/lm.ron scenes/lm_148.ron --format json | jq .closing

Exit codes: 0 fine, however much they differ; 1 a machine stalled, or --same-output and the outputs
are not bit-identical or cannot be compared; 2 bad input, or a scene that does not fit.";

/// Run two scenes on the same input and show where they differ: time, energy,
/// memory, traffic, output.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompareArgs {
    /// First scene, the baseline
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// Second scene; differences are B − A
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// Number of time steps (tokens) of each run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "sequences")]
    pub steps: Option<u64>,
    /// Number of sequences, of A's length; 1 without this and --steps
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub sequences: Option<u64>,
    /// Format of the comparison
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Exit with 1 unless the outputs are bit-identical
    #[arg(long)]
    pub same_output: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub set: SetArgs,
    /// Change a value of B only, after --set has changed both; may be repeated
    #[arg(long, value_name = "PATH=VALUE", value_parser = edit)]
    pub set_b: Vec<(String, String)>,
}

/// Scene that is ready to run.
struct Ready {
    session: Session,
    cache: ModelCache,
}

/// Runs both scenes and compares them; the exit code is 1 if a machine stalled or, with
/// `--same-output`, if outputs differ.
pub fn compare(args: &CompareArgs) -> Result<u8, CliError> {
    let edits_b: Vec<_> = args.set.set.iter().chain(&args.set_b).cloned().collect();
    let (scene_a, scene_b) =
        (LoadedScene::load(&args.a, &args.set.set)?, LoadedScene::load(&args.b, &edits_b)?);
    let mut a = ready(scene_a, ModelCache::default())?;
    // Both scenes have the same model in most comparisons, so B reuses A's cache.
    let mut b = ready(scene_b, a.cache.clone())?;
    let mut reads = a.session.loaded.reads();
    reads.extend(b.session.loaded.reads());
    let mut output = Output::create(args.output.as_deref(), &reads)?;

    let target = target(args, &a.session, &b.session);
    let (ran_a, ran_b) = (run(&mut a, target)?, run(&mut b, target)?);
    let rests_on = assumptions(
        Side { ran: &ran_a, loaded: &a.session.loaded, cache: &mut a.cache },
        Side { ran: &ran_b, loaded: &b.session.loaded, cache: &mut b.cache },
    )?;
    let mut comparison = Comparison::new(target, ran_a, ran_b, rests_on);
    if comparison.outputs.identical == Some(false) {
        // Run both again in step from the start to find the first difference.
        let fresh = |ready: &mut Ready| build(ready.session.loaded.clone(), &mut ready.cache);
        let (mut first, mut second) = (fresh(&mut a)?, fresh(&mut b)?);
        comparison.divergence = divergence::first(&mut first, &mut second, target);
    }

    args.format.write(&mut output, || comparison.to_text(), || comparison.to_json())?;
    output.finish()?;
    Ok(complain(args, &comparison))
}

fn ready(loaded: LoadedScene, mut cache: ModelCache) -> Result<Ready, SceneError> {
    let session = build(loaded, &mut cache)?;
    Ok(Ready { session, cache })
}

/// Returns the time steps that both run: those requested, at most those of the shorter input.
fn target(args: &CompareArgs, a: &Session, b: &Session) -> u64 {
    let sequence = u64::from(a.work().sequence());
    let asked = args.steps.unwrap_or_else(|| args.sequences.unwrap_or(1).saturating_mul(sequence));
    asked.min(a.work().total_steps()).min(b.work().total_steps())
}

fn run(ready: &mut Ready, target: u64) -> Result<Ran, SceneError> {
    let Ready { session, cache } = ready;
    let started = Instant::now();
    let mut progress = Progress::new(started, target);
    let mut input = Input::new(session);
    let mut stopped = None;
    while session.steps() < target {
        match session.step(StepUnit::TimeStep) {
            StepOutcome::Advanced(_) => {}
            StepOutcome::Finished => break,
            StepOutcome::Stopped(reason) => {
                stopped = Some(reason.to_string());
                break;
            }
        }
        input.note(session);
        progress.show(session);
    }
    progress.clear();
    let wall_s = started.elapsed().as_secs_f64();
    let host = Host { wall_s, steps_per_s: session.steps() as f64 / wall_s.max(1e-9) };
    let ranges = ranges(session, cache)?;
    let report = Report::gather(session, RunContext { ranges, stopped, host, hit: None });
    Ok(Ran { report, scene: session.loaded.scene.clone(), input })
}

/// Reports on standard error why the exit code is not 0.
fn complain(args: &CompareArgs, comparison: &Comparison) -> u8 {
    let mut code = FINE;
    for (scene, report) in [(&args.a, &comparison.a), (&args.b, &comparison.b)] {
        if let Some(reason) = &report.stopped {
            let step = report.steps + 1;
            say(format!("error: {}: the machine stopped in time step {step}: {reason}", scene.display()));
            code = FAILED;
        }
    }
    if args.same_output && !comparison.same_output() {
        say(format!("error: outputs: {}", comparison.outputs.why));
        code = FAILED;
    }
    code
}
