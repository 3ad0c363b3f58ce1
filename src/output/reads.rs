//! Files that a command reads, which its outputs must not replace.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::OutputError;
use crate::file::folder_of;

/// Levels of folders that are searched for hard links; a data set has three.
const DEPTH: u32 = 4;

/// Files and folders that a command reads, with the role of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    entries: Vec<(&'static str, PathBuf)>,
}

impl Reads {
    /// Adds a file, or a folder whose files are read.
    ///
    /// `what` is its role in messages: `the scene that is read`.
    pub fn add(&mut self, what: &'static str, path: &Path) {
        self.entries.push((what, path.to_owned()));
    }

    /// Adds an entry and returns the list.
    #[must_use]
    pub fn and(mut self, what: &'static str, path: &Path) -> Self {
        self.add(what, path);
        self
    }

    /// Adds the entries of another list.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// Checks that a file to be written is none of these.
    ///
    /// # Errors
    ///
    /// Fails with both names if it is.
    pub fn check(&self, place: &Path) -> Result<(), OutputError> {
        let found = self.entries.iter().find(|(_, path)| is_same(place, path) || lies_in(place, path));
        found.map_or(Ok(()), |(what, path)| {
            Err(OutputError::Read { place: place.to_owned(), what, path: path.clone() })
        })
    }
}

/// Returns `true` if both paths lead to one file, be it by links or by hard links.
fn is_same(a: &Path, b: &Path) -> bool {
    if let (Ok(a), Ok(b)) = (a.metadata(), b.metadata()) {
        return !a.is_dir() && (a.dev(), a.ino()) == (b.dev(), b.ino());
    }
    real(a).is_some_and(|a| real(b).is_some_and(|b| a == b))
}

/// Returns `true` if `place` is an existing file below the folder `path`.
///
/// A new file beside those that are read does no harm.
fn lies_in(place: &Path, path: &Path) -> bool {
    let Ok(about) = place.metadata() else { return false };
    if !path.is_dir() || !about.is_file() {
        return false;
    }
    let below = |place: PathBuf| path.canonicalize().is_ok_and(|folder| place.starts_with(folder));
    place.canonicalize().is_ok_and(below) || (about.nlink() > 1 && has_link(path, place, DEPTH))
}

/// Returns `true` if a file in the folder, down to `depth` levels, is a hard link of `place`.
fn has_link(folder: &Path, place: &Path, depth: u32) -> bool {
    let mut entries = folder.read_dir().into_iter().flatten().flatten();
    entries.any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => depth > 0 && has_link(&entry.path(), place, depth - 1),
        Ok(_) => is_same(place, &entry.path()),
        Err(_) => false,
    })
}

/// Returns the path without links; of a missing file, that of its folder with its name.
fn real(path: &Path) -> Option<PathBuf> {
    let name = || Some(folder_of(path).canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(name)
}
