//! Trial of one case of a soak test: its values have the bits of the mathematics, or a
//! cause is named.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use thiserror::Error;

use super::case::{Base, Case, Move, WITHIN};
use crate::machine::fault::{Fault, PlannedFault};
use crate::mapping::check::Level;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};
use crate::session::command::StepUnit;
use crate::session::debug::{Names, PointKind, PointSpec, Points};
use crate::session::findings::findings;
use crate::session::history::{History, HistoryError, SeekTarget};
use crate::session::verify::Verifier;
use crate::session::{Session, StepOutcome};
use crate::sweep::worker::panic_message;

/// Statement that is false of a case.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Failure {
    /// The program panicked.
    #[error("panic: {0}")]
    Panic(String),
    /// A scene is refused without a reason.
    #[error("the scene is refused, and no reason is given")]
    NoReason,
    /// The chip and the mathematics differ without a cause.
    #[error("chip and mathematics differ without a cause: {0}")]
    Differs(String),
    /// The chip stopped without a cause.
    #[error("the chip stopped without a cause: {0}")]
    Stopped(String),
    /// A place was reached again with another state.
    #[error("move {number} ({movement}): at event {event} machine, outputs or energy are not what they were")]
    OtherState {
        /// Number of the move, from 0.
        number: usize,
        /// Move that was made, in words.
        movement: String,
        /// Events handled since the start.
        event: u64,
    },
    /// A run to a condition stopped at another event than before.
    #[error(
        "move {number} ({movement}): from event {from} it stops at event {stopped}, and stopped at event {before}"
    )]
    StopsElsewhere {
        /// Number of the move, from 0.
        number: usize,
        /// Move that was made, in words.
        movement: String,
        /// Event from which the run continues.
        from: u64,
        /// Event at which it stops now.
        stopped: u64,
        /// Event at which it stopped before.
        before: u64,
    },
    /// In a stall of a chip whose only faults are dead links, no finding names one of them.
    #[error("the chip stopped with dead links only, and none is named: {0}")]
    LinkNotNamed(String),
    /// A move back is refused.
    #[error("move {number} ({movement}): {error}")]
    Refused {
        /// Number of the move, from 0.
        number: usize,
        /// Move that was made, in words.
        movement: String,
        /// Message of the history.
        error: String,
    },
}

/// End of a case without a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// Bit-identical with the mathematics, without a fault.
    Exact,
    /// Ran without a fault, with sums in an order of which the mathematics has other last bits.
    Unordered,
    /// Differs from the mathematics or stopped, with a cause that the findings name.
    Explained,
    /// Ran with faults.
    Faulty,
    /// Refused with a reason.
    Refused,
}

impl Ended {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "bit-identical",
            Self::Unordered => "in the order of arrival",
            Self::Explained => "explained",
            Self::Faulty => "with faults",
            Self::Refused => "refused with a reason",
        }
    }
}

/// Result of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran {
    /// End of the case.
    pub ended: Ended,
    /// Count of moves made.
    pub moves: u64,
    /// Number of places that were reached again.
    pub met: u64,
    /// Count of values compared with the mathematics.
    pub compared: u64,
}

/// Fingerprint of a moment: hashes of machine and outputs, bits of the energy.
type Seen = (u128, u128, u64);
/// Place in a run: events handled, and whether the run was asked to go on there and could not.
///
/// The host may announce a time step before the machine finds that it has stopped, so
/// the two differ.
type At = (u64, bool);

fn seen(session: &mut Session) -> (u64, Seen) {
    let energy = session.energy().energy_j.to_bits();
    let seen = (session.state_hash(), session.output_hash(), energy);
    (session.machine().state().events, seen)
}

/// Runs a case.
///
/// # Errors
///
/// Fails with what does not hold.
pub fn run(bases: &[Base], case: &Case, cache: &mut ModelCache) -> Result<Ran, Failure> {
    catch_unwind(AssertUnwindSafe(|| ran(bases, case, cache))).unwrap_or_else(|_| {
        *cache = ModelCache::default();
        Err(Failure::Panic(panic_message()))
    })
}

fn refused(message: &str) -> Result<Ran, Failure> {
    if message.trim().is_empty() {
        return Err(Failure::NoReason);
    }
    Ok(Ran { ended: Ended::Refused, moves: 0, met: 0, compared: 0 })
}

