//! `spinntui check SCENE`: does it fit, how full is it, how even?

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{CliError, FAILED, FINE, Format, SetArgs};
use crate::output::{Output, say};
use crate::report::check::CheckReport;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};
use crate::sweep::list::Listing;
use crate::sweep::load::{LoadedPlan, is_plan};
use crate::text::several;

const EXAMPLES: &str = "\
Examples:
  spinntui check scenes/lm.ron
  spinntui check scenes/lm.ron --set mapping.layers.1.pes=30
      does not fit: says how many bytes are missing, and how many PEs would do
  spinntui check scenes/lm.ron --set mapping.balance=Units
      contiguous ranges of units: the fullest PE has too many weights

Exit codes: 0 it fits; 1 it does not, or a finding is an error; 2 bad input.";

/// Map a scene onto the chip without running it: memory maps, balance, floor plan, findings.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CheckArgs {
    /// Scene file, or the plan of a sweep: checks its fields and counts its points
    pub scene: PathBuf,
    /// Format of the output
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub set: SetArgs,
}

/// JSON answer for a scene that does not fit.
#[derive(Debug, Serialize)]
struct FitReport {
    scene: String,
    fits: bool,
    error: String,
}

/// Checked plan, in JSON.
#[derive(Debug, Serialize)]
struct CheckedPlan {
    plan: String,
    title: String,
    scene: String,
    points: u64,
}

/// Checks a plan: its fields, those that it sets and keeps, and the count of its points.
fn check_plan(args: &CheckArgs) -> Result<u8, CliError> {
    if !args.set.set.is_empty() {
        return Err(CliError::Usage("error: --set changes scenes, and this is a plan of a sweep".to_owned()));
    }
    let plan = LoadedPlan::load(&args.scene)?;
    let listing = Listing::new(&plan)?;
    if let Some(first) = listing.places().next() {
        plan.check_fields(&listing.point(first).edits)?;
    }
    let checked = CheckedPlan {
        plan: args.scene.display().to_string(),
        title: plan.sweep().title.clone(),
        scene: plan.scene.path.display().to_string(),
        points: listing.count(),
    };
    let mut output = Output::stdout();
    match args.format {
        Format::Text => {
            let points = several(checked.points, "point");
            output.text(&format!("{}: {points} of {}\n", checked.title, checked.scene))?;
        }
        Format::Json => json(&mut output, &checked)?,
    }
    output.finish()?;
    Ok(FINE)
}

/// Maps the scene; the exit code is 0 if the mapping is sound.
pub fn check(args: &CheckArgs) -> Result<u8, CliError> {
    if is_plan(&args.scene) {
        return check_plan(args);
    }
    let loaded = LoadedScene::load(&args.scene, &args.set.set)?;
    let plan = match Plan::fit(&loaded, &mut ModelCache::default(), &loaded.scene.assume) {
        Ok(plan) => plan,
        Err(error) if error.misfit => return misfit(args, &error.to_string()),
        Err(error) => return Err(error.scene.into()),
    };
    plan.work(&loaded)?;
    let report = CheckReport::new(&loaded, &plan);
    let mut output = Output::stdout();
    match args.format {
        Format::Text => output.text(&report.to_text(&plan.program))?,
        Format::Json => json(&mut output, &report)?,
    }
    output.finish()?;
    Ok(if report.has_errors() { FAILED } else { FINE })
}

fn misfit(args: &CheckArgs, error: &str) -> Result<u8, CliError> {
    say(error);
    if args.format == Format::Json {
        let mut output = Output::stdout();
        let report =
            FitReport { scene: args.scene.display().to_string(), fits: false, error: error.to_owned() };
        json(&mut output, &report)?;
        output.finish()?;
    }
    Ok(FAILED)
}

fn json(output: &mut Output, value: &impl Serialize) -> Result<(), CliError> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| CliError::Usage(format!("error: {error}")))?;
    Ok(output.data(&(text + "\n"))?)
}
