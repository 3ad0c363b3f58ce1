//! Places and types of an event's numbers in a record of an array.

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar, TypeStr};

use super::super::error::{Problem, RecordingError};
use super::clock::Unit;

/// Largest size of a record, bytes.
pub(super) const RECORD_LIMIT: usize = 4096;
/// Remedy for arrays in an order that cannot be read event by event.
const CONTIGUOUS: &str =
    "C's, one event after the other: numpy.save(\"events.npy\", numpy.ascontiguousarray(a))";

/// Places of an event's four numbers in a record.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub x: Number,
    pub y: Number,
    pub p: Number,
    pub t: Number,
    /// Bytes of a record.
    pub bytes: usize,
    /// Whether records are rows of four plain numbers, whose times are in ms by convention.
    pub rows: bool,
}

/// Place and type of a number in a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    at: usize,
    kind: Kind,
    size: usize,
    big: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unsigned,
    Signed,
    Float,
}

impl Layout {
    pub(super) fn of(header: &NpyHeader) -> Result<Self, Problem> {
        let shape = header.shape();
        let layout = match header.dtype() {
            DType::Record(fields) if shape.len() == 1 => Self::of_record(&fields)?,
            DType::Plain(kind) if shape.len() == 2 && shape.get(1) == Some(&4) => {
                if header.order() != Order::C && shape.first().is_some_and(|&rows| rows > 1) {
                    return value("the order of the array", "Fortran's".to_owned(), CONTIGUOUS);
                }
                Self::of_rows(&kind)?
            }
            DType::Plain(kind) if shape.len() >= 3 => {
                let found = format!("frames rather than events: {kind} of shape {shape:?}");
                let needed = "the events that the frames were made of: one record of x, y, t, p an event";
                return value("the array", found, needed);
            }
            DType::Plain(kind) if shape.len() == 2 && shape.first() == Some(&4) => {
                let needed = "a row for each event: numpy.save(\"events.npy\", numpy.ascontiguousarray(a.T))";
                return value("the array", format!("{kind} of shape {shape:?}"), needed);
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
            if let Some(slot) = meaning(&field.name) {
                let DType::Plain(kind) = &field.dtype else {
                    return value("a field of the array", field.dtype.descr(), "a number");
                };
                if let Some(slot) = found.get_mut(slot) {
                    *slot = Some(Number::of(kind, at)?);
                }
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
            let needed = "x, y, t (or ts, time, timestamp) and p (or pol, polarity, on)";
            return value("the list of fields", format!("{:.120}", names.join(", ")), needed);
        };
        Ok(Self { x, y, p, t, bytes: at, rows: false })
    }

    fn of_rows(kind: &TypeStr) -> Result<Self, Problem> {
        let first = Number::of(kind, 0)?;
        let [x, y, p, t] = [0, 1, 2, 3].map(|i| Number { at: i * first.size, ..first });
        Ok(Self { x, y, p, t, bytes: 4 * first.size, rows: true })
    }

    /// Returns time (µs), column and row, and `true` for ON.
    pub(super) fn event(
        &self,
        record: &[u8],
        unit: Unit,
        offset: u64,
    ) -> Result<(i64, (i64, i64), bool), RecordingError> {
        let checked = |number: &Number, what, value: Option<i64>| {
            value.ok_or_else(|| {
                let (found, needed) = ("not a number, or too large".to_owned(), "a whole number".to_owned());
                RecordingError::new(offset + number.at as u64, Problem::Value { what, found, needed })
            })
        };
        let t = checked(&self.t, "an event's time", self.t.time(record, unit))?;
        let x = checked(&self.x, "an event's x", self.x.whole(record))?;
        let y = checked(&self.y, "an event's y", self.y.whole(record))?;
        // OFF is 0 in most data sets and −1 in some.
        let on = checked(&self.p, "an event's polarity", self.p.whole(record))? > 0;
        Ok((t, (x, y), on))
    }
}

/// Returns the index of a field in (x, y, p, t), by the names that loaders give it.
pub(super) fn meaning(name: &str) -> Option<usize> {
    Some(match name.to_ascii_lowercase().as_str() {
        "x" | "xs" => 0,
        "y" | "ys" => 1,
        "p" | "ps" | "pol" | "polarity" | "polarities" | "on" => 2,
        "t" | "ts" | "time" | "timestamp" | "timestamps" => 3,
        _ => return None,
    })
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

    /// Returns `true` for a floating-point number, which may have a fraction.
    pub(super) fn is_float(self) -> bool {
        self.kind == Kind::Float
    }

    /// Returns the bits in the low end of a word; `None` if the record ends before.
    fn bits(self, record: &[u8]) -> Option<u64> {
        let mut bytes = [0; 8];
        let source = record.get(self.at..self.at + self.size)?;
        let target = bytes.get_mut(..self.size)?;
        target.copy_from_slice(source);
        if self.big {
            target.reverse();
        }
        Some(u64::from_le_bytes(bytes))
    }

    /// Returns the number without scaling, to determine its unit.
    pub(super) fn real(self, record: &[u8]) -> Option<f64> {
        let raw = self.bits(record)?;
        Some(match (self.kind, self.size) {
            (Kind::Unsigned, _) => raw as f64,
            (Kind::Signed, size) => signed(raw, size) as f64,
            (Kind::Float, 4) => f32::from_bits(raw as u32).into(),
            (Kind::Float, _) => f64::from_bits(raw),
        })
    }

    /// Returns the whole part of the number; `None` if no `i64` holds it.
    fn whole(self, record: &[u8]) -> Option<i64> {
        self.scaled(record, 1)
    }

    /// Returns a time in µs; `None` if no `i64` holds it.
    ///
    /// Milliseconds in rows follow tonic (`events[:, 3] *= 1000`, then `astype`): the product
    /// is taken in the array's own type and cut. Every other unit is rounded to the nearest µs,
    /// in double precision.
    pub(super) fn time(self, record: &[u8], unit: Unit) -> Option<i64> {
        match unit {
            Unit::Microseconds => self.scaled(record, 1),
            Unit::TonicMilliseconds => self.scaled(record, 1000),
            Unit::Milliseconds | Unit::Seconds => {
                let factor: i64 = if unit == Unit::Seconds { 1_000_000 } else { 1000 };
                if self.kind == Kind::Float {
                    return whole((self.real(record)? * factor as f64).round());
                }
                self.scaled(record, factor)
            }
        }
    }

    fn scaled(self, record: &[u8], factor: i64) -> Option<i64> {
        let raw = self.bits(record)?;
        match (self.kind, self.size) {
            (Kind::Unsigned, _) => i64::try_from(raw).ok()?.checked_mul(factor),
            (Kind::Signed, size) => signed(raw, size).checked_mul(factor),
            (Kind::Float, 4) => whole((f32::from_bits(raw as u32) * factor as f32).into()),
            (Kind::Float, _) => whole(f64::from_bits(raw) * factor as f64),
        }
    }
}

/// Extends the sign of a number of `size` bytes.
fn signed(raw: u64, size: usize) -> i64 {
    let shift = 64 - 8 * size as u32;
    (raw << shift) as i64 >> shift
}

/// Returns the whole part, if an `i64` is certain to hold it.
fn whole(number: f64) -> Option<i64> {
    (number.abs() < 9.0e18).then_some(number as i64)
}

fn value<T>(what: &'static str, found: String, needed: &str) -> Result<T, Problem> {
    Err(Problem::Value { what, found, needed: needed.to_owned() })
}
