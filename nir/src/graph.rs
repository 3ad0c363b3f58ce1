//! Network of a NIR file after flattening.

use std::fmt;

use crate::kind::NodeKind;

/// Network in network order: every node after those that feed it, but for edges that close a cycle.
///
/// Order and content depend on names and edges alone, not on their order in the file. Nested graphs
/// are dissolved: an edge to a nested graph leads to what follows its Input.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// Version of the `nir` package that wrote the file; `None` if the file does not say.
    pub version: Option<String>,
    /// Nodes that an Input reaches, in network order.
    pub nodes: Vec<Node>,
    /// Edges, each once, sorted by source, then target.
    pub edges: Vec<Edge>,
    /// Odd but legal properties of the file.
    pub warnings: Vec<Warning>,
}

/// Node with its parameters and shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Name in the file, unique; that of a nested node begins with those of its graphs
    /// and dots (`block.rec.lif`).
    pub name: String,
    /// Type and parameters.
    pub kind: NodeKind,
    /// Shape of a value that arrives, without the batch: `[channels, rows, columns]` or `[values]`.
    pub input: Vec<usize>,
    /// Shape of a value that leaves; for a population its neurons, numbered in C order.
    pub output: Vec<usize>,
    /// Parameters that the file does not have and for which NIR's default counts.
    pub defaults: Vec<&'static str>,
}

/// Connection of two nodes, by their index in [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Index of the node whose output passes.
    pub source: usize,
    /// Index of the node that receives; inputs of several edges add up.
    pub target: usize,
    /// Whether the edge is part of a cycle; such a cycle contains a population or a Delay.
    pub in_cycle: bool,
}

/// Odd but legal property of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Node that the warning is about; `None` for the file.
    pub node: Option<String>,
    /// Description, without the node's name.
    pub text: String,
}

impl Graph {
    /// Returns the index of the node with this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }

    /// Iterates over the edges that lead to a node, by source.
    pub fn edges_to(&self, target: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.target == target)
    }

    /// Iterates over the edges that leave a node, by target.
    pub fn edges_from(&self, source: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.source == source)
    }

    /// Iterates over the populations with their indices, in network order.
    pub fn populations(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate().filter(|(_, node)| node.kind.is_population())
    }
}

impl Node {
    /// Returns the number of values that arrive in a time step.
    pub fn inputs(&self) -> usize {
        self.input.iter().product()
    }

    /// Returns the number of values that leave in a time step; for a population its neurons.
    pub fn outputs(&self) -> usize {
        self.output.iter().product()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write!(f, "node `{node}`: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}
