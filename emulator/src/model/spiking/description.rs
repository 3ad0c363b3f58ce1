//! Spiking networks described in RON: populations and projections as SpiNNaker2's
//! software has them.
//!
//! `models/README.md` describes the format for people who bring their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use thiserror::Error;

use super::convert::{Converted, SpikingOptions};
use super::error::SpikingError;
use crate::file;
use crate::net::spiking::connect::{Connection, ConnectionError, Synapse};
use crate::net::spiking::population::Spinnaker2Lif;
use crate::net::spiking::{Network, Origin, Output, Projection, SpikeSource, Tap, WeightFormat};

/// Name of a description in a model's folder.
pub const NETWORK_FILE: &str = "network.ron";
/// Largest size of a description, and of a list of synapses, bytes.
pub const DESCRIPTION_LIMIT: u64 = 64 << 20;
/// Fewest and most neurons of a population or source.
const UNITS: std::ops::RangeInclusive<usize> = 1..=1 << 20;

/// Spiking network: sources, populations, projections, outputs.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "Network")]
pub struct Description {
    /// Sources of spikes, which the task feeds, in its order.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// Populations of neurons.
    pub populations: Vec<DescribedPopulation>,
    /// Projections between them. Their order is that in which they add to a neuron's sum.
    #[serde(default)]
    pub projections: Vec<DescribedProjection>,
    /// Names of the populations whose spikes are the outputs; by default all populations.
    #[serde(default)]
    pub outputs: Vec<String>,
}

/// Source of spikes.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name of the source.
    pub name: String,
    /// Number of neurons.
    pub units: usize,
}

/// Population of neurons with one set of parameters.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribedPopulation {
    /// Name of the population.
    pub name: String,
    /// Number of neurons.
    pub units: usize,
    /// Model and parameters of its neurons.
    pub neuron: DescribedNeuron,
}

/// Model of a neuron with the parameters of py-spinnaker2.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum DescribedNeuron {
    /// v ← α·v + Σ w + offset; a spike where v > θ.
    #[serde(rename = "lif")]
    Lif {
        /// Threshold θ of a spike.
        threshold: f32,
        /// α, the share of v that is kept.
        alpha_decay: f32,
        /// Added to v in every tick.
        #[serde(default)]
        i_offset: f32,
        /// v before the first tick.
        #[serde(default)]
        v_init: f32,
        /// v after a spike; without it θ is subtracted.
        #[serde(default)]
        v_reset: Option<f32>,
    },
    /// `lif` with two currents, one of positive and one of negative weights.
    #[serde(rename = "lif_curr_exp")]
    LifCurrExp {
        /// Threshold θ of a spike.
        threshold: f32,
        /// α, the share of v that is kept.
        alpha_decay: f32,
        /// Share of the excitatory current that is kept.
        exc_decay: f32,
        /// Share of the inhibitory current that is kept.
        inh_decay: f32,
        /// Added to v in every tick.
        #[serde(default)]
        i_offset: f32,
        /// v before the first tick.
        #[serde(default)]
        v_init: f32,
        /// v after a spike; without it θ is subtracted.
        #[serde(default)]
        v_reset: Option<f32>,
    },
}

/// Synapses between a source or population and a population.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribedProjection {
    /// Name of the source or population that sends.
    pub from: String,
    /// Name of the population that receives.
    pub to: String,
    /// Synapses of the projection.
    pub synapses: Synapses,
    /// Ticks beyond the one that every spike takes (py-spinnaker2's delay).
    #[serde(default)]
    pub delay: u16,
}

/// Synapses of a projection.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Synapses {
    /// From each neuron to the neuron of the same number, with this weight.
    OneToOne(f32),
    /// From every neuron to every neuron, with this weight.
    AllToAll(f32),
    /// From neuron i to neurons i + offset, pairs of offset and weight. Numbers behind the last
    /// neuron go on with the first.
    Offsets(Vec<(i32, f32)>),
    /// Lines `source,target,weight` or `source,target,weight,delay` of this CSV file,
    /// beside the description.
    File(String),
}

/// Reason for which a description is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DescriptionError {
    /// The text is not UTF-8.
    #[error("not UTF-8 text")]
    Text,
    /// The text has something other than expected at a place.
    #[error("line {line}, column {column}: {what}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Description of the error.
        what: String,
    },
    /// A number of neurons out of range.
    #[error("`{name}` has {units} neurons; expected 1 to 1,048,576")]
    Units {
        /// Source or population.
        name: String,
        /// Neurons that it has.
        units: usize,
    },
    /// A name that two have.
    #[error("two sources or populations are called `{0}`")]
    Twice(String),
    /// A name that none has.
    #[error("{part} names `{name}`, which does not exist; there are {}", .names.join(", "))]
    Missing {
        /// Name of the part that refers to it.
        part: String,
        /// Name that does not exist.
        name: String,
        /// Names that there are.
        names: Vec<String>,
    },
    /// A number that is not finite.
    #[error("{part}: every number must be finite")]
    NotFinite {
        /// Population or projection.
        part: String,
    },
    /// A file of synapses cannot be read.
    #[error("{}: {what}", path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Line and reason.
        what: String,
    },
    /// Synapses that cannot be made.
    #[error("{part}: {source}")]
    Connection {
        /// Name of the projection.
        part: String,
        /// Error in its connections.
        source: ConnectionError,
    },
}

