//! Number of colours that the terminal can show.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use super::glyphs::Glyphs;
use super::names::{UnknownName, by_name};

/// Value of `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ColorChoice {
    /// Look at the environment: see [`Depth::detect`].
    #[default]
    Auto,
    /// This depth, whatever the environment.
    Fixed(Depth),
}

/// Encoding of colours for the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Depth {
    /// No colours and no attributes: for terminals that print escape sequences as text.
    Off,
    /// No colours; bold, underline and reverse stay.
    Mono,
    /// The 16 ANSI names, as the user's terminal paints them.
    Ansi16,
    /// The 6×6×6 cube of xterm.
    Ansi256,
    /// 24 bits a colour.
    Truecolor,
}

by_name!(
    Depth,
    "colour depth",
    [Off = "off", Mono = "mono", Ansi16 = "16", Ansi256 = "256", Truecolor = "truecolor"]
);

impl Depth {
    /// Reads the depth off the environment, given as a lookup so that tests can pass their own.
    ///
    /// Order: non-empty `NO_COLOR` (no-color.org), `CLICOLOR_FORCE` or `FORCE_COLOR`,
    /// `TERM=dumb`, `COLORTERM`, `TERM`.
    pub fn detect(env: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        if set("NO_COLOR").is_some() {
            return if term == "dumb" { Self::Off } else { Self::Mono };
        }
        let forced =
            ["CLICOLOR_FORCE", "FORCE_COLOR"].into_iter().find_map(&set).filter(|value| value != "0");
        if term == "dumb" && forced.is_none() {
            return Self::Off;
        }
        match forced.as_deref() {
            Some("2") => return Self::Ansi256,
            Some("3") => return Self::Truecolor,
            _ => {}
        }
        if matches!(set("COLORTERM").as_deref(), Some("truecolor" | "24bit")) {
            Self::Truecolor
        } else if term.contains("256color") {
            Self::Ansi256
        } else if term.ends_with("-direct") {
            Self::Truecolor
        } else if term.starts_with("vt") {
            Self::Mono
        } else {
            Self::Ansi16
        }
    }
}

impl ColorChoice {
    /// Returns the colour depth to use in this process's environment.
    pub fn resolve(self) -> Depth {
        match self {
            Self::Fixed(depth) => depth,
            Self::Auto => Depth::detect(|name| std::env::var(name).ok()),
        }
    }
}

impl FromStr for ColorChoice {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let choices = ["auto", "truecolor", "256", "16", "mono", "off"];
        text.parse().map(Self::Fixed).map_err(|_| UnknownName::new("colour depth", text, &choices))
    }
}

impl fmt::Display for ColorChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Auto => "auto",
            Self::Fixed(depth) => depth.name(),
        })
    }
}

impl TryFrom<String> for ColorChoice {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ColorChoice> for String {
    fn from(choice: ColorChoice) -> Self {
        choice.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(vars: &[(&str, &str)]) -> Depth {
        Depth::detect(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn the_environment_decides_in_the_documented_order() {
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::Truecolor);
        assert_eq!(depth(&[("TERM", "xterm-256color")]), Depth::Ansi256);
        assert_eq!(depth(&[("TERM", "xterm")]), Depth::Ansi16);
        assert_eq!(depth(&[("TERM", "dumb"), ("COLORTERM", "truecolor")]), Depth::Off);
        assert_eq!(
            depth(&[("TERM", "xterm-256color"), ("NO_COLOR", "1"), ("FORCE_COLOR", "3")]),
            Depth::Mono
        );
        assert_eq!(
            depth(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]),
            Depth::Ansi256,
            "empty does not count"
        );
        assert_eq!(depth(&[("TERM", "dumb"), ("FORCE_COLOR", "3")]), Depth::Truecolor);
        assert_eq!(depth(&[("TERM", "vt220")]), Depth::Mono);
        assert_eq!(depth(&[]), Depth::Ansi16);
    }

    #[test]
    fn choices_round_trip_and_errors_name_what_is_possible() {
        for name in ["auto", "truecolor", "256", "16", "mono", "off"] {
            assert_eq!(name.parse::<ColorChoice>().map(|choice| choice.to_string()), Ok(name.to_owned()));
        }
        let error = "rainbow".parse::<ColorChoice>().unwrap_err().to_string();
        assert!(error.contains("rainbow") && error.contains("truecolor"), "{error}");
    }
}
