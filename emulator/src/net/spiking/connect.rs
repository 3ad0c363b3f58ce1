//! Linear maps between the neurons of two populations, composed from the nodes between them.

use thiserror::Error;

use super::rows::{Delays, Rows, Weights};

/// Largest number of synapses of a map: several times what 152 PEs of 128 KiB can hold.
pub const SYNAPSE_LIMIT: u64 = 1 << 24;

/// Reason why a linear map cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectionError {
    /// The map has more than [`SYNAPSE_LIMIT`] synapses, for which no memory is taken.
    #[error("{synapses} synapses; the limit is {SYNAPSE_LIMIT}, far above what the chip can hold")]
    TooLarge {
        /// Synapses of the map.
        synapses: u64,
    },
    /// Numbers of neurons that do not fit each other.
    #[error("{what}: {found} values, expected {needed}")]
    Length {
        /// Array or node that does not fit.
        what: &'static str,
        /// Number of values given.
        found: usize,
        /// Number of values needed.
        needed: usize,
    },
    /// A synapse from or to a neuron that does not exist.
    #[error("synapse {source_neuron} → {target}: there are {inputs} sources and {outputs} targets")]
    Neuron {
        /// Source of the synapse.
        source_neuron: u32,
        /// Target of the synapse.
        target: u32,
        /// Number of sources.
        inputs: usize,
        /// Number of targets.
        outputs: usize,
    },
    /// The kernel of a convolution or a pool is larger than the padded map, or a size is 0.
    #[error("a kernel of {0} × {1} does not fit a map of {2} × {3} (padding included)")]
    Kernel(usize, usize, usize, usize),
    /// A delay longer than can be stored.
    #[error("a delay of {0} ticks; the longest is 65535")]
    Delay(u64),
}

/// Synapse of a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synapse {
    /// Index of the target neuron.
    pub target: u32,
    /// Delay, in ticks.
    pub delay: u16,
    /// Weight; 0 is kept, for counts of dense products.
    pub weight: f32,
}

/// Linear map from a source's spikes to the input sums of a target, as synapses by source.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    outputs: usize,
    /// Synapses of each source, targets ascending, then delays.
    starts: Vec<u32>,
    synapses: Vec<Synapse>,
    convolution: bool,
}

/// Refuses a number of synapses above the limit, before memory is taken for them.
pub(crate) fn check_size(synapses: u64) -> Result<(), ConnectionError> {
    if synapses > SYNAPSE_LIMIT { Err(ConnectionError::TooLarge { synapses }) } else { Ok(()) }
}

impl Connection {
    /// Makes a map from `[outputs, inputs]` weights, as those of a linear layer.
    ///
    /// # Errors
    ///
    /// Fails if there are more or fewer weights, or too many.
    pub fn dense(inputs: usize, outputs: usize, weights: &[f32]) -> Result<Self, ConnectionError> {
        let count = inputs.saturating_mul(outputs);
        check_size(count as u64)?;
        if weights.len() != count {
            return Err(ConnectionError::Length { what: "weight", found: weights.len(), needed: count });
        }
        let synapse =
            |i: usize, o: usize| Synapse { target: o as u32, delay: 0, weight: weights[o * inputs + i] };
        Ok(Self {
            outputs,
            starts: (0..=inputs).map(|i| (i * outputs) as u32).collect(),
            synapses: (0..inputs).flat_map(|i| (0..outputs).map(move |o| synapse(i, o))).collect(),
            convolution: false,
        })
    }

    /// Makes a map with one synapse from each source to one target: weight, delay and
    /// target by source.
    ///
    /// # Errors
    ///
    /// Fails if a target does not exist or there are too many sources.
    pub fn one_each(outputs: usize, synapses: Vec<Synapse>) -> Result<Self, ConnectionError> {
        check_size(synapses.len() as u64)?;
        if let Some((source, wrong)) = synapses.iter().enumerate().find(|(_, s)| s.target as usize >= outputs)
        {
            let inputs = synapses.len();
            return Err(ConnectionError::Neuron {
                source_neuron: source as u32,
                target: wrong.target,
                inputs,
                outputs,
            });
        }
        Ok(Self { outputs, starts: (0..=synapses.len() as u32).collect(), synapses, convolution: false })
    }

