//! Tests of breakpoints and tracepoints.
//!
//! Each condition hits at the events at which a check after every event finds it true; errors name
//! their column; command line, scene and engine agree.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]
#![allow(clippy::float_cmp, reason = "figures are repeated to the bit")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::{fine, spinntui};
use proptest::prelude::*;
use serde_json::Value as Json;
use spinntui::chip::clock::us;
use spinntui::chip::geometry::Pe;
use spinntui::machine::banks::BankCount;
use spinntui::machine::legend::PopulationId;
use spinntui::mapping::egru::{EgruSlot, Phase};
use spinntui::session::command::{Command, StepUnit};
use spinntui::session::debug::expr::complete::complete;
use spinntui::session::debug::points::Ran;
use spinntui::session::debug::{Condition, Hit, Names, PointCommand, PointKind, PointSpec, Points, doc};
use spinntui::session::engine::{Engine, EngineEvent, EngineOptions};
use spinntui::session::snapshot::{RunState, SharedSnapshot};
use spinntui::session::{Session, StepOutcome};
use spinntui::task::dvs::recognising::Recognising;
use spinntui::task::lm::reading::Reading;

const SMALL: &str = "scenes/lm_small.ron";
const TINY: &str = "scenes/single_pe.ron";
const DVS: &str = "scenes/dvs.ron";

fn session(scene: &str) -> Session {
    crate::common::session(scene, &[])
}

fn spec(text: &str, kind: PointKind) -> PointSpec {
    PointSpec { text: text.to_owned(), kind }
}

/// Sets breakpoints on a session.
fn points(session: &mut Session, texts: &[&str]) -> Points {
    let names = Names::of(session);
    let mut points = Points::default();
    for text in texts {
        if let Err(error) = points.add(&spec(text, PointKind::Break), &names) {
            panic!("{text}: column {}: {error}", error.column(text));
        }
    }
    points.arm(session);
    points
}

/// Runs to the next hit, for at most `steps` further steps.
fn next_hit(session: &mut Session, points: &mut Points, steps: u64) -> Option<Hit> {
    let until = session.steps() + steps;
    while session.steps() < until {
        match points.step(session, |_| {}) {
            Ran::Hit(hit) => return Some(hit),
            Ran::StepOutcome(StepOutcome::Advanced(_)) => {}
            Ran::StepOutcome(other) => panic!("{other:?}"),
        }
    }
    None
}

/// Returns the events and steps at which a breakpoint hits within `steps` steps.
fn hits(scene: &str, text: &str, steps: u64) -> Vec<(u64, u64)> {
    let mut session = session(scene);
    let mut points = points(&mut session, &[text]);
    let mut hits = Vec::new();
    while session.steps() < steps {
        let left = steps - session.steps();
        match next_hit(&mut session, &mut points, left) {
            Some(hit) => hits.push((hit.event, hit.step)),
            None => break,
        }
    }
    hits
}

/// Returns the events and steps at which `holds` becomes true, evaluated at every event.
fn hits_by_evaluation(scene: &str, holds: &dyn Fn(&Session) -> bool, steps: u64) -> Vec<(u64, u64)> {
    let mut session = session(scene);
    let (mut before, mut found) = (false, Vec::new());
    while session.steps() < steps {
        assert!(matches!(session.advance(), StepOutcome::Advanced(_)));
        let now = holds(&session);
        if now && !before {
            found.push((session.machine().state().events, session.steps()));
        }
        before = now;
    }
    found
}

fn pe(x: u8, y: u8, p: u8) -> Pe {
    Pe::at(x, y, p).unwrap()
}

/// Returns the first PE of a layer, as conditions write it, and as a value.
fn some_pe(scene: &str, layer: usize) -> (String, Pe) {
    let pe = session(scene).program().populations[layer].pes[0];
    (format!("pe({},{},{})", pe.qpe().x, pe.qpe().y, pe.p()), pe)
}

type Holds = Box<dyn Fn(&Session) -> bool>;

fn surprisal(session: &Session) -> Option<f64> {
    session.work().of::<Reading>().unwrap().observation().surprisal
}

/// Returns the cell state of a unit, read at the address in the program's memory map.
fn cell(session: &Session, layer: u8, unit: u32) -> f32 {
    let found = session.program().populations[usize::from(layer)].pes.iter().find_map(|&pe| {
        let slot = session
            .program()
            .pe(pe)?
            .slots
            .iter()
            .find(|slot| slot.population == PopulationId(layer.into()))?;
        let at = slot.units.iter().position(|&other| other == unit)?;
        let cell = EgruSlot::of(slot)?.pointwise.cell as usize / 4 + at;
        Some(session.machine().state().pes[pe.index()].sram.floats()[cell])
    });
    found.unwrap()
}

