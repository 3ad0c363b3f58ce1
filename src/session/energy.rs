//! Energy PE by PE and token by token; both add up to the whole of [`super::stats::energy`].

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::chip::clock::us;
use crate::chip::geometry::PE_COUNT;
use crate::chip::power::PowerModel;
use crate::machine::exec::Machine;
use crate::machine::options::Waiting;

/// Time steps of the histories that charts draw.
pub const HISTORY: usize = 140;

/// What one PE used since the start, J. With the chip around the PEs and transport, all PEs add up to the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PeEnergy {
    /// Powered and asleep.
    pub asleep_j: f64,
    /// What it drew more in operations and handlers.
    pub active_j: f64,
    /// What it drew more in polling loops; 0 where PEs sleep while they wait.
    pub polling_j: f64,
}

impl PeEnergy {
    /// Of one PE, by its index.
    pub fn of(machine: &Machine, pe: usize) -> Self {
        let model = PowerModel::at(machine.program().operating_point);
        let joules = |milliwatts: f64, ticks: u64| milliwatts * 1e-9 * us(ticks);
        let tick = machine.state().tick;
        // An operation under way has its whole time booked: what lies ahead does not count yet.
        let busy = machine.state().pes.get(pe).map_or(0, |state| state.count.busy.min(tick));
        let used = machine.program().pes.get(pe).is_some_and(Option::is_some);
        let polling = match machine.program().waiting {
            Waiting::Poll if used => machine.program().assume.polling,
            Waiting::Poll | Waiting::Sleep => 0.0,
        };
        Self {
            asleep_j: joules(model.pe_asleep_mw, tick),
            active_j: joules(model.pe_active_mw, busy),
            polling_j: polling * joules(model.pe_active_mw, tick - busy),
        }
    }

    /// Of every PE, by index, those without a program too: they sleep.
    pub fn all(machine: &Machine) -> Vec<Self> {
        (0..PE_COUNT).map(|pe| Self::of(machine, pe)).collect()
    }

    /// The sum of its parts, J.
    pub fn total(self) -> f64 {
        self.asleep_j + self.active_j + self.polling_j
    }
}

/// Energy of each time step, from the end of the step before to its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepEnergy {
    /// J at the end of the last completed step, since the start.
    until: f64,
    /// J of the last steps, newest last.
    history: VecDeque<f64>,
}

impl StepEnergy {
    /// A step is complete; the chip has used `energy_j` since the start.
    pub fn complete(&mut self, energy_j: f64) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(energy_j - self.until);
        self.until = energy_j;
    }

    /// J of the last steps (at most [`HISTORY`]), oldest first.
    pub fn history(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.history.iter().copied()
    }

    /// J of the last completed step; none before the first.
    pub fn last(&self) -> Option<f64> {
        self.history.back().copied()
    }

    /// J of all completed steps together.
    pub fn total(&self) -> f64 {
        self.until
    }
}
