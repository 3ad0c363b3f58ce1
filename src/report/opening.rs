//! The interval of chip time that follows from what is not published about branches.
//!
//! ARM gives 1 to 3 cycles for the refill of a Cortex-M4's pipeline after a taken branch; the chip's value is not
//! public, and the inner loop of every kernel pays it. The first steps of the run are run again on chips with the two
//! extremes, and the ratio of their times scales the whole run. Few steps are enough: what `CsrRow` costs does not
//! depend on the data, and with kernels whose cost does, the ratio hardly moves (docs/report.md).

use std::sync::Arc;

use crate::chip::clock::{Tick, us};
use crate::machine::exec::Machine;
use crate::machine::options::Assume;
use crate::scene::SceneError;
use crate::session::Session;
use crate::session::build::{ModelCache, Plan};

/// Time steps that are run again.
pub const STEPS: usize = 4;
/// The extremes, in cycles.
pub const REFILLS: [u8; 2] = [1, 3];

/// The first [`STEPS`] time steps of a run: what was read, and when the last of them was complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    rows: Vec<Vec<u32>>,
    /// What was announced by then and not complete.
    ahead: Vec<Vec<u32>>,
    ends: Tick,
}

impl Opening {
    /// To be called after every completed time step, from the first.
    pub fn note(&mut self, session: &Session) {
        if self.rows.len() < STEPS {
            let host = &session.machine().state().host;
            self.rows.push(host.rows.clone());
            self.ahead = host.in_flight.iter().cloned().collect();
            self.ends = session.tick();
        }
    }

    /// Chip time of the session so far for each of [`REFILLS`], µs; none without a completed step.
    pub fn range_us(
        &self,
        session: &Session,
        cache: &mut ModelCache,
    ) -> Result<Option<[f64; 2]>, SceneError> {
        if self.ends == 0 {
            return Ok(None);
        }
        let own = session.program().assume.branch_refill;
        let mut range = [0.0; 2];
        for (range, refill) in range.iter_mut().zip(REFILLS) {
            let ticks = if refill == own { self.ends } else { self.again(session, cache, refill)? };
            *range = us(session.tick()) * (ticks as f64 / self.ends as f64);
        }
        Ok(Some(range))
    }

    /// Ticks that the same steps take at another refill.
    fn again(&self, session: &Session, cache: &mut ModelCache, refill: u8) -> Result<Tick, SceneError> {
        let assume = Assume { branch_refill: refill, ..session.program().assume.clone() };
        let plan = Plan::with_assumptions(&session.loaded, cache, &assume)?;
        let mut machine = Machine::new(Arc::clone(&plan.program));
        let steps: Vec<Vec<u32>> = self.rows.iter().chain(&self.ahead).cloned().collect();
        machine.run(&steps, self.rows.len());
        Ok(machine.state().tick)
    }
}
