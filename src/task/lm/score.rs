//! Score of predicted words.
//!
//! Surprisal is −ln p(word), in nats; perplexity is exp of its mean over all *predictions*. A
//! text of N tokens has N − 1 of them: the first has no prediction. (The authors' evaluation
//! divides the same sum by N; at the size of WikiText-2's test text that is a factor of
//! 245,568/245,569 on the mean.)

use std::collections::VecDeque;

/// Predictions of the running window: one sequence of the paper.
pub const WINDOW: usize = 70;

/// Sums over the predictions so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    sum: f64,
    squares: f64,
    predictions: u64,
    recent: VecDeque<f64>,
}

impl Score {
    /// Counts one prediction, by the surprisal of the word that came.
    pub fn add(&mut self, surprisal: f64) {
        self.sum += surprisal;
        self.squares += surprisal * surprisal;
        self.predictions += 1;
        if self.recent.len() == WINDOW {
            self.recent.pop_front();
        }
        self.recent.push_back(surprisal);
    }

    /// Returns the number of predictions counted.
    pub fn predictions(&self) -> u64 {
        self.predictions
    }

    /// Returns the mean surprisal since the start, nats; `None` before the first prediction.
    pub fn mean_surprisal(&self) -> Option<f64> {
        (self.predictions > 0).then(|| self.sum / self.predictions as f64)
    }

    /// Returns the standard error of the mean surprisal, nats; `None` before the second prediction.
    ///
    /// It treats surprisals as independent, which those of neighbouring words are not quite.
    pub fn surprisal_error(&self) -> Option<f64> {
        let count = self.predictions as f64;
        let spread = self.squares - self.sum * self.sum / count;
        (self.predictions > 1).then(|| (spread.max(0.0) / (count - 1.0) / count).sqrt())
    }

    /// Returns the perplexity since the start; `None` before the first prediction.
    pub fn perplexity(&self) -> Option<f64> {
        self.mean_surprisal().map(libm::exp)
    }

    /// Iterates over the surprisal of the last predictions, nats, at most [`WINDOW`], oldest first.
    pub fn recent(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.recent.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_error_is_that_of_a_sample() {
        let mut score = Score::default();
        score.add(2.0);
        assert_eq!(score.surprisal_error(), None);
        for surprisal in [4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0] {
            score.add(surprisal);
        }
        // Mean 5, squared deviations 32, variance of the sample 32/7.
        let error = score.surprisal_error().unwrap();
        assert!((error - (32.0_f64 / 7.0 / 8.0).sqrt()).abs() < 1e-12, "{error}");
        let mut even = Score::default();
        for _ in 0..100 {
            even.add(0.1);
        }
        assert!(even.surprisal_error().unwrap() < 1e-9);
    }

    #[test]
    fn perplexity_of_a_fair_die_is_six() {
        let mut score = Score::default();
        assert_eq!((score.perplexity(), score.recent().len()), (None, 0));
        for _ in 0..100 {
            score.add(6.0_f64.ln());
        }
        assert!((score.perplexity().unwrap() - 6.0).abs() < 1e-9);
        for _ in 0..WINDOW {
            score.add(2.0_f64.ln());
        }
        assert!(score.recent().all(|surprisal| surprisal.to_bits() == 2.0_f64.ln().to_bits()));
        assert_eq!((score.predictions(), score.recent().len()), (170, WINDOW));
    }
}
