//! The scene: the one file users write. What to run, on which chip, split how.
//!
//! A scene is RON text (`scenes/*.ron`, described in `docs/scene.md`). [`LoadedScene`] keeps that
//! text beside the values, so that errors found long after parsing still point at a line, and
//! `--set` edits keep comments.

pub mod catalogue;
mod check;
pub mod doc;
pub mod document;
pub mod error;
pub mod explain;
pub mod find;
pub mod load;
pub mod locate;
mod reads;
pub mod set;
pub mod shape;
pub mod shipped;
pub mod syntax;
pub mod tilde;
mod validate;
pub mod watch;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::error::SceneError;
pub use self::load::LoadedScene;
pub use self::reads::OutputFile;
pub use self::watch::SceneWatcher;
pub use crate::task::Task;

use crate::machine::fault::PlannedFault;
use crate::machine::options::{Assume, ChipOptions};
use crate::mapping::options::MappingOptions;

/// The scene versions that this build reads.
pub const VERSIONS: [u32; 1] = [1];

/// Experiment: a trained network, a task for it, and its mapping to the chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// Version of the scene format: 1.
    pub version: u32,
    /// Title of the experiment, a few words.
    #[serde(default)]
    pub title: String,
    /// Folder of the model: `model.safetensors`, `vocab.txt` and a README. Paths are relative
    /// to the scene's folder or, failing that, to a folder above it, the current folder, or
    /// the data folder.
    pub model: String,
    /// Task of the network.
    pub task: Task,
    /// The chip as the experiment uses it.
    #[serde(default)]
    pub chip: ChipOptions,
    /// Mapping of the network to the chip.
    pub mapping: MappingOptions,
    /// Numbers that no public source gives.
    #[serde(default)]
    pub assume: Assume,
    /// Conditions at which the debugger stops.
    #[serde(default)]
    pub debug: DebugOptions,
    /// Faults to inject, with their times.
    #[serde(default)]
    pub faults: Vec<PlannedFault>,
    /// Checkpoints kept for stepping back.
    #[serde(default)]
    pub history: HistoryOptions,
}

/// Checkpoints kept for stepping back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryOptions {
    /// Time steps from one checkpoint to the next: a step back runs at most this number of steps
    /// again. A smaller number is quicker and takes more memory.
    #[schemars(range(min = 1, max = 1000))]
    pub every: u32,
    /// Memory for checkpoints, MiB. When it is used up the oldest are dropped.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub memory_mib: u32,
}

impl Default for HistoryOptions {
    fn default() -> Self {
        Self { every: 4, memory_mib: 512 }
    }
}

/// Conditions that stop the run or are noted: `docs/debugging.md` has their grammar and all names.
/// They change nothing that happens on the chip.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DebugOptions {
    /// The run stops each time one of these becomes true: `"perplexity > 150"`,
    /// `"races > 0, once"`.
    #[serde(rename = "break")]
    pub breaks: Vec<String>,
    /// A line is written each time one of these becomes true, and the run goes on.
    pub trace: Vec<String>,
}
