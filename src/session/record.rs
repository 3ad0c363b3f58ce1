//! Recording of a session: the commands that were given, and when, so that it can be repeated.
//!
//! The file is RON, one entry a line. What is run between two commands is known from where they
//! were given, so a free run that was paused by hand is repeated to the very event.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

use super::command::{Command, StepUnit};
use super::history::{History, HistoryError, SeekTarget};
use super::instructions::{DebugError, set_level, undo_writes, write};
use super::{Session, StepOutcome};
use crate::chip::geometry::Pe;
use crate::file;
use crate::machine::exec::Progress;
use crate::machine::fault::FaultError;
use crate::output::{Journal, OutputError, Reads};

/// Largest recording that is read, bytes: a command takes about 50.
const MAX_BYTES: u64 = 256 << 20;
/// Version of the file format.
const VERSION: u32 = 1;

/// First line of a recording: version of the format and the scene.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordingHeader {
    /// Version of the format: 1.
    pub version: u32,
    /// The scene's file.
    pub scene: PathBuf,
    /// Edits made to the scene.
    pub set: Vec<(String, String)>,
}

/// Line of a recording after the header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// Command given after this number of events.
    At(u64, Command),
    /// End of the session: number of events, and the `state_hash` at that moment.
    End(u64, String),
}

/// Last line of a recording, with a checksum of all lines before it.
#[derive(Serialize, Deserialize)]
enum Closing {
    /// Events, `state_hash`, checksum.
    End(u64, String, String),
}

/// Recorder of a session that has not begun; the first engine takes it.
///
/// An engine that is started again after a crash finds none, and the recording stays as it was.
pub type PendingWriter = Arc<Mutex<Option<SessionWriter>>>;

/// Writer of a recording of a session.
#[derive(Debug)]
pub struct SessionWriter {
    file: Journal,
    /// Checksum of the lines so far.
    sum: Sum,
}

impl SessionWriter {
    /// Starts a recording in a file, which replaces an older one; `reads` are the files that the
    /// session reads.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written, is one of `reads`, or is being recorded into
    /// by another program.
    pub fn create(
        path: &Path,
        scene: &Path,
        set: &[(String, String)],
        reads: &Reads,
    ) -> Result<Self, OutputError> {
        let first = RecordingHeader { version: VERSION, scene: scene.to_owned(), set: set.to_vec() };
        let fail = |source| OutputError::Write { place: path.display().to_string(), source };
        let line = ron::to_string(&first).map_err(|error| fail(io::Error::other(error)))?;
        let mut sum = Sum::default();
        sum.add(&line);
        Ok(Self { file: Journal::create(path, &line, reads)?, sum })
    }

    /// Hands the recorder to the first engine that is started with it.
    pub fn pending(self) -> PendingWriter {
        Arc::new(Mutex::new(Some(self)))
    }

    /// Records a command, if it moves the experiment.
    pub fn note(&mut self, session: &Session, command: &Command) -> io::Result<()> {
        self.note_at(session.machine().state().events, command)
    }

    /// Records a command that was given after `events` events, if it moves the experiment.
    pub fn note_at(&mut self, events: u64, command: &Command) -> io::Result<()> {
        if command.moves() {
            self.line(&Entry::At(events, command.clone()))?;
        }
        Ok(())
    }

    /// Ends the file.
    pub fn end(&mut self, session: &mut Session) -> io::Result<()> {
        let events = session.machine().state().events;
        let sum = self.sum.shown();
        self.line(&Closing::End(events, format!("{:032x}", session.state_hash()), sum))
    }

    fn line(&mut self, entry: &impl Serialize) -> io::Result<()> {
        let text = ron::to_string(entry).map_err(io::Error::other)?;
        self.sum.add(&text);
        self.file.line(&text)
    }
}

/// Checksum of the lines of a recording.
#[derive(Clone, Default)]
struct Sum(Xxh3);

impl std::fmt::Debug for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Sum {
    fn add(&mut self, line: &str) {
        self.0.update(line.trim_end().as_bytes());
        self.0.update(b"\n");
    }

    fn shown(&self) -> String {
        format!("{:016x}", self.0.digest())
    }
}

