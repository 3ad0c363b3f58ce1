//! Runs a shard of a plan: the points that have no line yet.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::Path;

use thiserror::Error;

use super::line::{Line, Outcome, Shown};
use super::list::{Listing, Point, PointIndex};
use super::load::LoadedPlan;
use super::pool::{self, Limits, ready};
use super::store::{Found, Shard, append};
use super::worker::{Lost, Setup, Worker};
use crate::output::{OutputError, Reads};

/// Reason why a sweep ends early.
#[derive(Debug, Error)]
pub enum SweepError {
    /// Results cannot be read or written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A line of results cannot be written.
    #[error(
        "cannot write {place}: {source}\nhelp: lines written so far are complete; run the same command again to \
         continue"
    )]
    Line {
        /// File of the line.
        place: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A worker process cannot be started.
    #[error("cannot start a worker process: {0}")]
    Worker(#[from] io::Error),
}

/// Points to be run, and the folder of the results.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Plan that the points are of.
    pub plan: &'a LoadedPlan,
    /// List of the plan's points.
    pub listing: &'a Listing<'a>,
    /// Part of the points.
    pub shard: Shard,
    /// Folder of results.
    pub folder: &'a Path,
    /// Whether to repeat points that failed for a reason outside of the chip.
    pub retry: bool,
    /// Workers, time limit, signals.
    pub limits: Limits<'a>,
}

/// Outcome of a run of a shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Count of points that had a line already.
    pub there: u64,
    /// Number of points that repeat the run of another point of the shard, and share its line.
    pub equal: u64,
    /// Count of points that were run now, by outcome.
    pub ran: BTreeMap<Outcome, u64>,
    /// Count of lines in the folder that are no lines of results.
    pub damaged: u64,
    /// Whether a signal ended the run before its end.
    pub stopped: bool,
}

impl Summary {
    /// Returns the count of points that failed now for a reason that is not the chip's.
    pub fn failed(&self) -> u64 {
        self.ran.iter().filter(|(outcome, _)| outcome.is_failure()).map(|(_, count)| count).sum()
    }
}

/// Runs the points of a shard that have no line yet. `seen` is called before the first point and
/// after each one.
///
/// # Errors
///
/// Fails if results cannot be read or written, or a worker cannot be started.
pub fn run(task: Task<'_>, seen: &mut dyn FnMut(&Summary)) -> Result<Summary, SweepError> {
    let Task { plan, listing, shard, folder, retry, limits } = task;
    let reads = Reads::default().and("the plan that is read", &plan.document.path);
    // Locked from here on: no other program adds lines of this shard meanwhile.
    let mut journal = append(folder, shard, &reads)?;
    let place = shard.file(folder).display().to_string();
    let found = Found::read(folder, &plan.sweep().keep)?;
    let setup = Setup::of(plan);
    let mut summary = Summary { damaged: found.damaged, ..Summary::default() };
    let mut begun = HashSet::new();
    let mut is_due = |point: &Point| {
        let due = found.get(point.key).is_none_or(|at| retry && at.failed);
        // Draws may meet a point twice.
        due && begun.insert(point.key)
    };
    (summary.there, summary.equal) = survey(listing, shard, &found, retry);
    seen(&summary);
    let due = listing
        .places()
        .filter(|place| shard.has(place.number))
        .map(|place| listing.point(place))
        .filter(|point| is_due(point));
    let mut faultless = Faultless { setup: &setup, listing, limits, worker: None, known: HashMap::new() };
    pool::run(&setup, due, limits, |point, answer| {
        let reference = match &answer.shown {
            Some(_) if point.fault.is_some() => match faultless.get(point.place)? {
                Reference::Known(shown) => shown,
                // Without it the outcome is not known.
                Reference::Stopping => return Ok(()),
            },
            _ => None,
        };
        let line = Line::new(plan, &point, answer, reference.as_ref());
        journal.line(&line.to_json()).map_err(|source| SweepError::Line { place: place.clone(), source })?;
        *summary.ran.entry(line.outcome).or_default() += 1;
        seen(&summary);
        Ok::<_, SweepError>(())
    })?;
    summary.stopped = limits.stopping();
    Ok(summary)
}

/// Counts the points of a shard that already have a line, and those without one that repeat the
/// run of another.
fn survey(listing: &Listing<'_>, shard: Shard, found: &Found, retry: bool) -> (u64, u64) {
    let (mut there, mut equal, mut due) = (0, 0, HashSet::new());
    for place in listing.places().filter(|place| shard.has(place.number)) {
        let key = listing.point(place).key;
        if found.get(key).is_some_and(|at| !(retry && at.failed)) {
            there += 1;
        } else if !due.insert(key) {
            equal += 1;
        }
    }
    (there, equal)
}

/// Results of runs without a fault, with which those with one are compared.
struct Faultless<'a> {
    setup: &'a Setup,
    listing: &'a Listing<'a>,
    limits: Limits<'a>,
    worker: Option<Worker>,
    /// Results by combination and repeat; `None` for a run that failed.
    known: HashMap<(u64, u32), Option<Shown>>,
}

/// Run without a fault, for comparison with one with a fault.
enum Reference {
    /// Result of the point; `None` if it failed.
    Known(Option<Shown>),
    /// The sweep is to stop.
    Stopping,
}

impl Faultless<'_> {
    /// Returns the run without a fault beside a place.
    fn get(&mut self, place: PointIndex) -> Result<Reference, SweepError> {
        let at = (place.combination, place.repeat);
        if !self.known.contains_key(&at) {
            let point = self.listing.point(PointIndex { fault: None, ..place });
            let asked = ready(self.setup, &mut self.worker)?;
            let stop = || self.limits.stopping();
            let shown = match asked.ask(&point.edits, self.limits.time, &stop) {
                Ok(answer) => answer.shown.filter(|_| answer.outcome == Outcome::Done),
                Err(Lost::Stopping) => return Ok(Reference::Stopping),
                Err(Lost::Ended(_) | Lost::TooLong) => {
                    self.worker = None;
                    None
                }
            };
            self.known.insert(at, shown);
        }
        Ok(Reference::Known(self.known.get(&at).cloned().flatten()))
    }
}
