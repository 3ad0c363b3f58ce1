//! The mouse: taken only where it is asked for, and given back on every way out.

use crate::SCENE;
use crate::terminal::{Setup, Terminal, has_test_variables};

/// Escape sequences that take the mouse from the terminal and give it back.
const MODES: [(&str, &str); 2] = [("\x1b[?1000h", "\x1b[?1000l"), ("\x1b[?1006h", "\x1b[?1006l")];

fn with_mouse() -> Terminal {
    let terminal = Setup::scene(SCENE).arg("--mouse").start();
    terminal.wait_for("PAUSED");
    terminal
}

/// Presses and releases the left button at a column and row, counted from 1.
fn click(terminal: &mut Terminal, (column, row): (u16, u16)) {
    terminal.press(&format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
}

fn assert_mouse_given_back(terminal: &Terminal, times: usize, when: &str) {
    for (on, off) in MODES {
        assert_eq!(terminal.times_seen(on), times, "{when}: {on:?}");
        assert_eq!(terminal.times_seen(off), times, "{when}: {off:?}");
    }
}

#[test]
fn the_mouse_stays_the_terminals_unless_it_is_asked_for() {
    let mut terminal = Setup::scene(SCENE).start();
    terminal.wait_for("PAUSED");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    assert_mouse_given_back(&terminal, 0, "without --mouse");
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.ron");
    std::fs::write(&config, "Config(mouse: true)").unwrap();
    let mut terminal = Setup::scene(SCENE).arg("--config").arg(config.to_str().unwrap()).start();
    terminal.wait_for("PAUSED");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    assert_mouse_given_back(&terminal, 1, "mouse: true");
}

#[test]
fn a_click_selects_a_pe_and_a_panel_and_the_wheel_scrolls() {
    let mut terminal = with_mouse();
    terminal.wait_for(">1 Chip");
    // The PE at the lower right of QPE (1,6): two columns a PE, one row, behind border and axis.
    click(&mut terminal, (6, 4));
    terminal.wait_for("PE(1,6,3)");
    // One with a program, which has memory to scroll.
    click(&mut terminal, (4, 15));
    terminal.wait_for("PE(1,2,0)");
    click(&mut terminal, (60, 10));
    terminal.wait_for(">2 Task");
    terminal.press("8");
    terminal.wait_for(">8 PE");
    terminal.press("v");
    terminal.wait_for("who wrote");
    let before = terminal.screen();
    terminal.press("\x1b[<65;60;10M\x1b[<65;60;10M");
    terminal.wait_until("the memory is scrolled", |screen| screen != before);
    // A click on the status line means nothing.
    click(&mut terminal, (3, 1));
    terminal.press("s");
    terminal.wait_for("token 1 ");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.wait_until_back("quit");
    assert_mouse_given_back(&terminal, 1, "quit");
}

#[test]
fn the_mouse_is_given_back_when_suspended_or_ended() {
    let mut terminal = with_mouse();
    terminal.press("\x1a");
    terminal.wait_until_stopped();
    terminal.wait_until_back("Ctrl-Z");
    assert_mouse_given_back(&terminal, 1, "Ctrl-Z");
    terminal.signal("CONT");
    terminal.wait_until_taken();
    terminal.wait_for("PAUSED");
    terminal.signal("TERM");
    assert_eq!(terminal.exit_code(), 143);
    terminal.wait_until_back("TERM");
    assert_mouse_given_back(&terminal, 2, "TERM");
}

#[test]
fn the_mouse_is_given_back_after_a_panic() {
    if !has_test_variables() {
        return;
    }
    let mut terminal = Setup::scene(SCENE).arg("--mouse").env("SPINNTUI_TEST_PANIC", "ui").start();
    assert_eq!(terminal.exit_code(), 101);
    terminal.wait_until_back("panic");
    assert_mouse_given_back(&terminal, 1, "panic");
}
