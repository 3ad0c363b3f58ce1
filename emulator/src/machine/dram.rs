//! A chip's DRAM: the rows of values that it holds, and the address map.
//!
//! Rows lie one after the other from the first byte that is not reserved, each padded to whole DMA
//! beats. Both ports hold a copy, so that the PEs' reads share the load whatever their placement.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

use crate::chip::constants::{DMA_BEAT_BYTES, DRAM_BYTES, DRAM_PORT_BYTES, DRAM_PORTS, DRAM_RESERVED_BYTES};
use crate::text::{grouped, several};

/// Bytes of DRAM behind one port that can hold rows.
const ROOM: u64 = DRAM_PORT_BYTES - DRAM_RESERVED_BYTES;

/// Rows of f32 in DRAM, for instance a table of vectors. A row is read by one DMA.
pub trait DramRows: Send + Sync + fmt::Debug {
    /// Returns the name of the rows in memory maps.
    fn name(&self) -> &'static str {
        "rows"
    }
    /// Returns the number of rows.
    fn rows(&self) -> u64;
    /// Returns the number of f32 values in a row.
    fn width(&self) -> usize;
    /// Reads row `row`; a row that does not exist reads as zeros.
    fn read(&self, row: u32, out: &mut [f32]);
}

/// Range of DRAM in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DramRegion {
    /// Port that the range is read through.
    pub port: u8,
    /// Address of the first byte.
    pub start: u64,
    /// Address one past the last byte.
    pub end: u64,
    /// Name of the contents.
    pub name: &'static str,
}

/// Address map of a chip's DRAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DramMap {
    rows: u64,
    row_bytes: u64,
    regions: Vec<DramRegion>,
}

/// Rows for which a chip's DRAM has no room.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the DRAM cannot hold the {name}: {} of {row_bytes} bytes need {} bytes behind each of its {DRAM_PORTS} ports, and {} are available; {}",
    several(*rows, "row"), grouped(*needed), grouped(ROOM), fitting(*fit)
)]
pub struct DramFull {
    /// Name of the rows.
    pub name: &'static str,
    /// Number of rows.
    pub rows: u64,
    /// Bytes of one row, padded to whole DMA beats.
    pub row_bytes: u64,
    /// Bytes that all rows and a row of zeros need, behind each port.
    pub needed: u64,
    /// Largest number of rows of that width for which there is room.
    pub fit: u64,
}

fn fitting(rows: u64) -> String {
    match rows {
        0 => "no row fits".to_owned(),
        1 => "1 row fits".to_owned(),
        rows => format!("{} fit", several(rows, "row")),
    }
}

impl DramMap {
    /// Lays out rows behind each port, and after them a row of zeros, which stands for every row
    /// that does not exist.
    ///
    /// # Errors
    ///
    /// Fails if there is no room for all rows.
    pub fn new(contents: &dyn DramRows) -> Result<Self, DramFull> {
        let (name, rows) = (contents.name(), contents.rows());
        let beat = DMA_BEAT_BYTES as u64;
        let row_bytes =
            (contents.width().max(1) as u64).saturating_mul(4).div_ceil(beat).saturating_mul(beat);
        let needed = rows.saturating_add(1).saturating_mul(row_bytes);
        if needed > ROOM {
            let fit = (ROOM / row_bytes).saturating_sub(1);
            return Err(DramFull { name, rows, row_bytes, needed, fit });
        }
        let mut regions = Vec::new();
        for port in 0..DRAM_PORTS as u8 {
            let mut at = u64::from(port) * DRAM_PORT_BYTES;
            for (bytes, name) in
                [(DRAM_RESERVED_BYTES, "reserved"), (rows * row_bytes, name), (row_bytes, "row of zeros")]
            {
                regions.push(DramRegion { port, start: at, end: at + bytes, name });
                at += bytes;
            }
        }
        Ok(Self { rows, row_bytes, regions })
    }

    /// Adds `words` words behind the rows of each port, under a name; none change nothing.
    ///
    /// # Errors
    ///
    /// Fails if there is no room for them.
    pub fn with_words(mut self, name: &'static str, words: u64) -> Result<Self, DramFull> {
        if words == 0 {
            return Ok(self);
        }
        let beat = DMA_BEAT_BYTES as u64;
        let bytes = (4 * words).next_multiple_of(beat);
        let taken = (self.rows + 1) * self.row_bytes;
        if taken + bytes > ROOM {
            return Err(DramFull {
                name,
                rows: bytes / beat,
                row_bytes: beat,
                needed: taken + bytes,
                fit: 0,
            });
        }
        for port in 0..DRAM_PORTS as u8 {
            let start = self.word_address(usize::from(port), 0);
            self.regions.push(DramRegion { port, start, end: start + bytes, name });
        }
        self.regions.sort_by_key(|region| region.start);
        Ok(self)
    }

