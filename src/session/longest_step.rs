//! Longest time step of a run.

use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;
use crate::machine::exec::Machine;

/// Longest time step of a run, and the PE that worked longest in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongestStep {
    /// Chip time of the step.
    pub ticks: Tick,
    /// Number of the step, from 0.
    pub step: u32,
    /// PE that worked longest.
    pub pe: Pe,
    /// Busy time of that PE, in ticks.
    pub busy: Tick,
}

impl LongestStep {
    /// Returns the step that a machine has just completed, number `step` from 0; `None` if no PE
    /// has a program.
    fn completed(machine: &Machine, step: u32) -> Option<Self> {
        let state = machine.state();
        let busy = |pe: &Pe| state.pes[pe.index()].count.busy_last_step;
        let used = machine.program().places().filter(|&pe| machine.program().pe(pe).is_some());
        let pe = used.rev().max_by_key(busy)?;
        Some(Self { ticks: state.host.last_step_ticks, step, pe, busy: busy(&pe) })
    }

    /// Replaces `longest` by the step that a machine has just completed, if that is longer.
    pub fn note(longest: &mut Option<Self>, machine: &Machine, step: u32) {
        let ticks = machine.state().host.last_step_ticks;
        if longest.is_none_or(|longest| ticks > longest.ticks) {
            *longest = Self::completed(machine, step);
        }
    }

    /// Returns the longest tick of a program with timers, whose ticks end on each PE independently.
    pub fn of_timers(machine: &Machine) -> Option<Self> {
        let count = &machine.state().timer.count;
        let pe = count.longest_pe?;
        Some(Self { ticks: count.longest, step: count.longest_step, pe, busy: count.longest })
    }
}
