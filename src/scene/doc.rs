//! `docs/scene.md`: every field, its values, default and meaning, written from the types.

use std::fmt::Write as _;

use super::shape::{self, Field, Shape, Struct, Variant};

/// Text of the page before the fields.
const INTRODUCTION: &str = "\
# The scene

A scene says what runs, on which chip, and how it is split. It is one text file in
[RON](https://github.com/ron-rs/ron): `( field: value, … )`, `[ lists ]`, bare words for choices, `// comments`.
`spinntui scenes/lm.ron` opens one. Save the file, and the chip is rebuilt beside the running one; if the new scene has an
error, the running one stays and the error is shown with its line.

*This page is written from the types (`UPDATE_DOCS=1 cargo test --test it scene_docs::`); do not edit it.*

## On the command line

`--set path=value` changes one value for one run, in the order given; the file stays as it is:

```text
spinntui scenes/lm.ron --set mapping.layers.1.pes=52 --set chip.waiting=Sleep --set task.text=my.txt
```

A path follows the field names below; entries of a list are counted from 0. Words in front of parentheses do not count:
the text in `task: LanguageModel(text: …)` is `task.text`. Texts need no quotes. `None` removes an optional value.

## Files

Paths in a scene are relative to the folder of the scene. A file that is not there is searched for in the folders above it, up to
the repository root; in the current folder; in `$XDG_DATA_HOME/spinntui` (`~/.local/share/spinntui`); and in the folder
that the program was built from. If nothing is found, the message names every place.

## An example

";

/// Returns the page `docs/scene.md`, as Markdown.
pub fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    let _ = write!(page, "`scenes/lm.ron`:\n\n```rust\n{}```\n", include_str!("../../scenes/lm.ron"));
    if let Shape::Struct(scene) = shape::scene() {
        section(&mut page, "Scene( … )", "", scene);
    }
    page
}

fn section(page: &mut String, heading: &str, path: &str, group: &Struct) {
    let _ = write!(page, "\n## `{heading}`\n\n{}\n\n", group.doc);
    page.push_str("| field | value | default | meaning |\n|---|---|---|---|\n");
    for field in &group.fields {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            field.name,
            value(field),
            default(field),
            field.doc.replace('|', "\\|")
        );
    }
    for field in &group.fields {
        if let Shape::Enum(variants) = &field.shape {
            choices(page, field, variants);
        }
    }
    for field in &group.fields {
        let inner = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
        inner_sections(page, &inner, &field.shape);
    }
}

/// Appends a section for each group of fields within a field.
fn inner_sections(page: &mut String, path: &str, shape: &Shape) {
    match shape {
        Shape::Struct(group) => section(page, &format!("{path}: ( … )"), path, group),
        Shape::List(item) => {
            if let Shape::Struct(group) = &**item {
                section(page, &format!("{path}: [ ( … ), … ]"), &format!("{path}.0"), group);
            }
        }
        Shape::Enum(variants) => {
            for variant in variants {
                if let Some(Shape::Struct(group)) = &variant.content {
                    section(page, &format!("{path}: {}( … )", variant.name), path, group);
                }
            }
        }
        _ => {}
    }
}

fn choices(page: &mut String, field: &Field, variants: &[Variant]) {
    let _ = write!(page, "\n`{}` is\n\n", field.name);
    for variant in variants {
        let brackets = if variant.content.is_some() { "( … )" } else { "" };
        let chosen = if field.default.as_ref() == Some(&variant.name) { " (the default)" } else { "" };
        let _ = writeln!(page, "* `{}{brackets}`{chosen}: {}", variant.name, variant.doc);
    }
}

fn value(field: &Field) -> String {
    let kind = kind(&field.shape);
    match &field.range {
        // The limits of the integer types say nothing to a reader.
        Some((low, high)) if matches!(field.shape, Shape::Integer | Shape::Number) => {
            format!("{kind}, {low} to {high}")
        }
        _ => kind,
    }
}

fn kind(shape: &Shape) -> String {
    match shape {
        Shape::Struct(_) => "fields, below".to_owned(),
        Shape::Enum(variants) => {
            let words: Vec<String> = variants
                .iter()
                .map(|v| format!("`{}{}`", v.name, if v.content.is_some() { "( … )" } else { "" }))
                .collect();
            words.join(", ")
        }
        Shape::List(item) if matches!(**item, Shape::Struct(_)) => "list of entries, below".to_owned(),
        Shape::List(item) => format!("list of {}", kind(item)),
        Shape::Tuple(items, least) if items.iter().all(|i| *i == Shape::Integer) => {
            let numbers = |count: usize| format!("`({})`", vec!["n"; count].join(", "));
            let all: Vec<String> = (*least..=items.len()).map(numbers).collect();
            all.join(" or ")
        }
        Shape::Tuple(items, _) => format!("({})", items.iter().map(kind).collect::<Vec<_>>().join(", ")),
        Shape::Text => "text".to_owned(),
        Shape::Integer => "whole number".to_owned(),
        Shape::Number => "number".to_owned(),
        Shape::Bool => "`true`, `false`".to_owned(),
        Shape::Unknown => "see the meaning".to_owned(),
    }
}

fn default(field: &Field) -> String {
    match &field.default {
        _ if field.required => "*must be given*".to_owned(),
        Some(text) if text == "( )" => "all defaults".to_owned(),
        Some(text) => format!("`{text}`"),
        None => "none".to_owned(),
    }
}
