//! The command line: one file a verb.
//!
//! Exit codes: 0 fine; 1 what was asked for was done and the answer is no (`check`: it does not
//! fit, or an error-level finding; `run`, `compare`: a machine stalled or faulted, or no breakpoint
//! asked for was hit; `validate`: a figure left its band); 2 bad input or usage. What users can
//! correct is printed as a plain diagnostic; `color-eyre` is for what they cannot.

pub mod against;
pub mod assignment;
pub mod calibrate;
pub mod check;
pub mod compare;
pub mod completions;
pub mod config;
pub mod constants;
pub mod doctor;
pub mod events;
pub mod export;
pub mod gdb;
pub mod home;
pub mod inspect;
pub mod kernels;
pub mod lesson;
pub mod log;
pub mod looks;
pub mod man;
pub mod open;
pub mod peek;
pub mod points;
pub mod quantize;
pub mod replay;
pub mod run;
pub mod screenshot;
pub mod soak;
pub mod steps;
pub mod sweep;
pub mod synth;
pub mod trace;
pub mod tune;
pub mod validate;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use thiserror::Error;

use crate::output::{Output, OutputError, Shown, say};
use crate::scene::error::did_you_mean;
use crate::scene::{SceneError, find, shipped, tilde};
use crate::text::visible;

/// Exit code of a good answer.
pub const FINE: u8 = 0;
/// Exit code of a bad answer: does not fit, stalled, faulted.
pub const FAILED: u8 = 1;
/// Exit code of bad input or usage.
pub const BAD_INPUT: u8 = 2;

const AFTER_HELP: &str = "\
Scenes to begin with (`spinntui` alone lists them all, and opens one):
  scenes/lm_small.ron     a small language model on 30 PEs: starts at once
  scenes/lm.ron           the paper's: 1350/1350/750 units, 95 % sparse, 150 PEs
  scenes/dvs.ron          gestures seen by an event camera, on 128 PEs

Examples:
  spinntui scenes/lm.ron
  spinntui scenes/lm.ron --against scenes/what-if/sleep.ron
  spinntui run scenes/lm_small.ron --steps 70
  spinntui run scenes/lm.ron --sequences 1 --set chip.waiting=Sleep --format json
  spinntui check scenes/lm.ron --set mapping.layers.1.pes=48
  spinntui compare scenes/lm.ron scenes/what-if/sleep.ron
  spinntui sweep scenes/sweeps/tiny.ron
  spinntui lesson what-is-a-pe
  spinntui inspect models/egru-lm-wikitext2
  spinntui kernels csr_row
  spinntui events user01_natural.aedat

Exit codes: 0 fine; 1 it does not fit, the machine stalled, or no breakpoint was hit; 2 bad input.";

/// Explore and debug an emulated SpiNNaker2 chip while it runs a trained network.
///
/// With a scene (an argument with `/`, or ending in `.ron`), open it in the terminal. A scene says
/// which network runs, on which text, and how it is spread over the chip's 152 processing elements;
/// docs/scene.md describes it.
#[derive(Debug, Parser)]
#[command(name = "spinntui", version, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    open: OpenArgs,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Args)]
struct OpenArgs {
    /// Scene to open in the terminal; without one, choose from a list
    scene: Option<PathBuf>,
    /// List the scenes and lessons, instead of choosing in the terminal
    #[arg(long, conflicts_with = "scene")]
    list: bool,
    /// Record the session to a file, for `spinntui replay`
    #[arg(long, value_name = "FILE", requires = "scene")]
    record: Option<PathBuf>,
    /// Presenter mode: keys are shown, a free run is slow
    #[arg(long, requires = "scene")]
    present: bool,
    /// Run every time step event by event, also those whose times are known from earlier ones; the
    /// figures are the same
    #[arg(long, requires = "scene")]
    exact: bool,
    #[command(flatten)]
    against: against::AgainstArgs,
    #[command(flatten)]
    fault: FaultArgs,
    #[command(flatten)]
    set: SetArgs,
    #[command(flatten)]
    points: points::PointArgs,
    #[command(flatten)]
    log: log::LogArgs,
    #[command(flatten)]
    looks: looks::LooksArgs,
    #[command(flatten)]
    config: config::ConfigArgs,
}

/// Faults beside the scene's own edits.
#[derive(Clone, Debug, Default, Args)]
pub struct FaultArgs {
    /// Inject a fault instead of those planned in the scene; may be repeated
    ///
    /// As in a scene: `(at: Step(12), fault: FlipBit(pe: (3, 4, 2), address: 0x8003, bit: 7))`.
    /// When: `Event(n)`, `Step(n)`, `TimeUs(t)`. What: `FlipBit`, `StickBit`, `KillPe`,
    /// `DropPackets`, `DelayPackets`, `DivertPackets`, `KillLink`; docs/debugging.md says more.
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Vec<String>,
}

