//! Synapse rows: the synapses of a projection, source by source.

/// Weights of a projection's synapses, in the order of the rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    /// Weights in single precision.
    F32(Vec<f32>),
    /// Integer weights; the target population's constants hold their scale.
    Int8(Vec<i8>),
}

impl Weights {
    /// Returns the number of weights.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(weights) => weights.len(),
            Self::Int8(weights) => weights.len(),
        }
    }

    /// Returns `true` if there are no weights.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Delays of a projection's synapses, in ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delays {
    /// All synapses have this delay.
    All(u16),
    /// Delays in the order of the rows.
    Each(Vec<u16>),
}

impl Delays {
    /// Returns the delay of a synapse.
    ///
    /// # Panics
    ///
    /// Panics if delays differ and there is none for this synapse.
    #[inline]
    pub fn get(&self, synapse: usize) -> u16 {
        match self {
            Self::All(delay) => *delay,
            Self::Each(delays) => delays[synapse],
        }
    }

    /// Returns the longest delay.
    pub fn longest(&self) -> u16 {
        self.distinct().iter().copied().max().unwrap_or(0)
    }

    /// Returns the shortest delay.
    pub fn shortest(&self) -> u16 {
        self.distinct().iter().copied().min().unwrap_or(0)
    }

    fn distinct(&self) -> &[u16] {
        match self {
            Self::All(delay) => std::slice::from_ref(delay),
            Self::Each(delays) => delays,
        }
    }
}

/// Synapse rows, sources ascending; within a row, targets ascend, and delays of one target ascend.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Number of targets.
    pub(super) outputs: usize,
    /// Start of each source's row and, last, the number of synapses; `[sources + 1]`.
    pub(super) starts: Vec<u32>,
    /// Target neuron of each synapse.
    pub(super) targets: Vec<u32>,
    /// Weight of each synapse.
    pub(super) weights: Weights,
    /// Delay of each synapse.
    pub(super) delays: Delays,
    /// Number of synapses including those of weight 0, which are not stored.
    pub(super) dense: u64,
    /// Whether weights come from a convolution, which SpiNNaker's software truncates to int8.
    pub(super) convolution: bool,
}

impl Rows {
    /// Returns the number of sources.
    pub fn inputs(&self) -> usize {
        self.starts.len() - 1
    }

    /// Returns the number of targets.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Returns the number of stored synapses; weights of 0 are not stored.
    pub fn synapses(&self) -> usize {
        self.targets.len()
    }

    /// Returns the number of synapses including those of weight 0, the products of a dense
    /// evaluation.
    pub fn dense_synapses(&self) -> u64 {
        self.dense
    }

    /// Returns the synapses of a source as a range of [`Self::targets`] and its neighbours.
    ///
    /// # Panics
    ///
    /// Panics if there is no such source.
    #[inline]
    pub fn row(&self, source: usize) -> std::ops::Range<usize> {
        self.starts[source] as usize..self.starts[source + 1] as usize
    }

    /// Returns the target neuron of each synapse.
    pub fn targets(&self) -> &[u32] {
        &self.targets
    }

    /// Returns the weight of each synapse.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Returns the delay of each synapse.
    pub fn delays(&self) -> &Delays {
        &self.delays
    }

    /// Returns `true` if the weights come from a convolution.
    pub fn is_convolution(&self) -> bool {
        self.convolution
    }
}
