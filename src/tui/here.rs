//! Reloads that keep the position: builds a scene, runs it to the time step of the one before, and
//! keeps a snapshot of that one to compare with.

use super::app::{App, Effect, Overlay};
pub use super::state::here::{HereState, Pending};
use crate::session::command::{Command, Script};
use crate::session::engine::{INTERRUPTED, ScriptResult};
use crate::session::history::SeekTarget;
use crate::session::snapshot::{RunState, Snapshot};

/// Largest tag: those of lessons count from 1 upwards, these from here downwards.
const LAST_TAG: u32 = u32::MAX;

/// Reads the scene again and runs it to the present time step.
pub fn reload(app: &mut App) -> Vec<Effect> {
    keeping_step(app, Command::Reload)
}

/// Builds a scene with `build`, [`Command::Reload`] or [`Command::Open`], and runs it to the
/// present time step.
///
/// The engine stops at that step, whatever breakpoints hold on the way; a run is then continued. In
/// a lesson, whose pages have moments of their own, the new scene begins at its start.
pub fn keeping_step(app: &mut App, build: Command) -> Vec<Effect> {
    let Some(snapshot) = app.snapshot.clone().filter(|_| app.lesson.is_none()) else {
        return vec![Effect::Engine(build)];
    };
    let run = snapshot.run == RunState::Running;
    let (step, run, before) = match app.here.pending.take() {
        // Saved again on the way: the way still leads where it was meant to.
        Some(earlier) => (earlier.step, earlier.run, earlier.before),
        None => (snapshot.steps, run, snapshot),
    };
    let tag = LAST_TAG - app.here.begun % (LAST_TAG / 2);
    app.here.begun = app.here.begun.wrapping_add(1);
    app.here.pending = Some(Pending { tag, step, run, loaded: false, before });
    let go = (step > 0).then_some(Command::Go(SeekTarget::Step(step)));
    let commands = std::iter::once(build).chain(go).collect();
    vec![Effect::Engine(Command::Perform(Script { tag, commands, ..Script::default() }))]
}

/// Keeps the present snapshot to compare with if a command rebuilds the scene and returns to the
/// same time step; drops it on another command that builds a scene.
pub(super) fn heard(app: &mut App, command: &Command) {
    match command {
        Command::Rebuild { .. } | Command::Withhold { .. } => app.here.rebuilding.clone_from(&app.snapshot),
        Command::Reload | Command::Restart | Command::Open { .. } => app.here.rebuilding = None,
        _ => {}
    }
}

/// Notes that a scene was loaded.
pub(super) fn loaded(app: &mut App) {
    match &mut app.here.pending {
        Some(pending) => pending.loaded = true,
        // Unless it was rebuilt, what was before is no longer compared with.
        None => app.here.before = app.here.rebuilding.take(),
    }
}

/// Handles the end of a reload, if `performed` is one; returns what the engine has to do then.
pub(super) fn performed(app: &mut App, performed: &ScriptResult) -> Option<Vec<Effect>> {
    let pending = app.here.pending.take_if(|pending| pending.tag == performed.tag)?;
    let Pending { step, run, loaded, before, .. } = pending;
    if loaded {
        app.here.before = Some(before);
    }
    match &performed.result {
        Ok(_) => {
            app.notice = Some(format!("{} loaded, at time step {step} as before", app.scene));
            return Some(if run { vec![Effect::Engine(Command::Run)] } else { Vec::new() });
        }
        Err(why) if !loaded && !INTERRUPTED.contains(&why.as_str()) => {
            app.overlays.retain(|overlay| !matches!(overlay, Overlay::SceneError { .. }));
            app.overlays.push(Overlay::SceneError { text: why.clone(), scroll: 0 });
        }
        Err(why) => app.notice = Some(format!("time step {step} not reached: {why}")),
    }
    Some(Vec::new())
}

/// Returns the experiment before the last reload, while the present one stands at the same time
/// step.
pub fn before(app: &App) -> Option<&Snapshot> {
    let (before, now) = (app.here.before.as_deref()?, app.picture()?);
    (before.steps == now.steps).then_some(before)
}
