//! The table of results: a row for each point that has a line, in the order of the list.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde_json::Value as Json;

use super::line::{HARMFUL, LOSSES, Line, Outcome};
use super::list::{Key, Listing};
use super::load::{LoadedPlan, columns};
use super::store::Found;
use crate::output::OutputError;

/// Results of a plan, gathered from its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Count of points of the plan.
    pub points: u64,
    /// Count of rows, by outcome.
    pub rows: BTreeMap<Outcome, u64>,
    /// Count of lines in the folder that are no lines of results.
    pub damaged: u64,
}

impl Gathered {
    /// Returns the count of points without a line.
    pub fn missing(&self) -> u64 {
        self.points - self.rows.values().sum::<u64>()
    }
}

/// Passes on the lines of a plan's points in a folder, in the order of the list, each with its
/// number in it.
///
/// # Errors
///
/// Fails if lines cannot be read, or as `take` does.
pub fn lines<E: From<OutputError>>(
    plan: &LoadedPlan,
    listing: &Listing<'_>,
    folder: &Path,
    mut take: impl FnMut(Row<'_>) -> Result<(), E>,
) -> Result<Gathered, E> {
    let found = Found::read(folder, &plan.sweep().keep)?;
    let mut reader = found.reader();
    let mut gathered = Gathered { damaged: found.damaged, ..Gathered::default() };
    for place in listing.places() {
        gathered.points += 1;
        let key = listing.point(place).key;
        let Some(at) = found.get(key) else { continue };
        let line = reader.read(at)?;
        *gathered.rows.entry(line.outcome).or_default() += 1;
        take(Row { number: place.number, key, line: &line })?;
    }
    Ok(gathered)
}

/// Point of the list with its line.
#[derive(Clone, Copy, Debug)]
pub struct Row<'l> {
    /// Number in the list. The line may be of an equal point of another plan, with another number.
    pub number: u64,
    /// Key of the point.
    pub key: Key,
    /// Line of results of the point.
    pub line: &'l Line,
}

impl Row<'_> {
    /// Returns the value of a column; `null` where there is none.
    pub fn get(&self, column: &str) -> Json {
        let line = self.line;
        match column {
            "point" => self.number.into(),
            "key" => self.key.to_string().into(),
            "outcome" => line.outcome.name().into(),
            "why" => line.why.clone().into(),
            HARMFUL if line.values.contains_key("fault") => line.outcome.is_harmful().map(u8::from).into(),
            _ if column == LOSSES[0] => line.perplexity_loss.into(),
            _ if column == LOSSES[1] => line.accuracy_loss.into(),
            _ => line.values.get(column).or_else(|| line.report.get(column)).cloned().unwrap_or_default(),
        }
    }
}

/// Writes the table as CSV, and hands each row over to `also`.
///
/// # Errors
///
/// Fails if lines cannot be read, or the table cannot be written.
pub fn table(
    plan: &LoadedPlan,
    listing: &Listing<'_>,
    folder: &Path,
    out: impl Write,
    place: &Path,
    mut also: impl FnMut(Row<'_>),
) -> Result<Gathered, OutputError> {
    let columns = columns(plan.sweep());
    let mut writer = csv::Writer::from_writer(out);
    let fail =
        |error: csv::Error| OutputError::Write { place: place.display().to_string(), source: error.into() };
    writer.write_record(&columns).map_err(fail)?;
    let gathered = lines(plan, listing, folder, |row| {
        also(row);
        writer.write_record(columns.iter().map(|column| cell(&row.get(column)))).map_err(fail)
    })?;
    writer.flush().map_err(|error| fail(error.into()))?;
    Ok(gathered)
}

/// Returns a value as a cell of a table: nothing for `null`, and words without quotes.
pub(super) fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
