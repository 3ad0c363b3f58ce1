//! `pointwise`: gates, cell state, threshold and event of a PE's units, from the sums in its
//! SRAM; and `trace`.
//!
//! The arithmetic is [`crate::net::egru::pointwise`], the reference's own; here it is fed from SRAM
//! bytes and its results go back there. On the chip sigmoid and tanh come from the exp unit, which
//! is good to 1–2 ulp (CHIP26): there the silicon may differ from the emulator, which calls `libm`.
//! With [`Tanh::ExpUnit`] the arithmetic is that of the machine code, bit for bit.
//!
//! The costs are those of `pointwise`, which compares as the authors' code does, c > θ. In
//! `pointwise_or_equal` ([`Compare::GreaterOrEqual`]) the condition of `itt gt`, `vmovgt` and
//! `vsubgt` is `ge`: instructions and cycles stay the same, so one cost serves both. A layer that
//! always sends runs `pointwise_always`, without the load of θ, the comparison and its flags.

use pulp::{Arch, Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::code::calls::FunctionCall;
use super::{SramWords, WORDS};
use crate::net::compare::Compare;
use crate::net::egru::{self, PointwiseInput, PointwiseOutput, pointwise};
use crate::net::lanes::{LANES, both};
use crate::net::tanh::Tanh;

/// Byte addresses of the operands of n units' point-wise step. Vectors of 3n are in gate blocks
/// z, r, g.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointwiseLayout {
    /// Number of units, n.
    pub units: u32,
    /// W·x, 3n singles.
    pub input_sums: u32,
    /// R·y, 3n singles.
    pub recurrent_sums: u32,
    /// b_x, 3n singles.
    pub bias: u32,
    /// b_r, 3n singles.
    pub recurrent_bias: u32,
    /// θ, n singles.
    pub threshold: u32,
    /// c, n singles.
    pub cell: u32,
    /// y, n singles, padded to whole packets.
    pub y: u32,
    /// Traces, if the layer passes them on: n singles, padded to whole packets. State and
    /// payload at once.
    pub trace: Option<u32>,
    /// Condition of the comparison with θ.
    #[serde(default, skip_serializing_if = "Compare::is_usual")]
    pub compare: Compare,
    /// Sending c in every step: a GRU.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
    /// Arithmetic of the candidate state's tanh.
    #[serde(default, skip_serializing_if = "Tanh::is_libm")]
    pub tanh: Tanh,
}

/// C function of the traces.
pub const TRACE: &str = "trace";

impl PointwiseLayout {
    /// Returns the C function whose bits the step has; `None` if there is none.
    pub fn function(&self) -> Option<&'static str> {
        match (self.tanh, self.always, self.compare) {
            (Tanh::Libm, ..) => None,
            (Tanh::ExpUnit, true, _) => Some("pointwise_always"),
            (Tanh::ExpUnit, false, Compare::Greater) => Some("pointwise"),
            (Tanh::ExpUnit, false, Compare::GreaterOrEqual) => Some("pointwise_or_equal"),
        }
    }

    /// Returns the calls of C functions of the step, and of the traces behind it; none if no C
    /// function has its bits.
    pub fn function_calls(&self) -> Vec<FunctionCall> {
        let Some(function) = self.function() else { return Vec::new() };
        let Self { units, input_sums, recurrent_sums, bias, recurrent_bias, threshold, cell, y, .. } = *self;
        let sums = [units, input_sums, recurrent_sums, bias, recurrent_bias];
        let threshold = (!self.always).then_some(threshold);
        let arguments = sums.into_iter().chain(threshold).chain([cell, y]);
        let trace = self.trace.map(|trace| FunctionCall::new(TRACE, [units, y, trace]));
        [FunctionCall::new(function, arguments)].into_iter().chain(trace).collect()
    }
}

#[inline(always)]
fn single(words: &SramWords, base: u32, index: u32) -> f32 {
    f32::from_bits(words[((base / 4 + index) as usize) % WORDS])
}

