//! The table for people.

use std::fmt::Write as _;

use super::rows::{ENERGY_J, TIME_MS};
use super::{Batch, CLOSE, Independent, Kind, Reading, Row, Unit, Validation, Verdict};
use crate::report::table::{Table, field, grouped};

/// Columns of the field names.
const INDENT: usize = 12;

/// Formats the table, then each row with its reasons.
pub fn text(validation: &Validation) -> String {
    let mut out = String::new();
    field(&mut out, INDENT, "paper", validation.paper);
    field(
        &mut out,
        INDENT,
        "model",
        &format!("{}: the paper's sizes and sparsity; its weights are not public", validation.model),
    );
    field(&mut out, INDENT, "emulator", "at a branch refill of P = 2 cycles; intervals are for P = 1 to 3");
    out.push('\n');
    field(&mut out, INDENT, "result", &headline(validation));
    field(&mut out, INDENT, "", "Nothing is calibrated: no constant is fitted.");
    out.push('\n');
    for kind in Kind::ALL {
        rows_of(&mut out, validation, kind);
    }
    readings(&mut out, &validation.readings);
    batches(&mut out, &validation.batches);
    out.push_str("Row by row\n\n");
    for row in &validation.rows {
        details(&mut out, row);
    }
    field(&mut out, INDENT, "more", "docs/validate.md explains every row");
    out
}

/// Returns the overall result in words, the tests of the emulator first.
fn headline(validation: &Validation) -> String {
    let Independent { figures, close } = validation.independent;
    let far = validation.rows.iter().filter(|row| row.kind == Kind::Independent);
    let far: Vec<String> = far
        .filter_map(|row| Some((row.figure, row.difference?)))
        .map(|(figure, difference)| format!("{figure} {}", signed_percent(difference)))
        .collect();
    let banded = validation.rows.iter().filter(|row| row.band.is_some()).count();
    let outside = validation.rows.iter().filter(|row| row.verdict == Verdict::Outside).count();
    format!(
        "{close} of {figures} independent figures within {:.0} % of the paper ({}). {} of {banded} figures with a band \
         are in it, most of them arithmetic",
        100.0 * CLOSE,
        far.join("; "),
        banded - outside
    )
}

/// Writes the table of one kind.
fn rows_of(out: &mut String, validation: &Validation, kind: Kind) {
    let rows: Vec<&Row> = validation.rows.iter().filter(|row| row.kind == kind).collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", kind.heading());
    let wide = |figure: &str| format!("{figure:<33}");
    let head = ["place", &wide("figure"), "paper", "emulator", "diff.", "band"];
    let mut table = Table::new(&head).last_left();
    for row in rows {
        let paper = row.paper.map_or_else(|| "-".to_owned(), |value| row.unit.published(value));
        let found = row.emulator.map_or_else(|| "-".to_owned(), |value| row.unit.text(value));
        let difference = row.difference.map_or_else(String::new, signed_percent);
        table.row(vec![
            row.place.into(),
            wide(row.figure),
            paper,
            found,
            difference,
            row.verdict.short().into(),
        ]);
    }
    table.write(out);
    out.push('\n');
}

fn readings(out: &mut String, readings: &[Reading]) {
    if readings.is_empty() {
        return;
    }
    out.push_str("Readings of the paper's kernel and payload: one sequence, PEs poll\n");
    let (to_ms, to_mj) = (format!("to {TIME_MS:.2}"), format!("to {:.1}", 1e3 * ENERGY_J));
    let mut table = Table::new(&["kernel", "sent", "ms", &to_ms, "mJ", &to_mj, "weights B", "fullest PE B"]);
    for reading in readings {
        let number = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
        };
        let difference = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), signed_percent);
        let bytes = grouped(reading.bytes);
        table.row(vec![
            reading.kernel.to_owned(),
            reading.payload.to_owned(),
            number(reading.time_ms, 2),
            difference(reading.time_difference),
            number(reading.energy_j.map(|joules| 1e3 * joules), 2),
            difference(reading.energy_difference),
            reading.weights_bytes.map_or_else(|| "-".to_owned(), |bytes| grouped(bytes.into())),
            if reading.time_ms.is_some() { bytes } else { format!("{bytes} no") },
        ]);
    }
    table.write(out);
    out.push_str("no: does not fit in the 131,072 B of a PE. All that fit give the same bits.\n\n");
}

