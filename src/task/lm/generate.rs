//! Drawing the next word from a prediction.

use super::readout::Prediction;

/// How words are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Divides the logits: below 1 bolder, above 1 wilder. 0 (or less, or NaN) takes the likeliest word always.
    pub temperature: f32,
    /// Only so many of the likeliest words; 0 for all.
    pub top_k: u32,
    /// Start of the random numbers.
    pub seed: u64,
}

/// A small random number generator whose whole state is one number: SplitMix64 (Steele, Lea, Flood, 2014).
///
/// Ours, so that the same seed gives the same text on every machine and in every later version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next number in 0..1, of 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Draws a word. Takes one random number, or none at temperature 0.
pub fn draw(prediction: &Prediction, sampling: &Sampling, random: &mut Random) -> u32 {
    let greedy = sampling.temperature.is_nan() || sampling.temperature <= 0.0;
    let words = match (greedy, sampling.top_k) {
        (true, _) => prediction.top(1),
        (false, 0) => (0..prediction.logits().len() as u32).collect(),
        (false, k) => prediction.top(k as usize),
    };
    if greedy || words.len() < 2 {
        return words.first().copied().unwrap_or(0);
    }
    let logit =
        |word: u32| f64::from(prediction.logits().get(word as usize).copied().unwrap_or(f32::NEG_INFINITY));
    let greatest = words.iter().map(|&word| logit(word)).fold(f64::NEG_INFINITY, f64::max);
    let weight = |word: u32| libm::exp((logit(word) - greatest) / f64::from(sampling.temperature));
    let mut left = random.unit() * words.iter().map(|&word| weight(word)).sum::<f64>();
    for &word in &words {
        left -= weight(word);
        if left < 0.0 {
            return word;
        }
    }
    // Rounding can leave a rest: the last word that has any weight.
    words.iter().copied().rfind(|&word| weight(word) > 0.0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction() -> Prediction {
        Prediction::new([0.1_f32, 0.6, 0.0001, 0.3].map(f32::ln).to_vec())
    }

    fn counts(temperature: f32, top_k: u32) -> [u32; 4] {
        let sampling = Sampling { temperature, top_k, seed: 7 };
        let mut random = Random::new(sampling.seed);
        let mut counts = [0; 4];
        for _ in 0..10_000 {
            counts[draw(&prediction(), &sampling, &mut random) as usize] += 1;
        }
        counts
    }

    #[test]
    fn the_generator_is_the_published_one() {
        // First outputs of SplitMix64 from seed 1234567, as in its reference implementation's test vectors.
        let mut random = Random::new(1_234_567);
        assert_eq!([random.bits(), random.bits()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn words_come_as_often_as_they_are_likely() {
        let [a, b, _, d] = counts(1.0, 0);
        assert!(a.abs_diff(1000) < 150 && b.abs_diff(6000) < 250 && d.abs_diff(3000) < 250);
        assert_eq!(counts(1.0, 2)[0], 0, "top-k leaves out the rest");
        assert!(counts(0.2, 0)[1] > 9500, "cold is bolder");
        assert_eq!([counts(0.0, 0)[1], counts(f32::NAN, 3)[1], counts(1.0, 1)[1]], [10_000; 3]);
    }
}
