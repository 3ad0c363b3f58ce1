//! Options of the gesture task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dataset::Split;

pub use spinntui_inputs::dvs::options::{FrameOptions, FrameOptionsError};

/// Part of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Part {
    /// Part for testing: people that no training saw.
    #[default]
    Test,
    /// Part for training.
    Train,
    /// All recordings, for training and for testing.
    All,
}

impl Part {
    /// Returns the mark of the data set's recordings for this part; `None` for everything.
    pub const fn split(self) -> Option<Split> {
        match self {
            Self::Test => Some(Split::Test),
            Self::Train => Some(Split::Train),
            Self::All => None,
        }
    }
}

/// Gesture recognition: the network sees what an event camera saw, and says which gesture it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GestureOptions {
    /// A recording (AEDAT 2.0, 3.1, 4.0 or `.npy`), labelled by the `_labels.csv` beside it or not,
    /// or the folder of a data set: DVS128 Gesture's own layout or tonic's.
    pub data: String,
    /// Part of a data set that separates training and testing.
    #[serde(default)]
    pub part: Part,
    /// Rules for turning events into frames.
    #[serde(default)]
    pub frames: FrameOptions,
}
