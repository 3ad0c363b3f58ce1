//! Scripts: commands carried out in sequence, and questions answered at the end. The sender need
//! not know when the machine is at rest.

use std::collections::VecDeque;

use super::super::command::{Command, Script};
use super::super::debug::expr::Value;
use super::super::debug::{Condition, ExprError, Names};
use super::super::history::SeekTarget;
use super::{EngineEvent, Mode, Notify, Runner};
use crate::session::Session;

/// Reasons for which a [`Command::Perform`] ended early: another one, or a command by hand.
pub const INTERRUPTED: [&str; 2] = ["another seek was requested", "interrupted on the way"];

/// Outcome of a [`Command::Perform`].
#[derive(Clone, Debug)]
pub struct ScriptResult {
    /// Tag of the [`Script`].
    pub tag: u32,
    /// State at the end, or the reason why a command failed.
    pub result: Result<ScriptState, String>,
}

/// State at the end of a script, with the answers to its questions.
#[derive(Clone, Debug)]
pub struct ScriptState {
    /// Events handled since the start.
    pub events: u64,
    /// Hash of everything that determines the machine's future.
    pub state_hash: u128,
    /// Values requested, in order.
    pub values: Vec<Result<Value, ExprError>>,
    /// Conditions requested, in order.
    pub conditions: Vec<Result<Held, ExprError>>,
}

/// Result of a condition, with the values of its names.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Whether the condition is true.
    pub holds: bool,
    /// Names in the condition, with their values.
    pub values: Vec<(String, Value)>,
}

/// Script in progress.
#[derive(Debug)]
pub(super) struct RunningScript {
    script: Script,
    todo: VecDeque<Command>,
    /// Command that was started last.
    last: Option<Command>,
}

impl Runner {
    /// Starts a script; one in progress ends.
    pub(super) fn perform(&mut self, mut script: Script, notify: Notify<'_>) {
        self.end_script(Err(INTERRUPTED[0].to_owned()), notify);
        if self.is_moving() {
            self.mode = Mode::Paused;
        }
        let todo = std::mem::take(&mut script.commands).into();
        self.performing = Some(RunningScript { script, todo, last: None });
    }

    /// Ends the script if a command of the user moves the experiment.
    pub(super) fn interrupt(&mut self, command: &Command, notify: Notify<'_>) {
        let elsewhere = matches!(
            command,
            Command::Restart
                | Command::Reload
                | Command::Open { .. }
                | Command::Rebuild { .. }
                | Command::Withhold { .. }
                | Command::Code { .. }
        );
        if self.performing.is_some() && (elsewhere || command.moves()) {
            if self.is_moving() {
                self.mode = Mode::Paused;
            }
            self.end_script(Err(INTERRUPTED[1].to_owned()), notify);
        }
    }

    /// Starts the next command of the script, or ends it; call it when the machine is at rest.
    pub(super) fn advance_script(&mut self, notify: Notify<'_>) {
        if let Some(missed) = self.missed() {
            return self.end_script(Err(missed), notify);
        }
        let Some(performing) = &mut self.performing else { return };
        let Some(command) = performing.todo.pop_front() else {
            let result = self.arrived();
            return self.end_script(result, notify);
        };
        performing.last = Some(command.clone());
        let faults = self.faults_so_far();
        let mut said = None;
        self.handle_command(&command, &mut |event| match event {
            EngineEvent::Said(what) => said = Some(what),
            other => notify(other),
        });
        let failed = match command {
            Command::Inject(_) => self.faults_so_far() == faults,
            // A build that has begun ends the script itself if it fails.
            Command::Open { .. } => self.building.is_none(),
            _ => false,
        };
        if failed {
            let why = said.unwrap_or_else(|| "there is no experiment".to_owned());
            self.end_script(Err(why), notify);
        }
    }

    /// Returns the reason if the last command did not lead where it should.
    fn missed(&self) -> Option<String> {
        let session = self.session.as_ref()?;
        let (at, steps) = (session.machine().state().events, session.steps());
        match self.performing.as_ref()?.last.as_ref()? {
            Command::Go(SeekTarget::Event(event)) if *event != at => {
                Some(format!("event {event} cannot be reached: the experiment is at event {at}"))
            }
            Command::Go(SeekTarget::Step(step)) if *step != steps => {
                Some(format!("step {step} cannot be reached: the experiment is at step {steps}"))
            }
            _ => None,
        }
    }

    fn faults_so_far(&self) -> usize {
        self.session.as_ref().map_or(0, |session| session.faults().count())
    }

    fn arrived(&mut self) -> Result<ScriptState, String> {
        let (Some(session), Some(performing)) = (&mut self.session, &self.performing) else {
            return Err("there is no experiment".to_owned());
        };
        self.points.arrived(session);
        let Script { values, conditions, .. } = &performing.script;
        Ok(ScriptState {
            events: session.machine().state().events,
            state_hash: session.state_hash(),
            values: values.iter().map(|text| Value::evaluate(text, session)).collect(),
            conditions: conditions.iter().map(|text| holds(text, session)).collect(),
        })
    }

    pub(super) fn end_script(&mut self, result: Result<ScriptState, String>, notify: Notify<'_>) {
        if let Some(RunningScript { script, .. }) = self.performing.take() {
            self.changed = true;
            notify(EngineEvent::ScriptEnded(Box::new(ScriptResult { tag: script.tag, result })));
        }
    }
}

/// Evaluates a condition, with the values of its names.
fn holds(text: &str, session: &Session) -> Result<Held, ExprError> {
    let (mut condition, _) = Condition::new(text, &Names::of(session))?;
    Ok(Held { holds: condition.holds(session, &[]), values: condition.values(session) })
}
