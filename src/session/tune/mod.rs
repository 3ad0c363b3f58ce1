//! The search for a better mapping: PEs of each layer, kernel of each matrix, balance.
//!
//! There are far too many mappings to emulate. [`estimate`] says in microseconds what one would
//! cost, from the kernels' cost formulas and the sources that are really active in the scene's own
//! text; [`front`] finds the best ones by that measure; [`search`] emulates the promising ones and
//! their neighbours, and believes only the emulator.

pub mod choice;
pub mod estimate;
pub mod front;
pub mod misfit;
pub mod search;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Serialize;

use choice::Choice;
use misfit::DoesNotFit;

/// Quantity to minimise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Chip time of a time step.
    #[default]
    Time,
    /// Energy of a time step.
    Energy,
    /// PEs in use; among equals, the faster.
    Pes,
}

/// Options of a search.
#[derive(Clone, Copy, Debug)]
pub struct TuneOptions {
    /// Quantity to minimise.
    pub goal: Goal,
    /// Time steps that a candidate is emulated for.
    pub steps: u64,
    /// Mappings to emulate at most, the scene's own included.
    pub candidates: usize,
    /// Time limit of the search; with one, the result depends on the machine that searches.
    pub budget: Option<Duration>,
    /// Try 8-bit weights too, which change the result.
    pub allow_int8: bool,
}

/// Control of a search by its caller: a stop flag and a progress callback.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Raised: stop soon and keep the best so far.
    pub stop: &'a AtomicBool,
    /// Called after every emulated candidate: how many of how many, and the best so far.
    pub emulated: &'a (dyn Fn(usize, usize, &Candidate) + Sync),
}

/// A mapping, estimated and emulated.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Mapping of the candidate.
    #[serde(flatten)]
    pub choice: Choice,
    /// Chip time of a time step as estimated, µs.
    pub estimate_us: f64,
    /// Chip time of a time step as emulated, mean, µs.
    pub step_us: f64,
    /// Energy of a time step as emulated, mean, J.
    pub step_j: f64,
    /// PEs with a program.
    pub pes: usize,
    /// Hash of the outputs, 32 hex digits.
    pub output_hash: String,
    /// Whether weights differ from the scene's (`Int8Csr`), and with them the result.
    pub other_result: bool,
}

/// A mapping that was to be emulated and could not be, or is not sound.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rejected {
    /// Mapping of the candidate.
    #[serde(flatten)]
    pub choice: Choice,
    /// Reason of the rejection.
    pub why: String,
}

/// Result of a search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tuned {
    /// Quantity that was minimised.
    pub goal: Goal,
    /// Time steps that each candidate was emulated for.
    pub steps: u64,
    /// Number of mappings that were estimated.
    pub estimated: usize,
    /// Mappings emulated: the scene's own first, then in the order in which they were tried.
    pub candidates: Vec<Candidate>,
    /// The best of `candidates`.
    pub best: usize,
    /// Indices of the Pareto-optimal `candidates` in time, energy and PEs, sorted by time.
    pub front: Vec<usize>,
    /// All candidates with the scene's own weights gave the same output bits.
    pub same_output: bool,
    /// Rejected mappings, with the reason.
    pub rejected: Vec<Rejected>,
    /// Kernels that do not fit with the scene's partition.
    pub misfits: Vec<DoesNotFit>,
    /// Reason for which the search was stopped before its end.
    pub stopped: Option<&'static str>,
}

impl Tuned {
    /// Returns the candidate with the scene's own mapping.
    pub fn scene(&self) -> &Candidate {
        &self.candidates[0]
    }

    /// Returns the best candidate.
    pub fn winner(&self) -> &Candidate {
        &self.candidates[self.best]
    }
}
