//! Pool of worker processes that share points.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};

use super::line::{Answer, Outcome};
use super::list::Point;
use super::worker::{Lost, Setup, Worker};

/// Options of running points.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// Count of workers.
    pub jobs: usize,
    /// Longest time of a point; `None` for any.
    pub time: Option<Duration>,
    /// Raised by signals: the sweep is to stop at once.
    pub stop: &'a AtomicBool,
}

impl Limits<'_> {
    /// Returns `true` if the sweep is to stop.
    pub fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Runs points, and passes on each with its answer, in the order in which they end.
///
/// # Errors
///
/// Fails if a worker cannot be started, or as `done` does; then no further point is begun.
pub fn run<E: From<io::Error> + Send>(
    setup: &Setup,
    points: impl Iterator<Item = Point> + Send,
    limits: Limits<'_>,
    mut done: impl FnMut(Point, Answer) -> Result<(), E>,
) -> Result<(), E> {
    let points = Mutex::new(points);
    let failed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (send, ended) = bounded(2 * limits.jobs);
        for _ in 0..limits.jobs {
            let (send, points, failed) = (send.clone(), &points, &failed);
            scope.spawn(move || work(setup, points, limits, failed, &send));
        }
        drop(send);
        let mut result = Ok(());
        for answered in ended {
            if result.is_ok() {
                result = answered.map_err(E::from).and_then(|(point, answer)| done(point, answer));
                failed.store(result.is_err(), Ordering::Relaxed);
            }
        }
        result
    })
}

/// Runs points with one worker at a time until none is left.
fn work(
    setup: &Setup,
    points: &Mutex<impl Iterator<Item = Point>>,
    limits: Limits<'_>,
    failed: &AtomicBool,
    send: &Sender<io::Result<(Point, Answer)>>,
) {
    let stop = || limits.stopping() || failed.load(Ordering::Relaxed);
    let mut worker = None;
    while !stop() {
        let Some(point) = points.lock().unwrap_or_else(PoisonError::into_inner).next() else { return };
        let started = Instant::now();
        let asked = match ready(setup, &mut worker) {
            Ok(ready) => ready.ask(&point.edits, limits.time, &stop),
            Err(error) => return drop(send.send(Err(error))),
        };
        let wall_s = started.elapsed().as_secs_f64();
        let answer = match asked {
            Ok(answer) => answer,
            Err(Lost::Stopping) => return,
            Err(Lost::Ended(why)) => Answer::failed(Outcome::Killed, why, wall_s),
            Err(Lost::TooLong) => {
                let limit = limits.time.unwrap_or_default().as_secs_f64();
                Answer::failed(Outcome::Timeout, format!("not done after {limit} s"), wall_s)
            }
        };
        if matches!(answer.outcome, Outcome::Killed | Outcome::Timeout) {
            worker = None;
        }
        if send.send(Ok((point, answer))).is_err() {
            return;
        }
    }
}

/// Returns the worker, started if there is none.
pub fn ready<'w>(setup: &Setup, worker: &'w mut Option<Worker>) -> io::Result<&'w mut Worker> {
    let ready = match worker.take() {
        Some(ready) => ready,
        None => Worker::start(setup)?,
    };
    Ok(worker.insert(ready))
}
