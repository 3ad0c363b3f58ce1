//! Gestures: Table III.

use super::super::measure::{GESTURE_BATCH, Run, Spread};
use super::{
    Band, FRAMES, Ground, INSTRUCTIONS, Kind, Measured, POLLING, POWER, POWER_W, REFILL, Row, Unit, assumed,
    derived, inferred, row,
};

/// Batch of six: each sample, as the paper's GPU shows.
const EACH: Ground =
    inferred("figures of each sample: the paper's GPU has 0.19 ms at batch 6, a sixth of its 1.09 ms");
const DENSE: Ground =
    inferred("dense weights, every weight visited: the paper prunes the language model only");

pub fn rows(m: &Measured) -> Vec<Row> {
    let (one, six) = (&m.gestures, &m.gestures_batch);
    [times(m, one, six), powers(one, six), others(m)].into_iter().flatten().collect()
}

fn table(kind: Kind, id: &'static str, figure: &'static str, unit: Unit) -> Row {
    row(kind, id, "Table III", figure, unit)
}

fn times(m: &Measured, one: &Spread<Run>, six: &Spread<Run>) -> Vec<Row> {
    let samples = f64::from(GESTURE_BATCH);
    vec![
        table(Kind::Independent, "table3.time.batch1", "gesture sample, batch 1", Unit::Milliseconds)
            .paper(60.19, "60.19 ms")
            .spread(&one.map(|run| run.time_ms))
            .rests(&[
                FRAMES,
                inferred("layers one after the other, as for the language model; the paper does not say"),
                DENSE,
                INSTRUCTIONS,
                REFILL,
            ]),
        table(
            Kind::Reading,
            "table3.time.batch1.pipelined",
            "the same, frames pipelined",
            Unit::Milliseconds,
        )
        .paper(60.19, "60.19 ms")
        .spread(&m.gestures_pipelined.map(|run| run.time_ms))
        .rests(&[
            FRAMES,
            inferred("what if layer 0 worked on the next frame while layer 1 works on this one"),
            derived("layer 0 sets the pace: 9,216 of the 15,360 multiply-adds on the path of a frame"),
            DENSE,
            INSTRUCTIONS,
            REFILL,
        ]),
        table(Kind::Independent, "table3.time.batch6", "gestures, batch 6, each sample", Unit::Milliseconds)
            .paper(56.20, "56.20 ms")
            .spread(&six.map(|run| run.time_ms / samples))
            .rests(&[
                FRAMES,
                EACH,
                derived(
                    "a PE takes the six in turn: while one layer works on a sample, the other on the next",
                ),
                DENSE,
                INSTRUCTIONS,
                REFILL,
            ]),
        table(Kind::Reading, "table3.time.batch6.whole", "gestures, batch 6, all six", Unit::Milliseconds)
            .paper(56.20, "56.20 ms")
            .spread(&six.map(|run| run.time_ms))
            .rests(&[
                FRAMES,
                EACH,
                derived("each layer has to do every sample's multiply-adds: six samples cannot take less"),
                INSTRUCTIONS,
                REFILL,
            ]),
    ]
}

fn powers(one: &Spread<Run>, six: &Spread<Run>) -> Vec<Row> {
    let samples = f64::from(GESTURE_BATCH);
    vec![
        table(Kind::Arithmetic, "table3.power.batch1", "gesture power, batch 1", Unit::Watts)
            .paper(POWER_W, "0.39 W")
            .spread(&one.map(|run| run.power_w))
            .within(Band::around(POWER_W, 0.10, "10 %"))
            .rests(&[
                POWER,
                inferred("128 PEs in use (III-D), the other 24 asleep"),
                POLLING,
                derived("with polling PEs no emulated event enters it"),
            ]),
        table(Kind::Arithmetic, "table3.power.batch6", "gesture power, batch 6", Unit::Watts)
            .paper(0.42, "0.42 W")
            .spread(&six.map(|run| run.power_w))
            .rests(&[
                POWER,
                assumed(
                    "waiting PEs poll, at the full active power: a batch then draws what one sample does",
                ),
                derived("0.42 W would be 148 PEs active; this model cannot reach it with 128"),
            ]),
        table(Kind::Arithmetic, "table3.energy.batch1", "energy of a sample, batch 1", Unit::Joules)
            .paper(0.023, "0.023 J")
            .spread(&one.map(|run| run.energy_j))
            .rests(&[
                derived("power × time: the miss of the time, and the power's on top"),
                FRAMES,
                POLLING,
                REFILL,
            ]),
        table(Kind::Arithmetic, "table3.energy.batch6", "energy of a sample, batch 6", Unit::Joules)
            .paper(0.0236, "0.42 W × 56.20 ms = 0.0236 J")
            .spread(&six.map(|run| run.energy_j / samples))
            .rests(&[
                derived("power × time: the time is above the paper's, the power below"),
                EACH,
                FRAMES,
                POLLING,
                REFILL,
            ]),
    ]
}

fn others(m: &Measured) -> Vec<Row> {
    let accuracy = table(Kind::NotComparable, "table3.accuracy", "accuracy", Unit::Percent)
        .paper(96.83, "96.83 % on DVS128 Gesture, batch 1 and 6")
        .rests(&[
            inferred("the shipped model learnt from synthetic people, and is judged on others of them"),
            derived("measured by another program (the model's card)"),
        ]);
    vec![
        table(Kind::Arithmetic, "table3.memory.batch6", "bytes of batch 6, fullest PE", Unit::Bytes)
            .says("batch 6 was run")
            .fixed(f64::from(m.gesture_batch))
            .rests(&[
                derived("the memory map with six sets of x, y, sums, y sent, c and control words"),
                inferred("buffers for six samples on each PE at a time; a PE has 131,072 B"),
            ]),
        match m.accuracy {
            Some((accuracy_found, _)) => accuracy.fixed(100.0 * accuracy_found),
            None => accuracy,
        },
    ]
}
