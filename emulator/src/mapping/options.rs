//! Options of the partition that users choose: which layer goes to how many PEs, and how
//! these work together.

use crate::chip::place::PePlace;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::options::KernelChoice;
pub use crate::machine::broadcast::options::{Broadcast, FifoOptions, OnFull, Payload};
use crate::net::spiking::{self, WeightFormat};

/// Layers that work at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Schedule {
    /// Layers work one after the other, and a time step ends before the next begins.
    #[default]
    LayerSequential,
    /// All layers: while one works on a time step, the layer before it works on the next. A
    /// third buffer for x and y keeps their time steps apart, and layers tell the one before them
    /// when they have room for another x. It needs inputs that are known ahead: a text that is
    /// read, not one that is being written.
    Pipelined,
}

/// Choice of a layer's PEs where the scene gives only their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Placement {
    /// Whole QPEs near each other, layers side by side: short ways on the NoC.
    #[default]
    Clustered,
    /// Row by row over the grid, from the bottom left.
    RowMajor,
}

/// Distribution of layers over the chips of a board, where the scene gives only the number
/// of their PEs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Across {
    /// Chip after chip, each filled before the next begins: few layers have PEs on several chips.
    #[default]
    Fill,
    /// Spreads every layer over all chips, with the same number of PEs on each.
    Even,
    /// Searches for chips between which little crosses: link packets times links, in a time step in
    /// which each unit sends once.
    Local,
}

impl Across {
    /// Returns `true` for the default, which scenes need not name.
    pub fn is_fill(&self) -> bool {
        *self == Self::Fill
    }
}

/// Choice of the units of a layer that share a PE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Balance {
    /// Equal numbers of units on all PEs, chosen so that the non-zero weights are nearly equal
    /// too. The fullest PE decides both whether the layer fits and how long it takes.
    #[default]
    NonZeros,
    /// Contiguous ranges with the same number of units, whatever weights they have.
    Units,
}

/// Whether the PEs of a layer wait for each other before they send their outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Barrier {
    /// Adds a barrier only where the mapper finds that a fast PE could overwrite data that a slow
    /// one still reads.
    #[default]
    Auto,
    /// In every layer.
    Always,
    /// In none, and layers of a pipeline do not wait for room in the next one either. A race is
    /// then reported when it happens.
    Never,
}

/// Distribution of one layer. Exactly one of `pes`, `units_per_pe` and `on` says over which PEs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerMapping {
    /// The layer's name in the model file, as in `rnns.0`.
    pub layer: String,
    /// Spread over this many PEs, 1 to the 152 of a chip, or the 7296 of a board.
    #[serde(default)]
    #[schemars(range(min = 1, max = 7296))]
    pub pes: Option<u32>,
    /// Put this many units on each PE and take as many PEs as that needs.
    #[serde(default)]
    #[schemars(range(min = 1, max = 65535))]
    pub units_per_pe: Option<u32>,
    /// Put it on exactly these PEs, as `(x, y, p)`, or `(x, y, p, chip)` on another chip than the
    /// first. Two layers may share a PE.
    #[serde(default)]
    pub on: Option<Vec<PePlace>>,
    /// Kernel of the input product W·x.
    #[serde(default)]
    pub input: KernelChoice,
    /// Kernel of the recurrent product R·y.
    #[serde(default)]
    pub recurrent: KernelChoice,
    /// Level at which its PEs run their routines, beside what `mapping.level` says.
    #[serde(default, skip_serializing_if = "LevelChoice::is_native")]
    pub level: LevelChoice,
}

/// Level at which routines run: computed by the emulator, or executed as machine code. Both have
/// the same bits and times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LevelChoice {
    /// The emulator computes what the routines compute, and charges the cycles of their listings.
    #[default]
    Native,
    /// Every routine that has built-in machine code executes it, instruction by instruction.
    Code,
    /// The routines of these phases execute their built-in machine code; phases by their names in
    /// reports, as in `["pointwise"]`, `["neurons"]`.
    CodeOf(Vec<String>),
}

impl LevelChoice {
    /// Returns `true` for the default, which scenes need not name.
    pub fn is_native(&self) -> bool {
        *self == Self::Native
    }
}

/// Order in which a PE of a spiking network adds the synapse rows of a tick's spikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SumOrder {
    /// Ascending neurons, projection after projection, by way of marks: outputs have the same bits
    /// on every partition.
    #[default]
    Ascending,
    /// Order of arrival, without marks. Sums of singles then depend on the partition and on times
    /// in their last bits; sums of 8-bit weights do not.
    Arrival,
}

impl SumOrder {
    /// Returns `true` for the default, which scenes need not name.
    pub fn is_ascending(&self) -> bool {
        *self == Self::Ascending
    }
}

/// Location of the weights of a head on the chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum HeadWeights {
    /// The weights lie in the SRAM of the head's PEs.
    #[default]
    Resident,
    /// In DRAM: each PE reads those of a layer before it computes the layer, in each time step.
    Streamed,
}

