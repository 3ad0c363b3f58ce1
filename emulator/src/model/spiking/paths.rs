//! Paths through nodes without state, from a sender to populations and outputs.

use std::collections::BTreeMap;
use std::rc::Rc;

use spinntui_nir::{Edge, Graph, NodeKind};

use super::error::SpikingError;
use super::notes::Note;
use super::stages::{Stage, stage};
use crate::net::spiking::connect::{Connection, ConnectionError, check_size};
use crate::net::spiking::{Conventions, Framework};

/// Largest number of nodes visited on the paths of a graph; those of several paths count for each.
const VISIT_LIMIT: usize = 1 << 14;

/// Path from a node to a population or an Output.
#[derive(Clone)]
pub(super) struct Path {
    /// Nodes from the sender to the end, by index.
    pub nodes: Vec<usize>,
    /// Map of the nodes between; `None` if there are none.
    pub connection: Option<Rc<Connection>>,
    /// Whether the edge that leaves the sender is part of a cycle.
    pub recurrent: bool,
    /// Whether neurons keep their numbers, and spikes weight and time.
    pub passes: bool,
}

/// Constant input that a bias adds to a population or an Output.
pub(super) struct BiasPath {
    /// Node with the bias, by index.
    pub from: usize,
    /// Population or Output, by index.
    pub to: usize,
    /// Input of each neuron.
    pub bias: Bias,
}

/// Constant input, from the first tick on or from later ones.
#[derive(Clone)]
pub(super) enum Bias {
    /// Value for each neuron.
    Values(Vec<f64>),
    /// Synapses of a source that spikes in every tick: the bias passes a Delay.
    Delayed(Connection),
}

impl Bias {
    fn then(&self, stage: &Connection) -> Result<Self, ConnectionError> {
        match self {
            Self::Values(values) if !stage.has_delays() => Ok(Self::Values(stage.apply(values))),
            Self::Values(values) => Connection::constant(values)?.then(stage).map(Self::Delayed),
            Self::Delayed(connection) => connection.then(stage).map(Self::Delayed),
        }
    }
}

/// Graph with the maps of its nodes.
pub(super) struct Paths<'g> {
    graph: &'g Graph,
    stages: BTreeMap<usize, Stage>,
    /// Edges into recurrent weights that are redirected to the node after them.
    rerouted: Vec<Edge>,
}

/// Paths found so far, and the number of visited nodes.
#[derive(Default)]
pub(super) struct Search {
    /// Paths, by sender, then in the order of edges.
    pub paths: Vec<Path>,
    visits: usize,
    synapses: u64,
}

fn is_end(kind: &NodeKind) -> bool {
    kind.is_population() || matches!(kind, NodeKind::Output)
}

impl<'g> Paths<'g> {
    /// Makes the maps of all nodes without state.
    pub fn new(graph: &'g Graph, conventions: &Conventions) -> Result<Self, SpikingError> {
        let mut stages = BTreeMap::new();
        for (index, node) in graph.nodes.iter().enumerate() {
            if !is_end(&node.kind) && !matches!(node.kind, NodeKind::Input) {
                stages.insert(index, stage(node, conventions)?);
            }
        }
        let rerouted = if conventions.framework() == Framework::Spyx { reroute(graph) } else { Vec::new() };
        Ok(Self { graph, stages, rerouted })
    }

    /// Returns remarks about nodes and edges.
    pub fn notes(&self) -> Vec<Note> {
        let name = |index: usize| &self.graph.nodes[index].name;
        let rerouted = self.rerouted.iter().map(|edge| {
            let (source, target) = (name(edge.source), name(edge.target));
            let text = format!(
                "Spyx's exporter leads `{source}` into these recurrent weights; it is led past them, as Spyx computes"
            );
            Note::warning(target, text)
        });
        self.stages.values().flat_map(|stage| stage.notes.iter().cloned()).chain(rerouted).collect()
    }

    fn name(&self, node: usize) -> String {
        self.graph.nodes[node].name.clone()
    }

    /// Adds all paths that leave a sender, in the order of edges.
    pub fn find(&self, sender: usize, search: &mut Search) -> Result<(), SpikingError> {
        for edge in self.graph.edges_from(sender) {
            let start = Path {
                nodes: vec![sender],
                connection: None,
                recurrent: edge.in_cycle && self.graph.nodes[sender].kind.is_population(),
                passes: true,
            };
            self.follow(*edge, start, search)?;
        }
        Ok(())
    }

