//! The event loop: one inbox, one model, one screen.
//!
//! ```text
//! input thread ─┐
//! signals ──────┤            update            draw (only if dirty, at most 60/s)
//! watcher ──────┼─ inbox ──▶ App ──▶ effects ─▶ screen
//! engine ───────┤              │
//! panic hook ───┘              └──▶ engine: commands, `ready` after a drawn snapshot
//! ```
//!
//! The loop blocks on the inbox. While nothing happens there is no timer, no write, no CPU.

use std::io::{self, IsTerminal};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use color_eyre::Report;
use color_eyre::eyre::WrapErr;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use signal_hook::consts::SIGHUP;

use super::against::AgainstState;
use super::app::{App, Effect, Msg};
use super::config::Reload;
use super::keep::Keeper;
use super::lesson::course::Course;
use super::results::{Reader, Results};
use super::state::presenter::Presenter;
use super::term::{self, Screen, hangup, panic, signals};
use super::theme::{LooksChoice, Theme};
use super::update::update;
use super::{keymap, lesson, verbs, view};
use crate::gdb::Server;
use crate::output::say;
use crate::scene::watch::SceneWatcher;
use crate::session::command::Command;
use crate::session::engine::{DebugPort, Engine, EngineEvent, EngineOptions, Sent};
use crate::session::snapshot::Focus;

/// Options with which the app starts.
#[derive(Clone, Debug)]
pub struct TuiOptions {
    /// Options of the engine.
    pub engine: EngineOptions,
    /// Colours, theme, ramp, characters.
    pub looks: LooksChoice,
    /// Assignment of keys to commands.
    pub keymap: keymap::Keymap,
    /// Time step at which a saved scene is loaded.
    pub reload: Reload,
    /// Whether to take the mouse from the terminal.
    pub mouse: bool,
    /// Reload the scene whenever its file is saved.
    pub watch: bool,
    /// A lesson to take.
    pub lesson: Option<lesson::Loaded>,
    /// Presenter mode from the beginning.
    pub present: bool,
    /// Folder in which view, pins and bookmarks are kept; `None` to keep nothing.
    pub keep: Option<PathBuf>,
    /// Reads folders of results for the table of points.
    pub reader: Reader,
    /// Table of points that is shown first.
    pub results: Option<Results>,
}

/// Least time between two frames on a local terminal: 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);
/// Least time between two frames over ssh: 30 a second.
const FRAME_REMOTE: Duration = Duration::from_micros(33_333);
/// Time limit for a further digit of a count, and for the command that takes it.
const COUNT_WAIT: Duration = Duration::from_secs(1);
/// Messages taken in before a frame may be drawn.
const BATCH: usize = 256;
/// A frame that takes longer than this is worth a line in the log.
const SLOW_FRAME: Duration = Duration::from_millis(50);
/// Exit code after a recording that could not be completed.
const INCOMPLETE: u8 = 2;
/// Exit code after the terminal was closed: what HUP gives.
const HUNG_UP: u8 = 128 + SIGHUP as u8;

/// Interface to the engine that the loop needs; the real one is [`Engine`].
pub trait Port {
    /// Sends a command, without waiting for anything.
    fn send(&self, command: Command) -> Sent;
    /// Tells the engine that the last snapshot was drawn.
    fn ready(&self);
    /// Returns the engine's handle for debuggers; `None` if it has none.
    fn debug_port(&self) -> Option<DebugPort> {
        None
    }
    /// Ends the engine and waits for its end.
    fn stop(&mut self);
}

impl Port for Engine {
    fn send(&self, command: Command) -> Sent {
        self.try_send(command)
    }

    fn ready(&self) {
        Engine::ready(self);
    }

    fn debug_port(&self) -> Option<DebugPort> {
        Some(Engine::debug_port(self))
    }

    fn stop(&mut self) {
        Engine::stop(self);
    }
}

/// Runs the app until the user leaves; returns the exit code to end with.
///
/// Without a terminal it prints a message that names the headless way, and returns 2.
pub fn run(options: TuiOptions) -> Result<ExitCode, Report> {
    let engine = options.engine.clone();
    run_with(options, move |inbox| {
        Engine::start(engine.clone(), move |event: EngineEvent| {
            if matches!(event, EngineEvent::Snapshot(_)) {
                panic::provoke("engine");
            }
            let _ = inbox.send(Msg::Engine(event));
        })
    })
}

