//! Ranges in which figures have to lie.

use serde::Serialize;

/// A closed range of numbers in the row's unit; a missing end is open.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Band {
    /// Band in the words of the project's requirements: `15 %`, `86,500 to 92,300 B`.
    pub text: &'static str,
    /// Least figure within.
    pub low: Option<f64>,
    /// Greatest figure within.
    pub high: Option<f64>,
}

impl Band {
    /// Creates the band of figures at most this fraction of the paper's figure away from it.
    pub fn around(paper: f64, fraction: f64, text: &'static str) -> Self {
        Self { text, low: Some(paper * (1.0 - fraction)), high: Some(paper * (1.0 + fraction)) }
    }

    /// Creates the band from one figure to another.
    pub fn between(low: f64, high: f64, text: &'static str) -> Self {
        Self { text, low: Some(low), high: Some(high) }
    }

    /// Creates the band of `low` or more.
    pub fn at_least(low: f64, text: &'static str) -> Self {
        Self { text, low: Some(low), high: None }
    }

    /// Creates the band of `high` or less.
    pub fn at_most(high: f64, text: &'static str) -> Self {
        Self { text, low: None, high: Some(high) }
    }

    /// Returns `true` if a figure is within the band; NaN never is.
    pub fn holds(&self, value: f64) -> bool {
        !value.is_nan()
            && self.low.is_none_or(|low| value >= low)
            && self.high.is_none_or(|high| value <= high)
    }

    /// Returns the distance of a figure to the nearer edge, negative outside; `None` without edges.
    pub fn margin(&self, value: f64) -> Option<f64> {
        let above = self.low.map(|low| value - low);
        let below = self.high.map(|high| high - value);
        above.into_iter().chain(below).reduce(f64::min)
    }
}