/// Error that stops a recording from being replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Path of the recording.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A line of the recording is invalid.
    #[error("{}:{line}: {what}; `spinntui SCENE --record FILE` writes such files", path.display())]
    Line {
        /// Path of the recording.
        path: PathBuf,
        /// Line of the file, from 1.
        line: usize,
        /// Message of the parser.
        what: String,
    },
    /// A recorded command cannot be repeated here.
    #[error("after event {at}: {what}")]
    Differs {
        /// Number of events that were handled before.
        at: u64,
        /// Reason why the command cannot be repeated.
        what: String,
    },
}

/// Recorded session: what was run, and what was done at which event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Scene and options with which the session was opened.
    pub header: RecordingHeader,
    /// Commands in the order in which they were given, and the end.
    pub entries: Vec<Entry>,
    /// Number of the last line, from 1, if it was cut off and left out.
    pub cut: Option<usize>,
    /// Whether a line was changed after the recording had ended.
    pub changed: bool,
}

/// Outcome of a completed replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The state is that of the recording.
    Same,
    /// The state is another; holds the recorded `state_hash`.
    Other(String),
    /// The final state equals the recorded one, but lines of the recording were changed since.
    Changed,
    /// The recording has no end to compare with.
    Open,
}

impl Recording {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, and as [`Recording::from_bytes`] does.
    pub fn load(path: &Path) -> Result<Self, ReplayError> {
        let file = |source| ReplayError::File { path: path.to_owned(), source };
        Self::from_bytes(&file::read(path, MAX_BYTES).map_err(file)?, path)
    }

    /// Reads the bytes of a file at `path`.
    ///
    /// # Errors
    ///
    /// Fails with the first line that is no entry.
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, ReplayError> {
        let wrong = |line: usize, what: String| ReplayError::Line { path: path.to_owned(), line, what };
        let mut header: Option<RecordingHeader> = None;
        let mut recording = Self::default();
        let mut sum = Sum::default();
        for (number, bytes) in (1..).zip(bytes.split_inclusive(|&byte| byte == b'\n')) {
            // A program that was killed, or a full disk, leaves the last line without its end.
            let whole = bytes.ends_with(b"\n");
            let line = match std::str::from_utf8(bytes) {
                Ok(line) => line.trim_end(),
                Err(_) if !whole && header.is_some() => {
                    recording.cut = Some(number);
                    break;
                }
                Err(_) => return Err(wrong(number, "the line is not UTF-8".to_owned())),
            };
            if line.is_empty() {
                continue;
            }
            if header.is_none() {
                header = Some(first(line).map_err(|what| wrong(number, what))?);
            } else if let Ok(Closing::End(events, hash, recorded)) = ron::from_str(line) {
                recording.changed |= recorded != sum.shown();
                recording.entries.push(Entry::End(events, hash));
            } else {
                match ron::from_str(line) {
                    Ok(entry) => recording.entries.push(entry),
                    Err(_) if !whole => recording.cut = Some(number),
                    Err(error) => return Err(wrong(number, error.to_string())),
                }
            }
            sum.add(line);
        }
        recording.header = header.ok_or_else(|| wrong(1, "the file is empty".to_owned()))?;
        Ok(recording)
    }

    /// Repeats the recorded commands, and compares the final state with the recorded one.
    ///
    /// # Errors
    ///
    /// Fails if a command cannot be repeated, or if the commands do not lead as far as
    /// the recording goes.
    pub fn replay(&self, session: &mut Session) -> Result<Ended, ReplayError> {
        let mut history = History::new(session);
        let mut reach = Reach::Here;
        for entry in &self.entries {
            let (Entry::At(at, _) | Entry::End(at, _)) = entry;
            if matches!(entry, Entry::End(..)) {
                // State and checksum judge the end better than the reach of the last command.
                reach = Reach::Free;
            }
            forward(session, &mut history, *at, &mut reach)?;
            match entry {
                Entry::At(at, command) => {
                    repeat(session, &mut history, command)
                        .map_err(|what| ReplayError::Differs { at: *at, what })?;
                    reach.follow(command, &history);
                }
                Entry::End(_, hash) if *hash != format!("{:032x}", session.state_hash()) => {
                    return Ok(Ended::Other(hash.clone()));
                }
                Entry::End(..) if self.changed => return Ok(Ended::Changed),
                Entry::End(..) => return Ok(Ended::Same),
            }
        }
        Ok(Ended::Open)
    }
}

