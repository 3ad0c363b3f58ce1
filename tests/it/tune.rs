//! `spinntui tune`: what it promises is what the written scene does.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::common::{fine, spinntui};

const SMALL: &str = "scenes/lm_small.ron";
const STEPS: &str = "6";

fn tuned(arguments: &[&str]) -> Value {
    let fixed = ["tune", "--steps", STEPS, "--format", "json"];
    serde_json::from_str(&fine(&[&fixed, arguments].concat())).unwrap()
}

fn run(scene: &str) -> Value {
    serde_json::from_str(&fine(&["run", scene, "--steps", STEPS, "--format", "json"])).unwrap()
}

fn best(tuned: &Value) -> &Value {
    &tuned["candidates"][tuned["best"].as_u64().unwrap() as usize]
}

#[test]
fn the_written_scene_takes_the_promised_time_and_computes_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.ron").display().to_string();
    for (goal, figure) in [("time", "step_us"), ("energy", "step_j"), ("pes", "pes")] {
        let answer = tuned(&[SMALL, "--for", goal, "--candidates", "14", "-o", &path]);
        let (winner, scene) = (best(&answer), &answer["candidates"][0]);
        assert!(winner[figure].as_f64() < scene[figure].as_f64(), "{goal}: {winner} {scene}");
        for candidate in answer["candidates"].as_array().unwrap() {
            assert!(candidate[figure].as_f64() >= winner[figure].as_f64(), "{goal}: {candidate}");
            assert_eq!(candidate["output_hash"], scene["output_hash"]);
        }
        fine(&["check", &path]);
        let (before, after) = (run(SMALL), run(&path));
        let steps = STEPS.parse::<f64>().unwrap();
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
        assert!(close(winner["step_us"].as_f64().unwrap(), after["chip_time_us"].as_f64().unwrap() / steps));
        assert!(close(winner["step_j"].as_f64().unwrap(), after["energy_per_step_j"].as_f64().unwrap()));
        assert_eq!(winner["pes"], after["chip"]["pes_used"]);
        assert_eq!(winner["output_hash"], after["output_hash"]);
        assert_eq!(before["output_hash"], after["output_hash"]);
        // The scene's own text, comments and all.
        let text = fs::read_to_string(&path).unwrap();
        for line in fs::read_to_string(SMALL).unwrap().lines().filter(|line| line.contains("//")) {
            assert!(text.contains(line), "{line}");
        }
    }
}

#[test]
fn the_same_search_finds_the_same_and_never_more_than_asked() {
    let once = tuned(&[SMALL, "--candidates", "9"]);
    assert_eq!(once, tuned(&[SMALL, "--candidates", "9"]));
    assert_eq!(once["candidates"].as_array().unwrap().len() + once["rejected"].as_array().unwrap().len(), 9);
    assert_eq!(once["stopped"], Value::Null);
    assert_eq!(tuned(&[SMALL, "--candidates", "1"])["edits"], Value::Array(Vec::new()));
}

#[test]
fn nothing_on_the_front_is_beaten() {
    let answer = tuned(&[SMALL, "--candidates", "16"]);
    let figures =
        |candidate: &Value| ["step_us", "step_j", "pes"].map(|name| candidate[name].as_f64().unwrap());
    let all: Vec<[f64; 3]> = answer["candidates"].as_array().unwrap().iter().map(figures).collect();
    let front: Vec<usize> =
        answer["front"].as_array().unwrap().iter().map(|i| i.as_u64().unwrap() as usize).collect();
    assert!(front.contains(&(answer["best"].as_u64().unwrap() as usize)));
    for (i, own) in all.iter().enumerate() {
        let pairs = |other: &[f64; 3]| other.iter().copied().zip(own.iter().copied()).collect::<Vec<_>>();
        let beats = |other: &[f64; 3]| {
            let pairs = pairs(other);
            pairs.iter().all(|(other, own)| other <= own) && pairs.iter().any(|(other, own)| other < own)
        };
        let beaten = all.iter().any(beats);
        assert!(!(front.contains(&i) && beaten), "{own:?}");
        assert!(front.contains(&i) || beaten || all[..i].contains(own), "{own:?}");
    }
}

#[test]
fn eight_bits_only_when_asked_and_then_as_another_result() {
    let kernels = |answer: &Value| answer["candidates"].to_string().contains("Int8");
    assert!(!kernels(&tuned(&[SMALL, "--for", "pes", "--candidates", "12"])));
    let answer = tuned(&[SMALL, "--for", "time", "--candidates", "12", "--allow-int8"]);
    for candidate in answer["candidates"].as_array().unwrap() {
        let rounded = candidate["layers"].to_string().contains("Int8");
        assert_eq!(candidate["other_result"].as_bool(), Some(rounded));
        assert!(rounded || candidate["output_hash"] == answer["candidates"][0]["output_hash"]);
    }
    assert_eq!(answer["same_output"], true);
}

