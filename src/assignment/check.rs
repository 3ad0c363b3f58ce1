//! Runs an answer to an assignment, and looks at each goal.

use std::path::PathBuf;

use serde::Serialize;

use super::format::{Goal, Test};
use super::load::{AssignmentError, Loaded};
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};
use crate::session::command::StepUnit;
use crate::session::debug::Names;
use crate::session::debug::expr::Condition;
use crate::session::verify::Verifier;
use crate::session::{Session, StepOutcome};

/// Goal of an assignment, looked at after an answer's last time step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GoalChecked {
    /// Words of the goal, for students.
    pub text: String,
    /// Whether the answer meets it.
    pub met: bool,
    /// Values of the condition, or the differences; empty where there is nothing to add.
    pub found: String,
}

/// Answer to an assignment, checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// Title of the assignment.
    pub assignment: String,
    /// Scene of the answer.
    pub answer: String,
    /// Time steps run.
    pub steps: u64,
    /// Reason for which the answer did not run to its end; `null` if it did.
    pub stopped: Option<String>,
    /// Goals in the order of the assignment, after the goal that the task was kept.
    pub goals: Vec<GoalChecked>,
    /// Number of goals that are met.
    pub met: usize,
    /// Whether all goals are.
    pub passed: bool,
}

/// Checks an answer.
///
/// # Errors
///
/// Fails if answer or starting scene cannot be built.
pub fn check(
    loaded: &Loaded,
    answer: LoadedScene,
    cache: &mut ModelCache,
) -> Result<Checked, AssignmentError> {
    let assignment = &loaded.document.value;
    let start = loaded.start()?;
    let kept = kept(&start, &answer);
    let name = answer.path.display().to_string();
    let mut session = Plan::new(&answer, cache)?.start(answer)?;
    let asks = |test: &Test| assignment.goals.iter().any(|goal| goal.test == *test);
    let verifier = asks(&Test::Verified).then(|| Verifier::new(&session));
    let ran = run(&mut session, assignment.steps, verifier);
    let outputs = if asks(&Test::SameOutputs) {
        let mut first = Plan::new(&start, cache)?.start(start)?;
        run(&mut first, assignment.steps, None);
        Some((first.steps(), first.output_hash()))
    } else {
        None
    };
    let mut goals = vec![kept];
    goals.extend(assignment.goals.iter().map(|goal| look(goal, &session, &ran, outputs)));
    let met = goals.iter().filter(|goal| goal.met).count();
    Ok(Checked {
        assignment: assignment.title.clone(),
        answer: name,
        steps: session.steps(),
        passed: met == goals.len() && ran.stopped.is_none(),
        stopped: ran.stopped,
        goals,
        met,
    })
}

/// Looks whether an answer has the model and the task of the starting scene.
fn kept(start: &LoadedScene, answer: &LoadedScene) -> GoalChecked {
    let real = |loaded: &LoadedScene| {
        let found = loaded.resolve(&loaded.scene.model, "model").ok();
        found.and_then(|path| path.canonicalize().ok())
    };
    let model = real(start) == real(answer);
    let task = task(start) == task(answer);
    let found = match (model, task) {
        (true, true) => String::new(),
        (false, _) => "the answer has another model".to_owned(),
        (true, false) => "the answer has another task".to_owned(),
    };
    GoalChecked { text: "model and task of the starting scene".to_owned(), met: model && task, found }
}

/// Returns a scene's task with the files that it names, independent of the scene's folder.
fn task(loaded: &LoadedScene) -> (String, Vec<Option<PathBuf>>) {
    let options = loaded.scene.task.options();
    let mut text = format!("{:?}", loaded.scene.task);
    let mut files = Vec::new();
    for file in options.files() {
        text = text.replace(&format!("{:?}", file.name), "FILE");
        let found = loaded.resolve(file.name, file.field).ok();
        files.push(found.and_then(|path| path.canonicalize().ok()));
    }
    (text, files)
}

/// End of a run.
struct Ran {
    stopped: Option<String>,
    /// First difference between chip and mathematics; `None` without one, or where
    /// nothing was compared.
    difference: Option<String>,
}

fn run(session: &mut Session, steps: Option<u64>, mut verifier: Option<Verifier>) -> Ran {
    let mut ran = Ran { stopped: None, difference: None };
    let target = steps.unwrap_or(u64::MAX).min(session.work().total_steps());
    while session.steps() < target {
        match session.step(StepUnit::TimeStep) {
            StepOutcome::Advanced(_) => {}
            StepOutcome::Finished => break,
            StepOutcome::Stopped(reason) => {
                ran.stopped = Some(reason.to_string());
                break;
            }
        }
        if ran.difference.is_none()
            && let Some(difference) = verifier.as_mut().and_then(|verifier| verifier.check(session).err())
        {
            ran.difference = Some(difference.to_string());
        }
    }
    ran
}

fn look(goal: &Goal, session: &Session, ran: &Ran, outputs: Option<(u64, u128)>) -> GoalChecked {
    let (met, found) = match &goal.test {
        Test::Condition(text) => condition(text, session),
        Test::SameOutputs => {
            let same = outputs == Some((session.steps(), session.output_hash()));
            (same, if same { "" } else { "outputs differ from the starting scene's" }.to_owned())
        }
        Test::Verified => match &ran.difference {
            None => (true, String::new()),
            Some(difference) => (false, difference.clone()),
        },
    };
    GoalChecked { text: goal.text.clone(), met: met && ran.stopped.is_none(), found }
}

/// Evaluates a condition; returns the values of its names with the result.
fn condition(text: &str, session: &Session) -> (bool, String) {
    match Condition::new(text, &Names::of(session)) {
        Ok((mut condition, _)) => {
            let values = condition.values(session);
            let values: Vec<String> =
                values.iter().map(|(name, value)| format!("{name} is {value}")).collect();
            (condition.holds(session, &[]), values.join(", "))
        }
        // An answer may have no layer of that name.
        Err(error) => (false, error.message),
    }
}
