//! Reader of AEDAT 2.0 as jAER writes it for the DVS128: lines that begin with `#`, then 8 bytes
//! per event, big-endian.
//!
//! An event is an address and a time in microseconds. In an address of the DVS128 (jAER,
//! `DVS128.java`), bit 0 is 0 for ON, bits 1 to 7 are the column counted from the right, bits 8 to
//! 14 are the row counted from the bottom, and bit 15 marks external inputs. This reader flips both
//! axes, as libcaer's driver of the same camera does.

use std::io::Read;

use super::super::event::{CameraEvent, DVS128};
use super::error::{Problem, RecordingError};
use super::input::{BUFFER, Input};
use super::stream::{BATCH, Stream};
use super::warnings::Warning;

/// First line of a file.
pub(super) const VERSION: &str = "#!AER-DAT2.0";
/// Limit for the header, in bytes: jAER stores the settings of its windows there.
const TEXT_LIMIT: usize = 4 << 20;
/// Line with which newer versions of jAER end the header.
const END: &[u8] = b"#End Of ASCII Header";
/// Start of the header line that names the camera's class.
const CHIP: &[u8] = b"# AEChip:";
/// Size of an event, in bytes.
const EVENT: usize = 8;
/// Bit of an address that marks external inputs.
const SPECIAL: u32 = 0x8000;

/// Reads events of a file.
#[derive(Debug)]
pub struct Reader<R> {
    input: Input<R>,
    stream: Stream,
    /// Time of the previous event, in µs, extended over overflows of the file's 32 bits.
    clock: Option<i64>,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    pub fn new(mut input: Input<R>) -> Result<Self, RecordingError> {
        let mut stream = Stream::new(DVS128);
        let mut chip_is_known = false;
        while input.peek(1)?.first() == Some(&b'#') {
            let begin = input.offset();
            let limit = TEXT_LIMIT.saturating_sub(begin as usize);
            let Some(line) = input.line(limit)? else {
                let limit = TEXT_LIMIT as u64;
                let too_large =
                    Problem::TooLarge { what: "a header that does not end", found: input.offset(), limit };
                return Err(RecordingError::new(begin, too_large));
            };
            if let Some(chip) = line.strip_prefix(CHIP) {
                known_chip(&String::from_utf8_lossy(chip), begin)?;
                chip_is_known = true;
            }
            if line.starts_with(END) {
                break;
            }
        }
        if !chip_is_known {
            stream.warnings.add(Warning::UnknownSensor, 0);
            let offset = input.offset();
            check_addresses(input.peek(BUFFER)?, offset)?;
        }
        Ok(Self { input, stream, clock: None })
    }

    /// Reads the next batch of events; see [`super::Recording::next_batch`].
    pub fn next_batch(&mut self, events: &mut Vec<CameraEvent>) -> Result<bool, RecordingError> {
        while events.len() < BATCH {
            let mut offset = self.input.offset();
            let bytes = self.input.peek(EVENT)?;
            let room = EVENT * (BATCH - events.len());
            let bytes = &bytes[..bytes.len().min(room)];
            let (whole, rest) = bytes.as_chunks::<EVENT>();
            for &[a, b, c, d, e, f, g, h] in whole {
                let address = u32::from_be_bytes([a, b, c, d]);
                let time = u32::from_be_bytes([e, f, g, h]);
                // Choose the time nearest to the previous one: the counter overflows every 71
                // minutes.
                let before = self.clock.unwrap_or(i64::from(time));
                let t = before + i64::from(time.wrapping_sub(before as u32) as i32);
                self.clock = Some(t);
                if address & SPECIAL == 0 {
                    let on = address & 1 == 0;
                    // Bits outside this camera's addresses make the row too large, so such events
                    // are counted as out of range.
                    let x = 127 - i64::from(address >> 1 & 0x7f);
                    let y = 127 - i64::from(address >> 8);
                    self.stream.push(events, t, (x, y), on, offset);
                } else {
                    self.stream.warnings.add(Warning::Special, offset);
                }
                offset += EVENT as u64;
            }
            let (used, left) = (EVENT * whole.len(), rest.len() as u64);
            if used == 0 && left == 0 {
                break;
            }
            self.input.consume(used);
            if used == 0 {
                let what = "an event";
                return Err(self.input.error(Problem::Truncated { what, needed: EVENT as u64, found: left }));
            }
        }
        Ok(!events.is_empty())
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }
}

