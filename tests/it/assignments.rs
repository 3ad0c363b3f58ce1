//! Assignments: shipped ones, and answers that are right, wrong and broken.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

use serde_json::Value;

use crate::common::{spinntui, text};

const SHIPPED: [&str; 3] = ["faster", "fewer-pes", "spikes-in-time"];

fn file(name: &str) -> String {
    format!("scenes/assignments/{name}.ron")
}

/// Writes a scene like a shipped one with other text in it.
fn answer(folder: &Path, scene: &str, changes: &[(&str, &str)]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = std::fs::read_to_string(root.join(scene)).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replacen(old, new, 1);
    }
    for path in ["models/", "assets/"] {
        text = text.replace(&format!("\"{path}"), &format!("\"{}/{path}", root.display()));
    }
    let path = folder.join("answer.ron");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn events() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "pes: 12),\n            (layer: \"rnns.1\", pes: 12),",
            "pes: 12, recurrent: CscEvent),\n (layer: \"rnns.1\", pes: 12, input: CscEvent, recurrent: CscEvent),",
        ),
        ("pes: 6),", "pes: 6, input: CscEvent, recurrent: CscEvent),"),
        ("placement: Clustered,", "overlap_recurrent: true,"),
    ]
}

/// Nothing else lies in the folder, and the starting scene of each does not meet its goals.
#[test]
fn shipped_assignments_are_not_met_by_their_own_starting_scenes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/assignments");
    let mut names: Vec<String> =
        folder.read_dir().unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, SHIPPED.map(|name| format!("{name}.ron")));
    for name in SHIPPED {
        let shown = spinntui(&["assignment", &file(name)]);
        assert_eq!(shown.status.code(), Some(0));
        assert!(text(&shown.stdout).contains("goals"), "{}", text(&shown.stdout));
        let checked = spinntui(&["assignment", &file(name), "--check", "--format", "json"]);
        assert_eq!(checked.status.code(), Some(1), "{name}: {}", text(&checked.stderr));
        let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
        assert_eq!(checked["passed"], false);
        assert_eq!(checked["goals"][0]["met"], true, "the starting scene keeps its own task");
    }
}

#[test]
fn a_right_a_wrong_and_a_broken_answer_have_their_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let right = answer(folder.path(), "scenes/lm_small.ron", &events());
    let checked = spinntui(&["assignment", &file("faster"), "--check", &right]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stdout));
    assert!(text(&checked.stdout).contains("5 of 5 goals met"), "{}", text(&checked.stdout));

    let wrong = answer(folder.path(), "scenes/lm_small.ron", &events()[2..]);
    let checked = spinntui(&["assignment", &file("faster"), "--check", &wrong]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(text(&checked.stdout).contains("NOT MET  a word takes less than 150 µs"));
    assert!(text(&checked.stdout).contains("4 of 5 goals met"), "{}", text(&checked.stdout));

    let broken = answer(folder.path(), "scenes/lm_small.ron", &[("pes: 6),", "pes: six),")]);
    let checked = spinntui(&["assignment", &file("faster"), "--check", &broken]);
    assert_eq!(checked.status.code(), Some(2));
    let checked = spinntui(&["assignment", &file("faster"), "--check", "no-such.ron"]);
    assert_eq!(checked.status.code(), Some(2));
}

#[test]
fn the_others_have_an_answer_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut fewer = events();
    fewer[0] = (
        "pes: 12),\n            (layer: \"rnns.1\", pes: 12),",
        "pes: 5, recurrent: CscEvent),\n (layer: \"rnns.1\", pes: 5, input: CscEvent, recurrent: CscEvent),",
    );
    fewer[1] = ("pes: 6),", "pes: 2, input: CscEvent, recurrent: CscEvent),");
    let fewer = answer(folder.path(), "scenes/lm_small.ron", &fewer);
    let checked = spinntui(&["assignment", &file("fewer-pes"), "--check", &fewer]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stdout));
    let spikes = [
        ("steps: 400,", "steps: 400, tick: Us(100),"),
        ("schedule: Pipelined,", "schedule: Pipelined, layers: [(layer: \"pop1\", pes: 9)],"),
    ];
    let spikes = answer(folder.path(), "scenes/dnf.ron", &spikes);
    let checked = spinntui(&["assignment", &file("spikes-in-time"), "--check", &spikes]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stdout));
}

#[test]
fn another_task_is_no_answer() {
    let checked = spinntui(&["assignment", &file("faster"), "--check", "scenes/dnf.ron", "--format", "json"]);
    assert_eq!(checked.status.code(), Some(1));
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(checked["goals"][0]["found"], "the answer has another model");
}

#[test]
fn what_is_no_assignment_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ron");
    for (body, said) in [
        (
            "Assignment(version: 1, title: \"\", text: \"\", scene: \"scenes/none.ron\", goals: [])",
            "not found",
        ),
        (
            "Assignment(version: 1, title: \"\", text: \"\", scene: \"scenes/lm_small.ron\", goals: [])",
            "no goal",
        ),
        (
            "Assignment(version: 1, title: \"\", text: \"\", scene: \"scenes/lm_small.ron\",\n goals: [(text: \"\", \
             test: Condition(\"step_uss < 3\"))])",
            "step_us",
        ),
        ("Scene(version: 1)", "assignment"),
    ] {
        std::fs::write(&path, body).unwrap();
        let answer = spinntui(&["assignment", path.to_str().unwrap(), "--check"]);
        assert_eq!(answer.status.code(), Some(2), "{body}");
        assert!(text(&answer.stderr).contains(said), "{}", text(&answer.stderr));
    }
}
