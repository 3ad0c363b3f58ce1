//! Worker processes: each runs point after point for a sweep, so that a crash or a kill costs one
//! point.
//!
//! The sweep starts its own program again, writes a [`Setup`] and then edits of points to its
//! standard input, a JSON value a line, and reads an [`Answer`] to each from its standard output. A
//! worker keeps loaded models.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, unbounded};
use serde::{Deserialize, Serialize};

use super::line::{Answer, Outcome};
use super::load::LoadedPlan;
use super::point;
use crate::session::build::ModelCache;

/// Hidden flag that makes the program a worker.
pub const FLAG: &str = "--worker";
/// Period at which a waiting sweep checks whether it should stop.
const LOOK: Duration = Duration::from_millis(50);
/// Time for the sweep's own signal to arrive when a whole job is killed, its workers first.
const GRACE: Duration = Duration::from_millis(500);

/// Settings that all points of a sweep share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// Path of the scene, for paths in it and messages.
    pub scene: PathBuf,
    /// Text of the scene without edits, as read by the sweep.
    pub text: String,
    /// Time steps of a run.
    pub steps: Option<u64>,
    /// Sequences of a run, where `steps` is `None`.
    pub sequences: Option<u64>,
    /// Fields of the report to keep.
    pub keep: Vec<String>,
}

impl Setup {
    /// Returns the setup of a plan.
    pub fn of(plan: &LoadedPlan) -> Self {
        let sweep = plan.sweep();
        Self {
            scene: plan.scene.path.clone(),
            text: plan.scene.text.clone(),
            steps: sweep.steps,
            sequences: sweep.sequences,
            keep: sweep.keep.clone(),
        }
    }
}

type Edits = Vec<(String, String)>;

/// Runs points from standard input until it ends.
///
/// # Errors
///
/// Fails if the input is no setup, or if an answer cannot be written.
pub fn serve() -> io::Result<()> {
    let (send, lines) = unbounded();
    let reader = std::thread::Builder::new().name("points".to_owned());
    reader.spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
        // The sweep has ended: the point at hand is of no use.
        std::process::exit(0);
    })?;
    let Ok(first) = lines.recv() else { return Ok(()) };
    let setup: Setup = serde_json::from_str(&first)?;
    let mut cache = ModelCache::default();
    quiet_panics();
    for line in lines {
        let edits: Edits = serde_json::from_str(&line)?;
        let started = Instant::now();
        let answer = catch_unwind(AssertUnwindSafe(|| point::run(&setup, &edits, &mut cache)))
            .unwrap_or_else(|_| {
                // What a panic has left behind may be in pieces.
                cache = ModelCache::default();
                let why = panic_message();
                Answer::failed(Outcome::Panicked, why, started.elapsed().as_secs_f64())
            });
        let mut out = io::stdout().lock();
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
        out.flush()?;
    }
    Ok(())
}

thread_local! {
    /// Message and place of the last panic.
    static PANIC: Cell<Option<String>> = const { Cell::new(None) };
}

/// Returns the message of the last panic of this thread, which [`quiet_panics`] has kept.
pub(super) fn panic_message() -> String {
    PANIC.with(Cell::take).unwrap_or_default()
}

/// Keeps the message of a panic instead of printing it.
pub(super) fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let message =
            text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic");
        let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
        PANIC.with(|panic| panic.set(Some(format!("{message}{place}"))));
    }));
}

/// End of a question to a worker without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The sweep is to stop.
    Stopping,
    /// The worker has ended.
    Ended(String),
    /// The point has taken too long, and the worker was killed.
    TooLong,
}

/// Worker process, seen from the sweep.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
}

impl Worker {
    /// Starts a worker.
    ///
    /// # Errors
    ///
    /// Fails if the program cannot be started again.
    pub fn start(setup: &Setup) -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = Command::new(program)
            .args(["sweep", FLAG])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C is for the sweep alone: it ends its workers itself.
            .process_group(0)
            // A worker has one core.
            .env("RAYON_NUM_THREADS", "1")
            .spawn()?;
        let (send, answers) = unbounded();
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        std::thread::Builder::new().name("answers".to_owned()).spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        })?;
        let mut worker = Self { input: child.stdin.take(), child, answers };
        // A worker that has ended already says so when it is asked.
        let _ = worker.write(&serde_json::to_string(setup)?);
        Ok(worker)
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let Some(input) = &mut self.input else { return Err(io::ErrorKind::BrokenPipe.into()) };
        writeln!(input, "{line}")?;
        input.flush()
    }

    /// Runs a point on the worker and returns the answer. After [`Lost`] it gives no more answers.
    ///
    /// # Errors
    ///
    /// Fails if `stop` returns `true`, if the worker ends, and after the time limit.
    pub fn ask(
        &mut self,
        edits: &Edits,
        limit: Option<Duration>,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Answer, Lost> {
        let started = Instant::now();
        let question = serde_json::to_string(edits).unwrap_or_default();
        // Where the pipe is broken, the channel of answers is closed, too.
        let _ = self.write(&question);
        loop {
            match self.answers.recv_timeout(LOOK) {
                Ok(line) => {
                    return serde_json::from_str(&line).map_err(|error| Lost::Ended(error.to_string()));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended(stop)),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if stop() {
                return Err(Lost::Stopping);
            }
            if limit.is_some_and(|limit| started.elapsed() > limit) {
                return Err(Lost::TooLong);
            }
        }
    }

    /// Returns how the worker has ended.
    fn ended(&mut self, stop: &(dyn Fn() -> bool + Sync)) -> Lost {
        // It may have closed its output only.
        let _ = self.child.kill();
        let status = self.child.wait();
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            if stop() {
                return Lost::Stopping;
            }
            std::thread::sleep(LOOK);
        }
        Lost::Ended(match status {
            Ok(status) => match (status.signal(), status.code()) {
                (Some(9), _) => "killed by signal 9, perhaps for lack of memory".to_owned(),
                (Some(signal), _) => format!("killed by signal {signal}"),
                (None, code) => format!("ended with exit code {}", code.unwrap_or(-1)),
            },
            Err(error) => error.to_string(),
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
