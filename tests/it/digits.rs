//! Digits before an event camera: the shipped network on the shipped sample, the parts of a data
//! set, and damaged recordings.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]
#![allow(clippy::float_cmp, reason = "shares of small counts are exact")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{fine, spinntui, text};

const SCENE: &str = "scenes/nmnist.ron";
const SAMPLE: &str = "assets/recordings/digits";
/// Recordings of the sample.
const SAMPLES: usize = 20;

/// Runs the scene on a folder and returns its report.
fn report(folder: &Path, more: &[&str]) -> Value {
    let data = format!("task.data={}", folder.display());
    let mut arguments = vec!["run", SCENE, "--no-ranges", "--set", &data, "--format", "json"];
    arguments.extend(more);
    serde_json::from_str(&fine(&arguments)).unwrap()
}

/// Runs the scene on a folder that cannot be read; returns the message.
fn refused(folder: &Path) -> String {
    let data = format!("task.data={}", folder.display());
    let output = spinntui(&["run", SCENE, "--set", &data]);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    message
}

/// Files below a folder by their paths in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "bin") {
                found.push(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// A folder with a short recording: rows of column, row and time in µs, all of polarity 0.
fn recording(path: &Path, events: &[(u8, u8, u8)]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let bytes: Vec<u8> = events.iter().flat_map(|&(x, y, t)| [x, y, 0, 0, t]).collect();
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_first_recordings_of_the_shipped_sample_are_recognised() {
    recognised(6);
}

#[test]
#[ignore = "more of the same; cargo test --test it digits:: -- --ignored"]
fn every_sample_of_digits_is_recognised() {
    let report = recognised(SAMPLES);
    for (label, row) in report["confusion"].as_array().unwrap().iter().enumerate() {
        assert_eq!(row[label], 2);
    }
}

/// Runs the scene on the first recordings of the sample, all of which the network must recognise.
fn recognised(samples: usize) -> Value {
    let report = report(Path::new(SAMPLE), &["--sequences", &samples.to_string()]);
    assert_eq!(report["accuracy"], 1.0, "{}", report["confusion"]);
    let recordings = report["spikes"]["recordings"].as_array().unwrap();
    assert_eq!(recordings.len(), samples);
    // Every answer is the output neuron with most spikes.
    for recording in recordings {
        let counts: Vec<u64> =
            recording["counts"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).collect();
        let answer = recording["predicted"].as_u64().unwrap() as usize;
        assert_eq!(counts[answer], *counts.iter().max().unwrap(), "{recording}");
    }
    report
}

#[test]
fn the_chip_computes_the_digits_of_the_mathematics() {
    let output = fine(&["run", SCENE, "--set", "task.recordings=2", "--verify", "--format", "json"]);
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(report["spikes"]["recordings"].as_array().unwrap().len(), 2);
}

#[test]
fn the_sample_is_made_again_by_its_command() {
    let readme = fs::read_to_string(Path::new(SAMPLE).join("README.md")).unwrap();
    let command = readme.lines().find(|line| line.starts_with("spinntui synth")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().display().to_string();
    let words = command.split_whitespace().skip(1).map(|word| if word == SAMPLE { &*target } else { word });
    fine(&words.collect::<Vec<_>>());
    let shipped = files(Path::new(SAMPLE));
    assert_eq!(shipped.len(), SAMPLES);
    for path in shipped {
        let same =
            fs::read(folder.path().join(&path)).unwrap() == fs::read(Path::new(SAMPLE).join(&path)).unwrap();
        assert!(same, "{}", path.display());
    }
}

#[test]
fn parts_are_chosen_in_both_layouts() {
    let folder = tempfile::tempdir().unwrap();
    let by_class = folder.path().join("classes");
    recording(&by_class.join("Test/3/1.bin"), &[(10, 10, 0)]);
    recording(&by_class.join("Train/4/1.bin"), &[(10, 10, 0)]);
    recording(&by_class.join("Train/5/1.bin"), &[]);
    let listed = folder.path().join("listed");
    for file in ["test/a.bs2", "train/b.bs2", "train/c.bs2"] {
        recording(&listed.join(file), &[(10, 10, 0)]);
    }
    fs::write(listed.join("labels.tsv"), "file\tlabel\ntrain/b.bs2\t4\ntest/a.bs2\t3\ntrain/c.bs2\t5\n")
        .unwrap();
    for data in [by_class, listed] {
        for (part, labels) in [("Test", vec![3]), ("Train", vec![4, 5]), ("All", vec![3, 4, 5])] {
            let report = report(&data, &["--set", &format!("task.part={part}"), "--set", "task.steps=3"]);
            let found: Vec<u64> = report["spikes"]["recordings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|recording| recording["label"].as_u64().unwrap())
                .collect();
            assert_eq!(found, labels, "{} {part}", data.display());
        }
    }
}

#[test]
fn damaged_recordings_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut");
    recording(&cut.join("Test/0/good.bin"), &[(1, 1, 0)]);
    fs::create_dir_all(cut.join("Test/7")).unwrap();
    fs::write(cut.join("Test/7/short.bin"), [1, 1, 0, 0, 0, 9]).unwrap();
    let message = refused(&cut);
    assert!(message.contains("short.bin") && message.contains("6 bytes"), "{message}");

    let outside = folder.path().join("outside");
    recording(&outside.join("Test/0/wide.bin"), &[(33, 33, 0), (34, 2, 1)]);
    let message = refused(&outside);
    assert!(message.contains("wide.bin") && message.contains("event 1 is at column 34, row 2"), "{message}");
}

#[test]
fn folders_without_labels_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let bare = folder.path().join("bare");
    recording(&bare.join("test/1.bs2"), &[(1, 1, 0)]);
    let message = refused(&bare);
    assert!(message.contains("bare") && message.contains("labels.tsv"), "{message}");
    for (line, found) in [("test/1.bs2 5", "test/1.bs2 5"), ("test/1.bs2\t12", "12"), ("test/1.bs2\tx", "x")]
    {
        fs::write(bare.join("labels.tsv"), format!("file\tlabel\n{line}\n")).unwrap();
        let message = refused(&bare);
        assert!(message.contains("labels.tsv, line 2") && message.contains(found), "{message}");
    }
    fs::write(bare.join("labels.tsv"), "file\tlabel\ntest/2.bs2\t5\n").unwrap();
    assert!(refused(&bare).contains("2.bs2"));
    assert!(refused(&folder.path().join("nowhere")).contains("nowhere"));
}
