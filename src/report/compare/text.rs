//! A comparison for people: A and B beside each other, 80 columns.

use serde_json::Value;

use super::closing::signed;
use super::{Changed, Comparison, Figure};
use crate::report::Report;
use crate::report::table::{Table, field, grouped};

/// Column at which values begin.
const INDENT: usize = 9;
/// Phases that are marked, those where the difference is greatest.
const MARKED: usize = 3;

/// Rows of the table of figures: name of the figure, what it is called, factor, digits
/// after the point.
const ROWS: [(&str, &str, f64, usize); 25] = [
    ("chip_time_us", "chip time, ms", 1e-3, 3),
    ("chip_time_range_us.0", "  with P = 1", 1e-3, 3),
    ("chip_time_range_us.1", "  with P = 3", 1e-3, 3),
    ("energy_j", "energy, mJ", 1e3, 2),
    ("energy_per_step_j", "energy a step, mJ", 1e3, 3),
    ("power_w", "mean power, W", 1.0, 3),
    ("duty", "PEs busy, % of the time", 100.0, 1),
    ("counts.total.events", "events", 1.0, 0),
    ("counts.total.dense_macs", "dense MACs, millions", 1e-6, 3),
    ("counts.total.synops", "SynOps, millions", 1e-6, 3),
    ("counts.total.energy_per_synop_j", "chip's energy a SynOp, nJ", 1e9, 3),
    ("real_time.factor", "speed, × real time", 1.0, 2),
    ("ticks.shortest_us", "longest tick, µs", 1.0, 1),
    ("ticks.overruns", "ticks overrun", 1.0, 0),
    ("accuracy", "accuracy, %", 100.0, 2),
    ("perplexity", "perplexity", 1.0, 2),
    ("chip.pes_used", "PEs with a program", 1.0, 0),
    ("memory.bytes_used_max", "fullest PE, bytes", 1.0, 0),
    ("memory.data_bytes_used_max", "  data memory", 1.0, 0),
    ("memory.weights_bytes_max", "  weights", 1.0, 0),
    ("noc.packets", "NoC packets", 1.0, 0),
    ("noc.hops", "NoC hops", 1.0, 0),
    ("noc.max_link_load", "NoC busiest link, % of time", 100.0, 2),
    ("noc.latency_mean_ns", "NoC latency, mean, ns", 1.0, 1),
    ("dram.bytes", "DRAM bytes", 1.0, 0),
];

impl Comparison {
    /// Formats the comparison as text.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.head(&mut out);
        self.figure_table(&mut out);
        self.phase_table(&mut out);
        self.assumption_table(&mut out);
        for note in &self.notes {
            field(&mut out, INDENT, "note", note);
        }
        field(&mut out, INDENT, "in short", &self.closing);
        out
    }

    fn head(&self, out: &mut String) {
        for (name, report) in [("A", &self.a), ("B", &self.b)] {
            side(out, name, report);
        }
        for (i, line) in changes(&self.changed).iter().enumerate() {
            field(out, INDENT, if i == 0 { "changed" } else { "" }, line);
        }
        if self.changed.is_empty() {
            field(out, INDENT, "changed", "nothing");
        }
        let input = if self.input.same {
            format!("the same: {} time steps of {}", grouped(self.steps), self.a.model)
        } else {
            format!("NOT THE SAME: {}", self.input.differs.join("; "))
        };
        field(out, INDENT, "input", &input);
        // Why outputs cannot be compared stands in the line above.
        let outputs = if self.outputs.comparable { &self.outputs.why } else { "cannot be compared" };
        field(out, INDENT, "outputs", outputs);
        if let Some(divergence) = &self.divergence {
            field(out, INDENT, "differ", &format!("first in {divergence}"));
        }
        out.push('\n');
    }

    fn figure_table(&self, out: &mut String) {
        let mut table = Table::new(&["", "A", "B", "B − A", "of A"]);
        for (name, label, factor, digits) in ROWS {
            let Some(figure) = self.figures.iter().find(|figure| figure.name == name) else { continue };
            if figure.a.is_some() || figure.b.is_some() {
                table.row(row(figure, label, factor, digits));
            }
        }
        table.write(out);
        out.push('\n');
    }

    fn phase_table(&self, out: &mut String) {
        out.push_str("Time by phase, µs a step; 1, 2, 3: where the difference is greatest\n");
        let mut table = Table::new(&["", "A", "B", "B − A", "of A", ""]);
        let wide = self.phases.iter().map(|phase| phase.layer.chars().count()).max().unwrap_or(0);
        let steps = [&self.a, &self.b].map(|report| report.steps.max(1) as f64);
        for phase in &self.phases {
            let (a, b) = (phase.a_us.map(|t| t / steps[0]), phase.b_us.map(|t| t / steps[1]));
            if a.unwrap_or(0.0) == 0.0 && b.unwrap_or(0.0) == 0.0 {
                continue;
            }
            let marked = phase.rank <= MARKED && phase.absolute_us != 0.0;
            table.row(vec![
                format!("{:<wide$}  {}", phase.layer, phase.phase),
                number(a, 1),
                number(b, 1),
                difference(Some(b.unwrap_or(0.0) - a.unwrap_or(0.0)), 1),
                share(phase.relative),
                if marked { phase.rank.to_string() } else { String::new() },
            ]);
        }
        let total = |side: usize| {
            let report = [&self.a, &self.b][side];
            report.phases.iter().map(|phase| phase.time_us).sum::<f64>() / steps[side]
        };
        let (a, b) = (total(0), total(1));
        table.row(vec![
            "all".to_owned(),
            number(Some(a), 1),
            number(Some(b), 1),
            difference(Some(b - a), 1),
            share(super::relative(a, b)),
            String::new(),
        ]);
        table.write(out);
        out.push('\n');
    }

    fn assumption_table(&self, out: &mut String) {
        if self.assumptions.is_empty() {
            return;
        }
        out.push_str("At other values of unpublished numbers, in both (*: the difference rests on it)\n");
        let head = ["assume", "taken", "tried", "chip time, B − A", "energy, B − A"];
        let mut table = Table::new(&head);
        for assumption in &self.assumptions {
            let [a, b] = assumption.taken;
            let taken = if a.total_cmp(&b).is_eq() { a.to_string() } else { format!("{a}; {b}") };
            let [low, high] = assumption.tried;
            let ends = |[low, high]: [Option<f64>; 2]| format!("{}; {}", share(low), share(high));
            let decides = assumption.decides_time || assumption.decides_energy;
            table.row(vec![
                format!("{}{}", assumption.parameter, if decides { " *" } else { "" }),
                taken,
                format!("{low}; {high}"),
                ends(assumption.time_relative),
                ends(assumption.energy_relative),
            ]);
        }
        table.write(out);
        out.push('\n');
    }
}

