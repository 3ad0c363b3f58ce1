//! Breakpoints and tracepoints of the command line.

use std::path::Path;

use clap::Args;

use super::CliError;
use crate::scene::SceneError;
use crate::session::Session;
use crate::session::debug::{Names, PointKind, PointSpec, Points};

/// Conditions, the same for a run without a screen and for the app.
#[derive(Clone, Debug, Default, Args)]
pub struct PointArgs {
    /// Stop when a condition becomes true; may be repeated, the first that does stops the run
    ///
    /// A condition compares what docs/debugging.md lists: `perplexity > 150`, `rnns.1.activity > 40
    /// %`, `pe(3,4,2).status == waiting`, `written(pe(3,4,2), 0x8000..0x8100)`; `, once` and `,
    /// ignore 3` may follow.
    #[arg(long = "break", value_name = "CONDITION")]
    pub breaks: Vec<String>,
    /// Print a line each time a condition becomes true, and go on; may be repeated
    #[arg(long, value_name = "CONDITION")]
    pub trace: Vec<String>,
}

/// Condition, and the option by which it was given.
pub type Asked = (&'static str, PointSpec);

impl PointArgs {
    /// Returns the requested points.
    pub fn asked(&self) -> Vec<Asked> {
        let all = |option, kind, texts: &[String]| -> Vec<Asked> {
            texts.iter().map(|text| (option, PointSpec { text: text.clone(), kind })).collect()
        };
        let mut asked = all("--break", PointKind::Break, &self.breaks);
        asked.extend(all("--trace", PointKind::Trace, &self.trace));
        asked
    }
}

/// Creates the scene's points and those of the command line; an error points into the condition.
pub fn points(session: &mut Session, asked: &[Asked]) -> Result<Points, CliError> {
    let mut points = Points::of_scene(session)?;
    let names = Names::of(session);
    for (option, spec) in asked {
        points.add(spec, &names).map_err(|error| {
            CliError::Scene(
                SceneError::file(Path::new(option), error.message, error.help).at(&spec.text, error.at),
            )
        })?;
    }
    points.arm(session);
    Ok(points)
}