#[test]
fn a_table_of_conditions_hits_where_a_look_at_every_event_finds_them() {
    let (at, place) = some_pe(SMALL, 1);
    let index = place.index();
    let table: Vec<(String, Holds)> = vec![
        ("step == 3".into(), Box::new(|s| s.steps() == 3)),
        ("step >= 2 and step < 5".into(), Box::new(|s| (2..5).contains(&s.steps()))),
        ("time_us > 1.5 ms".into(), Box::new(|s| us(s.tick()) > 1500.0)),
        ("events >= 1_000".into(), Box::new(|s| s.machine().state().events >= 1000)),
        ("surprisal > 8".into(), Box::new(|s| surprisal(s).is_some_and(|n| n > 8.0))),
        ("surprisal > 12 bits".into(), Box::new(|s| surprisal(s).is_some_and(|n| n > 12.0 * 2.0f64.ln()))),
        (
            "perplexity < 300 or perplexity > 3000".into(),
            Box::new(|s| {
                let score = s.work().of::<Reading>().unwrap().task().score();
                score.perplexity().is_some_and(|p| !(300.0..=3000.0).contains(&p))
            }),
        ),
        (
            "rnns.1.activity > 20 %".into(),
            Box::new(|s| s.stats().layer_history[1].back().is_some_and(|&a| f64::from(a) > 0.2)),
        ),
        (
            "not (rnns.0.activity > rnns.2.activity) && step > 0".into(),
            Box::new(|s| {
                let last = |k: usize| s.stats().layer_history[k].back().copied();
                s.steps() > 0 && last(0) <= last(2)
            }),
        ),
        (
            "phase == recurrent and layer == rnns.1".into(),
            Box::new(|s| s.ended_phase() == Some((PopulationId(1), Phase::Recurrent.into()))),
        ),
        ("in_flight > 3".into(), Box::new(|s| s.machine().state().traffic.in_flight > 3)),
        (
            format!("{at}.conflicts >= 3"),
            Box::new(move |s| {
                s.machine().state().pes[index].banks.count.iter().map(BankCount::conflicts).sum::<u64>() >= 3
            }),
        ),
        (
            format!("{at}.status == busy"),
            Box::new(move |s| {
                s.machine().state().pes[index].status == spinntui::machine::state::Status::Busy
            }),
        ),
        (
            format!("{at}.received - {at}.interrupts * 0.5 > 10"),
            Box::new(move |s| {
                let count = &s.machine().state().pes[index].count;
                count.received as f64 - count.interrupts as f64 * 0.5 > 10.0
            }),
        ),
        ("unit(\"rnns.1\", 41).c > 0.05".into(), Box::new(|s| f64::from(cell(s, 1, 41)) > 0.05)),
        ("races > 0".into(), Box::new(|s| s.machine().state().races.count > 0)),
    ];
    for (text, holds) in table {
        let found = hits(SMALL, &text, 8);
        println!("{text}: {} hits, the first at {:?}", found.len(), found.first());
        assert_eq!(found, hits_by_evaluation(SMALL, &*holds, 8), "{text}");
        assert_eq!(found.is_empty(), text == "races > 0", "{text}");
    }
}

#[test]
fn gestures_have_their_names() {
    let mut session = session(DVS);
    let mut points = points(&mut session, &["class != label", "frame == 3, once"]);
    let hit = next_hit(&mut session, &mut points, 4).unwrap();
    let recognising = session.work().of::<Recognising>().unwrap();
    let (first, label) = (recognising.leader(), recognising.task().label(0).unwrap());
    if hit.text == "class != label" {
        assert_ne!(first, label);
    } else {
        assert_eq!(first, label, "the class was right up to here");
        assert_eq!((hit.step, hit.text.as_str()), (3, "frame == 3, once"));
    }
    let names = Names::of(&session);
    assert!(Condition::new("class == \"arm drums\"", &names).is_err());
    let error = Condition::new("perplexity > 3", &names).unwrap_err();
    assert!(error.message.contains("another task"), "{error}");
    let names = Names::of(&self::session(TINY));
    assert!(Condition::new("accuracy > 50 %", &names).is_err());
}