impl FaultArgs {
    /// Returns the edits of the scene that inject these faults.
    pub fn edits(&self, set: &SetArgs) -> Vec<(String, String)> {
        let faults = (!self.faults.is_empty()).then(|| format!("[{}]", self.faults.join(", ")));
        set.set.iter().cloned().chain(faults.map(|faults| ("faults".to_owned(), faults))).collect()
    }
}

/// Edits to a scene, common to every subcommand that reads one.
#[derive(Clone, Debug, Default, Args)]
pub struct SetArgs {
    /// Change a value of the scene before it is used; may be repeated, made in order
    ///
    /// The path names fields with dots, entries of lists by number from 0:
    /// `mapping.layers.1.pes=52`, `task.text=PATH`, `chip.waiting=Sleep`, `assume.branch_refill=3`.
    /// The file itself is not changed.
    #[arg(long, value_name = "PATH=VALUE", value_parser = edit)]
    pub set: Vec<(String, String)>,
}

fn edit(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() => {
            Ok((path.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("an edit is PATH=VALUE, as in mapping.layers.1.pes=52".to_owned()),
    }
}

/// Format of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: aligned tables
    #[default]
    Text,
    /// For programs: docs/report.md describes every field
    Json,
}

impl Format {
    /// Writes a report in this form.
    fn write(
        self,
        output: &mut Output,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> serde_json::Result<String>,
    ) -> Result<(), CliError> {
        match self {
            Self::Text => output.text(&text())?,
            Self::Json => {
                output.data(&json().map_err(|error| CliError::Usage(format!("error: {error}")))?)?;
            }
        }
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run a scene without a screen and write a report
    Run(run::RunArgs),
    /// Map a scene onto the chip without running it: memory, balance, findings
    Check(check::CheckArgs),
    /// Describe a model or a NIR file: layers, shapes, populations, sizes, oddities
    Inspect(inspect::InspectArgs),
    /// Replay a recorded session and verify its final state
    Replay(replay::ReplayArgs),
    /// List every hardware number with its evidence and source
    Constants(constants::ConstantsArgs),
    /// Show what 8-bit weights would lose and save
    Quantize(quantize::QuantizeArgs),
    /// Compute the paper's tables with the emulator: differences, bands, reasons
    Validate(validate::ValidateArgs),
    /// Look into one PE after some time steps: core, memory with labels, neurons
    Peek(peek::PeekArgs),
    /// Let gdb debug a PE by instructions, forwards and backwards
    Gdb(gdb::GdbArgs),
    /// Run two scenes on the same input and show where they differ
    Compare(compare::CompareArgs),
    /// Make recordings of a modelled event camera: synthetic people's gestures, or written digits
    Synth(synth::SynthArgs),
    /// Describe a recording of an event camera, or a data set
    Events(events::EventsArgs),
    /// Write the activity of every PE, packet and DMA, for Perfetto or as a table; name what
    /// bounds a step
    Trace(trace::TraceArgs),
    /// Search for a better mapping: PEs of each layer, kernel of each matrix, balance
    Tune(tune::TuneArgs),
    /// Run many points of a scene: sweeps and fault campaigns, resumable, on all cores or a cluster
    Sweep(sweep::SweepArgs),
    /// Test random scenes, mappings, faults and moves, and report failures
    Soak(soak::SoakArgs),
    /// Fit assumptions to times measured on a chip
    Calibrate(calibrate::CalibrateArgs),
    /// Give a lesson in the terminal; without a name, list the lessons
    Lesson(lesson::LessonArgs),
    /// Show an assignment for a class, or grade an answer to it
    Assignment(assignment::AssignmentArgs),
    /// Write a scene as memory images and spec.json for a host, and verify them
    Export(export::ExportArgs),
    /// Draw the app's screen at a moment: text or a picture, for slides and pages
    Screenshot(screenshot::ScreenshotArgs),
    /// Look at terminal, data, models and scenes: what works here, and what to do
    Doctor(doctor::DoctorArgs),
    /// Write a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Write manual pages
    Man(man::ManArgs),
    /// Show the cost of kernels, instruction by instruction; also of a kernel of your own
    Kernels(KernelsArgs),
}

/// `spinntui kernels`.
#[derive(Debug, Args)]
struct KernelsArgs {
    /// Kernel whose annotated listing to show; without it, a table of all
    name: Option<String>,
    /// Read this listing instead (`gcc -S` or `objdump -d` of your own kernel for a Cortex-M4F)
    #[arg(long, value_name = "FILE")]
    listing: Option<PathBuf>,
    /// P: cycles of a pipeline refill after a taken branch
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=3))]
    refill: u32,
}

