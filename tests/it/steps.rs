//! Tables of a run, a row a time step: `--watch` and `--steps-output`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

use serde_json::Value;
use spinntui::session::command::StepUnit;

use crate::common::{fine, session, spinntui, text};

const SCENE: &str = "scenes/lm_small.ron";

fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The perplexity of a report in JSON, digit by digit.
fn perplexity(report: &str) -> &str {
    let value = report.lines().find_map(|line| line.trim().strip_prefix("\"perplexity\": ")).unwrap();
    value.trim_end_matches(',')
}

#[test]
fn watched_values_are_a_row_a_step_and_end_with_the_reports() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("watched.csv");
    let unit = "unit(\"rnns.1\", 41).c";
    let said = fine(&[
        "run",
        SCENE,
        "--steps",
        "20",
        "--format",
        "json",
        "--watch",
        "perplexity",
        "--watch",
        unit,
        "--watch",
        "link(3,5,east).load",
        "--watch-output",
        file.to_str().unwrap(),
    ]);
    let rows = rows(&file);
    assert_eq!(rows[0], ["step", "perplexity", unit, "link(3,5,east).load"]);
    assert_eq!(rows.len(), 21);
    let steps: Vec<String> = rows[1..].iter().map(|row| row[0].clone()).collect();
    assert_eq!(steps, (1..=20).map(|step| step.to_string()).collect::<Vec<_>>());
    assert_eq!(rows[20][1], perplexity(&said));
    // The values of a session that is looked at after each step.
    let mut session = session(SCENE, &[]);
    for row in &rows[1..] {
        session.step(StepUnit::TimeStep);
        let value = spinntui::session::debug::expr::Value::evaluate(unit, &session).unwrap();
        let spinntui::session::debug::expr::Value::Number(value, _) = value else { unreachable!("{value}") };
        assert_eq!(row[2], value.to_string());
    }
}

#[test]
fn the_table_of_steps_adds_up_to_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("steps.csv");
    let run = ["run", SCENE, "--steps", "12", "--format", "json", "--steps-output", file.to_str().unwrap()];
    let said = fine(&run);
    let report: Value = serde_json::from_str(&said).unwrap();
    let rows = rows(&file);
    assert_eq!(rows.len(), 13);
    let column = |name: &str| rows[0].iter().position(|other| other == name).unwrap();
    let sum = |name: &str| rows[1..].iter().map(|row| row[column(name)].parse::<f64>().unwrap()).sum::<f64>();
    let near = |a: f64, b: &Value| assert!((a / b.as_f64().unwrap() - 1.0).abs() < 1e-9, "{a} {b}");
    near(sum("step_us"), &report["chip_time_us"]);
    near(sum("energy_j"), &report["energy_j"]);
    assert_eq!(sum("packets") as u64, report["noc"]["packets"].as_u64().unwrap());
    assert_eq!(rows[12][column("perplexity")], perplexity(&said));
    assert!(rows[0].contains(&"activity.rnns.0".to_owned()));
}

#[test]
fn what_cannot_be_watched_is_refused_before_the_run() {
    for (arguments, said) in [
        (vec!["--watch", "perplexity"], "--watch-output"),
        (vec!["--watch", "perplexty", "--watch-output", "F"], "perplexity"),
        (vec!["--watch", "perplexity > 3", "--watch-output", "F"], "--watch"),
        (vec!["--watch", "perplexity", "--watch-output", SCENE], "scene"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.csv");
        let arguments: Vec<&str> =
            arguments.into_iter().map(|a| if a == "F" { file.to_str().unwrap() } else { a }).collect();
        let answer = spinntui(&[&["run", SCENE, "--steps", "2"], &arguments[..]].concat());
        assert_eq!(answer.status.code(), Some(2), "{arguments:?}");
        assert!(text(&answer.stderr).contains(said), "{}", text(&answer.stderr));
        assert!(!file.exists());
    }
}

/// Counts the time steps of each unit from its y after every step.
#[test]
fn firing_counts_the_steps_in_which_each_unit_sends_something() {
    let folder = tempfile::tempdir().unwrap();
    for (scene, values) in [(SCENE, "y"), ("scenes/dnf.ron", "spikes")] {
        let file = folder.path().join("firing.csv");
        let path = file.to_str().unwrap();
        let run = ["run", scene, "--steps", "15", "--format", "json", "--firing-output", path];
        let report: Value = serde_json::from_str(&fine(&run)).unwrap();
        let rows = rows(&file);
        let mut session = session(scene, &[]);
        let units: Vec<(String, u32)> =
            rows[1..].iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect();
        let mut counted = vec![0_u32; units.len()];
        for _ in 0..15 {
            session.step(StepUnit::TimeStep);
            for (count, (layer, unit)) in counted.iter_mut().zip(&units) {
                let text = format!("unit({layer:?}, {unit}).{values}");
                let value = spinntui::session::debug::expr::Value::evaluate(&text, &session).unwrap();
                let spinntui::session::debug::expr::Value::Number(value, _) = value else { continue };
                *count += u32::from(value != 0.0);
            }
        }
        let written: Vec<u32> = rows[1..].iter().map(|row| row[2].parse().unwrap()).collect();
        assert_eq!(written, counted, "{scene}");
        let layers = report["firing"].as_array().unwrap();
        let never: u64 = layers.iter().map(|layer| layer["never"].as_u64().unwrap()).sum();
        assert_eq!(never, counted.iter().filter(|&&steps| steps == 0).count() as u64);
        let first = &layers[0];
        let of_first = || {
            counted.iter().zip(&units).filter(|(_, (layer, _))| *layer == first["layer"].as_str().unwrap())
        };
        assert_eq!(first["most"][0]["steps"].as_u64(), of_first().map(|(steps, _)| u64::from(*steps)).max());
    }
}
