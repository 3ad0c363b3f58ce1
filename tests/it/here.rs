//! Tests of reloads that keep the time step and show the changed figures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use spinntui::chip::geometry::{ChipId, Pe};
use spinntui::chip::place::PePlace;
use spinntui::session::engine::EngineOptions;
use spinntui::session::snapshot::RunState;
use spinntui::tui::app::{App, Overlay};
use spinntui::tui::capture::text;
use spinntui::tui::stage::{Stage, presses};
use spinntui::tui::theme::{Looks, Theme};

use crate::common::session;

/// Writes the small scene with this number of PEs in its second layer.
fn write(path: &Path, pes: &str) {
    let here = env!("CARGO_MANIFEST_DIR");
    let scene = fs::read_to_string("scenes/lm_small.ron").unwrap();
    let scene = scene
        .replace("\"models/", &format!("\"{here}/models/"))
        .replace("\"assets/", &format!("\"{here}/assets/"))
        .replace("(layer: \"rnns.1\", pes: 12)", &format!("(layer: \"rnns.1\", pes: {pes})"));
    fs::write(path, scene).unwrap();
}

fn stage(path: &Path) -> Stage {
    stage_with(path, &[])
}

/// Returns the app on a scene with edits.
fn stage_with(path: &Path, set: &[(&str, &str)]) -> Stage {
    let set = set.iter().map(|&(path, value)| (path.to_owned(), value.to_owned()));
    let options = EngineOptions {
        scene: path.to_owned(),
        set: set.collect(),
        autorun: false,
        record: None,
        points: Vec::new(),
        exact: false,
        against: None,
    };
    let app = App::new(path.display().to_string(), Theme::new(Looks::default()), (120, 40));
    let mut stage = Stage::open(app, options).unwrap();
    stage.show(None, false).unwrap();
    stage
}

fn press(stage: &mut Stage, keys: &str) {
    for press in presses(keys).unwrap() {
        stage.press(&press).unwrap();
    }
}

fn scene() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scene.ron");
    write(&path, "12");
    (folder, path)
}

#[test]
fn a_pe_of_another_chip_can_be_left_out() {
    let (_folder, path) = scene();
    let mut stage = stage_with(&path, &[("chip.board", "Chips(2, 1)"), ("mapping.across", "Even")]);
    press(&mut stage, "alt-right");
    let pe = stage.app().selected;
    press(&mut stage, ": 'reserve' enter");
    let works = |stage: &mut Stage, pe: Pe| stage.app().picture().unwrap().pes[pe.index()].units > 0;
    assert_eq!(pe.chip().index(), 1);
    assert!(!works(&mut stage, pe) && works(&mut stage, pe.on(ChipId::FIRST)), "{pe}");
    press(&mut stage, ": 'broken PE(3,4,2)@1' enter : 'reserve 3,4,2,1' enter");
    let shown = text(&stage.draw());
    assert!(!works(&mut stage, PePlace { chip: 1, ..(3, 4, 2).into() }.pe().unwrap()), "{shown}");
    press(&mut stage, ": 'reserve PE(3,4,2)@7' enter");
    let shown = text(&stage.draw());
    assert!(shown.contains("there is no PE(3,4,2)@7: the board has 2 chips"), "{shown}");
}

#[test]
fn a_reload_runs_the_new_scene_to_the_same_step_and_shows_what_changed() {
    let (_folder, path) = scene();
    let mut stage = stage(&path);
    press(&mut stage, "12s");
    let before = stage.app().picture().unwrap().clone();
    write(&path, "7");
    press(&mut stage, "ctrl-r");
    let shown = text(&stage.draw());
    let app = stage.app();
    let now = app.picture().unwrap().clone();
    assert_eq!((now.steps, now.setup.layers[1].pes, &now.run), (12, 7, &RunState::Paused), "{shown}");
    let mut alone = session("scenes/lm_small.ron", &[("mapping.layers.1.pes", "7")]);
    while alone.steps() < 12 {
        alone.advance_swiftly();
    }
    assert_eq!(now.tick, alone.tick(), "the run is that of the new scene from its start");
    assert!(app.notice.as_ref().unwrap().contains("at time step 12 as before"), "{:?}", app.notice);
    for word in ["before", ">now", "change"] {
        assert!(shown.contains(word), "{word}:\n{shown}");
    }
    assert_ne!(before.tick, now.tick);
    // One step later there are no figures to compare with; back at the step there are.
    press(&mut stage, "s");
    assert!(!text(&stage.draw()).contains(">now"));
    press(&mut stage, "S");
    assert!(text(&stage.draw()).contains(">now"));
    // The plain reload begins at the start.
    press(&mut stage, "r");
    assert_eq!(stage.app().picture().unwrap().steps, 0);
    assert!(!text(&stage.draw()).contains(">now"));
}

#[test]
fn a_scene_with_a_mistake_changes_nothing_and_a_shorter_one_says_where_it_ended() {
    let (_folder, path) = scene();
    let mut stage = stage(&path);
    press(&mut stage, "12s 3i");
    let before = stage.app().picture().unwrap().clone();
    write(&path, "0");
    press(&mut stage, "ctrl-r");
    let app = stage.app();
    assert!(matches!(app.overlays.last(), Some(Overlay::SceneError { .. })), "{:?}", app.overlays);
    assert_eq!(app.picture().unwrap().events, before.events, "not even within its step");
    let words = fs::read_to_string("assets/text/spinnaker2.txt").unwrap();
    let short: Vec<&str> = words.split_whitespace().take(8).collect();
    let text = path.with_file_name("short.txt");
    fs::write(&text, short.join(" ")).unwrap();
    write(&path, "12");
    let scene = fs::read_to_string(&path).unwrap();
    let here = format!("{}/assets/text/spinnaker2.txt", env!("CARGO_MANIFEST_DIR"));
    fs::write(&path, scene.replace(&here, &text.display().to_string())).unwrap();
    press(&mut stage, "esc ctrl-r");
    let app = stage.app();
    let now = app.picture().unwrap();
    assert_eq!(now.run, RunState::Finished);
    let said = app.said.iter().any(|said| said.contains("time step 12 not reached"));
    assert!(now.steps < 12 && said, "{} {:?}", now.steps, app.said);
}
