//! Linear maps against plain loops.

use proptest::prelude::*;

use super::*;
use connect::{ConnectionError, Synapse as Edge};
use window::{Kernels, Window};

/// Applies rows without delays to values.
fn apply(rows: &Rows, x: &[f32]) -> Vec<f64> {
    let Weights::F32(weights) = rows.weights() else { panic!("weights in single precision") };
    let mut sums = vec![0.0; rows.outputs()];
    for (source, x) in x.iter().enumerate() {
        for synapse in rows.row(source) {
            sums[rows.targets()[synapse] as usize] += f64::from(weights[synapse]) * f64::from(*x);
        }
    }
    sums
}

/// The definition of a convolution, by output.
fn plainly(window: &Window, kernels: Kernels<'_>, x: &[f32]) -> Vec<f64> {
    let (rows, columns) = window.output().unwrap();
    let (per_group, each) = (window.channels / kernels.groups, kernels.outputs / kernels.groups);
    let value = |channel: usize, row: i64, column: i64| {
        let (height, width) = (window.map.0 as i64, window.map.1 as i64);
        let inside = (0..height).contains(&row) && (0..width).contains(&column);
        if inside { x[channel * (height * width) as usize + (row * width + column) as usize] } else { 0.0 }
    };
    let mut out = Vec::new();
    for o in 0..kernels.outputs {
        for row in 0..rows {
            for column in 0..columns {
                let mut sum = 0.0;
                for i in 0..per_group {
                    for a in 0..window.kernel.0 {
                        for b in 0..window.kernel.1 {
                            let at = ((o * per_group + i) * window.kernel.0 + a) * window.kernel.1 + b;
                            let r = (row * window.stride.0 + a * window.dilation.0) as i64;
                            let c = (column * window.stride.1 + b * window.dilation.1) as i64;
                            let channel = o / each * per_group + i;
                            let x = value(channel, r - window.before.0 as i64, c - window.before.1 as i64);
                            sum += f64::from(kernels.weight[at]) * f64::from(x);
                        }
                    }
                }
                out.push(sum);
            }
        }
    }
    out
}

fn windows() -> impl Strategy<Value = Window> {
    let pair = |range: std::ops::Range<usize>| (range.clone(), range);
    (1_usize..3, pair(1..7), pair(1..4), pair(1..3), pair(1..3), pair(0..3), pair(0..3)).prop_map(
        |(groups, map, kernel, stride, dilation, before, after)| Window {
            channels: 2 * groups,
            map,
            kernel,
            stride,
            dilation,
            before,
            after,
        },
    )
}

/// Small integers, whose sums are exact in any order.
fn integers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|k| ((k * 7 + seed * 13) % 11) as f32 - 5.0).collect()
}

proptest! {
    #[test]
    fn convolutions_are_their_definition(window in windows(), grouped in any::<bool>(), seed in 0_usize..50) {
        let groups = if grouped { window.channels / 2 } else { 1 };
        let outputs = 3 * groups;
        let taps = window.kernel.0 * window.kernel.1;
        let weight = integers(outputs * window.channels / groups * taps, seed);
        let kernels = Kernels { outputs, groups, weight: &weight };
        let x = integers(window.channels * window.map.0 * window.map.1, seed + 1);
        match window.convolution(kernels) {
            Ok(connection) => {
                let rows = connection.rows(0).unwrap();
                prop_assert_eq!(apply(&rows, &x), plainly(&window, kernels, &x));
                for source in 0..rows.inputs() {
                    let targets = &rows.targets()[rows.row(source)];
                    prop_assert!(targets.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", targets);
                }
            }
            Err(error) => prop_assert!(window.output().is_err(), "{}", error),
        }
    }

    #[test]
    fn pools_and_products_are_their_definition(window in windows(), seed in 0_usize..50) {
        prop_assume!(window.output().is_ok());
        let pool = window.pool(1.0).unwrap();
        let ones = vec![1.0; window.kernel.0 * window.kernel.1 * window.channels];
        let depthwise = Kernels { outputs: window.channels, groups: window.channels, weight: &ones };
        let x = integers(window.channels * window.map.0 * window.map.1, seed);
        let pooled = plainly(&window, depthwise, &x);
        prop_assert_eq!(&apply(&pool.rows(0).unwrap(), &x), &pooled);
        prop_assert_eq!(&pool.apply(&x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>()), &pooled);
        let weight = integers(pooled.len() * 4, seed + 2);
        let composed = pool.then(&Connection::dense(pooled.len(), 4, &weight).unwrap()).unwrap();
        let product = |o: usize| {
            pooled.iter().zip(&weight[o * pooled.len()..]).map(|(x, w)| x * f64::from(*w)).sum::<f64>()
        };
        prop_assert_eq!(apply(&composed.rows(0).unwrap(), &x), (0..4).map(product).collect::<Vec<_>>());
    }
}

#[test]
fn delays_of_a_path_add_up_and_equal_paths_merge() {
    let delays = [2, 0].map(|delay| Edge { target: delay / 2, delay: delay as u16, weight: 1.0 });
    let swapped = Connection::one_each(2, delays.to_vec()).unwrap();
    let twice = swapped.then(&swapped).unwrap().rows(1).unwrap();
    assert_eq!((twice.targets(), twice.delays()), (&[0, 1][..], &Delays::All(3)));
    let merged = rows(1, 1, &[(0, 0, 1.0, 0), (0, 0, 2.0, 0), (0, 0, 4.0, 1)]);
    assert_eq!(merged.weights(), &Weights::F32(vec![3.0, 4.0]));
    assert_eq!((merged.delays(), merged.delays().longest()), (&Delays::Each(vec![0, 1]), 1));
}

#[test]
fn weights_of_zero_have_no_synapse_but_are_counted() {
    let rows = Connection::dense(2, 2, &[1.0, 0.0, -0.0, 2.0]).unwrap().rows(0).unwrap();
    assert_eq!((rows.synapses(), rows.dense_synapses()), (2, 4));
    assert_eq!((rows.row(0), rows.row(1)), (0..1, 1..2));
}

#[test]
fn maps_beyond_the_limit_are_refused_before_memory_is_taken() {
    let large = Window {
        channels: 1,
        map: (1 << 40, 1 << 40),
        kernel: (3, 3),
        stride: (1, 1),
        dilation: (1, 1),
        before: (usize::MAX, 0),
        after: (0, 0),
    };
    assert!(matches!(large.pool(1.0).unwrap_err(), ConnectionError::TooLarge { .. }));
    assert!(matches!(Connection::identity(1 << 40).unwrap_err(), ConnectionError::TooLarge { .. }));
    let error = Connection::dense(1 << 40, 1 << 40, &[]).unwrap_err();
    assert!(matches!(error, ConnectionError::TooLarge { .. }), "{error}");
    let error = Connection::sparse(1, 1, &[(0, Edge { target: 7, delay: 0, weight: 1.0 })]).unwrap_err();
    assert!(matches!(error, ConnectionError::Neuron { target: 7, .. }), "{error}");
}
