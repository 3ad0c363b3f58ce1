//! Graphs built by hand: what is refused, and what is only remarked.

use spinntui_nir::{Edge, Graph, If, Li, Lif, Linear, Node, NodeKind, Values};

use super::*;
use crate::net::spiking::{ConventionOptions, Framework, NetworkError, Origin, Schedule, Tap};

fn lif() -> NodeKind {
    NodeKind::Lif(Lif {
        tau: Values::One(1e-2),
        r: Values::One(1.0),
        v_leak: Values::One(0.0),
        v_threshold: Values::One(0.05),
        v_reset: Values::One(0.0),
    })
}

fn integrate_and_fire() -> NodeKind {
    let one = || Values::One(1.0);
    NodeKind::If(If { r: one(), v_threshold: one(), v_reset: Values::One(0.0) })
}

/// Weights 1, 2, 3, … of a square matrix, with a bias or without.
fn weights(size: usize, bias: Option<f32>) -> NodeKind {
    let weight = (1..=size * size).map(|w| w as f32).collect();
    let linear = |bias| Linear { outputs: size, inputs: size, weight, bias };
    match bias {
        Some(bias) => NodeKind::Affine(linear(vec![bias; size])),
        None => NodeKind::Linear(linear(vec![])),
    }
}

/// A graph of nodes of 2 values each; edges by name, those after `|` in a cycle.
fn graph(nodes: &[(&str, NodeKind)], edges: &str) -> Graph {
    let node = |(name, kind): &(&str, NodeKind)| Node {
        name: (*name).to_owned(),
        kind: kind.clone(),
        input: vec![2],
        output: vec![2],
        defaults: vec![],
    };
    let find = |name: &str| nodes.iter().position(|(other, _)| *other == name).unwrap();
    let mut list = Vec::new();
    for (part, in_cycle) in edges.split('|').zip([false, true]) {
        for pair in part.split_whitespace() {
            let (source, target) = pair.split_once('>').unwrap();
            list.push(Edge { source: find(source), target: find(target), in_cycle });
        }
    }
    list.sort();
    Graph { version: None, nodes: nodes.iter().map(node).collect(), edges: list, warnings: vec![] }
}

fn with_dt(dt: f64) -> SpikingOptions {
    let conventions = ConventionOptions { dt: Some(dt), ..ConventionOptions::default() };
    SpikingOptions { conventions, ..SpikingOptions::default() }
}

fn refused(graph: &Graph) -> String {
    convert(graph, &with_dt(1e-3)).unwrap_err().to_string()
}

#[test]
fn two_weight_layers_in_a_row_are_refused() {
    let nodes = [("in", NodeKind::Input), ("a", weights(2, None)), ("b", weights(2, None)), ("lif", lif())];
    let error = refused(&graph(&nodes, "in>a a>b b>lif"));
    assert!(error.contains("`a` and `b`") && error.contains("multiply"), "{error}");
    // Recurrent weights that the input passes, as Spyx writes them: one matrix, 7 10 / 15 22.
    let recurrent = graph(&nodes, "in>a a>b | b>lif lif>b");
    let network = convert(&recurrent, &with_dt(1e-3)).unwrap().network;
    let first = &network.projections()[0];
    assert_eq!(first.name, "in → a → b → lif");
    assert_eq!(first.rows.weights(), &crate::net::spiking::Weights::F32(vec![7.0, 15.0, 10.0, 22.0]));
    // With Spyx's conventions the input is led past them.
    let conventions = ConventionOptions { convention: Framework::Spyx, ..ConventionOptions::default() };
    let spyx = SpikingOptions { conventions, ..SpikingOptions::default() };
    let converted = convert(&recurrent, &spyx).unwrap();
    assert_eq!(converted.network.projections()[0].name, "in → a → lif");
    assert!(converted.notes.iter().any(|note| note.warning && note.node.as_deref() == Some("b")));
}

#[test]
fn nodes_without_a_place_are_refused_by_name() {
    let nodes = [("in", NodeKind::Input), ("gate", NodeKind::Threshold(Values::One(1.0))), ("lif", lif())];
    let error = refused(&graph(&nodes, "in>gate gate>lif"));
    assert!(error.contains("`gate`") && error.contains("Threshold"), "{error}");
    let li = NodeKind::Li(Li { tau: Values::One(1e-2), r: Values::One(1.0), v_leak: Values::One(0.0) });
    let nodes = [("in", NodeKind::Input), ("li", li), ("w", weights(2, None)), ("lif", lif())];
    let error = refused(&graph(&nodes, "in>li li>w w>lif"));
    assert!(error.contains("`li`") && error.contains("use LIF"), "{error}");
}

#[test]
fn a_missing_or_impossible_length_of_a_tick_is_refused() {
    let graph = graph(&[("in", NodeKind::Input), ("w", weights(2, None)), ("lif", lif())], "in>w w>lif");
    let error = convert(&graph, &SpikingOptions::default()).unwrap_err().to_string();
    assert!(error.contains("`lif`") && error.contains("dt"), "{error}");
    for dt in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(convert(&graph, &with_dt(dt)).unwrap_err(), SpikingError::Dt(_)));
    }
}

#[test]
fn a_length_of_a_tick_that_does_not_suit_is_a_warning() {
    let graph = graph(&[("in", NodeKind::Input), ("w", weights(2, None)), ("lif", lif())], "in>w w>lif");
    let warned = |dt: f64| {
        let notes = convert(&graph, &with_dt(dt)).unwrap().notes;
        notes.iter().any(|note| note.warning && note.node.as_deref() == Some("lif"))
    };
    assert_eq!(
        [1.0, 1e-2, 9e-3, 1e-3, 1.1e-6, 1e-6, 1e-9].map(warned),
        [true, true, false, false, false, true, true]
    );
}

