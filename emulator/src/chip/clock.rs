//! Integer time base shared by all clocks of the chip.
//!
//! A tick is 1/1200 µs, the least common multiple of all modelled clock periods, so that nothing
//! is ever rounded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Emulated time, in ticks of 1/1200 µs.
pub type Tick = u64;

/// Ticks in one microsecond.
pub const TICKS_PER_US: Tick = 1200;
/// Ticks of one data-NoC cycle: 300 MHz (CHIP26, second hand).
pub const NOC_CYCLE: Tick = 4;
/// Ticks of one event-router cycle: 400 MHz (CHIP26, second hand).
pub const ROUTER_CYCLE: Tick = 3;
/// Ticks of one PE timer count: 1 MHz reference (CHIP26, second hand).
pub const TIMER_COUNT: Tick = 1200;

/// Supply voltage and PE clock: the two operating points that CHIP26 publishes for
/// the product chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum OperatingPoint {
    /// 0.5 V, 150 MHz.
    #[default]
    Mhz150,
    /// 0.8 V, 300 MHz.
    Mhz300,
}

impl OperatingPoint {
    /// Returns the ticks of one PE clock cycle: 8 at 150 MHz, 4 at 300 MHz.
    pub const fn ticks_per_cycle(self) -> Tick {
        match self {
            Self::Mhz150 => 8,
            Self::Mhz300 => 4,
        }
    }

    /// Returns the PE clock in MHz.
    pub const fn mhz(self) -> u32 {
        match self {
            Self::Mhz150 => 150,
            Self::Mhz300 => 300,
        }
    }

    /// Returns the core supply in volts.
    pub const fn volts(self) -> f64 {
        match self {
            Self::Mhz150 => 0.5,
            Self::Mhz300 => 0.8,
        }
    }
}

/// Converts ticks to microseconds.
pub fn us(ticks: Tick) -> f64 {
    ticks as f64 / TICKS_PER_US as f64
}

/// Converts ticks, or a mean of ticks, to nanoseconds.
pub fn ns(ticks: f64) -> f64 {
    ticks * 1000.0 / TICKS_PER_US as f64
}

/// Returns the number of ticks nearest to a time in µs.
pub fn from_us(us: f64) -> Tick {
    (us * TICKS_PER_US as f64).round() as Tick
}

/// Returns the number of ticks nearest to a time in ns.
pub fn from_ns(ns: f64) -> Tick {
    (ns * TICKS_PER_US as f64 / 1000.0).round() as Tick
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clock_is_whole() {
        for point in [OperatingPoint::Mhz150, OperatingPoint::Mhz300] {
            assert_eq!(point.ticks_per_cycle() * Tick::from(point.mhz()), TICKS_PER_US);
        }
        assert_eq!(NOC_CYCLE * 300, TICKS_PER_US);
        assert_eq!(ROUTER_CYCLE * 400, TICKS_PER_US);
    }

    #[test]
    fn times_convert_to_ticks_and_back() {
        for ticks in [0, 1, 3, 1199, 1200, 1_234_567] {
            assert_eq!((from_us(us(ticks)), from_ns(ns(ticks as f64))), (ticks, ticks));
        }
        assert_eq!((from_us(0.0004), from_us(0.0005), from_ns(0.5)), (0, 1, 1));
    }
}