/// Runs the app like [`run`] with another engine, for tests and demonstrations. `start` may be
/// called again after a crash.
pub fn run_with<P: Port>(
    options: TuiOptions,
    start: impl FnMut(Sender<Msg>) -> io::Result<P>,
) -> Result<ExitCode, Report> {
    let TuiOptions {
        engine: EngineOptions { scene, against, .. },
        looks,
        keymap,
        reload,
        mouse,
        watch,
        lesson,
        present,
        keep,
        reader,
        results,
    } = options;
    if !has_terminal() {
        say(no_terminal(&scene));
        return Ok(ExitCode::from(2));
    }
    let (sender, inbox) = unbounded();
    let _hook = panic::install(sender.clone());
    // Before the terminal is taken, so that no signal finds it taken without a thread to give it
    // back.
    signals::start(sender.clone()).wrap_err("could not listen to signals")?;
    hangup::start(sender.clone()).wrap_err("could not watch the terminal")?;
    term::use_mouse(mouse);
    let screen = Screen::take().wrap_err("could not take the terminal")?;
    let mut app = App::new(scene.display().to_string(), theme(looks), screen.size()?);
    app.keymap = keymap;
    app.here.keep = reload == Reload::Keep;
    app.against = against.as_ref().map(|_| AgainstState::default());
    let keeper = match &keep {
        // A lesson shows what its pages are about.
        Some(folder) if lesson.is_none() => Keeper::begin(&mut app, folder, &scene),
        _ => Keeper::default(),
    };
    app.lesson = lesson.map(Course::new);
    app.presenter = present.then(Presenter::default);
    if let Some(results) = results {
        super::results::loaded(&mut app, Ok(results));
    }
    let second = against.as_ref().map(|against| against.scene.as_path());
    let _watch = if watch { watch_scene(&mut app, &scene, second, &sender) } else { None };
    term::input::start(sender.clone()).wrap_err("could not read the terminal")?;
    Loop::new(app, screen, inbox, sender, reader, start)?.run(&keeper)
}

fn theme(looks: LooksChoice) -> Theme {
    Theme::new(looks.resolve(|name| std::env::var(name).ok()))
}

/// Returns `true` if both input and output are a terminal.
pub fn has_terminal() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal()
}

fn no_terminal(scene: &Path) -> String {
    format!(
        "spinntui: the app needs a terminal for both input and output, and here is none.\n\
         Without one, run it headless: spinntui run {}",
        scene.display()
    )
}

fn watch_scene(
    app: &mut App,
    scene: &Path,
    second: Option<&Path>,
    sender: &Sender<Msg>,
) -> Option<SceneWatcher> {
    let inbox = sender.clone();
    let watcher = SceneWatcher::new(scene, move || {
        // The thread goes on watching whatever happens here; the hook tells the user.
        let _ = catch_unwind(|| panic::provoke("watcher"));
        let _ = inbox.send(Msg::SceneSaved);
    });
    let watcher = watcher.and_then(|mut watcher| {
        second.map_or(Ok(()), |second| watcher.also(second))?;
        Ok(watcher)
    });
    match watcher {
        Ok(watcher) => {
            app.watching = true;
            Some(watcher)
        }
        Err(error) => {
            app.notice = Some(format!("cannot watch {}: {error}; r reloads it", scene.display()));
            None
        }
    }
}

/// Writes the important messages to the log.
fn log(msg: &Msg) {
    match msg {
        Msg::Engine(EngineEvent::SceneLoaded) => tracing::info!("scene loaded"),
        Msg::Engine(EngineEvent::SceneError(text)) => tracing::warn!("scene not loaded\n{text}"),
        Msg::Engine(EngineEvent::Crashed(text)) => tracing::error!("the engine stopped: {text}"),
        Msg::Engine(EngineEvent::Said(text)) => tracing::debug!("{text}"),
        Msg::Engine(EngineEvent::RecordingFailed(why)) => tracing::error!("{why}"),
        Msg::Engine(EngineEvent::ScriptEnded(performed)) => match &performed.result {
            Ok(arrived) => tracing::debug!(events = arrived.events, "performed"),
            Err(why) => tracing::warn!("not performed: {why}"),
        },
        Msg::SceneSaved => tracing::info!("the scene file was saved"),
        Msg::Signal(signal) => tracing::info!(?signal, "signal"),
        Msg::InputLost(why) => tracing::warn!("no more input: {why}"),
        Msg::Resize(columns, rows) => tracing::debug!(columns, rows, "size"),
        // The hook has written the report down.
        Msg::Gdb(place) => tracing::info!(?place, "gdb server"),
        Msg::GdbClient(news) => tracing::info!(?news, "gdb"),
        Msg::ThreadPanicked(_)
        | Msg::Results(_)
        | Msg::Ran(_)
        | Msg::Key(_)
        | Msg::Mouse(_)
        | Msg::Paste(_)
        | Msg::CountExpired
        | Msg::Engine(EngineEvent::Snapshot(_) | EngineEvent::Against(_) | EngineEvent::Names(_)) => {}
    }
}

