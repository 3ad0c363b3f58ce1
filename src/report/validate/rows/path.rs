//! Section V: what the time of a token is spent on.

use super::{Band, KERNEL, Kind, Measured, PAYLOAD, REFILL, Row, Unit, derived, row};
use crate::session::timeline::PathUses;

pub fn rows(m: &Measured) -> Vec<Row> {
    let listings =
        derived("cycles of the compiled kernels, instruction by instruction, on the critical path");
    let first = derived("of the first 4 tokens, as `spinntui run scenes/lm.ron` reports it");
    let percent = |of: fn(&PathUses) -> f64| m.uses.map(move |uses: &PathUses| 100.0 * of(uses));
    let share = |id, figure, of: fn(&PathUses) -> f64| {
        row(Kind::Order, id, "V", figure, Unit::Percent)
            .says("no figure")
            .spread(&percent(of))
            .rests(&[listings, first, KERNEL, PAYLOAD, REFILL])
    };
    let memory_first =
        m.uses.map(|uses: &PathUses| uses.loads_stores as f64 / uses.communication().max(1) as f64);
    vec![
        row(Kind::Order, "path.memory", "V", "loads and stores ÷ communication", Unit::Ratio)
            .says("\"dominated by memory reading and writing rather than communication\"")
            .spread(&memory_first)
            .within(Band::at_least(1.0, "1 or more"))
            .rests(&[
                listings,
                first,
                derived("communication: instructions that send y, the NoC, handlers and waiting loops"),
                KERNEL,
                PAYLOAD,
                REFILL,
            ]),
        share("path.loads_stores", "path: loads and stores", |uses| uses.share(uses.loads_stores)),
        share("path.arithmetic", "path: arithmetic", |uses| uses.share(uses.arithmetic)),
        share("path.branches", "path: branches", |uses| uses.share(uses.branches)),
        share("path.noc", "path: packets on the NoC", |uses| uses.share(uses.noc)),
        share("path.communication", "path: communication, all of it", |uses| {
            uses.share(uses.communication())
        }),
    ]
}
