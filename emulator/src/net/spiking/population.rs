//! Populations of spiking neurons, with the constants for the update of a tick.

use super::convention::{ResetRule, SpikesPerTick};
use super::per_neuron::PerNeuron;
use crate::net::compare::Compare;

/// Population of neurons of one model.
///
/// Stored values of v, θ and reset are the model's values times `scale`, which is 1 unless weights
/// are int8.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// Name of the NIR node, or a name chosen by the user.
    pub name: String,
    /// Number of neurons, the product of `shape`.
    pub units: usize,
    /// Shape in the network, `[channels, rows, columns]` for maps; neurons are numbered in C order.
    pub shape: Vec<usize>,
    /// Constants of current and membrane.
    pub dynamics: Dynamics,
    /// Rule of firing; `None` for populations whose output is v.
    pub firing: Option<Firing>,
    /// Value of v before the first tick.
    pub start: PerNeuron<f32>,
    /// Factor by which the stored v exceeds the v of the model.
    pub scale: PerNeuron<f32>,
}

/// Constants of v ← keep·v + gain·I + offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Dynamics {
    /// Path from the input sum to the membrane.
    pub synapse: Synapse,
    /// Share of v that is kept from tick to tick (α).
    pub keep: PerNeuron<f32>,
    /// Factor of the current, or of the input sum. Not used with [`Synapse::Signed`].
    pub gain: PerNeuron<f32>,
    /// Constant added to v in every tick: leak and bias.
    pub offset: PerNeuron<f32>,
}

/// Path from the input sum x to the membrane.
#[derive(Clone, Debug, PartialEq)]
pub enum Synapse {
    /// x enters v.
    Direct,
    /// I ← keep·I + gain·x + offset enters v.
    Current {
        /// Share of I that is kept from tick to tick.
        keep: PerNeuron<f32>,
        /// Factor of x.
        gain: PerNeuron<f32>,
        /// Constant added to I in every tick: the bias.
        offset: PerNeuron<f32>,
        /// Whether v uses the current of the previous tick instead of the new one.
        old: bool,
    },
    /// Two currents, one for weights ≥ 0 and one for the magnitudes of weights < 0. Their
    /// difference enters v (py-spinnaker2's `lif_curr_exp`).
    Signed {
        /// Share of the excitatory current that is kept from tick to tick.
        exc_keep: PerNeuron<f32>,
        /// Share of the inhibitory current that is kept from tick to tick.
        inh_keep: PerNeuron<f32>,
    },
}

/// Firing of a population's neurons.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing {
    /// Threshold θ of each neuron.
    pub threshold: PerNeuron<f32>,
    /// Comparison of v with θ.
    pub compare: Compare,
    /// Effect of a spike on v.
    pub reset: Reset,
    /// Limit for the spikes of a neuron in a tick.
    pub spikes_per_tick: SpikesPerTick,
    /// Lower limit of v after the reset; `None` if there is no limit.
    pub floor: Option<PerNeuron<f32>>,
}

/// Effect of a spike on v, with its values ([`ResetRule`] explains the rules).
#[derive(Clone, Debug, PartialEq)]
pub enum Reset {
    /// Sets v to these values.
    To(PerNeuron<f32>),
    /// Applies another rule, which needs no value but θ.
    Rule(ResetRule),
}

impl Reset {
    /// Returns the rule without its values.
    pub fn rule(&self) -> ResetRule {
        match self {
            Self::To(_) => ResetRule::ToValue,
            Self::Rule(rule) => *rule,
        }
    }
}

/// Parameters of py-spinnaker2's models `lif` and `lif_curr_exp`, which add weights to v or to the
/// currents without a factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Spinnaker2Lif {
    /// Value of v above which a neuron spikes.
    pub threshold: f32,
    /// Share of v that is kept from tick to tick.
    pub alpha_decay: f32,
    /// Constant added to v in every tick.
    pub i_offset: f32,
    /// Value of v before the first tick.
    pub v_init: f32,
    /// Value of v after a spike; `None` for reset by subtraction.
    pub v_reset: Option<f32>,
    /// Decays (`exc_decay`, `inh_decay`) of `lif_curr_exp`; `None` for `lif`.
    pub currents: Option<(f32, f32)>,
}

impl Spinnaker2Lif {
    /// Creates a population of `units` neurons with these parameters.
    pub fn population(&self, name: String, units: usize) -> Population {
        let synapse = self.currents.map_or(Synapse::Direct, |(exc, inh)| Synapse::Signed {
            exc_keep: PerNeuron::All(exc),
            inh_keep: PerNeuron::All(inh),
        });
        Population {
            name,
            units,
            shape: vec![units],
            dynamics: Dynamics {
                synapse,
                keep: PerNeuron::All(self.alpha_decay),
                gain: PerNeuron::All(1.0),
                offset: PerNeuron::All(self.i_offset),
            },
            firing: Some(Firing {
                threshold: PerNeuron::All(self.threshold),
                compare: Compare::Greater,
                reset: match self.v_reset {
                    Some(value) => Reset::To(PerNeuron::All(value)),
                    None => Reset::Rule(ResetRule::Subtract),
                },
                spikes_per_tick: SpikesPerTick::One,
                floor: None,
            }),
            start: PerNeuron::All(self.v_init),
            scale: PerNeuron::All(1.0),
        }
    }
}

impl Population {
    /// Returns `true` if all neurons have the same constants.
    pub fn is_uniform(&self) -> bool {
        self.lists().iter().all(|values| matches!(values, PerNeuron::All(_)))
    }

    /// Returns `true` if every list has one value per neuron, and every rule that needs values has
    /// them.
    pub fn is_consistent(&self) -> bool {
        let rule = self.firing.as_ref().map(|firing| &firing.reset);
        self.lists().iter().all(|values| values.fits(self.units))
            && !matches!(rule, Some(Reset::Rule(ResetRule::ToValue)))
            && self.shape.iter().product::<usize>() == self.units
    }

    fn lists(&self) -> Vec<&PerNeuron<f32>> {
        let Dynamics { synapse, keep, gain, offset } = &self.dynamics;
        let mut lists = vec![keep, gain, offset, &self.start, &self.scale];
        match synapse {
            Synapse::Direct => {}
            Synapse::Current { keep, gain, offset, .. } => lists.extend([keep, gain, offset]),
            Synapse::Signed { exc_keep, inh_keep } => lists.extend([exc_keep, inh_keep]),
        }
        if let Some(firing) = &self.firing {
            lists.push(&firing.threshold);
            lists.extend(firing.floor.as_ref());
            if let Reset::To(values) = &firing.reset {
                lists.push(values);
            }
        }
        lists
    }
}
