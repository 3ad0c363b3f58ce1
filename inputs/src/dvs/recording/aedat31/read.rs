//! Reading AEDAT 3.1.

use std::io::Read;

use super::super::error::{Problem, RecordingError};
use super::super::input::Input;
use super::super::stream::{BATCH, Stream};
use super::super::warnings::Warning;
use super::{
    CameraEvent, DVS128, END_HEADER, EVENT_BYTES, HEADER_BYTES, POLARITY, PacketHeader, SOURCES, TIME_BITS,
};

/// Largest size of the text header, bytes. Real headers have some hundred.
const TEXT_LIMIT: usize = 1 << 20;

/// Reads events of a file.
#[derive(Debug)]
pub struct Reader<R> {
    input: Input<R>,
    stream: Stream,
    /// The packet that is being read.
    packet: Packet,
}

/// Remaining part of a packet.
#[derive(Debug, Default)]
struct Packet {
    /// Events to read.
    events: u64,
    /// Unused bytes after the events.
    unused: u64,
    /// Offset that the packet's header adds to each time stamp, µs.
    base: i64,
    /// Whether its header counts all events as valid.
    all_valid: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the text.
    pub fn new(mut input: Input<R>) -> Result<Self, RecordingError> {
        let mut sensor = None;
        loop {
            let begin = input.offset();
            let limit = TEXT_LIMIT.saturating_sub(begin as usize);
            let Some(line) = input.line(limit)? else {
                let what = "a header without `#!END-HEADER`";
                let too_large = Problem::TooLarge { what, found: input.offset(), limit: TEXT_LIMIT as u64 };
                return Err(RecordingError::new(begin, too_large));
            };
            let line = String::from_utf8_lossy(&line);
            let line = line.trim();
            if line == END_HEADER {
                break;
            }
            let value = |what, needed: &str| {
                let found = format!("`{line:.80}`");
                Err(RecordingError::new(begin, Problem::Value { what, found, needed: needed.to_owned() }))
            };
            if !line.starts_with('#') {
                return value("a line of the header", "a line that begins with #, up to `#!END-HEADER`");
            }
            if let Some(format) = line.strip_prefix("#Format:") {
                if format.trim() != "RAW" {
                    return value("the format", "`#Format: RAW`: compressed packets are not known here");
                }
            } else if line.starts_with("#Source ") && sensor.is_none() {
                let name = line.split_once(':').map_or("", |(_, name)| name.trim());
                sensor = SOURCES.iter().find(|(known, _)| *known == name).map(|(_, sensor)| *sensor);
            }
        }
        let mut stream = Stream::new(sensor.unwrap_or(DVS128));
        if sensor.is_none() {
            stream.warnings.add(Warning::UnknownSensor, 0);
        }
        Ok(Self { input, stream, packet: Packet::default() })
    }

    /// Reads the next batch of events; see [`super::super::Recording::next_batch`].
    pub fn next_batch(&mut self, events: &mut Vec<CameraEvent>) -> Result<bool, RecordingError> {
        while events.len() < BATCH {
            if self.packet.events == 0 && !self.next_packet()? {
                break;
            }
            self.decode(events)?;
        }
        Ok(!events.is_empty())
    }

    /// Reads headers up to that of a packet of events; false at the end of the file.
    fn next_packet(&mut self) -> Result<bool, RecordingError> {
        loop {
            self.input.skip(self.packet.unused, "a packet")?;
            self.packet = Packet::default();
            let begin = self.input.offset();
            let Some(bytes) = self.input.array::<HEADER_BYTES>("a packet's header")? else {
                return Ok(false);
            };
            let header = PacketHeader::from_bytes(&bytes);
            self.packet = header.check().map_err(|problem| RecordingError::new(begin, problem))?;
            if header.kind == POLARITY && self.packet.events > 0 {
                return Ok(true);
            }
            if header.kind != POLARITY {
                self.stream.warnings.add(Warning::OtherPacket, begin);
            }
        }
    }

