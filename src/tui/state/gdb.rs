//! The server for gdb beside the app, as the status line shows it.

use std::net::SocketAddr;

/// Server for gdb, as the status line shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GdbState {
    /// Address that it listens on.
    pub place: SocketAddr,
    /// Whether a client is attached.
    pub attached: bool,
}

impl GdbState {
    /// Returns the text for the status line.
    pub fn text(&self) -> String {
        let Self { place, attached } = self;
        if *attached { format!("gdb attached {place}") } else { format!("gdb {place}") }
    }
}
