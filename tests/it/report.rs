//! Reports: what they hold, that they add up, that they repeat, and that
//! docs/report.md describes them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]
#![allow(clippy::float_cmp, reason = "figures are repeated to the bit")]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use spinntui::machine::program::RegionKind;
use spinntui::report::Report;
use spinntui::report::gather::RunContext;
use spinntui::session::command::StepUnit;
use spinntui::session::{Session, StepOutcome};

use crate::common::{fine, session, shared, spinntui};

const SMALL: &str = "scenes/lm_small.ron";

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&fine(arguments)).unwrap()
}

fn number(report: &Value, path: &str) -> f64 {
    report.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number at {path}"))
}

fn without_host(text: &str) -> Value {
    let mut report: Value = serde_json::from_str(text).unwrap();
    assert!(report.as_object_mut().unwrap().remove("host").is_some());
    report
}

/// All keys of a value, but for those below `assume`, which docs/scene.md describes.
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
fn every_field_is_documented() {
    let docs = std::fs::read_to_string("docs/report.md").unwrap();
    let mut found = BTreeSet::new();
    // A race, so that `races.first` is not empty.
    keys(&json(&[&["run", SMALL, "--steps", "4", "--format", "json"][..], &RACING].concat()), &mut found);
    keys(&json(&["run", SMALL, "--break", "step == 1", "--format", "json"]), &mut found);
    keys(&json(&["check", SMALL, "--format", "json"]), &mut found);
    keys(&json(&["run", "scenes/dnf.ron", "--steps", "3", "--format", "json"]), &mut found);
    let late = ["--set", "task.tick=Us(100)", "--set", "task.trace=[(\"pop1\", 0, \"v\")]"];
    keys(
        &json(&[&["run", "scenes/dnf.ron", "--steps", "3", "--format", "json"][..], &late].concat()),
        &mut found,
    );
    keys(&json(&["run", "scenes/dvs.ron", "--steps", "1", "--format", "json"]), &mut found);
    let transformer = "tests/scenes/attention/spiking-encoded.ron";
    keys(&json(&["run", transformer, "--steps", "2", "--format", "json"]), &mut found);
    let stream = fine(&["run", SMALL, "--steps", "1", "--stream"]);
    keys(&serde_json::from_str(stream.lines().next().unwrap()).unwrap(), &mut found);
    assert!(found.len() > 90, "{} keys", found.len());
    for key in found {
        let named = [format!("`{key}`"), format!("`{key}[]`")].iter().any(|name| docs.contains(name));
        assert!(named, "docs/report.md does not name `{key}`");
    }
}

#[test]
fn the_fields_that_programs_rely_on_are_there() {
    let report = json(&["run", SMALL, "--steps", "3", "--format", "json"]);
    for path in [
        "/scene",
        "/model",
        "/steps",
        "/sequences",
        "/chip_time_us",
        "/chip_time_range_us/0",
        "/chip_time_range_us/1",
        "/cycles",
        "/perplexity",
        "/mean_surprisal",
        "/power_w",
        "/energy_j",
        "/energy_per_step_j",
        "/layers/2/name",
        "/layers/2/units",
        "/layers/2/pes",
        "/layers/2/weight_sparsity",
        "/layers/2/activity",
        "/layers/2/nonzeros_mean",
        "/layers/2/nonzeros_max",
        "/phases/0/phase",
        "/phases/0/layer",
        "/phases/0/time_us",
        "/phases/0/share",
        "/memory/fullest_pe",
        "/memory/weights_bytes_max",
        "/memory/data_bytes_used_max",
        "/memory/banks/3",
        "/noc/packets",
        "/noc/hops",
        "/noc/max_link_load",
        "/output_hash",
        "/state_hash",
        "/host/wall_s",
        "/host/steps_per_s",
    ] {
        assert!(report.pointer(path).is_some_and(|value| !value.is_null()), "{path}");
    }
    for hash in ["output_hash", "state_hash"] {
        let text = report[hash].as_str().unwrap();
        assert!(text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit()), "{text}");
    }
}

