//! Tests of the binary's command line: subcommands, exit codes, and messages about bad input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::common::{spinntui, text};

const SMALL: &str = "scenes/lm_small.ron";

/// Runs the binary, and expects this exit code and these words on standard error, and nothing that
/// looks like a crash.
#[track_caller]
fn refused<S: AsRef<std::ffi::OsStr> + std::fmt::Debug>(
    arguments: &[S],
    code: i32,
    words: &[&str],
) -> String {
    let output = spinntui(arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    for word in words {
        assert!(error.contains(word), "{arguments:?} should say `{word}`:\n{error}");
    }
    for word in ["panicked", "backtrace", "BACKTRACE", "Location:", "src/"] {
        assert!(!error.contains(word), "{arguments:?} says `{word}`:\n{error}");
    }
    assert!(error.ends_with('\n') && !error.trim().is_empty());
    error
}

/// Checks that both subcommands that read a scene refuse it with the same words.
#[track_caller]
fn bad_scene(scene: &Path, sets: &[&str], words: &[&str]) {
    for verb in ["run", "check"] {
        let mut arguments = vec![verb.to_owned(), scene.display().to_string()];
        arguments.extend(sets.iter().flat_map(|set| ["--set".to_owned(), (*set).to_owned()]));
        refused(&arguments, 2, words);
    }
}

fn small() -> &'static Path {
    Path::new(SMALL)
}

/// Creates a file in a temporary folder, which lives as long as the returned handle.
fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Bytes that are no text, the same every time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    let byte = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(byte).collect()
}

#[test]
fn help_names_scenes_to_begin_with() {
    let output = spinntui(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output.stdout);
    for word in ["run", "check", "inspect", "doctor", "Examples:", "Exit codes:", "scenes/lm_small.ron"] {
        assert!(help.contains(word), "{word}:\n{help}");
    }
}

#[test]
fn every_verb_has_help_with_an_example() {
    for verb in ["run", "check", "compare", "inspect", "tune", "sweep", "soak", "calibrate", "export"] {
        let output = spinntui(&[verb, "--help"]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains(&format!("spinntui {verb} ")), "{verb}");
    }
    assert!(text(&spinntui(&["--version"]).stdout).starts_with("spinntui "));
}

#[test]
fn a_scene_without_a_terminal_names_run() {
    refused(&[SMALL], 2, &["terminal", "spinntui run scenes/lm_small.ron"]);
    refused(&[SMALL, "--set", "chip.waiting=Sleep"], 2, &["terminal", "run"]);
}

#[test]
fn usage_errors() {
    refused(&["fly"], 2, &["`fly` is neither a subcommand nor a scene", "run, check, inspect"]);
    refused(&["chekc"], 2, &["did you mean `spinntui check`?"]);
    refused(&["run"], 2, &["<SCENE>"]);
    refused(&["run", SMALL, "--steps", "0"], 2, &["--steps"]);
    refused(&["run", SMALL, "--steps", "many"], 2, &["many"]);
    refused(&["run", SMALL, "--steps", "1", "--sequences", "1"], 2, &["--sequences"]);
    refused(&["run", SMALL, "--format", "xml"], 2, &["xml", "json"]);
    refused(&["run", SMALL, "--set", "nonsense"], 2, &["PATH=VALUE"]);
    refused(&["run", SMALL, "--steps", "1", "--output", "no/such/folder/x"], 2, &["no/such/folder/x"]);
}

#[test]
fn a_missing_file() {
    bad_scene(
        Path::new("scenes/lm_tall.ron"),
        &[],
        &["scenes/lm_tall.ron", "no such file", "scenes/lm_small.ron"],
    );
    bad_scene(Path::new("scenes"), &[], &["folder"]);
}

#[test]
fn a_broken_scene() {
    let source = fs::read_to_string(SMALL).unwrap();
    let (_folder, path) = file("broken.ron", source.replace("mapping: (", "mapping: [").as_bytes());
    bad_scene(&path, &[], &["broken.ron:", "^"]);
    let (_folder, path) = file("field.ron", source.replace("waiting: Poll", "wating: Poll").as_bytes());
    bad_scene(&path, &[], &["field.ron:", "wating", "waiting", "^"]);
    let (_folder, path) = file("version.ron", source.replace("version: 1", "version: 7").as_bytes());
    bad_scene(&path, &[], &["version.ron:", "version 7", "^"]);
}

#[test]
fn random_bytes_are_no_scene() {
    for length in [1, 100, 100_000] {
        let (_folder, path) = file("noise.ron", &noise(length));
        bad_scene(&path, &[], &["noise.ron"]);
    }
}

#[test]
fn numbers_of_pes_that_no_chip_has() {
    bad_scene(small(), &["mapping.layers.0.pes=0"], &["^", "pes"]);
    bad_scene(small(), &["mapping.layers.0.pes=200"], &["^", "152"]);
}

#[test]
fn pes_that_are_named_badly() {
    let source = fs::read_to_string(SMALL).unwrap();
    let on = |pes: &str| source.replace("pes: 6)", &format!("on: [{pes}])"));
    let (_folder, path) = file("twice.ron", on("(1,1,0), (2,1,0), (1,1,0)").as_bytes());
    bad_scene(&path, &[], &["(1,1,0)", "twice"]);
    let reserved = on("(1,1,0), (2,1,0)").replace("waiting: Poll,", "reserved: [(2,1,0)],");
    let (_folder, path) = file("reserved.ron", reserved.as_bytes());
    bad_scene(&path, &[], &["(2,1,0)", "reserved"]);
    let (_folder, path) = file("hole.ron", on("(4,3,0)").as_bytes());
    bad_scene(&path, &[], &["(4,3,0)"]);
}

