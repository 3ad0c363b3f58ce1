//! `spinntui validate`: the paper's figures are met, and docs/validate.md tells what is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]
#![allow(clippy::float_cmp, reason = "figures are repeated to the bit")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use spinntui::report::validate::{Kind, Row, Validation, Verdict};

/// Computed once for all tests of this file.
static VALIDATION: LazyLock<Validation> = LazyLock::new(|| Validation::compute().unwrap());

fn row(id: &str) -> &'static Row {
    VALIDATION.rows.iter().find(|row| row.id == id).unwrap_or_else(|| panic!("no row {id}"))
}

fn emulator(id: &str) -> f64 {
    row(id).emulator.unwrap_or_else(|| panic!("{id} is not computed"))
}

const PAGE: &str = "docs/validate.md";

fn documentation() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap()
}

/// The test that matters.
#[test]
fn every_banded_figure_is_in_its_band() {
    let outside: Vec<_> = VALIDATION.rows.iter().filter(|row| row.verdict == Verdict::Outside).collect();
    assert!(outside.is_empty() && VALIDATION.all_in_band, "{outside:#?}");
    let banded: Vec<&str> =
        VALIDATION.rows.iter().filter(|row| row.band.is_some()).map(|row| row.id).collect();
    let required = [
        "table1.weights",
        "batch2.memory",
        "dvs.weights.0",
        "dvs.weights.1",
        "table2.time",
        "table2.power",
        "table2.energy",
        "fig2.recurrent",
        "fig2.broadcast",
        "path.memory",
        "table3.power.batch1",
    ];
    assert_eq!(banded, required);
}

/// Checks the headline: the count of figures that test the emulator, and of the close ones.
#[test]
fn two_of_three_independent_figures_are_close_and_gestures_one_by_one_are_not() {
    assert_eq!((VALIDATION.independent.figures, VALIDATION.independent.close), (3, 2));
    assert!(row("table3.time.batch1").difference.unwrap() > 0.4);
    let text = VALIDATION.to_text();
    assert!(text.contains("2 of 3 independent figures within 15 % of the paper"), "{text}");
}

/// The paper's kernel and payload are not known: every reading is run and shown.
#[test]
fn all_readings_are_run() {
    let time = |kernel: &str, payload: &str| {
        let mut found = VALIDATION.readings.iter().filter(|r| r.kernel == kernel && r.payload == payload);
        found.next().unwrap_or_else(|| panic!("no {kernel} with {payload}")).time_ms
    };
    assert_eq!(time("CsrRow", "Dense"), row("table2.time").emulator);
    let ms = |kernel, payload| time(kernel, payload).unwrap();
    assert!(ms("CsrRowSkip", "Dense") < ms("CsrRow", "Dense"));
    assert!(ms("CscEventList", "Events") < ms("CscEvent", "Dense") && ms("CscEvent", "Dense") < 120.0);
    assert_eq!(time("CsrRow", "Events"), None, "no room for mailboxes beside its weights");
    // Table I excludes weights by source: ours take little more than half of its bytes.
    for reading in &VALIDATION.readings {
        let Some(bytes) = reading.weights_bytes else { continue };
        assert_eq!(bytes > 86_500, reading.kernel.starts_with("CsrRow"), "{reading:?}");
        let (time, [low, high]) = (reading.time_ms.unwrap(), reading.time_interval.unwrap());
        assert!(low < time && time < high);
    }
}

/// A PE's variables are five times the paper's, and sparse x and y would not bring them there.
#[test]
fn the_papers_memory_split_is_not_met_dense_or_sparse() {
    let paper = row("table1.variables").paper.unwrap();
    assert_eq!(emulator("table1.variables"), 12_888.0);
    assert_eq!(emulator("table1.split"), emulator("table1.variables"), "all of them lie in bank 0");
    assert!(emulator("table1.variables.sparse") > 1.5 * paper);
    assert!(emulator("table1.events.needed") > 131_072.0);
    // As the sparse row's reason states: room for events beside the state, of the values of both
    // layers.
    let state = emulator("table1.variables") - 11_200.0;
    let room = ((paper - state) / (16.0 / 3.0)).floor();
    assert_eq!((room, (100.0 * room / 2700.0).round()), (171.0, 6.0));
}

/// The chip takes less energy than the paper's GPU up to a batch, and more from there on.
#[test]
fn the_gpu_wins_from_the_third_sample_of_a_batch() {
    assert_eq!(VALIDATION.batches.len(), 6);
    let from = emulator("ratio.dvs.crossing");
    for batch in &VALIDATION.batches {
        assert_eq!(batch.energy_j > batch.gpu_energy_j, f64::from(batch.batch) >= from, "{batch:?}");
    }
    assert_eq!(VALIDATION.batches[0].energy_j, emulator("table3.energy.batch1"));
    assert_eq!(VALIDATION.batches[5].energy_j, emulator("table3.energy.batch6"));
}

/// Tests statements in reasons about the figures beside them.
#[test]
fn the_paper_lies_between_sleeping_and_polling() {
    for (sleeping, polling) in
        [("table2.power.sleeping", "table2.power"), ("table2.energy.sleeping", "table2.energy")]
    {
        let paper = row(polling).paper.unwrap();
        assert!(emulator(sleeping) < paper && paper < emulator(polling), "{polling}");
    }
}

#[test]
fn a_costlier_branch_takes_longer_and_the_figure_lies_in_its_interval() {
    for row in &VALIDATION.rows {
        let Some([low, high]) = row.interval else { continue };
        let value = row.emulator.unwrap();
        assert!(low <= value && value <= high, "{}: {value} is not in {low} to {high}", row.id);
        if row.id.contains("time") {
            assert!(high > 1.05 * low, "{}: P = 1 to 3 changes nothing", row.id);
        }
    }
}