    /// Returns the address of byte `from` of the words behind the rows of a port.
    pub fn word_address(&self, port: usize, from: u64) -> u64 {
        let start = (port % DRAM_PORTS) as u64 * DRAM_PORT_BYTES + DRAM_RESERVED_BYTES;
        start + (self.rows + 1) * self.row_bytes + from
    }

    /// Returns the ranges in use, by address.
    pub fn regions(&self) -> &[DramRegion] {
        &self.regions
    }

    /// Returns the number of bytes in use, behind both ports together.
    pub fn used_bytes(&self) -> u64 {
        self.regions.iter().map(|region| region.end - region.start).sum()
    }

    /// Returns the number of bytes of the DRAM.
    pub const fn capacity_bytes(&self) -> u64 {
        DRAM_BYTES
    }

    /// Returns the address at which a row begins behind a port: of a row that does not exist, the
    /// address of the row of zeros.
    pub fn address(&self, port: usize, row: u32) -> u64 {
        let start = (port % DRAM_PORTS) as u64 * DRAM_PORT_BYTES + DRAM_RESERVED_BYTES;
        start + self.rows.min(u64::from(row)) * self.row_bytes
    }

    /// Returns the number of the row that `address` lies in; `None` outside all rows and in the row
    /// of zeros.
    pub fn row_at(&self, address: u64) -> Option<u32> {
        let offset = (address % DRAM_PORT_BYTES).checked_sub(DRAM_RESERVED_BYTES)?;
        let row = offset / self.row_bytes;
        if address < DRAM_BYTES && row < self.rows { u32::try_from(row).ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows that exist only as a size.
    #[derive(Debug)]
    struct Sized(u64, usize);

    impl DramRows for Sized {
        fn rows(&self) -> u64 {
            self.0
        }
        fn width(&self) -> usize {
            self.1
        }
        fn read(&self, _: u32, out: &mut [f32]) {
            out.fill(0.0);
        }
    }

    #[test]
    fn the_dram_is_full_at_its_last_byte_behind_each_port() {
        // 16 bytes a row: 1 GiB less 1 KiB is 67,108,800 rows, one of them of zeros.
        let map = DramMap::new(&Sized(67_108_799, 4)).unwrap();
        assert_eq!((map.used_bytes(), map.capacity_bytes()), (1 << 31, 1 << 31));
        assert_eq!(map.regions().last().unwrap().end, 1 << 31);
        assert_eq!(map.address(1, u32::MAX), (1 << 31) - 16);
        let full = DramMap::new(&Sized(67_108_800, 4)).unwrap_err();
        assert_eq!(full.fit, 67_108_799);
        assert_eq!(
            full.to_string(),
            "the DRAM cannot hold the rows: 67,108,800 rows of 16 bytes need 1,073,740,816 bytes behind each of \
             its 2 ports, and 1,073,740,800 are available; 67,108,799 rows fit"
        );
    }

    #[test]
    fn a_size_that_no_number_holds_is_refused() {
        for (rows, width) in [(u64::MAX, 1), (1, usize::MAX), (u64::MAX, usize::MAX)] {
            let full = DramMap::new(&Sized(rows, width)).unwrap_err();
            assert!(full.needed > ROOM, "{full}");
            assert_eq!(full.fit > 0, width == 1, "{full}");
        }
        assert!(DramMap::new(&Sized(0, 0)).is_ok());
    }

    proptest! {
        #[test]
        fn every_row_has_its_own_bytes_in_the_region_of_rows(
            rows in 0_u64..100_000, width in 1_usize..2000, row in any::<u32>(),
        ) {
            let map = DramMap::new(&Sized(rows, width)).unwrap();
            for pair in map.regions().windows(2) {
                prop_assert!(pair[0].end <= pair[1].start, "{pair:?}");
            }
            for port in 0..DRAM_PORTS {
                for row in [row, row % 100_000] {
                    let address = map.address(port, row);
                    prop_assert!(address.is_multiple_of(16));
                    prop_assert_eq!(map.row_at(address), Some(row).filter(|&row| u64::from(row) < rows));
                    let end = address + 4 * width as u64;
                    let name = if u64::from(row) < rows { "rows" } else { "row of zeros" };
                    let inside = |region: &&DramRegion| region.start <= address && end <= region.end;
                    let region = map.regions().iter().find(inside).unwrap();
                    prop_assert_eq!((usize::from(region.port), region.name), (port, name));
                }
            }
        }
    }
}
