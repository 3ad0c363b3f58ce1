//! Explanations of RON's errors, in words and with a place.

use std::ops::Range;
use std::path::Path;

use ron::Error;
use ron::error::{Position, SpannedError};

use super::check::{self, lower_first};
use super::document::Kind;
use super::error::SceneError;
use super::locate::Node;
use super::syntax::{self, Fault, SyntaxError};

/// Returns the diagnostic for a text that RON refused: broken syntax first, then values that do not
/// fit the types, and otherwise RON's own message.
pub(super) fn explain(
    text: &str,
    path: &Path,
    root: &Result<Node, SyntaxError>,
    error: &SpannedError,
    kind: &Kind,
) -> SceneError {
    if let Ok(root) = root
        && let Some(mismatch) = check::first_mismatch(text, root, (kind.shape)(), kind.word)
    {
        return SceneError::file(path, mismatch.message, mismatch.help).at(text, mismatch.span);
    }
    refused(text, path, root, error)
}

/// Explains an error in a text other than a scene, whose types are not known here: broken syntax,
/// or RON's own words.
pub fn refused(
    text: &str,
    path: &Path,
    root: &Result<Node, SyntaxError>,
    error: &SpannedError,
) -> SceneError {
    let place = span(text, error);
    if let Err(syntax) = root
        && (syntax.at <= place.start || error.code == Error::Eof || matches!(syntax.fault, Fault::Strange(_)))
    {
        let span = syntax::token(text, syntax.at);
        return SceneError::file(path, syntax.to_string(), syntax.help()).at(text, span);
    }
    let (message, help) = words(&error.code);
    SceneError::file(path, message, help).at(text, place)
}

fn words(error: &Error) -> (String, String) {
    match error {
        Error::ExpectedDifferentStructName { expected, found } => {
            (format!("this is called `{found}`"), format!("write `{expected}(…)`, or leave the name out"))
        }
        Error::IntegerOutOfBounds => {
            ("the number is too large for this field, or negative".to_owned(), String::new())
        }
        Error::ExpectedString => ("expected a text here".to_owned(), "write it in quotes: \"…\"".to_owned()),
        Error::ExpectedStructLike | Error::ExpectedNamedStructLike(_) => {
            ("expected fields in parentheses here: `( name: value, … )`".to_owned(), String::new())
        }
        other => (lower_first(&other.to_string()), String::new()),
    }
}

/// Returns the bytes that a parse error is about.
///
/// RON often points in front of white space, or behind a sign: the range is then the next token,
/// with its sign.
fn span(text: &str, error: &SpannedError) -> Range<usize> {
    let start = offset(text, &error.span.start);
    let end = offset(text, &error.span.end);
    let start = if text.get(..start).is_some_and(|head| head.ends_with('-')) { start - 1 } else { start };
    let token = syntax::token(text, start);
    if start < end && token.start == start { start..end } else { token }
}

/// Returns the byte offset of a position; RON counts lines and columns (in characters) from 1.
fn offset(text: &str, position: &Position) -> usize {
    let line_start: usize =
        text.split_inclusive('\n').take(position.line.saturating_sub(1)).map(str::len).sum();
    let line = text.get(line_start..).unwrap_or("");
    let column = position.col.saturating_sub(1);
    line_start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}
