//! Machine code that a scene names: files read and put into the mapped program.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::file;
use crate::kernel::code::{BUILT_IN_NAME, CodeError, CodeFile, MOST_BYTES};
use crate::machine::program::Program;
use crate::mapping::Placed;
use crate::mapping::code::{self, Choice, set_product};
use crate::scene::{LoadedScene, SceneError};
use crate::task::Files;

/// Help for every error about a kernel of one's own.
const HELP: &str = "docs/own-kernels.md shows how to write, compile and link a kernel";

/// Puts the machine code of the built-in routines into the memory of every PE.
///
/// # Errors
///
/// Fails if the committed file is damaged, which a test excludes.
pub(super) fn load_built_in(loaded: &LoadedScene, program: &mut Program) -> Result<(), SceneError> {
    code::load_built_in(program).map_err(|error| loaded.error_at("mapping", error.to_string(), HELP))
}

/// Sets the routines to level code for which the scene names machine code.
///
/// # Errors
///
/// Fails if a file cannot be used or lacks the function.
pub(super) fn apply(
    loaded: &LoadedScene,
    program: &mut Program,
    placed: &[Placed],
) -> Result<(), SceneError> {
    let mut files: BTreeMap<String, Arc<CodeFile>> = BTreeMap::new();
    for (population, placed) in placed.iter().enumerate() {
        let Some(layer) = loaded.scene.mapping.layers.get(placed.entry) else { continue };
        for (product, (field, kernel)) in
            [("input", &layer.input), ("recurrent", &layer.recurrent)].into_iter().enumerate()
        {
            let Some((name, function)) = kernel.code() else { continue };
            let field = format!("mapping.layers.{}.{field}", placed.entry);
            let wrong = |error: CodeError| loaded.error_at(&field, error.to_string(), HELP);
            let file = if let Some(file) = files.get(name) {
                Arc::clone(file)
            } else {
                let file = read(loaded, name, &field)?;
                files.insert(name.to_owned(), Arc::clone(&file));
                file
            };
            let choice = Choice { file, function: Some(function.to_owned()) };
            set_product(program, population, product, &choice).map_err(wrong)?;
        }
    }
    Ok(())
}

/// Reads a code file that a scene names; the built-in kernels' is found if the scene has none
/// of that name.
fn read(loaded: &LoadedScene, name: &str, field: &str) -> Result<Arc<CodeFile>, SceneError> {
    let wrong = |error: CodeError| loaded.error_at(field, error.to_string(), HELP);
    if name == BUILT_IN_NAME && loaded.find(name, field).is_err() {
        return CodeFile::built_in().map(Arc::clone).map_err(wrong);
    }
    let path = loaded.resolve(name, field)?;
    let bytes = file::read(&path, MOST_BYTES)
        .map_err(|error| loaded.error_at(field, format!("cannot read {}: {error}", path.display()), HELP))?;
    let mut file = CodeFile::read(name, &bytes).map_err(wrong)?;
    file.folder = path.parent().map(std::path::Path::to_owned);
    Ok(Arc::new(file))
}
