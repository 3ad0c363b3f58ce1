//! End-to-end tests of the binary in a pseudo-terminal.
//!
//! Every test waits for text on the screen or for the end of the process, with a generous limit
//! that only a failure reaches. `SPINNTUI_TEST_BIN` names another binary to test, for example an
//! installed one.

// Clippy does not treat test helpers as tests, but they may panic like tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod flow;
mod gdb;
mod idle;
mod kept;
mod leaving;
mod lesson;
mod mouse;
mod nowhere;
mod picker;
mod terminal;
mod text;

use terminal::{Setup, Terminal, binary, has_test_variables};

const SCENE: &str = "scenes/lm_small.ron";

/// Scene whose run does not end during a test, however fast the machine is.
const ENDLESS: &str = "tests/scenes/endless.ron";

/// Starts the app on the small scene and waits for its first snapshot on screen.
fn started() -> Terminal {
    opened(SCENE)
}

/// Starts the app on `scene` at 80x24 and waits for its first snapshot on screen.
fn opened(scene: &str) -> Terminal {
    let terminal = Terminal::start(scene, (80, 24), &[]);
    terminal.wait_for("PAUSED");
    terminal
}

#[test]
fn starts_with_chip_and_task_and_quits_leaving_the_terminal_as_it_was() {
    let mut terminal = started();
    assert!(terminal.on_alternate_screen());
    for text in ["1 Chip", "2 Task", "surprisal", "run/pause"] {
        terminal.wait_for(text);
    }
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.wait_until_back("quit");
}

