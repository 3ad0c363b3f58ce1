//! The real binary, for tests of its verbs.

use std::process::{Command, Output};

/// Runs it.
pub fn spinntui(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spinntui")).args(arguments).output().unwrap()
}

/// What it prints where all goes well.
#[track_caller]
pub fn fine(arguments: &[&str]) -> String {
    let output = spinntui(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}
