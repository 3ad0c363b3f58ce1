//! Comments fit a page: at most 100 columns a line.

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

#[test]
fn no_line_of_a_comment_is_too_long() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in FOLDERS {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 500, "{} files", files.len());
    let mut long = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
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
                let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
                long.push(format!("{name}:{number}"));
            }
        }
    }
    assert!(long.is_empty(), "comments of more than {COLUMNS} columns: {long:#?}");
}
