//! Events as NumPy arrays: `.npy` as tonic has them.
//!
//! Either a structured array, one record an event, with the fields x, y, t (µs) and p in any order and of any type of
//! number; or rows of four numbers x, y, p, t with t in *milliseconds*, the layout of tonic's cut DVS128 Gesture. The
//! format holds no size of the sensor: it is given.

use std::io::Read;
use std::num::NonZeroUsize;

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar, TypeStr};

use super::super::event::{CameraEvent, Sensor};
use super::error::{Problem, RecordingError};
use super::input::Input;
use super::stream::{BATCH, Stream};

/// First bytes of a file.
pub(super) const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Most bytes of the header; NumPy itself refuses more than 10,000.
const HEADER_LIMIT: usize = 4096;
/// Deepest nesting of brackets in the header, which its parser follows by recursion.
const DEPTH_LIMIT: usize = 6;
/// Most steps of the header's parser. A header of tonic takes 3,400, one of 230 fields 71,000; but the parser tries what
/// an open bracket may be one after the other, so that every level can double or treble its work, and a quoted bracket
/// hides a level from [`DEPTH_LIMIT`].
const STEP_LIMIT: usize = 4_000_000;
/// Most bytes of a record.
const RECORD_LIMIT: usize = 4096;

/// Reads events of a file.
#[derive(Debug)]
pub struct Reader<R> {
    input: Input<R>,
    stream: Stream,
    layout: Layout,
    /// Records to read.
    left: u64,
}

/// Where in a record what stands.
#[derive(Clone, Debug)]
struct Layout {
    x: Number,
    y: Number,
    p: Number,
    t: Number,
    /// Bytes of a record.
    bytes: usize,
    /// Times are in milliseconds.
    milliseconds: bool,
}

/// A number in a record.
#[derive(Clone, Copy, Debug)]
struct Number {
    at: usize,
    kind: Kind,
    size: usize,
    big: bool,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Unsigned,
    Signed,
    Float,
}

impl<R: Read> Reader<R> {
    /// Reads the header. The sensor is what the events come from; those outside of it are counted and skipped.
    pub fn new(mut input: Input<R>, sensor: Sensor) -> Result<Self, RecordingError> {
        let header = read_header(&mut input)?;
        let layout = Layout::of(&header).map_err(|problem| RecordingError::new(0, problem))?;
        let left = header.shape().first().copied().unwrap_or(0);
        Ok(Self { input, stream: Stream::new(sensor), layout, left })
    }

    /// See [`super::Recording::next_batch`].
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
                let (t, place, on) = self.layout.event(record, offset)?;
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
    let mut bytes = start.to_vec();
    let length = if major == 1 {
        let length: [u8; 2] = input.array("the header")?.unwrap_or_default();
        bytes.extend(length);
        usize::from(u16::from_le_bytes(length))
    } else {
        let length: [u8; 4] = input.array("the header")?.unwrap_or_default();
        bytes.extend(length);
        u32::from_le_bytes(length) as usize
    };
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
    check_header(&text).map_err(|why| error(why.to_owned()))?;
    NpyHeader::from_reader(bytes.as_slice()).map_err(|why| error(format!("{:.200}", why.to_string())))
}

/// Whether the parser may see this text: its recursion, its work and the product of the shape are bounded here.
fn check_header(text: &[u8]) -> Result<(), &'static str> {
    let mut depth = 0_usize;
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_LIMIT {
            return Err("too deep: more than 6 brackets inside of each other");
        }
    }
    let text = std::str::from_utf8(text).map_err(|_| "not UTF-8")?;
    // For the whole process and from now on, so for npyz's own parsing, too; nothing else parses with pest.
    pest::set_call_limit(NonZeroUsize::new(STEP_LIMIT));
    let literal = text.trim_end().parse();
    let value: py_literal::Value = literal.map_err(|_| "no Python literal of at most four million steps")?;
    let shape = value.as_dict().and_then(|fields| {
        fields
            .iter()
            .find(|(key, _)| key.as_string().is_some_and(|key| key == "shape"))
            .map(|(_, shape)| shape)
    });
    let Some(shape) = shape.and_then(py_literal::Value::as_tuple) else { return Err("without a shape") };
    let product = shape
        .iter()
        .try_fold(1_u64, |product, side| product.checked_mul(u64::try_from(side.as_integer()?).ok()?.max(1)));
    product.map(|_| ()).ok_or("with a shape of more than 2⁶⁴ entries")
}

impl Layout {
    fn of(header: &NpyHeader) -> Result<Self, Problem> {
        let shape = header.shape();
        let layout = match header.dtype() {
            DType::Record(fields) if shape.len() == 1 => Self::of_record(&fields)?,
            DType::Plain(kind) if shape.len() == 2 && shape.get(1) == Some(&4) => {
                if header.order() != Order::C && shape.first().is_some_and(|&rows| rows > 1) {
                    return value(
                        "the order of the array",
                        "Fortran's".to_owned(),
                        "C's: one event after the other",
                    );
                }
                Self::of_rows(&kind)?
            }
            other => {
                let found = format!("{:.120} of shape {shape:?}", other.descr());
                return value("the array", found, "one record of x, y, t, p an event, or rows of 4 numbers");
            }
        };
        if layout.bytes == 0 || layout.bytes > RECORD_LIMIT {
            let found = format!("{} bytes long", layout.bytes);
            return value("a record", found, "at most 4096 bytes");
        }
        Ok(layout)
    }