/// Error that stops a subcommand before it has an answer.
#[derive(Debug, Error)]
pub enum CliError {
    /// The scene, or a file that it names, is invalid.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// A recorded session cannot be read, or its final state differs.
    #[error("error: {0}")]
    Replay(#[from] crate::session::record::ReplayError),
    /// A model cannot be read.
    #[error("error: {0}")]
    Inspect(inspect::InspectError),
    /// A model cannot be quantised.
    #[error("error: {0}")]
    Quantize(#[from] quantize::QuantizeError),
    /// The paper's experiments cannot be run.
    #[error(transparent)]
    Validate(#[from] crate::report::validate::ValidateError),
    /// Synthetic recordings cannot be made.
    #[error("error: {0}")]
    Synth(#[from] synth::SynthError),
    /// A recording of an event camera cannot be read.
    #[error("error: {0}")]
    Events(events::EventsError),
    /// A search for a mapping cannot be made.
    #[error(transparent)]
    Tune(#[from] crate::session::tune::search::TuneError),
    /// The plan of a sweep, or its folder of results, is invalid.
    #[error("error: {0}")]
    Sweep(#[from] crate::sweep::run::SweepError),
    /// Measured times cannot be read.
    #[error("error: {0}")]
    Timers(#[from] crate::session::calibrate::timers::TimersError),
    /// Assumptions cannot be fitted to measured times.
    #[error(transparent)]
    Calibrate(#[from] crate::session::calibrate::fit::CalibrateError),
    /// A trace cannot be made or written.
    #[error("error: {0}")]
    Trace(crate::report::trace::TraceError),
    /// Memory images or their description cannot be read or written.
    #[error("error: {0}")]
    Spec(#[from] crate::report::spec::SpecError),
    /// The log cannot be written.
    #[error("error: {0}")]
    Log(#[from] log::LogError),
    /// A place requested with `peek` does not exist.
    #[error("error: {0}")]
    Peek(#[from] peek::PeekError),
    /// The server for gdb cannot run.
    #[error("error: {0}")]
    Gdb(#[from] gdb::GdbError),
    /// A listing cannot be read or has no kernel of this name.
    #[error("error: {0}")]
    Kernels(#[from] kernels::KernelsError),
    /// The answer cannot be written.
    #[error("error: {0}")]
    Output(#[from] OutputError),
    /// The command line, or its terminal, is unsuitable.
    #[error("{0}")]
    Usage(String),
}

impl From<inspect::InspectError> for CliError {
    /// Keeps a closed pipe recognisable as one.
    fn from(error: inspect::InspectError) -> Self {
        match error {
            inspect::InspectError::Output(error) => Self::Output(error),
            other => Self::Inspect(other),
        }
    }
}

impl From<events::EventsError> for CliError {
    /// Keeps a closed pipe recognisable as one.
    fn from(error: events::EventsError) -> Self {
        match error {
            events::EventsError::Write(error) => Self::Output(error),
            other => Self::Events(other),
        }
    }
}

/// Runs the program with the process's arguments and returns its exit code.
pub fn main() -> ExitCode {
    if let Err(error) = color_eyre::install() {
        say(format!("warning: no reports of crashes: {error}"));
    }
    run_with(std::env::args_os())
}

/// Runs the program with these arguments, the first of which is its own name, and returns
/// its exit code.
pub fn run_with(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments.into_iter().map(tilde::in_argument)) {
        Ok(cli) => cli,
        Err(error) => {
            usage(&error);
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(BAD_INPUT));
        }
    };
    let done = dispatch(cli);
    // By now no screen is disturbed.
    if let Some(news) = shipped::take_news() {
        say(news);
    }
    match done {
        Ok(code) => code,
        Err(CliError::Output(error)) if error.is_broken_pipe() => ExitCode::from(FINE),
        Err(CliError::Trace(error)) if error.is_broken_pipe() => ExitCode::from(FINE),
        Err(error) => {
            say(error.to_string());
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// Prints help or a usage error, without colours if an argument would act on the terminal.
fn usage(error: &clap::Error) {
    let plain = error.to_string();
    if visible(&plain) == plain {
        // The exit code still tells when printing fails.
        let _ = error.print();
    } else {
        say(plain);
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode, CliError> {
    log::start(&cli.open.log)?;
    if cli.verb.is_none() && cli.open.config.prints() {
        return cli.open.config.print(&cli.open.config.load(cli.open.looks)?).map(ExitCode::from);
    }
    let code = match (cli.verb, cli.open.scene) {
        (Some(Verb::Run(args)), _) => run::run(&args),
        (Some(Verb::Lesson(args)), _) => return lesson::lesson(&args),
        (Some(Verb::Assignment(args)), _) => assignment::assignment(&args),
        (Some(Verb::Replay(args)), _) => replay::run(&args),
        (Some(Verb::Check(args)), _) => check::check(&args),
        (Some(Verb::Peek(args)), _) => peek::peek(&args),
        (Some(Verb::Gdb(args)), _) => gdb::gdb(&args),
        (Some(Verb::Compare(args)), _) => compare::compare(&args),
        (Some(Verb::Inspect(args)), _) => {
            let mut output = Output::stdout();
            inspect::run(&args, &mut output)?;
            output.finish()?;
            Ok(FINE)
        }
        (Some(Verb::Constants(args)), _) => {
            let mut output = Output::stdout();
            constants::constants(&args, &mut output)?;
            output.finish()?;
            Ok(FINE)
        }
        (Some(Verb::Quantize(args)), _) => {
            let mut output = Output::stdout();
            quantize::quantize(&args, &mut output)?;
            output.finish()?;
            Ok(FINE)
        }
        (Some(Verb::Synth(args)), _) => {
            let mut output = Output::stdout();
            synth::synth(&args, &mut output)?;
            output.finish()?;
            Ok(FINE)
        }
        (Some(Verb::Validate(args)), _) => validate::validate(&args),
        (Some(Verb::Events(args)), _) => {
            let mut output = Output::stdout();
            events::events(&args, &mut output)?;
            output.finish()?;
            Ok(FINE)
        }
        (Some(Verb::Trace(args)), _) => trace::trace(&args),
        (Some(Verb::Tune(args)), _) => tune::tune(&args),
        (Some(Verb::Sweep(args)), _) if args.open => {
            return sweep::open(&args, cli.open.config.load(cli.open.looks)?);
        }
        (Some(Verb::Sweep(args)), _) => sweep::sweep(&args),
        (Some(Verb::Soak(args)), _) => soak::soak(&args),
        (Some(Verb::Calibrate(args)), _) => calibrate::calibrate(&args),
        (Some(Verb::Export(args)), _) => export::export(&args),
        (Some(Verb::Screenshot(args)), _) => screenshot::screenshot(&args),
        (Some(Verb::Doctor(args)), _) => doctor::doctor(&args),
        (Some(Verb::Completions(args)), _) => completions::completions(&args),
        (Some(Verb::Man(args)), _) => man::man(&args),
        (Some(Verb::Kernels(args)), _) => {
            let mut output = Output::stdout();
            let (name, listing) = (args.name.as_deref(), args.listing.as_deref());
            kernels::kernels(name, listing, args.refill, &mut Shown(&mut output))?;
            output.finish()?;
            Ok(FINE)
        }
        (None, Some(scene)) if is_scene(&scene) || find::scene(&scene) != scene => {
            let set = cli.open.fault.edits(&cli.open.set);
            let config = cli.open.config.load(cli.open.looks)?;
            let against = cli.open.against.load(&find::scene(&scene), &cli.open.set)?;
            let OpenArgs { record, present, exact, points, .. } = cli.open;
            let asked = open::Asked { set, against, record, exact, present };
            return open::open(&scene, asked, &points, config);
        }
        (None, Some(other)) => Err(CliError::Usage(no_verb(&other.to_string_lossy()))),
        (None, None) => return home::home(cli.open.list, || cli.open.config.load(cli.open.looks)),
    };
    code.map(ExitCode::from)
}

/// Returns `true` if a first argument looks like a path: no subcommand has a slash or ends in
/// `.ron`.
fn is_scene(argument: &Path) -> bool {
    let text = argument.to_string_lossy();
    text.contains('/') || argument.extension().is_some_and(|e| e == "ron")
}

fn no_verb(word: &str) -> String {
    let command = Cli::command();
    let verbs: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let meant = match did_you_mean(word, verbs.iter().copied()) {
        Some(verb) => format!("did you mean `spinntui {verb}`?"),
        None => format!("the subcommands are {}", verbs.join(", ")),
    };
    format!(
        "error: `{word}` is neither a subcommand nor a scene (a scene has a `/` or ends in .ron)\nhelp: {meant}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_a_scene() {
        for scene in ["scenes/lm", "lm.ron", "./run"] {
            assert!(is_scene(Path::new(scene)), "{scene}");
        }
        for other in ["run", "lm", "ron"] {
            assert!(!is_scene(Path::new(other)), "{other}");
        }
    }

    #[test]
    fn an_unknown_verb_is_explained() {
        assert!(no_verb("chekc").contains("`spinntui check`"));
        assert!(no_verb("fly").contains("run, check, inspect"));
    }
}
