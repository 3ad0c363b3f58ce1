//! `spinntui calibrate SCENE --timers FILE`: measured phase times beside emulated ones, and
//! assumptions fitted to them.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::{CliError, FINE, Format, SetArgs};
use crate::output::Output;
use crate::report::calibrate::CalibrateReport;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};
use crate::session::calibrate::fit::calibrate as fit;
use crate::session::calibrate::parameter::fitted;
use crate::session::calibrate::timers;

const EXAMPLES: &str = "\
Examples:
  spinntui calibrate scenes/lm_small.ron --timers chip.csv
  spinntui calibrate scenes/lm_small.ron --timers chip.csv -o fitted.ron
      the scene's own text with the fitted `assume`
  spinntui calibrate scenes/lm_small.ron --timers chip.csv --fit branch_refill --fit dma_setup_cycles

The file is CSV: a header `phase,layer,us`, then one line a phase and layer (phases as in reports:
egru_input, egru_internal, pointwise, broadcast, embedding, wait, ...; layers by their name in the
model), # for comments:
  phase,layer,us
  egru_input,rnns.0,96.31
us is the mean over time steps of the time from the end of the previous phase on its last PE to
the end of this phase on its last PE.
docs/calibrate.md says more. Exit codes: 0 fine; 2 bad input.";

/// Fit assumptions (`assume`) to times measured on a chip.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CalibrateArgs {
    /// Scene file: what ran on the chip
    pub scene: PathBuf,
    /// CSV file with the measured times
    #[arg(long, value_name = "FILE")]
    pub timers: PathBuf,
    /// Fit this parameter only; may be repeated
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(fitted().map(|p| p.name())))]
    pub fit: Vec<String>,
    /// Time steps (tokens) to emulate
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,
    /// Format of the output
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write the scene with the fitted values to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub set: SetArgs,
}

/// Fits, prints and writes.
pub fn calibrate(args: &CalibrateArgs) -> Result<u8, CliError> {
    let loaded = LoadedScene::load(&args.scene, &args.set.set)?;
    let mut cache = ModelCache::default();
    let reads = loaded.reads().and("the measured times that are read", &args.timers);
    let written = args.output.as_deref().map(|path| Output::create(Some(path), &reads)).transpose()?;
    let plan = Plan::new(&loaded, &mut cache)?;
    let layers: Vec<String> = plan.program.populations.iter().map(|layer| layer.name.clone()).collect();
    let measured = timers::read(&args.timers, &plan.program.legend, &layers)?;
    let names: Vec<&str> = if args.fit.is_empty() {
        fitted().map(|parameter| parameter.name()).collect()
    } else {
        args.fit.iter().map(String::as_str).collect()
    };
    let file = args.timers.display().to_string();
    let fitted = fit(&loaded, &mut cache, &file, &measured, &names, args.steps)?;
    let report = CalibrateReport::new(&loaded, &args.timers, fitted)?;
    if let (Some(path), Some(mut written)) = (&args.output, written) {
        written.data(report.scene_text(path)?)?;
        written.finish()?;
    }
    let mut output = Output::stdout();
    args.format.write(&mut output, || report.to_text(), || report.to_json())?;
    output.finish()?;
    Ok(FINE)
}
