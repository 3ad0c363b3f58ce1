//! The engine thread: commands in, snapshots out.
//!
//! The thread owns the session. It handles commands between slices of a few milliseconds, publishes
//! a snapshot when the front end has drawn the last one, and blocks when there is nothing to do: a
//! paused engine costs nothing.

mod asks;
mod building;
mod code;
mod past;
mod perform;
mod queue;
mod rebuild;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};

use super::against::{Against, AgainstView, Second};
use super::build::ModelCache;
use super::command::{Command, Speed, StepUnit};
use super::debug::{Hit, Names, PointSpec, Points};
use super::history::{History, SeekTarget};
use super::record::{PendingWriter, SessionWriter};
use super::snapshot::{DebugView, Focus, HistoryView, RunState, SharedSnapshot};
use super::view::{self, EngineFacts, snapshot};
use super::watchlist::Watchlist;
use super::{STACK_BYTES, Session, StepOutcome, Stopped};
use crate::machine::stop::Stop;
use building::{Building, Purpose};
use queue::{Next, Queue};

/// Longest time between two looks at the commands.
const SLICE: Duration = Duration::from_millis(4);
/// Events between two looks at the clock: the longest take some hundred µs.
const EVENTS_PER_LOOK: u32 = 16;
/// Commands that wait at most: more than a user means, so that a key held down while the engine is
/// busy does not go on for minutes.
const WAITING: usize = 256;
/// Shortest time between two snapshots of a free run. Faces draw at most 60 frames a second and
/// take one snapshot a frame; some ms less than that, so that the next one is there in time on a
/// machine that has other things to do as well.
const FRAME: Duration = Duration::from_millis(10);
/// Time limit for the thread to end, which covers its current work and the end of a recording.
const LEAVING: Duration = Duration::from_secs(5);
/// Over how long the wall speed is measured.
const SPEED_WINDOW: Duration = Duration::from_millis(500);

impl From<Stopped> for RunState {
    fn from(stopped: Stopped) -> Self {
        let what = stopped.to_string();
        match stopped {
            Stopped::Machine(Stop::Stall(_)) | Stopped::NotTaken => Self::Stalled(what),
            Stopped::Machine(Stop::Fault(_)) | Stopped::Input(_) => Self::Faulted(what),
        }
    }
}

/// Message of the engine to its front end.
#[derive(Clone, Debug)]
pub enum EngineEvent {
    /// A new snapshot of the experiment.
    Snapshot(SharedSnapshot),
    /// State of the experiment that runs in step with it; sent before each snapshot.
    Against(Box<AgainstView>),
    /// A scene could not be loaded or mapped; the old experiment, if any, is untouched. The text is
    /// the complete diagnostic with file, line and caret.
    SceneError(String),
    /// An answer in words: where a step back has led, who wrote, why something cannot be done.
    Said(String),
    /// The scene was loaded (again) and swapped in.
    SceneLoaded,
    /// Names that conditions can use in the scene.
    Names(Arc<Names>),
    /// The recording could not be completed; holds the reason.
    RecordingFailed(String),
    /// Result of a [`Command::Perform`].
    ScriptEnded(Box<ScriptResult>),
    /// The engine thread panicked, with this report. The engine is gone, the front end goes on.
    Crashed(String),
}

/// Scene and options that the engine starts with.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Path of the scene's file.
    pub scene: PathBuf,
    /// `--set path=value` edits, applied to the text in order at each load.
    pub set: Vec<(String, String)>,
    /// Starts running at once instead of paused.
    pub autorun: bool,
    /// Recorder of the session; `None` if it is not recorded.
    pub record: Option<PendingWriter>,
    /// Breakpoints and tracepoints beside those of the scene.
    pub points: Vec<PointSpec>,
    /// Runs every time step event by event.
    pub exact: bool,
    /// Second scene to run in step with the first; `None` for one scene.
    pub against: Option<Against>,
}

