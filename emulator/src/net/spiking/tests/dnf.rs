//! The dynamic neural field of `../shared/data/dnf`, recorded with py-spinnaker2.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::state::spikes;
use super::*;
use crate::testing::shared;

/// Reads lines `neuron, time step`.
fn list(path: &Path) -> BTreeSet<(u64, u32)> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once(','));
    let numbers =
        lines.filter_map(|(neuron, step)| Some((step.trim().parse().ok()?, neuron.trim().parse().ok()?)));
    numbers.collect()
}

/// Weights within the field, as its script computes them.
fn field() -> Vec<(u32, u32, f32, u16)> {
    let kernel = |a: i32, b: i32| libm::exp(-f64::from(a * a + b * b) / 2.0) - 0.4;
    let mut synapses = Vec::new();
    for neuron in 0..400_i32 {
        let mut row = std::collections::BTreeMap::new();
        for k in -3..=3 {
            for j in -3..=3 {
                let target = (neuron + j + 20 * k) % 400;
                let target = if target < 0 { target + 400 } else { target };
                row.insert(target, (kernel(j, k) / 0.5 * 3.0).round_ties_even() as f32);
            }
        }
        synapses.extend(row.into_iter().map(|(target, weight)| (neuron as u32, target as u32, weight, 1)));
    }
    synapses
}

fn dynamic_field() -> Network {
    let field_neurons =
        population::Spinnaker2Lif { v_reset: None, currents: Some((0.5, 0.2)), ..lif(10.0, 0.8, None) };
    let inhibitor = population::Spinnaker2Lif { i_offset: 3.0, ..lif(5.0, 1.0, Some(0.0)) };
    let each: Vec<_> = (0..400).map(|k| (k, k, 5.0, 1)).collect();
    let all: Vec<_> = (0..400).map(|k| (0, k, -4.0, 1)).collect();
    let projections = vec![
        projection(Origin::Source(0), 0, rows(400, 400, &each)),
        projection(Origin::Population(1), 0, rows(1, 400, &all)),
        projection(Origin::Population(0), 0, rows(400, 400, &field())),
    ];
    let populations =
        vec![field_neurons.population("pop1".into(), 400), inhibitor.population("global_inh".into(), 1)];
    Network::new(vec![source(400)], populations, projections, vec![]).unwrap()
}

fn run(network: &Network, input: &BTreeSet<(u64, u32)>) -> BTreeSet<(u64, u32)> {
    let mut state = network.state();
    let mut sent = BTreeSet::new();
    for step in 0..400 {
        let now = input.range((step, 0)..=(step, u32::MAX)).map(|&(_, neuron)| neuron);
        network.step(&mut state, &[spikes(now)]);
        sent.extend(state.spikes(0).iter().map(|spike| (step, spike.neuron)));
    }
    sent
}

#[test]
fn all_spikes_of_the_dynamic_neural_field_come_out() {
    let Some(folder) = shared("data/dnf") else { return };
    let (input, recorded) = (list(&folder.join("input_spikes.csv")), list(&folder.join("output_spikes.csv")));
    assert_eq!((input.len(), recorded.len()), (39_999, 10_188));
    let sent = run(&dynamic_field(), &input);
    assert_eq!(sent.symmetric_difference(&recorded).count(), 0, "{} spikes", sent.len());
    // The weights are integers, as on the chip.
    let integer = dynamic_field().with_int8_weights(Some(1.0)).unwrap();
    assert_eq!(run(&integer, &input), recorded);
}
