//! How well words are predicted.
//!
//! Surprisal is −ln p(word), in nats; perplexity is exp of its mean over all *predictions*. A text of N tokens has
//! N − 1 of them: the first has no prediction. (The authors' evaluation divides the same sum by N; at the size of
//! WikiText-2's test text that is a factor of 245,568/245,569 on the mean.)

use std::collections::VecDeque;

/// Predictions of the running window: one sequence of the paper.
pub const WINDOW: usize = 70;

/// Sums over the predictions so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    sum: f64,
    predictions: u64,
    recent: VecDeque<f64>,
}

impl Score {
    /// Counts one prediction, by the surprisal of the word that came.
    pub fn add(&mut self, surprisal: f64) {
        self.sum += surprisal;
        self.predictions += 1;
        if self.recent.len() == WINDOW {
            self.recent.pop_front();
        }
        self.recent.push_back(surprisal);
    }

    /// Predictions counted.
    pub fn predictions(&self) -> u64 {
        self.predictions
    }

    /// Mean surprisal since the start, nats; none before the first prediction.
    pub fn mean_surprisal(&self) -> Option<f64> {
        (self.predictions > 0).then(|| self.sum / self.predictions as f64)
    }

    /// Perplexity since the start.
    pub fn perplexity(&self) -> Option<f64> {
        self.mean_surprisal().map(libm::exp)
    }

    /// Surprisal of the last predictions, at most [`WINDOW`], oldest first.
    pub fn recent(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.recent.iter().copied()
    }

    /// Perplexity of the last predictions, at most [`WINDOW`].
    pub fn recent_perplexity(&self) -> Option<f64> {
        let count = self.recent.len();
        (count > 0).then(|| libm::exp(self.recent.iter().sum::<f64>() / count as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perplexity_of_a_fair_die_is_six() {
        let mut score = Score::default();
        assert_eq!((score.perplexity(), score.recent_perplexity()), (None, None));
        for _ in 0..100 {
            score.add(6.0_f64.ln());
        }
        assert!((score.perplexity().unwrap() - 6.0).abs() < 1e-9);
        for _ in 0..WINDOW {
            score.add(2.0_f64.ln());
        }
        assert!((score.recent_perplexity().unwrap() - 2.0).abs() < 1e-9);
        assert_eq!((score.predictions(), score.recent().len()), (170, WINDOW));
    }
}
