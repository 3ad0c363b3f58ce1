//! Properties of transformers that hold for any weights.
#![allow(clippy::float_cmp, reason = "equal bits are what is tested")]

use proptest::prelude::*;

use super::head::{factor, recall, remember};
use super::neuron::{ATTENTION_THRESHOLD, integrate, lif, qcfs};
use super::*;
use crate::net::tanh::Tanh;

/// Pseudo-random numbers of a test network (SplitMix64).
pub(crate) struct Dice(pub u64);

impl Dice {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// A number within ±1 around `mean`, times `spread`.
    pub fn around(&mut self, mean: f32, spread: f32) -> f32 {
        mean + spread * ((self.word() >> 40) as f32 / (1 << 23) as f32 - 1.0)
    }

    pub fn vector(&mut self, n: usize, mean: f32, spread: f32) -> Vec<f32> {
        (0..n).map(|_| self.around(mean, spread)).collect()
    }

    fn linear(&mut self, outputs: usize, inputs: usize, spread: f32, bias: f32) -> Linear {
        let rows: Vec<i8> = (0..outputs * inputs).map(|_| self.word() as i8).collect();
        let scale = spread / (74.0 * (inputs as f32).sqrt());
        let (scale, bias) = (self.vector(outputs, scale, 0.1 * scale), self.vector(outputs, bias, 0.3));
        // Some inputs are cut off.
        let input = self.around(0.02, 0.005);
        Linear::from_rows(&rows, scale, bias).unwrap().with_input(input)
    }

    fn norm(&mut self, width: usize) -> Norm {
        Norm { weight: self.vector(width, 1.0, 0.2), bias: self.vector(width, 0.0, 0.2) }
    }

    /// Creates a network of `layers` layers and `heads` heads of `width` values each.
    pub fn network(
        &mut self,
        (layers, heads, width): (usize, usize, usize),
        context: usize,
        (attention, mlp): (Attention, Mlp),
    ) -> Gpt {
        let d = heads * width;
        let gain = |dice: &mut Self| match attention {
            Attention::Softmax => Vec::new(),
            Attention::Spiking { .. } => dice.vector(heads, 0.6, 0.4),
        };
        let blocks = (0..layers).map(|layer| Block {
            name: format!("h.{layer}"),
            norm_1: self.norm(d),
            qkv: self.linear(3 * d, d, 4.0, 0.8),
            proj: self.linear(d, d, 1.0, 0.0),
            gain: gain(self),
            norm_2: self.norm(d),
            up: self.linear(4 * d, d, 1.0, 0.2),
            down: self.linear(d, 4 * d, 1.0, 0.0),
            theta_in: 0.9,
            theta: 1.7,
        });
        let blocks = blocks.collect();
        Gpt {
            width: d,
            heads,
            context,
            attention,
            mlp,
            tanh: Tanh::Libm,
            positions: self.vector(context * d, 0.0, 0.5),
            blocks,
            last: self.norm(d),
        }
    }
}

/// Spikes of a head over the tokens of a sequence, `[tokens][steps]`: a bit a neuron.
fn spikes(tokens: usize) -> impl Strategy<Value = [Vec<u32>; 3]> {
    prop::array::uniform3(prop::collection::vec(any::<u32>(), tokens))
}

proptest! {
    #[test]
    fn the_running_state_is_masked_attention_without_softmax([q, k, v] in spikes(40), width in 1_usize..=32) {
        let mask = u32::MAX >> (32 - width);
        let [q, k, v] = [q, k, v].map(|words| words.iter().map(|word| word & mask).collect::<Vec<_>>());
        let (mut state, mut read) = (vec![0; width * width], vec![0; width]);
        let (mut by_state, mut by_mask) = (0.0, 0.0);
        for i in 0..q.len() {
            remember(&mut state, &[k[i]], &[v[i]], width);
            recall(&state, &[q[i]], &mut read);
            // (Q Kᵀ ⊙ mask) V: tokens after i count 0.
            let scores = (0..q.len()).map(|m| if m <= i { (q[i] & k[m]).count_ones() } else { 0 });
            let masked: Vec<i32> = (0..width)
                .map(|c| scores.clone().zip(&v).map(|(score, v)| (score * (v >> c & 1)) as i32).sum())
                .collect();
            prop_assert_eq!(&read, &masked);
            // And so the neuron behind it, bit for bit.
            let factor = factor(0.37, i, true);
            let one = lif(&mut by_state, read[0] as f32 * factor, ATTENTION_THRESHOLD);
            let other = lif(&mut by_mask, masked[0] as f32 * factor, ATTENTION_THRESHOLD);
            prop_assert_eq!((one, by_state.to_bits()), (other, by_mask.to_bits()));
        }
    }

    /// Multiples of 1/1024 and a threshold that is a power of two keep every sum exact: the theorem
    /// is one about real numbers.
    #[test]
    fn a_constant_input_is_converted_without_error(
        z in -4096_i32..=8192, exponent in -3_i32..=3, steps in 1_usize..=16,
    ) {
        let (z, theta) = (z as f32 / 1024.0, 2.0_f32.powi(exponent));
        let mut v = theta / 2.0;
        let count = (0..steps).filter(|_| integrate(&mut v, z, theta)).count();
        prop_assert_eq!(count as u32, qcfs(z, theta, steps));
    }

    #[test]
    fn only_one_of_two_coding_populations_spikes(
        u in prop::collection::vec(-3.0_f32..3.0, 1..40), theta in 0.1_f32..2.0, steps in 1_usize..=16,
    ) {
        let mut coded = Signed::silent(u.len(), steps);
        for quantised in [false, true] {
            if quantised { coded.quantised(&u, theta) } else { coded.leaky(&u) }
            for (neuron, &u) in u.iter().enumerate() {
                for step in 0..steps {
                    prop_assert!(!coded.plus.get(step, neuron) || u > 0.0);
                    prop_assert!(!coded.minus.get(step, neuron) || u < 0.0);
                }
            }
        }
    }

    #[test]
    fn packed_spikes_are_what_was_set(bits in prop::collection::vec(any::<bool>(), 1..100)) {
        let mut spikes = Spikes::silent(bits.len(), 2);
        for (neuron, &bit) in bits.iter().enumerate() {
            spikes.set(1, neuron, true);
            spikes.set(1, neuron, bit);
        }
        let set: Vec<usize> = super::spikes::ones(spikes.step(1)).collect();
        let expected: Vec<usize> = (0..bits.len()).filter(|&n| bits[n]).collect();
        prop_assert_eq!(spikes.count(), expected.len() as u64);
        prop_assert_eq!(set, expected);
        prop_assert!(spikes.step(0).iter().all(|&word| word == 0));
    }
}

