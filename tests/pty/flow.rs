//! Terminals that change size, take little, take nothing, or are closed; and more keys
//! than a user types.

use std::time::Duration;

use crate::terminal::{Setup, Terminal, patiently};
use crate::{ENDLESS, SCENE, opened, started};

/// The sequence that begins a frame.
const FRAME: &str = "\x1b[?2026h";

/// Upper bound of the bytes that a pseudo-terminal buffers: 64 KiB and 4 KiB on Linux.
const HELD: usize = 128 * 1024;

fn run(terminal: &mut Terminal) {
    terminal.press(" ");
    terminal.wait_for("RUNNING");
}

/// Checks that the screen equals one that is drawn on an empty terminal.
fn assert_whole(terminal: &mut Terminal) {
    terminal.settle();
    let shown = terminal.screen();
    let before = terminal.bytes_seen();
    terminal.press("\x0c");
    patiently(|| terminal.bytes_seen() > before, || "Ctrl-L draws nothing".to_owned());
    terminal.settle();
    assert_eq!(shown, terminal.screen(), "left: as found; right: drawn anew");
}

#[test]
fn a_storm_of_sizes_ends_in_a_right_picture() {
    let mut terminal = opened(ENDLESS);
    run(&mut terminal);
    let mut seed = 1_u32;
    for n in 0..400 {
        // Any sizes, some of them of nothing.
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (columns, rows) = ((seed >> 24) as u16, (seed >> 17) as u16 % 80);
        terminal.resize(match n % 20 {
            0 => (1, 1),
            1 => (0, 0),
            2 => (200, 1),
            3 => (1, 60),
            _ => (columns, rows),
        });
        if n % 50 == 0 {
            std::thread::sleep(Duration::from_millis(30));
        }
    }
    terminal.resize((120, 40));
    terminal.wait_for("RUNNING");
    terminal.press(" ");
    terminal.wait_for("PAUSED");
    terminal.wait_for("3 Memory");
    assert_whole(&mut terminal);
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

/// Between two frames: the app may see the same size twice, while the terminal has cut off what
/// did not fit.
#[test]
fn smaller_and_back_again_at_once_loses_nothing() {
    let mut terminal = started();
    terminal.settle();
    for _ in 0..5 {
        let before = terminal.bytes_seen();
        terminal.resize((20, 5));
        terminal.resize((80, 24));
        patiently(|| terminal.bytes_seen() > before, || "nothing is drawn after a new size".to_owned());
        assert_whole(&mut terminal);
        assert!(terminal.screen().contains("run/pause"), "{}", terminal.screen());
    }
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn begins_in_one_cell_and_in_none() {
    for size in [(1, 1), (0, 0)] {
        let mut terminal = Setup::scene(SCENE).size(size).start();
        terminal.wait_until_raw();
        terminal.resize((80, 24));
        terminal.wait_for("PAUSED");
        terminal.press("q");
        assert_eq!(terminal.exit_code(), 0);
        terminal.assert_given_back("a small terminal");
    }
}

#[test]
fn ends_when_the_terminal_is_closed() {
    for controlling in [true, false] {
        for running in [false, true] {
            let setup = Setup::scene(ENDLESS);
            let setup = if controlling { setup } else { setup.without_controlling_terminal() };
            let mut terminal = setup.start();
            terminal.wait_for("PAUSED");
            if running {
                run(&mut terminal);
            }
            terminal.close();
            assert_eq!(terminal.exit_code(), 129, "controlling {controlling}, running {running}");
        }
    }
}

#[test]
fn a_slow_terminal_gets_fewer_frames_and_keys_count() {
    let mut terminal = opened(ENDLESS);
    terminal.limit(50_000);
    run(&mut terminal);
    std::thread::sleep(Duration::from_secs(1));
    terminal.press("?");
    terminal.wait_for("search:");
    terminal.press("\x1b");
    terminal.wait_until("the help is closed", |screen| !screen.contains("search:"));
    terminal.press(" ");
    terminal.wait_for("PAUSED");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back("a slow terminal");
}

#[test]
fn a_terminal_that_takes_nothing_for_a_while_is_not_sent_what_it_missed() {
    let mut terminal = Setup::scene(ENDLESS).size((200, 60)).env("COLORTERM", "truecolor").start();
    terminal.wait_for("PAUSED");
    terminal.settle();
    let before = terminal.bytes_seen();
    terminal.press("\x0c");
    patiently(|| terminal.bytes_seen() > before, || "Ctrl-L draws nothing".to_owned());
    terminal.settle();
    let whole = terminal.bytes_seen() - before;
    run(&mut terminal);
    terminal.hold(true);
    // Long enough for several times the bytes that are allowed below.
    std::thread::sleep(Duration::from_secs(5));
    terminal.press(" ");
    let before = terminal.bytes_seen();
    terminal.hold(false);
    // It is paused, not at an end: the run itself went on.
    terminal.wait_for("PAUSED");
    terminal.settle();
    // The pseudo-terminal's buffer, the frame that waited, and the newest ones. Bytes rather than
    // frames: a slow machine changes few cells a frame, so that many frames fit.
    let bytes = terminal.bytes_seen() - before;
    assert!(
        bytes < HELD + 4 * whole,
        "{bytes} bytes after five seconds without reading; a picture has {whole}"
    );
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn floods_of_keys_leave_no_lag() {
    let mut terminal = Setup::scene(SCENE).size((120, 40)).start();
    terminal.wait_for("PAUSED");
    // The panel whose picture follows the selection, so that each key asks the
    // engine for something.
    terminal.press("8");
    terminal.wait_for(">8 PE");
    terminal.settle();
    // Keys that wait together, as many as a pseudo-terminal buffers: a frame answers many of them.
    let before = terminal.times_seen(FRAME);
    terminal.signal("STOP");
    terminal.wait_until_stopped();
    terminal.press(&"jkl".repeat(1_000));
    terminal.signal("CONT");
    terminal.settle();
    let frames = terminal.times_seen(FRAME) - before;
    assert!(frames < 1_500, "{frames} frames for 3,000 keys");
    terminal.press(&"jkl".repeat(2_000));
    terminal.press(&"s".repeat(500));
    terminal.press(&"S".repeat(500));
    terminal.press("?");
    terminal.wait_for("search:");
    terminal.press("\x1b");
    terminal.wait_until("the help is closed", |screen| !screen.contains("search:"));
    terminal.wait_for("PAUSED");
    terminal.settle();
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}
