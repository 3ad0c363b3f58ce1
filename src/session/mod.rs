//! Experiment that is built from a scene, stepped, run and observed.
//!
//! A session connects the task and its network with the machine: it gives the machine the next
//! input, and the task the y that comes out.

pub mod against;
pub mod attention;
mod beside;
pub mod build;
mod cache;
pub mod calibrate;
pub mod call;
mod change_plan;
pub mod changes;
pub mod chip_view;
pub mod code;
pub mod code_request;
pub mod command;
pub mod contexts;
pub mod counts;
pub mod debug;
pub mod divergence;
pub mod energy;
pub mod engine;
mod event;
mod fault_plan;
pub mod faults;
pub mod findings;
pub mod firing;
mod followed;
pub mod history;
pub mod inspect;
pub mod instructions;
pub mod longest_step;
pub mod membrane;
pub mod opening;
pub mod pace;
mod packets;
pub mod products;
pub mod ranges;
mod readings;
pub mod real_time;
pub mod record;
pub mod setup;
pub mod snapshot;
pub mod stats;
pub mod ticks;
pub mod timeline;
pub mod transformer;
pub mod trial;
pub mod tune;
pub mod verify;
pub mod view;
pub mod watchlist;

use std::sync::{Arc, OnceLock};

use thiserror::Error;

use crate::chip::clock::Tick;
use crate::machine::exec::{Machine, Progress};
use crate::machine::legend::PhaseId;
use crate::machine::legend::PopulationId;
use crate::machine::program::Program;
use crate::machine::queue::Event;
use crate::machine::stop::Stop;
use crate::model::Model;
use crate::scene::LoadedScene;
use crate::task::{Moment, TaskRun};

use beside::{TaskState, WORTH_A_THREAD, Worker};
use change_plan::Changes;
use energy::{Energy, EnergyParts, Meter};
use fault_plan::FaultPlan;
use followed::Followed;
use opening::Opening;
use pace::StepUnit;
use setup::Setup;
use stats::Stats;
use timeline::PathUses;

/// Stack of a thread that reads conditions, in bytes: they nest up to 50 levels, at some 40 kB each
/// in a dev build.
const STACK_BYTES: usize = 8 << 20;

/// Events handled at once by [`Session::advance_swiftly`]: about a millisecond.
const EVENTS_AT_ONCE: u64 = 8192;

/// Outcome of an attempt to advance the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// An event was handled.
    Advanced(Progress),
    /// All input is read.
    Finished,
    /// The session cannot go on.
    Stopped(Stopped),
}

/// Reason for which a session cannot go on before all input is read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Stopped {
    /// The machine stopped.
    #[error(transparent)]
    Machine(#[from] Stop),
    /// The task has no input for the next time step, for instance since a recording is gone.
    #[error("{0}")]
    Input(String),
    /// The chip takes no further time step, although an announced one is not complete.
    #[error("the chip does not take the next time step")]
    NotTaken,
}

/// Experiment: a scene's program on the emulated chip, with its task.
#[derive(Clone, Debug)]
pub struct Session {
    /// Scene that the session was built from.
    pub loaded: LoadedScene,
    model: Model,
    placed: Vec<crate::mapping::Placed>,
    machine: Machine,
    work: TaskState,
    /// Thread that judges outputs beside the chip; `None` to judge them on the session's own.
    judging: Option<Arc<Worker>>,
    stats: Stats,
    last_event: Option<Event>,
    ended_phase: Option<(PopulationId, PhaseId)>,
    /// Recent history, recorded while a front end shows the timeline.
    step_history: Option<timeline::StepHistory>,
    /// Potentials of the last ticks, recorded for front ends.
    membranes: Option<membrane::Membranes>,
    faults: FaultPlan,
    changes: Changes,
    /// PE whose calls are followed by instructions.
    followed: Option<Followed>,
    opening: Opening,
    setup: OnceLock<Arc<Setup>>,
    /// Uses of the opening's critical path; empty until a front end asks after its last step.
    opening_uses: OnceLock<Option<PathUses>>,
}

impl Session {
    fn new(
        loaded: LoadedScene,
        (model, placed): (Model, Vec<crate::mapping::Placed>),
        machine: Machine,
        work: Box<dyn TaskRun>,
    ) -> Self {
        let stats = Stats::new(machine.program().populations.len(), machine.program().pes.len())
            .counting(model.network());
        let faults = FaultPlan::new(&loaded.scene.faults);
        let (last_event, ended_phase, step_history) = (None, None, None);
        Self {
            loaded,
            model,
            placed,
            machine,
            work: TaskState::new(work),
            judging: None,
            stats,
            last_event,
            ended_phase,
            step_history,
            membranes: None,
            faults,
            changes: Changes::default(),
            followed: None,
            opening: Opening::default(),
            setup: OnceLock::new(),
            opening_uses: OnceLock::new(),
        }
    }

