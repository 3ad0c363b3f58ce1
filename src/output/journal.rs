//! Files that grow by whole lines while the program runs, one program a file.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::place::{Destination, place_of};
use super::{OutputError, Reads, Replace, Whole};

/// Number of attempts to begin a journal while other programs begin one in the same file.
const TRIES: u32 = 20;

/// File that grows by whole lines.
///
/// It holds its first line as soon as it has its name, and a lock keeps other programs from
/// recording into it.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// Bytes of complete lines; `None` for a pipe or a device, which cannot be cut.
    complete: Option<u64>,
}

impl Journal {
    /// Begins a journal with a first line, in place of an older file.
    ///
    /// # Errors
    ///
    /// Fails as [`super::Output::create`] does, and if another program is recording into the file.
    pub fn create(path: &Path, first: &str, reads: &Reads) -> Result<Self, OutputError> {
        reads.check(path)?;
        Self::begin(path, first).map_err(|source| OutputError::new(path, source))
    }

    fn begin(path: &Path, first: &str) -> io::Result<Self> {
        let target = match place_of(path)? {
            Destination::File(target) => target,
            Destination::Through(place) => return Self::through(&place, first),
            Destination::Stdout => return Self::through(Path::new("/dev/stdout"), first),
        };
        for _ in 0..TRIES {
            // Locked until the new file is in its place.
            let (replace, _lock) = match older(&target)? {
                Older::Nothing => (Replace::No, None),
                Older::Locked(file) => (Replace::Yes, Some(file)),
                Older::Replaced => continue,
            };
            let mut whole = match Whole::create(&target, replace) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                other => other?,
            };
            lock(&whole)?;
            writeln!(whole, "{first}")?;
            match whole.commit() {
                Ok(file) => return Ok(Self { file, complete: Some(first.len() as u64 + 1) }),
                // Another program was faster, and holds the lock now.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(busy())
    }

    /// Opens a journal for more lines, or starts an empty one. An incomplete last line of a killed
    /// program is cut off.
    ///
    /// # Errors
    ///
    /// Fails as [`super::Output::create`] does, and if another program is writing the file.
    pub fn append(path: &Path, reads: &Reads) -> Result<Self, OutputError> {
        reads.check(path)?;
        Self::resume(path).map_err(|source| OutputError::new(path, source))
    }

    fn resume(path: &Path) -> io::Result<Self> {
        let Destination::File(target) = place_of(path)? else {
            return Err(io::Error::new(ErrorKind::InvalidInput, "lines are added to regular files only"));
        };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&target)?;
        lock(&file)?;
        let complete = complete_bytes(&mut file)?;
        if complete < file.metadata()?.len() {
            file.set_len(complete)?;
        }
        Ok(Self { file, complete: Some(complete) })
    }

    fn through(place: &Path, first: &str) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).append(place.is_file()).open(place)?;
        let mut journal = Self { file, complete: None };
        journal.line(first)?;
        Ok(journal)
    }

    /// Appends a line.
    ///
    /// # Errors
    ///
    /// Fails if the operating system does, a full disk above all; then no part of the line stays.
    pub fn line(&mut self, line: &str) -> io::Result<()> {
        let bytes = format!("{line}\n");
        let written = self.file.write_all(bytes.as_bytes());
        if let Some(complete) = &mut self.complete {
            match written {
                Ok(()) => *complete += bytes.len() as u64,
                // What was written of the line is of no use.
                Err(_) => self.file.set_len(*complete).unwrap_or_default(),
            }
        }
        written
    }
}

/// Returns the bytes of a file up to the end of its last complete line.
fn complete_bytes(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut block = vec![0; 1 << 16];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let bytes = &mut block[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(bytes)?;
        if let Some(at) = bytes.iter().rposition(|&byte| byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// File found at the path of a new journal.
enum Older {
    /// No file exists yet.
    Nothing,
    /// An older file, locked.
    Locked(File),
    /// The file was replaced while it was being locked: look again.
    Replaced,
}

/// Locks the older file at the path of a journal, if there is one.
fn older(target: &Path) -> io::Result<Older> {
    let file = match OpenOptions::new().write(true).open(target) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Older::Nothing),
        Err(error) => return Err(error),
    };
    lock(&file)?;
    let (locked, named) = (file.metadata()?, target.metadata());
    let same = named.is_ok_and(|named| (named.dev(), named.ino()) == (locked.dev(), locked.ino()));
    Ok(if same { Older::Locked(file) } else { Older::Replaced })
}

/// Locks a file until it is closed.
fn lock(file: impl AsFd) -> io::Result<()> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => Err(busy()),
        // Some network file systems have no locks.
        _ => Ok(()),
    }
}

fn busy() -> io::Error {
    io::Error::new(ErrorKind::ResourceBusy, "another spinntui is writing this file")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_journal_is_there_from_its_first_line_on_and_belongs_to_one_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.ron");
        fs::write(&path, "older").unwrap();
        let begin = || Journal::create(&path, "first", &Reads::default());
        let mut journal = begin().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first\n");
        journal.line("second").unwrap();
        let error = begin().unwrap_err().to_string();
        assert!(error.contains("another spinntui is writing"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "first\nsecond\n");
        drop(journal);
        drop(begin().unwrap());
        fs::remove_file(&path).unwrap();
        let _journal = begin().unwrap();
        begin().unwrap_err();
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn more_lines_follow_the_last_complete_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        for (before, after) in
            [("", "more\n"), ("cut", "more\n"), ("whole\n", "whole\nmore\n"), ("a\nb\ncut", "a\nb\nmore\n")]
        {
            fs::write(&path, before).unwrap();
            let mut journal = Journal::append(&path, &Reads::default()).unwrap();
            assert!(Journal::append(&path, &Reads::default()).is_err(), "two programs write one file");
            journal.line("more").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        }
        // A cut line that is longer than a block.
        fs::write(&path, format!("whole\n{}", "x".repeat(200_000))).unwrap();
        drop(Journal::append(&path, &Reads::default()).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole\n");
        fs::remove_file(&path).unwrap();
        Journal::append(&path, &Reads::default()).unwrap().line("first").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first\n");
        Journal::append(folder.path(), &Reads::default()).unwrap_err();
        Journal::append(Path::new("/dev/null"), &Reads::default()).unwrap_err();
    }

    #[test]
    fn a_full_device_is_an_error_at_once() {
        if Path::new("/dev/full").exists() {
            Journal::create(Path::new("/dev/full"), "first", &Reads::default()).unwrap_err();
        }
    }
}
