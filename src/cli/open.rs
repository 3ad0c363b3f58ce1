//! No verb: a scene in the terminal.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::CliError;
use crate::session::engine::EngineOptions;
use crate::tui::{ColorChoice, TuiOptions};

/// Opens a scene in the terminal app; returns its exit code.
pub fn open(scene: &Path, set: Vec<(String, String)>, record: Option<PathBuf>) -> Result<ExitCode, CliError> {
    let engine = EngineOptions { scene: scene.to_owned(), set, autorun: false, record };
    let options = TuiOptions { engine, color: ColorChoice::Auto, watch: true };
    crate::tui::run(options).map_err(|report| CliError::Usage(format!("error: {report:#}")))
}
