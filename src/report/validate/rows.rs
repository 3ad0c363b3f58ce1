//! The rows: what the paper says, where the emulator's figure has to be, and what the comparison rests on.
//!
//! Bands are the project's requirements (set before the emulator was written), not properties of the paper.

use super::band::Band;
use super::measure::{GESTURE_BATCH, Measured, Run, Spread};
use super::{Basis, Ground, Row, Unit, Verdict};
use crate::machine::program::Phase;
use crate::machine::sram::SRAM_BYTES;

/// Time of one sequence, ms (Table II).
const TIME_MS: f64 = 170.25;
/// Power, W (Tables II and III, batch 1).
const POWER_W: f64 = 0.39;
/// Energy of one sequence, J (Table II).
const ENERGY_J: f64 = 0.0653;

const fn derived(reason: &'static str) -> Ground {
    Ground { basis: Basis::Derived, reason }
}

const fn inferred(reason: &'static str) -> Ground {
    Ground { basis: Basis::Inferred, reason }
}

const fn assumed(reason: &'static str) -> Ground {
    Ground { basis: Basis::Assumed, reason }
}

const REFILL: Ground = assumed(
    "branch refill P = 2 of ARM's 1 to 3 cycles; SRAM without wait states, where the published CoreMark leaves room for \
     17.5 % more time: the chip's own are not published",
);
const INSTRUCTIONS: Ground =
    derived("Cortex-M4F timings of the compiled kernels × what they did, plus NoC and DMA");
const FRAMES: Ground =
    inferred("67 frames: 1.7 s in 25 ms slices, as the authors' code; the paper gives no number");
const POWER: Ground = derived("75.2 mW + 152 PEs asleep + duty × active adder, from published chip powers");

/// Every row, in the paper's order.
pub fn rows(m: &Measured) -> Vec<Row> {
    let rows = [weights(m), language(m), gestures(m), figure_2(m), batch_2(m)];
    rows.into_iter().flatten().map(Row::judged).collect()
}

/// A row without figures of the emulator and without a band.
fn row(id: &'static str, place: &'static str, figure: &'static str, unit: Unit) -> Row {
    Row {
        id,
        place,
        figure,
        unit,
        paper: None,
        paper_says: "",
        emulator: None,
        interval: None,
        missing: None,
        difference: None,
        band: None,
        margin: None,
        verdict: Verdict::Shown,
        rests_on: Vec::new(),
    }
}

impl Row {
    fn paper(self, figure: f64, says: &'static str) -> Self {
        Self { paper: Some(figure), paper_says: says, ..self }
    }

    fn says(self, says: &'static str) -> Self {
        Self { paper_says: says, ..self }
    }

    fn fixed(self, figure: f64) -> Self {
        Self { emulator: Some(figure), ..self }
    }

    fn spread(self, figure: &Spread<f64>) -> Self {
        Self { emulator: Some(figure.value()), interval: Some(figure.interval()), ..self }
    }

    fn within(self, band: Band) -> Self {
        Self { band: Some(band), ..self }
    }

    fn rests(self, on: &[Ground]) -> Self {
        Self { rests_on: on.to_vec(), ..self }
    }
}

fn weights(m: &Measured) -> Vec<Row> {
    let [first, second] = m.gesture_weights.map(f64::from);
    let dense = |id, figure, bytes: f64, says, found: f64| {
        row(id, "III-D", figure, Unit::Bytes)
            .paper(bytes, says)
            .fixed(found)
            .within(Band::between(bytes, bytes, "exact"))
    };
    vec![
        row("table1.weights", "Table I", "weights of rnns.1, fullest PE", Unit::Bytes)
            .paper(88_300.0, "88.3 KB of 96 KB")
            .fixed(f64::from(m.weights))
            .within(Band::between(86_500.0, 92_300.0, "86,500 to 92,300 B"))
            .rests(&[
                derived("27 units · 3 gates · 2,700 sources · 5 % · 8 B + row pointers"),
                inferred("50 PEs a layer and u32 columns; 45, 75 and 30 PEs, say, would peak near 76 KB"),
                assumed("KB read as 1,000 B; the band also holds 1,024 (90,419 B)"),
            ]),
        dense("dvs.weights.0", "gesture weights a PE, rnns.0", 36_864.0, "36,864 B by the sizes", first)
            .rests(&[
                derived("4 units · 3 gates · (512 + 256) sources · 4 B, dense"),
                inferred("two layers of 64 PEs from the paper's 128"),
            ]),
        dense("dvs.weights.1", "gesture weights a PE, rnns.1", 24_576.0, "24,576 B by the sizes", second)
            .rests(&[
                derived("4 units · 3 gates · (256 + 256) sources · 4 B, dense"),
                inferred("two layers of 64 PEs from the paper's 128"),
            ]),
    ]
}

