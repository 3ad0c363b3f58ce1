//! Second experiment, run in step with a first one on a thread of its own.
//!
//! The engine moves the first experiment, A, and tells this thread at which time step the second,
//! B, has to be. It waits for B at the end of each time step, so that nothing it finds depends on
//! which of the two threads is faster.

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::divergence::{Divergence, UnitWords, Units};
use super::history::{History, SeekTarget};
use super::snapshot::{Focus, SharedSnapshot};
use super::view::{EngineFacts, snapshot};
use super::{Session, StepOutcome};
use crate::scene::{LoadedScene, SceneError};
use crate::text::visible_line;

/// Scene to run in step with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Against {
    /// Path of the scene file.
    pub scene: PathBuf,
    /// `--set path=value` edits, applied to the text in order at each load.
    pub set: Vec<(String, String)>,
}

/// Second experiment, for front ends.
#[derive(Clone, Debug, Default)]
pub struct AgainstView {
    /// Path of B's scene, as the user named it.
    pub scene: String,
    /// Last snapshot of B; `None` before the first.
    pub snapshot: Option<SharedSnapshot>,
    /// First value of B that differed from A's.
    pub parted: Option<Divergence>,
    /// Reason why values of units are not compared, or why B does not follow.
    pub note: Option<String>,
}

/// Checks that time steps of two scenes can be counted together.
///
/// # Errors
///
/// Fails if they count different things, such as tokens and frames.
pub fn check(a: &LoadedScene, b: &LoadedScene) -> Result<(), SceneError> {
    let words = [a, b].map(|loaded| loaded.scene.task.kind().step_word);
    if words[0] == words[1] {
        return Ok(());
    }
    let [in_a, in_b] = words;
    let message = format!(
        "a time step is a {in_b} here and a {in_a} in {}: the two cannot run in step",
        a.path.display()
    );
    Err(SceneError::file(&b.path, message, "choose two scenes with the same kind of task"))
}

/// Position that B has reached, and its values there.
#[derive(Debug)]
struct At {
    /// Completed time steps.
    steps: u64,
    /// DRAM rows that the last time step read.
    rows: Vec<u32>,
    /// Values of the units.
    words: UnitWords,
    /// Reason why B did not reach its target; `None` if it did.
    why: Option<String>,
}

/// Request to the thread; the answer goes to the sender in the request.
enum Ask {
    /// Go to the end of a time step, forwards or back.
    Step(u64, Sender<At>),
    /// Make a snapshot with these facts of the engine.
    Look(Box<EngineFacts>, Sender<SharedSnapshot>),
}

/// Handle on the second experiment. The thread ends when it is dropped.
#[derive(Debug)]
pub(super) struct Second {
    scene: String,
    /// Scene that B was built from.
    pub(super) loaded: LoadedScene,
    asks: Sender<Ask>,
    units: [Units; 2],
    mismatch: Option<&'static str>,
    /// Time step that B is on its way to, and its answer.
    pending: Option<(u64, Receiver<At>)>,
    at: At,
    parted: Option<Divergence>,
    /// Whether inputs of the two differed at the last comparison.
    other_input: bool,
    picture: Option<SharedSnapshot>,
}

impl Second {
    /// Starts the thread with B, which has not begun, beside A.
    ///
    /// # Errors
    ///
    /// Fails if there can be no further thread.
    pub(super) fn start(a: &Session, mut b: Session, exact: bool) -> std::io::Result<Self> {
        let (asks, inbox) = unbounded();
        let units = [Units::of(a), Units::of(&b)];
        let (scene, loaded) =
            (visible_line(&b.loaded.path.display().to_string()).into_owned(), b.loaded.clone());
        let (mismatch, at) = (units[0].mismatch(&units[1]), At::of(&b, &units[1], None));
        b.run_exactly(exact);
        b.watch_membranes();
        let of_b = units[1].clone();
        std::thread::Builder::new().name("engine-b".into()).stack_size(super::STACK_BYTES).spawn(
            move || {
                let history = History::new(&mut b);
                let mut follower = Follower { session: b, history, units: of_b, focus: Focus::Nothing };
                follower.run(&inbox);
            },
        )?;
        let (pending, parted, picture) = (None, None, None);
        Ok(Self { scene, loaded, asks, units, mismatch, pending, at, parted, other_input: false, picture })
    }

    /// Sends B to the end of a time step, without waiting for it.
    pub(super) fn send(&mut self, step: u64) {
        if self.pending.is_none() && self.at.steps != step && self.at.why.is_none() {
            let (sender, answer) = bounded(1);
            // Without a thread the missing answer is reported.
            let _ = self.asks.send(Ask::Step(step, sender));
            self.pending = Some((step, answer));
        }
    }

    /// Returns whether B is on its way.
    pub(super) fn is_under_way(&self) -> bool {
        self.pending.is_some()
    }

