//! Events as NumPy arrays: `.npy` as tonic has them.
//!
//! The array is either structured, one record an event, with the fields x, y, t (µs) and p in any
//! order and of any type of number; or it has rows of four numbers x, y, p, t with t in
//! *milliseconds*, the layout of tonic's cut DVS128 Gesture. The format does not hold the size of
//! the sensor, which the caller gives, nor a unit of time, which [`clock`] determines.

mod clock;
mod layout;

use std::io::Read;

use npyz::NpyHeader;
use py_literal::Value;

use super::super::event::{CameraEvent, Sensor};
use super::error::{Problem, RecordingError};
use super::input::{BUFFER, Input};
use super::stream::{BATCH, Stream};
use crate::npy::{HEADER_LIMIT, MAGIC, check_header, header_length, length_bytes};
use clock::Clock;
use layout::Layout;

/// Reads events of a file.
#[derive(Debug)]
pub struct Reader<R> {
    input: Input<R>,
    stream: Stream,
    layout: Layout,
    clock: Clock,
    /// Number of records still to be read.
    left: u64,
}

impl<R: Read> Reader<R> {
    /// Reads the header; events outside of `sensor` will be counted and skipped.
    pub fn new(mut input: Input<R>, sensor: Sensor) -> Result<Self, RecordingError> {
        let header = read_header(&mut input)?;
        let layout = Layout::of(&header).map_err(|problem| RecordingError::new(0, problem))?;
        let left = header.shape().first().copied().unwrap_or(0);
        let records = input.peek(BUFFER)?;
        let whole = usize::try_from(left).unwrap_or(usize::MAX).saturating_mul(layout.bytes);
        let clock = Clock::of(&layout, &records[..records.len().min(whole)]);
        Ok(Self { input, stream: Stream::new(sensor), layout, clock, left })
    }

    /// Reads the next events, as [`super::Recording::next_batch`] does.
    pub fn next_batch(&mut self, events: &mut Vec<CameraEvent>) -> Result<bool, RecordingError> {
        while self.left > 0 && events.len() < BATCH {
            let mut offset = self.input.offset();
            let (size, left) = (self.layout.bytes, self.left);
            let bytes = self.input.peek(size)?;
            let room = (left.min((BATCH - events.len()) as u64)) as usize;
            let count = (bytes.len() / size).min(room);
            if count == 0 {
                let (needed, found) = ((size as u64).saturating_mul(left), bytes.len() as u64);
                return Err(self.input.error(Problem::Truncated { what: "the array", needed, found }));
            }
            for record in bytes.chunks_exact(size).take(count) {
                let (t, place, on) = self.layout.event(record, self.clock.unit, offset)?;
                if let Some(warning) = self.clock.warning {
                    self.stream.warnings.add(warning, offset);
                }
                self.stream.push(events, t, place, on, offset);
                offset += size as u64;
            }
            self.input.consume(count * size);
            self.left -= count as u64;
        }
        Ok(!events.is_empty())
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }
}

/// Reads and parses the header, with everything in it bounded before the parser sees it.
fn read_header<R: Read>(input: &mut Input<R>) -> Result<NpyHeader, RecordingError> {
    let start: [u8; 8] = input.array("the header")?.unwrap_or_default();
    let [.., major, _] = start;
    let mut length = Vec::new();
    input.read(length_bytes(major), "the header", &mut length)?;
    let mut bytes = [&start[..], &length].concat();
    let length = header_length(&length);
    if length > HEADER_LIMIT {
        let (found, limit) = (length as u64, HEADER_LIMIT as u64);
        return Err(RecordingError::new(8, Problem::TooLarge { what: "the header", found, limit }));
    }
    let mut text = Vec::new();
    input.read(length, "the header", &mut text)?;
    bytes.extend_from_slice(&text);
    let error = |found: String| {
        let needed = "a header of NumPy with descr, fortran_order and shape".to_owned();
        RecordingError::new(0, Problem::Value { what: "the header", found, needed })
    };
    let fields = check_header(&text).map_err(|why| error(why.to_owned()))?;
    if let Some(text) = without_titles(fields) {
        let length = (text.len() as u32).to_le_bytes();
        bytes = [MAGIC, &[2, 0][..], &length, text.as_bytes()].concat();
    }
    NpyHeader::from_reader(bytes.as_slice()).map_err(|why| error(format!("{:.200}", why.to_string())))
}

