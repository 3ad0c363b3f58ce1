//! The list of breakpoints and tracepoints: what its commands do, and the line in which
//! one is typed.

use super::app::{App, Effect, Overlay};
use super::applies::is_global;
use super::keymap::Key;
pub use super::state::points::{Asking, PointsOverlay};
use super::widgets::prompt::{Prompt, Typed};
use crate::session::command::Command;
use crate::session::debug::expr::complete::complete;
use crate::session::debug::{Condition, ExprError, PointCommand, PointKind, PointSpec};
use crate::session::snapshot::PointView;

/// Returns the error in a condition as typed so far; `None` while it is empty or no
/// scene is loaded.
pub fn error_of(app: &App, text: &str) -> Option<ExprError> {
    let names = app.names.as_deref().filter(|_| !text.trim().is_empty())?;
    Condition::new(text, names).err()
}

/// Opens the line in which a new point is typed, and the list behind it if it is not open yet.
pub(super) fn ask(app: &mut App, kind: PointKind) {
    let asking = Some(Asking { prompt: Prompt::new(app.typed.clone()), kind });
    match app.overlays.last_mut() {
        Some(Overlay::Points(list)) => list.asking = asking,
        _ => app.overlays.push(Overlay::Points(PointsOverlay { selected: 0, asking })),
    }
}

/// Returns the selected point, if the list is on top and has one.
fn selected(app: &App) -> Option<&PointView> {
    let Some(Overlay::Points(list)) = app.overlays.last() else { return None };
    let points = &app.picture()?.debug.points;
    points.get(list.selected.min(points.len().saturating_sub(1)))
}

fn send(command: Option<PointCommand>) -> Vec<Effect> {
    command.map(|command| Effect::Engine(Command::Points(command))).into_iter().collect()
}

/// Switches the selected point on or off.
pub(super) fn toggle(app: &App) -> Vec<Effect> {
    send(selected(app).map(|point| PointCommand::Enable { id: point.id, on: !point.enabled }))
}

/// Deletes the selected point.
pub(super) fn delete(app: &App) -> Vec<Effect> {
    send(selected(app).map(|point| PointCommand::Remove(point.id)))
}

/// Takes a key if the line is open. Keys of the list are commands of the table.
pub(super) fn key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let Some(Overlay::Points(overlay)) = app.overlays.last() else { return None };
    if overlay.asking.is_some() { key_in_line(app, key) } else { None }
}

fn key_in_line(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let names = app.names.clone();
    let Some(Overlay::Points(overlay)) = app.overlays.last_mut() else { return None };
    let asking = overlay.asking.as_mut()?;
    match asking.prompt.key(key) {
        Typed::Changed => {}
        Typed::Left => overlay.asking = None,
        Typed::Complete => {
            if let Some(names) = names {
                let found = complete(asking.prompt.text(), asking.prompt.cursor(), &names);
                asking.prompt.complete(found.start, found.words);
            }
        }
        Typed::Done(text) if text.is_empty() => overlay.asking = None,
        Typed::Done(text) => {
            let kind = asking.kind;
            // What is wrong stands below the line already.
            if error_of(app, &text).is_none() {
                return Some(add(app, PointSpec { text, kind }));
            }
        }
        Typed::Other => return (!is_global(&app.keymap, key)).then(Vec::new),
    }
    Some(Vec::new())
}

/// Adds a point, and selects it in the list if that is open.
pub(super) fn add(app: &mut App, spec: PointSpec) -> Vec<Effect> {
    Prompt::remember(&mut app.typed, &spec.text);
    let last = app.picture().map_or(0, |snapshot| snapshot.debug.points.len());
    if let Some(Overlay::Points(overlay)) = app.overlays.last_mut() {
        *overlay = PointsOverlay { selected: last, asking: None };
    }
    vec![Effect::Engine(Command::Points(PointCommand::Add(spec)))]
}
