//! Pinned expressions: their values are those of `run --watch`, forwards, back and forth,
//! and after faults.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam_channel::{Receiver, unbounded};
use spinntui::machine::fault::Fault;
use spinntui::session::command::{Command, StepUnit};
use spinntui::session::engine::{Engine, EngineEvent, EngineOptions};
use spinntui::session::history::SeekTarget;
use spinntui::session::snapshot::{RunState, SharedSnapshot, WatchView};
use spinntui::session::watchlist::{CAUGHT_UP, WatchCommand};

use crate::common::fine;

const SCENE: &str = "scenes/lm_small.ron";
const UNIT: &str = "unit(\"rnns.1\", 41).c";
const PINS: [&str; 4] = ["perplexity", UNIT, "sram(1,4,0,0x4d2c).f32", "token"];

/// Engine with its messages.
struct Face {
    engine: Engine,
    events: Receiver<EngineEvent>,
}

impl Face {
    fn open() -> Self {
        let (sender, events) = unbounded();
        let scene = PathBuf::from(SCENE);
        let (set, points) = (Vec::new(), Vec::new());
        let options =
            EngineOptions { scene, set, autorun: false, record: None, points, exact: false, against: None };
        let engine = Engine::start(options, move |event| drop(sender.send(event))).unwrap();
        let face = Self { engine, events };
        face.rest();
        face
    }

    /// Returns the next snapshot in which the engine is paused, and the messages before it.
    fn rest(&self) -> (SharedSnapshot, String) {
        let mut said = String::new();
        loop {
            self.engine.ready();
            match self.events.recv_timeout(Duration::from_secs(600)).unwrap() {
                EngineEvent::Snapshot(snapshot) if snapshot.run == RunState::Paused => {
                    return (snapshot, said);
                }
                EngineEvent::Said(what) => said = what,
                EngineEvent::Crashed(report) | EngineEvent::SceneError(report) => panic!("{report}"),
                _ => {}
            }
        }
    }

    fn send(&self, command: Command) -> (SharedSnapshot, String) {
        self.engine.send(command);
        self.rest()
    }

    fn pin(&self, text: &str) -> SharedSnapshot {
        self.send(Command::Watch(WatchCommand::Add(text.to_owned()))).0
    }

    fn step(&self, count: u32) -> SharedSnapshot {
        self.send(Command::Step { unit: StepUnit::TimeStep, count }).0
    }

    fn export(&self, path: &Path) -> String {
        let (_, said) = self.send(Command::Watch(WatchCommand::Export(path.to_owned())));
        assert!(said.contains("written to"), "{said}");
        std::fs::read_to_string(path).unwrap()
    }
}

/// Returns the table that `run --watch` writes for [`PINS`].
fn watched(folder: &Path, steps: u64, more: &[&str]) -> String {
    let file = folder.join("watched.csv");
    let steps = steps.to_string();
    let mut arguments = vec!["run", SCENE, "--steps", &steps, "--watch-output", file.to_str().unwrap()];
    arguments.extend(PINS.iter().flat_map(|pin| ["--watch", *pin]));
    arguments.extend(more);
    fine(&arguments);
    std::fs::read_to_string(file).unwrap()
}

fn lines(text: &str, rows: usize) -> Vec<&str> {
    text.lines().take(rows + 1).collect()
}

/// Returns the first number of a pin's chart, its last one, and their count.
fn ends(pin: &WatchView) -> (u64, Option<f64>, usize) {
    (pin.since, pin.values.last().copied().flatten(), pin.values.len())
}

