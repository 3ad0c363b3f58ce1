//! Lists of spikes as CSV files: lines `neuron, time step`.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::file;
use crate::net::spiking::Spike;

/// Largest list that is read, bytes.
const BYTES_LIMIT: u64 = 1 << 30;

/// Reason for which a list of spikes cannot be read.
#[derive(Debug, Error)]
pub enum ListError {
    /// The file is missing or unreadable.
    #[error("{}: {source}", path.display())]
    File {
        /// File of the list.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The file does not hold text.
    #[error("{}: not UTF-8 text", path.display())]
    Text {
        /// File of the list.
        path: PathBuf,
    },
    /// A line is no spike.
    #[error("{}, line {line}: `{found}`; expected two whole numbers, neuron and time step", path.display())]
    Line {
        /// File of the list.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Text of the line.
        found: String,
    },
    /// A spike names a neuron that does not exist.
    #[error("{}, line {line}: neuron {neuron}; the network's inputs have {units}, counted from 0", path.display())]
    Neuron {
        /// File of the list.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Neuron that the line names.
        neuron: u32,
        /// Neurons of all inputs.
        units: usize,
    },
}

/// Spikes by tick, neurons ascending and distinct.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpikeList {
    /// First spike of each tick, and behind the last tick's.
    starts: Vec<u32>,
    spikes: Vec<Spike>,
}

impl SpikeList {
    /// Sorts spikes, given as pairs of tick and neuron in any order; a pair that occurs n times
    /// is n spikes.
    pub fn new(mut pairs: Vec<(u32, u32)>) -> Self {
        pairs.sort_unstable();
        let mut list = Self { starts: vec![0], spikes: Vec::new() };
        for same in pairs.chunk_by(|a, b| a == b) {
            let (tick, neuron) = same[0];
            while list.starts.len() <= tick as usize {
                list.starts.push(list.spikes.len() as u32);
            }
            list.spikes.push(Spike { neuron, count: same.len() as u32 });
        }
        list.starts.push(list.spikes.len() as u32);
        list
    }

    /// Returns the spikes of a tick.
    pub fn at(&self, tick: u32) -> &[Spike] {
        let start = |tick: usize| self.starts.get(tick).map(|&start| start as usize);
        match (start(tick as usize), start(tick as usize + 1)) {
            (Some(from), Some(to)) => &self.spikes[from..to],
            _ => &[],
        }
    }

    /// Returns the number of spikes, several of a neuron in a tick counted as such.
    pub fn len(&self) -> u64 {
        self.spikes.iter().map(|spike| u64::from(spike.count)).sum()
    }

    /// Returns whether there is no spike.
    pub fn is_empty(&self) -> bool {
        self.spikes.is_empty()
    }

    /// Returns whether a neuron spikes more than once in a tick.
    pub fn has_counts(&self) -> bool {
        self.spikes.iter().any(|spike| spike.count > 1)
    }

    /// Reads a list for inputs of `units` neurons. A first line that names the columns is
    /// passed over, as are empty lines.
    ///
    /// # Errors
    ///
    /// Fails with the line that is no spike of these neurons.
    pub fn read(path: &Path, units: usize) -> Result<Self, ListError> {
        let bytes = file::read(path, BYTES_LIMIT)
            .map_err(|source| ListError::File { path: path.to_owned(), source })?;
        let text = String::from_utf8(bytes).map_err(|_| ListError::Text { path: path.to_owned() })?;
        let mut pairs = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let header = number == 0 && line.starts_with(|c: char| c.is_alphabetic());
            if header || line.trim().is_empty() {
                continue;
            }
            let line_number = number + 1;
            let (neuron, tick) = pair(line).ok_or_else(|| ListError::Line {
                path: path.to_owned(),
                line: line_number,
                found: line.chars().take(40).collect(),
            })?;
            if neuron as usize >= units {
                return Err(ListError::Neuron { path: path.to_owned(), line: line_number, neuron, units });
            }
            pairs.push((tick, neuron));
        }
        Ok(Self::new(pairs))
    }
}

/// Reads a line `neuron, time step`.
fn pair(line: &str) -> Option<(u32, u32)> {
    /// Ticks that a list may have: some hours of 1 ms.
    const TICKS: u32 = 20_000_000;
    let (neuron, tick) = line.split_once(',')?;
    let (neuron, tick) = (neuron.trim().parse().ok()?, tick.trim().parse().ok()?);
    (tick < TICKS).then_some((neuron, tick))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, units: usize) -> Result<SpikeList, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.csv");
        std::fs::write(&path, text).unwrap();
        SpikeList::read(&path, units).map_err(|error| error.to_string())
    }

    #[test]
    fn spikes_come_in_any_order_with_or_without_a_header() {
        let list = read("neuron,time_step\n3, 2\n1,0\n3,2\n0,2\n\n", 4).unwrap();
        assert_eq!(list.at(0), [Spike { neuron: 1, count: 1 }]);
        assert_eq!(list.at(1), []);
        assert_eq!(list.at(2), [Spike { neuron: 0, count: 1 }, Spike { neuron: 3, count: 2 }]);
        assert_eq!((list.at(3).len(), list.at(99).len(), list.len()), (0, 0, 4));
        assert!(list.has_counts());
        assert!(read("", 4).unwrap().is_empty());
    }

    #[test]
    fn a_line_that_is_no_spike_is_named() {
        assert!(read("1,2\nx,3\n", 4).unwrap_err().contains("line 2: `x,3`"));
        assert!(read("1,-2\n", 4).unwrap_err().contains("line 1"));
        assert!(read("1\n", 4).unwrap_err().contains("line 1"));
        assert!(read("1,999999999\n", 4).unwrap_err().contains("line 1"));
        let error = read("0,1\n4,1\n", 4).unwrap_err();
        assert!(error.contains("line 2: neuron 4; the network's inputs have 4"), "{error}");
    }
}
