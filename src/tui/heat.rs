//! Metrics that the floor plan can show by colour, with their windows and scales.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::session::snapshot::{PeStatus, PeView, Snapshot};

pub use crate::machine::sram::{BANK_BYTES, SRAM_BYTES};

/// A heat metric of the floor plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Metric {
    /// Fraction of a PE's units that sent an event.
    #[default]
    Activity,
    /// Fraction of time a PE was busy with operations.
    Duty,
    /// Fraction of SRAM in use.
    Sram,
    /// Energy of the last time step.
    Energy,
    /// Share of a PE's FIFO that is filled.
    Fifo,
    /// Share of the tick that a PE needs, where timers begin the time steps.
    Tick,
    /// Layer that a PE works for.
    Layer,
}

impl Metric {
    /// All metrics, in the order the key walks through them.
    pub const ALL: [Self; 7] =
        [Self::Activity, Self::Duty, Self::Sram, Self::Energy, Self::Fifo, Self::Tick, Self::Layer];

    /// Returns the next metric, after the last the first.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self.index() + 1) % Self::ALL.len()]
    }

    /// Returns the previous metric, before the first the last.
    #[must_use]
    pub fn previous(self) -> Self {
        Self::ALL[(self.index() + Self::ALL.len() - 1) % Self::ALL.len()]
    }

    fn index(self) -> usize {
        self as usize
    }

    /// Returns whether the PEs of a snapshot have values of the metric.
    pub fn applies(self, snapshot: &Snapshot) -> bool {
        match self {
            Self::Fifo => snapshot.pes.iter().any(|pe| pe.fifo.is_some()),
            Self::Tick => snapshot.pes.iter().any(|pe| pe.tick.is_some()),
            Self::Activity | Self::Duty | Self::Sram | Self::Energy | Self::Layer => true,
        }
    }

    /// Returns the name of the metric for titles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Duty => "duty",
            Self::Sram => "SRAM fill",
            Self::Energy => "energy",
            Self::Fifo => "FIFO fill",
            Self::Tick => "tick use",
            Self::Layer => "layer",
        }
    }

    /// Returns the window of the value, in words; `step` is the task's word for a time step.
    pub fn window(self, window: Window, step: &str) -> String {
        match (self, window) {
            (Self::Activity, Window::Mean) => "mean of 70",
            (Self::Duty, Window::Mean) => "since start",
            (Self::Sram, _) | (Self::Fifo, Window::Step) => "now",
            (Self::Fifo, Window::Mean) => "most at once",
            (Self::Tick, Window::Mean) => "longest",
            (Self::Layer, _) => "as mapped",
            _ => return format!("this {step}"),
        }
        .to_owned()
    }

    /// Returns a PE's value: a fraction, or µJ for energy, or the layer's index; `None` for a PE
    /// without a program or without a value of the metric.
    pub fn value(self, pe: &PeView, window: Window) -> Option<f32> {
        if pe.status == PeStatus::Unused {
            return None;
        }
        match (self, window) {
            (Self::Activity, Window::Step) => Some(pe.activity),
            (Self::Activity, Window::Mean) => Some(pe.activity_mean),
            (Self::Duty, Window::Step) => Some(pe.duty),
            (Self::Duty, Window::Mean) => Some(pe.duty_mean),
            (Self::Sram, _) => Some(sram_fill(pe)),
            (Self::Energy, _) => Some(pe.energy_uj),
            (Self::Fifo, Window::Step) => pe.fifo.map(|fifo| fifo.fill),
            (Self::Fifo, Window::Mean) => pe.fifo.map(|fifo| fifo.most),
            (Self::Tick, Window::Step) => pe.tick.map(|tick| tick.last),
            (Self::Tick, Window::Mean) => pe.tick.map(|tick| tick.longest),
            (Self::Layer, _) => pe.layer.map(|layer| layer.index() as f32),
        }
    }

    /// Formats a value with its unit.
    pub fn format(self, value: f32) -> String {
        match self {
            Self::Activity | Self::Duty | Self::Sram | Self::Fifo | Self::Tick => {
                format!("{:.1} %", value * 100.0)
            }
            Self::Energy => format!("{value:.2} µJ"),
            Self::Layer => format!("{value:.0}"),
        }
    }

    /// Formats an end of the scale with its unit, as short as possible.
    pub fn format_end(self, value: f32) -> String {
        match self {
            Self::Activity | Self::Duty | Self::Sram | Self::Fifo | Self::Tick => {
                format!("{} %", round_off(value * 100.0))
            }
            Self::Energy => format!("{} µJ", round_off(value)),
            Self::Layer => format!("{value:.0}"),
        }
    }
}

