use crossbeam_channel::{Receiver, unbounded};

use super::*;
use crate::scene::LoadedScene;
use crate::session::build::build;
use crate::session::snapshot::{Snapshot, TaskView};

struct Face {
    engine: Engine,
    events: Receiver<EngineEvent>,
}

impl Face {
    fn open(set: &[(&str, &str)]) -> Self {
        let scene = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/scenes/lm_small.ron"));
        let set = set.iter().map(|(p, v)| ((*p).to_owned(), (*v).to_owned())).collect();
        let (sender, events) = unbounded();
        let options = EngineOptions {
            scene,
            set,
            autorun: false,
            record: None,
            points: Vec::new(),
            exact: false,
            against: None,
        };
        let engine = Engine::start(options, move |event| drop(sender.send(event))).unwrap();
        Self { engine, events }
    }

    /// Returns the next snapshot for which `wanted` is true, drawing all that come before it.
    fn until(&self, wanted: impl Fn(&Snapshot) -> bool) -> SharedSnapshot {
        loop {
            self.engine.ready();
            match self.events.recv_timeout(Duration::from_secs(600)).expect("no snapshot came") {
                EngineEvent::Snapshot(snapshot) if wanted(&snapshot) => return snapshot,
                EngineEvent::Crashed(report) => panic!("{report}"),
                _ => {}
            }
        }
    }
}

fn step(unit: StepUnit, count: u32) -> Command {
    Command::Step { unit, count }
}

#[test]
fn steps_count_as_the_design_says() {
    let face = Face::open(&[]);
    let first = face.until(|s| s.run == RunState::Paused);
    assert_eq!((first.steps, first.events), (0, 0));
    face.engine.send(step(StepUnit::Event, 10));
    assert_eq!(face.until(|s| s.run == RunState::Paused).events, 10);
    face.engine.send(step(StepUnit::TimeStep, 3));
    assert_eq!(face.until(|s| s.run == RunState::Paused).steps, 3);
    face.engine.send(step(StepUnit::Layer, 3));
    assert_eq!(face.until(|s| s.run == RunState::Paused).steps, 4);
    face.engine.send(step(StepUnit::Sequence, 1));
    let sequence = face.until(|s| s.run == RunState::Paused);
    assert_eq!((sequence.steps, sequence.sequences), (70, 1));
    face.engine.send(Command::Restart);
    let again = face.until(|s| s.build == 2);
    assert_eq!((again.steps, again.tick), (0, 0));
}

#[test]
fn a_run_can_be_paused_and_comes_to_an_end() {
    // Words of a text of its own: the end of the shipped one is a thousand words away.
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.txt");
    std::fs::write(&text, "the chip has many cores and a network\n").unwrap();
    let face = Face::open(&[("task.text", text.to_str().unwrap())]);
    let TaskView::LanguageModel(language) = face.until(|s| s.run == RunState::Paused).task.clone() else {
        panic!("the scene reads a text");
    };
    // At two events a second the text lasts for an hour, more than the pause below takes on
    // a busy machine.
    face.engine.send(Command::SetSpeed(Speed::EventsPerSecond(2.0)));
    face.engine.send(Command::Run);
    face.until(|s| s.run == RunState::Running && s.events > 0);
    face.engine.send(Command::TogglePause);
    let paused = face.until(|s| s.run == RunState::Paused);
    assert!(paused.events < 1000, "slow motion, yet {} events", paused.events);
    face.engine.send(Command::SetSpeed(Speed::Unlimited));
    face.engine.send(Command::Run);
    let end = face.until(|s| s.run == RunState::Finished);
    assert!(end.steps > 0 && Some(end.steps) == language.total_steps, "{}", end.steps);
}

#[test]
fn a_bad_scene_is_an_event_and_the_thread_goes_on() {
    let face = Face::open(&[("mapping.layers.0.pes", "200")]);
    match face.events.recv_timeout(Duration::from_secs(600)).unwrap() {
        EngineEvent::SceneError(text) => assert!(text.contains("lm_small.ron"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert!(face.engine.send(Command::Reload));
    assert!(matches!(
        face.events.recv_timeout(Duration::from_secs(600)).unwrap(),
        EngineEvent::SceneError(_)
    ));
}

#[test]
fn the_summary_stays_small() {
    let scene = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/scenes/lm.ron"));
    let loaded = LoadedScene::load(&scene, &[]).unwrap();
    let mut session = build(loaded, &mut ModelCache::default()).unwrap();
    session.step(StepUnit::TimeStep);
    let facts = EngineFacts {
        build: 1,
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
    let snapshot = snapshot(&session, &facts);
    let bytes = size_of::<crate::session::snapshot::PeView>() * snapshot.pes.len()
        + size_of::<crate::session::snapshot::LinkView>() * snapshot.noc.links.len();
    assert!(bytes < 64 * 1024, "{bytes}");
    assert_eq!(snapshot.pes.iter().filter(|pe| pe.layer.is_some()).count(), 150);
}

#[test]
fn a_busy_engine_refuses_what_it_cannot_hold() {
    let (commands, inbox) = bounded(2);
    let debug = DebugPort(bounded(0).0);
    let engine =
        Engine { commands, debug, alive: None, ended: bounded(0).1, ready: Arc::default(), thread: None };
    let step = || step(StepUnit::Event, 1);
    assert_eq!([engine.try_send(step()), engine.try_send(step())], [Sent::Taken; 2]);
    assert_eq!(engine.try_send(step()), Sent::Full);
    drop(inbox);
    assert_eq!(engine.try_send(step()), Sent::Gone);
}
