//! Writing of answers and files, for every subcommand.
//!
//! An answer goes to standard output or to a file that the command line names. A regular file
//! appears whole: it is written under a temporary name in its folder and renamed at the end, so a
//! killed program, a full disk or an error leaves the older file as it was. A pipe or a device is
//! written through. A file that the command reads is never written ([`Reads`]). The place is
//! checked when an [`Output`] is created, which is before the run.

mod journal;
mod place;
mod reads;
mod table;
mod whole;

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use journal::Journal;
pub use reads::Reads;
pub use table::table_row;
pub use whole::{Replace, Whole, keep_signals};

use crate::text::visible;
use place::{Destination, place_of};

/// Reason why an answer cannot be written.
#[derive(Debug, Error)]
pub enum OutputError {
    /// The operating system refuses the write.
    #[error("cannot write {place}: {source}")]
    Write {
        /// File, or words for standard output.
        place: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A file of earlier results cannot be read.
    #[error("cannot read {}: {source}", place.display())]
    Results {
        /// File or folder.
        place: PathBuf,
        /// Error of the operating system, or of the file's format.
        source: io::Error,
    },
    /// The command also reads the file, or already writes it.
    #[error(
        "cannot write {}: {} is the same file, {what}\nhelp: name another file", place.display(), path.display()
    )]
    Read {
        /// File to write.
        place: PathBuf,
        /// Role of the other file: `the scene that is read`.
        what: &'static str,
        /// Path by which the command knows the other file.
        path: PathBuf,
    },
}

impl OutputError {
    /// Returns `true` if the reader of a pipe has closed it (`spinntui … | head`).
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }

    fn new(path: &Path, source: io::Error) -> Self {
        Self::Write { place: path.display().to_string(), source }
    }
}

/// Destination of an answer.
#[derive(Debug)]
pub struct Output {
    sink: BufWriter<Sink>,
    path: Option<PathBuf>,
}

#[derive(Debug)]
enum Sink {
    Stdout(io::Stdout),
    /// A pipe, a device, or a descriptor that the shell has opened.
    Through(std::fs::File),
    Whole(Whole),
}

impl Output {
    /// Creates an output to standard output.
    pub fn stdout() -> Self {
        Self::new(Sink::Stdout(io::stdout()), None)
    }

    /// Opens the place that the command line names, or standard output for `None`.
    ///
    /// # Errors
    ///
    /// Fails if the folder is missing or cannot be written, if the path is a folder, or if the file
    /// is one of `reads`.
    pub fn create(path: Option<&Path>, reads: &Reads) -> Result<Self, OutputError> {
        let Some(path) = path else { return Ok(Self::stdout()) };
        reads.check(path)?;
        let fail = |source| OutputError::new(path, source);
        let sink = match place_of(path).map_err(fail)? {
            Destination::Stdout => Sink::Stdout(io::stdout()),
            Destination::Through(place) => {
                let append = place.is_file();
                Sink::Through(OpenOptions::new().write(true).append(append).open(&place).map_err(fail)?)
            }
            Destination::File(file) => Sink::Whole(Whole::create(&file, Replace::Yes).map_err(fail)?),
        };
        Ok(Self::new(sink, Some(path.to_owned())))
    }

    /// Opens a file that a scene names, never through a link.
    ///
    /// An older regular file is replaced only with `Replace::Yes`.
    ///
    /// # Errors
    ///
    /// Fails as [`Output::create`] does, and if the file exists and may not be replaced.
    pub fn named_by_scene(path: &Path, replace: Replace, reads: &Reads) -> Result<Self, OutputError> {
        reads.check(path)?;
        let whole = Whole::create(path, replace).map_err(|source| OutputError::new(path, source))?;
        Ok(Self::new(Sink::Whole(whole), Some(path.to_owned())))
    }

    /// Writes a whole file at once.
    ///
    /// # Errors
    ///
    /// Fails as [`Output::create`] and writing do.
    pub fn file(path: &Path, bytes: &[u8], reads: &Reads) -> Result<(), OutputError> {
        let mut file = Self::create(Some(path), reads)?;
        file.write_all(bytes).map_err(|source| file.error(source))?;
        file.finish()
    }

    fn new(sink: Sink, path: Option<PathBuf>) -> Self {
        Self { sink: BufWriter::new(sink), path }
    }

    /// Writes text for people: characters that would act on a terminal are shown as escapes.
    ///
    /// # Errors
    ///
    /// Fails if the operating system does.
    pub fn text(&mut self, text: &str) -> Result<(), OutputError> {
        self.data(&visible(text))
    }

    /// Writes text for programs (JSON, CSV, SVG) as it is.
    ///
    /// # Errors
    ///
    /// Fails if the operating system does.
    pub fn data(&mut self, text: &str) -> Result<(), OutputError> {
        self.sink.write_all(text.as_bytes()).map_err(|source| self.error(source))
    }

    /// Writes the text so far; a regular file still appears only at [`Output::finish`].
    ///
    /// # Errors
    ///
    /// Fails if the operating system does.
    pub fn flush_now(&mut self) -> Result<(), OutputError> {
        self.sink.flush().map_err(|source| self.error(source))
    }

    /// Ends the answer; a regular file appears now, in place of an older one.
    ///
    /// # Errors
    ///
    /// Fails if the operating system does; then the older file stays.
    pub fn finish(mut self) -> Result<(), OutputError> {
        self.flush_now()?;
        let Self { sink, path } = self;
        match sink.into_parts().0 {
            Sink::Whole(whole) => {
                let path = path.unwrap_or_default();
                whole.commit().map(drop).map_err(|source| OutputError::new(&path, source))
            }
            Sink::Stdout(_) | Sink::Through(_) => Ok(()),
        }
    }

    fn error(&self, source: io::Error) -> OutputError {
        let place =
            self.path.as_ref().map_or_else(|| "the answer".to_owned(), |path| path.display().to_string());
        OutputError::Write { place, source }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::Through(file) => file.write(bytes),
            Self::Whole(whole) => whole.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::Through(file) => file.flush(),
            Self::Whole(whole) => whole.flush(),
        }
    }
}

/// Writer that shows escapes, for text that is made piece by piece.
#[derive(Debug)]
pub struct Shown<W>(pub W);

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Formatting hands over whole strings, so no character is split here.
        self.0.write_all(visible(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes a line for people to standard error, escapes shown.
///
/// A closed terminal is not an error.
pub fn say(line: impl AsRef<str>) {
    let text: Cow<'_, str> = visible(line.as_ref());
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests;
