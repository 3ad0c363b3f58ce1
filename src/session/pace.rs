//! Units of a step, and the speed of a free run.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Unit of stepping (DESIGN §4, "Order").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum StepUnit {
    /// One entry of the machine's queue: an operation starts or ends, a packet is injected or
    /// delivered, a DMA or an interrupt starts or ends, a timer is read.
    Event,
    /// Advance until the last PE of the active layer ends its current operation.
    Phase,
    /// Until the active layer's broadcast is delivered everywhere.
    Layer,
    /// A token or frame through all layers, readout included.
    TimeStep,
    /// A sequence of tokens (70 in the paper), or a gesture.
    Sequence,
}

impl StepUnit {
    /// Returns whether it ends where a time step does.
    pub const fn is_whole_steps(self) -> bool {
        matches!(self, Self::TimeStep | Self::Sequence)
    }
}

impl fmt::Display for StepUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Event => "event",
            Self::Phase => "phase",
            Self::Layer => "layer",
            Self::TimeStep => "time step",
            Self::Sequence => "sequence",
        })
    }
}

/// Speed of a free run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Speed {
    /// Runs as fast as the host can.
    Unlimited,
    /// Runs at most this many time steps (tokens, frames) per second of wall time.
    StepsPerSecond(f64),
    /// Runs at most this many events per second of wall time: slow motion.
    EventsPerSecond(f64),
}

impl Speed {
    /// The speeds that the slower/faster keys walk through, slowest first.
    pub const LADDER: [Self; 10] = [
        Self::EventsPerSecond(10.0),
        Self::EventsPerSecond(100.0),
        Self::EventsPerSecond(1_000.0),
        Self::EventsPerSecond(10_000.0),
        Self::StepsPerSecond(1.0),
        Self::StepsPerSecond(2.0),
        Self::StepsPerSecond(5.0),
        Self::StepsPerSecond(10.0),
        Self::StepsPerSecond(30.0),
        Self::Unlimited,
    ];

    /// Returns the next slower speed of [`Self::LADDER`], or the slowest.
    #[must_use]
    pub fn slower(self) -> Self {
        let at = Self::LADDER.iter().position(|&s| s == self).unwrap_or(Self::LADDER.len() - 1);
        Self::LADDER[at.saturating_sub(1)]
    }

    /// Returns the next faster speed of [`Self::LADDER`], or unlimited.
    #[must_use]
    pub fn faster(self) -> Self {
        let at = Self::LADDER.iter().position(|&s| s == self).unwrap_or(Self::LADDER.len() - 1);
        Self::LADDER[(at + 1).min(Self::LADDER.len() - 1)]
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("free"),
            Self::StepsPerSecond(n) => write!(f, "{n} steps/s"),
            Self::EventsPerSecond(n) => write!(f, "{n} events/s"),
        }
    }
}
