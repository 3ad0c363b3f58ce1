//! Rows for one sequence of the language model: Table II and Fig. 2.

use super::super::measure::Run;
use super::{
    Band, ENERGY_J, INSTRUCTIONS, KERNEL, Kind, Measured, PAYLOAD, POLLING, POWER, POWER_W, REFILL, Row,
    TIME_MS, Unit, assumed, derived, inferred, row,
};
use crate::mapping::egru::Phase;

pub fn rows(m: &Measured) -> Vec<Row> {
    [table_2(m), figure_2(m)].into_iter().flatten().collect()
}

fn table_2(m: &Measured) -> Vec<Row> {
    let time = |run: &Run| run.time_ms;
    let power = |run: &Run| run.power_w;
    let energy = |run: &Run| run.energy_j;
    let table = |kind, id, figure, unit| row(kind, id, "Table II", figure, unit);
    let perplexity =
        table(Kind::NotComparable, "table2.perplexity", "perplexity, test set", Unit::Perplexity)
            .paper(81.4, "81.4 on WikiText-2")
            .rests(&[
                inferred("the paper's weights are not public; the shipped ones had 6 epochs instead of 800"),
                derived("measured over the whole test set by another program (the model's card)"),
            ]);
    vec![
        table(Kind::Independent, "table2.time", "one sequence of 70 tokens", Unit::Milliseconds)
            .paper(TIME_MS, "170.25 ms (\"Time\")")
            .spread(&m.polling.map(time))
            .within(Band::around(TIME_MS, 0.15, "15 %"))
            .rests(&[
                KERNEL,
                PAYLOAD,
                inferred(
                    "the paper says only \"Time\": for one token it would be over 1,000 cycles a weight",
                ),
                inferred("150 MHz at 0.5 V: at 0.8 V the sleeping chip alone draws 0.56 W"),
                INSTRUCTIONS,
                REFILL,
            ]),
        table(Kind::Arithmetic, "table2.power", "power, waiting PEs poll", Unit::Watts)
            .paper(POWER_W, "0.39 W")
            .spread(&m.polling.map(power))
            .within(Band::around(POWER_W, 0.10, "10 %"))
            .rests(&[POWER, POLLING, derived("with polling PEs no emulated event enters it")]),
        table(Kind::Reading, "table2.power.sleeping", "power, waiting PEs sleep", Unit::Watts)
            .paper(POWER_W, "0.39 W")
            .spread(&m.sleeping.map(power))
            .rests(&[
                POWER,
                assumed("what if waiting PEs slept: the paper's figure lies between this and polling"),
                KERNEL,
            ]),
        table(Kind::Arithmetic, "table2.energy", "energy of a sequence, PEs poll", Unit::Joules)
            .paper(ENERGY_J, "0.0653 J")
            .spread(&m.polling.map(energy))
            .within(Band::around(ENERGY_J, 0.20, "20 %"))
            .rests(&[
                derived("power × time: what both are above the paper's multiplies"),
                inferred("the paper's energy over its time is 0.384 W, less than its 0.39 W"),
                POLLING,
                KERNEL,
                PAYLOAD,
                REFILL,
            ]),
        table(Kind::Reading, "table2.energy.sleeping", "energy of a sequence, PEs sleep", Unit::Joules)
            .paper(ENERGY_J, "0.0653 J")
            .spread(&m.sleeping.map(energy))
            .rests(&[
                derived("power × time"),
                assumed("what if waiting PEs slept: the paper's figure lies between this and polling"),
                KERNEL,
                PAYLOAD,
                REFILL,
            ]),
        match m.perplexity {
            Some(measured) => perplexity.fixed(measured),
            None => perplexity,
        },
    ]
}

/// Returns the time of R·y over that of the next longest phase.
fn over_others(run: &Run) -> f64 {
    let recurrent = Phase::Recurrent.index();
    let others = run.phases_ms.iter().enumerate().filter(|&(phase, _)| phase != recurrent);
    run.phases_ms[recurrent] / others.map(|(_, &ms)| ms).fold(0.0, f64::max)
}

/// Returns the time of the broadcast over that of the shorter product.
fn broadcast(run: &Run) -> f64 {
    let [input, recurrent, broadcast] =
        [Phase::Input, Phase::Recurrent, Phase::Broadcast].map(|phase| run.phases_ms[phase.index()]);
    broadcast / input.min(recurrent)
}

fn figure_2(m: &Measured) -> Vec<Row> {
    let order = inferred("only the order: the figure's numbers are in a picture and were not read");
    let path = derived("times along the path, summed over layers and 70 tokens");
    vec![
        row(Kind::Order, "fig2.recurrent", "Fig. 2", "R·y ÷ next longest phase", Unit::Ratio)
            .says("R·y takes longest")
            .spread(&m.polling.map(over_others))
            .within(Band::at_least(1.0, "1 or more"))
            .rests(&[
                order,
                path,
                derived("R has more non-zeros on the path, 12,623 to 11,543; only each PE's sum is balanced"),
                KERNEL,
                REFILL,
            ]),
        row(Kind::Order, "fig2.broadcast", "Fig. 2", "broadcast ÷ cheaper product", Unit::Ratio)
            .says("broadcast is cheap")
            .spread(&m.polling.map(broadcast))
            .within(Band::at_most(1.0, "1 or less"))
            .rests(&[order, path, KERNEL, PAYLOAD, REFILL]),
    ]
}
