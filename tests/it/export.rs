//! `spinntui export`: what is written is what the chip is loaded with, and what is read
//! is what runs.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use spinntui::chip::geometry::Pe;
use spinntui::net::Compare;
use spinntui::report::spec::{Spec, read};
use spinntui::scene::LoadedScene;
use spinntui::session::build::{ModelCache, Plan};
use tempfile::TempDir;

use crate::common::{fine, spinntui};

const SCENES: [&str; 2] = ["scenes/lm_small.ron", "scenes/single_pe.ron"];
const SMALL: &str = SCENES[0];

#[track_caller]
fn refused(arguments: &[&str], code: i32, words: &[&str]) {
    let output = spinntui(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    for word in words {
        assert!(error.contains(word), "should say `{word}`: {error}");
    }
    assert!(!error.contains("panicked"), "{error}");
}

/// An export, and the folder that lives as long.
fn exported(scene: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out").display().to_string();
    fine(&["export", scene, "--spec", &path, "--steps", "3"]);
    (folder, path)
}

fn spec(folder: &str) -> Spec {
    serde_json::from_str(&fs::read_to_string(Path::new(folder).join("spec.json")).unwrap()).unwrap()
}

fn report(arguments: &[&str]) -> Value {
    let fixed = ["run", SMALL, "--steps", "3", "--format", "json"];
    serde_json::from_str(&fine(&[&fixed, arguments].concat())).unwrap()
}

#[test]
fn what_is_written_reads_back_to_the_same_state() {
    for scene in SCENES {
        let (_keep, folder) = exported(scene);
        assert!(fine(&["export", scene, "--spec", &folder, "--verify"]).contains("state hash"));
        let loaded = LoadedScene::load(Path::new(scene), &[]).unwrap();
        let plan = Plan::new(&loaded, &mut ModelCache::default()).unwrap();
        let hash =
            Plan::new(&loaded, &mut ModelCache::default()).unwrap().start(loaded).unwrap().state_hash();
        assert_eq!(read::verify(Path::new(&folder), plan).unwrap(), hash);
    }
}

#[test]
fn the_description_names_what_the_scene_runs() {
    let (_keep, folder) = exported(SMALL);
    let spec = spec(&folder);
    assert_eq!(spec.active_pes.len(), 30);
    for active in &spec.active_pes {
        let name = active.pe;
        let pe = Pe::at(name.x, name.y, name.p).unwrap();
        assert_eq!(name.id, name.x << 5 | name.y << 2 | name.p);
        assert_eq!(name.id, pe.id_byte());
    }
    assert!(spec.active_pes.iter().all(|active| active.compare == Compare::Greater));
    let report = report(&[]);
    let time_us = report["chip_time_us"].as_f64().unwrap();
    assert!((spec.duration_in_s * 1e6 - time_us).abs() < 1e-6, "{} {time_us}", spec.duration_in_s);
    assert_eq!(spec.mem_data_to_send[0].pes.len(), 12);
    let numbers: Vec<u32> = spec.mem_data_to_send[0].words.iter().map(|words| words[1]).collect();
    assert_eq!(numbers, [0, 1, 2]);
    let y = spec.mem_regions_to_read.iter().filter(|region| !region.units.is_empty());
    let mut units: Vec<u32> = y.flat_map(|region| region.units.clone()).collect();
    units.sort_unstable();
    assert_eq!(units, (0..48).collect::<Vec<_>>());
    // The public names, and nothing else.
    let json: Value = serde_json::to_value(&spec).unwrap();
    let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["active_pes", "mem_files", "duration_in_s", "mem_data_to_send", "mem_regions_to_read"]
    );
}

/// Exports the tiny model with a field put into its card; returns what the description says of all
/// PEs, each thing once.
fn exported_with(field: &str) -> Vec<(Compare, bool)> {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    fs::create_dir(&model).unwrap();
    for entry in fs::read_dir("models/egru-lm-tiny").unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, model.join(path.file_name().unwrap())).unwrap();
    }
    let card = model.join("card.ron");
    let text = fs::read_to_string(&card).unwrap().replacen("Card(", &format!("Card({field}, "), 1);
    fs::write(&card, text).unwrap();
    let out = folder.path().join("out").display().to_string();
    let set = format!("model={}", model.display());
    fine(&["export", "scenes/tensor.ron", "--spec", &out, "--steps", "1", "--set", &set]);
    let mut said: Vec<_> =
        spec(&out).active_pes.iter().map(|active| (active.compare, active.always)).collect();
    said.dedup();
    said
}

