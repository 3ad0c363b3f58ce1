//! First time steps of a run, repeated for intervals of chip time and uses of the critical path.
//!
//! The intervals follow from what is not published about branches and memory.
//!
//! ARM gives 1 to 3 cycles for the refill of a Cortex-M4's pipeline after a taken branch; the
//! chip's value is not public, and the inner loop of every kernel pays it. How long a core waits
//! for its SRAM, and the pace of DMA and DRAM, are not public either; [`Assume::memory_extremes`]
//! has what is published about them. The first steps of the run are run again on chips with the
//! extremes, and the ratio of their times scales the whole run. Few steps are enough: what `CsrRow`
//! costs does not depend on the data, and with kernels whose cost does, the ratio hardly moves
//! (docs/report.md).
//!
//! The critical path needs a recording, which a plain run does not make: the same steps are
//! recorded on a second machine.

use std::sync::Arc;

use crate::chip::clock::{Tick, us};
use crate::machine::exec::Machine;
use crate::machine::options::Assume;
use crate::machine::program::Program;
use crate::machine::record::Limits;
use crate::scene::SceneError;
use crate::session::Session;
use crate::session::build::{ModelCache, Plan};
use crate::session::timeline::{PathUses, path};

/// Number of time steps that are run again.
pub const STEPS: usize = 4;
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

/// The first [`STEPS`] time steps of a run: what was read, and when the last of them was complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    rows: Vec<Vec<u32>>,
    /// Rows of the steps announced by then and not complete.
    ahead: Vec<Vec<u32>>,
    ends: Tick,
}

impl Opening {
    /// Notes completed time step `step`, counted from 1; a step repeated after a seek is ignored.
    pub(super) fn note(&mut self, step: u64, machine: &Machine) {
        if self.rows.len() < STEPS && self.rows.len() as u64 + 1 == step {
            let host = &machine.state().host;
            self.rows.push(host.rows.clone());
            self.ahead = host.in_flight.iter().cloned().collect();
            self.ends = machine.state().tick;
        }
    }

    /// Returns `true` if all [`STEPS`] time steps are known.
    pub fn complete(&self) -> bool {
        self.rows.len() == STEPS
    }

    /// Returns the uses of the critical paths of the steps noted so far, and the number of steps.
    ///
    /// `None` without a step, or if the repeated run stops.
    pub fn path_uses(&self, program: &Arc<Program>) -> Option<(PathUses, usize)> {
        Some((path_uses(program, &self.steps(), self.rows.len())?, self.rows.len()))
    }

    /// Returns the rows of the time steps to announce.
    fn steps(&self) -> Vec<Vec<u32>> {
        self.rows.iter().chain(&self.ahead).cloned().collect()
    }

    /// Returns the chip time so far on other chips; `None` without a completed step.
    ///
    /// # Errors
    ///
    /// Fails if the scene cannot be built for such a chip.
    pub fn ranges(&self, session: &Session, cache: &mut ModelCache) -> Result<Option<Ranges>, SceneError> {
        if self.ends == 0 {
            return Ok(None);
        }
        let own = &session.program().assume;
        let mut time = |assume: &Assume| -> Result<f64, SceneError> {
            let ticks = if assume == own { self.ends } else { self.again(session, cache, assume)? };
            Ok(us(session.tick()) * (ticks as f64 / self.ends as f64))
        };
        let [least, most] = REFILLS.map(|branch_refill| Assume { branch_refill, ..own.clone() });
        let [fast, slow] = own.memory_extremes(session.program().operating_point);
        Ok(Some(Ranges { refill: [time(&least)?, time(&most)?], memory: [time(&fast)?, time(&slow)?] }))
    }

    /// Returns the ticks that the same steps take with other assumptions.
    fn again(&self, session: &Session, cache: &mut ModelCache, assume: &Assume) -> Result<Tick, SceneError> {
        let plan = Plan::with_assumptions(&session.loaded, cache, assume)?;
        let mut machine = Machine::new(Arc::clone(&plan.program));
        machine.run(&self.steps(), self.rows.len());
        Ok(machine.state().tick)
    }
}

/// Returns the uses of the critical paths of a program's first `count` time steps on these rows.
///
/// `None` if there are none, or if the machine stops before.
pub fn path_uses(program: &Arc<Program>, rows: &[Vec<u32>], count: usize) -> Option<PathUses> {
    let mut machine = Machine::new(Arc::clone(program));
    machine.record(Limits::default());
    if count == 0 || !machine.run(rows, count) {
        return None;
    }
    let record = machine.recorded()?;
    let mut uses = PathUses::default();
    for step in record.steps.iter().take(count) {
        uses += PathUses::of(program, record, &path(program, record, step, step.begin));
    }
    Some(uses)
}
