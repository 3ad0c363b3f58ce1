//! Comparison of two runs side by side, written by `spinntui compare`.
//!
//! A comparison holds the two reports, every figure of theirs that matters beside the other with
//! its difference, and what a reader has to know before believing the difference: whether both
//! chips read the same words, whether they computed the same bits, and which unpublished numbers
//! the difference hangs on. `docs/report.md` describes the fields.

pub mod assumptions;
pub mod closing;
pub mod input;
pub mod text;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Report;
use crate::scene::Scene;
use crate::session::divergence::Divergence;
use assumptions::Assumption;
use input::{Input, InputCheck};

/// Version of the fields of a comparison; goes up when one changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// Report of one of the two runs, with its scene and input.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Report of the run.
    pub report: Report,
    /// Scene that was run, with edits.
    pub scene: Scene,
    /// Input that was read.
    pub input: Input,
}

/// Comparison of two runs, A and B. Differences are B − A; relative ones are over A.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Version of these fields: [`VERSION`].
    pub version: u32,
    /// Time steps that each run was to take.
    pub steps: u64,
    /// The fields in which the scenes differ, but for their titles.
    pub changed: Vec<Changed>,
    /// Whether both runs read the same words with the same network.
    pub input: InputCheck,
    /// Whether both runs computed the same.
    pub outputs: Outputs,
    /// First value of a unit that differs; `null` where outputs are the same or cannot be compared,
    /// and for pipelines.
    pub divergence: Option<Divergence>,
    /// Whether the intervals of chip time overlap that follow from a branch refill P of 1 to 3
    /// cycles; `null` without them. Both chips have the same P, whatever it is: `assumptions` says
    /// what the difference is at either end.
    pub p_intervals_overlap: Option<bool>,
    /// Figures of the whole run.
    pub figures: Vec<Figure>,
    /// Time by phase and layer.
    pub phases: Vec<PhaseDifference>,
    /// Difference at other values of numbers that no public source gives.
    pub assumptions: Vec<Assumption>,
    /// Further facts that a reader has to know.
    pub notes: Vec<String>,
    /// Faster scene and scene that needs less energy, by how much, and the phase in which
    /// the difference lies.
    pub closing: String,
    /// Report of the first run.
    pub a: Report,
    /// Report of the second run.
    pub b: Report,
}

/// A field in which two scenes differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changed {
    /// Path of the field, as `--set` takes it.
    pub field: String,
    /// Value in A; `null` when it has none.
    pub a: Value,
    /// Value in B; `null` when it has none.
    pub b: Value,
}

/// Whether two runs computed the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outputs {
    /// Whether both read the same words with the same network, for the same number of steps.
    pub comparable: bool,
    /// Whether `output_hash` is the same; `null` when that means nothing.
    pub identical: Option<bool>,
    /// Explanation of the result.
    pub why: String,
}

/// A figure of the whole run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Path of the figure in a report, `memory.bytes_used_max`.
    pub name: &'static str,
    /// Value in A; `null` when it has none.
    pub a: Option<f64>,
    /// Value in B; `null` when it has none.
    pub b: Option<f64>,
    /// B − A.
    pub absolute: Option<f64>,
    /// (B − A) / A; `null` also when A is 0 and B is not.
    pub relative: Option<f64>,
}

impl Figure {
    fn new(name: &'static str, a: Option<f64>, b: Option<f64>) -> Self {
        let absolute = a.zip(b).map(|(a, b)| b - a);
        Self { name, a, b, absolute, relative: a.zip(b).and_then(|(a, b)| relative(a, b)) }
    }
}

/// Returns (b − a) / a; `None` where per cent make no sense.
pub(super) fn relative(a: f64, b: f64) -> Option<f64> {
    if a.total_cmp(&b).is_eq() { Some(0.0) } else { Some((b - a) / a).filter(|r| r.is_finite()) }
}

/// Time of one phase of one layer in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseDifference {
    /// Name of the phase, as the program's legend gives it.
    pub phase: &'static str,
    /// The layer's name.
    pub layer: String,
    /// Time in A, µs, sum over the steps; `null` when A has no such layer.
    pub a_us: Option<f64>,
    /// Time in B, µs.
    pub b_us: Option<f64>,
    /// B − A, µs; a time that is missing counts as 0.
    pub absolute_us: f64,
    /// (B − A) / A; `null` also when A is 0 and B is not.
    pub relative: Option<f64>,
    /// Rank by the size of the difference, 1 for the greatest; phases without a difference share
    /// the last rank.
    pub rank: usize,
}

