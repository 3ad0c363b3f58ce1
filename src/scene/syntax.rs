//! Parser of RON's syntax, without its types: from a text to a tree of spans, or to the place where
//! it stops being RON.

use std::ops::Range;

use self::scan::{Walker, is_number, is_word, is_word_start};
use super::locate::{Brackets, Field, Kind, Node};

mod scan;
mod strange;

/// Nesting beyond this is refused; RON itself stops at the same depth.
const MAX_DEPTH: usize = 128;

/// Place in a text at which it stops being RON, with the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct SyntaxError {
    /// Byte of the text at which it stops being RON.
    pub at: usize,
    /// Error at this place.
    pub fault: Fault,
}

/// Syntax error of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The text ends within brackets; the place is the opening one.
    #[error("this `{0}` is never closed")]
    NeverClosed(char),
    /// Another bracket closes: which is missing, which is open, and on what line.
    #[error("a `{0}` is missing before this: the `{1}` on line {2} is still open")]
    OtherBracket(char, char, usize),
    /// Two values follow each other without a comma.
    #[error("a comma is missing before this")]
    NoComma,
    /// Another character is in the place of a value.
    #[error("a value is missing here")]
    NoValue,
    /// A name without a value, among others that have one.
    #[error("a `name: value` is missing here")]
    NoField,
    /// The text ends within a string; the place is its beginning.
    #[error("this text in quotes does not end")]
    OpenString,
    /// The text is invalid behind a string over several lines; the place is its beginning.
    #[error("this text in quotes runs over several lines")]
    LongString,
    /// The text ends within a comment; the place is its beginning.
    #[error("this comment does not end")]
    OpenComment,
    /// The text is nested too deeply.
    #[error("values are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// The text has a character outside of RON that looks like another one, or is invisible.
    #[error("U+{:04X} ({}) stands here", u32::from(*.0), strange::name(*.0).map_or("a character", |it| it.0))]
    Strange(char),
    /// The root value is complete, and something follows.
    #[error("the scene is complete before this")]
    GoesOn,
}

impl SyntaxError {
    /// Returns the remedy; may be empty.
    pub fn help(&self) -> &'static str {
        match self.fault {
            Fault::OpenString | Fault::LongString => "is its closing `\"` missing?",
            Fault::OpenComment => "a closing `*/` is missing; comments within comments count",
            Fault::GoesOn => "is there a closing bracket too many?",
            Fault::Strange(c) => strange::name(c).map_or("", |it| it.1),
            _ => "",
        }
    }
}

/// Parses the root value of a text.
pub fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut walker = Walker::new(text, 0);
    let root = walker.root();
    let long_string = walker.long_string;
    root.map_err(|error| match (strange::first(text), long_string) {
        // The parser often notices such a character only later on its line.
        (Some((at, c)), _) if at <= error.at || !text.get(error.at..at).is_some_and(|s| s.contains('\n')) => {
            SyntaxError { at, fault: Fault::Strange(c) }
        }
        // Where a quote is missing, the next one closes the string, and the text stops being valid
        // only behind that.
        (_, Some(at)) if at < error.at => SyntaxError { at, fault: Fault::LongString },
        _ => error,
    })
}

/// Returns `true` if a comma follows byte `at`, apart from comments and white space.
pub fn comma_follows(text: &str, at: usize) -> bool {
    let mut walker = Walker::new(text, at);
    walker.space().is_ok() && walker.eat(",")
}

/// Returns `true` if a text has nothing but white space and comments.
pub fn is_blank(text: &str) -> bool {
    let mut walker = Walker::new(text, 0);
    walker.space().is_ok() && walker.at == text.len()
}

/// Returns the byte range of the next word, number, string or sign from a byte on.
pub fn token(text: &str, at: usize) -> Range<usize> {
    let mut walker = Walker::new(text, at);
    if walker.space().is_err() {
        return at..at;
    }
    let start = walker.at;
    let strange = |c: char| strange::name(c).is_some();
    let _ = match walker.peek() {
        Some(c) if strange(c) => walker.eat(c.encode_utf8(&mut [0; 4])),
        Some('"') => walker.string().is_ok(),
        Some(c) if is_number(c) || is_word(c) => {
            !walker.take_while(|c| is_number(c) || is_word(c)).is_empty()
        }
        Some(c) => walker.eat(c.encode_utf8(&mut [0; 4])),
        None => false,
    };
    start..walker.at.max(start)
}

