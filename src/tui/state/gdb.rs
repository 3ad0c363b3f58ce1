//! State of the server for gdb beside the app, for the status line.

use std::net::SocketAddr;

/// Server for gdb, for the status line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GdbState {
    /// Address of the listening socket.
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
