//! Tests of text from and to the terminal: pasted, copied, logged.

use crate::terminal::{Setup, Terminal, has_test_variables};
use crate::{SCENE, started};

#[test]
fn pasted_text_never_acts_as_keys() {
    let mut terminal = started();
    terminal.paste("q\x03sss\r10s");
    terminal.wait_for("pasted text is ignored here");
    terminal.press("s");
    terminal.wait_for("token 1 ");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn pasted_text_goes_into_the_line_that_is_typed() {
    let mut terminal = started();
    terminal.press("b");
    terminal.wait_for("none: `a` adds one");
    terminal.press("a");
    terminal.paste("perplexity > 3\r\n  and step == 4\r\n");
    terminal.wait_for("perplexity > 3 and step == 4");
    terminal.press("\r");
    terminal.wait_for("1 break on");
    terminal.press("\x1b");
    terminal.wait_until("the list is gone", |screen| !screen.contains("Breakpoints and tracepoints"));
    terminal.press("?");
    terminal.wait_for("search:");
    terminal.paste("breakpoint\n");
    terminal.wait_for("search: breakpoint");
    terminal.press("\x03");
    assert_eq!(terminal.exit_code(), 0);
}

/// Pastes more text than is read at once, without a key after it.
#[test]
fn a_long_text_is_pasted_in_whole() {
    let mut terminal = Setup::scene(SCENE).size((120, 40)).start();
    terminal.wait_for("PAUSED");
    terminal.press("b");
    terminal.wait_for("none: `a` adds one");
    terminal.press("a");
    terminal.paste(&format!("step == 1{} or step == 4321", " or step == 7".repeat(250)));
    terminal.wait_for("step == 4321");
    terminal.press("\x03");
    assert_eq!(terminal.exit_code(), 0);
}

fn copied(terminal: &mut Terminal, notice: &str) -> String {
    terminal.press("\x19");
    terminal.wait_for(notice);
    terminal.clipboard().unwrap()
}

#[test]
fn copies_what_is_most_useful() {
    let mut terminal = Setup::scene(SCENE).size((120, 40)).start();
    terminal.wait_for("PAUSED");
    terminal.press("s");
    terminal.wait_for("token 1 ");
    let pe = copied(&mut terminal, "copied PE(");
    assert!(pe.starts_with("PE(") && pe.contains("duty ") && pe.contains("non-zeros "), "{pe}");
    terminal.press("5");
    terminal.wait_for(">5 Timers");
    let panel = copied(&mut terminal, "copied panel Timers");
    assert!(panel.contains("5 Timers") && panel.lines().count() > 5, "{panel}");
    terminal.press("8");
    terminal.wait_for(">8 PE");
    terminal.press("v");
    terminal.wait_for("who wrote");
    // Home leads to address 0; the view opens where the data begins.
    terminal.press("\x1b[H");
    terminal.wait_for("00000 bank 0");
    let word = copied(&mut terminal, "copied word 00000");
    assert!(word.starts_with("PE(") && word.contains("0x00000 bank 0: "), "{word}");
    terminal.press("9z");
    terminal.wait_for("This token took");
    let line = copied(&mut terminal, "copied what bounds the step");
    assert!(line.starts_with("This token took") && !line.contains('\n'), "{line}");
    terminal.press("b");
    terminal.wait_for("none: `a` adds one");
    terminal.press("a");
    terminal.press("step > 2");
    terminal.wait_for("step > 2");
    assert_eq!(copied(&mut terminal, "copied the line, 8 B"), "step > 2");
    terminal.press("\x03");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn copies_a_diagnostic_in_whole() {
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("scene.ron");
    std::fs::write(&scene, "Scene(version: 1, modle: \"x\")").unwrap();
    let mut terminal = Terminal::start(scene.to_str().unwrap(), (100, 30), &[]);
    terminal.wait_for("Scene not loaded");
    let text = copied(&mut terminal, "copied the diagnostic");
    assert!(text.contains("modle") && text.contains("scene.ron:1:"), "{text}");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn the_log_goes_to_its_file_and_has_what_happened() {
    if !has_test_variables() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("spinntui.log");
    let mut terminal = Setup::scene(SCENE)
        .arg("--log")
        .arg(file.to_str().unwrap())
        .env("SPINNTUI_LOG_LEVEL", "debug")
        .env("SPINNTUI_TEST_PANIC", "engine")
        .start();
    terminal.wait_for("thread `engine`");
    terminal.press("r");
    terminal.wait_for("PAUSED");
    terminal.press("s");
    terminal.wait_for("token 1 ");
    assert!(!terminal.screen().contains("INFO"), "the log is on the screen:\n{}", terminal.screen());
    terminal.signal("TERM");
    assert_eq!(terminal.exit_code(), 143);
    let log = std::fs::read_to_string(file).unwrap();
    for text in [
        "version=",
        "scene loaded",
        "panic",
        "SPINNTUI_TEST_PANIC",
        "the engine is started again",
        "Step { unit: TimeStep, count: 1 }",
        "signal=Terminate(15)",
        "left code=143",
    ] {
        assert!(log.contains(text), "no {text:?} in the log:\n{log}");
    }
    assert!(!log.contains('\x1b'), "a log has no colours:\n{log}");
}

#[test]
fn the_log_is_named_by_the_environment_too_and_says_less_by_default() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("spinntui.log");
    let mut terminal = Setup::scene(SCENE).env("SPINNTUI_LOG", file.to_str().unwrap()).start();
    terminal.wait_for("PAUSED");
    terminal.press("s");
    terminal.wait_for("token 1 ");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    let log = std::fs::read_to_string(file).unwrap();
    assert!(log.contains("scene loaded") && !log.contains("TimeStep"), "{log}");
}

#[test]
fn a_log_that_cannot_be_written_is_said_before_the_terminal_is_taken() {
    let mut terminal = Setup::scene(SCENE).arg("--log").arg("/no/such/folder/x.log").start();
    assert_eq!(terminal.exit_code(), 2);
    terminal.wait_for("cannot write the log /no/such/folder/x.log");
    assert_eq!(terminal.times_seen("\x1b[?1049h"), 0, "the terminal was taken");
}
