//! Spiking networks on the chip, as SpiNNaker2's public software runs them.
//!
//! Timers begin the time steps, ticks, in all PEs at once ([`crate::machine::timer`]). In a tick a
//! PE takes what the event router has put into its FIFO, marks the senders' neurons, adds the
//! synapse rows of marked neurons to its ring of sums, computes its own neurons, and sends an
//! event packet for each that spikes. Marks make the order of arrival irrelevant: rows are added
//! in ascending order of sources, projection after projection, so that sums have the bits of
//! [`crate::net::spiking`] on any partition.
//!
//! With [`SumOrder::Arrival`] there are no marks: each spike's rows are added when it is read,
//! which is less work, and sums of singles then depend on the partition in their last bits.
//!
//! Spikes that cross to the next population within the tick need one thing more: a population
//! waits for the messages of its senders that all their spikes are sent, and looks into its FIFO
//! a second time.

mod arrive;
mod control;
mod error;
pub mod label;
mod memory;
mod operations;
mod part;
mod poisson;
mod route;
mod routines;
mod sources;
mod split;
#[cfg(test)]
mod tests;
mod traffic;
mod write;

use std::sync::Arc;

use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;
use crate::kernel::neurons::NeuronLayout;
use crate::kernel::synapses::Sender;
use crate::machine::legend::{Blocks, CounterWords, Legend, PhaseId, PhaseRole, PhaseWords};
use crate::machine::options::{Assume, ChipOptions};
use crate::machine::program::{Detail, DramRows, Program, Slot};
use crate::mapping::Placed;
use crate::mapping::options::{MappingOptions, SumOrder};
use crate::net::spiking::{Network, Origin, PoissonSources};

pub use control::Control;
pub use error::SpikingError;
pub use part::{Part, PartWeights, When};
pub use poisson::SourceSlot;
pub use split::NEURONS_A_PE;

use split::Split;
use write::Writer;

/// Waiting for the timer.
pub const TICK: PhaseId = PhaseId(0);
/// Reading the FIFO.
pub const READ: PhaseId = PhaseId(1);
/// Adding synapse rows to sums.
pub const SYNAPSES: PhaseId = PhaseId(2);
/// Waiting for the spikes of the same tick.
pub const WAIT: PhaseId = PhaseId(3);
/// Potentials and spikes of the neurons.
pub const NEURONS: PhaseId = PhaseId(4);
/// Sending the spikes.
pub const SEND: PhaseId = PhaseId(5);
/// Timer and debug log.
pub const LOG: PhaseId = PhaseId(6);

/// Phases whose timer counts a PE writes to its debug log.
pub const LOGGED: [PhaseId; 4] = [READ, SYNAPSES, NEURONS, SEND];

/// Words for the phases, in the order of their numbers.
const PHASES: [PhaseWords; 7] = {
    let phase = PhaseWords {
        name: "tick",
        alias: None,
        key: "tick",
        words: "waiting for the timer",
        short: "timer",
        mark: "·",
        letter: 't',
        role: PhaseRole::Wait,
        fires: false,
        absent: "leave the row out",
    };
    [
        phase,
        PhaseWords {
            name: "read",
            key: "read",
            words: "spikes from the FIFO",
            short: "FIFO",
            mark: "in",
            letter: 'r',
            role: PhaseRole::Read,
            ..phase
        },
        PhaseWords {
            name: "synapses",
            key: "synapses",
            words: "synapse rows to sums",
            short: "synapses",
            mark: "w·s",
            letter: 's',
            role: PhaseRole::Compute(0),
            ..phase
        },
        PhaseWords {
            name: "wait",
            key: "wait",
            words: "waiting for spikes of the same tick",
            short: "wait",
            mark: "··",
            letter: 'a',
            role: PhaseRole::Wait,
            absent: "only populations with spikes that cross within the tick wait: leave the row out",
            ..phase
        },
        PhaseWords {
            name: "neurons",
            key: "neurons",
            words: "currents, potentials, thresholds, spikes",
            short: "neurons",
            mark: "v,θ",
            letter: 'v',
            role: PhaseRole::Compute(2),
            fires: true,
            ..phase
        },
        PhaseWords {
            name: "send",
            key: "send",
            words: "spikes to their readers",
            short: "send",
            mark: "s>>",
            letter: 'b',
            role: PhaseRole::Send,
            absent: "no population reads its spikes: leave the row out",
            ..phase
        },
        PhaseWords {
            name: "log",
            key: "log",
            words: "timer and debug log",
            short: "log",
            mark: "log",
            letter: 'l',
            role: PhaseRole::Log,
            ..phase
        },
    ]
};

/// Returns the legend of a program for a network.
pub fn legend(network: &Network) -> Legend {
    let names = network
        .sources()
        .iter()
        .map(|source| source.name.as_str())
        .chain(network.populations().iter().map(|population| population.name.as_str()));
    let blocks = names.map(|name| CounterWords {
        counts: format!("spikes of {name} in this tick").into(),
        blocks: Some(Blocks { values: "spikes", of: name.to_owned().into() }),
        ..CounterWords::default()
    });
    Legend {
        phases: PHASES.into(),
        explained: vec![SYNAPSES, NEURONS, READ, SEND, WAIT],
        announced: TICK,
        notified: WAIT,
        sent: "spikes",
        row: "input spikes",
        packets: Vec::new(),
        counters: blocks.collect(),
    }
}

/// Length of a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TickLength {
    /// As long as the slowest PE needs.
    #[default]
    Auto,
    /// Fixed length, in ticks of [`crate::chip::clock`].
    Fixed(Tick),
}

