//! Where answers go: standard output or a file, written whole, and a closed pipe is no accident.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// An answer could not be written.
#[derive(Debug, Error)]
#[error("cannot write {place}: {source}")]
pub struct OutputError {
    /// Where to.
    place: String,
    /// Why not.
    source: io::Error,
}

impl OutputError {
    /// Whoever read the answer has heard enough (`spinntui … | head`).
    pub fn is_broken_pipe(&self) -> bool {
        self.source.kind() == io::ErrorKind::BrokenPipe
    }
}

/// A place to write to.
pub struct Output {
    writer: BufWriter<Box<dyn Write>>,
    path: Option<PathBuf>,
}

impl Output {
    /// Standard output.
    pub fn stdout() -> Self {
        Self { writer: BufWriter::new(Box::new(io::stdout())), path: None }
    }

    /// A file, made anew; standard output for none.
    pub fn create(path: Option<&Path>) -> Result<Self, OutputError> {
        let Some(path) = path else { return Ok(Self::stdout()) };
        let file =
            File::create(path).map_err(|source| OutputError { place: path.display().to_string(), source })?;
        Ok(Self { writer: BufWriter::new(Box::new(file)), path: Some(path.to_owned()) })
    }

    /// Writes a file, whole.
    pub fn file(path: &Path, text: &str) -> Result<(), OutputError> {
        let mut file = Self::create(Some(path))?;
        file.text(text)?;
        file.finish()
    }

    /// Writes text.
    pub fn text(&mut self, text: &str) -> Result<(), OutputError> {
        self.writer.write_all(text.as_bytes()).map_err(|source| self.error(source))
    }

    /// Hands over what is written so far.
    pub fn flush_now(&mut self) -> Result<(), OutputError> {
        self.writer.flush().map_err(|source| self.error(source))
    }

    /// Ends the answer.
    pub fn finish(mut self) -> Result<(), OutputError> {
        self.flush_now()
    }

    fn error(&self, source: io::Error) -> OutputError {
        let place =
            self.path.as_ref().map_or_else(|| "the answer".to_owned(), |path| path.display().to_string());
        OutputError { place, source }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