#[test]
fn figures_agree_with_each_other() {
    let report = json(&["run", SMALL, "--steps", "12", "--format", "json"]);
    let time = number(&report, "/chip_time_us");
    let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-9 * a.abs().max(b.abs()), "{a} is not {b}");
    let phases = report["phases"].as_array().unwrap();
    close(phases.iter().map(|p| number(p, "/time_us")).sum(), time);
    close(phases.iter().map(|p| number(p, "/share")).sum(), 1.0);
    close(number(&report, "/power_w") * time * 1e-6, number(&report, "/energy_j"));
    close(number(&report, "/energy_per_step_j") * 12.0, number(&report, "/energy_j"));
    close(number(&report, "/mean_surprisal").exp(), number(&report, "/perplexity"));
    assert_eq!(number(&report, "/cycles"), (time * 150.0).floor());
    assert_eq!(number(&report, "/predictions"), 12.0);
    for bank in report["memory"]["banks"].as_array().unwrap() {
        assert_eq!(number(bank, "/used_bytes") + number(bank, "/free_bytes"), 32_768.0);
        assert!(number(bank, "/used_bytes_max") >= number(bank, "/used_bytes"));
    }
    let pes: f64 = report["layers"].as_array().unwrap().iter().map(|l| number(l, "/pes")).sum();
    assert_eq!(number(&report, "/chip/pes_used"), pes);
    // Timers are truncated counts of the same phases: near the slowest PE's time of the last step.
    let input = |layer: &str| {
        let of = |p: &&Value| p["phase"] == "egru_input" && p["layer"] == layer;
        number(phases.iter().find(of).unwrap(), "/time_us") / 12.0
    };
    for timer in report["timers"].as_array().unwrap() {
        let (logged, mean) = (number(timer, "/egru_input_us"), input(timer["layer"].as_str().unwrap()));
        assert!((logged - mean).abs() < 4.0, "{timer}: {mean}");
    }
}

#[test]
fn the_range_is_what_other_refills_take() {
    let arguments = ["run", SMALL, "--steps", "9", "--format", "json", "--set"];
    let run = |refill: &str| {
        let report = json(&[&arguments[..], &[&format!("assume.branch_refill={refill}")]].concat());
        let range = ["/chip_time_range_us/0", "/chip_time_range_us/1"].map(|path| number(&report, path));
        (number(&report, "/chip_time_us"), range)
    };
    let (one, two, three) = (run("1"), run("2"), run("3"));
    assert!(one.0 < two.0 && two.0 < three.0);
    assert_eq!((one.1[0], three.1[1]), (one.0, three.0));
    // Scaled from 4 steps to 9: the time of a step hardly depends on its data.
    for (range, what) in [(one.1, "1"), (two.1, "2"), (three.1, "3")] {
        assert!((range[0] / one.0 - 1.0).abs() < 1e-3, "{what}: {range:?}, {}", one.0);
        assert!((range[1] / three.0 - 1.0).abs() < 1e-3, "{what}: {range:?}, {}", three.0);
    }
}

#[test]
fn the_ranges_of_the_chip_time_can_be_left_out() {
    let arguments = ["run", SMALL, "--steps", "3", "--format", "json"];
    let (with, without) = (json(&arguments), json(&[&arguments[..], &["--no-ranges"]].concat()));
    for field in ["chip_time_range_us", "chip_time_memory_range_us"] {
        assert!(with[field].is_array() && without[field].is_null(), "{field}");
    }
    assert_eq!(with["chip_time_us"], without["chip_time_us"]);
}

#[test]
fn the_same_again_whatever_the_threads() {
    let arguments = ["run", SMALL, "--steps", "30", "--format", "json"];
    let first = fine(&arguments);
    for threads in ["1", "2"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spinntui"));
        let again = command.args(arguments).env("RAYON_NUM_THREADS", threads).output().unwrap();
        let again = String::from_utf8(again.stdout).unwrap();
        assert_eq!(without_host(&first), without_host(&again));
        // Not only equal as values: the same bytes, up to `host`, which comes last.
        let bytes = |text: &str| text.split("\"host\"").next().unwrap().to_owned();
        assert_eq!(bytes(&first), bytes(&again));
    }
}

#[test]
fn stepped_or_run_the_hashes_are_the_same() {
    const STEPS: u64 = 5;
    let hashes = |unit: StepUnit| {
        let mut session = session(SMALL, &[]);
        while session.steps() < STEPS {
            assert!(matches!(session.step(unit), StepOutcome::Advanced(_)));
        }
        (session.output_hash(), session.state_hash())
    };
    let free = hashes(StepUnit::TimeStep);
    for unit in [StepUnit::Event, StepUnit::Phase, StepUnit::Layer] {
        assert_eq!(hashes(unit), free, "{unit}");
    }
    let report = json(&["run", SMALL, "--steps", "5", "--format", "json"]);
    assert_eq!(report["output_hash"], format!("{:032x}", free.0));
    assert_eq!(report["state_hash"], format!("{:032x}", free.1));
}

