//! Tests of networks as mathematics.

#![allow(clippy::float_cmp, reason = "bits are what is tested")]

mod connections;
mod dnf;
mod networks;
mod updates;

use super::*;

/// A neuron of py-spinnaker2's model `lif`.
fn lif(threshold: f32, alpha_decay: f32, v_reset: Option<f32>) -> population::Spinnaker2Lif {
    population::Spinnaker2Lif { threshold, alpha_decay, i_offset: 0.0, v_init: 0.0, v_reset, currents: None }
}

/// Rows for a list of synapses (source, target, weight, delay).
fn rows(inputs: usize, outputs: usize, synapses: &[(u32, u32, f32, u16)]) -> Rows {
    let list: Vec<_> = synapses
        .iter()
        .map(|&(source, target, weight, delay)| (source, connect::Synapse { target, delay, weight }))
        .collect();
    Connection::sparse(inputs, outputs, &list).unwrap().rows(0).unwrap()
}

fn projection(from: Origin, to: usize, rows: Rows) -> Projection {
    Projection { name: format!("{from:?} → {to}"), from, to, rows }
}

fn source(units: usize) -> SpikeSource {
    SpikeSource { name: "in".into(), shape: vec![units] }
}

fn network(populations: Vec<Population>, projections: Vec<Projection>, inputs: usize) -> Network {
    let sources = vec![source(inputs)];
    Network::new(sources, populations, projections, vec![]).unwrap()
}
