//! The paper's GPU: printed figures, and the paper's conclusions beside the emulator's.

use super::super::gpu::{BATCH_1, BATCH_6, LANGUAGE, POWER_W, wins_from};
use super::super::measure::{GESTURE_BATCH, Run};
use super::{
    ENERGY_J, Ground, KERNEL, Kind, Measured, PAYLOAD, POLLING, Row, TIME_MS, Unit, derived, inferred, row,
};

const A100: Ground = inferred("the GPU's figure is the paper's; nothing here emulates a GPU");
const LINE: Ground =
    inferred("the GPU between its two printed batches: time of a batch on a straight line, 61 W");

pub fn rows(m: &Measured) -> Vec<Row> {
    [printed(), language(m), gestures(m)].into_iter().flatten().collect()
}

fn printed() -> Vec<Row> {
    let (ms, watts, joules) = LANGUAGE;
    let only = |id, place, figure, unit, value, says| {
        row(Kind::PaperOnly, id, place, figure, unit).paper(value, says).rests(&[A100])
    };
    let (two, three) = ("Table II", "Table III");
    vec![
        only("a100.lm.time", two, "A100, a sequence", Unit::Milliseconds, ms, "19.9 ms"),
        only("a100.lm.power", two, "A100, power", Unit::Watts, watts, "60 W"),
        only("a100.lm.energy", two, "A100, energy of a sequence", Unit::Joules, joules, "1.1935 J"),
        only("a100.lm.perplexity", two, "A100, perplexity", Unit::Perplexity, 81.4, "81.4, as on the chip"),
        only(
            "a100.dvs.time.batch1",
            three,
            "A100, sample, batch 1",
            Unit::Milliseconds,
            BATCH_1.0,
            "1.09 ms",
        ),
        only(
            "a100.dvs.time.batch6",
            three,
            "A100, sample, batch 6",
            Unit::Milliseconds,
            BATCH_6.0,
            "0.19 ms",
        ),
        only("a100.dvs.power", three, "A100, power, gestures", Unit::Watts, POWER_W, "61 W"),
        only("a100.dvs.energy.batch1", three, "A100, energy, batch 1", Unit::Joules, BATCH_1.1, "0.067 J"),
        only("a100.dvs.energy.batch6", three, "A100, energy, batch 6", Unit::Joules, BATCH_6.1, "0.011 J"),
    ]
}

/// Returns the row of a ratio of a GPU figure and a chip figure.
fn ratio(id: &'static str, place: &'static str, figure: &'static str) -> Row {
    row(Kind::Arithmetic, id, place, figure, Unit::Ratio)
}

fn language(m: &Measured) -> Vec<Row> {
    let (ms, _, joules) = LANGUAGE;
    vec![
        ratio("ratio.lm.time", "Table II", "time, chip ÷ A100")
            .paper(TIME_MS / ms, "8.6 times slower at batch 1")
            .spread(&m.polling.map(|run: &Run| run.time_ms / ms))
            .rests(&[A100, KERNEL, PAYLOAD]),
        ratio("ratio.lm.energy", "Table II", "energy, A100 ÷ chip")
            .paper(joules / ENERGY_J, "18 times less energy at batch 1")
            .spread(&m.polling.map(|run: &Run| joules / run.energy_j))
            .rests(&[A100, POLLING, KERNEL, PAYLOAD]),
    ]
}

fn gestures(m: &Measured) -> Vec<Row> {
    let (one, six) = (&m.gestures, &m.gestures_batch);
    let samples = f64::from(GESTURE_BATCH);
    let each = |batch: u32| {
        let run = m.batches.get(batch.saturating_sub(1) as usize);
        run.map_or(0.0, |run| run.energy_j / f64::from(batch))
    };
    let crossing = row(
        Kind::Arithmetic,
        "ratio.dvs.crossing",
        "Table III",
        "batch from which A100 takes less",
        Unit::Samples,
    )
    .says("less energy than the A100 at batch 1, none at 6")
    .rests(&[
        LINE,
        derived("the emulator's energies of batches 1 to 6, each sample (the table of batches)"),
        inferred("with the paper's own two figures of the chip, 0.0235 J at both, it is batch 3 as well"),
        POLLING,
    ]);
    let crossing = match wins_from(each) {
        Some(batch) => crossing.fixed(f64::from(batch)),
        None => crossing,
    };
    vec![
        ratio("ratio.dvs.energy.batch1", "Table III", "energy, A100 ÷ chip, batch 1")
            .paper(BATCH_1.1 / 0.023, "2.9 times less energy at batch 1")
            .spread(&one.map(|run| BATCH_1.1 / run.energy_j))
            .rests(&[A100, POLLING]),
        ratio("ratio.dvs.energy.batch6", "Table III", "energy, A100 ÷ chip, batch 6")
            .paper(BATCH_6.1 / 0.0236, "no less energy at batch 6: 0.011 J ÷ (0.42 W × 56.20 ms)")
            .spread(&six.map(|run| BATCH_6.1 * samples / run.energy_j))
            .rests(&[A100, POLLING]),
        crossing,
    ]
}