#[test]
fn the_output_does_not_depend_on_the_partition_but_the_state_does() {
    let run = |set: &str| json(&["run", SMALL, "--steps", "20", "--format", "json", "--set", set]);
    let (one, other) = (run("mapping.layers.0.pes=12"), run("mapping.layers.0.pes=7"));
    assert_eq!(one["output_hash"], other["output_hash"]);
    assert_eq!(one["perplexity"], other["perplexity"]);
    assert_ne!(one["state_hash"], other["state_hash"]);
}

#[test]
fn a_stream_has_a_line_a_step_and_then_the_report() {
    let text = fine(&["run", SMALL, "--steps", "10", "--stream"]);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 11);
    let report = &lines[10]["report"];
    let mean = lines[..10].iter().map(|line| number(line, "/surprisal")).sum::<f64>() / 10.0;
    assert!((mean - number(report, "/mean_surprisal")).abs() < 1e-9);
    assert_eq!(lines[9]["chip_time_us"], report["chip_time_us"]);
    for pair in lines[..10].windows(2) {
        assert_eq!(pair[0]["next"], pair[1]["word"]);
        assert!(number(&pair[0], "/chip_time_us") < number(&pair[1], "/chip_time_us"));
    }
    let activity: f64 = lines[..10].iter().map(|line| number(line, "/activity/0")).sum::<f64>() / 10.0;
    assert!((activity - number(report, "/layers/0/activity")).abs() < 1e-6);
}

