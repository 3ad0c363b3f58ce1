//! Breakpoints and tracepoints, as faces show them.

use serde::{Deserialize, Serialize};

use crate::session::debug::PointKind;

/// Lines of the tracepoints' log that a snapshot carries.
pub const TRACED: usize = 20;

/// Breakpoint, watchpoint or tracepoint as front ends show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointView {
    /// Number of the point.
    pub id: u32,
    /// The condition as written.
    pub text: String,
    /// What it does.
    pub kind: PointKind,
    /// It is looked at.
    pub enabled: bool,
    /// It goes off after its first stop.
    pub once: bool,
    /// So many times that it comes to hold are still passed over.
    pub ignore: u32,
    /// Times it came to hold.
    pub hits: u64,
    /// Why it cannot be used.
    pub error: Option<String>,
}

/// All points, and what they have said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugView {
    /// In the order in which they were made.
    pub points: Vec<PointView>,
    /// What stopped the run, while it stands there: condition and values.
    pub stopped: Option<String>,
    /// What tracepoints noted last, oldest first, at most [`TRACED`] lines.
    pub log: Vec<String>,
}
