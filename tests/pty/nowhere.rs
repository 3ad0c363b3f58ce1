//! Tests without a terminal, with half a terminal, or with one that has no description.

use crate::SCENE;
use crate::terminal::{Setup, binary};

/// The binary in a shell, with these redirections.
fn redirected(redirections: &str) -> Setup {
    Setup::program("/bin/sh", &["-c", &format!("exec {} {SCENE} {redirections}", binary().display())])
}

#[test]
fn half_a_terminal_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    let to_file = format!("> {}", file.display());
    for redirections in ["< /dev/null", "<&-", &to_file, "< /dev/null | cat >&2"] {
        let mut terminal = redirected(redirections).start();
        let code = terminal.exit_code();
        // Of a pipeline one gets the last one's.
        assert_eq!(code, if redirections.contains('|') { 0 } else { 2 }, "{redirections}");
        terminal.wait_for("the app needs a terminal");
        terminal.wait_for("spinntui run");
        assert_eq!(terminal.times_seen("\x1b[?1049h"), 0, "{redirections}: the terminal was taken");
        assert!(terminal.is_cooked(), "{redirections}");
    }
    assert_eq!(std::fs::read(file).unwrap(), b"", "something was written to the file");
}

#[test]
fn nobody_listening_is_no_reason_to_crash() {
    let mut terminal = redirected("< /dev/null 2>&-").start();
    assert_eq!(terminal.exit_code(), 2);
}

#[test]
fn a_terminal_without_a_name_works() {
    let mut terminal = Setup::scene(SCENE).without("TERM").start();
    terminal.wait_for("PAUSED");
    terminal.press("s");
    terminal.wait_for("token 1 ");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back("without TERM");
}

#[test]
fn an_empty_no_color_means_nothing() {
    let mut terminal = Setup::scene(SCENE).env("NO_COLOR", "").start();
    terminal.wait_for("PAUSED");
    terminal.settle();
    assert!(!terminal.every_cell(|cell| cell.bgcolor() == vt100::Color::Default), "no colours");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}
