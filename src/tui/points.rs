//! Keys of the list of breakpoints and tracepoints, and of the line in which one is typed.

use crossterm::event::KeyCode;

use super::app::{App, Effect, Overlay};
use super::keymap::Key;
use super::widgets::prompt::{Prompt, Typed};
use crate::session::command::Command;
use crate::session::debug::expr::complete::complete;
use crate::session::debug::{Condition, ExprError, PointCommand, PointKind, PointSpec};

/// Where the user is in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointsOverlay {
    /// Which point is selected.
    pub selected: usize,
    /// The one being typed.
    pub asking: Option<Asking>,
}

/// A point being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Its condition.
    pub prompt: Prompt,
    /// What it is to do.
    pub kind: PointKind,
}

/// What is wrong with a condition as typed so far; nothing while there is none, or no scene to hold it against.
pub fn error_of(app: &App, text: &str) -> Option<ExprError> {
    let names = app.names.as_deref().filter(|_| !text.trim().is_empty())?;
    Condition::new(text, names).err()
}

/// Takes a key if the list, or the line in it, is on top. What it does not take goes on to the table of commands.
pub fn key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let Some(Overlay::Points(overlay)) = app.overlays.last() else { return None };
    if overlay.asking.is_some() { key_in_line(app, key) } else { key_in_list(app, key) }
}

fn key_in_list(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let points = app.snapshot.as_ref().map(|snapshot| snapshot.debug.points.clone()).unwrap_or_default();
    let typed = app.typed.clone();
    let Some(Overlay::Points(overlay)) = app.overlays.last_mut() else { return None };
    overlay.selected = overlay.selected.min(points.len().saturating_sub(1));
    let selected = points.get(overlay.selected);
    let ask = |kind| Some(Asking { prompt: Prompt::new(typed.clone()), kind });
    let command = match key.code {
        KeyCode::Char('a') => {
            overlay.asking = ask(PointKind::Break);
            None
        }
        KeyCode::Char('t') => {
            overlay.asking = ask(PointKind::Trace);
            None
        }
        KeyCode::Down | KeyCode::Char('j') => {
            overlay.selected = (overlay.selected + 1).min(points.len().saturating_sub(1));
            None
        }
        KeyCode::Up | KeyCode::Char('k') => {
            overlay.selected = overlay.selected.saturating_sub(1);
            None
        }
        KeyCode::Char(' ') => selected.map(|point| PointCommand::Enable { id: point.id, on: !point.enabled }),
        KeyCode::Char('d') | KeyCode::Delete => selected.map(|point| PointCommand::Remove(point.id)),
        _ => return None,
    };
    Some(command.map(|command| Effect::Engine(Command::Points(command))).into_iter().collect())
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
        Typed::Other => return (!super::update::is_global(&app.keymap, key)).then(Vec::new),
    }
    Some(Vec::new())
}

fn add(app: &mut App, spec: PointSpec) -> Vec<Effect> {
    Prompt::remember(&mut app.typed, &spec.text);
    let last = app.picture().map_or(0, |snapshot| snapshot.debug.points.len());
    if let Some(Overlay::Points(overlay)) = app.overlays.last_mut() {
        *overlay = PointsOverlay { selected: last, asking: None };
    }
    vec![Effect::Engine(Command::Points(PointCommand::Add(spec)))]
}
