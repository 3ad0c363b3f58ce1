//! Conversion of a graph into a network.

use std::collections::BTreeMap;

use spinntui_nir::{Graph, NodeKind};

use super::error::SpikingError;
use super::neurons::neuron;
use super::notes::{self, Note};
use super::paths::{Path, Paths, Search};
use crate::net::spiking::connect::Connection;
use crate::net::spiking::{
    ConventionOptions, Conventions, Emission, Network, Neuron, Origin, Output, PerNeuron, Population,
    Projection, Schedule, SpikeSource, Tap, WeightFormat,
};

/// Choices about a network that its file does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SpikingOptions {
    /// Conventions of the framework, and single fields.
    pub conventions: ConventionOptions,
    /// Ticks that a spike takes to the next population.
    pub schedule: Schedule,
    /// Format of weights.
    pub weights: WeightFormat,
    /// Factor of int8 weights; `None` for 127/max|w| of each target population.
    pub weight_scale: Option<f64>,
}

/// Network made of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// Network.
    pub network: Network,
    /// Index in the graph of each population's node; an Output's for a population of sums.
    pub nodes: Vec<usize>,
    /// Warnings and remarks, in the order of the nodes.
    pub notes: Vec<Note>,
}

/// Converts a graph into a network.
///
/// Populations have the order of the graph's nodes, populations of sums come last. Projections are
/// ordered by their sender's node, then by edges.
///
/// # Errors
///
/// Fails with the node and the remedy if a node is not supported, or needs a dt that nothing gives.
pub fn convert(graph: &Graph, options: &SpikingOptions) -> Result<Converted, SpikingError> {
    let conventions = Conventions::new(options.conventions);
    if let Some(dt) = options.conventions.dt.filter(|dt| !dt.is_finite() || *dt <= 0.0) {
        return Err(SpikingError::Dt(dt.to_string()));
    }
    let paths = Paths::new(graph, &conventions)?;
    let mut builder = Builder {
        graph,
        options,
        conventions,
        senders: BTreeMap::new(),
        sums: BTreeMap::new(),
        nodes: Vec::new(),
        notes: notes::losses(graph, &conventions),
    };
    builder.notes.extend(paths.notes());
    let sources = builder.number_senders();
    let mut search = Search::default();
    for &sender in builder.senders.keys() {
        paths.find(sender, &mut search)?;
    }
    let all = search.paths;
    builder.check_values(&all)?;
    builder.number_sums(&all);
    let populations = builder.populations(&paths)?;
    let projections = builder.projections(&all)?;
    let outputs = builder.outputs(&all);
    let mut network = Network::new(sources, populations, projections, outputs)?;
    if options.weights == WeightFormat::Int8 {
        network = network.with_int8_weights(options.weight_scale)?;
    }
    Ok(Converted { network, nodes: builder.nodes, notes: builder.notes })
}

struct Builder<'g> {
    graph: &'g Graph,
    options: &'g SpikingOptions,
    conventions: Conventions,
    /// Inputs and populations of the graph, by node.
    senders: BTreeMap<usize, Origin>,
    /// Populations of sums that stand before an Output, by node.
    sums: BTreeMap<usize, usize>,
    /// Node of each population.
    nodes: Vec<usize>,
    notes: Vec<Note>,
}