#[test]
fn a_report_for_people_fits_80_columns() {
    for scene in [SMALL, "scenes/lm.ron", "scenes/lm_generate.ron", "scenes/single_pe.ron"] {
        for text in [fine(&["run", scene, "--steps", "2"]), fine(&["check", scene])] {
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{scene}: {line}");
            }
        }
    }
    let text = fine(&["run", SMALL, "--steps", "2"]);
    for word in ["branch refill of 1 to 3", "softmax readout", "Compares with", "egru_internal", "nats"] {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn a_network_writes_the_same_text_again() {
    let run = || json(&["run", "--no-ranges", "scenes/lm_generate.ron", "--steps", "8", "--format", "json"]);
    let report = run();
    let text = report["generated"].as_str().unwrap();
    assert!(text.starts_with("The chip "), "{text}");
    assert_eq!(text.split(' ').count(), 9, "{text}");
    assert_eq!(report["generated"], run()["generated"]);
    assert_eq!((&report["perplexity"], &report["predictions"]), (&Value::Null, &Value::from(0)));
    assert_eq!(json(&["run", SMALL, "--steps", "1", "--format", "json"])["generated"], Value::Null);
}

/// 48 units on 47 PEs: one PE reads x for two units while the others are done with one.
const RACING: [&str; 4] = ["--set", "mapping.layers.2.pes=47", "--set", "mapping.barrier=Never"];

#[test]
fn a_missing_barrier_is_reported_before_and_after() {
    let arguments = [&["run", SMALL, "--steps", "4", "--format", "json"][..], &RACING].concat();
    let report = json(&arguments);
    assert!(number(&report, "/races/count") > 0.0);
    assert!(report["races"]["first"][0]["what"].as_str().unwrap().contains("rnns.2"));
    assert!(String::from_utf8(spinntui(&arguments).stderr).unwrap().contains("overwrote"));
    let rules = |report: &Value| -> Vec<String> {
        let lints = report["lints"].as_array().unwrap().iter();
        lints.map(|lint| lint["rule"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(rules(&report)[0], "barrier-missing");

    let check = spinntui(&[&["check", SMALL][..], &RACING].concat());
    assert_eq!(check.status.code(), Some(1));
    assert!(String::from_utf8(check.stdout).unwrap().contains("y may overwrite x before it is read"));

    let auto = json(&["run", SMALL, "--steps", "4", "--format", "json", RACING[0], RACING[1]]);
    assert_eq!(number(&auto, "/races/count"), 0.0);
    assert_eq!(auto["layers"][2]["barrier"], true);
    assert!(rules(&auto).contains(&"barrier".to_owned()));
    assert!(rules(&auto).contains(&"uneven".to_owned()));
}

#[test]
fn a_barrier_names_its_cause_and_what_may_make_it_needless() {
    for (edits, cause, remedy) in [
        (&[RACING[0], RACING[1]][..], "because PEs start late)", "with more evenly spread weights"),
        (
            &["--set", "mapping.batch=40"],
            "its PEs also work for other layers or samples",
            "on PEs of its own",
        ),
        (
            &["--set", "chip.board=Chips(2, 1)", "--set", "mapping.across=Even"],
            "values from other chips wait for links",
            "with its inputs on its own chip",
        ),
    ] {
        let check = json(&[&["check", SMALL, "--format", "json"], edits].concat());
        let lints = check["lints"].as_array().unwrap();
        let barrier = lints.iter().find(|lint| lint["rule"] == "barrier").unwrap();
        let [said, help] = ["message", "help"].map(|key| barrier[key].as_str().unwrap());
        assert!(said.ends_with(cause) && help.starts_with(remedy), "{barrier}");
    }
}

#[test]
fn findings_say_what_where_and_what_to_try() {
    let rules = |scene: &str| -> Vec<String> {
        let lints = json(&["check", scene, "--format", "json"])["lints"].as_array().unwrap().clone();
        for lint in &lints {
            let long = |key: &str, least: usize| lint[key].as_str().is_some_and(|text| text.len() >= least);
            assert!(long("place", 6) && long("message", 30) && long("help", 20), "{lint}");
        }
        lints
            .iter()
            .map(|lint| format!("{} {}", lint["level"].as_str().unwrap(), lint["rule"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(rules(SMALL), ["note unused-pes", "note ports-assumed"]);
    assert_eq!(rules("scenes/single_pe.ron"), ["note bank-full", "note unused-pes", "note ports-assumed"]);
    assert_eq!(rules("scenes/lm.ron"), ["warning pe-full", "note unused-pes", "note ports-assumed"]);
}

/// Returns the hash of the output after `steps` steps, with `disturb` applied to the session first.
fn output_after(steps: u64, disturb: impl Fn(&mut Session)) -> (u128, StepOutcome) {
    let mut session = session(SMALL, &[]);
    disturb(&mut session);
    let mut moved = StepOutcome::Finished;
    while session.steps() < steps {
        moved = session.step(StepUnit::TimeStep);
        if !matches!(moved, StepOutcome::Advanced(_)) {
            break;
        }
    }
    (session.output_hash(), moved)
}

#[test]
fn a_flipped_weight_bit_changes_the_output() {
    let (whole, _) = output_after(6, |_| ());
    let (flipped, _) = output_after(6, |session| {
        let pe = session.placed()[1].pes[0];
        let regions = &session.program().pe(pe).unwrap().regions;
        let values =
            regions.iter().find(|r| r.kind == RegionKind::Weights && r.name.ends_with("values")).unwrap();
        let address = values.start + 3;
        session.machine_mut().flip_bit(pe, address, 0);
    });
    assert_ne!(flipped, whole);
}

#[test]
fn a_lost_packet_changes_the_output() {
    let (whole, _) = output_after(6, |_| ());
    let mut noticed = 0;
    for number in (0..300).step_by(7) {
        let (hash, _) = output_after(6, |session| session.machine_mut().lose_packet(number));
        noticed += u32::from(hash != whole);
    }
    // A packet of four silent units carries zeros to where zeros may have been.
    assert!(noticed >= 40, "{noticed} of 43");
}

/// Loses packets until one stalls the chip: rnns.1 is on one QPE, so that the last packet of a
/// block that goes there is missed by all of its PEs.
fn stalled() -> (Session, String) {
    let stalled = |number: u64| {
        let mut session = session(SMALL, &[("mapping.layers.1.pes", "4")]);
        session.machine_mut().lose_packet(number);
        while session.steps() < 4 {
            match session.step(StepUnit::TimeStep) {
                StepOutcome::Advanced(_) => {}
                StepOutcome::Stopped(stopped) => return Some((session, stopped.to_string())),
                StepOutcome::Finished => panic!("all input is read"),
            }
        }
        None
    };
    // From the second time step on.
    (300..600).find_map(stalled).expect("no packet is waited for")
}

#[test]
fn a_chip_that_waits_for_a_lost_packet_says_who_waits_and_what_was_reached() {
    let (mut session, reason) = stalled();
    assert!(reason.contains("PE(") && reason.contains("(rnns.") && reason.contains("lost"), "{reason}");
    let report =
        Report::gather(&mut session, RunContext { stopped: Some(reason.clone()), ..RunContext::default() });
    assert!(report.steps > 0 && report.steps < 4, "{}", report.steps);
    assert!(report.to_text().contains("STOPPED"));
    let value: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert_eq!(value["stopped"], reason);
    assert_eq!(value["chip_time_range_us"], Value::Null);
}

#[test]
fn the_papers_model_meets_its_bands() {
    let report = json(&["run", "scenes/lm.ron", "--sequences", "1", "--format", "json"]);
    assert_eq!((number(&report, "/steps"), number(&report, "/sequences")), (70.0, 1.0));
    let weights = number(&report, "/memory/weights_bytes_max");
    assert!((86_500.0..=92_300.0).contains(&weights), "{weights} bytes of weights");
    let time_ms = number(&report, "/chip_time_us") / 1e3;
    assert!((time_ms / 170.25 - 1.0).abs() < 0.15, "{time_ms} ms");
    let range = ["/chip_time_range_us/0", "/chip_time_range_us/1"].map(|path| number(&report, path) / 1e3);
    assert!(range[0] < time_ms && time_ms < range[1], "{range:?}");
    assert!((number(&report, "/power_w") / 0.39 - 1.0).abs() < 0.10, "{}", report["power_w"]);
    let phase = |name: &str| -> f64 {
        let of = report["phases"].as_array().unwrap().iter().filter(|p| p["phase"] == name);
        of.map(|p| number(p, "/time_us")).sum()
    };
    // Fig. 2: the products take nearly all, the broadcast little.
    assert!(phase("egru_input").min(phase("egru_internal")) > 10.0 * phase("broadcast"));
    for scene in ["scenes/lm_148.ron", "scenes/lm_generate.ron"] {
        let check = json(&["check", scene, "--format", "json"]);
        let most =
            check["maps"].as_array().unwrap().iter().map(|m| number(m, "/weights_bytes")).fold(0.0, f64::max);
        assert!((86_500.0..=92_300.0).contains(&most), "{scene}: {most} bytes of weights");
    }
}

/// The first sequences through the emulated chip, against what `models/recipes/egru_lm/evaluate.py`
/// (NumPy, written apart from this program) makes of them: to 0.1 %.
fn wikitext(scene: &str, sequences: u32, expected: f64) {
    let Some(text) = shared("data/wikitext-2/test.txt") else { return };
    let set = format!("task.text={:?}", text.display().to_string());
    let count = sequences.to_string();
    let report =
        json(&["run", "--no-ranges", scene, "--sequences", &count, "--format", "json", "--set", &set]);
    assert_eq!(number(&report, "/predictions"), f64::from(70 * sequences));
    let perplexity = number(&report, "/perplexity");
    assert!((perplexity / expected - 1.0).abs() < 1e-3, "{scene}: perplexity {perplexity}, not {expected}");
}

/// Compares the paper-size model on a committed text with `evaluate.py`.
///
/// The expected value is `golden_perplexity::PAPER_SIZE`.
#[test]
fn the_paper_size_model_reads_a_committed_text_as_other_code_does() {
    let report = json(&[
        "run",
        "scenes/lm.ron",
        "--format",
        "json",
        "--set",
        "task.text=tests/data/text/lighthouse.txt",
    ]);
    assert_eq!(number(&report, "/predictions"), 182.0);
    let perplexity = number(&report, "/perplexity");
    assert!((perplexity / 92.8654 - 1.0).abs() < 1e-3, "perplexity {perplexity}");
}

/// The figure of the model's card.
#[test]
fn wikitext_small() {
    wikitext(SMALL, 50, 29.7204);
}

/// Beside `evaluate.py --sequences 4`; the card's figure, of 50, is the test below,
/// which `.ci/run` runs.
#[test]
fn wikitext_paper_size() {
    wikitext("scenes/lm.ron", 4, 100.245);
}

/// The figure of the model's card.
#[test]
#[ignore = "more than a minute: 3,500 tokens on 150 PEs; cargo test --test it report:: -- --ignored"]
fn wikitext_paper_size_as_on_the_card() {
    wikitext("scenes/lm.ron", 50, 107.0388);
}

#[test]
fn the_parts_of_the_energy_add_up_to_the_whole() {
    let knobs = [("assume.energy_per_hop_pj", "10"), ("assume.energy_per_dram_byte_pj", "20")];
    for waiting in ["Poll", "Sleep"] {
        let mut session = session(SMALL, &[&[("chip.waiting", waiting)], &knobs[..]].concat());
        // Also in the middle of a step, with operations under way.
        for unit in [StepUnit::TimeStep, StepUnit::TimeStep, StepUnit::Phase, StepUnit::Event] {
            session.step(unit);
            let (whole, parts) = (session.energy().energy_j, session.energy_parts());
            assert!((parts.total() / whole - 1.0).abs() < 1e-9, "{waiting}: {parts:?} against {whole}");
        }
        let report = Report::gather(&mut session, RunContext::default());
        let parts = &report.energy_parts;
        let operations: f64 = parts.operations.iter().map(|o| o.energy_j).sum();
        assert!(operations > 0.0 && parts.interrupts_j > 0.0 && parts.transport_j > 0.0);
        assert_eq!(parts.polling_j > 0.0, waiting == "Poll");
    }
}
