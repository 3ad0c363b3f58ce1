//! The one summation order: an ascending chain of fused multiply-adds.
//!
//! Every weighted sum of a unit starts from +0.0 and does `acc = fma(w, x[column], acc)` once for
//! each stored weight, in ascending source order, with one rounding a step. The chip has this
//! instruction (`vfma.f32`), and so a kernel that keeps the order gives the same bits, whichever PE
//! it runs on. Rows are worked on several at a time, because a single chain waits for the latency
//! of each of its steps; within a row the order never changes.
//!
//! `f32::mul_add` is the fused operation by definition, on any machine. Compiled for a processor
//! without an FMA instruction it is a slow call; [`pulp`] chooses at run time, and gives the same
//! bits either way.

#![allow(
    clippy::inline_always,
    reason = "only inlined is `mul_add` compiled with the dispatched instructions"
)]

use pulp::{Arch, Simd, WithSimd};

use super::csr::Csr;

/// Number of rows worked on at once. Measured on the paper's network (1.2 million weights, AVX2):
/// 2 and 3 are the fastest, 1 and 6 take a seventh longer, 8 a third; rows of a pruned matrix
/// differ in length, and what is left of each runs alone.
const LANES: usize = 2;

/// Computes `out[row] = Σ w · x[column]` for every row; `x` is `[columns]`, `out` is `[rows]`.
///
/// # Panics
/// If `x` or `out` has another length: a caller's mistake, not an input's.
pub fn csr_rows(matrix: &Csr, x: &[f32], out: &mut [f32]) {
    assert_eq!((matrix.rows(), matrix.cols()), (out.len(), x.len()), "matrix and vectors do not fit");
    rows(matrix.indptr().raw_storage(), matrix.indices(), matrix.data(), x, out);
}

/// Computes the sums of [`csr_rows`] on bare arrays: row `i` is `data[indptr[i]..indptr[i + 1]]`;
/// `indptr` has one entry more than `out`.
///
/// # Panics
/// If a pointer or a column lies outside of its array.
pub fn rows(indptr: &[u32], indices: &[u32], data: &[f32], x: &[f32], out: &mut [f32]) {
    Arch::new().dispatch(Rows { indptr, indices, data, x, out });
}

/// Computes the chain of one row: +0.0, then one fused multiply-add a weight, in the order given.
///
/// The definition in one line; slow where the build's target has no FMA.
///
/// # Panics
/// If a column is not below `x.len()`.
pub fn chain(data: &[f32], indices: &[u32], x: &[f32]) -> f32 {
    data.iter().zip(indices).fold(0.0, |acc, (w, &column)| w.mul_add(x[column as usize], acc))
}

/// Returns `true` if this processor has fused multiply-adds that [`rows`] uses; without them, each
/// is a slow call.
pub fn is_fast() -> bool {
    !matches!(Arch::new(), Arch::Scalar)
}

/// Returns the instruction set that [`rows`] uses here, as `pulp` names it: V3 is AVX2 with FMA,
/// V4 is AVX-512.
pub fn instructions() -> String {
    let name = format!("{:?}", Arch::new());
    name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

struct Rows<'a> {
    indptr: &'a [u32],
    indices: &'a [u32],
    data: &'a [f32],
    x: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { indptr, indices, data, x, out } = self;
        let row = |i: usize| {
            let span = indptr[i] as usize..indptr[i + 1] as usize;
            (&data[span.clone()], &indices[span])
        };
        let (pairs, last) = out.as_chunks_mut::<LANES>();
        let rest = LANES * pairs.len();
        for (number, pair) in pairs.iter_mut().enumerate() {
            *pair = chains([row(LANES * number), row(LANES * number + 1)], x);
        }
        for out in last {
            let (data, indices) = row(rest);
            *out = continue_chain(0.0, data, indices, x);
        }
    }
}

