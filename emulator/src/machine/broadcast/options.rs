//! Options of the delivery of outputs that users choose.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Way in which a PE's outputs reach the PEs that read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Broadcast {
    /// Memory writes over the NoC, one packet stream to each QPE, delivered to up to four
    /// of its PEs.
    #[default]
    QpeMulticast,
    /// Each packet once to the event router, which copies it to every QPE that wants it; the
    /// receivers' event handlers put it into a FIFO (`mapping.fifo`) that the core empties
    /// while it waits.
    Router,
    /// Memory writes by DMA, one transfer to each PE after the other; the core only programs them.
    Dma,
}

impl Broadcast {
    /// Returns the name of the broadcast in scenes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QpeMulticast => "QpeMulticast",
            Self::Router => "Router",
            Self::Dma => "Dma",
        }
    }
}

/// Content of the packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Payload {
    /// Four values of y each, silent units included.
    #[default]
    Dense,
    /// Up to three values each, of active units only, and which units they are. The sender packs
    /// them, every receiver unpacks them: both take cycles.
    Events,
}

impl Payload {
    /// Returns the name in scenes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dense => "Dense",
            Self::Events => "Events",
        }
    }
}

/// Fate of a packet that finds the FIFO full: the chip's event handler can do all three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum OnFull {
    /// It waits at the port of its QPE and holds up what comes after it there.
    #[default]
    Stall,
    /// It is lost, and counted.
    Drop,
    /// The oldest packet in the FIFO is lost, and counted.
    Overwrite,
}

/// The ring in SRAM that packets from the event router go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FifoOptions {
    /// Size in the SRAM of each PE, in bytes; a packet takes 20.
    #[schemars(range(min = 20, max = 131_072))]
    pub bytes: u32,
    /// Fate of a packet that finds it full. What is lost is missing: the receiver computes
    /// with what lay in its place, or waits for ever if it was the last packet of a block.
    pub on_full: OnFull,
}

impl Default for FifoOptions {
    fn default() -> Self {
        Self { bytes: 8192, on_full: OnFull::Stall }
    }
}
