//! Table of a sweep's points: what its commands do, and the line in which its rows are narrowed.

use std::path::{Path, PathBuf};

use super::app::{App, Effect, Overlay};
use super::applies::is_global;
use super::command::Direction;
use super::keymap::Key;
pub use super::state::results::{ResultRow, Results, ResultsState, Value};
use super::widgets::prompt::{Prompt, Typed};
use super::widgets::scroll_by;
use crate::session::command::Command;
use crate::text::visible_line;

/// Reader of a folder of results; its error is a description in words.
pub type Reader = fn(&Path) -> Result<Results, String>;

/// Shows a table that was read, or the error of its folder.
pub(super) fn loaded(app: &mut App, read: Result<Results, String>) {
    match read {
        Ok(table) => {
            app.results = Some(ResultsState::new(table));
            show(app);
        }
        Err(error) => app.notice = Some(error),
    }
}

/// Shows the table that was read last, or explains how to read one.
pub(super) fn show(app: &mut App) {
    if app.results.is_none() {
        app.notice = Some("no results are open: `results FOLDER` reads those of a sweep".to_owned());
    } else if !matches!(app.overlays.last(), Some(Overlay::Results)) {
        app.overlays.push(Overlay::Results);
    }
}

/// Asks for a folder to be read.
pub(super) fn read(folder: &str) -> Vec<Effect> {
    vec![Effect::ReadResults(PathBuf::from(folder))]
}

/// Returns the command that opens the scene of the selected point; `None` if its scene
/// is not known.
pub(super) fn open(app: &mut App) -> Option<Command> {
    let row = app.results.as_ref().and_then(ResultsState::row)?;
    if row.scene.as_os_str().is_empty() {
        app.notice = Some("this line of results does not name its scene: run the point again".to_owned());
        return None;
    }
    let (scene, set) = (row.scene.clone(), row.set.clone());
    let shown = visible_line(&scene.display().to_string()).into_owned();
    // The file that is watched is that of the scene before.
    app.watching &= app.scene == shown;
    app.scene = shown;
    app.overlays.retain(|overlay| !matches!(overlay, Overlay::Results));
    Some(Command::Open { scene, set })
}

/// Sorts by the selected column.
pub(super) fn sort(app: &mut App) {
    if let Some(results) = &mut app.results {
        results.sort();
    }
}

/// Opens the line in which rows are narrowed.
pub(super) fn filter(app: &mut App) {
    if let Some(results) = &mut app.results {
        results.typing = Some(Prompt::new(Vec::new()).with_text(&results.filter));
    }
}

/// Moves to another row or column.
pub(super) fn moved(app: &mut App, direction: Direction, times: u32) {
    let Some(results) = &mut app.results else { return };
    let (rows, columns) = (results.shown.len(), results.table.columns.len());
    match direction {
        Direction::Up | Direction::Down => scroll_by(&mut results.selected, direction, times, rows),
        Direction::Left => scroll_by(&mut results.column, Direction::Up, times, columns),
        Direction::Right => scroll_by(&mut results.column, Direction::Down, times, columns),
    }
}

/// Handles a key if the line is open; rows are filtered as it is typed.
pub(super) fn key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    if !matches!(app.overlays.last(), Some(Overlay::Results)) {
        return None;
    }
    let results = app.results.as_mut()?;
    let line = results.typing.as_mut()?;
    match line.key(key) {
        Typed::Changed => {
            let text = line.text().to_owned();
            results.narrow(&text);
        }
        Typed::Left => {
            results.typing = None;
            results.narrow("");
        }
        Typed::Done(_) => results.typing = None,
        Typed::Complete => {}
        Typed::Other => return (!is_global(&app.keymap, key)).then(Vec::new),
    }
    Some(Vec::new())
}

/// Puts pasted text into the line; returns `false` if it is not open.
pub(super) fn paste(app: &mut App, text: &str) -> bool {
    let Some(results) = app.results.as_mut().filter(|results| results.typing.is_some()) else { return false };
    if let Some(line) = &mut results.typing {
        line.paste(text);
        let text = line.text().to_owned();
        results.narrow(&text);
    }
    true
}