#[test]
fn two_scenes_run_in_step_and_either_is_shown() {
    let mut terminal = Setup::scene(SCENE).arg("--against").arg(SCENE).start();
    terminal.wait_for("PAUSED");
    terminal.press("s");
    terminal.wait_for("token 1 ");
    terminal.wait_for("A|B");
    terminal.press("|");
    terminal.wait_for("B: scenes/lm_small.ron");
    terminal.press("s");
    terminal.wait_for("token 2 ");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn steps_by_one_and_by_ten() {
    let mut terminal = started();
    terminal.press("s");
    terminal.wait_for("token 1 ");
    terminal.press("10s");
    terminal.wait_for("token 11 ");
    terminal.press("i");
    terminal.wait_for("PAUSED");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn runs_and_pauses_and_is_silent_while_paused() {
    let mut terminal = opened(ENDLESS);
    terminal.press(" ");
    terminal.wait_for("RUNNING");
    terminal.press(" ");
    terminal.wait_for("PAUSED");
    terminal.wait_for_silence();
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn every_panel_comes_on_screen() {
    let mut terminal = started();
    // Before the first word, the Task panel lists the names of all others.
    terminal.press("s");
    terminal.wait_for("token 1 ");
    for (key, text) in [
        ("3", ">3 Memory"),
        ("4", ">4 NoC"),
        ("5", ">5 Timers"),
        ("6", ">6 Sparsity"),
        ("8", ">8 PE"),
        ("2", ">2 Task"),
    ] {
        terminal.press(key);
        terminal.wait_for(text);
    }
    terminal.press("z");
    terminal.wait_until("the chip is gone", |screen| !screen.contains("1 Chip"));
    terminal.press("\x1b");
    terminal.wait_for("1 Chip");
    terminal.press("?");
    terminal.wait_for("search:");
    terminal.press("\x03");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_pe_is_looked_into_and_a_link_is_followed() {
    let mut terminal = started();
    terminal.press("s");
    terminal.wait_for("token 1 ");
    terminal.press("8");
    terminal.wait_for(">8 PE");
    terminal.wait_for("waits for");
    terminal.press("z");
    terminal.wait_until("the chip is gone", |screen| !screen.contains("1 Chip"));
    terminal.press("v");
    terminal.wait_for("who wrote");
    terminal.press("v");
    terminal.wait_for("c before");
    terminal.press("l");
    // The first link is the unit's c.
    terminal.press("\r");
    terminal.wait_for("c of unit ");
    terminal.press("e");
    terminal.wait_for("c before");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn follows_every_size_down_to_one_cell() {
    let mut terminal = started();
    terminal.resize((30, 8));
    terminal.wait_for("needs 36x12, has 30x8");
    terminal.resize((1, 1));
    terminal.wait_for("…");
    for n in 1..40 {
        terminal.resize((n * 5, n * 2));
    }
    terminal.resize((200, 60));
    for panel in ["1 Chip", "2 Task", "3 Memory", "4 NoC", "5 Timers", "6 Sparsity"] {
        terminal.wait_for(panel);
    }
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn signals_end_it_in_good_order() {
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let mut terminal = started();
        terminal.signal(signal);
        assert_eq!(terminal.exit_code(), code, "{signal}");
        terminal.wait_until_back(signal);
    }
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_cont_takes_it_again() {
    let mut terminal = started();
    terminal.press("\x1a");
    terminal.wait_until_stopped();
    terminal.wait_until_back("Ctrl-Z");
    terminal.signal("CONT");
    terminal.wait_until_taken();
    terminal.wait_for("PAUSED");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_panic_of_the_ui_restores_the_terminal_and_prints_the_report() {
    if !has_test_variables() {
        return;
    }
    let mut terminal = Terminal::start(SCENE, (80, 24), &[("SPINNTUI_TEST_PANIC", "ui")]);
    assert_eq!(terminal.exit_code(), 101);
    terminal.wait_until_back("panic");
    terminal.wait_for("SPINNTUI_TEST_PANIC");
}

#[test]
fn a_panic_of_another_thread_is_shown_and_the_app_lives() {
    if !has_test_variables() {
        return;
    }
    let mut terminal = Terminal::start(SCENE, (80, 24), &[("SPINNTUI_TEST_PANIC", "worker")]);
    terminal.wait_for("A thread of spinntui stopped");
    terminal.wait_for("thread `worker`");
    assert!(terminal.on_alternate_screen());
    terminal.press("\x1b");
    // Wait before the next key: Esc and a letter in one read count as Alt and the letter.
    terminal.wait_until("the report is closed", |screen| !screen.contains("thread `worker`"));
    terminal.wait_for("PAUSED");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn no_color_sends_no_colour_but_keeps_reverse() {
    let mut terminal = Terminal::start(SCENE, (80, 24), &[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]);
    terminal.wait_for("PAUSED");
    terminal.settle();
    assert!(terminal.every_cell(
        |cell| cell.fgcolor() == vt100::Color::Default && cell.bgcolor() == vt100::Color::Default
    ));
    assert!(!terminal.every_cell(|cell| !cell.inverse()), "the run state is reversed");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_dumb_terminal_gets_ascii_without_attributes() {
    let mut terminal = Terminal::start(SCENE, (80, 24), &[("TERM", "dumb")]);
    terminal.wait_for("PAUSED");
    terminal.settle();
    assert!(
        terminal
            .every_cell(|cell| !cell.inverse() && !cell.bold() && cell.bgcolor() == vt100::Color::Default)
    );
    assert!(!terminal.screen().contains('╭'));
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_broken_scene_is_shown_and_reloaded_once_it_is_mended() {
    let good = std::fs::read_to_string(SCENE).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("scene.ron");
    std::fs::write(&scene, "Scene(version: 1, modle: \"x\")").unwrap();
    let mut terminal = Terminal::start(scene.to_str().unwrap(), (100, 30), &[]);
    terminal.wait_for("Scene not loaded");
    terminal.wait_for("modle");
    // Editors save this way: they rename another file over the old one.
    let other = folder.path().join("scene.ron.new");
    std::fs::write(&other, good).unwrap();
    std::fs::rename(&other, &scene).unwrap();
    terminal.wait_for("PAUSED");
    terminal.wait_until("the error is gone", |screen| !screen.contains("Scene not loaded"));
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn without_a_terminal_it_says_so_and_names_the_headless_way() {
    let output = std::process::Command::new(binary()).arg(SCENE).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty(), "nothing was written before the check");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("spinntui run scenes/lm_small.ron"), "{error}");
}

#[test]
fn a_breakpoint_is_typed_completed_and_hit() {
    let mut terminal = started();
    terminal.press("b");
    terminal.wait_for("none: `a` adds one");
    terminal.press("a");
    terminal.press("stp > 2");
    terminal.wait_for("did you mean `step`?");
    terminal.press("\x15");
    terminal.press("perp\t > 3 and step == 4\r");
    terminal.wait_for("1 break on");
    terminal.wait_for("perplexity > 3 and step == 4");
    terminal.press("\x1b");
    terminal.wait_until("the list is gone", |screen| !screen.contains("Breakpoints and tracepoints"));
    terminal.press("c");
    terminal.wait_for("stopped: perplexity > 3 and step == 4");
    terminal.wait_for("token 4 ");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn the_timeline_says_what_bounds_a_step() {
    let mut terminal = started();
    terminal.press("9");
    terminal.wait_for("After the first token");
    terminal.press("z");
    terminal.wait_for("close");
    terminal.press("s");
    terminal.wait_for("This token took");
    terminal.wait_for("balanc");
    terminal.press("}");
    terminal.wait_for("a column");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}
