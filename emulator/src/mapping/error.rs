//! Errors of networks that cannot be mapped as requested. Each error knows the scene field that
//! it is about.

use thiserror::Error;

use super::delivery::ROUTED_LAYERS;
use super::egru::head::HeadError;
use super::memory::{Copies, Full};
use crate::chip::geometry::Pe;
use crate::chip::listing::ListingError;
use crate::kernel::events::MAX_UNITS;
use crate::kernel::matrix::PlaceError;
use crate::machine::dram::DramFull;
use crate::machine::options::LeastBoard;
use crate::text::several;

/// Error of a network that cannot be mapped as requested.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum MapError {
    /// The scene names a layer that the network lacks.
    #[error("the model has no layer `{name}`; its layers are {}", layers.join(", "))]
    UnknownLayer {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the layer, as the scene writes it.
        name: String,
        /// Names of the model's layers.
        layers: Vec<String>,
    },
    /// The scene names a layer twice.
    #[error("layer `{name}` is mapped twice")]
    LayerTwice {
        /// Second entry of `mapping.layers`.
        entry: usize,
        /// Name of the layer, as the scene writes it.
        name: String,
    },
    /// The scene leaves a layer out.
    #[error("layer `{name}` is not mapped: `mapping.layers` needs an entry for each of {}", layers.join(", "))]
    LayerMissing {
        /// Name of the layer that is left out.
        name: String,
        /// Names of all layers.
        layers: Vec<String>,
    },
    /// A layer asks for more PEs than are free.
    #[error(
        "layer `{layer}` asks for {asked} PEs, but only {free} are left of {total} (reserved: {reserved}, broken: {broken})"
    )]
    TooManyPes {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the layer.
        layer: String,
        /// Number of PEs that the scene asks for.
        asked: usize,
        /// Number of PEs that are free for the layer.
        free: usize,
        /// Number of PEs on the chip.
        total: usize,
        /// Number of PEs that the scene reserves.
        reserved: usize,
        /// Number of PEs that are broken and not reserved, too.
        broken: usize,
        /// Board with the fewest chips that has enough PEs for all layers; `None` if none has.
        least: Option<LeastBoard>,
    },
    /// A layer is to be spread over more PEs than it has units.
    #[error("layer `{layer}` has {units} units and cannot be spread over {asked} PEs")]
    MorePesThanUnits {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the layer.
        layer: String,
        /// Number of PEs that the scene asks for.
        asked: usize,
        /// Number of units of the layer.
        units: usize,
    },
    /// A named PE does not exist or is reserved.
    #[error("layer `{layer}`: {what}")]
    BadPe {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the layer.
        layer: String,
        /// Description of the error.
        what: String,
    },
    /// The memory of a PE is too small for its share.
    #[error("{pe} cannot hold its share of {}: {full}{}", layers.join(" and "), least_text(layers, *least))]
    DoesNotFit {
        /// Entry of `mapping.layers` of the layer that asks for most.
        entry: usize,
        /// The fullest PE.
        pe: Pe,
        /// Layers that the PE hosts.
        layers: Vec<String>,
        /// Bytes needed and available, and the array without room.
        full: Full,
        /// Least number of PEs with which the layer fits; `None` if none does, or it
        /// shares its PEs.
        least: Option<usize>,
        /// Samples and buffers that the PE was to hold.
        copies: Copies,
    },
    /// A kernel cannot hold a share of a matrix.
    #[error("layer `{layer}`, {matrix}: {source}")]
    Kernel {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the layer.
        layer: String,
        /// W or R.
        matrix: &'static str,
        /// Reason why the kernel cannot hold the share.
        source: PlaceError,
    },
    /// A kernel that reads a list of events, where the broadcast sends all values.
    #[error(
        "layer `{layer}`: `CscEventList` reads a list of events, but {}",
        if *dram { "the first layer's x is a row of DRAM" } else { "`payload: Dense` sends every value, silent or not" }
    )]
    EventList {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the layer.
        layer: String,
        /// Field: input or recurrent.
        matrix: &'static str,
        /// Events are sent, but x of the first layer comes from DRAM.
        dram: bool,
    },
    /// A packet of events numbers its units in eight bits.
    #[error("layer `{layer}` has {units} units on a PE, but event packets can address only {MAX_UNITS}")]
    EventUnits {
        /// Entry of `mapping.layers`.
        entry: usize,
        /// Name of the layer.
        layer: String,
        /// Units on the PE with most.
        units: usize,
    },
    /// The key of a routed packet numbers its layer in five bits.
    #[error(
        "the network has {layers} layers, but keys of routed packets can distinguish only {ROUTED_LAYERS}"
    )]
    RoutedLayers {
        /// Number of layers of the network.
        layers: usize,
    },
    /// Two options that exclude each other.
    #[error("`mapping.{field}: {value}` cannot be used with {with}: {why}")]
    Combination {
        /// Field of `mapping`.
        field: &'static str,
        /// Value of the field.
        value: &'static str,
        /// Option that the value excludes.
        with: &'static str,
        /// Reason for the exclusion.
        why: &'static str,
        /// Setting to use instead.
        instead: &'static str,
    },
    /// A kernel listing cannot be evaluated: a fault of the build.
    #[error("the committed kernel listings cannot be evaluated: {0}")]
    Listing(#[from] ListingError),
    /// The DRAM is too small for the rows of the first layer's inputs.
    #[error(transparent)]
    Dram(#[from] DramFull),
    /// The head cannot be put on the chip.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The input rows have another width than the first layer.
    #[error("rows of {found} inputs are to be read from DRAM, but layer `{layer}` takes {needed}")]
    Width {
        /// Name of the first layer.
        layer: String,
        /// Number of inputs that the layer takes.
        needed: usize,
        /// Number of inputs in a row.
        found: usize,
    },
}

/// Returns the board that would be enough, as a remedy that follows another one; empty if none is.
pub(super) fn more_chips(least: Option<LeastBoard>) -> String {
    least.map(|least| format!("; or {}", least.remedy())).unwrap_or_default()
}

fn least_text(layers: &[String], least: Option<usize>) -> String {
    match (layers, least) {
        ([layer], Some(n)) => format!("; layer `{layer}` fits on {n} PEs or more"),
        ([layer], None) => format!("; layer `{layer}` does not fit on any number of PEs"),
        _ => String::new(),
    }
}

/// Returns another remedy that would make room.
fn relief(copies: Copies) -> &'static str {
    match (copies.batch > 1, copies.buffers > 2) {
        (false, false) => "",
        (true, false) => {
            "; or lower `mapping.batch`: each sample has buffers, sums, y and cell states of its own"
        }
        (false, true) => {
            "; or `schedule: LayerSequential`, which needs two buffers of x and y instead of three"
        }
        (true, true) => {
            "; or lower `mapping.batch`, or `schedule: LayerSequential`, with two buffers instead of three"
        }
    }
}