#[test]
fn hits_agree_with_the_stream_and_the_report() {
    let stream = fine(&["run", SMALL, "--steps", "60", "--stream"]);
    let lines: Vec<Json> = stream.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let nats = |line: &&Json| line["surprisal"].as_f64().unwrap_or(0.0);
    let most = lines.iter().skip(5).max_by(|a, b| nats(a).total_cmp(&nats(b))).unwrap();
    let text = format!("surprisal > {:.4} and step > 5", nats(&most) - 0.01);
    let expected = lines.iter().skip(5).find(|line| nats(line) > nats(&most) - 0.01).unwrap();
    let arguments = ["run", SMALL, "--break", &text, "--format", "json"];
    let report: Json = serde_json::from_str(&fine(&arguments)).unwrap();
    let hit = &report["hit"];
    assert_eq!((&hit["step"], &hit["time_us"]), (&expected["step"], &expected["chip_time_us"]));
    assert_eq!(hit["condition"], text);
    assert_eq!(hit["values"][0]["name"], "surprisal");
    assert_eq!(
        (&hit["values"][0]["value"], &hit["values"][0]["unit"]),
        (&expected["surprisal"], &Json::from("nats"))
    );
    assert_eq!((&report["steps"], &report["stopped"]), (&expected["step"], &Json::Null));
    // A condition on a word hits at the step in which the stream first has the word.
    let read = |line: &&Json| line["word"] == expected["next"];
    let step = lines.iter().find(read).map(|line| line["step"].clone());
    let word = expected["next"].as_str().unwrap();
    let text = format!("token == {word:?}");
    let report: Json =
        serde_json::from_str(&fine(&["run", SMALL, "--until", &text, "--format", "json"])).unwrap();
    assert_eq!(Some(report["hit"]["step"].clone()), step, "{text}");
    assert_eq!(report["hit"]["values"][0]["value"], word);
    // The hit does not depend on the number of threads.
    for threads in ["1", "2"] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_spinntui"))
            .args(["run", SMALL, "--break", "unit(rnns.1, 41).y > 0", "--format", "json"])
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        let report: Json = serde_json::from_slice(&output.stdout).unwrap();
        let expected = hits(SMALL, "unit(rnns.1, 41).y > 0", 40)[0];
        assert_eq!(report["hit"]["event"], expected.0, "{threads} threads");
    }
}

#[test]
fn writes_to_bytes_stop_each_time() {
    let mut session = session(SMALL);
    let unit = Names::of(&session).unit(1, 41, 0).unwrap();
    let (x, y, p) = (unit.pe.qpe().x, unit.pe.qpe().y, unit.pe.p());
    let text = format!("written(pe({x},{y},{p}), {:#x}..{:#x})", unit.cell, unit.cell + 4);
    let mut points = points(&mut session, &[&text, "changed(unit(\"rnns.1\", 41).c)", "step == 2, once"]);
    let mut events: Vec<(u32, u64)> = Vec::new();
    while session.steps() < 4 {
        let Some(hit) = next_hit(&mut session, &mut points, 1) else { continue };
        events.push((hit.point, hit.event));
    }
    let written: Vec<u64> = events.iter().filter(|(id, _)| *id == 1).map(|&(_, event)| event).collect();
    // The point-wise phase writes c once a time step, each time with another value, so writes
    // and changes are the same events.
    let mut changes = Vec::new();
    let mut session = self::session(SMALL);
    let mut last = cell(&session, 1, 41);
    while session.steps() < 4 {
        session.advance();
        let now = cell(&session, 1, 41);
        if now.to_bits() != last.to_bits() {
            changes.push(session.machine().state().events);
        }
        last = now;
    }
    assert_eq!(written, changes);
    assert_eq!(points.all()[1].hits, 4, "the same events, and the first point is told of");
    assert!(events.iter().any(|(id, _)| *id == 3));
}

#[test]
fn ignore_counts_once_and_disabling() {
    let mut session = session(SMALL);
    let (at, _) = some_pe(SMALL, 0);
    let busy = format!("{at}.status == busy");
    let all = hits(SMALL, &busy, 3);
    assert!(all.len() > 4, "{all:?}");
    let ignoring = format!("{busy}, ignore 2, once");
    let mut points = points(&mut session, &[&ignoring]);
    let hit = next_hit(&mut session, &mut points, 3).unwrap();
    assert_eq!((hit.event, hit.step), all[2]);
    let point = &points.all()[0];
    let id = point.id;
    assert_eq!((point.hits, point.ignore, point.enabled), (3, 0, false));
    assert_eq!(next_hit(&mut session, &mut points, 1), None, "once");
    // After enabling, a condition that is already true counts as becoming true.
    points.handle_command(&PointCommand::Add(spec("step > 0, off", PointKind::Break)), &mut session);
    points.handle_command(&PointCommand::Enable { id, on: false }, &mut session);
    assert_eq!(next_hit(&mut session, &mut points, 1), None, "off");
    let second = points.all()[1].id;
    points.handle_command(&PointCommand::Enable { id: second, on: true }, &mut session);
    let before = session.machine().state().events;
    let hit = next_hit(&mut session, &mut points, 1).unwrap();
    assert_eq!((hit.point, hit.event), (second, before + 1));
    assert_eq!(next_hit(&mut session, &mut points, 2), None, "it holds all the time");
    points.handle_command(&PointCommand::Remove(second), &mut session);
    assert_eq!(points.all().len(), 1);
    points.handle_command(&PointCommand::Clear, &mut session);
    assert!(points.all().is_empty());
    // After a seek, a condition that is already true does not count as becoming true.
    let mut points = self::points(&mut session, &["step > 0"]);
    points.arrived(&mut session);
    assert_eq!(next_hit(&mut session, &mut points, 2), None);
}

