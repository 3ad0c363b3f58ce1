//! Second experiment that runs in step with the first, and which of the two is shown.

use crate::session::against::AgainstView;
use crate::session::snapshot::SharedSnapshot;

/// State of two experiments that run side by side.
#[derive(Clone, Debug, Default)]
pub struct AgainstState {
    /// B, as the engine described it last.
    pub view: AgainstView,
    /// Last snapshot of A; `None` before the first.
    pub a: Option<SharedSnapshot>,
    /// Whether the panels show B.
    pub shows_b: bool,
}
