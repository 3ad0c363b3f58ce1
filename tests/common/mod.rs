//! Helpers of all test binaries: the real binary, and data that only some machines have.
#![allow(dead_code, reason = "not every test binary needs every helper")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs the binary under test.
pub fn spinntui(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spinntui")).args(arguments).output().unwrap()
}

/// Returns what the binary prints, where all goes well.
#[track_caller]
pub fn fine(arguments: &[&str]) -> String {
    let output = spinntui(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Says on standard error that the running test is skipped. Written past the test harness, which keeps what a passing test prints.
pub fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// Returns a path below the folder `shared`, which lies beside the repository or beside the folder of its work trees.
///
/// The folder is no part of the repository: without it, the test that asks is skipped, loudly. Under CI, which has it, the test fails.
#[track_caller]
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../shared", "../../shared"].map(|shared| root.join(shared).join(path));
    let found = places.into_iter().find(|place| place.exists());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI has no ../shared/{path}");
        skipped(&format!("no ../shared/{path}"));
    }
    found
}
