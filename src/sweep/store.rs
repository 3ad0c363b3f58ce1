//! Files of results: a folder of `*.ndjson` files that grow by whole lines, one file a shard.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::line::Line;
use super::list::Key;
use crate::file;
use crate::output::{Journal, OutputError, Reads};

/// Longest line that is read, bytes.
const MAX_LINE: u64 = 1 << 20;

/// Share of a plan's points: those whose number, divided by `count`, leaves `number`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Number of the shard, from 0 to `count` − 1.
    pub number: u64,
    /// Count of shards.
    pub count: u64,
}

impl Default for Shard {
    fn default() -> Self {
        Self { number: 0, count: 1 }
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(m, n)| Some((m.parse().ok()?, n.parse().ok()?)));
        match numbers {
            Some((number, count)) if number < count => Ok(Self { number, count }),
            _ => {
                Err(format!("invalid shard `{text}`: expected m/n with m from 0 to n − 1, for example 3/64"))
            }
        }
    }
}

impl Shard {
    /// Returns `true` if the point with this number belongs to the shard.
    pub fn has(self, number: u64) -> bool {
        number % self.count == self.number
    }

    /// Returns the count of points of the shard, of `all`.
    pub fn of(self, all: u64) -> u64 {
        all.saturating_sub(self.number).div_ceil(self.count)
    }

    /// Returns the file of the shard's lines.
    pub fn file(self, folder: &Path) -> PathBuf {
        folder.join(format!("points-{}-of-{}.ndjson", self.number, self.count))
    }
}

/// Place of a line in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    file: usize,
    offset: u64,
    /// Whether the point failed for a reason that is not the chip's.
    pub failed: bool,
}

/// Lines of a folder, by key.
#[derive(Debug, Default)]
pub struct Found {
    files: Vec<PathBuf>,
    lines: HashMap<Key, At>,
    /// Count of complete lines that are no lines of results.
    pub damaged: u64,
}

impl Found {
    /// Reads the lines of all files of a folder that have the fields that a plan keeps. A missing
    /// folder has none.
    ///
    /// Of several lines with one key, one that did not fail counts before one that did, and a later
    /// one before an earlier one.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read.
    pub fn read(folder: &Path, keep: &[String]) -> Result<Self, OutputError> {
        let files = files(folder).map_err(|source| error(folder, source))?;
        let mut found = Self { files, ..Self::default() };
        for number in 0..found.files.len() {
            found.read_file(number, keep).map_err(|source| error(&found.files[number], source))?;
        }
        Ok(found)
    }

    fn read_file(&mut self, number: usize, keep: &[String]) -> io::Result<()> {
        let mut reader = BufReader::new(file::open(&self.files[number])?);
        let mut bytes = Vec::new();
        let mut offset = 0;
        loop {
            bytes.clear();
            let length = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes)? as u64;
            if length == 0 {
                return Ok(());
            }
            let line = serde_json::from_slice::<Line>(&bytes).ok().filter(|_| bytes.ends_with(b"\n"));
            match line.and_then(|line| Some((line.key()?, line))) {
                Some((key, line)) if line.is_complete(keep) => {
                    let at = At { file: number, offset, failed: line.outcome.is_failure() };
                    let known = self.lines.get(&key);
                    if known.is_none_or(|known| known.failed || !at.failed) {
                        self.lines.insert(key, at);
                    }
                }
                Some(_) => {}
                // Bytes after the last line are being written, or was when its program was
                // killed.
                None if length < MAX_LINE && !bytes.ends_with(b"\n") => {}
                None => self.damaged += 1,
            }
            offset += length;
        }
    }

    /// Returns the place of the line with a key.
    pub fn get(&self, key: Key) -> Option<At> {
        self.lines.get(&key).copied()
    }

    /// Returns the places of all lines, one a key, by file and place.
    pub fn all(&self) -> Vec<At> {
        let mut all: Vec<At> = self.lines.values().copied().collect();
        all.sort_by_key(|at| (at.file, at.offset));
        all
    }

    /// Returns a reader of lines by their place.
    pub fn reader(&self) -> Lines<'_> {
        Lines { found: self, open: self.files.iter().map(|_| None).collect() }
    }
}

/// Reader of lines by their place, with the files that it has opened.
#[derive(Debug)]
pub struct Lines<'f> {
    found: &'f Found,
    open: Vec<Option<BufReader<File>>>,
}

