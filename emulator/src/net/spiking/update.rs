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
//! | `ToValue` | n spikes, v = the value if n > 0 |
//! | `SnnTorch` | p = 1 if the v before the tick compared above θ; `v = v − p·θ`; n; `v = v − (n − p)·θ` |
//! | `SnnTorchDelayed` | p as above; `v = v − p·θ`; n |
//! | `SnnTorchZeroDelayed` | p as above; v = 0 if p; n |
//! | `BeforeLeak` | if p as above, `v = v − θ` before the operations above; n |
//! | `ZeroBeforeLeak` | if p as above, v = 0 before the operations above; n |
//!
//! n is 0 where v does not compare above θ, else 1, or max(1, ⌊v/θ⌋) with several spikes a tick.
//! Last, v is raised to the lower limit, if there is one.

use super::convention::{ResetRule, SpikesPerTick};
use super::population::{Dynamics, Population, Reset, Synapse};
use crate::net::compare::Compare;

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

/// Way from the input sum to the membrane, without constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynapseMode {
    /// The sum enters v.
    Direct,
    /// A current enters v: that of the tick before if `old`.
    Current {
        /// Whether v takes the current of the tick before.
        old: bool,
    },
    /// The difference of two currents enters v.
    Signed,
}

/// Firing, without constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiringMode {
    /// Comparison of v with θ.
    pub compare: Compare,
    /// Effect of a spike on v.
    pub reset: ResetRule,
    /// Limit of the number of spikes of a neuron in a tick.
    pub spikes_per_tick: SpikesPerTick,
    /// Whether v has a lower limit.
    pub limited: bool,
}

/// Branches of the update that all neurons of a population share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Way from the input sum to the membrane.
    pub synapse: SynapseMode,
    /// Firing; `None` for populations whose output is v.
    pub firing: Option<FiringMode>,
}

/// Constants of one neuron; those that its mode does not use are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Constants {
    /// Share of v that is kept from tick to tick.
    pub keep: f32,
    /// Factor of the input sum, or of the current.
    pub gain: f32,
    /// Constant drive of v.
    pub offset: f32,
    /// Share of the current that is kept, or of the excitatory one.
    pub current_keep: f32,
    /// Factor of the input sum in the current.
    pub current_gain: f32,
    /// Constant drive of the current.
    pub current_offset: f32,
    /// Share of the inhibitory current that is kept.
    pub inhibition_keep: f32,
    /// Threshold θ, with which v is compared.
    pub threshold: f32,
    /// v after a spike, for [`ResetRule::ToValue`].
    pub reset: f32,
    /// Lower limit of v.
    pub floor: f32,
}

impl Population {
    /// Returns the branches of the update of all neurons.
    pub fn mode(&self) -> Mode {
        let synapse = match &self.dynamics.synapse {
            Synapse::Direct => SynapseMode::Direct,
            Synapse::Current { old, .. } => SynapseMode::Current { old: *old },
            Synapse::Signed { .. } => SynapseMode::Signed,
        };
        let firing = self.firing.as_ref().map(|firing| FiringMode {
            compare: firing.compare,
            reset: firing.reset.rule(),
            spikes_per_tick: firing.spikes_per_tick,
            limited: firing.floor.is_some(),
        });
        Mode { synapse, firing }
    }

    /// Returns the constants of neuron `n`.
    ///
    /// # Panics
    ///
    /// If there is no such neuron and constants differ from neuron to neuron.
    pub fn constants(&self, n: usize) -> Constants {
        let Dynamics { synapse, keep, gain, offset } = &self.dynamics;
        let membrane =
            Constants { keep: keep.get(n), gain: gain.get(n), offset: offset.get(n), ..Constants::default() };
        let constants = match synapse {
            Synapse::Direct => membrane,
            Synapse::Current { keep, gain, offset, .. } => Constants {
                current_keep: keep.get(n),
                current_gain: gain.get(n),
                current_offset: offset.get(n),
                ..membrane
            },
            Synapse::Signed { exc_keep, inh_keep } => {
                Constants { current_keep: exc_keep.get(n), inhibition_keep: inh_keep.get(n), ..membrane }
            }
        };
        let Some(firing) = &self.firing else { return constants };
        let reset = if let Reset::To(values) = &firing.reset { values.get(n) } else { 0.0 };
        let floor = firing.floor.as_ref().map_or(0.0, |floor| floor.get(n));
        Constants { threshold: firing.threshold.get(n), reset, floor, ..constants }
    }
}

