//! Neuron models as files give them, and the constants that a tick computes with.
//!
//! With ρ = dt/τ, a state keeps 1 − ρ (Euler) or exp(−ρ) of itself and takes ρ or 1 − exp(−ρ) of
//! its input. All constants are computed in double precision from the parameters and rounded to
//! single once, at the end; `exp` is `libm`'s, the same on every machine.

use super::convention::{Current, Integrator, ResetRule, SpikesPerTick, StartValue};
use super::per_neuron::PerNeuron;
use super::population::{Dynamics, Firing, Population, Reset, Synapse};
use crate::net::compare::Compare;

/// Parameters of a population, in the units of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Neuron {
    /// Integrate and fire: dv/dt = r·x (NIR: IF).
    If {
        /// Resistance, the factor of the input.
        r: PerNeuron<f64>,
        /// Firing threshold and reset.
        spike: SpikeParameters,
    },
    /// Leaky integrate and fire: τ·dv/dt = v_leak − v + r·x (NIR: LIF).
    Lif {
        /// Membrane: τ, r and v_leak.
        membrane: Membrane,
        /// Firing threshold and reset.
        spike: SpikeParameters,
    },
    /// LIF with a synaptic current: τ_syn·dI/dt = w_in·x − I (NIR: CubaLIF).
    CubaLif {
        /// Synaptic current: τ_syn and w_in.
        current: CurrentParameters,
        /// Membrane: τ, r and v_leak.
        membrane: Membrane,
        /// Firing threshold and reset.
        spike: SpikeParameters,
    },
    /// Integrator without spikes: dv/dt = r·x (NIR: I).
    I {
        /// Resistance, the factor of the input.
        r: PerNeuron<f64>,
    },
    /// Leaky integrator without spikes (NIR: LI).
    Li {
        /// Membrane: τ, r and v_leak.
        membrane: Membrane,
    },
    /// Leaky integrator with a synaptic current, without spikes (NIR: CubaLI).
    CubaLi {
        /// Synaptic current: τ_syn and w_in.
        current: CurrentParameters,
        /// Membrane: τ, r and v_leak.
        membrane: Membrane,
    },
    /// The input sum itself, as a value: v ← x. For outputs that follow weights without a neuron.
    Sum,
}

/// Parameters of a membrane: τ·dv/dt = v_leak − v + r·I.
#[derive(Clone, Debug, PartialEq)]
pub struct Membrane {
    /// Time constant, above 0, in the unit of dt.
    pub tau: PerNeuron<f64>,
    /// Resistance, the factor of the input.
    pub r: PerNeuron<f64>,
    /// Potential without input.
    pub v_leak: PerNeuron<f64>,
}

/// Parameters of a synaptic current.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentParameters {
    /// Time constant, above 0, in the unit of dt.
    pub tau_syn: PerNeuron<f64>,
    /// Factor of the input.
    pub w_in: PerNeuron<f64>,
}

/// Parameters of firing.
#[derive(Clone, Debug, PartialEq)]
pub struct SpikeParameters {
    /// Threshold of v.
    pub v_threshold: PerNeuron<f64>,
    /// Potential after a spike, where the reset rule uses it.
    pub v_reset: PerNeuron<f64>,
}

/// Conventions of one population, all of them decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NeuronConventions {
    /// Length of a tick, in the unit of τ.
    pub dt: f64,
    /// Step from tick to tick.
    pub integrator: Integrator,
    /// Current that enters v.
    pub current: Current,
    /// Effect of a spike on v.
    pub reset: ResetRule,
    /// Comparison of v with θ.
    pub compare: Compare,
    /// Limit of the number of spikes of a neuron in a tick.
    pub spikes_per_tick: SpikesPerTick,
    /// v before the first tick.
    pub v_init: StartValue,
    /// Lower limit of v after the reset; `None` for none.
    pub v_min: Option<f32>,
}

impl Neuron {
    /// Returns `true` if v decays.
    pub fn leaks(&self) -> bool {
        !matches!(self, Self::If { .. } | Self::I { .. } | Self::Sum)
    }

    /// Returns `true` if the neuron has a synaptic current.
    pub fn synaptic(&self) -> bool {
        matches!(self, Self::CubaLif { .. } | Self::CubaLi { .. })
    }

    /// Returns every time constant with its name in NIR.
    pub fn time_constants(&self) -> Vec<(&'static str, &PerNeuron<f64>)> {
        match self {
            Self::If { .. } | Self::I { .. } | Self::Sum => vec![],
            Self::Lif { membrane, .. } | Self::Li { membrane } => vec![("tau", &membrane.tau)],
            Self::CubaLif { current, membrane, .. } | Self::CubaLi { current, membrane } => {
                vec![("tau_mem", &membrane.tau), ("tau_syn", &current.tau_syn)]
            }
        }
    }

    fn spike(&self) -> Option<&SpikeParameters> {
        match self {
            Self::If { spike, .. } | Self::Lif { spike, .. } | Self::CubaLif { spike, .. } => Some(spike),
            Self::I { .. } | Self::Li { .. } | Self::CubaLi { .. } | Self::Sum => None,
        }
    }