/// Tests statements in reasons about the gesture rows.
#[test]
fn a_pipeline_and_a_batch_take_what_the_slower_layer_takes() {
    let [alone, pipelined, each, whole] = ["batch1", "batch1.pipelined", "batch6", "batch6.whole"]
        .map(|row| emulator(&format!("table3.time.{row}")));
    // The first layer sets the pace: it has 9,216 of the 15,360 multiply-adds on the path of a
    // frame, 0.6 of them, and its share of all else.
    assert!((0.6..0.62).contains(&(pipelined / alone)), "{pipelined} of {alone}");
    // In each frame the second layer is alone with the last sample.
    assert!((1.05..1.15).contains(&(each / pipelined)), "{each} and {pipelined}");
    assert!((whole / each - 6.0).abs() < 1e-9 && whole > row("table3.time.batch6.whole").paper.unwrap());
    assert!(emulator("table3.memory.batch6") <= 131_072.0);
    let paper = VALIDATION.rows.iter().filter(|row| !row.id.starts_with("snn."));
    assert!(paper.clone().count() > 40 && paper.clone().all(|row| row.missing.is_none()));
}

#[test]
fn validate_shows_what_run_shows() {
    let output = Command::new(env!("CARGO_BIN_EXE_spinntui"))
        .args(["run", "scenes/lm.ron", "--sequences", "1", "--format", "json"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["chip_time_us"].as_f64().unwrap() / 1e3, emulator("table2.time"));
    assert_eq!(report["energy_j"].as_f64().unwrap(), emulator("table2.energy"));
    assert_eq!(report["power_w"].as_f64().unwrap(), emulator("table2.power"));
    let weights = report["memory"]["weights_bytes_max"].as_f64().unwrap();
    assert_eq!(weights, emulator("table1.weights"));
    let path = |field: &str| report["path"][field].as_f64().unwrap();
    let share = |field: &str| 100.0 * path(field) / path("time_us");
    for (row, field) in [
        ("path.loads_stores", "loads_stores_us"),
        ("path.arithmetic", "arithmetic_us"),
        ("path.branches", "branches_us"),
        ("path.noc", "noc_us"),
    ] {
        assert!((share(field) - emulator(row)).abs() < 1e-9, "{row}");
    }
    let used = report["memory"]["bytes_used_max"].as_f64().unwrap();
    assert!(emulator("batch2.memory") > used);
}

/// Of NeurTransformer only the abstract could be had: some of it compares, some does not.
#[test]
fn the_spiking_transformer_stands_beside_the_abstract() {
    let of = |name: &str| row(&format!("neurtransformer.{name}"));
    let [least, most] = ["energy.least", "energy.most"].map(of);
    assert_eq!([least, most].map(|row| row.paper), [Some(64.71), Some(85.28)]);
    assert!([least, most].iter().all(|row| row.kind == Kind::Comparable && row.verdict == Verdict::Shown));
    let saved = emulator("neurtransformer.energy.least");
    assert!(least.paper.unwrap() < saved && saved < most.paper.unwrap(), "{saved}");
    let [low, high] = ["cosine.least", "cosine.most"].map(of);
    let lost = emulator("neurtransformer.cosine.least");
    // One sequence of an easy text; the page has that of the whole test text.
    assert!((0.5..2.0).contains(&lost), "{lost}");
    for row in [low, high, of("perplexity")] {
        assert!(row.kind == Kind::NotComparable && row.rests_on.len() >= 3, "{row:?}");
    }
    assert!((emulator("neurtransformer.perplexity") - 12.6).abs() < 0.5);
}

#[test]
#[ignore = "computes all rows once more; cargo test --test it validate:: -- --ignored"]
fn the_command_prints_it_and_says_so_by_its_exit_code() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_spinntui")).args(["validate", "--format", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), VALIDATION.to_json().unwrap());
}

fn keys(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                into.insert(key.clone());
                keys(value, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, into)),
        _ => {}
    }
}

#[test]
fn every_key_and_row_is_documented() {
    let documentation = documentation();
    let mut names = BTreeSet::new();
    keys(&serde_json::from_str(&VALIDATION.to_json().unwrap()).unwrap(), &mut names);
    names.extend(VALIDATION.rows.iter().map(|row| row.id.to_owned()));
    assert!(names.contains("margin") && names.contains("table2.time"));
    let missing: Vec<_> =
        names.iter().filter(|name| !documentation.contains(&format!("| `{name}` |"))).collect();
    assert!(missing.is_empty(), "{PAGE} lacks {missing:?}");
}

/// The first fenced block of the page is the table.
#[test]
fn the_table_in_the_documentation_is_the_one_printed() {
    let text = VALIDATION.to_text();
    let start = text.find("Independent: ").unwrap();
    let table = &text[start..text.find("\n\nRow by row").unwrap()];
    let page = documentation();
    let (before, rest) = page.split_once("```text\n").unwrap();
    let (shown, after) = rest.split_once("\n```").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let page = format!("{before}```text\n{table}\n```{after}");
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE), page).unwrap();
        return;
    }
    assert!(
        shown == table,
        "{PAGE} shows other figures: UPDATE_DOCS=1 cargo test --test it validate::, and see whether what the page says of \
         them still holds\n{table}"
    );
}

#[test]
fn text_fits_a_terminal() {
    for line in VALIDATION.to_text().lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn help_has_an_example_and_the_exit_codes() {
    let output = Command::new(env!("CARGO_BIN_EXE_spinntui")).args(["validate", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(help.contains("spinntui validate --format json") && help.contains("1 one is not"), "{help}");
}
