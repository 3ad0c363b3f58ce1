//! View, pins and bookmarks stay from one start to the next; where that is switched off,
//! they do not.

use std::fs;
use std::path::{Path, PathBuf};

use crate::SCENE;
use crate::terminal::{Setup, Terminal};

fn started(state: &Path) -> Terminal {
    let terminal = Setup::scene(SCENE).size((120, 40)).env("SPINNTUI_STATE", state.to_str().unwrap()).start();
    terminal.wait_for("PAUSED");
    terminal
}

fn left(mut terminal: Terminal) {
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

fn scenes(state: &Path) -> Vec<PathBuf> {
    fs::read_dir(state.join("scenes")).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn view_pins_and_bookmarks_are_there_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = started(folder.path());
    first.press("s");
    first.wait_for("token 1 ");
    first.press(":pin step_us\r");
    first.wait_for("1 step_us");
    first.press("10s");
    first.wait_for("token 11 ");
    first.press(":bookmark odd the eleventh word\r");
    first.wait_for("the eleventh word");
    left(first);
    let mut second = started(folder.path());
    second.wait_for(">0 Pins");
    second.wait_for("1 step_us");
    // The bookmark lies ahead in this run, which runs on to it.
    second.press("]");
    second.wait_for("token 11 ");
    second.press("s:unpin 1\r:delete-bookmark odd\r");
    second.wait_for("Nothing is pinned");
    second.wait_for("bookmark `odd` removed");
    left(second);
    let third = started(folder.path());
    third.wait_for("Nothing is pinned");
    left(third);
    assert_eq!(scenes(folder.path()).len(), 1);
}

#[test]
fn a_broken_file_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = started(folder.path());
    first.press(":pin power\r");
    first.wait_for("1 power");
    left(first);
    let file = scenes(folder.path()).pop().unwrap();
    for path in [&file, &folder.path().join("view.ron")] {
        fs::write(path, "Scene(\u{1b}]0;x").unwrap();
    }
    let mut second = started(folder.path());
    second.wait_for("are not used");
    second.press(":pin step\r");
    second.wait_for("1 step");
    left(second);
    for path in [&file, &folder.path().join("view.ron")] {
        assert_eq!(fs::read_to_string(path).unwrap(), "Scene(\u{1b}]0;x");
    }
}

#[test]
fn nothing_is_kept_where_the_configuration_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (state, config) = (folder.path().join("state"), folder.path().join("config.ron"));
    fs::write(&config, "Config(keep: false)").unwrap();
    for arguments in [vec!["--config", config.to_str().unwrap()], vec!["--no-config"]] {
        let arguments: Vec<&str> = std::iter::once(SCENE).chain(arguments).collect();
        let setup = Setup::program(crate::common::binary(), &arguments).size((120, 40));
        let mut terminal = setup.env("SPINNTUI_STATE", state.to_str().unwrap()).start();
        terminal.wait_for("PAUSED");
        terminal.press(":pin power\r");
        terminal.wait_for("1 power");
        left(terminal);
        assert!(!state.exists());
    }
}
