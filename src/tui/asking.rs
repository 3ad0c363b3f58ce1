//! Input line for a seek target in time.

use crossterm::event::KeyCode;

use super::app::{App, Effect, Overlay};
use super::applies::is_global;
use super::keymap::Key;
pub use super::state::asking::{AskingOverlay, Question, command};
use super::widgets::prompt::{Prompt, Typed};

/// Opens the line that asks for a value.
pub fn open(app: &mut App, question: Question) {
    let prompt = Prompt::new(Vec::new());
    let prompt = match question {
        Question::Goto => prompt.with_proposal("step "),
    };
    app.overlays.push(Overlay::Asking(AskingOverlay { question, prompt }));
}

/// Returns the candidates for completion: the kinds of seek targets and the bookmarks.
pub(super) fn candidates(app: &App, question: Question) -> Vec<String> {
    match question {
        Question::Goto => {
            let bookmarks = app.picture().map_or(&[][..], |snapshot| &snapshot.history.bookmarks);
            let names = bookmarks.iter().map(|bookmark| bookmark.name.clone());
            ["step ", "time ", "event "].map(str::to_owned).into_iter().chain(names).collect()
        }
    }
}

/// Takes a key if the line is on top.
pub fn key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let Some(Overlay::Asking(asking)) = app.overlays.last() else { return None };
    let words = if key.code == KeyCode::Tab { candidates(app, asking.question) } else { Vec::new() };
    let Some(Overlay::Asking(asking)) = app.overlays.last_mut() else { return None };
    match asking.prompt.key(key) {
        Typed::Changed => {}
        Typed::Left => drop(app.overlays.pop()),
        Typed::Complete => asking.prompt.complete(0, words),
        Typed::Done(text) if text.trim().is_empty() => drop(app.overlays.pop()),
        Typed::Done(text) => {
            // What is wrong stands below the line already.
            if let Ok(command) = command(asking.question, &text) {
                app.overlays.pop();
                return Some(vec![Effect::Engine(command)]);
            }
        }
        Typed::Other => return (!is_global(&app.keymap, key)).then(Vec::new),
    }
    Some(Vec::new())
}
