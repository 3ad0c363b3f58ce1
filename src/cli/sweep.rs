//! `spinntui sweep PLAN`: many runs of one scene, on all cores or in shards on a cluster.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::{CliError, FAILED, FINE};
use crate::output::{Output, OutputError, Reads, keep_signals, say};
use crate::report::table::Table;
use crate::session::engine::EngineOptions;
use crate::sweep::gather::{Gathered, table};
use crate::sweep::line::Outcome;
use crate::sweep::list::{Key, Listing};
use crate::sweep::load::LoadedPlan;
use crate::sweep::outcomes::Outcomes;
use crate::sweep::pool::Limits;
use crate::sweep::run::{Summary, Task, run};
use crate::sweep::script::{Engine, Job, script};
use crate::sweep::store::Shard;
use crate::sweep::{gather, plot, results, worker};
use crate::text::{grouped, percent, several};
use crate::tui::TuiOptions;
use crate::tui::config::Config;

/// Most shards of a script, unless the command line names another count.
const SHARDS: u64 = 64;
/// File of the table of results.
const TABLE: &str = "results.csv";
/// File of the outcomes of a campaign.
const OUTCOMES: &str = "outcomes.csv";

const EXAMPLES: &str = "\
Examples:
  spinntui sweep scenes/sweeps/tiny.ron
      six points, on all cores; lines of results lie in tiny-results/
  spinntui sweep scenes/sweeps/tiny.ron --open
      the points as a table in the app
  spinntui sweep scenes/sweeps/tiny.ron -o out --gather --plot
      out/results.csv, a row for each point that has run, and pictures
  spinntui sweep scenes/sweeps/tiny.ron -o out --shard 0/2
      every second point: another machine takes --shard 1/2
  spinntui sweep scenes/sweeps/flips.ron -o out --script slurm > flips.sh && sbatch flips.sh
      a job array; to rerun a failed task: sbatch --array=3 flips.sh
  spinntui sweep scenes/sweeps/flips.ron --list | head -n 3
      the points, without running them

Points that have a line of results are not run again. Exit codes: 0 fine; 1 points failed or are
missing, or a signal ended the sweep; 2 bad input.";

/// Run many points of one scene: sweeps and fault campaigns, resumable, on all cores or a cluster.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct SweepArgs {
    /// Plan: a file (docs/sweeps.md), or the name of one in scenes/sweeps
    #[arg(required_unless_present = "worker")]
    pub plan: Option<PathBuf>,
    /// Folder of results; without it NAME-results in the current folder
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Run shard m of n: the points whose number divided by n leaves m
    #[arg(long, value_name = "m/n")]
    pub shard: Option<Shard>,
    /// Number of points to run side by side; without it, as many as there are cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub jobs: Option<u32>,
    /// End a point that takes longer; its line records it
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Run points again that were killed, took too long, panicked or were refused
    #[arg(long)]
    pub retry: bool,
    /// List the points, a line of JSON each, instead of running them
    #[arg(long, conflicts_with_all = ["gather", "plot", "script"])]
    pub list: bool,
    /// Write results.csv from the lines in the folder of results, instead of running points
    #[arg(long, conflicts_with = "script")]
    pub gather: bool,
    /// Draw the plan's plots from the lines in the folder of results, as SVG
    #[arg(long, conflicts_with = "script")]
    pub plot: bool,
    /// Show the points in the folder of results in the app; Enter opens the scene of one
    #[arg(long, conflicts_with_all = ["list", "gather", "plot", "script", "shard"])]
    pub open: bool,
    /// Print a script that submits the shards, instead of running points
    #[arg(long, value_name = "ENGINE", value_enum)]
    pub script: Option<EngineArg>,
    /// Number of shards of a script; without it 64, or as many as there are points
    #[arg(long, value_name = "N", requires = "script", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub shards: Option<u64>,
    /// Run points that another process names
    #[arg(long, hide = true)]
    pub worker: bool,
}

/// Engine that a script is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineArg {
    /// Slurm: a job array
    Slurm,
    /// GNU parallel
    Parallel,
    /// HyperQueue
    Hq,
}

