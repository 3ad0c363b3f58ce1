//! The assumptions that phase times say something about.

use crate::machine::options::Assume;

/// A number of `assume` that can be fitted.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name there.
    pub name: &'static str,
    /// Reads it.
    pub get: fn(&Assume) -> f64,
    /// Sets it.
    pub set: fn(&mut Assume, f64),
    /// Least and most.
    pub bounds: [f64; 2],
    /// How it is searched.
    pub search: Search,
}

/// How a parameter is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Search {
    /// Every whole number within the bounds is tried.
    Every,
    /// By slope; `probe` is a change that shows which phases depend on it, `grain` what its value is rounded to.
    Slope {
        /// See there.
        probe: f64,
        /// See there.
        grain: f64,
    },
}

/// All of them. Of two that cannot be told apart, the first is fitted.
pub const PARAMETERS: [Parameter; 4] = [
    Parameter {
        name: "branch_refill",
        get: |a| a.branch_refill.into(),
        set: |a, v| a.branch_refill = v as u8,
        bounds: [1.0, 3.0],
        search: Search::Every,
    },
    Parameter {
        name: "dma_setup_cycles",
        get: |a| a.dma_setup_cycles.into(),
        set: |a, v| a.dma_setup_cycles = v as u32,
        bounds: [0.0, 1e6],
        search: Search::Slope { probe: 1000.0, grain: 1.0 },
    },
    Parameter {
        name: "dram_latency_ns",
        get: |a| a.dram_latency_ns,
        set: |a, v| a.dram_latency_ns = v,
        bounds: [0.0, 1e6],
        search: Search::Slope { probe: 5000.0, grain: 0.1 },
    },
    Parameter {
        name: "host_turnaround_us",
        get: |a| a.host_turnaround_us,
        set: |a, v| a.host_turnaround_us = v,
        bounds: [0.0, 1e6],
        search: Search::Slope { probe: 10.0, grain: 0.001 },
    },
];

impl Parameter {
    /// The same assumptions with another value of this one, within its bounds and rounded to its grain.
    #[must_use]
    pub fn with(&self, assume: &Assume, value: f64) -> Assume {
        let mut changed = assume.clone();
        (self.set)(&mut changed, self.rounded(value));
        changed
    }

    fn rounded(&self, value: f64) -> f64 {
        let [least, most] = self.bounds;
        let value = value.clamp(least, most);
        match self.search {
            Search::Every => value.round(),
            // A division by a whole number leaves the shortest decimal.
            Search::Slope { grain, .. } => (value / grain).round() / (1.0 / grain).round(),
        }
    }

    /// Another value, to see what depends on it.
    pub fn other(&self, value: f64) -> f64 {
        let [least, most] = self.bounds;
        match self.search {
            Search::Every if value < most => most,
            Search::Every => least,
            Search::Slope { probe, .. } if value + probe <= most => value + probe,
            Search::Slope { probe, .. } => value - probe,
        }
    }
}
