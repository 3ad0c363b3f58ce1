//! RON's parse errors in our words, with a place and what would fix them.

use std::ops::Range;

use ron::Error;
use ron::error::{Position, SpannedError};

use super::error::did_you_mean;
use super::locate::{Kind, Node};

/// Message and help for a parse error.
pub(super) fn explain(error: &Error) -> (String, String) {
    match error {
        Error::NoSuchStructField { expected, found, outer } => {
            let message = format!("{} has no field `{found}`", thing(outer.as_ref()));
            (message, choose(found, expected, "its fields are"))
        }
        Error::NoSuchEnumVariant { expected, found, .. } => {
            (format!("`{found}` is not possible here"), choose(found, expected, "it can be"))
        }
        Error::MissingStructField { field, outer } => {
            let message = format!("{} lacks the field `{field}`", thing(outer.as_ref()));
            (message, format!("add `{field}: …`; docs/scene.md describes it"))
        }
        Error::DuplicateStructField { field, .. } => {
            (format!("the field `{field}` is given twice"), "keep one of the two".to_owned())
        }
        Error::ExpectedDifferentStructName { expected, found } => {
            (format!("this is called `{found}`"), format!("write `{expected}(…)`, or leave the name out"))
        }
        Error::IntegerOutOfBounds => {
            ("the number is too large, or negative, for this field".to_owned(), String::new())
        }
        Error::ExpectedComma => ("a comma is missing before this".to_owned(), String::new()),
        Error::Eof => {
            let message = "the file ends in the middle of a value".to_owned();
            (message, "a closing `)`, `]` or `\"` is missing".to_owned())
        }
        Error::ExpectedStringEnd => {
            ("this string does not end".to_owned(), "a closing `\"` is missing".to_owned())
        }
        Error::ExpectedString => ("a text is wanted here".to_owned(), "write it in quotes: \"…\"".to_owned()),
        Error::TrailingCharacters => {
            let message = "the scene is complete, but the file goes on".to_owned();
            (message, "is there a closing `)` too many?".to_owned())
        }
        Error::ExceededRecursionLimit => ("values are nested more than 128 deep".to_owned(), String::new()),
        Error::UnclosedBlockComment => {
            ("this comment does not end".to_owned(), "a closing `*/` is missing".to_owned())
        }
        Error::ExpectedStructLike | Error::ExpectedNamedStructLike(_) => {
            ("fields in parentheses are wanted here: `( name: value, … )`".to_owned(), String::new())
        }
        Error::ExpectedArray => ("a list is wanted here: `[ …, … ]`".to_owned(), String::new()),
        Error::ExpectedInteger => ("a whole number is wanted here".to_owned(), String::new()),
        Error::ExpectedFloat => ("a number is wanted here".to_owned(), String::new()),
        other => (lower_first(&other.to_string()), String::new()),
    }
}

/// What a reader calls the part: the type's name if RON says it.
fn thing(outer: Option<&String>) -> String {
    match outer.map(String::as_str) {
        Some("Scene") | None => "the scene".to_owned(),
        Some(name) => format!("`{name}`"),
    }
}

fn choose(found: &str, expected: &[&str], words: &str) -> String {
    let all = match expected {
        [] => return String::new(),
        [only] => format!("`{only}`"),
        [first @ .., last] => format!("`{}` and `{last}`", first.join("`, `")),
    };
    match did_you_mean(found, expected.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {words} {all}"),
        None => format!("{words} {all}"),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

/// Bytes that a parse error is about.
pub(super) fn span(text: &str, root: Option<&Node>, error: &SpannedError) -> Range<usize> {
    let start = offset(text, &error.span.start);
    let end = offset(text, &error.span.end).max(start);
    // RON points behind the part that lacks a field; what is to be mended is the part.
    if let (Error::MissingStructField { .. }, Some(root)) = (&error.code, root)
        && let Some(part) = ending_at(root, end)
    {
        return part.span.clone();
    }
    start..end
}

/// The outermost value that ends at or just before a byte.
fn ending_at(node: &Node, at: usize) -> Option<&Node> {
    if node.span.end == at || node.span.end + 1 == at {
        return Some(node);
    }
    let inside = |n: &&Node| n.span.contains(&at) || n.span.end == at || n.span.end + 1 == at;
    let child = match &node.kind {
        Kind::Scalar => None,
        Kind::Struct(fields, _) => fields.iter().map(|f| &f.value).find(inside),
        Kind::Tuple(items, _) | Kind::List(items, _) => items.iter().find(inside),
        Kind::Map(entries, _) => entries.iter().map(|(_, v)| v).find(inside),
    };
    child.and_then(|c| ending_at(c, at))
}

/// RON counts lines and columns (in characters) from 1.
fn offset(text: &str, position: &Position) -> usize {
    let line_start: usize =
        text.split_inclusive('\n').take(position.line.saturating_sub(1)).map(str::len).sum();
    let line = text.get(line_start..).unwrap_or("");
    let column = position.col.saturating_sub(1);
    line_start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
}
