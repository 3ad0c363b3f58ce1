//! The event handler's ring in a PE's SRAM: packets from the event router are written without
//! interrupting the core.
//!
//! CHIP26 gives the ring and what can happen when it is full ([`OnFull`]); the layout of an entry
//! is not published. We take a word for the key and four for the payload.

use super::broadcast::options::OnFull;
use super::legend::PopulationId;
use super::sram::Sram;
use crate::chip::clock::Tick;

pub use crate::chip::constants::FIFO_ENTRY_BYTES as ENTRY_BYTES;

/// A packet as it lies in the ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Block and population that it is of, and the place in the block ([`Key`]).
    pub key: u32,
    /// Payload of the packet, four words.
    pub payload: [u32; 4],
}

/// Fields of a key: bits 31:24 the place (population, group and buffer), bits 23:4 the byte offset
/// in the buffer, bit 0 last packet of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The sender's population, 0 to 31.
    pub population: PopulationId,
    /// First of the groups that the packet is for, 0 or 1.
    pub group: u8,
    /// Number of the receivers' buffer, 0 to 3.
    pub buffer: u8,
    /// Byte offset in the buffer, a multiple of 16.
    pub offset: u32,
    /// Whether it is the last packet of its block.
    pub last: bool,
}

impl Key {
    /// Packs the key into a word, as it is sent.
    pub fn encode(self) -> u32 {
        u32::from(self.population.0) << 27
            | u32::from(self.group & 1) << 26
            | u32::from(self.buffer & 3) << 24
            | self.offset & 0xFF_FFF0
            | u32::from(self.last)
    }

    /// Unpacks a key from a word, as it is read.
    pub fn decode(key: u32) -> Self {
        Self {
            population: PopulationId((key >> 27) as u16),
            group: (key >> 26 & 1) as u8,
            buffer: (key >> 24 & 3) as u8,
            offset: key & 0xFF_FFF0,
            last: key & 1 == 1,
        }
    }
}

/// Place and fill of a PE's ring, with its counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fifo {
    /// Byte address of the ring.
    pub start: u32,
    /// Number of entries that the ring has room for; 0 without a ring.
    pub capacity: u32,
    /// Bytes of an entry.
    pub entry: u32,
    /// Number of the oldest entry in the ring.
    pub read: u32,
    /// Number of entries in the ring now.
    pub fill: u32,
    /// Whether the core is taking an entry out.
    pub draining: bool,
    /// Tick at which the entry has been taken out, as known now.
    pub drain_ends: Tick,
    /// Counters that only observe.
    pub count: FifoCount,
}

/// Counters of a ring since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FifoCount {
    /// Largest number of entries that were in the ring at once.
    pub high_water: u32,
    /// Number of entries written.
    pub written: u64,
    /// Packets lost because the ring was full.
    pub dropped: u64,
    /// Entries lost to newer ones.
    pub overwritten: u64,
    /// Ticks that packets waited at the QPE's port because the ring was full.
    pub stalled: Tick,
}

impl Fifo {
    /// Creates an empty ring in `bytes` bytes from `start` on, with entries of `entry` bytes.
    pub fn new(start: u32, bytes: u32, entry: u32) -> Self {
        Self { start, capacity: bytes.checked_div(entry).unwrap_or(0), entry, ..Self::default() }
    }

    /// Returns `true` if there is no room for another entry.
    pub fn is_full(&self) -> bool {
        self.fill >= self.capacity
    }

    fn address(&self, number: u32) -> u32 {
        self.start + self.entry * (number % self.capacity.max(1))
    }

    /// Returns the entry that is taken out next; `None` if the ring is empty.
    pub fn oldest(&self, sram: &Sram) -> Option<Entry> {
        let at = self.address(self.read);
        let word = |i: u32| sram.word(at + 4 * i);
        (self.fill > 0).then(|| Entry { key: word(0), payload: [word(1), word(2), word(3), word(4)] })
    }