#[test]
fn what_holds_from_the_beginning_stops_at_the_first_event_and_constants_too() {
    for text in ["step == 0", "pe(1,1,0).sram_free > 2 KB", "min_sram_free < 1000 KiB"] {
        assert_eq!(hits(TINY, text, 2), [(1, 0)], "{text}");
    }
    assert_eq!(hits(TINY, "pe(1,1,0).sram_free < 0", 2), []);
    // No comparison with a value that does not exist yet is true.
    assert_eq!(hits(TINY, "perplexity != 3", 2)[0].1, 1);
}

#[test]
fn a_run_stops_at_the_same_event_free_or_step_by_step() {
    let text = "in_flight > 3";
    let free = hits(SMALL, text, 6);
    let mut session = session(SMALL);
    let mut points = points(&mut session, &[text]);
    let mut stepped = Vec::new();
    while session.steps() < 6 {
        let StepOutcome::Advanced(progress) = session.step(StepUnit::Event) else { panic!() };
        stepped.extend(points.after(&session, progress).map(|hit| (hit.event, hit.step)));
    }
    assert_eq!(free, stepped);
    assert!(!free.is_empty());
}

#[test]
fn tracepoints_note_and_do_not_stop() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let log = log.to_str().unwrap();
    let arguments =
        ["run", SMALL, "--steps", "20", "--trace", "surprisal > 8", "--trace-log", log, "--format", "json"];
    let report: Json = serde_json::from_str(&fine(&arguments)).unwrap();
    assert_eq!((&report["steps"], &report["hit"]), (&Json::from(20), &Json::Null));
    let text = std::fs::read_to_string(log).unwrap();
    let expected: Vec<String> = hits(SMALL, "surprisal > 8", 20)
        .iter()
        .map(|(event, step)| format!(", step {step}, event {event}: surprisal > 8 (surprisal "))
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(text.lines().count(), expected.len(), "{text}");
    for (line, expected) in text.lines().zip(expected) {
        assert!(line.contains(&expected), "{line}: {expected}");
    }
    // Without a log file the lines go to standard error; with --trace alone the exit code is 0.
    let output = spinntui(&["run", TINY, "--steps", "3", "--trace", "changed(step)"]);
    assert_eq!(output.status.code(), Some(0));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error.lines().filter(|line| line.starts_with("trace: ")).count(), 3, "{error}");
}

#[test]
fn a_trace_changes_nothing_that_happens() {
    let hash = |extra: &[&str]| {
        let arguments = [&["run", SMALL, "--steps", "5", "--format", "json"], extra].concat();
        let report: Json = serde_json::from_str(&fine(&arguments)).unwrap();
        (report["state_hash"].clone(), report["output_hash"].clone(), report["chip_time_us"].clone())
    };
    let (at, _) = some_pe(SMALL, 1);
    let watching = format!("written({at}, 0..128 ) or in_flight > 3");
    assert_eq!(hash(&[]), hash(&["--trace", &watching, "--trace-log", "/dev/null"]));
}

