//! Engine driven by commands as the app drives it, for tests of recordings and displays.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test helper that fails should say where"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use spinntui::output::Reads;
use spinntui::session::command::Command;
use spinntui::session::engine::{Engine, EngineEvent, EngineOptions};
use spinntui::session::record::SessionWriter;
use spinntui::session::snapshot::{RunState, SharedSnapshot};

/// Time limit for an engine that hangs.
const HANGS: Duration = Duration::from_secs(600);

/// Engine driven as the app drives it.
pub struct Driver {
    engine: Engine,
    events: crossbeam_channel::Receiver<EngineEvent>,
}

impl Driver {
    /// Opens a scene with edits; its session is recorded in a file if one is given.
    pub fn open(scene: &str, set: &[(&str, &str)], record: Option<&Path>) -> Self {
        let set: Vec<_> = set.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
        let recorder = record
            .map(|file| SessionWriter::create(file, Path::new(scene), &set, &Reads::default()).unwrap());
        let (sender, events) = crossbeam_channel::unbounded();
        let options = EngineOptions {
            scene: PathBuf::from(scene),
            set,
            autorun: false,
            record: recorder.map(SessionWriter::pending),
            points: Vec::new(),
            exact: false,
            against: None,
        };
        let engine = Engine::start(options, move |event| drop(sender.send(event))).unwrap();
        let driver = Self { engine, events };
        driver.standing();
        driver
    }

    /// Returns the next snapshot of a paused machine.
    pub fn standing(&self) -> SharedSnapshot {
        loop {
            self.engine.ready();
            match self.events.recv_timeout(HANGS).expect("no snapshot came") {
                EngineEvent::Snapshot(snapshot) if snapshot.run == RunState::Paused => return snapshot,
                EngineEvent::Crashed(report) => panic!("{report}"),
                _ => {}
            }
        }
    }

    /// Sends a command and returns the snapshot after it.
    pub fn does(&self, command: Command) -> SharedSnapshot {
        assert!(self.engine.send(command));
        self.standing()
    }

    /// Returns the engine's answer to a command.
    pub fn says(&self, command: Command) -> String {
        assert!(self.engine.send(command));
        loop {
            if let EngineEvent::Said(what) = self.events.recv_timeout(HANGS).unwrap() {
                self.standing();
                return what;
            }
        }
    }

    /// Ends the engine, and with it the recording.
    pub fn stop(&mut self) {
        self.engine.stop();
    }
}