/// Selection of the weights of a head on the chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Taps {
    /// Keeps all weights of the model.
    #[default]
    All,
    /// Keeps the weights of taps that read a map at some place. Three of the five convolutions have
    /// maps of one place, where eight of nine taps read padding only. The bits stay identical.
    Used,
}

/// Location of the convolutional head of a gesture network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum HeadPlace {
    /// On the host, in singles, as in the paper.
    #[default]
    Host,
    /// The head runs on PEs of its own, in 8 bits on their MAC arrays (docs/mac-array.md).
    Chip {
        /// Number of PEs.
        #[schemars(range(min = 1, max = 152))]
        pes: u32,
        /// Location of the head's weights.
        #[serde(default)]
        weights: HeadWeights,
        /// Selection of the weights that are kept.
        #[serde(default)]
        taps: Taps,
    },
}

impl HeadPlace {
    /// Returns `true` for the default, which scenes need not name.
    pub fn is_host(&self) -> bool {
        *self == Self::Host
    }
}

/// Mapping of the network to the chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingOptions {
    /// Layers that work at the same time.
    #[serde(default)]
    pub schedule: Schedule,
    /// Samples computed side by side on the same weights, each with buffers, sums, y and cell
    /// states of its own. A PE takes them in turn. A text is cut into as many streams of equal
    /// length, which are read at the same time.
    #[serde(default = "MappingOptions::default_batch")]
    #[schemars(range(min = 1, max = 64))]
    pub batch: u32,
    /// Way in which a PE's outputs reach the PEs that read them.
    #[serde(default)]
    pub broadcast: Broadcast,
    /// Content of the packets: all values, or those of active units.
    #[serde(default)]
    pub payload: Payload,
    /// The FIFO that packets from the event router go to; used with `broadcast: Router` only.
    #[serde(default)]
    pub fifo: FifoOptions,
    /// Choice of a layer's PEs where the scene gives only their number.
    #[serde(default)]
    pub placement: Placement,
    /// Distribution of layers over the chips of a board.
    #[serde(default, skip_serializing_if = "Across::is_fill")]
    pub across: Across,
    /// Choice of the units of a layer that share a PE.
    #[serde(default)]
    pub balance: Balance,
    /// Whether the PEs of a layer wait for each other before they send their outputs.
    #[serde(default)]
    pub barrier: Barrier,
    /// Compute R·y as soon as y has arrived, while x is still being computed elsewhere, instead of
    /// after W·x. The paper's Algorithm 1 does not.
    #[serde(default)]
    pub overlap_recurrent: bool,
    /// Format of a spiking network's weights.
    #[serde(default)]
    pub weights: WeightFormat,
    /// Order in which a PE of a spiking network adds the synapse rows of a tick's spikes.
    #[serde(default, skip_serializing_if = "SumOrder::is_ascending")]
    pub order: SumOrder,
    /// Factor of 8-bit weights of a spiking network; by default 127/max|w| of
    /// each target population.
    #[serde(default)]
    pub weight_scale: Option<f64>,
    /// Location of the convolutional head of a gesture network.
    #[serde(default, skip_serializing_if = "HeadPlace::is_host")]
    pub head: HeadPlace,
    /// Level at which all PEs run their routines; entries of `layers` add to it.
    #[serde(default, skip_serializing_if = "LevelChoice::is_native")]
    pub level: LevelChoice,
    /// The layers of the network, in order. In spiking networks an entry for a population is
    /// optional: without one it gets the PEs that it needs, with at most 250 neurons each. In
    /// transformers `attn`, `proj`, `fc` and `mlp` stand for a stage of every layer, `h.0.fc` for
    /// that of one, each with its number of PEs; a stage without an entry takes the fewest.
    #[serde(default)]
    pub layers: Vec<LayerMapping>,
}

impl MappingOptions {
    /// Returns the ticks that spikes of a spiking network take to the next population.
    pub fn spike_schedule(&self) -> spiking::Schedule {
        match self.schedule {
            Schedule::LayerSequential => spiking::Schedule::LayerSequential,
            Schedule::Pipelined => spiking::Schedule::Pipelined,
        }
    }

    const fn default_batch() -> u32 {
        1
    }
}

impl Default for MappingOptions {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            batch: Self::default_batch(),
            broadcast: Broadcast::default(),
            payload: Payload::default(),
            fifo: FifoOptions::default(),
            placement: Placement::default(),
            across: Across::default(),
            balance: Balance::default(),
            barrier: Barrier::default(),
            overlap_recurrent: false,
            weights: WeightFormat::default(),
            order: SumOrder::default(),
            weight_scale: None,
            head: HeadPlace::default(),
            level: LevelChoice::default(),
            layers: Vec::new(),
        }
    }
}
