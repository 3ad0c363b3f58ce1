//! Checks of the readers that fuzz targets make, and the replay of their seeds in
//! `tests/it/fuzz_seeds.rs`: any bytes give a value or an error in words, and nothing panics.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a check that fails should say where")]

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use spinntui::machine::images::Images;
use spinntui::model::Model;
use spinntui::model::vocabulary::Vocabulary;
use spinntui::output::Reads;
use spinntui::report::spec::{SPEC_FILE, Spec, read, write};
use spinntui::scene::{LoadedScene, find};
use spinntui::session::Session;
use spinntui::session::build::{ModelCache, Plan, build};
use spinntui::session::debug::expr::complete::complete;
use spinntui::session::debug::{Condition, Names};
use spinntui::session::record::Recording as Recorded;
use spinntui::task::dvs::event::DVS128;
use spinntui::task::dvs::recording::{BATCH, Recording};
use spinntui::tui::lesson::load::Loaded;
use tempfile::TempDir;

/// Scene of the checks that need a program: a network on one PE.
const SCENE: &str = "scenes/single_pe.ron";
/// Largest number of events that a machine with images of random bytes runs.
const EVENTS: usize = 3_000;

/// Checks that an error has words.
fn worded(error: impl std::fmt::Display) {
    assert!(!error.to_string().trim().is_empty(), "an error without words");
}

fn loaded() -> LoadedScene {
    LoadedScene::load(&find::scene(Path::new(SCENE)), &[]).expect("the scene comes with the program")
}

/// Reads a recording of an event camera that begins with `beginning` to its end or first error:
/// batches stay bounded, events lie on the sensor, errors in the file.
pub fn events(beginning: &[u8], rest: &[u8]) {
    let bytes = [beginning, rest].concat();
    let mut recording = match Recording::new(bytes.as_slice(), DVS128) {
        Ok(recording) => recording,
        Err(error) => return assert!(error.offset <= bytes.len() as u64, "{error}"),
    };
    let sensor = recording.sensor();
    let mut batch = Vec::new();
    loop {
        match recording.next_batch(&mut batch) {
            Ok(false) => break,
            Ok(true) => assert!(!batch.is_empty()),
            Err(error) => {
                assert!(error.offset <= bytes.len() as u64, "{error}");
                worded(error);
                break;
            }
        }
        assert!(batch.len() <= BATCH && batch.capacity() <= 2 * BATCH);
        assert!(batch.iter().all(|event| event.x < sensor.width && event.y < sensor.height));
    }
    let bound = bytes.len() as u64 + 1;
    // A byte of a packed stream can stand for many events; everywhere else a warning needs a byte
    // of its own.
    let packed = beginning.starts_with(b"#!AER-DAT4");
    assert!(packed || recording.warnings().iter().all(|tally| tally.count <= bound));
}

/// Reads a NIR file: edges join nodes that are there.
pub fn nir(bytes: &[u8]) {
    match spinntui_nir::read(bytes.to_vec()) {
        Ok(graph) => {
            let nodes = graph.nodes.len();
            assert!(graph.edges.iter().all(|edge| edge.source < nodes && edge.target < nodes));
            assert!(graph.edges.is_sorted() && graph.nodes.iter().all(|node| node.outputs() > 0));
        }
        Err(error) => worded(error),
    }
}

/// Reads a scene.
pub fn scene(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(error) = LoadedScene::from_text(&text, Path::new("scenes/fuzz.ron"), &[]) {
        worded(error);
    }
}

/// Reads a lesson.
pub fn lesson(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(error) = Loaded::from_text(&text, Path::new("scenes/lessons/fuzz.ron")) {
        worded(error);
    }
}

/// Reads a vocabulary in both of its forms: a word has the id that gives the word back.
pub fn vocabulary(bytes: &[u8]) {
    for read in [Vocabulary::parse(bytes), Vocabulary::parse_json(bytes)] {
        match read {
            Ok(words) => {
                for id in 0..words.len() as u32 {
                    // Two codes of characters may name one character.
                    assert!(words.id(words.word(id)).is_some(), "{:?}", words.word(id));
                }
            }
            Err(error) => worded(error),
        }
    }
}

