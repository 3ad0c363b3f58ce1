//! Arithmetic of the hyperbolic tangent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lanes::{self, LANES};

/// Arithmetic by which a network computes tanh. Both forms are tanh to single precision and differ
/// in last bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Tanh {
    /// `tanhf` of the `libm` crate, as the authors' code computes it.
    #[default]
    Libm,
    /// 1 − 2 / (1 + exp(2x)), as the chip computes it with its exp unit (`pointwise.c`,
    /// `transformer.c`).
    ExpUnit,
}

impl Tanh {
    /// Returns `true` for the default, which scenes need not name.
    pub fn is_libm(&self) -> bool {
        *self == Self::Libm
    }

    /// Returns the hyperbolic tangent of `x`.
    #[inline]
    pub fn of(self, x: f32) -> f32 {
        match self {
            Self::Libm => libm::tanhf(x),
            Self::ExpUnit => from_exp(libm::expf(2.0 * x)),
        }
    }

    /// Returns the hyperbolic tangent of each number, bit-identical to [`Self::of`].
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "only inlined is it compiled with the dispatched instructions")]
    pub fn lanes(self, x: [f32; LANES]) -> [f32; LANES] {
        match self {
            Self::Libm => lanes::tanh(x),
            Self::ExpUnit => lanes::each(lanes::exp(lanes::each(x, |x| 2.0 * x)), from_exp),
        }
    }
}

/// Returns tanh x, computed from exp 2x by an addition, a division and a subtraction.
#[inline(always)]
#[allow(clippy::inline_always, reason = "only inlined is it compiled with the dispatched instructions")]
fn from_exp(exp: f32) -> f32 {
    1.0 - 2.0 / (1.0 + exp)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_forms_are_tanh_and_eight_at_a_time_the_same(x in prop::array::uniform8(-100.0_f32..100.0)) {
            for tanh in [Tanh::Libm, Tanh::ExpUnit] {
                for (lane, x) in tanh.lanes(x).into_iter().zip(x) {
                    prop_assert_eq!(lane.to_bits(), tanh.of(x).to_bits());
                    prop_assert!((f64::from(lane) - f64::from(x).tanh()).abs() < 1e-6);
                }
            }
        }
    }
}
