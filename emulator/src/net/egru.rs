//! The event-based gated recurrent unit (EGRU) and its reference forward pass.
//!
//! Equations as the authors' code has them (EvNN v0.2.0, `EGRUScript`), with z the *keep* gate:
//!
//! ```text
//! a = W·x + b_x                q = R·y(t−1) + b_r
//! z = σ(a_z + q_z)             r = σ(a_r + q_r)             g = tanh(a_g + r·q_g)
//! n = z·c(t−1) + (1 − z)·g     event iff n > θ
//! y = n if event, else 0       c = n − θ if event, else n
//! ```
//!
//! A layer passes y or its low-pass on ([`Output`]), to the next layer or out of the network:
//!
//! ```text
//! tr(t) = 0.9·tr(t−1) + 0.1·y(t)
//! ```
//!
//! R always gets y. y, c and tr are 0 before the first step.
//!
//! A layer without events ([`EgruLayer::always`]) is a gated recurrent unit: y = c = n in every
//! step, and θ is not read.
//!
//! arXiv:2312.09084 writes u = 1 − z; the network is the same but for two places where its
//! equations differ from the code: eq. 4 puts the reset gate before the recurrent product (the
//! code: after it, as here), and its H(0) is 1 (the code: a cell state *equal* to its threshold
//! sends nothing; a layer's [`Compare`] says which).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compare::Compare;
use super::csr::Csr;
use super::lanes::{self, LANES};
use super::sum::csr_rows;
use super::tanh::Tanh;

/// State that a network keeps from one sequence to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Carry {
    /// Only the sent values y; every cell state c (and trace) restarts at 0. So the authors'
    /// evaluation does it, in chunks of 70.
    #[default]
    Y,
    /// Both y and c, and the traces: sequences are one long run.
    CAndY,
    /// Nothing: y, c and the traces restart at 0. A gesture has nothing to do with the
    /// one before it.
    Nothing,
}

/// Output of a layer to the next one and out of the network; its own R always gets y.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Output {
    /// The values sent, y: 0 for every unit without an event.
    #[default]
    Y,
    /// Low-pass trace of y ([`trace`]), as in the authors' gesture network: it fades after an
    /// event and is hardly ever 0.
    Trace,
}

/// EGRU layer of U units with I sources. Gate rows come in three blocks z, r, g of U rows each.
#[derive(Clone, Debug, PartialEq)]
pub struct EgruLayer {
    /// The layer's name in the model, for example `rnns.0`.
    pub name: String,
    /// W, \[3U, I\]: weights of the sources.
    pub input_weights: Csr,
    /// R, \[3U, U\]: weights of the layer's own values of the step before.
    pub recurrent: Csr,
    /// Input bias b_x, \[3U\].
    pub bias: Vec<f32>,
    /// b_r, \[3U\]. Kept apart from b_x: its g block lies inside the product with r.
    pub recurrent_bias: Vec<f32>,
    /// θ, \[U\], each within 0..=1.
    pub threshold: Vec<f32>,
    /// Output that the next layer reads.
    pub output: Output,
    /// Comparison of the cell state with θ that makes an event.
    pub compare: Compare,
    /// Sending c in every step and subtracting nothing: a GRU, without threshold and reset.
    pub always: bool,
    /// Arithmetic of the candidate state's tanh.
    pub tanh: Tanh,
}

impl EgruLayer {
    /// Returns the number of sources, I.
    pub fn inputs(&self) -> usize {
        self.input_weights.cols()
    }

    /// Returns the number of units, U.
    pub fn units(&self) -> usize {
        self.threshold.len()
    }

    /// Returns the number of stored weights of W and R together.
    pub fn nonzeros(&self) -> usize {
        self.input_weights.nnz() + self.recurrent.nnz()
    }

    /// Gathers the point-wise input of one unit from the sums of all gate rows (`w`, `q`: `[3U]`)
    /// and its cell state.
    ///
    /// # Panics
    /// If `unit` is not below U, or a sum or bias has not 3U entries.
    #[inline]
    pub fn pointwise_input(&self, unit: usize, w: &[f32], q: &[f32], c: f32) -> PointwiseInput {
        let units = self.units();
        let gates = |values: &[f32]| [values[unit], values[units + unit], values[2 * units + unit]];
        PointwiseInput {
            w: gates(w),
            q: gates(q),
            bias: gates(&self.bias),
            recurrent_bias: gates(&self.recurrent_bias),
            c,
            threshold: self.threshold[unit],
            compare: self.compare,
            always: self.always,
            tanh: self.tanh,
        }
    }
}

