//! Fits the scene's assumptions to times that were measured on a chip.
//!
//! Only what no public source gives is fitted, and of that only what some measured phase depends
//! on: [`parameter`] says which. [`timers`] reads the measurements, [`fit`] searches, emulating the
//! scene's own network at every step.

pub mod fit;
pub mod parameter;
pub mod timers;

use serde::Serialize;

use crate::machine::options::Assume;

/// Measured phase beside the emulated one. Times are µs a time step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowFit {
    /// Name of the phase in reports.
    pub phase: &'static str,
    /// Name of the layer in the model.
    pub layer: String,
    /// Line of the file with the measurements.
    pub line: u64,
    /// Measured time, µs.
    pub measured_us: f64,
    /// Emulated with the scene's assumptions.
    pub before_us: f64,
    /// Emulated with the fitted ones.
    pub after_us: f64,
}

impl RowFit {
    /// Returns the emulator's error relative to the measurement, before and after the fit.
    pub fn residuals(&self) -> [f64; 2] {
        [self.before_us, self.after_us].map(|us| us / self.measured_us - 1.0)
    }
}

/// Outcome of the fit for one assumption.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterFit {
    /// Field of `assume`.
    pub name: &'static str,
    /// The scene's value.
    pub before: f64,
    /// Fitted value; `before` where the parameter was left alone.
    pub after: f64,
    /// Whether it was fitted.
    pub fitted: bool,
    /// Rows whose time depends on the parameter, `phase layer`.
    pub rows: Vec<String>,
    /// Reason for which it was not fitted; empty if it was.
    pub left_alone: String,
}

/// Assumptions fitted to measured times.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Time steps emulated.
    pub steps: u64,
    /// All measured phases beside the emulated ones.
    pub rows: Vec<RowFit>,
    /// Assumptions that could be fitted.
    pub parameters: Vec<ParameterFit>,
    /// Root mean square of the relative differences, before and after.
    pub rms: [f64; 2],
    /// Emulations that the fit took.
    pub emulations: usize,
    /// The assumptions, fitted.
    #[serde(skip)]
    pub assume: Assume,
}