fn batches(out: &mut String, batches: &[Batch]) {
    if batches.is_empty() {
        return;
    }
    out.push_str("Gestures by batch, each sample: the emulator and the paper's A100\n");
    let head = ["batch", "ms", "mJ", "mJ for P = 1 to 3", "A100 ms", "A100 mJ", "less energy"];
    let mut table = Table::new(&head).last_left();
    for batch in batches {
        let interval = batch.energy_interval.map(|ends| ends.map(|joules| 1e3 * joules));
        let chip = batch.energy_j <= batch.gpu_energy_j;
        table.row(vec![
            batch.batch.to_string(),
            format!("{:.2}", batch.time_ms),
            format!("{:.2}", 1e3 * batch.energy_j),
            interval.map_or_else(String::new, |[low, high]| format!("{low:.2} to {high:.2}")),
            format!("{:.2}", batch.gpu_time_ms),
            format!("{:.2}", 1e3 * batch.gpu_energy_j),
            if chip { "chip" } else { "A100" }.to_owned(),
        ]);
    }
    table.write(out);
    out.push_str("A100: printed for 1 and 6, on a straight line between; mJ at its 61 W.\n\n");
}

fn details(out: &mut String, row: &Row) {
    let _ = writeln!(out, "{}: {}", row.place, row.figure);
    let mut line = |name: &str, text: &str| field(out, INDENT, &format!("  {name}"), text);
    line("kind", row.kind.words());
    line("paper", row.paper_says);
    line("emulator", &found(row));
    if let Some(missing) = row.missing {
        line("missing", missing);
    }
    if let Some(band) = &row.band {
        line("band", &format!("{}: {}", band.text, judgement(row)));
    }
    for ground in &row.rests_on {
        line(ground.basis.name(), ground.reason);
    }
    out.push('\n');
}

fn found(row: &Row) -> String {
    let Some(value) = row.emulator else { return "not computed".to_owned() };
    let value = row.unit.text(value);
    match row.interval {
        None => format!("{value}; P plays no part"),
        Some(ends) => {
            let [low, high] = ends.map(|end| row.unit.text(end));
            if low == high { format!("{value} for P = 1 to 3") } else { format!("{value} ({low} to {high})") }
        }
    }
}

/// Formats the verdict with its margin, and whether it is the same over the interval.
fn judgement(row: &Row) -> String {
    let mut text = row.verdict.name().to_owned();
    if let Some(margin) = row.margin.filter(|&margin| margin != 0.0) {
        let _ = write!(text, ", {} from its edge", row.unit.text(margin.abs()));
    }
    if let (Some(band), Some([low, high])) = (&row.band, row.interval) {
        let inside = [low, high].iter().filter(|&&end| band.holds(end)).count();
        text += match inside {
            2 => "; so is the whole interval",
            _ if row.verdict == Verdict::InBand => "; not the whole interval",
            _ => "",
        };
    }
    text
}

/// Formats a fraction in per cent with its sign; one digit after the point where it is below 100 %.
fn signed_percent(fraction: f64) -> String {
    let percent = 100.0 * fraction;
    // No "-0.0 %".
    let percent = if percent.abs() < 0.05 { 0.0 } else { percent };
    if percent.abs() < 100.0 { format!("{percent:+.1} %") } else { format!("{percent:+.0} %") }
}

impl Unit {
    /// Returns the unit as written after a number; empty for a ratio or a perplexity.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "B",
            Self::Milliseconds => "ms",
            Self::Watts => "W",
            Self::Joules => "J",
            Self::Ratio | Self::Perplexity => "",
            Self::Percent => "%",
            Self::Samples => "samples",
            Self::Spikes => "spikes",
            Self::Millions => "M/s",
        }
    }

    /// Formats a number of this unit, with as many digits as are meaningful.
    fn number(self, value: f64) -> String {
        match self {
            Self::Bytes | Self::Spikes => grouped(value.round().max(0.0) as u64),
            Self::Millions if value >= 1000.0 => grouped(value.round() as u64),
            Self::Milliseconds | Self::Perplexity | Self::Millions => format!("{value:.2}"),
            Self::Percent => format!("{value:.1}"),
            Self::Samples => format!("{value:.0}"),
            Self::Watts | Self::Ratio => format!("{value:.3}"),
            Self::Joules => format!("{value:.6}"),
        }
    }

    /// Formats a published number: watts and joules without trailing zeros, per cent to 0.01.
    fn published(self, value: f64) -> String {
        match self {
            Self::Watts | Self::Joules => {
                self.number(value).trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            Self::Percent => format!("{value:.2}"),
            _ => self.number(value),
        }
    }

    /// Formats a number of the emulator with its unit.
    fn text(self, value: f64) -> String {
        format!("{} {}", self.number(value), self.name()).trim_end().to_owned()
    }
}

impl Verdict {
    /// Returns the verdict in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InBand => "in band",
            Self::Outside => "OUTSIDE",
            Self::Shown => "no band",
        }
    }

    /// Returns the verdict as tables show it.
    const fn short(self) -> &'static str {
        match self {
            Self::InBand => "in",
            Self::Outside => "OUTSIDE",
            Self::Shown => "",
        }
    }
}
