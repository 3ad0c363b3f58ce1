//! The few FlatBuffers tables that AEDAT 4 uses, read in place by checked slicing.
//!
//! A table begins with the signed distance back to its list of fields; that list holds its own
//! length, the table's length, then for each field its place in the table, 0 for a field that has
//! its default (FlatBuffers, "Internals").

use super::super::error::Problem;

/// A table in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    name: &'static str,
    buffer: &'a [u8],
    /// Byte offset of the table in its buffer.
    place: usize,
}

impl<'a> Table<'a> {
    /// Returns the root table of a buffer, if the buffer has this identifier.
    pub fn root(buffer: &'a [u8], identifier: [u8; 4], name: &'static str) -> Result<Self, Problem> {
        let table = Self { name, buffer, place: 0 };
        if buffer.get(4..8) != Some(identifier.as_slice()) {
            return Err(table.corrupt("its identifier"));
        }
        let place = table.u32(0).ok_or(table.corrupt("its beginning"))?;
        Ok(Self { place: place as usize, ..table })
    }

    /// Returns the place of the field with this number; `None` where it has its default.
    fn field(&self, number: usize) -> Result<Option<usize>, Problem> {
        let corrupt = || self.corrupt("its list of fields");
        let back = self.u32(self.place).ok_or_else(corrupt)? as i32;
        let list = usize::try_from(self.place as i64 - i64::from(back)).map_err(|_| corrupt())?;
        let length = usize::from(self.u16(list).ok_or_else(corrupt)?);
        let entry = 4 + 2 * number;
        if entry + 2 > length {
            return Ok(None);
        }
        let place = usize::from(self.u16(list + entry).ok_or_else(corrupt)?);
        Ok((place != 0).then_some(self.place + place))
    }

    /// Reads the 32-bit integer of field `number`; `default` where the field is missing.
    pub fn i32(&self, number: usize, default: i32, what: &'static str) -> Result<i32, Problem> {
        let Some(place) = self.field(number)? else { return Ok(default) };
        self.u32(place).map(|bits| bits as i32).ok_or(self.corrupt(what))
    }

    /// Reads the 64-bit integer of field `number`; `default` where the field is missing.
    pub fn i64(&self, number: usize, default: i64, what: &'static str) -> Result<i64, Problem> {
        let Some(place) = self.field(number)? else { return Ok(default) };
        self.bytes(place).map(i64::from_le_bytes).ok_or(self.corrupt(what))
    }

    /// Reads the extent of a list of elements of `size` bytes each: its byte offset in the buffer
    /// and the number of elements. The list is empty where the field is missing.
    pub fn vector(&self, number: usize, size: usize, what: &'static str) -> Result<(usize, usize), Problem> {
        let Some(place) = self.field(number)? else { return Ok((0, 0)) };
        let found = || {
            let list = place.checked_add(self.u32(place)? as usize)?;
            let count = self.u32(list)? as usize;
            let end = count.checked_mul(size)?.checked_add(list + 4)?;
            (end <= self.buffer.len()).then_some((list + 4, count))
        };
        found().ok_or(self.corrupt(what))
    }

    /// Reads the bytes of a text; empty where the field is missing.
    pub fn text(&self, number: usize, what: &'static str) -> Result<&'a [u8], Problem> {
        let (begin, count) = self.vector(number, 1, what)?;
        Ok(self.buffer.get(begin..begin + count).unwrap_or_default())
    }

    fn u16(&self, place: usize) -> Option<u16> {
        self.bytes(place).map(u16::from_le_bytes)
    }

    fn u32(&self, place: usize) -> Option<u32> {
        self.bytes(place).map(u32::from_le_bytes)
    }

    fn bytes<const N: usize>(&self, place: usize) -> Option<[u8; N]> {
        self.buffer.get(place..)?.first_chunk().copied()
    }

    fn corrupt(&self, what: &'static str) -> Problem {
        Problem::Table { table: self.name, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table `{ i32: 7 }`, with its list of fields first, and a list of two bytes in field 2.
    const BUFFER: [u8; 38] = [
        18, 0, 0, 0, b'T', b'E', b'S', b'T', 10, 0, 12, 0, 4, 0, 0, 0, 8, 0, // list at 8
        10, 0, 0, 0, 7, 0, 0, 0, 4, 0, 0, 0, // table at 18
        2, 0, 0, 0, 1, 2, 0, 0, // list of bytes at 30
    ];

    #[test]
    fn fields_and_defaults() {
        let table = Table::root(&BUFFER, *b"TEST", "test").unwrap();
        assert_eq!(table.i32(0, 1, "a").unwrap(), 7);
        assert_eq!(table.i64(1, -1, "b").unwrap(), -1);
        assert_eq!(table.text(2, "c").unwrap(), [1, 2]);
        assert_eq!(table.i32(3, 5, "d").unwrap(), 5);
    }

    #[test]
    fn nothing_is_read_outside_of_the_buffer() {
        assert!(Table::root(&BUFFER, *b"NONE", "test").is_err());
        for length in 0..BUFFER.len() - 2 {
            let table = Table::root(&BUFFER[..length], *b"TEST", "test");
            assert!(table.and_then(|t| t.text(2, "c").map(<[u8]>::len)).is_err(), "{length}");
        }
        for place in [0, 26, 30] {
            let mut buffer = BUFFER;
            buffer[place..place + 4].copy_from_slice(&[0xff; 4]);
            let table = Table::root(&buffer, *b"TEST", "test").unwrap();
            assert!(table.text(2, "c").is_err(), "{place}");
        }
    }
}