#[test]
fn a_dense_layer_sums_in_ascending_order_with_single_roundings() {
    let layer = Linear::from_rows(&[3, -7, 127, 1, 2, -128], vec![0.013, 0.7], vec![0.1, -0.2]).unwrap();
    let x = [1.1_f32, -0.37, 2.9e-3];
    let mut out = Vec::new();
    layer.dense(&x, &mut out);
    let row = |q: [f32; 3], scale: f32, bias: f32| {
        let mut sum = 0.0_f32;
        for (x, q) in x.iter().zip(q) {
            let weight = q * scale;
            sum += x * weight;
        }
        sum + bias
    };
    assert_eq!(out, [row([3.0, -7.0, 127.0], 0.013, 0.1), row([1.0, 2.0, -128.0], 0.7, -0.2)]);
    assert_eq!((layer.weight(0, 2), layer.weight(1, 2)), (127, -128));
    let mut sums = [5, 5];
    layer.accumulate([0, 2].into_iter(), -1, &mut sums);
    assert_eq!(sums, [5 - 130, 5 + 127]);
}

/// All four combinations, and both codings, over every number of time steps.
#[test]
fn every_number_of_time_steps_runs_and_a_sequence_begins_anew() {
    let mut dice = Dice(5);
    for steps in 1..=MAX_STEPS {
        let attentions = [Attention::Softmax, Attention::Spiking { steps, normalise: steps % 2 == 0 }];
        let coded = [Coding::Encoded, Coding::Direct].map(|input| Mlp::Spiking { steps, input });
        for attention in attentions {
            for mlp in [Mlp::Gelu, coded[0], coded[1]] {
                let network = dice.network((1, 2, 4), 3, (attention, mlp));
                let inputs: Vec<Vec<f32>> = (0..3).map(|_| dice.vector(8, 0.0, 2.0)).collect();
                let mut state = network.state();
                let mut rates = Rates::new(1);
                let mut run = |state: &mut GptState| {
                    let of = |x: &Vec<f32>| {
                        let at = state.position();
                        let out = network.step(state, x).to_vec();
                        rates.count(state.trace(), at % 3);
                        out
                    };
                    inputs.iter().map(of).collect::<Vec<_>>()
                };
                // Behind the context a sequence begins by itself.
                let [first, second] = [run(&mut state), run(&mut state)];
                assert_eq!(first, second, "{attention:?} {mlp:?}");
                assert_ne!(first[0], first[1]);
                let found = rates.rates()[0];
                assert_eq!(found.q.is_some(), attention != Attention::Softmax);
                assert_eq!(found.mlp_hidden.is_some(), mlp != Mlp::Gelu);
                assert_eq!(found.mlp_input.is_some(), mlp.is_encoded());
                assert_eq!((rates.tokens, rates.attended), (6, 12));
                for rate in
                    [found.input, found.q, found.v, found.attention, found.mlp_input].into_iter().flatten()
                {
                    assert!((0.0..=1.0).contains(&rate), "{rate}");
                }
            }
        }
    }
}

#[test]
fn direct_input_is_quantised_exactly_where_it_is_far_from_a_boundary() {
    let mut dice = Dice(9);
    let mlp = Mlp::Spiking { steps: 8, input: Coding::Direct };
    let network = dice.network((2, 2, 8), 4, (Attention::Softmax, mlp));
    let mut state = network.state();
    for _ in 0..4 {
        let x = dice.vector(16, 0.0, 1.0);
        network.step(&mut state, &x);
        let trace = state.trace();
        for (layer, quantised) in trace.layers.iter().zip(&trace.quantised) {
            let count = |neuron| (0..8).filter(|&step| layer.hidden.get(step, neuron)).count() as u32;
            let differing = (0..64).filter(|&neuron| count(neuron) != quantised[neuron]).count();
            // Rounding may move an input over a boundary, but hardly ever does.
            assert!(differing <= 1, "{differing} of 64");
        }
    }
}
