//! Memory images: the words that the host writes into each PE's SRAM before the start, apart
//! from the program.
//!
//! A mapped [`Program`] brings its own. Here they can be taken out, and others of the same shape
//! put in their place: what the chip computes then follows from these bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use super::program::Program;
use crate::chip::geometry::Pe;

/// Contiguous words of one PE's SRAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRange {
    /// Byte address of the first word, a multiple of 4.
    pub address: u32,
    /// Words from `address` on.
    pub words: Vec<u32>,
}

impl ImageRange {
    /// Returns the size in bytes.
    pub fn bytes(&self) -> usize {
        4 * self.words.len()
    }

    /// Returns the byte address just past the range.
    fn end(&self) -> u64 {
        u64::from(self.address) + self.bytes() as u64
    }
}

/// Memory images that the host writes into the PEs: ranges by ascending address, none touching the
/// next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images(BTreeMap<Pe, Vec<ImageRange>>);

/// Reason why images do not belong to a program.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImageError {
    /// An image is for a PE that has no program.
    #[error("{pe} has no program in this scene, and the image has {bytes} bytes for it")]
    NoProgram {
        /// PE of the image.
        pe: Pe,
        /// Address of the range.
        address: u32,
        /// Size of the range, in bytes.
        bytes: usize,
    },
    /// A range has a place or size that the memory map does not have.
    #[error("{pe}: {bytes} bytes at {address:#07x}, where the memory map of this scene has {}", expected(*there))]
    Foreign {
        /// PE of the image.
        pe: Pe,
        /// Address of the range.
        address: u32,
        /// Size of the range, in bytes.
        bytes: usize,
        /// Bytes that the scene writes at this address.
        there: Option<usize>,
    },
    /// A range that the program needs is missing.
    #[error("{pe}: no image for the {bytes} bytes at {address:#07x} that this scene needs")]
    Missing {
        /// PE of the image.
        pe: Pe,
        /// Address of the range.
        address: u32,
        /// Size of the range, in bytes.
        bytes: usize,
    },
}

fn expected(there: Option<usize>) -> String {
    there.map_or_else(|| "no range".to_owned(), |bytes| format!("{bytes}"))
}

impl ImageError {
    /// Returns the PE and the address of the range at fault.
    pub fn place(&self) -> (Pe, u32) {
        match *self {
            Self::NoProgram { pe, address, .. }
            | Self::Foreign { pe, address, .. }
            | Self::Missing { pe, address, .. } => (pe, address),
        }
    }
}

impl Images {
    /// Returns the images of a program.
    pub fn of(program: &Program) -> Self {
        let mut images = Self::default();
        for pe in program.places() {
            for (address, words) in program.pe(pe).into_iter().flat_map(|loaded| loaded.image.iter()) {
                images.put(pe, ImageRange { address: *address, words: words.clone() });
            }
        }
        for ranges in images.0.values_mut() {
            *ranges = joined(std::mem::take(ranges));
        }
        images
    }

    /// Adds a range of a PE.
    pub fn put(&mut self, pe: Pe, range: ImageRange) {
        let ranges = self.0.entry(pe).or_default();
        let at = ranges.partition_point(|other| other.address < range.address);
        ranges.insert(at, range);
    }

    /// Iterates over all ranges, by PE and address.
    pub fn ranges(&self) -> impl Iterator<Item = (Pe, &ImageRange)> {
        self.0.iter().flat_map(|(&pe, ranges)| ranges.iter().map(move |range| (pe, range)))
    }

    fn range(&self, pe: Pe, address: u32) -> Option<&ImageRange> {
        self.0.get(&pe)?.iter().find(|range| range.address == address)
    }
}

/// Joins adjacent ranges and removes empty ones; `ranges` must ascend by address.
fn joined(ranges: Vec<ImageRange>) -> Vec<ImageRange> {
    let mut joined: Vec<ImageRange> = Vec::new();
    for range in ranges.into_iter().filter(|range| !range.words.is_empty()) {
        match joined.last_mut() {
            Some(last) if last.end() == u64::from(range.address) => last.words.extend(range.words),
            _ => joined.push(range),
        }
    }
    joined
}

impl Program {
    /// Puts these images in place of the program's own. They must cover the same ranges; the bytes
    /// may be any.
    pub fn load_images(&mut self, images: &Images) -> Result<(), ImageError> {
        let own = Images::of(self);
        for (pe, range) in images.ranges() {
            let (address, bytes) = (range.address, range.bytes());
            if self.pe(pe).is_none() {
                return Err(ImageError::NoProgram { pe, address, bytes });
            }
            let there = own.range(pe, address).map(ImageRange::bytes);
            if there != Some(bytes) {
                return Err(ImageError::Foreign { pe, address, bytes, there });
            }
        }
        for (pe, range) in own.ranges() {
            if images.range(pe, range.address).is_none() {
                return Err(ImageError::Missing { pe, address: range.address, bytes: range.bytes() });
            }
        }
        self.images_replaced = true;
        for (pe, ranges) in &images.0 {
            if let Some(Some(loaded)) = self.pes.get_mut(pe.index()) {
                let image = ranges.iter().map(|range| (range.address, range.words.clone()));
                loaded.image = Arc::new(image.collect());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(address: u32, words: &[u32]) -> ImageRange {
        ImageRange { address, words: words.to_vec() }
    }

    #[test]
    fn ranges_that_touch_become_one_and_gaps_stay() {
        let ranges = vec![range(0x100, &[1, 2]), range(0x108, &[3]), range(0x10c, &[]), range(0x200, &[4])];
        assert_eq!(joined(ranges), [range(0x100, &[1, 2, 3]), range(0x200, &[4])]);
    }

    #[test]
    fn ranges_are_kept_by_address() {
        let mut images = Images::default();
        let pe = Pe::from_index(0).unwrap();
        images.put(pe, range(8, &[2]));
        images.put(pe, range(0, &[1]));
        let addresses: Vec<u32> = images.ranges().map(|(_, range)| range.address).collect();
        assert_eq!(addresses, [0, 8]);
    }
}
