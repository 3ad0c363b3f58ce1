//! Search for files that scenes and users name: beside the scene, in the current folder, in the
//! data folder, where the program was built, and within the program itself.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::shipped;

/// Names another data folder than `$XDG_DATA_HOME/spinntui`.
pub const DATA_VARIABLE: &str = "SPINNTUI_DATA";
/// Set to 1, the folder that the program was built from is not looked at: for tests of what an
/// installed one does.
pub const NO_SOURCE_VARIABLE: &str = "SPINNTUI_NO_SOURCE_DIR";

/// Returns the data folder, even if it does not exist: `$SPINNTUI_DATA`, else
/// `$XDG_DATA_HOME/spinntui`.
pub fn data_folder() -> Option<PathBuf> {
    let named = std::env::var_os(DATA_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
    named.or_else(|| etcetera::base_strategy::Xdg::new().ok().map(|xdg| xdg.data_dir().join("spinntui")))
}

/// Returns the folder in which the program was built, while it still exists.
pub fn source_folder() -> Option<PathBuf> {
    let barred = std::env::var_os(NO_SOURCE_VARIABLE).is_some_and(|value| value == "1");
    Some(PathBuf::from(env!("CARGO_MANIFEST_DIR"))).filter(|folder| !barred && folder.is_dir())
}

/// Returns the folders that hold `scenes/`, `models/` and `assets/`, in the order of the search.
pub fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::current_dir().ok().into_iter().collect();
    for folder in [data_folder(), source_folder()].into_iter().flatten() {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// Returns the scene that a name stands for: the file if there is one; else, for a relative path,
/// the one in [`folders`], then in the program. A bare name stands for `scenes/NAME.ron`. A name
/// without a file is returned unchanged.
pub fn scene(name: &Path) -> PathBuf {
    if name.is_absolute() || name.exists() {
        return name.to_owned();
    }
    let mut forms = vec![name.to_owned()];
    if name.extension().is_none() {
        forms.push(name.with_extension("ron"));
    }
    if name.components().count() == 1 {
        forms = forms.into_iter().flat_map(|form| [Path::new("scenes").join(&form), form]).collect();
    }
    let files = |form: &PathBuf| find(form).filter(|path| path.is_file());
    forms.iter().find_map(files).unwrap_or_else(|| name.to_owned())
}

/// Returns a file or folder of the repository by its path there, from [`folders`] or
/// within the program.
pub fn find(name: &Path) -> Option<PathBuf> {
    let found = among_folders(name).into_iter().next();
    found.or_else(|| shipped::has(name).then(shipped::folder).flatten().map(|folder| folder.join(name)))
}

/// Returns the paths of `name` in all [`folders`] that have it.
pub fn among_folders(name: &Path) -> Vec<PathBuf> {
    folders().into_iter().map(|folder| folder.join(name)).filter(|path| path.exists()).collect()
}

/// Returns the file or folder that a user means by `name`: that path if it exists; else the path
/// that [`find`] returns.
pub fn meant(name: &Path) -> PathBuf {
    let lost = !name.is_absolute() && !name.exists() && !name.as_os_str().is_empty();
    lost.then(|| find(name)).flatten().unwrap_or_else(|| name.to_owned())
}

/// Resolves a path in a scene: the first of `candidates` that exists, then the copy within the
/// program; or the paths tried.
pub fn resolve(scene: &Path, name: &str) -> Result<PathBuf, Vec<PathBuf>> {
    let tried = candidates(scene, Path::new(name));
    if let Some(found) = tried.iter().find(|path| path.exists()) {
        return Ok(found.clone());
    }
    // The folder that the program unpacks itself to is the last resort.
    let within = shipped::has(Path::new(name)).then(shipped::folder).flatten();
    within.map(|folder| folder.join(name)).ok_or(tried)
}

/// Lists the paths tried, for a message.
pub fn looked_for(tried: &[PathBuf]) -> String {
    let tried: Vec<String> = tried.iter().map(|path| format!("\n  {}", path.display())).collect();
    format!("looked for, in this order:{}", tried.concat())
}

/// Returns the paths that a path in a scene may mean, in order, without duplicates: in the scene's
/// folder and those above it up to the repository's root, then in [`folders`].
fn candidates(scene: &Path, name: &Path) -> Vec<PathBuf> {
    if name.is_absolute() {
        return vec![name.to_owned()];
    }
    let full = std::path::absolute(scene).unwrap_or_else(|_| scene.to_owned());
    let mut places: Vec<PathBuf> = Vec::new();
    for folder in full.ancestors().skip(1) {
        places.push(folder.to_owned());
        if folder.join(".git").exists() || folder.join("Cargo.toml").exists() {
            break;
        }
    }
    places.extend(folders());
    let mut tried: Vec<PathBuf> = Vec::new();
    for folder in places {
        let path = folder.join(name);
        if !tried.contains(&path) {
            tried.push(path);
        }
    }
    tried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_have_short_names() {
        // Tests run in the repository's root.
        let small = scene(Path::new("lm_small"));
        assert!(small.ends_with("scenes/lm_small.ron"), "{}", small.display());
        assert!(scene(Path::new("lm_small.ron")).ends_with("scenes/lm_small.ron"));
        assert_eq!(scene(Path::new("scenes/lm_small.ron")), Path::new("scenes/lm_small.ron"));
        assert!(scene(Path::new("scenes/debug/slow")).ends_with("scenes/debug/slow.ron"));
        for nowhere in ["lm_tall", "scenes/lm_tall.ron", "/lm_small", "models", ""] {
            assert_eq!(scene(Path::new(nowhere)), Path::new(nowhere));
        }
    }
}