/// Input of [`pointwise`] for one unit. Arrays of three are in gate order z, r, g.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PointwiseInput {
    /// W·x of the three gate rows, without bias.
    pub w: [f32; 3],
    /// R·y(t−1) of the three gate rows, without bias.
    pub q: [f32; 3],
    /// Input bias b_x of the three gate rows.
    pub bias: [f32; 3],
    /// Recurrent bias b_r of the three gate rows.
    pub recurrent_bias: [f32; 3],
    /// Cell state carried from the step before.
    pub c: f32,
    /// Threshold θ, within 0..=1.
    pub threshold: f32,
    /// Comparison of the cell state with θ.
    pub compare: Compare,
    /// Sending c in every step, whatever θ is.
    pub always: bool,
    /// Arithmetic of the candidate state's tanh.
    pub tanh: Tanh,
}

/// Output of [`pointwise`] for one unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PointwiseOutput {
    /// The value sent: the cell state before its reset if there is an event (or the unit always
    /// sends), else +0.0.
    pub y: f32,
    /// The cell state carried on: after the reset.
    pub c: f32,
    /// Keep gate, 0..=1.
    pub z: f32,
    /// Reset gate, 0..=1.
    pub r: f32,
    /// Candidate state, −1..=1.
    pub g: f32,
}

impl PointwiseOutput {
    /// Returns `true` if the unit sent an event.
    ///
    /// An event's value is above θ ≥ 0, and so never 0; a value of 0 that is *equal* to
    /// its θ ([`Compare::GreaterOrEqual`]) is silence: neither sending it nor the reset
    /// would change anything.
    #[inline]
    pub fn event(&self) -> bool {
        self.y != 0.0
    }
}

/// Computes one time step of an EGRU unit from its sums.
///
/// Each line below is IEEE 754 single precision with one rounding an operation, in the order
/// written; nothing is fused (Rust never contracts). `expf` and `tanhf` are those of the `libm`
/// crate, the same on every machine. The chip's kernel calls this function; the silicon's own
/// exponential unit is 1 to 2 ulp away from it, and takes tanh from an exponential
/// ([`Tanh::ExpUnit`]).
///
/// A NaN cell state sends nothing (NaN > θ is false) and stays NaN.
#[inline]
pub fn pointwise(p: &PointwiseInput) -> PointwiseOutput {
    let [a_z, a_r, a_g] = [p.w[0] + p.bias[0], p.w[1] + p.bias[1], p.w[2] + p.bias[2]];
    let [q_z, q_r, q_g] =
        [p.q[0] + p.recurrent_bias[0], p.q[1] + p.recurrent_bias[1], p.q[2] + p.recurrent_bias[2]];
    let z = sigmoid(a_z + q_z); // add; negate, exp, add, divide
    let r = sigmoid(a_r + q_r); // add; negate, exp, add, divide
    let g = p.tanh.of(a_g + r * q_g); // multiply, add; tanh
    let n = z * p.c + (1.0 - z) * g; // multiply; subtract, multiply; add
    if p.always {
        PointwiseOutput { y: n, c: n, z, r, g }
    } else if p.compare.fires(n, p.threshold) {
        PointwiseOutput { y: n, c: n - p.threshold, z, r, g }
    } else {
        PointwiseOutput { y: 0.0, c: n, z, r, g }
    }
}

/// Computes y and c of eight units, bit-identical to [`pointwise`].
///
/// `a` is W·x + b_x and `q` is R·y(t−1) + b_r of the gates z, r, g; `c` holds the cell states and
/// `threshold` their θ; `compare` is `None` where units always send.
#[inline(always)]
#[allow(clippy::inline_always, reason = "only inlined is it compiled with the dispatched instructions")]
pub fn pointwise_lanes(
    a: [[f32; LANES]; 3],
    q: [[f32; LANES]; 3],
    (c, threshold, compare): ([f32; LANES], [f32; LANES], Option<Compare>),
    tanh: Tanh,
) -> ([f32; LANES], [f32; LANES]) {
    let add = |x: f32, y: f32| x + y;
    let sigmoid = |gate: usize| {
        let exp = lanes::exp(lanes::both(a[gate], q[gate], |a, q| -(a + q)));
        lanes::each(exp, |exp| 1.0 / (1.0 + exp))
    };
    let (z, r) = (sigmoid(0), sigmoid(1));
    let g = tanh.lanes(lanes::both(a[2], lanes::both(r, q[2], |r, q| r * q), add));
    let n = lanes::both(lanes::both(z, c, |z, c| z * c), lanes::both(z, g, |z, g| (1.0 - z) * g), add);
    let Some(compare) = compare else { return (n, n) };
    let y = lanes::both(n, threshold, |n, threshold| if compare.fires(n, threshold) { n } else { 0.0 });
    let left =
        lanes::both(n, threshold, |n, threshold| if compare.fires(n, threshold) { n - threshold } else { n });
    (y, left)
}

