//! The decoder, on the host: from the last layer's values to a probability for each word.
//!
//! logits = (y · scale) · Eᵀ + b over V words, then a softmax; a projection of y may come first,
//! and E may be the decoder's own. On the paper's system this is outside of the chip, and so is
//! its time and energy here. The embedding is kept transposed, \[width\]\[V\], so that a silent
//! unit costs nothing: for each active unit, in ascending order, one fused multiply-add a word.
//! Words do not mix, and the exponentials are summed in ascending order, so the result has the
//! same bits on every machine.

#![allow(clippy::needless_pass_by_value, reason = "a view of an array is as small as a reference to it")]
#![allow(
    clippy::inline_always,
    reason = "only inlined is `mul_add` compiled with the dispatched instructions"
)]

use std::sync::{Arc, OnceLock};

use ndarray::{Array2, ArrayView2, Axis};
use pulp::{Arch, Simd, WithSimd};

use crate::model::embedding::Values;
use crate::model::{LanguageModel, Projection, ProjectionLayer};
use crate::net::lanes::{self, LANES};

/// Words worked on at once: their sums stay in the first-level cache while all active
/// units are added.
const BLOCK: usize = 2048;
/// Side of the squares in which the embedding is transposed.
const TILE: usize = 64;
/// Words that the search for the likeliest passes over together if none of them is among these.
const GROUP: usize = 32;

/// A model's decoder, laid out for speed.
#[derive(Clone, Debug)]
pub struct Readout {
    /// Table of the decoder; empty until the first prediction.
    table: OnceLock<Table>,
    /// Model from which the table is made at the first prediction; `None` where it was
    /// made at once.
    model: Option<Arc<LanguageModel>>,
    bias: Vec<f32>,
    scale: f32,
    projection: Option<ProjectionLayer>,
}

/// Eᵀ, `[width, V]`.
#[derive(Clone, Debug)]
enum Table {
    /// Whole numbers, and one factor a word for the finished sum.
    Int8 {
        q: Array2<i8>,
        scale: Vec<f32>,
    },
    Float(Array2<f32>),
}

impl Table {
    fn of(model: &LanguageModel) -> Self {
        match model.decoder.weights.as_ref().unwrap_or(&model.embedding).values() {
            Values::Int8 { q, scale } => {
                Self::Int8 { q: transpose_bytes(q.all(), q.dim()), scale: scale.to_vec() }
            }
            Values::Float(values) => Self::Float(transpose(values.view())),
        }
    }

    /// Returns the width of a row and the number of words.
    fn dim(&self) -> (usize, usize) {
        match self {
            Self::Int8 { q, .. } => q.dim(),
            Self::Float(values) => values.dim(),
        }
    }
}

impl Readout {
    /// Creates the decoder of a model and its table, which takes as much memory as the decoder's
    /// own weights or, if it has none, as the model's embedding.
    pub fn new(model: &LanguageModel) -> Self {
        let decoder = &model.decoder;
        let (bias, projection) = (decoder.bias.clone(), decoder.projection.clone());
        let table = OnceLock::from(Table::of(model));
        Self { table, model: None, bias, scale: decoder.scale, projection }
    }

    /// Creates the decoder of a model, whose table is made by the first prediction.
    pub fn when_needed(model: &Arc<LanguageModel>) -> Self {
        let decoder = &model.decoder;
        let (bias, projection) = (decoder.bias.clone(), decoder.projection.clone());
        let model = Some(Arc::clone(model));
        Self { table: OnceLock::new(), model, bias, scale: decoder.scale, projection }
    }

    fn table(&self) -> &Table {
        let none = || Table::Float(Array2::default((0, 0)));
        self.table.get_or_init(|| self.model.as_deref().map_or_else(none, Table::of))
    }

    /// Returns the number of weights, those of the projection left out.
    pub fn weights(&self) -> usize {
        let of_model = |model: &Arc<LanguageModel>| {
            let weights = model.decoder.weights.as_ref().unwrap_or(&model.embedding);
            weights.width() * weights.words()
        };
        let of_table = || self.table().dim().0 * self.table().dim().1;
        self.model.as_ref().map_or_else(of_table, of_model)
    }

