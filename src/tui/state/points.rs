//! The list of breakpoints and tracepoints, as it stands.

use crate::session::debug::PointKind;
use crate::tui::widgets::prompt::Prompt;

/// Where the user is in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointsOverlay {
    /// Which point is selected.
    pub selected: usize,
    /// The one being typed.
    pub asking: Option<Asking>,
}

/// A point being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Condition that is typed.
    pub prompt: Prompt,
    /// What it is to do.
    pub kind: PointKind,
}
