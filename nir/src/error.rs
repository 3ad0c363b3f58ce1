//! Errors of files, each with its node.

use thiserror::Error;

/// Reason to refuse a NIR file. The caller adds the file's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NirError {
    /// The bytes are not HDF5, are cut off, or a part that every NIR file has is missing.
    #[error("{0}")]
    File(String),
    /// The node as a whole, or its place in the network, is invalid.
    #[error("node `{node}`: {reason}")]
    Node {
        /// Name of the node, with those of its graphs.
        node: String,
        /// Error with its remedy.
        reason: String,
    },
    /// A parameter of a node is wrong.
    #[error("node `{node}`: `{field}` {reason}")]
    Field {
        /// Name of the node, with those of its graphs.
        node: String,
        /// Name of the parameter.
        field: String,
        /// Error with its remedy.
        reason: String,
    },
    /// An edge is wrong.
    #[error("edge `{source_node}` → `{target}`: {reason}")]
    Edge {
        /// Node at which the edge begins.
        source_node: String,
        /// Node at which the edge ends.
        target: String,
        /// Error with its remedy.
        reason: String,
    },
}

impl NirError {
    pub(crate) fn file(reason: impl Into<String>) -> Self {
        Self::File(reason.into())
    }

    pub(crate) fn node(node: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Node { node: node.into(), reason: reason.into() }
    }

    pub(crate) fn field(
        node: impl Into<String>,
        field: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self::Field { node: node.into(), field: field.into(), reason: reason.into() }
    }

    pub(crate) fn edge(
        source: impl Into<String>,
        target: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self::Edge { source_node: source.into(), target: target.into(), reason: reason.into() }
    }

    /// Returns the name of the node that the error is about, if there is one.
    pub fn node_name(&self) -> Option<&str> {
        match self {
            Self::Node { node, .. } | Self::Field { node, .. } => Some(node),
            Self::File(_) | Self::Edge { .. } => None,
        }
    }
}
