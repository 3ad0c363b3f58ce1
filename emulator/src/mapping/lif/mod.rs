//! Spiking populations on the chip: one population on some PEs, a program for each of them.
//!
//! In every time step the host announces the step to all PEs. A PE waits for it and for the blocks
//! that its sources sent in the step before, has its row of inputs read if it has any, computes the
//! product of every projection, then its neurons, and sends their spikes (1 or 0, all of them) to
//! the PEs that read them and to the host. A spike with a delay above 1 takes effect through a ring
//! of sums. The host announces the next step when it has all spikes of this one, so no PE can
//! overwrite what another one still reads.

mod routines;
mod write;

use std::sync::Arc;

use thiserror::Error;

use self::write::Writer;
use crate::chip::geometry::{PE_COUNT, Pe};
use crate::chip::listing::ListingError;
use crate::kernel::lif::LifLayout;
use crate::kernel::matrix::PlaceError;
use crate::kernel::options::KernelKind;
use crate::machine::arrivals::Groups;
use crate::machine::dram::DramFull;
use crate::machine::legend::{Blocks, CounterWords, Legend, PhaseId, PhaseRole, PhaseWords};
use crate::machine::options::{Assume, ChipOptions};
use crate::machine::program::{Detail, DramRows, Program, Slot};
use crate::mapping::memory::Full;
use crate::mapping::options::Placement;
use crate::mapping::placement;
use crate::net::lif::Lif;

/// Waiting for the announcement and for spikes.
pub const WAIT: PhaseId = PhaseId(0);
/// Reading the row of inputs from DRAM.
pub const READ: PhaseId = PhaseId(1);
/// Products of the projections.
pub const PROJECT: PhaseId = PhaseId(2);
/// Currents, potentials and spikes of the neurons.
pub const FIRE: PhaseId = PhaseId(3);
/// Sending the spikes.
pub const SEND: PhaseId = PhaseId(4);
/// Timer and debug log.
pub const LOG: PhaseId = PhaseId(5);

/// Words for the phases, in the order of their numbers.
const PHASES: [PhaseWords; 6] = {
    let phase = PhaseWords {
        name: "wait",
        alias: None,
        key: "wait",
        words: "waiting for the announcement and for spikes",
        short: "wait",
        mark: "·",
        letter: 'a',
        role: PhaseRole::Wait,
        fires: false,
        absent: "leave the row out",
    };
    [
        phase,
        PhaseWords {
            name: "read",
            key: "read",
            words: "inputs from DRAM",
            short: "DRAM",
            mark: "in",
            letter: 'r',
            role: PhaseRole::Read,
            absent: "only populations with a projection from the input read it: leave the row out",
            ..phase
        },
        PhaseWords {
            name: "project",
            key: "project",
            words: "weights · spikes",
            short: "w·s",
            mark: "w·s",
            letter: 'p',
            role: PhaseRole::Compute(0),
            ..phase
        },
        PhaseWords {
            name: "fire",
            key: "fire",
            words: "current, potential, threshold, spike",
            short: "neurons",
            mark: "v,θ",
            letter: 'v',
            role: PhaseRole::Compute(2),
            fires: true,
            ..phase
        },
        PhaseWords {
            name: "broadcast",
            key: "broadcast",
            words: "spikes to all readers",
            short: "broadcast",
            mark: "s>>",
            letter: 'b',
            role: PhaseRole::Send,
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

/// Group of all PEs that read a population's spikes.
const READERS: u8 = 0;

/// Phases whose timer counts a PE writes to its debug log.
pub const LOGGED: [PhaseId; 3] = [PROJECT, FIRE, SEND];

/// Returns the legend of a program for populations with these names.
pub fn legend<'a>(populations: impl IntoIterator<Item = &'a str>) -> Legend {
    let blocks = populations.into_iter().map(|name| CounterWords {
        counts: format!("spikes of {name}").into(),
        blocks: Some(Blocks { values: "spikes", of: name.to_owned().into() }),
        ..CounterWords::default()
    });
    let announcements =
        CounterWords { counts: "announcement of a time step".into(), ..CounterWords::default() };
    Legend {
        phases: PHASES.into(),
        explained: vec![PROJECT, FIRE, SEND, READ, WAIT],
        announced: WAIT,
        notified: WAIT,
        sent: "spikes",
        row: "inputs",
        packets: vec![(Groups::only(READERS), "spikes"), (Groups::NONE, "spikes for the host")],
        counters: std::iter::once(announcements).chain(blocks).collect(),
    }
}

/// How one population is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PopulationMapping {
    /// Number of PEs; each takes as many neurons as any other, or one less.
    pub pes: usize,
    /// Kernel of every projection to it.
    pub kernel: KernelKind,
}

/// What is to be put on the chip, and how.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Network to be mapped.
    pub network: &'a Lif,
    /// Rows of inputs, one a time step.
    pub dram: Arc<dyn DramRows>,
    /// Options of the chip.
    pub chip: &'a ChipOptions,
    /// One for each population, in order.
    pub populations: &'a [PopulationMapping],
    /// Where the PEs lie.
    pub placement: Placement,
    /// What is not published.
    pub assume: &'a Assume,
}

