//! `spinntui peek`: one PE from the inside on the command line, and what docs/peek.md says
//! of the JSON.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use crate::common;

use std::process::Output;

use serde_json::Value;

const SCENE: &str = "scenes/lm_small.ron";

fn with_scene<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    ["peek", SCENE].into_iter().chain(arguments.iter().copied()).collect()
}

fn peek(arguments: &[&str]) -> Output {
    common::spinntui(&with_scene(arguments))
}

fn text(arguments: &[&str]) -> String {
    common::fine(&with_scene(arguments))
}

fn json(arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = arguments.iter().chain(&["--format", "json"]).copied().collect();
    serde_json::from_str(&text(&arguments)).unwrap()
}

#[track_caller]
fn refused(arguments: &[&str], words: &[&str]) {
    let output = peek(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(output.stdout.is_empty());
    for word in words {
        assert!(error.contains(word), "should say `{word}`: {error}");
    }
}

/// "3,5,2" of a place of the JSON.
fn pe_of(index: &Value) -> String {
    let pe = spinntui::chip::geometry::Pe::from_index(index.as_u64().unwrap() as usize).unwrap();
    format!("{},{},{}", pe.qpe().x, pe.qpe().y, pe.p())
}

#[test]
fn a_neuron_leads_to_the_word_at_a_receiver_and_the_word_back_to_the_neuron() {
    // In the middle of a step's broadcasts all sums are done; at its end all y are delivered.
    let seen = json(&["--steps", "3", "--unit", "rnns.0:41"]);
    let page = &seen["view"]["neurons"];
    let number = page["links"]["number"].as_u64().unwrap();
    let units = page["units"].as_array().unwrap();
    let unit = units.iter().find(|unit| unit["number"] == number).unwrap();
    assert_eq!((&unit["unit"], &unit["layer"]), (&41.into(), &0.into()));
    let distance = unit["c"].as_f64().unwrap() - unit["theta"].as_f64().unwrap();
    assert!((unit["distance"].as_f64().unwrap() - distance).abs() < 1e-6);
    let home = pe_of(&seen["request"]["place"]["pe"]);
    for spot in page["links"]["spots"].as_array().unwrap() {
        let at = spot["address"].to_string();
        let word = json(&["--steps", "3", "--pe", &home, "--view", "memory", "--at", &at]);
        let words = word["view"]["memory"]["words"].as_array().unwrap();
        let there = words.iter().find(|word| word["address"] == spot["address"]).unwrap();
        let label = there["label"].as_str().unwrap();
        assert!(label.contains("unit 41"), "{spot}: {label}");
        if spot["name"] == "c" {
            let bits = there["bits"].as_u64().unwrap() as u32;
            assert_eq!(bits, (unit["c"].as_f64().unwrap() as f32).to_bits());
        }
    }
    let receivers = page["links"]["receivers"].as_array().unwrap();
    assert_eq!(receivers.len(), 24, "twelve PEs of its layer, twelve of the next");
}

#[test]
fn a_window_of_memory_has_labels_and_links() {
    let seen = json(&["--steps", "2", "--unit", "rnns.1:3", "--view", "memory", "--at", "0x8000"]);
    let memory = &seen["view"]["memory"];
    let words = memory["words"].as_array().unwrap();
    assert_eq!(words.len(), 256, "1 KiB");
    let word = words.iter().find(|word| word["address"] == 0x8000).unwrap();
    let element = &word["elements"][0];
    assert_eq!((&element["is"], &element["matrix"]), (&"matrix".into(), &"R".into()), "{word}");
    assert!(word["label"].as_str().unwrap().starts_with("R of unit "), "{word}");
    assert!(word["link"]["place"]["at"].as_u64().unwrap() < 0x8000, "to a buffer: {word}");
    let map = memory["map"].as_array().unwrap();
    assert!(map.iter().any(|region| region["name"] == "debug log"));
    assert!(map.windows(2).all(|pair| pair[0]["end"].as_u64() <= pair[1]["start"].as_u64()));
}

#[test]
fn the_core_says_what_it_waits_for() {
    let seen = json(&["--steps", "2", "--unit", "rnns.1:0", "--view", "core"]);
    let core = &seen["view"]["core"];
    assert_eq!(core["status"], "Polling", "{core}");
    let waits = core["waits"].as_str().unwrap();
    assert_eq!(waits, "x(3) of rnns.0 in buffer A: 0 of 12 blocks arrived");
    assert_eq!(core["slots"][0]["step"], 3, "two are done, #3 runs");
    assert!(core["timers"].as_array().unwrap().iter().any(|timer| timer["phase"] == "Input"));
    // Somewhere in the third step it is at work.
    let phases: Vec<String> = (0..12)
        .map(|n| {
            let events = (n * 400).to_string();
            let seen = json(&["--steps", "2", "--events", &events, "--unit", "rnns.0:0", "--view", "core"]);
            let core = &seen["view"]["core"];
            let current = core["current"].as_u64().unwrap() as usize;
            core["operations"][current]["phase"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(phases.iter().any(|phase| phase != &phases[0]), "{phases:?}");
}

#[test]
fn numbers_of_time_steps_are_those_of_the_texts() {
    // Three steps are done: gates, c and y are of #3, and so is y in the buffer.
    let page = json(&["--steps", "3", "--unit", "rnns.1:41"]);
    let unit = &page["view"]["neurons"]["units"][0];
    assert_eq!(unit["gates"], serde_json::json!({ "done": 3 }), "{unit}");
    let packet = page["view"]["neurons"]["links"]["packet"].as_str().unwrap();
    assert!(packet.starts_with("#3: "), "{packet}");
    let seen = json(&["--steps", "3", "--unit", "rnns.1:41", "--view", "memory", "--at", "0x4800"]);
    let words = seen["view"]["memory"]["words"].as_array().unwrap();
    let holds_y = |word: &&Value| word["elements"][0]["now"]["y"].is_u64();
    let word = words.iter().find(holds_y).unwrap();
    let label = word["label"].as_str().unwrap();
    assert!(label.starts_with(&format!("y({}) ", word["elements"][0]["now"]["y"])), "{word}");
}

#[test]
fn text_fits_80_columns() {
    for view in ["core", "memory", "neurons", "code"] {
        for unit in ["rnns.0:5", "rnns.2:7"] {
            let text = text(&["--steps", "2", "--events", "500", "--unit", unit, "--view", view]);
            assert!(text.lines().count() > 10, "{text}");
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }
}

#[test]
fn places_that_are_not_there_are_explained() {
    refused(&["--pe", "4,3,0"], &["no PE (4,3,0)"]);
    refused(&["--pe", "x"], &["expected x,y,p"]);
    refused(&[], &["--pe"]);
    refused(&["--unit", "rnns.7:1"], &["rnns.7", "rnns.2 (48 units)"]);
    refused(&["--unit", "rnns.0:999"], &["no unit 999"]);
    refused(&["--unit", "rnns.0:1", "--view", "memory", "--at", "0x20000"], &["0x1ffff"]);
    refused(&["--unit", "rnns.0:1", "--at", "99"], &["8 units", "99"]);
}

#[test]
fn a_pe_without_a_program_is_no_error() {
    let text = text(&["--pe", "7,1,3"]);
    assert!(text.contains("no program"), "{text}");
}

/// Names of all fields, however deep.
fn keys(value: &Value, into: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                into.insert(key.clone());
                keys(value, into);
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| keys(entry, into)),
        _ => {}
    }
}

#[test]
fn every_field_is_documented() {
    let documented = std::fs::read_to_string("docs/peek.md").unwrap();
    let mut names = std::collections::BTreeSet::new();
    for view in ["core", "memory", "neurons"] {
        for events in ["0", "50", "700"] {
            let seen = json(&["--steps", "2", "--events", events, "--unit", "rnns.0:5", "--view", view]);
            keys(&seen, &mut names);
        }
    }
    for name in names {
        assert!(documented.contains(&format!("`{name}`")), "`{name}` is not in docs/peek.md");
    }
}
