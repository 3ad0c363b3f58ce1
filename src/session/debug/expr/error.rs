//! Errors in a condition, with their place in its text.

use std::fmt;
use std::ops::Range;

/// A condition that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// Bytes of the text that are wrong.
    pub at: Range<usize>,
    /// Description of the error.
    pub message: String,
    /// Remedy; empty if none is known.
    pub help: String,
}

impl ExprError {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: help.into() }
    }

    /// Returns the column of the first wrong character, from 1, in the text of the condition.
    pub fn column(&self, text: &str) -> usize {
        1 + text.char_indices().take_while(|(at, _)| *at < self.at.start).count()
    }
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.help.is_empty() {
            write!(f, "; {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for ExprError {}
