//! Buffered input of a file, which counts the bytes read. Memory stays bounded for any content of
//! the file.

use std::io::{ErrorKind, Read};

use super::error::{Problem, RecordingError};

/// Size of the buffer, in bytes.
pub(super) const BUFFER: usize = 64 * 1024;

/// File that is read from its beginning to its end.
#[derive(Debug)]
pub struct Input<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Index in the buffer of the next byte to read.
    start: usize,
    /// Offset in the file of the next byte to read.
    offset: u64,
}

impl<R: Read> Input<R> {
    /// Creates an input at byte 0 of a file.
    pub fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), start: 0, offset: 0 }
    }

    /// Returns the offset in the file of the next byte to read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns an error that names the offset of the next byte.
    pub fn error(&self, problem: Problem) -> RecordingError {
        RecordingError::new(self.offset, problem)
    }

    /// Returns the next bytes: at least `wanted` (at most [`BUFFER`]), or the rest of the file.
    pub fn peek(&mut self, wanted: usize) -> Result<&[u8], RecordingError> {
        let wanted = wanted.min(BUFFER);
        if self.buffer.len() - self.start < wanted {
            self.buffer.drain(..self.start);
            self.start = 0;
            self.refill(wanted)?;
        }
        Ok(&self.buffer[self.start..])
    }

    /// Reads until the buffer has `wanted` bytes or the file ends.
    fn refill(&mut self, wanted: usize) -> Result<(), RecordingError> {
        let mut filled = self.buffer.len();
        self.buffer.resize(BUFFER, 0);
        let mut result = Ok(());
        while filled < wanted {
            match self.reader.read(&mut self.buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    result = Err(RecordingError::new(self.offset + filled as u64, Problem::Read(error)));
                    break;
                }
            }
        }
        self.buffer.truncate(filled);
        result
    }

    /// Skips `bytes` bytes, which must be in the buffer.
    pub fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.buffer.len() - self.start);
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Reads the next `N` bytes; `None` at the end of the file.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<Option<[u8; N]>, RecordingError> {
        let bytes = self.peek(N)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let Some(array) = bytes.first_chunk().copied() else {
            let found = bytes.len() as u64;
            return Err(self.error(Problem::Truncated { what, needed: N as u64, found }));
        };
        self.consume(N);
        Ok(Some(array))
    }

    /// Replaces the contents of a vector by the next bytes. The vector grows with the bytes that
    /// are read, not to the length that the file declares.
    pub fn read(
        &mut self,
        length: usize,
        what: &'static str,
        into: &mut Vec<u8>,
    ) -> Result<(), RecordingError> {
        into.clear();
        self.each(length as u64, what, |bytes| into.extend_from_slice(bytes))
    }

    /// Skips `length` bytes, in the buffer or beyond it.
    pub fn skip(&mut self, length: u64, what: &'static str) -> Result<(), RecordingError> {
        self.each(length, what, |_| ())
    }

    fn each(
        &mut self,
        length: u64,
        what: &'static str,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), RecordingError> {
        let begin = self.offset;
        let mut left = length;
        while left > 0 {
            let bytes = self.peek(1)?;
            let usable = left.min(bytes.len() as u64) as usize;
            if usable == 0 {
                let truncated = Problem::Truncated { what, needed: length, found: length - left };
                return Err(RecordingError::new(begin, truncated));
            }
            take(&bytes[..usable]);
            self.consume(usable);
            left -= usable as u64;
        }
        Ok(())
    }

    /// Reads the next line with its end; `None` if it has none within `limit` bytes or the file.
    pub fn line(&mut self, limit: usize) -> Result<Option<Vec<u8>>, RecordingError> {
        let mut line = Vec::new();
        while line.len() < limit {
            let bytes = self.peek(1)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let bytes = &bytes[..bytes.len().min(limit - line.len())];
            let end = bytes.iter().position(|&byte| byte == b'\n');
            let usable = end.map_or(bytes.len(), |end| end + 1);
            line.extend_from_slice(&bytes[..usable]);
            self.consume(usable);
            if end.is_some() {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reader that returns one byte at a time, as a pipe may.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let length = self.0.len().min(into.len()).min(1);
            into[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    #[test]
    fn bytes_come_in_order_however_they_drip() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3 * BUFFER).collect();
        let mut input = Input::new(Drip(&bytes));
        assert_eq!(input.array::<4>("a word").unwrap(), Some([0, 1, 2, 3]));
        input.skip(BUFFER as u64, "a gap").unwrap();
        let mut rest = Vec::new();
        input.read(2 * BUFFER - 5, "the rest", &mut rest).unwrap();
        assert_eq!(rest, bytes[BUFFER + 4..bytes.len() - 1]);
        assert_eq!(input.offset(), bytes.len() as u64 - 1);
        let error = input.array::<4>("a word").unwrap_err().to_string();
        assert!(error.contains(&format!("byte {}", bytes.len() - 1)), "{error}");
        assert!(error.contains("4 bytes are needed, 1 are left"), "{error}");
    }

    #[test]
    fn promised_bytes_take_no_memory() {
        let mut into = Vec::new();
        let error = Input::new(&[1, 2, 3][..]).read(usize::MAX, "a promise", &mut into).unwrap_err();
        assert!(error.to_string().contains("a promise"), "{error}");
        assert!(into.capacity() <= 64);
    }

    #[test]
    fn lines_end_within_a_limit() {
        let mut input = Input::new(&b"ab\ncd"[..]);
        assert_eq!(input.line(10).unwrap().as_deref(), Some(&b"ab\n"[..]));
        assert_eq!(input.line(10).unwrap(), None);
        assert_eq!(Input::new(&b"abcdef\n"[..]).line(3).unwrap(), None);
    }
}
