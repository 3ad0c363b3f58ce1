//! Search for a value's place in a scene's text: a walk over RON text that keeps byte spans.
//!
//! RON's own `Value` type loses spans, comments and enum names. This walk keeps them and checks no
//! types: it serves carets for errors that are found after parsing, and edits that leave the rest
//! of the text alone.

use std::ops::Range;

pub use super::syntax::{comma_follows, parse};

/// A value in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Bytes of the whole value: `LanguageModel( … )` with its name and parentheses.
    pub span: Range<usize>,
    /// Kind of the value, with its parts.
    pub kind: Kind,
}

/// Kind of a value.
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

/// Positions of the brackets around a group: the byte after the opening one, and the closing one.
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
    /// Name of the field, without `r#`.
    pub name: String,
    /// Bytes of the name.
    pub name_span: Range<usize>,
    /// Value of the field.
    pub value: Node,
}

/// Result of following a path, which may end before its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk<'d> {
    /// The last value reached: the one asked for if `followed` says so.
    pub node: &'d Node,
    /// Byte range of the field's name, if the value is in a struct.
    pub name_span: Option<Range<usize>>,
    /// Segments of the path that could be followed.
    pub followed: usize,
    /// Whether all could.
    pub complete: bool,
}

/// Returns the byte range of the value at a path such as `mapping.layers.1.pes`, if the
/// text has it.
pub fn span(text: &str, path: &str) -> Option<Range<usize>> {
    let root = parse(text).ok()?;
    let walk = root.walk(path);
    walk.complete.then(|| walk.node.span.clone())
}

/// Returns the byte of the text that corresponds to byte `at` of a quoted text's value; `literal`
/// is the byte range of the quoted text.
pub fn in_literal(text: &str, literal: &Range<usize>, at: usize) -> Option<usize> {
    let source = text.get(literal.clone())?;
    if let Some(raw) = source.strip_prefix('r') {
        let open = raw.find('"')?;
        return Some(literal.start + 1 + open + 1 + at);
    }
    let mut value = 0;
    let mut rest = source.strip_prefix('"')?.char_indices().peekable();
    while let Some((offset, c)) = rest.next() {
        if value >= at {
            return Some(literal.start + 1 + offset);
        }
        value += if c == '\\' { escaped(&mut rest) } else { c.len_utf8() };
    }
    None
}

/// Reads the characters after a backslash; returns the length of the value that they stand for.
fn escaped(rest: &mut std::iter::Peekable<std::str::CharIndices<'_>>) -> usize {
    let Some((_, c)) = rest.next() else { return 0 };
    let digits: String = match c {
        'x' => rest.by_ref().take(2).map(|(_, c)| c).collect(),
        'u' => rest.by_ref().skip(1).map(|(_, c)| c).take_while(|&c| c != '}').collect(),
        _ => return c.len_utf8(),
    };
    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).map_or(0, char::len_utf8)
}

impl Node {
    /// Follows a dotted path as far as it goes. Fields go by name, list entries by index; words in
    /// front of parentheses and parentheses around one value need no segment of their own, so that
    /// `task: LanguageModel(text: …)` is `task.text`.
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

    /// Returns the value inside any number of parentheses that hold exactly one unnamed value; else
    /// the value itself.
    pub fn inner(&self) -> &Self {
        match &self.kind {
            Kind::Tuple(items, _) if items.len() == 1 => items.first().map_or(self, Self::inner),
            _ => self,
        }
    }

    fn child(&self, segment: &str) -> Option<(&Self, Option<Range<usize>>)> {
        match &self.kind {
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
            Kind::Scalar | Kind::Map(..) => None,
        }
    }
}
