//! Leaky integrate-and-fire populations as mathematics: the reference that the emulated chip
//! is compared with.
//!
//! In time step t the input current of a neuron is its bias plus, one after the other in the order
//! of the projections, the weighted sum of what each projection's source sent `delay` steps before.
//! Each weighted sum is the one ascending chain ([`super::sum`]). Then
//!
//! ```text
//! v = decay * v + current
//! spike iff v > threshold:  y = 1, and v = v - threshold or v = the reset value;  otherwise y = 0
//! ```
//!
//! with every operation rounded by itself. This is the discrete form that snnTorch's `Leaky` and
//! Norse's `lif_feed_forward` share up to the choice of reset; units are those of the model.

use thiserror::Error;

use super::csr::Csr;
use super::sum;

/// What a spike does to the membrane potential.
#[derive(Clone, Debug, PartialEq)]
pub enum Reset {
    /// The threshold is subtracted.
    Subtract,
    /// The potential is set to a value, one a neuron.
    To(Vec<f32>),
}

/// Population of neurons.
#[derive(Clone, Debug, PartialEq)]
pub struct LifPopulation {
    /// Name of the population.
    pub name: String,
    /// Constant part of the input current, `[units]`.
    pub bias: Vec<f32>,
    /// Share of the potential that is kept from step to step, `[units]`.
    pub decay: Vec<f32>,
    /// Potential above which a neuron spikes, `[units]`.
    pub threshold: Vec<f32>,
    /// What a spike does to the potential.
    pub reset: Reset,
}

impl LifPopulation {
    /// Returns the number of neurons.
    pub fn units(&self) -> usize {
        self.bias.len()
    }
}

/// Source of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The row of inputs of the time step. Its delay is 0.
    Input,
    /// Spikes of a population, by index.
    Population(usize),
}

/// Weights from a source to a population.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Where its values come from.
    pub from: Source,
    /// Index of the population that they go to.
    pub to: usize,
    /// Weights, `[units of the target, values of the source]`.
    pub weights: Csr,
    /// Time steps between a spike and its effect: at least 1 from a population, 0 from the input.
    pub delay: u32,
}

/// Why populations and projections are no network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LifError {
    /// The arrays of a population differ in length, or are empty.
    #[error(
        "population `{name}`: bias, decay, threshold and reset need one value a neuron, and at least one neuron"
    )]
    Lengths {
        /// Name of the population.
        name: String,
    },
    /// A projection names a population that there is not.
    #[error(
        "projection {projection}: there is no population {population}; there are {count}, counted from 0"
    )]
    Population {
        /// Index of the projection.
        projection: usize,
        /// Index of the population.
        population: usize,
        /// Number of populations.
        count: usize,
    },
    /// The weights do not fit source and target.
    #[error(
        "projection {projection}: weights of {rows} × {columns}; {units} targets and {sources} sources need {units} × {sources}"
    )]
    Shape {
        /// Index of the projection.
        projection: usize,
        /// Rows of the weights.
        rows: usize,
        /// Columns of the weights.
        columns: usize,
        /// Neurons of the target.
        units: usize,
        /// Values of the source.
        sources: usize,
    },
    /// A delay that the source cannot have.
    #[error("projection {projection}: a delay of {delay}; from a population at least 1, from the input 0")]
    Delay {
        /// Index of the projection.
        projection: usize,
        /// Delay of the projection, in time steps.
        delay: u32,
    },
}

/// Network of leaky integrate-and-fire populations.
#[derive(Clone, Debug, PartialEq)]
pub struct Lif {
    populations: Vec<LifPopulation>,
    projections: Vec<Projection>,
    inputs: usize,
}