    fn follow(&self, edge: Edge, mut path: Path, search: &mut Search) -> Result<(), SpikingError> {
        let node = edge.target;
        // Nodes without state form no cycle, as the reader refuses it; the limit guards the
        // recursion.
        search.visits += 1;
        if search.visits > VISIT_LIMIT {
            return Err(SpikingError::Paths { node: self.name(path.nodes[0]), limit: VISIT_LIMIT });
        }
        let Some(stage) = self.stages.get(&node) else {
            path.nodes.push(node);
            search.synapses += path.connection.as_ref().map_or(0, |connection| connection.synapses());
            check_size(search.synapses).map_err(|source| self.failed(node, source))?;
            search.paths.push(path);
            return Ok(());
        };
        if !self.rerouted.contains(&edge) {
            self.check_weights(&path, node)?;
            path.connection = Some(match &path.connection {
                None => Rc::clone(&stage.connection),
                Some(before) => {
                    Rc::new(before.then(&stage.connection).map_err(|source| self.failed(node, source))?)
                }
            });
            path.passes &= stage.passes;
            path.nodes.push(node);
        }
        for next in self.graph.edges_from(node) {
            self.follow(*next, path.clone(), search)?;
        }
        Ok(())
    }

    fn failed(&self, node: usize, source: ConnectionError) -> SpikingError {
        SpikingError::Connection { node: self.name(node), source }
    }

    /// Refuses weights after weights, unless the second are recurrent, as in files of Spyx.
    fn check_weights(&self, path: &Path, node: usize) -> Result<(), SpikingError> {
        let weights = |node: usize| self.graph.nodes[node].kind.has_weights();
        let recurrent = self.graph.edges_from(node).any(|edge| edge.in_cycle);
        let before = path.nodes.iter().rev().find(|&&before| weights(before));
        match before {
            Some(&first) if weights(node) && !recurrent => {
                Err(SpikingError::TwoWeights { first: self.name(first), second: self.name(node) })
            }
            _ => Ok(()),
        }
    }

    /// Returns the constant inputs that the biases of all nodes make.
    pub fn biases(&self) -> Result<Vec<BiasPath>, SpikingError> {
        let mut search = BiasSearch::default();
        for (&index, stage) in self.stages.iter().filter(|(_, stage)| !stage.bias.is_empty()) {
            self.push_bias(index, index, &Bias::Values(stage.bias.clone()), &mut search)?;
        }
        Ok(search.paths)
    }

    fn push_bias(
        &self,
        origin: usize,
        node: usize,
        bias: &Bias,
        search: &mut BiasSearch,
    ) -> Result<(), SpikingError> {
        for edge in self.graph.edges_from(node) {
            search.visits += 1;
            if search.visits > VISIT_LIMIT {
                return Err(SpikingError::Paths { node: self.name(origin), limit: VISIT_LIMIT });
            }
            match self.stages.get(&edge.target) {
                None => search.paths.push(BiasPath { from: origin, to: edge.target, bias: bias.clone() }),
                Some(_) if self.rerouted.contains(edge) => {
                    self.push_bias(origin, edge.target, bias, search)?;
                }
                Some(stage) => {
                    let next = bias.then(&stage.connection);
                    let next = next.map_err(|source| self.failed(edge.target, source))?;
                    self.push_bias(origin, edge.target, &next, search)?;
                }
            }
        }
        Ok(())
    }
}

/// Biases followed so far, and the number of nodes visited for them.
#[derive(Default)]
struct BiasSearch {
    paths: Vec<BiasPath>,
    visits: usize,
}

/// Finds the edges with which Spyx's exporter leads the input of a recurrent layer into its
/// recurrent weights: edges from outside of a cycle into weights of it whose population has
/// no other input.
fn reroute(graph: &Graph) -> Vec<Edge> {
    let recurrent_weights = |edge: &&Edge| {
        let target = &graph.nodes[edge.target];
        let square = target.input == target.output;
        let population = |next: &Edge| {
            let fed_elsewhere = graph.edges_to(next.target).any(|into| into.source != edge.target);
            next.in_cycle && graph.nodes[next.target].kind.is_spiking() && !fed_elsewhere
        };
        !edge.in_cycle
            && square
            && matches!(target.kind, NodeKind::Linear(_) | NodeKind::Affine(_))
            && graph.edges_from(edge.target).all(population)
            && graph.edges_to(edge.target).any(|into| into.in_cycle)
    };
    graph.edges.iter().filter(recurrent_weights).copied().collect()
}