    /// Announces further time steps that the chip takes and whose inputs are known: with layers one
    /// after the other the next when the last one is complete, in a pipeline steps ahead.
    fn announce(&mut self) -> Result<(), StepOutcome> {
        while self.machine.takes_step() {
            match self.work.next_rows() {
                Ok(Some(rows)) if self.machine.announce(&rows) => {}
                Ok(Some(_)) => {
                    return Err(StepOutcome::Stopped(Stopped::NotTaken));
                }
                Ok(None) => break,
                Err(what) => return Err(StepOutcome::Stopped(Stopped::Input(what))),
            }
        }
        Ok(())
    }

    /// Returns the event that [`Self::advance`] will handle, after the announcements that
    /// it would make.
    fn next_event(&mut self) -> Option<Event> {
        self.announce().ok()?;
        self.machine.next_event()
    }

    /// Handles one event, after announcing time steps.
    pub fn advance(&mut self) -> StepOutcome {
        self.machine.forget_written();
        if let Err(stopped) = self.announce() {
            return stopped;
        }
        if self.steps_in_flight() == 0 {
            return StepOutcome::Finished;
        }
        let next = self.machine.next_event();
        self.faults_due(next);
        self.changes_due();
        let Some(progress) = self.machine.advance() else {
            return StepOutcome::Stopped(self.machine.stop().map_or(Stopped::NotTaken, Stopped::Machine));
        };
        self.last_event = next;
        let ended = progress.phase;
        self.ended_phase = ended.or(self.ended_phase);
        if progress.step {
            self.note_step();
        }
        self.follow_event();
        StepOutcome::Advanced(progress)
    }

    fn note_step(&mut self) {
        let outputs = self.outputs();
        self.stats.step(&self.machine, &outputs);
        if let (Some(membranes), Some(spikes)) = (&mut self.membranes, outputs.first()) {
            membranes.note(&self.machine, self.stats.steps - 1, spikes);
        }
        self.opening.note(self.stats.steps, &self.machine);
        let energy = self.energy();
        self.stats.energy.complete(energy.energy_j);
        self.stats.transformer.energy(self.stats.energy.last().unwrap_or_default());
        let now = (self.machine.state().tick, energy.energy_j);
        self.work.observe(outputs, now, self.judging.as_deref());
        if let Some(step_history) = &mut self.step_history {
            step_history.step(&mut self.machine, self.work.constant().kind().step_word);
        }
    }

    /// Returns the values that the host received in the last time step: of each sample the
    /// last layer's values; of a spiking network the values of all populations, and the traces
    /// of its task.
    fn outputs(&self) -> Vec<Vec<f32>> {
        let program = self.program();
        if !program.is_timed() {
            return (0..program.batch as usize).map(|sample| self.machine.output(sample)).collect();
        }
        let all = (0..program.populations.len()).flat_map(|population| self.machine.output_of(population, 0));
        let mut outputs = vec![all.collect()];
        let traced = self.work.constant().traced();
        if !traced.is_empty() {
            outputs.push(
                traced.iter().map(|&(population, neuron)| self.potential(population, neuron)).collect(),
            );
        }
        outputs
    }

    /// Returns the membrane potential of a neuron as its PE stores it; 0 if there is
    /// no such neuron.
    fn potential(&self, population: usize, neuron: u32) -> f32 {
        let pes = self.program().populations.get(population).map_or(&[][..], |layer| &layer.pes);
        let found = pes.iter().find_map(|&pe| {
            let (_, slot) = self.program().pe(pe)?.slot_of(PopulationId::at(population))?;
            let place = slot.units.binary_search(&neuron).ok()?;
            let address = slot.detail.state() + 4 * place as u32;
            Some(f32::from_bits(self.machine.state().pes[pe.index()].sram.word(address)))
        });
        found.unwrap_or(0.0)
    }

    /// Starts recording the timeline, or ends and discards the recording. Recording does not change
    /// what the chip does.
    pub fn watch_timeline(&mut self, on: bool) {
        if on && self.step_history.is_none() {
            self.step_history = Some(timeline::StepHistory::begin(&mut self.machine));
        } else if !on && self.step_history.take().is_some() {
            self.machine.stop_recording();
        }
    }

