//! The fit: least squares of relative differences. Discrete parameters are searched exactly, all
//! together; the others one after the other by their slope, within bounds; round after round
//! until nothing moves.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::parameter::{Fitted, fitted};
use super::timers::Measured;
use super::{Calibration, ParameterFit, RowFit};
use crate::chip::clock::us;
use crate::machine::assumed::Method;
use crate::machine::exec::Machine;
use crate::machine::legend::Legend;
use crate::machine::options::Assume;
use crate::scene::{LoadedScene, SceneError};
use crate::session::build::{ModelCache, Plan};
use crate::session::trial::Trial;

/// Rounds at most; two are the rule.
const ROUNDS: usize = 6;
/// Maximum number of steps of a search by slope; times are nearly straight lines in these
/// parameters, so that two are usual.
const SLOPES: usize = 8;
/// Relative change of a phase's time from which the phase depends on a parameter.
const DEPENDS: f64 = 2e-3;
/// Cosine of the effects of two parameters on the measured times beyond which they
/// cannot be distinguished.
const ALIKE: f64 = 0.999;

/// Error that stops a fit.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CalibrateError {
    /// The scene cannot be built.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// A phase was measured that the scene does not have.
    #[error("{file}:{line}: {phase} of {layer} takes no time in this scene\nhelp: {help}")]
    NoTime {
        /// File with the measurements.
        file: String,
        /// Line of the file, from 1.
        line: u64,
        /// Name of the measured phase.
        phase: &'static str,
        /// Name of the layer.
        layer: String,
        /// Likely cause, with the remedy.
        help: &'static str,
    },
    /// The machine stops.
    #[error("{scene}: the machine stops in time step {step}: {reason}")]
    Stops {
        /// Path of the scene.
        scene: String,
        /// Time step, from 1.
        step: u64,
        /// Reason of the stop.
        reason: String,
    },
}

/// Times of the measured phases, µs a time step, in the order of the measurements.
type Times = Vec<f64>;

/// The scene's network, to be run again with other assumptions.
struct Bench<'a> {
    loaded: &'a LoadedScene,
    cache: ModelCache,
    measured: &'a [Measured],
    /// Rows of the input, one a time step.
    rows: Vec<Vec<u32>>,
    known: BTreeMap<Vec<u64>, Times>,
}

/// Fits assumptions to measured times, over the first `steps` time steps of the scene. `file` names
/// the measurements in messages, `names` the parameters that may move.
pub fn calibrate(
    loaded: &LoadedScene,
    cache: &mut ModelCache,
    file: &str,
    measured: &[Measured],
    names: &[&str],
    steps: u64,
) -> Result<Calibration, CalibrateError> {
    let plan = Plan::new(loaded, cache)?;
    let layers: Vec<String> = plan.program.populations.iter().map(|layer| layer.name.clone()).collect();
    let legend = Arc::clone(&plan.program.legend);
    let rows = rows(loaded, plan, steps)?;
    let mut bench = Bench { loaded, cache: cache.clone(), measured, rows, known: BTreeMap::new() };
    let start = loaded.scene.assume.clone();
    let before = bench.times(&start)?;
    for (row, &time) in measured.iter().zip(&before) {
        if time <= 0.0 {
            return Err(no_time(file, row, &legend, &layers[row.layer]));
        }
    }
    let place = |row: &Measured| format!("{} {}", legend.phase(row.phase), layers[row.layer]);
    let (mut fits, movable) = bench.constrained(&start, &before, names, &place)?;
    let assume = bench.fit(&start, &movable)?;
    let after = bench.times(&assume)?;
    for (fit, parameter) in fits.iter_mut().zip(fitted()) {
        fit.after = parameter.get(&assume);
    }
    let rms = [&before, &after].map(|times| (bench.error(times) / measured.len().max(1) as f64).sqrt());
    let row = |((row, &before_us), &after_us): ((&Measured, &f64), &f64)| RowFit {
        phase: legend.phase(row.phase),
        layer: layers[row.layer].clone(),
        line: row.line,
        measured_us: row.us,
        before_us,
        after_us,
    };
    Ok(Calibration {
        steps: bench.rows.len() as u64,
        rows: measured.iter().zip(&before).zip(&after).map(row).collect(),
        parameters: fits,
        rms,
        emulations: bench.known.len(),
        assume,
    })
}

