//! Faults in time: those that the scene plans, and those made by hand on the way.

use std::ops::Range;

use super::Session;
use crate::chip::clock::{TICKS_PER_US, Tick};
use crate::chip::geometry::Pe;
use crate::machine::fault::{Fault, FaultError, FaultTime, PlannedFault};

/// A planned fault, and whether it has happened.
#[derive(Clone, Debug)]
struct Plan {
    planned: PlannedFault,
    done: bool,
    /// Chip time at which it happened last, in ticks.
    tick: Tick,
    /// Made on the way: gone when one steps back before it.
    by_hand: bool,
}

/// Position of a run against which fault times are compared.
#[derive(Clone, Copy, Debug)]
struct Now {
    /// Number of handled events.
    events: u64,
    /// Number of completed time steps.
    steps: u64,
    /// Chip time of the last event.
    tick: Tick,
}

/// All faults of an experiment.
#[derive(Clone, Debug, Default)]
pub(super) struct FaultPlan {
    plans: Vec<Plan>,
    open: usize,
    /// What went wrong just before the last event.
    pub just: Vec<Fault>,
}

impl FaultPlan {
    /// What the scene plans.
    pub fn new(planned: &[PlannedFault]) -> Self {
        let plans = planned.iter().map(|&planned| Plan { planned, done: false, tick: 0, by_hand: false });
        Self { plans: plans.collect(), open: planned.len(), just: Vec::new() }
    }

    /// Which have happened: part of a checkpoint.
    pub fn done(&self) -> Vec<bool> {
        self.plans.iter().map(|plan| plan.done).collect()
    }

    /// Back to when those had happened, and none that was added since.
    pub fn restore(&mut self, done: &[bool]) {
        for (at, plan) in self.plans.iter_mut().enumerate() {
            plan.done = done.get(at).copied().unwrap_or(false);
        }
        self.count_open();
    }

    /// Faults made by hand after so many events or later never were; says whether there were any.
    pub fn forget_from(&mut self, events: u64) -> bool {
        let before = self.plans.len();
        self.plans
            .retain(|plan| !plan.by_hand || matches!(plan.planned.at, FaultTime::Event(at) if at < events));
        self.count_open();
        self.plans.len() < before
    }

    fn count_open(&mut self) {
        self.open = self.plans.iter().filter(|plan| !plan.done).count();
    }

    /// The next that is due; it counts as done.
    fn due(&mut self, now: Now, next: Option<Tick>) -> Option<Fault> {
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

impl Session {
    /// Lets go wrong what is due before the next event.
    pub(super) fn faults_due(&mut self) {
        self.faults.just.clear();
        let state = self.machine.state();
        let next = state.queue.peek().map(|event| event.tick);
        let now = Now { events: state.events, steps: self.stats.steps, tick: state.tick };
        while let Some(fault) = self.faults.due(now, next) {
            // Checked when the scene was built, and when it was made by hand.
            let _ = self.machine.inject_fault(&fault);
            self.faults.just.push(fault);
        }
    }

    /// After this moment was come back to: what was made to go wrong at it goes wrong again.
    pub(super) fn repeat_by_hand(&mut self) {
        let tick = self.machine.state().tick;
        let now = FaultTime::Event(self.machine.state().events);
        for plan in &mut self.faults.plans {
            if plan.by_hand && !plan.done && plan.planned.at == now {
                plan.done = true;
                plan.tick = tick;
                let _ = self.machine.inject_fault(&plan.planned.fault);
            }
        }
        self.faults.count_open();
    }

    /// The fault made by hand at this very moment that writes to these bytes, the last one.
    pub(super) fn by_hand_now(&self, pe: Pe, bytes: &Range<u32>) -> Option<Fault> {
        let now = FaultTime::Event(self.machine.state().events);
        let mut plans = self.faults.plans.iter().rev();
        let plan = plans
            .find(|plan| plan.by_hand && plan.planned.at == now && plan.planned.fault.touches(pe, bytes))?;
        Some(plan.planned.fault)
    }

    /// Lets something go wrong, now. It is part of this course of events: stepping back before it undoes it.
    pub fn inject(&mut self, fault: Fault) -> Result<(), FaultError> {
        self.machine.inject_fault(&fault)?;
        let state = self.machine.state();
        let planned = PlannedFault { at: FaultTime::Event(state.events), fault };
        self.faults.plans.push(Plan { planned, done: true, tick: state.tick, by_hand: true });
        Ok(())
    }

    /// Faults that have happened so far, in the order in which they were planned.
    pub fn faults(&self) -> impl Iterator<Item = &PlannedFault> {
        self.faults.plans.iter().filter(|plan| plan.done).map(|plan| &plan.planned)
    }

    /// Iterates over the injected faults in schedule order, with the chip time of each in ticks.
    pub fn injected(&self) -> impl Iterator<Item = (Fault, Tick)> {
        self.faults.plans.iter().filter(|plan| plan.done).map(|plan| (plan.planned.fault, plan.tick))
    }

    /// Returns the reason, as part of a sentence, if a fault does not change what is computed.
    pub fn without_effect(&self, fault: &Fault) -> Option<String> {
        let why = fault.without_effect(self.program())?;
        Some(format!("without effect on what is computed, since {why}"))
    }
}
