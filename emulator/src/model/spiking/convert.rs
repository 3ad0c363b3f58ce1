//! Conversion of a graph into a network.

use std::collections::BTreeMap;

use spinntui_nir::{Graph, NodeKind};

use super::error::SpikingError;
use super::neurons::neuron;
use super::notes::{Note, losses, time_constants};
use super::paths::{Bias, Path, Paths, Search};
use crate::net::spiking::connect::Connection;
use crate::net::spiking::population::Spinnaker2Lif;
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

/// Network converted from a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// Network, ready to run.
    pub network: Network,
    /// Index in the graph of each population's node; an Output's for a population of sums, that of
    /// the weights for a neuron that stands for a bias.
    pub nodes: Vec<usize>,
    /// Warnings and remarks, in the order of the nodes.
    pub notes: Vec<Note>,
}

/// Converts a graph into a network.
///
/// Populations have the order of the graph's nodes; populations of sums and those that stand for
/// a bias come last. Projections are ordered by their sender's node, then by edges; those of
/// biases come last.
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
        notes: losses(graph, &conventions),
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
    let mut projections = builder.projections(&all)?;
    let populations = builder.populations(&paths, &mut projections)?;
    let outputs = builder.outputs(&all);
    let mut network = Network::new(sources, populations, projections, outputs)?;
    if options.weights == WeightFormat::Int8 {
        network = network.with_int8_weights(options.weight_scale)?;
    }
    Ok(Converted { network, nodes: builder.nodes, notes: builder.notes })
}

/// Returns a neuron that spikes in every tick.
fn clock() -> Spinnaker2Lif {
    Spinnaker2Lif {
        threshold: 0.5,
        alpha_decay: 0.0,
        i_offset: 1.0,
        v_init: 0.0,
        v_reset: Some(0.0),
        currents: None,
    }
}

/// Makes the population of a node, and remarks about its time constants.
fn population(
    graph: &Graph,
    conventions: &Conventions,
    index: usize,
    bias: &PerNeuron<f64>,
    notes: &mut Vec<Note>,
) -> Result<Population, SpikingError> {
    let node = &graph.nodes[index];
    let neuron = neuron(&node.kind).unwrap_or(Neuron::Sum);
    let recurrent = graph.edges_from(index).any(|edge| edge.in_cycle);
    let missing = || SpikingError::NoDt { node: node.name.clone() };
    let conventions = conventions.of(&neuron, recurrent).ok_or_else(missing)?;
    notes.extend(time_constants(&node.name, &neuron, conventions.dt));
    let shape = if node.output.is_empty() { node.input.clone() } else { node.output.clone() };
    Ok(neuron.population(node.name.clone(), shape, bias, &conventions))
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

    /// Gives every population its constants, and a sender to every bias that passes a Delay.
    fn populations(
        &mut self,
        paths: &Paths<'_>,
        projections: &mut Vec<Projection>,
    ) -> Result<Vec<Population>, SpikingError> {
        let mut biases: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        let mut late = Vec::new();
        for path in paths.biases()? {
            let values = match path.bias {
                Bias::Values(values) => values,
                Bias::Delayed(connection) => {
                    let (values, rest) = connection.split_constant();
                    late.push((path.from, path.to, rest));
                    values
                }
            };
            let sums = biases.entry(path.to).or_insert_with(|| vec![0.0; values.len()]);
            sums.iter_mut().zip(&values).for_each(|(sum, value)| *sum += value);
        }
        let mut populations = Vec::new();
        for &index in &self.nodes {
            let bias = biases.remove(&index).map_or(PerNeuron::All(0.0), PerNeuron::new);
            populations.push(population(self.graph, &self.conventions, index, &bias, &mut self.notes)?);
        }
        for (from, to, connection) in late {
            let Some(target) = self.population_of(to) else { continue };
            let name = format!("{} (bias)", self.name(from));
            let failed = |source| SpikingError::Connection { node: self.name(from), source };
            let rows = connection.rows(0).map_err(failed)?;
            let sender = Origin::Population(populations.len());
            let names = format!("{name} → {}", self.name(to));
            projections.push(Projection { name: names, from: sender, to: target, rows });
            populations.push(clock().population(name, 1));
            self.nodes.push(from);
            let text = "its bias passes a Delay: a neuron that spikes in every tick stands for it";
            self.notes.push(Note::of(&self.name(from), text));
        }
        Ok(populations)
    }

    /// Returns the population that stands for a node: its own, or that of an Output's sums.
    fn population_of(&self, node: usize) -> Option<usize> {
        match (self.sums.get(&node), self.senders.get(&node)) {
            (Some(&sum), _) => Some(sum),
            (None, Some(&Origin::Population(population))) => Some(population),
            _ => None,
        }
    }

    /// Returns the ticks that the first edge of a path takes.
    fn hop(&self, path: &Path, output: bool) -> u16 {
        let late = self.conventions.emission() == Emission::NextTick;
        let late = late && self.graph.nodes[path.nodes[0]].kind.is_spiking();
        let pipelined = self.options.schedule == Schedule::Pipelined;
        let one = late || (!output && (path.recurrent || pipelined));
        u16::from(one)
    }

    fn projections(&mut self, paths: &[Path]) -> Result<Vec<Projection>, SpikingError> {
        let mut projections = Vec::new();
        for path in paths {
            let to = path.nodes[path.nodes.len() - 1];
            let output = matches!(self.graph.nodes[to].kind, NodeKind::Output);
            let Some(target) = self.population_of(to) else { continue };
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
