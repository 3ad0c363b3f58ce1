//! Comparison of a neuron's state with its threshold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Comparison of a state n, before its reset, with the threshold θ that makes an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Compare {
    /// n > θ, as in the EGRU authors' code.
    #[default]
    Greater,
    /// n ≥ θ, as in eq. 1 of the EGRU paper, whose H(0) is 1.
    GreaterOrEqual,
}

impl Compare {
    /// Returns `true` if a state of `n` makes an event. NaN makes none.
    #[inline]
    pub fn fires(self, n: f32, threshold: f32) -> bool {
        match self {
            Self::Greater => n > threshold,
            Self::GreaterOrEqual => n >= threshold,
        }
    }

    /// Returns `true` for the EGRU authors' comparison.
    pub fn is_usual(&self) -> bool {
        *self == Self::Greater
    }
}