impl Lif {
    /// Makes a network that reads `inputs` values in each time step.
    ///
    /// # Errors
    ///
    /// Fails if arrays do not fit each other, or a projection names what there is not.
    pub fn new(
        populations: Vec<LifPopulation>,
        projections: Vec<Projection>,
        inputs: usize,
    ) -> Result<Self, LifError> {
        for population in &populations {
            let units = population.units();
            let reset = match &population.reset {
                Reset::Subtract => units,
                Reset::To(values) => values.len(),
            };
            if units == 0 || [population.decay.len(), population.threshold.len(), reset] != [units; 3] {
                return Err(LifError::Lengths { name: population.name.clone() });
            }
        }
        let network = Self { populations, projections, inputs };
        for (number, projection) in network.projections.iter().enumerate() {
            network.check(number, projection)?;
        }
        Ok(network)
    }

    fn check(&self, number: usize, projection: &Projection) -> Result<(), LifError> {
        let count = self.populations.len();
        let missing = |population| LifError::Population { projection: number, population, count };
        let units = self.populations.get(projection.to).ok_or_else(|| missing(projection.to))?.units();
        let (sources, delayed) = match projection.from {
            Source::Input => (self.inputs, false),
            Source::Population(from) => {
                (self.populations.get(from).ok_or_else(|| missing(from))?.units(), true)
            }
        };
        let (rows, columns) = (projection.weights.rows(), projection.weights.cols());
        if (rows, columns) != (units, sources) {
            return Err(LifError::Shape { projection: number, rows, columns, units, sources });
        }
        if (projection.delay > 0) != delayed {
            return Err(LifError::Delay { projection: number, delay: projection.delay });
        }
        Ok(())
    }

    /// Returns the populations.
    pub fn populations(&self) -> &[LifPopulation] {
        &self.populations
    }

    /// Returns the projections, in the order in which their currents are added.
    pub fn projections(&self) -> &[Projection] {
        &self.projections
    }

    /// Returns the number of values that it reads in each time step.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Returns the state before the first time step: every potential 0, no spikes on their way.
    pub fn state(&self) -> LifState {
        let longest = self.projections.iter().map(|projection| projection.delay).max().unwrap_or(0);
        LifState {
            potential: self.populations.iter().map(|population| vec![0.0; population.units()]).collect(),
            spikes: self
                .populations
                .iter()
                .map(|population| vec![vec![0.0; population.units()]; longest as usize])
                .collect(),
        }
    }

    /// Computes a time step from the inputs, `[inputs]`.
    ///
    /// # Panics
    ///
    /// If `inputs` has another length than [`Self::inputs`], or `state` is another network's.
    pub fn step(&self, state: &mut LifState, inputs: &[f32]) {
        let mut currents: Vec<Vec<f32>> =
            self.populations.iter().map(|population| population.bias.clone()).collect();
        for projection in &self.projections {
            let sent = match projection.from {
                Source::Input => inputs,
                Source::Population(from) => {
                    let history = &state.spikes[from];
                    &history[history.len() - projection.delay as usize]
                }
            };
            let mut sums = vec![0.0; projection.weights.rows()];
            sum::csr_rows(&projection.weights, sent, &mut sums);
            for (current, sum) in currents[projection.to].iter_mut().zip(&sums) {
                *current += sum;
            }
        }
        for (k, (population, currents)) in self.populations.iter().zip(&currents).enumerate() {
            let mut spikes = vec![0.0; population.units()];
            for (unit, (v, y)) in state.potential[k].iter_mut().zip(&mut spikes).enumerate() {
                let reset = match &population.reset {
                    Reset::Subtract => None,
                    Reset::To(values) => Some(values[unit]),
                };
                let (decay, threshold) = (population.decay[unit], population.threshold[unit]);
                (*v, *y) = neuron(*v, currents[unit], decay, threshold, reset);
            }
            let history = &mut state.spikes[k];
            history.push(spikes);
            if history.len() > 1 {
                history.remove(0);
            }
        }
    }
}

