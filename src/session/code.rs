//! Machine code that a scene names: files read and put into the mapped program.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::file;
use crate::kernel::code::{BUILT_IN_NAME, CodeError, CodeFile, MOST_BYTES};
use crate::machine::program::Program;
use crate::mapping::Placed;
use crate::mapping::code::{self, Choice, phases_of, populations_of, set_phases, set_product};
use crate::mapping::options::LevelChoice;
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
    own_kernels(loaded, program, placed)?;
    let mapping = &loaded.scene.mapping;
    let all = (0..program.populations.len()).collect();
    let mut levels = vec![("mapping.level".to_owned(), &mapping.level, all)];
    for (entry, layer) in mapping.layers.iter().enumerate() {
        let populations = populations_of(program, &mapping.layers, entry);
        levels.push((format!("mapping.layers.{entry}.level"), &layer.level, populations));
    }
    for (field, level, populations) in levels.into_iter().filter(|(_, level, _)| !level.is_native()) {
        set_level(loaded, program, &populations, (&field, level))?;
    }
    Ok(())
}

/// Sets the level of the routines of populations as a field of the scene says.
fn set_level(
    loaded: &LoadedScene,
    program: &mut Program,
    populations: &[usize],
    (field, level): (&str, &LevelChoice),
) -> Result<(), SceneError> {
    let wrong = |error: CodeError| loaded.error_at(field, error.to_string(), HELP);
    let phases = phases_of(program, populations);
    let chosen = match level {
        LevelChoice::Native => return Ok(()),
        LevelChoice::Code => phases.with,
        LevelChoice::CodeOf(names) => {
            let phase = |name: &String| {
                let named = program.legend.named(name).ok_or_else(|| format!("there is no phase `{name}`"));
                let found = named.and_then(|phase| {
                    let none = || format!("no routine of phase `{name}` has machine code here");
                    phases.with.contains(&phase).then_some(phase).ok_or_else(none)
                });
                let reason = program.legend.named(name).and_then(|phase| phases.without.get(&phase));
                let names: Vec<&str> = phases.with.iter().map(|&phase| program.legend.phase(phase)).collect();
                let help = reason.map_or_else(
                    || format!("phases with machine code here: {}", names.join(", ")),
                    |reason| (*reason).to_owned(),
                );
                found.map_err(|what| loaded.error_at(field, what, &help))
            };
            names.iter().map(phase).collect::<Result<_, _>>()?
        }
    };
    let built_in = Choice::built_in().map_err(wrong)?;
    for &population in populations {
        set_phases(program, population, &|phase| chosen.contains(&phase), &built_in).map_err(wrong)?;
    }
    Ok(())
}

/// Sets the products to level code for which the scene names a kernel's machine code.
fn own_kernels(loaded: &LoadedScene, program: &mut Program, placed: &[Placed]) -> Result<(), SceneError> {
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
