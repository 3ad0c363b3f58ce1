//! `--set path=value`: edits one value in the text of a scene and leaves the rest as it is,
//! comments and layout included.

use super::error::did_you_mean;
use super::locate::{self, Kind, Node};
use super::shape::{self, Field, Shape, Variant};
use super::syntax::SyntaxError;
use super::tilde;

/// Indentation of a field in a group that has none to go by.
const INDENT: &str = "    ";

/// Reason for which an edit cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// The text to edit is broken.
    #[error("the scene is not RON: {0}")]
    NotRon(#[from] SyntaxError),
    /// The part exists, but not the field.
    #[error("{part} has no field `{field}`")]
    NoField {
        /// The nearest part that exists, as in ``` `mapping` ```.
        part: String,
        /// Field that was requested.
        field: String,
        /// Fields that exist.
        fields: Vec<String>,
    },
    /// A part exists and has no fields at all.
    #[error("{part} is {what}, which has no fields")]
    NoFields {
        /// The nearest part that exists.
        part: String,
        /// Description of the part.
        what: String,
        /// Change that would give it fields; may be empty.
        help: String,
    },
    /// The list has no such entry.
    #[error("{part} has {} entries, and no `{index}`", .len)]
    NoEntry {
        /// Path of the list.
        part: String,
        /// Index that was requested.
        index: String,
        /// Entries of the list.
        len: usize,
    },
    /// The new value is not valid in a scene.
    #[error("incomplete value `{value}`")]
    BadValue {
        /// Value that was given.
        value: String,
    },
}

impl SetError {
    /// Returns the remedy; may be empty.
    pub fn help(&self) -> String {
        match self {
            Self::NotRon(syntax) => syntax.help().to_owned(),
            Self::NoField { field, fields, .. } => {
                let near = did_you_mean(field, fields.iter().map(String::as_str));
                let near = near.map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
                format!("{near}its fields are `{}`", fields.join("`, `"))
            }
            Self::NoFields { help, .. } => help.clone(),
            Self::NoEntry { len: 0, .. } => "give the whole list: [ … ]".to_owned(),
            Self::NoEntry { len, .. } => format!("entries are counted from 0 to {}", len - 1),
            Self::BadValue { .. } => "a number, a word, \"a text\", [a, list] or (field: value)".to_owned(),
        }
    }
}

/// Returns the text with the value at `path` replaced, or added where the scene leaves it to its
/// default. A value of type text may be given without quotes.
pub fn set(text: &str, path: &str, value: &str) -> Result<String, SetError> {
    let root = locate::parse(text)?;
    let target = find(text, &root, path)?;
    let value = if is_path(path) { &tilde::in_value(value) } else { value };
    let value = prepare(value, target.shape, target.optional)?;
    match target.place {
        FieldNode::Existing(node) => Ok(splice(text, node.span.start, node.span.end, &value)),
        FieldNode::Missing { group, names } => insert(text, group, &names, &value, &target.part),
    }
}

/// Returns the paths of a scene's fields, of groups and their fields; not those within lists.
pub fn fields() -> Vec<String> {
    fn collect(shape: &Shape, before: &str, into: &mut Vec<String>) {
        match shape {
            Shape::Struct(group) => {
                for field in &group.fields {
                    let path = if before.is_empty() {
                        field.name.clone()
                    } else {
                        format!("{before}.{}", field.name)
                    };
                    let known = into.len();
                    collect(&field.shape, &path, into);
                    if into.len() == known {
                        into.push(format!("{path}="));
                    }
                }
            }
            Shape::Enum(variants) => {
                for content in variants.iter().filter_map(|variant| variant.content.as_ref()) {
                    collect(content, before, into);
                }
            }
            _ => {}
        }
    }
    let mut fields = Vec::new();
    collect(shape::scene(), "", &mut fields);
    let mut seen = std::collections::HashSet::new();
    fields.retain(|field| seen.insert(field.clone()));
    fields
}

/// Returns `true` if a field names a file or folder.
fn is_path(path: &str) -> bool {
    matches!(path, "model" | "task.text" | "task.data" | "task.inputs" | "task.outputs")
}

/// Target of a path.
struct Target<'d> {
    shape: &'static Shape,
    optional: bool,
    place: FieldNode<'d>,
    /// The nearest part that exists.
    part: String,
}