/// Computes chains side by side as far as the shortest row goes, then the rest of each.
#[inline(always)]
fn chains(rows: [(&[f32], &[u32]); LANES], x: &[f32]) -> [f32; LANES] {
    let [(a, of_a), (b, of_b)] = rows;
    let shared = a.len().min(b.len());
    let mut acc = [0.0_f32; LANES];
    // Pairs of slices have no index that would be checked, and no closure of an array that might
    // not be inlined.
    let heads = (a.iter().zip(of_a)).zip(b.iter().zip(of_b));
    for ((&a, &of_a), (&b, &of_b)) in heads {
        acc[0] = a.mul_add(x[of_a as usize], acc[0]);
        acc[1] = b.mul_add(x[of_b as usize], acc[1]);
    }
    [
        continue_chain(acc[0], &a[shared..], &of_a[shared..], x),
        continue_chain(acc[1], &b[shared..], &of_b[shared..], x),
    ]
}

#[inline(always)]
fn continue_chain(start: f32, data: &[f32], indices: &[u32], x: &[f32]) -> f32 {
    let mut acc = start;
    for (w, &column) in data.iter().zip(indices) {
        acc = w.mul_add(x[column as usize], acc);
    }
    acc
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "bits are what is tested")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::csr::from_dense;

    /// A dense matrix in the authors' layout, many of its entries zero, and an input vector.
    fn problem() -> impl Strategy<Value = (usize, usize, Vec<f32>, Vec<f32>)> {
        (1_usize..40, 1_usize..30).prop_flat_map(|(inputs, outputs)| {
            let weight = prop_oneof![Just(0.0_f32), -2.0_f32..2.0, -1e-20_f32..1e-20, -1e20_f32..1e20];
            let source = prop_oneof![Just(0.0_f32), Just(-0.0_f32), -3.0_f32..3.0];
            (
                Just(inputs),
                Just(outputs),
                prop::collection::vec(weight, inputs * outputs),
                prop::collection::vec(source, inputs),
            )
        })
    }

    proptest! {
        #[test]
        fn same_bits_as_a_plain_loop_of_mul_add((inputs, outputs, dense, x) in problem()) {
            let matrix = from_dense(inputs, outputs, &dense).unwrap();
            let mut out = vec![f32::NAN; outputs];
            csr_rows(&matrix, &x, &mut out);
            for (row, out) in out.iter().enumerate() {
                let mut acc = 0.0_f32;
                for source in 0..inputs {
                    let weight = dense[source * outputs + row];
                    if weight != 0.0 {
                        acc = weight.mul_add(x[source], acc);
                    }
                }
                prop_assert_eq!(out.to_bits(), acc.to_bits(), "row {}", row);
            }
        }

        #[test]
        fn same_bits_without_any_vector_instructions((inputs, outputs, dense, x) in problem()) {
            let matrix = from_dense(inputs, outputs, &dense).unwrap();
            let mut out = vec![0.0; outputs];
            csr_rows(&matrix, &x, &mut out);
            let mut scalar = vec![0.0; outputs];
            let indptr = matrix.indptr();
            Arch::Scalar.dispatch(Rows {
                indptr: indptr.raw_storage(),
                indices: matrix.indices(),
                data: matrix.data(),
                x: &x,
                out: &mut scalar,
            });
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&out), bits(&scalar));
        }
    }

    #[test]
    fn the_order_and_the_fusing_are_seen() {
        // Ascending: (1e8 + 1) − 1e8 loses the 1; any other order keeps it.
        assert_eq!(chain(&[1e8, 1.0, -1e8], &[0, 1, 2], &[1.0; 3]), 0.0);
        // Fused: the product keeps its low bits until the sum is rounded.
        let e = f32::EPSILON;
        let (w, x) = (1.0 + e, 1.0 - e);
        assert_eq!(chain(&[-1.0, w], &[0, 1], &[1.0, x]), -e * e);
        assert_eq!(w * x - 1.0, 0.0);
    }

    #[test]
    fn an_empty_row_is_positive_zero() {
        let matrix = from_dense(2, 5, &[0.0; 10]).unwrap();
        let mut out = [1.0; 5];
        csr_rows(&matrix, &[-1.0, -1.0], &mut out);
        assert_eq!(out.map(f32::to_bits), [0; 5]);
    }
}
