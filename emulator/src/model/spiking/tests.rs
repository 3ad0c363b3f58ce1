//! Tests of converted networks: expected spike lists, traces, recordings, refused graphs.

mod graphs;
mod lists;
mod published;

use std::collections::BTreeMap;
use std::path::Path;

use spinntui_nir::Graph;

use super::*;
use crate::net::spiking::{Network, Spike, State};

/// Reads a NIR file.
fn load(path: &Path) -> Graph {
    let bytes = std::fs::read(path).unwrap();
    spinntui_nir::read(bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Number of spikes by time step and neuron.
type Spikes = BTreeMap<(u64, u32), u32>;

/// Reads lines `neuron,time_step`; a line counts one spike.
fn spike_list(path: &Path) -> Spikes {
    let text = std::fs::read_to_string(path).unwrap();
    let mut spikes = Spikes::new();
    for line in text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())) {
        let (neuron, step) = line.split_once(',').unwrap();
        *spikes.entry((step.trim().parse().unwrap(), neuron.trim().parse().unwrap())).or_default() += 1;
    }
    spikes
}

/// Reads a line a time step, with a value for each neuron.
fn value_list(path: &Path) -> Vec<Vec<f32>> {
    let text = std::fs::read_to_string(path).unwrap();
    let line = |line: &str| line.split(',').map(|value| value.trim().parse().unwrap()).collect();
    text.lines().map(line).collect()
}

/// Number of spikes that only one of two lists has.
fn difference(a: &Spikes, b: &Spikes) -> u32 {
    let only = |a: &Spikes, b: &Spikes| -> u32 {
        a.iter().map(|(at, count)| count.saturating_sub(b.get(at).copied().unwrap_or(0))).sum()
    };
    only(a, b) + only(b, a)
}

/// Runs a network of one input and calls `each` after every step.
fn run(network: &Network, input: &Spikes, steps: u64, mut each: impl FnMut(u64, &State)) {
    let mut state = network.state();
    for step in 0..steps {
        let now = input.range((step, 0)..=(step, u32::MAX));
        let now = now.map(|(&(_, neuron), &count)| Spike { neuron, count }).collect();
        network.step(&mut state, &[now]);
        each(step, &state);
    }
}

/// Returns the spikes that the first output shows.
fn output(network: &Network, input: &Spikes, steps: u64) -> Spikes {
    let mut shown = Spikes::new();
    run(network, input, steps, |step, state| {
        shown.extend(state.output(0).iter().map(|spike| ((step, spike.neuron), spike.count)));
    });
    shown
}
