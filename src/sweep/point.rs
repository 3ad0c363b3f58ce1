//! Evaluation of one point: a scene with edits is built, run, and asked for its figures.

use std::time::Instant;

use serde_json::Map;

use super::line::{Answer, Outcome, Shown};
use super::load::look_up;
use super::worker::Setup;
use crate::machine::stop::Stop;
use crate::report::gather::RunContext;
use crate::report::{Host, Report};
use crate::scene::{LoadedScene, SceneError};
use crate::session::build::{ModelCache, Plan};
use crate::session::command::StepUnit;
use crate::session::ranges::ranges;
use crate::session::{Session, StepOutcome, Stopped};

/// Fields of the report that take further runs.
const RANGES: [&str; 2] = ["chip_time_range_us", "chip_time_memory_range_us"];

/// Runs a point.
pub fn run(setup: &Setup, edits: &[(String, String)], cache: &mut ModelCache) -> Answer {
    let started = Instant::now();
    let (outcome, why, shown) = match ran(setup, edits, cache) {
        Ok((outcome, why, shown)) => (outcome, why, Some(shown)),
        Err((outcome, why)) => (outcome, Some(why), None),
    };
    Answer { outcome, why, shown, wall_s: started.elapsed().as_secs_f64() }
}

type Ran = (Outcome, Option<String>, Shown);

fn ran(setup: &Setup, edits: &[(String, String)], cache: &mut ModelCache) -> Result<Ran, (Outcome, String)> {
    let refused = |error: &SceneError| (Outcome::Refused, error.message().to_owned());
    let loaded = LoadedScene::from_text(&setup.text, &setup.scene, edits).map_err(|error| refused(&error))?;
    let plan = Plan::fit(&loaded, cache, &loaded.scene.assume).map_err(|error| {
        let outcome = if error.misfit { Outcome::Misfit } else { Outcome::Refused };
        (outcome, error.scene.message().to_owned())
    })?;
    let mut session = plan.start(loaded).map_err(|error| refused(&error))?;
    let begun = Instant::now();
    let target = target(setup, &session);
    let stopped = steps(&mut session, target);
    let wall_s = begun.elapsed().as_secs_f64();
    let (outcome, why) = match &stopped {
        None => (Outcome::Done, None),
        Some(reason) => {
            let why = format!("in time step {}: {reason}", session.steps() + 1);
            (ending(reason), Some(why))
        }
    };
    let ranged = setup.keep.iter().any(|field| RANGES.iter().any(|range| field.starts_with(range)));
    let ranges = if ranged { ranges(&session, cache).map_err(|error| refused(&error))? } else { None };
    let host = Host { wall_s, steps_per_s: session.steps() as f64 / wall_s.max(1e-9) };
    let stopped = stopped.map(|reason| reason.to_string());
    Ok((outcome, why, shown(setup, &mut session, RunContext { ranges, stopped, hit: None, host })))
}

/// Returns the number of time steps after which to stop.
fn target(setup: &Setup, session: &Session) -> u64 {
    let sequence = u64::from(session.work().sequence());
    let asked = setup.steps.or(setup.sequences.map(|count| count.saturating_mul(sequence)));
    let total = session.work().total_steps();
    asked.map_or(total, |asked| asked.min(total))
}

/// Runs time steps; returns the reason if the machine stopped.
fn steps(session: &mut Session, target: u64) -> Option<Stopped> {
    while session.steps() < target {
        match session.step(StepUnit::TimeStep) {
            StepOutcome::Advanced(_) => {}
            StepOutcome::Finished => break,
            StepOutcome::Stopped(reason) => return Some(reason),
        }
    }
    None
}

/// Returns the outcome of a run that the machine or the task has stopped.
fn ending(reason: &Stopped) -> Outcome {
    match reason {
        Stopped::Machine(Stop::Fault(_)) => Outcome::Detected,
        Stopped::Machine(Stop::Stall(_)) | Stopped::NotTaken => Outcome::Hung,
        Stopped::Input(_) => Outcome::Refused,
    }
}

fn shown(setup: &Setup, session: &mut Session, context: RunContext) -> Shown {
    let output_hash = format!("{:032x}", session.output_hash());
    let figures = session.work().figures(&session.moment());
    let mut report = Map::new();
    if !setup.keep.is_empty() {
        let gathered = serde_json::to_value(Report::gather(session, context)).unwrap_or_default();
        for field in &setup.keep {
            let value = look_up(&gathered, field).cloned().unwrap_or_default();
            report.insert(field.clone(), value);
        }
    }
    Shown {
        steps: session.steps(),
        output_hash,
        perplexity: figures.perplexity,
        accuracy: figures.accuracy,
        report,
    }
}
