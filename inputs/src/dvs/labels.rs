//! Times of the gestures in a recording: `NAME_labels.csv` beside each recording of DVS128 Gesture.

use std::io::{self, BufRead, Write};

use serde::Serialize;
use thiserror::Error;

use super::gesture::{GESTURES, Gesture};

/// First line of a file of labels.
const HEAD: &str = "class,startTime_usec,endTime_usec";
/// Longest line that is read, bytes: three numbers of at most 20 digits fit well.
const LINE: u64 = 256;
/// Largest number of labels of a recording. Real ones have 12 or so.
const MOST: usize = 100_000;

/// Gesture with its times on the clock of its recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Gesture shown in this stretch of the recording.
    pub gesture: Gesture,
    /// Start of the gesture, µs, inclusive.
    pub start_us: i64,
    /// End of the gesture, µs, exclusive.
    pub end_us: i64,
}

/// Error in a file of labels.
#[derive(Debug, Error)]
pub enum LabelError {
    /// The operating system refuses.
    #[error("line {line}: {source}")]
    Read {
        /// Line, from 1.
        line: usize,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The first line is another.
    #[error("line 1: the first line is `{found}`; expected `{HEAD}`")]
    Head {
        /// The first line.
        found: String,
    },
    /// A line that is no label.
    #[error(
        "line {line}: invalid label `{found}`: expected a class, a start and an end in µs, for example `2,0,5469608`"
    )]
    Line {
        /// Line, from 1.
        line: usize,
        /// Text of the line.
        found: String,
    },
    /// The data set does not have this class.
    #[error("line {line}: class {class}; the classes of DVS128 Gesture are 1 to {GESTURES}")]
    Class {
        /// Line, from 1.
        line: usize,
        /// Class that the line names.
        class: i64,
    },
    /// The gesture ends no later than it starts.
    #[error("line {line}: the gesture ends at {end} µs, not after its start at {start} µs")]
    Order {
        /// Line, from 1.
        line: usize,
        /// Start of the gesture, µs.
        start: i64,
        /// End of the gesture, µs.
        end: i64,
    },
    /// The file has no label.
    #[error("line 2: no label; expected a line for each gesture")]
    Empty,
    /// The file has more labels than any recording has.
    #[error("line {line}: more than {MOST} labels")]
    TooMany {
        /// Line, from 1.
        line: usize,
    },
}

/// Reads labels, in the order of the file.
pub fn read_labels(mut input: impl BufRead) -> Result<Vec<Label>, LabelError> {
    let head = line(&mut input, 1)?.unwrap_or_default();
    if head.trim_start_matches('\u{feff}').replace(' ', "") != HEAD {
        return Err(LabelError::Head { found: head });
    }
    let mut labels = Vec::new();
    let mut number = 1;
    loop {
        number += 1;
        let Some(text) = line(&mut input, number)? else { break };
        if text.is_empty() {
            continue;
        }
        if labels.len() == MOST {
            return Err(LabelError::TooMany { line: number });
        }
        labels.push(label(number, &text)?);
    }
    if labels.is_empty() { Err(LabelError::Empty) } else { Ok(labels) }
}

/// Writes labels as the data set has them.
pub fn write_labels(mut out: impl Write, labels: &[Label]) -> io::Result<()> {
    writeln!(out, "{HEAD}")?;
    for Label { gesture, start_us, end_us } in labels {
        writeln!(out, "{},{start_us},{end_us}", gesture.label())?;
    }
    out.flush()
}

/// Reads the next line without white space around it; `None` at the end.
fn line(input: &mut impl BufRead, line: usize) -> Result<Option<String>, LabelError> {
    let mut bytes = Vec::new();
    let read = io::Read::take(input, LINE).read_until(b'\n', &mut bytes);
    read.map_err(|source| LabelError::Read { line, source })?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    if bytes.len() as u64 == LINE && !bytes.ends_with(b"\n") {
        let found = text.chars().take(40).collect::<String>() + "…";
        return Err(LabelError::Line { line, found });
    }
    Ok(Some(text))
}

fn label(line: usize, text: &str) -> Result<Label, LabelError> {
    let numbers: Option<Vec<i64>> = text.split(',').map(|field| field.trim().parse().ok()).collect();
    let Some(&[class, start_us, end_us]) = numbers.as_deref() else {
        return Err(LabelError::Line { line, found: text.to_owned() });
    };
    let gesture = u32::try_from(class).ok().and_then(Gesture::from_label);
    let gesture = gesture.ok_or(LabelError::Class { line, class })?;
    if end_us <= start_us {
        return Err(LabelError::Order { line, start: start_us, end: end_us });
    }
    Ok(Label { gesture, start_us, end_us })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let label = |class, start_us, end_us| Label {
            gesture: Gesture::from_label(class).unwrap(),
            start_us,
            end_us,
        };
        let labels = [label(2, 0, 5_469_608), label(11, 5_469_608, i64::MAX)];
        let mut bytes = Vec::new();
        write_labels(&mut bytes, &labels).unwrap();
        assert!(bytes.starts_with(b"class,startTime_usec,endTime_usec\n2,0,5469608\n11,"));
        assert_eq!(read_labels(bytes.as_slice()).unwrap(), labels);
        let windows = String::from_utf8(bytes).unwrap().replace('\n', "\r\n") + "\r\n";
        assert_eq!(read_labels(windows.as_bytes()).unwrap(), labels);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let said = |rows: &str| read_labels(format!("{HEAD}\n{rows}").as_bytes()).unwrap_err().to_string();
        for (rows, words) in [
            ("", ["line 2", "no label"]),
            ("1,0,5\n2,5\n", ["line 3", "`2,5`"]),
            ("1,0,5\n\n12,5,9\n", ["line 4", "1 to 11"]),
            ("0,5,9\n", ["line 2", "class 0"]),
            ("-1,5,9\n", ["line 2", "class -1"]),
            ("1,9,9\n", ["line 2", "not after its start"]),
            ("1,0,99999999999999999999\n", ["line 2", "invalid label"]),
            (&"1".repeat(10_000), ["line 2", "…"]),
        ] {
            let said = said(rows);
            assert!(words.iter().all(|word| said.contains(word)), "{rows:.30}: {said}");
        }
        let head = read_labels("class,start,end\n1,0,5\n".as_bytes()).unwrap_err().to_string();
        assert!(head.contains("`class,start,end`") && head.contains(HEAD), "{head}");
        assert!(matches!(read_labels(&b""[..]), Err(LabelError::Head { .. })));
    }
}