    /// Returns the prediction from the last layer's values y, \[width\]. Values beyond the width
    /// are not read.
    pub fn predict(&self, y: &[f32]) -> Prediction {
        let projected = self.projection.as_ref().map(|projection| project(projection, y));
        let y = projected.as_deref().unwrap_or(y);
        let table = self.table();
        let (width, words) = table.dim();
        let active: Vec<(usize, f32)> = y
            .iter()
            .take(width)
            .enumerate()
            .filter(|&(_, &y)| y != 0.0)
            .map(|(unit, &y)| (unit, y * self.scale))
            .collect();
        let mut logits = vec![0.0_f32; words];
        match table {
            Table::Int8 { q, scale } => {
                Arch::new().dispatch(Add { table: q.view(), active: &active, out: &mut logits });
                for ((logit, scale), bias) in logits.iter_mut().zip(scale).zip(&self.bias) {
                    *logit = *logit * scale + bias;
                }
            }
            Table::Float(values) => {
                Arch::new().dispatch(Add { table: values.view(), active: &active, out: &mut logits });
                for (logit, bias) in logits.iter_mut().zip(&self.bias) {
                    *logit += bias;
                }
            }
        }
        Prediction::new(logits)
    }
}

/// Computes h = f(P · y + b).
///
/// Each sum begins with 0, takes the active units in ascending order, fused, and then the bias.
fn project(projection: &ProjectionLayer, y: &[f32]) -> Vec<f32> {
    let rows = projection.weights.chunks(y.len().max(1)).zip(&projection.bias);
    rows.map(|(row, bias)| {
        let sum =
            row.iter().zip(y).filter(|(_, y)| **y != 0.0).fold(0.0_f32, |sum, (w, y)| w.mul_add(*y, sum));
        match projection.kind {
            Projection::Linear => sum + bias,
            Projection::Relu => (sum + bias).max(0.0),
        }
    })
    .collect()
}

/// Returns the transpose in memory order, copied in squares that fit the cache.
fn transpose<T: Copy + Default>(values: ArrayView2<'_, T>) -> Array2<T> {
    let mut out = Array2::default(values.t().dim());
    let rows = values.axis_chunks_iter(Axis(0), TILE).zip(out.axis_chunks_iter_mut(Axis(1), TILE));
    for (values, mut out) in rows {
        let squares = values.axis_chunks_iter(Axis(1), TILE).zip(out.axis_chunks_iter_mut(Axis(0), TILE));
        for (values, mut out) in squares {
            out.assign(&values.t());
        }
    }
    out
}

/// Returns the transpose of bytes in memory order, moved in squares of eight.
fn transpose_bytes(values: &[i8], (rows, columns): (usize, usize)) -> Array2<i8> {
    let from: &[u8] = bytemuck::cast_slice(values);
    let mut out = vec![0_i8; rows * columns];
    let to: &mut [u8] = bytemuck::cast_slice_mut(&mut out);
    let (whole_rows, whole_columns) = (rows / 8 * 8, columns / 8 * 8);
    for row in (0..whole_rows).step_by(8) {
        for column in (0..whole_columns).step_by(8) {
            let square = std::array::from_fn(|i| eight(from, (row + i) * columns + column));
            for (i, bytes) in transpose_square(square).into_iter().enumerate() {
                to[(column + i) * rows + row..][..8].copy_from_slice(&bytes.to_le_bytes());
            }
        }
    }
    let beside = (0..whole_rows).flat_map(|row| (whole_columns..columns).map(move |column| (row, column)));
    let below = (whole_rows..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    for (row, column) in beside.chain(below) {
        to[column * rows + row] = from[row * columns + column];
    }
    // The lengths are equal, so that the shape always fits.
    Array2::from_shape_vec((columns, rows), out).unwrap_or_default()
}

/// Returns eight bytes as a number, the first of them lowest.
fn eight(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

/// Transposes eight rows of eight bytes: blocks of 4 × 4, of 2 × 2, then bytes change places.
fn transpose_square(mut rows: [u64; 8]) -> [u64; 8] {
    const LOW: [(usize, u64); 3] = [(4, 0xFFFF_FFFF), (2, 0x0000_FFFF_0000_FFFF), (1, 0x00FF_00FF_00FF_00FF)];
    for (step, low) in LOW {
        for i in (0..8).filter(|i| i & step == 0) {
            let change = (rows[i] >> (8 * step) ^ rows[i + step]) & low;
            rows[i] ^= change << (8 * step);
            rows[i + step] ^= change;
        }
    }
    rows
}

/// `out[word] = Σ table[unit][word] · value` over the active units in ascending order,
/// each step fused.
struct Add<'a, T> {
    table: ArrayView2<'a, T>,
    active: &'a [(usize, f32)],
    out: &'a mut [f32],
}

impl<T: Copy + Into<f32>> WithSimd for Add<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { table, active, out } = self;
        for (block, out) in table.axis_chunks_iter(Axis(1), BLOCK).zip(out.chunks_mut(BLOCK)) {
            // Rows of the table are contiguous (`transpose`), and so are those of a block of
            // columns.
            let row = |unit: usize| block.index_axis_move(Axis(0), unit).to_slice().unwrap_or_default();
            let mut fours = active.chunks_exact(4);
            // Four units at a time: a sum is loaded and stored once for four steps of its chain.
            for four in &mut fours {
                let rows = [row(four[0].0), row(four[1].0), row(four[2].0), row(four[3].0)];
                add_four(out, rows, [four[0].1, four[1].1, four[2].1, four[3].1]);
            }
            for &(unit, value) in fours.remainder() {
                for (out, &weight) in out.iter_mut().zip(row(unit)) {
                    *out = weight.into().mul_add(value, *out);
                }
            }
        }
    }
}