impl Lines<'_> {
    /// Reads the line at a place.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, or has changed meanwhile.
    pub fn read(&mut self, at: At) -> Result<Line, OutputError> {
        let path = &self.found.files[at.file];
        self.line(at).map_err(|source| error(path, source))
    }

    fn line(&mut self, at: At) -> io::Result<Line> {
        let open = &mut self.open[at.file];
        if open.is_none() {
            *open = Some(BufReader::new(file::open(&self.found.files[at.file])?));
        }
        let Some(reader) = open else { return Err(ErrorKind::NotFound.into()) };
        // Lines are read in the order of the list, and mostly written in it: the buffer serves
        // several.
        let here = reader.stream_position()?;
        match i64::try_from(i128::from(at.offset) - i128::from(here)) {
            Ok(ahead) => reader.seek_relative(ahead)?,
            Err(_) => drop(reader.seek(SeekFrom::Start(at.offset))?),
        }
        let mut bytes = Vec::new();
        reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

fn error(path: &Path, source: io::Error) -> OutputError {
    OutputError::Results { place: path.to_owned(), source }
}

/// Returns the files of lines in a folder, by name.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match folder.read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "ndjson") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Opens the file of a shard for appending, in a folder that is created if necessary.
///
/// # Errors
///
/// Fails if the folder cannot be made or written, and if another program is writing the file.
pub fn append(folder: &Path, shard: Shard, reads: &Reads) -> Result<Journal, OutputError> {
    std::fs::create_dir_all(folder)
        .map_err(|source| OutputError::Write { place: folder.display().to_string(), source })?;
    Journal::append(&shard.file(folder), reads)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Map;

    use super::*;
    use crate::sweep::line::{Outcome, VERSION};

    fn line(key: u128, outcome: Outcome, kept: &[&str]) -> Line {
        Line {
            version: VERSION,
            point: 0,
            key: Key(key).to_string(),
            values: Map::new(),
            scene: String::new(),
            set: Vec::new(),
            outcome,
            why: None,
            steps: (!outcome.is_failure()).then_some(3),
            output_hash: None,
            report: kept.iter().map(|field| ((*field).to_owned(), 0.1.into())).collect(),
            perplexity_loss: None,
            accuracy_loss: None,
            wall_s: 0.0,
            spinntui: String::new(),
        }
    }

    #[test]
    fn shards_are_numbers_below_their_count() {
        assert_eq!("3/64".parse(), Ok(Shard { number: 3, count: 64 }));
        for text in ["", "3", "64/64", "-1/4", "a/b", "0/0", "1/2/3"] {
            assert!(text.parse::<Shard>().unwrap_err().contains("m/n"), "{text}");
        }
        for count in 1..7 {
            for all in 0..20 {
                for number in 0..count {
                    let shard = Shard { number, count };
                    assert_eq!(shard.of(all), (0..all).filter(|&point| shard.has(point)).count() as u64);
                }
            }
        }
    }

    #[test]
    fn whole_lines_are_found_and_cut_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = Shard::default().file(folder.path());
        let keep = ["a".to_owned()];
        let done = line(1, Outcome::Done, &["a"]).to_json();
        let lines = [
            done.clone(),
            "{}".to_owned(),
            line(2, Outcome::Killed, &[]).to_json(),
            line(3, Outcome::Done, &["b"]).to_json(),
            line(2, Outcome::Hung, &["a"]).to_json(),
            line(2, Outcome::Killed, &[]).to_json(),
            "x".repeat(MAX_LINE as usize + 10),
            line(4, Outcome::Killed, &[]).to_json(),
        ];
        // The end of a line that a killed program was writing.
        fs::write(&path, format!("{}\n{}", lines.join("\n"), &done[..50])).unwrap();
        fs::write(folder.path().join("other.txt"), line(9, Outcome::Done, &["a"]).to_json()).unwrap();
        let found = Found::read(folder.path(), &keep).unwrap();
        let failed = |key| found.get(Key(key)).map(|at| at.failed);
        assert_eq!([1, 2, 3, 4, 9].map(failed), [Some(false), Some(false), None, Some(true), None]);
        assert_eq!(found.damaged, 3);
        let mut reader = found.reader();
        assert_eq!(reader.read(found.get(Key(4)).unwrap()).unwrap().outcome, Outcome::Killed);
        assert_eq!(reader.read(found.get(Key(1)).unwrap()).unwrap().to_json(), done);
        assert_eq!(reader.read(found.get(Key(2)).unwrap()).unwrap().outcome, Outcome::Hung);
        // What was cut goes when the file is opened for more, and the next line is whole.
        let mut journal = append(folder.path(), Shard::default(), &Reads::default()).unwrap();
        journal.line(&line(5, Outcome::Done, &["a"]).to_json()).unwrap();
        let again = append(folder.path(), Shard::default(), &Reads::default()).unwrap_err().to_string();
        assert!(again.contains("another spinntui"), "{again}");
        let found = Found::read(folder.path(), &keep).unwrap();
        assert_eq!(found.damaged, 3);
        assert!(found.get(Key(5)).is_some() && found.get(Key(4)).is_some());
    }

    #[test]
    fn a_folder_that_is_not_there_is_empty_and_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        assert!(Found::read(&inner, &[]).unwrap().get(Key(1)).is_none());
        append(&inner, Shard { number: 1, count: 2 }, &Reads::default()).unwrap();
        assert!(inner.join("points-1-of-2.ndjson").is_file());
        fs::write(folder.path().join("file"), "").unwrap();
        append(&folder.path().join("file"), Shard::default(), &Reads::default()).unwrap_err();
        Found::read(&folder.path().join("file"), &[]).unwrap_err();
    }
}