fn no_time(file: &str, row: &Measured, legend: &Legend, layer: &str) -> CalibrateError {
    let phase = legend.words(row.phase);
    let (file, layer) = (file.to_owned(), layer.to_owned());
    CalibrateError::NoTime { file, line: row.line, phase: phase.name, layer, help: phase.absent }
}

/// Returns the rows that the scene reads in its first time steps.
fn rows(loaded: &LoadedScene, plan: Plan, steps: u64) -> Result<Vec<Vec<u32>>, CalibrateError> {
    let trial = Trial::run(plan, loaded.clone(), steps, &|| false)?;
    let Some(trial) = trial else { return Ok(Vec::new()) };
    match trial.stopped {
        Some(reason) => {
            let scene = loaded.path.display().to_string();
            Err(CalibrateError::Stops { scene, step: trial.steps + 1, reason })
        }
        None => Ok(trial.rows),
    }
}

fn key(assume: &Assume) -> Vec<u64> {
    fitted().map(|parameter| parameter.get(assume).to_bits()).collect()
}

impl Bench<'_> {
    /// Returns the times of the measured phases as emulated with `assume`, in µs a time step.
    fn times(&mut self, assume: &Assume) -> Result<Times, SceneError> {
        self.all_times(std::slice::from_ref(assume)).map(|mut times| times.pop().unwrap_or_default())
    }

    /// Emulates several assumptions, those not known yet in parallel, and returns the
    /// times of each.
    fn all_times(&mut self, all: &[Assume]) -> Result<Vec<Times>, SceneError> {
        let fresh: Vec<&Assume> =
            all.iter().filter(|assume| !self.known.contains_key(&key(assume))).collect();
        let this = &*self;
        let emulated: Vec<(Vec<u64>, Times)> = fresh
            .into_par_iter()
            .map(|assume| this.emulate(assume).map(|times| (key(assume), times)))
            .collect::<Result<_, _>>()?;
        self.known.extend(emulated);
        Ok(all.iter().filter_map(|assume| self.known.get(&key(assume)).cloned()).collect())
    }

    fn emulate(&self, assume: &Assume) -> Result<Times, SceneError> {
        let plan = Plan::with_assumptions(self.loaded, &mut self.cache.clone(), assume)?;
        let mut machine = Machine::new(plan.program);
        machine.run(&self.rows, self.rows.len());
        let phases = &machine.state().phases.total;
        let time = |row: &Measured| {
            let ticks = phases.get(row.layer).map_or(0, |layer| layer[row.phase.index()]);
            us(ticks) / self.rows.len().max(1) as f64
        };
        Ok(self.measured.iter().map(time).collect())
    }

    /// Returns the sum of squared relative differences between `times` and the measurements.
    fn error(&self, times: &[f64]) -> f64 {
        times.iter().zip(self.measured).map(|(time, row)| (time / row.us - 1.0).powi(2)).sum()
    }

    /// Finds the parameters that the measurements constrain: returns the report on each parameter,
    /// and those to move.
    fn constrained(
        &mut self,
        start: &Assume,
        before: &[f64],
        names: &[&str],
        place: &dyn Fn(&Measured) -> String,
    ) -> Result<(Vec<ParameterFit>, Vec<Fitted>), SceneError> {
        let other = |parameter: Fitted| parameter.with(start, parameter.other(parameter.get(start)));
        let probes: Vec<Assume> = fitted().map(other).collect();
        let probed = self.all_times(&probes)?;
        let mut fits = Vec::new();
        let mut movable: Vec<(Fitted, Vec<f64>)> = Vec::new();
        for (parameter, times) in fitted().zip(probed) {
            let moved: Vec<f64> =
                times.iter().zip(before).map(|(time, before)| time / before - 1.0).collect();
            let effect: Vec<f64> = moved.iter().map(|m| if m.abs() > DEPENDS { *m } else { 0.0 }).collect();
            let on = self.measured.iter().zip(&effect).filter(|(_, effect)| **effect != 0.0);
            let rows: Vec<String> = on.map(|(row, _)| place(row)).collect();
            let alike = movable.iter().find(|(_, other)| cosine(other, &effect).abs() > ALIKE);
            let left_alone = if !names.contains(&parameter.name()) {
                "not selected by --fit".to_owned()
            } else if rows.is_empty() {
                "no measured phase depends on it".to_owned()
            } else if let Some((other, _)) = alike {
                format!(
                    "it changes the same phases in the same proportion as {}, so no fit can distinguish them",
                    other.name()
                )
            } else {
                movable.push((parameter, effect));
                String::new()
            };
            let value = parameter.get(start);
            let fitted = left_alone.is_empty();
            fits.push(ParameterFit {
                name: parameter.name(),
                before: value,
                after: value,
                fitted,
                rows,
                left_alone,
            });
        }
        Ok((fits, movable.into_iter().map(|(parameter, _)| parameter).collect()))
    }

    /// Returns the assumptions with the least sum of squares that the search from `start` finds.
    fn fit(&mut self, start: &Assume, movable: &[Fitted]) -> Result<Assume, SceneError> {
        let mut best = start.clone();
        for _ in 0..ROUNDS {
            let mut next = self.every(&best, movable)?;
            for parameter in movable {
                if let Method::Slope { probe, .. } = parameter.search.method {
                    next = self.slope(parameter, probe, next)?;
                }
            }
            if next == best {
                break;
            }
            best = next;
        }
        Ok(best)
    }

    /// Tries all values of all discrete parameters; of equally good ones it takes the nearest
    /// to the present.
    fn every(&mut self, from: &Assume, movable: &[Fitted]) -> Result<Assume, SceneError> {
        let mut all = vec![from.clone()];
        for parameter in movable.iter().filter(|parameter| parameter.search.method == Method::Every) {
            let [least, most] = parameter.search.bounds.map(|bound| bound as u32);
            let values = |assume: &Assume| -> Vec<Assume> {
                (least..=most).map(|value| parameter.with(assume, value.into())).collect()
            };
            all = all.iter().flat_map(values).collect();
        }
        let times = self.all_times(&all)?;
        let own = self.times(from)?;
        let mut best = (self.error(&own), from.clone());
        for (assume, times) in all.into_iter().zip(times) {
            let error = self.error(&times);
            if error < best.0 {
                best = (error, assume);
            }
        }
        Ok(best.1)
    }

    /// Fits one parameter by steps of Gauss-Newton.
    ///
    /// Two emulations give the slope of every time. The step would take the sum of squares to its
    /// least if the times were straight lines, and is halved while it makes the sum worse.
    fn slope(&mut self, parameter: &Fitted, probe: f64, from: Assume) -> Result<Assume, SceneError> {
        let mut best = from;
        for _ in 0..SLOPES {
            let value = parameter.get(&best);
            let other = parameter.with(&best, parameter.other(value));
            let width = parameter.get(&other) - value;
            let (here, there) = (self.times(&best)?, self.times(&other)?);
            let error = self.error(&here);
            let (mut product, mut square) = (0.0, 0.0);
            for ((here, there), row) in here.iter().zip(&there).zip(self.measured) {
                let slope = (there - here) / width / row.us;
                product += slope * (here / row.us - 1.0);
                square += slope * slope;
            }
            let mut step = if square > 0.0 { -product / square } else { 0.0 };
            let mut better = None;
            while step.abs() > probe * 1e-9 && better.is_none() {
                let trial = parameter.with(&best, value + step);
                if trial == best {
                    break;
                }
                let times = self.times(&trial)?;
                better = (self.error(&times) < error).then_some(trial);
                step /= 2.0;
            }
            match better {
                Some(trial) => best = trial,
                None => break,
            }
        }
        Ok(best)
    }
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}
