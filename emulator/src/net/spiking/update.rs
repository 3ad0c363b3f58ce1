//! Update of a neuron in a tick: the operations that a routine of the chip repeats.
//!
//! In this order, each operation rounded to f32 by itself:
//!
//! | synapse | operations |
//! |---|---|
//! | `Direct` | `v = (keep·v + gain·x) + offset` |
//! | `Current` | `i = (keep·I + gain·x) + offset`, `v = (keep·v + gain·i') + offset` with i' = i, or the I before if `old` |
//! | `Signed` | `e = exc_keep·E + x⁺`, `n = inh_keep·N + x⁻`, `v = ((keep·v + e) − n) + offset` |
//!
//! | reset | v after the operations above, and spikes |
//! |---|---|
//! | `Subtract` | n spikes, `v = v − n·θ` |
//! | `To` | n spikes, v = the value if n > 0 |
//! | `SnnTorch` | p = 1 if the v before the tick compared above θ; `v = v − p·θ`; n; `v = v − (n − p)·θ` |
//! | `SnnTorchDelayed` | p as above; `v = v − p·θ`; n |
//! | `SnnTorchZeroDelayed` | p as above; v = 0 if p; n |
//! | `BeforeLeak` | if p as above, `v = v − θ` before the operations above; n |
//! | `ZeroBeforeLeak` | if p as above, v = 0 before the operations above; n |
//!
//! n is 0 where v does not compare above θ, else 1, or max(1, ⌊v/θ⌋) with several spikes a tick. Last,
//! v is raised to the lower limit, if there is one.

use super::convention::{Compare, SpikesPerTick};
use super::population::{Firing, Population, Reset, Synapse};

/// Input sums of a neuron in a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Input {
    /// Sum of all synapses, or of those with weights ≥ 0 for [`Synapse::Signed`].
    pub sum: f32,
    /// Sum of the magnitudes of weights < 0; [`Synapse::Signed`] only.
    pub inhibition: f32,
}

/// State of a neuron between ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NeuronState {
    /// Membrane potential, times the population's scale.
    pub v: f32,
    /// Synaptic current, or the excitatory one of [`Synapse::Signed`].
    pub current: f32,
    /// Inhibitory current of [`Synapse::Signed`].
    pub inhibition: f32,
}

/// Update of the neurons of a population.
#[derive(Clone, Copy, Debug)]
pub struct Update<'p> {
    population: &'p Population,
}

impl<'p> Update<'p> {
    /// Returns the update of a population's neurons.
    pub fn new(population: &'p Population) -> Self {
        Self { population }
    }

    /// Computes a tick of neuron `n` and returns the number of its spikes.
    #[inline]
    pub fn neuron(self, n: usize, state: &mut NeuronState, input: Input) -> u32 {
        let Some(firing) = &self.population.firing else {
            state.v = self.integrate(n, state, input);
            return 0;
        };
        let pending = above(state.v, firing.threshold.get(n), firing.compare);
        match &firing.reset {
            Reset::BeforeLeak if pending => state.v -= firing.threshold.get(n),
            Reset::ZeroBeforeLeak if pending => state.v = 0.0,
            _ => {}
        }
        let v = self.integrate(n, state, input);
        let (v, spikes) = fire(firing, n, pending, v);
        state.v = firing.floor.as_ref().map_or(v, |floor| v.max(floor.get(n)));
        spikes
    }

    #[inline]
    fn integrate(self, n: usize, state: &mut NeuronState, input: Input) -> f32 {
        let dynamics = &self.population.dynamics;
        let kept = dynamics.keep.get(n) * state.v;
        let offset = dynamics.offset.get(n);
        match &dynamics.synapse {
            Synapse::Direct => (kept + dynamics.gain.get(n) * input.sum) + offset,
            Synapse::Current { keep, gain, offset: bias, old } => {
                let before = state.current;
                state.current = (keep.get(n) * before + gain.get(n) * input.sum) + bias.get(n);
                let used = if *old { before } else { state.current };
                (kept + dynamics.gain.get(n) * used) + offset
            }
            Synapse::Signed { exc_keep, inh_keep } => {
                state.current = exc_keep.get(n) * state.current + input.sum;
                state.inhibition = inh_keep.get(n) * state.inhibition + input.inhibition;
                ((kept + state.current) - state.inhibition) + offset
            }
        }
    }
}

/// Returns v after firing and the number of spikes; `pending` if v compared above θ before the tick.
#[inline]
fn fire(firing: &Firing, n: usize, pending: bool, v: f32) -> (f32, u32) {
    let threshold = firing.threshold.get(n);
    match &firing.reset {
        Reset::Subtract => {
            let spikes = count(firing, v, threshold);
            (if spikes > 0 { v - spikes as f32 * threshold } else { v }, spikes)
        }
        Reset::To(values) => {
            let spikes = count(firing, v, threshold);
            (if spikes > 0 { values.get(n) } else { v }, spikes)
        }
        Reset::SnnTorch => {
            let v = if pending { v - threshold } else { v };
            let spikes = count(firing, v, threshold);
            let due = spikes as f32 - if pending { 1.0 } else { 0.0 };
            (if due == 0.0 { v } else { v - due * threshold }, spikes)
        }
        Reset::SnnTorchDelayed => {
            let v = if pending { v - threshold } else { v };
            (v, count(firing, v, threshold))
        }
        Reset::SnnTorchZeroDelayed => {
            let v = if pending { 0.0 } else { v };
            (v, count(firing, v, threshold))
        }
        Reset::BeforeLeak | Reset::ZeroBeforeLeak => (v, count(firing, v, threshold)),
    }
}

#[inline]
fn above(v: f32, threshold: f32, compare: Compare) -> bool {
    match compare {
        Compare::Greater => v > threshold,
        Compare::GreaterOrEqual => v >= threshold,
    }
}

#[inline]
fn count(firing: &Firing, v: f32, threshold: f32) -> u32 {
    match (above(v, threshold, firing.compare), firing.spikes_per_tick) {
        (false, _) => 0,
        (true, SpikesPerTick::One) => 1,
        // The conversion saturates, so that an infinite v cannot overflow.
        (true, SpikesPerTick::Many) => ((v / threshold).floor() as u32).max(1),
    }
}
