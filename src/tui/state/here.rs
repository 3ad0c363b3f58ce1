//! Reloads that keep the position: the pending one, and the scene before it.

use crate::session::snapshot::SharedSnapshot;

/// Reload in progress, which ends at the time step at which it began.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Tag of the engine's answer.
    pub tag: u32,
    /// Time step to reach in the new scene.
    pub step: u64,
    /// Whether the experiment was running, and is to run again.
    pub run: bool,
    /// Whether the new scene has replaced the one before.
    pub loaded: bool,
    /// Experiment before the reload.
    pub before: SharedSnapshot,
}

/// State of reloads that keep the position.
#[derive(Clone, Debug, Default)]
pub struct HereState {
    /// Number of reloads begun so far.
    pub begun: u32,
    /// Reload under way.
    pub pending: Option<Pending>,
    /// Experiment before the last reload, at the time step at which it was replaced.
    pub before: Option<SharedSnapshot>,
    /// Experiment that the engine is rebuilding with other values; `None` if there is none.
    pub rebuilding: Option<SharedSnapshot>,
    /// Whether a saved scene runs on to the same time step (`reload: "keep"`).
    pub keep: bool,
}
