//! Values of a population's neurons, stored once where they are equal.

/// Value for each neuron of a population.
#[derive(Clone, Debug, PartialEq)]
pub enum PerNeuron<T> {
    /// All neurons have this value.
    All(T),
    /// Values in the order of the neurons.
    Each(Vec<T>),
}

impl<T: Copy + PartialEq> PerNeuron<T> {
    /// Stores values, once if all of them are equal. An empty list becomes an empty `Each`.
    pub fn new(values: Vec<T>) -> Self {
        match values.first() {
            Some(&first) if values.iter().all(|&value| value == first) => Self::All(first),
            _ => Self::Each(values),
        }
    }

    /// Returns the value of a neuron.
    ///
    /// # Panics
    ///
    /// If the values differ and there is none for this neuron.
    #[inline]
    pub fn get(&self, neuron: usize) -> T {
        match self {
            Self::All(value) => *value,
            Self::Each(values) => values[neuron],
        }
    }

    /// Returns `true` if there is a value for each of `units` neurons and none more.
    pub fn fits(&self, units: usize) -> bool {
        match self {
            Self::All(_) => true,
            Self::Each(values) => values.len() == units,
        }
    }

    /// Returns the first value for which `test` holds, with its neuron (0 where all are equal).
    pub fn find(&self, test: impl Fn(T) -> bool) -> Option<(usize, T)> {
        self.distinct().iter().copied().enumerate().find(|&(_, value)| test(value))
    }

    /// Returns the stored values: one where all are equal.
    pub fn distinct(&self) -> &[T] {
        match self {
            Self::All(value) => std::slice::from_ref(value),
            Self::Each(values) => values,
        }
    }

    /// Computes a value from each value.
    pub fn map<U: Copy + PartialEq>(&self, f: impl Fn(T) -> U) -> PerNeuron<U> {
        match self {
            Self::All(value) => PerNeuron::All(f(*value)),
            Self::Each(values) => PerNeuron::new(values.iter().map(|&value| f(value)).collect()),
        }
    }

    /// Computes a value from each neuron's values in `self` and `other`.
    pub fn zip<V: Copy + PartialEq, U: Copy + PartialEq>(
        &self,
        other: &PerNeuron<V>,
        f: impl Fn(T, V) -> U,
    ) -> PerNeuron<U> {
        match (self, other) {
            (PerNeuron::All(a), PerNeuron::All(b)) => PerNeuron::All(f(*a, *b)),
            (PerNeuron::Each(a), _) => {
                PerNeuron::new(a.iter().enumerate().map(|(n, &a)| f(a, other.get(n))).collect())
            }
            (PerNeuron::All(a), PerNeuron::Each(b)) => PerNeuron::new(b.iter().map(|&b| f(*a, b)).collect()),
        }
    }

    /// Returns the values as a list of `units`.
    pub fn expand(&self, units: usize) -> Vec<T> {
        (0..units).map(|neuron| self.get(neuron)).collect()
    }
}

impl PerNeuron<f64> {
    /// Rounds every value to single precision.
    pub fn single(&self) -> PerNeuron<f32> {
        self.map(|value| value as f32)
    }
}
