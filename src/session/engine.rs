//! The engine thread: commands in, snapshots out.

use std::path::PathBuf;

use super::command::Command;
use super::snapshot::SharedSnapshot;

/// What the engine tells its face.
#[derive(Clone, Debug)]
pub enum EngineEvent {
    /// A new picture of the experiment.
    Snapshot(SharedSnapshot),
    /// A scene could not be loaded or mapped; the old experiment, if any, is untouched. The text is the complete
    /// diagnostic with file, line and caret.
    SceneError(String),
    /// The scene was reloaded (or restarted) and swapped in.
    SceneLoaded,
    /// The engine thread panicked; the text is the report. The engine is gone, the face goes on.
    Crashed(String),
}

/// What the engine is to run.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Scene file.
    pub scene: PathBuf,
    /// `--set path=value` edits, applied to the text in order at each load.
    pub set: Vec<(String, String)>,
    /// Starts running at once instead of paused.
    pub autorun: bool,
}

/// A handle on a running engine thread.
#[derive(Debug)]
pub struct Engine {
    commands: crossbeam_channel::Sender<Command>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Engine {
    /// Starts the thread; `notify` is called on it with every event (it must not block for long). The first scene is
    /// loaded on the thread, so that the face is on screen while a large model is read. At most one snapshot is sent
    /// per `ready` from the face: see [`Engine::ready`].
    pub fn start(
        options: EngineOptions,
        notify: impl FnMut(EngineEvent) + Send + 'static,
    ) -> std::io::Result<Self> {
        let _ = (options, notify);
        Err(std::io::Error::other("engine not built yet"))
    }

    /// Sends a command. Returns `false` when the engine is gone.
    pub fn send(&self, command: Command) -> bool {
        self.commands.send(command).is_ok()
    }

    /// Tells the engine that the face has drawn the last snapshot and can take another. The engine publishes at most
    /// one snapshot between two calls while it runs freely, so a slow terminal never makes a queue.
    pub fn ready(&self) {}

    /// Ends the thread and waits for it.
    pub fn stop(&mut self) {
        let _ = self.commands.send(Command::Quit);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
