//! Inspection of one PE: activity of its core, meaning of its bytes, its units and their receivers.
//!
//! A front end asks for one [`PeLocation`] at a time, and gets no more than it can show: a window
//! of memory with its labels, or a page of units with the links of one.

mod code;
mod code_words;
mod core;
mod follow;
mod labels;
mod memory;
mod neurons;
mod spiking;

use serde::{Deserialize, Serialize};

pub use self::code::{CallView, CodeView, FrameView, InstructionView, RegisterView};
pub use self::core::{
    CoreView, DmaView, FifoState, InterruptView, OperationView, SendingView, SlotView, TickView, TimerView,
};
pub use self::follow::Link;
use self::labels::Labels;
pub use self::labels::{Label, RegionLabel};
pub use self::memory::{ElementView, MemoryView, Owned, WINDOW, WordView, single_text, value_text};
pub use self::neurons::{Gates, NeuronsView, PAGE, Receiver, SpotView, UnitLinks, UnitView};
pub use self::spiking::{NeuronView, SLOTS, SpikingPage, neuron_now};
use super::Session;
use crate::chip::geometry::Pe;
use crate::machine::legend::PopulationId;
use crate::machine::program::Program;

/// View of a PE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Status, operation, timers, DMA, FIFO, interrupts.
    #[default]
    Core,
    /// Memory of the PE, word by word.
    Memory,
    /// Units of the PE.
    Neurons,
    /// Machine code of the PE.
    Code,
}

impl Part {
    /// All views, in the order of their keys.
    pub const ALL: [Self; 4] = [Self::Core, Self::Memory, Self::Neurons, Self::Code];

    /// Returns the name of the view.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "Core",
            Self::Memory => "Memory",
            Self::Neurons => "Neurons",
            Self::Code => "Code",
        }
    }
}

/// Place in a PE: a view, and an address or unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeLocation {
    /// Index of the PE among the PEs of all chips.
    pub pe: usize,
    /// View of the PE.
    pub part: Part,
    /// Byte address in memory; among neurons the number of a unit on the PE, slot after slot.
    pub at: u32,
}

/// Request of a front end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Place that the front end asks for.
    pub place: PeLocation,
    /// Whether neurons are sorted by distance to their threshold instead of model order.
    pub by_distance: bool,
}

/// Answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// Request that was answered.
    pub request: Request,
    /// Contents of the view; `None` for a PE without a program.
    pub view: Option<PartView>,
}

/// Contents of one view of a PE.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartView {
    /// Core of the PE.
    Core(Box<CoreView>),
    /// Window of the PE's memory.
    Memory(MemoryView),
    /// Units of the PE.
    Neurons(NeuronsView),
    /// Page of spiking neurons.
    SpikingNeurons(SpikingPage),
    /// Machine code; `None` if no routine has any.
    Code(Option<Box<CodeView>>),
}

/// Returns the place of a unit of the named layer among the neurons of the PE that computes it; in
/// a batch, for the first sample.
pub fn unit_place(program: &Program, layer: &str, unit: u32) -> Option<PeLocation> {
    let number = program.populations.iter().position(|l| l.name == layer)?;
    let home = follow::home(program, PopulationId::at(number), 0, unit)?;
    Some(PeLocation { pe: home.pe.index(), part: Part::Neurons, at: follow::number(program, &home) })
}

/// Returns the number of units of a PE, all its slots together.
pub fn units(session: &Session, pe: usize) -> u32 {
    let loaded = session.program().pes.get(pe).and_then(Option::as_ref);
    loaded.map_or(0, |loaded| loaded.slots.iter().map(|slot| slot.units.len() as u32).sum())
}

/// Answers a request for a place.
pub fn inspect(session: &Session, request: Request) -> Inspection {
    let view = Pe::from_index(request.place.pe).and_then(|pe| {
        let labels = Labels::of(session, pe)?;
        Some(match request.place.part {
            Part::Core => PartView::Core(Box::new(core::core(session, pe)?)),
            Part::Code => PartView::Code(code::code(session, pe).map(Box::new)),
            Part::Memory => PartView::Memory(memory::window(session, &labels, pe, request.place.at)),
            Part::Neurons => match &labels {
                Labels::Egru(labels) => PartView::Neurons(neurons::page(session, labels, pe, request)),
                Labels::Spiking(labels) => {
                    PartView::SpikingNeurons(spiking::page(session, labels, pe, request))
                }
                Labels::Regions(_) => PartView::Neurons(NeuronsView::default()),
            },
        })
    });
    Inspection { request, view }
}
