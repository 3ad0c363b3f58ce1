//! Units of values in conditions: a time cannot be compared with bytes.

use std::fmt;

/// Quantity that a number measures. Each fact has one unit; literals of other sizes (`2
/// ms`) are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A count, or a number without unit.
    Plain,
    /// Microseconds, written `us` or `µs`.
    Microseconds,
    /// 0..=1, in literals also per cent.
    Fraction,
    /// Bytes, written `B`.
    Bytes,
    /// Microjoules, written `uJ` or `µJ`.
    Microjoules,
    /// Watts, written `W`.
    Watts,
    /// Nats of surprisal, written `nats`.
    Nats,
}

/// Suffixes of literals: what they measure and how many of its units they are.
const SUFFIXES: [(&str, Unit, f64); 18] = [
    ("ns", Unit::Microseconds, 1e-3),
    ("us", Unit::Microseconds, 1.0),
    ("µs", Unit::Microseconds, 1.0),
    ("μs", Unit::Microseconds, 1.0),
    ("ms", Unit::Microseconds, 1e3),
    ("s", Unit::Microseconds, 1e6),
    ("%", Unit::Fraction, 0.01),
    ("B", Unit::Bytes, 1.0),
    ("KB", Unit::Bytes, 1000.0),
    ("KiB", Unit::Bytes, 1024.0),
    ("uJ", Unit::Microjoules, 1.0),
    ("µJ", Unit::Microjoules, 1.0),
    ("mJ", Unit::Microjoules, 1e3),
    ("J", Unit::Microjoules, 1e6),
    ("mW", Unit::Watts, 1e-3),
    ("W", Unit::Watts, 1.0),
    ("nats", Unit::Nats, 1.0),
    ("bits", Unit::Nats, std::f64::consts::LN_2),
];

impl Unit {
    /// Returns the unit of a suffix, and the factor that converts to it.
    pub fn of_suffix(suffix: &str) -> Option<(Self, f64)> {
        SUFFIXES.iter().find(|(name, ..)| *name == suffix).map(|&(_, unit, factor)| (unit, factor))
    }

    /// Returns the suffixes for messages and documentation: all but the second spelling of `µs`.
    pub fn suffixes() -> impl Iterator<Item = &'static str> {
        SUFFIXES.iter().map(|(name, ..)| *name).filter(|name| *name != "μs")
    }

    /// Returns the unit as written behind a value; empty for a plain number.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Microseconds => "µs",
            Self::Fraction => "0..1",
            Self::Bytes => "B",
            Self::Microjoules => "µJ",
            Self::Watts => "W",
            Self::Nats => "nats",
        }
    }

    /// Returns the name of the quantity, for messages.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Plain => "a plain number",
            Self::Microseconds => "a time",
            Self::Fraction => "a share",
            Self::Bytes => "a size in bytes",
            Self::Microjoules => "an energy",
            Self::Watts => "a power",
            Self::Nats => "a surprisal",
        }
    }

    /// Formats a value for display.
    pub fn show(self, value: f64) -> String {
        let digits = if value.fract() == 0.0 && value.abs() < 1e15 {
            format!("{value:.0}")
        } else if value.abs() >= 1e-3 && value.abs() < 1e15 {
            let short = format!("{value:.4}");
            short.trim_end_matches('0').to_owned()
        } else {
            format!("{value:.4e}")
        };
        match self {
            Self::Plain | Self::Fraction => digits,
            unit => format!("{digits} {}", unit.symbol()),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_have_their_unit() {
        for (unit, value, shown) in [
            (Unit::Plain, 3.0, "3"),
            (Unit::Plain, 151.316_29, "151.3163"),
            (Unit::Fraction, 0.5, "0.5"),
            (Unit::Microseconds, 12.25, "12.25 µs"),
            (Unit::Bytes, 2048.0, "2048 B"),
            (Unit::Nats, 0.000_012, "1.2000e-5 nats"),
            (Unit::Plain, 1e300, "1.0000e300"),
        ] {
            assert_eq!(unit.show(value), shown);
        }
    }
}
