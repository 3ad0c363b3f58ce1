//! Overlay with one line to type: the target of a seek.

use crate::session::command::Command;
use crate::session::history::SeekTarget;
use crate::tui::widgets::prompt::Prompt;

/// Subject of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Moment to go to.
    Goto,
}

impl Question {
    /// Returns the text above the line.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Goto => "Go to",
        }
    }

    /// Returns the hint below the line, shown while there is no error.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Goto => "step 120 · time 5300 (µs) · event 1000 · a bookmark's name",
        }
    }
}

/// Line that is typed, with its question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskingOverlay {
    /// Subject of the question.
    pub question: Question,
    /// Text that is typed.
    pub prompt: Prompt,
}

/// Parses a text as the target of a seek.
fn place(text: &str) -> Result<SeekTarget, String> {
    let (word, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    let rest = rest.trim();
    let whole = || match rest {
        "" => Err(format!("a number is missing, as in `{word} 120`")),
        _ => rest
            .parse::<u64>()
            .map_err(|_| format!("invalid number `{rest}`: expected for example `{word} 120`")),
    };
    match word {
        "step" | "token" | "frame" => whole().map(SeekTarget::Step),
        "event" => whole().map(SeekTarget::Event),
        "time" => match rest.trim_end_matches("us").trim_end_matches("µs").trim().parse::<f64>() {
            Ok(time) if time >= 0.0 && time.is_finite() => Ok(SeekTarget::TimeUs(time)),
            _ => Err(format!("invalid time `{rest}`: expected µs, for example `time 5300`")),
        },
        "" => Err("nothing is typed yet".to_owned()),
        _ if rest.is_empty() => Ok(SeekTarget::Bookmark(word.to_owned())),
        _ => Err(format!("unknown kind of moment `{word}`: expected step, time, event, or a bookmark")),
    }
}

/// Parses a line as a command; the error describes what is wrong with it.
pub fn command(question: Question, text: &str) -> Result<Command, String> {
    match question {
        Question::Goto => place(text).map(Command::Go),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_mean_places() {
        let go = |text| command(Question::Goto, text);
        assert_eq!(go("step 12"), Ok(Command::Go(SeekTarget::Step(12))));
        assert_eq!(go(" event  7 "), Ok(Command::Go(SeekTarget::Event(7))));
        assert_eq!(go("time 12.5 us"), Ok(Command::Go(SeekTarget::TimeUs(12.5))));
        assert_eq!(go("here"), Ok(Command::Go(SeekTarget::Bookmark("here".to_owned()))));
        for (text, words) in [
            ("step", "missing"),
            ("step x", "invalid number `x`"),
            ("time -1", "invalid time `-1`"),
            ("to there", "unknown kind of moment `to`"),
            ("", "nothing"),
        ] {
            assert!(go(text).unwrap_err().contains(words), "{text}");
        }
    }
}