/// Network to be put on the chip, and how.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Network to be mapped.
    pub network: &'a Network,
    /// Numbers of spikes of all sources' neurons, one row a tick, sources one after the other.
    pub inputs: Arc<dyn DramRows>,
    /// Sources that spike at random, on PEs of their own; `inputs` holds the same spikes. `None`:
    /// the host sends `inputs`.
    pub poisson: Option<PoissonSources>,
    /// Whether a source's neuron may spike more than once a tick.
    pub counts: bool,
    /// Number of ticks after which all state is reset; `None` if it never is.
    pub restart: Option<u32>,
    /// Options of the chip.
    pub chip: &'a ChipOptions,
    /// Options of the mapping; populations that it does not name are spread by themselves.
    pub mapping: &'a MappingOptions,
    /// Length of a tick.
    pub tick: TickLength,
    /// Numbers that are not published, `assume` of a scene.
    pub assume: &'a Assume,
}

impl Request<'_> {
    /// Returns whether rows are added in the order in which spikes arrive.
    fn arrives(&self) -> bool {
        self.mapping.order == SumOrder::Arrival
    }

    /// Returns whether numbers of spikes travel with the keys.
    fn counted(&self) -> bool {
        self.counts || memory::spikes_many(self.network)
    }
}

/// Program-wide facts that screens and reports of a spiking network read.
#[derive(Clone, Debug)]
pub struct SpikingProgram {
    /// Network that the program runs.
    pub network: Arc<Network>,
    /// Number of ticks after which all state is reset; `None` if it never is.
    pub restart: Option<u32>,
}

impl SpikingProgram {
    /// Returns the network behind a program; `None` if the program is another network family's.
    pub fn of(program: &Program) -> Option<&Self> {
        program.detail.downcast_ref()
    }
}

/// Arrays of a part's synapse rows on a PE: byte addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowArrays {
    /// First synapse of each of the sender's neurons, and behind the last one's: 16-bit numbers.
    pub starts: u32,
    /// Number of the sender's neurons.
    pub sources: u32,
    /// Places of the targets in the ring of sums: 16-bit numbers.
    pub targets: u32,
    /// Weights: singles, or 8-bit integers.
    pub weights: u32,
    /// Ticks that all places leave out: they count from the sums that are taken
    /// `ahead` ticks later.
    pub ahead: u32,
}

/// Parts of a slot of a spiking program.
#[derive(Clone, Debug)]
pub struct SpikingSlot {
    /// Addresses of the neurons' arrays.
    pub layout: NeuronLayout,
    /// Address and length in words of the ring of sums.
    pub ring: (u32, u32),
    /// Ticks that the ring holds.
    pub slots: u32,
    /// Sums of a neuron in a tick: 2 where negative weights are summed apart.
    pub lanes: u32,
    /// Whether weights and sums are integers.
    pub integers: bool,
    /// Addresses of the control block.
    pub control: Control,
    /// Marks of each sender with synapses here, with the sender's number.
    pub marks: Vec<(u32, Sender)>,
    /// Synapse rows on this PE, in the order in which they are added.
    pub parts: Vec<Arc<Part>>,
    /// Arrays of the rows, for each of [`Self::parts`].
    pub rows: Vec<RowArrays>,
    /// Addresses of the links from senders to rows, for each look into the FIFO, where rows are
    /// added in the order of arrival.
    pub links: Vec<u32>,
    /// Address of the list of spikes to send; `None` for populations without spikes.
    pub list: Option<u32>,
    /// Words of an entry of that list, and of the FIFO.
    pub entry_words: u32,
    /// Address of the potentials at the begin of a recording; `None` without recordings.
    pub start: Option<u32>,
    /// Synapses on this PE.
    pub synapses: u32,
    /// Order in which the rows of a tick's spikes are added.
    pub order: SumOrder,
}

impl SpikingSlot {
    /// Returns the parts of a slot; `None` if the slot is another network family's.
    pub fn of(slot: &Slot) -> Option<&Self> {
        slot.detail.downcast_ref()
    }
}

impl Detail for SpikingSlot {
    fn weights(&self) -> u32 {
        self.synapses
    }

    fn work(&self, phase: PhaseId) -> String {
        if phase == SYNAPSES { format!("{} synapses", self.synapses) } else { String::new() }
    }

    fn state(&self) -> u32 {
        self.layout.potential
    }

    fn sent(&self) -> u32 {
        self.layout.y.unwrap_or(self.layout.potential)
    }
}

/// Returns the number of a sender: sources first, then populations.
pub fn sender_number(network: &Network, origin: Origin) -> usize {
    match origin {
        Origin::Source(index) => index,
        Origin::Population(index) => network.sources().len() + index,
    }
}

/// Puts a spiking network on the chip.
///
/// # Errors
///
/// Fails if the mapping does not fit the network, or the network the chip.
pub fn map(request: &Request<'_>) -> Result<(Program, Vec<Placed>), SpikingError> {
    // Where the ends of banks leave too little room for what was counted to fit, a population that
    // is spread by itself gets more PEs.
    let mut more = vec![0; request.network.populations().len()];
    loop {
        let split = Split::new(request, &more)?;
        match Writer::new(request, &split)?.program() {
            Ok(program) => return Ok((program, split.placed())),
            Err(SpikingError::DoesNotFit { entry: None, population, .. }) if population < more.len() => {
                more[population] += 1 + split.shares[population].len() / 16;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Part of a population on a PE: the PE and its neurons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub pe: Pe,
    pub units: std::ops::Range<u32>,
}
