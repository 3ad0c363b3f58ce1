//! `--log FILE`: what the program does, written to a file and never to the terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use clap::Args;
use thiserror::Error;
use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Environment variable that names the file where `--log` does not.
const FILE: &str = "SPINNTUI_LOG";
/// Environment variable for the level of the log.
const LEVEL: &str = "SPINNTUI_LOG_LEVEL";
/// Level of the log without `SPINNTUI_LOG_LEVEL`.
const DEFAULT_LEVEL: &str = "info";

/// Destination of the log.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// Append a log to this file: scenes loaded, crashes, slow frames; also SPINNTUI_LOG
    ///
    /// SPINNTUI_LOG_LEVEL says how much: error, warn, info (the default), debug (also each
    /// command), or a filter such as `warn,spinntui::tui=debug`.
    #[arg(long = "log", value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Error that stops logging.
#[derive(Debug, Error)]
pub enum LogError {
    /// The log file cannot be written.
    #[error("cannot write the log {}: {source}\nhelp: name another file with --log or {FILE}", path.display())]
    File {
        /// File to which the log was to be written.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The filter of levels is invalid.
    #[error(
        "{LEVEL}: invalid filter `{text}`: {source}\nhelp: error, warn, info, debug, trace, or as in warn,spinntui::tui=debug"
    )]
    Level {
        /// Filter given by the user.
        text: String,
        /// Error in the level.
        source: ParseError,
    },
}

/// Begins to log, if that is wanted.
pub fn start(args: &LogArgs) -> Result<(), LogError> {
    let variable = std::env::var_os(FILE).filter(|name| !name.is_empty()).map(PathBuf::from);
    let level = std::env::var(LEVEL).ok().filter(|text| !text.is_empty());
    match args.file.clone().or(variable) {
        Some(path) => to(&path, level.as_deref().unwrap_or(DEFAULT_LEVEL)),
        None => Ok(()),
    }
}

fn to(path: &Path, level: &str) -> Result<(), LogError> {
    let filter: Targets =
        level.parse().map_err(|source| LogError::Level { text: level.to_owned(), source })?;
    check(path).map_err(|source| LogError::File { path: path.to_owned(), source })?;
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = file.map_err(|source| LogError::File { path: path.to_owned(), source })?;
    // The filter alone decides what is written.
    let log = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
    let log = log.with_writer(Mutex::new(file)).finish().with(filter);
    // Refused where a log is being written already, as in a test that runs the program twice.
    if log.try_init().is_ok() {
        tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), "spinntui");
    }
    Ok(())
}

/// Checks that an existing file is a log: appending would spoil another file, such as a scene.
fn check(path: &Path) -> io::Result<()> {
    let regular = path.metadata().is_ok_and(|about| about.is_file() && about.len() > 0);
    if !regular {
        return Ok(());
    }
    // Each entry begins with its time: 2026-11-28T…
    let mut start = [0; 11];
    let read = File::open(path)?.read(&mut start)?;
    let digits =
        |at: std::ops::Range<usize>| start.get(at).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    if read == start.len() && digits(0..4) && start[4] == b'-' && start[10] == b'T' {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "the file exists already and is not a log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_log_is_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        check(&path).unwrap();
        for (text, fine) in
            [("", true), ("2026-11-28T13:58:38.1Z  INFO spinntui: x\n", true), ("Scene(", false)]
        {
            std::fs::write(&path, text).unwrap();
            assert_eq!(check(&path).is_ok(), fine, "{text}");
        }
    }

    #[test]
    fn errors_name_the_file_or_the_filter_and_what_to_do() {
        let error = to(Path::new("/no/such/folder/x.log"), "info").unwrap_err().to_string();
        assert!(error.contains("/no/such/folder/x.log") && error.contains("--log"), "{error}");
        let error = to(Path::new("/no/such/folder/x.log"), "loud=very").unwrap_err().to_string();
        assert!(error.contains("SPINNTUI_LOG_LEVEL: invalid filter `loud=very`"), "{error}");
    }
}
