//! Breakpoints and tracepoints, for front ends.

use serde::{Deserialize, Serialize};

use crate::session::debug::PointKind;

/// Lines of the tracepoints' log that a snapshot carries.
pub const TRACED: usize = 20;

/// Breakpoint, watchpoint or tracepoint, for front ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointView {
    /// Number of the point.
    pub id: u32,
    /// The condition as written.
    pub text: String,
    /// Action of the point.
    pub kind: PointKind,
    /// Whether the condition is evaluated.
    pub enabled: bool,
    /// Whether the point is disabled after its first stop.
    pub once: bool,
    /// Hits still to be skipped before the point takes effect.
    pub ignore: u32,
    /// Number of times that the condition became true.
    pub hits: u64,
    /// Reason for which the point cannot be used.
    pub error: Option<String>,
}

/// All points, and the lines of tracepoints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebugView {
    /// Points in the order of their creation.
    pub points: Vec<PointView>,
    /// Condition and values that stopped the run; `None` once it goes on.
    pub stopped: Option<String>,
    /// Latest lines of tracepoints, oldest first, at most [`TRACED`] lines.
    pub log: Vec<String>,
}
