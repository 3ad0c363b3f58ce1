//! Subcommand that was run from the palette, and its output.

/// Answer of a subcommand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Command line, as it could be typed in a shell.
    pub line: String,
    /// Standard output, then standard error.
    pub text: String,
    /// Exit code; `None` if the subcommand could not be started or was ended by a signal.
    pub code: Option<i32>,
}
