//! Oddities that occur in published data sets although they should not: counted, not refused.

use serde::Serialize;

/// Oddity of a recording that is read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// An event earlier than the one before it. Kept, in the file's order.
    Unsorted,
    /// An event outside of the sensor. Skipped.
    Outside,
    /// AEDAT 3.1: an event marked invalid, in a packet whose header counts invalid ones. Skipped.
    Invalid,
    /// AEDAT 3.1: an event marked invalid, in a packet whose header counts all as valid. Kept.
    Unmarked,
    /// AEDAT 2.0: an external input or synchronisation, not a brightness change. Skipped.
    Special,
    /// A packet of other data than events: frames, inertial measurements, triggers. Skipped.
    OtherPacket,
    /// A packet of events from a further camera. Skipped.
    OtherCamera,
    /// A header with an unknown sensor. Taken as 128 × 128 pixels.
    UnknownSensor,
    /// `.npy`: times in another unit than the usual one, read as seconds.
    TakenAsSeconds,
    /// `.npy`: times in another unit than the usual one, read as milliseconds.
    TakenAsMilliseconds,
    /// `.npy`: times in another unit than the usual one, read as microseconds.
    TakenAsMicroseconds,
    /// `.npy`: whole times closer together than a camera's, read as microseconds, as usual.
    TooFast,
}

impl Warning {
    /// All, in the order of declaration.
    const ALL: [Self; 12] = [
        Self::Unsorted,
        Self::Outside,
        Self::Invalid,
        Self::Unmarked,
        Self::Special,
        Self::OtherPacket,
        Self::OtherCamera,
        Self::UnknownSensor,
        Self::TakenAsSeconds,
        Self::TakenAsMilliseconds,
        Self::TakenAsMicroseconds,
        Self::TooFast,
    ];

    /// Returns `true` if the data rest on a guess, or if intended events are missing.
    ///
    /// The other kinds are usual in recordings of cameras and change nothing that counts.
    pub const fn is_doubtful(self) -> bool {
        match self {
            Self::Outside
            | Self::UnknownSensor
            | Self::TakenAsSeconds
            | Self::TakenAsMilliseconds
            | Self::TakenAsMicroseconds
            | Self::TooFast => true,
            Self::Unsorted
            | Self::Invalid
            | Self::Unmarked
            | Self::Special
            | Self::OtherPacket
            | Self::OtherCamera => false,
        }
    }

    /// Returns a description of the oddity and of its treatment, to be put after a count.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unsorted => "events earlier than the one before; kept in the file's order",
            Self::Outside => "events outside of the sensor; skipped",
            Self::Invalid => "events marked invalid; skipped",
            Self::Unmarked => "events without the mark of validity in packets counted as valid; kept",
            Self::Special => "external or synchronisation events; skipped",
            Self::OtherPacket => "packets that hold no camera events (frames, IMU, triggers); skipped",
            Self::OtherCamera => "packets from a further camera; skipped",
            Self::UnknownSensor => "header without a known sensor; taken as 128 × 128 pixels",
            Self::TakenAsSeconds => {
                "times taken as seconds, by their fractions or rate; a structured array with whole µs in `t` is always read so"
            }
            Self::TakenAsMilliseconds => {
                "times taken as milliseconds, by their fractions and rate; a structured array with whole µs in `t` is always read so"
            }
            Self::TakenAsMicroseconds => {
                "times taken as microseconds, by their rate; a structured array with whole µs in `t` is always read so"
            }
            Self::TooFast => {
                "events closer together than a camera sends them; times taken as µs: multiply them if they are s or ms"
            }
        }
    }
}

/// Number of occurrences of an oddity, with the place of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Oddity that was found.
    pub warning: Warning,
    /// Number of times it was found.
    pub count: u64,
    /// Byte offset of the first occurrence.
    pub first_byte: u64,
}

/// Oddities found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings([Option<(u64, u64)>; Warning::ALL.len()]);

impl Warnings {
    /// Counts one more occurrence of an oddity, found at this byte offset of the file.
    pub(super) fn add(&mut self, warning: Warning, byte: u64) {
        let slot = &mut self.0[warning as usize];
        *slot = Some(slot.map_or((1, byte), |(count, first)| (count + 1, first)));
    }

    /// Iterates over the oddities found, each kind once.
    pub fn iter(&self) -> impl Iterator<Item = Tally> + '_ {
        Warning::ALL.into_iter().zip(self.0).filter_map(|(warning, found)| {
            found.map(|(count, first_byte)| Tally { warning, count, first_byte })
        })
    }

    /// Returns the number of occurrences of `warning`.
    pub fn count(&self, warning: Warning) -> u64 {
        self.0[warning as usize].map_or(0, |(count, _)| count)
    }
}
