//! RON's syntax, without its types: from a text to a tree of spans, or to the place where it stops being RON.

use std::ops::Range;

use super::locate::{Brackets, Field, Kind, Node};

/// Nesting beyond this is refused; RON itself stops at the same depth.
const MAX_DEPTH: usize = 128;

/// Where a text stops being RON, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct SyntaxError {
    /// Byte.
    pub at: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with the syntax of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The text ends within brackets; the place is the opening one.
    #[error("this `{0}` is never closed")]
    NeverClosed(char),
    /// Another bracket closes: which is missing, which is open, and on what line.
    #[error("a `{0}` is missing before this: the `{1}` on line {2} is still open")]
    OtherBracket(char, char, usize),
    /// Two values stand side by side.
    #[error("a comma is missing before this")]
    NoComma,
    /// Something stands where a value belongs.
    #[error("a value is missing here")]
    NoValue,
    /// A name without a value, among others that have one.
    #[error("a `name: value` is missing here")]
    NoField,
    /// The text ends within a string; the place is its beginning.
    #[error("this text in quotes does not end")]
    OpenString,
    /// The text goes wrong behind a string over several lines; the place is its beginning.
    #[error("this text in quotes runs over several lines")]
    LongString,
    /// The text ends within a comment; the place is its beginning.
    #[error("this comment does not end")]
    OpenComment,
    /// No sane text is nested so deeply.
    #[error("values are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// The root value is complete, and something follows.
    #[error("the scene is complete before this")]
    GoesOn,
}

impl SyntaxError {
    /// What would fix it; may be empty.
    pub fn help(&self) -> &'static str {
        match self.fault {
            Fault::OpenString | Fault::LongString => "is its closing `\"` missing?",
            Fault::OpenComment => "a closing `*/` is missing; comments within comments count",
            Fault::GoesOn => "is there a closing bracket too many?",
            _ => "",
        }
    }
}

/// The root value of a text.
pub fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut walker = Walker { text, at: 0, long_string: None };
    let root = walker.root();
    root.map_err(|error| match walker.long_string {
        // Where a quote is missing, the next one closes the string, and the text goes wrong only behind that.
        Some(at) if at < error.at => SyntaxError { at, fault: Fault::LongString },
        _ => error,
    })
}

/// Whether a comma is the next thing after a byte, comments and white space left out.
pub fn comma_follows(text: &str, at: usize) -> bool {
    let mut walker = Walker { text, at, long_string: None };
    walker.space().is_ok() && walker.eat(",")
}

/// Bytes of the word, number, string or sign that comes next from a byte on.
pub fn token(text: &str, at: usize) -> Range<usize> {
    let mut walker = Walker { text, at, long_string: None };
    if walker.space().is_err() {
        return at..at;
    }
    let start = walker.at;
    let _ = match walker.peek() {
        Some('"') => walker.string().is_ok(),
        Some(c) if is_number(c) || is_word(c) => {
            !walker.take_while(|c| is_number(c) || is_word(c)).is_empty()
        }
        Some(c) => walker.eat(c.encode_utf8(&mut [0; 4])),
        None => false,
    };
    start..walker.at.max(start)
}

struct Walker<'t> {
    text: &'t str,
    at: usize,
    /// Beginning of the last string that runs over several lines.
    long_string: Option<usize>,
}

impl Walker<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        let hit = self.rest().starts_with(token);
        if hit {
            self.at += token.len();
        }
        hit
    }

    fn expect(&mut self, token: &str, fault: Fault) -> Result<(), SyntaxError> {
        if self.eat(token) { Ok(()) } else { Err(SyntaxError { at: self.at, fault }) }
    }

    /// Consumes one character, within something that began at `start`.
    fn within(&mut self, start: usize, fault: Fault) -> Result<char, SyntaxError> {
        let c = self.peek().ok_or(SyntaxError { at: start, fault })?;
        self.at += c.len_utf8();
        Ok(c)
    }

    /// Skips past the next `token`, within something that began at `start`.
    fn past(&mut self, token: &str, start: usize, fault: Fault) -> Result<(), SyntaxError> {
        let found = self.rest().find(token).ok_or(SyntaxError { at: start, fault })?;
        self.at += found + token.len();
        Ok(())
    }

    /// The root value, with nothing behind it.
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

    /// Skips white space and comments.
    fn space(&mut self) -> Result<(), SyntaxError> {
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

    /// Block comments nest.
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

    /// `#![enable(…)]` lines at the top of a file.
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

    /// Whether a string or a byte follows that begins with letters: `r"`, `r#"`, `b"`, `br"`, `b'`.
    fn quoted_prefix(&self) -> bool {
        let rest = self.rest();
        let hashed = |s: &str| s.trim_start_matches('#').starts_with('"');
        rest.starts_with("b\"")
            || rest.starts_with("b'")
            || rest.strip_prefix("br").is_some_and(hashed)
            || rest.strip_prefix('r').is_some_and(hashed)
    }

    fn prefixed(&mut self) -> Result<Kind, SyntaxError> {
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

    fn string(&mut self) -> Result<Kind, SyntaxError> {
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

    fn character(&mut self) -> Result<Kind, SyntaxError> {
        let start = self.at;
        self.expect("'", Fault::NoValue)?;
        if self.within(start, Fault::OpenString)? == '\\' {
            self.within(start, Fault::OpenString)?;
            self.take_while(|c| c != '\'' && c != '\n');
        }
        self.expect("'", Fault::OpenString)?;
        Ok(Kind::Scalar)
    }

    /// A bare word, or a word in front of parentheses.
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

    /// Consumes an identifier and returns its bytes.
    fn name(&mut self) -> Range<usize> {
        let start = self.at;
        if self.eat("r#") {
            self.take_while(|c| is_word(c) || matches!(c, '.' | '+' | '-'));
        } else {
            self.take_while(is_word);
        }
        start..self.at
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

    /// Whether `name:` comes next; looks ahead only.
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

    /// Comma-separated items up to a closing bracket, whose byte it returns. `open` is the byte after the opening one.
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

    /// Consumes the closing bracket if it comes next; an error if another one does, or the end of the text.
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

/// RON's white space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r' | '\u{85}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}')
}

fn is_word_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Loosely, whatever can stand in a number: `-1.5e3`, `0xFF_u8`, `1..2`.
fn is_number(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_')
}
