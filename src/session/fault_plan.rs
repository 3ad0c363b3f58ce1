//! Faults in time: those that the scene plans, and those made by hand on the way.

use crate::chip::clock::{TICKS_PER_US, Tick};
use crate::machine::fault::{Fault, FaultTime, PlannedFault};

/// Planned fault with its state.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub planned: PlannedFault,
    pub done: bool,
    /// Chip time at which the fault was last injected, in ticks.
    pub tick: Tick,
    /// Added during the run; undone by seeking to before its event.
    pub by_hand: bool,
}

/// Position of a run against which fault times are compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Number of handled events.
    pub events: u64,
    /// Number of completed time steps.
    pub steps: u64,
    /// Chip time of the last event.
    pub tick: Tick,
}

/// All faults of an experiment.
#[derive(Clone, Debug, Default)]
pub(super) struct FaultPlan {
    pub plans: Vec<Plan>,
    open: usize,
    /// Faults injected immediately before the last event.
    pub just: Vec<Fault>,
}

impl FaultPlan {
    /// Creates a plan with the faults of a scene, all pending.
    pub fn new(planned: &[PlannedFault]) -> Self {
        let plans = planned.iter().map(|&planned| Plan { planned, done: false, tick: 0, by_hand: false });
        Self { plans: plans.collect(), open: planned.len(), just: Vec::new() }
    }

    /// Returns for each fault whether it was injected, for a checkpoint.
    pub fn done(&self) -> Vec<bool> {
        self.plans.iter().map(|plan| plan.done).collect()
    }

    /// Restores the state saved in a checkpoint, and removes faults that were added since.
    pub fn restore(&mut self, done: &[bool]) {
        for (at, plan) in self.plans.iter_mut().enumerate() {
            plan.done = done.get(at).copied().unwrap_or(false);
        }
        self.count_open();
    }

    /// Returns `true` if a fault may be injected before `steps` time steps are complete.
    pub fn may_come_before(&self, steps: u64) -> bool {
        let comes =
            |plan: &&Plan| !plan.done && !matches!(plan.planned.at, FaultTime::Step(at) if at >= steps);
        self.open > 0 && self.plans.iter().any(|plan| comes(&plan))
    }

    /// Removes manual faults at event number `events` or later. Returns `true` if any were removed.
    pub fn forget_from(&mut self, events: u64) -> bool {
        let before = self.plans.len();
        self.plans
            .retain(|plan| !plan.by_hand || matches!(plan.planned.at, FaultTime::Event(at) if at < events));
        self.count_open();
        self.plans.len() < before
    }

    pub fn count_open(&mut self) {
        self.open = self.plans.iter().filter(|plan| !plan.done).count();
    }

    /// Returns the next due fault and marks it as injected.
    pub fn due(&mut self, now: Now, next: Option<Tick>) -> Option<Fault> {
        if self.open == 0 {
            return None;
        }
        let due = |plan: &&mut Plan| {
            !plan.done
                && match plan.planned.at {
                    FaultTime::Event(at) => now.events >= at,
                    FaultTime::Step(at) => now.steps >= at,
                    FaultTime::TimeUs(at) => next.is_some_and(|tick| tick as f64 >= at * TICKS_PER_US as f64),
                }
        };
        let plan = self.plans.iter_mut().find(due)?;
        plan.done = true;
        plan.tick = now.tick;
        self.open -= 1;
        Some(plan.planned.fault)
    }
}