/// Computes a step of the trace: the slow average of what a unit sends, 0 at the start. The
/// authors' gesture network reads it in place of y.
///
/// Two products, each rounded to single precision, then their sum, rounded: three roundings,
/// nothing fused. The factors are the singles nearest to 0.9 and 0.1. The chip's `trace`
/// (`assets/kernels/pointwise.c`) rounds in the same order.
#[inline]
pub fn trace(before: f32, y: f32) -> f32 {
    0.9 * before + 0.1 * y
}

/// Computes σ(x) = 1 / (1 + exp(−x)). Below about −88, `exp` overflows to infinity, which gives 0
/// as it should.
#[inline]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

/// A stack of EGRU layers: layer k + 1 reads the output of layer k of the same time step.
#[derive(Clone, Debug, PartialEq)]
pub struct Egru {
    /// The layers, first to last.
    pub layers: Vec<EgruLayer>,
}

/// State of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerState {
    /// Values sent in the last step, \[U\]; +0.0 where there was no event.
    pub y: Vec<f32>,
    /// Cell states carried, \[U\].
    pub c: Vec<f32>,
    /// Traces of y, \[U\]; empty in a layer that passes on y itself.
    pub trace: Vec<f32>,
}

impl LayerState {
    fn new(layer: &EgruLayer) -> Self {
        let zeros = || vec![0.0; layer.units()];
        let trace = if layer.output == Output::Trace { zeros() } else { Vec::new() };
        Self { y: zeros(), c: zeros(), trace }
    }

    /// Returns the values that the layer passes on, \[U\].
    pub fn output(&self) -> &[f32] {
        if self.trace.is_empty() { &self.y } else { &self.trace }
    }

    /// Brings the traces up to date with y.
    pub(super) fn follow(&mut self) {
        for (slow, &y) in self.trace.iter_mut().zip(&self.y) {
            *slow = trace(*slow, y);
        }
    }
}

/// Weight matrix of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// W, the weights of the layer's input.
    Input,
    /// R, the weights of the layer's own values of the step before.
    Recurrent,
}

/// State of a network, all zero at the start.
#[derive(Clone, Debug)]
pub struct EgruState {
    /// State of each layer.
    pub layers: Vec<LayerState>,
    /// Room for W·x and R·y of the widest layer, \[3U\] each.
    sums: (Vec<f32>, Vec<f32>),
}

impl EgruState {
    /// Starts a new sequence: what is not carried returns to 0.
    pub fn start_sequence(&mut self, carry: Carry) {
        for layer in &mut self.layers {
            if carry != Carry::CAndY {
                layer.c.fill(0.0);
                layer.trace.fill(0.0);
            }
            if carry == Carry::Nothing {
                layer.y.fill(0.0);
            }
        }
    }
}