/// Computes a tick of a neuron and returns the number of its spikes.
#[inline]
pub fn update(mode: Mode, constants: &Constants, state: &mut NeuronState, input: Input) -> u32 {
    let Some(firing) = mode.firing else {
        state.v = integrate(mode.synapse, constants, state, input);
        return 0;
    };
    let pending = firing.compare.fires(state.v, constants.threshold);
    match firing.reset {
        ResetRule::BeforeLeak if pending => state.v -= constants.threshold,
        ResetRule::ZeroBeforeLeak if pending => state.v = 0.0,
        _ => {}
    }
    let v = integrate(mode.synapse, constants, state, input);
    let (v, spikes) = fire(firing, constants, pending, v);
    state.v = if firing.limited && v < constants.floor { constants.floor } else { v };
    spikes
}

#[inline]
fn integrate(mode: SynapseMode, constants: &Constants, state: &mut NeuronState, input: Input) -> f32 {
    let Constants { keep, gain, offset, .. } = *constants;
    let kept = keep * state.v;
    match mode {
        SynapseMode::Direct => (kept + gain * input.sum) + offset,
        SynapseMode::Current { old } => {
            let before = state.current;
            let sum = constants.current_keep * before + constants.current_gain * input.sum;
            state.current = sum + constants.current_offset;
            (kept + gain * if old { before } else { state.current }) + offset
        }
        SynapseMode::Signed => {
            state.current = constants.current_keep * state.current + input.sum;
            state.inhibition = constants.inhibition_keep * state.inhibition + input.inhibition;
            ((kept + state.current) - state.inhibition) + offset
        }
    }
}

/// Returns v after firing and the number of spikes; `pending` if v compared above θ
/// before the tick.
#[inline]
fn fire(firing: FiringMode, constants: &Constants, pending: bool, v: f32) -> (f32, u32) {
    let threshold = constants.threshold;
    let count = |v| count(firing, v, threshold);
    match firing.reset {
        ResetRule::Subtract => {
            let spikes = count(v);
            (if spikes > 0 { v - spikes as f32 * threshold } else { v }, spikes)
        }
        ResetRule::ToValue => {
            let spikes = count(v);
            (if spikes > 0 { constants.reset } else { v }, spikes)
        }
        ResetRule::SnnTorch => {
            let v = if pending { v - threshold } else { v };
            let spikes = count(v);
            let due = spikes as f32 - if pending { 1.0 } else { 0.0 };
            (if due == 0.0 { v } else { v - due * threshold }, spikes)
        }
        ResetRule::SnnTorchDelayed => {
            let v = if pending { v - threshold } else { v };
            (v, count(v))
        }
        ResetRule::SnnTorchZeroDelayed => {
            let v = if pending { 0.0 } else { v };
            (v, count(v))
        }
        ResetRule::BeforeLeak | ResetRule::ZeroBeforeLeak => (v, count(v)),
    }
}

#[inline]
fn count(firing: FiringMode, v: f32, threshold: f32) -> u32 {
    match (firing.compare.fires(v, threshold), firing.spikes_per_tick) {
        (false, _) => 0,
        (true, SpikesPerTick::One) => 1,
        // The conversion saturates, so that an infinite v cannot overflow.
        (true, SpikesPerTick::Many) => ((v / threshold).floor() as u32).max(1),
    }
}
