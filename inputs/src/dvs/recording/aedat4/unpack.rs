//! Compressed packets: LZ4 frames, Zstandard, or neither.

use std::io::Read;

use super::super::error::Problem;

/// Largest size of a packet, compressed or not, bytes: 4 million events. Recorders write a packet
/// every 10 ms.
pub const PACKET_LIMIT: usize = 64 << 20;

/// Compression method of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Packets are not compressed.
    None,
    /// Packets are LZ4 frames.
    Lz4,
    /// Packets are Zstandard frames.
    Zstd,
}

impl Compression {
    /// Returns the compression by its number in the file's header; the numbers differ for two
    /// strengths of each.
    pub fn from_number(number: i32) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 | 2 => Some(Self::Lz4),
            3 | 4 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Unpacks a packet: its content without the four bytes before it that say how long it is.
    ///
    /// Reading stops at that length, so that a small packet cannot unpack to more than it said, nor
    /// to more than [`PACKET_LIMIT`].
    pub fn unpack(self, packed: &[u8], into: &mut Vec<u8>) -> Result<(), Problem> {
        match self {
            Self::None => sized(packed, "nothing", into),
            Self::Lz4 => sized(lz4_flex::frame::FrameDecoder::new(packed), "LZ4", into),
            Self::Zstd => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(packed)
                    .map_err(|error| Problem::Compression { how: "Zstandard", why: error.to_string() })?;
                sized(decoder, "Zstandard", into)
            }
        }
    }
}

fn sized(mut content: impl Read, how: &'static str, into: &mut Vec<u8>) -> Result<(), Problem> {
    into.clear();
    let failed = |error: std::io::Error| Problem::Compression { how, why: error.to_string() };
    let mut length = [0; 4];
    content.read_exact(&mut length).map_err(failed)?;
    let length = u64::from(u32::from_le_bytes(length));
    if length > PACKET_LIMIT as u64 {
        return Err(Problem::TooLarge {
            what: "an unpacked packet",
            found: length,
            limit: PACKET_LIMIT as u64,
        });
    }
    content.take(length).read_to_end(into).map_err(failed)?;
    let found = into.len() as u64;
    if found < length {
        return Err(Problem::Truncated { what: "an unpacked packet", needed: length, found });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(how: Compression, content: &[u8]) -> Vec<u8> {
        match how {
            Compression::None => content.to_vec(),
            Compression::Lz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Zstd => {
                ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
            }
        }
    }

    const ALL: [Compression; 3] = [Compression::None, Compression::Lz4, Compression::Zstd];

    #[test]
    fn all_three_give_the_content() {
        let content: Vec<u8> = [5, 0, 0, 0].into_iter().chain(*b"hello, and more").collect();
        let mut into = vec![1];
        for how in ALL {
            how.unpack(&packed(how, &content), &mut into).unwrap();
            assert_eq!(into, b"hello", "{how:?}");
        }
    }

    #[test]
    fn promises_are_not_believed() {
        let mut into = Vec::new();
        for how in ALL {
            let large = how.unpack(&packed(how, &vec![0xff; 400_000]), &mut into).unwrap_err();
            assert!(matches!(large, Problem::TooLarge { .. }), "{how:?}: {large}");
            let short = how.unpack(&packed(how, &[9, 0, 0, 0, 1]), &mut into).unwrap_err().to_string();
            assert!(short.contains("9 bytes are needed, 1 are left"), "{how:?}: {short}");
            assert!(matches!(how.unpack(&[], &mut into), Err(Problem::Compression { .. })), "{how:?}");
        }
        for how in [Compression::Lz4, Compression::Zstd] {
            assert!(matches!(how.unpack(b"no frame at all", &mut into), Err(Problem::Compression { .. })));
        }
    }
}
