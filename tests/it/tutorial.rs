//! Tests of `docs/tutorial.md` and `docs/screenshot.md`: their commands are run, quoted output
//! must occur, and pictures must be equal. `UPDATE_DOCS=1 cargo test --test it tutorial::`
//! redraws the pictures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// A fenced block: what stands behind the fence, and its text.
struct Block {
    info: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => open = Some(Block { info: info.to_owned(), text: String::new() }),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// Columns of tables are not what is quoted.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs the page's commands in a folder that looks like the repository; the pictures made are
/// compared with those there.
fn follow(page: &str, least: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    for name in ["scenes", "models", "assets"] {
        symlink(root.join(name), folder.path().join(name)).unwrap();
    }
    fs::create_dir_all(folder.path().join("docs/img")).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_spinntui"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        std::iter::once(binary.parent().unwrap().to_owned()).chain(std::env::split_paths(&path)),
    )
    .unwrap();
    let text = fs::read_to_string(root.join(page)).unwrap();
    let (mut said, mut ran, mut quoted) = (String::new(), 0, 0);
    for block in blocks(&text) {
        let words: Vec<&str> = block.info.split(' ').collect();
        match words[..] {
            ["sh"] | ["sh", "exit", _] => {
                let expected: i32 = words.get(2).map_or(0, |code| code.parse().unwrap());
                let output = Command::new("sh")
                    .args(["-e", "-c", &block.text])
                    .current_dir(folder.path())
                    .env("PATH", &path)
                    .output()
                    .unwrap();
                said = String::from_utf8_lossy(&output.stdout).into_owned()
                    + &String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(expected), "{}{said}", block.text);
                ran += 1;
            }
            ["text"] => {
                for line in block.text.lines() {
                    assert!(squeezed(&said).contains(&squeezed(line)), "{page} quotes\n{line}\nof\n{said}");
                    quoted += 1;
                }
            }
            _ => {}
        }
    }
    assert!(ran >= least, "{page}: only {ran} blocks of commands");
    assert!(quoted == 0 || quoted > 5, "{page}: only {quoted} lines quoted");
    let shown = |name: &str| text.contains(&format!("](img/{name})"));
    for entry in fs::read_dir(folder.path().join("docs/img")).unwrap() {
        let made = entry.unwrap();
        let (name, kept) =
            (made.file_name().into_string().unwrap(), root.join("docs/img").join(made.file_name()));
        assert!(shown(&name), "{page} makes {name} and does not show it");
        let bytes = fs::read(made.path()).unwrap();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&kept, &bytes).unwrap();
        }
        let same = fs::read(&kept).is_ok_and(|there| there == bytes);
        assert!(
            same,
            "{} is not what its command makes: UPDATE_DOCS=1 cargo test --test it tutorial::",
            kept.display()
        );
    }
}

#[test]
fn the_tutorial_is_what_happens() {
    follow("docs/tutorial.md", 8);
}

#[test]
fn the_page_about_pictures_is_what_happens() {
    follow("docs/screenshot.md", 1);
}
