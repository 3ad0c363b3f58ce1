//! `:gdb` beside the running app: a real gdb attaches, breaks, steps, writes and leaves, and the
//! screen says so.

use std::process::{Command, Stdio};

use crate::started;

const GDB: &str = "gdb-multiarch";

fn installed() -> bool {
    let found = Command::new(GDB).arg("--version").output().is_ok_and(|out| out.status.success());
    if !found {
        eprintln!("SKIPPED: {GDB} is not installed (Debian: {GDB})");
    }
    found
}

fn gdb(place: &str, commands: &[&str]) -> String {
    let elf = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/kernels/kernels.elf");
    let mut command = Command::new(GDB);
    command.args(["-q", "-nx", "-batch", "-ex", "set confirm off", "-ex", "set pagination off", elf]);
    command.arg("-ex").arg(format!("target remote {place}"));
    for one in commands {
        command.args(["-ex", one]);
    }
    let out = command.stdin(Stdio::null()).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

#[test]
fn gdb_attaches_to_the_running_app() {
    if !installed() {
        return;
    }
    let mut terminal = started();
    terminal.press(":gdb\r");
    terminal.wait_for("gdb 127.0.0.1:");
    let screen = terminal.screen();
    let rest = screen.split(" gdb ").nth(1).unwrap();
    let place: String = rest.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
    let text = gdb(
        &place,
        &[
            "break csr_row",
            "continue",
            "stepi",
            "stepi",
            "printf \"AT %x\\n\", $pc",
            "set $r12 = 77",
            "printf \"R12 %d\\n\", $r12",
            "detach",
        ],
    );
    assert!(text.contains("Breakpoint 1, csr_row") && text.contains("AT 798"), "{text}");
    assert!(text.contains("R12 77"), "{text}");
    terminal.wait_for("gdb detached");
    // The app goes on from where gdb left the chip.
    terminal.press("8Vz");
    terminal.wait_for("instruction 2 of");
    terminal.press("i");
    terminal.wait_for("instruction 3 of");
    terminal.press(":gdb off\r");
    terminal.wait_for("gdb server stopped");
    terminal.press("s");
    terminal.wait_for("token 1");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}