impl Builder<'_> {
    fn name(&self, node: usize) -> String {
        self.graph.nodes[node].name.clone()
    }

    fn number_senders(&mut self) -> Vec<SpikeSource> {
        let mut sources = Vec::new();
        for (index, node) in self.graph.nodes.iter().enumerate() {
            if matches!(node.kind, NodeKind::Input) {
                self.senders.insert(index, Origin::Source(sources.len()));
                sources.push(SpikeSource { name: node.name.clone(), shape: node.output.clone() });
            } else if node.kind.is_population() {
                self.senders.insert(index, Origin::Population(self.nodes.len()));
                self.nodes.push(index);
            }
        }
        sources
    }

    /// Refuses values that would have to travel as spikes, and outputs that get both.
    fn check_values(&self, paths: &[Path]) -> Result<(), SpikingError> {
        let mut shown: BTreeMap<usize, bool> = BTreeMap::new();
        for path in paths {
            let (from, to) = (path.nodes[0], path.nodes[path.nodes.len() - 1]);
            let kind = &self.graph.nodes[from].kind;
            let values = kind.is_population() && !kind.is_spiking();
            let output = matches!(self.graph.nodes[to].kind, NodeKind::Output);
            if values && !(output && path.passes) {
                let spiking = match kind {
                    NodeKind::I(_) => "IF",
                    NodeKind::Li(_) => "LIF",
                    _ => "CubaLIF",
                };
                let (node, next) = (self.name(from), self.name(path.nodes[1]));
                return Err(SpikingError::Values { node, kind: kind.name(), next, spiking });
            }
            if output && *shown.entry(to).or_insert(values) != values {
                return Err(SpikingError::MixedOutput(self.name(to)));
            }
        }
        Ok(())
    }

    /// Gives a population to every Output that weights lead to.
    fn number_sums(&mut self, paths: &[Path]) {
        for path in paths.iter().filter(|path| !path.passes) {
            let to = path.nodes[path.nodes.len() - 1];
            if matches!(self.graph.nodes[to].kind, NodeKind::Output) && !self.sums.contains_key(&to) {
                self.sums.insert(to, self.nodes.len());
                self.nodes.push(to);
                let text =
                    "weights lead to this Output without a population: it shows their sums, not spikes";
                self.notes.push(Note::of(&self.graph.nodes[to].name, text));
            }
        }
    }

    fn populations(&mut self, paths: &Paths<'_>) -> Result<Vec<Population>, SpikingError> {
        let mut biases: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for bias in paths.biases()? {
            let sums = biases.entry(bias.to).or_insert_with(|| vec![0.0; bias.values.len()]);
            sums.iter_mut().zip(&bias.values).for_each(|(sum, value)| *sum += value);
        }
        let mut populations = Vec::new();
        for &index in &self.nodes {
            let node = &self.graph.nodes[index];
            let neuron = neuron(&node.kind).unwrap_or(Neuron::Sum);
            let bias = biases.remove(&index).map_or(PerNeuron::All(0.0), PerNeuron::new);
            let recurrent = self.graph.edges_from(index).any(|edge| edge.in_cycle);
            let missing = || SpikingError::NoDt { node: node.name.clone() };
            let conventions = self.conventions.of(&neuron, recurrent).ok_or_else(missing)?;
            self.notes.extend(notes::time_constants(&node.name, &neuron, conventions.dt));
            let shape = if node.output.is_empty() { node.input.clone() } else { node.output.clone() };
            populations.push(neuron.population(node.name.clone(), shape, &bias, &conventions));
        }
        Ok(populations)
    }

    /// Returns the ticks that the first edge of a path takes.
    fn hop(&self, path: &Path, output: bool) -> u16 {
        let late = self.conventions.emission() == Emission::NextTick;
        let population = self.graph.nodes[path.nodes[0]].kind.is_population();
        let one = if output {
            late && population
        } else {
            path.recurrent || (late && population) || self.options.schedule == Schedule::Pipelined
        };
        u16::from(one)
    }

    fn projections(&mut self, paths: &[Path]) -> Result<Vec<Projection>, SpikingError> {
        let mut projections = Vec::new();
        for path in paths {
            let to = path.nodes[path.nodes.len() - 1];
            let output = matches!(self.graph.nodes[to].kind, NodeKind::Output);
            let target = match (self.sums.get(&to), self.senders.get(&to)) {
                (Some(&sum), _) => sum,
                (None, Some(&Origin::Population(population))) => population,
                _ => continue,
            };
            let failed = |source| SpikingError::Connection { node: self.name(to), source };
            let hop = self.hop(path, output);
            let rows = match &path.connection {
                Some(connection) => connection.rows(hop),
                None => Connection::identity(self.graph.nodes[path.nodes[0]].outputs())
                    .and_then(|identity| identity.rows(hop)),
            };
            let rows = rows.map_err(failed)?;
            let names: Vec<_> = path.nodes.iter().map(|&node| self.name(node)).collect();
            if path.connection.is_none() && !output {
                let text = format!("spikes of `{}` arrive without weights: each counts as 1", names[0]);
                self.notes.push(Note::of(&names[1], text));
            }
            let from = self.senders[&path.nodes[0]];
            projections.push(Projection { name: names.join(" → "), from, to: target, rows });
        }
        Ok(projections)
    }

    fn outputs(&self, paths: &[Path]) -> Vec<Output> {
        let mut outputs: BTreeMap<usize, Output> = BTreeMap::new();
        for path in paths {
            let to = path.nodes[path.nodes.len() - 1];
            if !matches!(self.graph.nodes[to].kind, NodeKind::Output) {
                continue;
            }
            let output =
                outputs.entry(to).or_insert_with(|| Output { name: self.name(to), taps: Vec::new() });
            match self.sums.get(&to) {
                Some(&sum) => output.taps = vec![Tap { from: Origin::Population(sum), delay: 0 }],
                None => {
                    output.taps.push(Tap { from: self.senders[&path.nodes[0]], delay: self.hop(path, true) });
                }
            }
        }
        outputs.into_values().collect()
    }
}
