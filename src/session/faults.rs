//! Faults of a session: injecting those that are due, and more by hand.

use std::ops::Range;

use super::Session;
use super::fault_plan::{Now, Plan};
use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;
use crate::machine::fault::{Fault, FaultError, FaultTime, PlannedFault};
use crate::machine::queue::Event;

impl Session {
    /// Injects every fault that is due before the next event.
    pub(super) fn faults_due(&mut self, next: Option<Event>) {
        self.faults.just.clear();
        let state = self.machine.state();
        let next = next.map(|event| event.tick);
        let now = Now { events: state.events, steps: self.stats.steps, tick: state.tick };
        while let Some(fault) = self.faults.due(now, next) {
            // Checked when the scene was built, and when it was made by hand.
            let _ = self.machine.inject_fault(&fault);
            self.faults.just.push(fault);
        }
    }

    /// Repeats the manual faults of the current event after a seek.
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
        self.changes_due();
    }

    /// Removes faults and changes made by hand at event number `events` or later. Returns `true` if
    /// any were removed.
    pub(super) fn forget_from(&mut self, events: u64) -> bool {
        let faults = self.faults.forget_from(events);
        self.changes.forget_from(events) || faults
    }

    /// Returns the latest manual fault at the current event that writes to these bytes.
    pub(super) fn by_hand_now(&self, pe: Pe, bytes: &Range<u32>) -> Option<Fault> {
        let now = FaultTime::Event(self.machine.state().events);
        let mut plans = self.faults.plans.iter().rev();
        let plan = plans
            .find(|plan| plan.by_hand && plan.planned.at == now && plan.planned.fault.touches(pe, bytes))?;
        Some(plan.planned.fault)
    }

    /// Injects a fault now. Stepping back before it undoes it.
    pub fn inject(&mut self, fault: Fault) -> Result<(), FaultError> {
        self.machine.inject_fault(&fault)?;
        let state = self.machine.state();
        let planned = PlannedFault { at: FaultTime::Event(state.events), fault };
        self.faults.plans.push(Plan { planned, done: true, tick: state.tick, by_hand: true });
        Ok(())
    }

    /// Iterates over the faults injected so far, in the order of the plan.
    pub fn faults(&self) -> impl Iterator<Item = &PlannedFault> {
        self.faults.plans.iter().filter(|plan| plan.done).map(|plan| &plan.planned)
    }

    /// Iterates over the injected faults in schedule order, with the chip time of each in ticks.
    pub fn injected(&self) -> impl Iterator<Item = (Fault, Tick)> {
        self.faults.plans.iter().filter(|plan| plan.done).map(|plan| (plan.planned.fault, plan.tick))
    }

    /// Returns the reason, as part of a sentence, if a fault does not change results.
    pub fn without_effect(&self, fault: &Fault) -> Option<String> {
        let why = fault.without_effect(self.program())?;
        Some(format!("without effect on the results, since {why}"))
    }
}
