//! The configuration file: looks, keys, reloads and the mouse, in RON, where
//! XDG says (`~/.config/spinntui/config.ron`).
//!
//! Flags go before the file, the file before the environment. A file that is wrong stops the start
//! with its line and column: it is never half used, and never silently left out.

mod keys;
mod print;
mod reload;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use ron::extensions::Extensions;
use serde::Deserialize;

pub use self::print::{keys_as_text, print};
pub use self::reload::Reload;
use super::keep;
use super::keymap::Keymap;
use super::theme::LooksChoice;
use crate::file;
use crate::scene::error::SceneError;
use crate::scene::{explain, locate};

/// Environment variable that names the configuration file, in place of the usual one.
pub const ENV: &str = "SPINNTUI_CONFIG";
/// Largest size of a configuration file, bytes; no real one is this long.
const MAX_BYTES: u64 = 1 << 20;

/// Settings of the user's configuration file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Path of the file; `None` without a file.
    pub path: Option<PathBuf>,
    /// Choices about the look; those left out are left to the environment.
    pub looks: LooksChoice,
    /// Keys: the table's, with the file's in their place.
    pub keymap: Keymap,
    /// Time step at which a saved scene is loaded.
    pub reload: Reload,
    /// Whether the app takes the mouse from the terminal.
    pub mouse: bool,
    /// Whether view, pins and bookmarks are kept; `None` is yes.
    pub keep: Option<bool>,
}

/// Contents of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename = "Config")]
struct File {
    color: Option<String>,
    theme: Option<String>,
    ramp: Option<String>,
    glyphs: Option<String>,
    background: Option<String>,
    reload: Option<String>,
    mouse: bool,
    keep: Option<bool>,
    keys: std::collections::BTreeMap<String, Vec<String>>,
}

/// Returns the place of the configuration file: `$SPINNTUI_CONFIG`, or `spinntui/config.ron` in the
/// folder that XDG names. `None` if the user has no home.
pub fn usual_path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(ENV).filter(|path| !path.is_empty()) {
        return Some(PathBuf::from(path));
    }
    etcetera::base_strategy::Xdg::new().ok().map(|xdg| xdg.config_dir().join("spinntui/config.ron"))
}

impl Config {
    /// Returns the folder in which view, pins and bookmarks are kept; `None` to keep nothing.
    pub fn keep_folder(&self) -> Option<PathBuf> {
        keep::folder().filter(|_| self.keep != Some(false))
    }

    /// Returns the configuration without a file, and with nothing kept.
    pub fn none() -> Self {
        Self { keep: Some(false), ..Self::default() }
    }

    /// Reads the file that was named, or the usual one; no usual file is no error.
    pub fn load(named: Option<&Path>) -> Result<Self, SceneError> {
        match (named, usual_path()) {
            (Some(path), _) => Self::read(path),
            (None, Some(path)) if path.exists() => Self::read(&path),
            _ => Ok(Self::default()),
        }
    }

    fn read(path: &Path) -> Result<Self, SceneError> {
        let fail = |message: String| {
            SceneError::file(path, message, "`spinntui --print-config` writes one to begin with")
        };
        let text = file::read_text(path, MAX_BYTES).map_err(|error| match error.kind() {
            ErrorKind::FileTooLarge => {
                fail("the file is longer than 1 MiB, too long for a configuration".to_owned())
            }
            _ => fail(format!("cannot be read: {error}")),
        })?;
        Self::from_text(&text, path)
    }

    /// Reads a text; `path` is named in messages.
    pub fn from_text(text: &str, path: &Path) -> Result<Self, SceneError> {
        let root = locate::parse(text);
        let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
        let file: File =
            options.from_str(text).map_err(|error| explain::refused(text, path, &root, &error))?;
        let at = |field: &str, message: String| {
            let error = SceneError::file(path, message, "");
            match locate::span(text, field) {
                Some(span) => error.at(text, span),
                None => error,
            }
        };
        let looks = LooksChoice {
            color: given(file.color.as_deref()).map_err(|message| at("color", message))?,
            theme: given(file.theme.as_deref()).map_err(|message| at("theme", message))?,
            ramp: given(file.ramp.as_deref()).map_err(|message| at("ramp", message))?,
            glyphs: given(file.glyphs.as_deref()).map_err(|message| at("glyphs", message))?,
            background: given(file.background.as_deref()).map_err(|message| at("background", message))?,
        };
        let reload = given(file.reload.as_deref()).map_err(|message| at("reload", message))?;
        let keymap =
            Keymap::with(&file.keys).map_err(|bad| keys::place(&bad, text, path, root.ok().as_ref()))?;
        let reload = reload.unwrap_or_default();
        Ok(Self { path: Some(path.to_owned()), looks, keymap, reload, mouse: file.mouse, keep: file.keep })
    }
}

/// Parses a name by its type; `None` if nothing is set.
fn given<T: std::str::FromStr<Err: std::fmt::Display>>(text: Option<&str>) -> Result<Option<T>, String> {
    text.map(|text| text.parse::<T>().map_err(|error| error.to_string())).transpose()
}
