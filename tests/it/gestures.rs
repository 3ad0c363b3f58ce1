//! Gestures through the emulated chip: the same answers as the plain network, side by side or one
//! by one, and clear words for what cannot be read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails should say where")]
#![allow(clippy::float_cmp, reason = "shares of small counts are exact")]

use std::fs;
use std::path::Path;
use std::process::Command;

use spinntui::session::command::StepUnit;
use spinntui::session::snapshot::TaskView;
use spinntui::session::view::{EngineFacts, snapshot};
use spinntui::session::{Session, StepOutcome};
use spinntui::task::dvs::options::FrameOptions;
use spinntui::task::dvs::recognising::Recognising;
use spinntui::task::dvs::samples::Samples;

const SCENE: &str = "scenes/dvs.ron";

fn session(edits: &[(&str, &str)]) -> Session {
    crate::common::session(SCENE, edits)
}

/// Runs `sequences` sequences and returns the bits of every answer's scores.
fn scores(session: &mut Session, sequences: usize) -> Vec<Vec<u32>> {
    for _ in 0..sequences {
        assert!(matches!(session.step(StepUnit::Sequence), StepOutcome::Advanced(_)));
    }
    let answered = session.work().of::<Recognising>().unwrap().answered();
    answered.iter().map(|a| a.answer.scores.iter().map(|score| score.to_bits()).collect()).collect()
}

/// Returns the scores of the plain network for the first samples.
fn reference(samples: usize) -> Vec<Vec<u32>> {
    let model = spinntui::model::GestureModel::load(Path::new("models/egru-dvs-gesture")).unwrap();
    let found = Samples::find(Path::new("assets/gestures"), &FrameOptions::default(), None).unwrap();
    let of = |sample: usize| {
        let frames = found.frames(sample).unwrap();
        let logits = model.run(frames.frames.iter().map(Vec::as_slice), |_, _| {});
        logits.mean().iter().map(|score| score.to_bits()).collect()
    };
    (0..samples).map(of).collect()
}

#[test]
fn the_chip_gives_the_plain_networks_scores_bit_by_bit() {
    chip_gives_plain_scores(3);
}

#[test]
#[ignore = "half a minute; cargo test --test it gestures:: -- --ignored"]
fn the_chip_gives_the_plain_networks_scores_of_every_sample() {
    chip_gives_plain_scores(22);
}

/// Tests the chip on the first of the shipped samples; golden_gestures.rs compares the plain
/// network's scores with PyTorch's.
fn chip_gives_plain_scores(samples: usize) {
    let expected = reference(samples);
    let mut one = session(&[]);
    assert_eq!(one.program().used_pes(), 128);
    assert_eq!(scores(&mut one, samples), expected);
    // Side by side, and layers in a pipeline.
    assert_eq!(scores(&mut session(&[("mapping.batch", "3")]), 1), expected[..3]);
    assert_eq!(scores(&mut session(&[("mapping.schedule", "Pipelined")]), 1), expected[..1]);
    // Every sample has its time and energy, and those of all samples are the whole run's.
    let answered = one.work().of::<Recognising>().unwrap().answered();
    assert_eq!(answered.iter().map(|a| a.ticks).sum::<u64>(), one.tick());
    let energy: f64 = answered.iter().map(|a| a.energy_j).sum();
    assert!((energy - one.energy().energy_j).abs() < 1e-9, "{energy} {}", one.energy().energy_j);
    assert_eq!(one.machine().state().races.count, 0);
}