/// Runs a plan, or carries out the requested action instead.
pub fn sweep(args: &SweepArgs) -> Result<u8, CliError> {
    if args.worker {
        // The sweep that has started it says what is wrong.
        return Ok(if worker::serve().is_ok() { FINE } else { FAILED });
    }
    let name = args.plan.as_deref().unwrap_or(Path::new(""));
    let plan = LoadedPlan::load(name)?;
    let listing = Listing::new(&plan)?;
    let folder = folder(args, &plan);
    if args.list {
        return list(args, &listing);
    }
    if args.gather || args.plot {
        there(&folder)?;
        let code = if args.gather { gathered(&plan, &listing, &folder)? } else { FINE };
        let drawn = if args.plot { draw_plots(&plan, &listing, &folder)? } else { FINE };
        return Ok(code.max(drawn));
    }
    if let Some(engine) = args.script {
        return print_script(args, engine, &plan, &listing, &folder);
    }
    run_points(args, &plan, &listing, &folder)
}

/// Shows the points of a plan in the app; returns its exit code.
pub fn open(args: &SweepArgs, config: Config) -> Result<ExitCode, CliError> {
    let plan = LoadedPlan::load(args.plan.as_deref().unwrap_or(Path::new("")))?;
    let folder = folder(args, &plan);
    there(&folder)?;
    let results = results::read(&folder).map_err(|error| CliError::Usage(format!("error: {error}")))?;
    let engine = EngineOptions {
        scene: plan.scene.path.clone(),
        set: Vec::new(),
        autorun: false,
        record: None,
        points: Vec::new(),
        exact: false,
        against: None,
    };
    let options = TuiOptions {
        keep: config.keep_folder(),
        engine,
        looks: config.looks,
        keymap: config.keymap,
        reload: config.reload,
        mouse: config.mouse,
        watch: true,
        lesson: None,
        present: false,
        reader: results::read,
        results: Some(results),
    };
    crate::tui::run(options).map_err(|report| CliError::Usage(format!("error: {report:#}")))
}

/// Returns the folder of results.
fn folder(args: &SweepArgs, plan: &LoadedPlan) -> PathBuf {
    args.output.clone().unwrap_or_else(|| {
        let stem = plan.document.path.file_stem().unwrap_or_default().to_string_lossy();
        PathBuf::from(format!("{stem}-results"))
    })
}

/// Prints the points of a shard.
fn list(args: &SweepArgs, listing: &Listing<'_>) -> Result<u8, CliError> {
    #[derive(Serialize)]
    struct Listed<'a> {
        point: u64,
        key: Key,
        set: Vec<String>,
        repeat: u32,
        fault: Option<&'a str>,
    }
    let shard = args.shard.unwrap_or_default();
    let mut output = Output::stdout();
    for place in listing.places().filter(|place| shard.has(place.number)) {
        let point = listing.point(place);
        let listed = Listed {
            point: place.number,
            key: point.key,
            set: point.edits.iter().map(|(field, value)| format!("{field}={value}")).collect(),
            repeat: place.repeat,
            fault: point.fault.as_ref().map(|drawn| drawn.kind.name()),
        };
        let line =
            serde_json::to_string(&listed).map_err(|error| CliError::Usage(format!("error: {error}")))?;
        output.data(&(line + "\n"))?;
    }
    output.finish()?;
    Ok(FINE)
}

/// Checks that there is a folder of results.
fn there(folder: &Path) -> Result<(), CliError> {
    if folder.is_dir() {
        return Ok(());
    }
    let folder = folder.display();
    let help = "run the plan first, or name its folder of results with -o";
    Err(CliError::Usage(format!("error: there is no folder {folder}\nhelp: {help}")))
}

