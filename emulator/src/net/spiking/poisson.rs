//! Poisson sources, and the random-number unit that draws their spikes.

use std::ops::Range;

use super::network::{Network, SpikeSource};

/// Largest number of neurons that a PE's random-number unit draws for.
const NEURONS_A_UNIT: usize = 250;

/// Random-number unit of a PE: Marsaglia's KISS with a 64-bit multiply-with-carry.
///
/// Each PE has one, 32 bits a cycle, "MARS KISS64" (CHIP26, second hand). The constants are those
/// of Jones, "Good Practice in (Pseudo) Random Number Generation for Bioinformatics Applications"
/// (2010), `JKISS`; that the unit has the same ones is inferred from the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kiss64 {
    x: u32,
    y: u32,
    z: u32,
    c: u32,
}

impl Kiss64 {
    /// Creates a unit whose four registers are derived from a seed and the number of the PE's
    /// share.
    pub fn new(seed: u64, share: u32) -> Self {
        // SplitMix64 (Steele, Lea, Flood 2014) spreads the seed over the registers.
        let mut state = seed ^ u64::from(share).wrapping_mul(0xD1B5_4A32_D192_ED03);
        let mut next = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            (mixed ^ mixed >> 31) as u32
        };
        // The shift register must not be 0, and the carry must be below the factor.
        let (x, y, z, c) = (next(), next() | 1, next(), next());
        Self { x, y, z, c: c % 698_769_069 }
    }

    /// Returns the next number.
    pub fn number(&mut self) -> u32 {
        self.x = self.x.wrapping_mul(314_527_869).wrapping_add(1_234_567);
        self.y ^= self.y << 5;
        self.y ^= self.y >> 7;
        self.y ^= self.y << 22;
        let product = 4_294_584_393 * u64::from(self.z) + u64::from(self.c);
        self.c = (product >> 32) as u32;
        self.z = product as u32;
        self.x.wrapping_add(self.y).wrapping_add(self.z)
    }
}

/// Poisson sources: in each tick a neuron spikes if the number drawn for it is below a limit.
///
/// The random-number unit of the neuron's PE draws the numbers. For this purpose sources are
/// divided among PEs independently of the mapping, at most 250 neurons a PE, so that spikes depend
/// on the seed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoissonSources {
    /// Limit below which a drawn number is a spike ([`PoissonSources::new`]).
    pub below: u32,
    /// Seed of the random-number units.
    pub seed: u64,
}

impl PoissonSources {
    /// Creates sources whose neurons spike with a probability of 0 to 1 in a tick.
    ///
    /// A probability of 1 misses one tick of 2³².
    pub fn new(probability: f64, seed: u64) -> Self {
        let below = (probability.clamp(0.0, 1.0) * 2_f64.powi(32)).min(f64::from(u32::MAX)) as u32;
        Self { below, seed }
    }

    /// Returns the ranges of neurons of each source, one for each of its PEs.
    pub fn shares(network: &Network) -> Vec<Vec<Range<u32>>> {
        let shares = |units: usize| even_ranges(units, units.div_ceil(NEURONS_A_UNIT));
        network.sources().iter().map(SpikeSource::units).map(shares).collect()
    }

    /// Returns the random-number unit of share number `share`, counted over all sources.
    pub fn unit(self, share: u32) -> Kiss64 {
        Kiss64::new(self.seed, share)
    }

    /// Returns the spikes of `ticks` ticks as pairs of tick and neuron; neurons are numbered over
    /// all sources.
    pub fn spikes(self, network: &Network, ticks: u32) -> Vec<(u32, u32)> {
        let (mut spikes, mut first, mut number) = (Vec::new(), 0, 0);
        for shares in Self::shares(network) {
            let units = shares.last().map_or(0, |share| share.end);
            for share in shares {
                let mut unit = self.unit(number);
                number += 1;
                for tick in 0..ticks {
                    let drawn = share.clone().filter(|_| unit.number() < self.below);
                    spikes.extend(drawn.map(|neuron| (tick, first + neuron)));
                }
            }
            first += units;
        }
        spikes
    }
}

/// Splits units into contiguous ranges that differ by one unit at most.
pub fn even_ranges(units: usize, parts: usize) -> Vec<Range<u32>> {
    let first = |part: usize| (part * units / parts) as u32;
    (0..parts).map(|part| first(part)..first(part + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with numbers that a separate Python program computed from the recurrences and the
    /// initial registers of Jones (2010).
    #[test]
    fn numbers_follow_the_published_recurrences() {
        let mut unit = Kiss64 { x: 123_456_789, y: 987_654_321, z: 43_219_876, c: 6_543_217 };
        let first: Vec<u32> = (0..4).map(|_| unit.number()).collect();
        assert_eq!(first, [560_241_513, 2_602_615_593, 2_542_353_780, 3_322_652_092]);
        let last = (4..100_000).map(|_| unit.number()).last();
        assert_eq!(last, Some(1_378_222_970));
    }

    #[test]
    fn numbers_are_spread_evenly_and_differ_between_shares() {
        let mut units = [0, 1, 2].map(|share| Kiss64::new(7, share));
        let mut means = [0.0; 3];
        let mut equal = 0;
        for _ in 0..100_000 {
            let numbers = units.each_mut().map(Kiss64::number);
            equal += u32::from(numbers[0] == numbers[1] || numbers[1] == numbers[2]);
            for (mean, number) in means.iter_mut().zip(numbers) {
                *mean += f64::from(number) / 2_f64.powi(32) / 100_000.0;
            }
        }
        assert!(equal < 3, "{equal} of 100,000 numbers are equal");
        assert!(means.iter().all(|mean| (mean - 0.5).abs() < 0.005), "{means:?}");
    }

    #[test]
    fn probabilities_are_limits_of_numbers() {
        let below = |probability| PoissonSources::new(probability, 0).below;
        assert_eq!([0.0, 0.5, 1.0, 2.0].map(below), [0, 1 << 31, u32::MAX, u32::MAX]);
        assert_eq!(even_ranges(10, 3), [0..3, 3..6, 6..10]);
    }
}
