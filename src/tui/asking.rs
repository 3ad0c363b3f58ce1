//! Input line for a seek target in time.

use crossterm::event::KeyCode;

use super::app::{App, Effect, Overlay};
use super::keymap::Key;
use super::widgets::prompt::{Prompt, Typed};
use crate::session::command::Command;
use crate::session::history::Place;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A moment.
    Goto,
}

impl Question {
    /// Above the line.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Goto => "Go to",
        }
    }

    /// Below it, while nothing is wrong with it.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Goto => "step 120 · time 5300 (µs) · event 1000 · a bookmark's name",
        }
    }
}

/// The line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskingOverlay {
    /// What is asked for.
    pub question: Question,
    /// What is typed.
    pub prompt: Prompt,
}

/// Opens the line.
pub fn open(app: &mut App, question: Question) {
    let prompt = Prompt::new(Vec::new());
    let prompt = match question {
        Question::Goto => prompt.with_proposal("step "),
    };
    app.overlays.push(Overlay::Asking(AskingOverlay { question, prompt }));
}

/// What a text means as a moment.
fn place(text: &str) -> Result<Place, String> {
    let (word, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    let rest = rest.trim();
    let whole = || match rest {
        "" => Err(format!("a number is missing, as in `{word} 120`")),
        _ => rest
            .parse::<u64>()
            .map_err(|_| format!("invalid number `{rest}`: expected for example `{word} 120`")),
    };
    match word {
        "step" | "token" | "frame" => whole().map(Place::Step),
        "event" => whole().map(Place::Event),
        "time" => match rest.trim_end_matches("us").trim_end_matches("µs").trim().parse::<f64>() {
            Ok(time) if time >= 0.0 && time.is_finite() => Ok(Place::TimeUs(time)),
            _ => Err(format!("`{rest}` is no time in µs, as in `time 5300`")),
        },
        "" => Err("nothing is typed yet".to_owned()),
        _ if rest.is_empty() => Ok(Place::Bookmark(word.to_owned())),
        _ => Err(format!("`{word}` is neither step, time, event nor a bookmark")),
    }
}

/// The command that a line stands for, or what is wrong with it.
pub fn command(question: Question, text: &str) -> Result<Command, String> {
    match question {
        Question::Goto => place(text).map(Command::Go),
    }
}

/// Returns the candidates for completion: the kinds of seek targets and the bookmarks.
pub(super) fn candidates(app: &App, question: Question) -> Vec<String> {
    match question {
        Question::Goto => {
            let bookmarks = app.picture().map_or(&[][..], |snapshot| &snapshot.history.bookmarks);
            let names = bookmarks.iter().map(|(name, _)| name.clone());
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
        Typed::Other => return (!super::keys::is_global(&app.keymap, key)).then(Vec::new),
    }
    Some(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_mean_places() {
        let go = |text| command(Question::Goto, text);
        assert_eq!(go("step 12"), Ok(Command::Go(Place::Step(12))));
        assert_eq!(go(" event  7 "), Ok(Command::Go(Place::Event(7))));
        assert_eq!(go("time 12.5 us"), Ok(Command::Go(Place::TimeUs(12.5))));
        assert_eq!(go("here"), Ok(Command::Go(Place::Bookmark("here".to_owned()))));
        for (text, words) in [
            ("step", "missing"),
            ("step x", "invalid number `x`"),
            ("time -1", "no time"),
            ("to there", "neither"),
            ("", "nothing"),
        ] {
            assert!(go(text).unwrap_err().contains(words), "{text}");
        }
    }
}