/// Writes the table of results.
fn gathered(plan: &LoadedPlan, listing: &Listing<'_>, folder: &Path) -> Result<u8, CliError> {
    let path = folder.join(TABLE);
    let reads = Reads::default().and("the plan that is read", &plan.document.path);
    let mut output = Output::create(Some(&path), &reads)?;
    let mut counted = Outcomes::default();
    #[cfg(feature = "parquet")]
    let mut kinds = crate::sweep::parquet::Kinds::new(plan);
    let gathered = table(plan, listing, folder, &mut output, &path, |row| {
        counted.add(row);
        #[cfg(feature = "parquet")]
        kinds.add(row);
    })?;
    output.finish()?;
    #[cfg(feature = "parquet")]
    write_parquet(plan, listing, folder, &kinds)?;
    if plan.sweep().campaign.is_some() {
        print_outcomes(&counted, folder, &reads)?;
    }
    let Gathered { points, rows, damaged } = &gathered;
    let count: u64 = rows.values().sum();
    say(format!("{}: {} of {} points: {}", path.display(), grouped(count), grouped(*points), outcomes(rows)));
    note_damaged(*damaged);
    if gathered.missing() > 0 {
        say(format!("{} missing: run the plan to get them", several(gathered.missing(), "point")));
        return Ok(FAILED);
    }
    Ok(FINE)
}

/// Writes the table of results as Parquet.
#[cfg(feature = "parquet")]
fn write_parquet(
    plan: &LoadedPlan,
    listing: &Listing<'_>,
    folder: &Path,
    kinds: &crate::sweep::parquet::Kinds,
) -> Result<(), CliError> {
    use crate::sweep::parquet::{TableError, table};
    let path = folder.join("results.parquet");
    let reads = Reads::default().and("the plan that is read", &plan.document.path);
    let bytes = table(plan, listing, folder, kinds).map_err(|error| match error {
        TableError::Lines(error) => CliError::from(error),
        TableError::Parquet(_) => CliError::Usage(format!("error: {}: {error}", path.display())),
    })?;
    Output::file(&path, &bytes, &reads)?;
    say(format!("{} written", path.display()));
    Ok(())
}

/// Writes the outcomes of a campaign, and prints those by kind.
fn print_outcomes(counted: &Outcomes, folder: &Path, reads: &Reads) -> Result<(), CliError> {
    let path = folder.join(OUTCOMES);
    let mut output = Output::create(Some(&path), reads)?;
    let fail =
        |error: csv::Error| OutputError::Write { place: path.display().to_string(), source: error.into() };
    counted.write(&mut output).map_err(fail)?;
    output.finish()?;
    let mut printed =
        Table::new(&["fault", "points", "masked", "changed", "detected", "hung", "mean loss of changed"]);
    for (kind, tally) in counted.kinds() {
        let share = |outcome| percent(tally.count(outcome) as f64 / tally.all().max(1) as f64);
        printed.row(vec![
            kind.to_owned(),
            grouped(tally.all()),
            share(Outcome::Masked),
            share(Outcome::Changed),
            share(Outcome::Detected),
            share(Outcome::Hung),
            tally.mean_loss().map_or_else(|| "-".to_owned(), |loss| format!("{loss:.3}")),
        ]);
    }
    let mut text = String::new();
    printed.write(&mut text);
    let mut output = Output::stdout();
    output.text(&text)?;
    Ok(output.finish()?)
}

/// Draws the plots of a plan.
fn draw_plots(plan: &LoadedPlan, listing: &Listing<'_>, folder: &Path) -> Result<u8, CliError> {
    let plots = plot::plots(plan.sweep());
    if plots.is_empty() {
        return Err(CliError::Usage(
            "error: the plan has no `plots`, and no axis and kept field to draw".to_owned(),
        ));
    }
    let mut data = plot::Data::of(&plots);
    let gathered = gather::lines(plan, listing, folder, |row| {
        data.add(row);
        Ok::<_, OutputError>(())
    })?;
    note_damaged(gathered.damaged);
    let reads = Reads::default().and("the plan that is read", &plan.document.path);
    for (number, wanted) in plots.iter().enumerate() {
        let path = folder.join(plot::file_name(number, wanted));
        let svg = plot::draw(wanted, &plan.sweep().title, &data)
            .map_err(|error| CliError::Usage(format!("error: {}: {error}", path.display())))?;
        Output::file(&path, svg.as_bytes(), &reads)?;
        say(format!("{} drawn", path.display()));
    }
    Ok(FINE)
}

fn note_damaged(damaged: u64) {
    if damaged > 0 {
        say(format!("note: {} in the folder, no results, left out", several(damaged, "line")));
    }
}