/// Reads the first line.
fn first(line: &str) -> Result<RecordingHeader, String> {
    let first: RecordingHeader = ron::from_str(line).map_err(|error| error.to_string())?;
    match first.version {
        VERSION => Ok(first),
        other => Err(format!("version {other}; this program reads {VERSION}")),
    }
}

/// Position up to which the commands so far advance the run, unless the next one comes earlier.
#[derive(Clone, Debug, PartialEq)]
enum Reach {
    /// The current position.
    Here,
    /// The end of a number of further units.
    Steps(StepUnit, u32),
    /// A seek to a later place is in progress.
    Going(SeekTarget),
    /// The end of the input.
    Free,
}

impl Reach {
    /// Updates the reach by a command, as the engine does.
    fn follow(&mut self, command: &Command, history: &History) {
        match command {
            // A pause by a breakpoint is not recorded: this command may resume the run.
            Command::Run | Command::TogglePause => *self = Self::Free,
            Command::Step { unit, count } if *count > 0 => *self = Self::Steps(*unit, *count),
            Command::Go(place) => *self = Self::Going(history.ahead(place)),
            Command::Pause | Command::Back { .. } => *self = Self::Here,
            _ => {}
        }
    }

    /// Updates the reach by an event.
    fn moved(&mut self, session: &Session, progress: Progress) {
        if let Self::Steps(unit, left) = self
            && session.completes(*unit, progress)
        {
            *left -= 1;
            if *left == 0 {
                *self = Self::Here;
            }
        }
    }

    fn is_here(&self, session: &Session) -> bool {
        match self {
            Self::Here => true,
            Self::Going(place) => place.is_reached(session),
            Self::Steps(..) | Self::Free => false,
        }
    }
}

/// Runs until event `to`.
fn forward(
    session: &mut Session,
    history: &mut History,
    to: u64,
    reach: &mut Reach,
) -> Result<(), ReplayError> {
    while session.machine().state().events < to {
        let at = session.machine().state().events;
        if reach.is_here(session) {
            let what = format!(
                "the commands lead no further, and the recording goes on to event {to}: was it changed?"
            );
            return Err(ReplayError::Differs { at, what });
        }
        match session.advance() {
            StepOutcome::Advanced(progress) => {
                history.note(session, progress);
                reach.moved(session, progress);
            }
            StepOutcome::Finished => {
                return Err(ReplayError::Differs { at, what: "the input has ended here".to_owned() });
            }
            StepOutcome::Stopped(stopped) => {
                return Err(ReplayError::Differs { at, what: stopped.to_string() });
            }
        }
    }
    history.stopped(session);
    Ok(())
}

/// Carries out a recorded command as the engine does.
fn repeat(session: &mut Session, history: &mut History, command: &Command) -> Result<(), String> {
    let fault = |error: FaultError| error.to_string();
    match command {
        Command::Back { unit, count } => match history.back(session, *unit, u64::from(*count)) {
            Ok(_) | Err(HistoryError::Ended { .. }) => Ok(()),
            Err(error) => Err(error.to_string()),
        },
        // A place that could not be reached then cannot be reached now; one that lay ahead was run
        // to.
        Command::Go(place) => {
            let _ = history.go(session, place);
            Ok(())
        }
        Command::Bookmark(name) => {
            history.bookmark(session, name);
            Ok(())
        }
        Command::Inject(what) => history.inject(session, *what).map_err(fault),
        Command::Level { pe, level } => {
            let pe = Pe::from_index(*pe).ok_or_else(|| format!("there is no PE {pe}"))?;
            match set_level(session, history, pe, *level) {
                // Refused then, and refused now.
                Ok(_) | Err(DebugError::Written(_)) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        }
        Command::Write { pe, after, what } => {
            let pe = Pe::from_index(*pe).ok_or_else(|| format!("there is no PE {pe}"))?;
            write(session, history, pe, *after, what).map_err(|error| error.to_string())
        }
        Command::Unwrite { pe, behind } => {
            let pe = Pe::from_index(*pe).ok_or_else(|| format!("there is no PE {pe}"))?;
            undo_writes(session, history, pe, *behind).map_err(|error| error.to_string())
        }
        // How far these led is where the next command was given.
        _ => Ok(()),
    }
}
