//! History of completed time steps: the last steps in full, and the critical paths of earlier ones.

use std::collections::VecDeque;

use super::path::{Segment, path};
use super::summary::Summary;
use super::uses::PathUses;
use crate::chip::clock::Tick;
use crate::machine::exec::Machine;
use crate::machine::record::{Limits, StepSpan};

/// Number of completed time steps of which every operation and packet is kept. The step in
/// progress comes on top.
pub const DETAILED_STEPS: usize = 4;
/// Number of completed time steps of which the critical path is kept: two sequences of the
/// paper's language model.
pub const KNOWN_STEPS: usize = 140;

/// A completed time step.
#[derive(Clone, Debug)]
pub struct RecordedStep {
    /// Number of the step, and its begin and end.
    pub span: StepSpan,
    /// Critical path of the step. In steps no longer kept in full, neighbouring segments of one
    /// kind are joined.
    pub path: Vec<Segment>,
    /// Sentence that states what bounds the step.
    pub sentence: String,
    /// Time that the critical path spends on each use.
    pub uses: PathUses,
}

/// History of the last time steps, for the timeline and the critical path.
#[derive(Clone, Debug, Default)]
pub struct StepHistory {
    /// Time steps that are kept, oldest first.
    pub steps: VecDeque<RecordedStep>,
}

impl StepHistory {
    /// Starts recording a machine and returns an empty history.
    pub fn begin(machine: &mut Machine) -> Self {
        machine.record(Limits::default());
        Self::default()
    }

    /// Restarts the recording after the machine has gone back, and drops the steps that end later
    /// than its present tick.
    pub fn restart(&mut self, machine: &mut Machine) {
        machine.record(Limits::default());
        let now = machine.state().tick;
        self.steps.retain(|step| step.span.end <= now);
    }

    /// Adds the time step that has just been completed, and makes the machine drop records that are
    /// no longer needed.
    pub fn step(&mut self, machine: &mut Machine, word: &str) {
        let Some(record) = machine.recorded() else { return };
        let Some(&span) = record.steps.back() else { return };
        if span.begin < record.since {
            return; // The step began before the recording.
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

    /// Returns the tick from which every operation and packet is kept; `none` if no step is known.
    pub fn detailed(&self, none: Tick) -> Tick {
        let first = self.steps.len().saturating_sub(DETAILED_STEPS);
        self.steps.get(first).map_or(none, |step| step.span.begin)
    }
}

/// Joins neighbouring segments of one kind, which then name neither PE nor packet.
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
