//! Networks: sources, populations, projections and outputs, checked once, when they are made.

use thiserror::Error;

use super::convention::SpikesPerTick;
use super::int8;
use super::population::Population;
use super::rows::{Delays, Rows};

/// Largest number of values that all ring buffers of a network's state hold together.
const RING_LIMIT: u64 = 1 << 26;

/// Source of spikes from outside of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpikeSource {
    /// Name of the node, or of the user.
    pub name: String,
    /// Shape of the input; neurons count in C order.
    pub shape: Vec<usize>,
}

impl SpikeSource {
    /// Returns the number of neurons.
    pub fn units(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Sender of spikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Spike source, by index.
    Source(usize),
    /// Population, by index.
    Population(usize),
}

/// Synapses from a sender to a population.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Name, made of the nodes on the way.
    pub name: String,
    /// Source or population that sends.
    pub from: Origin,
    /// Index of the population that receives.
    pub to: usize,
    /// Synapses by neuron of the sender.
    pub rows: Rows,
}

/// Sender that an output shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tap {
    /// Source or population that sends.
    pub from: Origin,
    /// Ticks by which the output shows its spikes later.
    pub delay: u16,
}

/// Output of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Name of the node, or of the user.
    pub name: String,
    /// Senders, all of one size; their spikes add up.
    pub taps: Vec<Tap>,
}

/// Reason why the parts are not a network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// A population's lists differ in length, or it has no neurons.
    #[error(
        "population `{name}`: parameters and shape need one value a neuron for {units} neurons, at least one"
    )]
    Lengths {
        /// Name of the population.
        name: String,
        /// Neurons of the population.
        units: usize,
    },
    /// A part of the network names a population or source that does not exist.
    #[error("{part}: there is no such {kind} ({index}); there are {count}, counted from 0")]
    Missing {
        /// Projection or output that names the missing part.
        part: String,
        /// Population or source.
        kind: &'static str,
        /// Index that is named.
        index: usize,
        /// Number of populations or sources.
        count: usize,
    },
    /// The rows of a projection do not fit sender and target.
    #[error("projection {name}: rows for {inputs} → {outputs} neurons between {sources} and {targets}")]
    Shape {
        /// Name of the projection.
        name: String,
        /// Sources of the rows.
        inputs: usize,
        /// Targets of the rows.
        outputs: usize,
        /// Neurons of the sender.
        sources: usize,
        /// Neurons of the target.
        targets: usize,
    },
    /// The senders of an output differ in size.
    #[error("output `{0}`: its senders differ in their number of neurons")]
    Output(String),
    /// Synapses without a delay form a cycle.
    #[error(
        "populations {}: a cycle of synapses without a delay; give one of its projections a delay of 1 tick",
        .0.join(", ")
    )]
    Cycle(Vec<String>),
    /// Several spikes a tick need a threshold that v can be divided by.
    #[error(
        "population `{name}`: several spikes a tick need thresholds above 0, neuron {neuron} has {threshold}; \
         set spikes_per_tick: One"
    )]
    Threshold {
        /// Name of the population.
        name: String,
        /// Neuron, in C order of the population's shape.
        neuron: usize,
        /// Threshold of that neuron.
        threshold: String,
    },
    /// A scale does not suit the weights.
    #[error(
        "population `{name}`: a weight scale of {scale} makes {largest} of the largest weight; \
         expected a scale above 0 that leaves every weight within ±127"
    )]
    WeightScale {
        /// Name of the population.
        name: String,
        /// Scale as given, as text.
        scale: String,
        /// Largest magnitude of a scaled weight.
        largest: String,
    },
    /// Delays times neurons are more than memory is taken for.
    #[error(
        "projection {name}: a delay of {delay} ticks needs too large a ring buffer; \
         shorten the delay or lengthen the tick"
    )]
    Delay {
        /// Name of the projection with the longest delay.
        name: String,
        /// Longest delay of the projection, in ticks.
        delay: u16,
    },
}

/// Spiking network, ready to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub(super) sources: Vec<SpikeSource>,
    pub(super) populations: Vec<Population>,
    pub(super) projections: Vec<Projection>,
    pub(super) outputs: Vec<Output>,
    /// Indices of the populations in the order of their updates.
    pub(super) order: Vec<usize>,
}

impl Network {
    /// Makes a network. Projections add to a neuron's input sum in the order given.
    ///
    /// # Errors
    ///
    /// Fails if parts do not fit each other, or synapses without a delay form a cycle.
    pub fn new(
        sources: Vec<SpikeSource>,
        populations: Vec<Population>,
        projections: Vec<Projection>,
        outputs: Vec<Output>,
    ) -> Result<Self, NetworkError> {
        let mut network = Self { sources, populations, projections, outputs, order: Vec::new() };
        network.populations.iter().try_for_each(check_population)?;
        network.projections.iter().try_for_each(|projection| network.check_projection(projection))?;
        network.outputs.iter().try_for_each(|output| network.check_output(output))?;
        network.check_rings()?;
        network.order = network.update_order()?;
        Ok(network)
    }

    /// Turns all weights into 8-bit integers and scales the populations accordingly.
    ///
    /// Without `scale`, the weights of each population are multiplied by 127/max|w|.
    ///
    /// # Errors
    ///
    /// Fails if `scale` is not above 0, or makes a weight larger than 127.
    pub fn with_int8_weights(mut self, scale: Option<f64>) -> Result<Self, NetworkError> {
        int8::quantise(&mut self, scale)?;
        Ok(self)
    }

