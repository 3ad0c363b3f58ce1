//! Recordings of event cameras as files, read a batch at a time.
//!
//! A recording may be larger than memory, cut short, or made to do harm. Readers hold one packet or
//! 64 KiB, whatever a file promises; what is wrong is an error with its byte, what data sets really
//! contain is counted ([`Warnings`]).

mod aedat2;
pub mod aedat31;
mod aedat4;
pub mod error;
mod foreign;
mod input;
mod npy;
mod stream;
pub mod warnings;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::event::{CameraEvent, DVS128, Sensor};
use crate::npy::MAGIC;
pub use error::{Problem, RecordingError};
pub use foreign::Foreign;
use input::{BUFFER, Input};
use spinnaker2_emulator::file;
pub use stream::BATCH;
use stream::Stream;
pub use warnings::{Tally, Warning, Warnings};

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Format {
    /// AEDAT 2.0, which jAER writes.
    #[serde(rename = "AEDAT 2.0")]
    Aedat2,
    /// cAER's; DVS128 Gesture's.
    #[serde(rename = "AEDAT 3.1")]
    Aedat31,
    /// AEDAT 4.0, which DV writes.
    #[serde(rename = "AEDAT 4.0")]
    Aedat4,
    /// NumPy array as written by tonic and aedat.
    #[serde(rename = "npy")]
    Npy,
}

impl Format {
    /// Returns the format of a file that begins with these bytes, whatever its name.
    pub fn detect(beginning: &[u8]) -> Option<Self> {
        let versions = [
            (aedat2::VERSION.as_bytes(), Self::Aedat2),
            (aedat31::VERSION.as_bytes(), Self::Aedat31),
            (aedat4::VERSION.as_bytes(), Self::Aedat4),
            (MAGIC.as_slice(), Self::Npy),
        ];
        versions.into_iter().find(|(version, _)| beginning.starts_with(version)).map(|(_, format)| format)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aedat2 => "AEDAT 2.0",
            Self::Aedat31 => "AEDAT 3.1",
            Self::Aedat4 => "AEDAT 4.0",
            Self::Npy => "npy",
        })
    }
}

/// Recording that is being read, from its first event to its last.
#[derive(Debug)]
pub struct Recording<R> {
    reader: Reader<R>,
    format: Format,
    file: Option<PathBuf>,
}

#[derive(Debug)]
enum Reader<R> {
    Aedat2(aedat2::Reader<R>),
    Aedat31(aedat31::Reader<R>),
    Aedat4(Box<aedat4::Reader<R>>),
    Npy(npy::Reader<R>),
}

impl Recording<File> {
    /// Opens a file of any known format. An `.npy` holds no size of the sensor; it is taken as 128
    /// × 128 pixels.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let named = |mut error: RecordingError| {
            error.file = Some(path.to_owned());
            error
        };
        let file = file::open(path).map_err(|error| named(RecordingError::new(0, Problem::Open(error))))?;
        let recording = Self::new(file, DVS128).map_err(named)?;
        Ok(Self { file: Some(path.to_owned()), ..recording })
    }
}

impl<R: Read> Recording<R> {
    /// Reads from any source. The sensor counts for formats that do not say theirs: `.npy`.
    pub fn new(source: R, npy_sensor: Sensor) -> Result<Self, RecordingError> {
        let mut input = Input::new(source);
        let beginning = input.peek(aedat4::VERSION.len())?;
        if beginning.is_empty() {
            return Err(input.error(Problem::Empty));
        }
        let Some(format) = Format::detect(beginning) else {
            let beginning = input.peek(BUFFER)?;
            let shown = beginning.get(..16.min(beginning.len())).unwrap_or_default();
            let problem = match Foreign::of(beginning) {
                Some(foreign) => Problem::Foreign { name: foreign.name, remedy: foreign.remedy() },
                None => Problem::Format(shown.escape_ascii().to_string()),
            };
            return Err(input.error(problem));
        };
        let reader = match format {
            Format::Aedat2 => Reader::Aedat2(aedat2::Reader::new(input)?),
            Format::Aedat31 => Reader::Aedat31(aedat31::Reader::new(input)?),
            Format::Aedat4 => Reader::Aedat4(Box::new(aedat4::Reader::new(input)?)),
            Format::Npy => Reader::Npy(npy::Reader::new(input, npy_sensor)?),
        };
        Ok(Self { reader, format, file: None })
    }

    /// Replaces what the vector holds by the next events in the file's order, at most
    /// [`BATCH`]; false at the end. At the end, a file with events of which none lies on the
    /// sensor is an error.
    ///
    /// After an error it holds the events before the faulty byte that had not been handed out.
    pub fn next_batch(&mut self, events: &mut Vec<CameraEvent>) -> Result<bool, RecordingError> {
        events.clear();
        let more = match &mut self.reader {
            Reader::Aedat2(reader) => reader.next_batch(events),
            Reader::Aedat31(reader) => reader.next_batch(events),
            Reader::Aedat4(reader) => reader.next_batch(events),
            Reader::Npy(reader) => reader.next_batch(events),
        };
        let named = |error| RecordingError { file: self.file.clone(), ..error };
        match more {
            Ok(false) => self.stream().check_any().map(|()| false).map_err(named),
            more => more.map_err(named),
        }
    }

    /// Returns the format of the recording.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Returns the size of the camera's sensor; every event lies within it.
    pub fn sensor(&self) -> Sensor {
        self.stream().sensor
    }

    /// Returns the oddities found so far.
    pub fn warnings(&self) -> &Warnings {
        &self.stream().warnings
    }

    fn stream(&self) -> &Stream {
        match &self.reader {
            Reader::Aedat2(reader) => reader.stream(),
            Reader::Aedat31(reader) => reader.stream(),
            Reader::Aedat4(reader) => reader.stream(),
            Reader::Npy(reader) => reader.stream(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_content() {
        assert_eq!(Format::detect(b"#!AER-DAT3.1\r\n"), Some(Format::Aedat31));
        assert_eq!(Format::detect(b"#!AER-DAT2.0\n"), Some(Format::Aedat2));
        assert_eq!(Format::detect(b"#!AER-DAT1.0\n"), None);
        let said = |bytes: &[u8]| Recording::new(bytes, DVS128).unwrap_err().to_string();
        assert!(said(b"").contains("the file is empty"));
        assert!(said(b"\x00PK hello").contains("byte 0: the file begins with `\\x00PK hello"));
        let missing = Recording::open(Path::new("no/such.aedat")).unwrap_err().to_string();
        assert!(missing.starts_with("no/such.aedat: "), "{missing}");
    }

    #[test]
    fn what_is_written_is_read_across_batches_and_packets() {
        let event = |i: u32| CameraEvent {
            t: i64::from(i) * 300_000,
            x: (i % 128) as u16,
            y: (i / 128 % 128) as u16,
            on: i.is_multiple_of(3),
        };
        let events: Vec<CameraEvent> = (0..20_000).map(event).collect();
        let mut writer = aedat31::Writer::new(Vec::new(), DVS128).unwrap();
        writer.write(&events).unwrap();
        let bytes = writer.finish().unwrap();
        let mut recording = Recording::new(bytes.as_slice(), DVS128).unwrap();
        let (mut batch, mut read) = (Vec::new(), Vec::new());
        while recording.next_batch(&mut batch).unwrap() {
            assert!(batch.len() <= BATCH);
            read.extend_from_slice(&batch);
        }
        assert_eq!(read, events);
        assert_eq!(recording.warnings().iter().count(), 0);
    }
}
