//! The command line: one file a verb.

pub mod inspect;
pub mod kernels;

use std::process::ExitCode;

/// Runs the program on the process's own arguments and returns its exit code.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
