//! No verb: a scene in the terminal.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::CliError;
use super::points::{self, PointArgs};
use crate::output::Reads;
use crate::scene::{LoadedScene, find};
use crate::session::against::Against;
use crate::session::build::{ModelCache, build};
use crate::session::engine::EngineOptions;
use crate::session::record::{PendingWriter, SessionWriter};
use crate::sweep::results::read;
use crate::tui::TuiOptions;
use crate::tui::config::Config;

/// Options for running a scene in the terminal.
#[derive(Debug)]
pub struct Asked {
    /// Edits of the scene, in order.
    pub set: Vec<(String, String)>,
    /// Second scene to run in step; `None` for one scene.
    pub against: Option<Against>,
    /// File of the recording; `None` without one.
    pub record: Option<PathBuf>,
    /// Whether every time step runs event by event.
    pub exact: bool,
    /// Whether the app begins in presenter mode.
    pub present: bool,
}

/// Opens a scene in the terminal app; returns its exit code.
pub fn open(scene: &Path, asked: Asked, points: &PointArgs, config: Config) -> Result<ExitCode, CliError> {
    let Asked { set, against, record, exact, present } = asked;
    let scene = &find::scene(scene);
    let asked = points.asked();
    if !asked.is_empty() {
        // What is wrong with a condition of the command line is best said before the
        // screen is taken.
        let mut session = build(LoadedScene::load(scene, &set)?, &mut ModelCache::default())?;
        points::points(&mut session, &asked)?;
    }
    let record = record.map(|path| recorder(&path, scene, &set, &config)).transpose()?;
    let points = asked.into_iter().map(|(_, spec)| spec).collect();
    let engine =
        EngineOptions { scene: scene.to_owned(), set, autorun: false, record, points, exact, against };
    let keep = config.keep_folder();
    let Config { looks, keymap, reload, mouse, .. } = config;
    let options = TuiOptions {
        engine,
        looks,
        keymap,
        reload,
        mouse,
        watch: true,
        lesson: None,
        present,
        keep,
        reader: read,
        results: None,
    };
    crate::tui::run(options).map_err(|report| CliError::Usage(format!("error: {report:#}")))
}

/// Starts the recording before the app takes the screen, so that a bad path is an ordinary error.
fn recorder(
    path: &Path,
    scene: &Path,
    set: &[(String, String)],
    config: &Config,
) -> Result<PendingWriter, CliError> {
    let mut reads = match LoadedScene::load(scene, set) {
        Ok(loaded) => loaded.reads(),
        // The app shows the error and waits until the scene is fixed.
        Err(_) => Reads::default().and("the scene that is read", scene),
    };
    if let Some(path) = &config.path {
        reads.add("the configuration that is read", path);
    }
    reads.check(path)?;
    // Where the app cannot be shown, an older recording stays.
    if !crate::tui::run::has_terminal() {
        return Ok(PendingWriter::default());
    }
    Ok(SessionWriter::create(path, scene, set, &reads)?.pending())
}