impl MapError {
    /// Returns the path of the scene field that the error is about.
    pub fn field(&self) -> String {
        match self {
            Self::UnknownLayer { entry, .. } | Self::LayerTwice { entry, .. } => {
                format!("mapping.layers.{entry}.layer")
            }
            Self::TooManyPes { entry, .. }
            | Self::MorePesThanUnits { entry, .. }
            | Self::DoesNotFit { entry, .. } => {
                format!("mapping.layers.{entry}.pes")
            }
            Self::BadPe { entry, .. } => format!("mapping.layers.{entry}.on"),
            Self::Kernel { entry, matrix, .. } => {
                format!("mapping.layers.{entry}.{}", if *matrix == "W" { "input" } else { "recurrent" })
            }
            Self::EventList { entry, matrix, .. } => format!("mapping.layers.{entry}.{matrix}"),
            Self::EventUnits { entry, .. } => format!("mapping.layers.{entry}.pes"),
            Self::RoutedLayers { .. } => "mapping.broadcast".to_owned(),
            Self::Combination { field, .. } => format!("mapping.{field}"),
            Self::LayerMissing { .. } => "mapping.layers".to_owned(),
            Self::Listing(_) => "assume".to_owned(),
            Self::Dram(_) => "task".to_owned(),
            Self::Head(_) => "mapping.head".to_owned(),
            Self::Width { .. } => "model".to_owned(),
        }
    }

    /// Returns a change that would fix it.
    pub fn help(&self) -> String {
        match self {
            Self::UnknownLayer { .. } => {
                "layers go by their name in the model; `spinntui inspect` lists them".into()
            }
            Self::LayerTwice { .. } => "give each layer one entry".into(),
            Self::LayerMissing { name, .. } => format!("add `(layer: \"{name}\", pes: 50)`"),
            Self::TooManyPes { free, least, .. } => {
                let fewer = format!("ask for at most {free}, or give other layers fewer");
                fewer + &more_chips(*least)
            }
            Self::MorePesThanUnits { units, .. } => format!("ask for at most {units}"),
            Self::BadPe { .. } => "PEs are named (x,y,p); `spinntui check` draws the floor plan".into(),
            Self::DoesNotFit { least, copies, .. } => {
                let more = match least {
                    Some(n) => format!("set `pes: {n}` or more"),
                    None => "spread the layers over more PEs".to_owned(),
                };
                more + relief(*copies)
            }
            Self::Kernel { .. } => "use `CsrRow`, or fewer units or sources on a PE".into(),
            Self::EventList { dram: true, .. } => "use `CscEvent`, which scans the values".into(),
            Self::EventList { .. } => "send events (`mapping.payload: Events`), or use `CscEvent`".into(),
            Self::EventUnits { .. } => "spread the layer over more PEs, or send `payload: Dense`".into(),
            Self::RoutedLayers { .. } => "use `QpeMulticast` or `Dma`".into(),
            Self::Combination { instead, .. } => (*instead).into(),
            Self::Listing(_) => "this is a fault of the program: please report it".into(),
            Self::Dram(full) => match full.fit {
                0 => "use a network with narrower rows of inputs".into(),
                fit => format!("use at most {}", several(fit, "row")),
            },
            Self::Head(error) => error.help(),
            Self::Width { .. } => "use the embedding that belongs to the model".into(),
        }
    }
}
