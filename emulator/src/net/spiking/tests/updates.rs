//! Updates of single neurons by every rule, with numbers computed by hand.

use super::super::update::{Input, NeuronState, update};
use super::*;
use crate::net::compare::Compare;
use neuron::{CurrentParameters, Membrane, SpikeParameters};

fn conventions() -> NeuronConventions {
    NeuronConventions {
        dt: 0.5,
        integrator: Integrator::Euler,
        current: Current::New,
        reset: ResetRule::Subtract,
        compare: Compare::Greater,
        spikes_per_tick: SpikesPerTick::One,
        v_init: StartValue::Value(0.0),
        v_min: None,
    }
}

fn all(value: f64) -> PerNeuron<f64> {
    PerNeuron::All(value)
}

/// τ = 1, τ_syn = 2, so that with dt = 0.5 v keeps one half and I three quarters.
fn cuba() -> Neuron {
    Neuron::CubaLif {
        current: CurrentParameters { tau_syn: all(2.0), w_in: all(4.0) },
        membrane: Membrane { tau: all(1.0), r: all(2.0), v_leak: all(0.5) },
        spike: SpikeParameters { v_threshold: all(100.0), v_reset: all(0.0) },
    }
}

fn if_neuron(threshold: f64, v_reset: f64) -> Neuron {
    Neuron::If { r: all(2.0), spike: SpikeParameters { v_threshold: all(threshold), v_reset: all(v_reset) } }
}

/// Runs a neuron on input sums and returns v and spikes of every tick.
fn trace(neuron: &Neuron, conventions: &NeuronConventions, inputs: &[f32]) -> Vec<(f32, u32)> {
    let population = neuron.population("a".into(), vec![1], &all(0.0), conventions);
    let mut state = NeuronState { v: population.start.get(0), ..NeuronState::default() };
    let (mode, constants) = (population.mode(), population.constants(0));
    let tick = |&sum: &f32| {
        let spikes = update(mode, &constants, &mut state, Input { sum, inhibition: 0.0 });
        (state.v, spikes)
    };
    inputs.iter().map(tick).collect()
}

#[test]
fn each_current_convention_adds_its_own_current() {
    let v = |current| trace(&cuba(), &NeuronConventions { current, ..conventions() }, &[1.0, 0.0]);
    // I = ¼·4 = 1, ¾; v = ½·v + ½·(½ + 2·I).
    assert_eq!(v(Current::New), [(1.25, 0), (1.625, 0)]);
    assert_eq!(v(Current::Old), [(0.25, 0), (1.375, 0)]);
    // I = 4 enters whole, then ¾ of it.
    assert_eq!(v(Current::Jump), [(4.25, 0), (5.375, 0)]);
    // I = ¾·4 = 3, then 2.25; v = ½·v + I.
    assert_eq!(v(Current::Rockpool), [(3.0, 0), (3.75, 0)]);
    // I = 1, then ¾.
    assert_eq!(v(Current::Direct), [(1.0, 0), (1.25, 0)]);
}

#[test]
fn the_exponential_integrator_keeps_exact_shares() {
    let exponential = NeuronConventions { integrator: Integrator::Exponential, ..conventions() };
    let keep = |tau: f64| libm::exp(-0.5 / tau);
    let current = (1.0 - keep(2.0)) * 4.0;
    let wanted = (1.0 - keep(1.0)) * (0.5 + 2.0 * current);
    let (v, _) = trace(&cuba(), &exponential, &[1.0])[0];
    assert!((f64::from(v) - wanted).abs() < 1e-6, "{v} {wanted}");
}

/// Every tick adds dt·r·x = x.
#[test]
fn each_reset_rule_acts_as_its_framework() {
    let v = |reset, inputs: &[f32]| {
        trace(&if_neuron(1.0, -0.5), &NeuronConventions { reset, ..conventions() }, inputs)
    };
    let inputs = [2.5, 0.25, 0.0];
    assert_eq!(v(ResetRule::Subtract, &inputs), [(1.5, 1), (0.75, 1), (0.75, 0)]);
    assert_eq!(v(ResetRule::ToValue, &inputs), [(-0.5, 1), (-0.25, 0), (-0.25, 0)]);
    // v is stored as 1.5, above θ: the next tick starts with 0.5 and gives 1 back, as it does not
    // spike.
    assert_eq!(v(ResetRule::SnnTorch, &inputs), [(1.5, 1), (1.75, 0), (1.75, 0)]);
    assert_eq!(v(ResetRule::SnnTorchDelayed, &inputs), [(2.5, 1), (1.75, 1), (0.75, 0)]);
    assert_eq!(v(ResetRule::SnnTorchZeroDelayed, &inputs), [(2.5, 1), (0.0, 0), (0.0, 0)]);
    assert_eq!(v(ResetRule::ZeroBeforeLeak, &inputs), [(2.5, 1), (0.25, 0), (0.25, 0)]);
    assert_eq!(v(ResetRule::BeforeLeak, &inputs), [(2.5, 1), (1.75, 1), (0.75, 0)]);
    // Below 2θ, snnTorch's rule is plain subtraction.
    let small = [1.5, 0.25, 0.5, 0.0];
    assert_eq!(v(ResetRule::SnnTorch, &small), v(ResetRule::Subtract, &small));
}

