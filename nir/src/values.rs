//! Parameters of neurons: one value for all, or one a neuron.

/// Parameter of a population.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Value of every neuron.
    One(f32),
    /// Values in the order of the neurons (C order of the population's shape); at least two differ.
    Each(Box<[f32]>),
}

impl Values {
    /// Creates the shorter form: [`Values::One`] where all values have the same bits.
    ///
    /// No values at all give `One(0.0)`.
    pub fn new(values: Vec<f32>) -> Self {
        let first = values.first().copied().unwrap_or_default();
        if values.iter().all(|value| value.to_bits() == first.to_bits()) {
            Self::One(first)
        } else {
            Self::Each(values.into())
        }
    }

    /// Returns the value of a neuron.
    ///
    /// # Panics
    ///
    /// Panics if the values differ and `neuron` is outside of the population.
    pub fn get(&self, neuron: usize) -> f32 {
        match self {
            Self::One(value) => *value,
            Self::Each(values) => values[neuron],
        }
    }

    /// Returns the values that are stored: one, or one a neuron.
    pub fn stored(&self) -> &[f32] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Each(values) => values,
        }
    }

    /// Returns `true` if one value counts for every neuron.
    pub fn is_one(&self) -> bool {
        matches!(self, Self::One(_))
    }

    /// Returns the least value.
    pub fn min(&self) -> f32 {
        self.stored().iter().copied().fold(f32::INFINITY, f32::min)
    }

    /// Returns the greatest value.
    pub fn max(&self) -> f32 {
        self.stored().iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_stored_once() {
        assert_eq!(Values::new(vec![2.0; 5]), Values::One(2.0));
        assert_eq!(Values::new(vec![]), Values::One(0.0));
        // Two zeros that differ in their sign are two values.
        assert!(!Values::new(vec![0.0, -0.0]).is_one());
    }

    #[test]
    fn different_values_keep_their_order() {
        let values = Values::new(vec![3.0, 1.0, 2.0]);
        assert_eq!((values.get(0), values.min(), values.max()), (3.0, 1.0, 3.0));
        assert_eq!(values.stored().len(), 3);
    }
}
