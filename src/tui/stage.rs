//! App without a terminal, with its real engine, for pictures. Every step waits until the engine
//! has paused, and only its messages at that moment are handled, so that equal steps give equal
//! screens on any machine.

use crossbeam_channel::{Receiver, unbounded};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use thiserror::Error;

use super::app::{App, Effect, Msg};
use super::keymap::Key;
use super::panel::PanelId;
use super::presses::PressError;
pub use super::presses::{Press, presses};
use super::teaching;
use super::update::update;
use super::verbs;
use super::view;
use crate::session::command::Command;
use crate::session::engine::{Engine, EngineEvent, EngineOptions};
use crate::session::history::SeekTarget;
use crate::session::snapshot::{RunState, SharedSnapshot};

/// Error that stops a picture from being made.
#[derive(Debug, Error)]
pub enum StageError {
    /// The scene cannot be loaded: the complete diagnostic.
    #[error("{0}")]
    Scene(String),
    /// The engine's thread could not be started.
    #[error("error: the engine could not be started: {0}")]
    Start(#[from] std::io::Error),
    /// The engine is gone.
    #[error("error: the engine stopped: {0}")]
    Crashed(String),
    /// A key string that cannot be read.
    #[error(transparent)]
    Press(#[from] PressError),
    /// A key that leaves the app.
    #[error("error: `{0}` leaves the app, and then there is nothing to draw")]
    Left(String),
}

/// App with its engine.
pub struct Stage {
    app: App,
    engine: Engine,
    events: Receiver<EngineEvent>,
}

impl Stage {
    /// Loads the scene, and waits until it is ready to run.
    pub fn open(app: App, options: EngineOptions) -> Result<Self, StageError> {
        let (sender, events) = unbounded();
        let engine = Engine::start(options, move |event| drop(sender.send(event)))?;
        let mut stage = Self { app, engine, events };
        let effects = stage.wait(true)?;
        stage.carry_out(effects, "")?;
        Ok(stage)
    }

    /// Seeks to a moment, and runs there if it lies ahead.
    pub fn go(&mut self, place: SeekTarget) -> Result<(), StageError> {
        self.carry_out(vec![Effect::Engine(Command::Go(place))], "")?;
        // Where a journey has led is worth saying to who pressed a key for it.
        self.app.notice = None;
        Ok(())
    }

    /// Turns to a page of the lesson, counted from 0, and waits until the chip is at its moment.
    ///
    /// # Errors
    ///
    /// Fails if the engine stops. A moment that cannot be reached is the lesson's `problem`.
    pub fn turn(&mut self, page: usize) -> Result<(), StageError> {
        let effects = teaching::turn_to(&mut self.app, page);
        self.carry_out(effects, "")?;
        self.settle()
    }

    /// Sends a command.
    pub fn command(&mut self, command: Command) -> Result<(), StageError> {
        self.carry_out(vec![Effect::Engine(command)], "")
    }

    /// Presses keys or types text.
    pub fn press(&mut self, press: &Press) -> Result<(), StageError> {
        match press {
            Press::Keys(keys, word) => keys.iter().try_for_each(|&key| self.key(key, word))?,
            Press::Text(text) => text.chars().try_for_each(|character| {
                self.key(Key { code: KeyCode::Char(character), modifiers: KeyModifiers::NONE }, text)
            })?,
        }
        if self.app.count.is_some() {
            let effects = update(&mut self.app, Msg::CountExpired);
            self.carry_out(effects, "")?;
        }
        Ok(())
    }

    fn key(&mut self, key: Key, word: &str) -> Result<(), StageError> {
        let effects = update(&mut self.app, Msg::Key(KeyEvent::new(key.code, key.modifiers)));
        self.carry_out(effects, word)
    }

    /// Gives a panel the focus, and with `expanded` the whole screen.
    pub fn show(&mut self, panel: Option<PanelId>, expanded: bool) -> Result<(), StageError> {
        if let Some(panel) = panel {
            self.app.set_focus(panel);
        }
        self.app.expanded = expanded;
        self.settle()
    }

    /// Returns the app, to change its view; [`Self::settle`] then requests the detail that
    /// the view needs.
    pub fn app(&mut self) -> &mut App {
        &mut self.app
    }

    /// Requests the detail that the screen shows, and waits for it.
    pub fn settle(&mut self) -> Result<(), StageError> {
        // A size that does not change is the message that changes nothing.
        let (columns, rows) = self.app.size;
        let effects = update(&mut self.app, Msg::Resize(columns, rows));
        self.carry_out(effects, "")
    }

    /// Draws the screen and returns its cells.
    pub fn draw(&self) -> Buffer {
        let area = Rect::new(0, 0, self.app.size.0, self.app.size.1);
        let mut buf = Buffer::empty(area);
        view::draw(&self.app, area, &mut buf);
        buf
    }

    /// Carries out effects one by one, each until the engine has paused.
    fn carry_out(&mut self, effects: Vec<Effect>, word: &str) -> Result<(), StageError> {
        let mut waiting: std::collections::VecDeque<Effect> = effects.into();
        while let Some(effect) = waiting.pop_front() {
            match effect {
                Effect::Engine(command) => {
                    // The scene is built beside the experiment, which still sends snapshots.
                    let beside = match &command {
                        Command::Reload => true,
                        Command::Rebuild { edits } => edits.is_empty(),
                        _ => false,
                    };
                    if !self.engine.send(command) {
                        return Err(StageError::Crashed("its thread has ended".to_owned()));
                    }
                    if beside {
                        waiting.extend(self.reloaded()?);
                    }
                    waiting.extend(self.wait(false)?);
                }
                Effect::Quit(_) => return Err(StageError::Left(word.to_owned())),
                Effect::Subcommand(arguments) => {
                    let ran = verbs::run(self.app.program.clone(), &arguments);
                    waiting.extend(update(&mut self.app, Msg::Ran(Box::new(ran))));
                }
                // What concerns a terminal or a clock.
                _ => {}
            }
        }
        Ok(())
    }

    /// Handles the engine's events until the saved scene has been built or has failed to build.
    fn reloaded(&mut self) -> Result<Vec<Effect>, StageError> {
        let mut effects = Vec::new();
        loop {
            let event =
                self.events.recv().map_err(|_| StageError::Crashed("its thread has ended".to_owned()))?;
            let done = match &event {
                EngineEvent::Crashed(report) => return Err(StageError::Crashed(report.clone())),
                EngineEvent::SceneLoaded | EngineEvent::SceneError(_) => true,
                EngineEvent::Snapshot(_) => continue,
                _ => false,
            };
            effects.extend(update(&mut self.app, Msg::Engine(event)));
            if done {
                return Ok(effects);
            }
        }
    }

    /// Handles the engine's messages until it has paused.
    fn wait(&mut self, loading: bool) -> Result<Vec<Effect>, StageError> {
        let mut effects = Vec::new();
        loop {
            let event =
                self.events.recv().map_err(|_| StageError::Crashed("its thread has ended".to_owned()))?;
            let event = match event {
                EngineEvent::Crashed(report) => return Err(StageError::Crashed(report)),
                EngineEvent::SceneError(text) if loading => return Err(StageError::Scene(text)),
                // What is seen on the way depends on how fast the machine is.
                EngineEvent::Snapshot(snapshot) if moving(&snapshot.run) => continue,
                EngineEvent::Snapshot(snapshot) => {
                    let still = EngineEvent::Snapshot(without_clock(&snapshot));
                    effects.extend(update(&mut self.app, Msg::Engine(still)));
                    return Ok(effects);
                }
                EngineEvent::Against(mut view) => {
                    view.snapshot = view.snapshot.as_ref().map(without_clock);
                    EngineEvent::Against(view)
                }
                other => other,
            };
            effects.extend(update(&mut self.app, Msg::Engine(event)));
        }
    }
}

fn moving(run: &RunState) -> bool {
    matches!(run, RunState::Running | RunState::Stepping { .. })
}

/// Returns the snapshot without the speed, which a wall clock has measured.
fn without_clock(snapshot: &SharedSnapshot) -> SharedSnapshot {
    let mut snapshot = snapshot.as_ref().clone();
    snapshot.steps_per_second = 0.0;
    snapshot.into()
}