/// Invalid conditions: text, column of the error (from 1), words of the message and of the help.
const ERRORS: &[(&str, usize, &str, &str)] = &[
    ("", 1, "no condition", "perplexity"),
    ("   ", 1, "no condition", ""),
    ("perplexty > 150", 1, "no value `perplexty`", "`perplexity`"),
    ("1 < step and stp > 3", 14, "no value `stp`", "`step`"),
    ("perplexity > ", 14, "a value is missing", ""),
    ("perplexity = 150", 12, "`=`", "`==` to compare"),
    ("perplexity", 1, "neither true nor false", "compare it"),
    ("token", 1, "neither true", "=="),
    ("1 < 2", 1, "never changes", ""),
    ("1 < step < 3", 10, "chained comparison", "and"),
    ("step > 3 furlongs", 10, "unknown unit `furlongs`", "ms"),
    ("step > 3 once", 10, "unknown unit `once`", "`, once`"),
    ("step > 3 ms", 1, "`step` is a plain number and `3 ms` a time", ""),
    ("time_us > 5 KB", 1, "a time", ""),
    ("time_us + surprisal > 5", 1, "surprisal", ""),
    ("rnns.1.activity > 50", 19, "0 to 1", "50 %"),
    ("rnns.9.activity > 0.5", 1, "no value", "`rnns."),
    ("rnns.1 > 3", 1, "is a layer", "rnns.1.activity"),
    ("rnns.1.actvity > 0.5", 8, "no `actvity`", "`activity`"),
    ("layer == \"rnns.7\"", 10, "unknown layer", "rnns.0"),
    ("layer(\"rnns.7\").activity > 0.5", 7, "unknown layer", "rnns.0, rnns.1, rnns.2"),
    ("layer < rnns.1", 1, "no order", "=="),
    ("phase == recurent", 10, "unknown phase", "`recurrent`"),
    ("phase == 3", 1, "a word", ""),
    ("phase == token", 1, "never the same word", ""),
    ("pe(4,3,0).fifo > 1", 1, "no PE (4,3,0)", "holes"),
    ("pe(7,6,3).fifo > 1", 1, "no program", "pe("),
    ("pe(1,1).fifo > 1", 1, "`pe(…)`", "pe(3,4,2)"),
    ("pe(1,x,2).fifo > 1", 6, "whole number", ""),
    ("pe.fifo > 1", 1, "no value", ""),
    ("pe > 1", 1, "`pe` is incomplete", "pe(3,4,2)"),
    ("link(1,1,up).load > 0.5", 10, "unknown direction", "north"),
    ("link(1,1,west).load > 0.5", 1, "no link leaves", "edge"),
    ("link(4,4,west).load > 0.5", 1, "no QPE (4,4)", "holes"),
    ("unit(\"rnns.1\", 96).c > 0", 16, "0 to 95", ""),
    ("unit(\"rnns.1\", 5, 1).c > 0", 19, "samples are 0 to 0", "batch"),
    ("unit(\"rnns.1\", 5) > 0", 18, "a field is missing", "c, y, theta"),
    ("unit(\"rnns.1\", 5).x > 0", 19, "no `x`", "c, y, theta"),
    ("nit(\"rnns.1\", 5).c > 0", 1, "no `nit(…)`", "`unit(…)`"),
    ("written(step, 0..4)", 1, "`written(…)`", "0x8000"),
    ("changed(3)", 9, "one value", "changed("),
    ("changed(step > 3)", 14, "`,` or `)`", ""),
    ("step in 3", 6, "`in`", ""),
    ("(step > 3", 10, "`)` is missing", ""),
    ("step > 3)", 9, "not `)`", ""),
    ("step > 3, twice", 11, "`once`", ""),
    ("step > 3, ignore", 17, "a number is missing", "ignore 3"),
    ("step > 0..3", 9, "`..`", ""),
    ("step > 0x", 8, "0x", ""),
    ("step > 1e999", 8, "too large", ""),
    ("token == \"chip", 10, "no end", "close"),
    ("token == \"qwertzuiop\"", 10, "neither in the text", ""),
    ("step > 3 & step < 5", 10, "`&`", "`and`"),
    ("step ≥ 3", 6, "`≥`", ">="),
    ("€ > 3", 1, "`€`", ""),
    ("not step", 5, "neither true", ""),
    ("step + (step > 3) > 1", 8, "no number", ""),
    ("token + 1 > 3", 1, "no number", ""),
    ("class == \"other\"", 1, "another task", ""),
];

