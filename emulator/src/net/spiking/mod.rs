//! Spiking networks as mathematics: the reference of the emulated chip, bit for bit.
//!
//! A [`Network`] consists of spike sources, populations of neurons and projections between them.
//! Every difference between frameworks is data: [`Conventions`] become per-neuron constants once
//! ([`neuron`]), and one update with a few branches serves all of them ([`mod@update`]).
//!
//! # One tick
//!
//! 1. The input sum x of a neuron starts at +0 and takes, one after the other, `w · n` of every
//!    synapse whose source sent n spikes `delay` ticks before: first those sent longest ago; among
//!    those of one tick, projection after projection in the network's order; within a projection,
//!    sources in ascending order. Product and sum are rounded separately. This is the order in
//!    which a ring buffer fills whose spikes are sorted by source within each tick. With int8
//!    weights the sum is exact, in i32, and is converted to f32 once.
//! 2. The neuron is updated ([`update::update`]). Every product and every sum is rounded to f32 by
//!    itself; nothing is fused: on a Cortex-M4F, VMUL and VADD take one cycle each, VFMA three
//!    (DDI 0439D, table 7-1).
//! 3. Its spikes are sent along its projections.
//!
//! Populations are updated in an order in which every synapse of delay 0 leads forward.
//!
//! Nothing here reads files: `model::spiking` makes networks out of NIR graphs.

pub mod connect;
pub mod convention;
mod int8;
pub mod network;
pub mod neuron;
pub mod per_neuron;
mod poisson;
pub mod population;
pub mod rows;
pub mod state;
pub mod update;
pub mod window;

pub use connect::Connection;
pub use convention::{
    ConventionOptions, Conventions, Current, Emission, Framework, Integrator, ResetRule, Schedule,
    SpikesPerTick, StartValue, WeightFormat,
};
pub use network::{Network, NetworkError, Origin, Output, Projection, SpikeSource, Tap};
pub use neuron::{Neuron, NeuronConventions};
pub use per_neuron::PerNeuron;
pub use poisson::{Kiss64, PoissonSources, even_ranges};
pub use population::{Dynamics, Firing, Population, Reset, Synapse};
pub use rows::{Delays, Rows, Weights};
pub use state::{Spike, State};

#[cfg(test)]
mod tests;
