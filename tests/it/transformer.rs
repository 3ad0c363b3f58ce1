//! Transformers from scene to report: the chip against the mathematics, rates and ledgers.
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use serde_json::Value;
use spinntui::mapping::attention::AttentionProgram;
use spinntui::session::StepOutcome;
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
    let mut arguments = vec!["run", "--no-ranges", &scene, "--steps", "26", "--format", "json"];
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
            assert!(matches!(session.step(StepUnit::TimeStep), StepOutcome::Advanced(_)), "{name}");
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
    let output = spinntui(&["run", "--no-ranges", &scene, "--steps", "1", "--set", "task.sequence=13"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("13 words") && error.contains("sequence: 12"), "{error}");
    let output = spinntui(&["check", &scene, "--set", r#"mapping.layers=[(layer: "attn", pes: 3)]"#]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("2 heads"), "{error}");
}

/// Sequences longer than the positions: bits of the mathematics, what grows, what does not,
/// and a warning.
#[test]
fn a_longer_context_costs_the_ordinary_twin_and_not_the_spiking_one() {
    let edits = [("task.sequence", "48"), ("task.positions", "Repeat")];
    let set = ["task.sequence=48", "task.positions=Repeat"];
    let rows = |name: &str| {
        let mut session = session(&scene(name), &edits);
        let mut verifier = Verifier::new(&session);
        for _ in 0..50 {
            assert!(matches!(session.step(StepUnit::TimeStep), StepOutcome::Advanced(_)), "{name}");
            verifier.check(&session).unwrap_or_else(|difference| panic!("{name}: {difference}"));
        }
        let scene = scene(name);
        let mut arguments = vec!["run", "--no-ranges", &scene, "--steps", "48", "--format", "json"];
        for edit in set {
            arguments.extend(["--set", edit]);
        }
        let output = spinntui(&arguments);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["compares_with"], "", "{name}");
        let lints = report["lints"].to_string();
        assert!(lints.contains("positions-repeated") && lints.contains("behind 12 words"), "{lints}");
        let rows = report["transformer"]["context"].as_array().unwrap().clone();
        assert_eq!(rows.iter().map(|row| row["words"].as_u64().unwrap()).collect::<Vec<_>>(), [16; 3]);
        assert_eq!(rows[2]["from"].as_u64().zip(rows[2]["to"].as_u64()), Some((33, 48)));
        let sum = |field: &str| rows.iter().map(|row| 16.0 * row[field].as_f64().unwrap()).sum::<f64>();
        let time = report["chip_time_us"].as_f64().unwrap();
        assert!((sum("word_us") / time - 1.0).abs() < 1e-6, "{name}: {} of {time} µs", sum("word_us"));
        let energy = report["energy_j"].as_f64().unwrap();
        assert!((sum("chip_j") / energy - 1.0).abs() < 1e-6, "{name}: {} of {energy} J", sum("chip_j"));
        rows
    };
    let (ordinary, spiking) = (rows("softmax-gelu"), rows("spiking-encoded"));
    let of = |row: &Value, field: &str| row[field].as_f64().unwrap();
    // One layer of width 64: singles of a key and a value a word. Two layers of two heads: counts
    // of 16 bits, 32 × 32 in each of four time steps.
    assert_eq!(
        ordinary.iter().map(|row| of(row, "state_bytes")).collect::<Vec<_>>(),
        [16.0, 32.0, 48.0].map(|words| words * 2.0 * 4.0 * 64.0)
    );
    assert!(
        spiking.iter().all(|row| (of(row, "state_bytes") - 2.0 * 2.0 * 4.0 * 2.0 * 32.0 * 32.0).abs() < 0.5)
    );
    for field in ["attention_us", "attention_j"] {
        // Mean contexts of 8.5 and 40.5 words.
        let grown = of(&ordinary[2], field) / of(&ordinary[0], field);
        assert!((3.0..4.8).contains(&grown), "{field} of the ordinary twin grew {grown} times");
        let steps: Vec<f64> =
            ordinary.windows(2).map(|pair| of(&pair[1], field) - of(&pair[0], field)).collect();
        assert!(steps.iter().all(|step| (step / steps[0] - 1.0).abs() < 0.1), "not linear a word: {steps:?}");
        let grown = of(&spiking[2], field) / of(&spiking[0], field);
        assert!((0.8..1.25).contains(&grown), "{field} of the spiking one grew {grown} times");
    }
}

#[test]
fn a_running_state_counts_no_further_than_16_bits() {
    let scene = scene("spiking-encoded");
    let output =
        spinntui(&["check", &scene, "--set", "task.sequence=40000", "--set", "task.positions=Repeat"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("32767"), "{error}");
}

#[test]
fn rates_of_heads_are_those_of_their_layer_in_the_mean() {
    let found = report("spiking-encoded", &[])["transformer"].clone();
    let heads = found["heads"].as_array().unwrap();
    assert_eq!(heads.len(), 4, "two layers of two heads");
    for (layer, rates) in found["rates"].as_array().unwrap().iter().enumerate() {
        for name in ["q", "k", "v", "attention"] {
            let own = [&heads[2 * layer], &heads[2 * layer + 1]].map(|head| head[name].as_f64().unwrap());
            let mean = f64::midpoint(own[0], own[1]);
            assert!((mean - rates[name].as_f64().unwrap()).abs() < 1e-12, "{layer} {name}: {own:?}");
            assert!((own[0] - own[1]).abs() > 1e-6, "{name}: heads differ");
        }
    }
    let dense = report("softmax-gelu", &[]);
    assert_eq!(dense["transformer"]["heads"].as_array().map(Vec::len), Some(0));
}

const PAGE: &str = "docs/spiking-transformer.md";
const BEGIN: &str = "<!-- contexts -->\n";
const END: &str = "<!-- end of contexts -->\n";

/// Returns the page's rows of contexts of both twins up to `longest` words: it has 280, four times
/// the length of the sequences of their training.
fn context_table(longest: u64) -> String {
    let sequence = format!("task.sequence={longest}");
    let rows = ["scenes/gpt.ron", "scenes/spiking_gpt.ron"].map(|scene| {
        let output = spinntui(&[
            "run",
            scene,
            "--set",
            &sequence,
            "--set",
            "task.positions=Repeat",
            "--sequences",
            "1",
            "--format",
            "json",
        ]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["transformer"]["context"].as_array().unwrap().clone()
    });
    let mut table = String::from(
        "| context, words | bytes of state: ASA | SSA | attention, µs a word: ASA | SSA | its energy, µJ: ASA | SSA | whole word, ms: ASA | SSA | chip, mJ a word: ASA | SSA |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (ordinary, spiking) in rows[0].iter().zip(&rows[1]) {
        let to = ordinary["to"].as_u64().unwrap();
        if ![16, 32, 64, 128, 192, 256, 280].contains(&to) {
            continue;
        }
        let both = |field: &str, factor: f64, digits: usize| {
            [ordinary, spiking]
                .map(|row| format!("{:.digits$}", factor * row[field].as_f64().unwrap()))
                .join(" | ")
        };
        let bytes =
            [ordinary, spiking].map(|row| spinntui::text::grouped(row["state_bytes"].as_u64().unwrap()));
        let line = format!(
            "| {} to {to} | {} | {} | {} | {} | {} |\n",
            ordinary["from"],
            bytes.join(" | "),
            both("attention_us", 1.0, 0),
            both("attention_j", 1e6, 1),
            both("word_us", 1e-3, 1),
            both("chip_j", 1e3, 1),
        );
        table.push_str(&line);
    }
    table
}

#[test]
fn the_table_of_contexts_is_what_the_chip_takes() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let table = context_table(280);
        std::fs::write(path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    let table = context_table(32);
    assert!(
        table.lines().count() == 4 && shown.starts_with(&table),
        "{PAGE} shows other figures: UPDATE_DOCS=1 cargo test --test it -- transformer::\n{table}"
    );
}

#[test]
#[ignore = "half a minute: sequences of 280 words; cargo test --test it transformer:: -- --ignored"]
fn the_whole_table_of_contexts_is_what_the_chip_takes() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/spiking-transformer.md")).unwrap();
    assert!(page.contains(&format!("{BEGIN}{}{END}", context_table(280))));
}

/// Both kinds of attention write, word by word, what their decoder draws.
#[test]
fn transformers_write_texts_of_their_own() {
    for name in ["softmax-gelu", "spiking-encoded"] {
        let mode =
            r#"task.mode=Generate(prompt: "PROMPT", words: 6, seed: 7)"#.replace("PROMPT", "word3 word4");
        let written = [(); 2].map(|()| {
            let output = spinntui(&["run", "--no-ranges", &scene(name), "--set", &mode, "--format", "json"]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert!(report["perplexity"].is_null(), "{name}: a text of its own has none");
            report["generated"].as_str().unwrap().to_owned()
        });
        let words: Vec<&str> = written[0].split(' ').collect();
        assert!(words.len() == 8 && words[..2] == ["word3", "word4"], "{name}: {words:?}");
        assert_eq!(written[0], written[1], "{name}: the same seed, the same text");
    }
}

/// The ordinary twin in 8 bits on the MAC arrays: bit for bit its mathematics, no overflow, and
/// close to the one of singles.
#[test]
fn the_twin_on_the_mac_arrays_is_its_mathematics_and_takes_less() {
    let mut session = session("scenes/what-if/gpt_mac.ron", &[]);
    let mut verifier = Verifier::new(&session);
    for _ in 0..4 {
        assert!(matches!(session.step(StepUnit::TimeStep), StepOutcome::Advanced(_)));
        verifier.check(&session).unwrap_or_else(|difference| panic!("{difference}"));
    }
    let report = |scene: &str| -> Value {
        let output = spinntui(&["run", "--no-ranges", scene, "--sequences", "1", "--format", "json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let [singles, bytes] = ["scenes/gpt.ron", "scenes/what-if/gpt_mac.ron"].map(report);
    let of = |report: &Value, path: &str| report.pointer(path).and_then(Value::as_f64).unwrap();
    let ratio = |path: &str| of(&bytes, path) / of(&singles, path);
    assert_eq!(of(&bytes, "/mac_array/overflows").to_bits(), 0.0_f64.to_bits());
    assert!(singles["mac_array"].is_null() && singles["output_hash"] != bytes["output_hash"]);
    assert!((ratio("/perplexity") - 1.0).abs() < 0.05, "{}", ratio("/perplexity"));
    assert!(ratio("/chip_time_us") < 0.5 && ratio("/energy_j") < 0.5, "{}", ratio("/chip_time_us"));
    let attention = "/transformer/ledger_b/attention_j";
    assert!(ratio(attention) > 0.0 && ratio(attention) < 0.6, "{}", ratio(attention));
}

#[test]
fn products_that_the_mac_array_cannot_compute_are_refused_with_their_field() {
    let layers = |input: &str| format!(r#"mapping.layers=[(layer: "attn", pes: 2, input: {input})]"#);
    for (name, input, words) in [
        ("softmax-gelu", "Int8Mac", "input_scale"),
        ("spiking-gelu", "Int8Mac", "spikes"),
        ("softmax-gelu", "Dense", "on the MAC array"),
    ] {
        let output = spinntui(&["check", &scene(name), "--set", &layers(input)]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(words), "{name} {input}: {error}");
    }
}
