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
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use color_eyre::Report;
use color_eyre::eyre::WrapErr;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::app::{App, Effect, Msg};
use super::lesson::course::Course;
use super::lesson::presenter::Presenter;
use super::term::{self, Screen, panic, signals};
use super::theme::Theme;
use super::update::update;
use super::{LooksChoice, TuiOptions, view};
use crate::scene::watch::SceneWatcher;
use crate::session::command::Command;
use crate::session::engine::{Engine, EngineEvent, EngineOptions};

/// Least time between two frames on a local terminal: 60 a second.
const FRAME: Duration = Duration::from_micros(16_667);
/// The same over ssh: 30 a second.
const FRAME_REMOTE: Duration = Duration::from_micros(33_333);
/// How long a count waits for its next digit or its command.
const COUNT_WAIT: Duration = Duration::from_secs(1);
/// Messages taken in before a frame may be drawn.
const BATCH: usize = 256;

/// What the loop needs of an engine; the real one is [`Engine`].
pub trait Port {
    /// Sends a command; `false` when the engine is gone.
    fn send(&self, command: Command) -> bool;
    /// The last snapshot was drawn.
    fn ready(&self);
    /// Ends it and waits.
    fn stop(&mut self);
}

impl Port for Engine {
    fn send(&self, command: Command) -> bool {
        Engine::send(self, command)
    }

    fn ready(&self) {
        Engine::ready(self);
    }

    fn stop(&mut self) {
        Engine::stop(self);
    }
}

/// Runs the app until the user leaves; the exit code to end with.
///
/// Without a terminal it says so, names the headless way and gives 2.
pub fn run(options: TuiOptions) -> Result<ExitCode, Report> {
    let engine = options.engine.clone();
    run_with(options, move |inbox| {
        Engine::start(engine.clone(), move |event: EngineEvent| {
            let _ = inbox.send(Msg::Engine(event));
        })
    })
}

/// [`run`] with another engine, for tests and demonstrations. `start` may be called again after a crash.
pub fn run_with<P: Port>(
    options: TuiOptions,
    start: impl FnMut(Sender<Msg>) -> io::Result<P>,
) -> Result<ExitCode, Report> {
    let TuiOptions { engine: EngineOptions { scene, .. }, looks, keymap, watch, lesson, present } = options;
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        eprintln!("{}", no_terminal(&scene));
        return Ok(ExitCode::from(2));
    }
    let (sender, inbox) = unbounded();
    let _hook = panic::install(sender.clone());
    let screen = Screen::take().wrap_err("could not take the terminal")?;
    let mut app = App::new(scene.display().to_string(), theme(looks), screen.size()?);
    app.keymap = keymap;
    app.lesson = lesson.map(Course::new);
    app.presenter = present.then(Presenter::default);
    let _watch = if watch { watch_scene(&mut app, &scene, &sender) } else { None };
    signals::start(sender.clone()).wrap_err("could not listen to signals")?;
    term::input::start(sender.clone()).wrap_err("could not read the terminal")?;
    Loop::new(app, screen, inbox, sender, start)?.run()
}

fn theme(looks: LooksChoice) -> Theme {
    Theme::new(looks.resolve(|name| std::env::var(name).ok()))
}

fn no_terminal(scene: &Path) -> String {
    format!(
        "spinntui: the app needs a terminal for both input and output, and here is none.\n\
         Without one, run it headless: spinntui run {}",
        scene.display()
    )
}

fn watch_scene(app: &mut App, scene: &Path, sender: &Sender<Msg>) -> Option<SceneWatcher> {
    let inbox = sender.clone();
    let watcher = SceneWatcher::new(scene, move || {
        let _ = inbox.send(Msg::SceneSaved);
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

struct Loop<P, F> {
    app: App,
    screen: Screen,
    inbox: Receiver<Msg>,
    sender: Sender<Msg>,
    engine: P,
    start: F,
    /// The model changed since the last frame.
    dirty: bool,
    /// A snapshot came that no frame has shown.
    fresh: bool,
    /// The terminal is ours; not so while suspended.
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
        mut start: F,
    ) -> Result<Self, Report> {
        let engine = start(sender.clone()).wrap_err("could not start the engine")?;
        let remote = std::env::var_os("SSH_CONNECTION").is_some();
        Ok(Self {
            app,
            screen,
            inbox,
            sender,
            engine,
            start,
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

    fn run(mut self) -> Result<ExitCode, Report> {
        let result = self.turn_until_exit();
        // First the terminal: the engine may be in the middle of something long.
        term::give_back();
        self.engine.stop();
        result.map(ExitCode::from)
    }

    fn turn_until_exit(&mut self) -> Result<u8, Report> {
        loop {
            if self.dirty && self.on_screen && Instant::now() >= self.next_frame {
                self.draw().wrap_err("could not draw")?;
            }
            if let Some(msg) = self.wait()? {
                self.take_in(msg)?;
                for msg in self.inbox.clone().try_iter().take(BATCH) {
                    self.take_in(msg)?;
                }
            }
            if let Some(code) = self.exit {
                return Ok(code);
            }
        }
    }

    /// The next message, or none when it is time to draw.
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
        self.dirty = true;
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
                if !self.engine.send(command) {
                    self.app.notice = Some("the engine has stopped; r starts it again".to_owned());
                    self.app.crashed = true;
                }
            }
            Effect::RestartEngine => {
                self.engine.stop();
                self.engine = (self.start)(self.sender.clone()).wrap_err("could not start the engine")?;
            }
            Effect::StartCountTimer => self.count_ends = Some(Instant::now() + COUNT_WAIT),
            Effect::Suspend => {
                term::give_back();
                self.on_screen = false;
                signals::stop_process().wrap_err("could not stop the process")?;
            }
            Effect::Resume => {
                self.screen.retake().wrap_err("could not take the terminal again")?;
                self.on_screen = true;
            }
            Effect::Redraw => self.screen.forget().wrap_err("could not draw")?,
            Effect::Quit(code) => self.exit = Some(code),
        }
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        let started = Instant::now();
        let app = &self.app;
        self.screen.draw(|area, buf| view::draw(app, area, buf))?;
        self.dirty = false;
        if std::mem::take(&mut self.fresh) {
            self.engine.ready();
        }
        // A terminal that takes long for a frame gets fewer: half of the time stays for everything else.
        self.next_frame = started + self.frame.max(started.elapsed() * 2);
        self.frames += 1;
        if self.frames == 1 {
            panic::provoke_if_asked();
        }
        Ok(())
    }
}
