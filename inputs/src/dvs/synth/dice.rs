//! Random choices of the synthesiser: every one comes from the seed.

use spinnaker2_emulator::net::random::Random;

/// A stream of random numbers with the shapes that a synthesiser needs.
#[derive(Clone, Debug)]
pub struct Dice(Random);

impl Dice {
    /// Creates the stream of a purpose, which `parts` name (seed, person, trial, …), so that
    /// streams do not depend on the order in which they are drawn.
    pub fn new(parts: &[u64]) -> Self {
        let mut state = 0x5eed_u64;
        for &part in parts {
            state = Random::new(state ^ part.wrapping_mul(0xd134_2543_de82_ef95)).bits();
        }
        Self(Random::new(state))
    }

    /// Draws uniformly from 0..1.
    pub fn unit(&mut self) -> f32 {
        // 24 bits: every value is an exact f32 below 1.
        (self.0.bits() >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// Draws uniformly between two numbers.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Draws log-uniformly between two positive numbers: each factor of two is equally likely.
    pub fn scale(&mut self, low: f32, high: f32) -> f32 {
        low * libm::powf(high / low, self.unit())
    }

    /// Draws a roughly normal number, mean 0, variance 1, never beyond ±3.5 (sum of four uniforms).
    pub fn normal(&mut self) -> f32 {
        let sum: f32 = (0..4).map(|_| self.unit()).sum();
        (sum - 2.0) * 1.732_050_8
    }

    /// Returns `true` with this probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Draws 1.0 or −1.0 with equal probability.
    pub fn sign(&mut self) -> f32 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }

    /// Draws a whole number below `count` (0 if there is none).
    pub fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f32) as usize).min(count.saturating_sub(1))
    }

    /// Draws the number of events of a Poisson process with this mean. Meant for small means.
    pub fn poisson(&mut self, mean: f32) -> usize {
        let limit = libm::expf(-mean.clamp(0.0, 60.0));
        let (mut count, mut product) = (0, self.unit());
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_every_part_and_repeat() {
        let first = |parts: &[u64]| Dice::new(parts).unit().to_bits();
        assert_eq!(first(&[1, 2, 3]), first(&[1, 2, 3]));
        for other in [[1, 2, 4], [1, 3, 2], [0, 2, 3]] {
            assert_ne!(first(&[1, 2, 3]), first(&other));
        }
    }

    #[test]
    fn shapes_have_their_means() {
        let mut dice = Dice::new(&[7]);
        let n = 20_000;
        let mean = |draw: &mut dyn FnMut() -> f32| (0..n).map(|_| draw()).sum::<f32>() / n as f32;
        assert!((mean(&mut || dice.poisson(2.5) as f32) - 2.5).abs() < 0.05);
        let mut dice = Dice::new(&[8]);
        assert!(mean(&mut || dice.normal()).abs() < 0.03);
        let mut dice = Dice::new(&[9]);
        assert!((mean(&mut || libm::log2f(dice.scale(1.0, 4.0))) - 1.0).abs() < 0.02);
    }
}
