//! AEDAT 3.1, the format of DVS128 Gesture: lines of text up to `#!END-HEADER`, then packets.
//!
//! A packet is a header of 28 bytes and its events, 8 bytes each, all little-endian (iniVation,
//! "AEDAT file formats", version 3.1). A polarity event is a word of data (bit 0: valid, bit 1: ON,
//! bits 2 to 16: y, bits 17 to 31: x) and a word of time in microseconds, 31 bits; what does not
//! fit stands in the packet's header as a count of overflows.

mod read;
mod write;

pub(super) use read::Reader;
pub use write::{WriteError, Writer};

use super::super::event::{CameraEvent, DVS128, Sensor};

/// First line of a file.
pub(super) const VERSION: &str = "#!AER-DAT3.1";
/// Last line of the text.
const END_HEADER: &str = "#!END-HEADER";
/// Bytes of a packet's header.
const HEADER_BYTES: usize = 28;
/// Bytes of a polarity event.
const EVENT_BYTES: usize = 8;
/// Bits of an event's own time; the rest is in the header of its packet.
const TIME_BITS: u32 = 31;
/// Type number of packets with polarity events.
const POLARITY: i16 = 1;

/// Sensors by their name in `#Source 1: NAME`, as iniVation's recorders write them.
const SOURCES: [(&str, Sensor); 7] = [
    ("DVS128", DVS128),
    ("DAVIS128", DVS128),
    ("DAVIS240A", Sensor { width: 240, height: 180 }),
    ("DAVIS240B", Sensor { width: 240, height: 180 }),
    ("DAVIS240C", Sensor { width: 240, height: 180 }),
    ("DAVIS346B", Sensor { width: 346, height: 260 }),
    ("DAVIS640", Sensor { width: 640, height: 480 }),
];

/// The header of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PacketHeader {
    /// Type of the events: 1 for polarity events.
    kind: i16,
    /// Number of the source, as listed in the header, that sent the events.
    source: i16,
    /// Bytes of an event.
    size: i32,
    /// Byte of an event at which its time stands.
    time_offset: i32,
    /// Number of overflows of the 31-bit time stamp so far.
    overflow: i32,
    /// Number of events that the packet has room for.
    capacity: i32,
    /// Number of events in the packet.
    number: i32,
    /// Number of these events that are marked valid.
    valid: i32,
}

impl PacketHeader {
    fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let (types, words) = bytes.split_at_mut(4);
        types[..2].copy_from_slice(&self.kind.to_le_bytes());
        types[2..].copy_from_slice(&self.source.to_le_bytes());
        let values = [self.size, self.time_offset, self.overflow, self.capacity, self.number, self.valid];
        for (word, value) in words.chunks_exact_mut(4).zip(values) {
            word.copy_from_slice(&value.to_le_bytes());
        }
        bytes
    }
}

/// Returns an event's word of data, marked valid.
fn data_word(event: &CameraEvent) -> u32 {
    1 | u32::from(event.on) << 1 | u32::from(event.y) << 2 | u32::from(event.x) << 17
}