#[inline(always)]
fn add_four<T: Copy + Into<f32>>(out: &mut [f32], rows: [&[T]; 4], values: [f32; 4]) {
    let [a, b, c, d] = rows.map(|row| &row[..out.len()]);
    for i in 0..out.len() {
        let mut sum = a[i].into().mul_add(values[0], out[i]);
        sum = b[i].into().mul_add(values[1], sum);
        sum = c[i].into().mul_add(values[2], sum);
        out[i] = d[i].into().mul_add(values[3], sum);
    }
}

/// Σ exp(logit − greatest), in ascending order.
struct Exponentials<'a> {
    logits: &'a [f32],
    greatest: f32,
}

impl WithSimd for Exponentials<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let Self { logits, greatest } = self;
        let mut sum = 0.0;
        let mut groups = logits.chunks_exact(LANES);
        for group in &mut groups {
            let mut below = [0.0; LANES];
            for (below, logit) in below.iter_mut().zip(group) {
                *below = logit - greatest;
            }
            for exponential in lanes::exp(below) {
                sum += f64::from(exponential);
            }
        }
        let rest = groups.remainder().iter();
        rest.fold(sum, |sum, &logit| sum + f64::from(libm::expf(logit - greatest)))
    }
}

/// Returns the greatest number of a list; −∞ if it has none.
fn greatest(numbers: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let mut groups = numbers.chunks_exact(LANES);
    for group in &mut groups {
        for (lane, &number) in lanes.iter_mut().zip(group) {
            *lane = lane.max(number);
        }
    }
    groups.remainder().iter().chain(&lanes).copied().fold(f32::NEG_INFINITY, f32::max)
}

/// A distribution over the words of a vocabulary.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    logits: Vec<f32>,
    /// ln Σ exp(logit).
    log_sum: f64,
}

impl Prediction {
    /// Computes the softmax of logits, one for each word.
    pub fn new(logits: Vec<f32>) -> Self {
        let greatest = greatest(&logits);
        // Each exponential in f32 (its error is far below the model's own), their sum in f64.
        let sum = Arch::new().dispatch(Exponentials { logits: &logits, greatest });
        let log_sum = f64::from(greatest) + libm::log(sum);
        Self { logits, log_sum }
    }

    /// Returns the logits, one for each word.
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// Returns −ln p(word), in nats; infinite for a word that does not exist.
    pub fn surprisal(&self, word: u32) -> f64 {
        self.logits.get(word as usize).map_or(f64::INFINITY, |&logit| self.log_sum - f64::from(logit))
    }

    /// Returns p(word), 0..=1.
    pub fn probability(&self, word: u32) -> f32 {
        libm::exp(-self.surprisal(word)) as f32
    }