/// Computes the new traces of all units from those at byte address `traces` and from y. With
/// `restart` the old traces count as 0.
pub fn traces(words: &SramWords, layout: &PointwiseLayout, traces: u32, restart: bool) -> Vec<f32> {
    let trace = |i| {
        let before = if restart { 0.0 } else { single(words, traces, i) };
        egru::trace(before, single(words, layout.y, i))
    };
    (0..layout.units).map(trace).collect()
}

/// Computes one step of all units from the bytes in SRAM, eight units at a time.
///
/// `y` receives the values to send, `cell` the new cell states. The bits are those of [`unit()`].
pub fn units(
    words: &SramWords,
    layout: &PointwiseLayout,
    reset_cell: bool,
    (y, cell): (&mut [f32], &mut [f32]),
) {
    Arch::new().dispatch(Units { words, layout, reset_cell, y, cell });
}

struct Units<'a> {
    words: &'a SramWords,
    layout: &'a PointwiseLayout,
    reset_cell: bool,
    y: &'a mut [f32],
    cell: &'a mut [f32],
}

impl WithSimd for Units<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { words, layout, reset_cell, y, cell } = self;
        let n = layout.units;
        for first in (0..y.len()).step_by(LANES) {
            // The last lanes are computed with those before them once more, if there are enough.
            let first = first.min(y.len().saturating_sub(LANES));
            let (y, cell) = (&mut y[first..], &mut cell[first..]);
            let lanes = y.len().min(LANES);
            let load = |base: u32, gate: u32| lanes_at(words, base + 4 * (gate * n + first as u32), lanes);
            let c = if reset_cell { [0.0; LANES] } else { load(layout.cell, 0) };
            let add = |sums: u32, bias: u32, gate: u32| {
                both(load(sums, gate), load(bias, gate), |sum, bias| sum + bias)
            };
            let added = |sums: u32, bias: u32| [add(sums, bias, 0), add(sums, bias, 1), add(sums, bias, 2)];
            let out = egru::pointwise_lanes(
                added(layout.input_sums, layout.bias),
                added(layout.recurrent_sums, layout.recurrent_bias),
                (c, load(layout.threshold, 0), (!layout.always).then_some(layout.compare)),
                layout.tanh,
            );
            y[..lanes].copy_from_slice(&out.0[..lanes]);
            cell[..lanes].copy_from_slice(&out.1[..lanes]);
        }
    }
}

/// Reads `count` singles from byte address `at` on; the other lanes repeat the last one.
#[inline(always)]
fn lanes_at(words: &SramWords, at: u32, count: usize) -> [f32; LANES] {
    let first = at as usize / 4;
    if count == LANES
        && let Some(words) = words.get(first..).and_then(|words| words.first_chunk::<LANES>())
    {
        let mut lanes = [0.0; LANES];
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = f32::from_bits(*word);
        }
        return lanes;
    }
    std::array::from_fn(|lane| single(words, at, lane.min(count - 1) as u32))
}

/// Computes one unit's step from the bytes in SRAM. With `reset_cell` the cell state counts as 0 (a
/// new sequence with `carry: Y`).
pub fn unit(words: &SramWords, layout: &PointwiseLayout, index: u32, reset_cell: bool) -> PointwiseOutput {
    let n = layout.units;
    let gates = |base| [0, 1, 2].map(|gate| single(words, base, gate * n + index));
    pointwise(&PointwiseInput {
        w: gates(layout.input_sums),
        q: gates(layout.recurrent_sums),
        bias: gates(layout.bias),
        recurrent_bias: gates(layout.recurrent_bias),
        c: if reset_cell { 0.0 } else { single(words, layout.cell, index) },
        threshold: single(words, layout.threshold, index),
        compare: layout.compare,
        always: layout.always,
        tanh: layout.tanh,
    })
}