fn language(m: &Measured) -> Vec<Row> {
    let time = |run: &Run| run.time_ms;
    let power = |run: &Run| run.power_w;
    let energy = |run: &Run| run.energy_j;
    vec![
        row("table2.time", "Table II", "one sequence of 70 tokens", Unit::Milliseconds)
            .paper(TIME_MS, "170.25 ms (\"Time\")")
            .spread(&m.polling.map(time))
            .within(Band::around(TIME_MS, 0.15, "15 %"))
            .rests(&[
                inferred(
                    "the paper says only \"Time\": for one token it would be over 1,000 cycles a weight",
                ),
                inferred("150 MHz at 0.5 V: at 0.8 V the sleeping chip alone draws 0.56 W"),
                INSTRUCTIONS,
                REFILL,
            ]),
        row("table2.power", "Table II", "power, waiting PEs poll", Unit::Watts)
            .paper(POWER_W, "0.39 W")
            .spread(&m.polling.map(power))
            .within(Band::around(POWER_W, 0.10, "10 %"))
            .rests(&[
                POWER,
                assumed("waiting PEs poll, at the full active power: the most the model can give"),
            ]),
        row("table2.power.sleeping", "Table II", "power, waiting PEs sleep", Unit::Watts)
            .paper(POWER_W, "0.39 W")
            .spread(&m.sleeping.map(power))
            .rests(&[
                POWER,
                assumed("what if waiting PEs slept: the paper's figure lies between this and polling"),
            ]),
        row("table2.energy", "Table II", "energy of a sequence, PEs poll", Unit::Joules)
            .paper(ENERGY_J, "0.0653 J")
            .spread(&m.polling.map(energy))
            .within(Band::around(ENERGY_J, 0.20, "20 %"))
            .rests(&[
                derived("power × time: what both are above the paper's multiplies"),
                inferred("the paper's energy over its time is 0.384 W, less than its 0.39 W"),
                assumed("waiting PEs poll, at the full active power: the most the model can give"),
                REFILL,
            ]),
        row("table2.energy.sleeping", "Table II", "energy of a sequence, PEs sleep", Unit::Joules)
            .paper(ENERGY_J, "0.0653 J")
            .spread(&m.sleeping.map(energy))
            .rests(&[
                derived("power × time"),
                assumed("what if waiting PEs slept: the paper's figure lies between this and polling"),
                REFILL,
            ]),
    ]
}

