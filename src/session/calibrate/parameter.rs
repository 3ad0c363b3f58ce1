//! Assumptions that can be inferred from phase times.

use crate::machine::assumed::{Method, Parameter, Search};
use crate::machine::options::Assume;

/// Number of `assume` that can be fitted.
#[derive(Clone, Copy, Debug)]
pub struct Fitted {
    parameter: Parameter,
    /// Bounds and method of the search for its value.
    pub search: Search,
}

/// Iterates over the numbers of [`Assume::PARAMETERS`] that can be fitted.
///
/// Of two that cannot be told apart, the first is fitted.
pub fn fitted() -> impl Iterator<Item = Fitted> {
    let of = |parameter: Parameter| Some(Fitted { parameter, search: parameter.search? });
    Assume::PARAMETERS.into_iter().filter_map(of)
}

impl Fitted {
    /// Returns the name of the parameter in `assume`.
    pub fn name(&self) -> &'static str {
        self.parameter.name
    }

    /// Returns the value of this number in `assume`.
    pub fn get(&self, assume: &Assume) -> f64 {
        (self.parameter.get)(assume)
    }

    /// Returns `assume` with another value of this number, within its bounds and rounded
    /// to its grain.
    #[must_use]
    pub fn with(&self, assume: &Assume, value: f64) -> Assume {
        let mut changed = assume.clone();
        (self.parameter.set)(&mut changed, self.rounded(value));
        changed
    }

    fn rounded(&self, value: f64) -> f64 {
        let [least, most] = self.search.bounds;
        let value = value.clamp(least, most);
        match self.search.method {
            Method::Every => value.round(),
            // A division by a whole number leaves the shortest decimal.
            Method::Slope { grain, .. } => (value / grain).round() / (1.0 / grain).round(),
        }
    }

    /// Returns another value, to find the phases that depend on the parameter.
    pub fn other(&self, value: f64) -> f64 {
        let [least, most] = self.search.bounds;
        match self.search.method {
            Method::Every if value < most => most,
            Method::Every => least,
            Method::Slope { probe, .. } if value + probe <= most => value + probe,
            Method::Slope { probe, .. } => value - probe,
        }
    }
}
