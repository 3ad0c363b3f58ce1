//! No text from a file acts on the terminal.
//!
//! Every subcommand that prints text shows titles, words, cards, lessons and names of files
//! with their escapes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Text that would set a window's title, ring, change colours and the direction of writing.
const HOSTILE: &str = "a\u{1b}]0;PWNED\u{7}\u{9b}31m\u{7f}\u{202e}\u{200b}z";

/// Returns `HOSTILE` as the content of a RON string.
fn ron() -> String {
    HOSTILE.chars().map(|c| c.escape_unicode().to_string()).collect()
}

/// Creates a folder with a model, scenes, a lesson and a listing that contain `HOSTILE`.
fn bench() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("scenes/lessons")).unwrap();
    fs::create_dir(at("model")).unwrap();
    let tiny = Path::new("models/egru-lm-tiny");
    fs::copy(tiny.join("model.safetensors"), at("model/model.safetensors")).unwrap();
    let words = fs::read_to_string(tiny.join("vocab.txt")).unwrap();
    // Every other word only: the prompt needs one that can be typed.
    let words: Vec<String> =
        words
            .lines()
            .enumerate()
            .map(|(n, word)| {
                if n % 2 == 0 && !word.starts_with('<') {
                    format!("{HOSTILE}{word}")
                } else {
                    word.to_owned()
                }
            })
            .collect();
    fs::write(at("model/vocab.txt"), words.join("\n") + "\n").unwrap();
    let known = words.iter().find(|word| !word.contains('\u{1b}') && !word.starts_with('<')).unwrap();
    fs::write(at("text.txt"), words.iter().take(80).cloned().collect::<Vec<_>>().join(" ")).unwrap();
    let bad = ron();
    let card = fs::read_to_string(tiny.join("card.ron")).unwrap();
    let card =
        card.replace("egru-lm-tiny", &bad).replace("Nothing outside", &bad).replace("EGRU 48/32", &bad);
    fs::write(at("model/card.ron"), card).unwrap();
    let scene = |task: &str| {
        format!(
            "// {HOSTILE}\nScene(version: 1, title: \"{bad}\", model: \"model\", task: LanguageModel({task}), \
             mapping: (layers: [(layer: \"rnns.0\", pes: 3), (layer: \"rnns.1\", pes: 3)]))"
        )
    };
    fs::write(at("scenes/read.ron"), scene("text: \"text.txt\"")).unwrap();
    fs::write(at(&format!("scenes/{HOSTILE}.ron")), scene("text: \"text.txt\"")).unwrap();
    let write = format!("mode: Generate(prompt: \"{known}\", words: 20, temperature: 2.0, seed: 3)");
    fs::write(at("scenes/write.ron"), scene(&write)).unwrap();
    let lesson = format!(
        "Lesson(version: 1, title: \"{bad}\", about: \"{bad}\", minutes: 1, scene: \"scenes/read.ron\", pages: [\
         Page(title: \"{bad}\", text: \"{bad}\", expect: \"step == 7\")])"
    );
    fs::write(at("scenes/lessons/l.ron"), lesson).unwrap();
    fs::write(at("bad.s"), format!("\t.thumb\n{HOSTILE}:\n\tfoo r0, r1\n")).unwrap();
    fs::write(at("bad.csv"), format!("phase,layer,us\n{HOSTILE},rnns.0,1\n")).unwrap();
    folder
}

#[test]
fn no_escape_reaches_the_terminal() {
    let folder = bench();
    let hostile = format!("{HOSTILE}.ron");
    let scene = format!("scenes/{hostile}");
    let set = format!("task.text={hostile}");
    let title = format!("title=\"{}\"", ron());
    let read = "scenes/read.ron";
    let mut seen = 0;
    for arguments in [
        &["run", &scene, "--steps", "20"][..],
        &["run", "scenes/write.ron", "--steps", "20"],
        &["run", read, "--steps", "3", "--trace", "step > 0"],
        &["run", read, "--steps", "3", "--set", &set],
        &["run", read, "--steps", "3", "--set", &title, "--output", &format!("no/{hostile}")],
        &["run", read, "--break", HOSTILE],
        &["run", &format!("no/{hostile}")],
        &["check", &scene],
        &["check", read, "--set", "mapping.layers.0.pes=0", "--set", &title],
        &["check", read, "--set", &format!("{HOSTILE}=1")],
        &["trace", &scene, "--format", "text"],
        &["compare", &scene, "scenes/read.ron", "--steps", "3"],
        &["peek", &scene, "--steps", "3"],
        &["tune", &scene, "--candidates", "2", "--steps", "2"],
        &["calibrate", read, "--timers", "bad.csv", "--steps", "2"],
        &["export", read, "--spec", &hostile],
        &["inspect", "model"],
        &["inspect", &hostile],
        &["quantize", "model", "--text", "text.txt", "--steps", "10"],
        &["lesson"],
        &["lesson", "l"],
        &["lesson", "scenes/lessons/l.ron", "--check"],
        &["lesson", HOSTILE],
        &["kernels", "--listing", "bad.s"],
        &["events", &hostile],
        &["replay", &scene],
        &["--list"],
        &["doctor"],
        &["--print-config", "--config", &scene],
        &["screenshot", &scene, "--at", "step 9", "--size", "100x30"],
        &["screenshot", &scene, "--size", "100x30"],
        &["screenshot", "scenes/write.ron", "--at", "step 9", "--size", "100x30"],
        &["man", "--output", &format!("no/{hostile}/x/\u{1b}[2J")],
        &[HOSTILE],
        &["run", &scene, HOSTILE],
        &["completions", "bash"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_spinntui"))
            .args(arguments)
            .current_dir(folder.path())
            .env("SPINNTUI_NO_SOURCE_DIR", "1")
            .env("SPINNTUI_DATA", folder.path())
            .output()
            .unwrap();
        for (stream, bytes) in [("output", &output.stdout), ("error", &output.stderr)] {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let acts = |c: char| {
                (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202e}' | '\u{200b}')
            };
            let found = text.lines().find(|line| line.contains(acts));
            assert_eq!(found, None, "{arguments:?}: standard {stream}");
            assert!(!text.contains("panicked"), "{arguments:?}: {text}");
            seen += text.matches("\\u{1b}").count();
        }
    }
    assert!(seen > 40, "only {seen} escapes were shown: has the bench gone blind?");
}

#[test]
fn the_first_screen_shows_the_escapes_of_the_text() {
    let folder = bench();
    let output = Command::new(env!("CARGO_BIN_EXE_spinntui"))
        .args(["screenshot", "scenes/read.ron", "--panel", "task", "--expand", "--size", "200x60"])
        .current_dir(folder.path())
        .env("SPINNTUI_NO_SOURCE_DIR", "1")
        .output()
        .unwrap();
    let screen = String::from_utf8(output.stdout).unwrap();
    let text = screen.split("the text begins").nth(1).unwrap();
    let text = text.split("panels").next().unwrap();
    assert!(text.contains(r"31m\u{7f}\u{202e}\u{200b}z"), "{screen}");
    assert!(!text.contains(['\u{202e}', '\u{200b}']), "{screen}");
}
