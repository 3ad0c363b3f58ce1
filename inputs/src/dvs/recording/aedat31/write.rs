//! Writing AEDAT 3.1.

use std::io::{self, Write};

use thiserror::Error;

use super::{
    CameraEvent, END_HEADER, EVENT_BYTES, PacketHeader, SOURCES, Sensor, TIME_BITS, VERSION, data_word,
};

/// Events in a full packet.
const PACKET_EVENTS: usize = 4096;

/// Error that stops events from being written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The operating system refuses.
    #[error("cannot write events: {0}")]
    Io(#[from] io::Error),
    /// The format names sensors instead of giving their size.
    #[error("AEDAT 3.1 has no name for a sensor of {width} × {height} pixels; it has for {known}")]
    Sensor {
        /// Columns of the sensor.
        width: u16,
        /// Rows of the sensor.
        height: u16,
        /// Sizes of the sensors that the format has names for.
        known: String,
    },
    /// An event outside of the sensor.
    #[error("event {index} is at x {x}, y {y}, outside of the sensor's {width} × {height} pixels")]
    Place {
        /// Index of the event, from 0, among all events written.
        index: u64,
        /// Column of the event.
        x: u16,
        /// Row of the event.
        y: u16,
        /// The sensor's columns.
        width: u16,
        /// The sensor's rows.
        height: u16,
    },
    /// A time that the format cannot hold.
    #[error("event {index} is at {t} µs; AEDAT 3.1 holds times from 0 to 2⁶² − 1 µs")]
    Time {
        /// Index of the event, from 0, among all events written.
        index: u64,
        /// Time of the event, µs.
        t: i64,
    },
}

/// Writes a recording: events in the order given, in packets of at most 4,096.
///
/// Each event is checked; after an error the file is not whole.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    sensor: Sensor,
    /// Events of the packet that is being filled, as bytes.
    packet: Vec<u8>,
    /// Overflows of time that the packet's events have in common.
    overflow: i32,
    written: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a recording of this sensor: writes the lines of text. The format names sensors and
    /// has no name for every size.
    pub fn new(mut out: W, sensor: Sensor) -> Result<Self, WriteError> {
        let Some((name, _)) = SOURCES.iter().find(|(_, known)| *known == sensor) else {
            let mut known: Vec<String> =
                SOURCES.iter().map(|(_, s)| format!("{} × {}", s.width, s.height)).collect();
            known.dedup();
            let Sensor { width, height } = sensor;
            return Err(WriteError::Sensor { width, height, known: known.join(", ") });
        };
        // No start time: the same events make the same bytes.
        write!(out, "{VERSION}\r\n#Format: RAW\r\n#Source 1: {name}\r\n{END_HEADER}\r\n")?;
        let packet = Vec::with_capacity(PACKET_EVENTS * EVENT_BYTES);
        Ok(Self { out, sensor, packet, overflow: 0, written: 0 })
    }

    /// Adds events; their times may begin anywhere from 0 on and need no order.
    pub fn write(&mut self, events: &[CameraEvent]) -> Result<(), WriteError> {
        for event in events {
            self.event(event)?;
        }
        Ok(())
    }

    /// Writes the remaining events and returns the destination, flushed.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.end_packet()?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn event(&mut self, event: &CameraEvent) -> Result<(), WriteError> {
        let index = self.written;
        let &CameraEvent { t, x, y, .. } = event;
        let Sensor { width, height } = self.sensor;
        if x >= width || y >= height {
            return Err(WriteError::Place { index, x, y, width, height });
        }
        // Negative times fail here too: their overflow count would be negative.
        let overflow = i32::try_from(t >> TIME_BITS).ok().filter(|&count| count >= 0);
        let overflow = overflow.ok_or(WriteError::Time { index, t })?;
        if overflow != self.overflow || self.packet.len() == PACKET_EVENTS * EVENT_BYTES {
            self.end_packet()?;
        }
        self.overflow = overflow;
        let time = (t & ((1 << TIME_BITS) - 1)) as u32;
        self.packet.extend_from_slice(&data_word(event).to_le_bytes());
        self.packet.extend_from_slice(&time.to_le_bytes());
        self.written += 1;
        Ok(())
    }

    /// Writes the packet that is being filled, unless it is empty.
    fn end_packet(&mut self) -> Result<(), WriteError> {
        if self.packet.is_empty() {
            return Ok(());
        }
        let number = (self.packet.len() / EVENT_BYTES) as i32;
        let header = PacketHeader {
            kind: super::POLARITY,
            source: 1,
            size: EVENT_BYTES as i32,
            time_offset: 4,
            overflow: self.overflow,
            capacity: number,
            number,
            valid: number,
        };
        self.out.write_all(&header.to_bytes())?;
        self.out.write_all(&self.packet)?;
        self.packet.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::DVS128;
    use super::*;

    const EVENT: CameraEvent = CameraEvent { t: 5, x: 3, y: 2, on: true };

    fn written(events: &[CameraEvent]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), DVS128).unwrap();
        writer.write(events).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn bytes_are_those_of_the_format() {
        let bytes = written(&[EVENT]);
        let text = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n";
        let (head, rest) = bytes.split_at(text.len());
        assert_eq!(head, text);
        #[rustfmt::skip]
        let packet = [
            1, 0, 1, 0,  8, 0, 0, 0,  4, 0, 0, 0,  0, 0, 0, 0,  1, 0, 0, 0,  1, 0, 0, 0,  1, 0, 0, 0,
            // x 3 from bit 17, y 2 from bit 2, ON and valid.
            0b1011, 0, 0b110, 0,  5, 0, 0, 0,
        ];
        assert_eq!(rest, packet);
    }

    #[test]
    fn late_times_begin_a_packet_with_another_overflow() {
        let late = CameraEvent { t: (3 << 31) + 7, ..EVENT };
        let packets = written(&[EVENT, late])[written(&[]).len()..].to_vec();
        assert_eq!(packets.len(), 2 * 36);
        assert_eq!(packets[36 + 12..36 + 16], 3i32.to_le_bytes());
        assert_eq!(packets[36 + 32..], 7u32.to_le_bytes());
    }

    #[test]
    fn what_the_format_cannot_hold_is_refused() {
        let sensor = Writer::new(Vec::new(), Sensor { width: 7, height: 7 }).unwrap_err();
        assert!(sensor.to_string().contains("7 × 7") && sensor.to_string().contains("346 × 260"), "{sensor}");
        let mut writer = Writer::new(Vec::new(), DVS128).unwrap();
        writer.write(&[EVENT]).unwrap();
        let place = writer.write(&[CameraEvent { y: 128, ..EVENT }]).unwrap_err().to_string();
        assert!(place.contains("event 1") && place.contains("y 128"), "{place}");
        for t in [-1, 1 << 62, i64::MIN] {
            assert!(
                matches!(writer.write(&[CameraEvent { t, ..EVENT }]), Err(WriteError::Time { .. })),
                "{t}"
            );
        }
    }
}
