//! Tests of recorded sessions and their replay, and of faults from scenes and the command line.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test helper that fails should say where"
)]

use std::fs;

use crate::common::{fine, spinntui};
use crate::driver::Driver;
use serde_json::Value;
use spinntui::machine::fault::Fault;
use spinntui::session::command::{Command, StepUnit};
use spinntui::session::history::SeekTarget;

const SMALL: &str = "scenes/lm_small.ron";
const FLIP: &str = "(at: Step(3), fault: FlipBit(pe: (1, 4, 0), address: 0x8003, bit: 6))";

fn step(unit: StepUnit, count: u32) -> Command {
    Command::Step { unit, count }
}

#[test]
fn a_recorded_session_ends_in_the_same_state_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.ron");
    // A short text: one of the replays below runs to its end.
    let text = fs::read_to_string("assets/text/spinnaker2.txt").unwrap();
    let words: Vec<&str> = text.split_whitespace().take(60).collect();
    let short = folder.path().join("short.txt");
    fs::write(&short, words.join(" ")).unwrap();
    let edits = [("chip.waiting", "Sleep"), ("task.text", short.to_str().unwrap())];
    let mut driver = Driver::open(SMALL, &edits, Some(&file));
    driver.does(step(StepUnit::TimeStep, 3));
    assert!(driver.says(Command::Bookmark("here".into())).contains("time step 3"));
    driver.does(step(StepUnit::Phase, 3));
    driver.does(step(StepUnit::Event, 40));
    let back = driver.does(Command::Back { unit: StepUnit::Layer, count: 2 });
    assert!(back.steps <= 3);
    driver.does(Command::Go(SeekTarget::PreviousStop));
    driver.does(Command::Go(SeekTarget::Bookmark("here".into())));
    let flip = Fault::FlipBit { pe: (1, 4, 0).into(), address: 0x8003, bit: 6 };
    assert!(driver.says(Command::Inject(flip)).contains("flipped"));
    // Seeking to a later place runs the chip until there.
    let ahead = driver.does(Command::Go(SeekTarget::Step(5)));
    assert_eq!((ahead.steps, ahead.faults.len()), (5, 1));
    driver.does(step(StepUnit::Event, 7));
    let oldest = driver.says(Command::Back { unit: StepUnit::TimeStep, count: 100 });
    assert!(oldest.contains("cannot go back further") && oldest.contains("the start"), "{oldest}");
    let end = driver.does(step(StepUnit::TimeStep, 2));
    driver.stop();

    let path = file.to_str().unwrap();
    let again = spinntui(&["replay", path, "--format", "json"]);
    let said = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(0), "{said}");
    assert!(said.contains("the final state equals the recorded one"), "{said}");
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(report["steps"].as_u64(), Some(end.steps));

    // Another end is noticed, a line that is none is named, and so is a place that cannot
    // be come to.
    let text = fs::read_to_string(&file).unwrap();
    let (kept, last) = text.trim_end().rsplit_once('\n').unwrap();
    let hash = last.split('"').nth(1).unwrap();
    for (text, code, words) in [
        (
            text.replace(hash, &hash.replace(&hash[..1], if &hash[..1] == "0" { "1" } else { "0" })),
            1,
            "state_hash",
        ),
        (format!("{kept}\nAt(3, Jump)\n"), 2, "session.ron:"),
        (format!("{kept}\nEnd(99999999, \"\")\n"), 2, "the input has ended"),
        // A recording of a killed program counts up to its last whole line.
        (text[..text.len() - 20].to_owned(), 0, "is incomplete"),
        (format!("{kept}\n{}", &last[..4]), 0, "is incomplete"),
        // A changed command is noticed even if it leads to the recorded places.
        (text.replacen("TimeStep,count:3", "Event,count:3", 1), 2, "was it changed"),
        (text.replacen("Event,count:40", "TimeStep,count:4", 1), 1, "was edited"),
        (text.replacen("Event,count:7", "Event,count:8", 1), 1, "was edited"),
        (text.replace("version:1", "version:7"), 2, "version 7"),
        (String::new(), 2, "empty"),
    ] {
        fs::write(&file, text).unwrap();
        let output = spinntui(&["replay", path]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words}: {said}");
        assert!(said.contains(words) && !said.contains("panicked"), "{words}: {said}");
    }
}

#[test]
fn a_planned_fault_happens_where_the_scene_says_so() {
    let report = |arguments: &[&str]| -> Value {
        let fixed = ["run", SMALL, "--steps", "8", "--format", "json"];
        serde_json::from_str(&fine(&[&fixed, arguments].concat())).unwrap()
    };
    let (sound, faulty) = (report(&[]), report(&["--fault", FLIP]));
    assert_ne!(sound["state_hash"], faulty["state_hash"]);
    let scene = report(&["--set", &format!("faults=[{FLIP}]")]);
    assert_eq!(scene["state_hash"], faulty["state_hash"]);
    // Two flips of one bit are none.
    let twice = report(&["--fault", FLIP, "--fault", FLIP]);
    assert_eq!(twice["state_hash"], sound["state_hash"]);
}

#[test]
fn senseless_faults_are_refused_with_their_place() {
    for (fault, words) in [
        ("(at: Step(3), fault: FlipBit(pe: (4, 3, 0), address: 0, bit: 6))", vec!["faults", "no PE"]),
        ("(at: Step(3), fault: KillPe(pe: (7, 6, 3)))", vec!["faults", "no program"]),
        ("(at: TimeUs(-1), fault: KillPe(pe: (1, 4, 0)))", vec!["-1", "invalid time"]),
        ("(at: Soon, fault: KillPe(pe: (1, 4, 0)))", vec!["Soon"]),
        ("gremlins", vec!["gremlins"]),
    ] {
        let output = spinntui(&["run", SMALL, "--steps", "1", "--fault", fault]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{fault}: {said}");
        for word in words {
            assert!(said.contains(word), "{fault}: should say `{word}`: {said}");
        }
    }
}
