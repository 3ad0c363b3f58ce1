//! Part of a recording that is kept while it is shown: the last steps in full, and the critical
//! path of more steps.

use std::collections::VecDeque;

use super::path::{Segment, path};
use super::summary::Summary;
use super::uses::PathUses;
use crate::chip::clock::Tick;
use crate::machine::exec::Machine;
use crate::machine::record::{Limits, StepSpan};

/// Number of completed time steps of which every operation and packet is kept, beside the
/// one in progress.
pub const DETAILED_STEPS: usize = 4;
/// Completed time steps of which the critical path is kept: two sequences of the
/// paper's language model.
pub const KNOWN_STEPS: usize = 140;

/// A completed time step.
#[derive(Clone, Debug)]
pub struct RecordedStep {
    /// Number and time.
    pub span: StepSpan,
    /// Critical path of the step; of steps no longer kept in full, with neighbours of
    /// one kind joined.
    pub path: Vec<Segment>,
    /// Cause that bounds the step, in one sentence.
    pub sentence: String,
    /// Uses of its critical path.
    pub uses: PathUses,
}

/// History of the last time steps, for timeline and critical path.
#[derive(Clone, Debug, Default)]
pub struct StepHistory {
    /// Time steps that are kept, oldest first.
    pub steps: VecDeque<RecordedStep>,
}

impl StepHistory {
    /// Starts recording of a machine.
    pub fn begin(machine: &mut Machine) -> Self {
        machine.record(Limits::default());
        Self::default()
    }

    /// The machine has gone back: what comes now is recorded again, and what was known of the time
    /// after is forgotten.
    pub fn restart(&mut self, machine: &mut Machine) {
        machine.record(Limits::default());
        let now = machine.state().tick;
        self.steps.retain(|step| step.span.end <= now);
    }

    /// A time step is complete: takes it in, and lets the machine forget what is too old.
    pub fn step(&mut self, machine: &mut Machine, word: &str) {
        let Some(record) = machine.recorded() else { return };
        let Some(&span) = record.steps.back() else { return };
        if span.begin < record.since {
            return; // began before the recording did
        }
        let program = machine.program();
        let path = path(program, record, &span, span.begin);
        let sentence = Summary::of(program, record, &path, 1).sentence(program, word);
        let uses = PathUses::of(program, record, &path);
        self.steps.push_back(RecordedStep { span, path, sentence, uses });
        if self.steps.len() > KNOWN_STEPS {
            self.steps.pop_front();
        }
        if let Some(old) = self.steps.len().checked_sub(DETAILED_STEPS + 1) {
            self.steps[old].path = joined(&self.steps[old].path);
        }
        machine.forget_before(self.detailed(span.begin));
    }

    /// From when on every operation and packet is kept; `none` without a step.
    pub fn detailed(&self, none: Tick) -> Tick {
        let first = self.steps.len().saturating_sub(DETAILED_STEPS);
        self.steps.get(first).map_or(none, |step| step.span.begin)
    }
}

/// Joins neighbouring segments of one kind; their PEs are lost.
fn joined(path: &[Segment]) -> Vec<Segment> {
    let mut joined: Vec<Segment> = Vec::new();
    for segment in path {
        let segment = Segment { pe: None, packet: None, ..*segment };
        match joined.last_mut() {
            Some(last)
                if (last.doing, last.layer, last.phase) == (segment.doing, segment.layer, segment.phase) =>
            {
                last.end = segment.end;
            }
            _ => joined.push(segment),
        }
    }
    joined
}
