//! `spinntui events`: recordings and data sets on the command line, and what docs/events.md says
//! of the JSON.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use spinntui::task::dvs::event::{CameraEvent, DVS128};
use spinntui::task::dvs::recording::aedat31::Writer;

use crate::common::text;

fn events(arguments: &[&str], path: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spinntui")).arg("events").args(arguments).arg(path).output().unwrap()
}

#[track_caller]
fn refused(path: &Path, words: &[&str]) {
    let output = events(&[], path);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.starts_with("error: ") && output.stdout.is_empty(), "{error}");
    for word in words {
        assert!(error.contains(word), "should say `{word}`: {error}");
    }
}

/// Two seconds: ON at the top left, then OFF at the bottom right.
fn recording(folder: &Path) -> PathBuf {
    let early = |i: i64| CameraEvent { t: 1_000 * i, x: (i % 10) as u16, y: (i / 10 % 10) as u16, on: true };
    let late = |i: i64| CameraEvent { t: 1_000 * i, x: 127 - (i % 10) as u16, y: 127, on: false };
    let events: Vec<CameraEvent> = (0..1_000).map(early).chain((1_000..2_000).map(late)).collect();
    let mut writer = Writer::new(Vec::new(), DVS128).unwrap();
    writer.write(&events).unwrap();
    let path = folder.join("user01_led.aedat");
    fs::write(&path, writer.finish().unwrap()).unwrap();
    let labels = "class,startTime_usec,endTime_usec\n2,0,500000\n8,1000000,3000000\n";
    fs::write(folder.join("user01_led_labels.csv"), labels).unwrap();
    path
}

/// Names of all fields, however deep; those of a list's entries once.
fn keys(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                into.push(key.clone());
                keys(value, into);
            }
        }
        serde_json::Value::Array(entries) => entries.iter().for_each(|entry| keys(entry, into)),
        _ => {}
    }
}

#[test]
fn a_recording_is_described_in_json_as_documented() {
    let folder = tempfile::tempdir().unwrap();
    let output = events(&["--format", "json"], &recording(folder.path()));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["format"], "AEDAT 3.1");
    assert_eq!((&json["events"], &json["on"], &json["off"]), (&2_000.into(), &1_000.into(), &1_000.into()));
    assert_eq!((&json["first_us"], &json["last_us"]), (&0.into(), &1_999_000.into()));
    assert_eq!(json["sensor"], serde_json::json!({ "width": 128, "height": 128 }));
    assert_eq!(json["last_event"], serde_json::json!({ "t": 1_999_000, "x": 118, "y": 127, "on": false }));
    assert_eq!(json["labels"][0]["gesture"], "right_hand_wave");
    assert_eq!((&json["labels"][0]["events"], &json["labels"][1]["events"]), (&500.into(), &1_000.into()));
    assert_eq!(json["rate"]["bar_us"], 32_000);
    let bars = json["rate"]["events"].as_array().unwrap();
    assert_eq!(bars.iter().map(|bar| bar.as_u64().unwrap()).sum::<u64>(), 2_000);
    let docs = fs::read_to_string("docs/events.md").unwrap();
    let mut names = Vec::new();
    keys(&json, &mut names);
    assert!(names.len() > 20);
    for name in names {
        assert!(docs.contains(&format!("`{name}`")), "docs/events.md does not name `{name}`");
    }
}

#[test]
fn a_recording_is_drawn_within_80_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = recording(folder.path());
    let plain = text(&events(&[], &path).stdout);
    for word in ["128 × 128", "2,000", "1.999 s", "right_hand_wave", "over time", "mostly OFF"] {
        assert!(plain.contains(word), "{word}:\n{plain}");
    }
    assert!(!plain.contains('\x1b'));
    let over: Vec<&str> =
        plain.lines().filter(|line| line.chars().count() > 80 && !line.starts_with("file")).collect();
    assert!(over.is_empty(), "{over:?}");
    let drawn: Vec<&str> = plain.lines().skip_while(|line| !line.is_empty()).skip(1).take(32).collect();
    assert!(drawn[0].starts_with('#') && drawn[31].ends_with('='), "{plain}");
    let colours = text(&events(&["--color", "256"], &path).stdout);
    assert!(colours.contains("\x1b[38;5;172;48;5;172m▀") && colours.contains("\x1b[38;5;75m▄"), "{colours}");
}

#[test]
fn a_data_set_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    recording(folder.path());
    fs::write(folder.path().join("trials_to_train.txt"), "user01_led.aedat\n").unwrap();
    let plain = text(&events(&[], folder.path()).stdout);
    assert!(plain.contains("1 recordings with 2 gestures") && plain.contains("arm_roll"), "{plain}");
    let json = events(&["--format", "json"], folder.path());
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["samples"], &json["gestures"][7]["train"]), (&2.into(), &1.into()));
    fs::remove_file(folder.path().join("user01_led_labels.csv")).unwrap();
    refused(folder.path(), &["user01_led_labels.csv", "no such file"]);
}

#[test]
fn bad_files_are_refused_with_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = recording(folder.path());
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    refused(&path, &["user01_led.aedat: byte ", "ends inside a packet's events"]);
    fs::write(folder.path().join("user01_led_labels.csv"), "class\n").unwrap();
    refused(&path, &["user01_led_labels.csv: line 1"]);
    let other = folder.path().join("x");
    fs::write(&other, "").unwrap();
    refused(&other, &["the file is empty"]);
    fs::write(&other, "PK\x03\x04 and more").unwrap();
    refused(&other, &["a ZIP archive", "unzip", "AEDAT 2.0, 3.1 and 4.0"]);
    fs::write(&other, "\x01PK and more").unwrap();
    refused(&other, &["byte 0", "\\x01PK and more", "AEDAT 2.0, 3.1 and 4.0"]);
    refused(Path::new("no/such/file"), &["no/such/file"]);
    let empty = tempfile::tempdir().unwrap();
    refused(empty.path(), &["no data set", "trials_to_train.txt"]);
}