#[test]
fn pinned_values_are_those_of_run_watch_back_and_forth() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = watched(folder.path(), 30, &[]);
    let file = folder.path().join("pins.csv");
    let face = Face::open();
    face.pin(PINS[0]);
    // The others are pinned late: the steps before are found in the history.
    face.step(9);
    for pin in &PINS[1..] {
        face.pin(pin);
    }
    let there = face.step(21);
    assert_eq!(face.export(&file), wanted);
    assert_eq!(there.watches.len(), 4);
    let chart = there.watches[1].clone();
    assert_eq!((chart.since, chart.values.len()), (1, 30));
    let cells: Vec<String> = chart.values.iter().map(|value| value.unwrap().to_string()).collect();
    let mut rows = csv::Reader::from_reader(wanted.as_bytes());
    let column: Vec<String> = rows.records().map(|row| row.unwrap()[2].to_owned()).collect();
    assert_eq!(cells, column);
    assert_eq!(there.watches[3].words.len(), 30);
    // After steps back, also within a step, the chart ends at the step that is shown.
    let (back, _) = face.send(Command::Back { unit: StepUnit::TimeStep, count: 18 });
    assert_eq!((back.steps, ends(&back.watches[1]).2), (12, 12));
    assert_eq!(back.watches[1].values, chart.values[..12]);
    assert_eq!(face.export(&file).lines().collect::<Vec<_>>(), lines(&wanted, 12));
    let (within, _) = face.send(Command::Back { unit: StepUnit::Event, count: 5 });
    assert_eq!((within.steps, ends(&within.watches[1]).2), (11, 11));
    // Forward again: to where it was, by a jump and by steps.
    face.send(Command::Go(SeekTarget::Step(20)));
    assert_eq!(face.export(&file).lines().collect::<Vec<_>>(), lines(&wanted, 20));
    face.step(10);
    assert_eq!(face.export(&file), wanted);
}

#[test]
fn values_of_a_future_that_a_fault_has_changed_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pins.csv");
    let plain = watched(folder.path(), 24, &[]);
    let fault = Fault::FlipBit { pe: (1, 4, 0).into(), address: 0x4d2f, bit: 6 };
    let planned = ["--fault", "(at: Step(10), fault: FlipBit(pe: (1, 4, 0), address: 0x4d2f, bit: 6))"];
    let faulty = watched(folder.path(), 24, &planned);
    assert_ne!(plain, faulty, "the fault shows");
    let face = Face::open();
    for pin in PINS {
        face.pin(pin);
    }
    face.step(24);
    assert_eq!(face.export(&file), plain);
    face.send(Command::Go(SeekTarget::Step(10)));
    face.send(Command::Inject(fault));
    assert_eq!(face.export(&file).lines().collect::<Vec<_>>(), lines(&plain, 10));
    face.step(14);
    assert_eq!(face.export(&file), faulty);
    // Before the fault it is undone, and so is what came of it.
    face.send(Command::Go(SeekTarget::Step(9)));
    face.step(15);
    assert_eq!(face.export(&file), plain);
}

#[test]
fn pins_have_numbers_end_at_a_bound_and_say_what_is_wrong() {
    let face = Face::open();
    let said = |text: &str| face.send(Command::Watch(WatchCommand::Add(text.to_owned()))).1;
    assert_eq!(said("power"), "pin 1: power");
    assert_eq!(said("step_us"), "pin 2: step_us");
    assert_eq!(said("power"), "power is pin 1 already");
    assert!(said("perplexty").contains("did you mean `perplexity`?"));
    let (_, gone) = face.send(Command::Watch(WatchCommand::Remove(1)));
    assert_eq!(gone, "pin 1 removed");
    let (after, none) = face.send(Command::Watch(WatchCommand::Remove(1)));
    assert_eq!(none, "there is no pin 1");
    assert_eq!(after.watches.iter().map(|pin| pin.id).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(said("events"), "pin 1: events", "the lowest free number");
    for number in 4..=12 {
        assert!(said(&format!("{number} * step")).starts_with(&format!("pin {number}")));
    }
    assert!(said("13 * step").contains("12 expressions are pinned"));
    // More steps than are repeated for a pin that is made late.
    face.step(100);
    face.send(Command::Watch(WatchCommand::Remove(2)));
    let late = face.pin("packets");
    let (since, last, count) = ends(late.watches.iter().find(|pin| pin.text == "packets").unwrap());
    assert_eq!((since, count as u64), (101 - CAUGHT_UP, CAUGHT_UP));
    assert!(last.is_some());
    // A place that cannot be written, and a file that the scene reads.
    for path in ["/no/such/folder/pins.csv", SCENE] {
        let (_, said) = face.send(Command::Watch(WatchCommand::Export(path.into())));
        assert!(said.contains("cannot write"), "{said}");
    }
}
