//! Pages of the help.

/// Page of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The focused panel: what it shows, and its keys.
    Panel,
    /// List of all commands with their keys.
    Keys,
    /// Words and marks on the screen.
    Words,
    /// Terms of the application.
    Glossary,
}

impl Page {
    /// All pages, in the order of Tab.
    pub const ALL: [Self; 4] = [Self::Panel, Self::Keys, Self::Words, Self::Glossary];

    /// Returns the next page or, with `back`, the previous one, cyclically.
    #[must_use]
    pub fn turned(self, back: bool) -> Self {
        let at = Self::ALL.iter().position(|&page| page == self).unwrap_or(0);
        let count = Self::ALL.len();
        Self::ALL[(at + if back { count - 1 } else { 1 }) % count]
    }
}
