//! AEDAT 4.0 as iniVation's DV writes it: a line of text, a FlatBuffers header,
//! then compressed packets.
//!
//! Each packet has 8 bytes before it, the number of its stream and its length; unpacked it is a
//! FlatBuffers table with its length before it. A packet of camera events has the identifier `EVTS`
//! and one field, a list of events of 16 bytes: time (i64, µs), x and y (i16), ON (u8), 3 unused.
//! After the packets stands a table of where they are.

mod flatbuffer;
mod info;
mod unpack;

use std::io::Read;

use super::super::event::{CameraEvent, DVS128, Sensor};
use super::error::{Problem, RecordingError};
use super::input::Input;
use super::stream::{BATCH, Stream};
use super::warnings::Warning;
use flatbuffer::Table;
use unpack::{Compression, PACKET_LIMIT};

/// First line of a file.
pub(super) const VERSION: &str = "#!AER-DAT4.0";
/// Largest header that is read, bytes: most of it is the text about the streams.
const HEADER_LIMIT: u64 = 4 << 20;
/// Bytes of an event.
const EVENT: usize = 16;

/// Reads events of a file: those of its first camera.
#[derive(Debug)]
pub struct Reader<R> {
    input: Input<R>,
    stream: Stream,
    compression: Compression,
    /// Number of the stream that is read.
    number: i32,
    /// Numbers of further streams of camera events.
    others: Vec<i32>,
    /// Byte offset of the end of the packets; `None` if the recorder did not write it.
    end: Option<u64>,
    /// The packet that is being read: its bytes packed and unpacked, where it stands, and which
    /// events are left.
    packed: Vec<u8>,
    packet: Vec<u8>,
    place: u64,
    events: std::ops::Range<usize>,
}

/// Contents of the file's header.
struct Header {
    compression: Compression,
    number: i32,
    sensor: Option<Sensor>,
    others: Vec<i32>,
    end: Option<u64>,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    pub fn new(mut input: Input<R>) -> Result<Self, RecordingError> {
        if input.line(80)?.is_none() {
            return Err(input.error(Problem::Truncated {
                what: "the first line",
                needed: 14,
                found: input.offset(),
            }));
        }
        let begin = input.offset();
        let length = u32::from_le_bytes(input.array("the header's length")?.unwrap_or_default());
        if u64::from(length) > HEADER_LIMIT {
            let found = length.into();
            let problem = Problem::TooLarge { what: "the header", found, limit: HEADER_LIMIT };
            return Err(RecordingError::new(begin, problem));
        }
        let mut bytes = Vec::new();
        input.read(length as usize, "the header", &mut bytes)?;
        let header =
            Header::read(&bytes, input.offset()).map_err(|problem| RecordingError::new(begin, problem))?;
        let mut stream = Stream::new(header.sensor.unwrap_or(DVS128));
        if header.sensor.is_none() {
            stream.warnings.add(Warning::UnknownSensor, begin);
        }
        let Header { compression, number, others, end, .. } = header;
        let (packed, packet) = (Vec::new(), Vec::new());
        Ok(Self { input, stream, compression, number, others, end, packed, packet, place: 0, events: 0..0 })
    }

    /// Reads the next batch of events; see [`super::Recording::next_batch`].
    pub fn next_batch(&mut self, events: &mut Vec<CameraEvent>) -> Result<bool, RecordingError> {
        while events.len() < BATCH {
            if self.events.is_empty() && !self.next_packet()? {
                break;
            }
            self.decode(events);
        }
        Ok(!events.is_empty())
    }

