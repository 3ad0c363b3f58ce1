//! Helpers of unit tests: data that only some machines have.

use std::io::Write;
use std::path::{Path, PathBuf};

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
    let places = ["../../shared", "../../../shared"].map(|shared| root.join(shared).join(path));
    let found = places.into_iter().find(|place| place.exists());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI has no ../shared/{path}");
        skipped(&format!("no ../shared/{path}"));
    }
    found
}
