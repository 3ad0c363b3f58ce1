//! State of an experiment at one moment: machine, task and statistics.

use super::Position;
use crate::machine::checkpoint::Checkpoint as MachineCheckpoint;
use crate::machine::legend::{PhaseId, PopulationId};
use crate::machine::pages::PageStore;
use crate::machine::queue::Event;
use crate::session::Session;
use crate::session::beside::TaskState;
use crate::session::stats::Stats;

/// Saved state of a session: everything in it that changes.
#[derive(Clone, Debug)]
pub(super) struct Checkpoint {
    pub at: Position,
    machine: MachineCheckpoint,
    work: TaskState,
    stats: Stats,
    last_event: Option<Event>,
    ended_phase: Option<(PopulationId, PhaseId)>,
    faults: Vec<bool>,
    changes: Vec<bool>,
    own_bytes: usize,
}

impl Checkpoint {
    pub fn take(session: &mut Session, store: &mut PageStore) -> Self {
        let machine = session.machine.checkpoint(store);
        let own_bytes = machine.own_bytes() + session.stats.own_bytes() + session.work.own_bytes();
        Self {
            at: Position::of(session),
            machine,
            work: session.work.clone(),
            stats: session.stats.clone(),
            last_event: session.last_event,
            ended_phase: session.ended_phase,
            faults: session.faults.done(),
            changes: session.changes.done(),
            own_bytes,
        }
    }

    pub fn restore(&self, session: &mut Session) {
        session.machine.restore(&self.machine);
        if let Some(step_history) = &mut session.step_history {
            step_history.restart(&mut session.machine);
        }
        session.work.clone_from(&self.work);
        session.stats.clone_from(&self.stats);
        session.last_event = self.last_event;
        session.ended_phase = self.ended_phase;
        session.faults.restore(&self.faults);
        session.changes.restore(&self.changes);
        session.set_levels();
        session.follow_anew();
    }

    /// Waits for the judgements that were outstanding at the checkpoint, and frees their parts.
    pub fn settle(&mut self) {
        self.work.settle();
    }

    /// Returns the machine's part of the checkpoint.
    pub fn machine(&self) -> &MachineCheckpoint {
        &self.machine
    }

    /// Returns the approximate bytes that the checkpoint does not share with others,
    /// pages left out.
    pub fn own_bytes(&self) -> usize {
        self.own_bytes
    }
}