    /// Reads up to a packet that has events; false at the end of the packets.
    fn next_packet(&mut self) -> Result<bool, RecordingError> {
        while self.end != Some(self.input.offset()) {
            let begin = self.input.offset();
            let Some(bytes) = self.input.array::<8>("a packet's header")? else {
                let Some(end) = self.end else { return Ok(false) };
                let (what, needed) = ("the packets, before their table", end - begin);
                return Err(self.input.error(Problem::Truncated { what, needed, found: 0 }));
            };
            let [a, b, c, d, e, f, g, h] = bytes;
            let number = i32::from_le_bytes([a, b, c, d]);
            let length = self.length(begin, i32::from_le_bytes([e, f, g, h]))?;
            if number != self.number {
                let camera = self.others.contains(&number);
                let warning = if camera { Warning::OtherCamera } else { Warning::OtherPacket };
                self.stream.warnings.add(warning, begin);
                self.input.skip(length, "a packet")?;
                continue;
            }
            self.input.read(length as usize, "a packet", &mut self.packed)?;
            self.place = begin;
            self.events = self.unpack().map_err(|problem| RecordingError::new(begin, problem))?;
            if !self.events.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns a packet's length, if it is possible.
    fn length(&self, begin: u64, length: i32) -> Result<u64, RecordingError> {
        let error = |problem| Err(RecordingError::new(begin, problem));
        let Ok(found) = u64::try_from(length) else {
            let needed = "0 or more".to_owned();
            return error(Problem::Value { what: "a packet's length", found: length.to_string(), needed });
        };
        if found > PACKET_LIMIT as u64 {
            return error(Problem::TooLarge { what: "a packet", found, limit: PACKET_LIMIT as u64 });
        }
        match self.end {
            Some(end) if begin + 8 + found > end => {
                let needed =
                    format!("at most {}: the packets end at byte {end}", end.saturating_sub(begin + 8));
                error(Problem::Value { what: "a packet's length", found: length.to_string(), needed })
            }
            _ => Ok(found),
        }
    }

    /// Unpacks the packet and finds its events.
    fn unpack(&mut self) -> Result<std::ops::Range<usize>, Problem> {
        self.compression.unpack(&self.packed, &mut self.packet)?;
        let table = Table::root(&self.packet, *b"EVTS", "EventPacket")?;
        let (begin, count) = table.vector(0, EVENT, "the list of events")?;
        Ok(begin..begin + EVENT * count)
    }

    /// Decodes the packet's events that fit into `events`.
    fn decode(&mut self, events: &mut Vec<CameraEvent>) {
        let room = EVENT * BATCH.saturating_sub(events.len());
        let end = self.events.end.min(self.events.start + room);
        let bytes = self.packet.get(self.events.start..end).unwrap_or_default();
        for event in bytes.as_chunks::<EVENT>().0 {
            let &[t0, t1, t2, t3, t4, t5, t6, t7, x0, x1, y0, y1, on, ..] = event;
            let t = i64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]);
            let x = i16::from_le_bytes([x0, x1]);
            let y = i16::from_le_bytes([y0, y1]);
            // Bytes of an unpacked packet have no place in the file; the packet has.
            self.stream.push(events, t, (x.into(), y.into()), on != 0, self.place);
        }
        self.events.start = end;
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }
}

impl Header {
    /// Reads it from its bytes; packets begin at byte `packets` of the file.
    fn read(bytes: &[u8], packets: u64) -> Result<Self, Problem> {
        let table = Table::root(bytes, *b"IOHE", "IOHeader")?;
        let number = table.i32(0, 0, "the compression")?;
        let compression = Compression::from_number(number).ok_or_else(|| Problem::Value {
            what: "the compression",
            found: number.to_string(),
            needed: "0 (none), 1 or 2 (LZ4), 3 or 4 (Zstandard)".to_owned(),
        })?;
        let end = table.i64(1, -1, "the place of the table of packets")?;
        if (0..packets as i64).contains(&end) {
            let needed = format!("-1 or at least {packets}, where the packets begin");
            let what = "the place of the table of packets";
            return Err(Problem::Value { what, found: end.to_string(), needed });
        }
        let end = u64::try_from(end).ok();
        let xml = table.text(2, "the text about the streams")?;
        let streams = info::streams(&String::from_utf8_lossy(xml));
        let mut cameras = streams.iter().filter(|(_, stream)| stream.kind == "EVTS");
        let Some((&number, stream)) = cameras.next() else {
            let kinds: Vec<&str> = streams.values().map(|stream| stream.kind.as_str()).collect();
            let found =
                if kinds.is_empty() { "empty".to_owned() } else { format!("{:.80}", kinds.join(", ")) };
            let needed = "a stream of type EVTS (camera events)".to_owned();
            return Err(Problem::Value { what: "the list of streams", found, needed });
        };
        let others = cameras.map(|(&number, _)| number).collect();
        Ok(Self { compression, number, sensor: stream.sensor(), others, end })
    }
}