    /// Makes the map that passes every neuron's spikes on to the neuron of the same number.
    ///
    /// # Errors
    ///
    /// Fails if there are too many neurons.
    pub fn identity(units: usize) -> Result<Self, ConnectionError> {
        check_size(units as u64)?;
        let synapse = |target: usize| Synapse { target: target as u32, delay: 0, weight: 1.0 };
        Self::one_each(units, (0..units).map(synapse).collect())
    }

    /// Makes a map from synapses and their sources, in any order; several between two neurons with
    /// equal delays become one, with the sum of their weights.
    ///
    /// # Errors
    ///
    /// Fails if a neuron does not exist or there are too many synapses.
    pub fn sparse(
        inputs: usize,
        outputs: usize,
        synapses: &[(u32, Synapse)],
    ) -> Result<Self, ConnectionError> {
        check_size(synapses.len() as u64)?;
        let wrong =
            |(source, s): &&(u32, Synapse)| *source as usize >= inputs || s.target as usize >= outputs;
        if let Some(&(source_neuron, Synapse { target, .. })) = synapses.iter().find(wrong) {
            return Err(ConnectionError::Neuron { source_neuron, target, inputs, outputs });
        }
        let mut sorted: Vec<_> = synapses.to_vec();
        sorted.sort_by_key(|&(source, s)| (source, s.target, s.delay));
        let mut builder = Builder::new(inputs, outputs);
        for row in sorted.chunk_by(|a, b| a.0 == b.0) {
            builder.row(row[0].0 as usize, row.iter().map(|&(_, s)| (s, f64::from(s.weight))));
        }
        builder.finish(false)
    }

    /// Makes the map from one source that sends a spike in every tick to `values`, 0 left out.
    ///
    /// # Errors
    ///
    /// Fails if there are too many values.
    pub fn constant(values: &[f64]) -> Result<Self, ConnectionError> {
        let synapse =
            |(n, &value): (usize, &f64)| (0, Synapse { target: n as u32, delay: 0, weight: value as f32 });
        check_size(values.len() as u64)?;
        let synapses: Vec<_> =
            values.iter().enumerate().map(synapse).filter(|(_, s)| s.weight != 0.0).collect();
        Self::sparse(1, values.len(), &synapses)
    }

    /// Splits a map from one source into its values without a delay, and the rest of the map.
    pub fn split_constant(mut self) -> (Vec<f64>, Self) {
        let mut values = vec![0.0; self.outputs];
        for synapse in self.synapses.iter().filter(|synapse| synapse.delay == 0) {
            values[synapse.target as usize] += f64::from(synapse.weight);
        }
        self.synapses.retain(|synapse| synapse.delay > 0);
        self.starts = vec![0, self.synapses.len() as u32];
        (values, self)
    }

    /// Makes a map of synapses that are grouped by source and sorted by target.
    pub(super) fn sorted(
        outputs: usize,
        starts: Vec<u32>,
        synapses: Vec<Synapse>,
        convolution: bool,
    ) -> Self {
        Self { outputs, starts, synapses, convolution }
    }

    /// Returns the number of sources.
    pub fn inputs(&self) -> usize {
        self.starts.len() - 1
    }

    /// Returns the number of targets.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Returns the number of synapses, those of weight 0 included.
    pub fn synapses(&self) -> u64 {
        self.synapses.len() as u64
    }

    /// Returns `true` if a synapse takes a tick or more.
    pub fn has_delays(&self) -> bool {
        self.synapses.iter().any(|synapse| synapse.delay > 0)
    }

    fn row(&self, source: usize) -> &[Synapse] {
        &self.synapses[self.starts[source] as usize..self.starts[source + 1] as usize]
    }

