//! The line in which a command is typed.

use crate::tui::widgets::prompt::Prompt;

/// The line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaletteOverlay {
    /// What is typed.
    pub prompt: Prompt,
}