#[test]
fn texts_that_cannot_be_read() {
    let with = |name: &str, bytes: &[u8], words: &[&str]| {
        let (_folder, path) = file(name, bytes);
        bad_scene(small(), &[&format!("task.text={:?}", path.display().to_string())], words);
    };
    with("empty.txt", b"", &["empty.txt", "task.text"]);
    with("blank.txt", b" \n\t\n", &["blank.txt"]);
    with("unknown.txt", "xyzzy plugh qwrtp\n".as_bytes(), &["unknown.txt"]);
    with("latin1.txt", b"caf\xe9 au lait\n", &["latin1.txt", "UTF-8"]);
    bad_scene(small(), &["task.text=\"no/such/text.txt\""], &["no/such/text.txt", "looked for"]);
}

#[test]
fn models_that_cannot_be_read() {
    bad_scene(small(), &["model=\"models/none\""], &["models/none", "looked for"]);
    let (folder, _) = file("model.safetensors", &noise(5000));
    let model = folder.path().display().to_string();
    bad_scene(small(), &[&format!("model={model:?}")], &["model.safetensors"]);
    refused(&["inspect", &model], 2, &["model.safetensors"]);
    refused(&["inspect", "models/none"], 2, &["models/none"]);
    refused(&["inspect"], 2, &["<MODEL>"]);
    // A real model, cut off.
    let whole = fs::read("models/egru-lm-tiny/model.safetensors").unwrap();
    fs::write(folder.path().join("model.safetensors"), &whole[..whole.len() / 2]).unwrap();
    fs::copy("models/egru-lm-tiny/vocab.txt", folder.path().join("vocab.txt")).unwrap();
    refused(&["inspect", &model], 2, &["model.safetensors"]);
    // A scene for another model.
    bad_scene(small(), &["model=\"models/egru-lm-tiny\""], &["no layer `rnns.2`", "^"]);
}

#[test]
fn quantize_refuses_a_transformer() {
    let model = "tests/data/golden/attention/softmax-gelu";
    refused(&["quantize", model], 2, &[model, "8-bit already", "EGRU and GRU models"]);
}

#[test]
fn edits_that_mean_nothing() {
    bad_scene(small(), &["mapping.layers.7.pes=3"], &["mapping.layers.7.pes=3"]);
    bad_scene(small(), &["no.such.field=3"], &["no.such.field=3"]);
    bad_scene(small(), &["mapping.layers.0.pes=many"], &["--set mapping.layers.0.pes=many"]);
    bad_scene(small(), &["mapping=("], &["--set mapping=("]);
}

#[test]
fn too_few_pes_are_refused_with_bytes_and_what_would_do() {
    let set = |pes: &str| format!("mapping.layers.1.pes={pes}");
    let words = ["PE(", "rnns.1", "bytes are needed, 131072 are available", "fits on", "pes: 30", "^^"];
    refused(&["check", "scenes/lm.ron", "--set", &set("30")], 1, &words);
    let error = refused(&["run", "scenes/lm.ron", "--steps", "1", "--set", &set("30")], 2, &words);
    // That number of PEs fits, and one fewer does not.
    let least: u32 = error.split("fits on ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let check =
        |pes: u32| spinntui(&["check", "scenes/lm.ron", "--set", &set(&pes.to_string())]).status.code();
    assert_eq!((check(least), check(least - 1)), (Some(0), Some(1)), "{least}");
    // More than there is work for; and more than there are, which the scene alone already shows.
    bad_scene(Path::new("scenes/lm.ron"), &[&set("60")], &["160 PEs", "152", "^^"]);
    refused(&["check", SMALL, "--set", "mapping.layers.2.pes=49"], 1, &["48 units", "49 PEs"]);
    let json = spinntui(&["check", "scenes/lm.ron", "--format", "json", "--set", &set("30")]);
    assert!(text(&json.stdout).contains("\"fits\": false"));
}

#[test]
fn contiguous_units_of_the_papers_model_do_not_fit() {
    refused(
        &["check", "scenes/lm.ron", "--set", "mapping.balance=Units"],
        1,
        &["rnns.1", "bytes are needed"],
    );
}

#[test]
fn check_shows_the_map_and_the_floor_plan() {
    let output = spinntui(&["check", "scenes/lm_148.ron"]);
    assert_eq!(output.status.code(), Some(0));
    let text = text(&output.stdout);
    for word in [
        "148 of 152 PEs in use",
        "rnns.1 R values",
        "0x08000",
        "free in banks 0 to 3",
        "y 1  RR",
        "##",
        "contiguous",
        "barrier",
        "warning",
        "Try:",
    ] {
        assert!(text.contains(word), "{word}:\n{text}");
    }
}

#[test]
fn shipped_scenes_fit_and_run() {
    let mut found = 0;
    for folder in ["scenes", "scenes/what-if"] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let path = path.to_str().unwrap();
            found += 1;
            // Golden reports and `board::` run these, for longer. The test of the doctor holds that
            // `check` finds nothing wrong with any of them.
            let tested = [crate::board::FOUR_TEXTS, crate::board::EVERY_WEIGHT].contains(&path);
            if tested || crate::golden_reports::is_tested(path) {
                continue;
            }
            let output = spinntui(&["run", path, "--steps", "2", "--no-ranges"]);
            assert_eq!(output.status.code(), Some(0), "{path}: {}", text(&output.stderr));
        }
    }
    assert!(found >= 10, "{found}");
}

#[test]
fn a_report_goes_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let output =
        spinntui(&["run", SMALL, "--steps", "2", "--format", "json", "--output", path.to_str().unwrap()]);
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty());
    let report: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(report["steps"], 2);
}

#[test]
fn a_closed_pipe_is_no_accident() {
    let command = ["run", SMALL, "--steps", "2000", "--stream"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_spinntui"))
        .args(command)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}
