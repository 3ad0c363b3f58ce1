//! The convolutional head of a gesture network on the chip: its layers in 8 bits on MAC arrays,
//! ahead of the EGRU layers, on PEs of their own.
//!
//! A layer's outputs are cut into tiles of 16 channels, a packet a place; tiles are shared out
//! among the head's PEs, so that a PE works on its tiles of one layer after the other. A layer is a
//! population: its PEs wait for all blocks of the layer before, arrange the inputs of each place
//! side by side, let the array multiply, pool, scale and round the sums, and send them on. The
//! first reads the frame from DRAM; the features of the last arrive where an EGRU's x does.
//!
//! Weights lie in SRAM, or are read from DRAM layer by layer, again in each time step.

mod load;
mod memory;
mod plan;
mod routine;
mod write;

use std::sync::Arc;

use thiserror::Error;

use crate::chip::geometry::Pe;
use crate::machine::legend::PhaseId;
use crate::machine::program::Detail;
use crate::mapping::egru::Phase;
use crate::mapping::memory::Full;
use crate::net::int8_head::Int8Head;
use crate::text::grouped;

pub(in crate::mapping) use self::load::write;
pub(in crate::mapping) use self::plan::{HeadPlan, packets};
pub(in crate::mapping) use self::write::HeadWriter;

/// Head that is to run on the chip.
#[derive(Clone, Debug)]
pub struct HeadRequest {
    /// Head in 8 bits.
    pub head: Arc<Int8Head>,
    /// Number of its PEs.
    pub pes: u32,
    /// Whether its weights are read from DRAM.
    pub streamed: bool,
    /// Whether weights of taps that only read padding are left out.
    pub used_taps: bool,
}

/// Error that stops a head from being placed on the chip as requested.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeadError {
    /// The head needs more PEs than are free, or asks for none.
    #[error("the head asks for {asked} PEs, and {free} are free beside the EGRU's")]
    Pes {
        /// Number of PEs that the scene asks for.
        asked: u32,
        /// Number of free PEs.
        free: usize,
    },
    /// The memory of a PE is too small for its share.
    #[error(
        "{pe} cannot hold its share of the head: {full}; the head's weights take {} bytes on {pes} PEs{}",
        grouped(*weights), least.map_or_else(String::new, |n| format!(", and fit on {n} PEs or more"))
    )]
    DoesNotFit {
        /// The fullest PE.
        pe: Pe,
        /// Bytes needed, and bytes that are there.
        full: Full,
        /// Bytes of all weights.
        weights: u64,
        /// PEs of the head.
        pes: usize,
        /// Least number of PEs on which it fits; `None` if it fits on no number that is free.
        least: Option<usize>,
    },
    /// An option cannot be combined with a head on the chip.
    #[error("`mapping.head: Chip` cannot be used with `{with}`: {why}")]
    Combination {
        /// Option that a head on the chip excludes.
        with: &'static str,
        /// Reason why both exclude each other.
        why: &'static str,
    },
    /// The row of a frame does not have the head's pixels.
    #[error("rows of {found} values are to be read from DRAM, but the head takes frames of {needed} pixels")]
    Width {
        /// Number of pixels that the head needs.
        needed: usize,
        /// Values of a row.
        found: usize,
    },
}

impl HeadError {
    /// Returns a remedy.
    pub fn help(&self) -> String {
        match self {
            Self::Pes { free: 0, .. } => "give the EGRU layers fewer PEs: `Int8Mac` needs a quarter of `Dense`".into(),
            Self::Pes { free, .. } => format!("set `head: Chip(pes: {free})` or fewer"),
            Self::DoesNotFit { least: Some(n), .. } => format!("set `head: Chip(pes: {n})` or more"),
            Self::DoesNotFit { least: None, .. } => {
                "`weights: Streamed` reads them from DRAM; or give the EGRU layers fewer PEs, in 8 bits (`Int8Mac`)".into()
            }
            Self::Combination { .. } => "leave that option out, or the head on the host (`head: Host`)".into(),
            Self::Width { .. } => "use recordings with frames of 32 × 32".into(),
        }
    }
}

/// Contents of the head's share of a layer on one PE.
#[derive(Clone, Debug)]
pub struct HeadSlot {
    /// Name of the layer.
    pub layer: &'static str,
    /// Weights other than 0.
    pub nonzeros: u32,
    /// Weights that are stored.
    pub stored: u32,
    /// Byte address of the outputs.
    pub outputs: u32,
    /// Number of channels that are computed on this PE.
    pub channels: u32,
    /// Multiply-adds of the MAC array in a time step.
    pub macs: u64,
}

impl Detail for HeadSlot {
    fn weights(&self) -> u32 {
        self.nonzeros
    }

    fn stored(&self) -> u32 {
        self.stored
    }

    fn work(&self, phase: PhaseId) -> String {
        if Phase::from(phase) == Phase::Input {
            format!("{} channels, {} multiply-adds", self.channels, grouped(self.macs))
        } else {
            String::new()
        }
    }

    fn state(&self) -> u32 {
        self.outputs
    }

    fn sent(&self) -> u32 {
        self.outputs
    }
}