    /// Returns the map of `self` followed by `next`.
    ///
    /// Weights of a path multiply; those of several paths between two neurons with equal delays add
    /// up. Both are done in double precision and rounded once.
    ///
    /// # Errors
    ///
    /// Fails if numbers of neurons differ, or there are too many synapses.
    pub fn then(&self, next: &Self) -> Result<Self, ConnectionError> {
        if self.outputs != next.inputs() {
            let (found, needed) = (self.outputs, next.inputs());
            return Err(ConnectionError::Length { what: "input of the node", found, needed });
        }
        let paths = self.synapses.iter().map(|s| next.row(s.target as usize).len() as u64).sum();
        check_size(paths)?;
        let mut builder = Builder::new(self.inputs(), next.outputs);
        let mut row = Vec::new();
        for source in 0..self.inputs() {
            row.clear();
            for first in self.row(source) {
                for second in next.row(first.target as usize) {
                    let delay = u32::from(first.delay) + u32::from(second.delay);
                    let delay = u16::try_from(delay).map_err(|_| ConnectionError::Delay(delay.into()))?;
                    let weight = f64::from(first.weight) * f64::from(second.weight);
                    row.push((Synapse { target: second.target, delay, weight: 0.0 }, weight));
                }
            }
            row.sort_by_key(|(synapse, _)| (synapse.target, synapse.delay));
            builder.row(source, row.iter().copied());
        }
        builder.finish(self.convolution || next.convolution)
    }

    /// Returns the map applied to a constant input, such as a bias: one value a target.
    ///
    /// # Panics
    ///
    /// If there are more values than sources.
    pub fn apply(&self, values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.outputs];
        for (source, value) in values.iter().enumerate() {
            for synapse in self.row(source) {
                sums[synapse.target as usize] += f64::from(synapse.weight) * value;
            }
        }
        sums
    }

    /// Returns the synapse rows, every delay longer by `hop` ticks; weights of 0 are left out.
    ///
    /// # Errors
    ///
    /// Fails if a delay becomes too long.
    pub fn rows(&self, hop: u16) -> Result<Rows, ConnectionError> {
        let kept = || self.synapses.iter().filter(|synapse| synapse.weight != 0.0);
        let count = |source: usize| self.row(source).iter().filter(|s| s.weight != 0.0).count() as u32;
        let starts = std::iter::once(0).chain((0..self.inputs()).scan(0, |end, source| {
            *end += count(source);
            Some(*end)
        }));
        let longest = kept().map(|synapse| synapse.delay).max().unwrap_or(0);
        if longest.checked_add(hop).is_none() {
            return Err(ConnectionError::Delay(u64::from(longest) + u64::from(hop)));
        }
        let first = kept().next().map_or(0, |synapse| synapse.delay);
        let delays = if kept().all(|synapse| synapse.delay == first) {
            Delays::All(first + hop)
        } else {
            Delays::Each(kept().map(|synapse| synapse.delay + hop).collect())
        };
        Ok(Rows {
            outputs: self.outputs,
            starts: starts.collect(),
            targets: kept().map(|synapse| synapse.target).collect(),
            weights: Weights::F32(kept().map(|synapse| synapse.weight).collect()),
            delays,
            dense: self.synapses.len() as u64,
            convolution: self.convolution,
        })
    }
}

/// Map under construction, rows in ascending order of sources.
struct Builder {
    inputs: usize,
    outputs: usize,
    starts: Vec<u32>,
    synapses: Vec<Synapse>,
}

impl Builder {
    fn new(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, starts: vec![0], synapses: Vec::new() }
    }

    /// Adds a row sorted by target and delay; weights of equal target and delay add up.
    fn row(&mut self, source: usize, row: impl Iterator<Item = (Synapse, f64)>) {
        self.starts.resize(source + 1, self.synapses.len() as u32);
        let mut row = row.peekable();
        while let Some((synapse, mut weight)) = row.next() {
            let same =
                |next: &(Synapse, f64)| (next.0.target, next.0.delay) == (synapse.target, synapse.delay);
            while let Some((_, more)) = row.next_if(same) {
                weight += more;
            }
            self.synapses.push(Synapse { weight: weight as f32, ..synapse });
        }
    }

    fn finish(mut self, convolution: bool) -> Result<Connection, ConnectionError> {
        self.starts.resize(self.inputs + 1, self.synapses.len() as u32);
        check_size(self.synapses.len() as u64)?;
        Ok(Connection { outputs: self.outputs, starts: self.starts, synapses: self.synapses, convolution })
    }
}
