//! Reader of NIR files: spiking networks as frameworks export them, checked and flattened.
//!
//! NIR (Neuromorphic Intermediate Representation; Pedersen et al., Nature Communications 2024) is a
//! graph of nodes in an HDF5 file. [`read`] takes the bytes of such a file and returns a [`Graph`]:
//! nested graphs flattened, nodes in network order, every shape derived along the edges, every
//! parameter in f32. The order in which the file lists nodes and edges makes no difference.
//!
//! A file is refused with the node and the reason. Reading follows no link out of the file, opens
//! no other file, and allocates no more than [`limits`] allows, whatever sizes the file declares.

mod build;
mod counts;
pub mod error;
mod file;
pub mod graph;
pub mod kind;
pub mod limits;
mod network;
mod order;
mod tree;
pub mod values;

pub use error::NirError;
pub use graph::{Edge, Graph, Node, Warning};
pub use kind::{
    AvgPool2d, Conv1d, Conv2d, CubaLi, CubaLif, Flatten, If, Integrator, Li, Lif, Linear, NodeKind, SumPool2d,
};
pub use network::read;
pub use values::Values;