impl Egru {
    /// Returns the number of inputs of the first layer; 0 without layers.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, EgruLayer::inputs)
    }

    /// Returns the number of units of the last layer; 0 without layers.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, EgruLayer::units)
    }

    /// Returns the number of units of all layers.
    pub fn units(&self) -> usize {
        self.layers.iter().map(EgruLayer::units).sum()
    }

    /// Returns the number of stored weights of all layers.
    pub fn nonzeros(&self) -> usize {
        self.layers.iter().map(EgruLayer::nonzeros).sum()
    }

    /// Returns the state before the first step: y = 0, c = 0, traces 0.
    pub fn state(&self) -> EgruState {
        let widest = self.layers.iter().map(|layer| 3 * layer.units()).max().unwrap_or(0);
        EgruState {
            layers: self.layers.iter().map(LayerState::new).collect(),
            sums: (vec![0.0; widest], vec![0.0; widest]),
        }
    }

    /// Computes one time step of all layers. `x`: \[inputs\]. Returns the output of the last layer,
    /// \[outputs\].
    ///
    /// # Panics
    /// If `x` or `state` is not of this network's shape.
    pub fn step<'s>(&self, state: &'s mut EgruState, x: &'s [f32]) -> &'s [f32] {
        self.step_with(state, x, |k, weights, input, out| {
            let layer = &self.layers[k];
            let matrix = if weights == Weights::Input { &layer.input_weights } else { &layer.recurrent };
            csr_rows(matrix, input, out);
        })
    }

    /// Computes a time step as [`Self::step`] does, with other products: `multiply` is given the
    /// layer's index, which of its matrices, the operand, and the results to fill, `[3U]`.
    ///
    /// # Panics
    ///
    /// If `state` is another network's.
    pub fn step_with<'s>(
        &self,
        state: &'s mut EgruState,
        x: &'s [f32],
        mut multiply: impl FnMut(usize, Weights, &[f32], &mut [f32]),
    ) -> &'s [f32] {
        assert_eq!(self.layers.len(), state.layers.len(), "a state of another network");
        let EgruState { layers, sums: (w, q) } = state;
        for (k, layer) in self.layers.iter().enumerate() {
            let (before, rest) = layers.split_at_mut(k);
            let input = before.last().map_or(x, LayerState::output);
            let rows = 3 * layer.units();
            let (w, q) = (&mut w[..rows], &mut q[..rows]);
            multiply(k, Weights::Input, input, w);
            multiply(k, Weights::Recurrent, &rest[0].y, q);
            layer_step(layer, &mut rest[0], w, q);
        }
        state.layers.last().map_or(x, LayerState::output)
    }

    /// Runs a whole sequence: one step for each input, calling `each` with the state after it.
    pub fn run<'x>(
        &self,
        state: &mut EgruState,
        inputs: impl IntoIterator<Item = &'x [f32]>,
        mut each: impl FnMut(&EgruState),
    ) {
        for x in inputs {
            self.step(state, x);
            each(state);
        }
    }
}

