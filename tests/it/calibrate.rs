//! `spinntui calibrate`: times made with other assumptions give those back, and what cannot be
//! explained stays visible.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{fine, spinntui};

const SMALL: &str = "scenes/lm_small.ron";
const STEPS: u32 = 8;

/// Phase, layer, µs a time step: what the emulator does with these edits, phases without
/// time left out.
fn timers(edits: &[&str]) -> Vec<(String, String, f64)> {
    let steps = STEPS.to_string();
    let mut arguments = vec!["run", SMALL, "--steps", &steps, "--format", "json"];
    arguments.extend(edits.iter().flat_map(|edit| ["--set", *edit]));
    let report: Value = serde_json::from_str(&fine(&arguments)).unwrap();
    let rows = report["phases"].as_array().unwrap().iter().map(|row| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        (text("phase"), text("layer"), row["time_us"].as_f64().unwrap() / f64::from(STEPS))
    });
    rows.filter(|(_, _, us)| *us > 0.0).collect()
}

fn file(rows: &[(String, String, f64)]) -> (TempDir, String) {
    let mut text = "# made by a test\nphase,layer,us\n".to_owned();
    for (phase, layer, us) in rows {
        writeln!(text, "{phase},{layer},{us}").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip.csv");
    fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

fn calibrated(rows: &[(String, String, f64)], more: &[&str]) -> Value {
    let (_keep, path) = file(rows);
    let fixed = ["calibrate", SMALL, "--timers", &path, "--format", "json"];
    serde_json::from_str(&fine(&[&fixed, more].concat())).unwrap()
}

fn parameter<'v>(answer: &'v Value, name: &str) -> &'v Value {
    answer["parameters"].as_array().unwrap().iter().find(|p| p["name"] == name).unwrap()
}

fn after(answer: &Value, name: &str) -> f64 {
    parameter(answer, name)["after"].as_f64().unwrap()
}

const OTHER: [&str; 3] =
    ["assume.branch_refill=3", "assume.dma_setup_cycles=731", "assume.host_turnaround_us=12.5"];

#[test]
fn other_assumptions_are_found_again_and_written_into_the_scene() {
    let rows = timers(&OTHER);
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("fitted.ron").display().to_string();
    let answer = calibrated(&rows, &["-o", &scene]);
    assert_eq!(after(&answer, "branch_refill").to_bits(), 3.0_f64.to_bits());
    assert!((after(&answer, "dma_setup_cycles") - 731.0).abs() <= 2.0, "{answer}");
    assert!((after(&answer, "host_turnaround_us") - 12.5).abs() <= 0.02, "{answer}");
    assert!(answer["rms"][1].as_f64().unwrap() < 1e-3, "{}", answer["rms"]);
    assert!(answer["rms"][0].as_f64().unwrap() > 0.05, "{}", answer["rms"]);
    // Both lengthen the embedding's fetch alone: no measurement tells one from the other.
    let latency = parameter(&answer, "dram_latency_ns");
    assert_eq!(latency["fitted"], false);
    assert!(latency["left_alone"].as_str().unwrap().contains("dma_setup_cycles"), "{latency}");

    let steps = STEPS.to_string();
    let run = ["run", &scene, "--steps", &steps, "--format", "json"];
    let report: Value = serde_json::from_str(&fine(&run)).unwrap();
    assert_eq!(report["assume"]["branch_refill"], 3);
    assert!(fs::read_to_string(&scene).unwrap().contains("// A small language model"));
}

#[test]
fn a_little_noise_does_not_lead_it_astray() {
    let mut rows = timers(&["assume.branch_refill=1", "assume.dma_setup_cycles=900"]);
    let mut state = 7_u32;
    for (_, _, us) in &mut rows {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *us *= 1.0 + 0.004 * (f64::from(state >> 8) / f64::from(1_u32 << 23) - 1.0);
    }
    let answer = calibrated(&rows, &["--fit", "branch_refill", "--fit", "dma_setup_cycles"]);
    assert_eq!(after(&answer, "branch_refill").to_bits(), 1.0_f64.to_bits());
    assert!((after(&answer, "dma_setup_cycles") - 900.0).abs() <= 10.0, "{answer}");
    assert!(answer["rms"][1].as_f64().unwrap() < 0.004);
    assert_eq!(parameter(&answer, "host_turnaround_us")["left_alone"], "not selected by --fit");
}

#[test]
fn what_no_row_depends_on_is_left_alone() {
    let rows: Vec<_> = timers(&OTHER).into_iter().filter(|(phase, _, _)| phase == "egru_input").collect();
    let answer = calibrated(&rows, &[]);
    assert_eq!(after(&answer, "branch_refill").to_bits(), 3.0_f64.to_bits());
    for name in ["dma_setup_cycles", "dram_latency_ns", "host_turnaround_us"] {
        let parameter = parameter(&answer, name);
        assert_eq!(parameter["before"], parameter["after"], "{name}");
        assert_eq!(parameter["left_alone"], "no measured phase depends on it", "{name}");
    }
    assert_eq!(answer["edits"], serde_json::json!(["assume.branch_refill=3"]));
}

#[test]
fn what_cannot_be_explained_keeps_its_residual() {
    let mut rows = timers(&[]);
    let odd = rows.iter_mut().find(|(phase, layer, _)| phase == "broadcast" && layer == "rnns.1").unwrap();
    odd.2 *= 2.0;
    let answer = calibrated(&rows, &["--fit", "branch_refill"]);
    let row = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["phase"] == "broadcast" && r["layer"] == "rnns.1");
    let row = row.unwrap();
    let residual = row["after_us"].as_f64().unwrap() / row["measured_us"].as_f64().unwrap() - 1.0;
    assert!((residual + 0.5).abs() < 0.01, "{row}");
    let (_keep, path) = file(&rows);
    let text = fine(&["calibrate", SMALL, "--timers", &path, "--fit", "branch_refill"]);
    assert!(text.contains("-50.00 %") && text.contains("not fitted: not selected by --fit"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn bad_measurements_are_refused_with_file_and_line() {
    let refused = |text: &str, words: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chip.csv");
        fs::write(&path, text).unwrap();
        let output = spinntui(&["calibrate", SMALL, "--timers", path.to_str().unwrap()]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        for word in words {
            assert!(error.contains(word) && !error.contains("panicked"), "should say `{word}`: {error}");
        }
    };
    refused("phase,layer,us\negru_input,rnns.0,-3\n", &["chip.csv:2:", "above 0"]);
    refused("phase,layer,us\nembedding,rnns.1,3\n", &["chip.csv:2:", "only the first layer"]);
    refused("phase,layer,us\nbarrier,rnns.1,3\n", &["chip.csv:2:", "mapping.barrier"]);
    refused("egru_input,rnns.0,3\n", &["chip.csv:1:", "phase,layer,us"]);
    let output = spinntui(&["calibrate", SMALL, "--timers", "no/chip.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no/chip.csv"));
    assert!(!Path::new("no").exists());
}
