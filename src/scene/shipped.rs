//! The small set that every build carries within: scenes that run anywhere, their models
//! and their text.
//!
//! If no data folder has them, they are unpacked, once, into the cache folder
//! (`$XDG_CACHE_HOME/spinntui/VERSION-HASH/`; where that cannot be written, into a private folder
//! among the temporary files). A folder that belongs to another user, or that others can write, is
//! not used: they could choose the scenes. Files that exist are never overwritten: the user may
//! have changed them.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use etcetera::BaseStrategy;
use xxhash_rust::xxh3::Xxh3;

use crate::output::{Replace, Whole};

/// Lists a file of the package with its bytes.
macro_rules! files {
    ($($path:literal),* $(,)?) => {
        /// The files, by their paths in the repository.
        pub const FILES: &[(&str, &[u8])] =
            &[$(($path, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)))),*];
    };
}

files![
    "assets/spikes/regular.csv",
    "assets/tensor/waves.npy",
    "assets/text/spinnaker2.txt",
    "models/egru-lm-small/README.md",
    "models/egru-lm-small/card.ron",
    "models/egru-lm-small/model.safetensors",
    "models/egru-lm-small/vocab.txt",
    "models/egru-lm-tiny/README.md",
    "models/egru-lm-tiny/card.ron",
    "models/egru-lm-tiny/model.safetensors",
    "models/egru-lm-tiny/vocab.txt",
    "models/lif/README.md",
    "models/lif/network.ron",
    "scenes/debug/corrupt.ron",
    "scenes/debug/slow.ron",
    "scenes/assignments/faster.ron",
    "scenes/assignments/fewer-pes.ron",
    "scenes/lessons/a-bit-flips.ron",
    "scenes/lessons/a-neuron-that-spikes.ron",
    "scenes/lessons/another-kernel.ron",
    "scenes/lessons/does-a-spike-save-energy.ron",
    "scenes/lessons/silence-is-cheap.ron",
    "scenes/lessons/the-egru-cell.ron",
    "scenes/lessons/the-event-camera.ron",
    "scenes/lessons/what-is-a-pe.ron",
    "scenes/lessons/where-a-neuron-lives.ron",
    "scenes/lessons/who-waits-for-whom.ron",
    "scenes/lif.ron",
    "scenes/lm_small.ron",
    "scenes/single_pe.ron",
    "scenes/sweeps/flips.ron",
    "scenes/sweeps/links.ron",
    "scenes/sweeps/tiny.ron",
    "scenes/tensor.ron",
];

/// Folder of the unpacked files, once it exists, and the notice about it.
static UNPACKED: OnceLock<Option<PathBuf>> = OnceLock::new();
static NEWS: Mutex<Option<String>> = Mutex::new(None);

/// Returns `true` if the package has this file, or files in this folder.
pub fn has(path: &Path) -> bool {
    FILES.iter().any(|(name, _)| Path::new(name).starts_with(path))
}

/// Returns the folder of the files, and unpacks them if necessary; `None` where nothing
/// can be written.
pub fn folder() -> Option<&'static Path> {
    UNPACKED.get_or_init(unpack).as_deref()
}