fn side(out: &mut String, name: &str, report: &Report) {
    field(out, INDENT, name, &report.scene);
    if !report.title.is_empty() {
        field(out, INDENT, "", &report.title);
    }
    for edit in &report.set {
        field(out, INDENT, "", &format!("--set {edit}"));
    }
}

/// Lists the differences between the scenes; an equal change in all layers takes one line.
fn changes(changed: &[Changed]) -> Vec<String> {
    let mut lines: Vec<(String, &Changed, usize)> = Vec::new();
    for change in changed {
        let general = generalised(&change.field);
        match lines.iter_mut().find(|(g, c, _)| *g == general && c.a == change.a && c.b == change.b) {
            Some((.., count)) => *count += 1,
            None => lines.push((general, change, 1)),
        }
    }
    let line = |(general, change, count): (String, &Changed, usize)| {
        let field = if count > 1 { &general } else { &change.field };
        let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
        format!("{field}: {} in A, {} in B{times}", value(&change.a), value(&change.b))
    };
    lines.into_iter().map(line).collect()
}

/// Replaces the numbers of list entries in a field path with `*`.
fn generalised(field: &str) -> String {
    let part = |part: &str| if part.parse::<usize>().is_ok() { "*".to_owned() } else { part.to_owned() };
    field.split('.').map(part).collect::<Vec<_>>().join(".")
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

fn row(figure: &Figure, label: &str, factor: f64, digits: usize) -> Vec<String> {
    let scaled = |value: Option<f64>| value.map(|value| value * factor);
    vec![
        label.to_owned(),
        number(scaled(figure.a), digits),
        number(scaled(figure.b), digits),
        difference(scaled(figure.absolute), digits),
        share(figure.relative),
    ]
}

/// Formats a figure with `digits` decimals; `None` is a dash.
///
/// Whole numbers have commas unless they are negative.
fn number(value: Option<f64>, digits: usize) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if digits == 0 && value >= 0.0 => grouped(value.round() as u64),
        Some(value) => format!("{value:.digits$}"),
    }
}

fn difference(value: Option<f64>, digits: usize) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let sign = match value {
        v if v < 0.0 => "−",
        v if v > 0.0 => "+",
        _ => return "0".to_owned(),
    };
    format!("{sign}{}", number(Some(value.abs()), digits))
}

fn share(relative: Option<f64>) -> String {
    relative.map_or_else(|| "–".to_owned(), signed)
}