enum FieldNode<'d> {
    /// The scene gives the value.
    Existing(&'d Node),
    /// The scene does not give the value: these fields, each within the one before, have to be
    /// added to this group.
    Missing { group: &'d Node, names: Vec<String> },
}

/// Follows a path through the text and the types at once.
fn find<'d>(text: &str, root: &'d Node, path: &str) -> Result<Target<'d>, SetError> {
    let mut target = Target {
        shape: shape::scene(),
        optional: false,
        place: FieldNode::Existing(root),
        part: "the scene".to_owned(),
    };
    let mut done = String::new();
    for segment in path.split('.') {
        target = step(text, target, segment)?;
        if !done.is_empty() {
            done.push('.');
        }
        done.push_str(segment);
        target.part = format!("`{done}`");
    }
    Ok(target)
}

fn step<'d>(text: &str, target: Target<'d>, segment: &str) -> Result<Target<'d>, SetError> {
    let Target { shape, place, part, .. } = target;
    match shape {
        Shape::Struct(group) => {
            let Some(field) = group.fields.iter().find(|f| f.name == segment) else {
                let fields = group.fields.iter().map(|f| f.name.clone()).collect();
                return Err(SetError::NoField { part, field: segment.to_owned(), fields });
            };
            let place = enter(text, place, field, &part)?;
            Ok(Target { shape: &field.shape, optional: field.optional, place, part })
        }
        Shape::Enum(variants) => {
            let variant = chosen(text, &place, variants);
            let Some(content) = variant.and_then(|v| v.content.as_ref()) else {
                return Err(no_fields(part, variant.map(|v| v.name.as_str()), variants));
            };
            step(text, Target { shape: content, optional: false, place, part }, segment)
        }
        Shape::List(_) | Shape::Tuple(..) => {
            let items = match &place {
                FieldNode::Existing(node) => items(node, matches!(shape, Shape::List(_))),
                FieldNode::Missing { .. } => &[],
            };
            let index = segment.parse::<usize>().ok().filter(|&i| i < items.len());
            let item_shape = match shape {
                Shape::List(item) => Some(&**item),
                Shape::Tuple(shapes, _) => index.and_then(|i| shapes.get(i)),
                _ => None,
            };
            match (index.and_then(|i| items.get(i)), item_shape) {
                (Some(node), Some(shape)) => {
                    Ok(Target { shape, optional: false, place: FieldNode::Existing(node), part })
                }
                _ => Err(SetError::NoEntry { part, index: segment.to_owned(), len: items.len() }),
            }
        }
        Shape::Text => Err(no_fields(part, Some("a text"), &[])),
        Shape::Integer | Shape::Number | Shape::Bool | Shape::Unknown => {
            Err(no_fields(part, Some("a plain value"), &[]))
        }
    }
}

/// Descends from a group to one of its fields, which the text may leave out.
fn enter<'d>(text: &str, place: FieldNode<'d>, field: &Field, part: &str) -> Result<FieldNode<'d>, SetError> {
    match place {
        FieldNode::Missing { group, mut names } => {
            names.push(field.name.clone());
            Ok(FieldNode::Missing { group, names })
        }
        FieldNode::Existing(node) => {
            let group = node.inner();
            match &group.kind {
                Kind::Struct(fields, _) => Ok(fields.iter().find(|f| f.name == field.name).map_or_else(
                    || FieldNode::Missing { group, names: vec![field.name.clone()] },
                    |f| FieldNode::Existing(&f.value),
                )),
                Kind::Tuple(items, _) if items.is_empty() => {
                    Ok(FieldNode::Missing { group, names: vec![field.name.clone()] })
                }
                _ => Err(no_fields(part.to_owned(), text.get(node.span.clone()), &[])),
            }
        }
    }
}

fn items(node: &Node, list: bool) -> &[Node] {
    match &node.kind {
        Kind::List(items, _) if list => items,
        Kind::Tuple(items, _) if !list => items,
        // Some([…])
        Kind::Tuple(..) if list && !std::ptr::eq(node.inner(), node) => items(node.inner(), list),
        Kind::List(items, _) => items,
        _ => &[],
    }
}