/// Returns `true` if an error is the consequence of a closed terminal.
fn closed(error: &Report) -> bool {
    term::is_gone() || error.chain().any(|cause| cause.downcast_ref().is_some_and(term::says_gone))
}

struct Loop<P, F> {
    app: App,
    screen: Screen,
    inbox: Receiver<Msg>,
    sender: Sender<Msg>,
    engine: P,
    start: F,
    reader: Reader,
    /// Server for gdb; `None` while gdb is not served.
    gdb: Option<Server>,
    /// The model changed since the last frame.
    dirty: bool,
    /// Whether there is a snapshot that no frame has shown.
    fresh: bool,
    /// Whether the app has the terminal; `false` while suspended.
    on_screen: bool,
    frames: u64,
    frame: Duration,
    next_frame: Instant,
    count_ends: Option<Instant>,
    exit: Option<u8>,
}

impl<P: Port, F: FnMut(Sender<Msg>) -> io::Result<P>> Loop<P, F> {
    fn new(
        app: App,
        screen: Screen,
        inbox: Receiver<Msg>,
        sender: Sender<Msg>,
        reader: Reader,
        mut start: F,
    ) -> Result<Self, Report> {
        tracing::info!(scene = app.scene, size = ?app.size, "the engine is started");
        let engine = start(sender.clone()).wrap_err("could not start the engine")?;
        let remote = std::env::var_os("SSH_CONNECTION").is_some();
        Ok(Self {
            app,
            screen,
            inbox,
            sender,
            engine,
            start,
            reader,
            gdb: None,
            dirty: true,
            fresh: false,
            on_screen: true,
            frames: 0,
            frame: if remote { FRAME_REMOTE } else { FRAME },
            next_frame: Instant::now(),
            count_ends: None,
            exit: None,
        })
    }

    fn run(mut self, keeper: &Keeper) -> Result<ExitCode, Report> {
        let result = match self.turn_until_exit() {
            // The terminal was closed: there is no place for a message.
            Err(error) if closed(&error) => Ok(HUNG_UP),
            other => other,
        };
        // First the terminal: the engine may be in the middle of something long.
        term::give_back();
        match &result {
            Ok(code) => tracing::info!(code, frames = self.frames, "left"),
            Err(error) => tracing::error!("left: {error:#}"),
        }
        if let Err(why) = keeper.end(&self.app) {
            say(why);
        }
        self.engine.stop();
        result.map(|code| ExitCode::from(self.with_recording(code)))
    }

    /// Returns the exit code: `code`, or an error's if the recording is incomplete.
    fn with_recording(&mut self, code: u8) -> u8 {
        for msg in self.inbox.try_iter() {
            if let Msg::Engine(EngineEvent::RecordingFailed(why)) = msg {
                self.app.recording_failed = Some(why);
            }
        }
        match &self.app.recording_failed {
            None => code,
            Some(why) => {
                say(format!("error: {why}"));
                if code == 0 { INCOMPLETE } else { code }
            }
        }
    }

    fn turn_until_exit(&mut self) -> Result<u8, Report> {
        loop {
            if self.dirty && self.on_screen && Instant::now() >= self.next_frame {
                self.draw().wrap_err("could not draw")?;
            }
            if let Some(msg) = self.wait()? {
                self.take_in(msg)?;
                for msg in self.inbox.clone().try_iter().take(BATCH) {
                    // Input typed after leaving belongs to the next program, Ctrl-Z above all.
                    if self.exit.is_some() {
                        break;
                    }
                    self.take_in(msg)?;
                }
            }
            if let Some(code) = self.exit {
                return Ok(code);
            }
        }
    }

    /// Waits for the next message; `None` when it is time to draw.
    fn wait(&mut self) -> Result<Option<Msg>, Report> {
        let frame = (self.dirty && self.on_screen).then_some(self.next_frame);
        let deadline = [frame, self.count_ends].into_iter().flatten().min();
        let received = match deadline {
            Some(deadline) => self.inbox.recv_deadline(deadline),
            None => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok(msg) => Ok(Some(msg)),
            Err(RecvTimeoutError::Disconnected) => Err(Report::msg("the inbox closed")),
            Err(RecvTimeoutError::Timeout) => {
                let expired = self.count_ends.is_some_and(|end| Instant::now() >= end);
                Ok(expired.then(|| {
                    self.count_ends = None;
                    Msg::CountExpired
                }))
            }
        }
    }

