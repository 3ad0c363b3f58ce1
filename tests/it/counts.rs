//! Counts of work, and real time: what reports give is what the mathematics does.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use serde_json::Value;
use spinntui::mapping::egru::EgruProgram;
use spinntui::net::Carry;
use spinntui::net::csr::{self, Csr};
use spinntui::net::egru::Weights;
use spinntui::net::sum::csr_rows;
use spinntui::session::Session;
use spinntui::session::command::StepUnit;
use spinntui::session::counts::{Counts, counts};
use spinntui::session::real_time::real_time;

use crate::common::{fine, session};

/// Counts the products of a matrix with values, neither of which is 0, one by one.
fn products(matrix: &Csr, values: &[f32]) -> u64 {
    let row = |row| csr::row(matrix, row).filter(|&(source, weight)| weight * values[source as usize] != 0.0);
    (0..matrix.rows()).map(|number| row(number).count() as u64).sum()
}

/// Returns the effective products of W and R of each layer of a session's network on the rows that
/// it has read, by the mathematics.
fn expected(session: &Session, rows: &[Vec<u32>]) -> Vec<[u64; 2]> {
    let (network, program) = (session.model().network(), session.program());
    let restart = EgruProgram::of(program).unwrap().restart;
    let mut counted = vec![[0; 2]; network.layers.len()];
    for sample in 0..program.batch as usize {
        let mut state = network.state();
        let mut x = vec![0.0; program.dram.width()];
        for (step, rows) in (0..).zip(rows) {
            if let Some(restart) = restart.filter(|restart| restart.at(step)) {
                state.start_sequence(if restart.outputs { Carry::Nothing } else { Carry::Y });
            }
            program.dram.read(rows[sample], &mut x);
            network.step_with(&mut state, &x, |k, which, operand, out| {
                let layer = &network.layers[k];
                let (place, matrix) = match which {
                    Weights::Input => (0, &layer.input_weights),
                    Weights::Recurrent => (1, &layer.recurrent),
                };
                counted[k][place] += products(matrix, operand);
                csr_rows(matrix, operand, out);
            });
        }
    }
    counted
}

/// Runs a scene for some steps; returns the session and the rows that it read.
fn run(scene: &str, edits: &[(&str, &str)], steps: usize) -> (Session, Vec<Vec<u32>>) {
    let mut session = session(scene, edits);
    let rows = (0..steps).map(|_| {
        session.step(StepUnit::TimeStep);
        session.rows().to_vec()
    });
    let rows = rows.collect();
    (session, rows)
}

/// Holds a session's counts against the mathematics.
#[track_caller]
fn compare(scene: &str, edits: &[(&str, &str)], steps: usize) -> Counts {
    let (session, rows) = run(scene, edits, steps);
    let found = counts(&session);
    let expected = expected(&session, &rows);
    let effective: Vec<u64> = found.projections.iter().map(|of| of.products.effective_macs).collect();
    assert_eq!(effective, expected.concat(), "{scene} {edits:?}");
    let network = session.model().network();
    let cells = |m: &Csr| (m.rows() * m.cols() * steps * session.program().batch as usize) as u64;
    let dense: Vec<u64> = network
        .layers
        .iter()
        .flat_map(|layer| [cells(&layer.input_weights), cells(&layer.recurrent)])
        .collect();
    assert_eq!(found.projections.iter().map(|of| of.products.dense_macs).collect::<Vec<_>>(), dense);
    assert_eq!(found.total.products.synops, expected.iter().flatten().sum::<u64>());
    assert!(found.total.products.synops > 0 && found.total.products.effective_acs == 0);
    found
}

#[test]
fn effective_products_are_those_of_the_mathematics() {
    const SMALL: &str = "scenes/lm_small.ron";
    let one = compare(SMALL, &[], 12);
    let events = |counts: &Counts| counts.layers.iter().map(|layer| layer.events).collect::<Vec<_>>();
    for edits in [
        &[("mapping.schedule", "Pipelined")][..],
        &[("mapping.payload", "Events")],
        &[("mapping.layers.1.recurrent", "CscEvent"), ("chip.waiting", "Sleep")],
    ] {
        let other = compare(SMALL, edits, 12);
        assert_eq!((&other.projections, events(&other)), (&one.projections, events(&one)), "{edits:?}");
    }
    compare(SMALL, &[("mapping.batch", "3")], 5);
    compare(SMALL, &[("mapping.batch", "2"), ("mapping.schedule", "Pipelined")], 5);
    compare("scenes/tensor.ron", &[], 9);
}

