//! The words of RON: white space, comments, identifiers, strings.

use std::ops::Range;

use super::{Fault, SyntaxError};
use crate::scene::locate::Kind;

/// A place in a text, moving forwards.
pub(super) struct Walker<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// Beginning of the last string that runs over several lines.
    pub(super) long_string: Option<usize>,
}

impl<'t> Walker<'t> {
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at, long_string: None }
    }

    pub(super) fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let hit = self.rest().starts_with(token);
        if hit {
            self.at += token.len();
        }
        hit
    }

    pub(super) fn expect(&mut self, token: &str, fault: Fault) -> Result<(), SyntaxError> {
        if self.eat(token) { Ok(()) } else { Err(SyntaxError { at: self.at, fault }) }
    }

    /// Consumes one character of an element that began at `start`.
    fn within(&mut self, start: usize, fault: Fault) -> Result<char, SyntaxError> {
        let c = self.peek().ok_or(SyntaxError { at: start, fault })?;
        self.at += c.len_utf8();
        Ok(c)
    }

    /// Skips past the next `token`, within something that began at `start`.
    pub(super) fn past(&mut self, token: &str, start: usize, fault: Fault) -> Result<(), SyntaxError> {
        let found = self.rest().find(token).ok_or(SyntaxError { at: start, fault })?;
        self.at += found + token.len();
        Ok(())
    }

    /// Skips white space and comments.
    pub(super) fn space(&mut self) -> Result<(), SyntaxError> {
        loop {
            self.take_while(is_space);
            if self.eat("//") {
                self.take_while(|c| c != '\n');
            } else if self.rest().starts_with("/*") {
                self.block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    /// Skips a block comment and the comments nested in it.
    fn block_comment(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            if self.eat("/*") {
                depth += 1;
            } else if self.eat("*/") {
                depth -= 1;
                if depth == 0 {
                    return Ok(());
                }
            } else {
                self.within(start, Fault::OpenComment)?;
            }
        }
    }

    /// Consumes an identifier and returns its bytes.
    pub(super) fn name(&mut self) -> Range<usize> {
        let start = self.at;
        if self.eat("r#") {
            self.take_while(|c| is_word(c) || matches!(c, '.' | '+' | '-'));
        } else {
            self.take_while(is_word);
        }
        start..self.at
    }

    /// Returns `true` before a string or byte with a prefix: `r"`, `r#"`, `b"`, `br"`, `b'`.
    pub(super) fn quoted_prefix(&self) -> bool {
        let rest = self.rest();
        let hashed = |s: &str| s.trim_start_matches('#').starts_with('"');
        rest.starts_with("b\"")
            || rest.starts_with("b'")
            || rest.strip_prefix("br").is_some_and(hashed)
            || rest.strip_prefix('r').is_some_and(hashed)
    }

    pub(super) fn prefixed(&mut self) -> Result<Kind, SyntaxError> {
        let start = self.at;
        self.eat("b");
        if self.rest().starts_with('\'') {
            return self.character();
        }
        if !self.eat("r") {
            return self.string();
        }
        let hashes = self.take_while(|c| c == '#').len();
        self.expect("\"", Fault::NoValue)?;
        self.past(&format!("\"{}", "#".repeat(hashes)), start, Fault::OpenString)?;
        self.note_lines(start);
        Ok(Kind::Scalar)
    }

    pub(super) fn string(&mut self) -> Result<Kind, SyntaxError> {
        let start = self.at;
        self.expect("\"", Fault::NoValue)?;
        loop {
            match self.within(start, Fault::OpenString)? {
                '"' => {
                    self.note_lines(start);
                    return Ok(Kind::Scalar);
                }
                '\\' => {
                    self.within(start, Fault::OpenString)?;
                }
                _ => {}
            }
        }
    }

    fn note_lines(&mut self, start: usize) {
        if self.text.get(start..self.at).is_some_and(|s| s.contains('\n')) {
            self.long_string = Some(start);
        }
    }

    pub(super) fn character(&mut self) -> Result<Kind, SyntaxError> {
        let start = self.at;
        self.expect("'", Fault::NoValue)?;
        if self.within(start, Fault::OpenString)? == '\\' {
            self.within(start, Fault::OpenString)?;
            self.take_while(|c| c != '\'' && c != '\n');
        }
        self.expect("'", Fault::OpenString)?;
        Ok(Kind::Scalar)
    }
}

/// Returns `true` if `c` is white space in RON.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r' | '\u{85}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}')
}

pub(super) fn is_word_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

pub(super) fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Returns `true` for any character that numbers may have: `-1.5e3`, `0xFF_u8`, `1..2`.
pub(super) fn is_number(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_')
}
