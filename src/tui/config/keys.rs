//! Search for the place in the file of a binding that is not possible.

use std::ops::Range;
use std::path::Path;

use crate::scene::error::SceneError;
use crate::scene::locate::{Kind, Node};
use crate::tui::keymap::BadBinding;

/// Returns the error of a binding with a caret under the command's name, or under the key.
pub(super) fn place(bad: &BadBinding, text: &str, path: &Path, root: Option<&Node>) -> SceneError {
    let error = SceneError::file(path, bad.to_string(), bad.help());
    match root.and_then(|root| span(bad, text, root)) {
        Some(span) => error.at(text, span),
        None => error,
    }
}

fn span(bad: &BadBinding, text: &str, root: &Node) -> Option<Range<usize>> {
    let walk = root.walk("keys");
    let Kind::Map(entries, _) = &walk.node.inner().kind else { return None };
    // What the map says of a command last is what was read.
    let is_meant = |node: &Node| {
        text.get(node.span.clone()).is_some_and(|written| written.trim_matches('"') == bad.command)
    };
    let (name, keys) = entries.iter().rev().find(|(name, _)| is_meant(name))?;
    match (&keys.inner().kind, bad.key) {
        (Kind::List(keys, _), Some(at)) => keys.get(at).map(|key| key.span.clone()),
        _ => Some(name.span.clone()),
    }
}
