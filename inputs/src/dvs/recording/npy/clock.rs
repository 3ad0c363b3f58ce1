//! Unit of the times in an array, which the format does not state.
//!
//! Structured arrays hold whole microseconds and rows of four numbers milliseconds, as tonic
//! has them. Other programs write seconds: their times have fractions, or lie too close
//! together for the usual unit. A unit other than the usual one is a warning, since only the
//! file's author knows it.

use super::super::warnings::Warning;
use super::layout::Layout;

/// Fewest events whose rate determines a unit.
const ENOUGH: usize = 64;
/// Events per second beyond any camera of 128 × 128 pixels: 1,200 per second and pixel.
const TOO_FAST: f64 = 2.0e7;
/// Events per second below which a recording would be emptier than a sensor's noise.
const TOO_SLOW: f64 = 50.0;

/// Unit of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Microseconds,
    /// Milliseconds in rows of four numbers, cut to whole µs as tonic does.
    TonicMilliseconds,
    Milliseconds,
    Seconds,
}

/// Unit of an array's times, with a warning if it is not the usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    pub unit: Unit,
    pub warning: Option<Warning>,
}

impl Clock {
    /// Determines the unit from the times of an array's first records.
    pub(super) fn of(layout: &Layout, records: &[u8]) -> Self {
        let times = records.chunks_exact(layout.bytes.max(1)).filter_map(|record| layout.t.real(record));
        let (mut low, mut high, mut count, mut fraction) = (f64::INFINITY, f64::NEG_INFINITY, 0_usize, false);
        for time in times.filter(|time| time.is_finite()) {
            (low, high, count) = (low.min(time), high.max(time), count + 1);
            fraction |= layout.t.is_float() && time.fract() != 0.0;
        }
        // Events per unit of time, if there are enough events.
        let rate = (count >= ENOUGH && high > low).then(|| count as f64 / (high - low));
        match (layout.rows, fraction) {
            (true, _) => Self::of_rows(rate),
            (false, true) => Self::of_fractions(rate),
            (false, false) => {
                let too_fast = rate.is_some_and(|rate| rate * 1e6 > 5.0 * TOO_FAST);
                Self { unit: Unit::Microseconds, warning: too_fast.then_some(Warning::TooFast) }
            }
        }
    }

    fn of_rows(rate: Option<f64>) -> Self {
        match rate.map(|rate| rate * 1e3) {
            Some(rate) if rate > TOO_FAST => Self::seconds(),
            Some(rate) if rate < TOO_SLOW => Self::microseconds(),
            _ => Self { unit: Unit::TonicMilliseconds, warning: None },
        }
    }

    /// Determines the unit of times with fractions: seconds, unless the rate would then be too low.
    ///
    /// Whole microseconds have no fractions.
    fn of_fractions(rate: Option<f64>) -> Self {
        match rate {
            Some(rate) if rate * 1e3 < TOO_SLOW => Self::microseconds(),
            Some(rate) if rate < TOO_SLOW => {
                Self { unit: Unit::Milliseconds, warning: Some(Warning::TakenAsMilliseconds) }
            }
            _ => Self::seconds(),
        }
    }

    fn seconds() -> Self {
        Self { unit: Unit::Seconds, warning: Some(Warning::TakenAsSeconds) }
    }

    fn microseconds() -> Self {
        Self { unit: Unit::Microseconds, warning: Some(Warning::TakenAsMicroseconds) }
    }
}
