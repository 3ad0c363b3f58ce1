//! The EGRU's program: what the machine is given for a network of event-based GRU layers, and what
//! its numbers mean.

pub mod barrier;
pub mod control;
pub mod head;
pub mod label;
mod phase;
mod restart;
mod routines;
pub(super) mod traffic;
pub(super) mod write;

use std::sync::Arc;

use self::control::Control;
pub use self::phase::Phase;
pub use self::restart::Restart;
use crate::kernel::events::UnpackLayout;
use crate::kernel::matrix::Kernel;
use crate::kernel::options::KernelKind;
use crate::kernel::pointwise::PointwiseLayout;
use crate::machine::legend::PhaseId;
use crate::machine::program::{Detail, Program, Slot};
use crate::net::int8::Scale;
use crate::net::int8_head::Int8Head;

/// Decisions of the mapper for an EGRU, beyond what the machine needs to know.
#[derive(Clone, Debug)]
pub struct EgruProgram {
    /// Rules of each layer, in network order.
    pub layers: Vec<LayerRules>,
    /// Start of sequences, and what restarts at 0 there; `None` to carry all state on.
    pub restart: Option<Restart>,
    /// Scales of 8-bit inputs of W and R, by layer; only kernels with such inputs use them.
    pub scales: Vec<[Scale; 2]>,
    /// Head that runs on the chip, ahead of the layers; `None` if x comes from DRAM.
    pub head: Option<Arc<Int8Head>>,
}

impl EgruProgram {
    /// Returns the EGRU behind a program; `None` if the program is another network family's.
    pub fn of(program: &Program) -> Option<&Self> {
        program.detail.downcast_ref()
    }

    /// Returns the number of PEs of a head that send the first layer's x; 0 if it comes from DRAM.
    pub fn fed_by(program: &Program) -> usize {
        let head = Self::of(program).is_some_and(|egru| egru.head.is_some());
        program.populations.last().filter(|_| head).map_or(0, |features| features.pes.len())
    }
}

/// Rules by which the PEs of a layer wait for each other and for the next layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerRules {
    /// Whether PEs of the layer wait for each other before they broadcast.
    pub barrier: bool,
    /// Before step t is broadcast, every PE of the next layer has to have finished R·y of step t −
    /// 2: x(t) lands on the y that it reads. Needed only with more than two steps in flight.
    pub credits: bool,
    /// R·y is computed while the PE waits for x: its time is hidden in that of other layers.
    pub overlap_recurrent: bool,
}

/// Parts of a layer's share on one PE, for one sample of the batch: places of its matrices and
/// states.
///
/// The samples' slots have the same weights, at the same addresses.
#[derive(Clone, Debug)]
pub struct EgruSlot {
    /// Words through which the share receives messages.
    pub control: Control,
    /// Kernel of the input weights W.
    pub input: Kernel,
    /// Kernel of the recurrent weights R.
    pub recurrent: Kernel,
    /// Kernels of W and R, as chosen in the scene.
    pub kinds: [KernelKind; 2],
    /// Non-zeros of W and R.
    pub nonzeros: [u32; 2],
    /// Sums, biases, thresholds, states, y.
    pub pointwise: PointwiseLayout,
    /// Arrivals in each time step before W·x may start: blocks of x, or 1 announcement.
    pub input_blocks: u32,
    /// Arrivals of y in each time step.
    pub recurrent_blocks: u32,
    /// Unpacking of x where values arrive as events; `None` also in layer 0, whose x
    /// comes by DMA.
    pub unpack_input: Option<UnpackLayout>,
    /// Unpacking of y where values arrive as events.
    pub unpack_recurrent: Option<UnpackLayout>,
}

impl EgruSlot {
    /// Returns the share behind a slot; `None` if the slot is another network family's.
    pub fn of(slot: &Slot) -> Option<&Self> {
        slot.detail.downcast_ref()
    }
}

impl Detail for EgruSlot {
    fn weights(&self) -> u32 {
        self.nonzeros.iter().sum()
    }

    fn work(&self, phase: PhaseId) -> String {
        let product = |kernel: &Kernel, which: usize| {
            let (nonzeros, kind) = (self.nonzeros[which], self.kinds[which].name());
            format!("{} rows, {nonzeros} non-zeros, {kind}", kernel.rows())
        };
        match Phase::from(phase) {
            Phase::Input => product(&self.input, 0),
            Phase::Recurrent => product(&self.recurrent, 1),
            _ => String::new(),
        }
    }

    fn state(&self) -> u32 {
        self.pointwise.cell
    }

    fn sent(&self) -> u32 {
        self.pointwise.y
    }
}
