//! The `spinntui` binary: all of it lives in the library, so that tests can drive it.

use std::process::ExitCode;

fn main() -> ExitCode {
    spinntui::cli::main()
}
