//! Labelled recordings of N-MNIST: 5 bytes an event, a file a recording.

use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use thiserror::Error;

use super::lists::SpikeList;
use super::options::Part;
use crate::file;

/// Ticks of a recording: N-MNIST's longest ends at 336 ms.
pub const TICKS: u32 = 340;
/// Columns and rows of the sensor's picture.
pub const SIDE: u32 = 34;
/// Neurons of the input: polarity, row, column.
pub const NEURONS: usize = 2 * (SIDE * SIDE) as usize;
/// Bytes of an event.
const EVENT: usize = 5;
/// Largest recording, or list of labels, that is read, bytes.
const BYTES_LIMIT: u64 = 64 << 20;
/// Largest number of recordings taken from `labels.tsv`, and of entries read of a class's folder.
const RECORDINGS: usize = 1 << 20;
/// Name of the list of labels.
const LABELS: &str = "labels.tsv";

/// Recording with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// File of the recording.
    pub path: PathBuf,
    /// Class of the recording, from 0.
    pub label: u32,
}

/// Reason for which recordings cannot be read.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// A file or folder is missing or unreadable.
    #[error("{}: {source}", path.display())]
    File {
        /// File or folder.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A line of the labels has another form.
    #[error("{}, line {line}: `{found}`; expected a file and a class from 0 to 9, with a tab between", path.display())]
    Label {
        /// List of labels.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Text of the line.
        found: String,
    },
    /// The folder has no recordings of the requested part.
    #[error(
        "{}: no recordings of this part; expected {LABELS} with folders test and train, or folders Test and Train \
         with a folder for each class", path.display()
    )]
    None {
        /// Folder without recordings.
        path: PathBuf,
    },
    /// A file of another length.
    #[error(
        "{}: {bytes} bytes is not a multiple of 5, the size of an event; was the file cut short?",
        path.display()
    )]
    Length {
        /// File of the recording.
        path: PathBuf,
        /// Length of the file, in bytes.
        bytes: usize,
    },
    /// An event outside of the picture.
    #[error("{}: event {number} is at column {x}, row {y}; the picture has 34 × 34", path.display())]
    Place {
        /// File of the recording.
        path: PathBuf,
        /// Event, from 0.
        number: usize,
        /// Column of the event, from the left.
        x: u8,
        /// Row of the event, from the top.
        y: u8,
    },
}

/// Lists the recordings of a folder, in the order of their files.
///
/// # Errors
///
/// Fails if there are none of this part, or a list of labels is damaged.
pub fn list(folder: &Path, part: Part) -> Result<Vec<Recording>, RecordingError> {
    let labels = folder.join(LABELS);
    let all = if labels.is_file() { labelled(folder, &labels, part)? } else { by_class(folder, part)? };
    if all.is_empty() { Err(RecordingError::None { path: folder.to_owned() }) } else { Ok(all) }
}

/// Reads `labels.tsv`: a file relative to the folder and a class a line.
fn labelled(folder: &Path, labels: &Path, part: Part) -> Result<Vec<Recording>, RecordingError> {
    let failed = |source| RecordingError::File { path: labels.to_owned(), source };
    let text = file::read(labels, BYTES_LIMIT).map_err(failed)?;
    let text = String::from_utf8_lossy(&text);
    let mut parts = [Vec::new(), Vec::new()];
    for (number, line) in text.lines().enumerate() {
        let header = number == 0 && line.starts_with("file");
        if header || line.trim().is_empty() {
            continue;
        }
        let entry = line.split_once('\t').and_then(|(file, label)| Some((file, label.trim().parse().ok()?)));
        let Some((file, label)) = entry.filter(|(_, label)| *label < 10) else {
            let found = line.chars().take(60).collect();
            return Err(RecordingError::Label { path: labels.to_owned(), line: number + 1, found });
        };
        let test = file.starts_with("test");
        if parts[0].len() + parts[1].len() < RECORDINGS {
            parts[usize::from(!test)].push(Recording { path: folder.join(file), label });
        }
    }
    let [test, train] = parts;
    Ok(match part {
        Part::Test => test,
        Part::Train => train,
        Part::All => test.into_iter().chain(train).collect(),
    })
}

