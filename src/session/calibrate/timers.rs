//! Reads measured times: CSV with the columns `phase`, `layer` and `us`, comments after `#`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord, Trim};
use thiserror::Error;

use crate::file;
use crate::machine::legend::{Legend, PhaseId};

/// Columns in the order of the documentation.
const COLUMNS: [&str; 3] = ["phase", "layer", "us"];
/// Largest file of measurements that is read, bytes. A longer one holds something else.
const MAX_BYTES: u64 = 16 << 20;

/// Measured time of one phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Line of the file.
    pub line: u64,
    /// Phase that was measured.
    pub phase: PhaseId,
    /// Index of the layer in the network.
    pub layer: usize,
    /// µs a time step.
    pub us: f64,
}

/// Error that makes measurements unusable.
#[derive(Debug, Error)]
pub enum TimersError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// File of measured times.
        path: PathBuf,
        /// Cause, as the operating system reports it.
        source: std::io::Error,
    },
    /// The file is too long for a list of phases.
    #[error("{}: the file is longer than 16 MiB, too long for a list of phases", .0.display())]
    Long(PathBuf),
    /// A line is wrong.
    #[error("{}:{line}: {what}\nhelp: {help}", path.display())]
    Line {
        /// File of measured times.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Error in the line.
        what: String,
        /// Form that a correct line has.
        help: String,
    },
    /// The file has a header and no measurements.
    #[error("{}: there are no measurements in the file\nhelp: one line a phase and layer: egru_input,{layer},412.5", path.display())]
    Empty {
        /// File of measured times.
        path: PathBuf,
        /// The first layer, for the example.
        layer: String,
    },
}

/// Reads a file. `legend` names the phases of the scene's program, `layers` its layers.
pub fn read(path: &Path, legend: &Legend, layers: &[String]) -> Result<Vec<Measured>, TimersError> {
    let fail = |source| TimersError::Read { path: path.to_owned(), source };
    let bytes = file::read(path, MAX_BYTES).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => TimersError::Long(path.to_owned()),
        _ => fail(error),
    })?;
    parse(&bytes, path, legend, layers)
}

/// Parses measured times from bytes; `path` is named in messages.
pub fn parse(
    bytes: &[u8],
    path: &Path,
    legend: &Legend,
    layers: &[String],
) -> Result<Vec<Measured>, TimersError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let at =
        |line: u64, what: String, help: String| TimersError::Line { path: path.to_owned(), line, what, help };
    let mut reader =
        ReaderBuilder::new().comment(Some(b'#')).trim(Trim::All).flexible(true).from_reader(bytes);
    let broken = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        at(line, format!("invalid CSV: {error}"), "three fields a line: phase,layer,us".to_owned())
    };
    let header = reader.headers().map_err(broken)?.clone();
    let line = line_of(header.position(), bytes);
    let columns = columns(&header).map_err(|what| {
        at(line, what, "the first line that is no comment names the columns: phase,layer,us".to_owned())
    })?;
    let mut measured: Vec<Measured> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = line_of(record.position(), bytes);
        let row =
            row(&record, line, columns, (legend, layers)).map_err(|(what, help)| at(line, what, help))?;
        if let Some(first) = measured.iter().find(|m| (m.phase, m.layer) == (row.phase, row.layer)) {
            let what = format!(
                "{} of {} is given a second time (line {})",
                legend.phase(row.phase),
                layers[row.layer],
                first.line
            );
            return Err(at(line, what, "give the mean of several measurements".to_owned()));
        }
        measured.push(row);
    }
    if measured.is_empty() {
        let layer = layers.first().cloned().unwrap_or_default();
        return Err(TimersError::Empty { path: path.to_owned(), layer });
    }
    Ok(measured)
}

/// Returns the position of each of [`COLUMNS`] in the header.
fn columns(header: &StringRecord) -> Result<[usize; 3], String> {
    if let Some(other) = header.iter().find(|name| !COLUMNS.contains(name)) {
        return Err(format!("there is no column `{other}`"));
    }
    let mut at = [0; 3];
    for (at, name) in at.iter_mut().zip(COLUMNS) {
        let mut found = header.iter().enumerate().filter(|(_, column)| *column == name);
        *at = found.next().map(|(i, _)| i).ok_or_else(|| format!("the column `{name}` is missing"))?;
        if found.next().is_some() {
            return Err(format!("the column `{name}` is named twice"));
        }
    }
    Ok(at)
}