#[test]
fn pes_that_the_scene_names_stay_and_kernels_without_room_are_named_with_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.ron").display().to_string();
    let answer = tuned(&["scenes/single_pe.ron", "--candidates", "8", "-o", &path]);
    for candidate in answer["candidates"].as_array().unwrap() {
        assert_eq!(candidate["pes"], 1);
    }
    assert_eq!(run(&path)["output_hash"], run("scenes/single_pe.ron")["output_hash"]);

    let answer = tuned(&[SMALL, "--candidates", "1", "--set", "mapping.layers.0.pes=1"]);
    let misfits = answer["misfits"].as_array().unwrap();
    assert!(!misfits.is_empty());
    for misfit in misfits {
        assert!(
            misfit["needed_bytes"].as_u64().unwrap() > misfit["there_bytes"].as_u64().unwrap(),
            "{misfit}"
        );
        // The mapper says the same.
        let layer = misfit["layer"].as_u64().unwrap();
        let field = if misfit["matrix"] == "W" { "input" } else { "recurrent" };
        let edit = format!("mapping.layers.{layer}.{field}={}", misfit["kernel"].as_str().unwrap());
        let check = spinntui(&["check", SMALL, "--set", "mapping.layers.0.pes=1", "--set", &edit]);
        assert_eq!(check.status.code(), Some(1));
        let bytes = format!("{} bytes are needed", misfit["needed_bytes"]);
        assert!(String::from_utf8(check.stderr).unwrap().contains(&bytes), "{misfit}");
    }
}

/// Waits until the process catches SIGINT (signal 2); an earlier one would end it.
fn wait_for_interrupt_handler(process: &str) {
    let caught = || {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?.trim().to_owned();
        u64::from_str_radix(&mask, 16).ok()
    };
    let start = std::time::Instant::now();
    while caught().is_some_and(|mask| mask & 1 << 1 == 0) {
        assert!(start.elapsed() < Duration::from_secs(60), "no handler of SIGINT");
        std::thread::sleep(Duration::from_millis(10));
    }
    if caught().is_none() {
        // Without /proc, wait long enough for a start.
        std::thread::sleep(Duration::from_secs(2));
    }
}

/// Search that takes any machine more than seconds.
const LONG: [&str; 6] = ["tune", SMALL, "--candidates", "100000", "--steps", "1000"];

/// Starts a long search and interrupts it once it catches SIGINT and `wait` has passed.
fn interrupted_after(wait: Duration) -> Output {
    let child = Command::new(env!("CARGO_BIN_EXE_spinntui"))
        .args(LONG)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id().to_string();
    wait_for_interrupt_handler(&id);
    std::thread::sleep(wait);
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    child.wait_with_output().unwrap()
}

#[test]
fn a_search_out_of_time_or_interrupted_shows_the_best_so_far() {
    let answer = fine(&[&LONG[..], &["--format", "json", "--budget", "1"]].concat());
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["stopped"], "out of time");
    // The interrupt must come after the scene's own mapping has run, which takes longer on a slow
    // machine.
    let output = (1..=10)
        .map(|attempt| interrupted_after(Duration::from_millis(250 << attempt)))
        .find(|output| {
            !String::from_utf8_lossy(&output.stderr).contains("stopped before the scene's own mapping")
        })
        .expect("an interrupt that comes late enough");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("interrupted: the best so far") && text.contains("Their layers"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn bad_input_is_refused() {
    for (arguments, words) in [
        (vec!["tune", SMALL, "--for", "fun"], "energy"),
        (vec!["tune", SMALL, "--candidates", "0"], "--candidates"),
        (vec!["tune", "no.ron"], "no such file"),
        (vec!["tune", "scenes/lif.ron"], "cannot be tuned"),
        (vec!["tune", "scenes/gpt.ron"], "cannot be tuned"),
        (vec!["tune", "scenes/lm.ron", "--set", "mapping.layers.0.pes=20"], "bytes are needed"),
        (vec!["tune", SMALL, "--candidates", "1", "-o", "no/such/folder.ron"], "no/such/folder.ron"),
    ] {
        let output = spinntui(&arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(words) && !error.contains("panicked"), "{arguments:?}: {error}");
    }
}
