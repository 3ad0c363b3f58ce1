//! Products of 8-bit weights with 8-bit inputs, and the roundings around them.
//!
//! Weights are rounded as in [`super::quantise`]: a scale a row, values −127 to 127. An input x
//! becomes q = x · (1 / s), rounded to the nearest, halves away from zero, and cut at 127 either
//! way; s, the input's scale, is that of its layer and known beforehand ([`Scale::of_peak`]).
//! Products are added as integers, of which 24 bits are kept; a row's sum is made a single,
//! exactly, and multiplied once with the row's scale times s. So the order of the products decides
//! nothing, and neither does the partition. This is the reference for the kernel `Int8Mac`, bit for
//! bit.

use super::columns::Columns;
use super::csr::Csr;
use super::quantise::{LIMIT, quantise_row};
use super::{Egru, Weights, sum};

/// Bits of a sum that are kept.
const SUM_BITS: u32 = 24;

/// Scale of 8-bit inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Value of an input of 1.
    pub scale: f32,
    /// Factor on an input before it is rounded; 0 where all inputs are 0.
    pub inverse: f32,
}

impl Scale {
    /// Returns the scale with which `peak`, the largest absolute input, becomes 127.
    pub fn of_peak(peak: f32) -> Self {
        Self::of_level(peak / LIMIT)
    }

    /// Returns the scale with which an input of `scale` becomes 1.
    ///
    /// It is [`Self::SILENT`] if `scale` is not positive or has no finite inverse.
    pub fn of_level(scale: f32) -> Self {
        let inverse = 1.0 / scale;
        if scale > 0.0 && inverse.is_finite() { Self { scale, inverse } } else { Self::SILENT }
    }

    /// Scale of inputs that are all 0.
    pub const SILENT: Self = Self { scale: 0.0, inverse: 0.0 };

    /// Returns an input as a byte.
    pub fn byte(self, x: f32) -> i8 {
        byte(x * self.inverse)
    }
}

/// Inputs between −1 and 1, where nothing else is known.
impl Default for Scale {
    fn default() -> Self {
        Self::of_peak(1.0)
    }
}

/// Largest absolute inputs that were seen, for scales: of W (x) and R (y of the time step before)
/// of each layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peaks {
    layers: Vec<[f32; 2]>,
}

impl Peaks {
    /// Runs sequences of inputs through a network of singles and notes the largest inputs of each
    /// matrix. Each sequence begins without state.
    pub fn seen<'x>(
        network: &Egru,
        sequences: impl IntoIterator<Item = impl IntoIterator<Item = &'x [f32]>>,
    ) -> Self {
        let mut layers = vec![[0.0_f32; 2]; network.layers.len()];
        let columns: Vec<_> = network
            .layers
            .iter()
            .map(|layer| [&layer.input_weights, &layer.recurrent].map(|matrix| (matrix, Columns::of(matrix))))
            .collect();
        let (mut events, mut sums) = (Vec::new(), Vec::new());
        for sequence in sequences {
            let mut state = network.state();
            for x in sequence {
                network.step_with(&mut state, x, |k, weights, input, out| {
                    let at = usize::from(weights == Weights::Recurrent);
                    match &columns[k][at] {
                        (_, Some(columns)) => {
                            events.clear();
                            events.extend((0..).zip(input.iter().copied()).filter(|&(_, x)| x != 0.0));
                            columns.sums(&events, &mut sums);
                            out.copy_from_slice(&sums[..out.len()]);
                        }
                        (matrix, None) => sum::csr_rows(matrix, input, out),
                    }
                    layers[k][at] = peak(input).max(layers[k][at]);
                });
            }
        }
        Self { layers }
    }

    /// Returns the scales of W's and R's inputs, by layer.
    pub fn scales(&self, layers: usize) -> Vec<[Scale; 2]> {
        let of =
            |k: usize| self.layers.get(k).map_or_else(Default::default, |peaks| peaks.map(Scale::of_peak));
        (0..layers).map(of).collect()
    }
}

/// Returns the largest finite absolute value; 0 if there is none.
pub fn peak(values: &[f32]) -> f32 {
    values.iter().filter(|value| value.is_finite()).fold(0.0, |peak, value| peak.max(value.abs()))
}

/// Rounds to the nearest byte, halves away from zero, at most 127 either way; a NaN becomes 0.
#[inline]
pub fn byte(value: f32) -> i8 {
    let half = 0.5_f32.copysign(value);
    ((value + half) as i32).clamp(-127, 127) as i8
}

/// Returns the 24 bits of a sum that are kept, and whether that is another number.
pub fn kept(sum: i32) -> (i32, bool) {
    let spare = 32 - SUM_BITS;
    let kept = (sum << spare) >> spare;
    (kept, kept != sum)
}

/// Adds the products of two rows of bytes.
pub fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).fold(0_i32, |sum, (&a, &b)| sum.wrapping_add(i32::from(a) * i32::from(b)))
}

/// A matrix of 8-bit weights for 8-bit inputs, zeros stored too.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Dense {
    columns: usize,
    /// Weights, `[rows, columns]`.
    data: Vec<i8>,
    /// Scale of each row times the input's.
    scales: Vec<f32>,
    input: Scale,
}

impl Int8Dense {
    /// Rounds a matrix whose inputs have the scale `input`.
    pub fn new(matrix: &Csr, input: Scale) -> Self {
        let columns = matrix.cols();
        let mut data = vec![0; matrix.rows() * columns];
        let mut scales = Vec::with_capacity(matrix.rows());
        for (row, to) in matrix.outer_iterator().zip(data.chunks_mut(columns.max(1))) {
            let (scale, weights) = quantise_row(row.data().iter().copied());
            scales.push(scale * input.scale);
            for (&column, weight) in row.indices().iter().zip(weights) {
                if let Some(place) = to.get_mut(column as usize) {
                    *place = weight;
                }
            }
        }
        Self { columns, data, scales, input }
    }