#[test]
fn what_is_on_screen_is_what_was_answered() {
    let mut session = session(&[]);
    for _ in 0..30 {
        session.step(StepUnit::TimeStep);
    }
    let facts = EngineFacts {
        build: 1,
        run: spinntui::session::snapshot::RunState::Paused,
        speed: spinntui::session::command::Speed::Unlimited,
        steps_per_second: 0.0,
        focus: spinntui::session::snapshot::Focus::Nothing,
        pins: Vec::new(),
        attention: None,
        watches: Vec::new(),
        debug: spinntui::session::snapshot::DebugView::default(),
        history: spinntui::session::snapshot::HistoryView::default(),
    };
    let TaskView::Gestures(view) = snapshot(&session, &facts).task else { panic!("another task") };
    assert_eq!((view.sample, view.frame, view.frames, view.judged), (0, 30, 67, 0));
    assert_eq!(view.label, Some(0));
    let sum: f32 = view.classes.iter().map(|class| class.probability).sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    let (on, off) = view.picture.totals();
    assert!(on + off > 0, "the camera saw nothing in frame 30");
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_spinntui")).arg("run").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_report_has_every_answer() {
    let (code, json, error) = run(&[SCENE, "--sequences", "2", "--format", "json"]);
    assert_eq!(code, 0, "{error}");
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let samples = report["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 2);
    assert_eq!(samples[0]["label"], "hand_clapping");
    assert_eq!(samples[1]["label"], "right_hand_wave");
    let right = samples.iter().filter(|s| s["label"] == s["predicted"]).count();
    assert_eq!(report["accuracy"].as_f64().unwrap(), right as f64 / 2.0);
    assert_eq!(samples[0]["scores"].as_array().unwrap().len(), 11);
    let time: f64 = samples.iter().map(|s| s["chip_time_us"].as_f64().unwrap()).sum();
    assert!((time - report["chip_time_us"].as_f64().unwrap()).abs() < 1e-6);
    let counted: u64 = report["confusion"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(counted, 2);
    assert!(report["compares_with"].as_str().unwrap().contains("96.83"));
}

#[test]
fn what_cannot_be_read_is_said_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |data: &Path, words: &str| {
        let (code, _, error) = run(&[SCENE, "--set", &format!("task.data={}", data.display())]);
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("dvs.ron") && error.contains(words), "should say {words:?}: {error}");
    };
    refused(&folder.path().join("none"), "none");
    refused(folder.path(), "no data set");
    let sample = Path::new("assets/gestures/user16_lab.aedat");
    let here = |name: &str| folder.path().join(name);
    fs::copy(sample, here("user16_lab.aedat")).unwrap();
    fs::write(here("trials_to_test.txt"), "user16_lab.aedat\n").unwrap();
    refused(folder.path(), "user16_lab_labels.csv");
    fs::write(here("user16_lab_labels.csv"), "class,startTime_usec,endTime_usec\n12,0,9000000\n").unwrap();
    refused(folder.path(), "line 2");
    fs::write(here("user16_lab_labels.csv"), "class,startTime_usec,endTime_usec\n2,0,1000\n").unwrap();
    refused(folder.path(), "1700000");
    fs::write(here("user16_lab_labels.csv"), "class,startTime_usec,endTime_usec\n2,0,9000000\n").unwrap();
    fs::write(here("trials_to_test.txt"), "user16_lab.aedat\nmissing.aedat\n").unwrap();
    refused(folder.path(), "trials_to_test.txt:2");
    let bytes = fs::read(sample).unwrap();
    fs::write(here("cut.aedat"), &bytes[..bytes.len() / 2 + 3]).unwrap();
    refused(&here("cut.aedat"), "byte");
    let (code, _, error) = run(&[SCENE, "--set", "model=models/egru-lm-tiny"]);
    assert_eq!(code, 2);
    assert!(error.contains("needs a gesture model"), "{error}");
}

#[test]
fn warnings_about_recordings_reach_check_run_and_the_app() {
    let data = concat!("task.data=", env!("CARGO_MANIFEST_DIR"), "/tests/data/inputs/npy-seconds/f8.npy");
    let words =
        |arguments: &[&str]| crate::common::fine(arguments).split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "f8.npy: 1,500 times taken as seconds";
    for arguments in [&["check", SCENE, "--set", data][..], &["run", SCENE, "--steps", "1", "--set", data]] {
        let text = words(arguments);
        assert!(text.contains(&format!("warning task.data: {said}")), "{text}");
    }
    let screen = words(&["screenshot", SCENE, "--set", data, "--keys", "!", "--size", "160x48"]);
    assert!(screen.contains(said), "{screen}");
    let sound = words(&["check", SCENE]);
    assert!(!sound.contains("task.data:"), "{sound}");
}

#[test]
fn arrays_go_through_and_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("y.npy");
    let set = format!("task.outputs=Some(\"{}\")", out.display());
    let (code, _, error) = run(&["scenes/tensor.ron", "--set", &set]);
    assert_eq!(code, 0, "{error}");
    let bytes = fs::read(&out).unwrap();
    let header = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(header.shape(), [140, 32]);
    let found: Vec<f32> = header.into_vec().unwrap();
    // The same rows through the plain network.
    let model = spinntui::model::LanguageModel::load(Path::new("models/egru-lm-tiny")).unwrap();
    let rows = npyz::NpyFile::new(&fs::read("assets/tensor/waves.npy").unwrap()[..])
        .unwrap()
        .into_vec::<f32>()
        .unwrap();
    let mut state = model.network.state();
    let expected: Vec<f32> =
        rows.chunks(32).flat_map(|row| model.network.step(&mut state, row).to_vec()).collect();
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<u32>>();
    assert_eq!(bits(&found), bits(&expected));
    let (code, _, error) = run(&["scenes/tensor.ron", "--set", "task.inputs=\"assets/text/spinnaker2.txt\""]);
    assert!(code == 2 && error.contains("spinnaker2.txt"), "{error}");
}