#[test]
fn the_description_names_the_comparison_of_the_card() {
    assert_eq!(exported_with("compare: GreaterOrEqual"), [(Compare::GreaterOrEqual, false)]);
    assert_eq!(exported_with("events: false"), [(Compare::Greater, true)]);
}

#[test]
fn a_run_from_images_is_the_run_from_the_model_until_a_byte_changes() {
    let (_keep, folder) = exported(SMALL);
    let model = report(&[]);
    let images = report(&["--images", &folder]);
    for field in ["output_hash", "state_hash", "chip_time_us", "energy_j"] {
        assert_eq!(model[field], images[field], "{field}");
    }
    // The top byte of the first weight: its sign and most of its exponent.
    let files = spec(&folder).mem_files;
    let weights = files.iter().find(|file| file.address >= 0x8000).unwrap();
    let path = Path::new(&folder).join(&weights.file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[3] ^= 0x81;
    fs::write(&path, bytes).unwrap();
    assert_ne!(report(&["--images", &folder])["output_hash"], model["output_hash"]);
    refused(&["export", SMALL, "--spec", &folder, "--verify"], 1, &["state hash"]);
}

#[test]
fn files_that_do_not_belong_are_named_with_their_bytes() {
    let (_keep, folder) = exported(SMALL);
    let file = spec(&folder).mem_files[4].clone();
    let path = Path::new(&folder).join(&file.file);
    let bytes = fs::read(&path).unwrap();
    let run = ["run", SMALL, "--steps", "1", "--images", &folder];

    fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    let (short, whole) = (format!("{} bytes", bytes.len() - 3), format!("says {}", bytes.len()));
    refused(&run, 2, &[&file.file, &short, &whole]);
    fs::remove_file(&path).unwrap();
    refused(&run, 2, &[&file.file, "cannot read"]);
    fs::write(&path, &bytes).unwrap();

    // Another mapping has its ranges elsewhere.
    let other = "mapping.layers.0.pes=6";
    refused(&[&run[..], &["--set", other]].concat(), 2, &["PE(", "bytes", "export"]);
    refused(&["run", "scenes/single_pe.ron", "--images", &folder], 2, &["PE(", "bytes"]);
}

#[test]
fn a_broken_description_is_explained() {
    let (_keep, folder) = exported(SMALL);
    let path = PathBuf::from(&folder).join("spec.json");
    let text = fs::read_to_string(&path).unwrap();
    let run = ["run", SMALL, "--steps", "1", "--images", &folder];
    let broken = |from: &str, to: &str, words: &[&str]| {
        assert!(text.contains(from), "{from}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        refused(&run, 2, words);
    };
    broken("\"mem_files\"", "\"memory_files\"", &["spec.json:", "memory_files"]);
    broken("\"duration_in_s\":", "\"duration_in_s\"", &["spec.json:"]);
    let file = spec_file(&text);
    broken(&file, &format!("../{file}"), &["mem_files[0]", "same folder"]);
    let address =
        |text: &str| text.split("\"address\": ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let first = address(&text);
    broken(&format!("\"address\": {first}"), "\"address\": 131072", &["mem_files[0]", "past SRAM"]);
    broken(&format!("\"address\": {first}"), "\"address\": 2", &["mem_files[0]", "whole words"]);
    let bytes = format!("\"address\": {}", first.parse::<u32>().unwrap() + 4);
    broken(&format!("\"address\": {first}"), &bytes, &["bytes", ".bin"]);
    fs::remove_file(&path).unwrap();
    refused(&run, 2, &["spec.json", "spinntui export"]);
}

fn spec_file(text: &str) -> String {
    text.split("\"file\": \"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone_unless_forced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    fs::write(folder.path().join("mine.txt"), "keep").unwrap();
    let export = ["export", SMALL, "--spec", &path, "--steps", "1"];
    refused(&export, 2, &["not empty", "--force"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    fine(&[&export[..], &["--force"]].concat());
    assert_eq!(fs::read_to_string(folder.path().join("mine.txt")).unwrap(), "keep");
}
