//! Calls on the bytes of an SRAM.

use super::bytes::{byte, half, load, put, put_half, single, store, word};
use super::{Call, Firing, HeadLayout, LinearLayout, Made, Neuron, Spiking, Step};
use crate::kernel::SramWords;
use crate::kernel::cost::transformer::{Sizes, TransformerRoutine as R};
use crate::kernel::int8_mac::Int8MacLayout;
use crate::net::attention::dense::{self, gelu, moments, normed};
use crate::net::attention::head::factor;
use crate::net::attention::linear::{mean, scaled, term};
use crate::net::attention::neuron::{ATTENTION_THRESHOLD, THRESHOLD, integrate, lif};
use crate::net::attention::spikes::{ones, words as words_of};

/// Computes a call and returns the functions that ran.
pub(super) fn run(call: &Call, words: &mut SramWords) -> Made {
    match *call {
        Call::Clear { at, words: n } => (0..n).for_each(|i| put(words, at + 4 * i, 0)),
        Call::Fill { at, words: n, value } => {
            let value = word(words, value);
            (0..n).for_each(|i| put(words, at + 4 * i, value));
        }
        Call::LayerNorm { n, h, weight, bias, out } => {
            let h = load(words, h, n);
            let of = moments(&h);
            for (i, &h) in (0..).map(|i| 4 * i).zip(&h) {
                let value = normed(h, of, (single(words, weight + i), single(words, bias + i)));
                put(words, out + i, value.to_bits());
            }
        }
        Call::Code { n, steps, u, theta, spikes } => return code(words, (n, steps), u, theta, spikes),
        Call::AddRows { ref spiking, columns, sums, .. } => {
            return add_rows(words, spiking, columns, sums);
        }
        Call::Fire(neuron, ref firing) => return fire(words, neuron, firing),
        Call::Attend(ref head) => return attend(words, head),
        Call::AddMean { ref layer, sums, steps, h, out } => {
            for i in (0..layer.outputs).map(|i| 4 * i) {
                let sum = word(words, sums + i).cast_signed();
                let y =
                    mean(sum, single(words, layer.scale + i), steps as usize) + single(words, layer.bias + i);
                put(words, out + i, (single(words, h + i) + y).to_bits());
            }
        }
        Call::Dense { ref layer, x, out } => dense_rows(words, layer, x, out),
        Call::Mac { ref layer, x, out } => return mac(words, layer, x, out),
        Call::Add { n, a, b, out } => {
            for i in (0..n).map(|i| 4 * i) {
                put(words, out + i, (single(words, a + i) + single(words, b + i)).to_bits());
            }
        }
        Call::Gelu { n, x, tanh } => {
            for i in (0..n).map(|i| 4 * i) {
                put(words, x + i, gelu(single(words, x + i), tanh).to_bits());
            }
        }
        Call::Softmax { n, width, q, keys, values, scores, out, .. } => {
            let (q, keys, values) =
                (load(words, q, width), load(words, keys, n * width), load(words, values, n * width));
            let (mut shares, mut o) = (Vec::new(), vec![0.0; width as usize]);
            dense::attend(&q, &keys, &values, &mut shares, &mut o);
            let sum = shares.iter().fold(0.0, |sum, share| sum + share);
            for share in &mut shares {
                *share /= sum;
            }
            store(words, scores, &shares);
            store(words, out, &o);
        }
    }
    super::count::counted(call, words).unwrap_or_default()
}

/// Runs `int8_mac`; an array outside of the SRAM, which no program has, leaves all as it is.
fn mac(words: &mut SramWords, layer: &Int8MacLayout, x: u32, out: u32) -> Made {
    let mut sums = vec![0.0; layer.rows as usize];
    let Ok(input) = layer.scratch(words, x) else { return Vec::new() };
    let Ok(overflows) = layer.run(words, x, &mut sums) else { return Vec::new() };
    for (at, word) in (layer.input..).step_by(4).zip(input) {
        put(words, at, word);
    }
    store(words, out, &sums);
    vec![Step::Mac(*layer, overflows)]
}

fn one(routine: R, sizes: Sizes) -> Made {
    vec![Step::Routine(routine, sizes)]
}

fn code(words: &mut SramWords, (n, steps): (u32, u32), u: u32, theta: Option<u32>, spikes: u32) -> Made {
    let row = words_of(n as usize) as u32;
    let apart = steps * row;
    (0..2 * apart).for_each(|i| put(words, spikes + 4 * i, 0));
    let theta = theta.map(|at| single(words, at));
    let mut count = 0;
    for i in 0..n {
        let value = single(words, u + 4 * i);
        let plane = if value.is_sign_negative() { spikes + 4 * apart } else { spikes };
        let (size, mut v) = (value.abs(), theta.map_or(0.0, |theta| theta * 0.5));
        for step in 0..steps {
            let spike = match theta {
                None => lif(&mut v, size, THRESHOLD),
                Some(theta) => integrate(&mut v, size, theta),
            };
            if spike {
                let at = plane + 4 * (step * row + i / 32);
                put(words, at, word(words, at) | 1 << (i % 32));
                count += 1;
            }
        }
    }
    let routine = if theta.is_none() { R::CodeLeaky } else { R::CodeQuantised };
    vec![Step::Clear(2 * apart), Step::Routine(routine, Sizes::by(n, steps).with(count))]
}

