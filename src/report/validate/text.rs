//! The table for people.

use std::fmt::Write as _;

use super::{Row, Unit, Validation, Verdict};
use crate::report::table::{Table, field, grouped};

/// Columns of the field names.
const INDENT: usize = 12;

/// The table, then each row with its reasons.
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
    let wide = |figure: &str| format!("{figure:<31}");
    let head = ["place", &wide("figure"), "paper", "emulator", "diff.", "verdict"];
    let mut table = Table::new(&head).last_left();
    for row in &validation.rows {
        let paper = row.paper.map_or_else(|| "-".to_owned(), |value| row.unit.published(value));
        let found = row.emulator.map_or_else(|| "-".to_owned(), |value| row.unit.text(value));
        let difference = row.difference.map_or_else(String::new, signed_percent);
        table.row(vec![
            row.place.into(),
            wide(row.figure),
            paper,
            found,
            difference,
            row.verdict.name().into(),
        ]);
    }
    table.write(&mut out);
    out.push('\n');
    for row in &validation.rows {
        details(&mut out, row);
    }
    let banded = validation.rows.iter().filter(|row| row.band.is_some()).count();
    let outside = validation.rows.iter().filter(|row| row.verdict == Verdict::Outside).count();
    let result = format!("{} of {banded} figures with a band are in it", banded - outside);
    field(&mut out, INDENT, "result", &format!("{result}. Nothing is calibrated: no constant is fitted."));
    field(&mut out, INDENT, "more", "docs/validate.md explains every row");
    out
}

fn details(out: &mut String, row: &Row) {
    let _ = writeln!(out, "{}: {}", row.place, row.figure);
    let mut line = |name: &str, text: &str| field(out, INDENT, &format!("  {name}"), text);
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

/// The verdict with its margin, and whether it holds over the interval.
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

/// A fraction in per cent with its sign; one digit after the point where it is below 100 %.
fn signed_percent(fraction: f64) -> String {
    let percent = 100.0 * fraction;
    // No "-0.0 %".
    let percent = if percent.abs() < 0.05 { 0.0 } else { percent };
    if percent.abs() < 100.0 { format!("{percent:+.1} %") } else { format!("{percent:+.0} %") }
}

impl Unit {
    /// As written after a number; empty for a ratio.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "B",
            Self::Milliseconds => "ms",
            Self::Watts => "W",
            Self::Joules => "J",
            Self::Ratio => "",
        }
    }

    /// A number of this unit, with as many digits as say something.
    fn number(self, value: f64) -> String {
        match self {
            Self::Bytes => grouped(value.round().max(0.0) as u64),
            Self::Milliseconds => format!("{value:.2}"),
            Self::Watts | Self::Ratio => format!("{value:.3}"),
            Self::Joules => format!("{value:.6}"),
        }
    }

    /// A number that was published with fewer digits than we show of ours.
    fn published(self, value: f64) -> String {
        match self {
            Self::Watts | Self::Joules => self.number(value).trim_end_matches('0').to_owned(),
            _ => self.number(value),
        }
    }

    /// A number of ours with its unit.
    fn text(self, value: f64) -> String {
        format!("{} {}", self.number(value), self.name()).trim_end().to_owned()
    }
}

impl Verdict {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InBand => "in band",
            Self::Outside => "OUTSIDE",
            Self::Shown => "no band",
        }
    }
}
