//! Ticks that are too short: reports, findings, conditions and critical paths say so.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use spinntui::chip::clock::us;
use spinntui::mapping::check::Level;
use spinntui::mapping::spiking::NEURONS;
use spinntui::session::Session;
use spinntui::session::command::StepUnit;
use spinntui::session::findings::{Finding, findings};
use spinntui::session::opening::path_uses;
use spinntui::session::ticks;

use crate::common::{fine, session, spinntui, text};

/// The dynamic neural field, whose PEs need some 150 µs a tick for their neurons.
const DNF: &str = "scenes/dnf.ron";

fn after(steps: u32, edits: &[(&str, &str)]) -> Session {
    let mut session = session(DNF, edits);
    for _ in 0..steps {
        session.step(StepUnit::TimeStep);
    }
    session
}

fn found(session: &Session, rule: &str) -> Vec<Finding> {
    findings(session).into_iter().filter(|finding| finding.rule == rule).collect()
}

#[test]
fn an_overrun_is_an_error_with_its_pe_tick_cause_and_remedy() {
    let session = after(12, &[("task.tick", "Us(100)")]);
    let count = &session.machine().state().timer.count;
    let first = count.overruns[0];
    assert_eq!(first.phase, NEURONS, "{first:?}");
    let overruns = found(&session, "overrun");
    let own = overruns.iter().find(|finding| finding.pe == Some(first.pe)).unwrap();
    let of_pe = &session.machine().state().pes[first.pe.index()].timer.count;
    assert_eq!(own.level, Level::Error);
    assert!(own.what.starts_with(&format!("overran {} ticks, first #{}", of_pe.overruns, first.step + 1)));
    assert!(own.what.contains(&format!("by {:.1} µs", us(first.late))), "{}", own.what);
    assert!(own.what.contains("currents, potentials, thresholds, spikes"), "{}", own.what);
    let needed = us(count.longest).ceil();
    for remedy in [&format!("task.tick: Us({needed})")[..], "Auto", "units_per_pe of pop1"] {
        assert!(own.help.contains(remedy), "{remedy} is not in {}", own.help);
    }
    // The advice holds.
    let longer = after(12, &[("task.tick", &format!("Us({needed})"))]);
    assert_eq!(longer.machine().state().timer.count.overrun_count, 0);
    assert_eq!(found(&longer, "overrun"), []);
}

/// Lost ticks and spikes that were read too late are counted in words, by PE and in all.
#[test]
fn what_came_too_late_or_was_lost_is_counted() {
    let session = after(40, &[("task.tick", "Us(40)")]);
    let lost = ticks::sum(&session, |pe| pe.timer.count.lost.into());
    let misread = ticks::sum(&session, |pe| pe.timer.count.misread);
    assert!(lost > 0 && misread > 0, "{lost}, {misread}");
    let words: String = found(&session, "overrun").into_iter().map(|finding| finding.what + "\n").collect();
    assert!(words.contains("ticks lost") && words.contains("read in another tick than meant"), "{words}");
    let late = found(&session, "late-spikes");
    assert_eq!(late.len(), 1);
    assert!(late[0].what.starts_with(&format!("{misread} spikes")), "{}", late[0].what);
}

#[test]
fn a_tick_that_is_nearly_too_short_is_a_warning() {
    let auto = after(12, &[]);
    let grave: Vec<Finding> = findings(&auto).into_iter().filter(|found| found.level > Level::Note).collect();
    assert_eq!(grave, [], "a sound scene");
    assert_eq!(found(&auto, "tick-full"), []);
    let longest = us(auto.machine().state().timer.count.longest).ceil();
    let tight = after(12, &[("task.tick", &format!("Us({longest})"))]);
    let warned = found(&tight, "tick-full");
    assert_eq!(warned.len(), 1);
    assert_eq!(
        (warned[0].level, warned[0].pe),
        (Level::Warning, auto.machine().state().timer.count.longest_pe)
    );
    assert_eq!(found(&after(12, &[("task.tick", "Us(1000)")]), "tick-full"), []);
}

/// The command of docs/debugging.md.
#[test]
fn a_run_breaks_at_the_first_overrun() {
    let run = |tick: &str, condition: &str| {
        let tick = format!("task.tick=Us({tick})");
        spinntui(&["run", DNF, "--steps", "12", "--set", &tick, "--break", condition, "--format", "json"])
    };
    let broken = run("100", "overruns > 0");
    assert_eq!(broken.status.code(), Some(0), "{}", text(&broken.stderr));
    let report: serde_json::Value = serde_json::from_slice(&broken.stdout).unwrap();
    assert_eq!(report["ticks"]["overruns"], 1, "{}", report["ticks"]);
    assert_eq!(report["hit"]["values"][0]["name"], "overruns");
    let late = report["ticks"]["first"][0]["pe"].as_str().unwrap().trim_start_matches("PE").to_owned();
    assert_eq!(run("100", &format!("pe{late}.overruns == 1")).status.code(), Some(0));
    for condition in
        ["overruns > 0", "late_spikes > 0", "lost_spikes > 0", "lost_ticks > 0", "tick_use > 0.5"]
    {
        assert_eq!(run("1000", condition).status.code(), Some(1), "{condition}");
    }
    for condition in ["late_spikes > 0", "lost_ticks > 0", "tick_use > 1"] {
        assert_eq!(run("40", condition).status.code(), Some(0), "{condition}");
    }
    // Without timers there are none.
    let small = fine(&["run", "scenes/lm_small.ron", "--steps", "1", "--trace", "overruns == 0"]);
    assert!(small.contains("perplexity"), "{small}");
}

/// A small FIFO loses spikes, which a condition names.
#[test]
fn lost_spikes_stop_a_run() {
    let output = spinntui(&[
        "run",
        DNF,
        "--steps",
        "60",
        "--set",
        "mapping.fifo=(bytes: 20, on_full: Drop)",
        "--break",
        "lost_spikes > 0",
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["ticks"]["lost_spikes"].as_u64().unwrap() > 0, "{}", report["ticks"]);
}

/// In networks in which every hop takes a tick, no packet is on the critical path: it is the
/// slowest PE's work, and the wait for its timer.
#[test]
fn the_critical_path_of_a_tick_is_work_and_the_timer() {
    for (tick, least, most) in [("Auto", 0.0, 0.02), ("Us(1000)", 0.7, 0.9)] {
        let session = session(DNF, &[("task.tick", tick)]);
        let rows: Vec<Vec<u32>> = (0..6).map(|row| vec![row]).collect();
        let program = session.machine().program().clone();
        let uses = path_uses(&program, &rows, 4).unwrap();
        let timer = uses.share(uses.timer);
        assert!(timer >= least && timer <= most, "{tick}: {uses:?}");
        assert_eq!((uses.noc, uses.dma, uses.other), (0, 0, 0), "{tick}: {uses:?}");
        assert!(uses.share(uses.loads_stores + uses.arithmetic + uses.branches) > 0.99 - most, "{uses:?}");
    }
}
