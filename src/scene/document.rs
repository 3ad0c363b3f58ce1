//! RON files other than scenes, such as lessons, read with the same checks: errors have a place,
//! and unknown names get a suggestion.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::error::SceneError;
use super::shape::{self, Shape};
use super::{VERSIONS, load, syntax};

/// Kind of a file: its name in messages, and its fields.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Word for the file in messages, such as `scene`.
    pub word: &'static str,
    /// Page of the documentation.
    pub described: &'static str,
    /// Hint for an empty file: how such a file begins.
    pub begins: &'static str,
    /// Versions that this build reads.
    pub versions: &'static [u32],
    /// Types of the file's fields.
    pub shape: fn() -> &'static Shape,
}

/// Files with a scene.
pub(super) const SCENE: Kind = Kind {
    word: "scene",
    described: "docs/scene.md",
    begins: "a scene begins `Scene(version: 1, …)`; docs/scene.md describes it, scenes/ has examples",
    versions: &VERSIONS,
    shape: shape::scene,
};

/// Values of a file, with the text to locate them in.
#[derive(Clone, Debug)]
pub struct Document<T> {
    /// Values of the file.
    pub value: T,
    /// Path of the file.
    pub path: PathBuf,
    /// Text of the file.
    pub text: String,
}

impl<T: DeserializeOwned> Document<T> {
    /// Reads and parses a file.
    pub fn load(path: &Path, kind: &Kind) -> Result<Self, SceneError> {
        Self::from_text(&load::read(path, kind)?, path, kind)
    }

    /// Parses a document from a text; `path` is named in messages.
    pub fn from_text(text: &str, path: &Path, kind: &Kind) -> Result<Self, SceneError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if syntax::is_blank(text) {
            let message = format!("there is no {} in the file", kind.word);
            return Err(SceneError::file(path, message, kind.begins));
        }
        let value = load::parse(text, path, &[], kind)?;
        Ok(Self { value, path: path.to_owned(), text: text.to_owned() })
    }
}

impl<T> Document<T> {
    /// Creates an error about the value at a field path such as `pages.3.expect`, with a
    /// caret under it.
    pub fn error_at(&self, field: &str, message: impl Into<String>, help: impl Into<String>) -> SceneError {
        load::error_at(&self.text, field, SceneError::file(&self.path, message, help))
    }

    /// Creates an error about some bytes of the text that the field holds, with a caret under them,
    /// inside the quotes.
    pub fn error_within(
        &self,
        field: &str,
        within: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> SceneError {
        load::error_within(&self.text, field, within, SceneError::file(&self.path, message, help))
    }
}
