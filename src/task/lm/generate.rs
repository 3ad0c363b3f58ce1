//! Drawing the next word from a prediction.

use crate::model::Prediction;
use crate::net::random::Random;

/// Rule for drawing words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Divides the logits: below 1 bolder, above 1 wilder. 0 (or less, or NaN) takes the
    /// likeliest word always.
    pub temperature: f32,
    /// Number of the likeliest words to draw from; 0 for all.
    pub top_k: u32,
    /// Start of the random numbers.
    pub seed: u64,
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
    fn words_come_as_often_as_they_are_likely() {
        let [a, b, _, d] = counts(1.0, 0);
        assert!(a.abs_diff(1000) < 150 && b.abs_diff(6000) < 250 && d.abs_diff(3000) < 250);
        assert_eq!(counts(1.0, 2)[0], 0, "top-k leaves out the rest");
        assert!(counts(0.2, 0)[1] > 9500, "cold is bolder");
        assert_eq!([counts(0.0, 0)[1], counts(f32::NAN, 3)[1], counts(1.0, 1)[1]], [10_000; 3]);
    }
}
