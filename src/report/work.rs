//! Counts of work, and real time, for people.

use super::MacUse;
use super::table::{Table, field, grouped, percent};
use crate::session::counts::{Counts, Products};
use crate::session::real_time::RealTime;
use crate::text::visible_line;

/// Columns of a name in the table of counts.
const NAME: usize = 18;

/// Writes events, products and their energy by layer and projection.
pub(super) fn count_table(counts: &Counts, out: &mut String) {
    let operations = if counts.accumulates() { "effective ACs" } else { "effective MACs" };
    let head = ["", "events", "dense MACs", operations, "of dense", "nJ each"];
    let mut table = Table::new(&head);
    let row = |name: String, events: Option<u64>, products: &Products, joules: Option<f64>| {
        vec![
            name,
            events.map_or_else(String::new, grouped),
            grouped(products.dense_macs),
            grouped(products.synops),
            percent(products.share()),
            joules.map_or_else(String::new, nanojoules),
        ]
    };
    for layer in &counts.layers {
        let name = shortened(&visible_line(&layer.layer));
        table.row(row(name, Some(layer.events), &layer.products, layer.active_per_synop_j));
        for projection in counts.into_layer(&layer.layer) {
            let from = if counts.accumulates() { &projection.from } else { &projection.name };
            let arrow = if counts.accumulates() { "← " } else { "" };
            let name = shortened(&format!("  {arrow}{}", visible_line(from)));
            table.row(row(name, None, &projection.products, None));
        }
    }
    let total = &counts.total;
    table.row(row("all".to_owned(), Some(total.events), &total.products, total.active_per_synop_j));
    table.write(out);
    let what = if counts.accumulates() {
        "events: spikes sent; effective: weights other than 0 that spikes added (SynOps)"
    } else {
        "events: values other than 0 sent; effective: products without a 0 (SynOps)"
    };
    field(out, 0, "", what);
    let whole = total.energy_per_synop_j.map_or_else(String::new, |joules| {
        format!("; with the whole chip's energy: {} nJ", nanojoules(joules))
    });
    field(out, 0, "", &format!("nJ each: energy of active cores above sleep, per SynOp{whole}"));
    out.push('\n');
}

/// Cuts a name to [`NAME`] columns.
fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}

fn nanojoules(joules: f64) -> String {
    let nanojoules = joules * 1e9;
    if nanojoules < 10.0 { format!("{nanojoules:.3}") } else { format!("{nanojoules:.1}") }
}

/// Returns chip time beside real time in words.
pub(super) fn real_time(real: &RealTime) -> String {
    format!(
        "speed {:.2} × real time in the longest step (#{}: {:.1} µs for {} µs), {:.2} × on average; {} \
         worked longest in it, {:.1} µs: slack {:.1} %",
        real.factor,
        real.longest_step,
        real.longest_us,
        real.step_us,
        real.mean_factor,
        real.pe,
        real.pe_us,
        100.0 * real.slack
    )
}

impl MacUse {
    /// Returns the line of the text report; `own_j` of `energy_j` is the arrays' energy.
    pub(super) fn line(&self, own_j: f64, energy_j: f64) -> String {
        let share = if energy_j > 0.0 { own_j / energy_j } else { 0.0 };
        format!(
            "{} multiply-adds, {} of the units in use, {} bytes read and written; {} of the energy",
            grouped(self.macs),
            percent(self.used),
            grouped(self.bytes),
            percent(share)
        )
    }
}
