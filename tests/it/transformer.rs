//! Transformers from scene to report: the chip against the mathematics, rates and ledgers.
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use serde_json::Value;
use spinntui::mapping::attention::AttentionProgram;
use spinntui::session::Moved;
use spinntui::session::command::StepUnit;
use spinntui::session::verify::Verifier;

use crate::common::{session, spinntui};

const ALL: [&str; 5] =
    ["softmax-gelu", "softmax-direct", "softmax-encoded", "spiking-gelu", "spiking-encoded"];

fn scene(name: &str) -> String {
    format!("tests/scenes/attention/{name}.ron")
}

fn report(name: &str, set: &[&str]) -> Value {
    let scene = scene(name);
    let mut arguments = vec!["run", &scene, "--steps", "26", "--format", "json"];
    for edit in set {
        arguments.extend(["--set", edit]);
    }
    let output = spinntui(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Over the end of two sequences, and to a moment before it and on again.
#[test]
fn every_combination_is_the_mathematics_also_after_going_back() {
    for name in ALL {
        let mut session = session(&scene(name), &[]);
        let mut verifier = Verifier::new(&session);
        for _ in 0..26 {
            assert!(matches!(session.step(StepUnit::TimeStep), Moved::On(_)), "{name}");
            if let Err(difference) = verifier.check(&session) {
                panic!("{name}: {difference}");
            }
        }
        let network = AttentionProgram::of(session.program()).unwrap().network.width as u64;
        assert!(verifier.compared() > 26 * 3 * network, "{name}: {} values", verifier.compared());
        assert_eq!(session.machine().state().races.count, 0, "{name}");
    }
}

#[test]
fn outputs_do_not_depend_on_the_partition() {
    for name in ALL {
        let first = report(name, &[]);
        let layers =
            r#"mapping.layers=[(layer: "attn", pes: 1), (layer: "proj", pes: 5), (layer: "fc", pes: 7)]"#;
        let second = report(name, &[layers]);
        assert_eq!(first["output_hash"], second["output_hash"], "{name}");
        assert_eq!(first["perplexity"], second["perplexity"], "{name}");
        assert_ne!(first["chip_time_us"], second["chip_time_us"], "{name}");
        assert_eq!(first["transformer"]["rates"], second["transformer"]["rates"], "{name}");
    }
}

#[test]
fn both_ledgers_are_named_and_follow_from_measured_rates() {
    let [dense, spiking] =
        ["softmax-gelu", "spiking-encoded"].map(|name| report(name, &[])["transformer"].clone());
    let number = |value: &Value, path: &str| {
        value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path} in {value}"))
    };
    assert!(number(&dense, "/ledger_a/attention_reduction").abs() < 1e-12);
    assert!(dense["rates"][0]["q"].is_null() && number(&dense, "/ledger_b/attention_j") > 0.0);
    // 64 wide, two layers, 26 tokens; two sequences of 12 and two tokens of a third.
    let (d, tokens) = (64.0, 26.0);
    let attended = 2.0 * (12.0 * 13.0 / 2.0) + 1.0 + 2.0;
    let expected = 4.6e-12 * (4.0 * d * d * tokens + 2.0 * d * attended) * 2.0;
    let found = number(&spiking, "/ledger_a/attention_dense_j");
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
    let layer = |layer: usize| {
        let rate = |name: &str| number(&spiking, &format!("/rates/{layer}/{name}"));
        let projected = (3.0 * rate("input") + rate("attention")) * d * d * tokens;
        0.9e-12 * 4.0 * (projected + (rate("q") + rate("v")) * d * attended)
    };
    let found = number(&spiking, "/ledger_a/attention_j");
    assert!((found / (layer(0) + layer(1)) - 1.0).abs() < 1e-9, "{found}");
    let rates = |name: &str| number(&spiking, &format!("/rates/0/{name}"));
    assert!(
        ["input", "q", "k", "v", "attention", "mlp_input", "mlp_hidden"]
            .into_iter()
            .all(|name| { (0.0..1.0).contains(&rates(name)) && rates(name) > 0.0 })
    );
    for ledger in ["ledger_a", "ledger_b"] {
        assert!(spiking[ledger]["name"].as_str().is_some_and(|name| name.len() > 10));
    }
}

#[test]
fn a_sequence_beyond_the_positions_is_refused_with_its_field() {
    let scene = scene("spiking-encoded");
    let output = spinntui(&["run", &scene, "--steps", "1", "--set", "task.sequence=13"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("13 words") && error.contains("sequence: 12"), "{error}");
    let output = spinntui(&["check", &scene, "--set", r#"mapping.layers=[(layer: "attn", pes: 3)]"#]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("2 heads"), "{error}");
}
