//! Check of a scene's text against the types, which locates errors more exactly than the RON
//! reader.
//!
//! It runs only after RON has refused a text whose syntax is good, so it may let through what it is
//! not sure of.

use std::ops::Range;

use super::error::did_you_mean;
use super::locate::{Kind, Node};
use super::shape::{Field, Shape, Struct, Variant};

/// Value that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TypeMismatch {
    pub span: Range<usize>,
    pub message: String,
    pub help: String,
}

/// Returns the first mismatch in the text, if there is one.
pub(super) fn first_mismatch(text: &str, root: &Node, shape: &Shape, word: &str) -> Option<TypeMismatch> {
    Checker { text, word }.value(root, shape, "", false)
}

struct Checker<'t> {
    text: &'t str,
    /// Word for the kind of file in messages: scene.
    word: &'t str,
}

impl Checker<'_> {
    fn text(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or("")
    }

    /// Returns the word in front of a node's parentheses, or the bare word.
    fn word(&self, node: &Node) -> &str {
        let written = self.text(node.span.clone());
        let end = written.find(|c: char| c != '_' && !c.is_alphanumeric());
        written.get(..end.unwrap_or(written.len())).unwrap_or("")
    }

    fn value(&self, node: &Node, shape: &Shape, path: &str, optional: bool) -> Option<TypeMismatch> {
        if optional {
            match (self.word(node), &node.kind) {
                ("None", Kind::Scalar) => return None,
                ("Some", Kind::Tuple(items, _)) => {
                    return items.first().and_then(|inner| self.value(inner, shape, path, false));
                }
                _ => {}
            }
        }
        match shape {
            Shape::Struct(group) => self.group(node, group, path),
            Shape::Enum(variants) => self.choice(node, variants, path),
            Shape::List(item) => match &node.kind {
                Kind::List(items, _) => self.each(items, |_| Some(&**item), path),
                _ => Some(wrong(node, "expected a list here: `[ …, … ]`")),
            },
            Shape::Tuple(shapes, least) => match &node.kind {
                Kind::Tuple(items, _) if (*least..=shapes.len()).contains(&items.len()) => {
                    self.each(items, |index| shapes.get(index), path)
                }
                _ => {
                    let wanted = vec!["…"; *least].join(", ");
                    Some(wrong(node, &format!("{least} values are expected here: `({wanted})`")))
                }
            },
            Shape::Text => {
                let quoted = node.kind == Kind::Scalar && self.text(node.span.clone()).ends_with(['"', '#']);
                (!quoted).then(|| TypeMismatch {
                    help: "write it in quotes: \"…\"".to_owned(),
                    ..wrong(node, "expected a text here")
                })
            }
            Shape::Integer => self.number(node, "a whole number", |s| s.parse::<i128>().is_ok()),
            Shape::Number => self.number(node, "a number", |s| s.parse::<f64>().is_ok()),
            Shape::Bool | Shape::Unknown => None,
        }
    }

    fn each<'s>(
        &self,
        items: &[Node],
        shape: impl Fn(usize) -> Option<&'s Shape>,
        path: &str,
    ) -> Option<TypeMismatch> {
        items
            .iter()
            .enumerate()
            .find_map(|(index, item)| self.value(item, shape(index)?, &join(path, &index.to_string()), false))
    }

    /// Checks a number. RON has more ways to write one than are worth reading here: only what is
    /// surely none is a mismatch.
    fn number(&self, node: &Node, wanted: &str, reads: impl Fn(&str) -> bool) -> Option<TypeMismatch> {
        let written = self.text(node.span.clone());
        let plain = written.replace('_', "");
        let other_base =
            plain.trim_start_matches(['+', '-']).starts_with(['0']) && plain.contains(['x', 'b', 'o']);
        let fits = node.kind == Kind::Scalar && (reads(&plain) || other_base);
        (!fits).then(|| wrong(node, &format!("expected {wanted} here")))
    }

    /// Checks the range of a number: one too large for its type never reaches the check
    /// of the values.
    fn range(&self, node: &Node, field: &Field) -> Option<TypeMismatch> {
        let (low, high) = field.range.as_ref()?;
        let written = self.text(node.span.clone());
        let value: f64 = written.parse().ok()?;
        let inside = value >= low.parse().ok()? && value <= high.parse().ok()?;
        (!inside).then(|| wrong(node, &format!("`{}` is {written}, and must be {low} to {high}", field.name)))
    }

    fn group(&self, node: &Node, group: &Struct, path: &str) -> Option<TypeMismatch> {
        let (fields, open) = match &node.kind {
            Kind::Struct(fields, brackets) => (fields.as_slice(), brackets.open),
            Kind::Tuple(items, brackets) if items.is_empty() => (&[][..], brackets.open),
            _ => {
                return Some(wrong(node, "expected fields in parentheses here: `( name: value, … )`"));
            }
        };
        let this = if path.is_empty() { format!("the {}", self.word) } else { format!("`{path}`") };
        let names = || group.fields.iter().map(|f| f.name.as_str());
        for (index, field) in fields.iter().enumerate() {
            let mismatch = |message: String, help: String| {
                Some(TypeMismatch { span: field.name_span.clone(), message, help })
            };
            let Some(known) = group.fields.iter().find(|f| f.name == field.name) else {
                let message = format!("{this} has no field `{}`", field.name);
                return mismatch(message, choose(&field.name, names(), "its fields are"));
            };
            if fields.iter().take(index).any(|f| f.name == field.name) {
                let message = format!("the field `{}` is given twice", field.name);
                return mismatch(message, "keep one of the two".to_owned());
            }
            let found = self
                .value(&field.value, &known.shape, &join(path, &field.name), known.optional)
                .or_else(|| self.range(&field.value, known));
            if found.is_some() {
                return found;
            }
        }
        let lacking = group.fields.iter().find(|f| f.required && !fields.iter().any(|g| g.name == f.name))?;
        Some(TypeMismatch {
            span: node.span.start..open,
            message: format!("{this} lacks the field `{}`", lacking.name),
            help: format!("add `{}: …`: {}", lacking.name, lower_first(first_sentence(&lacking.doc))),
        })
    }

    fn choice(&self, node: &Node, variants: &[Variant], path: &str) -> Option<TypeMismatch> {
        let word = self.word(node);
        let Some(variant) = variants.iter().find(|v| v.name == word) else {
            let span = node.span.start..node.span.start + word.len();
            let span = if word.is_empty() { node.span.clone() } else { span };
            let message = format!("`{}` is not possible here", self.text(span.clone()));
            let help = choose(word, variants.iter().map(|v| v.name.as_str()), "it can be");
            return Some(TypeMismatch { span, message, help });
        };
        match (&variant.content, &node.kind) {
            (Some(_), Kind::Scalar) => {
                Some(wrong(node, &format!("this needs fields: `{word}( name: value, … )`")))
            }
            // `Step(3)`: one value that is no group of fields.
            (Some(content), Kind::Tuple(items, _))
                if !matches!(content, Shape::Struct(_) | Shape::Tuple(..)) =>
            {
                match items.as_slice() {
                    [only] => self.value(only, content, path, false),
                    _ => Some(wrong(node, &format!("this needs a value: `{word}(…)`"))),
                }
            }
            (Some(content), _) => self.value(node, content, path, false),
            (None, Kind::Scalar) => None,
            (None, _) => Some(wrong(node, &format!("`{word}` has no fields"))),
        }
    }
}

fn wrong(node: &Node, message: &str) -> TypeMismatch {
    TypeMismatch { span: node.span.clone(), message: message.to_owned(), help: String::new() }
}

fn join(path: &str, segment: &str) -> String {
    if path.is_empty() { segment.to_owned() } else { format!("{path}.{segment}") }
}

fn choose<'c>(found: &str, expected: impl Iterator<Item = &'c str> + Clone, words: &str) -> String {
    let near = did_you_mean(found, expected.clone());
    let near = near.map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
    let all: Vec<&str> = expected.collect();
    match all.as_slice() {
        [] => near,
        [only] => format!("{near}{words} `{only}`"),
        [first @ .., last] => format!("{near}{words} `{}` and `{last}`", first.join("`, `")),
    }
}

fn first_sentence(text: &str) -> &str {
    text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.')
}

/// Lowers the first letter of a text that follows a colon.
pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}
