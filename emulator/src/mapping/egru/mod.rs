//! The EGRU's program: what the machine is given for a network of event-based GRU layers, and what
//! its numbers mean.

pub mod barrier;
pub mod control;
pub mod label;
mod phase;
mod restart;
mod routines;
pub(super) mod write;

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

/// What the mapper decided for an EGRU beyond what the machine needs to know.
#[derive(Clone, Debug)]
pub struct EgruProgram {
    /// In network order.
    pub layers: Vec<LayerRules>,
    /// Where sequences begin, and what restarts at 0 there; `None` to carry all state on.
    pub restart: Option<Restart>,
    /// Scales of 8-bit inputs of W and R, by layer; only kernels with such inputs use them.
    pub scales: Vec<[Scale; 2]>,
}

impl EgruProgram {
    /// Returns what is behind a program; `None` if it is another network family's.
    pub fn of(program: &Program) -> Option<&Self> {
        program.detail.downcast_ref()
    }
}

/// How the PEs of a layer wait for each other and for the next layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerRules {
    /// PEs of the layer wait for each other before they broadcast.
    pub barrier: bool,
    /// Before step t is broadcast, every PE of the next layer has to have finished R·y of step t −
    /// 2: x(t) lands on the y that it reads. Needed only with more than two steps in flight.
    pub credits: bool,
    /// R·y is computed while the PE waits for x: its time is hidden in that of other layers.
    pub overlap_recurrent: bool,
}

/// What a layer's share on one PE consists of, for one sample of the batch: where its matrices
/// and states lie.
///
/// The samples' slots have the same weights, at the same addresses.
#[derive(Clone, Debug)]
pub struct EgruSlot {
    /// Words through which the share is told things.
    pub control: Control,
    /// Kernel of the input weights W.
    pub input: Kernel,
    /// Kernel of the recurrent weights R.
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
    /// How x is unpacked where values arrive as events; `None` also in layer 0, whose x
    /// comes by DMA.
    pub unpack_input: Option<UnpackLayout>,
    /// How y is unpacked where values arrive as events.
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