impl Description {
    /// Reads a description; files of synapses are looked for in `folder`.
    ///
    /// # Errors
    ///
    /// Fails with the line, or the name of the part that is wrong.
    pub fn read(bytes: &[u8], folder: &Path) -> Result<Self, DescriptionError> {
        let text = std::str::from_utf8(bytes).map_err(|_| DescriptionError::Text)?;
        let options =
            ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        let mut description: Self = options.from_str(text).map_err(|error| DescriptionError::Syntax {
            line: error.span.start.line,
            column: error.span.start.col,
            what: error.code.to_string(),
        })?;
        description.check()?;
        for projection in &mut description.projections {
            if let Synapses::File(name) = &projection.synapses {
                let path = folder.join(name);
                projection.synapses = Synapses::File(read_list(&path)?);
            }
        }
        description.rows()?;
        Ok(description)
    }

    fn check(&self) -> Result<(), DescriptionError> {
        let names = self.names();
        for (at, &(name, units)) in names.iter().enumerate() {
            if !UNITS.contains(&units) {
                return Err(DescriptionError::Units { name: name.to_owned(), units });
            }
            if names[..at].iter().any(|&(other, _)| other == name) {
                return Err(DescriptionError::Twice(name.to_owned()));
            }
        }
        for population in &self.populations {
            let neuron = population.neuron.parameters();
            let currents = neuron.currents.unwrap_or_default();
            let numbers = [
                neuron.threshold,
                neuron.alpha_decay,
                neuron.i_offset,
                neuron.v_init,
                currents.0,
                currents.1,
            ];
            if !numbers.iter().chain(&neuron.v_reset).all(|number| number.is_finite()) {
                return Err(DescriptionError::NotFinite {
                    part: format!("population `{}`", population.name),
                });
            }
        }
        for output in &self.outputs {
            self.population(output, || "outputs".to_owned())?;
        }
        Ok(())
    }

    /// Lists the names of sources, then of populations, with their numbers of neurons.
    fn names(&self) -> Vec<(&str, usize)> {
        let sources = self.sources.iter().map(|source| (source.name.as_str(), source.units));
        sources.chain(self.populations.iter().map(|p| (p.name.as_str(), p.units))).collect()
    }

    fn missing(&self, part: String, name: &str) -> DescriptionError {
        let names = self.names().iter().map(|(name, _)| (*name).to_owned()).collect();
        DescriptionError::Missing { part, name: name.to_owned(), names }
    }

    fn population(&self, name: &str, part: impl Fn() -> String) -> Result<usize, DescriptionError> {
        let found = self.populations.iter().position(|population| population.name == name);
        found.ok_or_else(|| self.missing(part(), name))
    }

    fn origin(&self, name: &str, part: impl Fn() -> String) -> Result<(Origin, usize), DescriptionError> {
        let source = self.sources.iter().position(|source| source.name == name);
        if let Some(index) = source {
            return Ok((Origin::Source(index), self.sources[index].units));
        }
        let index = self.population(name, part)?;
        Ok((Origin::Population(index), self.populations[index].units))
    }

    /// Makes the synapses of all projections.
    fn rows(&self) -> Result<Vec<Projection>, DescriptionError> {
        let mut projections = Vec::new();
        for projection in &self.projections {
            let name = format!("{} → {}", projection.from, projection.to);
            let part = || format!("projection {name}");
            let (from, inputs) = self.origin(&projection.from, part)?;
            let to = self.population(&projection.to, part)?;
            let failed = |source| DescriptionError::Connection { part: part(), source };
            let outputs = self.populations[to].units;
            let synapses = projection
                .synapses
                .list(inputs, outputs, projection.delay)
                .ok_or_else(|| DescriptionError::NotFinite { part: part() })?;
            let rows =
                Connection::sparse(inputs, outputs, &synapses).and_then(|all| all.rows(1)).map_err(failed)?;
            projections.push(Projection { name, from, to, rows });
        }
        Ok(projections)
    }

