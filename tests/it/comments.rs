//! Comments have at most 100 columns a line, and docs of functions begin with a verb.

use std::path::{Path, PathBuf};

/// Columns of a line that is a comment.
const COLUMNS: usize = 100;
/// Folders with sources.
const FOLDERS: [&str; 9] =
    ["src", "emulator/src", "emulator/tests", "cortex-m4", "nir", "inputs", "tests", "benches", "examples"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Returns the name and the text of every Rust file of the repository.
fn texts() -> std::io::Result<Vec<(String, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in FOLDERS {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 500, "{} files", files.len());
    let named = |file: PathBuf| {
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        Ok((name, std::fs::read_to_string(&file)?))
    };
    files.into_iter().map(named).collect()
}

#[test]
fn no_line_of_a_comment_is_too_long() {
    let mut long = Vec::new();
    for (name, text) in texts().unwrap() {
        let mut drawing = false;
        for (number, line) in (1..).zip(text.lines()) {
            if !line.trim_start().starts_with("//") {
                drawing = false;
                continue;
            }
            drawing ^= line.contains("```");
            // Drawings, tables and links cannot be broken; lines of texts in strings are
            // no comments.
            let whole = drawing || ["|", "http"].iter().any(|mark| line.contains(mark));
            let string = line.ends_with('\\') || line.ends_with("\",");
            if !whole && !string && line.chars().count() > COLUMNS {
                long.push(format!("{name}:{number}"));
            }
        }
    }
    assert!(long.is_empty(), "comments of more than {COLUMNS} columns: {long:#?}");
}

/// Returns whether a line declares a function.
fn declares_function(line: &str) -> bool {
    let mut words = line.split_whitespace().map(|word| word.split('(').next().unwrap_or(word));
    words.find(|word| !["pub", "const", "unsafe", "async", "extern"].contains(word)) == Some("fn")
}

/// Returns whether a doc comment begins with a verb in the third person, as far as a program can
/// tell: its first word ends in s and "of" does not follow.
fn begins_with_verb(doc: &str) -> bool {
    let mut words = doc.split_whitespace();
    let first = words.next().unwrap_or_default().trim_end_matches(',');
    let upper = first.starts_with(|c: char| c.is_ascii_uppercase());
    let other =
        ["This", "Its", "As", "Is", "Was", "Has", "Does", "Always", "Less", "Whether"].contains(&first);
    upper && first.ends_with('s') && !other && words.next() != Some("of")
}

#[test]
fn docs_of_functions_begin_with_a_verb() {
    let mut others = Vec::new();
    let mut checked = 0;
    for (name, text) in texts().unwrap() {
        let of_tests = name.starts_with("tests") || name.starts_with("benches") || name.contains("tests");
        // Tests have properties for docs, not actions.
        let code = text.split("#[cfg(test)]\n").next().unwrap_or_default();
        let lines: Vec<&str> = if of_tests { Vec::new() } else { code.lines().map(str::trim).collect() };
        for (number, _) in lines.iter().enumerate().filter(|(_, line)| declares_function(line)) {
            let above = lines[..number].iter().rev().skip_while(|line| line.starts_with("#["));
            let Some(first) = above.take_while(|line| line.starts_with("///")).last() else { continue };
            checked += 1;
            if !begins_with_verb(first.trim_start_matches('/')) {
                others.push(format!("{name}:{}: {first}", number + 1));
            }
        }
    }
    assert!(checked > 4000, "{checked} functions have docs");
    assert!(others.is_empty(), "docs that do not begin with a verb (Returns, Adds, …): {others:#?}");
}

#[test]
fn verbs_are_told_from_nouns() {
    let verbs = ["Returns the sum.", "Sums the rows.", "Opens, reads and closes the file."];
    assert!(verbs.into_iter().all(begins_with_verb));
    let nouns =
        ["Sum of the rows.", "Sums of the rows.", "The sum.", "`sum`: the sum", "Whether it fits.", ""];
    assert!(!nouns.into_iter().any(begins_with_verb));
    assert!(declares_function("pub(crate) const fn a() {") && declares_function("fn b("));
    assert!(!declares_function("let fn_name = 3;") && !declares_function("/// fn c()"));
}
