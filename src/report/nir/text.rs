//! Contents of a NIR file as text of at most 80 columns, long names aside.

use super::{NirReport, NodeReport, ParameterReport};
use crate::report::table::{Table, field, grouped};
use crate::text::{several, visible_line};

/// Column at which the texts beside names begin.
const INDENT: usize = 13;

impl NirReport {
    /// Returns the report for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write_head(&mut out);
        out.push('\n');
        self.write_nodes(&mut out);
        out.push('\n');
        self.write_parameters(&mut out);
        self.write_edges(&mut out);
        self.write_warnings(&mut out);
        out
    }

    fn write_head(&self, out: &mut String) {
        let totals = &self.totals;
        let writer = self.nir_version.as_deref().map_or_else(
            || "written by an unknown release of nir".to_owned(),
            |version| format!("written by nir {}", visible_line(version)),
        );
        let rows = [
            ("file", format!("{}; {} bytes, {writer}", self.file, grouped(self.bytes))),
            (
                "populations",
                format!(
                    "{}, with {}",
                    grouped(totals.populations as u64),
                    several(totals.neurons as u64, "neuron")
                ),
            ),
            (
                "synapses",
                format!(
                    "{}; {} multiplications in a dense time step",
                    grouped(totals.synapses),
                    grouped(totals.macs)
                ),
            ),
            (
                "parameters",
                format!("{}, equal ones of a population stored once", grouped(totals.parameters as u64)),
            ),
            ("time step", "no NIR file states it: the scene does (`task.dt`)".to_owned()),
        ];
        for (name, text) in rows {
            field(out, INDENT, name, &text);
        }
    }

    fn write_nodes(&self, out: &mut String) {
        let mut table = Table::new(&["node", "type", "in", "out", "neurons", "synapses", "MACs"]);
        for node in &self.nodes {
            let count = |count: u64| if count == 0 { String::new() } else { grouped(count) };
            table.row(vec![
                visible_line(&node.name).into_owned(),
                node.kind.to_owned(),
                if node.kind == "Input" { String::new() } else { shape(&node.input) },
                if node.kind == "Output" { String::new() } else { shape(&node.output) },
                count(node.neurons as u64),
                count(node.synapses),
                count(node.macs),
            ]);
        }
        table.write(out);
    }

    fn write_parameters(&self, out: &mut String) {
        let mut table = Table::new(&["node", "parameter", "values", "least", "greatest"]);
        for node in &self.nodes {
            for array in &node.parameters {
                table.row(vec![
                    visible_line(&node.name).into_owned(),
                    array.name.to_owned(),
                    values(node, array),
                    number(array.min),
                    if array.one_for_all { String::new() } else { number(array.max) },
                ]);
            }
        }
        table.write(out);
        for node in &self.nodes {
            let name = visible_line(&node.name);
            if !node.settings.is_empty() {
                field(out, 0, "", &format!("{name}: {}", node.settings));
            }
            if !node.defaults.is_empty() {
                let list = node.defaults.join(", ");
                field(out, 0, "", &format!("{name}: the file has no {list}; NIR's default counts"));
            }
        }
        out.push('\n');
    }

    fn write_edges(&self, out: &mut String) {
        for node in &self.nodes {
            let targets: Vec<String> = self
                .edges
                .iter()
                .filter(|edge| edge.source == node.name)
                .map(|edge| {
                    let cycle = if edge.in_cycle { " (in a cycle)" } else { "" };
                    format!("{}{cycle}", visible_line(&edge.target))
                })
                .collect();
            if !targets.is_empty() {
                field(out, 0, "", &format!("{} → {}", visible_line(&node.name), targets.join(", ")));
            }
        }
    }

    fn write_warnings(&self, out: &mut String) {
        if self.warnings.is_empty() {
            return;
        }
        out.push_str("\nOdd, but legal:\n");
        for warning in &self.warnings {
            let text = match &warning.node {
                Some(node) => format!("{}: {}", visible_line(node), visible_line(&warning.text)),
                None => visible_line(&warning.text).into_owned(),
            };
            field(out, 4, "  -", &text);
        }
    }
}

fn shape(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    sizes.join("×")
}

fn values(node: &NodeReport, array: &ParameterReport) -> String {
    if array.one_for_all && node.output.iter().product::<usize>() > 1 {
        "one for all".to_owned()
    } else {
        grouped(array.values as u64)
    }
}

/// Returns a number with four significant digits.
fn number(value: f32) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if (0.01..10_000.0).contains(&size) {
        let digits = (3 - size.log10().floor() as i32).clamp(0, 5) as usize;
        let text = format!("{value:.digits$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        format!("{value:.3e}")
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_four_digits() {
        let texts: Vec<String> =
            [0.0, 1.0, -0.25, 12.345_678, 9999.0, 0.000_5, -123_456.0].map(number).into();
        assert_eq!(texts, ["0", "1", "-0.25", "12.35", "9999", "5.000e-4", "-1.235e5"]);
    }
}