impl Comparison {
    /// Compares two runs, each made to run `steps` steps.
    pub fn new(steps: u64, a: Ran, b: Ran, assumptions: Vec<Assumption>) -> Self {
        let input = InputCheck::new(&a, &b);
        let outputs = Outputs::new(&input, &a, &b);
        let overlap = a.report.chip_time_range_us.zip(b.report.chip_time_range_us);
        let mut comparison = Self {
            version: VERSION,
            steps,
            changed: changed(&a.scene, &b.scene),
            input,
            outputs,
            divergence: None,
            p_intervals_overlap: overlap.map(|([a, b], [c, d])| a <= d && c <= b),
            figures: figures(&a.report, &b.report),
            phases: phases(&a.report, &b.report),
            assumptions,
            notes: notes(&a.report, &b.report),
            closing: String::new(),
            a: a.report,
            b: b.report,
        };
        comparison.closing = closing::closing(&comparison);
        comparison
    }

    /// Returns the comparison as indented JSON, keys in field order, with a line feed at the end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }

    /// Returns `true` if the outputs are known to be bit-identical.
    pub fn same_output(&self) -> bool {
        self.outputs.identical == Some(true)
    }
}

impl Outputs {
    fn new(input: &InputCheck, a: &Ran, b: &Ran) -> Self {
        if !input.same {
            let why = format!("cannot be compared: {}", input.differs.join("; "));
            return Self { comparable: false, identical: None, why };
        }
        if a.report.output_hash == b.report.output_hash {
            return Self { comparable: true, identical: Some(true), why: "bit-identical".to_owned() };
        }
        let why = match [&a.scene, &b.scene].map(input::rounds_weights) {
            [false, false] if [a, b].into_iter().any(|ran| input::own_kernel(&ran.scene)) => {
                "no kernel rounds weights, so a kernel of one's own computes other values, or something was lost or \
                 overwritten"
            }
            [false, false] => "no kernel rounds weights, so something was lost or overwritten",
            [true, false] => "A rounds weights (Int8Csr, Int8Mac)",
            [false, true] => "B rounds weights (Int8Csr, Int8Mac)",
            [true, true] => "both round weights (Int8Csr, Int8Mac), but not of the same matrices",
        };
        Self { comparable: true, identical: Some(false), why: format!("not bit-identical: {why}") }
    }
}

fn figures(a: &Report, b: &Report) -> Vec<Figure> {
    type Get = fn(&Report) -> Option<f64>;
    const FIGURES: [(&str, Get); 39] = [
        ("chip_time_us", |r| Some(r.chip_time_us)),
        ("chip_time_range_us.0", |r| r.chip_time_range_us.map(|range| range[0])),
        ("chip_time_range_us.1", |r| r.chip_time_range_us.map(|range| range[1])),
        ("chip_time_memory_range_us.0", |r| r.chip_time_memory_range_us.map(|range| range[0])),
        ("chip_time_memory_range_us.1", |r| r.chip_time_memory_range_us.map(|range| range[1])),
        ("cycles", |r| Some(r.cycles as f64)),
        ("energy_j", |r| Some(r.energy_j)),
        ("energy_per_step_j", |r| Some(r.energy_per_step_j)),
        ("power_w", |r| Some(r.power_w)),
        ("duty", |r| Some(r.duty)),
        ("counts.total.events", |r| Some(r.counts.total.events as f64)),
        ("counts.total.dense_macs", |r| Some(r.counts.total.products.dense_macs as f64)),
        ("counts.total.effective_macs", |r| Some(r.counts.total.products.effective_macs as f64)),
        ("counts.total.effective_acs", |r| Some(r.counts.total.products.effective_acs as f64)),
        ("counts.total.synops", |r| Some(r.counts.total.products.synops as f64)),
        ("counts.total.active_per_synop_j", |r| r.counts.total.active_per_synop_j),
        ("counts.total.energy_per_synop_j", |r| r.counts.total.energy_per_synop_j),
        ("real_time.factor", |r| r.real_time.as_ref().map(|real| real.factor)),
        ("real_time.slack", |r| r.real_time.as_ref().map(|real| real.slack)),
        ("ticks.shortest_us", |r| r.ticks.as_ref().map(|ticks| ticks.shortest_us)),
        ("ticks.overruns", |r| r.ticks.as_ref().map(|ticks| ticks.overruns as f64)),
        ("accuracy", |r| r.task.accuracy),
        ("perplexity", |r| r.task.perplexity),
        ("mean_surprisal", |r| r.task.mean_surprisal),
        ("chip.pes_used", |r| Some(r.chip.pes_used as f64)),
        ("memory.bytes_used_max", |r| Some(r.memory.bytes_used_max.into())),
        ("memory.data_bytes_used_max", |r| Some(r.memory.data_bytes_used_max.into())),
        ("memory.weights_bytes_max", |r| Some(r.memory.weights_bytes_max.into())),
        ("noc.packets", |r| Some(r.noc.packets as f64)),
        ("noc.hops", |r| Some(r.noc.hops as f64)),
        ("noc.max_link_load", |r| Some(r.noc.max_link_load)),
        ("noc.latency_mean_ns", |r| Some(r.noc.latency_mean_ns)),
        ("noc.latency_max_ns", |r| Some(r.noc.latency_max_ns)),
        ("noc.waited_cycles", |r| Some(r.noc.waited_cycles as f64)),
        ("dram.bytes", |r| Some(r.dram.bytes as f64)),
        ("mac_array.macs", |r| r.mac_array.as_ref().map(|mac| mac.macs as f64)),
        ("mac_array.used", |r| r.mac_array.as_ref().map(|mac| mac.used)),
        ("mac_array.overflows", |r| r.mac_array.as_ref().map(|mac| mac.overflows as f64)),
        ("races.count", |r| Some(r.races.count as f64)),
    ];
    FIGURES.iter().map(|&(name, get)| Figure::new(name, get(a), get(b))).collect()
}

