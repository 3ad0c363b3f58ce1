//! Reasons for which a spiking network cannot be put on the chip.

use std::borrow::Cow;

use crate::chip::place::PePlace;
use thiserror::Error;

use crate::chip::geometry::Pe;
use crate::chip::listing::ListingError;
use crate::machine::options::LeastBoard;
use crate::mapping::error::more_chips;
use crate::mapping::memory::Full;
use crate::text::several;

/// Reason for which a spiking network cannot be put on the chip.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SpikingError {
    /// An entry of the mapping names no population.
    #[error("unknown population `{name}`: the network has {}", .names.join(", "))]
    NoSuchPopulation {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name that it gives.
        name: String,
        /// Names of the populations.
        names: Vec<String>,
    },
    /// Two entries of the mapping name the same population.
    #[error("population `{name}` has two entries")]
    Twice {
        /// Second entry of `mapping.layers`.
        entry: usize,
        /// Name of the population.
        name: String,
    },
    /// A population is spread over more PEs than it has neurons, or over none.
    #[error("population `{name}` has {}: {pes} PEs cannot share them", several(*units as u64, "neuron"))]
    Pes {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the population.
        name: String,
        /// Number of its neurons.
        units: usize,
        /// Number of PEs requested.
        pes: usize,
    },
    /// An entry gives its PEs in more than one way, or in none.
    #[error("population `{name}` needs exactly one of pes, units_per_pe and on")]
    Spread {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the population.
        name: String,
    },
    /// A requested PE does not exist, is reserved or broken, or has another population.
    #[error("{place:#} for population `{name}` {what}")]
    Pe {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the population.
        name: String,
        /// Place as written in the entry.
        place: PePlace,
        /// Defect, in words.
        what: &'static str,
    },
    /// The network needs more PEs than there are.
    #[error("the populations need {needed} PEs, and {free} are free: {}", .each.join(", "))]
    TooManyPes {
        /// PEs needed, over all populations.
        needed: usize,
        /// PEs that are neither reserved nor broken.
        free: usize,
        /// PEs of each population, in words.
        each: Vec<String>,
        /// Board with the fewest chips that has enough PEs; `None` if none has.
        least: Option<LeastBoard>,
    },
    /// A neuron needs more memory than a PE has, with its synapses and their sources.
    #[error(
        "population `{name}`: not even one neuron fits a PE: {bytes} bytes are needed, {there} are available{}",
        delays(*delay, *ring)
    )]
    Neuron {
        /// Name of the population.
        name: String,
        /// Bytes of the neuron that needs most.
        bytes: u64,
        /// Longest delay of a synapse of the population, in ticks.
        delay: u16,
        /// Bytes of a neuron's ring of sums, which holds as many ticks.
        ring: u64,
        /// Bytes of a PE's SRAM.
        there: u32,
    },
    /// A PE's memory is too small.
    #[error("{pe} of population `{name}`: {full}")]
    DoesNotFit {
        /// Entry of `mapping.layers`, if the mapping names the population.
        entry: Option<usize>,
        /// Index of the population.
        population: usize,
        /// PE whose memory is too small.
        pe: Pe,
        /// Name of the population.
        name: String,
        /// Bytes needed and available, and the array without room.
        full: Full,
    },
    /// The rows of inputs have another width than the sources.
    #[error("the sources have {needed} neurons, a row of inputs has {found}")]
    Width {
        /// Neurons of all sources.
        needed: usize,
        /// Values of a row.
        found: usize,
    },
    /// There are more populations and sources than a key can name.
    #[error("{} of populations and sources: an event's key has room for 255", several(*.0 as u64, "name"))]
    Senders(usize),
    /// An option that does not apply to spiking networks has another value than its default.
    #[error("`{field}` does not apply to spiking networks")]
    Option {
        /// Field of `mapping`.
        field: &'static str,
    },
    /// The committed listings cannot be executed.
    #[error(transparent)]
    Listing(#[from] ListingError),
}

/// Describes the size of a ring of sums, where it is a relevant share of the memory.
fn delays(delay: u16, ring: u64) -> String {
    if ring < 1024 {
        return String::new();
    }
    format!("; its ring of sums takes {ring}, for delays of up to {}", several(delay.into(), "tick"))
}

impl SpikingError {
    /// Returns the path of the scene's field that is at fault.
    pub fn field(&self) -> String {
        match self {
            Self::NoSuchPopulation { entry, .. } | Self::Twice { entry, .. } => {
                format!("mapping.layers.{entry}.layer")
            }
            Self::Pes { entry, .. }
            | Self::Spread { entry, .. }
            | Self::DoesNotFit { entry: Some(entry), .. } => format!("mapping.layers.{entry}"),
            Self::Pe { entry, .. } => format!("mapping.layers.{entry}.on"),
            Self::Option { field } => format!("mapping.{field}"),
            Self::DoesNotFit { entry: None, .. } | Self::TooManyPes { .. } => "mapping".to_owned(),
            Self::Neuron { .. } | Self::Senders(_) | Self::Listing(_) => "model".to_owned(),
            Self::Width { .. } => "task".to_owned(),
        }
    }

    /// Returns the remedy, to follow the message.
    pub fn help(&self) -> Cow<'static, str> {
        let help = match self {
            Self::NoSuchPopulation { .. } => {
                "`spinntui inspect MODEL` lists the populations; without an entry a population is spread by itself"
            }
            Self::Twice { .. } => "one entry for each population, or none",
            Self::Pes { .. } => "at least one neuron for each PE",
            Self::Spread { .. } => "`pes: 4`, `units_per_pe: 100` or `on: [(3, 4, 0)]`",
            Self::Pe { .. } => "choose PEs that work, one population each; `spinntui check` shows them",
            Self::TooManyPes { least, .. } => {
                let fewer = "`weights: Int8` takes less memory than F32; more neurons on a PE need fewer PEs";
                return (fewer.to_owned() + &more_chips(*least)).into();
            }
            Self::Neuron { .. } => "`weights: Int8`, shorter delays, or fewer sources a neuron",
            Self::DoesNotFit { .. } => "spread the population over more PEs, or leave its entry out",
            Self::Width { .. } => "the inputs must be those of the network's sources",
            Self::Senders(_) => "join populations of one kind into one",
            Self::Option { .. } => "leave it out",
            Self::Listing(_) => "",
        };
        Cow::Borrowed(help)
    }

    /// Returns whether the network is sound and only the chip too small.
    pub fn is_misfit(&self) -> bool {
        matches!(self, Self::TooManyPes { .. } | Self::Neuron { .. } | Self::DoesNotFit { .. })
    }

    /// Returns the bytes that a PE would need, if that is the error.
    pub fn needed(&self) -> Option<u64> {
        match self {
            Self::DoesNotFit { full, .. } => Some(full.needed),
            Self::Neuron { bytes, .. } => Some(*bytes),
            _ => None,
        }
    }
}