    /// Starts recording the neurons' potentials, where the network has spiking ones.
    ///
    /// Recording changes nothing of what the chip does.
    pub fn watch_membranes(&mut self) {
        self.membranes = membrane::Membranes::new(self.machine.program());
    }

    /// Returns the potential of a neuron in the last ticks; `None` if there is no such neuron, or
    /// nothing is recorded.
    pub fn membrane(&self, pin: membrane::Pin) -> Option<membrane::MembraneView> {
        self.membranes.as_ref()?.view(self.program(), self.steps(), pin)
    }

    /// Returns `true` if recording of the timeline started after the last completed step had begun.
    pub fn timeline_lacks_last_step(&self) -> bool {
        let host = &self.machine.state().host;
        let began = host.completed_at - host.last_step_ticks;
        let since =
            self.machine.recorded().filter(|_| self.step_history.is_some()).map(|record| record.since);
        host.completed > 0 && since.is_some_and(|since| since > began)
    }

    /// Returns the first time steps of the run.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Returns the uses of the critical path; the flag is `true` for those of the last time step.
    ///
    /// While the timeline is recorded, that is the last completed step. Otherwise the uses are
    /// those of the opening, once its steps are complete.
    pub fn path_uses(&self) -> Option<(PathUses, bool)> {
        let last = self.step_history.as_ref().and_then(|step_history| step_history.steps.back());
        if let Some(step) = last.filter(|step| step.span.end == self.machine.state().host.completed_at) {
            return Some((step.uses, true));
        }
        let opening = || Some(self.opening.path_uses(self.machine.program())?.0);
        let uses = self.opening.complete().then(|| *self.opening_uses.get_or_init(opening))?;
        Some((uses?, false))
    }

    /// Adds the next time step, or a part of it, where its times are known. Otherwise handles some
    /// events, at most up to the one that completes a time step.
    ///
    /// For who looks at the session between time steps only.
    pub fn advance_swiftly(&mut self) -> StepOutcome {
        self.advance_up_to(u64::MAX)
    }

    /// Advances like [`Self::advance_swiftly`], but not beyond event number `events`, which is
    /// still to come.
    pub fn advance_up_to(&mut self, events: u64) -> StepOutcome {
        if let Some(moved) = self.add_step(events) {
            return moved;
        }
        let due = self.faults.may_come_before(self.stats.steps + 1) || self.changes.pending();
        if due || self.machine.watches() {
            return self.advance();
        }
        if let Err(stopped) = self.announce() {
            return stopped;
        }
        if self.steps_in_flight() == 0 {
            return StepOutcome::Finished;
        }
        let left = events.saturating_sub(self.machine.state().events).min(EVENTS_AT_ONCE);
        let Some((progress, event)) = self.machine.advance_many(left.max(1) as usize) else {
            return StepOutcome::Stopped(self.machine.stop().map_or(Stopped::NotTaken, Stopped::Machine));
        };
        self.handled(progress, event);
        StepOutcome::Advanced(progress)
    }

    /// Updates the session after events, the last of which was `event`.
    fn handled(&mut self, progress: Progress, event: Event) {
        self.faults.just.clear();
        self.follow_anew();
        self.last_event = Some(event);
        self.ended_phase = progress.phase.or(self.ended_phase);
        if progress.step {
            self.note_step();
        }
    }

    /// Adds the next stretch if its times are known, nothing is planned within its step, and it
    /// ends at event number `events` or before.
    fn add_step(&mut self, events: u64) -> Option<StepOutcome> {
        if !self.machine.is_between_stretches()
            || self.step_history.is_some()
            || self.faults.may_come_before(self.stats.steps + 1)
            || self.changes.pending()
        {
            return None;
        }
        self.machine.forget_written();
        if let Err(stopped) = self.announce() {
            return Some(stopped);
        }
        if self.steps_in_flight() == 0 {
            return Some(StepOutcome::Finished);
        }
        let added = self.machine.add_stretch_up_to(events)?;
        self.handled(added.progress, added.event);
        Some(StepOutcome::Advanced(added.progress))
    }

    /// Sets whether every time step is run event by event, also steps whose times are known.
    pub fn run_exactly(&mut self, exactly: bool) {
        self.machine.run_exactly(exactly);
    }