/// Returns the potential and the output of a neuron after a time step. Without a `reset` value a
/// spike subtracts the threshold.
pub fn neuron(v: f32, current: f32, decay: f32, threshold: f32, reset: Option<f32>) -> (f32, f32) {
    let now = decay * v + current;
    if now > threshold { (reset.unwrap_or(now - threshold), 1.0) } else { (now, 0.0) }
}

/// State of a [`Lif`] between time steps.
#[derive(Clone, Debug, PartialEq)]
pub struct LifState {
    /// Membrane potentials, `[population][unit]`.
    pub potential: Vec<Vec<f32>>,
    /// Spikes of the last steps, oldest first, `[population][step][unit]`; as many as the longest
    /// delay, at least 1 after the first step.
    spikes: Vec<Vec<Vec<f32>>>,
}

impl LifState {
    /// Returns what a population sent in the last time step, `[unit]`.
    pub fn spikes(&self, population: usize) -> &[f32] {
        self.spikes.get(population).and_then(|history| history.last()).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::csr::from_parts;

    fn one(reset: Reset) -> LifPopulation {
        LifPopulation { name: "a".into(), bias: vec![0.25], decay: vec![0.5], threshold: vec![1.0], reset }
    }

    /// 0.25 + 1 = 1.25 spikes at once; what remains is 0.25 by subtraction, −0.5 by
    /// the reset value.
    #[test]
    fn a_spike_resets_as_the_population_says() {
        for (reset, kept) in [(Reset::Subtract, 0.25), (Reset::To(vec![-0.5]), -0.5)] {
            let weights = from_parts(1, 1, vec![0, 1], vec![0], vec![1.0]).unwrap();
            let input = Projection { from: Source::Input, to: 0, weights, delay: 0 };
            let network = Lif::new(vec![one(reset)], vec![input], 1).unwrap();
            let mut state = network.state();
            network.step(&mut state, &[1.0]);
            assert_eq!((state.potential[0][0], state.spikes(0)), (kept, &[1.0][..]));
            network.step(&mut state, &[0.0]);
            assert_eq!((state.potential[0][0], state.spikes(0)), (kept * 0.5 + 0.25, &[0.0][..]));
        }
    }

    /// The input makes the neuron spike in step 0; its own spike comes back `delay` steps later.
    #[test]
    fn a_spike_takes_effect_after_its_delay() {
        for delay in [1, 2, 3] {
            let weights = |w| from_parts(1, 1, vec![0, 1], vec![0], vec![w]).unwrap();
            let input = Projection { from: Source::Input, to: 0, weights: weights(2.0), delay: 0 };
            let own = Projection { from: Source::Population(0), to: 0, weights: weights(-8.0), delay };
            let mut population = one(Reset::To(vec![0.0]));
            population.bias = vec![0.0];
            let network = Lif::new(vec![population], vec![input, own], 1).unwrap();
            let mut state = network.state();
            for step in 0..5 {
                network.step(&mut state, &[if step == 0 { 1.0 } else { 0.0 }]);
                let hit = state.potential[0][0] < -1.0;
                assert!(!hit || step >= delay, "delay {delay}, step {step}");
                assert!(step != delay || hit, "delay {delay}, step {step}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let weights = || from_parts(1, 2, vec![0, 0], vec![], vec![]).unwrap();
        let from = |from, delay| Projection { from, to: 0, weights: weights(), delay };
        let build = |projection| Lif::new(vec![one(Reset::Subtract)], vec![projection], 2).unwrap_err();
        assert!(matches!(build(from(Source::Input, 1)), LifError::Delay { delay: 1, .. }));
        assert!(matches!(build(from(Source::Population(0), 1)), LifError::Shape { sources: 1, .. }));
        assert!(matches!(build(from(Source::Population(3), 1)), LifError::Population { population: 3, .. }));
        let empty = LifPopulation { bias: vec![], ..one(Reset::Subtract) };
        assert!(matches!(Lif::new(vec![empty], vec![], 0).unwrap_err(), LifError::Lengths { .. }));
    }
}
