//! The table of goals: every row of docs/goals.md from a fresh start, by its keys.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use spinntui::session::against::Against;
use spinntui::session::engine::EngineOptions;
use spinntui::tui::app::App;
use spinntui::tui::capture::text;
use spinntui::tui::stage::{Press, Stage, presses};
use spinntui::tui::theme::{Looks, Theme};

use crate::common::binary;

const SCENE: &str = "scenes/lm_small.ron";
/// Most keys that a goal may take.
const MOST: usize = 6;

/// Row of the table: goal, keys, their number, what the screen shows.
struct Row {
    goal: String,
    keys: String,
    number: usize,
    shown: String,
}

fn rows() -> Vec<Row> {
    let page = fs::read_to_string("docs/goals.md").unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let row = |line: &str| {
        // A bar within a cell is written `\|`.
        let line = line.replace("\\|", "\u{1}");
        let cells: Vec<String> =
            line.split('|').map(|cell| cell.trim().trim_matches('`').replace('\u{1}', "|")).collect();
        Row {
            goal: cells[1].clone(),
            keys: cells[2].clone(),
            number: cells[3].parse().unwrap(),
            shown: cells[4].clone(),
        }
    };
    rows.map(row).collect()
}

fn stage(against: bool) -> Stage {
    let options = EngineOptions {
        scene: PathBuf::from(SCENE),
        set: Vec::new(),
        autorun: false,
        record: None,
        points: Vec::new(),
        exact: false,
        against: against.then(|| Against { scene: PathBuf::from(SCENE), set: Vec::new() }),
    };
    let mut app = App::new(SCENE, Theme::new(Looks::default()), (120, 40));
    app.program = Some(binary().into());
    let mut stage = Stage::open(app, options).unwrap();
    stage.show(None, false).unwrap();
    stage
}

/// Presses the keys of a row; returns their number, without typed text, and the screen.
fn drive(row: &Row, folder: &Path) -> (usize, String) {
    let keys = row.keys.replace("TMP", &folder.display().to_string());
    let mut stage = stage(row.goal.contains("two scenes"));
    let mut count = 0;
    for press in presses(&keys).unwrap_or_else(|error| panic!("{}: {error}", row.goal)) {
        if let Press::Keys(keys, _) = &press {
            count += keys.len();
        }
        stage.press(&press).unwrap();
    }
    (count, text(&stage.draw()))
}

#[test]
fn every_goal_is_reached_from_a_fresh_start_by_at_most_six_keys() {
    let rows = rows();
    assert!(rows.len() >= 15, "only {} rows found: has the reader gone blind?", rows.len());
    let mut problems = Vec::new();
    for row in &rows {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("timers.csv"), "phase,layer,us\negru_input,rnns.0,96.31\n").unwrap();
        let (count, screen) = drive(row, folder.path());
        if count != row.number || count > MOST {
            problems.push(format!("{}: {count} keys, {} in the page", row.goal, row.number));
        }
        if !screen.contains(&row.shown) {
            problems.push(format!("{}: no `{}` on the screen:\n{screen}", row.goal, row.shown));
        }
        let fresh = text(&stage(row.goal.contains("two scenes")).draw());
        if fresh.contains(&row.shown) {
            problems.push(format!("{}: `{}` is there before a key is pressed", row.goal, row.shown));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