#[test]
fn errors_stand_at_their_column() {
    let names = Names::of(&session(SMALL));
    for &(text, column, message, help) in ERRORS {
        let error = Condition::new(text, &names).expect_err(text);
        assert_eq!(error.column(text), column, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
        assert!(error.help.contains(help), "{text}: help: {}", error.help);
    }
    let nested = format!("{}step > 3{}", "(".repeat(51), ")".repeat(51));
    let error = Condition::new(&nested, &names).unwrap_err();
    assert!(error.message.contains("nested"), "{error}");
    let long = format!("step > {}", "1 + ".repeat(300));
    assert_eq!(Condition::new(&long, &names).unwrap_err().column(&long), 1001);
    // The greatest permitted depth and length.
    let deep = format!("{}step > 3{}", "(".repeat(50), ")".repeat(50));
    assert!(Condition::new(&deep, &names).is_ok());
    let wide = format!("step > {}1", "1+".repeat(490));
    assert!(Condition::new(&wide, &names).is_ok());
    // A PE without a program never writes.
    let empty = format!("written({}, 0..4)", "pe(7,6,3)");
    assert!(Condition::new(&empty, &names).unwrap_err().message.contains("no program"));
    let (at, _) = some_pe(SMALL, 0);
    for (range, message) in [("4..4", "no byte"), ("0..0x20001", "at most 131072"), ("\"x\"", "whole number")]
    {
        let error = Condition::new(&format!("written({at}, {range})"), &names).unwrap_err();
        assert!(error.message.contains(message), "{range}: {error}");
    }
}

#[test]
fn the_command_line_says_where_a_condition_is_wrong() {
    for option in ["--break", "--until", "--trace"] {
        let output = spinntui(&["run", SMALL, option, "step > 3 and perplexty > 150"]);
        assert_eq!(output.status.code(), Some(2));
        let expected = format!(
            "{option}:1:14: there is no value `perplexty`\n  |\n1 | step > 3 and perplexty > 150\n  |              ^^^^^^^^^\nhelp: did you mean `perplexity`?\n"
        );
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
    }
    let output = spinntui(&[SMALL, "--break", "pe(4,3,0).fifo > 1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no PE (4,3,0)"));
}

#[test]
fn exit_codes_say_whether_it_was_hit() {
    let code = |arguments: &[&str]| {
        let output = spinntui(&[&["run", TINY], arguments].concat());
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (hit, said) = code(&["--break", "step == 2"]);
    assert_eq!(hit, 0);
    assert!(said.contains("step 2: step == 2"), "{said}");
    let (missed, said) = code(&["--steps", "2", "--until", "perplexity > 1e9"]);
    assert_eq!(missed, 1);
    assert!(said.contains("2 time steps without a hit"), "{said}");
    assert_eq!(code(&["--steps", "3", "--break", "step == 3"]).0, 0, "at the very end");
    assert_eq!(code(&["--steps", "2", "--break", "step == 1, off"]).0, 1);
    // The first of several breakpoints hits, in the middle of a time step.
    let report = fine(&["run", TINY, "--break", "step == 2", "--break", "events == 5", "--format", "json"]);
    let report: Json = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["hit"]["event"], &report["steps"]), (&Json::from(5), &Json::from(0)));
    assert_eq!(report["hit"]["within_step"], true);
    let (_, said) = code(&["--break", "events == 5"]);
    assert!(said.contains(" µs, #1: events == 5"), "no step is done, the first one runs: {said}");
    let text = fine(&["run", TINY, "--break", "step == 2"]);
    assert!(text.contains("hit          step == 2"), "{text}");
}

