//! List of the files that a scene reads, and of the file that it may write.

use std::path::{Path, PathBuf};

use super::{LoadedScene, SceneError};
use crate::file::folder_of;
use crate::model::{CARD_FILE, INDICES_FILE, VOCABULARY_FILE, WEIGHTS_FILE};
use crate::output::{Reads, Replace};

/// Field of a scene that names a file to write.
const FIELD: &str = "task.outputs";

/// File for the outputs of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputFile {
    /// Named on the command line, relative to the current folder.
    Asked(PathBuf),
    /// Named by the scene, in its folder or below.
    Scene(PathBuf),
}

impl LoadedScene {
    /// Returns the files that the scene reads: itself, its model, and what its task names.
    pub fn reads(&self) -> Reads {
        let mut reads = Reads::default().and("the scene that is read", &self.path);
        let mut add = |what, name: &str, field: &str| {
            let found = self.resolve(name, field).ok();
            if let Some(path) = &found {
                reads.add(what, path);
            }
            found
        };
        let task = self.scene.task.options();
        let mut beside = Vec::new();
        for file in task.files() {
            let found = add(file.what, file.name, file.field);
            beside.extend(found.and_then(|found| task.read_beside(&found)));
        }
        let model = add("the model that is read", &self.scene.model, "model");
        for (what, path) in beside {
            reads.add(what, &path);
        }
        if let Some(model) = model {
            // A lone file of weights has the other files of the model beside it.
            let folder = if model.is_dir() { Some(model.as_path()) } else { model.parent() };
            for name in [WEIGHTS_FILE, CARD_FILE, VOCABULARY_FILE, INDICES_FILE] {
                let beside = folder.map(|folder| folder.join(name));
                if let Some(path) = beside.filter(|_| name != WEIGHTS_FILE || model.is_dir()) {
                    reads.add("the model that is read", &path);
                }
            }
        }
        reads
    }

    /// Returns the file that the task's outputs go to; `None` if they are not written.
    ///
    /// With `Replace::Yes`, a file that the scene names may exist.
    ///
    /// # Errors
    ///
    /// Fails if the scene itself names a file outside its folder or, without `replace`,
    /// one that exists.
    pub fn output_file(&self, replace: Replace) -> Result<Option<OutputFile>, SceneError> {
        let Some(name) = self.scene.task.options().outputs() else { return Ok(None) };
        if self.edits.iter().any(|(path, _)| path == FIELD || path == "task") {
            return Ok(Some(OutputFile::Asked(PathBuf::from(name))));
        }
        let path = self.within_folder(name)?;
        if replace == Replace::No && path.symlink_metadata().is_ok() {
            let message = format!("{} exists already, and a scene may not replace a file", path.display());
            let help = format!("--force replaces it; `--set '{FIELD}=Some(\"PATH\")'` names another");
            return Err(self.error_at(FIELD, message, help));
        }
        Ok(Some(OutputFile::Scene(path)))
    }

    /// Returns the path of a file to write in the scene's folder or below, links and `..` resolved.
    fn within_folder(&self, name: &str) -> Result<PathBuf, SceneError> {
        let fail = |message: String| {
            let help = format!(
                "a scene writes only into its own folder; `--set '{FIELD}=Some(\"PATH\")'` names any other place"
            );
            self.error_at(FIELD, message, help)
        };
        let folder = folder_of(&self.path);
        let place = folder.join(name);
        let (Some(parent), Some(file)) = (place.parent(), place.file_name()) else {
            return Err(fail(format!("`{name}` names no file")));
        };
        let real = |path: &Path| {
            path.canonicalize().map_err(|error| fail(format!("the folder {}: {error}", path.display())))
        };
        let (folder, parent) = (real(folder)?, real(parent)?);
        if !parent.starts_with(&folder) {
            let place = parent.join(file);
            return Err(fail(format!(
                "{} is outside the scene's folder {}",
                place.display(),
                folder.display()
            )));
        }
        Ok(parent.join(file))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Returns a scene that names `outputs`, in a folder of its own.
    fn scene(folder: &Path, outputs: &str, edits: &[(&str, &str)]) -> LoadedScene {
        let text = fs::read_to_string("scenes/tensor.ron").unwrap();
        let text = text.replace("outputs: None", &format!("outputs: Some({outputs:?})"));
        let edits: Vec<_> = edits.iter().map(|(p, v)| ((*p).to_owned(), (*v).to_owned())).collect();
        LoadedScene::from_text(&text, &folder.join("s.ron"), &edits).unwrap()
    }

    #[test]
    fn a_scene_writes_only_new_files_in_its_own_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("scene");
        fs::create_dir_all(at.join("sub")).unwrap();
        std::os::unix::fs::symlink(folder.path(), at.join("up")).unwrap();
        std::os::unix::fs::symlink("nowhere", at.join("dangling.npy")).unwrap();
        fs::write(at.join("old.npy"), "").unwrap();
        let real = at.canonicalize().unwrap();
        for good in ["y.npy", "sub/y.npy", "sub/../y.npy"] {
            let file = scene(&at, good, &[]).output_file(Replace::No).unwrap();
            let Some(OutputFile::Scene(path)) = file else { panic!("{file:?}") };
            assert!(path.starts_with(&real), "{}", path.display());
        }
        let outside = folder.path().join("y.npy").display().to_string();
        for (bad, word) in [
            ("../y.npy", "outside"),
            ("up/y.npy", "outside"),
            (&outside, "outside"),
            ("sub/../../y.npy", "outside"),
            ("..", "names no file"),
            ("no/y.npy", "no"),
            ("old.npy", "exists already"),
            ("dangling.npy", "exists already"),
        ] {
            let error = scene(&at, bad, &[]).output_file(Replace::No).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("s.ron:"), "{bad}: {error}");
        }
        // `Replace::Yes` allows an existing file, but no other folder.
        assert!(scene(&at, "../y.npy", &[]).output_file(Replace::Yes).is_err());
        assert!(scene(&at, "old.npy", &[]).output_file(Replace::Yes).is_ok());
    }

    #[test]
    fn the_command_line_names_any_file() {
        let edit = [("task.outputs", "Some(\"../z.npy\")")];
        let file = scene(Path::new("."), "y.npy", &edit).output_file(Replace::No).unwrap();
        assert_eq!(file, Some(OutputFile::Asked(PathBuf::from("../z.npy"))));
    }

    #[test]
    fn everything_that_is_read_is_protected() {
        let lm = LoadedScene::load(Path::new("scenes/lm_small.ron"), &[]).unwrap().reads();
        let tensor = LoadedScene::load(Path::new("scenes/tensor.ron"), &[]).unwrap().reads();
        for name in ["scenes/lm_small.ron", "models/egru-lm-small/vocab.txt", "assets/text/spinnaker2.txt"] {
            let error = lm.check(Path::new(name)).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("that is read"), "{error}");
        }
        assert!(tensor.check(Path::new("assets/tensor/waves.npy")).is_err());
        assert!(tensor.check(Path::new("Cargo.toml")).is_ok());
    }
}
