//! A memory to execute listings in: all zeros, with what a test or a measurement puts there.

use std::collections::BTreeMap;

use super::trace::Memory;
use crate::chip::mac::MacRegisters;

/// Sparse memory; words never stored read as zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Board {
    words: BTreeMap<u32, u32>,
    /// Word that changes while the kernel polls it.
    raise: Option<Raise>,
    /// MAC array, whose runs end at once.
    mac: MacRegisters,
}

/// Flag that another PE raises after a number of loads.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Raise {
    address: u32,
    loads_left: u32,
    value: u32,
}

impl Board {
    /// Stores words from `address` on.
    pub fn put(&mut self, address: u32, words: impl IntoIterator<Item = u32>) {
        for (i, word) in words.into_iter().enumerate() {
            self.words.insert(address.wrapping_add(4 * i as u32), word);
        }
    }

    /// Returns the `count` words from `address` on.
    pub fn get(&self, address: u32, count: usize) -> Vec<u32> {
        let word = |i: usize| self.words.get(&address.wrapping_add(4 * i as u32)).copied().unwrap_or(0);
        (0..count).map(word).collect()
    }

    /// Returns the addresses of words that differ from those of another board.
    #[cfg(test)]
    pub(crate) fn differing(&self, other: &Self) -> Vec<u32> {
        let all: std::collections::BTreeSet<u32> =
            self.words.keys().chain(other.words.keys()).copied().collect();
        all.into_iter().filter(|at| self.get(*at, 1) != other.get(*at, 1)).collect()
    }

    /// Makes load number `after` (from 0) of `address`, and all later ones, return `value`.
    pub fn raise(&mut self, address: u32, after: u32, value: u32) {
        self.raise = Some(Raise { address, loads_left: after, value });
    }
}

impl Memory for Board {
    fn load(&mut self, address: u32) -> Result<u32, String> {
        if let Some(raise) = &mut self.raise
            && raise.address == address
        {
            if let Some(left) = raise.loads_left.checked_sub(1) {
                raise.loads_left = left;
            } else {
                self.words.insert(address, raise.value);
                self.raise = None;
            }
        }
        Ok(self.mac.load(address).or_else(|| self.words.get(&address).copied()).unwrap_or(0))
    }

    fn store(&mut self, address: u32, value: u32) -> Result<(), String> {
        match self.mac.store(address, value) {
            Some(true) => {
                let sums = self.mac.run(|at| self.words.get(&at).copied().unwrap_or(0));
                self.words.extend(sums);
            }
            Some(false) => {}
            None => {
                self.words.insert(address, value);
            }
        }
        Ok(())
    }
}
