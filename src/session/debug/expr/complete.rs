//! Completion of names at the cursor of the prompt.

use super::names::Names;
use super::parse::is_keyword;
use super::places::{plain_names, short};
use super::table::{self, DIRECTIONS, Domain, Group, Type};

/// Longest list of candidates.
const MOST: usize = 200;
/// Names that have brackets.
const CALLS: [(&str, Option<Group>); 7] = [
    ("pe", Some(Group::Pe)),
    ("link", Some(Group::Link)),
    ("sram", Some(Group::Sram)),
    ("unit", Some(Group::Unit)),
    ("layer", Some(Group::Layer)),
    ("written", None),
    ("changed", None),
];

/// Candidates for a place in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Byte at which the word begins that the candidates replace, up to the cursor.
    pub start: usize,
    /// Candidates for the place of the cursor, in the order in which they are offered.
    pub words: Vec<String>,
}

/// Returns the candidates for byte `cursor` of a text.
pub fn complete(text: &str, cursor: usize, names: &Names) -> Completion {
    let Some(before) = text.get(..cursor) else { return Completion::default() };
    if let Some(open) = open_quote(before) {
        let inside = &before[open + 1..];
        let words = quoted_words(before[..open].trim_end(), names);
        let found = words.into_iter().filter(|word| word.starts_with(inside)).map(|word| format!("{word}\""));
        return Completion { start: open + 1, words: found.take(MOST).collect() };
    }
    let start = before.rfind(|c: char| !is_word(c)).map_or(0, |at| at + last_width(before, at));
    let (head, word) = (before[..start].trim_end(), &before[start..]);
    if let Some(field) = word.strip_prefix('.').filter(|_| before[..start].ends_with(')')) {
        let group = called(head).and_then(|(_, group)| group).map(|group| names.group(group));
        let words = group.map_or(Vec::new(), fields);
        return found(start + 1, field, words);
    }
    if head.ends_with("==") || head.ends_with("!=") {
        let bare = domain_of(head).map(|domain| bare_words(domain, names)).unwrap_or_default();
        let mut found = found(start, word, bare);
        found.words.extend(self::found(start, word, values(names)).words);
        return found;
    }
    if let Some(arguments) = arguments(before) {
        return match arguments.name {
            "pe" => found(arguments.open, before[arguments.open..].trim_start(), pes(names)),
            "link" if arguments.commas == 2 => {
                found(start, word, DIRECTIONS.map(|(name, _)| format!("{name})")).to_vec())
            }
            "unit" | "layer" if arguments.commas == 0 => {
                found(start, word, names.layers().map(|layer| format!("\"{layer}\"")).collect())
            }
            _ => found(start, word, values(names)),
        };
    }
    let mut words = values(names);
    words.extend(["and ", "or ", "not "].map(str::to_owned));
    found(start, word, words)
}

fn found(start: usize, word: &str, words: Vec<String>) -> Completion {
    Completion { start, words: words.into_iter().filter(|w| w.starts_with(word)).take(MOST).collect() }
}

fn is_word(c: char) -> bool {
    c == '_' || c == '.' || c.is_alphanumeric()
}

fn last_width(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

/// Returns the byte index of a quote that is not closed; `None` if there is none.
fn open_quote(text: &str) -> Option<usize> {
    let mut open = None;
    for (at, c) in text.char_indices().filter(|(_, c)| matches!(c, '"' | '\'')) {
        open = match open {
            None => Some((at, c)),
            Some((_, quote)) if quote == c => None,
            other => other,
        };
    }
    open.map(|(at, _)| at)
}

/// Returns all values of a scene, and the beginnings of those with brackets.
fn values(names: &Names) -> Vec<String> {
    let calls = CALLS.iter().map(|(name, _)| format!("{name}("));
    plain_names(names).into_iter().chain(calls).collect()
}

fn fields(group: Group) -> Vec<String> {
    table::of(group).map(|row| row.name.to_owned()).collect()
}

fn pes(names: &Names) -> Vec<String> {
    names.pes().map(|pe| short(pe)["pe(".len()..].to_owned()).collect()
}

/// Returns the name before the bracket that the `)` at the end of `text` closes, with its group.
///
/// `None` if it is not one of [`CALLS`].
fn called(text: &str) -> Option<(&str, Option<Group>)> {
    let mut depth = 0;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' if depth == 1 => return call_before(&text[..at]),
            '(' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn call_before(text: &str) -> Option<(&str, Option<Group>)> {
    let start = text.rfind(|c: char| !is_word(c)).map_or(0, |at| at + last_width(text, at));
    let name = text.get(start..)?;
    CALLS.iter().find(|(call, _)| *call == name).map(|&(call, group)| (call, group))
}

struct Arguments {
    name: &'static str,
    /// Byte behind the bracket.
    open: usize,
    commas: usize,
}

/// Returns the call whose arguments are being written at the end of a text.
fn arguments(text: &str) -> Option<Arguments> {
    let (mut depth, mut commas) = (0, 0);
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' if depth > 0 => depth -= 1,
            '(' => {
                let (name, _) = call_before(&text[..at])?;
                let name = CALLS.iter().find(|(call, _)| *call == name)?.0;
                return Some(Arguments { name, open: at + 1, commas });
            }
            ',' if depth == 0 => commas += 1,
            _ => {}
        }
    }
    None
}

/// Returns the words that the value in front of `==` may take.
fn domain_of(head: &str) -> Option<Domain> {
    let value = head.get(..head.len().checked_sub(2)?)?.trim_end();
    let start = value.rfind(|c: char| !is_word(c)).map_or(0, |at| at + last_width(value, at));
    let name = value.get(start..)?;
    let row = match name.strip_prefix('.') {
        Some(field) => table::find(called(&value[..start])?.1?, field)?,
        None => Group::plain().find_map(|group| table::find(group, name))?,
    };
    match row.kind {
        Type::Word(domain) => Some(domain),
        Type::Number(_) => None,
    }
}

fn quoted_words<'n>(head: &str, names: &'n Names) -> Vec<&'n str> {
    if head.ends_with("unit(") || head.ends_with("layer(") {
        return names.layers().collect();
    }
    domain_of(head).map(|domain| names.words(domain)).unwrap_or_default()
}

/// Returns words in their bare form where possible, else in quotes.
fn bare_words(domain: Domain, names: &Names) -> Vec<String> {
    let quoted = matches!(domain, Domain::Task(kind) if kind.unlisted.is_some());
    let plain = |word: &str| {
        !quoted
            && word.starts_with(|c: char| c.is_alphabetic())
            && word.chars().all(is_word)
            && !is_keyword(word)
    };
    let words = names.words(domain).into_iter().take(MOST);
    words.map(|word| if plain(word) { word.to_owned() } else { format!("\"{word}\"") }).collect()
}