fn ran(bases: &[Base], case: &Case, cache: &mut ModelCache) -> Result<Ran, Failure> {
    let base = &bases[case.base].scene;
    let mut case = case.clone();
    let load = |edits: &[(String, String)]| LoadedScene::from_text(&base.text, &base.path, edits);
    let plan = load(&case.edits).and_then(|loaded| Plan::new(&loaded, cache));
    match plan {
        Ok(plan) => case.draw_faults(&plan.program),
        Err(error) => return refused(error.message()),
    }
    let edits = case.all_edits();
    let mut start = || {
        let loaded = load(&edits)?;
        Plan::new(&loaded, cache)?.start(loaded)
    };
    let session = match start() {
        Ok(session) => session,
        Err(error) => return refused(error.message()),
    };
    let mut known = HashMap::new();
    let (ended, compared) = straight(session, &case, &mut known)?;
    let Ok(session) = start() else { return refused("the scene loads only once") };
    let mut walk = Walk { history: None, session, known, stops: HashMap::new(), met: 0, at_end: false };
    for (number, movement) in case.moves.iter().enumerate() {
        if *movement == Move::Reload {
            let event = walk.session.machine().state().events;
            let Ok(session) = start() else { return refused("the scene loads only once") };
            walk.session = session;
            walk.history = None;
            walk.run_until(event);
        } else {
            walk.make(number, movement)?;
        }
        walk.look(number, movement)?;
    }
    Ok(Ran { ended, moves: case.moves.len() as u64, met: walk.met, compared })
}

/// Runs the case from its start, step by step, and compares each step with the mathematics.
fn straight(
    mut session: Session,
    case: &Case,
    known: &mut HashMap<At, Seen>,
) -> Result<(Ended, u64), Failure> {
    let faulty = case.has_faults();
    let applies = Verifier::applies(&session);
    let mut verifier = (!faulty && applies).then(|| Verifier::new(&session));
    let mut ended = match (faulty, applies) {
        (true, _) => Ended::Faulty,
        (false, true) => Ended::Exact,
        (false, false) => Ended::Unordered,
    };
    while session.steps() < case.steps {
        match session.step(StepUnit::TimeStep) {
            StepOutcome::Advanced(_) => {}
            StepOutcome::Finished => break,
            StepOutcome::Stopped(reason) => {
                if reason.to_string().trim().is_empty() || !is_explained(&session) {
                    return Err(Failure::Stopped(reason.to_string()));
                }
                if has_dead_links_only(&session) && !reason.to_string().contains("the link from QPE") {
                    return Err(Failure::LinkNotNamed(reason.to_string()));
                }
                return Ok((if faulty { Ended::Faulty } else { Ended::Explained }, 0));
            }
        }
        let (event, seen) = seen(&mut session);
        known.insert((event, false), seen);
        if let Some(Err(difference)) = verifier.as_mut().map(|verifier| verifier.check(&session)) {
            if !is_explained(&session) {
                return Err(Failure::Differs(difference.to_string()));
            }
            // What follows from a wrong value is wrong, too.
            verifier = None;
            ended = Ended::Explained;
        }
    }
    Ok((ended, verifier.map_or(0, |verifier| verifier.compared())))
}

/// Returns whether something has happened that may make outputs wrong or stop the chip, and the
/// findings name it.
fn is_explained(session: &Session) -> bool {
    session.faults().next().is_some()
        || findings(session).iter().any(|finding| finding.level == Level::Error && !finding.what.is_empty())
}

/// Returns whether faults were injected, and all of them are dead links.
fn has_dead_links_only(session: &Session) -> bool {
    let dead = |planned: &PlannedFault| matches!(planned.fault, Fault::KillLink { .. });
    session.faults().next().is_some() && session.faults().all(dead)
}

/// Session that is moved about in.
struct Walk {
    session: Session,
    history: Option<History>,
    known: HashMap<At, Seen>,
    /// Events at which runs to a condition stopped, by where they began.
    stops: HashMap<(At, String), u64>,
    met: u64,
    /// Whether the last move was to go on, and could not.
    at_end: bool,
}

