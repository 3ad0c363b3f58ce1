//! Decoded instructions by address, checked against the bytes at each use.

use super::fault::FaultKind;
use crate::decode::{Decoded, decode};
use crate::facts::Timings;

/// Entries: halfwords of 64 KiB of code; others share them.
const ENTRIES: usize = 1 << 15;

/// Decoded instruction with its cycles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    address: u32,
    raw: u32,
    pub decoded: Decoded,
    /// Cycles without interplay and refills.
    pub cycles: u32,
    /// Place of its kind of work in the counts.
    pub kind: u8,
}

/// Decoded instructions; it decides no result, and cores may share one.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    entries: Vec<Option<Entry>>,
}

impl Cache {
    /// Returns the instruction with bytes `raw` at `address`.
    pub(crate) fn get(
        &mut self,
        address: u32,
        raw: u32,
        timings: &impl Timings,
    ) -> Result<&Entry, FaultKind> {
        let index = address as usize / 2 % ENTRIES;
        if index >= self.entries.len() {
            self.entries.resize(index + 256, None);
        }
        let hit =
            self.entries[index].as_ref().is_some_and(|entry| entry.address == address && entry.raw == raw);
        if !hit {
            let (first, second) = (raw as u16, (raw >> 16) as u16);
            let decoded =
                decode(first, second).ok_or(FaultKind::Undefined { encoding: raw.rotate_left(16) })?;
            let cycles = timings.cycles(decoded.class, decoded.registers);
            let kind = decoded.class.kind() as u8;
            self.entries[index] = Some(Entry { address, raw, decoded, cycles, kind });
        }
        self.entries[index].as_ref().ok_or(FaultKind::Fetch)
    }
}
