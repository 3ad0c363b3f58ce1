//! Published figures of spiking networks on SpiNNaker2 and of its software.

use super::{Ground, Kind, Measured, REFILL, Row, Unit, derived, inferred, row};
use crate::chip::geometry::PE_COUNT;

/// Synaptic events of a core per second, in millions (CHIP26).
const CORE: f64 = 12.0;
/// Synaptic events of a chip per second, in millions (CHIP26).
const CHIP: f64 = 1800.0;
const SECOND_HAND: Ground = inferred(
    "quoted from the chip's paper (arXiv:2607.24396) at second hand: \"up to\", without a clock or a routine",
);
const ROUTINE: Ground =
    derived("cycles of the compiled `deliver` for a spike with 250 synapses: address, weight, sum, loop");
const LOW: Ground = inferred("at the level of 0.5 V, 150 MHz; at 300 MHz it is twice as much");
const NOT_SHIPPED: &str =
    "data of others, which is not shipped: the tests read it where it lies beside the repository";
const QUOTED: Ground = inferred("quoted at second hand, without its publication");
const NOT_PUBLIC: Ground = derived("neither its network nor its weights are public: nothing to emulate");

pub fn rows(m: &Measured) -> Vec<Row> {
    [rates(m), elsewhere(), others()].into_iter().flatten().collect()
}

fn rates(m: &Measured) -> Vec<Row> {
    let rate = |id, figure, kind| row(kind, id, "CHIP26", figure, Unit::Millions);
    let [single, integer] = &m.synaptic_rates;
    let chip = |rate: &f64| rate * PE_COUNT as f64;
    vec![
        rate("snn.rate.core", "synaptic events/s a core, f32", Kind::Comparable)
            .paper(CORE, "up to 12 M/s a core")
            .spread(single)
            .rests(&[ROUTINE, LOW, SECOND_HAND, REFILL]),
        rate("snn.rate.core.int8", "synaptic events/s a core, int8", Kind::Comparable)
            .paper(CORE, "up to 12 M/s a core")
            .spread(integer)
            .rests(&[ROUTINE, LOW, SECOND_HAND, REFILL]),
        rate("snn.rate.chip", "synaptic events/s of a chip, int8", Kind::Comparable)
            .paper(CHIP, "more than 1.8 G/s")
            .spread(&integer.map(chip))
            .rests(&[derived("the core's rate × 152 PEs"), ROUTINE, LOW, SECOND_HAND, REFILL]),
    ]
}

/// Returns the figures that tests compare, with data that is not shipped.
fn elsewhere() -> Vec<Row> {
    let test = |name| derived(name);
    let missing = |row: Row| Row { missing: Some(NOT_SHIPPED), ..row };
    let spikes = |id, place, figure| row(Kind::Comparable, id, place, figure, Unit::Spikes);
    vec![
        missing(spikes("snn.dnf.spikes", "software", "dynamic neural field, 400 ticks")).paper(
            10_188.0,
            "10,188 output spikes, recorded by py-spinnaker2",
        ).rests(&[test(
            "test the_dynamic_neural_field_gives_the_recorded_spikes: every spike, none more, on several partitions",
        )]),
        missing(row(
            Kind::Comparable,
            "snn.lif.trace",
            "software",
            "LIF neuron, most |Δv|",
            Unit::Ratio,
        ))
        .says("v of 1,000 ticks, recorded by py-spinnaker2's Brian2 backend")
        .rests(&[test("test of the published traces: |Δv| at most 1e-6, no spike differs")]),
        missing(row(Kind::Comparable, "snn.nmnist.accuracy", "NIR", "N-MNIST CNN, accuracy", Unit::Percent))
            .paper(98.2, "98.2 % on SpiNNaker2, 10,000 test recordings")
            .rests(&[
                derived("the same file, `cnn_sinabs.nir`, on 100 of the 10,000 recordings: docs/nir.md has the runs"),
                inferred("with 100 recordings the standard error of 98.2 % is 1.3 percentage points"),
            ]),
    ]
}

/// Returns the figures of networks that are not available, or whose data is not.
fn others() -> Vec<Row> {
    let braille = inferred(
        "the network's file is public, the 140 test samples are not stated: it is only loaded and run",
    );
    let not = |id, figure| row(Kind::NotComparable, id, "NIR", figure, Unit::Percent);
    let only =
        |id, figure, unit| row(Kind::PaperOnly, id, "survey", figure, unit).rests(&[QUOTED, NOT_PUBLIC]);
    vec![
        not("snn.braille.bias", "Braille RNN, bias, reset to 0")
            .paper(85.0, "85.00 % of 140 on SpiNNaker2")
            .rests(&[braille]),
        not("snn.braille.subtract", "Braille RNN, no bias, subtract")
            .paper(93.57, "93.57 % of 140 on SpiNNaker2")
            .rests(&[braille]),
        only("snn.dvfs.auto", "DVS gesture SNN, levels by load", Unit::Joules)
            .paper(0.741, "0.741 J with the level chosen by packets"),
        only("snn.dvfs.high", "DVS gesture SNN, high level", Unit::Joules)
            .paper(1.023, "1.023 J at the high level"),
        only("snn.dvfs.low", "DVS gesture SNN, low level", Unit::Joules)
            .paper(2.010, "2.010 J at the low level"),
        only("snn.dvfs.accuracy", "DVS gesture SNN, accuracy", Unit::Percent)
            .paper(92.04, "92.04 % on DVS128 Gesture"),
        row(Kind::PaperOnly, "snn.gesture.int8", "2504.06748", "DVS gesture SNN, int8", Unit::Percent)
            .paper(94.13, "94.13 % on DVS128 Gesture (arXiv:2504.06748)")
            .rests(&[NOT_PUBLIC]),
    ]
}