/// Why a spiking network cannot be put on the chip.
#[derive(Debug, Error)]
pub enum SpikingError {
    /// There is not one mapping for each population.
    #[error("{found} mappings for {needed} populations: one for each is needed")]
    Mappings {
        /// Number of populations.
        needed: usize,
        /// Number of mappings given.
        found: usize,
    },
    /// A population is spread over more PEs than it has neurons, or over none.
    #[error("population `{name}` has {units} neurons: {pes} PEs cannot share them; choose 1 to {units}")]
    Pes {
        /// Name of the population.
        name: String,
        /// Number of its neurons.
        units: usize,
        /// PEs asked for.
        pes: usize,
    },
    /// There are not enough PEs.
    #[error("the populations need {needed} PEs, and {free} are free; spread them over fewer")]
    TooManyPes {
        /// PEs asked for, over all populations.
        needed: usize,
        /// PEs that are neither reserved nor broken.
        free: usize,
    },
    /// The rows have another width than the network reads.
    #[error("the network reads {needed} inputs a step, a row has {found}")]
    Width {
        /// Inputs of the network.
        needed: usize,
        /// Values of a row.
        found: usize,
    },
    /// A kernel needs events, which a spiking program does not send.
    #[error("population `{name}`: {kernel} needs a list of events; choose another kernel", kernel = .kernel.name())]
    EventList {
        /// Name of the population.
        name: String,
        /// Kernel asked for.
        kernel: KernelKind,
    },
    /// A PE's memory is too small.
    #[error("{pe} of population `{name}`: {full}; spread the population over more PEs")]
    DoesNotFit {
        /// PE whose memory is too small.
        pe: Pe,
        /// Name of the population.
        name: String,
        /// What found no room.
        full: Full,
    },
    /// The DRAM is too small for the rows of inputs.
    #[error("{0}; read fewer time steps in one run")]
    Dram(#[from] DramFull),
    /// A kernel cannot hold a projection.
    #[error("population `{name}`: {source}")]
    Kernel {
        /// Name of the population.
        name: String,
        /// Why the kernel cannot hold the projection.
        source: PlaceError,
    },
    /// The committed listings cannot be executed.
    #[error(transparent)]
    Listing(#[from] ListingError),
}

/// What a slot of a spiking program consists of.
#[derive(Clone, Debug)]
pub struct SpikingSlot {
    /// Where the neurons' arrays lie.
    pub layout: LifLayout,
    /// Weights of all projections that are not 0.
    pub nonzeros: u32,
    /// Kernel of every projection.
    pub kernel: KernelKind,
}

impl Detail for SpikingSlot {
    fn weights(&self) -> u32 {
        self.nonzeros
    }

    fn work(&self, phase: PhaseId) -> String {
        if phase == PROJECT {
            format!("{} non-zeros, {}", self.nonzeros, self.kernel.name())
        } else {
            String::new()
        }
    }

    fn state(&self) -> u32 {
        self.layout.potential
    }

    fn sent(&self) -> u32 {
        self.layout.y
    }
}

impl SpikingSlot {
    /// Returns what is behind a slot; `None` if the slot is another network family's.
    pub fn of(slot: &Slot) -> Option<&Self> {
        slot.detail.downcast_ref()
    }
}

/// Population on its PEs.
#[derive(Clone, Debug)]
struct Placed {
    pes: Vec<Pe>,
    /// Neurons of each PE, in model order.
    units: Vec<Vec<u32>>,
}

/// Puts a spiking network on the chip.
///
/// # Errors
///
/// Fails if the mapping does not fit the network, or the network the chip.
pub fn map(request: &Request<'_>) -> Result<Program, SpikingError> {
    let placed = place(request)?;
    Writer::new(request, &placed)?.program()
}

/// Chooses PEs and neurons for every population: contiguous ranges in the order of placement.
fn place(request: &Request<'_>) -> Result<Vec<Placed>, SpikingError> {
    let populations = request.network.populations();
    let (needed, found) = (populations.len(), request.populations.len());
    if needed != found {
        return Err(SpikingError::Mappings { needed, found });
    }
    let (needed, found) = (request.network.inputs(), request.dram.width());
    if needed != found {
        return Err(SpikingError::Width { needed, found });
    }
    let withheld = request.chip.withheld();
    let mut free = placement::order(request.placement).into_iter().filter(|pe| !withheld.contains(pe));
    let mut all = Vec::new();
    for (population, mapping) in populations.iter().zip(request.populations) {
        let (units, pes, name) = (population.units(), mapping.pes, population.name.clone());
        if pes == 0 || pes > units {
            return Err(SpikingError::Pes { name, units, pes });
        }
        if mapping.kernel.takes_list() {
            return Err(SpikingError::EventList { name, kernel: mapping.kernel });
        }
        let on: Vec<Pe> = free.by_ref().take(pes).collect();
        if on.len() < pes {
            let needed = request.populations.iter().map(|mapping| mapping.pes).sum();
            return Err(SpikingError::TooManyPes { needed, free: PE_COUNT - withheld.len() });
        }
        let first = |i: usize| (i * units / pes) as u32;
        all.push(Placed { pes: on, units: (0..pes).map(|i| (first(i)..first(i + 1)).collect()).collect() });
    }
    Ok(all)
}