/// Reads the tensors of a model, beside the vocabulary of a model that comes with the program.
pub fn safetensors(bytes: &[u8]) {
    let folder = TempDir::new().unwrap();
    let vocabulary = find::find(Path::new("models/egru-lm-tiny/vocab.txt"));
    if let Some(vocabulary) = vocabulary {
        fs::copy(vocabulary, folder.path().join("vocab.txt")).unwrap();
    }
    fs::write(folder.path().join("model.safetensors"), bytes).unwrap();
    if let Err(error) = Model::load(folder.path()) {
        worded(error);
    }
}

/// Reads a condition, evaluates it before the first event, and completes it at its end.
pub fn condition(bytes: &[u8]) {
    thread_local! {
        static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
    }
    let text = String::from_utf8_lossy(bytes);
    SESSION.with(|session| {
        let mut session = session.borrow_mut();
        let session =
            session.get_or_insert_with(|| build(loaded(), &mut ModelCache::default()).expect("it fits"));
        let names = Names::of(session);
        match Condition::new(&text, &names) {
            Ok((mut condition, _)) => {
                condition.settle(session);
                condition.holds(session, &[]);
            }
            Err(error) => {
                assert!(error.at.start <= text.len(), "{error} at {:?} of {text:?}", error.at);
                error.column(&text);
                worded(error);
            }
        }
        complete(&text, text.len(), &names);
    });
}

/// Reads a recorded session.
pub fn session(bytes: &[u8]) {
    if let Err(error) = Recorded::from_bytes(bytes, Path::new("fuzz.ron")) {
        worded(error);
    }
}

/// Exports the scene to a folder.
fn exported() -> (TempDir, LoadedScene, Plan) {
    let loaded = loaded();
    let plan = Plan::new(&loaded, &mut ModelCache::default()).expect("it fits");
    let folder = TempDir::new().unwrap();
    let mut session = build(loaded.clone(), &mut ModelCache::default()).expect("it fits");
    let images = Images::of(&plan.program);
    let spec = Spec::of(&mut session, 1);
    write::write(folder.path(), &spec, &images, &Reads::default()).expect("the folder is empty");
    (folder, loaded, plan)
}

/// Reads `spec.json` beside the images of a scene.
pub fn spec(bytes: &[u8]) {
    thread_local! {
        static FOLDER: RefCell<Option<TempDir>> = const { RefCell::new(None) };
    }
    FOLDER.with(|folder| {
        let mut folder = folder.borrow_mut();
        let folder = folder.get_or_insert_with(|| exported().0);
        fs::write(folder.path().join(SPEC_FILE), bytes).unwrap();
        if let Err(error) = read::read(folder.path()) {
            worded(error);
        }
    });
}

/// Runs a machine whose memory begins with these bytes instead of a scene's images, range by range:
/// it goes on or stops with a reason.
pub fn images(bytes: &[u8]) {
    let loaded = loaded();
    let plan = Plan::new(&loaded, &mut ModelCache::default()).expect("it fits");
    let mut images = Images::default();
    let mut left = bytes;
    for (pe, range) in Images::of(&plan.program).ranges() {
        let mut range = range.clone();
        for word in &mut range.words {
            let Some((first, rest)) = left.split_first_chunk::<4>() else { break };
            // The exporter's own word where the input has zeros: most inputs then reach far into a
            // run.
            let given = u32::from_le_bytes(*first);
            *word = if given == 0 { *word } else { given };
            left = rest;
        }
        images.put(pe, range);
    }
    let plan = plan.with_images(&images).expect("the ranges are those of the scene");
    let mut session = plan.start(loaded).expect("the scene begins");
    for _ in 0..EVENTS {
        if let spinntui::session::StepOutcome::Stopped(reason) = session.advance() {
            return worded(reason);
        }
    }
}