fn round_off(value: f32) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Returns the fraction of a PE's SRAM in use.
pub fn sram_fill(pe: &PeView) -> f32 {
    pe.bank_bytes.iter().sum::<u32>() as f32 / SRAM_BYTES as f32
}

/// Over which time steps a value is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Window {
    /// The last completed time step.
    #[default]
    Step,
    /// The mean that the snapshot keeps.
    Mean,
}

impl Window {
    /// Returns the other window.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Step => Self::Mean,
            Self::Mean => Self::Step,
        }
    }
}

/// Upper ends of the scales that follow the data.
///
/// They grow at once and shrink only when the data stays below half, so that colours do not jump
/// from frame to frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scales {
    build: u64,
    activity: f32,
    energy: f32,
    fifo: f32,
}

impl Default for Scales {
    fn default() -> Self {
        Self { build: 0, activity: 0.05, energy: 0.0, fifo: 0.01 }
    }
}

impl Scales {
    /// Adapts the scales to a new snapshot.
    pub fn follow(&mut self, snapshot: &Snapshot) {
        if snapshot.build != self.build {
            *self = Self { build: snapshot.build, ..Self::default() };
        }
        let largest = |value: fn(&PeView) -> f32| {
            snapshot.pes.iter().map(value).filter(|v| v.is_finite()).fold(0.0, f32::max)
        };
        grow(&mut self.activity, largest(|pe| pe.activity.max(pe.activity_mean)), 0.05);
        grow(&mut self.energy, largest(|pe| pe.energy_uj), 0.0);
        grow(&mut self.fifo, largest(|pe| pe.fifo.map_or(0.0, |fifo| fifo.most)), 0.01);
    }

    /// Returns the value that gets the brightest colour.
    pub fn end(&self, metric: Metric) -> f32 {
        match metric {
            Metric::Activity => self.activity.min(1.0),
            Metric::Fifo => self.fifo.min(1.0),
            Metric::Duty | Metric::Sram | Metric::Tick => 1.0,
            Metric::Energy => self.energy,
            Metric::Layer => 0.0,
        }
    }

    /// Returns the position of a value on the scale, 0..=1.
    pub fn fraction(&self, metric: Metric, value: f32) -> f32 {
        let end = self.end(metric);
        if end > 0.0 { (value / end).clamp(0.0, 1.0) } else { 0.0 }
    }
}

fn grow(end: &mut f32, largest: f32, least: f32) {
    let wanted = nice_ceiling(largest).max(least);
    if wanted > *end || wanted < *end / 2.0 {
        *end = wanted;
    }
}

/// Rounds a value up to the series 1, 1.5, 2, 3, 5, 7.5 × 10ⁿ; 0 unless positive and finite.
pub fn nice_ceiling(value: f32) -> f32 {
    if value <= 0.0 || !value.is_finite() {
        return 0.0;
    }
    let decade = 10f32.powf(value.log10().floor());
    [1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0]
        .into_iter()
        .map(|step| step * decade)
        // Rounding of the decade must not push an exact end to the next one.
        .find(|&end| value <= end * 1.000_01)
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_ends_are_round_and_never_below_the_value() {
        for (value, end) in [(0.0, 0.0), (0.07, 0.075), (0.1, 0.1), (0.11, 0.15), (3.2, 5.0), (42.0, 50.0)] {
            assert!((nice_ceiling(value) - end).abs() < 1e-6, "{value}: {}", nice_ceiling(value));
        }
    }

    #[test]
    fn a_scale_grows_at_once_and_shrinks_late() {
        let mut end = 0.1;
        grow(&mut end, 0.18, 0.05);
        assert!((end - 0.2).abs() < 1e-6);
        grow(&mut end, 0.11, 0.05);
        assert!((end - 0.2).abs() < 1e-6, "0.15 is no reason to jump");
        grow(&mut end, 0.01, 0.05);
        assert!((end - 0.05).abs() < 1e-6);
    }

    #[test]
    fn metrics_go_round_both_ways() {
        for metric in Metric::ALL {
            assert_eq!(metric.next().previous(), metric);
        }
    }
}
