//! Tests that an idle app writes no bytes, uses no CPU time and is never woken.

use std::time::Duration;

use crate::ENDLESS;
use crate::terminal::Terminal;

/// Returns the CPU time so far, in clock ticks (1/100 s), and the number of thread wake-ups.
#[cfg(target_os = "linux")]
fn spent(terminal: &Terminal) -> (u64, u64) {
    let process = format!("/proc/{}", terminal.pid());
    let stat = std::fs::read_to_string(format!("{process}/stat")).unwrap();
    // The name, in brackets, may contain spaces; user and system time are the 12th and 13th
    // fields after it.
    let behind: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = behind[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    let mut woken = 0;
    for thread in std::fs::read_dir(format!("{process}/task")).unwrap() {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let switches = status.lines().filter_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        woken += switches.map(|count| count.trim().parse::<u64>().unwrap()).sum::<u64>();
    }
    (ticks, woken)
}

/// Measures for one second and returns bytes written, CPU ticks and thread wake-ups.
fn in_a_second(terminal: &Terminal) -> (usize, u64, u64) {
    let bytes = terminal.bytes_seen();
    #[cfg(target_os = "linux")]
    let before = spent(terminal);
    std::thread::sleep(Duration::from_secs(1));
    let bytes = terminal.bytes_seen() - bytes;
    #[cfg(target_os = "linux")]
    {
        let after = spent(terminal);
        (bytes, after.0 - before.0, after.1 - before.1)
    }
    #[cfg(not(target_os = "linux"))]
    {
        eprintln!("CPU time and wakeups not measured: no /proc here");
        (bytes, 0, 0)
    }
}

/// Asserts that there is a second in which nothing happens.
///
/// On a busy machine earlier work may still be in progress, so one quiet second out of 60 is
/// enough. With a periodic timer in the app, none would be quiet.
fn assert_idle(terminal: &Terminal, when: &str) {
    let mut last = (0, 0, 0);
    let quiet = (0..60).any(|_| {
        terminal.settle();
        last = in_a_second(terminal);
        last.0 == 0 && last.1 <= 1 && last.2 == 0
    });
    assert!(quiet, "{when}: {} bytes, {} ticks of CPU, {} threads woken in a second", last.0, last.1, last.2);
}

#[test]
fn nothing_is_written_nor_computed_while_paused() {
    // The scene is in a separate folder: the thread that watches for saved scenes is woken whenever
    // a file in the folder is opened, and other tests open files in the repository.
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("scene.ron");
    std::fs::copy(ENDLESS, &scene).unwrap();
    let mut terminal = Terminal::start(scene.to_str().unwrap(), (80, 24), &[]);
    terminal.wait_for("PAUSED");
    assert_idle(&terminal, "before the first step");
    terminal.press("s");
    terminal.wait_for("token 1 ");
    assert_idle(&terminal, "after a step");
    terminal.press("?");
    terminal.wait_for("search:");
    assert_idle(&terminal, "in the help");
    terminal.press("\x1b");
    terminal.wait_until("the help is closed", |screen| !screen.contains("search:"));
    terminal.press(" ");
    terminal.wait_for("RUNNING");
    terminal.press(" ");
    terminal.wait_for("PAUSED");
    assert_idle(&terminal, "after a run");
    terminal.press("9z");
    terminal.wait_for("This token took");
    assert_idle(&terminal, "at the timeline");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn nothing_is_written_while_an_error_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("scene.ron");
    std::fs::write(&scene, "Scene(").unwrap();
    let mut terminal = Terminal::start(scene.to_str().unwrap(), (100, 30), &[]);
    terminal.wait_for("Scene not loaded");
    assert_idle(&terminal, "with a scene that is wrong");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}