    fn take_in(&mut self, msg: Msg) -> Result<(), Report> {
        log(&msg);
        self.dirty = true;
        if matches!(msg, Msg::Resize(..)) {
            // Even if it is the size of the last frame: smaller in between, the terminal has cut
            // off what was there.
            self.screen.forget();
        }
        self.fresh |= matches!(msg, Msg::Engine(EngineEvent::Snapshot(_)));
        for effect in update(&mut self.app, msg) {
            self.carry_out(effect)?;
        }
        if self.app.count.is_none() {
            self.count_ends = None;
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> Result<(), Report> {
        match effect {
            Effect::Engine(command) => {
                tracing::debug!(?command, "to the engine");
                match self.engine.send(command) {
                    Sent::Taken => {}
                    Sent::Full => {
                        self.app.notice = Some("the engine is busy: command ignored".to_owned());
                        // If it was the wish for a detail, it is uttered again.
                        self.app.asked_focus = Focus::Nothing;
                    }
                    Sent::Gone => {
                        self.app.notice = Some("the engine has stopped; r starts it again".to_owned());
                        self.app.crashed = true;
                    }
                }
            }
            Effect::RestartEngine => {
                tracing::info!("the engine is started again");
                self.serve_gdb(None)?;
                self.engine.stop();
                self.engine = (self.start)(self.sender.clone()).wrap_err("could not start the engine")?;
            }
            Effect::StartCountTimer => self.count_ends = Some(Instant::now() + COUNT_WAIT),
            Effect::Suspend => {
                tracing::info!("suspended");
                term::give_back();
                self.on_screen = false;
                signals::stop_process().wrap_err("could not stop the process")?;
            }
            Effect::Resume => {
                tracing::info!("continued");
                self.screen.retake().wrap_err("could not take the terminal again")?;
                self.on_screen = true;
                // No resize events arrive while another job has the terminal.
                let (columns, rows) = self.screen.size().wrap_err("could not ask for the size")?;
                self.take_in(Msg::Resize(columns, rows))?;
            }
            Effect::Copy(text) => self.screen.copy(&text).wrap_err("could not copy")?,
            Effect::Gdb(port) => self.serve_gdb(port)?,
            Effect::Redraw => self.screen.forget(),
            Effect::ReadResults(folder) => {
                let (reader, sender) = (self.reader, self.sender.clone());
                std::thread::spawn(move || drop(sender.send(Msg::Results(Box::new(reader(&folder))))));
            }
            Effect::Subcommand(arguments) => {
                let (program, sender) = (self.app.program.clone(), self.sender.clone());
                std::thread::spawn(move || {
                    drop(sender.send(Msg::Ran(Box::new(verbs::run(program, &arguments)))));
                });
            }
            Effect::Quit(code) => self.exit = Some(code),
        }
        Ok(())
    }

    /// Serves gdb on a port, or ends that.
    fn serve_gdb(&mut self, port: Option<u16>) -> Result<(), Report> {
        let before = self.gdb.take();
        let Some(port) = port else {
            return if before.is_some() || self.app.gdb.is_none() {
                self.take_in(Msg::Gdb(None))
            } else {
                Ok(())
            };
        };
        // The port may be that of the server before.
        drop(before);
        let Some(engine) = self.engine.debug_port() else { return Ok(()) };
        let sender = self.sender.clone();
        let tell = move |news| drop(sender.send(Msg::GdbClient(news)));
        match Server::start(port, engine, self.app.selected, tell) {
            Ok(server) => {
                let place = server.place();
                self.gdb = Some(server);
                self.take_in(Msg::Gdb(Some(place)))
            }
            Err(error) => {
                self.app.gdb = None;
                self.app.notice = Some(format!("cannot listen on 127.0.0.1:{port}: {error}"));
                Ok(())
            }
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        let started = Instant::now();
        let (app, first) = (&self.app, self.frames == 0);
        let changed = self.screen.draw(|area, buf| {
            view::draw(app, area, buf);
            if !first {
                panic::provoke("ui");
            }
        })?;
        self.dirty = false;
        if std::mem::take(&mut self.fresh) {
            self.engine.ready();
        }
        // A terminal that takes long for a frame gets fewer: half of the time stays
        // for everything else.
        let took = started.elapsed();
        if took > SLOW_FRAME {
            tracing::warn!(ms = took.as_millis() as u64, "slow frame");
        }
        // A frame without news, as after most keys until the engine answers, does not put the
        // next one off.
        let least = if changed { self.frame } else { Duration::ZERO };
        // Counted from when this one was due, so that being woken a little late each time does
        // not add up.
        let due = if started < self.next_frame + self.frame { self.next_frame } else { started };
        self.next_frame = (due + least).max(started + took * 2);
        self.frames += 1;
        if first {
            panic::provoke_worker();
        }
        Ok(())
    }
}
