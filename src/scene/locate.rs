//! Where in a scene's text a value stands: a walk over RON text that keeps byte spans.
//!
//! RON's own `Value` type loses spans, comments and enum names. This walk keeps them and checks no types: it serves
//! carets for errors that are found after parsing, and edits that leave the rest of the text alone.

use std::ops::Range;

/// Nesting beyond this is refused; RON itself stops at the same depth.
const MAX_DEPTH: usize = 128;

/// A value in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Bytes of the whole value: `LanguageModel( … )` with its name and parentheses.
    pub span: Range<usize>,
    /// What it is made of.
    pub kind: Kind,
}

/// What a value is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number, string, character, or a bare word such as `Poll`.
    Scalar,
    /// `( name: value, … )`, with or without a word in front.
    Struct(Vec<Field>, Brackets),
    /// `( value, … )`, with or without a word in front; empty for `()`.
    Tuple(Vec<Node>, Brackets),
    /// `[ value, … ]`.
    List(Vec<Node>, Brackets),
    /// `{ key: value, … }`.
    Map(Vec<(Node, Node)>, Brackets),
}

/// Where the brackets around a group are: the byte after the opening one, and the closing one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brackets {
    /// Byte after the opening bracket.
    pub open: usize,
    /// Byte of the closing bracket.
    pub close: usize,
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, without `r#`.
    pub name: String,
    /// Bytes of the name.
    pub name_span: Range<usize>,
    /// The value.
    pub value: Node,
}

/// How far a path could be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk<'d> {
    /// The last value reached: the one asked for if `followed` says so.
    pub node: &'d Node,
    /// Name of the field that holds it, if it stands in a struct.
    pub name_span: Option<Range<usize>>,
    /// Segments of the path that could be followed.
    pub followed: usize,
    /// Whether all could.
    pub complete: bool,
}

/// The root value of a text.
///
/// # Errors
/// The byte where the text stops being RON.
pub fn parse(text: &str) -> Result<Node, usize> {
    let mut walker = Walker { text, at: 0 };
    walker.attributes()?;
    let root = walker.value(0)?;
    walker.space()?;
    if walker.at == text.len() { Ok(root) } else { Err(walker.at) }
}

/// Bytes of the value at a path such as `mapping.layers.1.pes`, if the text holds it.
pub fn span(text: &str, path: &str) -> Option<Range<usize>> {
    let root = parse(text).ok()?;
    let walk = root.walk(path);
    walk.complete.then(|| walk.node.span.clone())
}

/// Whether a comma is the next thing after a byte, comments and white space left out.
pub fn comma_follows(text: &str, at: usize) -> bool {
    let mut walker = Walker { text, at };
    walker.space().is_ok() && walker.eat(",")
}

impl Node {
    /// Follows a dotted path as far as it goes. Fields go by name, list entries by index; words in front of
    /// parentheses and parentheses around one value need no segment of their own, so that `task: LanguageModel(text: …)`
    /// is `task.text`.
    pub fn walk(&self, path: &str) -> Walk<'_> {
        let mut walk = Walk { node: self, name_span: None, followed: 0, complete: true };
        for segment in path.split('.').filter(|s| !s.is_empty()) {
            let Some((node, name_span)) = walk.node.child(segment) else {
                walk.complete = false;
                break;
            };
            walk = Walk { node, name_span, followed: walk.followed + 1, complete: true };
        }
        walk
    }

    /// The value inside parentheses that hold exactly one unnamed value, however many there are; else the value itself.
    pub fn inner(&self) -> &Self {
        match &self.kind {
            Kind::Tuple(items, _) if items.len() == 1 => items.first().map_or(self, Self::inner),
            _ => self,
        }
    }

    fn child(&self, segment: &str) -> Option<(&Self, Option<Range<usize>>)> {
        match &self.kind {
            Kind::Scalar => None,
            Kind::Struct(fields, _) => {
                let field = fields.iter().find(|f| f.name == segment)?;
                Some((&field.value, Some(field.name_span.clone())))
            }
            Kind::List(items, _) => Some((items.get(segment.parse::<usize>().ok()?)?, None)),
            Kind::Tuple(items, _) => match (items.as_slice(), segment.parse::<usize>()) {
                // Some([…]), LanguageModel((…)): the parentheses are no place of their own.
                ([only], _) if !matches!(only.kind, Kind::Scalar) => only.child(segment),
                (items, Ok(index)) => Some((items.get(index)?, None)),
                _ => None,
            },
            Kind::Map(..) => None,
        }
    }
}