/// Lists folders `Test` and `Train` with a folder a class.
fn by_class(folder: &Path, part: Part) -> Result<Vec<Recording>, RecordingError> {
    let names: &[&str] = match part {
        Part::Test => &["Test"],
        Part::Train => &["Train"],
        Part::All => &["Test", "Train"],
    };
    let mut all = Vec::new();
    for name in names {
        for label in 0..10 {
            let class = folder.join(name).join(label.to_string());
            if !class.is_dir() {
                continue;
            }
            let failed = |source| RecordingError::File { path: class.clone(), source };
            let mut files = Vec::new();
            for entry in std::fs::read_dir(&class).map_err(failed)?.take(RECORDINGS) {
                let path = entry.map_err(failed)?.path();
                if path.extension().is_some_and(|ending| ending == "bin" || ending == "bs2") {
                    files.push(path);
                }
            }
            files.sort();
            all.extend(files.into_iter().map(|path| Recording { path, label }));
        }
    }
    Ok(all)
}

/// Returns at most `most` recordings, of each class in turn.
pub fn first_of_each(recordings: Vec<Recording>, most: usize) -> Vec<Recording> {
    let mut seen = [0_usize; 10];
    let mut ranked: Vec<_> = recordings
        .into_iter()
        .map(|recording| {
            let rank = &mut seen[recording.label as usize % 10];
            *rank += 1;
            (*rank, recording)
        })
        .collect();
    ranked.sort_by_key(|(rank, recording)| (*rank, recording.label));
    ranked.truncate(most);
    ranked.into_iter().map(|(_, recording)| recording).collect()
}

/// Reads all recordings, so that a damaged one is refused before the first runs.
///
/// # Errors
///
/// Fails with the first recording that [`read`] refuses.
pub fn check(recordings: &[Recording]) -> Result<(), RecordingError> {
    recordings.par_iter().find_map_first(|recording| bytes(&recording.path).err()).map_or(Ok(()), Err)
}

/// Reads the bytes of a recording, whole events inside of the picture.
fn bytes(path: &Path) -> Result<Vec<u8>, RecordingError> {
    let bytes = file::read(path, BYTES_LIMIT)
        .map_err(|source| RecordingError::File { path: path.to_owned(), source })?;
    if !bytes.len().is_multiple_of(EVENT) {
        return Err(RecordingError::Length { path: path.to_owned(), bytes: bytes.len() });
    }
    for (number, event) in bytes.chunks_exact(EVENT).enumerate() {
        let (x, y) = (event[0], event[1]);
        if u32::from(x) >= SIDE || u32::from(y) >= SIDE {
            return Err(RecordingError::Place { path: path.to_owned(), number, x, y });
        }
    }
    Ok(bytes)
}

/// Reads a recording as spikes in ticks of `bin_us`: neuron (polarity · 34 + row) · 34 + column.
///
/// # Errors
///
/// Fails if the file is cut off or an event lies outside of the picture.
pub fn read(path: &Path, bin_us: u32) -> Result<SpikeList, RecordingError> {
    let bytes = bytes(path)?;
    let mut pairs = Vec::with_capacity(bytes.len() / EVENT);
    for event in bytes.chunks_exact(EVENT) {
        let (x, y) = (event[0], event[1]);
        // Big endian: a bit of polarity, then 23 bits of time in µs.
        let rest = u32::from(event[2]) << 16 | u32::from(event[3]) << 8 | u32::from(event[4]);
        let (polarity, time) = (rest >> 23, rest & 0x7f_ffff);
        pairs.push((time / bin_us.max(1), (polarity * SIDE + u32::from(y)) * SIDE + u32::from(x)));
    }
    Ok(SpikeList::new(pairs))
}
