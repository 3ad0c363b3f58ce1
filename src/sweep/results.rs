//! Lines of a folder of results as the table that the app shows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use super::line::{LOSSES, Line};
use super::store::Found;
use crate::tui::results::{ResultRow, Results, Value};

/// Largest number of points that the table can show.
const MOST: usize = 200_000;

/// Reads all points of a folder, in the order of the plan; columns without a value are left out.
///
/// # Errors
///
/// Fails with a message if the folder cannot be read, has no results, or has too many.
pub fn read(folder: &Path) -> Result<Results, String> {
    let name = folder.display();
    if !folder.is_dir() {
        return Err(format!("there is no folder {name}"));
    }
    let found = Found::read(folder, &[]).map_err(|error| error.to_string())?;
    let places = found.all();
    if places.is_empty() {
        return Err(format!("{name} has no results: `spinntui sweep PLAN -o {name}` runs points"));
    }
    if places.len() > MOST {
        let count = places.len();
        return Err(format!(
            "{name} has {count} points, and at most {MOST} are shown: `--gather` writes all"
        ));
    }
    let mut reader = found.reader();
    let mut lines = Vec::with_capacity(places.len());
    for at in places {
        lines.push(reader.read(at).map_err(|error| error.to_string())?);
    }
    lines.sort_by_key(|line| line.point);
    Ok(table(folder, &lines))
}

fn table(folder: &Path, lines: &[Line]) -> Results {
    let fields = |of: fn(&Line) -> &Map<String, Json>| {
        let mut seen = BTreeSet::new();
        let names = lines.iter().flat_map(|line| of(line).keys());
        names.filter(|name| seen.insert((*name).clone())).cloned().collect::<Vec<String>>()
    };
    let mut columns = vec!["point".to_owned()];
    columns.extend(fields(|line| &line.values));
    columns.push("outcome".to_owned());
    columns.extend(fields(|line| &line.report));
    columns.extend(LOSSES.map(str::to_owned));
    columns.push("why".to_owned());
    // A repeat that is always 0 says nothing.
    columns.retain(|column| {
        let values = || lines.iter().map(|line| value(line, column));
        values().any(|value| value != Value::Nothing)
            && !(column == "repeat" && values().all(|value| value == Value::Number(0.0)))
    });
    let rows = lines.iter().map(|line| ResultRow {
        values: columns.iter().map(|column| value(line, column)).collect(),
        scene: PathBuf::from(&line.scene),
        set: line.set.iter().filter_map(|set| set.split_once('=')).map(owned).collect(),
    });
    let rows = rows.collect();
    Results { folder: folder.display().to_string(), columns, rows }
}

fn owned((field, value): (&str, &str)) -> (String, String) {
    (field.to_owned(), value.to_owned())
}

fn value(line: &Line, column: &str) -> Value {
    let number = |number: Option<f64>| number.map_or(Value::Nothing, Value::Number);
    match column {
        "point" => Value::Number(line.point as f64),
        "outcome" => Value::Word(line.outcome.name().to_owned()),
        "why" => line.why.clone().map_or(Value::Nothing, Value::Word),
        _ if column == LOSSES[0] => number(line.perplexity_loss),
        _ if column == LOSSES[1] => number(line.accuracy_loss),
        _ => match line.values.get(column).or_else(|| line.report.get(column)) {
            None | Some(Json::Null) => Value::Nothing,
            Some(Json::Number(given)) => number(given.as_f64()),
            Some(Json::String(word)) => Value::Word(word.clone()),
            Some(other) => Value::Word(other.to_string()),
        },
    }
}
