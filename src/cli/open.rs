//! No verb: a scene in the terminal.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::CliError;
use super::points::{self, PointArgs};
use crate::scene::{LoadedScene, find};
use crate::session::build::{ModelCache, build};
use crate::session::engine::EngineOptions;
use crate::tui::TuiOptions;
use crate::tui::config::Config;

/// Opens a scene in the terminal app; returns its exit code.
pub fn open(
    scene: &Path,
    set: Vec<(String, String)>,
    record: Option<PathBuf>,
    points: &PointArgs,
    config: Config,
    present: bool,
) -> Result<ExitCode, CliError> {
    let scene = &find::scene(scene);
    let asked = points.asked();
    if !asked.is_empty() {
        // What is wrong with a condition of the command line is best said before the screen is taken.
        let mut session = build(LoadedScene::load(scene, &set)?, &mut ModelCache::default())?;
        points::points(&mut session, &asked)?;
    }
    let points = asked.into_iter().map(|(_, spec)| spec).collect();
    let engine = EngineOptions { scene: scene.to_owned(), set, autorun: false, record, points };
    let (looks, keymap) = (config.looks, config.keymap);
    let options = TuiOptions { engine, looks, keymap, watch: true, lesson: None, present };
    crate::tui::run(options).map_err(|report| CliError::Usage(format!("error: {report:#}")))
}
