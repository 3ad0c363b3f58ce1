//! Catalogue of the scenes that come with the program: descriptions, and problems that stop
//! them from opening.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::load::MAX_BYTES;
use super::{LoadedScene, find, shipped};
use crate::file;

/// Scenes listed first, for beginners.
const FIRST: [&str; 2] = ["scenes/lm_small.ron", "scenes/lm.ron"];
/// Folder of all scenes.
const SCENES: &str = "scenes";
/// Folders within it that hold other files than scenes: assignments, lessons, and plans of sweeps.
const OTHERS: [&str; 3] = ["assignments", "lessons", "sweeps"];

/// Scene in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name of the scene to type: `scenes/what-if/dma.ron`.
    pub name: String,
    /// Path of the scene's file.
    pub path: PathBuf,
    /// The folder under `scenes/`; empty for `scenes/` itself.
    pub folder: String,
    /// Title of the scene.
    pub title: String,
    /// First sentence of the comment at the beginning of the file.
    pub about: String,
    /// Reason for which it cannot be opened here.
    pub problem: Option<String>,
}

impl Entry {
    fn new(name: String, path: PathBuf) -> Self {
        let folder = Path::new(&name).parent().and_then(|parent| parent.strip_prefix(SCENES).ok());
        let folder = folder.map(|folder| folder.display().to_string()).unwrap_or_default();
        let text = file::read_text(&path, MAX_BYTES).unwrap_or_default();
        let (title, problem) = match LoadedScene::load(&path, &[]) {
            Ok(loaded) => (loaded.scene.title.clone(), missing(&loaded)),
            Err(error) => (String::new(), Some(error.message().to_owned())),
        };
        Self { about: first_sentence(&text), name, path, folder, title, problem }
    }
}

/// Returns all scenes: those of the current folder first, then of the data folder, of the folder
/// that the program was built in, and the program's own; of two with one name the first. They are
/// sorted by folder and name.
pub fn scenes() -> Vec<Entry> {
    let mut found = BTreeMap::new();
    for root in find::folders() {
        gather(&root, Path::new(SCENES), &mut found);
    }
    for name in shipped::FILES.iter().map(|(name, _)| *name).filter(|name| is_scene(Path::new(name))) {
        if !found.contains_key(name)
            && let Some(path) = find::find(Path::new(name))
        {
            found.insert(name.to_owned(), path);
        }
    }
    let mut entries: Vec<Entry> = found.into_iter().map(|(name, path)| Entry::new(name, path)).collect();
    let rank = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    entries.sort_by(|a, b| (&a.folder, rank(&a.name), &a.name).cmp(&(&b.folder, rank(&b.name), &b.name)));
    entries
}

fn is_scene(name: &Path) -> bool {
    name.starts_with(SCENES)
        && !OTHERS.iter().any(|other| name.starts_with(Path::new(SCENES).join(other)))
        && name.extension().is_some_and(|extension| extension == "ron")
}

/// Adds the scenes below a folder to `found`, by their path from `root`; paths already there stay.
/// Links to folders are not followed: they may form a cycle.
fn gather(root: &Path, folder: &Path, found: &mut BTreeMap<String, PathBuf>) {
    let Ok(entries) = root.join(folder).read_dir() else { return };
    for entry in entries.flatten() {
        let name = folder.join(entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => gather(root, &name, found),
            Ok(_) if is_scene(&name) => {
                // A path that is no text could not be typed either.
                if let Some(text) = name.to_str().filter(|text| !found.contains_key(*text)) {
                    found.insert(text.to_owned(), root.join(&name));
                }
            }
            _ => {}
        }
    }
}

/// Returns the files that the scene names and that do not exist, if any.
fn missing(loaded: &LoadedScene) -> Option<String> {
    let files = loaded.scene.task.options().files();
    let named = files.iter().map(|file| (file.name, file.field));
    let all = std::iter::once((loaded.scene.model.as_str(), "model")).chain(named);
    let absent: Vec<&str> =
        all.filter(|(name, field)| loaded.resolve(name, field).is_err()).map(|(name, _)| name).collect();
    (!absent.is_empty()).then(|| format!("{} is not here", absent.join(" and ")))
}

/// Returns the first sentence of the comment that a text begins with; of "… with one change: …"
/// only the change.
pub fn first_sentence(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.trim_start().strip_prefix("//"));
    let comment = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    // The heading already says that the scene makes one change.
    let comment = comment.split_once(" with one change: ").map_or(comment.as_str(), |(_, change)| change);
    let end = comment.find(". ").map_or(comment.len(), |at| at + 1);
    comment.get(..end).unwrap_or(comment).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_scene_of_the_repository_is_listed_and_opens() {
        let entries = scenes();
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names[..2], FIRST);
        for name in ["scenes/dvs.ron", "scenes/what-if/dma.ron", "scenes/debug/slow.ron"] {
            assert!(names.contains(&name), "{names:?}");
        }
        assert!(OTHERS.iter().all(|other| !names.iter().any(|name| name.contains(&format!("/{other}/")))));
        for entry in &entries {
            assert!(!entry.title.is_empty() && !entry.about.is_empty(), "{entry:?}");
            assert_eq!(entry.problem, None, "{}", entry.name);
        }
    }

    #[test]
    fn sentences() {
        assert_eq!(first_sentence("// One. Two.\nScene("), "One.");
        assert_eq!(first_sentence("// One\n// goes on. Two.\n"), "One goes on.");
        assert_eq!(first_sentence("// 1.5 V here\n\n// not this"), "1.5 V here");
        assert_eq!(first_sentence("// scenes/a.ron with one change: this. Why?"), "this.");
        assert_eq!(first_sentence("Scene("), "");
    }

    #[test]
    fn what_is_not_here_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lm.ron");
        let text = fs::read_to_string("scenes/lm.ron").unwrap().replace("egru-lm-wikitext2", "egru-none");
        fs::write(&path, text).unwrap();
        let entry = Entry::new("scenes/lm.ron".to_owned(), path.clone());
        assert_eq!(entry.problem.as_deref(), Some("models/egru-none is not here"));
        fs::write(&path, "Scene(").unwrap();
        assert!(Entry::new("scenes/lm.ron".to_owned(), path).problem.is_some());
    }
}
