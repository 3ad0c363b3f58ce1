//! Options of spiking networks on the chip: rows in the order of arrival, sources that spike at
//! random.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use serde_json::Value;
use spinntui::session::command::StepUnit;
use spinntui::session::history::{History, SeekTarget};
use spinntui::session::verify::Verifier;
use spinntui::session::{Session, StepOutcome};

use crate::common::{fine, session, spinntui, text};

const NETS: &str = "nir/tests/data/exported";

fn report(scene: &str, steps: &str, edits: &[&str]) -> Value {
    let mut arguments = vec!["run", "--no-ranges", scene, "--steps", steps, "--format", "json"];
    arguments.extend(edits.iter().flat_map(|edit| ["--set", edit]));
    serde_json::from_str(&fine(&arguments)).unwrap()
}

fn outputs(mut session: Session, ticks: u32) -> String {
    for _ in 0..ticks {
        assert!(matches!(session.step(StepUnit::TimeStep), StepOutcome::Advanced(_)));
    }
    let mut out = Vec::new();
    session.work().write_outputs(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Entry of `mapping.layers` that gives the first population of a scene this many neurons a PE.
fn spread(scene: &str, units: u32) -> String {
    let name = session(scene, &[]).program().populations[0].name.clone();
    format!("[(layer: {name:?}, units_per_pe: {units})]")
}

/// Weights of 8 bits are summed as integers, so that their order does not matter: chip and
/// mathematics have the same bits in the order of arrival, on two partitions and in both schedules.
#[test]
fn integer_sums_in_the_order_of_arrival_are_those_of_the_mathematics() {
    for layers in ["[]", &spread("scenes/nir.ron", 7)] {
        for schedule in ["LayerSequential", "Pipelined"] {
            let mut chip = session(
                "scenes/nir.ron",
                &[
                    ("mapping.order", "Arrival"),
                    ("mapping.weights", "Int8"),
                    ("mapping.schedule", schedule),
                    ("mapping.layers", layers),
                ],
            );
            assert!(Verifier::applies(&chip));
            let mut verifier = Verifier::new(&chip);
            for _ in 0..60 {
                assert!(matches!(chip.step(StepUnit::TimeStep), StepOutcome::Advanced(_)));
                verifier.check(&chip).map_err(|difference| difference.to_string()).unwrap();
            }
        }
    }
}

/// The field of 400 neurons with weights of both signs: the same spikes in both orders, since its
/// weights are whole numbers, on two partitions.
#[test]
fn a_dynamic_field_spikes_the_same_in_both_orders() {
    let ascending = report("scenes/dnf.ron", "120", &[]);
    assert_eq!(ascending["sum_order"], "ascending");
    for layers in ["[]", &spread("scenes/dnf.ron", 57)] {
        let layers = format!("mapping.layers={layers}");
        let arrival = report("scenes/dnf.ron", "120", &["mapping.order=Arrival", &layers]);
        assert_eq!(arrival["output_hash"], ascending["output_hash"]);
        assert_eq!(arrival["sum_order"], "arrival");
    }
}

#[test]
fn sums_of_singles_in_the_order_of_arrival_are_said_and_not_verified() {
    let answer = spinntui(&[
        "run",
        "--no-ranges",
        "scenes/nir.ron",
        "--set",
        "mapping.order=Arrival",
        "--steps",
        "20",
    ]);
    assert_eq!(answer.status.code(), Some(0));
    assert!(text(&answer.stdout).contains("in the order in which spikes arrived"));
    let answer = spinntui(&[
        "run",
        "--no-ranges",
        "scenes/nir.ron",
        "--set",
        "mapping.order=Arrival",
        "--steps",
        "20",
        "--verify",
    ]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(text(&answer.stderr).contains("mapping.weights=Int8"), "{}", text(&answer.stderr));
    let answer = spinntui(&["check", "scenes/lm_small.ron", "--set", "mapping.order=Arrival"]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(text(&answer.stderr).contains("only spiking networks"), "{}", text(&answer.stderr));
}

/// PEs draw the spikes of the sources themselves: the chip has the mathematics' bits, spikes come
/// at the rate that was asked for, and depend on the seed and not on the partition.
#[test]
fn sources_that_spike_at_random_are_drawn_on_the_chip() {
    let model = format!("{NETS}/snntorch_leaky_quiet/snntorch_leaky_quiet.nir");
    let edits = |seed: &str, order: &str| {
        vec![
            ("model".to_owned(), model.clone()),
            ("task.inputs".to_owned(), "None".to_owned()),
            ("task.dt".to_owned(), "1e-4".to_owned()),
            ("task.poisson".to_owned(), format!("(rate_hz: 200, seed: {seed})")),
            ("mapping.order".to_owned(), order.to_owned()),
        ]
    };
    let run = |seed: &str, order: &str| {
        let edits = edits(seed, order);
        let edits: Vec<(&str, &str)> = edits.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        session("scenes/nir.ron", &edits)
    };
    let mut chip = run("5", "Ascending");
    let populations = &chip.program().populations;
    assert!(populations.last().unwrap().host.is_none(), "the source is on PEs of its own");
    let mut verifier = Verifier::new(&chip);
    for _ in 0..100 {
        assert!(matches!(chip.step(StepUnit::TimeStep), StepOutcome::Advanced(_)));
        verifier.check(&chip).map_err(|difference| difference.to_string()).unwrap();
    }
    assert_ne!(outputs(run("5", "Ascending"), 100), outputs(run("6", "Ascending"), 100));
    // Back in time and on again: the unit is where it was.
    let mut again = run("5", "Ascending");
    let mut history = History::new(&mut again);
    for _ in 0..100 {
        let StepOutcome::Advanced(progress) = again.step(StepUnit::TimeStep) else { break };
        history.note(&mut again, progress);
    }
    let before = (again.state_hash(), again.output_hash());
    history.go(&mut again, &SeekTarget::Step(40)).unwrap();
    history.go(&mut again, &SeekTarget::Step(100)).unwrap();
    assert_eq!((again.state_hash(), again.output_hash()), before);
    assert_eq!(before.0, chip.state_hash());
}

#[test]
fn random_sources_that_cannot_be_are_refused() {
    for (edits, said) in [
        (vec!["task.poisson=(rate_hz: 100)", "task.inputs=in.csv"], "both say where spikes come from"),
        (vec!["task.inputs=None", "task.poisson=(rate_hz: 2000)"], "a neuron has one at most"),
        (vec!["task.inputs=None", "task.poisson=(rate_hz: -1)"], "rate_hz"),
    ] {
        let mut arguments = vec!["check", "scenes/nir.ron"];
        arguments.extend(edits.iter().flat_map(|edit| ["--set", edit]));
        let answer = spinntui(&arguments);
        assert_eq!(answer.status.code(), Some(2), "{edits:?}");
        assert!(text(&answer.stderr).contains(said), "{}", text(&answer.stderr));
    }
}