#[test]
fn a_scene_has_points_and_its_errors_stand_inside_the_quotes() {
    let scene = |debug: &str| {
        let text = std::fs::read_to_string(TINY).unwrap();
        let end = text.trim_end().rfind(')').unwrap();
        format!("{}    debug: {debug},\n)\n", &text[..end])
    };
    let folder = tempfile::Builder::new().prefix("points").tempdir_in("scenes").unwrap();
    let path = folder.path().join("points.ron");
    std::fs::write(&path, scene(r#"(break: ["step == 2"], trace: ["token == \"the\"", "step > 0"])"#))
        .unwrap();
    let name = path.to_str().unwrap();
    let output = spinntui(&["run", name, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["steps"], &report["hit"]["condition"]), (&Json::from(2), &Json::from("step == 2")));
    assert!(String::from_utf8(output.stderr).unwrap().contains("trace: "));
    // The exit code is 0 if no breakpoint of the scene is hit.
    assert_eq!(spinntui(&["run", name, "--steps", "1"]).status.code(), Some(0));
    for (debug, column, marked) in [
        (r#"(break: ["step == 2", "stp > 2"])"#, 35, "^^^"),
        (r#"(trace: ["token == \"zzzzzzzzzz\" and stp > 1"])"#, 31, "^^^^^^^^^^^^^^"),
        (r##"(trace: [r#"token == "the" and stp > 1"#])"##, 43, "^^^"),
    ] {
        std::fs::write(&path, scene(debug)).unwrap();
        let output = spinntui(&["run", name]);
        assert_eq!(output.status.code(), Some(2), "{debug}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(&format!(":{column}: ")), "{debug}: {error}");
        assert!(error.contains(&format!(" {marked}\n")), "{debug}: {error}");
    }
}

#[test]
fn names_complete() {
    let names = Names::of(&session(SMALL));
    let at_end = |text: &str| {
        let found = complete(text, text.len(), &names);
        (found.start, found.words)
    };
    let cases: [(&str, usize, &[&str]); 9] = [
        ("perp", 0, &["perplexity"]),
        ("step > 3 and time", 13, &["time_us"]),
        ("rnns.1.act", 0, &["rnns.1.activity", "rnns.1.activity_mean"]),
        ("pe(3,4,2).st", 10, &["status"]),
        ("link(3,5,ea", 9, &["east)"]),
        ("unit(\"rnns.1\", 4).th", 18, &["theta"]),
        ("phase == rec", 9, &["recurrent"]),
        ("unit(\"rnns", 6, &["rnns.0\"", "rnns.1\"", "rnns.2\""]),
        ("link(3,5,east).l", 15, &["load"]),
    ];
    for (text, start, words) in cases {
        assert_eq!(at_end(text), (start, words.iter().map(|&word| word.to_owned()).collect()), "{text}");
    }
    assert!(at_end("pe(").1.iter().all(|pe| pe.ends_with(')')));
    assert!(at_end("token == \"th").1.contains(&"the\"".to_owned()));
    assert!(at_end("").1.iter().any(|word| word == "written("));
    // Partial words at the end of a condition have completions.
    for text in ["layer == rnns.2", "pe(1,1,0).st"] {
        assert!(!at_end(text).1.is_empty(), "{text}");
    }
}

/// Returns the names for conditions on the tiny scene, which all cases share.
fn shared_names() -> &'static Names {
    static NAMES: std::sync::OnceLock<Names> = std::sync::OnceLock::new();
    NAMES.get_or_init(|| Names::of(&session(TINY)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_condition_or_an_error_inside_it(text in "\\PC{0,80}", cut in 0usize..90) {
        check_text(&text, cut);
    }

    #[test]
    fn any_words_are_a_condition_or_an_error_inside_them(
        words in prop::collection::vec(prop::sample::select(vec![
            "step", "perplexity", "rnns.1.activity", "pe(1,1,0)", ".status", "waiting", "==", "!=", "<", ">=", "and",
            "or", "not", "!", "(", ")", "3", "0x10", "1e9", "%", "ms", "KB", "..", ",", "\"", "\"rnns.1\"", "unit(", ".c",
            "written(", "changed(", "link(1,1,east)", ".load", "-", "*", "/", "+", "once", "ignore", "off", "µs", " ",
        ]), 0..24),
        cut in 0usize..120,
    ) {
        check_text(&words.join(" "), cut);
        check_text(&words.concat(), cut);
    }
}

fn check_text(text: &str, cut: usize) {
    let names = shared_names();
    match Condition::new(text, names) {
        Ok(_) => {}
        Err(error) => {
            assert!(error.at.start <= text.len() && error.at.start <= error.at.end, "{text:?}: {error:?}");
            assert!(error.column(text) <= text.chars().count() + 1);
            assert!(!error.message.is_empty());
        }
    }
    let found = complete(text, cut, names);
    assert!(found.start <= text.len() && (found.words.is_empty() || text.is_char_boundary(found.start)));
}

/// Engine on a scene, with its messages.
struct Face {
    engine: Engine,
    events: crossbeam_channel::Receiver<EngineEvent>,
}

impl Face {
    fn open(scene: &Path, points: Vec<PointSpec>) -> Self {
        let (sender, events) = crossbeam_channel::unbounded();
        let options = EngineOptions {
            scene: scene.to_owned(),
            set: Vec::new(),
            autorun: false,
            record: None,
            points,
            exact: false,
            against: None,
        };
        let engine = Engine::start(options, move |event| drop(sender.send(event))).unwrap();
        Self { engine, events }
    }

    fn next(&self) -> EngineEvent {
        self.engine.ready();
        self.events.recv_timeout(Duration::from_secs(600)).expect("nothing came")
    }

    fn until(&self, wanted: impl Fn(&SharedSnapshot) -> bool) -> SharedSnapshot {
        loop {
            match self.next() {
                EngineEvent::Snapshot(snapshot) if wanted(&snapshot) => return snapshot,
                EngineEvent::SceneError(error) | EngineEvent::Crashed(error) => panic!("{error}"),
                _ => {}
            }
        }
    }
}

#[test]
fn the_engine_stops_says_why_and_keeps_points_over_reloads() {
    let folder = tempfile::Builder::new().prefix("points").tempdir_in("scenes").unwrap();
    let path: PathBuf = folder.path().join("scene.ron");
    let original = std::fs::read_to_string(SMALL).unwrap();
    std::fs::write(&path, &original).unwrap();
    let face = Face::open(&path, vec![spec("step == 3", PointKind::Break)]);
    face.until(|s| s.run == RunState::Paused);
    let last = *session(SMALL).program().populations[2].pes.last().unwrap();
    let at = format!("pe({},{},{})", last.qpe().x, last.qpe().y, last.p());
    for text in ["step > 4", &format!("{at}.status == busy, off")] {
        face.engine.send(Command::Points(PointCommand::Add(spec(text, PointKind::Break))));
    }
    face.engine.send(Command::Points(PointCommand::Add(spec("changed(step)", PointKind::Trace))));
    face.engine.send(Command::Run);
    let stopped = face.until(|s| s.debug.stopped.is_some());
    assert_eq!((stopped.run.clone(), stopped.steps), (RunState::Paused, 3));
    assert_eq!(stopped.debug.stopped.as_deref(), Some("step == 3 (step 3)"));
    assert_eq!(stopped.debug.points.iter().map(|p| p.hits).collect::<Vec<_>>(), [1, 0, 0, 3]);
    assert_eq!(stopped.debug.log.len(), 3, "{:?}", stopped.debug.log);
    // A hit cuts the next step short; the step after it clears the reason of the stop.
    face.engine.send(Command::Step { unit: StepUnit::Sequence, count: 1 });
    let again = face.until(|s| s.steps == 5 && s.run == RunState::Paused);
    assert_eq!(again.debug.stopped.as_deref(), Some("step > 4 (step 5)"));
    face.engine.send(Command::Step { unit: StepUnit::TimeStep, count: 1 });
    let on = face.until(|s| s.steps == 6 && s.run == RunState::Paused);
    assert_eq!(on.debug.stopped, None);
    // In another mapping the last PE of rnns.2 has no program.
    let fewer = original.replace("(layer: \"rnns.2\", pes: 6)", "(layer: \"rnns.2\", pes: 1)");
    assert_ne!(fewer, original);
    std::fs::write(&path, fewer).unwrap();
    face.engine.send(Command::Reload);
    let reloaded = face.until(|s| s.build == 2);
    let errors: Vec<bool> = reloaded.debug.points.iter().map(|p| p.error.is_some()).collect();
    assert_eq!(errors, [false, false, true, false], "{:?}", reloaded.debug.points);
    face.engine.send(Command::Run);
    let stopped = face.until(|s| s.debug.stopped.is_some());
    assert_eq!((stopped.build, stopped.steps), (2, 3));
    // A scene with an invalid condition does not replace the running one.
    let bad =
        original.trim_end().strip_suffix(')').unwrap().to_owned() + "    debug: (break: [\"stp > 3\"]),\n)\n";
    std::fs::write(&path, bad).unwrap();
    face.engine.send(Command::Reload);
    loop {
        if let EngineEvent::SceneError(error) = face.next() {
            assert!(error.contains("no value `stp`"), "{error}");
            break;
        }
    }
    let good = original.trim_end().strip_suffix(')').unwrap().to_owned()
        + "    debug: (break: [\"step > 1\"]),\n)\n";
    std::fs::write(&path, good).unwrap();
    face.engine.send(Command::Reload);
    let reloaded = face.until(|s| s.build == 3);
    assert_eq!(reloaded.debug.points.len(), 5);
    assert!(reloaded.debug.points.iter().all(|point| point.error.is_none()));
}

#[test]
fn the_page_has_the_table_of_conditions() {
    const MARKS: [&str; 2] = ["<!-- conditions -->\n", "<!-- end of conditions -->\n"];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/debugging.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let [start, end] = MARKS.map(|mark| page.find(mark).unwrap_or_else(|| panic!("no {mark}")));
    let written = doc::markdown();
    let start = start + MARKS[0].len();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{}{written}{}", &page[..start], &page[end..])).unwrap();
        return;
    }
    assert!(
        page[start..end] == written,
        "docs/debugging.md is out of date; regenerate it: UPDATE_DOCS=1 cargo test --test it conditions::"
    );
}

#[test]
fn places_are_what_they_say() {
    // East is towards larger x, and a link's number is its index among the routes' links.
    let routes = spinntui::machine::routes::ROUTES.links();
    let link = &routes[Names::link(1, 1, "east").unwrap()];
    let qpe = |index: u8| spinntui::chip::geometry::QPES[usize::from(index)];
    assert_eq!(((qpe(link.from).x, qpe(link.from).y), (qpe(link.to).x, qpe(link.to).y)), ((1, 1), (2, 1)));
    assert_eq!(Names::link(3, 3, "east"), None, "there is the event router");
    assert_eq!(Names::link(7, 6, "north"), None);
    assert_eq!(pe(1, 1, 0).index(), session(TINY).program().populations[0].pes[0].index());
}
