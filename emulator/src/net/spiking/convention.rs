//! Conventions in which frameworks differ, as data.
//!
//! Sources: NIR's documentation of its nodes (github.com/neuromorphs/NIR), and measurements on
//! files of snnTorch 0.9.1 and 1.0.0, Norse 1.1.0, Sinabs 3.1.3, Rockpool 3.1.0, SpikingJelly 2.0.0
//! and Spyx 1.0.0: with the settings of a framework's word, their own spikes come out exactly
//! (docs/nir.md lists the networks). Times are in seconds, or in whatever unit the file has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::neuron::{Neuron, NeuronConventions};
use crate::net::compare::Compare;

/// Framework that trained a network: one word for all conventions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Framework {
    /// NIR's equations: Euler, the new current, v > θ, one spike a tick, reset to v_reset, v = 0 at
    /// the start. dt must be given.
    #[default]
    Nir,
    /// snnTorch: Euler, the new current, v > θ, reset by subtraction as with `reset_delay=False`
    /// (recurrent CubaLIF neurons, its RSynaptic: a tick late). dt 1e-4.
    SnnTorch,
    /// Norse: Euler, the whole current enters v before it decays, v > θ, reset to v_reset.
    /// dt 1e-6, IF neurons 1.
    Norse,
    /// Sinabs: exponential decay, v ≥ θ, several spikes a tick, reset by subtraction; IF neurons
    /// have a lower limit of v of −1. dt 1.
    Sinabs,
    /// Rockpool: exponential decay of the input as well, r ignored, v ≥ θ, several spikes a tick,
    /// reset by subtraction. dt 1e-3.
    Rockpool,
    /// SpikingJelly: Euler, the new current, v ≥ θ, reset to v_reset, v = v_reset at the
    /// start. dt 1e-4.
    SpikingJelly,
    /// Spyx: v ← βv + x with r ignored, v > θ, subtraction in the next tick (CubaLIF: before the
    /// leak), each population's spikes a tick later. dt 1.
    Spyx,
}

/// Form in which a differential equation becomes a step from tick to tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Integrator {
    /// Forward Euler: a state keeps 1 − dt/τ of itself and takes dt/τ of its input.
    #[default]
    Euler,
    /// Exact decay: a state keeps exp(−dt/τ) of itself and takes 1 − exp(−dt/τ) of its input.
    Exponential,
}

/// Synaptic current that enters the membrane of CubaLIF and CubaLI.
///
/// In the equations, x is the weighted sum of spikes, keep and take are the integrator's factors
/// for τ_syn, α and share those for τ_mem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Current {
    /// I ← keep·I + take·w_in·x, then v ← α·v + share·(v_leak + r·I).
    #[default]
    New,
    /// As `New`, but v takes the current of the tick before, as NIR's own CubaLIF.
    Old,
    /// I ← I + w_in·x enters v whole, then I ← keep·I (Norse).
    Jump,
    /// I ← keep·(I + w_in·x), v ← α·v + I; r is ignored. LIF: v ← α·v + x; LI: v ← α·(v
    /// + x) (Rockpool).
    Rockpool,
    /// I ← keep·I + x, v ← α·v + I; r and w_in are ignored (Spyx).
    Direct,
}

/// Effect of a spike on the membrane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ResetRule {
    /// v ← v − θ; with several spikes a tick, that often.
    Subtract,
    /// v ← v_reset of the file, 0 where it has none.
    ToValue,
    /// snnTorch with `reset_delay=False`: a membrane that is above θ when a tick begins loses θ in
    /// it, and gets θ back if it does not spike again. Equals `Subtract` while no v reaches 2θ.
    SnnTorch,
    /// snnTorch with `reset_delay=True`: a membrane above θ loses θ in the next tick,
    /// after its leak.
    SnnTorchDelayed,
    /// snnTorch with `reset_mechanism="zero"` and `reset_delay=True`: v is 0 in the next tick,
    /// whatever comes in; LIF neurons outside of cycles (its Leaky): as `ZeroBeforeLeak`.
    SnnTorchZeroDelayed,
    /// A membrane above θ loses θ at the start of the next tick, before the leak (Spyx's CuBaLIF).
    BeforeLeak,
    /// A membrane above θ becomes 0 at the start of the next tick, before the leak and the input.
    ZeroBeforeLeak,
}

/// Most spikes that a neuron sends in a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SpikesPerTick {
    /// At most one spike, however far v exceeds θ.
    #[default]
    One,
    /// ⌊v/θ⌋; the threshold must be above 0.
    Many,
}

/// Membrane potential before the first tick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum StartValue {
    /// This value, in units of the file.
    Value(f32),
    /// The neuron's v_reset.
    Reset,
}

/// Ticks that a spike takes from a population to the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Schedule {
    /// None: spikes cross to the next population within the tick. In a cycle, the synapses that
    /// leave a population of the cycle for another of it take one tick.
    #[default]
    LayerSequential,
    /// One tick for every synapse, also from an input, as SpiNNaker's software runs networks.
    Pipelined,
}

/// Tick in which a population's spikes leave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Emission {
    /// The tick in which v passed θ.
    #[default]
    Same,
    /// The tick after the spike (Spyx, which tests v before it updates it).
    NextTick,
}

/// Format of weights on the chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum WeightFormat {
    /// Single precision, as in the file.
    #[default]
    F32,
    /// 8-bit integers, scaled by 127/max|w| of each target population; thresholds scale along.
    Int8,
}

