//! State of a subcommand run from the palette: its output.

/// Answer of a subcommand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Command line in the form for a shell.
    pub line: String,
    /// Standard output, then standard error.
    pub text: String,
    /// Exit code; `None` if the subcommand could not be started or was ended by a signal.
    pub code: Option<i32>,
}