    /// Decodes the packet's events that are in the buffer and fit into `events`.
    fn decode(&mut self, events: &mut Vec<CameraEvent>) -> Result<(), RecordingError> {
        let mut offset = self.input.offset();
        let left = self.packet.events;
        let bytes = self.input.peek(EVENT_BYTES)?;
        let (whole, _) = bytes.as_chunks::<EVENT_BYTES>();
        let count = (whole.len() as u64).min(left).min((BATCH.saturating_sub(events.len())) as u64) as usize;
        if count == 0 && left > 0 {
            let (needed, found) = (EVENT_BYTES as u64 * left, bytes.len() as u64);
            return Err(self.input.error(Problem::Truncated { what: "a packet's events", needed, found }));
        }
        for &[a, b, c, d, e, f, g, h] in &whole[..count] {
            let data = u32::from_le_bytes([a, b, c, d]);
            let time = i32::from_le_bytes([e, f, g, h]);
            if time < 0 {
                let (found, needed) = (time.to_string(), "0 or more".to_owned());
                return Err(RecordingError::new(
                    offset,
                    Problem::Value { what: "an event's time", found, needed },
                ));
            }
            let valid = data & 1 == 1;
            if valid || self.packet.all_valid {
                if !valid {
                    self.stream.warnings.add(Warning::Unmarked, offset);
                }
                let place = (i64::from(data >> 17), i64::from(data >> 2 & 0x7fff));
                let t = self.packet.base + i64::from(time);
                self.stream.push(events, t, place, data & 2 != 0, offset);
            } else {
                self.stream.warnings.add(Warning::Invalid, offset);
            }
            offset += EVENT_BYTES as u64;
        }
        self.input.consume(EVENT_BYTES * count);
        self.packet.events -= count as u64;
        Ok(())
    }

    pub(in super::super) fn stream(&self) -> &Stream {
        &self.stream
    }
}

impl PacketHeader {
    fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Self {
        let half = |i: usize| i16::from_le_bytes([bytes[i], bytes[i + 1]]);
        let word = |i: usize| i32::from_le_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
        Self {
            kind: half(0),
            source: half(2),
            size: word(4),
            time_offset: word(8),
            overflow: word(12),
            capacity: word(16),
            number: word(20),
            valid: word(24),
        }
    }

    /// Checks the header and returns the packet that follows it.
    ///
    /// A packet occupies room for its capacity, of which `number` events are used. The readers of
    /// the data set do the same; its writer makes both numbers equal.
    fn check(&self) -> Result<Packet, Problem> {
        let wrong = |what, found: i64, needed: &str| {
            Err(Problem::Value { what, found: found.to_string(), needed: needed.to_owned() })
        };
        if self.kind < 0 {
            return wrong("a packet's type", self.kind.into(), "0 or more, 1 for polarity events");
        }
        let Ok(size) = u64::try_from(self.size) else {
            return wrong("the size of an event", self.size.into(), "0 or more");
        };
        let Ok(capacity) = u64::try_from(self.capacity) else {
            return wrong("a packet's capacity", self.capacity.into(), "0 or more");
        };
        if self.kind != POLARITY {
            return Ok(Packet { unused: size * capacity, ..Packet::default() });
        }
        if self.size != EVENT_BYTES as i32 {
            return wrong("the size of a polarity event", self.size.into(), "8");
        }
        if self.time_offset != 4 {
            return wrong("the place of an event's time", self.time_offset.into(), "4");
        }
        if self.overflow < 0 {
            return wrong("the overflows of time", self.overflow.into(), "0 or more");
        }
        let events = u64::try_from(self.number).ok().filter(|&number| number <= capacity);
        let Some(events) = events else {
            return wrong("the number of events", self.number.into(), "0 to the packet's capacity");
        };
        Ok(Packet {
            events,
            unused: size * (capacity - events),
            base: i64::from(self.overflow) << TIME_BITS,
            all_valid: self.valid == self.number,
        })
    }
}