impl Walk {
    fn history(&mut self) -> &mut History {
        self.history.get_or_insert_with(|| History::new(&mut self.session))
    }

    /// Makes a move; where the run has ended, it has no effect.
    fn make(&mut self, number: usize, movement: &Move) -> Result<(), Failure> {
        self.history();
        if let Move::Until(condition) = movement {
            return self.until(number, movement, condition);
        }
        let Self { session, history, at_end, .. } = self;
        let Some(history) = history else { return Ok(()) };
        let before = session.machine().state().events;
        let moved = match movement {
            Move::On(unit, count) => {
                for _ in 0..*count {
                    *at_end = !forward(session, history, *unit);
                }
                return Ok(());
            }
            Move::Back(unit, count) => history.back(session, *unit, *count),
            Move::To(share) => {
                let event = session.machine().state().events * share / 1000;
                history.go(session, &SeekTarget::Event(event))
            }
            Move::Until(_) | Move::Reload => return Ok(()),
        };
        *at_end &= session.machine().state().events == before;
        match moved {
            Ok(_) | Err(HistoryError::Ended { .. }) => Ok(()),
            Err(error) => {
                Err(Failure::Refused { number, movement: movement.to_string(), error: error.to_string() })
            }
        }
    }

    /// Runs until a condition becomes true; from one place it has to stop at one event.
    fn until(&mut self, number: usize, movement: &Move, condition: &str) -> Result<(), Failure> {
        let Self { session, history: Some(history), at_end, .. } = self else { return Ok(()) };
        let from = session.machine().state().events;
        let began = (from, *at_end);
        let spec = PointSpec { text: condition.to_owned(), kind: PointKind::Break };
        let mut points = Points::default();
        if let Err(error) = points.add(&spec, &Names::of(session)) {
            let error = format!("the condition is refused: {error}");
            return Err(Failure::Refused { number, movement: movement.to_string(), error });
        }
        points.arrived(session);
        for _ in 0..WITHIN {
            let StepOutcome::Advanced(progress) = session.advance() else {
                *at_end = true;
                break;
            };
            *at_end = false;
            history.note(session, progress);
            if points.after(session, progress).is_some() {
                break;
            }
        }
        session.machine_mut().unwatch();
        let stopped = session.machine().state().events;
        match self.stops.insert((began, condition.to_owned()), stopped) {
            Some(before) if before != stopped => {
                let movement = movement.to_string();
                Err(Failure::StopsElsewhere { number, movement, from, stopped, before })
            }
            _ => Ok(()),
        }
    }

    /// Runs a new session to an event.
    fn run_until(&mut self, event: u64) {
        self.history();
        while self.session.machine().state().events < event {
            let StepOutcome::Advanced(progress) = self.session.advance() else { return };
            if let Some(history) = &mut self.history {
                history.note(&mut self.session, progress);
            }
        }
        if self.at_end {
            self.session.advance();
        }
    }

    /// Compares the state at a place with the state at an earlier visit.
    fn look(&mut self, number: usize, movement: &Move) -> Result<(), Failure> {
        let (event, now) = seen(&mut self.session);
        match self.known.insert((event, self.at_end), now) {
            Some(before) if before != now => {
                Err(Failure::OtherState { number, movement: movement.to_string(), event })
            }
            Some(_) => {
                self.met += 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Advances by a unit; returns `false` if the run cannot.
fn forward(session: &mut Session, history: &mut History, unit: StepUnit) -> bool {
    loop {
        let StepOutcome::Advanced(progress) = session.advance() else { return false };
        history.note(session, progress);
        if session.completes(unit, progress) {
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::case::Kept;
    use super::*;

    /// Cases that a soak test has found, as files: they hold whatever is drawn today.
    #[test]
    fn cases_that_failed_once_hold() {
        let bases = Base::all().unwrap();
        let mut cache = ModelCache::default();
        let mut files: Vec<_> =
            fs::read_dir("tests/soak").unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 3, "{files:?}");
        for path in files {
            let kept: Kept = ron::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            let case = kept.case(&bases).unwrap();
            let ran = run(&bases, &case, &mut cache);
            assert!(ran.is_ok(), "{}: {ran:?}", path.display());
        }
    }
}
