//! Choice of the time step at which a saved scene is loaded.

use crate::tui::theme::names::by_name;

/// Time step at which a scene that was saved begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reload {
    /// The start of the input.
    #[default]
    Start,
    /// Runs the new scene to the present step.
    Keep,
}

by_name!(Reload, "reload", [Start = "start", Keep = "keep"]);
