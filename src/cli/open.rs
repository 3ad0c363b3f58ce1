//! No verb: a scene in the terminal.

use std::path::Path;

use super::CliError;

/// Opens a scene in the terminal app.
pub fn open(scene: &Path, _set: &[(String, String)]) -> Result<u8, CliError> {
    // WIRE: the terminal app goes here:
    // crate::tui::run(TuiOptions { engine: EngineOptions { scene, set, autorun: false }, .. })
    let scene = scene.display();
    Err(CliError::Usage(format!(
        "error: the terminal app is not part of this build\nhelp: `spinntui run {scene}` runs the scene without a screen"
    )))
}