/// Rejects addresses of a DAVIS in a file that does not name its camera.
///
/// A DAVIS (jAER, `DavisChip.java`) has its column in bits 12 to 21, its row in bits 22 to 30, and
/// bit 31 for samples of frames. Most of its addresses lie outside of a DVS128, whose events end
/// at bit 14.
fn check_addresses(bytes: &[u8], offset: u64) -> Result<(), RecordingError> {
    let (records, _) = bytes.as_chunks::<EVENT>();
    let addresses = || records.iter().map(|[a, b, c, d, ..]| u32::from_be_bytes([*a, *b, *c, *d]));
    let fitting = addresses().filter(|address| address >> 15 == 0).count();
    let mut events = addresses().filter(|address| address >> 31 == 0).peekable();
    if 2 * fitting >= records.len() || events.peek().is_none() {
        return Ok(());
    }
    let (mut count, mut width, mut height) = (0, 0, 0);
    for address in events {
        (width, height) = (width.max(1 + (address >> 12 & 0x3ff)), height.max(1 + (address >> 22 & 0x1ff)));
        count += 1;
    }
    let sizes = [
        ("DAVIS240's 240 × 180", 240, 180),
        ("DAVIS346's 346 × 260", 346, 260),
        ("DAVIS640's 640 × 480", 640, 480),
    ];
    let Some((davis, ..)) = sizes.into_iter().find(|size| width <= size.1 && height <= size.2) else {
        return Ok(());
    };
    let why = format!(
        "no line of the header names the camera (# AEChip), and {count} addresses fit the {davis} pixels. Convert it to \
         AEDAT 4.0, or to .npy cut to 128 × 128"
    );
    let (events, width, height) = (records.len() as u64, DVS128.width, DVS128.height);
    Err(RecordingError::new(offset, Problem::AllOutside { events, width, height, why }))
}

/// Rejects cameras other than the DVS128, because their addresses have another layout.
fn known_chip(class: &str, offset: u64) -> Result<(), RecordingError> {
    let class = class.trim();
    if class.rsplit('.').next() == Some("DVS128") {
        return Ok(());
    }
    let needed = "DVS128: addresses of other cameras have another layout".to_owned();
    let found = format!("{class:.80}");
    Err(RecordingError::new(offset, Problem::Value { what: "the camera (AEChip)", found, needed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(events: &[(u32, u32)]) -> Vec<u8> {
        let mut bytes = b"#!AER-DAT2.0\r\n# AEChip: ch.unizh.ini.jaer.chip.retina.DVS128\r\n".to_vec();
        for (address, time) in events {
            bytes.extend([address.to_be_bytes(), time.to_be_bytes()].concat());
        }
        bytes
    }

    fn read(bytes: &[u8]) -> (Vec<CameraEvent>, Stream) {
        let mut reader = Reader::new(Input::new(bytes)).unwrap();
        let mut events = Vec::new();
        reader.next_batch(&mut events).unwrap();
        (events, reader.stream)
    }

    #[test]
    fn addresses_count_from_the_bottom_right_and_zero_is_on() {
        let (events, _) = read(&file(&[(0, 5), (1 | 127 << 1 | 3 << 8, 6)]));
        let first = CameraEvent { t: 5, x: 127, y: 127, on: true };
        assert_eq!(events, [first, CameraEvent { t: 6, x: 0, y: 124, on: false }]);
    }

    #[test]
    fn time_goes_on_after_32_bits() {
        let (events, stream) = read(&file(&[(0, u32::MAX), (0, 4), (0, u32::MAX - 1), (0, 5)]));
        let end = i64::from(u32::MAX);
        assert_eq!(events.iter().map(|e| e.t).collect::<Vec<_>>(), [end, end + 5, end - 1, end + 6]);
        assert_eq!(stream.warnings.count(Warning::Unsorted), 1);
    }

    #[test]
    fn odd_addresses_are_counted() {
        let (events, stream) = read(&file(&[(SPECIAL, 1), (1 << 20, 2), (0, 3)]));
        assert_eq!(events.len(), 1);
        let found: Vec<_> = stream.warnings.iter().map(|tally| (tally.warning, tally.count)).collect();
        assert_eq!(found, [(Warning::Outside, 1), (Warning::Special, 1)]);
    }

    #[test]
    fn addresses_of_a_davis_are_refused_by_its_name() {
        let mut bytes = b"#!AER-DAT2.0\n# Created by a simulator\n".to_vec();
        for i in 0..100_u32 {
            let address = (259 - i) << 22 | (345 - 3 * i) << 12 | (i & 1) << 11;
            bytes.extend([address.to_be_bytes(), i.to_be_bytes()].concat());
        }
        let error = Reader::new(Input::new(bytes.as_slice())).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("none of the 100 events") && error.contains("DAVIS346"), "{error}");
        // DVS128 addresses are read even if the file does not name the camera.
        let named = file(&[(1, 1), (2 << 8, 2), (SPECIAL, 3)]);
        let at = named.iter().rposition(|&byte| byte == b'\n').unwrap();
        let bytes = [b"#!AER-DAT2.0\n", &named[at + 1..]].concat();
        let (events, stream) = read(&bytes);
        assert_eq!((events.len(), stream.warnings.count(Warning::UnknownSensor)), (2, 1));
    }

    #[test]
    fn bad_files_are_refused() {
        let said = |bytes: &[u8]| {
            Reader::new(Input::new(bytes))
                .and_then(|mut r| r.next_batch(&mut Vec::new()))
                .unwrap_err()
                .to_string()
        };
        assert!(
            said(b"#!AER-DAT2.0\n# AEChip: a.b.DAVIS240C\n")
                .contains("byte 13: the camera (AEChip) is a.b.DAVIS240C")
        );
        assert!(said(&file(&[])[..20]).contains("does not end"));
        let cut = said(&[file(&[]), vec![0, 0, 0]].concat());
        assert!(cut.contains("ends inside an event: 8 bytes are needed, 3 are left"), "{cut}");
        assert!(said(&vec![b'#'; 5 << 20]).contains("at most 4194304"));
    }
}