/// Prints a script.
fn print_script(
    args: &SweepArgs,
    engine: EngineArg,
    plan: &LoadedPlan,
    listing: &Listing<'_>,
    folder: &Path,
) -> Result<u8, CliError> {
    let engine = match engine {
        EngineArg::Slurm => Engine::Slurm,
        EngineArg::Parallel => Engine::Parallel,
        EngineArg::Hq => Engine::HyperQueue,
    };
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut flags = Vec::new();
    if let Some(limit) = args.limit {
        flags.extend(["--limit".to_owned(), limit.to_string()]);
    }
    if args.retry {
        flags.push("--retry".to_owned());
    }
    let job = Job {
        program: &std::env::current_exe().unwrap_or_else(|_| PathBuf::from("spinntui")),
        plan: &absolute(&plan.document.path),
        folder: &absolute(folder),
        shards: args.shards.unwrap_or_else(|| listing.count().clamp(1, SHARDS)),
        flags: &flags,
    };
    let mut output = Output::stdout();
    output.data(&script(engine, &job))?;
    output.finish()?;
    Ok(FINE)
}

/// Runs the points of a shard.
fn run_points(
    args: &SweepArgs,
    plan: &LoadedPlan,
    listing: &Listing<'_>,
    folder: &Path,
) -> Result<u8, CliError> {
    let first = listing.places().next().map(|place| listing.point(place));
    let Some(first) = first else {
        return Err(CliError::Usage(
            "error: the plan has no point: no combination meets its constraints".to_owned(),
        ));
    };
    plan.check_fields(&first.edits)?;
    let stop = watched_signals()?;
    let shard = args.shard.unwrap_or_default();
    let all = shard.of(listing.count());
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let jobs = args.jobs.map_or(cores, |jobs| jobs as usize);
    let limits = Limits { jobs, time: args.limit.map(Duration::from_secs), stop: &stop };
    let task = Task { plan, listing, shard, folder, retry: args.retry, limits };
    let bar = bar(all);
    let summary = run(task, &mut |summary: &Summary| {
        bar.set_position(summary.there + summary.equal + summary.ran.values().sum::<u64>());
        bar.set_message(outcomes(&summary.ran));
    });
    bar.finish_and_clear();
    let summary = summary?;
    let ran: u64 = summary.ran.values().sum();
    let now = if ran > 0 { format!(" ({})", outcomes(&summary.ran)) } else { String::new() };
    let before =
        if summary.there > 0 { format!(", {} there already", grouped(summary.there)) } else { String::new() };
    let equal = if summary.equal > 0 {
        format!(", {} equal to another", grouped(summary.equal))
    } else {
        String::new()
    };
    let (ran, all) = (grouped(ran), grouped(all));
    let words = format!("{}: {ran} of {all} points run now{now}{before}{equal}", folder.display());
    say(words);
    note_damaged(summary.damaged);
    if summary.stopped {
        say("stopped by a signal; run the same command again to continue");
        return Ok(FAILED);
    }
    Ok(if summary.failed() > 0 { FAILED } else { FINE })
}

/// Returns a flag that signals raise, which would end the program otherwise.
pub(super) fn watched_signals() -> Result<Arc<AtomicBool>, CliError> {
    let signals = [SIGINT, SIGTERM, SIGHUP];
    keep_signals(&signals);
    let stop = Arc::new(AtomicBool::new(false));
    for signal in signals {
        signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(|error| {
            CliError::Usage(format!("error: cannot install the handler for signal {signal}: {error}"))
        })?;
    }
    Ok(stop)
}

/// Returns counts by outcome as words: `5 done, 1 hung`.
fn outcomes(counts: &BTreeMap<Outcome, u64>) -> String {
    let words: Vec<String> =
        counts.iter().map(|(outcome, count)| format!("{} {}", grouped(*count), outcome.name())).collect();
    if words.is_empty() { "no points".to_owned() } else { words.join(", ") }
}

/// Returns a bar on standard error, where that is a terminal.
fn bar(points: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(points);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} points, {eta} to go: {msg}") {
        bar.set_style(style);
    }
    bar
}
