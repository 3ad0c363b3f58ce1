//! 8-bit weights: one scale a row, values −127 to 127, and the arithmetic that goes with them.
//!
//! A weight w of a row becomes q = round(w / s), ties away from zero, with s = max |w| / 127 of its
//! row, so that it is off by at most s / 2 (and a rounding of w / s). The product takes the row's
//! chain of fused multiply-adds over q as singles, which they are exactly, and multiplies the
//! finished sum by s, once. This is the reference for the kernel `Int8Csr`, bit for bit.

use super::csr::Csr;
use super::egru::{Egru, EgruState, pointwise};

/// Largest absolute quantised value: symmetric, −128 is not used.
pub const LIMIT: f32 = 127.0;

/// A sparse matrix of 8-bit weights. Rows and columns as in [`super::csr`].
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedCsr {
    /// Number of columns.
    pub columns: usize,
    /// Row pointers, rows + 1.
    pub indptr: Vec<u32>,
    /// Column of each weight.
    pub indices: Vec<u32>,
    /// Quantised weights, row by row; each is multiplied with its row's scale.
    pub data: Vec<i8>,
    /// Scale of each row.
    pub scales: Vec<f32>,
}

/// Distance of quantised weights from the true ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QuantisationError {
    /// Largest |w − s·q|.
    pub max: f64,
    /// Root of the mean square of w − s·q.
    pub rms: f64,
    /// Signal to noise: 10 log10(Σ w² / Σ (w − s·q)²), decibels; infinite if nothing was lost.
    pub sqnr_db: f64,
    /// Weights that became 0.
    pub zeroed: usize,
}

/// Returns scale and quantised weights of one row. A row of zeros, or an empty one, has scale 0.
///
/// Weights are expected to be finite: an infinite or NaN one becomes 0.
pub fn quantise_row(weights: impl Iterator<Item = f32> + Clone) -> (f32, Vec<i8>) {
    let greatest = weights.clone().filter(|w| w.is_finite()).fold(0.0_f32, |max, w| max.max(w.abs()));
    let scale = greatest / LIMIT;
    let quantised = |w: f32| {
        // The scale of a row of the smallest subnormals may round to 0, and w / s may round
        // beyond the limit.
        if scale > 0.0 && w.is_finite() { (w / scale).round().clamp(-LIMIT, LIMIT) as i8 } else { 0 }
    };
    (scale, weights.map(quantised).collect())
}

/// Quantises a matrix, row by row, and measures the rounding error.
pub fn quantise(matrix: &Csr) -> (QuantisedCsr, QuantisationError) {
    let mut quantised = QuantisedCsr {
        columns: matrix.cols(),
        indptr: matrix.indptr().raw_storage().to_vec(),
        indices: matrix.indices().to_vec(),
        data: Vec::with_capacity(matrix.nnz()),
        scales: Vec::with_capacity(matrix.rows()),
    };
    for row in matrix.outer_iterator() {
        let (scale, data) = quantise_row(row.data().iter().copied());
        quantised.scales.push(scale);
        quantised.data.extend(data);
    }
    let error = quantised.error(matrix);
    (quantised, error)
}

impl QuantisedCsr {
    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.scales.len()
    }

    /// Iterates over the rows: weights, columns and scale of each.
    fn spans(&self) -> impl Iterator<Item = (&[i8], &[u32], f32)> {
        self.indptr.windows(2).zip(&self.scales).map(|(span, &scale)| {
            let span = span[0] as usize..span[1] as usize;
            let data = self.data.get(span.clone()).unwrap_or_default();
            (data, self.indices.get(span).unwrap_or_default(), scale)
        })
    }

    /// Returns every row's product with x (\[columns\]): the ascending chain over q, then
    /// times the scale.
    pub fn multiply(&self, x: &[f32]) -> Vec<f32> {
        let product = |acc: f32, q: i8, column: u32| {
            f32::from(q).mul_add(x.get(column as usize).copied().unwrap_or(0.0), acc)
        };
        let row = |(data, indices, scale): (&[i8], &[u32], f32)| {
            data.iter().zip(indices).fold(0.0_f32, |acc, (&q, &column)| product(acc, q, column)) * scale
        };
        self.spans().map(row).collect()
    }

    /// Returns the weights as singles, each multiplied by its row's scale, in the order of `data`.
    pub fn weights(&self) -> Vec<f32> {
        self.spans().flat_map(|(data, _, scale)| data.iter().map(move |&q| f32::from(q) * scale)).collect()
    }

    /// Returns the matrix's bytes on the chip as `Int8Csr`: i8 values, u16 columns, u32 row
    /// pointers, f32 scales.
    pub fn bytes(&self) -> usize {
        3 * self.data.len() + 4 * (2 * self.rows() + 1)
    }

    fn error(&self, matrix: &Csr) -> QuantisationError {
        let (mut signal, mut noise, mut max, mut zeroed) = (0.0, 0.0, 0.0_f64, 0);
        for ((&w, kept), &q) in matrix.data().iter().zip(self.weights()).zip(&self.data) {
            let lost = f64::from(w) - f64::from(kept);
            signal += f64::from(w) * f64::from(w);
            noise += lost * lost;
            max = max.max(lost.abs());
            zeroed += usize::from(q == 0 && w != 0.0);
        }
        let count = self.data.len().max(1) as f64;
        let sqnr_db = if noise == 0.0 { f64::INFINITY } else { 10.0 * (signal / noise).log10() };
        QuantisationError { max, rms: (noise / count).sqrt(), sqnr_db, zeroed }
    }
}

