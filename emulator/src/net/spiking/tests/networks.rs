//! Order of sums, delays, refused networks, int8 weights.

use super::super::state::spikes;
use super::*;

/// Returns v of population `shown` after every tick; the source's neurons spike in the tick
/// of their index.
fn potentials(network: &Network, shown: usize, ticks: usize) -> Vec<f32> {
    let mut state = network.state();
    let units = network.sources()[0].units();
    let tick = |tick: usize| {
        network.step(&mut state, &[spikes((tick < units).then_some(tick as u32))]);
        state.potentials(network, shown)[0]
    };
    (0..ticks).map(tick).collect()
}

#[test]
fn a_synapse_takes_its_delay() {
    for delay in 0..4 {
        let network = network(
            vec![lif(100.0, 1.0, None).population("a".into(), 1)],
            vec![projection(Origin::Source(0), 0, rows(2, 1, &[(0, 0, 1.0, delay), (1, 0, 4.0, 2)]))],
            2,
        );
        let v = potentials(&network, 0, 6);
        let wanted =
            (0..6).map(|tick| if tick >= delay { 1.0 } else { 0.0 } + if tick >= 3 { 4.0 } else { 0.0 });
        assert_eq!(v, wanted.collect::<Vec<f32>>(), "delay {delay}");
    }
}

/// (1e8 + 1) − 1e8 is 0 in single precision, (1e8 − 1e8) + 1 is 1.
#[test]
fn sums_go_by_tick_of_sending_then_projection_then_source() {
    let v = |first: &[(u32, u32, f32, u16)], second: &[(u32, u32, f32, u16)]| {
        let projections = vec![
            projection(Origin::Source(0), 0, rows(3, 1, first)),
            projection(Origin::Source(0), 0, rows(3, 1, second)),
        ];
        let network = network(vec![lif(1e9, 1.0, None).population("a".into(), 1)], projections, 3);
        let mut state = network.state();
        network.step(&mut state, &[spikes([0, 1, 2])]);
        network.step(&mut state, &[spikes([0, 1, 2])]);
        state.potentials(&network, 0)[0]
    };
    assert_eq!(v(&[(0, 0, 1e8, 1), (1, 0, 1.0, 1), (2, 0, -1e8, 1)], &[]), 0.0);
    assert_eq!(v(&[(0, 0, 1e8, 1), (1, 0, -1e8, 1), (2, 0, 1.0, 1)], &[]), 1.0);
    assert_eq!(v(&[(2, 0, 1e8, 1)], &[(0, 0, 1.0, 1), (1, 0, -1e8, 1)]), 0.0);
    assert_eq!(v(&[(2, 0, 1.0, 1)], &[(0, 0, 1e8, 1), (1, 0, -1e8, 1)]), 0.0);
    // Spikes of the tick before come first, although their projections come last.
    let network = network(
        vec![lif(1e9, 1.0, None).population("a".into(), 1)],
        vec![
            projection(Origin::Source(0), 0, rows(2, 1, &[(1, 0, 1.0, 0)])),
            projection(Origin::Source(0), 0, rows(2, 1, &[(0, 0, 1e8, 1)])),
            projection(Origin::Source(0), 0, rows(2, 1, &[(0, 0, -1e8, 1)])),
        ],
        2,
    );
    assert_eq!(potentials(&network, 0, 2)[1], 1.0);
}

#[test]
fn spikes_cross_several_populations_in_a_tick_in_any_order_of_populations() {
    let relay = |name: &str| lif(0.5, 0.0, Some(0.0)).population(name.into(), 1);
    let edge = |from, to, delay| projection(from, to, rows(1, 1, &[(0, 0, 1.0, delay)]));
    for delay in [0, 1] {
        let network = network(
            vec![relay("last"), relay("first")],
            vec![edge(Origin::Population(1), 0, delay), edge(Origin::Source(0), 1, delay)],
            1,
        );
        let mut state = network.state();
        for tick in 0..4 {
            network.step(&mut state, &[spikes((tick == 0).then_some(0))]);
            assert_eq!(state.spikes(0).len(), usize::from(tick == 2 * delay), "delay {delay}, tick {tick}");
        }
        assert_eq!((state.synaptic_events(), state.spikes_sent()), (&[1, 1][..], &[1, 1][..]));
    }
}

