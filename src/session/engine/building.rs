//! Builds of scenes on threads of their own, so that the engine stays responsive.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvError, bounded};

use super::{EngineEvent, Mode, Notify, Runner};
use crate::scene::{LoadedScene, SceneError};
use crate::session::Session;
use crate::session::against::{self, Against, Second};
use crate::session::build::{ModelCache, build};
use crate::session::command::Command;
use crate::session::debug::{Names, PointCommand};
use crate::session::history::{BookmarkCommand, History, SeekTarget};

/// Reason for building a scene.
#[derive(Debug)]
pub(super) enum Purpose {
    /// First load: no experiment exists yet.
    Load,
    /// The scene's file was saved: it is built beside the experiment, which goes on.
    Reload,
    /// The experiment is restarted from its own scene, and the second one from its own.
    Restart(Box<LoadedScene>, Option<Box<LoadedScene>>),
    /// Another scene; holds the scene, edits and mode to return to if it cannot be built.
    Open(PathBuf, Vec<(String, String)>, Mode),
}

/// Scene that is being built.
#[derive(Debug)]
pub(super) struct Building {
    purpose: Purpose,
    result: Receiver<Built>,
}

/// Result of a build, the experiment and the second one, and the models read for it.
#[derive(Debug)]
pub(super) struct Built {
    session: Result<(Box<Session>, Option<Box<Session>>), SceneError>,
    cache: ModelCache,
}

impl Building {
    /// Returns `true` if the experiment is held, and its commands wait, until the build ends.
    pub(super) fn holds(&self) -> bool {
        !matches!(self.purpose, Purpose::Reload)
    }

    /// Returns the channel of the result; it is disconnected if the build's thread has panicked.
    pub(super) fn result(&self) -> &Receiver<Built> {
        &self.result
    }
}

