//! Chip time of time steps compared with the time that they stand for: frames of a camera, ticks.

use serde::{Deserialize, Serialize};

use super::Session;
use super::longest_step::LongestStep;
use crate::chip::clock::us;
use crate::text::step_number;

/// Chip time compared with the time that a time step stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RealTime {
    /// Time that a time step stands for, µs.
    pub step_us: f64,
    /// Chip time of the longest time step, µs; of ticks, until its slowest PE has ended it.
    pub longest_us: f64,
    /// Number of the longest time step, from 1.
    pub longest_step: u32,
    /// Chip time of a time step, mean, µs.
    pub mean_us: f64,
    /// `step_us` over `longest_us`: from 1 on, no time step takes longer than it stands for.
    pub factor: f64,
    /// `step_us` over `mean_us`: speed of the run.
    pub mean_factor: f64,
    /// PE that worked longest in the longest time step.
    pub pe: String,
    /// Time that this PE needed in the step, µs.
    pub pe_us: f64,
    /// Share of `step_us` that this PE had left in the step; negative if it needed more.
    pub slack: f64,
}

/// Compares chip time with real time; `None` before the first time step, and where inputs have no
/// time.
pub fn real_time(session: &Session) -> Option<RealTime> {
    let step_us = session.work().real_time_us()?;
    let machine = session.machine();
    let timed = session.program().is_timed();
    let longest = if timed { LongestStep::of_timers(machine) } else { session.stats().longest }?;
    let steps = session.steps();
    if steps == 0 || longest.ticks == 0 {
        return None;
    }
    let (longest_us, pe_us) = (us(longest.ticks), us(longest.busy));
    let mean_us = us(machine.state().host.completed_at) / steps as f64;
    Some(RealTime {
        step_us,
        longest_us,
        longest_step: step_number(longest.step),
        mean_us,
        factor: step_us / longest_us,
        mean_factor: step_us / mean_us,
        pe: longest.pe.to_string(),
        pe_us,
        slack: 1.0 - pe_us / step_us,
    })
}