    /// Writes every row's product with x, `[columns]`, to `out`, `[rows]`; returns the number of
    /// sums that needed more than 24 bits.
    pub fn multiply(&self, x: &[f32], out: &mut [f32]) -> u32 {
        let x: Vec<i8> = x.iter().map(|&x| self.input.byte(x)).collect();
        let mut overflows = 0;
        let rows = self.data.chunks(self.columns.max(1)).zip(&self.scales);
        for (out, (row, scale)) in out.iter_mut().zip(rows) {
            let (sum, lost) = kept(dot(row, &x));
            overflows += u32::from(lost);
            *out = sum as f32 * scale;
        }
        overflows
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "bits are what is tested")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::csr::{from_dense, from_parts};
    use crate::net::tanh::Tanh;
    use crate::net::{Compare, EgruLayer, Output};

    /// Returns a layer with the weights of W, then of R, both dense.
    fn layer(inputs: usize, units: usize, weights: &[f32]) -> EgruLayer {
        let (kernel, recurrent) = weights.split_at(3 * inputs * units);
        EgruLayer {
            name: "rnns".into(),
            input_weights: from_dense(inputs, 3 * units, kernel).unwrap(),
            recurrent: from_dense(units, 3 * units, recurrent).unwrap(),
            bias: vec![0.1; 3 * units],
            recurrent_bias: vec![-0.1; 3 * units],
            threshold: vec![0.1; units],
            output: Output::Y,
            compare: Compare::Greater,
            always: false,
            tanh: Tanh::Libm,
        }
    }

    /// A matrix of one row.
    fn one_row(weights: &[f32]) -> Csr {
        let columns = weights.len();
        from_parts(1, columns, vec![0, columns as u32], (0..columns as u32).collect(), weights.to_vec())
            .unwrap()
    }

    #[test]
    fn inputs_round_away_from_zero_and_stop_at_127() {
        let cases = [(0.49, 0), (0.5, 1), (-0.5, -1), (-0.49, 0), (1.5, 2), (127.4, 127), (1e30, 127)];
        for (value, rounded) in cases {
            assert_eq!((byte(value), byte(-value)), (rounded, -rounded), "{value}");
        }
        assert_eq!([byte(f32::NAN), byte(f32::INFINITY), byte(f32::NEG_INFINITY)], [0, 127, -127]);
    }

    #[test]
    fn a_layer_without_input_has_no_scale() {
        for peak in [0.0, f32::from_bits(1), f32::NAN] {
            assert_eq!(Scale::of_peak(peak), Scale::SILENT);
        }
        assert_eq!(Scale::of_peak(2.0).byte(2.0), 127);
    }

    #[test]
    fn sums_of_more_than_24_bits_are_counted() {
        // 600 · 127² is more than 2²³.
        let matrix = Int8Dense::new(&one_row(&[1.0; 600]), Scale::default());
        let mut out = [0.0];
        assert_eq!(matrix.multiply(&[1.0; 600], &mut out), 1);
        assert!(out[0] < 0.0, "{out:?}");
        assert_eq!(matrix.multiply(&[0.5; 600], &mut out), 0);
        assert!((out[0] - 300.0).abs() < 3.0, "{out:?}");
    }

    proptest! {
        /// Peaks are those of the plain forward pass, bit by bit.
        #[test]
        fn peaks_are_what_a_plain_run_has(
            weights in prop::collection::vec(prop_oneof![Just(0.0_f32), -2.0_f32..2.0], 3 * 4 * (5 + 4) + 3 * 3 * (4 + 3)),
            frames in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0.0_f32), -3.0_f32..3.0], 5), 2..12),
        ) {
            let (first, second) = weights.split_at(3 * 4 * (5 + 4));
            let network = Egru { layers: vec![layer(5, 4, first), layer(4, 3, second)] };
            let sequences = [&frames[..1], &frames[1..]];
            let mut want = vec![[0.0_f32; 2]; 2];
            for sequence in sequences {
                let mut state = network.state();
                for x in sequence {
                    for (want, layer) in want.iter_mut().zip(&state.layers) {
                        want[1] = want[1].max(peak(&layer.y));
                    }
                    network.step(&mut state, x);
                    want[0][0] = want[0][0].max(peak(x));
                    want[1][0] = want[1][0].max(peak(&state.layers[0].y));
                }
            }
            let seen = Peaks::seen(&network, sequences.map(|sequence| sequence.iter().map(Vec::as_slice)));
            prop_assert_eq!(seen.layers, want);
        }

        #[test]
        fn a_product_is_off_by_no_more_than_its_roundings(
            weights in prop::collection::vec(-2.0_f32..2.0, 20),
            x in prop::collection::vec(-1.0_f32..1.0, 20),
        ) {
            let matrix = Int8Dense::new(&one_row(&weights), Scale::default());
            let mut out = [0.0];
            prop_assert_eq!(matrix.multiply(&x, &mut out), 0);
            let exact: f64 = weights.iter().zip(&x).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum();
            // Half a step of each factor, times the other's largest value.
            let most = 20.0 * (2.0 * 0.5 / 127.0 + 2.0 / 127.0 * 0.5 * 1.0) + 1e-4;
            prop_assert!((f64::from(out[0]) - exact).abs() <= most, "{} for {exact}", out[0]);
        }
    }
}
