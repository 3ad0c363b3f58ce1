//! The line in which a command is typed.

use crate::tui::widgets::prompt::Prompt;

/// Line of the palette that is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaletteOverlay {
    /// Text that is typed.
    pub prompt: Prompt,
}