/// Returns the items without repetitions, in the order of their first appearance.
fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for item in items {
        if !found.contains(&item) {
            found.push(item);
        }
    }
    found
}

/// Returns all phases of the layers of both, those of A first, in network and program order.
fn phases(a: &Report, b: &Report) -> Vec<PhaseDifference> {
    let time = |report: &Report, phase: &str, layer: &str| -> Option<f64> {
        report.phases.iter().find(|p| p.phase == phase && p.layer == layer).map(|p| p.time_us)
    };
    let layers = distinct(a.layers.iter().chain(&b.layers).map(|layer| layer.name.as_str()));
    let names = distinct(a.legend.phases.iter().chain(&b.legend.phases).map(|phase| phase.name));
    let mut rows = Vec::new();
    for layer in layers {
        for &phase in &names {
            let (a_us, b_us) = (time(a, phase, layer), time(b, phase, layer));
            rows.push(PhaseDifference {
                phase,
                layer: layer.to_owned(),
                a_us,
                b_us,
                absolute_us: b_us.unwrap_or(0.0) - a_us.unwrap_or(0.0),
                relative: a_us.zip(b_us).and_then(|(a, b)| relative(a, b)),
                rank: 0,
            });
        }
    }
    let sizes: Vec<f64> = rows.iter().map(|row| row.absolute_us.abs()).collect();
    for row in &mut rows {
        row.rank = 1 + sizes.iter().filter(|&&size| size > row.absolute_us.abs()).count();
    }
    rows
}

/// Returns the leaves in which two scenes differ, by path: those of A in its order, then those that
/// only B has.
///
/// Titles do not count.
fn changed(a: &Scene, b: &Scene) -> Vec<Changed> {
    let leaves = |scene: &Scene| {
        let mut leaves = Vec::new();
        // Scenes always have a JSON form; one that had none would have no fields to name.
        walk(&serde_json::to_value(scene).unwrap_or(Value::Null), String::new(), &mut leaves);
        leaves.retain(|(field, _)| field != "title");
        leaves
    };
    let (a, b) = (leaves(a), leaves(b));
    let of_b: BTreeMap<&str, &Value> = b.iter().map(|(field, value)| (field.as_str(), value)).collect();
    let of_a: BTreeMap<&str, &Value> = a.iter().map(|(field, value)| (field.as_str(), value)).collect();
    let only_b = b.iter().filter(|(field, _)| !of_a.contains_key(field.as_str()));
    a.iter()
        .chain(only_b)
        .map(|(field, _)| {
            let value =
                |of: &BTreeMap<&str, &Value>| of.get(field.as_str()).map_or(Value::Null, |&v| v.clone());
            Changed { field: field.clone(), a: value(&of_a), b: value(&of_b) }
        })
        .filter(|changed| changed.a != changed.b)
        .collect()
}

/// Collects the leaves below a value. Lists of numbers are leaves, and so are places `(x, y, p)`;
/// the name of an enum's variant is no part of a path, as in `--set`.
fn walk(value: &Value, path: String, leaves: &mut Vec<(String, Value)>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let variant = fields.len() == 1 && key.starts_with(char::is_uppercase);
                walk(value, if variant { path.clone() } else { below(key) }, leaves);
            }
        }
        Value::Array(values) if values.iter().any(Value::is_object) => {
            for (i, value) in values.iter().enumerate() {
                walk(value, below(&i.to_string()), leaves);
            }
        }
        _ => leaves.push((path, value.clone())),
    }
}

/// Returns the facts that a reader has to know beside the figures.
fn notes(a: &Report, b: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, report) in [("A", a), ("B", b)] {
        if let Some(reason) = &report.stopped {
            notes.push(format!("{name} stopped in time step {}: {reason}", report.steps + 1));
        }
        if report.races.count > 0 {
            let count = report.races.count;
            notes.push(format!("{name}: {count} packets overwrote unread data: its output may be wrong"));
        }
    }
    if a.noc.hops != b.noc.hops && a.assume.energy_per_hop_pj == 0.0 && b.assume.energy_per_hop_pj == 0.0 {
        notes.push(
            "energy of NoC hops is in neither figure: none is published (assume.energy_per_hop_pj: 0)"
                .to_owned(),
        );
    }
    notes
}
