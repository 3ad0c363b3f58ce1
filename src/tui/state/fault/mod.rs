//! State of the menu that injects a fault, and faults as text.

mod kind;
mod text;

pub use self::kind::{Field, Kind, pe};
pub use self::text::{example, neighbour, read, scene};
use crate::chip::geometry::Pe;
use crate::tui::widgets::prompt::Prompt;

/// State of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultOverlay {
    /// Kind under the cursor, or the chosen one.
    pub kind: Kind,
    /// The form of that kind; `None` while the kind is being chosen.
    pub form: Option<Form>,
}

/// Fields of a fault as they are typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Prompts of [`Kind::fields`], in that order.
    pub lines: Vec<Prompt>,
    /// Index of the line that takes keys.
    pub at: usize,
    /// Whether the address is still the proposed one, which depends on the PE.
    pub proposed: bool,
}

/// Returns a PE as the form takes it: `3,4,2`.
pub fn written(pe: Pe) -> String {
    format!("{},{},{}", pe.qpe().x, pe.qpe().y, pe.p())
}