fn gestures(m: &Measured) -> Vec<Row> {
    let samples = f64::from(GESTURE_BATCH);
    vec![
        row("table3.time.batch1", "Table III", "gesture sample, batch 1", Unit::Milliseconds)
            .paper(60.19, "60.19 ms")
            .spread(&m.gestures.map(|run| run.time_ms))
            .rests(&[
                FRAMES,
                inferred("layers one after the other, as for the language model; the paper does not say"),
                INSTRUCTIONS,
                REFILL,
            ]),
        row("table3.time.batch1.pipelined", "Table III", "the same, frames pipelined", Unit::Milliseconds)
            .paper(60.19, "60.19 ms")
            .spread(&m.gestures_pipelined.map(|run| run.time_ms))
            .rests(&[
                FRAMES,
                inferred("what if layer 0 worked on the next frame while layer 1 works on this one"),
                derived("layer 0 sets the pace: 9,216 of the 15,360 multiply-adds on the path of a frame"),
                INSTRUCTIONS,
                REFILL,
            ]),
        row("table3.time.batch6", "Table III", "gestures, batch 6, each sample", Unit::Milliseconds)
            .paper(56.20, "56.20 ms")
            .spread(&m.gestures_batch.map(|run| run.time_ms / samples))
            .rests(&[
                FRAMES,
                inferred("56.20 ms read as the time for each sample; the paper does not say of what it is"),
                derived(
                    "a PE takes the six in turn: while one layer works on a sample, the other on the next",
                ),
                INSTRUCTIONS,
                REFILL,
            ]),
        row("table3.time.batch6.whole", "Table III", "gestures, batch 6, all six", Unit::Milliseconds)
            .paper(56.20, "56.20 ms")
            .spread(&m.gestures_batch.map(|run| run.time_ms))
            .rests(&[
                FRAMES,
                inferred("56.20 ms read as the time of all six: 9.4 ms each, 6 times less than batch 1"),
                derived("each layer has to do every sample's multiply-adds: six samples cannot take less"),
                INSTRUCTIONS,
                REFILL,
            ]),
        row("table3.memory.batch6", "Table III", "bytes of batch 6, fullest PE", Unit::Bytes)
            .says("batch 6 was run")
            .fixed(f64::from(m.gesture_batch))
            .rests(&[
                derived("the memory map with six sets of x, y, sums, y sent, c and control words"),
                inferred("buffers for six samples on each PE at a time; a PE has 131,072 B"),
            ]),
        row("table3.power.batch1", "Table III", "gesture power, batch 1", Unit::Watts)
            .paper(POWER_W, "0.39 W")
            .spread(&m.gestures.map(|run| run.power_w))
            .within(Band::around(POWER_W, 0.10, "10 %"))
            .rests(&[
                POWER,
                inferred("128 PEs in use (III-D), the other 24 asleep"),
                assumed("waiting PEs poll, at the full active power"),
            ]),
        row("table3.power.batch6", "Table III", "gesture power, batch 6", Unit::Watts)
            .paper(0.42, "0.42 W")
            .spread(&m.gestures_batch.map(|run| run.power_w))
            .rests(&[
                POWER,
                assumed(
                    "waiting PEs poll, at the full active power: a batch then draws what one sample does",
                ),
                derived("0.42 W would be 148 PEs active; this model cannot reach it with 128"),
            ]),
    ]
}

/// The dearest phase beside the recurrent product, and the dearer ratio of both.
fn over_others(run: &Run) -> f64 {
    let recurrent = Phase::Recurrent.index();
    let others = run.phases_ms.iter().enumerate().filter(|&(phase, _)| phase != recurrent);
    run.phases_ms[recurrent] / others.map(|(_, &ms)| ms).fold(0.0, f64::max)
}

/// The broadcast as a share of the cheaper product.
fn broadcast(run: &Run) -> f64 {
    let [input, recurrent, broadcast] =
        [Phase::Input, Phase::Recurrent, Phase::Broadcast].map(|phase| run.phases_ms[phase.index()]);
    broadcast / input.min(recurrent)
}

fn figure_2(m: &Measured) -> Vec<Row> {
    let order = inferred("only the order: the figure's numbers are in a picture and were not read");
    let path = derived("times along the path, summed over layers and 70 tokens");
    vec![
        row("fig2.recurrent", "Fig. 2", "R·y ÷ next dearest phase", Unit::Ratio)
            .says("R·y is dearest")
            .spread(&m.polling.map(over_others))
            .within(Band::at_least(1.0, "1 or more"))
            .rests(&[
                order,
                path,
                derived("R has more non-zeros on the path, 12,623 to 11,543; only each PE's sum is balanced"),
                REFILL,
            ]),
        row("fig2.broadcast", "Fig. 2", "broadcast ÷ cheaper product", Unit::Ratio)
            .says("broadcast is cheap")
            .spread(&m.polling.map(broadcast))
            .within(Band::at_most(1.0, "1 or less"))
            .rests(&[order, path, REFILL]),
    ]
}

fn batch_2(m: &Measured) -> Vec<Row> {
    let there = f64::from(SRAM_BYTES);
    vec![
        row("batch2.memory", "V-A", "bytes of batch 2, fullest PE", Unit::Bytes)
            .says("batch 1 only, for memory")
            .fixed(m.language_batch as f64)
            .within(Band::at_least(there + 1.0, "refused: more than 131,072 B"))
            .rests(&[
                derived("what the mapper says when it refuses `mapping.batch: 2`"),
                derived("a second set of x, y, sums, y sent, c and control words"),
                inferred("two samples in turn on the same weights, each with buffers of its own"),
            ]),
    ]
}
