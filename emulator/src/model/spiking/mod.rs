//! Spiking networks out of NIR graphs.
//!
//! Inputs become spike sources, nodes with a potential become populations, and every path through
//! nodes without state (weights, pools, delays, …) from a sender to a population becomes one
//! projection. Biases on the way become a constant input of the population. Outputs show the
//! spikes of the populations before them; where weights lead to an Output, a population of sums
//! stands for it.

mod convert;
pub mod description;
mod error;
mod file;
mod neurons;
mod notes;
mod paths;
mod stages;

pub use convert::{Converted, SpikingOptions, convert};
pub use error::SpikingError;
pub use file::{Content, SpikingModel, begins_as_hdf5, find};
pub use notes::Note;

#[cfg(test)]
mod tests;