#[test]
fn outputs_show_several_senders_and_later_ticks() {
    let taps = vec![Tap { from: Origin::Source(0), delay: 0 }, Tap { from: Origin::Source(0), delay: 2 }];
    let outputs = vec![Output { name: "out".into(), taps }];
    let network = Network::new(vec![source(2)], vec![], vec![], outputs).unwrap();
    let mut state = network.state();
    let mut shown = Vec::new();
    for tick in 0..4 {
        network.step(&mut state, &[spikes((tick != 1).then_some(1))]);
        shown.push(state.output(0).iter().map(|spike| spike.count).sum::<u32>());
    }
    assert_eq!(shown, [1, 0, 2, 1]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let one = || lif(1.0, 1.0, None).population("a".into(), 1);
    let build = |populations, projections| {
        Network::new(vec![source(2)], populations, projections, vec![]).unwrap_err()
    };
    let edge = |from, inputs, delay| projection(from, 0, rows(inputs, 1, &[(0, 0, 1.0, delay)]));
    let error = build(vec![one()], vec![edge(Origin::Population(0), 1, 0)]);
    assert_eq!(error, NetworkError::Cycle(vec!["a".into()]));
    let error = build(vec![one()], vec![edge(Origin::Population(3), 1, 1)]);
    assert!(matches!(error, NetworkError::Missing { index: 3, .. }), "{error}");
    let error = build(vec![one()], vec![edge(Origin::Source(0), 1, 1)]);
    assert!(matches!(error, NetworkError::Shape { inputs: 1, sources: 2, .. }), "{error}");
    let error = build(vec![Population { start: PerNeuron::Each(vec![0.0; 2]), ..one() }], vec![]);
    assert!(matches!(error, NetworkError::Lengths { units: 1, .. }), "{error}");
    let many = lif(0.0, 1.0, None).population("a".into(), 1);
    let firing = many.firing.clone().map(|f| Firing { spikes_per_tick: SpikesPerTick::Many, ..f });
    let error = build(vec![Population { firing, ..many }], vec![]);
    assert!(matches!(error, NetworkError::Threshold { .. }), "{error}");
    let wide = lif(1.0, 1.0, None).population("wide".into(), 2000);
    let slow = projection(Origin::Source(0), 0, rows(2, 2000, &[(0, 0, 1.0, 60_000)]));
    let error = build(vec![wide], vec![slow]);
    assert!(matches!(error, NetworkError::Delay { delay: 60_000, .. }), "{error}");
}

/// Integers as weights, with the largest at 127, lose nothing: v is the same in units of the model.
#[test]
fn int8_weights_scale_thresholds_along() {
    let neuron = Neuron::CubaLif {
        current: neuron::CurrentParameters { tau_syn: PerNeuron::All(2.0), w_in: PerNeuron::All(0.5) },
        membrane: neuron::Membrane {
            tau: PerNeuron::All(4.0),
            r: PerNeuron::new(vec![2.0, -1.0, 0.0]),
            v_leak: PerNeuron::All(0.25),
        },
        spike: neuron::SpikeParameters { v_threshold: PerNeuron::All(1.5), v_reset: PerNeuron::All(-0.5) },
    };
    let conventions = Conventions::new(ConventionOptions { dt: Some(1.0), ..Default::default() });
    let conventions = conventions.of(&neuron, false).unwrap();
    let population = neuron.population("a".into(), vec![3], &PerNeuron::All(0.125), &conventions);
    let weights = [(0, 0, 127.0, 0), (0, 1, -64.0, 0), (1, 0, 3.0, 1), (1, 2, 5.0, 0), (1, 1, -90.0, 0)];
    let weights = weights.map(|(s, t, w, d)| (s, t, w / 32.0, d));
    let projections = vec![projection(Origin::Source(0), 0, rows(2, 3, &weights))];
    let float = network(vec![population], projections, 2);
    let integer = float.clone().with_int8_weights(None).unwrap();
    assert_eq!(integer.projections()[0].rows.weights(), &Weights::Int8(vec![127, -64, 3, -90, 5]));
    let (mut a, mut b) = (float.state(), integer.state());
    let mut total = 0;
    for tick in 0..40 {
        let now = [spikes((tick % 3 > 0).then_some(0).into_iter().chain((tick % 2 > 0).then_some(1)))];
        float.step(&mut a, &now);
        integer.step(&mut b, &now);
        assert_eq!(a.spikes(0), b.spikes(0), "tick {tick}");
        total += a.spikes(0).len();
        for (a, b) in a.potentials(&float, 0).iter().zip(b.potentials(&integer, 0)) {
            assert!((a - b).abs() < 1e-5, "tick {tick}: {a} {b}");
        }
    }
    assert!(total > 10, "{total}");
}

#[test]
fn int8_rounds_to_nearest_but_truncates_convolutions() {
    let window = window::Window {
        channels: 1,
        map: (1, 4),
        kernel: (1, 4),
        stride: (1, 1),
        dilation: (1, 1),
        before: (0, 0),
        after: (0, 0),
    };
    let weight = [127.0, 1.75, -1.75, 0.5];
    let convolution = window.convolution(window::Kernels { outputs: 1, groups: 1, weight: &weight }).unwrap();
    let dense = Connection::dense(4, 1, &weight).unwrap();
    for (connection, wanted) in [(convolution, [127, 1, -1, 0]), (dense, [127, 2, -2, 0])] {
        let float = network(
            vec![lif(1.0, 1.0, None).population("a".into(), 1)],
            vec![projection(Origin::Source(0), 0, connection.rows(0).unwrap())],
            4,
        );
        let integer = float.clone().with_int8_weights(None).unwrap();
        assert_eq!(integer.projections()[0].rows.weights(), &Weights::Int8(wanted.to_vec()));
        for scale in [0.0, -1.0, f64::NAN, 2.0] {
            let error = float.clone().with_int8_weights(Some(scale)).unwrap_err();
            assert!(matches!(error, NetworkError::WeightScale { .. }), "{error}");
        }
    }
}
