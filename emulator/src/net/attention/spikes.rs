//! Binary vectors over time steps, packed 32 to a word.

/// Spikes of a population over the time steps of one token, a bit each.
///
/// Bit `c % 32` of word `c / 32` of a step is neuron `c`. On the chip they have the same packing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spikes {
    width: usize,
    words: Vec<u32>,
}

/// Returns the words that `width` bits take.
pub const fn words(width: usize) -> usize {
    width.div_ceil(32)
}

impl Spikes {
    /// Creates silence of `width` neurons over `steps` time steps.
    pub fn silent(width: usize, steps: usize) -> Self {
        Self { width, words: vec![0; steps * words(width)] }
    }

    /// Returns the number of neurons.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Returns the packed spikes of a time step.
    pub fn step(&self, step: usize) -> &[u32] {
        let words = words(self.width);
        &self.words[step * words..][..words]
    }

    /// Returns all packed words, step after step.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Returns `true` if neuron `neuron` spikes in time step `step`.
    pub fn get(&self, step: usize, neuron: usize) -> bool {
        self.step(step)[neuron / 32] >> (neuron % 32) & 1 == 1
    }

    /// Sets whether neuron `neuron` spikes in time step `step`.
    pub fn set(&mut self, step: usize, neuron: usize, spike: bool) {
        let word = step * words(self.width) + neuron / 32;
        let bit = 1 << (neuron % 32);
        if spike {
            self.words[word] |= bit;
        } else {
            self.words[word] &= !bit;
        }
    }

    /// Returns the number of spikes of all neurons and time steps.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Returns the number of places, neurons times time steps, of which [`Self::count`] are taken.
    pub fn places(&self) -> u64 {
        let steps = self.words.len().checked_div(words(self.width)).unwrap_or(0);
        (self.width * steps) as u64
    }
}

/// Iterates over the set bits of packed words, ascending.
pub fn ones(words: &[u32]) -> impl Iterator<Item = usize> + '_ {
    words.iter().enumerate().flat_map(|(at, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            let bit = rest.trailing_zeros();
            rest &= rest.wrapping_sub(1);
            (bit < 32).then_some(32 * at + bit as usize)
        })
    })
}
