//! Errors in recordings, each with file and byte offset.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Error that stops the reading of a recording.
#[derive(Debug, Error)]
pub struct RecordingError {
    /// Path of the file, where it is known.
    pub file: Option<PathBuf>,
    /// Byte offset of the problem, from 0.
    pub offset: u64,
    /// Problem found at this byte.
    #[source]
    pub problem: Problem,
}

impl RecordingError {
    pub(super) fn new(offset: u64, problem: Problem) -> Self {
        Self { file: None, offset, problem }
    }
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        match &self.problem {
            // No single byte of the file is the cause.
            Problem::Open(_) | Problem::Empty | Problem::Foreign { .. } | Problem::AllOutside { .. } => {
                write!(f, "{}", self.problem)
            }
            problem => write!(f, "byte {}: {problem}", self.offset),
        }
    }
}

/// Kind of error in a recording.
#[derive(Debug, Error)]
pub enum Problem {
    /// The file does not open.
    #[error("{0}")]
    Open(io::Error),
    /// The file stops being readable.
    #[error("cannot be read: {0}")]
    Read(io::Error),
    /// The file has no bytes.
    #[error("the file is empty; expected a recording: AEDAT 2.0, 3.1 or 4.0, or events as .npy")]
    Empty,
    /// The beginning of the file has no known format.
    #[error("the file begins with `{0}`; known are AEDAT 2.0, 3.1 and 4.0, and .npy")]
    Format(String),
    /// A format that is recognised but not read.
    #[error("the file is {name}; supported are AEDAT 2.0, 3.1 and 4.0, and events as .npy. Remedy: {remedy}")]
    Foreign {
        /// Name of the format, to follow "the file is".
        name: &'static str,
        /// Conversion to a format that is read.
        remedy: String,
    },
    /// The file has events, but none of them lies on the sensor.
    #[error("none of the {events} events lies on the sensor of {width} × {height} pixels: {why}")]
    AllOutside {
        /// Number of events in the file, or in the part that was read.
        events: u64,
        /// Columns of the sensor.
        width: u16,
        /// Rows of the sensor.
        height: u16,
        /// Likely cause and remedy.
        why: String,
    },
    /// The file ends too early.
    #[error("the file ends inside {what}: {needed} bytes are needed, {found} are left. Was it cut short?")]
    Truncated {
        /// Part of the file that is cut short.
        what: &'static str,
        /// Bytes that this takes.
        needed: u64,
        /// Bytes that are left.
        found: u64,
    },
    /// A part of the file is larger than this program reads into memory.
    #[error("{what} takes {found} bytes; at most {limit} are read")]
    TooLarge {
        /// Part of the file that is too large.
        what: &'static str,
        /// Bytes that the part states, or has so far.
        found: u64,
        /// Bytes that are the limit.
        limit: u64,
    },
    /// A value that makes no sense or that this program cannot use.
    #[error("{what} is {found}; expected {needed}")]
    Value {
        /// The value's name.
        what: &'static str,
        /// Value that was found.
        found: String,
        /// Description of the accepted values.
        needed: String,
    },
    /// A compressed packet that cannot be unpacked.
    #[error("a packet compressed as {how} cannot be unpacked: {why}")]
    Compression {
        /// LZ4 or Zstandard.
        how: &'static str,
        /// Message of the decompression library.
        why: String,
    },
    /// A FlatBuffers table that points outside of itself.
    #[error("the table `{table}` is corrupt: {what} lies outside of it")]
    Table {
        /// Name of the table.
        table: &'static str,
        /// Part of the table that lies outside of it.
        what: &'static str,
    },
}
