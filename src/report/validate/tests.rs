#![allow(clippy::float_cmp, reason = "figures are chosen to compare exactly")]

use super::measure::{Measured, PeMemory, Run, Spread};
use super::transformer::Twins;
use super::*;
use crate::mapping::egru::Phase;
use crate::session::timeline::PathUses;

/// Figures in the middle of every band, made up.
fn good() -> Measured {
    let mut run = Run { time_ms: 170.0, energy_j: 0.0653, power_w: 0.39, ..Run::default() };
    for (phase, ms) in [(Phase::Recurrent, 90.0), (Phase::Input, 70.0), (Phase::Broadcast, 5.0)] {
        run.phases_ms[phase.index()] = ms;
    }
    Measured {
        model: "a model".into(),
        memory: PeMemory { weights: 88_144, variables: 12_888, beside_program: 12_888 },
        polling: Spread([run; 3]),
        sleeping: Spread([run; 3]),
        uses: Spread(
            [PathUses { loads_stores: 50, arithmetic: 30, branches: 15, noc: 5, ..PathUses::default() }; 3],
        ),
        perplexity: Some(118.0),
        activity: vec![0.2, 0.17, 0.2],
        accuracy: Some((0.95, 100)),
        readings: Vec::new(),
        language_batch: 140_000,
        gesture_weights: [36_864, 24_576],
        gestures: Spread([run; 3]),
        gestures_batch: Spread([run; 3]),
        batches: vec![run; 6],
        gestures_pipelined: Spread([run; 3]),
        gesture_batch: 115_000,
        synaptic_rates: [Spread([10.0; 3]), Spread([11.0; 3])],
        twins: Twins { attention_reduction: 75.0, cosine_loss: 9.0, perplexity_loss: Some(43.0) },
    }
}

fn judge(m: &Measured) -> Validation {
    Validation::of(m)
}

fn outside(m: &Measured) -> Vec<&'static str> {
    let validation = judge(m);
    let rows: Vec<_> =
        validation.rows.iter().filter(|r| r.verdict == Verdict::Outside).map(|r| r.id).collect();
    assert_eq!(validation.all_in_band, rows.is_empty());
    rows
}

#[test]
fn figures_in_their_bands_pass() {
    assert_eq!(outside(&good()), [""; 0]);
}

/// Each banded row leaves its band by its own figure, and by no other.
#[test]
fn every_banded_row_can_fail() {
    let mut seen = Vec::new();
    let mut fails = |change: fn(&mut Measured), ids: &[&'static str]| {
        let mut m = good();
        change(&mut m);
        assert_eq!(outside(&m), ids);
        seen.extend_from_slice(ids);
    };
    fails(|m| m.memory.weights = 86_499, &["table1.weights"]);
    fails(|m| m.memory.weights = 92_301, &["table1.weights"]);
    fails(|m| m.gesture_weights[0] += 4, &["dvs.weights.0"]);
    fails(|m| m.gesture_weights[1] -= 4, &["dvs.weights.1"]);
    fails(|m| m.polling.0[1].time_ms = 170.25 * 1.151, &["table2.time"]);
    fails(|m| m.polling.0[1].time_ms = 170.25 * 0.849, &["table2.time"]);
    fails(|m| m.polling.0[1].power_w = 0.4291, &["table2.power"]);
    fails(|m| m.polling.0[1].energy_j = 0.07837, &["table2.energy"]);
    fails(|m| m.gestures.0[1].power_w = 0.35, &["table3.power.batch1"]);
    fails(|m| m.polling.0[1].phases_ms[Phase::Input.index()] = 90.1, &["fig2.recurrent"]);
    fails(|m| m.polling.0[1].phases_ms[Phase::Embedding.index()] = 90.1, &["fig2.recurrent"]);
    fails(|m| m.polling.0[1].phases_ms[Phase::Broadcast.index()] = 70.1, &["fig2.broadcast"]);
    fails(|m| m.language_batch = 131_072, &["batch2.memory"]);
    fails(|m| m.uses.0[1].noc = 51, &["path.memory"]);
    let banded: Vec<_> =
        judge(&good()).rows.into_iter().filter(|row| row.band.is_some()).map(|row| row.id).collect();
    assert!(banded.iter().all(|id| seen.contains(id)), "never failed: {banded:?} against {seen:?}");
}

#[test]
fn a_figure_without_a_band_cannot_fail() {
    let mut m = good();
    m.gestures.0[1].time_ms = 1e6;
    m.sleeping.0[1] = Run::default();
    assert_eq!(outside(&m), [""; 0]);
}