    /// Returns the `count` likeliest word ids, likeliest first; of equals, the lower id first.
    pub fn top(&self, count: usize) -> Vec<u32> {
        let mut best: Vec<(f32, u32)> = Vec::with_capacity(count.min(self.logits.len()) + 1);
        for (logits, first) in self.logits.chunks(GROUP).zip((0_u32..).step_by(GROUP)) {
            let least = best.last().map_or(f32::INFINITY, |&(least, _)| least);
            // A sum, without a way out before its end, is compiled to vector instructions.
            let behind: usize = logits.iter().map(|&logit| usize::from(logit <= least)).sum();
            if best.len() == count && behind == logits.len() {
                continue;
            }
            for (&logit, word) in logits.iter().zip(first..) {
                let place = best.partition_point(|&(other, _)| other >= logit);
                if place < count {
                    best.insert(place, (logit, word));
                    best.truncate(count);
                }
            }
        }
        best.into_iter().map(|(_, word)| word).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn small() -> LanguageModel {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/egru-lm-small");
        LanguageModel::load(&path).unwrap()
    }

    /// Returns a vector with silent units, as a layer sends.
    fn sparse(width: usize) -> Vec<f32> {
        (0..width).map(|i| if i % 3 == 0 { 0.1 + (i % 7) as f32 * 0.11 } else { 0.0 }).collect()
    }

    #[test]
    fn logits_are_those_of_the_formula() {
        let model = small();
        let y = sparse(model.embedding.width());
        let prediction = Readout::new(&model).predict(&y);
        let mut row = vec![0.0; model.embedding.width()];
        for word in 0..model.vocabulary.len() as u32 {
            assert!(model.embedding.row(word, &mut row));
            let sum: f64 = row.iter().zip(&y).map(|(&e, &y)| f64::from(e) * f64::from(y)).sum();
            let want = sum * f64::from(model.decoder.scale) + f64::from(model.decoder.bias[word as usize]);
            let got = f64::from(prediction.logits()[word as usize]);
            assert!((got - want).abs() < 1e-4, "word {word}: {got}, in f64 {want}");
        }
        let total: f64 = (0..2000).map(|word| f64::from(prediction.probability(word))).sum();
        assert!((total - 1.0).abs() < 1e-5, "{total}");
    }

    #[test]
    fn bytes_are_transposed_whatever_the_shape() {
        for (rows, columns) in [(0, 5), (3, 2), (8, 8), (16, 24), (19, 8), (8, 21), (45, 37)] {
            let values = Array2::from_shape_fn((rows, columns), |(row, column)| {
                ((row * 37 + column * 11 + row * column) % 251) as u8 as i8
            });
            let transposed = transpose_bytes(values.as_slice().unwrap(), values.dim());
            assert!(transposed.is_standard_layout() && transposed == values.t(), "{rows} × {columns}");
        }
    }

    #[test]
    fn a_table_that_is_made_when_needed_is_that_made_at_once() {
        let model = Arc::new(small());
        let (at_once, later) = (Readout::new(&model), Readout::when_needed(&model));
        assert_eq!(later.weights(), at_once.weights());
        assert!(later.table.get().is_none());
        let y = sparse(model.embedding.width());
        assert_eq!(later.predict(&y), at_once.predict(&y));
    }

    #[test]
    fn the_same_bits_without_vector_instructions_and_over_many_blocks() {
        let (words, width) = (2 * BLOCK + 77, 11);
        let values = Array2::from_shape_fn((words, width), |(word, unit)| {
            ((word * width + unit) * 31 % 251) as u8 as i8
        });
        let table = transpose(values.view());
        assert!(table.is_standard_layout() && table == values.t());
        let active: Vec<(usize, f32)> = (0..width).map(|unit| (unit, 0.3 + unit as f32 / 7.0)).collect();
        let (mut fast, mut plain) = (vec![0.0; words], vec![0.0; words]);
        Arch::new().dispatch(Add { table: table.view(), active: &active, out: &mut fast });
        Arch::Scalar.dispatch(Add { table: table.view(), active: &active, out: &mut plain });
        for (word, (fast, plain)) in fast.iter().zip(&plain).enumerate() {
            let row = values.row(word);
            let chain = active.iter().fold(0.0_f32, |sum, &(unit, y)| f32::from(row[unit]).mul_add(y, sum));
            assert_eq!((fast.to_bits(), plain.to_bits()), (chain.to_bits(), chain.to_bits()), "word {word}");
        }
    }

    #[test]
    fn the_likeliest_words_are_those_of_a_full_sort() {
        let mut random = crate::net::random::Random::new(5);
        for words in [1_u32, 31, 32, 33, 200, 1000] {
            // Few different logits, so that many are equal.
            let logits: Vec<f32> = (0..words).map(|_| (random.bits() % 40) as f32 - 20.0).collect();
            let mut sorted: Vec<u32> = (0..words).collect();
            sorted.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]));
            let prediction = Prediction::new(logits);
            for count in [0, 1, 6, 40] {
                assert_eq!(prediction.top(count), sorted[..count.min(sorted.len())], "{count} of {words}");
            }
        }
    }

    #[test]
    fn softmax_by_hand() {
        let prediction = Prediction::new(vec![0.0, 2.0_f32.ln(), 1.0_f32.ln()]);
        assert!((prediction.surprisal(1) - 2.0_f64.ln()).abs() < 1e-7);
        assert!((prediction.probability(0) - 0.25).abs() < 1e-7);
        assert_eq!(prediction.top(2), [1, 0], "of equals, the lower id");
        assert_eq!(prediction.top(9), [1, 0, 2]);
        assert_eq!(prediction.top(0), [0; 0]);
        assert!(prediction.surprisal(3).is_infinite());
        // Far apart, nothing overflows.
        assert!((Prediction::new(vec![1e4, -1e4]).surprisal(1) - 2e4).abs() < 1e-3);
    }
}