/// Parses a line; the error has a description and the expected contents.
fn row(
    record: &StringRecord,
    line: u64,
    columns: [usize; 3],
    (legend, layers): (&Legend, &[String]),
) -> Result<Measured, (String, String)> {
    if record.len() != COLUMNS.len() {
        let what = format!("{} fields, where the header names {}", record.len(), COLUMNS.len());
        return Err((what, "three fields a line: phase,layer,us".to_owned()));
    }
    let [phase_text, layer_text, us_text] = columns.map(|column| record.get(column).unwrap_or(""));
    let phase = legend.named(phase_text).ok_or_else(|| {
        let names: Vec<&str> = legend.phases.iter().map(|phase| phase.name).collect();
        (format!("there is no phase `{phase_text}`"), format!("phases are {}", names.join(", ")))
    })?;
    let layer = layers.iter().position(|name| name == layer_text).ok_or_else(|| {
        (format!("the model has no layer `{layer_text}`"), format!("its layers are {}", layers.join(", ")))
    })?;
    let us = us_text.parse::<f64>().ok().filter(|us| us.is_finite() && *us > 0.0).ok_or_else(|| {
        let help = "microseconds a time step, above 0, with a point: 412.5; leave out what takes no time";
        (format!("invalid time `{us_text}`"), help.to_owned())
    })?;
    Ok(Measured { line, phase, layer, us })
}

/// Returns the line of a record, from 1. The reader's position is where it began to look for the
/// record: comments and empty lines may lie between.
fn line_of(position: Option<&csv::Position>, bytes: &[u8]) -> u64 {
    let Some(position) = position else { return 1 };
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = bytes.get(from..).unwrap_or_default();
    let passed_over = |line: &&[u8]| {
        let text = line.trim_ascii();
        text.is_empty() || text.starts_with(b"#")
    };
    position.line() + rest.split(|&byte| byte == b'\n').take_while(passed_over).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Measured>, String> {
        let layers = ["rnns.0".to_owned(), "rnns.1".to_owned()];
        parse(text.as_bytes(), Path::new("chip.csv"), &crate::mapping::build::legend(), &layers)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn rows_comments_and_columns_in_any_order() {
        let text = "# PE(1,1,0)\nlayer , us,phase\nrnns.1, 4.5 ,egru_input\n# later\n\nrnns.0,1e2,wait\n";
        let rows = read(text).unwrap();
        let named = |name| crate::mapping::build::legend().named(name).unwrap();
        let expected = [
            Measured { line: 3, phase: named("egru_input"), layer: 1, us: 4.5 },
            Measured { line: 6, phase: named("wait"), layer: 0, us: 100.0 },
        ];
        assert_eq!(rows, expected);
        assert_eq!(read(&text.replace('\n', "\r\n")).unwrap().len(), 2);
    }

    #[test]
    fn every_bad_row_is_named_with_its_line_and_what_is_expected() {
        let head = "phase,layer,us\n";
        let cases = [
            ("egru_input,rnns.0,1\n".to_owned(), "chip.csv:1: there is no column `egru_input`"),
            ("phase,layer\n".to_owned(), "chip.csv:1: the column `us` is missing"),
            ("phase,layer,us,us\n".to_owned(), "chip.csv:1: the column `us` is named twice"),
            (format!("{head}#\nwarp,rnns.0,1\n"), "chip.csv:3: there is no phase `warp`"),
            (format!("{head}wait,rnns.7,1\n"), "its layers are rnns.0, rnns.1"),
            (format!("{head}wait,rnns.0,fast\n"), "chip.csv:2: invalid time `fast`"),
            (format!("{head}wait,rnns.0,-1\n"), "above 0"),
            (format!("{head}wait,rnns.0,NaN\n"), "chip.csv:2"),
            (format!("{head}wait,rnns.0\n"), "chip.csv:2: 2 fields"),
            (
                format!("{head}wait,rnns.0,1\nwait,rnns.0,2\n"),
                "chip.csv:3: wait of rnns.0 is given a second time (line 2)",
            ),
            (head.to_owned(), "no measurements"),
            (String::new(), "column `phase` is missing"),
        ];
        for (text, words) in cases {
            let error = read(&text).unwrap_err();
            assert!(error.contains(words), "{text:?} should say {words:?}: {error}");
        }
        let error = parse(
            b"phase,layer,us\n\xff\xfe,rnns.0,1\n",
            Path::new("chip.csv"),
            &crate::mapping::build::legend(),
            &[],
        )
        .unwrap_err();
        assert!(error.to_string().contains("chip.csv:2"), "{error}");
    }
}
