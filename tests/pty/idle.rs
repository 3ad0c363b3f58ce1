//! Standing still costs nothing: no bytes, no CPU, no waking up.

use std::time::Duration;

use crate::started;
use crate::terminal::Terminal;

/// Processor time so far in the system's ticks (1/100 s), and how often any thread was woken.
#[cfg(target_os = "linux")]
fn spent(terminal: &Terminal) -> (u64, u64) {
    let process = format!("/proc/{}", terminal.pid());
    let stat = std::fs::read_to_string(format!("{process}/stat")).unwrap();
    // The name, in brackets, may have spaces; user and system time are the 12th and 13th field behind it.
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

fn assert_idle(terminal: &Terminal, when: &str) {
    terminal.settle();
    let bytes = terminal.bytes_seen();
    #[cfg(target_os = "linux")]
    let before = spent(terminal);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(terminal.bytes_seen(), bytes, "{when}: bytes were written");
    #[cfg(target_os = "linux")]
    {
        let after = spent(terminal);
        assert!(after.0 - before.0 <= 1, "{when}: {} ticks of CPU in a second", after.0 - before.0);
        assert_eq!(after.1, before.1, "{when}: threads were woken");
    }
    #[cfg(not(target_os = "linux"))]
    eprintln!("CPU time and wakeups not measured: no /proc here");
}

#[test]
fn nothing_is_written_nor_computed_while_paused() {
    let mut terminal = started();
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
    assert_idle(&terminal, "at the time line");
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