/// τ = 1 with dt = 0.5: v keeps one half. From 3: ½·(3 − 1) before the leak, ½·3 − 1 after it.
#[test]
fn resets_before_and_after_the_leak_differ() {
    let neuron = Neuron::Lif {
        membrane: Membrane { tau: all(1.0), r: all(2.0), v_leak: all(0.0) },
        spike: SpikeParameters { v_threshold: all(1.0), v_reset: all(0.0) },
    };
    let v = |reset| trace(&neuron, &NeuronConventions { reset, ..conventions() }, &[3.0, 0.0])[1].0;
    assert_eq!(v(ResetRule::BeforeLeak), 1.0);
    assert_eq!(v(ResetRule::SnnTorchDelayed), 0.5);
}

/// Rockpool's ExpSynTorch decays its input at once, its LIFNeuronTorch does not.
#[test]
fn rockpool_decays_the_input_of_a_leaky_integrator() {
    let membrane = || Membrane { tau: all(1.0), r: all(2.0), v_leak: all(0.0) };
    let spike = SpikeParameters { v_threshold: all(100.0), v_reset: all(0.0) };
    let rockpool = NeuronConventions { current: Current::Rockpool, ..conventions() };
    let first = |neuron| trace(&neuron, &rockpool, &[4.0])[0].0;
    assert_eq!(first(Neuron::Li { membrane: membrane() }), 2.0);
    assert_eq!(first(Neuron::Lif { membrane: membrane(), spike }), 4.0);
}

/// snnTorch's Leaky clears v before its update, RLeaky and Synaptic after it;
/// RSynaptic resets late.
#[test]
fn snntorch_resets_depend_on_the_kind_of_neuron() {
    let reset = |neuron: &Neuron, recurrent, reset| {
        let options = ConventionOptions { convention: Framework::SnnTorch, reset, ..Default::default() };
        Conventions::new(options).of(neuron, recurrent).unwrap().reset
    };
    let (leaky, synaptic) = (if_neuron(1.0, 0.0), cuba());
    let zero = Some(ResetRule::SnnTorchZeroDelayed);
    assert_eq!(reset(&leaky, false, zero), ResetRule::ZeroBeforeLeak);
    assert_eq!(reset(&leaky, true, zero), ResetRule::SnnTorchZeroDelayed);
    assert_eq!(reset(&synaptic, false, zero), ResetRule::SnnTorchZeroDelayed);
    assert_eq!(reset(&synaptic, false, None), ResetRule::SnnTorch);
    assert_eq!(reset(&synaptic, true, None), ResetRule::SnnTorchDelayed);
}

#[test]
fn thresholds_compare_as_they_are_told() {
    let spikes = |compare, spikes_per_tick, x| {
        trace(&if_neuron(1.0, 0.0), &NeuronConventions { compare, spikes_per_tick, ..conventions() }, &[x])[0]
    };
    assert_eq!(spikes(Compare::Greater, SpikesPerTick::One, 1.0), (1.0, 0));
    assert_eq!(spikes(Compare::GreaterOrEqual, SpikesPerTick::One, 1.0), (0.0, 1));
    assert_eq!(spikes(Compare::GreaterOrEqual, SpikesPerTick::Many, 3.5), (0.5, 3));
    assert_eq!(spikes(Compare::GreaterOrEqual, SpikesPerTick::One, 3.5), (2.5, 1));
}

#[test]
fn the_lower_limit_and_the_start_are_kept() {
    let limited = NeuronConventions { v_min: Some(-1.0), ..conventions() };
    assert_eq!(trace(&if_neuron(1.0, 0.0), &limited, &[-3.0, 0.5]), [(-1.0, 0), (-0.5, 0)]);
    let started = NeuronConventions { v_init: StartValue::Reset, ..conventions() };
    assert_eq!(trace(&if_neuron(1.0, -0.25), &started, &[0.5])[0], (0.25, 0));
}

/// (1 + ε)·(1 − ε) rounds to 1, so that nothing of −ε² is left where product and sum
/// are rounded apart.
#[test]
fn products_and_sums_are_rounded_apart() {
    let e = f32::EPSILON;
    let population = Population {
        dynamics: Dynamics {
            synapse: Synapse::Direct,
            keep: PerNeuron::All(0.0),
            gain: PerNeuron::All(1.0 + e),
            offset: PerNeuron::All(-1.0),
        },
        ..lif(10.0, 0.0, None).population("a".into(), 1)
    };
    let mut state = NeuronState::default();
    let input = Input { sum: 1.0 - e, inhibition: 0.0 };
    update(population.mode(), &population.constants(0), &mut state, input);
    assert_eq!(state.v, 0.0);
}

#[test]
fn equal_values_are_stored_once() {
    assert_eq!(PerNeuron::new(vec![1.0, 1.0, 1.0]), PerNeuron::All(1.0));
    assert_eq!(PerNeuron::new(vec![1.0, 2.0]).map(|v| v * 0.0), PerNeuron::All(0.0));
    let sums = PerNeuron::new(vec![1.0, 2.0]).zip(&PerNeuron::All(1.0), |a, b| a + b);
    assert_eq!(sums, PerNeuron::Each(vec![2.0, 3.0]));
}
