//! Kind of place that a path of the command line leads to.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::file::{self, LINKS_LIMIT, folder_of};

/// Place that an output path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The program's own standard output.
    Stdout,
    /// A pipe, a device or an open descriptor, which is written through.
    Through(PathBuf),
    /// A regular file, existing or not, after following links.
    File(PathBuf),
}

/// Returns the place that a path leads to.
///
/// Links are followed, so that the file behind a link is replaced and not the link.
///
/// # Errors
///
/// Fails if the path is a folder, if the folder of the file is missing, or if an existing file may
/// not be written.
pub fn place_of(path: &Path) -> io::Result<Destination> {
    let mut place = path.to_owned();
    for _ in 0..LINKS_LIMIT {
        if place == Path::new("/dev/stdout") {
            return Ok(Destination::Stdout);
        }
        // Links such as /dev/fd/3 stand for what the shell has opened, which renaming would miss.
        if place.starts_with("/dev") || place.starts_with("/proc") {
            return Ok(Destination::Through(place));
        }
        let about = match place.symlink_metadata() {
            Ok(about) => about,
            Err(error) if error.kind() == ErrorKind::NotFound => return missing(place),
            Err(error) => return Err(error),
        };
        if about.is_symlink() {
            place = folder_of(&place).join(place.read_link()?);
        } else if about.is_file() {
            // Renaming needs no right to write the file, and users protect files by taking it away.
            OpenOptions::new().write(true).open(&place)?;
            return Ok(Destination::File(place));
        } else if about.is_dir() {
            return Err(io::Error::new(ErrorKind::IsADirectory, "this is a folder, and a file is needed"));
        } else {
            return Ok(Destination::Through(place));
        }
    }
    Err(io::Error::other(format!("more than {LINKS_LIMIT} links lead to each other")))
}

/// Checks the folder of a file that is not there.
fn missing(place: PathBuf) -> io::Result<Destination> {
    if place.as_os_str().is_empty() || place.file_name().is_none() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "the path names no file"));
    }
    let folder = folder_of(&place);
    match folder.metadata() {
        Ok(about) if about.is_dir() => Ok(Destination::File(place)),
        Ok(about) => {
            let message = format!("{} is {}, not a folder", folder.display(), file::kind(&about));
            Err(io::Error::new(ErrorKind::NotADirectory, message))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = format!("there is no folder {}; make it first", folder.display());
            Err(io::Error::new(ErrorKind::NotFound, message))
        }
        Err(error) => Err(error),
    }
}