/// Takes the notice of what was unpacked, for a caller that can show it without disturbing a
/// screen; returned once.
pub fn take_news() -> Option<String> {
    NEWS.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Returns the folders in which files would be unpacked, in order.
pub fn places() -> Vec<PathBuf> {
    let name = format!("{}-{:016x}", env!("CARGO_PKG_VERSION"), hash());
    let cache = etcetera::base_strategy::Xdg::new().map(|xdg| xdg.cache_dir().join("spinntui").join(&name));
    let user = rustix::process::geteuid().as_raw();
    cache.ok().into_iter().chain([std::env::temp_dir().join(format!("spinntui-{user}-{name}"))]).collect()
}

/// Returns a hash of the files, so that another build with other files gets another folder.
fn hash() -> u64 {
    let mut hash = Xxh3::new();
    for (path, bytes) in FILES {
        hash.update(path.as_bytes());
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    hash.digest()
}

fn unpack() -> Option<PathBuf> {
    let mut failed = Vec::new();
    for folder in places() {
        match unpack_into(&folder) {
            Ok(written) => {
                if written > 0 || !failed.is_empty() {
                    say(format!(
                        "note: spinntui's own small scenes and models are in {}{}",
                        folder.display(),
                        failed.concat()
                    ));
                }
                return Some(folder);
            }
            Err(error) => failed.push(format!(" ({} cannot be used: {error})", folder.display())),
        }
    }
    say(format!("warning: spinntui's own small scenes cannot be unpacked{}", failed.concat()));
    None
}

fn say(news: String) {
    *NEWS.lock().unwrap_or_else(PoisonError::into_inner) = Some(news);
}

/// Checks that a folder is the user's own, and that no other user can write in it.
fn private(folder: &Path) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // About the folder itself: a link may lead anywhere.
    let about = folder.symlink_metadata()?;
    let refuse = |why: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if !about.is_dir() {
        return refuse("it is not a folder");
    }
    if about.uid() != rustix::process::geteuid().as_raw() {
        return refuse("it belongs to another user");
    }
    if about.mode() & 0o022 != 0 {
        return refuse("other users can write in it");
    }
    Ok(())
}

/// Writes the files that are missing in a folder, and returns their number.
fn unpack_into(folder: &Path) -> io::Result<usize> {
    private(folder)?;
    let mut written = 0;
    for (name, bytes) in FILES {
        let path = folder.join(name);
        if path.symlink_metadata().is_ok() {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        place(&path, bytes)?;
        written += 1;
    }
    Ok(written)
}

/// Writes a file whole or not at all: another process may look for the file at this very moment, or
/// be writing it, too.
fn place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = Whole::create(path, Replace::Yes)?;
    file.write_all(bytes)?;
    file.commit().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_already_stays_and_what_is_missing_comes() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("scenes/lm_small.ron");
        fs::create_dir_all(own.parent().unwrap()).unwrap();
        fs::write(&own, "mine").unwrap();
        assert_eq!(unpack_into(folder.path()).unwrap(), FILES.len() - 1);
        assert_eq!(fs::read_to_string(&own).unwrap(), "mine");
        for (name, bytes) in FILES.iter().filter(|(name, _)| *name != "scenes/lm_small.ron") {
            assert_eq!(&fs::read(folder.path().join(name)).unwrap(), bytes, "{name}");
        }
        assert_eq!(unpack_into(folder.path()).unwrap(), 0);
        let left = fs::read_dir(folder.path().join("scenes")).unwrap().flatten();
        assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().ends_with(".new")));
    }

    #[test]
    fn a_folder_that_is_a_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(unpack_into(&file).is_err());
    }

    #[test]
    fn a_folder_that_others_chose_or_can_write_is_not_used() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        unpack_into(&at("own")).unwrap();
        assert_eq!(at("own").metadata().unwrap().mode() & 0o777, 0o700);
        symlink("own", at("link")).unwrap();
        assert!(unpack_into(&at("link")).unwrap_err().to_string().contains("not a folder"));
        fs::create_dir(at("open")).unwrap();
        fs::set_permissions(at("open"), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(unpack_into(&at("open")).unwrap_err().to_string().contains("other users"));
        assert_eq!(at("open").read_dir().unwrap().count(), 0);
        fs::create_dir(at("foreign")).unwrap();
        // Only root can give a folder away.
        if std::os::unix::fs::chown(at("foreign"), Some(12345), None).is_ok() {
            assert!(unpack_into(&at("foreign")).unwrap_err().to_string().contains("another user"));
        }
    }

    #[test]
    fn the_set_is_whole_and_small() {
        assert!(has(Path::new("models/egru-lm-small")) && !has(Path::new("models/egru-lm-wikitext2")));
        assert!(FILES.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() < 1 << 20);
    }
}
