//! Intervals of chip time that follow from what is not published about branches and memory: the
//! first time steps of a run, run again on other chips.
//!
//! ARM gives 1 to 3 cycles for the refill of a Cortex-M4's pipeline after a taken branch; the
//! chip's value is not public, and the inner loop of every kernel pays it. How long a core waits
//! for its SRAM, and the pace of DMA and DRAM, are not public either;
//! [`Assume::memory_extremes`] has what is published about them. The first steps of the run are
//! run again on chips with the extremes, and the ratio of their times scales the whole run. Few
//! steps are enough: what `CsrRow` costs does not depend on the data, and with kernels whose
//! cost does, the ratio hardly moves (docs/report.md).

use std::sync::Arc;

use super::Session;
use super::build::{ModelCache, Plan};
use crate::chip::clock::{Tick, us};
use crate::machine::exec::Machine;
use crate::machine::options::Assume;
use crate::scene::SceneError;

/// Extremes of the branch refill, in cycles.
pub const REFILLS: [u8; 2] = [1, 3];

/// Chip time of a run on other chips, µs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranges {
    /// Chip time for each of [`REFILLS`].
    pub refill: [f64; 2],
    /// Chip time with the fastest and the slowest memory ([`Assume::memory_extremes`]).
    pub memory: [f64; 2],
}

/// Returns the chip time so far on other chips; `None` without a completed step.
///
/// # Errors
///
/// Fails if the scene cannot be built for such a chip.
pub fn ranges(session: &Session, cache: &mut ModelCache) -> Result<Option<Ranges>, SceneError> {
    let opening = session.opening();
    let ends = opening.ends();
    if ends == 0 {
        return Ok(None);
    }
    let own = &session.program().assume;
    let mut time = |assume: &Assume| -> Result<f64, SceneError> {
        let ticks = if assume == own { ends } else { again(session, cache, assume)? };
        Ok(us(session.tick()) * (ticks as f64 / ends as f64))
    };
    let [least, most] = REFILLS.map(|branch_refill| Assume { branch_refill, ..own.clone() });
    let [fast, slow] = own.memory_extremes(session.program().operating_point);
    Ok(Some(Ranges { refill: [time(&least)?, time(&most)?], memory: [time(&fast)?, time(&slow)?] }))
}

/// Returns the ticks that the same steps take with other assumptions.
fn again(session: &Session, cache: &mut ModelCache, assume: &Assume) -> Result<Tick, SceneError> {
    let plan = Plan::with_assumptions(&session.loaded, cache, assume)?;
    let mut machine = Machine::new(Arc::clone(&plan.program));
    let opening = session.opening();
    machine.run(&opening.steps(), opening.count());
    Ok(machine.state().tick)
}