#[test]
fn delays_are_rounded_to_ticks_and_bounded() {
    let delayed = |delay: f32| {
        let nodes = [("in", NodeKind::Input), ("d", NodeKind::Delay(Values::One(delay))), ("lif", lif())];
        convert(&graph(&nodes, "in>d d>lif"), &with_dt(1e-3))
    };
    let converted = delayed(3e-3).unwrap();
    assert_eq!(converted.network.projections()[0].rows.delays().longest(), 3);
    assert!(converted.notes.iter().all(|note| !note.warning));
    let rounded = delayed(3.4e-3).unwrap();
    assert_eq!(rounded.network.projections()[0].rows.delays().longest(), 3);
    assert!(rounded.notes.iter().any(|note| note.warning && note.node.as_deref() == Some("d")));
    let error = delayed(100.0).unwrap_err().to_string();
    assert!(error.contains("`d`") && error.contains("65535"), "{error}");
}

/// Values [0.5, 0.5] of the bias arrive at once and three ticks later; then two spikes through 1 2
/// / 3 4.
#[test]
fn a_bias_passes_delays_and_weights() {
    let nodes = [
        ("in", NodeKind::Input),
        ("w", weights(2, Some(0.5))),
        ("d", NodeKind::Delay(Values::new(vec![0.0, 3.0]))),
        ("s", NodeKind::Scale(Values::One(2.0))),
        ("if", integrate_and_fire()),
    ];
    let converted = convert(&graph(&nodes, "in>w w>d d>s s>if"), &with_dt(1.0)).unwrap();
    let network = &converted.network;
    assert_eq!(network.populations()[1].name, "w (bias)");
    let mut state = network.state();
    let mut v = Vec::new();
    for _ in 0..5 {
        network.step(&mut state, &[vec![]]);
        v.push((state.potentials(network, 0)[0], state.potentials(network, 0)[1]));
    }
    // v = 1 does not exceed the threshold of 1; 2 does, and resets.
    assert_eq!(v, [(1.0, 0.0), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 0.0)]);
}

#[test]
fn paths_that_double_again_and_again_are_refused() {
    let scale = || NodeKind::Scale(Values::One(1.0));
    let names: Vec<String> = (0..40).map(|k| format!("s{k}")).collect();
    let mut nodes = vec![("in", NodeKind::Input)];
    nodes.extend(names.iter().map(|name| (name.as_str(), scale())));
    nodes.push(("lif", lif()));
    let mut edges = String::from("in>s0 in>s1 ");
    for k in (0..38).step_by(2) {
        for (a, b) in [(0, 2), (0, 3), (1, 2), (1, 3)] {
            edges.extend([format!("s{}>s{} ", k + a, k + b)]);
        }
    }
    // With an end and without one.
    for end in ["", "s39>lif"] {
        let error = refused(&graph(&nodes, &format!("{edges}{end}")));
        assert!(error.contains("`in`") && error.contains("paths"), "{error}");
    }
}

#[test]
fn weights_before_an_output_are_shown_as_sums() {
    let nodes = [("in", NodeKind::Input), ("w", weights(2, Some(0.5))), ("out", NodeKind::Output)];
    let converted = convert(&graph(&nodes, "in>w w>out"), &SpikingOptions::default()).unwrap();
    let network = &converted.network;
    assert_eq!(network.outputs()[0].taps, [Tap { from: Origin::Population(0), delay: 0 }]);
    let mut state = network.state();
    network.step(&mut state, &[vec![Spike { neuron: 1, count: 2 }]]);
    assert_eq!(state.potentials(network, 0), [4.5, 8.5]);
    network.step(&mut state, &[vec![]]);
    assert_eq!(state.potentials(network, 0), [0.5, 0.5]);
}

#[test]
fn schedules_and_cycles_decide_the_ticks_of_synapses() {
    let nodes = [
        ("in", NodeKind::Input),
        ("a", integrate_and_fire()),
        ("w", weights(2, None)),
        ("b", integrate_and_fire()),
        ("out", NodeKind::Output),
    ];
    let graph = graph(&nodes, "in>a a>b b>out | a>w w>a");
    let delays = |schedule, convention| {
        let conventions = ConventionOptions { dt: Some(1.0), convention, ..ConventionOptions::default() };
        let options = SpikingOptions { conventions, schedule, ..SpikingOptions::default() };
        let network = convert(&graph, &options).unwrap().network;
        let delay = |name: &str| {
            network.projections().iter().find(|p| p.name == name).unwrap().rows.delays().longest()
        };
        (["in → a", "a → w → a", "a → b"].map(delay), network.outputs()[0].taps[0].delay)
    };
    assert_eq!(delays(Schedule::LayerSequential, Framework::Nir), ([0, 1, 0], 0));
    assert_eq!(delays(Schedule::Pipelined, Framework::Nir), ([1, 1, 1], 0));
    assert_eq!(delays(Schedule::LayerSequential, Framework::Spyx), ([0, 1, 1], 1));
}

/// Several spikes a tick divide v by the threshold.
#[test]
fn several_spikes_a_tick_need_a_threshold_above_0() {
    let flat =
        NodeKind::If(If { r: Values::One(1.0), v_threshold: Values::One(0.0), v_reset: Values::One(0.0) });
    let graph = graph(&[("in", NodeKind::Input), ("if", flat)], "in>if");
    let conventions = ConventionOptions { convention: Framework::Sinabs, ..ConventionOptions::default() };
    let options = SpikingOptions { conventions, ..SpikingOptions::default() };
    let error = convert(&graph, &options).unwrap_err();
    assert!(
        matches!(&error, SpikingError::Network(NetworkError::Threshold { name, .. }) if name == "if"),
        "{error}"
    );
}
