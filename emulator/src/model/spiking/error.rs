//! Errors of NIR graphs that cannot become networks.

use thiserror::Error;

use crate::net::spiking::NetworkError;
use crate::net::spiking::connect::ConnectionError;

/// Reason why a graph is refused, with the node and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SpikingError {
    /// A node of a kind that has no place in a network of spikes.
    #[error("node `{node}`: {kind} is not supported; {remedy}")]
    Unsupported {
        /// Name of the node.
        node: String,
        /// Kind of the node.
        kind: &'static str,
        /// Way to express the node with supported kinds.
        remedy: &'static str,
    },
    /// Two nodes of weights follow each other.
    #[error(
        "nodes `{first}` and `{second}`: two weight layers in a row; \
         multiply their weights into one node, or put a population between them"
    )]
    TwoWeights {
        /// Name of the first node.
        first: String,
        /// Name of the second node.
        second: String,
    },
    /// Neither the user nor a framework's word gives the length of a tick.
    #[error(
        "node `{node}`: the length of a tick is missing; NIR files do not hold it: \
         give dt (in seconds, or the unit of the file's tau), or name the framework that wrote the file with convention"
    )]
    NoDt {
        /// First node that needs the length of a tick.
        node: String,
    },
    /// A length of a tick that is not a number above 0.
    #[error("dt is {0}: expected a number above 0, in the unit of the file's tau")]
    Dt(String),
    /// A node cannot be connected.
    #[error("node `{node}`: {source}")]
    Connection {
        /// Name of the node.
        node: String,
        /// Reason, from the linear map.
        source: ConnectionError,
    },
    /// A population without spikes leads to a node other than an Output.
    #[error(
        "node `{node}`: {kind} sends values, not spikes, so that only an Output can follow, not `{next}`; \
         use {spiking} instead"
    )]
    Values {
        /// Name of the node.
        node: String,
        /// Kind of the node.
        kind: &'static str,
        /// Node that follows.
        next: String,
        /// Kind that sends spikes.
        spiking: &'static str,
    },
    /// An Output gets both spikes and values.
    #[error("node `{0}`: gets values of one population and spikes of another; give each its own Output")]
    MixedOutput(String),
    /// The graph branches into more paths than are followed.
    #[error("node `{node}`: more than {limit} paths lead through nodes without state; join them")]
    Paths {
        /// Node at which the paths begin.
        node: String,
        /// Largest number of visits of nodes on the paths of a graph.
        limit: usize,
    },
    /// The parts do not make a network.
    #[error(transparent)]
    Network(#[from] NetworkError),
}