/// Silence at the begin of a sample leads to no products, and traces to as many as are not 0.
#[test]
fn effective_products_of_gestures_begin_anew_with_each_sample() {
    let frames = [("task.frames.slice_us", "200000"), ("task.frames.bin_us", "50000")];
    let (session, rows) = run("scenes/dvs.ron", &frames, 7);
    assert!(EgruProgram::of(session.program()).unwrap().restart.is_some_and(|restart| restart.every < 7));
    let effective: Vec<u64> =
        counts(&session).projections.iter().map(|of| of.products.effective_macs).collect();
    assert_eq!(effective, expected(&session, &rows).concat());
}

/// Counts come from steps that are added as from those that are run, and go back with the session.
#[test]
fn counts_do_not_depend_on_how_steps_were_run() {
    let after = |exactly: bool| {
        let mut session = session("scenes/lm_small.ron", &[]);
        session.run_exactly(exactly);
        for _ in 0..40 {
            session.step(StepUnit::TimeStep);
        }
        counts(&session)
    };
    assert_eq!(after(true), after(false));
}

fn number(report: &Value, path: &str) -> f64 {
    report.pointer(path).and_then(Value::as_f64).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&fine(&[arguments, &["--format", "json"]].concat())).unwrap()
}

#[test]
fn energies_of_counts_are_those_of_the_report() {
    let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-9 * a.abs().max(b.abs()), "{a} is not {b}");
    for scene in ["scenes/lm_small.ron", "scenes/dnf.ron"] {
        let report = json(&["run", scene, "--steps", "20"]);
        let synops = number(&report, "/counts/total/synops");
        close(number(&report, "/counts/total/energy_per_synop_j") * synops, number(&report, "/energy_j"));
        let operations = report["energy_parts"]["operations"].as_array().unwrap();
        close(
            operations.iter().map(|of| number(of, "/energy_j")).sum(),
            number(&report, "/counts/total/active_j"),
        );
        let layers = report["counts"]["layers"].as_array().unwrap();
        for field in ["/events", "/dense_macs", "/synops", "/active_j"] {
            let sum: f64 = layers.iter().map(|layer| number(layer, field)).sum();
            close(sum, number(&report, &format!("/counts/total{field}")));
        }
    }
}

#[test]
fn text_and_comparison_show_the_counts() {
    let text = fine(&["run", "scenes/lm_small.ron", "--steps", "3"]);
    assert!(text.contains("effective MACs") && text.contains("active cores above sleep"), "{text}");
    let text = fine(&["run", "scenes/dnf.ron", "--steps", "20"]);
    assert!(text.contains("effective ACs") && text.contains("← pop1"), "{text}");
    let comparison = json(&["compare", "scenes/dnf.ron", "scenes/dnf.ron", "--steps", "10"]);
    let figure = comparison["figures"]
        .as_array()
        .unwrap()
        .iter()
        .find(|figure| figure["name"] == "counts.total.synops")
        .unwrap();
    assert!(number(figure, "/a") > 0.0 && figure["absolute"] == 0.0, "{figure}");
    assert!(fine(&["compare", "scenes/dnf.ron", "scenes/dnf.ron", "--steps", "10"]).contains("SynOps"));
}

/// Frames of the camera stand for 25 ms each, ticks for 1 ms; words stand for no time.
#[test]
fn chip_time_is_compared_with_the_time_of_the_inputs() {
    let (session, _) = run("scenes/dvs.ron", &[], 5);
    let real = real_time(&session).unwrap();
    let longest = session.stats().longest.unwrap();
    assert!((real.step_us - 25_000.0).abs() < 1e-9 && real.factor > 1.0, "{real:?}");
    assert!((real.factor * real.longest_us - 25_000.0).abs() < 1e-6);
    assert!(real.mean_us <= real.longest_us && real.mean_factor >= real.factor);
    assert_eq!(real.pe, longest.pe.to_string());
    // The PE worked for a part of the step: the rest, and the time to the next frame, are its
    // slack.
    assert!(longest.busy > 0 && longest.busy < longest.ticks);
    assert!((real.slack - (1.0 - real.pe_us / 25_000.0)).abs() < 1e-9);

    let (session, _) = run("scenes/dnf.ron", &[], 10);
    let real = real_time(&session).unwrap();
    let count = &session.machine().state().timer.count;
    assert_eq!(Some(real.pe), count.longest_pe.map(|pe| pe.to_string()));
    assert!((real.step_us - 1000.0).abs() < 1e-9 && real.slack > 0.5);

    let (session, _) = run("scenes/lm_small.ron", &[], 2);
    assert_eq!(real_time(&session), None);
    let report = json(&["run", "scenes/lm_small.ron", "--steps", "2"]);
    assert!(report["real_time"].is_null() && report["ticks"].is_null());
}
