//! A list that only grows and is cheap to copy: copies share all but its end.

use std::sync::Arc;

/// Entries that are shared at a time.
const CHUNK: usize = 1024;

/// List that only grows: copies share all but its last entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Log<T> {
    full: Vec<Arc<[T]>>,
    last: Vec<T>,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { full: Vec::new(), last: Vec::new() }
    }
}

impl<T> Log<T> {
    /// Adds an entry at the end.
    pub fn push(&mut self, entry: T) {
        self.last.push(entry);
        if self.last.len() == CHUNK {
            self.full.push(std::mem::take(&mut self.last).into());
        }
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.full.len() * CHUNK + self.last.len()
    }

    /// Returns `true` if there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns entry `index`, from 0; `None` past the end.
    pub fn get(&self, index: usize) -> Option<&T> {
        let chunk = self.full.get(index / CHUNK).map_or(&self.last[..], |chunk| &chunk[..]);
        if index / CHUNK > self.full.len() { None } else { chunk.get(index % CHUNK) }
    }

    /// Iterates over all entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.full.iter().flat_map(|chunk| chunk.iter()).chain(&self.last)
    }

    /// Returns the number of bytes that a copy does not share.
    pub fn own_bytes(&self) -> usize {
        size_of_val(self.full.as_slice()) + size_of_val(self.last.as_slice())
    }
}

impl<T> Extend<T> for Log<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, entries: I) {
        entries.into_iter().for_each(|entry| self.push(entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_a_list() {
        let mut log = Log::default();
        assert!(log.is_empty());
        for n in 0..3000_u32 {
            log.push(n);
        }
        let copy = log.clone();
        log.extend([3000, 3001]);
        assert_eq!((log.len(), copy.len()), (3002, 3000));
        assert!((0..3002).all(|n| log.get(n as usize) == Some(&n)));
        assert_eq!((log.get(3002), log.get(5000), copy.get(3000)), (None, None, None));
        assert!(log.iter().copied().eq(0..3002));
        assert!(copy.own_bytes() < 1024 * 4 + 100, "{}", copy.own_bytes());
    }
}