    /// Makes a population of neurons with shape `shape` and a constant input `bias`.
    ///
    /// The bias of the affine and convolutional nodes before a population is part of x
    /// in every tick.
    pub fn population(
        &self,
        name: String,
        shape: Vec<usize>,
        bias: &PerNeuron<f64>,
        conventions: &NeuronConventions,
    ) -> Population {
        let (synapse, dynamics) = self.constants(bias, conventions);
        let start = match (conventions.v_init, self.spike()) {
            (StartValue::Reset, Some(spike)) => spike.v_reset.single(),
            (StartValue::Reset, None) => PerNeuron::All(0.0),
            (StartValue::Value(value), _) => PerNeuron::All(value),
        };
        Population {
            name,
            units: shape.iter().product(),
            shape,
            dynamics: Dynamics { synapse, ..dynamics },
            firing: self.spike().map(|spike| firing(spike, conventions)),
            start,
            scale: PerNeuron::All(1.0),
        }
    }

    fn constants(&self, bias: &PerNeuron<f64>, conventions: &NeuronConventions) -> (Synapse, Dynamics) {
        match self {
            Self::If { r, .. } | Self::I { r } => direct(&integrator_only(r, conventions), bias),
            Self::Lif { membrane, .. } => direct(&leaky(membrane, conventions), bias),
            Self::Li { membrane } => {
                let factors = leaky(membrane, conventions);
                // Rockpool's exponential synapse decays what has just come in.
                let decays = conventions.current == Current::Rockpool;
                let gain = if decays { factors.keep.clone() } else { factors.gain.clone() };
                direct(&Factors { gain, ..factors }, bias)
            }
            Self::CubaLif { current, membrane, .. } | Self::CubaLi { current, membrane } => {
                let factors = leaky(membrane, conventions);
                let (_, dynamics) = direct(&factors, &PerNeuron::All(0.0));
                (synapse(current, bias, conventions), dynamics)
            }
            Self::Sum => direct(
                &Factors { keep: PerNeuron::All(0.0), gain: PerNeuron::All(1.0), drive: PerNeuron::All(0.0) },
                bias,
            ),
        }
    }
}

/// v ← keep·v + gain·I + drive, in double precision.
struct Factors {
    keep: PerNeuron<f64>,
    gain: PerNeuron<f64>,
    drive: PerNeuron<f64>,
}

/// Returns the shares that a state keeps of itself and takes of its input.
fn step(tau: f64, conventions: &NeuronConventions) -> (f64, f64) {
    let ratio = conventions.dt / tau;
    match conventions.integrator {
        Integrator::Euler => (1.0 - ratio, ratio),
        Integrator::Exponential => {
            let keep = libm::exp(-ratio);
            (keep, 1.0 - keep)
        }
    }
}

/// Returns `true` if the convention adds the current to v as it is.
fn unscaled(conventions: &NeuronConventions) -> bool {
    matches!(conventions.current, Current::Rockpool | Current::Direct)
}

fn leaky(membrane: &Membrane, conventions: &NeuronConventions) -> Factors {
    let keep = membrane.tau.map(|tau| step(tau, conventions).0);
    if unscaled(conventions) {
        return Factors { keep, gain: PerNeuron::All(1.0), drive: PerNeuron::All(0.0) };
    }
    let take = membrane.tau.map(|tau| step(tau, conventions).1);
    let gain = take.zip(&membrane.r, |take, r| take * r);
    Factors { keep, gain, drive: take.zip(&membrane.v_leak, |take, leak| take * leak) }
}

fn integrator_only(r: &PerNeuron<f64>, conventions: &NeuronConventions) -> Factors {
    let gain = if unscaled(conventions) { PerNeuron::All(1.0) } else { r.map(|r| conventions.dt * r) };
    Factors { keep: PerNeuron::All(1.0), gain, drive: PerNeuron::All(0.0) }
}

/// Rounds the constants of a membrane; a bias without a synaptic current is part of its offset.
fn direct(factors: &Factors, bias: &PerNeuron<f64>) -> (Synapse, Dynamics) {
    let input = factors.gain.zip(bias, |gain, bias| gain * bias);
    let dynamics = Dynamics {
        synapse: Synapse::Direct,
        keep: factors.keep.single(),
        gain: factors.gain.single(),
        offset: factors.drive.zip(&input, |drive, input| drive + input).single(),
    };
    (Synapse::Direct, dynamics)
}

fn synapse(current: &CurrentParameters, bias: &PerNeuron<f64>, conventions: &NeuronConventions) -> Synapse {
    let keep = current.tau_syn.map(|tau| step(tau, conventions).0);
    let gain = match conventions.current {
        Current::New | Current::Old => {
            current.tau_syn.map(|tau| step(tau, conventions).1).zip(&current.w_in, |take, w| take * w)
        }
        Current::Jump => current.w_in.clone(),
        Current::Rockpool => keep.zip(&current.w_in, |keep, w| keep * w),
        Current::Direct => PerNeuron::All(1.0),
    };
    Synapse::Current {
        keep: keep.single(),
        offset: gain.zip(bias, |gain, bias| gain * bias).single(),
        gain: gain.single(),
        old: conventions.current == Current::Old,
    }
}

fn firing(spike: &SpikeParameters, conventions: &NeuronConventions) -> Firing {
    Firing {
        threshold: spike.v_threshold.single(),
        compare: conventions.compare,
        reset: match conventions.reset {
            ResetRule::ToValue => Reset::To(spike.v_reset.single()),
            rule => Reset::Rule(rule),
        },
        spikes_per_tick: conventions.spikes_per_tick,
        floor: conventions.v_min.map(PerNeuron::All),
    }
}
