//! The EGRU's program: what the machine is given for a network of event-based GRU layers, and what its numbers mean.

pub mod control;
mod phase;
pub(super) mod routines;

use std::sync::Arc;

use self::control::Control;
pub use self::phase::Phase;
use crate::kernel::events::UnpackLayout;
use crate::kernel::matrix::Kernel;
use crate::kernel::options::KernelKind;
use crate::kernel::pointwise::PointwiseLayout;
use crate::machine::program::Slot;

/// What a layer's share on one PE consists of, for one sample of the batch: where its matrices and states lie.
///
/// The samples' slots have the same weights, at the same addresses.
#[derive(Clone, Debug)]
pub struct EgruSlot {
    /// Words through which the share is told things.
    pub control: Control,
    /// W.
    pub input: Kernel,
    /// R.
    pub recurrent: Kernel,
    /// Kernels that the scene asked for, of W and R.
    pub kinds: [KernelKind; 2],
    /// Non-zeros of W and R.
    pub nonzeros: [u32; 2],
    /// Sums, biases, thresholds, states, y.
    pub pointwise: PointwiseLayout,
    /// Arrivals in each time step before W·x may start: blocks of x, or 1 announcement.
    pub input_blocks: u32,
    /// Arrivals of y in each time step.
    pub recurrent_blocks: u32,
    /// How x is unpacked where values arrive as events; `None` also in layer 0, whose x comes by DMA.
    pub unpack_input: Option<UnpackLayout>,
    /// How y is unpacked where values arrive as events.
    pub unpack_recurrent: Option<UnpackLayout>,
}

impl EgruSlot {
    /// Returns the share behind a slot; `None` if the slot is another network family's.
    pub fn of(slot: &Slot) -> Option<&Self> {
        slot.detail.downcast_ref()
    }

    /// Returns the non-zeros of W and R behind a slot; 0 if the slot is another network family's.
    pub fn nonzeros_of(slot: &Slot) -> u32 {
        Self::of(slot).map_or(0, |share| share.nonzeros.iter().sum())
    }

    /// Keeps a share with its slot.
    pub(super) fn into_detail(self) -> Arc<dyn std::any::Any + Send + Sync> {
        Arc::new(self)
    }
}
