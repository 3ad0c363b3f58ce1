//! Rows of the comparison: the paper's figure, the band for the emulator's, and the grounds.
//!
//! Bands are the project's requirements (set before the emulator was written), not properties
//! of the paper.

mod gestures;
mod gpu;
mod language;
mod memory;
mod path;
mod spiking;
mod transformer;

use super::band::Band;
use super::measure::{Measured, Spread};
use super::{Basis, Ground, Kind, Row, Unit, Verdict};

/// Time of one sequence, ms (Table II).
pub const TIME_MS: f64 = 170.25;
/// Power, W (Tables II and III, batch 1).
const POWER_W: f64 = 0.39;
/// Energy of one sequence, J (Table II).
pub const ENERGY_J: f64 = 0.0653;

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
/// Kernel of `scenes/lm.ron`.
const KERNEL: Ground =
    inferred("the kernel visits every non-zero; the paper has CSR, and may pass over silent sources");
/// Payload of `scenes/lm.ron`.
const PAYLOAD: Ground =
    inferred("every value is sent, zeros too; the paper communicates \"only the sparse output y\"");
/// Waiting PEs of `scenes/lm.ron`.
const POLLING: Ground = assumed("waiting PEs poll, at the full active power: the most the model can give");
const POWER: Ground = derived("75.2 mW + 152 PEs asleep + duty × active adder, from published chip powers");

/// Returns every row, in the paper's order.
pub fn rows(m: &Measured) -> Vec<Row> {
    let paper = [memory::rows(m), language::rows(m), path::rows(m), gestures::rows(m), gpu::rows(m)];
    let rows = paper.into_iter().chain([spiking::rows(m), transformer::rows(m)]);
    rows.flatten().map(Row::judged).collect()
}

/// Returns a row without figures of the emulator and without a band.
fn row(kind: Kind, id: &'static str, place: &'static str, figure: &'static str, unit: Unit) -> Row {
    Row {
        id,
        place,
        figure,
        kind,
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