struct Walker<'t> {
    text: &'t str,
    at: usize,
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

    fn expect(&mut self, token: &str) -> Result<(), usize> {
        if self.eat(token) { Ok(()) } else { Err(self.at) }
    }

    /// Skips past the next `token`.
    fn past(&mut self, token: &str) -> Result<(), usize> {
        let start = self.at;
        let found = self.rest().find(token).ok_or(start)?;
        self.at += found + token.len();
        Ok(())
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> Range<usize> {
        let start = self.at;
        let rest = self.rest();
        self.at += rest.find(|c| !keep(c)).unwrap_or(rest.len());
        start..self.at
    }

    /// Skips white space and comments.
    fn space(&mut self) -> Result<(), usize> {
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
    fn block_comment(&mut self) -> Result<(), usize> {
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
                self.at += self.peek().ok_or(start)?.len_utf8();
            }
        }
    }

    /// `#![enable(…)]` lines at the top of a file.
    fn attributes(&mut self) -> Result<(), usize> {
        self.space()?;
        while self.eat("#") {
            self.space()?;
            self.expect("!")?;
            self.space()?;
            self.expect("[")?;
            self.past("]")?;
            self.space()?;
        }
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Node, usize> {
        self.space()?;
        let start = self.at;
        if depth >= MAX_DEPTH {
            return Err(start);
        }
        let kind = match self.peek().ok_or(start)? {
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
            _ => return Err(start),
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

    fn prefixed(&mut self) -> Result<Kind, usize> {
        self.eat("b");
        if self.rest().starts_with('\'') {
            return self.character();
        }
        if !self.eat("r") {
            return self.string();
        }
        let hashes = self.take_while(|c| c == '#').len();
        self.expect("\"")?;
        self.past(&format!("\"{}", "#".repeat(hashes)))?;
        Ok(Kind::Scalar)
    }

    fn string(&mut self) -> Result<Kind, usize> {
        let start = self.at;
        self.expect("\"")?;
        loop {
            match self.peek().ok_or(start)? {
                '"' => {
                    self.at += 1;
                    return Ok(Kind::Scalar);
                }
                '\\' => {
                    self.at += 1;
                    self.at += self.peek().ok_or(start)?.len_utf8();
                }
                c => self.at += c.len_utf8(),
            }
        }
    }

    fn character(&mut self) -> Result<Kind, usize> {
        let start = self.at;
        self.expect("'")?;
        if self.eat("\\") {
            self.at += self.peek().ok_or(start)?.len_utf8();
            self.take_while(|c| c != '\'' && c != '\n');
        } else {
            self.at += self.peek().ok_or(start)?.len_utf8();
        }
        self.expect("'")?;
        Ok(Kind::Scalar)
    }

    /// A bare word, or a word in front of parentheses.
    fn word(&mut self, depth: usize) -> Result<Kind, usize> {
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

    fn parentheses(&mut self, depth: usize) -> Result<Kind, usize> {
        self.expect("(")?;
        let open = self.at;
        if self.field_follows()? {
            let mut fields = Vec::new();
            let close = self.items(")", |w| {
                let name_span = w.name();
                let name = w.text.get(name_span.clone()).unwrap_or("").trim_start_matches("r#").to_owned();
                w.space()?;
                w.expect(":")?;
                let value = w.value(depth + 1)?;
                fields.push(Field { name, name_span, value });
                Ok(())
            })?;
            return Ok(Kind::Struct(fields, Brackets { open, close }));
        }
        let mut items = Vec::new();
        let close = self.items(")", |w| w.value(depth + 1).map(|v| items.push(v)))?;
        Ok(Kind::Tuple(items, Brackets { open, close }))
    }

    /// Whether `name:` comes next; looks ahead only.
    fn field_follows(&mut self) -> Result<bool, usize> {
        let start = self.at;
        self.space()?;
        let named = self.peek().is_some_and(is_word_start) && !self.name().is_empty();
        self.space()?;
        let follows = named && self.peek() == Some(':');
        self.at = start;
        Ok(follows)
    }

    fn list(&mut self, depth: usize) -> Result<Kind, usize> {
        self.expect("[")?;
        let open = self.at;
        let mut items = Vec::new();
        let close = self.items("]", |w| w.value(depth + 1).map(|v| items.push(v)))?;
        Ok(Kind::List(items, Brackets { open, close }))
    }

    fn map(&mut self, depth: usize) -> Result<Kind, usize> {
        self.expect("{")?;
        let open = self.at;
        let mut entries = Vec::new();
        let close = self.items("}", |w| {
            let key = w.value(depth + 1)?;
            w.space()?;
            w.expect(":")?;
            entries.push((key, w.value(depth + 1)?));
            Ok(())
        })?;
        Ok(Kind::Map(entries, Brackets { open, close }))
    }

    /// Comma-separated items up to a closing bracket, whose byte it returns.
    fn items(
        &mut self,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Result<(), usize>,
    ) -> Result<usize, usize> {
        loop {
            self.space()?;
            if self.eat(close) {
                return Ok(self.at - close.len());
            }
            item(self)?;
            self.space()?;
            if !self.eat(",") && !self.rest().starts_with(close) {
                return Err(self.at);
            }
        }
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
