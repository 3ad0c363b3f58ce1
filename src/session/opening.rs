//! First time steps of a run, kept to run them again: on other chips ([`super::ranges`]), and for
//! the critical path.
//!
//! The critical path needs a recording, which a plain run does without: the same steps are recorded
//! on a second machine.

use std::sync::Arc;

use crate::chip::clock::Tick;
use crate::machine::exec::Machine;
use crate::machine::program::Program;
use crate::machine::record::Limits;
use crate::session::timeline::{PathUses, path};

/// Number of time steps that are run again.
pub const STEPS: usize = 4;

/// The first [`STEPS`] time steps of a run: what was read, and when the last of them was complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    rows: Vec<Vec<u32>>,
    /// Rows of steps announced in the opening and not complete at its end.
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

    /// Returns the chip time at the end of the last step noted, in ticks; 0 before the first.
    pub(super) fn ends(&self) -> Tick {
        self.ends
    }

    /// Returns the number of time steps noted.
    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }

    /// Returns the rows of the time steps to announce: those noted, then those announced ahead.
    pub(super) fn steps(&self) -> Vec<Vec<u32>> {
        self.rows.iter().chain(&self.ahead).cloned().collect()
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
