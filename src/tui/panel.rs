//! Panels of the app.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Panel of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum PanelId {
    /// Floor plan of the chip.
    Chip,
    /// Task of the network.
    Task,
    /// SRAM banks and maps.
    Memory,
    /// Links and packets of the network-on-chip.
    Noc,
    /// Time per phase and layer.
    Timers,
    /// Weights and activity.
    Sparsity,
    /// Power and energy, part by part.
    Energy,
    /// Inside of one PE.
    Pe,
    /// Activity of every PE over time.
    Timeline,
    /// Pinned expressions over time.
    Pins,
}

impl PanelId {
    /// All panels, by number.
    pub const ALL: [Self; 10] = [
        Self::Chip,
        Self::Task,
        Self::Memory,
        Self::Noc,
        Self::Timers,
        Self::Sparsity,
        Self::Energy,
        Self::Pe,
        Self::Timeline,
        Self::Pins,
    ];

    /// Returns the digit that picks it: 1 to 9 for the first ones, 0 for the tenth.
    pub const fn number(self) -> u8 {
        (self as u8 + 1) % 10
    }

    /// Returns its place in the order of all panels.
    pub const fn place(self) -> u8 {
        self as u8
    }

    /// Describes the content of the panel in a few words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Chip => "every PE as a heat map",
            Self::Task => "task of the network",
            Self::Memory => "contents of the SRAMs",
            Self::Noc => "packets on the mesh",
            Self::Timers => "time by phase and layer",
            Self::Sparsity => "zero weights, and events",
            Self::Energy => "power and its uses",
            Self::Pe => "inside of one PE",
            Self::Timeline => "activity of PEs over time",
            Self::Pins => "pinned values over time",
        }
    }

    /// Returns a description of the figures that the panel shows later, a line each; empty for
    /// panels that show something from the start.
    pub const fn will_show(self) -> &'static [&'static str] {
        match self {
            Self::Noc => &[
                "each link in tenths of the busiest one, both directions",
                "packets, their latency, and the links with most of them",
                "t: traffic by sender and receiver",
            ],
            Self::Timers => &[
                "a row for each phase, and below it its part in each layer",
                "its time in this step and on average, along the slowest PE",
                "its share of the step, as a bar",
            ],
            Self::Energy => &[
                "mean power, energy since the start and of this step",
                "shares of the chip, of sleeping PEs, phases, handlers, polling",
                "the energy of the last steps, and the hottest PEs",
            ],
            Self::Timeline => &[
                "a row for each PE: its activity, by colour and letter",
                "the critical path, in capitals, and a sentence about it",
                "packets and DMA over time",
            ],
            _ => &[],
        }
    }

    /// Returns the name of the panel, as commands have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chip => "Chip",
            Self::Task => "Task",
            Self::Memory => "Memory",
            Self::Noc => "NoC",
            Self::Timers => "Timers",
            Self::Sparsity => "Sparsity",
            Self::Energy => "Energy",
            Self::Pe => "PE",
            Self::Timeline => "Timeline",
            Self::Pins => "Pins",
        }
    }
}
