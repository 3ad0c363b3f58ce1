//! Atomic writing of regular files: a file has no name, or a temporary one, until it is complete.

use std::ffi::c_int;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::file::folder_of;

/// Whether an older file may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// An older regular file is replaced.
    Yes,
    /// An existing file is an error.
    No,
}

/// File that is being written, and gets its name only by [`Whole::commit`].
#[derive(Debug)]
pub struct Whole {
    file: File,
    /// Name of the unfinished file; `None` while the file has no name at all.
    temporary: Option<PathBuf>,
    target: PathBuf,
    replace: Replace,
}

impl Whole {
    /// Creates the unfinished file in the target's folder, which also checks the folder.
    ///
    /// # Errors
    ///
    /// Fails if the folder is missing or cannot be written, or if `target` exists and may
    /// not be replaced.
    pub fn create(target: &Path, replace: Replace) -> io::Result<Self> {
        match target.symlink_metadata() {
            Ok(_) if replace == Replace::No => return Err(exists()),
            Ok(about) if !about.is_file() => {
                let kind = crate::file::kind(&about);
                let message = format!("this is {kind}, not a regular file; choose another name");
                return Err(io::Error::new(ErrorKind::InvalidInput, message));
            }
            _ => {}
        }
        let (file, temporary) = match unnamed(folder_of(target)) {
            Some(file) => (file, None),
            None => named(target)?,
        };
        let whole = Self { file, temporary, target: target.to_owned(), replace };
        // The new file is as public or private as the older one.
        if let Ok(about) = target.metadata() {
            let _ = whole.file.set_permissions(about.permissions());
        }
        Ok(whole)
    }

    /// Gives the finished file its name, and returns it for appending.
    ///
    /// # Errors
    ///
    /// Fails if the operating system reports an error, or if a file has appeared that may not be
    /// replaced. The older file stays.
    pub fn commit(mut self) -> io::Result<File> {
        let file = self.file.try_clone()?;
        self.file.sync_all()?;
        if self.temporary.is_none() {
            let name = temporary_name(&self.target);
            begin(&name, || link(&self.file, &name))?;
            self.temporary = Some(name);
        }
        let Some(temporary) = self.temporary.as_deref() else { return Ok(file) };
        match self.replace {
            Replace::Yes => {
                fs::rename(temporary, &self.target)?;
                forget(temporary);
                self.temporary = None;
            }
            // Unlike renaming, linking never replaces a file. Dropping `self` removes the temporary
            // name.
            Replace::No => fs::hard_link(temporary, &self.target)
                .map_err(|error| if error.kind() == ErrorKind::AlreadyExists { exists() } else { error })?,
        }
        Ok(file)
    }
}

impl AsFd for Whole {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            let _ = fs::remove_file(&temporary);
            forget(&temporary);
        }
    }
}

fn exists() -> io::Error {
    io::Error::new(ErrorKind::AlreadyExists, "the file exists already")
}

/// Creates a file without a name, which vanishes with the process; `None` if the system cannot.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags, open};
    // `link` names the file through this folder.
    if !Path::new("/proc/self/fd").is_dir() {
        return None;
    }
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    open(folder, flags, Mode::from_raw_mode(0o666)).ok().map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path) -> Option<File> {
    None
}

/// Gives an unnamed file a name that does not exist yet.
#[cfg(target_os = "linux")]
fn link(file: &File, name: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, CWD, linkat};
    let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, descriptor, CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Creates a file under a temporary name; a signal that ends the program removes it.
fn named(target: &Path) -> io::Result<(File, Option<PathBuf>)> {
    let name = temporary_name(target);
    let file = begin(&name, || OpenOptions::new().write(true).create_new(true).open(&name))?;
    Ok((file, Some(name)))
}

/// Creates a file as on a system without unnamed files.
#[cfg(test)]
pub(super) fn tests_only_named(target: &Path, replace: Replace) -> Whole {
    let (file, temporary) = named(target).expect("the folder of a test can be written");
    Whole { file, temporary, target: target.to_owned(), replace }
}

/// Returns a hidden name beside the target that no other process or file uses.
fn temporary_name(target: &Path) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}-{count}.new", std::process::id()));
    folder_of(target).join(name)
}

/// Unfinished files that have a name.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
/// Signals that the program handles elsewhere.
static KEPT: Mutex<Vec<c_int>> = Mutex::new(Vec::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `create`, which makes the file `name`, and registers it for removal on a fatal signal.
fn begin<T>(name: &Path, create: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    watch_signals();
    // Locked until the file is registered, so that a signal in between cannot leave it behind.
    let mut unfinished = lock(&UNFINISHED);
    let created = create()?;
    unfinished.push(name.to_owned());
    Ok(created)
}

fn forget(name: &Path) {
    lock(&UNFINISHED).retain(|other| other != name);
}

/// Excludes signals that the program handles elsewhere, so that they do not end it here.
pub fn keep_signals(signals: &[c_int]) {
    lock(&KEPT).extend(signals);
}

/// Removes unfinished files when a signal ends the program.
///
/// If signals cannot be caught, their default action ends the program, and the files stay.
fn watch_signals() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let Ok(mut signals) = signal_hook::iterator::Signals::new(ending_signals()) else { return };
        let watch = move || {
            for signal in signals.forever() {
                if lock(&KEPT).contains(&signal) {
                    continue;
                }
                // Locked until the program has ended, so that no further file gets a name.
                let mut unfinished = lock(&UNFINISHED);
                for name in unfinished.drain(..) {
                    let _ = fs::remove_file(name);
                }
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        };
        let _ = std::thread::Builder::new().name("unfinished".to_owned()).spawn(watch);
    });
}

/// Returns the signals that end the program, except those ignored since its start (`nohup`).
fn ending_signals() -> Vec<c_int> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let ends = |signal: &c_int| ignored & (1 << (signal - 1)) == 0;
    [SIGINT, SIGTERM, SIGHUP].into_iter().filter(ends).collect()
}