fn add_rows(words: &mut SramWords, spiking: &Spiking, columns: u32, sums: u32) -> Made {
    let made = super::count::rows(words, spiking, columns);
    let mut total: Vec<i32> =
        (0..columns).map(|column| word(words, sums + 4 * column).cast_signed()).collect();
    let sign = if spiking.minus { -1 } else { 1 };
    for segment in &spiking.segments {
        for neuron in ones(&segment.bits(words)) {
            let row = segment.rows + neuron as u32 * columns;
            for (quad, sums) in (0..).zip(total.chunks_exact_mut(4)) {
                let bytes = word(words, row + 4 * quad).to_le_bytes();
                for (sum, byte) in sums.iter_mut().zip(bytes) {
                    *sum = sum.wrapping_add(sign * i32::from(byte.cast_signed()));
                }
            }
        }
    }
    for (column, sum) in (0..).zip(total) {
        put(words, sums + 4 * column, sum.cast_unsigned());
    }
    made
}

fn fire(words: &mut SramWords, neuron: Neuron, firing: &Firing) -> Made {
    let theta = single(words, firing.theta);
    let mut spikes = 0_u32;
    for i in 0..firing.n {
        let at = 4 * i;
        let z = match neuron {
            Neuron::Constant => single(words, firing.sums + at),
            Neuron::Leaky | Neuron::Quantised => {
                let sum = word(words, firing.sums + at).cast_signed();
                scaled(sum, single(words, firing.scale + at)) + single(words, firing.bias + at)
            }
        };
        let mut v = single(words, firing.v + at);
        let spike = match neuron {
            Neuron::Leaky => lif(&mut v, z, THRESHOLD),
            Neuron::Quantised | Neuron::Constant => integrate(&mut v, z, theta),
        };
        put(words, firing.v + at, v.to_bits());
        spikes |= u32::from(spike) << (i % 32);
    }
    put(words, firing.spikes, spikes);
    let routine = match neuron {
        Neuron::Leaky => R::FireLeaky,
        Neuron::Quantised => R::FireQuantised,
        Neuron::Constant => R::FireConstant,
    };
    one(routine, Sizes::of(firing.n).with(spikes.count_ones()))
}

fn attend(words: &mut SramWords, head: &HeadLayout) -> Made {
    let HeadLayout { width, state, read, .. } = *head;
    let [query, key, value] = head.qkv.map(|at| word(words, at));
    let mut made = Vec::with_capacity(4);
    let cell = |row: usize, column: usize| state + 2 * (row as u32 * width + column as u32);
    if key != 0 && value != 0 {
        for row in ones(&[key]) {
            for column in ones(&[value]) {
                let at = cell(row, column);
                let count = half(words, at).wrapping_add(1);
                put_half(words, at, count);
            }
        }
        let sizes = Sizes::by(key.count_ones(), value.count_ones());
        made.push(Step::Routine(R::Remember, sizes));
    }
    let mut sums = vec![0_i32; width as usize];
    for row in ones(&[query]) {
        for (column, sum) in sums.iter_mut().enumerate() {
            *sum = sum.wrapping_add(half(words, cell(row, column)).into());
        }
    }
    made.push(Step::Clear(width));
    if query != 0 {
        made.push(Step::Routine(R::Recall, Sizes::by(query.count_ones(), width)));
    }
    let factor = factor(single(words, head.gain), head.tokens.saturating_sub(1) as usize, true);
    let mut spikes = 0_u32;
    for (i, sum) in (0..).zip(sums) {
        put(words, read + 4 * i, sum.cast_unsigned());
        let mut v = single(words, head.v + 4 * i);
        let spike = lif(&mut v, sum as f32 * factor, ATTENTION_THRESHOLD);
        put(words, head.v + 4 * i, v.to_bits());
        spikes |= u32::from(spike) << (i % 32);
    }
    put(words, head.spikes, spikes);
    made.push(Step::Routine(R::FireAttention, Sizes::of(width).with(spikes.count_ones())));
    made
}

/// Computes the outputs of a dense layer, four at a time so that their sums overlap; each sum is
/// in ascending order.
fn dense_rows(words: &mut SramWords, layer: &LinearLayout, x: u32, out: u32) {
    let LinearLayout { outputs, inputs, q, scale, bias } = *layer;
    let x = load(words, x, inputs);
    let mut first = 0;
    while first < outputs {
        let rows = [0, 1, 2, 3].map(|row| (first + row).min(outputs - 1));
        let scales = rows.map(|row| single(words, scale + 4 * row));
        let mut sums = [0.0_f32; 4];
        for (i, &x) in (0..).zip(&x) {
            for ((sum, row), scale) in sums.iter_mut().zip(rows).zip(scales) {
                *sum = term(*sum, x, byte(words, q + row * inputs + i), scale);
            }
        }
        for (row, sum) in rows.into_iter().zip(sums) {
            put(words, out + 4 * row, (sum + single(words, bias + 4 * row)).to_bits());
        }
        first += 4;
    }
}