    /// Waits until B is at the end of a time step, or cannot get there.
    fn arrive(&mut self, step: u64) {
        self.await_answer();
        let stuck = self.at.why.is_some() && self.at.steps < step;
        if self.at.steps != step && !stuck {
            // Going back leads out of a stall, too.
            self.at.why = None;
            self.send(step);
            self.await_answer();
        }
    }

    /// Waits for the answer of B, if it is on its way.
    fn await_answer(&mut self) {
        if let Some((to, answer)) = self.pending.take() {
            self.at = answer.recv().unwrap_or_else(|_| At::gone(to));
        }
    }

    /// Drops the first difference if A is before it: the run may go another way there.
    fn forget_from(&mut self, steps: u64) {
        self.parted.take_if(|parted| parted.step > steps);
    }

    /// Compares A, which has completed a time step, with B at the same step.
    ///
    /// Returns `true` if a value differs here that did not differ before.
    pub(super) fn compare(&mut self, a: &Session) -> bool {
        self.arrive(a.steps());
        self.forget_from(a.steps());
        if self.at.steps != a.steps() || self.mismatch.is_some() || self.parted.is_some() {
            return false;
        }
        self.other_input = self.at.rows != a.rows();
        if self.other_input {
            return false;
        }
        let [in_a, in_b] = &self.units;
        self.parted = in_a.first_difference(&in_a.read(a), (in_b, &self.at.words), a.steps());
        self.parted.is_some()
    }

    /// Returns a sentence about the first difference, if A stands where it was found.
    pub(super) fn parted_at(&self, a: &Session) -> Option<String> {
        let parted = self.parted.as_ref().filter(|parted| parted.step == a.steps())?;
        (a.steps_in_flight() == 0 || a.program().is_timed())
            .then(|| format!("A and B differ first at {parted}"))
    }

    /// Returns the view of B for front ends; with `standing`, A is paused, and B is to be
    /// at its step.
    pub(super) fn view(&mut self, a: &Session, facts: &EngineFacts, standing: bool) -> AgainstView {
        if standing {
            self.arrive(a.steps());
            self.forget_from(a.steps());
        }
        if self.pending.is_none() {
            let (sender, answer) = bounded(1);
            let _ = self.asks.send(Ask::Look(Box::new(facts.clone()), sender));
            self.picture = answer.recv().ok().or_else(|| self.picture.take());
        }
        AgainstView {
            scene: self.scene.clone(),
            snapshot: self.picture.clone(),
            parted: self.parted.clone(),
            note: self.note(),
        }
    }

    fn note(&self) -> Option<String> {
        let why = self.at.why.as_ref().map(|why| format!("B is at time step {}: {why}", self.at.steps));
        why.or_else(|| self.mismatch.map(|why| format!("figures are compared, units are not: {why}")))
            .or_else(|| {
                self.other_input.then(|| "figures are compared, units are not: the inputs differ".to_owned())
            })
    }
}

impl At {
    fn of(session: &Session, units: &Units, why: Option<String>) -> Self {
        Self { steps: session.steps(), rows: session.rows().to_vec(), words: units.read(session), why }
    }

    /// Creates the answer in place of a thread that panicked before the end of step `step`.
    fn gone(step: u64) -> Self {
        let why = Some("its thread has stopped; R restarts both".to_owned());
        Self { steps: step.saturating_sub(1), rows: Vec::new(), words: Vec::new(), why }
    }
}

/// The thread's own side.
struct Follower {
    session: Session,
    history: History,
    units: Units,
    focus: Focus,
}

impl Follower {
    fn run(&mut self, inbox: &Receiver<Ask>) {
        while let Ok(ask) = inbox.recv() {
            // An answer that is no longer awaited was asked for by an engine that has ended.
            match ask {
                Ask::Step(step, answer) => drop(answer.send(self.go(step))),
                Ask::Look(facts, answer) => drop(answer.send(self.look(&facts))),
            }
        }
    }

    fn go(&mut self, step: u64) -> At {
        let mut why = None;
        if step < self.session.steps() {
            why = self
                .history
                .go(&mut self.session, &SeekTarget::Step(step))
                .err()
                .map(|error| error.to_string());
            self.history.replay_last_step(&mut self.session);
        }
        while why.is_none() && self.session.steps() < step {
            match self.session.advance_swiftly() {
                StepOutcome::Advanced(progress) => self.history.note(&mut self.session, progress),
                StepOutcome::Finished => why = Some("its input has ended".to_owned()),
                StepOutcome::Stopped(stopped) => why = Some(stopped.to_string()),
            }
        }
        At::of(&self.session, &self.units, why)
    }

    fn look(&mut self, facts: &EngineFacts) -> SharedSnapshot {
        if facts.focus != self.focus {
            self.focus = facts.focus;
            self.session.watch_timeline(matches!(facts.focus, Focus::Timeline(_)));
            self.history.replay_last_step(&mut self.session);
        }
        Arc::new(snapshot(&self.session, facts))
    }
}
