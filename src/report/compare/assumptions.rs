//! Sensitivity of a difference to assumptions: both chips run again with other values for what no
//! public source gives.
//!
//! Both run in the same kind of chip, so a number that is not known is the same in both: it is
//! changed in both at once, one number at a time. Only the first [`STEPS`] time steps are run
//! again, as for `chip_time_range_us`, and the ratio of their time and energy to what they took
//! scales the whole run.

use std::sync::Arc;

use serde::Serialize;

use super::{Ran, relative};
use crate::machine::assumed::Parameter;
use crate::machine::exec::Machine;
use crate::machine::options::Assume;
use crate::scene::{LoadedScene, SceneError};
use crate::session::build::{ModelCache, Plan};
use crate::session::energy::Meter;
use crate::session::opening::STEPS;

/// Difference between two runs at other values of one assumption.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assumption {
    /// The field of `assume`.
    pub parameter: &'static str,
    /// Values that A and B assumed.
    pub taken: [f64; 2],
    /// The values tried, in both at once.
    pub tried: [f64; 2],
    /// Origin of the values tried.
    pub range: &'static str,
    /// Relative difference of chip time at either value, (B − A) / A.
    pub time_relative: [Option<f64>; 2],
    /// Relative difference of energy at either value, (B − A) / A.
    pub energy_relative: [Option<f64>; 2],
    /// Whether the difference of chip time rests on it: one of the values moves it by more than a
    /// quarter, or reverses it.
    pub decides_time: bool,
    /// Whether the difference of energy rests on it, by the rule of `decides_time`.
    pub decides_energy: bool,
}

/// Numbers without a published range are taken away and doubled: no statement about the chip, only
/// a way to see whether the difference hangs on them.
const DOUBLED: &str = "none, and twice what is assumed";

/// Run with the scene and models to run its first steps again.
#[derive(Debug)]
pub struct Side<'a> {
    /// Report and scene of the run.
    pub ran: &'a Ran,
    /// Scene of the run.
    pub loaded: &'a LoadedScene,
    /// Cache with its model.
    pub cache: &'a mut ModelCache,
}

/// First steps of a run, to be run again on chips with other unpublished numbers.
struct Again<'a> {
    side: Side<'a>,
    /// Time and energy of the first steps as taken.
    base: Used,
}

/// Chip time and energy.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    time: f64,
    energy: f64,
}

impl<'a> Again<'a> {
    fn new(side: Side<'a>) -> Result<Self, SceneError> {
        let mut again = Self { side, base: Used::default() };
        again.base = again.first_steps(&again.side.ran.scene.assume.clone())?;
        Ok(again)
    }

    fn first_steps(&mut self, assume: &Assume) -> Result<Used, SceneError> {
        let plan = Plan::with_assumptions(self.side.loaded, self.side.cache, assume)?;
        let mut machine = Machine::new(Arc::clone(&plan.program));
        machine.run(&self.side.ran.input.read(), STEPS);
        Ok(Used { time: machine.state().tick as f64, energy: Meter::of(&machine).total().energy_j })
    }

    /// Estimates time and energy of the whole run at another parameter value by its first steps.
    fn at(&mut self, parameter: &Parameter, value: f64) -> Result<Used, SceneError> {
        let own = &self.side.ran.scene.assume;
        let report = &self.side.ran.report;
        let whole = Used { time: report.chip_time_us, energy: report.energy_j };
        // Values are set and never computed: equal ones are the same bits.
        if (parameter.get)(own).total_cmp(&value).is_eq() || self.base.time == 0.0 {
            return Ok(whole);
        }
        let mut assume = own.clone();
        (parameter.set)(&mut assume, value);
        let used = self.first_steps(&assume)?;
        Ok(Used {
            time: whole.time * (used.time / self.base.time),
            energy: whole.energy * (used.energy / self.base.energy),
        })
    }
}

/// Tries every assumption on both runs. Numbers that are 0 in both are left out: nothing
/// rests on them.
pub fn assumptions(a: Side<'_>, b: Side<'_>) -> Result<Vec<Assumption>, SceneError> {
    let (mut a, mut b) = (Again::new(a)?, Again::new(b)?);
    let mut found = Vec::new();
    for parameter in &Assume::PARAMETERS {
        let taken = [&a, &b].map(|again| (parameter.get)(&again.side.ran.scene.assume));
        let most = taken[0].max(taken[1]);
        let (tried, range) = parameter.range.unwrap_or(([0.0, 2.0 * most], DOUBLED));
        if tried[1] > tried[0] {
            found.push(assumption(parameter, taken, tried, range, &mut a, &mut b)?);
        }
    }
    Ok(found)
}

fn assumption(
    parameter: &Parameter,
    taken: [f64; 2],
    tried: [f64; 2],
    range: &'static str,
    a: &mut Again<'_>,
    b: &mut Again<'_>,
) -> Result<Assumption, SceneError> {
    let (ra, rb) = (&a.side.ran.report, &b.side.ran.report);
    let as_taken = [relative(ra.chip_time_us, rb.chip_time_us), relative(ra.energy_j, rb.energy_j)];
    let mut at = [[None; 2]; 2];
    for (i, value) in tried.into_iter().enumerate() {
        let (ua, ub) = (a.at(parameter, value)?, b.at(parameter, value)?);
        at[0][i] = relative(ua.time, ub.time);
        at[1][i] = relative(ua.energy, ub.energy);
    }
    Ok(Assumption {
        parameter: parameter.name,
        taken,
        tried,
        range,
        time_relative: at[0],
        energy_relative: at[1],
        decides_time: decides(as_taken[0], at[0]),
        decides_energy: decides(as_taken[1], at[1]),
    })
}

/// Part of a difference that an assumption has to move so that the difference is said to
/// rest on it.
const PART: f64 = 0.25;
/// Smaller shifts of a relative difference are of no interest, however small the difference is.
const NOTHING: f64 = 0.0005;

/// Returns `true` if one of `ends` is further from the relative difference `base` than [`PART`] of
/// its size, and than [`NOTHING`].
fn decides(base: Option<f64>, ends: [Option<f64>; 2]) -> bool {
    let Some(base) = base else { return false };
    let far = |end: f64| (end - base).abs() > (PART * base.abs()).max(NOTHING);
    ends.into_iter().flatten().any(far)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_rests_on_what_moves_it_by_more_than_a_quarter() {
        let ends = |low, high| [Some(low), Some(high)];
        assert!(!decides(Some(-0.20), ends(-0.16, -0.24)));
        assert!(decides(Some(-0.20), ends(-0.14, -0.24)));
        assert!(decides(Some(0.01), ends(-0.01, 0.012)), "it turns round");
        assert!(decides(Some(0.0), ends(0.0, 0.01)), "it comes from nowhere");
        assert!(!decides(Some(0.0), ends(0.0, 0.0004)), "it is nothing to speak of");
        assert!(!decides(None, ends(0.1, 0.2)));
    }
}