    /// Returns the position in the ring of the entry added last.
    pub fn newest(&self) -> u32 {
        (self.read + self.fill.max(1) - 1) % self.capacity.max(1)
    }

    /// Returns `true` if the oldest entry lies at the end of the ring.
    pub fn wraps(&self) -> bool {
        self.read + 1 == self.capacity
    }

    /// Takes the oldest entry out.
    pub fn pop(&mut self, sram: &Sram) -> Option<Entry> {
        let entry = self.oldest(sram)?;
        self.advance();
        Some(entry)
    }

    /// Frees the oldest entry.
    pub(super) fn advance(&mut self) {
        self.read = (self.read + 1) % self.capacity.max(1);
        self.fill -= 1;
    }

    /// Writes an entry and returns its byte address in the ring, if it is there now.
    ///
    /// If the ring is full, [`OnFull::Stall`] refuses the entry (the packet has to wait),
    /// [`OnFull::Drop`] loses it, and [`OnFull::Overwrite`] loses the oldest.
    pub fn push(&mut self, sram: &mut Sram, entry: Entry, on_full: OnFull) -> Option<u32> {
        if self.is_full() {
            match on_full {
                OnFull::Stall => return None,
                OnFull::Overwrite if self.capacity > 0 => {
                    self.count.overwritten += 1;
                    self.advance();
                }
                OnFull::Drop | OnFull::Overwrite => {
                    self.count.dropped += 1;
                    return None;
                }
            }
        }
        let at = self.address(self.read + self.fill);
        sram.set_word(at, entry.key);
        let words = (self.entry as usize / 4).saturating_sub(1).min(entry.payload.len());
        sram.set_words(at + 4, &entry.payload[..words]);
        self.fill += 1;
        self.count.written += 1;
        self.count.high_water = self.count.high_water.max(self.fill);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn the_ring_is_a_queue_and_every_loss_is_counted(
            operations in prop::collection::vec(prop::option::weighted(0.6, any::<u32>()), 0..200),
            capacity in 1_u32..9, policy in 0_usize..3,
        ) {
            let on_full = [OnFull::Stall, OnFull::Drop, OnFull::Overwrite][policy];
            let mut sram = Sram::default();
            let mut fifo = Fifo::new(0x100, capacity * ENTRY_BYTES + 7, ENTRY_BYTES);
            let (mut model, mut lost, mut refused) = (VecDeque::new(), 0_u64, 0_u64);
            let (mut tried, mut out) = (0_u64, 0_u64);
            for operation in operations {
                let Some(key) = operation else {
                    let entry = fifo.pop(&sram);
                    out += u64::from(entry.is_some());
                    prop_assert_eq!(entry, model.pop_front());
                    continue;
                };
                tried += 1;
                let entry = Entry { key, payload: [key, 1, 2, 3] };
                let full = model.len() as u32 == capacity;
                prop_assert_eq!(fifo.is_full(), full);
                let taken = fifo.push(&mut sram, entry, on_full).is_some();
                prop_assert_eq!(taken, !full || on_full == OnFull::Overwrite);
                if full && on_full == OnFull::Overwrite {
                    model.pop_front();
                    lost += 1;
                }
                if taken {
                    model.push_back(entry);
                } else {
                    refused += 1;
                }
            }
            prop_assert_eq!(fifo.count.overwritten, lost);
            prop_assert_eq!(fifo.count.dropped, if on_full == OnFull::Drop { refused } else { 0 });
            prop_assert_eq!(tried, out + u64::from(fifo.fill) + lost + refused);
        }

        #[test]
        fn keys_say_what_they_said(
            population in 0_u8..32, group in 0_u8..2, buffer in 0_u8..4, offset in 0_u32..0x10_0000, last in any::<bool>()
        ) {
            let key = Key { population: PopulationId(population.into()), group, buffer, offset: (16 * offset) & 0xFF_FFF0, last };
            prop_assert_eq!(Key::decode(key.encode()), key);
        }
    }
}
