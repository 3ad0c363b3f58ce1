//! Helpers of all test binaries: the binary, sessions, random numbers, data of some machines only.
#![allow(dead_code, reason = "not every test binary needs every helper")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use spinntui::machine::program::DramRows;
use spinntui::scene::LoadedScene;
use spinntui::session::Session;
use spinntui::session::build::{ModelCache, build};

/// Returns the binary under test: the one that Cargo built, or the one
/// that `SPINNTUI_TEST_BIN` names.
pub fn binary() -> std::ffi::OsString {
    std::env::var_os("SPINNTUI_TEST_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_spinntui").into())
}

/// Runs the binary under test.
pub fn spinntui<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    Command::new(binary()).args(arguments).output().unwrap()
}

/// Returns the output of a program as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs the binary, which must succeed, and returns its output.
#[track_caller]
pub fn fine(arguments: &[&str]) -> String {
    let output = spinntui(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Reports on standard error that the running test is skipped.
///
/// It bypasses the test harness, which captures the output of passing tests.
pub fn skipped(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// Returns a path in the folder `shared` beside the repository or the folder of its work trees.
///
/// The folder is not part of the repository: without it, the test is reported as skipped. Under CI,
/// which has it, the test fails.
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

/// Loads a scene with edits, as `--set` makes them.
#[track_caller]
pub fn load(scene: &str, edits: &[(&str, &str)]) -> LoadedScene {
    let edits: Vec<_> = edits.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
    LoadedScene::load(Path::new(scene), &edits).unwrap_or_else(|error| panic!("{error}"))
}

/// Builds a session from a scene with edits, as `--set` makes them.
#[track_caller]
pub fn session(scene: &str, edits: &[(&str, &str)]) -> Session {
    build(load(scene, edits), &mut ModelCache::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Rows of values in DRAM, all of one width.
#[derive(Debug)]
pub struct Rows(pub Vec<Vec<f32>>);

impl DramRows for Rows {
    fn rows(&self) -> u64 {
        self.0.len() as u64
    }
    fn width(&self) -> usize {
        self.0[0].len()
    }
    fn read(&self, row: u32, out: &mut [f32]) {
        out.copy_from_slice(&self.0[row as usize]);
    }
}

/// Xorshift generator: shapes come from proptest, the many values from here.
pub struct Values(pub u64);

impl Values {
    /// Returns a value from -1 to 1.
    pub fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    /// Returns `n` values from `-scale` to `scale`.
    pub fn vec(&mut self, n: usize, scale: f32) -> Vec<f32> {
        (0..n).map(|_| self.next() * scale).collect()
    }
}
