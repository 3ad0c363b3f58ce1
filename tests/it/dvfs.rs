//! Tests of `chip.dvfs`, which lets PEs change their operating point from tick to tick.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use serde_json::Value;
use spinntui::session::command::StepUnit;

use crate::common::{fine, session, spinntui, text};

const TICK: &str = "task.tick=Us(2000)";

fn report(edits: &[&str]) -> Value {
    let mut arguments = vec!["run", "--no-ranges", "scenes/dnf.ron", "--steps", "60", "--format", "json"];
    arguments.extend(edits.iter().flat_map(|edit| ["--set", edit]));
    serde_json::from_str(&fine(&arguments)).unwrap()
}

fn number(report: &Value, pointer: &str) -> f64 {
    report.pointer(pointer).and_then(Value::as_f64).unwrap()
}

/// Checks that with ticks of 2 ms, which all PEs keep, spikes are the same at every level, and the
/// longest tick and the energy lie between those of the two levels.
#[test]
fn levels_change_times_and_energy_and_no_spike() {
    let slow = report(&[TICK, "chip.waiting=Sleep"]);
    let fast = report(&[TICK, "chip.waiting=Sleep", "chip.operating_point=Mhz300"]);
    let auto = report(&[TICK, "chip.waiting=Sleep", "chip.dvfs=Packets(2)"]);
    assert_eq!(auto["output_hash"], slow["output_hash"]);
    let longest = |report: &Value| number(report, "/ticks/shortest_us");
    assert!(longest(&auto) < longest(&slow) && longest(&auto) > longest(&fast));
    let energy = |report: &Value| number(report, "/energy_j");
    assert!(energy(&auto) > energy(&slow) && energy(&auto) < energy(&fast));
    let share = number(&auto, "/dvfs/fast_tick_share");
    assert!(share > 0.01 && share < 0.99, "{}", auto["dvfs"]);
    assert!(number(&auto, "/dvfs/fast_time_share") < share, "PEs return to the slow level at a tick's end");
    assert_eq!((&slow["dvfs"], auto["dvfs"]["packets_above"].as_u64()), (&Value::Null, Some(2)));
}

/// Checks that a threshold that no PE reaches gives the figures of a run without the rule.
#[test]
fn a_threshold_that_no_pe_reaches_changes_nothing() {
    let without = report(&[TICK]);
    let mut with = report(&[TICK, "chip.dvfs=Packets(100000)"]);
    assert_eq!(with["dvfs"]["fast_ticks"], 0);
    for key in ["dvfs", "set", "host"] {
        with[key] = without[key].clone();
    }
    assert_eq!(with, without);
}

/// Checks that a switch delays the core once, when a PE rises; it falls after the tick's end.
#[test]
fn the_time_of_a_switch_is_part_of_the_tick() {
    let at_once = report(&[TICK, "chip.dvfs=Packets(2)"]);
    let later = report(&[TICK, "chip.dvfs=Packets(2)", "assume.dvfs_switch_us=400"]);
    let [before, after] = [&at_once, &later].map(|report| number(report, "/ticks/shortest_us"));
    assert!(before < 400.0 && after > 400.0 && after < before + 400.01, "{before} {after}");
    assert_eq!(later["output_hash"], at_once["output_hash"]);
}

#[test]
fn parts_pes_and_ticks_add_up_to_the_whole() {
    let edits = [("chip.dvfs", "Packets(1)"), ("task.tick", "Us(900)"), ("assume.polling", "0.5")];
    for waiting in ["Poll", "Sleep"] {
        let mut session = session("scenes/dnf.ron", &[&edits[..], &[("chip.waiting", waiting)]].concat());
        for _ in 0..30 {
            session.step(StepUnit::TimeStep);
        }
        let near = |a: f64, b: f64, what: &str| {
            assert!((a - b).abs() <= 1e-9 * b.abs(), "{waiting}, {what}: {a} is not {b}");
        };
        let (whole, parts) = (session.energy().energy_j, session.energy_parts());
        near(parts.total(), whole, "parts");
        let pes: f64 = session.meter().pes().iter().map(|pe| pe.total()).sum();
        near(parts.chip_j + pes, whole, "PEs");
        near(session.stats().energy.history().sum(), whole, "ticks");
        let last: f64 = session.stats().energy.last().unwrap();
        near(session.meter().last_step().energy_j, last, "last tick");
    }
}

#[test]
fn scenes_without_ticks_or_at_the_fast_level_are_refused() {
    for (scene, edits, said) in [
        ("scenes/lm_small.ron", vec!["chip.dvfs=Packets(30)"], "only networks that run in ticks"),
        (
            "scenes/dnf.ron",
            vec!["chip.dvfs=Packets(30)", "chip.operating_point=Mhz300"],
            "chip.dvfs raises PEs from 150 MHz",
        ),
    ] {
        let mut arguments = vec!["check", scene];
        arguments.extend(edits.iter().flat_map(|edit| ["--set", edit]));
        let answer = spinntui(&arguments);
        assert_eq!(answer.status.code(), Some(2));
        assert!(text(&answer.stderr).contains(said), "{}", text(&answer.stderr));
    }
}