    /// Returns the spike sources.
    pub fn sources(&self) -> &[SpikeSource] {
        &self.sources
    }

    /// Returns the populations.
    pub fn populations(&self) -> &[Population] {
        &self.populations
    }

    /// Returns the projections, in the order in which they add to input sums.
    pub fn projections(&self) -> &[Projection] {
        &self.projections
    }

    /// Returns the outputs.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Returns the indices of the populations in the order of their updates.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Returns the number of neurons of a sender; `None` if it does not exist.
    pub fn units(&self, origin: Origin) -> Option<usize> {
        match origin {
            Origin::Source(index) => self.sources.get(index).map(SpikeSource::units),
            Origin::Population(index) => self.populations.get(index).map(|population| population.units),
        }
    }

    /// Returns the number of neurons of all populations.
    pub fn neurons(&self) -> usize {
        self.populations.iter().map(|population| population.units).sum()
    }

    /// Returns the longest delay of the synapses into a population, in ticks.
    pub fn longest_delay(&self, population: usize) -> u16 {
        let into = self.projections.iter().filter(|projection| projection.to == population);
        into.map(|projection| projection.rows.delays.longest()).max().unwrap_or(0)
    }

    fn sender(&self, part: &str, origin: Origin) -> Result<usize, NetworkError> {
        let (kind, index, count) = match origin {
            Origin::Source(index) => ("source", index, self.sources.len()),
            Origin::Population(index) => ("population", index, self.populations.len()),
        };
        let missing = || NetworkError::Missing { part: part.to_owned(), kind, index, count };
        self.units(origin).ok_or_else(missing)
    }

    fn check_projection(&self, projection: &Projection) -> Result<(), NetworkError> {
        let name = format!("projection {}", projection.name);
        let sources = self.sender(&name, projection.from)?;
        let targets = self.sender(&name, Origin::Population(projection.to))?;
        let (inputs, outputs) = (projection.rows.inputs(), projection.rows.outputs());
        if (inputs, outputs) == (sources, targets) {
            return Ok(());
        }
        Err(NetworkError::Shape { name: projection.name.clone(), inputs, outputs, sources, targets })
    }

    fn check_output(&self, output: &Output) -> Result<(), NetworkError> {
        let name = format!("output {}", output.name);
        let units = output.taps.iter().map(|tap| self.sender(&name, tap.from));
        let units = units.collect::<Result<Vec<_>, _>>()?;
        let equal = units.windows(2).all(|pair| pair[0] == pair[1]);
        if equal && !units.is_empty() { Ok(()) } else { Err(NetworkError::Output(output.name.clone())) }
    }

    fn check_rings(&self) -> Result<(), NetworkError> {
        let ring = |index: usize| {
            (u64::from(self.longest_delay(index)) + 1).saturating_mul(self.populations[index].units as u64)
        };
        if (0..self.populations.len()).map(ring).fold(0, u64::saturating_add) <= RING_LIMIT {
            return Ok(());
        }
        let slowest = self.projections.iter().max_by_key(|projection| projection.rows.delays.longest());
        let (name, delay) = slowest.map_or((String::new(), 0), |projection| {
            (projection.name.clone(), projection.rows.delays.longest())
        });
        Err(NetworkError::Delay { name, delay })
    }

    /// Sorts populations so that synapses without a delay lead forward; ties by index.
    fn update_order(&self) -> Result<Vec<usize>, NetworkError> {
        let immediate = |projection: &&Projection| match &projection.rows.delays {
            Delays::All(delay) => *delay == 0 && projection.rows.synapses() > 0,
            Delays::Each(delays) => delays.contains(&0),
        };
        let mut edges: Vec<(usize, usize)> = self
            .projections
            .iter()
            .filter(immediate)
            .filter_map(|projection| match projection.from {
                Origin::Population(from) => Some((from, projection.to)),
                Origin::Source(_) => None,
            })
            .collect();
        let mut left: Vec<usize> = (0..self.populations.len()).collect();
        let mut order = Vec::with_capacity(left.len());
        while let Some(at) = left.iter().position(|&next| edges.iter().all(|&(_, to)| to != next)) {
            let next = left.remove(at);
            edges.retain(|&(from, _)| from != next);
            order.push(next);
        }
        if left.is_empty() {
            return Ok(order);
        }
        Err(NetworkError::Cycle(left.iter().map(|&index| self.populations[index].name.clone()).collect()))
    }
}

fn check_population(population: &Population) -> Result<(), NetworkError> {
    let (name, units) = (population.name.clone(), population.units);
    if units == 0 || !population.is_consistent() {
        return Err(NetworkError::Lengths { name, units });
    }
    let many = population.firing.as_ref().filter(|firing| firing.spikes_per_tick == SpikesPerTick::Many);
    // `!(a > 0)` also finds NaN.
    #[allow(clippy::neg_cmp_op_on_partial_ord, reason = "NaN is refused as well")]
    match many.and_then(|firing| firing.threshold.find(|threshold| !(threshold > 0.0))) {
        Some((neuron, threshold)) => {
            Err(NetworkError::Threshold { name, neuron, threshold: threshold.to_string() })
        }
        None => Ok(()),
    }
}