/// A network whose matrices are quantised; biases, thresholds and states stay singles. The
/// reference for a chip that runs `Int8Csr` everywhere, bit for bit: a row's scale does not depend
/// on which PE hosts it.
#[derive(Clone, Debug)]
pub struct QuantisedEgru<'a> {
    network: &'a Egru,
    /// W and R of each layer.
    matrices: Vec<[QuantisedCsr; 2]>,
    /// Errors of quantising W and R, by layer.
    pub errors: Vec<[QuantisationError; 2]>,
}

impl<'a> QuantisedEgru<'a> {
    /// Quantises every matrix.
    pub fn new(network: &'a Egru) -> Self {
        let (mut matrices, mut errors) = (Vec::new(), Vec::new());
        for layer in &network.layers {
            let ((w, w_error), (r, r_error)) = (quantise(&layer.input_weights), quantise(&layer.recurrent));
            matrices.push([w, r]);
            errors.push([w_error, r_error]);
        }
        Self { network, matrices, errors }
    }

    /// Returns the quantised W and R of each layer.
    pub fn matrices(&self) -> &[[QuantisedCsr; 2]] {
        &self.matrices
    }

    /// Computes one time step of all layers, as [`Egru::step`]. Returns the output of the
    /// last layer, \[outputs\].
    pub fn step(&self, state: &mut EgruState, x: &[f32]) -> Vec<f32> {
        let mut input = x.to_vec();
        for ((layer, [kernel, recurrent]), state) in
            self.network.layers.iter().zip(&self.matrices).zip(&mut state.layers)
        {
            let (w, q) = (kernel.multiply(&input), recurrent.multiply(&state.y));
            for (unit, (y, c)) in state.y.iter_mut().zip(&mut state.c).enumerate() {
                let out = pointwise(&layer.pointwise_input(unit, &w, &q, *c));
                (*y, *c) = (out.y, out.c);
            }
            state.follow();
            state.output().clone_into(&mut input);
        }
        input
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "bits are what is tested")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::csr::from_dense;
    use crate::net::sum::csr_rows;

    proptest! {
        #[test]
        fn weights_are_off_by_half_a_step_at_most(
            dense in proptest::collection::vec(prop_oneof![Just(0.0_f32), -3.0_f32..3.0, -1e-3_f32..1e-3], 24),
            x in proptest::collection::vec(-1.0_f32..1.0, 6),
        ) {
            let matrix = from_dense(6, 4, &dense).unwrap();
            let (quantised, error) = quantise(&matrix);
            let mut most: f64 = 0.0;
            for (row, &scale) in matrix.outer_iterator().zip(&quantised.scales) {
                most = most.max(0.5001 * f64::from(scale));
                prop_assert_eq!(scale, row.data().iter().fold(0.0_f32, |max, w| max.max(w.abs())) / LIMIT);
            }
            prop_assert!(error.max <= most && error.rms <= error.max);
            // A matrix of the kept weights gives the same product but for rounding.
            let kept = Csr::new((4, 6), quantised.indptr.clone(), quantised.indices.clone(), quantised.weights());
            let mut plain = [0.0; 4];
            csr_rows(&kept, &x, &mut plain);
            for (a, b) in quantised.multiply(&x).iter().zip(plain) {
                prop_assert!((a - b).abs() <= 1e-5, "{} {}", a, b);
            }
        }
    }

    #[test]
    fn a_row_that_fits_loses_nothing() {
        let (scale, q) = quantise_row([127.0, -127.0, 1.0, 0.0].into_iter());
        assert_eq!((scale, q), (1.0, vec![127, -127, 1, 0]));
        let (quantised, error) = quantise(&from_dense(1, 3, &[127.0, -2.0, 0.0]).unwrap());
        assert_eq!((quantised.weights(), error.max), (vec![127.0, -2.0], 0.0));
        assert!(error.sqnr_db.is_infinite());
        assert_eq!(quantised.bytes(), 3 * 2 + 4 * 7);
    }

    #[test]
    fn rows_of_zeros_of_nothing_and_of_the_smallest_numbers_are_quiet() {
        assert_eq!(quantise_row([0.0, -0.0].into_iter()), (0.0, vec![0, 0]));
        assert_eq!(quantise_row(std::iter::empty()), (0.0, vec![]));
        let (scale, q) = quantise_row([f32::from_bits(1), f32::from_bits(200)].into_iter());
        assert!(scale >= 0.0 && q.len() == 2);
        assert_eq!(quantise_row([f32::NAN, 2.0].into_iter()).1, [0, 127]);
    }
}
