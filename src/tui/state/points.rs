//! State of the list of breakpoints and tracepoints.

use crate::session::debug::PointKind;
use crate::tui::widgets::prompt::Prompt;

/// Position of the user in the list of points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointsOverlay {
    /// Index of the selected point.
    pub selected: usize,
    /// Point that is being typed.
    pub asking: Option<Asking>,
}

/// A point being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Condition that is typed.
    pub prompt: Prompt,
    /// Action of the new point.
    pub kind: PointKind,
}