    /// Advances by one unit. Ends early when the input ends or the machine stops.
    pub fn step(&mut self, unit: StepUnit) -> StepOutcome {
        loop {
            let moved = if unit.is_whole_steps() { self.advance_swiftly() } else { self.advance() };
            let StepOutcome::Advanced(progress) = &moved else { return moved };
            if self.completes(unit, *progress) {
                return moved;
            }
        }
    }

    /// Returns `true` if `progress` completes a unit of stepping.
    pub fn completes(&self, unit: StepUnit, progress: Progress) -> bool {
        match unit {
            StepUnit::Event => true,
            StepUnit::Phase => progress.phase.is_some(),
            StepUnit::Layer => progress.population.is_some(),
            StepUnit::TimeStep => progress.step,
            StepUnit::Sequence => progress.step && self.at_sequence_end(),
        }
    }

    fn at_sequence_end(&self) -> bool {
        let work = self.work.constant();
        self.steps().is_multiple_of(u64::from(work.sequence())) || self.steps() == work.total_steps()
    }

    /// Returns the phase that a layer completed last, and that layer; `None` before the first.
    pub fn ended_phase(&self) -> Option<(PopulationId, PhaseId)> {
        self.ended_phase
    }

    /// Returns the number of time steps that are announced and not complete.
    pub fn steps_in_flight(&self) -> usize {
        self.machine.state().host.in_flight.len()
    }

    /// Returns the DRAM rows (tokens, frames) that the last completed time step read, one for each
    /// sample of the batch.
    pub fn rows(&self) -> &[u32] {
        &self.machine.state().host.rows
    }

    /// Returns the number of completed time steps.
    pub fn steps(&self) -> u64 {
        self.stats.steps
    }

    /// Returns the number of completed sequences; a shorter last one counts when the
    /// input has ended.
    pub fn sequences(&self) -> u64 {
        let work = self.work.constant();
        let length = u64::from(work.sequence());
        let ended = self.steps() == work.total_steps() && !self.steps().is_multiple_of(length);
        self.steps() / length + u64::from(ended)
    }

    /// Returns the chip time, in ticks.
    pub fn tick(&self) -> Tick {
        self.machine.state().tick
    }

    /// Returns the emulated chip.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Returns the chip for changes, such as faults.
    pub fn machine_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }

    /// Returns the program that the machine is loaded with.
    pub fn program(&self) -> &Program {
        self.machine.program()
    }

    /// Returns the model that the scene names.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Returns the PEs and units of each layer.
    pub fn placed(&self) -> &[crate::mapping::Placed] {
        &self.placed
    }

    /// Returns the state of the task, and waits for its judgement of the last step.
    pub fn work(&self) -> &dyn TaskRun {
        self.work.current()
    }

    /// Judges outputs on a second thread from now on, beside the next time steps, if there is a
    /// second core and a judgement takes long enough. Results equal those of one thread.
    pub fn use_second_core(&mut self) {
        if std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) {
            self.judge_beside(WORTH_A_THREAD);
        }
    }

    /// Judges outputs on a second thread where a judgement takes at least `least` multiply-adds.
    fn judge_beside(&mut self, least: u64) {
        self.judging = Worker::start(least).map(Arc::new);
    }

    /// Returns the present position of the run, as far as its task shows it.
    pub fn moment(&self) -> Moment<'_> {
        let host = &self.machine.state().host;
        Moment {
            steps: self.steps(),
            in_flight: self.steps_in_flight(),
            row: host.in_flight.front().unwrap_or(&host.rows).first().copied(),
            read: host.rows.first().copied().unwrap_or(0),
            compares_with: &self.model.card().compares_with,
        }
    }

    /// Returns the statistics gathered so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Returns the facts that do not change while the experiment runs.
    pub fn setup(&self) -> &Arc<Setup> {
        self.setup.get_or_init(|| {
            let sequence = self.work().sequence();
            Arc::new(Setup::of(&self.loaded, &self.model, self.program(), sequence))
        })
    }

    /// Returns the energy since the start.
    pub fn energy(&self) -> Energy {
        self.meter().total()
    }

    /// Returns the energy since the start by its uses.
    pub fn energy_parts(&self) -> EnergyParts {
        self.meter().parts()
    }

    /// Returns the meter of the machine, for energies of every kind.
    pub fn meter(&self) -> Meter<'_> {
        Meter::of(&self.machine)
    }

    /// Returns the hash of the last layer's y since the start, which is equal for every partition.
    pub fn output_hash(&self) -> u128 {
        self.stats.output_hash()
    }

    /// Returns the hash of everything that determines the machine's future.
    pub fn state_hash(&mut self) -> u128 {
        self.machine.state_hash()
    }
}
