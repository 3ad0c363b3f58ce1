//! Things that users pick by name: on the command line, in the config file, in the palette. One way
//! of reading and writing all of them, with errors that name every choice.

use ratatui::style::Color;

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// Colour, with the name that replaces it where there are only sixteen.
pub(super) type Ink = (Rgb, Color);

/// A name that is none of the choices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{given}`; expected one of {choices}")]
pub struct UnknownName {
    what: &'static str,
    given: String,
    choices: String,
}

impl UnknownName {
    /// Builds the message from the existing choices.
    pub fn new(what: &'static str, given: &str, choices: &[&str]) -> Self {
        Self { what, given: given.to_owned(), choices: choices.join(", ") }
    }
}

/// Adds names to a plain enum: `ALL`, `name`, `next`, reading, writing, and serde as a string.
macro_rules! by_name {
    ($type:ident, $what:literal, [$($variant:ident = $name:literal),+ $(,)?]) => {
        impl $type {
            /// All choices, in the order the key walks through them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the name as users write it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// Returns the next choice; after the last comes the first.
            #[must_use]
            pub fn next(self) -> Self {
                let at = Self::ALL.iter().position(|&other| other == self).unwrap_or(0);
                Self::ALL[(at + 1) % Self::ALL.len()]
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::tui::theme::names::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|choice| choice.name() == text).ok_or_else(|| {
                    $crate::tui::theme::names::UnknownName::new($what, text, &[$($name),+])
                })
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl TryFrom<String> for $type {
            type Error = $crate::tui::theme::names::UnknownName;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(choice: $type) -> Self {
                choice.name().to_owned()
            }
        }
    };
}

pub(crate) use by_name;
