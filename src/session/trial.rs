//! A few time steps of an experiment, run for their figures: what searches judge by.

use super::build::Plan;
use super::command::StepUnit;
use super::{Session, StepOutcome};
use crate::chip::clock::Tick;
use crate::machine::legend::PhaseId;
use crate::scene::{LoadedScene, SceneError};

/// Results of a trial run over some time steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Completed time steps.
    pub steps: u64,
    /// Rows of the input (tokens) of each step, one for each sample of the batch.
    pub rows: Vec<Vec<u32>>,
    /// Chip time, ticks.
    pub ticks: Tick,
    /// Energy of the chip, J.
    pub energy_j: f64,
    /// PEs with a program.
    pub pes: usize,
    /// Hash of the last layer's y of all steps.
    pub output_hash: u128,
    /// Ticks of each phase along the timeline, by layer.
    pub phases: Vec<[Tick; PhaseId::MAX]>,
    /// Number of packets that overwrote unread data.
    pub races: u64,
    /// Reason for which the machine stopped, if it did.
    pub stopped: Option<String>,
}

impl Trial {
    /// Runs a plan of a scene for a number of time steps, or as many as the input has. `None` when
    /// `stop` said so.
    pub fn run(
        plan: Plan,
        loaded: LoadedScene,
        steps: u64,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Self>, SceneError> {
        let mut session = plan.start(loaded)?;
        let mut rows = Vec::new();
        let mut stopped = None;
        while session.steps() < steps {
            if stop() {
                return Ok(None);
            }
            match session.step(StepUnit::TimeStep) {
                StepOutcome::Advanced(_) => rows.push(session.rows().to_vec()),
                StepOutcome::Finished => break,
                StepOutcome::Stopped(reason) => {
                    stopped = Some(reason.to_string());
                    break;
                }
            }
        }
        Ok(Some(Self::of(&session, rows, stopped)))
    }

    fn of(session: &Session, rows: Vec<Vec<u32>>, stopped: Option<String>) -> Self {
        let state = session.machine().state();
        Self {
            steps: session.steps(),
            rows,
            ticks: session.tick(),
            energy_j: session.energy().energy_j,
            pes: session.program().used_pes(),
            output_hash: session.output_hash(),
            phases: state.phases.total.clone(),
            races: state.races.count,
            stopped,
        }
    }

    /// Returns the number of completed time steps as a divisor: 1 if there are none.
    fn divisor(&self) -> f64 {
        self.steps.max(1) as f64
    }

    /// Returns the mean chip time of a time step, µs.
    pub fn step_us(&self) -> f64 {
        crate::chip::clock::us(self.ticks) / self.divisor()
    }

    /// Returns the mean energy of a time step, J.
    pub fn step_j(&self) -> f64 {
        self.energy_j / self.divisor()
    }
}
