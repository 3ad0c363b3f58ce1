//! Memory of a PE: Table I, section V-A, and the sizes of the gesture network.

use super::{Band, Ground, Kind, Measured, Row, Unit, assumed, derived, inferred, row};
use crate::machine::sram::SRAM_BYTES;
use crate::mapping::memory::{LOG_BYTES, PROGRAM_BYTES};

/// Bytes of a packet with three active values, by value.
const EVENT_BYTES: f64 = 16.0 / 3.0;
/// Units of the two layers whose values a PE of `rnns.1` reads.
const UNITS: f64 = 1350.0;

const KB: Ground = assumed("KB read as 1,000 B");

pub fn rows(m: &Measured) -> Vec<Row> {
    [table_1(m), placement(m), batch_2(m), gestures(m)].into_iter().flatten().collect()
}

fn bytes(kind: Kind, id: &'static str, figure: &'static str) -> Row {
    row(kind, id, "Table I", figure, Unit::Bytes)
}

fn table_1(m: &Measured) -> Vec<Row> {
    vec![
        bytes(Kind::Copied, "table1.instruction", "instructions")
            .paper(17_900.0, "17.9 KB")
            .fixed(f64::from(PROGRAM_BYTES))
            .rests(&[derived(
                "17.9 KiB in whole packets: the place that the memory map keeps for a program",
            )]),
        bytes(Kind::Arithmetic, "table1.weights", "weights of rnns.1, fullest PE")
            .paper(88_300.0, "88.3 KB of 96 KB")
            .fixed(f64::from(m.memory.weights))
            .within(Band::between(86_500.0, 92_300.0, "86,500 to 92,300 B"))
            .rests(&[
                derived("27 units · 3 gates · 2,700 sources · 5 % · 8 B + row pointers"),
                inferred("50 PEs a layer and u32 columns; 45, 75 and 30 PEs, say, would peak near 76 KB"),
                inferred("by rows: with pointers by column it would be 98 KB, more than the data memory"),
                assumed("KB read as 1,000 B; the band also holds 1,024 (90,419 B)"),
            ]),
        bytes(Kind::Copied, "table1.debug", "debug log")
            .paper(5_000.0, "5 KB")
            .fixed(f64::from(LOG_BYTES))
            .rests(&[derived("5 KiB: the place that the memory map keeps for the log")]),
        bytes(Kind::Arithmetic, "table1.variables", "variables of the same PE")
            .paper(2_600.0, "2.6 KB")
            .fixed(f64::from(m.memory.variables))
            .rests(&[
                derived("two dense buffers for x and y, 11,200 B; state, sums and control words"),
                inferred(
                    "one dense vector of 1,350 singles is 5,400 B: 2.6 KB hold no x that CSR rows index",
                ),
                super::PAYLOAD,
                KB,
            ]),
    ]
}

/// Returns the rows on the paper's split, and on whether sparse x and y would meet it.
fn placement(m: &Measured) -> Vec<Row> {
    let state = f64::from(m.memory.variables) - 11_200.0;
    let events = m.activity.iter().take(2).map(|activity| activity * UNITS).sum::<f64>();
    let refused = m.readings.iter().find(|r| r.kernel == "CsrRow" && r.payload == "Events");
    let sparse = bytes(Kind::Arithmetic, "table1.variables.sparse", "the same, x and y as events")
        .paper(2_600.0, "2.6 KB")
        .fixed((state + events * EVENT_BYTES).round())
        .rests(&[
            derived("state, sums, control; 16 B for 3 events at this model's mean activity on WikiText-2"),
            derived("beside the state 2.6 KB have room for 171 events of 2,700: 6 % of x and y active"),
            inferred("room for the mean, not for the most: a busier token would not fit"),
            inferred("a kernel by rows looks up x by column: it needs the dense vector beside the events"),
        ]);
    let tried = bytes(Kind::Arithmetic, "table1.events.needed", "needed by CsrRow with events sent")
        .says("131,072 B on a PE")
        .rests(&[
            derived("what the mapper says of `scenes/lm.ron --set mapping.payload=Events`: it is refused"),
            derived("mailboxes with room for all units, and the dense x that they are unpacked to"),
        ]);
    let tried = match refused {
        Some(reading) => tried.fixed(reading.bytes as f64),
        None => tried,
    };
    vec![
        sparse,
        bytes(Kind::Arithmetic, "table1.split", "variables beside the program")
            .says("none: 95.9 of 96 KB in data memory")
            .fixed(f64::from(m.memory.beside_program))
            .rests(&[
                derived("bank 0 has 14.1 KB beside the program: the buffers and the state lie there"),
                inferred("the paper's data memory holds weights, debug and variables, and is full with them"),
                super::PAYLOAD,
            ]),
        tried,
    ]
}

fn batch_2(m: &Measured) -> Vec<Row> {
    let there = f64::from(SRAM_BYTES);
    vec![
        row(Kind::Arithmetic, "batch2.memory", "V-A", "bytes of batch 2, fullest PE", Unit::Bytes)
            .says("batch 1 only, for memory")
            .fixed(m.language_batch as f64)
            .within(Band::at_least(there + 1.0, "refused: more than 131,072 B"))
            .rests(&[
                derived("what the mapper says when it refuses `mapping.batch: 2`"),
                derived("a second set of x, y, sums, y sent, c and control words"),
                inferred("two samples in turn on the same weights, each with buffers of its own"),
                inferred("for another reason than the paper's: 11,200 B of dense buffers, not 96 KB full"),
                super::PAYLOAD,
            ]),
    ]
}

fn gestures(m: &Measured) -> Vec<Row> {
    let [first, second] = m.gesture_weights.map(f64::from);
    let dense = |id, figure, bytes: f64, found: f64| {
        row(Kind::Itself, id, "III-D", figure, Unit::Bytes)
            .says("no such figure")
            .fixed(found)
            .within(Band::between(bytes, bytes, "exact"))
    };
    vec![
        dense("dvs.weights.0", "gesture weights a PE, rnns.0", 36_864.0, first).rests(&[
            derived("4 units · 3 gates · (512 + 256) sources · 4 B, dense: 36,864 B"),
            inferred("two layers of 64 PEs from the paper's 128"),
        ]),
        dense("dvs.weights.1", "gesture weights a PE, rnns.1", 24_576.0, second).rests(&[
            derived("4 units · 3 gates · (256 + 256) sources · 4 B, dense: 24,576 B"),
            inferred("two layers of 64 PEs from the paper's 128"),
        ]),
    ]
}
