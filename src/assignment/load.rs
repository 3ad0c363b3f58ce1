//! Assignments on disk.

use std::path::{Path, PathBuf};

use super::format::{Assignment, KIND, Test};
use crate::scene::LoadedScene;
use crate::scene::document::Document;
use crate::scene::error::SceneError;
use crate::scene::find;
use crate::session::build::{ModelCache, Plan};
use crate::session::debug::Names;
use crate::session::debug::expr::{Condition, Modifiers};

/// Reason for which an assignment, or an answer, cannot be checked.
pub type AssignmentError = SceneError;

/// Assignment that was read and checked, with its starting scene.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Assignment with its file and text.
    pub document: Document<Assignment>,
    /// File of the starting scene.
    pub scene: PathBuf,
}

impl Loaded {
    /// Reads an assignment, its starting scene, and the conditions of its goals.
    ///
    /// # Errors
    ///
    /// Fails if the file is no assignment, its scene cannot be built, or a goal is no
    /// condition of it.
    pub fn new(path: &Path, cache: &mut ModelCache) -> Result<Self, AssignmentError> {
        let document = Document::<Assignment>::load(path, &KIND)?;
        let name = &document.value.scene;
        let scene = find::resolve(&document.path, name).map_err(|tried| {
            document.error_at("scene", format!("`{name}` not found"), find::looked_for(&tried))
        })?;
        let loaded = Self { document, scene };
        let assignment = &loaded.document.value;
        if assignment.goals.is_empty() {
            return Err(loaded.document.error_at(
                "goals",
                "there is no goal",
                "goals: [(text: \"…\", test: …)]",
            ));
        }
        let start = loaded.start()?;
        let session = Plan::new(&start, cache)?.start(start)?;
        let names = Names::of(&session);
        for (number, goal) in assignment.goals.iter().enumerate() {
            let Test::Condition(text) = &goal.test else { continue };
            let (_, modifiers) = Condition::new(text, &names).map_err(|error| {
                let message = format!("`{text}`: {}", error.message);
                loaded.document.error_at(&format!("goals.{number}.test"), message, error.help)
            })?;
            if modifiers != Modifiers::default() {
                let message = format!("`{text}`: a goal is looked at once, after the last time step");
                let field = format!("goals.{number}.test");
                return Err(loaded.document.error_at(&field, message, "the condition alone"));
            }
        }
        Ok(loaded)
    }

    /// Returns the starting scene.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read.
    pub fn start(&self) -> Result<LoadedScene, AssignmentError> {
        LoadedScene::load(&self.scene, &self.document.value.set)
    }
}