    fn of_record(fields: &[npyz::Field]) -> Result<Self, Problem> {
        let mut at = 0_usize;
        let mut found: [Option<Number>; 4] = [None; 4];
        for field in fields {
            let slot = match field.name.as_str() {
                "x" => Some(0),
                "y" => Some(1),
                "p" | "pol" | "polarity" => Some(2),
                "t" | "ts" | "timestamp" => Some(3),
                _ => None,
            };
            if let Some(slot) = slot {
                let DType::Plain(kind) = &field.dtype else {
                    return value("a field of the array", field.dtype.descr(), "a number");
                };
                found[slot] = Some(Number::of(kind, at)?);
            }
            let size = field.dtype.num_bytes().and_then(|size| at.checked_add(size));
            at = size.filter(|&at| at <= RECORD_LIMIT).ok_or_else(|| Problem::TooLarge {
                what: "a record",
                found: RECORD_LIMIT as u64 + 1,
                limit: RECORD_LIMIT as u64,
            })?;
        }
        let [Some(x), Some(y), Some(p), Some(t)] = found else {
            let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            return value("the list of fields", format!("{:.120}", names.join(", ")), "x, y, t and p");
        };
        Ok(Self { x, y, p, t, bytes: at, milliseconds: false })
    }

    fn of_rows(kind: &TypeStr) -> Result<Self, Problem> {
        let first = Number::of(kind, 0)?;
        let [x, y, p, t] = [0, 1, 2, 3].map(|i| Number { at: i * first.size, ..first });
        Ok(Self { x, y, p, t, bytes: 4 * first.size, milliseconds: true })
    }

    /// Time, column and row, ON.
    fn event(&self, record: &[u8], offset: u64) -> Result<(i64, (i64, i64), bool), RecordingError> {
        let number = |number: &Number, what, thousand| {
            number.read(record, thousand).ok_or_else(|| {
                let (found, needed) = ("not a number, or too large".to_owned(), "a whole number".to_owned());
                RecordingError::new(offset + number.at as u64, Problem::Value { what, found, needed })
            })
        };
        let t = number(&self.t, "an event's time", self.milliseconds)?;
        let x = number(&self.x, "an event's x", false)?;
        let y = number(&self.y, "an event's y", false)?;
        // OFF is 0 in most data sets and −1 in some.
        let on = number(&self.p, "an event's polarity", false)? > 0;
        Ok((t, (x, y), on))
    }
}

impl Number {
    fn of(kind: &TypeStr, at: usize) -> Result<Self, Problem> {
        let size = kind.num_bytes().unwrap_or(0);
        let big = kind.endianness() == Endianness::Big;
        let kind = match (kind.type_char(), size) {
            (TypeChar::Bool, 1) | (TypeChar::Uint, 1 | 2 | 4 | 8) => Kind::Unsigned,
            (TypeChar::Int, 1 | 2 | 4 | 8) => Kind::Signed,
            (TypeChar::Float, 4 | 8) => Kind::Float,
            _ => {
                let needed = "a whole number of 1, 2, 4 or 8 bytes, a bool, f4 or f8";
                return value("the type of a number", kind.to_string(), needed);
            }
        };
        Ok(Self { at, kind, size, big })
    }

    /// The number, times a thousand if wanted, the rest after the point cut off as NumPy's `astype` does. The product
    /// is taken in the array's own type, as tonic's `events[:, 3] *= 1000` does. None where the result is no `i64`.
    fn read(self, record: &[u8], thousand: bool) -> Option<i64> {
        let mut bytes = [0; 8];
        let source = record.get(self.at..self.at + self.size)?;
        let target = bytes.get_mut(..self.size)?;
        target.copy_from_slice(source);
        if self.big {
            target.reverse();
        }
        let raw = u64::from_le_bytes(bytes);
        let factor = if thousand { 1000 } else { 1 };
        match (self.kind, self.size) {
            (Kind::Unsigned, _) => i64::try_from(raw).ok()?.checked_mul(factor),
            (Kind::Signed, size) => {
                let shift = 64 - 8 * size as u32;
                ((raw << shift) as i64 >> shift).checked_mul(factor)
            }
            (Kind::Float, 4) => whole((f32::from_bits(raw as u32) * factor as f32).into()),
            (Kind::Float, _) => whole(f64::from_bits(raw) * factor as f64),
        }
    }
}

/// What stands before the point, if an `i64` holds it for certain.
fn whole(number: f64) -> Option<i64> {
    (number.abs() < 9.0e18).then_some(number as i64)
}

fn value<T>(what: &'static str, found: String, needed: &str) -> Result<T, Problem> {
    Err(Problem::Value { what, found, needed: needed.to_owned() })
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
    fn bad_arrays_are_refused() {
        let said = |header: &str, data: &[u8]| read(&file(header, data)).unwrap_err().to_string();
        let rows = |dtype: &str, shape: &str| {
            format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}")
        };
        for (header, words) in [
            (rows("<i2", "(2, 4)"), "the file ends inside the array: 16 bytes are needed, 1 are there"),
            (rows("<i2", "(2, 5)"), "shape [2, 5]"),
            (rows("<c8", "(2, 4)"), "the type of a number is <c8"),
            (rows("<i2", "(4294967296, 4294967296, 4)"), "2⁶⁴"),
            (rows("<i2", "(-1, 4)"), "2⁶⁴"),
            (rows("<f8", "(1, 4)").replace("False", "Maybe"), "no Python literal"),
            (rows("<i2", "(2,)").replace("'<i2'", "[('x', '<i2'), ('q', '<i2')]"), "x, q"),
            (rows("<i2", "(2, 4)").replace("False", "True"), "Fortran"),
            ("[".repeat(4000), "too deep"),
            ("{}".to_owned(), "without a shape"),
            // These kept the parser busy for seconds, and for longer than anyone waits.
            (format!("{{{{{{{{{{{{{}", "1+".repeat(2000)), "no Python literal"),
            ("[']',".repeat(800), "no Python literal"),
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
