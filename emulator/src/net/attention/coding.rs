//! Input coding: values as signed spikes of two populations, one for u and one for −u.

use super::neuron::{THRESHOLD, integrate, lif};
use super::spikes::{Spikes, ones};

/// Spikes of the populations of u and of −u; at most one of the two spikes in a time step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Spikes that count 1.
    pub plus: Spikes,
    /// Spikes that count −1.
    pub minus: Spikes,
}

impl Signed {
    /// Creates silence of `width` neurons over `steps` time steps.
    pub fn silent(width: usize, steps: usize) -> Self {
        Self { plus: Spikes::silent(width, steps), minus: Spikes::silent(width, steps) }
    }

    /// Codes `u` by LIF neurons that begin at 0 (threshold 1, τ = 2).
    pub fn leaky(&mut self, u: &[f32]) {
        self.code(u, 0.0, |v, u| lif(v, u, THRESHOLD));
    }

    /// Codes `u` by IF neurons that begin at θ/2, with soft reset.
    pub fn quantised(&mut self, u: &[f32], theta: f32) {
        self.code(u, theta / 2.0, |v, u| integrate(v, u, theta));
    }

    fn code(&mut self, u: &[f32], start: f32, update: impl Fn(&mut f32, f32) -> bool) {
        for (neuron, &u) in u.iter().enumerate() {
            let (mut up, mut down) = (start, start);
            for step in 0..self.steps() {
                self.plus.set(step, neuron, update(&mut up, u));
                self.minus.set(step, neuron, update(&mut down, -u));
            }
        }
    }

    fn steps(&self) -> usize {
        let words = super::spikes::words(self.plus.width()).max(1);
        self.plus.words().len() / words
    }

    /// Iterates over the neurons that spike in a time step, those of u first.
    pub fn active(&self, step: usize) -> [impl Iterator<Item = usize> + '_; 2] {
        [ones(self.plus.step(step)), ones(self.minus.step(step))]
    }

    /// Returns the number of spikes of both populations.
    pub fn count(&self) -> u64 {
        self.plus.count() + self.minus.count()
    }
}
