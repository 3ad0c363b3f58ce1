//! Options of the spike task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::compare::Compare;
use crate::net::spiking::{
    ConventionOptions, Current, Emission, Framework, Integrator, ResetRule, SpikesPerTick, StartValue,
};

/// Ticks of a run over lists of spikes, where the scene gives none.
const STEPS: u32 = 1000;

/// Runs a spiking network on lists of spikes, or on labelled recordings of an event camera.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SpikeOptions {
    /// CSV file of input spikes, lines `neuron, time step`; a neuron counts over all inputs of the
    /// network, in their order. Without it and without `data` there are no input spikes.
    pub inputs: Option<String>,
    /// New CSV file for the output spikes, lines `neuron,time_step`, or a line of values a tick
    /// where the output has no spikes. It lies in the scene's folder or below. `spinntui run`
    /// writes it; `--force` replaces an older one, and `--set` on the command line names any other
    /// place. Without it nothing is written.
    pub outputs: Option<String>,
    /// Folder of labelled recordings, instead of `inputs`: N-MNIST's own layout (folders `Test` and
    /// `Train` with a folder a class), or folders `test` and `train` beside `labels.tsv`, of files
    /// with 5 bytes an event (`.bin`, `.bs2`).
    pub data: Option<String>,
    /// Recordings of `data` that are read.
    pub part: Part,
    /// Recordings that are read at most, of each class in turn; all by default.
    #[schemars(range(min = 1))]
    pub recordings: Option<u32>,
    /// Time that a tick stands for in recordings and for `poisson`, in µs.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub bin_us: u32,
    /// Ticks of a run over lists; of each recording, from a state of zeros: by default 1,000, or
    /// 340 with `data`, which covers N-MNIST's longest recording.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub steps: Option<u32>,
    /// Input spikes drawn at random, instead of `inputs`, on PEs of their own.
    pub poisson: Option<Poisson>,
    /// Values that the report holds tick by tick: population, neuron and `"v"`.
    pub trace: Vec<(String, u32, String)>,
    /// Length of a tick on the chip, which is independent of `dt`.
    pub tick: Tick,
    /// Framework whose conventions hold where no field below says otherwise.
    pub convention: Framework,
    /// Length of a tick in the network's equations, in the unit of the file's τ: seconds in most
    /// files. NIR files do not hold it.
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
    /// v before the first tick: `Value(0.5)`, in units of the file, or `Reset`.
    pub v_init: Option<StartValue>,
    /// Lower limit of v after the reset, in units of the file.
    pub v_min: Option<f32>,
    /// Tick in which spikes leave a population.
    pub emission: Option<Emission>,
}

/// Recordings of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Part {
    /// Recordings for testing.
    #[default]
    Test,
    /// Recordings for training.
    Train,
    /// All recordings, those for testing first.
    All,
}

/// Length of a tick on the chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Tick {
    /// Each tick takes as long as the slowest PE needs. The report gives the longest one: the
    /// shortest tick that no PE would have overrun.
    #[default]
    Auto,
    /// Fixed length, in µs, rounded to the PEs' 1 MHz timers. SpiNNaker2's software takes 1,000.
    Us(#[schemars(range(min = 1, max = 10_000_000))] f64),
}

/// Input spikes drawn at random: every input neuron spikes in a tick with the same probability.
///
/// The PEs' own random-number units draw them, at most 250 neurons a PE; they depend on the seed,
/// and not on the mapping.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Poisson {
    /// Mean rate of every input neuron, in spikes a second, where a tick stands for `bin_us`: by
    /// default 1 ms, so that 1,000 is a spike in every tick.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub rate_hz: f64,
    /// Seed of the random numbers.
    #[serde(default)]
    pub seed: u64,
}

impl Default for SpikeOptions {
    fn default() -> Self {
        Self {
            inputs: None,
            outputs: None,
            data: None,
            part: Part::default(),
            recordings: None,
            bin_us: 1000,
            steps: None,
            poisson: None,
            trace: Vec::new(),
            tick: Tick::default(),
            convention: Framework::default(),
            dt: None,
            integrator: None,
            current: None,
            reset: None,
            compare: None,
            spikes_per_tick: None,
            v_init: None,
            v_min: None,
            emission: None,
        }
    }
}

impl SpikeOptions {
    /// Returns the conventions that the scene gives.
    pub fn conventions(&self) -> ConventionOptions {
        let Self {
            convention,
            dt,
            integrator,
            current,
            reset,
            compare,
            spikes_per_tick,
            v_init,
            v_min,
            emission,
            ..
        } = *self;
        ConventionOptions {
            convention,
            dt,
            integrator,
            current,
            reset,
            compare,
            spikes_per_tick,
            v_init,
            v_min,
            emission,
        }
    }

    /// Returns the probability that an input neuron spikes at random in a tick; `None` without
    /// `poisson`.
    pub fn probability(&self) -> Option<f64> {
        self.poisson.map(|poisson| poisson.rate_hz * f64::from(self.bin_us) * 1e-6)
    }

    /// Returns the ticks of a run over lists, or of each recording.
    pub fn steps(&self) -> u32 {
        self.steps.unwrap_or(if self.data.is_some() { super::recording::TICKS } else { STEPS })
    }
}
