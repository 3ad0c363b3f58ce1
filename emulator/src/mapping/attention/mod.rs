//! Transformers on the chip: attention by head, linear layers by output column.
//!
//! A token goes through stages, each on PEs of its own: `wte` (embedding from DRAM, plus position),
//! then in each layer `attn` (norm, queries, keys, values and attention of whole heads), `proj`,
//! `fc` and `mlp` (columns of the linear layers), at last `ln_f`, whose values go to the host. A
//! head's queries, keys, values and state never leave its PE. A stage sends its block once a token:
//! singles, or the spikes of all time steps as bits; so the layer is the outer loop, the time step
//! the inner one.
//!
//! The residual stream goes to the stage after a stage and, for the columns that it adds to, to the
//! one after that. Outputs have the bits of [`crate::net::attention`] on any partition: integer
//! sums are free of order, and sums of singles are never split.

mod error;
mod image;
mod layout;
mod phase;
mod plan;
mod routine;
mod split;
#[cfg(test)]
mod tests;
pub mod values;
mod write;

use std::sync::Arc;

use crate::machine::legend::PhaseId;
use crate::machine::options::{Assume, ChipOptions};
use crate::machine::program::{Detail, DramRows, Program, Slot};
use crate::mapping::Placed;
use crate::mapping::options::MappingOptions;
use crate::net::attention::Gpt;

pub use error::AttentionError;
pub use layout::Layout;
pub use phase::{Phase, legend};
pub use routine::{SpikeCounts, spikes_of};
pub use split::Stage;

/// Transformer to be put on the chip, and how.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Transformer to be mapped.
    pub network: &'a Arc<Gpt>,
    /// Rows of the embedding.
    pub dram: Arc<dyn DramRows>,
    /// Tokens of a sequence, at most the network's context.
    pub sequence: u32,
    /// Options of the chip.
    pub chip: &'a ChipOptions,
    /// Options of the mapping; stages that it does not name take the fewest PEs on which they fit.
    pub mapping: &'a MappingOptions,
    /// Parameters that are not published.
    pub assume: &'a Assume,
}

/// Program-wide facts that screens and reports of a transformer read.
#[derive(Clone, Debug)]
pub struct AttentionProgram {
    /// Network that the program runs.
    pub network: Arc<Gpt>,
    /// Tokens of a sequence.
    pub sequence: u32,
    /// Stage of each population.
    pub stages: Vec<Stage>,
}

impl AttentionProgram {
    /// Returns what is behind a program; `None` if the program is another network family's.
    pub fn of(program: &Program) -> Option<&Self> {
        program.detail.downcast_ref()
    }
}

/// Part of a stage on a PE.
#[derive(Clone, Debug)]
pub struct AttentionSlot {
    /// Stage that it belongs to.
    pub stage: Stage,
    /// Number of the PE in the stage.
    pub number: usize,
    /// First head or column, and one past the last.
    pub part: (u32, u32),
    /// Weights on the PE.
    pub weights: u32,
    /// Time steps of its spikes; 0 where it has none.
    pub steps: u32,
    /// Whether its block is the spikes of all time steps, as bits.
    pub spikes: bool,
    /// Addresses of its arrays.
    pub layout: Layout,
}

impl AttentionSlot {
    /// Returns what is behind a slot; `None` if the slot is another network family's.
    pub fn of(slot: &Slot) -> Option<&Self> {
        slot.detail.downcast_ref()
    }
}

impl Detail for AttentionSlot {
    fn weights(&self) -> u32 {
        self.weights
    }

    fn work(&self, phase: PhaseId) -> String {
        let linear = self.layout.linear;
        if phase != PhaseId::from(Phase::Product) {
            return String::new();
        }
        let how = if self.layout.mac.rows > 0 { "8-bit inputs on the MAC array" } else { "8-bit weights" };
        format!("{} outputs, {} inputs, {how}", linear.outputs, linear.inputs)
    }

    fn state(&self) -> u32 {
        if self.layout.v == 0 { self.layout.out } else { self.layout.v }
    }

    fn sent(&self) -> u32 {
        self.layout.out
    }
}

/// Puts a transformer on the chip.
///
/// # Errors
///
/// Fails if the mapping does not suit the network, or the chip is too small for it.
pub fn map(request: &Request<'_>) -> Result<(Program, Vec<Placed>), AttentionError> {
    let split = split::Split::new(request)?;
    let network = split.on_array(request.network).map(Arc::new);
    let request = Request { network: network.as_ref().unwrap_or(request.network), ..request.clone() };
    let program = write::program(&request, &split)?;
    Ok((program, split.placed()))
}