/// Holds a build while the file named by `SPINNTUI_TEST_HOLD` exists, for tests of the real binary.
///
/// The build then acts as if it read from a file system that does not answer. Builds without debug
/// assertions ignore the variable.
fn hold_for_tests() {
    while cfg!(debug_assertions)
        && std::env::var_os("SPINNTUI_TEST_HOLD").is_some_and(|file| Path::new(&file).exists())
    {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Builds the scene that is to run in step with `session`, from its file or as `loaded`.
fn second(
    against: &Against,
    loaded: Option<LoadedScene>,
    session: &Session,
    cache: &mut ModelCache,
) -> Result<Box<Session>, SceneError> {
    let loaded = loaded.map_or_else(|| LoadedScene::load(&against.scene, &against.set), Ok)?;
    against::check(&session.loaded, &loaded)?;
    build(loaded, cache).map(Box::new)
}

impl Runner {
    /// Begins to build a scene.
    ///
    /// A build in progress is abandoned, not awaited: it may never end.
    pub(super) fn begin_build(&mut self, purpose: Purpose) {
        self.stays = false;
        let (scene, set) = (self.options.scene.clone(), self.options.set.clone());
        let mut cache = self.cache.clone();
        let (loaded, beside) = match &purpose {
            Purpose::Restart(loaded, beside) => (Some(loaded.as_ref().clone()), beside.as_deref().cloned()),
            _ => (None, None),
        };
        let against = self.options.against.clone();
        let purpose = match (purpose, self.building.take()) {
            // If this build fails, too, return to the scene before the abandoned one.
            (
                Purpose::Open(..) | Purpose::Reload,
                Some(Building { purpose: Purpose::Open(scene, set, mode), .. }),
            ) => Purpose::Open(scene, set, mode),
            (purpose, _) => purpose,
        };
        let (sender, result) = bounded(1);
        let work = move || {
            hold_for_tests();
            let session = loaded
                .map_or_else(|| LoadedScene::load(&scene, &set), Ok)
                .and_then(|loaded| build(loaded, &mut cache))
                .and_then(|session| {
                    let second = against.map(|against| second(&against, beside, &session, &mut cache));
                    Ok((Box::new(session), second.transpose()?))
                });
            // The result is no longer awaited if another build was begun.
            let _ = sender.send(Built { session, cache });
        };
        // If the thread cannot be started, dropping the sender reports that there is no result.
        let _ = std::thread::Builder::new()
            .name("build".into())
            .stack_size(crate::session::STACK_BYTES)
            .spawn(work);
        self.building = Some(Building { purpose, result });
    }

    /// Swaps in the scene that was built, or reports why it could not be built.
    pub(super) fn built(&mut self, built: Result<Built, RecvError>, notify: Notify<'_>) {
        let Some(Building { purpose, .. }) = self.building.take() else { return };
        let session = if let Ok(Built { session, cache }) = built {
            self.cache = cache;
            session
        } else {
            let message = "the scene could not be built: the thread that built it has stopped";
            Err(SceneError::file(&self.options.scene, message, ""))
        };
        let session = session.and_then(|(mut session, second)| {
            self.points.take_over(&mut session)?;
            session.use_second_core();
            Ok((session, second))
        });
        match session {
            Ok((session, second)) => {
                let stays = std::mem::take(&mut self.stays);
                let same = stays || matches!(purpose, Purpose::Reload | Purpose::Restart(..));
                if same {
                    self.end_record_before_another(notify);
                }
                let bookmarks = self.history.as_ref().filter(|_| same);
                let bookmarks = bookmarks.map(History::bookmarks_for_another_run).unwrap_or_default();
                let step = self.session.as_ref().filter(|_| stays).map_or(0, Session::steps);
                self.begin_second(&session, second, notify);
                self.swap_in(*session, notify);
                if step > 0 && self.mode == Mode::Paused {
                    self.mode = Mode::Going(SeekTarget::Step(step));
                }
                if let Some(history) = &mut self.history {
                    let _ = history.change_bookmarks(&BookmarkCommand::Restore(bookmarks));
                }
            }
            Err(error) => {
                self.stays = false;
                self.changed = true;
                if let Purpose::Open(scene, set, mode) = purpose {
                    (self.options.scene, self.options.set, self.mode) = (scene, set, mode);
                }
                if self.performing.is_some() {
                    return self.end_script(Err(error.to_string()), notify);
                }
                notify(EngineEvent::SceneError(error.to_string()));
            }
        }
    }

    /// Starts the experiment that runs in step with `session`, or ends the one of the scene before.
    fn begin_second(&mut self, session: &Session, second: Option<Box<Session>>, notify: Notify<'_>) {
        let exact = self.options.exact;
        let started = second.map(|second| Second::start(session, *second, exact)).transpose();
        self.second = started.unwrap_or_else(|error| {
            notify(EngineEvent::Said(format!("the second scene cannot run: no thread for it: {error}")));
            None
        });
    }

    fn swap_in(&mut self, mut session: Session, notify: Notify<'_>) {
        session.run_exactly(self.options.exact);
        session.watch_membranes();
        self.history = Some(History::new(&mut session));
        for spec in self.options.points.drain(..) {
            self.points.handle_command(&PointCommand::Add(spec), &mut session);
        }
        let names = Arc::new(Names::of(&session));
        self.watches.take_over(&names);
        self.session = Some(session);
        self.stopped = None;
        self.facts.build += 1;
        if self.mode != Mode::Running {
            self.mode = Mode::Paused;
        }
        let now = Instant::now();
        (self.due, self.measured) = (now, (now, 0));
        self.facts.steps_per_second = 0.0;
        self.changed = true;
        notify(EngineEvent::SceneLoaded);
        notify(EngineEvent::Names(names));
    }

    /// Builds another scene; if that fails, the current one stays.
    pub(super) fn open(&mut self, command: &Command, notify: Notify<'_>) {
        let Command::Open { scene, set } = command else { return };
        if self.recorder.is_some() {
            let why = "a recording is of one scene: no other can be opened while one is written";
            return notify(EngineEvent::Said(why.to_owned()));
        }
        let mode = std::mem::replace(&mut self.mode, Mode::Paused);
        let before = std::mem::replace(&mut self.options.scene, scene.clone());
        let set = std::mem::replace(&mut self.options.set, set.clone());
        self.begin_build(Purpose::Open(before, set, mode));
    }
}
