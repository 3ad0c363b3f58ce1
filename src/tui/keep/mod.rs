//! Storage of what survives a restart of the app: pins and bookmarks with their scene, and the
//! view.
//!
//! Files lie in the folder that XDG names for states (`~/.local/state/spinntui`): `view.ron`, and
//! in `scenes/` one a scene, named by the scene's file and a hash of its whole path. They are
//! read once, and written as the app is left, whole or not at all. A file that cannot be read, or
//! is of something else, is reported and left as it is: nothing is taken from it and nothing
//! written over it.

mod file;
mod view;

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use xxhash_rust::xxh3::xxh3_64;

use super::app::App;
use super::state::kept::Kept;
use crate::text::visible_line;
use view::View;

/// Environment variable that names the folder, in place of the usual one; if it is set and empty,
/// nothing is kept.
pub const ENV: &str = "SPINNTUI_STATE";

/// Version of both kinds of files.
const VERSION: u32 = 1;
/// First line of the files.
const HEAD: &str = "// Written by spinntui as it was left; delete this file to start without it.\n";

/// Returns the usual folder, or the one that [`ENV`] names; `None` if nothing is to be kept, or the
/// user has no home.
pub fn folder() -> Option<PathBuf> {
    match std::env::var_os(ENV) {
        Some(path) if path.is_empty() => None,
        Some(path) => Some(PathBuf::from(path)),
        None => Some(etcetera::base_strategy::Xdg::new().ok()?.state_dir()?.join("spinntui")),
    }
}

/// File with the contents that were read.
#[derive(Debug)]
struct StoredFile<T> {
    path: PathBuf,
    /// Contents of the file; `None` if it does not exist.
    read: Option<T>,
}

/// Files that are written on leaving the app; files that are left alone are not among them.
#[derive(Debug, Default)]
pub struct Keeper {
    view: Option<StoredFile<View>>,
    scene: Option<StoredFile<Kept>>,
    /// Name of the scene in snapshots.
    name: String,
    /// Whole path of the scene.
    whole: String,
}

impl Keeper {
    /// Reads the files of a folder into the app, and tells the user about those that
    /// cannot be read.
    pub fn begin(app: &mut App, folder: &Path, scene: &Path) -> Self {
        let whole = scene.canonicalize().unwrap_or_else(|_| scene.to_owned()).display().to_string();
        let stem = scene.file_stem().map_or_else(|| "scene".into(), |stem| stem.to_string_lossy());
        let file = format!("{stem}-{:016x}.ron", xxh3_64(whole.as_bytes()));
        let mut keeper = Self { name: app.scene.clone(), whole: whole.clone(), ..Self::default() };
        match open(folder.join("view.ron"), View::version) {
            Ok(place) => {
                if let Some(view) = &place.read {
                    view.show(app);
                }
                keeper.view = Some(place);
            }
            Err(why) => told(app, &format!("the kept view is not used: {why}")),
        }
        let is_ours = |kept: &Kept| match kept.version {
            VERSION if kept.scene != whole => Err(format!("it is of another scene, {}", kept.scene)),
            version => of_version(version),
        };
        match open(folder.join("scenes").join(file), is_ours) {
            Ok(place) => {
                app.kept.clone_from(&place.read);
                keeper.scene = Some(place);
            }
            Err(why) => told(app, &format!("kept pins and bookmarks are not used: {why}")),
        }
        keeper
    }

    /// Writes the files whose contents have changed.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be written; the message names it. The older file stays.
    pub fn end(&self, app: &App) -> Result<(), String> {
        if let Some(place) = &self.view {
            let view = View::of(app);
            if place.read.as_ref().map_or(view != View::default(), |read| *read != view) {
                file::write(&place.path, HEAD, &view)?;
            }
        }
        // Before the first snapshot the pins were not restored yet; another scene has others.
        let snapshot =
            app.picture().filter(|snapshot| app.kept.is_none() && snapshot.setup.scene == self.name);
        if let (Some(place), Some(snapshot)) = (&self.scene, snapshot) {
            let kept = Kept {
                version: VERSION,
                scene: self.whole.clone(),
                pins: snapshot.watches.iter().map(|pin| pin.text.clone()).collect(),
                bookmarks: snapshot.history.bookmarks.clone(),
                sent: false,
            };
            let same = |read: &Kept| {
                read.pins == kept.pins
                    && read.bookmarks.len() == kept.bookmarks.len()
                    && read
                        .bookmarks
                        .iter()
                        .zip(&kept.bookmarks)
                        .all(|(a, b)| (&a.name, &a.note, a.at) == (&b.name, &b.note, b.at))
            };
            if place.read.as_ref().map_or(!kept.is_empty(), |read| !same(read)) {
                file::write(&place.path, HEAD, &kept)?;
            }
        }
        Ok(())
    }
}

/// Reads a file; one that is not there is empty.
fn open<T: serde::de::DeserializeOwned>(
    path: PathBuf,
    check: impl Fn(&T) -> Result<(), String>,
) -> Result<StoredFile<T>, String> {
    let read: Option<T> = file::read(&path)?;
    if let Some(read) = &read {
        check(read).map_err(|why| file::left(&path, &why))?;
    }
    Ok(StoredFile { path, read })
}

fn of_version(version: u32) -> Result<(), String> {
    if version == VERSION {
        return Ok(());
    }
    Err(format!("it has version {version}, and this program reads version {VERSION}"))
}

fn told(app: &mut App, what: &str) {
    let what = visible_line(what).into_owned();
    app.said.push(what.clone());
    app.notice = Some(what);
}

#[cfg(test)]
mod tests;
