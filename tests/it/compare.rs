//! `spinntui compare`: what it says of two runs, and what scripts rely on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]
#![allow(clippy::float_cmp, reason = "figures are repeated to the bit")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Output;

use rayon::prelude::*;
use serde_json::Value;
use spinntui::machine::legend::PopulationId;
use spinntui::mapping::options::Schedule;
use spinntui::scene::LoadedScene;
use spinntui::session::build::{ModelCache, Plan};

use crate::common::{spinntui, text};

const SMALL: &str = "scenes/lm_small.ron";

/// Compares ten steps of the small scene with the scene with these edits; `more`
/// are further arguments.
fn compare(edits_of_b: &[&str], more: &[&str]) -> Output {
    let mut arguments = vec!["compare", SMALL, SMALL, "--steps", "10"];
    arguments.extend(edits_of_b.iter().flat_map(|edit| ["--set-b", edit]));
    arguments.extend(more);
    spinntui(&arguments)
}

fn json(edits_of_b: &[&str], more: &[&str]) -> Value {
    let output = compare(edits_of_b, &[more, &["--format", "json"]].concat());
    assert!(output.status.success(), "{edits_of_b:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn figure<'a>(comparison: &'a Value, name: &str) -> &'a Value {
    comparison["figures"].as_array().unwrap().iter().find(|figure| figure["name"] == name).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Returns the scenes that change one thing of the paper-size scene.
fn what_if() -> Vec<PathBuf> {
    let folder = fs::read_dir("scenes/what-if").unwrap().map(|entry| entry.unwrap().path());
    // Scenes of other networks are in docs/mac-array.md.
    let other = |name: &str| name.starts_with("dvs_") || name.starts_with("gpt_");
    let folder = folder.filter(|path| !other(&path.file_name().unwrap().to_string_lossy()));
    let mut scenes: Vec<PathBuf> = folder.chain([PathBuf::from("scenes/lm_event.ron")]).collect();
    scenes.sort();
    scenes
}

#[test]
fn a_scene_is_the_same_as_itself() {
    let comparison = json(&[], &["--same-output"]);
    for name in ["chip_time_us", "energy_j", "memory.bytes_used_max", "noc.hops", "perplexity"] {
        let figure = figure(&comparison, name);
        assert_eq!((&figure["absolute"], &figure["relative"]), (&0.0.into(), &0.0.into()), "{figure}");
    }
    assert_eq!(comparison["changed"], Value::Array(Vec::new()));
    assert_eq!(comparison["outputs"]["identical"], true);
    assert!(comparison["phases"].as_array().unwrap().iter().all(|p| p["rank"] == 1 && p["relative"] == 0.0));
    for assumption in comparison["assumptions"].as_array().unwrap() {
        assert!(assumption["decides_time"] == false && assumption["decides_energy"] == false, "{assumption}");
    }
    let closing = comparison["closing"].as_str().unwrap();
    assert_eq!(closing, "B takes the same time and energy as A. The outputs are bit-identical.");
}

#[test]
fn another_order_balance_or_number_of_pes_changes_the_time_and_not_the_output() {
    for edit in ["mapping.overlap_recurrent=true", "mapping.balance=Units", "mapping.layers.0.pes=8"] {
        let comparison = json(&[edit], &["--same-output"]);
        assert_eq!(comparison["a"]["output_hash"], comparison["b"]["output_hash"], "{edit}");
        assert_eq!(comparison["input"]["same"], true);
        assert_ne!(number(&figure(&comparison, "chip_time_us")["absolute"]), 0.0, "{edit}");
        let (field, value) = edit.split_once('=').unwrap();
        let changed = &comparison["changed"].as_array().unwrap()[..];
        assert_eq!(changed.len(), 1, "{changed:?}");
        assert_eq!(changed[0]["field"], field);
        assert_eq!(changed[0]["b"].as_str().map_or(changed[0]["b"].to_string(), str::to_owned), value);
    }
}

#[test]
fn differences_add_up_and_ranks_follow_them() {
    let comparison = json(&["mapping.overlap_recurrent=true"], &[]);
    let phases = comparison["phases"].as_array().unwrap();
    let sum: f64 = phases.iter().map(|phase| number(&phase["absolute_us"])).sum();
    let time = figure(&comparison, "chip_time_us");
    assert!((sum - number(&time["absolute"])).abs() < 1e-6, "{sum}: {time}");
    assert!((number(&time["relative"]) - number(&time["absolute"]) / number(&time["a"])).abs() < 1e-12);
    let first = phases.iter().find(|phase| phase["rank"] == 1).unwrap();
    assert_eq!(first["phase"], "egru_internal", "R·y is what overlaps: {first}");
    let closing = comparison["closing"].as_str().unwrap();
    assert!(closing.contains("less time") && closing.contains("egru_internal (−"), "{closing}");
    assert_eq!(figure(&comparison, "energy_j")["b"], comparison["b"]["energy_j"]);
}

/// With P changed in both at once, the difference at either end is that of the intervals of
/// the two reports.
#[test]
fn what_a_difference_rests_on() {
    let comparison = json(&["mapping.layers.0.pes=11"], &[]);
    let refill = &comparison["assumptions"][0];
    assert_eq!(
        (&refill["parameter"], &refill["tried"]),
        (&"branch_refill".into(), &serde_json::json!([1.0, 3.0]))
    );
    for end in [0, 1] {
        let [a, b] = ["a", "b"].map(|side| number(&comparison[side]["chip_time_range_us"][end]));
        assert!((number(&refill["time_relative"][end]) - (b - a) / a).abs() < 1e-9, "{refill}");
    }
    assert_eq!(comparison["p_intervals_overlap"], true);
    assert!(comparison["closing"].as_str().unwrap().contains("within the uncertainty of P"));

    let asleep = json(&["chip.waiting=Sleep"], &[]);
    let polling =
        asleep["assumptions"].as_array().unwrap().iter().find(|a| a["parameter"] == "polling").unwrap();
    assert_eq!(
        (&polling["decides_time"], &polling["decides_energy"]),
        (&false.into(), &true.into()),
        "{polling}"
    );
    assert!(number(&polling["energy_relative"][0]).abs() < 1e-3, "who polls for nothing might as well sleep");
    assert!(asleep["closing"].as_str().unwrap().contains("rests on assume.polling"));
}

#[test]
fn other_input_cannot_be_compared_and_why_is_said() {
    let other = tempfile::NamedTempFile::new().unwrap();
    fs::write(other.path(), "the quick brown fox jumps over the lazy dog and into the river again").unwrap();
    let edit = format!("task.text={}", other.path().display());
    let comparison = json(&[&edit], &[]);
    assert_eq!(comparison["outputs"]["comparable"], false);
    assert_eq!(comparison["outputs"]["identical"], Value::Null);
    assert!(comparison["input"]["differs"][0].as_str().unwrap().contains("the texts differ from word"));
    let refused = compare(&[&edit], &["--same-output"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("cannot be compared: the texts differ"));

    let other_model = spinntui(&["compare", SMALL, "scenes/single_pe.ron", "--steps", "3", "--same-output"]);
    assert_eq!(other_model.status.code(), Some(1));
    assert!(text(&other_model.stdout).contains("NOT THE SAME: the models differ (models/egru-lm-small"));
}

#[test]
fn the_same_words_from_another_file_are_the_same_input() {
    let copy = tempfile::NamedTempFile::new().unwrap();
    fs::copy("assets/text/spinnaker2.txt", copy.path()).unwrap();
    let comparison = json(&[&format!("task.text={}", copy.path().display())], &["--same-output"]);
    assert_eq!(comparison["input"]["same"], true);
    assert_eq!(comparison["changed"][0]["field"], "task.text");
}

#[test]
fn exit_codes() {
    let code = |output: Output| output.status.code();
    assert_eq!(code(compare(&[], &["--same-output"])), Some(0));
    // A difference is no failure, unless it is asked for.
    assert_eq!(code(compare(&["mapping.layers.2.pes=47", "mapping.barrier=Never"], &[])), Some(0));
    assert_eq!(code(compare(&["mapping.layers.9.pes=1"], &[])), Some(2));
    assert_eq!(code(spinntui(&["compare", SMALL])), Some(2));
    assert_eq!(code(spinntui(&["compare", SMALL, "scenes/none.ron"])), Some(2));
    assert_eq!(code(compare(&[], &["--sequences", "1"])), Some(2), "with --steps");
}

/// Collects all keys but those of the two reports, which have a test of their own.
fn keys(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                into.insert(key.clone());
                if key != "a" && key != "b" {
                    keys(value, into);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, into)),
        _ => {}
    }
}

#[test]
fn every_field_is_documented() {
    let docs = fs::read_to_string("docs/report.md").unwrap();
    let section = docs.split("## `spinntui compare --format json`").nth(1).expect("a section on compare");
    let mut found = BTreeSet::new();
    let comparison = json(&["mapping.layers.0.pes=8"], &[]);
    keys(&comparison, &mut found);
    assert!(found.len() > 30, "{found:?}");
    for key in found {
        let named = [format!("`{key}`"), format!("`{key}[]`")].iter().any(|name| section.contains(name));
        assert!(named, "docs/report.md does not name `{key}` where it describes compare");
    }
    // The names of figures are paths into a report.
    for figure in comparison["figures"].as_array().unwrap() {
        let path = format!("/{}", figure["name"].as_str().unwrap().replace('.', "/"));
        assert_eq!(comparison["a"].pointer(&path).and_then(Value::as_f64), figure["a"].as_f64(), "{path}");
    }
}

#[test]
fn the_same_again_but_for_the_time_it_took() {
    let mut twice = [json(&["mapping.layers.0.pes=8"], &[]), json(&["mapping.layers.0.pes=8"], &[])];
    for comparison in &mut twice {
        for side in ["a", "b"] {
            assert!(comparison[side].as_object_mut().unwrap().remove("host").is_some());
        }
    }
    assert_eq!(twice[0], twice[1]);
}

#[test]
fn text_fits_80_columns() {
    for edits in
        [&["mapping.overlap_recurrent=true"][..], &["chip.operating_point=Mhz300", "chip.waiting=Sleep"]]
    {
        let shown = text(&compare(edits, &[]).stdout);
        for line in shown.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        for word in ["with P = 3", "egru_internal", "branch_refill", "bit-identical", "in short"] {
            assert!(shown.contains(word), "{word}:\n{shown}");
        }
    }
    let shown = text(&spinntui(&["compare", "scenes/single_pe.ron", "scenes/lm.ron", "--steps", "2"]).stdout);
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

/// Returns the cells of the table in docs/what-if.md: scene, chip time in ms, energy in mJ, power
/// in W, bytes of the fullest PE.
fn documented() -> Vec<[String; 5]> {
    let docs = fs::read_to_string("docs/what-if.md").unwrap();
    let rows = docs.lines().filter(|line| line.starts_with("| `scenes/"));
    let cells = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        [1, 2, 4, 6, 7].map(|i| cells[i].replace(',', ""))
    };
    rows.map(cells).collect()
}

/// `golden_reports` holds the same scenes to the bit in every run of the tests, over fewer words.
#[test]
#[ignore = "a minute and a half of processor time; cargo test --test it compare:: -- --ignored"]
fn the_figures_of_the_what_if_page_are_what_comes_out() {
    let documented = documented();
    assert_eq!(documented.len(), 1 + what_if().len());
    documented.into_par_iter().for_each(|[scene, time, energy, power, bytes]| {
        let output = spinntui(&["run", "--no-ranges", &scene, "--sequences", "1", "--format", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let shown = |path: &str, factor: f64, digits: usize| {
            format!("{:.digits$}", number(report.pointer(path).unwrap()) * factor)
        };
        let found = [
            shown("/chip_time_us", 1e-3, 3),
            shown("/energy_j", 1e3, 3),
            shown("/power_w", 1.0, 3),
            shown("/memory/bytes_used_max", 1.0, 0),
        ];
        assert_eq!(found, [time, energy, power, bytes], "{scene}: now, and in docs/what-if.md");
    });
}

#[test]
fn every_what_if_changes_one_thing_and_fits() {
    let base = LoadedScene::load("scenes/lm.ron".as_ref(), &[]).unwrap();
    let mut cache = ModelCache::default();
    let scenes = what_if();
    assert!(scenes.len() >= 8, "{scenes:?}");
    let docs = fs::read_to_string("docs/what-if.md").unwrap();
    for path in scenes {
        let name = path.display().to_string();
        let loaded = LoadedScene::load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        let (scene, base) = (&loaded.scene, &base.scene);
        assert_ne!(scene.title, base.title, "{name}");
        assert_eq!((&scene.model, &scene.task), (&base.model, &base.task), "{name}");
        let changed = [scene.chip != base.chip, scene.mapping != base.mapping, scene.assume != base.assume];
        assert_eq!(changed.iter().filter(|&&changed| changed).count(), 1, "{name}");
        // A third buffer takes more PEs for the layer with the most weights.
        let pipelined = scene.mapping.schedule == Schedule::Pipelined;
        let pes: Vec<u32> = scene.mapping.layers.iter().filter_map(|layer| layer.pes).collect();
        assert_eq!(pes, if pipelined { [50, 57, 45] } else { [50; 3] }, "{name}: but for kernels");
        assert!(loaded.text.contains(&format!("spinntui compare scenes/lm.ron {name}")), "{name}");
        assert!(docs.contains(&name), "docs/what-if.md does not name {name}");
        if let Err(error) = Plan::fit(&loaded, &mut cache, &loaded.scene.assume) {
            panic!("{name} does not fit: {error}");
        }
    }
}

/// A bit of one unit's state is flipped in B after the fifth step: the comparison finds the unit,
/// its PE and the step after the flip.
#[test]
fn the_first_difference_is_found_at_its_step_unit_and_pe() {
    let session = crate::common::session("scenes/lm_small.ron", &[]);
    let program = session.program();
    let layer = &program.populations[1];
    let (pe, slot) =
        layer.pes.iter().find_map(|&pe| Some((pe, program.pe(pe)?.slot_of(PopulationId(1))?.1))).unwrap();
    let (unit, address) = (slot.units[3], slot.detail.state() + 12 + 2);
    let place = pe.to_string();
    let place = place.trim_start_matches("PE");
    let fault = format!("faults=[(at: Step(5), fault: FlipBit(pe: {place}, address: {address}, bit: 6))]");
    let comparison = json(&[&fault], &[]);
    let found = &comparison["divergence"];
    assert_eq!(found["step"], 6, "{found}");
    assert_eq!((&found["layer"], &found["unit"]), (&Value::from("rnns.1"), &Value::from(unit)));
    assert_eq!(
        (&found["pe_a"], &found["pe_b"]),
        (&Value::from(pe.to_string()), &Value::from(pe.to_string()))
    );
    let [a, b] = ["a", "b"].map(|side| found[side].as_u64().unwrap());
    assert_eq!(found["bit"].as_u64().unwrap(), u64::from((a ^ b).ilog2()));
    let text = compare(&[&fault], &[]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("differ   first in time step"));
    assert_eq!(json(&[], &[])["divergence"], Value::Null);
    // Other partitions are compared unit by unit, wherever a unit lies: without a fault nothing
    // differs.
    let moved = json(&["mapping.layers.1.pes=7"], &[]);
    assert_eq!(moved["divergence"], Value::Null);
}