    /// Makes the network. Conventions of frameworks do not apply to it, formats of weights do.
    ///
    /// # Errors
    ///
    /// Fails if the parts are not a network, or a scale does not suit the weights.
    pub fn network(&self, options: &SpikingOptions) -> Result<Converted, SpikingError> {
        let sources =
            self.sources.iter().map(|s| SpikeSource { name: s.name.clone(), shape: vec![s.units] }).collect();
        let populations: Vec<_> = self
            .populations
            .iter()
            .map(|population| {
                population.neuron.parameters().population(population.name.clone(), population.units)
            })
            .collect();
        let shown: Vec<usize> = match self.outputs.as_slice() {
            [] => (0..populations.len()).collect(),
            names => names.iter().filter_map(|name| self.population(name, String::new).ok()).collect(),
        };
        let output = |index: usize| Output {
            name: populations[index].name.clone(),
            taps: vec![Tap { from: Origin::Population(index), delay: 0 }],
        };
        let outputs = shown.into_iter().map(output).collect();
        // `read` has made these synapses once.
        let projections = self.rows().unwrap_or_default();
        let nodes = (0..populations.len()).collect();
        let mut network = Network::new(sources, populations, projections, outputs)?;
        if options.weights == WeightFormat::Int8 {
            network = network.with_int8_weights(options.weight_scale)?;
        }
        Ok(Converted { network, nodes, notes: Vec::new() })
    }
}

impl DescribedNeuron {
    fn parameters(self) -> Spinnaker2Lif {
        match self {
            Self::Lif { threshold, alpha_decay, i_offset, v_init, v_reset } => {
                Spinnaker2Lif { threshold, alpha_decay, i_offset, v_init, v_reset, currents: None }
            }
            Self::LifCurrExp { threshold, alpha_decay, exc_decay, inh_decay, i_offset, v_init, v_reset } => {
                let currents = Some((exc_decay, inh_decay));
                Spinnaker2Lif { threshold, alpha_decay, i_offset, v_init, v_reset, currents }
            }
        }
    }
}

impl Synapses {
    /// Lists source and synapse; `None` if a weight is not finite.
    fn list(&self, inputs: usize, outputs: usize, delay: u16) -> Option<Vec<(u32, Synapse)>> {
        let one = |source: usize, target: usize, weight| {
            (source as u32, Synapse { target: target as u32, delay, weight })
        };
        let list: Vec<_> = match self {
            Self::OneToOne(weight) => (0..inputs).map(|n| one(n, n, *weight)).collect(),
            // `Connection` refuses more synapses than fit; as many are not listed first.
            Self::AllToAll(weight) => {
                let most = (1 << 24) / outputs.max(1) + 1;
                let pairs = (0..inputs.min(most)).flat_map(|n| (0..outputs).map(move |m| (n, m)));
                pairs.map(|(n, m)| one(n, m, *weight)).collect()
            }
            Self::Offsets(offsets) => {
                let target =
                    |n: usize, offset: i32| (n as i64 + i64::from(offset)).rem_euclid(outputs as i64);
                let most = (1 << 24) / offsets.len().max(1) + 1;
                let sources = (0..inputs.min(most)).flat_map(|n| offsets.iter().map(move |pair| (n, pair)));
                sources.map(|(n, &(offset, weight))| one(n, target(n, offset) as usize, weight)).collect()
            }
            // Read and checked line by line before.
            Self::File(text) => text.lines().filter_map(|line| synapse(line, delay)).collect(),
        };
        list.iter().all(|(_, synapse)| synapse.weight.is_finite()).then_some(list)
    }
}

/// Reads a line `source,target,weight[,delay]`.
fn synapse(line: &str, delay: u16) -> Option<(u32, Synapse)> {
    let mut fields = line.split(',').map(str::trim);
    let (source, target) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let weight = fields.next()?.parse().ok()?;
    let own: u16 = match fields.next() {
        Some(field) => field.parse().ok()?,
        None => 0,
    };
    let delay = delay.checked_add(own)?;
    fields.next().is_none().then_some((source, Synapse { target, delay, weight }))
}

/// Reads a CSV file of synapses; the result holds its lines without a header.
fn read_list(path: &Path) -> Result<String, DescriptionError> {
    let failed = |what: String| DescriptionError::File { path: path.to_owned(), what };
    let bytes = file::read(path, DESCRIPTION_LIMIT).map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| failed("not UTF-8 text".to_owned()))?;
    let header = text.lines().next().is_some_and(|line| line.starts_with(|c: char| c.is_alphabetic()));
    let mut lines: BTreeMap<usize, &str> = BTreeMap::new();
    for (number, line) in text.lines().enumerate().skip(usize::from(header)) {
        if line.trim().is_empty() {
            continue;
        }
        if synapse(line, 0).is_none() {
            let what =
                format!("line {}: expected source,target,weight or source,target,weight,delay", number + 1);
            return Err(failed(what));
        }
        lines.insert(number, line);
    }
    Ok(lines.into_values().collect::<Vec<_>>().join("\n"))
}
