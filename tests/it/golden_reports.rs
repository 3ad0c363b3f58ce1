//! Figures of every shipped scene, compared with those of commit 7f52108.
//!
//! `tests/data/reports/` holds one report for each scene without the fields `host` and
//! `noc.traffic`; its field `command` is the command that made it. A report may gain fields; an
//! existing field keeps its value to the last bit. A change that moves a figure on purpose replaces
//! the file, and CHANGELOG.md mentions it.
//!
//! New weights or recordings change values alone. `dvs.json` has had two sets of both; times,
//! packets, hops, bank accesses and energy stayed, and activity and `output_hash` are of the
//! present ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Fields that are not compared; the hash changes with the set of hashed fields.
const NOT_COMPARED: [&str; 2] = ["command", "state_hash"];

/// Collects the JSON pointers at which `report` lacks a value of `golden` or has another one.
fn differences(golden: &Value, report: &Value, at: &str, into: &mut Vec<String>) {
    match (golden, report) {
        (Value::Object(golden), Value::Object(report)) => {
            for (key, value) in golden.iter().filter(|(key, _)| !NOT_COMPARED.contains(&key.as_str())) {
                let at = format!("{at}/{key}");
                match report.get(key) {
                    Some(other) => differences(value, other, &at, into),
                    None => into.push(format!("{at}: missing, was {value}")),
                }
            }
        }
        (Value::Array(golden), Value::Array(report)) if golden.len() == report.len() => {
            for (index, (value, other)) in golden.iter().zip(report).enumerate() {
                differences(value, other, &format!("{at}/{index}"), into);
            }
        }
        _ if golden == report => {}
        _ => into.push(format!("{at}: {report}, was {golden}")),
    }
}

/// Runs the command in `tests/data/reports/NAME.json` and compares every figure of that file.
#[track_caller]
fn unchanged(name: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let golden = fs::read_to_string(root.join(format!("tests/data/reports/{name}.json"))).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    let command = golden["command"].as_str().expect("each file says how it was made");
    let mut words = command.split_whitespace();
    assert_eq!(words.next(), Some("spinntui"), "{command}");
    let output = Command::new(env!("CARGO_BIN_EXE_spinntui")).args(words).current_dir(root).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = Vec::new();
    differences(&golden, &report, "", &mut found);
    assert!(found.is_empty(), "{command}: {} figures differ:\n{}", found.len(), found.join("\n"));
}

macro_rules! scenes {
    ($($test:ident: $file:literal),* $(,)?) => {
        $(#[test] fn $test() { unchanged($file); })*

        /// Names of the scenes that have a test.
        const TESTED: &[&str] = &[$($file),*];
    };
}

scenes! {
    debug_slow: "debug-slow",
    dvs: "dvs",
    lm: "lm",
    lm_148: "lm_148",
    lm_event: "lm_event",
    lm_generate: "lm_generate",
    lm_small: "lm_small",
    single_pe: "single_pe",
    tensor: "tensor",
    what_if_csr16: "what-if-csr16",
    what_if_csr_skip: "what-if-csr_skip",
    what_if_dma: "what-if-dma",
    what_if_events: "what-if-events",
    what_if_int8: "what-if-int8",
    what_if_lm_event_fast: "what-if-lm_event_fast",
    what_if_mhz300: "what-if-mhz300",
    what_if_overlap: "what-if-overlap",
    what_if_pipelined: "what-if-pipelined",
    what_if_router: "what-if-router",
    what_if_row_major: "what-if-row_major",
    what_if_sleep: "what-if-sleep",
}

/// Returns `true` if a test here runs the scene of this path.
pub fn is_tested(scene: &str) -> bool {
    let name = scene.trim_start_matches("scenes/").trim_end_matches(".ron").replace('/', "-");
    TESTED.contains(&name.as_str())
}

#[test]
fn every_golden_report_has_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/reports");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut tested = TESTED.to_vec();
    tested.sort_unstable();
    assert_eq!(files, tested);
}