/// Outcome of sending a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The engine will obey.
    Taken,
    /// Too many wait already.
    Full,
    /// The engine has ended.
    Gone,
}

/// A handle on a running engine thread.
#[derive(Debug)]
pub struct Engine {
    commands: Sender<Command>,
    debug: DebugPort,
    /// Dropped to end the thread, even if commands are waiting.
    alive: Option<Sender<()>>,
    /// Closed when the thread has ended.
    ended: Receiver<()>,
    ready: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the thread; it calls `notify` with every event, which must not block for long.
    ///
    /// Scenes are built on threads of their own, so that the engine answers and can be left
    /// meanwhile. At most one snapshot of a free run is sent per [`Engine::ready`].
    pub fn start(
        options: EngineOptions,
        notify: impl FnMut(EngineEvent) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (commands, inbox) = bounded(WAITING);
        let (asks, asked) = bounded(WAITING);
        let (alive, leave) = bounded(0);
        let (end, ended) = bounded::<()>(0);
        let ready = Arc::new(AtomicBool::new(true));
        let face_ready = Arc::clone(&ready);
        let thread =
            std::thread::Builder::new().name("engine".into()).stack_size(STACK_BYTES).spawn(move || {
                let _end = end;
                let mut notify = notify;
                let mut runner = Runner::new(options, Queue::new(inbox, asked, leave), face_ready);
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| runner.run(&mut notify))) {
                    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
                    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                    notify(EngineEvent::Crashed(text.unwrap_or_else(|| "the engine panicked".to_owned())));
                }
            })?;
        let debug = DebugPort(asks);
        Ok(Self { commands, debug, alive: Some(alive), ended, ready, thread: Some(thread) })
    }

    /// Returns a handle by which a debugger works on the engine's experiment.
    pub fn debug_port(&self) -> DebugPort {
        self.debug.clone()
    }

    /// Sends a command; waits where many wait already. Returns `false` when the engine is gone.
    pub fn send(&self, command: Command) -> bool {
        self.commands.send(command).is_ok()
    }

    /// Sends a command if not too many wait already.
    pub fn try_send(&self, command: Command) -> Sent {
        match self.commands.try_send(command) {
            Ok(()) => Sent::Taken,
            Err(TrySendError::Full(_)) => Sent::Full,
            Err(TrySendError::Disconnected(_)) => Sent::Gone,
        }
    }

    /// Tells the engine that the front end has drawn the last snapshot and can take another.
    ///
    /// The engine publishes at most one snapshot between two calls while it runs freely, so a slow
    /// terminal never makes a queue.
    pub fn ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Ends the thread and waits for it, for a few seconds at most.
    ///
    /// The thread may hang in a file system that does not answer.
    pub fn stop(&mut self) {
        self.alive = None;
        if let Some(thread) = self.thread.take()
            && self.ended.recv_timeout(LEAVING) == Err(RecvTimeoutError::Disconnected)
        {
            let _ = thread.join();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Present activity of the engine.
#[derive(Clone, Debug, PartialEq)]
enum Mode {
    Paused,
    Running,
    Stepping(StepUnit, u32),
    /// A seek to a later moment is in progress.
    Going(SeekTarget),
    /// Stepping by instructions of a PE.
    Code(code::CodeSteps),
    /// Finished, stalled or faulted: only a restart or a reload goes on from here.
    Ended(RunState),
}

impl Mode {
    /// Returns whether the mode ends at the end of a time step only, and no event before
    /// it is shown.
    fn takes_whole_steps(&self, speed: Speed) -> bool {
        match self {
            Self::Running => !matches!(speed, Speed::EventsPerSecond(_)),
            Self::Stepping(unit, _) => unit.is_whole_steps(),
            Self::Paused | Self::Going(_) | Self::Code(_) | Self::Ended(_) => false,
        }
    }

    /// Returns whether the time step that is under way will be completed, unless something stops
    /// the run.
    fn leads_to_a_step_end(&self, speed: Speed) -> bool {
        self.takes_whole_steps(speed) || matches!(self, Self::Going(SeekTarget::Step(_)))
    }
}

pub use asks::DebugPort;
pub use perform::{Held, INTERRUPTED, ScriptResult, ScriptState};

type Notify<'a> = &'a mut dyn FnMut(EngineEvent);

/// The thread's own side.
struct Runner {
    options: EngineOptions,
    inbox: Queue,
    ready: Arc<AtomicBool>,
    cache: ModelCache,
    /// Scene that is being built.
    building: Option<Building>,
    /// Whether the scene being built is to run to the step of the experiment that it replaces.
    stays: bool,
    session: Option<Session>,
    /// Past of `session`; `None` where none is kept.
    history: Option<History>,
    /// Experiment that runs in step with `session`.
    second: Option<Second>,
    recorder: Option<SessionWriter>,
    points: Points,
    watches: Watchlist,
    /// Hit that stopped the run; `None` once it goes on.
    stopped: Option<Hit>,
    mode: Mode,
    /// Script in progress.
    performing: Option<perform::RunningScript>,
    facts: EngineFacts,
    /// News for the front end that could not be sent at once.
    later: Vec<EngineEvent>,
    /// Time at which the next unit of a paced run is due.
    due: Instant,
    published: Instant,
    /// Something has changed since the last snapshot.
    changed: bool,
    measured: (Instant, u64),
}

impl Runner {
    fn new(options: EngineOptions, inbox: Queue, ready: Arc<AtomicBool>) -> Self {
        let now = Instant::now();
        let mode = if options.autorun { Mode::Running } else { Mode::Paused };
        let facts = EngineFacts {
            build: 0,
            run: RunState::Paused,
            speed: Speed::Unlimited,
            steps_per_second: 0.0,
            focus: Focus::Nothing,
            pins: Vec::new(),
            attention: None,
            history: HistoryView::default(),
            debug: DebugView::default(),
            watches: Vec::new(),
        };
        Self {
            options,
            inbox,
            ready,
            cache: ModelCache::default(),
            building: None,
            stays: false,
            session: None,
            history: None,
            second: None,
            recorder: None,
            points: Points::default(),
            watches: Watchlist::default(),
            stopped: None,
            mode,
            performing: None,
            facts,
            later: Vec::new(),
            due: now,
            published: now,
            changed: false,
            measured: (now, 0),
        }
    }

    fn is_moving(&self) -> bool {
        matches!(self.mode, Mode::Running | Mode::Stepping(..) | Mode::Going(_) | Mode::Code(_))
    }

    fn run(&mut self, notify: Notify<'_>) {
        self.begin_record();
        self.begin_build(Purpose::Load);
        loop {
            // The run is held while another scene is built, and while a script builds one, but not
            // while a saved scene is built beside the run.
            let held = self.building.as_ref().is_some_and(|it| it.holds() || self.performing.is_some());
            let moving = self.session.is_some() && self.is_moving() && !held;
            if !moving && self.performing.is_some() && self.building.is_none() {
                self.advance_script(notify);
                continue;
            }
            // While commands wait, their result deserves a snapshot, and the states before it only
            // now and then.
            if !held && (self.inbox.is_empty() || self.published.elapsed() >= FRAME) {
                self.publish(notify, !moving);
            }
            let wait = moving.then(|| self.due.saturating_duration_since(Instant::now()).min(FRAME));
            match self.inbox.next(wait, self.building.as_ref()) {
                Next::Leave | Next::Command(Command::Quit) => return self.end_record(notify),
                Next::Built(built) => self.built(built, notify),
                Next::Command(Command::Perform(script)) => self.perform(script, notify),
                Next::Command(command) => {
                    self.interrupt(&command, notify);
                    self.handle_command(&command, notify);
                }
                Next::Ask(ask) => self.ask(ask),
                Next::Nothing if moving && Instant::now() >= self.due => self.slice(),
                Next::Nothing => {}
            }
            self.later.drain(..).for_each(&mut *notify);
        }
    }

    fn handle_command(&mut self, command: &Command, notify: Notify<'_>) {
        // Writes are recorded when they are made.
        if !matches!(command, Command::Write { .. } | Command::Unwrite { .. }) {
            self.record(command, notify);
        }
        let ended = matches!(self.mode, Mode::Ended(_));
        if let (Command::Points(command), Some(session)) = (command, &mut self.session) {
            self.points.handle_command(command, session);
        }
        match *command {
            Command::Run if !ended => self.mode = Mode::Running,
            Command::Pause if !ended => self.mode = Mode::Paused,
            Command::TogglePause if !ended => {
                self.mode = if self.mode == Mode::Paused { Mode::Running } else { Mode::Paused };
            }
            Command::Step { unit, count } if !ended && count > 0 => self.mode = Mode::Stepping(unit, count),
            Command::SetSpeed(speed) => self.facts.speed = speed,
            Command::Restart => {
                if let Some(session) = &self.session {
                    let loaded = Box::new(session.loaded.clone());
                    let beside = self.second.as_ref().map(|second| Box::new(second.loaded.clone()));
                    self.mode = Mode::Paused;
                    self.begin_build(Purpose::Restart(loaded, beside));
                }
            }
            Command::Reload => {
                let purpose = if self.session.is_some() { Purpose::Reload } else { Purpose::Load };
                self.begin_build(purpose);
            }
            Command::Open { .. } => self.open(command, notify),
            Command::Rebuild { ref edits } => self.rebuild(edits, notify),
            Command::Withhold { pe, broken } => self.withhold(pe, broken, notify),
            Command::Focus(focus) => self.focus(focus),
            Command::Pin(ref pins) => self.facts.pins.clone_from(pins),
            Command::Attention(request) => self.facts.attention = request,
            Command::Watch(ref command) => self.watch(command, notify),
            Command::Bookmarks(ref command) => self.bookmarks(command, notify),
            Command::Back { .. }
            | Command::Go(_)
            | Command::Bookmark(_)
            | Command::Inject(_)
            | Command::WhoWrote { .. } => self.look_back(command, notify),
            Command::Level { .. }
            | Command::Code { .. }
            | Command::Write { .. }
            | Command::Unwrite { .. } => self.code(command, notify),
            Command::Run
            | Command::Pause
            | Command::TogglePause
            | Command::Step { .. }
            | Command::Points(_)
            | Command::Perform(_)
            | Command::Quit => {}
        }
        if self.is_moving() {
            self.stopped = None;
        }
        self.due = Instant::now();
        self.measured = (Instant::now(), self.session.as_ref().map_or(0, Session::steps));
        self.changed = true;
    }

    /// Runs for a moment: until a paced unit is done, the requested steps are taken, the front end
    /// waits for a snapshot, or [`SLICE`] is over.
    fn slice(&mut self) {
        if let Mode::Code(steps) = self.mode {
            return self.code_slice(steps);
        }
        let mut end = Instant::now() + SLICE;
        if self.ready.load(Ordering::Acquire) {
            end = end.min(self.published + FRAME);
        }
        let pace = match (&self.mode, self.facts.speed) {
            (Mode::Running, Speed::StepsPerSecond(n)) => Some((StepUnit::TimeStep, n)),
            (Mode::Running, Speed::EventsPerSecond(n)) => Some((StepUnit::Event, n)),
            _ => None,
        };
        let (Some(session), Some(history)) = (&mut self.session, &mut self.history) else { return };
        self.changed = true;
        let mut looks = 0;
        loop {
            if let Mode::Going(place) = &self.mode
                && place.is_reached(session)
            {
                return self.mode = Mode::Paused;
            }
            if let Some(second) = &mut self.second
                && self.mode.leads_to_a_step_end(self.facts.speed)
            {
                second.send(session.steps() + 1);
            }
            let within = self.points.looks_within_steps() || !self.mode.takes_whole_steps(self.facts.speed);
            let moved = if within { session.advance() } else { session.advance_swiftly() };
            let progress = match moved {
                StepOutcome::Advanced(progress) => progress,
                StepOutcome::Finished => return self.mode = Mode::Ended(RunState::Finished),
                StepOutcome::Stopped(stopped) => return self.mode = Mode::Ended(stopped.into()),
            };
            history.note(session, progress);
            if progress.step {
                self.watches.note(session);
            }
            let mut shown = false;
            if let Some(second) = self.second.as_mut().filter(|_| progress.step) {
                if second.compare(session) && self.performing.is_none() {
                    return self.mode = Mode::Paused;
                }
                // Both are at the same step now, and not at every moment before.
                shown = self.published.elapsed() >= FRAME && self.ready.load(Ordering::Acquire);
            }
            if let Some(hit) = self.points.after(session, progress)
                && self.performing.is_none()
            {
                self.stopped = Some(hit);
                return self.mode = Mode::Paused;
            }
            if let Mode::Stepping(unit, remaining) = &mut self.mode
                && session.completes(*unit, progress)
            {
                *remaining -= 1;
                if *remaining == 0 {
                    return self.mode = Mode::Paused;
                }
            }
            if let Some((unit, per_second)) = pace
                && session.completes(unit, progress)
            {
                self.due += Duration::from_secs_f64(1.0 / per_second.max(1e-3));
                let now = Instant::now();
                if self.due + SLICE < now {
                    self.due = now; // fell behind: do not catch up in a burst
                }
                if self.due > now {
                    return;
                }
            }
            looks += 1;
            if shown || (!within || looks % EVENTS_PER_LOOK == 0) && Instant::now() >= end {
                return;
            }
        }
    }

    /// Sends a snapshot if there is news. In a free run it waits until the front end has drawn
    /// the last one.
    fn publish(&mut self, notify: Notify<'_>, standing: bool) {
        let Some(session) = &self.session else { return };
        if !self.changed {
            return;
        }
        let now = Instant::now();
        if let Some(history) = &mut self.history {
            if standing {
                history.stopped(session);
            }
            self.facts.history = view::history(history);
        }
        if !standing {
            let ahead = self.second.as_ref().is_some_and(Second::is_under_way);
            if ahead || now < self.published + FRAME || !self.ready.swap(false, Ordering::AcqRel) {
                return;
            }
            let (since, steps) = self.measured;
            let elapsed = now - since;
            if elapsed >= SPEED_WINDOW {
                self.facts.steps_per_second = (session.steps() - steps) as f64 / elapsed.as_secs_f64();
                self.measured = (now, session.steps());
            }
        }
        self.facts.run = match &self.mode {
            Mode::Paused => RunState::Paused,
            Mode::Going(SeekTarget::Step(step)) => {
                let remaining = step.saturating_sub(session.steps());
                RunState::Stepping { remaining: u32::try_from(remaining).unwrap_or(u32::MAX) }
            }
            Mode::Code(steps) => RunState::Stepping { remaining: steps.left() },
            Mode::Running | Mode::Going(_) => RunState::Running,
            Mode::Stepping(_, remaining) => RunState::Stepping { remaining: *remaining },
            Mode::Ended(state) => state.clone(),
        };
        self.facts.debug = view::debug(&self.points, self.stopped.as_ref());
        self.facts.watches = self.watches.views(session);
        self.published = now;
        self.changed = false;
        if let Some(second) = &mut self.second {
            let view = second.view(session, &self.facts, standing);
            let parted = second.parted_at(session).filter(|_| standing);
            self.facts.debug.stopped = self.facts.debug.stopped.take().or(parted);
            notify(EngineEvent::Against(Box::new(view)));
        }
        notify(EngineEvent::Snapshot(Arc::new(snapshot(session, &self.facts))));
    }
}

#[cfg(test)]
mod tests;
