//! Search in the text that the network reads: typing the word, going from place to
//! place, going there.

use super::app::{App, Effect, Overlay};
use super::applies::is_global;
use super::keymap::Key;
pub use super::state::search::{Found, SearchOverlay};
use super::widgets::prompt::{Prompt, Typed};
use crate::session::command::Command;
use crate::session::history::SeekTarget;
use crate::session::snapshot::RunState;

/// Opens the line in which a word is typed.
pub(super) fn open(app: &mut App) {
    let known = app.names.as_ref().is_some_and(|names| !names.text().is_empty());
    if !known {
        app.notice = Some("this scene reads no text that could be searched".to_owned());
        return;
    }
    app.overlays.retain(|overlay| !matches!(overlay, Overlay::Search(_)));
    let prompt = Prompt::new(app.searched.clone());
    app.overlays.push(Overlay::Search(SearchOverlay { prompt, found: None }));
}

/// Searches a word, and shows its first place after the present moment.
pub(super) fn search(app: &mut App, word: &str) {
    let Some(names) = app.names.clone() else { return };
    let now = app.picture().map_or(0, |snapshot| snapshot.steps);
    let found = Found::search(&names.text(), word, now);
    Prompt::remember(&mut app.searched, word);
    app.overlays.retain(|overlay| !matches!(overlay, Overlay::Search(_)));
    if found.steps.is_empty() {
        app.notice = Some(format!("`{word}` not found in the text"));
        return;
    }
    let prompt = Prompt::default().with_text(word);
    app.overlays.push(Overlay::Search(SearchOverlay { prompt, found: Some(found) }));
}

/// Shows the next or the previous place.
pub(super) fn turn(app: &mut App, back: bool, times: u32) {
    let Some(names) = app.names.clone() else { return };
    if let Some(found) = found_mut(app) {
        found.turn(&names.text(), back, times as usize);
    }
}

/// Seeks to the place that is shown, or runs there if it lies ahead.
pub(super) fn go(app: &mut App) -> Vec<Effect> {
    let now = app.picture().map_or(0, |snapshot| snapshot.steps);
    let Some(found) = found_mut(app) else { return Vec::new() };
    let Some(step) = found.step() else { return Vec::new() };
    found.from = Some(now).filter(|&now| step > now);
    vec![Effect::Engine(Command::Go(SeekTarget::Step(step)))]
}

/// Leaves the search, and stops a run to one of its places.
pub(super) fn leave(app: &mut App) -> Vec<Effect> {
    let runs = app.picture().is_some_and(|snapshot| snapshot.run == RunState::Running);
    if let Some(found) = found_mut(app)
        && found.from.take().is_some()
        && runs
    {
        return vec![Effect::Engine(Command::Pause)];
    }
    app.overlays.pop();
    Vec::new()
}

fn found_mut(app: &mut App) -> Option<&mut Found> {
    match app.overlays.last_mut() {
        Some(Overlay::Search(search)) => search.found.as_mut(),
        _ => None,
    }
}

/// Takes a key while the word is typed.
pub(super) fn key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let Some(Overlay::Search(SearchOverlay { prompt, found: None })) = app.overlays.last_mut() else {
        return None;
    };
    match prompt.key(key) {
        Typed::Changed | Typed::Complete => {}
        Typed::Left => drop(app.overlays.pop()),
        Typed::Done(text) if text.trim().is_empty() => drop(app.overlays.pop()),
        Typed::Done(text) => search(app, text.trim()),
        Typed::Other => return (!is_global(&app.keymap, key)).then(Vec::new),
    }
    Some(Vec::new())
}