/// Conventions as a user gives them: a word, and single fields that win over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConventionOptions {
    /// Framework whose conventions hold where no field says otherwise.
    pub convention: Framework,
    /// Length of a tick, in the unit of the file's τ. NIR files do not hold it.
    pub dt: Option<f64>,
    /// Step from tick to tick.
    pub integrator: Option<Integrator>,
    /// Current that enters v.
    pub current: Option<Current>,
    /// Effect of a spike on v.
    pub reset: Option<ResetRule>,
    /// Comparison of v with θ.
    pub compare: Option<Compare>,
    /// Most spikes of a neuron in a tick.
    pub spikes_per_tick: Option<SpikesPerTick>,
    /// v before the first tick.
    pub v_init: Option<StartValue>,
    /// Lower limit of v after the reset, in units of the file.
    pub v_min: Option<f32>,
    /// Tick in which spikes leave a population.
    pub emission: Option<Emission>,
}

/// Conventions in force: a framework's, with the user's fields put over them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conventions {
    given: ConventionOptions,
}

impl Conventions {
    /// Puts a user's fields over those of its framework.
    pub fn new(given: ConventionOptions) -> Self {
        Self { given }
    }

    /// Returns the word that the user gave.
    pub fn framework(&self) -> Framework {
        self.given.convention
    }

    /// Returns the length of a tick for `neuron`; `None` if neither user nor framework gives it.
    pub fn dt(&self, neuron: &Neuron) -> Option<f64> {
        match (self.framework(), neuron) {
            // Their sums do not depend on it.
            (_, Neuron::Sum) => Some(1.0),
            (Framework::Norse, neuron) if !neuron.leaks() => self.given.dt.or(Some(1.0)),
            _ => self.base_dt(),
        }
    }

    /// Returns the length of a tick for delays; `None` if neither user nor framework gives it.
    pub fn base_dt(&self) -> Option<f64> {
        self.given.dt.or(match self.framework() {
            Framework::Nir => None,
            Framework::SnnTorch | Framework::SpikingJelly => Some(1e-4),
            Framework::Norse => Some(1e-6),
            Framework::Sinabs | Framework::Spyx => Some(1.0),
            Framework::Rockpool => Some(1e-3),
        })
    }

    /// Returns the tick in which spikes leave a population.
    pub fn emission(&self) -> Emission {
        self.given.emission.unwrap_or(match self.framework() {
            Framework::Spyx => Emission::NextTick,
            _ => Emission::Same,
        })
    }

    /// Returns the conventions of a population; `recurrent` if it lies in a cycle of the network.
    ///
    /// `None` if there is no dt.
    pub fn of(&self, neuron: &Neuron, recurrent: bool) -> Option<NeuronConventions> {
        let framework = self.framework();
        Some(NeuronConventions {
            dt: self.dt(neuron)?,
            integrator: self.given.integrator.unwrap_or(integrator(framework)),
            current: self.given.current.unwrap_or(current(framework)),
            reset: match self.given.reset.unwrap_or(reset(framework, neuron, recurrent)) {
                // snnTorch 1.0.0: Leaky clears the membrane before its update, the others after it.
                ResetRule::SnnTorchZeroDelayed if !recurrent && !neuron.synaptic() => {
                    ResetRule::ZeroBeforeLeak
                }
                reset => reset,
            },
            compare: self.given.compare.unwrap_or(compare(framework)),
            spikes_per_tick: self.given.spikes_per_tick.unwrap_or(spikes_per_tick(framework)),
            v_init: self.given.v_init.unwrap_or(match framework {
                Framework::SpikingJelly => StartValue::Reset,
                _ => StartValue::Value(0.0),
            }),
            v_min: self.given.v_min.or((framework == Framework::Sinabs && !neuron.leaks()).then_some(-1.0)),
        })
    }
}

fn integrator(framework: Framework) -> Integrator {
    match framework {
        Framework::Sinabs | Framework::Rockpool => Integrator::Exponential,
        _ => Integrator::Euler,
    }
}

fn current(framework: Framework) -> Current {
    match framework {
        Framework::Norse => Current::Jump,
        Framework::Rockpool => Current::Rockpool,
        Framework::Spyx => Current::Direct,
        _ => Current::New,
    }
}

fn reset(framework: Framework, neuron: &Neuron, recurrent: bool) -> ResetRule {
    match framework {
        Framework::Nir | Framework::Norse | Framework::SpikingJelly => ResetRule::ToValue,
        Framework::Sinabs | Framework::Rockpool => ResetRule::Subtract,
        // RSynaptic ignores its reset_delay=False (snnTorch 1.0.0).
        Framework::SnnTorch if recurrent && neuron.synaptic() => ResetRule::SnnTorchDelayed,
        Framework::SnnTorch => ResetRule::SnnTorch,
        Framework::Spyx if neuron.synaptic() => ResetRule::BeforeLeak,
        Framework::Spyx => ResetRule::SnnTorchDelayed,
    }
}

fn compare(framework: Framework) -> Compare {
    match framework {
        Framework::Sinabs | Framework::Rockpool | Framework::SpikingJelly => Compare::GreaterOrEqual,
        _ => Compare::Greater,
    }
}

fn spikes_per_tick(framework: Framework) -> SpikesPerTick {
    match framework {
        Framework::Sinabs | Framework::Rockpool => SpikesPerTick::Many,
        _ => SpikesPerTick::One,
    }
}