/// Returns the header with one name for each field, if it has titles.
///
/// NumPy writes titles as `(('title', 'name'), type)`. Of title and name the one that identifies
/// the number is kept: the Python library aedat calls its polarity `on` and titles it `p`.
fn without_titles(mut header: Value) -> Option<String> {
    let Value::Dict(fields) = &mut header else { return None };
    let descr = fields.iter_mut().find(|(key, _)| key.as_string().is_some_and(|key| key == "descr"));
    let Some((_, Value::List(fields))) = descr else { return None };
    let mut found = false;
    for field in fields {
        let Value::Tuple(parts) = field else { continue };
        let Some(name) = parts.first_mut() else { continue };
        let Value::Tuple(names) = name else { continue };
        let [Value::String(title), Value::String(own)] = names.as_slice() else { continue };
        let titled = layout::meaning(own).is_none() && layout::meaning(title).is_some();
        *name = Value::String(if titled { title } else { own }.clone());
        found = true;
    }
    found.then(|| header.format_ascii().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::super::event::DVS128;
    use super::super::warnings::Warning;
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(data);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<(Vec<CameraEvent>, Stream), RecordingError> {
        let mut reader = Reader::new(Input::new(bytes), DVS128)?;
        let mut events = Vec::new();
        reader.next_batch(&mut events)?;
        Ok((events, reader.stream))
    }

    const TWO: [CameraEvent; 2] =
        [CameraEvent { t: 7, x: 3, y: 2, on: true }, CameraEvent { t: 1_500, x: 127, y: 0, on: false }];

    #[test]
    fn tonics_events_in_any_order_of_fields() {
        let header = "{'descr': [('x', '<i2'), ('y', '<i2'), ('p', '?'), ('t', '<i8')], 'fortran_order': False, 'shape': (2,), }\n";
        let header = header.replace("'?'", "'|b1'");
        let mut data = Vec::new();
        for event in TWO {
            data.extend([event.x.to_le_bytes(), event.y.to_le_bytes()].concat());
            data.push(u8::from(event.on));
            data.extend(event.t.to_le_bytes());
        }
        assert_eq!(read(&file(&header, &data)).unwrap().0, TWO);
        let header = "{'descr': [('t', '>u4'), ('', '|V3'), ('p', '|i1'), ('y', '|u1'), ('x', '>f8')], 'fortran_order': False, 'shape': (2,)}";
        let mut data = Vec::new();
        for event in TWO {
            data.extend((event.t as u32).to_be_bytes());
            data.extend([9, 9, 9, if event.on { 1 } else { 0xff }, event.y as u8]);
            data.extend(f64::from(event.x).to_be_bytes());
        }
        assert_eq!(read(&file(header, &data)).unwrap().0, TWO);
    }

    #[test]
    fn rows_have_milliseconds() {
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 4)}";
        let rows =
            TWO.map(|e| [f64::from(e.x), f64::from(e.y), f64::from(u8::from(e.on)), e.t as f64 / 1000.0]);
        let data: Vec<u8> = rows.concat().iter().flat_map(|number| number.to_le_bytes()).collect();
        assert_eq!(read(&file(header, &data)).unwrap().0, TWO);
    }

    #[test]
    fn a_field_is_known_by_its_name_or_its_title() {
        for name in ["(('p', 'on'), '|b1')", "(('on', 'p'), '|b1')", "('on', '|b1')", "('Polarity', '|b1')"] {
            let header = format!(
                "{{'descr': [('t', '<u8'), ('x', '<u2'), ('y', '<u2'), {name}], 'fortran_order': False, 'shape': (2,), }}"
            );
            let mut data = Vec::new();
            for event in TWO {
                data.extend((event.t as u64).to_le_bytes());
                data.extend([event.x.to_le_bytes(), event.y.to_le_bytes()].concat());
                data.push(u8::from(event.on));
            }
            assert_eq!(read(&file(&header, &data)).unwrap().0, TWO, "{name}");
        }
    }

    /// Returns records or rows of 100 events as f8, with times `apart` from each other.
    fn timed(rows: bool, apart: f64) -> Vec<u8> {
        let header = if rows {
            "{'descr': '<f8', 'fortran_order': False, 'shape': (100, 4)}".to_owned()
        } else {
            let fields = ["x", "y", "p", "t"].map(|name| format!("('{name}', '<f8')")).join(", ");
            format!("{{'descr': [{fields}], 'fortran_order': False, 'shape': (100,)}}")
        };
        let numbers = (0..100).flat_map(|i| [1.0, 2.0, 1.0, apart * f64::from(i)]);
        file(&header, &numbers.flat_map(f64::to_le_bytes).collect::<Vec<u8>>())
    }

    #[test]
    fn the_unit_of_times_is_judged_and_said() {
        let (s, ms, us) =
            (Warning::TakenAsSeconds, Warning::TakenAsMilliseconds, Warning::TakenAsMicroseconds);
        // 1,337 µs apart in every unit.
        for (rows, apart, warning) in [
            (false, 1337.0, None),
            (false, 1.337, Some(ms)),
            (false, 0.001_337, Some(s)),
            (true, 1337.0, Some(us)),
            (true, 1.337, None),
        ] {
            let (events, stream) = read(&timed(rows, apart)).unwrap();
            let found: Vec<_> = stream.warnings.iter().map(|tally| (tally.warning, tally.count)).collect();
            let wanted: Vec<_> = warning.map(|warning| (warning, 100)).into_iter().collect();
            assert_eq!(found, wanted, "{rows} {apart}");
            // Rows are cut to whole µs, as tonic does.
            let near =
                |(i, event): (usize, &CameraEvent)| (event.t - 1337 * i as i64).abs() <= i64::from(rows);
            assert!(events.iter().enumerate().all(near), "{rows} {apart}");
        }
        // 40 µs apart, in rows of seconds.
        let (events, stream) = read(&timed(true, 0.000_04)).unwrap();
        assert_eq!((events[99].t, stream.warnings.count(s)), (3960, 100));
        let (_, stream) = read(&timed(false, 0.0)).unwrap();
        assert_eq!(stream.warnings.iter().count(), 0, "all at once: nothing tells a unit");
    }

    #[test]
    fn bad_arrays_are_refused() {
        let said = |header: &str, data: &[u8]| read(&file(header, data)).unwrap_err().to_string();
        let rows = |dtype: &str, shape: &str| {
            format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}")
        };
        for (header, words) in [
            (rows("<i2", "(2, 4)"), "the file ends inside the array: 16 bytes are needed, 1 are left"),
            (rows("<i2", "(2, 5)"), "shape [2, 5]"),
            (rows("<c8", "(2, 4)"), "the type of a number is <c8"),
            (rows("<i2", "(4294967296, 4294967296, 4)"), "2⁶⁴"),
            (rows("<i2", "(-1, 4)"), "whole lengths of 0 or more, with a product below 2⁶⁴"),
            (rows("<f8", "(1, 4)").replace("False", "Maybe"), "not a Python literal"),
            (rows("<i2", "(2,)").replace("'<i2'", "[('x', '<i2'), ('q', '<i2')]"), "x, q"),
            (rows("<i2", "(2, 4)").replace("False", "True"), "ascontiguousarray(a)"),
            (rows("<i2", "(4, 9)"), "ascontiguousarray(a.T)"),
            (rows("|u1", "(2, 32, 32, 2)"), "frames rather than events"),
            ("[".repeat(4000), "too deep"),
            ("{}".to_owned(), "without a shape"),
            // The parser took seconds for these, or did not come to an end.
            (format!("{{{{{{{{{{{{{}", "1+".repeat(2000)), "not a Python literal"),
            ("[']',".repeat(800), "too deep"),
        ] {
            let said = said(&header, &[0]);
            assert!(said.contains(words), "{header:.60}: {said}");
        }
        let nan: Vec<u8> =
            [1.0, 1.0, 1.0, f64::NAN].iter().flat_map(|number: &f64| number.to_le_bytes()).collect();
        assert!(said(&rows("<f8", "(1, 4)"), &nan).contains("an event's time is not a number"));
        let mut long = file("", &[]);
        long[8..10].copy_from_slice(&u16::MAX.to_le_bytes());
        assert!(read(&long).unwrap_err().to_string().contains("at most 4096"));
    }

    #[test]
    fn events_outside_are_counted() {
        let header = "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 4)}";
        let (events, stream) = read(&file(header, &[0xff, 0, 1, 1, 5, 5, 1, 2])).unwrap();
        assert_eq!(events, [CameraEvent { t: 2_000, x: 5, y: 5, on: true }]);
        assert_eq!(stream.warnings.count(Warning::Outside), 1);
    }
}