impl Walker<'_> {
    /// Parses the root value, which nothing may follow.
    fn root(&mut self) -> Result<Node, SyntaxError> {
        self.attributes()?;
        let root = self.value(0)?;
        self.space()?;
        let end = self.at == self.text.len();
        if end { Ok(root) } else { Err(SyntaxError { at: self.at, fault: Fault::GoesOn }) }
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> Range<usize> {
        let start = self.at;
        let rest = self.rest();
        self.at += rest.find(|c| !keep(c)).unwrap_or(rest.len());
        start..self.at
    }

    /// Skips `#![enable(…)]` lines at the top of a file.
    fn attributes(&mut self) -> Result<(), SyntaxError> {
        self.space()?;
        while self.eat("#") {
            self.space()?;
            self.expect("!", Fault::NoValue)?;
            self.space()?;
            let start = self.at;
            self.expect("[", Fault::NoValue)?;
            self.past("]", start, Fault::NeverClosed('['))?;
            self.space()?;
        }
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        self.space()?;
        let start = self.at;
        if depth >= MAX_DEPTH {
            return Err(SyntaxError { at: start, fault: Fault::TooDeep });
        }
        let missing = SyntaxError { at: start, fault: Fault::NoValue };
        let kind = match self.peek().ok_or(missing)? {
            '(' => self.parentheses(depth)?,
            '[' => self.list(depth)?,
            '{' => self.map(depth)?,
            '"' => self.string()?,
            '\'' => self.character()?,
            'b' | 'r' if self.quoted_prefix() => self.prefixed()?,
            c if is_word_start(c) => self.word(depth)?,
            c if is_number(c) => {
                self.take_while(is_number);
                Kind::Scalar
            }
            _ => return Err(missing),
        };
        Ok(Node { span: start..self.at, kind })
    }

    /// Parses a bare word, or a word in front of parentheses.
    fn word(&mut self, depth: usize) -> Result<Kind, SyntaxError> {
        self.name();
        let end = self.at;
        self.space()?;
        if self.peek() == Some('(') {
            return self.parentheses(depth);
        }
        self.at = end;
        Ok(Kind::Scalar)
    }

    fn parentheses(&mut self, depth: usize) -> Result<Kind, SyntaxError> {
        self.expect("(", Fault::NoValue)?;
        let open = self.at;
        if self.field_follows()? {
            let mut fields = Vec::new();
            let close = self.items(open, ')', |w| {
                let name_span = w.name();
                let name = w.text.get(name_span.clone()).unwrap_or("").trim_start_matches("r#").to_owned();
                w.space()?;
                w.expect(":", Fault::NoField)?;
                let value = w.value(depth + 1)?;
                fields.push(Field { name, name_span, value });
                Ok(())
            })?;
            return Ok(Kind::Struct(fields, Brackets { open, close }));
        }
        let mut items = Vec::new();
        let close = self.items(open, ')', |w| w.value(depth + 1).map(|v| items.push(v)))?;
        Ok(Kind::Tuple(items, Brackets { open, close }))
    }

    /// Returns `true` if `name:` comes next, without consuming it.
    fn field_follows(&mut self) -> Result<bool, SyntaxError> {
        let start = self.at;
        self.space()?;
        let named = self.peek().is_some_and(is_word_start) && !self.name().is_empty();
        self.space()?;
        let follows = named && self.peek() == Some(':');
        self.at = start;
        Ok(follows)
    }

    fn list(&mut self, depth: usize) -> Result<Kind, SyntaxError> {
        self.expect("[", Fault::NoValue)?;
        let open = self.at;
        let mut items = Vec::new();
        let close = self.items(open, ']', |w| w.value(depth + 1).map(|v| items.push(v)))?;
        Ok(Kind::List(items, Brackets { open, close }))
    }

    fn map(&mut self, depth: usize) -> Result<Kind, SyntaxError> {
        self.expect("{", Fault::NoValue)?;
        let open = self.at;
        let mut entries = Vec::new();
        let close = self.items(open, '}', |w| {
            let key = w.value(depth + 1)?;
            w.space()?;
            w.expect(":", Fault::NoField)?;
            entries.push((key, w.value(depth + 1)?));
            Ok(())
        })?;
        Ok(Kind::Map(entries, Brackets { open, close }))
    }

    /// Parses comma-separated items up to a closing bracket, and returns the byte of that. `open`
    /// is the byte after the opening one.
    fn items(
        &mut self,
        open: usize,
        close: char,
        mut item: impl FnMut(&mut Self) -> Result<(), SyntaxError>,
    ) -> Result<usize, SyntaxError> {
        loop {
            self.space()?;
            if self.closes(open, close)? {
                return Ok(self.at - close.len_utf8());
            }
            item(self)?;
            self.space()?;
            if self.eat(",") {
                continue;
            }
            if self.closes(open, close)? {
                return Ok(self.at - close.len_utf8());
            }
            return Err(SyntaxError { at: self.at, fault: Fault::NoComma });
        }
    }

    /// Consumes the closing bracket if it comes next; fails if another one does, or the end
    /// of the text.
    fn closes(&mut self, open: usize, close: char) -> Result<bool, SyntaxError> {
        let opening = match close {
            ')' => '(',
            ']' => '[',
            _ => '{',
        };
        let Some(c) = self.peek() else {
            return Err(SyntaxError { at: open - 1, fault: Fault::NeverClosed(opening) });
        };
        if c == close {
            self.at += c.len_utf8();
            return Ok(true);
        }
        if matches!(c, ')' | ']' | '}') {
            let line = 1 + self.text.get(..open).unwrap_or("").matches('\n').count();
            return Err(SyntaxError { at: self.at, fault: Fault::OtherBracket(close, opening, line) });
        }
        Ok(false)
    }
}
