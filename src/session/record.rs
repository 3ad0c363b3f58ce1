//! A session written down: which commands were given, and when, so that it can be had again.
//!
//! The file is RON, one entry a line. What is run between two commands is known from where they were given, so a free
//! run that was paused by hand is repeated to the very event.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::command::Command;
use super::history::{History, HistoryError};
use super::{Moved, Session};
use crate::machine::fault::FaultError;

/// Version of the file format.
const VERSION: u32 = 1;

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// Of the format: 1.
    pub version: u32,
    /// The scene's file.
    pub scene: PathBuf,
    /// Edits that were made to it.
    pub set: Vec<(String, String)>,
}

/// A further line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// After so many events this command was given.
    At(u64, Command),
    /// The session ended after so many events with this `state_hash`.
    End(u64, String),
}

/// Writes a session down as it goes.
#[derive(Debug)]
pub struct Recorder {
    file: BufWriter<File>,
}

impl Recorder {
    /// Begins a file; one that is there is overwritten.
    pub fn create(path: &Path, scene: &Path, set: &[(String, String)]) -> io::Result<Self> {
        let mut recorder = Self { file: BufWriter::new(File::create(path)?) };
        recorder.line(&Opening { version: VERSION, scene: scene.to_owned(), set: set.to_vec() })?;
        Ok(recorder)
    }

    /// Notes a command, if it decides where the experiment goes.
    pub fn note(&mut self, session: &Session, command: &Command) -> io::Result<()> {
        if command.moves() {
            self.line(&Entry::At(session.machine().state().events, command.clone()))?;
        }
        Ok(())
    }

    /// Ends the file.
    pub fn end(&mut self, session: &mut Session) -> io::Result<()> {
        let events = session.machine().state().events;
        self.line(&Entry::End(events, format!("{:032x}", session.state_hash())))
    }

    fn line(&mut self, entry: &impl Serialize) -> io::Result<()> {
        let text = ron::to_string(entry).map_err(io::Error::other)?;
        writeln!(self.file, "{text}")?;
        self.file.flush()
    }
}

/// Why a recording cannot be had again.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A line is not what it should be.
    #[error("{}:{line}: {what}; `spinntui SCENE --record FILE` writes such files", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What the parser says.
        what: String,
    },
    /// What was done there cannot be done here.
    #[error("after event {at}: {what}")]
    Differs {
        /// Events handled.
        at: u64,
        /// Why not.
        what: String,
    },
}

/// A recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What was opened.
    pub opening: Opening,
    /// What was done.
    pub entries: Vec<Entry>,
}

impl Recording {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, ReplayError> {
        let file = |source| ReplayError::File { path: path.to_owned(), source };
        let wrong = |line: usize, what: String| ReplayError::Line { path: path.to_owned(), line, what };
        let mut opening: Option<Opening> = None;
        let mut entries = Vec::new();
        for (number, line) in (1..).zip(BufReader::new(File::open(path).map_err(file)?).lines()) {
            let line = line.map_err(file)?;
            if line.trim().is_empty() {
                continue;
            }
            if opening.is_some() {
                entries.push(ron::from_str(&line).map_err(|error| wrong(number, error.to_string()))?);
            } else {
                let first: Opening =
                    ron::from_str(&line).map_err(|error| wrong(number, error.to_string()))?;
                if first.version != VERSION {
                    return Err(wrong(
                        number,
                        format!("version {}; this program reads {VERSION}", first.version),
                    ));
                }
                opening = Some(first);
            }
        }
        let opening = opening.ok_or_else(|| wrong(1, "the file is empty".to_owned()))?;
        Ok(Self { opening, entries })
    }

    /// Does it all again. Says how the recording ended, if it says so: its `state_hash`, and whether it is this one.
    pub fn replay(&self, session: &mut Session) -> Result<Option<(String, bool)>, ReplayError> {
        let mut history = History::new(session);
        for entry in &self.entries {
            let (Entry::At(at, _) | Entry::End(at, _)) = entry;
            forward(session, &mut history, *at)?;
            match entry {
                Entry::At(at, command) => {
                    repeat(session, &mut history, command)
                        .map_err(|what| ReplayError::Differs { at: *at, what })?;
                }
                Entry::End(_, hash) => {
                    let same = *hash == format!("{:032x}", session.state_hash());
                    return Ok(Some((hash.clone(), same)));
                }
            }
        }
        Ok(None)
    }
}

/// Runs until so many events are handled.
fn forward(session: &mut Session, history: &mut History, to: u64) -> Result<(), ReplayError> {
    while session.machine().state().events < to {
        let at = session.machine().state().events;
        match session.advance() {
            Moved::On(progress) => history.note(session, progress),
            Moved::Finished => {
                return Err(ReplayError::Differs { at, what: "the input has ended here".to_owned() });
            }
            Moved::Stalled(what) | Moved::Faulted(what) => return Err(ReplayError::Differs { at, what }),
        }
    }
    history.stopped(session);
    Ok(())
}

/// A command as the engine carries it out.
fn repeat(session: &mut Session, history: &mut History, command: &Command) -> Result<(), String> {
    let fault = |error: FaultError| error.to_string();
    match command {
        Command::Back { unit, count } => match history.back(session, *unit, u64::from(*count)) {
            Ok(_) | Err(HistoryError::Ended { .. }) => Ok(()),
            Err(error) => Err(error.to_string()),
        },
        // What could not be gone to then cannot be now; what lay ahead was run to.
        Command::Go(place) => {
            let _ = history.go(session, place);
            Ok(())
        }
        Command::Bookmark(name) => {
            history.bookmark(session, name);
            Ok(())
        }
        Command::Inject(what) => history.inject(session, *what).map_err(fault),
        // How far these led is where the next command was given.
        _ => Ok(()),
    }
}