fn layer_step(layer: &EgruLayer, state: &mut LayerState, w: &[f32], q: &[f32]) {
    for (unit, (y, c)) in state.y.iter_mut().zip(&mut state.c).enumerate() {
        let out = pointwise(&layer.pointwise_input(unit, w, q, *c));
        *y = out.y;
        *c = out.c;
    }
    state.follow();
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::csr::from_dense;

    #[test]
    fn a_unit_by_hand() {
        // z = σ(0) = 0.5, g = tanh(atanh 0.5) = 0.5: c moves from 0.5 to 0.5, and θ =
        // 0.25 is passed.
        let mut p = PointwiseInput { c: 0.5, threshold: 0.25, ..PointwiseInput::default() };
        p.bias[2] = 0.549_306_1;
        let out = pointwise(&p);
        assert_eq!((out.z, out.r), (0.5, 0.5));
        assert!((out.y - 0.5).abs() < 1e-6 && (out.c - 0.25).abs() < 1e-6 && out.event());
        // The recurrent bias of g counts half (r = 0.5), that of the input in full.
        p.bias[2] = 0.0;
        p.recurrent_bias[2] = 2.0 * 0.549_306_1;
        assert!((pointwise(&p).y - 0.5).abs() < 1e-6);
    }

    #[test]
    fn a_closed_gate_keeps_and_an_open_one_replaces() {
        let mut p = PointwiseInput { c: 0.75, threshold: 1.0, ..PointwiseInput::default() };
        p.w[0] = 200.0;
        assert_eq!(pointwise(&p).c, 0.75);
        p.w[0] = -200.0;
        assert_eq!((pointwise(&p).z, pointwise(&p).c), (0.0, 0.0));
    }

    #[test]
    fn a_cell_state_at_its_threshold_fires_by_the_papers_comparison_alone() {
        // z = 1 keeps c, so n is c exactly.
        let mut p = PointwiseInput { c: 0.25, threshold: 0.25, ..PointwiseInput::default() };
        p.w[0] = 200.0;
        assert_eq!((pointwise(&p).y, pointwise(&p).c), (0.0, 0.25));
        p.compare = Compare::GreaterOrEqual;
        assert_eq!((pointwise(&p).y, pointwise(&p).c, pointwise(&p).event()), (0.25, 0.0, true));
        // Anywhere else the two agree.
        for c in [0.249_999_f32, 0.250_001, -0.5, f32::NAN] {
            let [usual, paper] = [Compare::Greater, Compare::GreaterOrEqual]
                .map(|compare| pointwise(&PointwiseInput { c, compare, ..p }));
            assert_eq!((usual.y.to_bits(), usual.c.to_bits()), (paper.y.to_bits(), paper.c.to_bits()));
        }
        let zero = pointwise(&PointwiseInput { c: 0.0, threshold: 0.0, ..p });
        assert_eq!((zero.y, zero.c, zero.event()), (0.0, 0.0, false));
    }

    #[test]
    fn a_unit_that_always_sends_sends_its_state_and_keeps_it() {
        // z = 1 keeps c, so n is c exactly; negative states and those below θ are sent, too.
        let mut p = PointwiseInput { threshold: 0.25, always: true, ..PointwiseInput::default() };
        p.w[0] = 200.0;
        for c in [0.125, 0.25, 0.75, -0.5] {
            let out = pointwise(&PointwiseInput { c, ..p });
            assert_eq!((out.y, out.c, out.event()), (c, c, true));
            let lanes = pointwise_lanes(
                [[200.0; LANES], [0.0; LANES], [0.0; LANES]],
                [[0.0; LANES]; 3],
                ([c; LANES], [0.25; LANES], None),
                Tanh::Libm,
            );
            assert_eq!(lanes, ([c; LANES], [c; LANES]));
        }
    }

    proptest! {
        #[test]
        fn the_cell_state_stays_within_one((w, q, c, threshold) in (
            prop::array::uniform3(-50.0_f32..50.0), prop::array::uniform3(-50.0_f32..50.0), -1.0_f32..=1.0, 0.0_f32..=1.0,
        )) {
            let out = pointwise(&PointwiseInput { w, q, c, threshold, ..PointwiseInput::default() });
            prop_assert!(out.c.abs() <= 1.0 + 1e-6);
            prop_assert_eq!(out.event(), out.y > threshold);
            prop_assert!(!out.event() || out.c == out.y - threshold);
        }
    }

    #[test]
    fn carry_decides_what_a_new_sequence_starts_from() {
        let layer = EgruLayer {
            name: "rnns.0".into(),
            input_weights: from_dense(1, 3, &[-9.0, 0.0, 2.0]).unwrap(),
            recurrent: from_dense(1, 3, &[0.0; 3]).unwrap(),
            bias: vec![0.0; 3],
            recurrent_bias: vec![0.0; 3],
            threshold: vec![0.25],
            output: Output::Trace,
            compare: Compare::Greater,
            always: false,
            tanh: Tanh::Libm,
        };
        let network = Egru { layers: vec![layer] };
        let mut state = network.state();
        let passed_on = network.step(&mut state, &[1.0])[0];
        let (y, c) = (state.layers[0].y[0], state.layers[0].c[0]);
        assert!(y > 0.25 && c == y - 0.25 && passed_on == 0.1 * y);
        let is = |y: f32, c: f32, tr: f32| LayerState { y: vec![y], c: vec![c], trace: vec![tr] };
        state.start_sequence(Carry::CAndY);
        assert_eq!(state.layers[0], is(y, c, passed_on));
        state.start_sequence(Carry::Y);
        assert_eq!(state.layers[0], is(y, 0.0, 0.0));
        state.start_sequence(Carry::Nothing);
        assert_eq!(state.layers[0], is(0.0, 0.0, 0.0));
    }

    #[test]
    fn traces_go_to_the_next_layer_and_y_to_its_own() {
        let layer = |name: &str, recurrent: f32, output: Output| EgruLayer {
            name: name.into(),
            input_weights: from_dense(1, 3, &[-9.0, 0.0, 2.0]).unwrap(),
            recurrent: from_dense(1, 3, &[0.0, 0.0, recurrent]).unwrap(),
            bias: vec![0.0; 3],
            recurrent_bias: vec![0.0; 3],
            threshold: vec![0.0],
            output,
            compare: Compare::Greater,
            always: false,
            tanh: Tanh::Libm,
        };
        let network = Egru { layers: vec![layer("a", 1.0, Output::Trace), layer("b", 0.0, Output::Y)] };
        let first = Egru { layers: vec![layer("a", 1.0, Output::Y)] };
        let second = Egru { layers: vec![layer("b", 0.0, Output::Y)] };
        let (mut state, mut one, mut two) = (network.state(), first.state(), second.state());
        let mut slow = 0.0;
        for x in [1.0, 0.2, -3.0, 0.5] {
            let out = network.step(&mut state, &[x])[0];
            slow = trace(slow, first.step(&mut one, &[x])[0]);
            assert_eq!(out.to_bits(), second.step(&mut two, &[slow])[0].to_bits());
        }
        // Three roundings in the order written.
        let (before, y) = (0.031_37_f32, 0.98_f32);
        assert_eq!(trace(before, y), (0.9 * before) + (0.1 * y));
        assert_ne!(trace(before, y), 0.1_f32.mul_add(y, 0.9 * before));
    }
}