/// Returns the variant in the text, or the first one (the default) where there is none.
fn chosen<'s>(text: &str, place: &FieldNode<'_>, variants: &'s [Variant]) -> Option<&'s Variant> {
    let FieldNode::Existing(node) = place else { return variants.first() };
    let written = text.get(node.span.clone()).unwrap_or("");
    let written = written.strip_prefix("Some").map_or(written, |s| s.trim_start().trim_start_matches('('));
    let word = written.find(|c: char| c != '_' && !c.is_alphanumeric()).and_then(|end| written.get(..end));
    variants.iter().find(|v| v.name == word.unwrap_or(written))
}

fn no_fields(part: String, what: Option<&str>, variants: &[Variant]) -> SetError {
    let what = match what {
        Some(what) if variants.is_empty() => what.to_owned(),
        Some(word) => format!("`{word}`"),
        None => "not one of the words that are possible there".to_owned(),
    };
    let with_fields = variants.iter().find_map(|v| Some((v, v.content.as_ref()?)));
    let help = with_fields.map(|(variant, content)| {
        let first = match content {
            Shape::Struct(group) => group.fields.first().map(|f| format!("{}: …", f.name)),
            _ => None,
        };
        let path = part.trim_matches('`');
        format!("set the whole of it first: --set '{path}={}({})'", variant.name, first.unwrap_or_default())
    });
    SetError::NoFields { part, what, help: help.unwrap_or_default() }
}

/// Formats the new value for the text.
fn prepare(value: &str, shape: &Shape, optional: bool) -> Result<String, SetError> {
    let complete = locate::parse(value).ok().and_then(|n| value.get(n.span));
    if *shape == Shape::Text {
        let is_text = |v: &str| {
            let quote = v.trim_start_matches('r').trim_start_matches('#');
            quote.starts_with('"') && v.ends_with(['"', '#'])
        };
        let is_option = |v: &str| v == "None" || v.starts_with("Some(") || v.starts_with("Some (");
        return match complete {
            Some(v) if is_text(v) || (optional && is_option(v)) => Ok(v.to_owned()),
            _ => Ok(quoted(value)),
        };
    }
    complete.map(str::to_owned).ok_or_else(|| SetError::BadValue { value: value.to_owned() })
}

fn quoted(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn splice(text: &str, start: usize, end: usize, with: &str) -> String {
    format!("{}{with}{}", text.get(..start).unwrap_or(""), text.get(end..).unwrap_or(""))
}

/// Adds a field behind the last one of a group: on a line of its own if the closing
/// bracket has one.
fn insert(text: &str, group: &Node, names: &[String], value: &str, part: &str) -> Result<String, SetError> {
    let (last, brackets) = match &group.kind {
        Kind::Struct(fields, at) => (fields.last(), *at),
        Kind::Tuple(_, at) => (None, *at),
        _ => return Err(no_fields(part.to_owned(), text.get(group.span.clone()), &[])),
    };
    let Some((name, inner)) = names.split_first() else {
        return Err(no_fields(part.to_owned(), None, &[]));
    };
    let value = inner.iter().rev().fold(value.to_owned(), |value, name| format!("({name}: {value})"));
    let field = format!("{name}: {value}");
    let head = text.get(..brackets.close).unwrap_or("");
    let line = head.rfind('\n').map_or(0, |at| at + 1);
    let own_line = line > brackets.open && head.get(line..).is_some_and(|s| s.trim().is_empty());
    if !own_line {
        return Ok(match last {
            Some(last) => splice(text, last.value.span.end, last.value.span.end, &format!(", {field}")),
            None => splice(text, brackets.open, brackets.open, &field),
        });
    }
    let indent = last
        .and_then(|l| indentation(text, l.name_span.start))
        .map_or_else(|| format!("{}{INDENT}", head.get(line..).unwrap_or("")), str::to_owned);
    let newline = if head.ends_with("\r\n") || text.contains("\r\n") { "\r\n" } else { "\n" };
    let edited = splice(text, line, line, &format!("{indent}{field},{newline}"));
    Ok(match last {
        Some(last) if !locate::comma_follows(text, last.value.span.end) => {
            splice(&edited, last.value.span.end, last.value.span.end, ",")
        }
        _ => edited,
    })
}

/// Returns the white space in front of the first character of a line at `at`, if it begins one.
fn indentation(text: &str, at: usize) -> Option<&str> {
    let head = text.get(..at)?;
    let prefix = head.get(head.rfind('\n').map_or(0, |at| at + 1)..)?;
    prefix.trim().is_empty().then_some(prefix)
}

#[cfg(test)]
mod tests;