#[test]
fn what_is_not_a_number_is_outside() {
    let mut m = good();
    m.polling.0[1].time_ms = f64::NAN;
    assert_eq!(outside(&m), ["table2.time"]);
    let open = Band { text: "anything", low: None, high: None };
    assert!(open.holds(0.0) && !open.holds(f64::NAN));
}

#[test]
fn a_banded_row_without_a_figure_is_outside() {
    let row = rows::rows(&good()).into_iter().find(|row| row.band.is_some()).unwrap();
    assert_eq!(Row { emulator: None, ..row }.judged().verdict, Verdict::Outside);
}

#[test]
fn the_edges_belong_to_the_band() {
    let band = Band::between(2.0, 3.0, "2 to 3");
    assert_eq!([2.0, 3.0, 1.999, 3.001].map(|v| band.holds(v)), [true, true, false, false]);
    assert_eq!([2.25, 1.5, 3.5].map(|v| band.margin(v)), [Some(0.25), Some(-0.5), Some(-0.5)]);
}

#[test]
fn the_interval_goes_from_the_least_to_the_greatest() {
    let mut m = good();
    (m.polling.0[0].time_ms, m.polling.0[2].time_ms) = (160.0, 180.0);
    m.polling.0[0].phases_ms[Phase::Broadcast.index()] = 7.0;
    for row in judge(&m).rows {
        assert!(row.interval.is_none_or(|[low, high]| low <= high), "{row:?}");
    }
    assert_eq!(Spread([2.0, 1.0, 3.0]).interval(), [1.0, 3.0]);
}

#[test]
fn every_row_has_reasons_and_none_is_calibrated() {
    for row in judge(&good()).rows {
        assert!(!row.rests_on.is_empty(), "{}", row.id);
        assert!(row.rests_on.iter().all(|ground| ground.basis != Basis::Calibrated), "{}", row.id);
        assert!(!row.paper_says.is_empty(), "{}", row.id);
    }
}

#[test]
fn a_figure_outside_is_shown_as_such() {
    let mut m = good();
    m.polling.0[1].time_ms = 250.0;
    let text = judge(&m).to_text();
    assert!(text.contains("OUTSIDE") && text.contains("10 of 11 figures with a band"), "{text}");
}

/// Constants, self-comparisons and arithmetic never count as tests of the emulator.
#[test]
fn only_independent_figures_are_counted() {
    let mut m = good();
    assert_eq!(judge(&m).independent, Independent { figures: 3, close: 1 });
    m.gestures.0[1].time_ms = 60.0;
    m.gestures_batch.0[1].time_ms = 6.0 * 56.0;
    assert_eq!(judge(&m).independent, Independent { figures: 3, close: 3 });
    m.memory = PeMemory::default();
    m.perplexity = None;
    m.polling.0[1].energy_j = 1.0;
    assert_eq!(judge(&m).independent, Independent { figures: 3, close: 3 });
}

#[test]
fn the_gpu_meets_its_printed_batches_and_wins_from_the_first_that_takes_it_less() {
    assert!((gpu::sample_ms(1) - 1.09).abs() < 1e-12 && (gpu::sample_ms(6) - 0.19).abs() < 1e-12);
    // Power × time is the printed energy, to the digits that are printed.
    assert!((gpu::sample_j(1) - 0.067).abs() < 0.0006 && (gpu::sample_j(6) - 0.011).abs() < 0.0006);
    assert_eq!(gpu::wins_from(|_| 0.0235), Some(3), "the paper's own figure of the chip");
    assert_eq!(gpu::wins_from(|_| 0.0), None);
    assert_eq!(gpu::wins_from(|_| 1.0), Some(1));
}

/// Every printed figure has a row: Table I's four, Tables II and III of both machines.
#[test]
fn every_printed_figure_has_a_row() {
    let validation = judge(&good());
    let printed: Vec<f64> = validation.rows.iter().filter_map(|row| row.paper).collect();
    for figure in [
        17_900.0, 88_300.0, 5_000.0, 2_600.0, 170.25, 0.39, 0.0653, 81.4, 19.9, 60.0, 1.1935, 60.19, 56.20,
        0.42, 0.023, 96.83, 1.09, 0.19, 61.0, 0.067, 0.011,
    ] {
        assert!(printed.contains(&figure), "{figure} has no row");
    }
}

/// Every row whose figure depends on kernel or payload names both as readings.
#[test]
fn times_and_energies_of_the_language_model_name_both_readings() {
    for row in judge(&good()).rows.iter().filter(|row| row.id.starts_with("table2.")) {
        let says =
            |word: &str| row.rests_on.iter().any(|g| g.basis == Basis::Inferred && g.reason.contains(word));
        if matches!(row.unit, Unit::Milliseconds | Unit::Joules) {
            assert!(says("kernel") && says("zeros"), "{}", row.id);
        }
    }
}
